"""Lives on real databases: the laws hold there too, and a life's time stands still while a database works."""

import asyncio

import pytest

from bakong_explorer.chance import Chance
from bakong_explorer.life import live
from bakong_explorer.loop import passes
from bakong_explorer.real_stores import PostgresDatabase, RealStores, StoreThread, WaitingLoop
from tests.explorer.test_lives import short

SEED, CHANGE = 1, "plan PENDING to PAID"  # a short life, and what it meets


@pytest.fixture
def loop():
    thread = StoreThread()
    made = WaitingLoop(Chance(1, "turns"), 0.5, thread)
    yield made
    made.close()
    thread.close()


def test_what_is_asked_at_one_moment_runs_together_and_takes_no_virtual_time(loop):
    met = asyncio.Barrier(2)  # who comes alone waits for ever

    async def call():
        async with asyncio.timeout(30):
            return await met.wait()

    async def life():
        heard = await asyncio.gather(loop.ask(call, writes=True), loop.ask(call, writes=False))
        return sorted(heard), loop.time()

    assert loop.run_until_complete(life()) == ([0, 1], 0.0)


def test_a_failure_reaches_who_asked_and_who_gave_up_asks_nothing(loop):
    asked = []

    async def call(what):
        asked.append(what)
        raise ValueError(what)

    async def life():
        gone = asyncio.ensure_future(loop.ask(lambda: call("gone"), writes=True))
        waits = asyncio.ensure_future(loop.ask(lambda: call("waits"), writes=True))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait({waits})
        await passes(3600)
        return str(waits.exception())

    assert loop.run_until_complete(life()) == "waits"
    assert asked == ["waits"]


def test_the_laws_hold_in_lives_on_sqlite_s_file_one_after_another():
    with RealStores("sqlite") as stores:
        lives = [live(short(SEED), stores) for _ in range(2)]
    assert [life.violation for life in lives] == [None, None]
    assert all(life.met[CHANGE] for life in lives)
    assert lives[0].commits >= 2, "the laws have looked: commits of one moment are one"


def test_the_laws_hold_in_a_life_on_postgresql(postgres_url):
    with RealStores("postgresql", postgres_url) as stores:
        life = live(short(SEED), stores)
    assert life.violation is None
    assert life.met[CHANGE]


def test_a_database_that_cannot_be_made_leaves_no_thread_behind():
    thread = StoreThread()
    with pytest.raises(OSError, match=r"refused|Connect"):
        PostgresDatabase(thread, "postgresql://nobody@127.0.0.1:1/postgres", "none")
    thread.close()
    assert not thread.is_alive
