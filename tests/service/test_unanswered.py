"""A payment whose end comes while nobody can be asked: open until the provider has answered once after it."""

from contextlib import asynccontextmanager

import httpx
import pytest

from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_service.domain.payments import NoAnswer, NotFound
from bakong_service.usecases import poll_payments
from bakong_service.usecases.worker import Worker
from tests.conftest import NOW_MS
from tests.service.house import keep, limit_calls, open_house, put_bakong, subscription
from tests.service.test_faults import Script, create, paid, rows, stored
from tests.service.test_polling import Wire

MINUTE, HOUR = 60_000, 3_600_000
LIFE_MS = 15 * MINUTE
TOLD = "SELECT event FROM webhook_notifications WHERE event LIKE 'payment%' ORDER BY event"


@pytest.fixture
async def house(tmp_path):
    async with shut(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def shut(folder, **changes):
    async with open_house(folder, **changes) as opened:
        opened.bakong = Script()
        put_bakong(opened.core, opened.bakong)
        yield opened


async def seen(house, payment):
    shown = await house.client.get(f"/api/payments/status/{payment.md5}")
    return (await stored(house, payment.id)).status.value, shown.json()["data"]["status"], await rows(house, TOLD)


SILENCES = ("timeout", "unreachable", "unauthorized", "blocked", "refused", "garbage")


async def test_it_is_neither_shown_nor_told_as_ended_and_its_money_is_found_unasked(tmp_path, storage):
    async with shut(tmp_path, database_url=storage.get("database_url", "")) as house:
        payments = [await create(house, userId=why) for why in SILENCES]
        unpaid = await create(house, userId="unpaid")
        await house.clock.advance(LIFE_MS - 30_000)
        house.bakong.default = NoAnswer("timeout")
        house.bakong.reports = {one.md5: NoAnswer(why) for one, why in zip(payments, SILENCES, strict=True)}
        for wait_ms in (29_999, 1, 1, MINUTE, HOUR):
            await house.clock.advance(wait_ms)
            assert [await seen(house, one) for one in payments] == [("PENDING", "PENDING", [])] * len(payments)
        house.bakong.default = NotFound()
        house.bakong.reports = {
            one.md5: paid(str(number), done_ms=NOW_MS + LIFE_MS - 1) for number, one in enumerate(payments)
        }
        await house.clock.advance(LIFE_MS)
        after = [await stored(house, payment.id) for payment in payments]
        assert [(one.status.value, one.late) for one in after] == [("PAID", False)] * len(payments)
        assert (await stored(house, unpaid.id)).status is PaymentStatus.EXPIRED
        assert await rows(house, TOLD + " DESC") == [("payment.paid",)] * 6 + [("payment.expired",)]


ODD = {
    "a page": httpx.Response(200, html="<html>busy</html>"),
    "nothing": httpx.Response(200),
    "a list": httpx.Response(200, json=[]),
    "null": httpx.Response(200, json=None),
    "no data": httpx.Response(200, json={"responseCode": 0, "responseMessage": "Success", "errorCode": None}),
    "null data": httpx.Response(200, json={"responseCode": 0, "errorCode": None, "data": None}),
    "401": httpx.Response(401, html="no"),
    "403": httpx.Response(403, html="<html><h1>403 Forbidden</h1></html>"),
    "503": httpx.Response(503, html="no"),
    "code 9": httpx.Response(200, json={"responseCode": 1, "errorCode": 9, "data": None}),
}


@pytest.mark.parametrize("many", [1, 2], ids=["alone", "in a list"])
async def test_an_answer_that_is_none_ends_nothing(house, many):
    for name, answer in ODD.items():
        wire = Wire(house.core)
        payments = [await create(house, userId=f"user-{number}") for number in range(many)]
        await house.clock.advance(LIFE_MS - 30_000)
        for path in ("check_transaction_by_md5", "check_transaction_by_md5_list"):
            wire.answers[path] = lambda _, answer=answer: answer
        await house.clock.advance(2 * MINUTE)
        assert [(await stored(house, one.id)).status.value for one in payments] == ["PENDING"] * many, name
        wire.answers.clear()
        await house.clock.advance(LIFE_MS)
        assert [(await stored(house, one.id)).status.value for one in payments] == ["EXPIRED"] * many, name


async def test_an_answer_to_a_question_of_before_the_end_is_not_enough(house):
    payment = await create(house)
    await house.clock.advance(LIFE_MS - 1)

    async def slow(md5):
        if house.clock.now_ms() < payment.expires_ms:
            house.clock.set_mode(house.clock.mode, at_ms=payment.expires_ms + 1)
            return NotFound()
        return paid(done_ms=payment.expires_ms - 1)

    house.bakong.check = slow
    put_bakong(house.core, house.bakong)
    await seen(house, payment)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    await house.clock.advance(MINUTE)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


async def test_the_worker_sleeps_through_an_outage(house):
    """An end that cannot be written is no reason to look again each second."""
    await create(house)
    house.bakong.default = NoAnswer("timeout")
    await house.clock.advance(LIFE_MS)
    before = len(house.bakong.asked)
    looked = 0
    write = house.core.store.write

    async def counted(work):
        nonlocal looked
        looked += 1
        return await write(work)

    house.core.store.write = counted
    await house.clock.advance(2 * HOUR)
    assert len(house.bakong.asked) - before < 30
    assert looked < 150


async def test_an_outage_of_a_day_ends_nothing(house):
    payment = await create(house)
    house.bakong.default = NoAnswer("timeout")
    await house.clock.advance(25 * HOUR)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    house.bakong.default = paid(done_ms=NOW_MS + MINUTE)
    await house.clock.advance(LIFE_MS)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


async def test_a_wait_that_ends_after_the_code_says_no_more_than_is_known(house):
    payment = await create(house)
    await house.clock.advance(LIFE_MS)
    house.bakong.default = NoAnswer("timeout")
    other = await create(house, userId="chan")
    await house.clock.advance(LIFE_MS)
    assert (await stored(house, payment.id)).status is PaymentStatus.EXPIRED
    body = {"transactionId": other.id, "options": {"timeout": 1000, "maxAttempts": 1}}
    answer = (await house.client.post("/api/payments/monitor", json=body)).json()["data"]
    assert (answer["status"], (await stored(house, other.id)).status.value) == ("PENDING", "PENDING")


async def change(house, verb, user="sokha"):
    return (await house.client.post(f"/api/subscriptions/{verb}", json={"userId": user})).json()["data"]["payment"]


@pytest.mark.parametrize("verb", ["upgrade", "renew"])
async def test_a_code_whose_end_nobody_could_answer_is_offered_no_more_and_its_money_still_counts(house, verb):
    await keep(house.core, subscription("sokha", end_ms=NOW_MS + 30 * 24 * HOUR))
    first = await change(house, verb)
    assert (await change(house, verb))["md5Hash"] == first["md5Hash"]
    await house.clock.advance(LIFE_MS - 30_000)
    house.bakong.default = NoAnswer("timeout")
    await house.clock.advance(30_000)
    second = await change(house, verb)
    assert second["md5Hash"] != first["md5Hash"]
    assert (await change(house, verb))["md5Hash"] == second["md5Hash"]
    assert await rows(house, TOLD) == []
    house.bakong.default = NotFound()
    house.bakong.reports[first["md5Hash"]] = paid("a", minor=round(first["amount"] * 100), done_ms=NOW_MS + MINUTE)
    await house.clock.advance(10 * MINUTE)
    running = await house.core.store.read(lambda records: records.active_subscription("sokha"))
    assert running.plan is (Plan.FAMILY_PREMIUM if verb == "upgrade" else Plan.PREMIUM)
    assert (running.next_billing_ms > NOW_MS + 31 * 24 * HOUR) is (verb == "renew")
    house.bakong.reports[second["md5Hash"]] = paid("b", minor=round(second["amount"] * 100))
    await house.clock.advance(4 * MINUTE)
    both = [await stored(house, one["transactionId"]) for one in (first, second)]
    assert [(one.status.value, one.late, one.flag) for one in both] == [
        ("PAID", False, None),
        ("PAID", False, "overpaid"),
    ]


async def test_three_quotes_in_one_outage_all_end_when_bakong_is_back(house):
    await keep(house.core, subscription("sokha", end_ms=NOW_MS + 30 * 24 * HOUR))
    house.bakong.default = NoAnswer("timeout")
    for _ in range(3):
        await change(house, "upgrade")
        await house.clock.advance(LIFE_MS)
    assert await rows(house, "SELECT status FROM payment_transactions") == [("PENDING",)] * 3
    house.bakong.default = NotFound()
    await house.clock.advance(LIFE_MS)
    assert await rows(house, "SELECT status FROM payment_transactions") == [("EXPIRED",)] * 3


async def test_where_calls_are_counted_our_own_thrift_ends_a_payment_by_the_clock_and_an_outage_does_not(house):
    limit_calls(house.core, 100)
    payment = await create(house)
    house.bakong.default = NoAnswer("timeout")
    await house.clock.advance(LIFE_MS + HOUR)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    house.bakong.default = NotFound()
    house.bakong.reports[payment.md5] = paid(done_ms=NOW_MS + MINUTE)
    await house.clock.advance(4 * HOUR)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID
    limit_calls(house.core, 1)
    unasked = await create(house, userId="chan")
    await house.clock.advance(LIFE_MS)
    assert (await stored(house, unasked.id)).status is PaymentStatus.EXPIRED


async def test_calls_that_bakong_refuses_end_nothing_and_it_is_asked_on_the_next_day(tmp_path, storage):
    async with shut(tmp_path, database_url=storage.get("database_url", "")) as house:
        limit_calls(house.core, 100)
        payment, unpaid = await create(house), await create(house, userId="chan")
        await house.clock.advance(LIFE_MS - MINUTE)
        house.bakong.default = NoAnswer("quota", until_ms=NOW_MS + 17 * HOUR)  # midnight in Phnom Penh
        for wait_ms in (MINUTE, HOUR, 15 * HOUR):
            await house.clock.advance(wait_ms)
            assert await seen(house, payment) == ("PENDING", "PENDING", [])
        house.bakong.default = NotFound()
        house.bakong.reports[payment.md5] = paid(done_ms=NOW_MS + LIFE_MS - 1)
        await house.clock.advance(12 * HOUR)
        after = [await stored(house, one.id) for one in (payment, unpaid)]
        assert [(one.status.value, one.late) for one in after] == [("PAID", False), ("EXPIRED", False)]


async def test_what_no_call_has_reached_in_a_week_ends_by_the_clock(house, monkeypatch):
    limit_calls(house.core, 100)
    payment = await create(house)
    await house.clock.advance(LIFE_MS - MINUTE)
    house.bakong.default = NoAnswer("quota", until_ms=NOW_MS + 17 * HOUR)
    await house.clock.advance(HOUR)
    limit_calls(house.core, 0)
    monkeypatch.setattr(poll_payments, "UNREACHED_MS", 2 * 24 * HOUR)
    await house.clock.advance(46 * HOUR)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    await house.clock.advance(26 * HOUR)
    assert (await stored(house, payment.id)).status is PaymentStatus.EXPIRED


async def test_a_payment_that_ended_while_no_worker_ran_is_asked_about_first(house):
    payment = await create(house)
    await house.worker.stop()
    house.core.stopping = False
    await house.clock.advance(LIFE_MS + HOUR)
    house.bakong.default = NoAnswer("timeout")
    worker = Worker(house.core)
    await worker.start()
    await house.clock.advance(MINUTE)
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    house.bakong.default = paid(done_ms=NOW_MS + MINUTE)
    await house.clock.advance(LIFE_MS)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID
    await worker.stop()
