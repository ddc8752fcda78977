"""kill -9 at any step between payment, refund and release: our ledger sums to zero, and equals the provider's.

`make test-kill-escrow` does 200 points on each database, spread over the steps of a life that nobody ends; the quick
run does a few.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from bakong_sandbox.stack.embedded_providers import embedded
from bakong_sandbox.stack.options import ESCROW, Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS
from tests.service.escrow.victim_fakes import SECRETS

POINTS = int(os.environ.get("KILL_POINTS", "3"))
LATER_MS = 200_000  # longer than any lease
FAKE_POINTS = int(os.environ.get("KILL_POINTS", "1"))
LEFT = {"bkash": 2_600_000, "nagad": 1_300_000}
BALANCES = {
    "gateway_clearing": 3_900_000,
    "platform_fee": -195_000,
    "agency_payable": -3_510_000,
    "caregiver_payable": -195_000,
}


@pytest.fixture
async def victim(request):
    """By default of scripted providers; else the module that is to be killed."""
    module = getattr(request, "param", "victim")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.service.escrow.{module}", stdin=-1, stdout=-1
    )

    async def lead(**order):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        return int(await process.stdout.readline())

    yield lead
    process.stdin.close()
    await process.wait()
    process._transport.close()


@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path, victim, request, database):
    async def one_point(step):
        async with a_place(tmp_path, request, database) as (folder, url):
            return await die_and_live(victim, folder, url, step)

    killed, whole = 0, await one_point(0)
    for step in spread(POINTS, whole):
        killed += await one_point(step)
    print(f"{POINTS} points of {whole} steps on {database}, {killed} killed: nothing lost, nothing doubled")
    assert killed >= POINTS * 9 // 10


def spread(points, steps):
    """So many steps, evenly among them all."""
    return [1 + int((point + 0.5) * steps / points) for point in range(points)]


@contextlib.asynccontextmanager
async def a_place(tmp_path, request, database):
    """A folder of one point, and its database: no URL where that is a file in it."""
    folder = tmp_path / "point"
    folder.mkdir()
    async with contextlib.AsyncExitStack() as opened:
        is_file = database == "sqlite"
        databases = None if is_file else request.getfixturevalue("postgres_databases")
        yield folder, "" if is_file else await opened.enter_async_context(databases.lent())
    shutil.rmtree(folder)


async def die_and_live(victim, folder, url, step):
    """A life that ends at a step, and one that takes up what it left: whether the first was killed; at 0, its steps."""
    order = {"folder": str(folder), "database": url, "now_ms": NOW_MS}
    ended = await victim(**order, die_at=step)
    printed = (folder / "printed").read_text
    assert ended in (0, -9), f"step {step}: {printed()}"
    if ended == -9:
        order["now_ms"] = NOW_MS + LATER_MS
        assert await victim(**order, die_at=0) == 0, f"after step {step}: {printed()}"
    done = json.loads((folder / "done.json").read_text())
    assert done["states"] == [["COMPLETED", "RELEASED"]] * 2, f"step {step}"
    assert done["balance"] == [1_300_000, 1_300_000], f"step {step}"
    return ended == -9 if step else done["steps"]


@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("victim", ["victim_fakes"], indirect=True)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.campaign)])
async def test_a_kill_at_any_step_leaves_our_books_and_the_fakes_the_same(tmp_path, victim, request, database):
    options = Options(data_dir=tmp_path / "sandbox", port=0, service_port=None, providers=ESCROW)
    async with run(options) as stack:
        facts, world = configured(options, stack), stack.worlds.default

        async def one_point(step):
            world.reset()
            world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
            async with a_place(tmp_path, request, database) as (folder, url):
                order = {"folder": str(folder), "database": url, **facts}
                killed = await die_and_go_on(victim, order, step, world)
                return killed, *check_books(folder, world, step)

        _, _, whole = await one_point(0)
        seen = [await one_point(step) for step in spread(FAKE_POINTS, whole)]
    killed, twice = (sum(column) for column in list(zip(*seen, strict=True))[:2])
    print(
        f"{FAKE_POINTS} points of {whole} steps on {database}, {killed} killed, {twice} paid twice and back: one book"
    )
    assert killed >= FAKE_POINTS * 9 // 10


def configured(options, stack):
    """What the victim is told of the fakes."""
    _, bkash, nagad = embedded(options, stack)
    shown = [
        {
            name: value.get_secret_value() if name in SECRETS else value
            for name, value in vars(one).items()
            if isinstance(value, str | int) or name in SECRETS
        }
        for one in (bkash, nagad)
    ]
    return {"origin": stack.bakong_url, "bkash": shown[0], "nagad": shown[1]}


async def die_and_go_on(victim, order, step, world):
    """As die_and_live; the fakes' time goes on while nobody lives."""
    ended = await victim(**order, now_ms=world.clock.now_ms(), die_at=step)
    printed = (Path(order["folder"]) / "printed").read_text
    assert ended in (0, -9), f"step {step}: {printed()}"
    if ended == -9:
        await world.clock.advance(LATER_MS)
        assert await victim(**order, now_ms=world.clock.now_ms(), die_at=0) == 0, f"after step {step}: {printed()}"
    return ended == -9


def check_books(folder, world, step):
    """Both books hold the same, nothing lost or doubled; whether one was captured twice, and the last life's steps."""
    done = json.loads((folder / "done.json").read_text())
    theirs = {name: world.ledger.balance(f"{name}_merchant", "BDT") for name in ESCROW}
    assert done["states"] == [["COMPLETED", "RELEASED"]] * 3, f"step {step}: {done}"
    assert theirs == LEFT, f"step {step}: {theirs}"
    assert done["balances"] == BALANCES, f"step {step}: {done}"
    assert sum(done["balances"].values()) == 0 == world.ledger.sum("BDT"), f"step {step}"
    moves = [sum(not one.failed for one in payment.settlements) for payment in world.payments.values()]
    assert max(moves) == 1, f"step {step}: a payment was taken twice: {moves}"
    return sum(moves) > 3, done["steps"]
