"""Receivers of webhooks that are slow or dead delay nothing else: no question to Bakong, no other receiver, no stop."""

import asyncio
import itertools
from collections import Counter
from functools import partial

import pytest

from bakong_contracts.service_api import PaymentStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.breaker import Breaker
from bakong_service.domain.callbacks import receiving_host
from bakong_service.domain.caller import Caller, asked_by
from bakong_service.domain.events import Notification
from bakong_service.domain.receivers import PER_HOST, SLOTS, Receivers
from bakong_service.usecases.worker import STOP_S
from tests.conftest import NOW_MS
from tests.service.house import open_house, put_bakong
from tests.service.passing import Passing, open_shop
from tests.service.test_faults import ORDER, Script, paid, rows

GOOD, MAIN = "good.example", "main.example"


@pytest.fixture
async def clock():
    return Passing()


@pytest.fixture
async def shop(tmp_path, storage, clock):
    async with open_shop(tmp_path, clock, database_url=storage.get("database_url", "")) as opened:
        yield opened


async def order(shop, user, host):
    body = ORDER | {"userId": user, "callback": f"https://{host}/hook"}
    return (await shop.client.post("/api/payments/create", json=body)).json()["data"]


def pay(shop, made):
    digest = f"{len(shop.bakong.reports):064x}"
    shop.bakong.reports[made["md5Hash"]] = type(paid())(digest, paid().money, paid().to_account)


async def status_of(shop, made):
    stored = await shop.core.store.read(lambda records: records.payment_by_md5(made["md5Hash"]))
    return stored.status


def notice(number, host, *, user="sokha", at_ms=NOW_MS):
    body = f'{{"data":{{"userId":"{user}"}}}}'.encode()
    return Notification(
        id=f"msg_{number:06}",
        event=EventType.PAYMENT_PAID,
        url=f"https://{host}/hook",
        host=host,
        body=body,
        created_ms=at_ms,
        next_try_ms=at_ms,
    )


async def put(shop, notices):
    def add(some, records):
        for one in some:
            records.add_notification(one)

    for start in range(0, len(notices), 500):  # each within the deadline, also on a busy machine
        await shop.core.store.write(partial(add, notices[start : start + 500]))
    shop.core.wake()


async def test_20_receivers_that_take_a_second_delay_neither_bakong_nor_another_receiver(shop):
    slow = [f"slow-{number}.example" for number in range(20)]
    shop.backends.takes_ms = dict.fromkeys(slow, 1_000)
    waiting = await order(shop, "waiting", GOOD)
    for host in slow:
        pay(shop, await order(shop, host, host))
    await shop.clock.seconds(2.5)
    pay(shop, await order(shop, "later", GOOD))
    await shop.clock.seconds(8)
    asked = [at_ms for at_ms, md5 in shop.bakong.asked_ms if md5 == waiting["md5Hash"]]
    assert len(asked) >= 4
    assert shop.backends.to(GOOD) == [4_500, 4_500]
    assert max(max(shop.backends.to(host)) for host in slow) <= 4_000


async def test_with_30_receivers_that_hang_15_seconds_every_later_payer_is_granted_within_seconds(shop):
    dead = [f"dead-{number}.example" for number in range(30)]
    shop.backends.takes_ms = dict.fromkeys(dead, 15_000)
    for host in dead:
        pay(shop, await order(shop, host, host))
    late = []
    for number in range(11):
        made = await order(shop, f"later-{number}", GOOD)
        await shop.clock.seconds(5)
        pay(shop, made)
        await shop.clock.seconds(5)
        if await status_of(shop, made) is not PaymentStatus.PAID:
            late.append(number)
    assert late == []
    assert len(shop.backends.to(GOOD)) == 2 * 11
    assert shop.backends.most_under_way.total() <= SLOTS + len(dead)


async def test_behind_10000_webhooks_for_a_host_that_hangs_one_for_another_host_leaves_at_once(shop):
    shop.backends.takes_ms[MAIN] = 15_000
    await put(shop, [notice(number, MAIN, user=f"u{number}") for number in range(10_000)])
    await shop.clock.seconds(1)
    await put(shop, [notice(10_000, GOOD, at_ms=shop.clock.ms)])
    await shop.clock.seconds(0.1)
    assert shop.backends.to(GOOD) == [1_000]
    assert shop.backends.most_under_way[MAIN] == PER_HOST
    await shop.clock.seconds(60)
    assert shop.backends.most_under_way[MAIN] == PER_HOST


async def test_a_host_that_does_not_answer_is_left_alone_then_probed_and_nothing_is_lost_or_doubled(shop):
    shop.backends.takes_ms[MAIN] = 15_000
    await put(shop, [notice(number, MAIN, user=f"u{number}") for number in range(20)])
    await shop.clock.seconds(300)
    failed = len(shop.backends.tries)
    assert failed <= PER_HOST + 8
    shop.backends.takes_ms.clear()
    await shop.clock.seconds(3_600)
    tries = Counter(webhook for _, _, webhook in shop.backends.tries)
    assert len(shop.backends.tries) == failed + 20
    assert set(tries) == {f"msg_{number:06}" for number in range(20)}
    stored = await rows(shop, "SELECT id, attempts FROM webhook_notifications WHERE delivered_ms IS NOT NULL")
    assert dict(stored) == dict(tries)


async def test_a_try_outlasts_no_lease_and_a_user_is_told_in_order(shop):
    shop.backends.takes_ms[MAIN] = 3_000
    await put(shop, [notice(number, MAIN, user="sokha") for number in range(6)])
    await put(shop, [notice(100 + number, MAIN, user="dara") for number in range(6)])
    await shop.clock.seconds(60)
    ids = [webhook for _, _, webhook in shop.backends.tries]
    assert len(ids) == len(set(ids)) == 12
    for first in (0, 100):
        mine = [webhook for webhook in ids if int(webhook[4:]) // 100 * 100 == first]
        assert mine == sorted(mine)


async def stopped(shop):
    """How long a stop takes, in seconds."""
    begun_ms = shop.clock.ms
    stopping = asyncio.ensure_future(shop.worker.stop())
    await shop.clock.idle()
    while not stopping.done():
        await shop.clock.seconds(1)
    await stopping
    return (shop.clock.ms - begun_ms) / 1000


async def test_a_stop_waits_a_bounded_time_and_gives_back_what_it_has_not_begun(shop, clock, tmp_path, storage):
    shop.backends.takes_ms[MAIN] = 15_000
    await put(shop, [notice(number, MAIN, user=f"u{number % 10}") for number in range(40)])
    await clock.seconds(1)
    assert await stopped(shop) <= STOP_S + 1
    begun = {webhook for _, _, webhook in shop.backends.tries}
    assert len(begun) == PER_HOST
    url = storage.get("database_url", "") or f"sqlite:///{tmp_path / 'shop.db'}"
    async with open_shop(tmp_path / "next", clock, database_url=url) as following:
        await clock.seconds(1)
        at_once = {webhook for _, _, webhook in following.backends.tries}
        assert len(at_once) == 40 - PER_HOST
        assert not at_once & begun
        await clock.seconds(120)
        assert {webhook for _, _, webhook in following.backends.tries} - at_once == begun


async def test_a_stop_gives_back_the_questions_that_bakong_was_not_asked(shop):
    shop.core.upstream("bakong").one_by_one_until_ms = NOW_MS + 86_400_000  # one question each
    made = [await order(shop, f"u{number}", GOOD) for number in range(20)]
    shop.bakong.takes_ms = 4_000
    await shop.clock.seconds(3)
    assert await stopped(shop) <= STOP_S + 1
    asked = {md5 for _, md5 in shop.bakong.asked_ms}
    assert len(asked) == 1
    held = await rows(shop, "SELECT md5 FROM payment_transactions WHERE leased_until_ms IS NOT NULL")
    due = await rows(shop, f"SELECT md5 FROM payment_transactions WHERE next_poll_ms <= {NOW_MS + 2_000}")  # noqa: S608
    assert (held, {md5 for (md5,) in due}) == ([], {one["md5Hash"] for one in made} - asked)


async def test_a_stop_gives_up_a_question_that_bakong_leaves_open_and_it_is_due_again(shop):
    made = await order(shop, "sokha", GOOD)
    shop.bakong.takes_ms = 60_000
    await shop.clock.seconds(3)
    assert await stopped(shop) <= STOP_S + 1
    held = await rows(shop, "SELECT md5 FROM payment_transactions WHERE leased_until_ms IS NOT NULL")
    assert (len(shop.bakong.asked_ms), held) == (1, [])
    due_ms = await shop.core.store.read(lambda records: records.next_poll_ms("bakong"))
    assert (due_ms, await status_of(shop, made)) == (NOW_MS + 2_000, PaymentStatus.PENDING)


async def test_two_workers_with_a_main_backend_that_hangs_ask_bakong_and_double_nothing(
    tmp_path, postgres_databases, clock
):
    async with (
        postgres_databases.lent() as url,
        open_shop(tmp_path / "one", clock, database_url=url, main_backend_webhook_url=f"https://{MAIN}/hook") as one,
        open_shop(tmp_path / "two", clock, database_url=url, main_backend_webhook_url=f"https://{MAIN}/hook") as two,
    ):
        two.bakong.reports = one.bakong.reports
        for shop in (one, two):
            shop.backends.takes_ms[MAIN] = 15_000
        begun_ms = clock.ms
        payers = []
        for number in range(24):
            body = ORDER | {"userId": f"payer-{number}"}
            payers.append((await one.client.post("/api/payments/create", json=body)).json()["data"])
            pay(one, payers[-1])
            await clock.seconds(5)
            two.worker.wake()  # as its beat does in production
        assert [await status_of(one, made) for made in payers[:-1]] == [PaymentStatus.PAID] * 23
        tries = sorted((webhook, at_ms) for at_ms, _, webhook in one.backends.tries + two.backends.tries)
        apart = [later - earlier for (a, earlier), (b, later) in itertools.pairwise(tries) if a == b]
        assert all(ms >= 15_000 for ms in apart)
        for shop in (one, two):
            shop.backends.takes_ms.clear()
        for _ in range(120):
            await clock.seconds(10)
            two.worker.wake()
        wanted = await rows(one, "SELECT count(*) FROM webhook_notifications")
        delivered = await rows(one, "SELECT count(*) FROM webhook_notifications WHERE delivered_ms IS NOT NULL")
        assert delivered == wanted
        assert clock.ms - begun_ms > 1_000_000


async def test_moving_a_world_on_waits_for_receivers_that_answer_and_not_for_one_that_hangs(tmp_path, storage):
    hanging = asyncio.Event()

    async def post(url, _body, _headers, /):
        if MAIN in url:
            await hanging.wait()
            return "timeout"
        await asyncio.sleep(0)
        delivered.append(url)
        return 204

    async def patience(tasks, _seconds, /, *, for_all):
        """All the time it takes, but where nothing is left that ends by itself."""
        while not any(task.done() for task in tasks) and len(tasks) > hung():
            await asyncio.wait(tasks, timeout=0.01, return_when=asyncio.FIRST_COMPLETED)

    def hung():
        return 0 if hanging.is_set() else 1

    delivered = []
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as house:
        house.core.post, house.core.patience = post, patience
        put_bakong(house.core, Script())
        for user, host in (("first", MAIN), ("second", GOOD), ("third", GOOD)):
            body = ORDER | {"userId": user, "callback": f"https://{host}/hook"}
            await house.client.post("/api/payments/create", json=body)
        assert await house.clock.advance(900_000) == NOW_MS + 900_000
        assert len(delivered) == 2
        assert await house.clock.advance(3_600_000) == NOW_MS + 900_000 + 3_600_000
        hanging.set()


async def test_what_a_worker_does_is_the_systems_whoever_woke_it(shop):
    pay(shop, await order(shop, "sokha", GOOD))
    shop.clock.ms += 2_000
    with asked_by(Caller("main backend")):
        await shop.worker.run_due()
    acts = await rows(shop, "SELECT action, actor FROM audit_logs WHERE action <> 'payment.create'")
    assert set(acts) == {("payment.status", "system"), ("subscription.start", "system")}


def test_hosts_take_turns_and_those_that_do_not_answer_get_one_try_and_half_the_room_together():
    receivers = Receivers()
    assert receivers.shares({"a": 0, "b": 5}, Counter(), 10) == {"a": PER_HOST, "b": PER_HOST}
    assert receivers.shares({"a": 0, "b": 5, "c": 11}, Counter(a=PER_HOST, b=7), 10) == {"b": 1}
    many = {f"h{number:02}": number for number in range(40)}
    assert receivers.shares(many, Counter(), 99) == dict.fromkeys(list(many)[:SLOTS], 1)
    for host in many:
        receivers.failed(host, receivers.breaker(host), 0, 1.0)
    assert receivers.shares(many | {"good": 98}, Counter(), 99) == {"good": PER_HOST} | dict.fromkeys(
        list(many)[: SLOTS // 2], 1
    )


def test_tries_at_once_fail_once_and_a_host_that_answers_is_forgotten():
    receivers, before = Receivers(), Receivers().breaker("a")
    for _ in range(8):
        receivers.failed("a", before, 0, 1.0)
    assert receivers.breaker("a").failures == 1
    for _ in range(Breaker.FAILURES - 1):
        receivers.failed("a", receivers.breaker("a"), 0, 1.0)
    assert receivers.shares({"a": 0}, Counter(), Breaker.FIRST_MS - 1) == {}
    assert receivers.next_ms({"a": 0}, 5) == Breaker.FIRST_MS
    assert receivers.shares({"a": 0}, Counter(), Breaker.FIRST_MS) == {"a": 1}
    receivers.answered("a")
    assert receivers.shares({"a": 0}, Counter(), 0) == {"a": PER_HOST}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.example/hook", "shop.example"),
        ("http://shop.example:80/", "shop.example"),
        ("https://shop.example:80/", "shop.example:80"),
        ("http://[::1]:8000/x", "[::1]:8000"),
        (None, ""),
    ],
)
def test_the_receiving_host_of_a_url(url, host):
    assert receiving_host(url) == host
