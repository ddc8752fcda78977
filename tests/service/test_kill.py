"""kill -9 at every step between an order and its last webhook: nothing is lost, nothing is doubled, on both databases.

`make test-kill` does 200 points on each; the quick run does a few, spread over the same steps.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import sys
from collections import defaultdict

import asyncpg
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.sqlite import SqliteStore
from tests.service.victim import RATE

USERS = [f"user-{number:02}" for number in range(18)]
POINTS = int(os.environ.get("KILL_POINTS", "3"))
PART, PARTS = map(int, os.environ.get("KILL_PART", "1/1").split("/"))  # a long run in pieces
STEPS = [point * max(1, 200 // POINTS) for point in range(1, 1 + POINTS)][PART - 1 :: PARTS]
LEASE_MS = 60_000


@pytest.fixture
async def victim(tmp_path):
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.service.victim", stdin=-1, stdout=-1)

    async def lead(**order):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        return int(await process.stdout.readline())

    yield lead
    process.stdin.close()
    await process.wait()
    process._transport.close()


@pytest.fixture
async def mailbox():
    arrived = defaultdict(list)

    async def app(scope, receive, send):
        body = (await receive())["body"]
        event = json.loads(body)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        arrived[event["type"], event["data"]["userId"]].append((headers["webhook-id"], body))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(app, opened):
            yield url_of(opened) + "/hook", arrived


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


async def rows(url, query):
    if url.startswith("sqlite:"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return connection.execute(query).fetchall()
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@pytest.mark.timeout(3600)
async def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path, victim, mailbox, database):
    url, arrived = mailbox
    killed = doubled = 0
    async with run(Options(data_dir=tmp_path / "sandbox", port=0, service_port=None)) as bakong:
        for step in STEPS:
            arrived.clear()
            async with database() as stored:
                order = {
                    "database": stored,
                    "bakong": bakong.bakong_url,
                    "token": bakong.token,
                    "mailbox": url,
                    "logs": str(tmp_path / "logs"),
                    "users": USERS,
                    "now_ms": bakong.worlds.default.clock.now_ms(),
                }
                killed += await die_and_live(victim, order, step)
                doubled += await check(stored, arrived)
            print(f"step {step}: {killed} killed, {doubled} webhooks came more than once", flush=True)
    print(f"{len(STEPS)} points, {killed} killed, {doubled} webhooks delivered more than once, 0 lost, 0 changed")
    assert killed >= len(STEPS) * 9 // 10


async def die_and_live(victim, order, step):
    """A life that ends at a step, and one that takes up what it left; whether the first was killed."""
    begun_s = asyncio.get_running_loop().time()
    ended = await victim(**order, die_at=step)
    assert ended in (0, -9), f"step {step}"
    lived_s = asyncio.get_running_loop().time() - begun_s
    order["now_ms"] += int(lived_s * 1000) * RATE + 2 * LEASE_MS
    assert ended == 0 or await victim(**order, die_at=0) == 0, f"after step {step}"
    return ended == -9


async def check(stored, arrived):
    """One payment, one period and one of each webhook-id for each user; how many webhooks came again."""
    paid = await rows(stored, "SELECT user_id, status FROM payment_transactions ORDER BY user_id")
    periods = await rows(stored, "SELECT user_id, period_cycles FROM subscriptions ORDER BY user_id")
    assert paid == [(user, "PAID") for user in USERS]
    assert periods == [(user, 1) for user in USERS]
    for event in ("payment.paid", "subscription.activated"):
        for user in USERS:
            assert len(set(arrived[event, user])) == 1, (event, user)
    return sum(len(copies) - 1 for copies in arrived.values())
