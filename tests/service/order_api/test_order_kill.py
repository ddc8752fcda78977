"""kill -9 at every step of an order's life: paid once, given back once, no event lost or doubled, on both databases.

`make test-kill-orders` does 200 points on each, spread over the steps of a life that nobody ends; the quick run
does two.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys

import pytest

from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.sqlite import SqliteStore
from tests.conftest import NOW_MS
from tests.service.order_api.kept_gateway import KeptGateway
from tests.service.test_kill import LEASE_MS, rows

ORDERS = 8
ONCE = ("order.created", "payment.initiated", "payment.processing", "payment.completed", "refund.completed")
POINTS = int(os.environ.get("KILL_POINTS", "2"))
LATER_MS = 60_000 + 2 * LEASE_MS  # longer than a life and any lease


@pytest.fixture
async def victim():
    program = "tests.service.order_api.victim_orders"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", program, stdin=-1, stdout=-1)

    async def lead(**task):
        process.stdin.write(json.dumps(task).encode() + b"\n")
        return int(await process.stdout.readline())

    yield lead
    process.stdin.close()
    await process.wait()
    process._transport.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request, tmp_path):
    """Makes a database with every table and no row: a context that gives its URL."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_databases").lent
    template = tmp_path / "template.db"
    store = SqliteStore(template)
    await store.migrate(upgrade)
    await store.close()

    @contextlib.asynccontextmanager
    async def copied():
        shutil.copy(template, tmp_path / "service.db")
        yield f"sqlite:///{tmp_path}/service.db"
        for path in tmp_path.glob("service.db*"):
            path.unlink()

    return copied


@pytest.mark.timeout(3600)
async def test_a_kill_at_any_step_pays_once_and_gives_back_once(tmp_path, victim, database):
    killed = 0
    whole = await one_point(tmp_path, victim, database, 0)
    for point in range(POINTS):
        killed += await one_point(tmp_path, victim, database, 1 + point * whole // POINTS)
    print(f"{POINTS} points of {whole} steps, {killed} killed, 0 lost, 0 doubled")
    assert killed >= POINTS * 9 // 10


async def one_point(folder, victim, database, step):
    """A life that ends at a step, and one that takes up what it left: whether the first was killed; at 0, its steps."""
    ledger, told = folder / "ledger", folder / "told"
    ledger.unlink(missing_ok=True)
    async with database() as stored:
        task = {"database": stored, "ledger": str(ledger), "logs": str(folder / "logs"), "told": str(told)}
        task |= {"orders": ORDERS, "now_ms": NOW_MS}
        ended = await victim(**task, die_at=step)
        assert ended in (0, -9), f"step {step}"
        if ended == -9:
            task["now_ms"] += LATER_MS
            assert await victim(**task, die_at=0) == 0, f"after step {step}"
        await check(stored, KeptGateway(ledger, lambda: NOW_MS))
    seen = json.loads(told.read_text())
    assert seen["now_ms"] - task["now_ms"] < LATER_MS - 2 * LEASE_MS, f"step {step}: a life took {seen} long"
    return ended == -9 if step else seen["steps"]


async def check(stored, gateway):
    """The service's books are the provider's: one payment and one refund an order, each told of once, no gap."""
    assert [one.minor for one in gateway.sessions.values()] == [1000] * ORDERS
    assert [[refund for refund, _ in one.refunds.values()] for one in gateway.sessions.values()] == [[400]] * ORDERS
    paid = await rows(stored, "SELECT status, refunded_minor FROM orders")
    assert paid == [("paid", 400)] * ORDERS
    assert await rows(stored, "SELECT status FROM payment_transactions") == [("PAID",)] * ORDERS
    told = await rows(stored, "SELECT event, count(*) FROM webhook_notifications GROUP BY event ORDER BY event")
    assert told == [("payment.completed", ORDERS), ("refund.completed", ORDERS)]
    entered = await rows(stored, "SELECT kind, count(*), sum(amount_minor) FROM settlement_entries GROUP BY kind")
    assert sorted((kind, count, int(minor)) for kind, count, minor in entered) == [
        ("payment", ORDERS, 1000 * ORDERS),
        ("refund", ORDERS, 400 * ORDERS),
    ]
    events = await rows(stored, "SELECT order_id, number, sequence, type FROM order_events ORDER BY order_id, number")
    for order_id in {order_id for order_id, *_ in events}:
        theirs = [row for row in events if row[0] == order_id]
        assert [number for _, number, *_ in theirs] == list(range(1, len(theirs) + 1))
        assert [one for _, _, one, _ in theirs if one is not None] == list(range(1, len(theirs)))
        kinds = [kind for *_, kind in theirs]
        for once in ONCE:
            assert kinds.count(once) == 1, (once, kinds)
    assert len(events) >= 6 * ORDERS
