"""One row that cannot be stored or read stops nothing but itself: on both databases, in every batch."""

import asyncio
import threading

import pytest
from sqlalchemy import text, update

from bakong_contracts.service_api import PaymentStatus
from bakong_contracts.webhooks import EventType
from bakong_service.adapters.sql import migrate, tables
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import Notification
from bakong_service.domain.idempotency import Answer
from tests.conftest import NOW_MS
from tests.service.house import keep, limit_calls, open_house, put_bakong, subscription
from tests.service.test_faults import Script, create, paid, rows, stored

TOO_LARGE = 2**70  # for any column
DAY_MS = 86_400_000


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        opened.bakong = Script()
        put_bakong(opened.core, opened.bakong)
        opened.reported = []
        opened.core.report = lambda *row: opened.reported.append(row[:2])
        opened.core.store._report = opened.core.report
        yield opened


@pytest.fixture
async def store(tmp_path, storage):
    url = storage.get("database_url")
    opened = PostgresStore(url) if url else SqliteStore(tmp_path / "s.db")
    await opened.migrate(migrate.upgrade)
    yield opened
    await opened.close()


async def change(house, statement, **values):
    await house.core.store.write(lambda records: records._run(text(statement), values))


async def five(house):
    payments = [await create(house, userId=f"user-{number}") for number in range(5)]
    for number, payment in enumerate(payments):
        house.bakong.reports[payment.md5] = paid("abcde"[number])
    return payments[0], payments[1:]


async def statuses(house, payments):
    return {(await stored(house, payment.id)).status for payment in payments}


async def test_an_answer_that_cannot_be_stored_leaves_the_other_payments_of_its_batch_paid(house):
    bad, others = await five(house)
    house.bakong.reports[bad.md5] = paid(minor=TOO_LARGE)
    await house.clock.advance(2_000)
    assert await statuses(house, others) == {PaymentStatus.PAID}
    assert (await stored(house, bad.id)).status is PaymentStatus.PENDING
    assert set(house.reported) == {("payment", bad.id)}


async def test_a_payment_whose_answer_cannot_be_stored_is_asked_about_less_and_less_and_ends(house):
    bad = await create(house)
    house.bakong.reports[bad.md5] = paid(minor=TOO_LARGE)
    await house.clock.advance(900_000)
    assert len(house.bakong.asked) < 30
    assert (await stored(house, bad.id)).status is PaymentStatus.EXPIRED
    assert await rows(house, "SELECT event FROM webhook_notifications") == [("payment.expired",)]


async def test_a_payment_that_does_not_open_leaves_the_others_of_its_batch_paid(house):
    bad, others = await five(house)
    await change(house, "UPDATE payment_transactions SET qr = 'v1.000000000000.AAAA' WHERE id = :id", id=bad.id)
    await house.clock.advance(2_000)
    assert await statuses(house, others) == {PaymentStatus.PAID}
    assert ("payment", bad.id) in house.reported
    assert len(house.bakong.asked) == 4


async def test_a_code_that_cannot_be_ended_leaves_the_others_to_end(house):
    bad, others = await five(house)
    limit_calls(house.core, 1)
    await change(house, "UPDATE payment_transactions SET plan = 'GOLD' WHERE id = :id", id=bad.id)
    house.bakong.reports.clear()
    await house.clock.advance(900_000)
    assert await statuses(house, others) == {PaymentStatus.EXPIRED}
    assert ("payment", bad.id) in house.reported


async def test_a_subscription_that_cannot_be_read_stops_neither_the_others_nor_the_polling(house):
    for user in ("chan", "dara"):
        await keep(house.core, subscription(user, end_ms=NOW_MS + DAY_MS))
    await change(house, "UPDATE subscriptions SET plan = 'GOLD' WHERE user_id = 'chan'")
    await house.clock.advance(DAY_MS)
    payment = await create(house)
    house.bakong.reports[payment.md5] = paid()
    await house.clock.advance(2_000)
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID
    assert await rows(house, "SELECT user_id FROM subscriptions WHERE status = 'PAST_DUE'") == [("dara",)]
    assert set(house.reported) == {("subscription", "subscription-of-chan")}


async def test_a_subscription_that_cannot_be_changed_waits_alone(house, monkeypatch):
    for user in ("chan", "dara"):
        await keep(house.core, subscription(user, end_ms=NOW_MS + DAY_MS))
    save = SqlRecords.save_subscription

    def saved(self, changed, why, due_ms):
        if changed.user_id == "chan":
            self._run(update(tables.subscriptions).values(paid_minor=TOO_LARGE))
        save(self, changed, why, due_ms)

    monkeypatch.setattr(SqlRecords, "save_subscription", saved)
    await house.clock.advance(DAY_MS)
    assert await rows(house, "SELECT user_id FROM subscriptions WHERE status = 'PAST_DUE'") == [("dara",)]
    assert set(house.reported) == {("subscription", "subscription-of-chan")}


async def test_a_webhook_that_cannot_be_read_holds_up_no_other(house):
    sent = []

    async def post(url, body, headers):
        sent.append(headers["webhook-id"])
        return 200

    house.core.post = post
    ids = [f"msg_{number}" for number in range(3)]
    for one in ids:
        notification = Notification(
            id=one,
            event=EventType.PAYMENT_PAID,
            url="http://127.0.0.1:1/",
            body=b"{}",
            created_ms=NOW_MS,
            next_try_ms=NOW_MS + 1_000,
        )
        await house.core.store.write(lambda records, added=notification: records.add_notification(added))
    await change(house, "UPDATE webhook_notifications SET event = 'of.tomorrow' WHERE id = 'msg_0'")
    house.worker.wake()
    await house.clock.advance(1_000)
    assert sorted(sent) == ["msg_1", "msg_2"]


def answering(number, *, status=200):
    answer = Answer(scope=f"s-{number}", fingerprint="f", status=status, body=b"{}", created_ms=0, expires_ms=9)
    return lambda records: records.add_answer(answer)


async def scopes(store):
    query = text("SELECT scope FROM idempotency_keys ORDER BY scope")
    return await store.read(lambda records: list(records._run(query).scalars()))


@pytest.mark.parametrize("odd", [TOO_LARGE, object(), "x"], ids=["too large", "no value", "no number"])
async def test_a_row_that_the_driver_refuses_fails_alone_in_its_commit_group(store, odd):
    works = [answering(number, status=odd if number == 4 else 200) for number in range(11)]
    results = await asyncio.gather(*(store.write(work) for work in works), return_exceptions=True)
    kept = await scopes(store)
    if odd == "x" and isinstance(store, SqliteStore):
        assert len(kept) == 11  # a column of SQLite takes a text where it wants a number
        return
    assert [number for number, result in enumerate(results) if result is not True] == [4]
    assert not isinstance(results[4], UnavailableError)
    assert kept == sorted(f"s-{number}" for number in range(11) if number != 4)


@pytest.mark.parametrize("raises", [True, False])
async def test_a_statement_that_is_left_half_read_spoils_no_other_transaction(store, raises):
    for number in range(3):
        await store.write(answering(number))
    held = []

    def half_read(records):
        changed = records._run(update(tables.idempotency_keys).values(status=201).returning(tables.idempotency_keys))
        held.append((changed, changed.fetchone()))
        if raises:
            raise RuntimeError("on purpose")

    together = [store.write(half_read), *(store.write(answering(number)) for number in range(3, 6))]
    results = await asyncio.gather(*together, return_exceptions=True)
    assert [type(result) for result in results[1:]] == [bool] * 3
    await store.write(lambda records: records.forget_answers(0, 9))
    assert len(await scopes(store)) == 6


@pytest.mark.parametrize("use", ["write", "read", "insert"])
async def test_after_its_end_a_store_refuses_at_once(store, use):
    await store.close()
    works = {"read": lambda records: records.api_keys(), "insert": answering(1)}
    call = store.read if use == "read" else store.write
    with pytest.raises(UnavailableError, match="closed"):
        await asyncio.wait_for(call(works.get(use, lambda records: records.forget_answers(0, 9))), 60)


async def test_what_waits_at_the_end_is_stored_first(tmp_path):
    store = SqliteStore(tmp_path / "s.db")
    await store.migrate(migrate.upgrade)
    waiting = [asyncio.ensure_future(store.write(answering(number))) for number in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == [True] * 5


async def test_a_caller_whose_loop_is_gone_does_not_end_the_writer(tmp_path):
    store = SqliteStore(tmp_path / "s.db")
    await store.migrate(migrate.upgrade)
    entered, go_on = threading.Event(), threading.Event()

    def slow(records):
        records.forget_answers(0, 9)
        entered.set()
        go_on.wait(60)

    first = asyncio.ensure_future(store.write(slow))
    await asyncio.to_thread(entered.wait, 60)

    async def leave():
        waiting = asyncio.ensure_future(store.write(answering(1)))
        await asyncio.sleep(0)
        waiting.cancel()

    await asyncio.to_thread(lambda: asyncio.run(leave()))
    go_on.set()
    await first
    assert await asyncio.wait_for(store.write(answering(2)), 60)
    assert await asyncio.wait_for(store.write(lambda records: records.forget_answers(0, 9)), 60) == 0
    await store.close()
