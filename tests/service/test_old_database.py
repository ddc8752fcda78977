"""A database from before is brought up to date, and finishes what it was doing: on SQLite, and copied to PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Integer, MetaData, func, select

from bakong_contracts.webhooks import verify
from bakong_service.adapters.sql import migrate, rotation
from bakong_service.adapters.sql.postgres import PostgresStore
from tests.conftest import NOW_MS
from tests.service.house import SETTINGS, open_house, put_bakong
from tests.service.test_faults import Script, paid, rows

DUMP = Path(__file__).parent / "data" / "old-0002.sql"
OPENED_MS = NOW_MS + 1_010_000  # a few seconds after it was left
OLD_KEY = "bk_sandbox_only_key_of_an_old_database"
WEBHOOK_URL = "https://shop.test/webhooks"
ORDER = {"userId": "chan", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
DAY_MS = 86_400_000


def dumped(path):
    database = sqlite3.connect(path)
    database.executescript(DUMP.read_text())
    database.row_factory = sqlite3.Row
    return database


def copied(connection):
    """The rows of the dump, in a database of PostgreSQL that has the tables of then."""
    old = dumped(":memory:")
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        rows_of = [dict(row) for row in old.execute(f'SELECT * FROM "{table.name}"')]  # noqa: S608  our own tables
        for row in rows_of:
            row.update({c.name: bool(row[c.name]) for c in table.columns if isinstance(c.type, Boolean)})
        if rows_of and table.name != "alembic_version":
            connection.execute(table.insert(), rows_of)
        if "id" in table.c and isinstance(table.c.id.type, Integer):
            sequence = func.pg_get_serial_sequence(table.name, "id")
            connection.execute(select(func.setval(sequence, select(func.max(table.c.id)).scalar_subquery())))
    old.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request, tmp_path):
    """The service of today on the database of then."""
    options = {"at_ms": OPENED_MS, "main_backend_webhook_url": WEBHOOK_URL}
    if request.param == "sqlite":
        dumped(tmp_path / "house.db").close()
        async with open_house(tmp_path, **options) as opened:
            yield opened
        return
    async with request.getfixturevalue("postgres_databases").bare() as url:
        store = PostgresStore(url)
        await store.migrate(lambda connection: migrate.upgrade(connection, "0002"))
        await store.migrate(copied)
        await store.close()
        async with open_house(tmp_path, database_url=url, **options) as opened:
            yield opened


@pytest.fixture
def sent(house):
    """The webhooks that arrive: id, event, body."""
    arrived = {}

    async def post(url, body, headers):
        secret = SETTINGS["webhook_secret"].get_secret_value()
        assert url == WEBHOOK_URL
        arrived[verify([secret], headers, body, now_s=house.clock.now_ms() // 1000)] = body
        return 200

    house.bakong, house.core.post = Script(), post
    put_bakong(house.core, house.bakong)
    return arrived


async def payments(house, status):
    stored = await rows(house, "SELECT id, status FROM payment_transactions ORDER BY id")
    ids = [one for one, now in stored if now == status]
    return await house.core.store.read(lambda records: [records.payment_by_id(one) for one in ids])


async def test_open_payments_are_paid_and_grant_what_they_buy(house, sent):
    left = await payments(house, "PENDING")
    plan, flagged, renewal = (next(one for one in left if one.user_id == user) for user in ("chan", "vanna", "sokha"))
    for payment, digit in ((plan, "c"), (renewal, "d")):
        house.bakong.reports[payment.md5] = paid(digit)
    await house.clock.advance(60_000)
    assert {one.user_id for one in await payments(house, "PAID")} == {"sokha", "chan"}
    for user, cycles in (("chan", 1), ("sokha", 2)):
        shown = (await house.client.get(f"/api/subscriptions/status/{user}")).json()["data"]
        assert shown["hasSubscription"], user
        periods = dict(await rows(house, "SELECT user_id, next_billing_ms - start_ms FROM subscriptions"))
        assert round(periods[user] / DAY_MS / 30) == cycles
    assert plan.code.text.startswith("000201")
    assert flagged.flag == "wrong_amount"


async def test_webhooks_under_way_arrive_under_their_ids(house, sent):
    waiting = dict(await rows(house, "SELECT id, body FROM webhook_notifications WHERE next_try_ms IS NOT NULL"))
    assert len(waiting) >= 3
    await house.clock.advance(600_000)
    assert {one: sent.get(one) for one in waiting} == {one: bytes(body) for one, body in waiting.items()}


async def test_keys_and_answers_of_then_are_good(house, sent):
    headers = {"authorization": f"Bearer {OLD_KEY}"}
    history = await house.client.get("/api/payments/history?userId=chan", headers=headers)
    (listed,) = history.json()["data"]["items"]
    again = await house.client.post("/api/payments/create", json=ORDER, headers={"idempotency-key": "order-1"})
    assert (again.status_code, again.json()["data"]["transactionId"]) == (200, listed["transactionId"])
    assert (await house.client.get(f"/qr-codes/{listed['md5Hash']}.png")).status_code == 200


async def test_history_is_counted_once_and_every_sealed_column_opens(house, sent):
    from bakong_service.adapters.sealing import Sealer

    counted = await rows(house, "SELECT sum(payments) FROM provider_hours")
    made = await rows(house, "SELECT count(*) FROM payment_transactions")
    assert counted[0][0] in (None, 0)  # they were all made within the hour that was not over
    day_ms = NOW_MS - NOW_MS % DAY_MS
    sold = await house.core.store.write(lambda records: records.sold("bakong", day_ms, day_ms + DAY_MS))
    assert sum(sold.values()) == made[0][0]
    seal = Sealer(["sandbox_other_key_0123456789abcdefghij", SETTINGS["encryption_key"].get_secret_value()])
    resealed = [await house.core.store.migrate(batch) for batch in rotation.batches(seal)]
    assert sum(resealed) >= made[0][0]
