"""Watching payments: batches, the day's calls, silence and its end, leases; and the outbox's tries."""

import asyncio
import importlib.util
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from bakong_contracts.service_api import PaymentStatus, Priority
from bakong_contracts.webhooks import EventType, verify
from bakong_schemes.bakong.adapter import planning
from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.adapter.planning import day_of
from bakong_service.api.shapes_admin import webhook_story_shown
from bakong_service.domain.breaker import Breaker, backoff_ms
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import RETRY_AFTER_S, Notification
from bakong_service.domain.payments import NoAnswer, NotFound
from bakong_service.domain.polling import PollCandidate, PollPlan, Spent
from bakong_service.ports import Answered
from bakong_service.usecases.ask_provider import ask
from bakong_service.usecases.deliver import after_try
from bakong_service.usecases.overview import webhook_story
from bakong_service.usecases.poll_payments import poll_due
from bakong_service.usecases.refresh import budget
from bakong_service.usecases.settle import move
from bakong_service.usecases.unit_of_work import transact
from tests.conftest import NOW_MS
from tests.service.house import limit_calls, open_house, pace_of, put_bakong
from tests.service.test_faults import Script, create, paid, rows, stored

MINUTE = 60_000


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        opened.bakong = Script()
        put_bakong(opened.core, opened.bakong)
        yield opened


async def spend_call(core):
    """Take one of the day's calls, as Bakong's settings have it."""
    day, daily = day_of(core.timers.now_ms()), pace_of(core).daily
    return daily is None or await core.store.write(lambda records: records.spend_call("bakong", day, daily))


class Wire:
    """Bakong's side of the wire: what was called, and what it answers."""

    def __init__(self, core, *, email=None, lists=True):
        self.calls = []
        self.answers = {}
        self.slow = {}
        self.lists = lists
        client = httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://bakong")
        self.client = HttpBakong(
            client, "old-token", email, now_ms=core.timers.now_ms, may_call=lambda: spend_call(core)
        )
        put_bakong(core, self.client)

    async def __call__(self, request):
        name = request.url.path.removeprefix("/v1/")
        body = json.loads(request.content)
        self.calls.append((name, len(body) if isinstance(body, list) else 1))
        if name in self.slow:
            return await self.slow[name](request)
        if name in self.answers:
            return self.answers[name](request)
        if isinstance(body, list):
            if not self.lists:
                return httpx.Response(403, html="<html><h1>403 Forbidden</h1></html>")
            rows = [{"md5": md5, "status": "NOT_FOUND", "data": None} for md5 in body]
            return httpx.Response(200, json={"responseCode": 0, "errorCode": None, "data": rows})
        return httpx.Response(200, json={"responseCode": 1, "errorCode": 1, "data": None})

    def names(self):
        return [name for name, _ in self.calls]


async def test_60_due_payments_are_asked_about_in_two_calls(house):
    wire = Wire(house.core)
    for number in range(60):
        await create(house, userId=f"user-{number}")
    await house.clock.advance(2_000)
    assert wire.calls == [("check_transaction_by_md5_list", 50), ("check_transaction_by_md5_list", 10)]


async def test_where_lists_are_refused_each_is_asked_about_alone_and_the_list_is_not_tried_again(house):
    wire = Wire(house.core, lists=False)
    for number in range(3):
        await create(house, userId=f"user-{number}")
    await house.clock.advance(10_000)
    assert wire.names()[:4] == ["check_transaction_by_md5_list", *["check_transaction_by_md5"] * 3]
    assert wire.names().count("check_transaction_by_md5_list") == 1


async def test_no_call_goes_out_past_the_days_calls_and_they_come_back_at_midnight_in_phnom_penh(house):
    limit_calls(house.core, 5)
    wire = Wire(house.core)
    payments = [await create(house, userId=f"user-{number}") for number in range(3)]
    for _ in range(9):
        await ask(house.core, payments[:1])
    assert len(wire.calls) == 5
    left = await budget(house.core, "bakong")
    assert (left.daily, left.spent, left.remaining) == (5, 5, 0)
    assert left.resets_ms == NOW_MS + 17 * 3_600_000
    shown = (await house.client.get("/api/health")).json()["services"]["bakong"]
    assert (shown["status"], shown["remainingCalls"]) == ("degraded", 0)
    await house.clock.advance(17 * 3_600_000)
    assert (await budget(house.core, "bakong")).spent < 5
    assert await spend_call(house.core)


async def test_every_request_counts_also_those_that_renew_a_token(house):
    limit_calls(house.core, 100)
    wire = Wire(house.core, email="dev@example.com")
    refused = httpx.Response(401, json={"responseCode": 1, "errorCode": 6, "data": None})

    def check(request):
        fresh = request.headers["authorization"] == "Bearer new-token"
        return httpx.Response(200, json={"responseCode": 1, "errorCode": 1, "data": None}) if fresh else refused

    wire.answers["check_transaction_by_md5"] = check
    wire.answers["renew_token"] = lambda _: httpx.Response(
        200, json={"responseCode": 0, "errorCode": None, "data": {"token": "new-token"}}
    )
    payment = await create(house)
    for _ in range(2):
        await ask(house.core, [payment])
    assert wire.names() == [
        "check_transaction_by_md5",
        "renew_token",
        "check_transaction_by_md5",
        "check_transaction_by_md5",
    ]
    assert (await budget(house.core, "bakong")).spent == 4


REFUSED = {"responseCode": 1, "errorCode": 6, "data": None}


def token_of(text):
    return httpx.Response(200, json={"responseCode": 0, "errorCode": None, "data": {"token": text}})


async def test_twenty_refused_questions_renew_the_token_once_for_all(house):
    wire = Wire(house.core, email="dev@example.com")
    all_are_refused = asyncio.Event()

    async def check(request):
        if request.headers["authorization"] == "Bearer new-token":
            return httpx.Response(200, json={"responseCode": 1, "errorCode": 1, "data": None})
        if wire.names().count("check_transaction_by_md5") == 20:
            all_are_refused.set()
        await all_are_refused.wait()
        return httpx.Response(401, json=REFUSED)

    wire.slow["check_transaction_by_md5"] = check
    wire.answers["renew_token"] = lambda _: token_of("new-token")
    reports = await asyncio.gather(*(wire.client.check(f"{number:032x}") for number in range(20)))
    assert reports == [NotFound()] * 20
    assert Counter(wire.names()) == {"check_transaction_by_md5": 40, "renew_token": 1}


@pytest.mark.parametrize(
    "renewal",
    [
        token_of("another-token"),
        httpx.Response(200, json={"responseCode": 1, "errorCode": 10, "data": None}),
        httpx.Response(503),
    ],
    ids=["a token that is refused too", "not registered", "no answer"],
)
async def test_a_storm_of_refusals_does_not_spend_the_days_calls_on_renewals(house, renewal):
    wire = Wire(house.core, email="dev@example.com")
    wire.answers["check_transaction_by_md5"] = lambda _: httpx.Response(401, json=REFUSED)
    wire.answers["renew_token"] = lambda _: renewal
    for _ in range(3):
        await asyncio.gather(*(wire.client.check(f"{number:032x}") for number in range(20)))
    assert wire.names().count("renew_token") == 1
    for _ in range(24 * 60):
        await house.clock.advance(60_000)
        await wire.client.check("0" * 32)
    assert 8 <= wire.names().count("renew_token") <= 12


async def test_a_token_that_is_renewed_elsewhere_meanwhile_is_used_and_not_renewed_again(house):
    wire = Wire(house.core, email="dev@example.com")
    tokens = []

    async def check(request):
        if request.headers["authorization"] == "Bearer old-token":
            if tokens:  # a late answer to the old token
                await tokens[0].wait()
            else:
                tokens.append(asyncio.Event())
            return httpx.Response(401, json=REFUSED)
        return httpx.Response(200, json={"responseCode": 1, "errorCode": 1, "data": None})

    wire.slow["check_transaction_by_md5"] = check
    wire.answers["renew_token"] = lambda _: token_of("new-token")
    first, late = (asyncio.ensure_future(wire.client.check(digit * 32)) for digit in "ab")
    assert await first == NotFound()
    tokens[0].set()
    assert await late == NotFound()
    assert wire.names().count("renew_token") == 1


async def test_a_caller_that_goes_away_leaves_the_renewal_to_those_who_wait(house):
    wire = Wire(house.core, email="dev@example.com")
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def renew(_request):
        asked.set()
        await may_answer.wait()
        return token_of("new-token")

    def check(request):
        fresh = request.headers["authorization"] == "Bearer new-token"
        return (
            httpx.Response(200, json={"responseCode": 1, "errorCode": 1})
            if fresh
            else httpx.Response(401, json=REFUSED)
        )

    wire.slow["renew_token"], wire.answers["check_transaction_by_md5"] = renew, check
    leaving, staying = (asyncio.ensure_future(wire.client.check(digit * 32)) for digit in "ab")
    await asked.wait()
    leaving.cancel()
    may_answer.set()
    assert await staying == NotFound()
    assert wire.names().count("renew_token") == 1


async def test_a_refused_token_ends_a_round_of_single_questions(house):
    wire = Wire(house.core, lists=False)
    wire.answers["check_transaction_by_md5"] = lambda _: httpx.Response(401, json=REFUSED)
    payments = [await create(house, userId=f"user-{number}") for number in range(20)]
    await ask(house.core, payments)
    assert wire.names() == ["check_transaction_by_md5_list", "check_transaction_by_md5"]


async def test_code_17_stops_the_calls_until_midnight(house):
    limit_calls(house.core, 100)
    wire = Wire(house.core)
    wire.answers["check_transaction_by_md5"] = lambda _: httpx.Response(
        200, json={"responseCode": 1, "errorCode": 17, "data": None}
    )
    payment = await create(house)
    await ask(house.core, [payment])
    await ask(house.core, [payment])
    assert len(wire.calls) == 1
    assert (await budget(house.core, "bakong")).remaining == 0
    await house.clock.advance(16 * 3_600_000)
    assert len(wire.calls) == 1


async def test_code_17_stops_the_calls_until_midnight_in_phnom_penh_also_where_there_is_no_limit(house):
    wire = Wire(house.core)
    wire.answers["check_transaction_by_md5"] = lambda _: httpx.Response(
        200, json={"responseCode": 1, "errorCode": 17, "data": None}
    )
    await create(house)
    await house.clock.advance(16 * 3_600_000)
    assert len(wire.calls) == 1
    assert (await house.client.get("/api/health")).json()["services"]["bakong"]["status"] == "degraded"
    await house.clock.advance(60 * MINUTE + 1000)
    assert len(wire.calls) == 2


async def test_a_silent_bakong_is_left_alone_for_a_while_and_then_tried_with_one_question(house):
    house.core.ids.fraction = lambda: 1.0
    house.bakong.default = NoAnswer("timeout")
    await create(house)
    await house.clock.advance(5 * MINUTE)
    assert len(house.bakong.asked) == 9
    assert (await house.client.get("/api/health")).json()["services"]["bakong"]["status"] == "unhealthy"
    house.bakong.default = NotFound()
    await house.clock.advance(10 * MINUTE)
    assert (await house.client.get("/api/health")).json()["services"]["bakong"]["status"] == "healthy"


async def test_one_that_has_long_had_no_answer_leaves_its_payments_to_others_that_may_have(house):
    """A replica that has not asked since an outage takes one call that fails for the outage, and waits for minutes."""
    upstream, now_ms = house.core.upstream("bakong"), house.core.timers.now_ms
    upstream.breaker = Breaker(10, now_ms())
    house.bakong.default = NoAnswer("timeout")
    await create(house)
    await house.clock.advance(3_000)
    assert len(house.bakong.asked) == 1
    assert upstream.silent_until_ms > now_ms() + 4 * MINUTE
    soon_ms = now_ms() + 32_000
    taken = await house.core.store.write(lambda records: records.lease_polls("bakong", soon_ms, soon_ms + 1, 10))
    assert len(taken) == 1


async def test_health_calls_bakong_silent_until_it_answers_also_when_it_may_be_asked_again(house):
    house.core.upstream("bakong").breaker = Breaker(Breaker.FAILURES, house.core.timers.now_ms())
    assert (await house.client.get("/api/health")).json()["services"]["bakong"]["status"] == "unhealthy"


async def test_two_workers_on_one_database_never_ask_about_a_payment_at_the_same_time(house):
    for number in range(40):
        await create(house, userId=f"user-{number}")
    busy, most = {}, []

    class Slow(Script):
        async def check_many(self, md5s):
            for md5 in md5s:
                busy[md5] = busy.get(md5, 0) + 1
            most.append(max(busy.values()))
            await asyncio.gather(
                *(house.core.store.read(lambda records: records.next_poll_ms("bakong")) for _ in range(3))
            )
            for md5 in md5s:
                busy[md5] -= 1
            return dict.fromkeys(md5s, NotFound())

        async def check(self, md5):
            return (await self.check_many([md5]))[md5]

    put_bakong(house.core, Slow())
    other = replace_core(house.core)
    house.clock.set_mode(house.clock.mode, at_ms=NOW_MS + 2_500)
    await asyncio.gather(*(poll_due(core, "bakong") for core in (house.core, other) for _ in range(3)))
    assert (max(most), sum(busy.values())) == (1, 0)


def replace_core(core):
    """A second process: the same store, nothing else in common."""
    return replace(core, upstreams={}, in_flight=set())


async def test_what_a_worker_had_when_it_died_is_taken_up_by_another(house):
    payment = await create(house)
    await house.core.store.write(lambda records: records.lease_polls("bakong", NOW_MS + 2_000, NOW_MS + 62_000, 50))
    house.bakong.default = paid()
    await house.clock.advance(61_999)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    await house.clock.advance(1)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


async def test_a_worker_finds_what_another_process_has_left(house):
    house.core.look_ms = 15_000
    await house.worker.run_due()
    house.core.wake = house.core.wake_polling = str  # the payment is made by a process whose worker dies
    payment = await create(house)
    house.bakong.default = paid()
    await house.clock.advance(15_000)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


async def test_in_production_an_answer_is_fresh_for_a_moment(house):
    house.core.fresh_ms = 2_000
    payment = await create(house)
    for _ in range(3):
        await house.client.get(f"/api/payments/status/{payment.md5}")
    assert len(house.bakong.asked) == 1


async def test_high_is_asked_about_before_normal_before_low(house):
    payments = [await create(house, userId=priority) for priority in ("low", "normal", "high")]
    for payment in payments:
        await house.core.store.write(lambda records, one=payment: records.prioritize(one.id, Priority(one.user_id)))
    taken = [
        (
            await house.core.store.write(
                lambda records: records.lease_polls("bakong", NOW_MS + 2_000, NOW_MS + 9_000, 1)
            )
        )[0]
        for _ in payments
    ]
    assert [payment.user_id for payment in taken] == ["high", "normal", "low"]


def test_the_older_a_payment_the_longer_it_waits_and_its_end_is_never_missed():
    one = PollCandidate("a", 0, 900_000, None, Priority.NORMAL, is_open=True)
    assert one.asked_age_s() == -1
    waits = [backoff_ms(failures, 1.0) for failures in (1, 2, 3, 20)]
    assert waits == [2_000, 4_000, 8_000, 300_000]
    assert backoff_ms(3, 0.0) == 4_000


def test_a_breaker_opens_after_five_failures_and_waits_longer_each_time():
    breaker = Breaker()
    for at_ms in range(5):
        assert breaker.admits(at_ms)
        breaker = breaker.failed(at_ms, 1.0)
    assert not breaker.admits(4 + 14_999)
    assert breaker.admits(4 + 15_000)
    assert breaker.failed(20_000, 1.0).open_until_ms == 50_000
    assert breaker.succeeded().admits(0)


def test_what_went_wrong_before_nobody_asked_for_long_makes_no_wait_longer():
    breaker = Breaker()
    for at_ms in range(9):
        breaker = breaker.failed(at_ms, 1.0)
    asked_ms = breaker.open_until_ms + Breaker.LONGEST_MS
    assert breaker.failures_at(asked_ms) == 9
    assert breaker.failures_at(asked_ms + 1) == 0
    assert breaker.failed(asked_ms, 1.0).open_until_ms > asked_ms + 200_000
    again = breaker.failed(asked_ms + 1, 1.0)
    assert (again.failures, again.admits(asked_ms + 1)) == (1, True)


def test_a_plan_asks_nothing_when_the_day_is_spent():
    one = PollCandidate("a", NOW_MS, NOW_MS + 900_000, None, Priority.NORMAL, is_open=True)
    for spent in (Spent(100, stopped=False), Spent(3, stopped=True)):
        made = planning.plan([one], NOW_MS + 890_000, spent, 100)
        assert made == PollPlan((), planning.day_end_ms(NOW_MS))


BUDGET = Path(__file__).parent.parent.parent / "benchmarks" / "budget.py"


def load_budget():
    spec = importlib.util.spec_from_file_location("budget_experiment", BUDGET)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


async def test_a_days_100_calls_reach_three_times_as_far_as_a_naive_pollers():
    experiment = load_budget()
    this, naive, clairvoyant, bakong = await experiment.experiment(7, 60, 1)
    assert max(bakong.calls.values()) <= 100
    assert bakong.refused == 0
    assert this.overdue == 0
    assert this.share >= 3 * naive.share
    assert this.share >= 0.7 * clairvoyant.share


def notification(**changes):
    made = Notification(id="msg_1", event=EventType.PAYMENT_PAID, url="http://x", body=b"{}", created_ms=0)
    return replace(made, **changes)


def test_a_webhook_is_tried_ten_times_over_75_hours():
    one, at_ms, moments = notification(), 0, []
    while True:
        moments.append(at_ms // 1000)
        one = after_try(one, 500, at_ms)
        if one.next_try_ms is None:
            break
        at_ms = one.next_try_ms
    assert moments == [0, 5, 305, 2105, 9305, 27_305, 63_305, 113_705, 185_705, 272_105]
    assert (len(moments), sum(RETRY_AFTER_S)) == (10, 272_105)


@pytest.mark.parametrize(
    ("result", "retry_after_s", "jitter", "next_s"),
    [
        (500, None, 1.0, 5.5),
        (503, 120, 0.0, 120),
        (429, 1, 0.0, 5),
        ("ConnectError", None, 0.0, 5),
        (302, None, 0.0, 5),
        (410, None, 0.0, None),
        (204, None, 0.0, None),
        (503, 10**9, 0.0, 86_400),
    ],
    ids=["jitter", "Retry-After", "shorter Retry-After", "no connection", "redirect", "gone", "done", "for ever"],
)
def test_when_a_webhook_is_tried_again(result, retry_after_s, jitter, next_s):
    tried = after_try(notification(), result, 0, retry_after_s=retry_after_s, jitter=jitter)
    assert tried.next_try_ms == (None if next_s is None else next_s * 1000)
    assert (tried.delivered_ms is not None) is (result == 204)


async def test_each_try_is_recorded_and_signed_with_both_secrets_under_one_id(house):
    posts = []
    answers = [Answered(503, 60, b"no such table: users \x00\xff"), "ConnectTimeout", 200]

    async def post(url, body, headers):
        posts.append((headers, body))
        return answers[len(posts) - 1]

    old = house.core.webhook_secrets[0]
    new = "whsec_" + "QUJD" * 8
    house.core.post, house.core.webhook_secrets, house.core.webhook_url = post, (new, old), "http://hook"
    payment = await create(house)
    await transact(house.core, lambda change: move(change, payment, PaymentStatus.FAILED, "for the test"))
    await house.clock.advance(400_000)
    assert len({headers["webhook-id"] for headers, _ in posts}) == 1
    for headers, body in posts:
        for secret in (old, new):
            verify([secret], headers, body, now_s=int(headers["webhook-timestamp"]))
    tries = await rows(house, "SELECT number, status, answer FROM webhook_attempts ORDER BY number")
    assert [(number, status, answer[:3]) for number, status, answer in tries] == [
        (1, 503, "v1."),
        (2, None, ""),
        (3, 200, ""),
    ]
    [hook] = await house.core.store.read(lambda records: records.notification_page(None, 2))
    story = await webhook_story(house.core, hook.id)
    said = [row["answer"] for row in webhook_story_shown(story)["attempts"]]
    assert said == ["no such table: users \x00\ufffd", None, None]


async def test_an_answer_that_does_not_open_any_more_is_none(house):
    async def post(_url, _body, _headers):
        return Answered(410, None, b"gone")

    house.core.post, house.core.webhook_url = post, "http://hook"
    payment = await create(house)
    await transact(house.core, lambda change: move(change, payment, PaymentStatus.FAILED, "for the test"))
    await house.clock.advance(10_000)
    await house.core.store.write(lambda records: records._run(text("UPDATE webhook_attempts SET answer = 'v1.x.y'")))
    [hook] = await house.core.store.read(lambda records: records.notification_page(None, 2))
    [(tried, _)] = (await webhook_story(house.core, hook.id)).attempts
    assert (tried.status, tried.answer) == (410, "")


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_worker(house):
    payment = await create(house)
    house.bakong.default = paid()
    read = house.core.store.read

    async def away(_work):
        raise UnavailableError("restarting")

    house.core.store.read = away
    await house.clock.advance(10_000)
    house.core.store.read = read
    await house.clock.advance(10_000)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID
