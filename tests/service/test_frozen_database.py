"""A database that is frozen, locked or silent: everybody is answered in time, and nothing is lost or doubled by it."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import threading
from functools import partial
from types import SimpleNamespace

import asyncpg
import psutil
import pytest

from bakong_service.adapters.deadline import OneDeadline
from bakong_service.adapters.sql import migrate
from bakong_service.adapters.sql.postgres import POOL, PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.caller import Caller
from bakong_service.domain.errors import UnavailableError
from bakong_service.settings import Settings
from bakong_service.usecases.worker import Routine
from tests.conftest import lacking
from tests.servers import OwnPostgres, OwnRedis, program
from tests.service.processes import command, environment, serving
from tests.service.test_events import mailbox
from tests.service.test_operating import give_up, until
from tests.service.test_outages import ORDER, client_of, sandbox

DEADLINE_S = 2.0
IN_TIME_S = 8.0  # two probes, on a busy machine; the drivers alone took 15 to 42
CREATES = 8
INSERTS_THAT_WAIT = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%insert%'"


@pytest.fixture(scope="module")
def own_postgres():
    if not program("initdb"):
        lacking("initdb is not installed")
    server = OwnPostgres().start()
    yield server
    server.remove()


def processes_of(server):
    pid = int((server.folder / "db" / "postmaster.pid").read_text().split()[0])
    postmaster = psutil.Process(pid)
    return [postmaster, *postmaster.children(recursive=True)]


@contextlib.contextmanager
def stopped(processes):
    """The processes, stopped by a signal; who stands still answers nobody, and keeps every connection."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):  # its end may have been under way
                process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def frozen_postgres(server, _folder):
    with stopped(processes_of(server)):
        yield


@contextlib.asynccontextmanager
async def locked_table(server, _folder):
    other = await asyncpg.connect(server.url)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE payment_transactions IN ACCESS EXCLUSIVE MODE")
            yield
            async with asyncio.timeout(2 * IN_TIME_S):  # what nobody waits for any more is taken back by itself
                while await other.fetchval(INSERTS_THAT_WAIT):
                    pass
    finally:
        await other.close()


@contextlib.asynccontextmanager
async def locked_file(_server, folder):
    with contextlib.closing(sqlite3.connect(folder / "service.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def count(server, folder, table="payment_transactions"):
    query = f"SELECT count(*) FROM {table}"  # noqa: S608  the test's own table
    if server is None:
        with contextlib.closing(sqlite3.connect(folder / "service.db")) as connection:
            return connection.execute(query).fetchone()[0]
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def timed(asking):
    loop = asyncio.get_running_loop()
    begun = loop.time()
    return await asking, loop.time() - begun


def create(client, number, kind="order"):
    headers = {"idempotency-key": f"{kind}-{number}"}
    return client.post("/api/payments/create", json=ORDER | {"userId": f"user-{number}"}, headers=headers)


def others(client, md5):
    """Requests on FastAPI's own path, and what probes ask."""
    return [
        client.get(f"/api/payments/status/{md5}"),
        client.get("/api/payments/history", params={"userId": "user-0"}),
        client.post("/api/subscriptions/upgrade", json={"userId": "user-0"}),
        not_ready(client, "/api/health/ready"),
        not_ready(client, "/api/health"),
        client.get("/metrics"),
    ]


async def not_ready(client, path):
    """The answer of a probe that is not good any more: a good one may be 0.2 s old."""
    while (answer := await client.get(path)).status_code == 200:
        pass
    return answer


def is_refusal(answer):
    problem = json.loads(answer.content)
    return (
        (answer.status_code, problem["code"], problem["status"]) == (503, "unavailable", 503)
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) >= 1
    )


HOLDS = [("sqlite", locked_file), ("postgresql", frozen_postgres), ("postgresql", locked_table)]


@pytest.mark.parametrize(("kind", "hold"), HOLDS, ids=[hold.__name__ for _, hold in HOLDS])
async def test_everybody_is_answered_in_time_and_each_order_is_one_payment_afterwards(kind, hold, tmp_path, request):
    server = request.getfixturevalue("own_postgres") if kind == "postgresql" else None
    async with mailbox() as (url, arrived):
        env = sandbox(tmp_path, DATABASE_DEADLINE_S=str(DEADLINE_S), MAIN_BACKEND_WEBHOOK_URL=url)
        if server:
            env["DATABASE_URL"] = server.url
        async with serving(env) as (_, service), client_of(service) as client:
            order = partial(create, client, kind=hold.__name__)
            first = await order(0)
            assert (await client.get("/api/health/ready")).status_code == 200
            before = await count(server, tmp_path)
            asked = others(client, first.json()["data"]["md5Hash"])
            async with hold(server, tmp_path):
                creates = [order(number) for number in range(1, CREATES + 1)]
                answers = await asyncio.gather(*map(timed, [*creates, *asked]))
                slowest = max(took for _, took in answers)
                made, rest = [answer for answer, _ in answers[:CREATES]], [answer for answer, _ in answers[CREATES:]]
            print(f"{hold.__name__}: the slowest of {len(answers)} answers came after {slowest:.1f} s")
            assert slowest < IN_TIME_S
            assert all(map(is_refusal, made)), [answer.text for answer in made]
            *reads, ready, health, metrics = rest
            assert is_refusal(ready), ready.text
            assert (health.status_code, health.json()["services"]["database"]["status"]) == (503, "unhealthy")
            assert metrics.status_code in (200, 503)
            if hold is not locked_file:  # who only reads is not held up by who writes there
                assert all(map(is_refusal, reads)), [answer.text for answer in reads]
            if hold is not frozen_postgres:  # where it was received before the freeze, it may be worked off after it
                assert await count(server, tmp_path) == before

            async def all_made():
                answers[:] = [await order(number) for number in range(CREATES + 1)]
                return all(answer.status_code == 200 for answer in answers)

            await until(client, all_made, 30)
            again = [await order(number) for number in range(CREATES + 1)]
            assert [answer.content for answer in again] == [answer.content for answer in answers]
            assert again[0].content == first.content
            assert await count(server, tmp_path) == before + CREATES
            assert (await client.get("/api/health/ready")).status_code == 200
            await give_up(client, f"{hold.__name__}-sokha")

            async def is_delivered():
                return len(arrived) > 0

            await until(client, is_delivered, 30)
            assert len(arrived) == 1


class Bells:
    """Timers that ring when they are told to."""

    def __init__(self):
        self.set = []

    def now_ms(self):
        return 0

    def call_at(self, _due_ms, fire):
        self.set.append(fire)
        return SimpleNamespace(cancel=lambda: self.set.remove(fire) if fire in self.set else None)


async def test_a_routine_that_was_woken_while_its_database_was_away_comes_back():
    """The wake-up has fired in vain: it must not be taken for one that is still to come."""
    bells, goes_on, runs = Bells(), asyncio.Event(), []

    async def work():
        runs.append(1)
        await goes_on.wait()
        raise UnavailableError("away")

    routine = Routine(SimpleNamespace(timers=bells, stopping=False, look_ms=None), "work", work)
    task = routine.begin()
    await asyncio.sleep(0)
    routine.wake()
    ringing = asyncio.ensure_future(bells.set.pop()())  # while the work is under way
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.gather(task, ringing)
    assert len(bells.set) == 1
    await bells.set.pop()()
    assert len(runs) == 2


async def test_a_redis_that_is_frozen_costs_no_request(tmp_path):
    if not program("redis-server"):
        lacking("redis-server is not installed")
    server = OwnRedis().start()
    env = sandbox(tmp_path, REDIS_URL=server.url) | {"RATE_LIMIT_PER_MINUTE": "1000000"}
    try:
        async with serving(env) as (_, url), client_of(url) as client:
            assert (await create(client, 0)).status_code == 200
            with stopped([psutil.Process(server._process.pid)]):
                asked = [create(client, 1), client.get("/api/health/ready"), client.get("/api/health")]
                answers = await asyncio.gather(*map(timed, asked))
            assert [answer.status_code for answer, _ in answers] == [200, 200, 200]
            assert answers[2][0].json()["services"]["redis"]["status"] == "degraded"
            assert max(took for _, took in answers) < IN_TIME_S
    finally:
        server.stop()


async def test_a_service_whose_database_is_frozen_stops_when_it_is_told_to(tmp_path, own_postgres):
    env = sandbox(tmp_path, DATABASE_URL=own_postgres.url, DATABASE_DEADLINE_S=str(DEADLINE_S))
    async with serving(env) as (process, url), client_of(url) as client:
        assert (await create(client, 0)).status_code == 200
        with stopped(processes_of(own_postgres)):
            process.terminate()
            async with asyncio.timeout(25):
                assert await process.wait() == 0


@contextlib.asynccontextmanager
async def silent_listener():
    """A port that takes every connection, and says nothing."""
    opened = []

    async def take(_reader, writer):
        opened.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in opened:
            writer.close()
        server.close()


def adding(name):
    row = AuditRow(action=name, resource="r", before=None, after=None, by=Caller("a"), at_ms=0)
    return lambda records: records.add_audit(row)


async def gives_up(*waits):
    """Everyone is told that the database does not answer, in time."""
    results = await asyncio.gather(*map(timed, [asyncio.gather(*waits, return_exceptions=True)]))
    errors, took = results[0]
    assert [type(error) for error in errors] == [UnavailableError] * len(waits)
    assert took < IN_TIME_S


async def test_a_server_that_says_nothing_is_given_up_in_time():
    async with silent_listener() as port:
        store = PostgresStore(f"postgresql://postgres@127.0.0.1:{port}/none?connect_timeout=1", deadline_s=0.2)
        await gives_up(store.write(adding("a")), store.read(lambda records: records.oldest()), store.ping())
        await store.close()


async def test_a_pool_whose_every_connection_is_in_use_is_given_up_in_time(postgres_url):
    """And nothing is stored of who gave up, though a connection is free a moment later."""
    store = PostgresStore(postgres_url, deadline_s=0.2)
    async with contextlib.AsyncExitStack() as opened:
        for _ in range(POOL):
            await opened.enter_async_context(store.engine.connect())
        await gives_up(store.write(adding("a")), store.read(lambda records: records.oldest()), store.ping())
    await store.ping()
    await store.close()  # what was under way is done
    another = PostgresStore(postgres_url)
    rows = await another.read(lambda records: records.old_audit(1, 10))
    await another.close()
    assert rows == []


@pytest.fixture
async def sqlite_store(tmp_path):
    store = SqliteStore(tmp_path / "s.db", deadline_s=0.5)
    await store.migrate(migrate.upgrade)
    yield store
    await store.close()


async def actions(store):
    return [row.action for row in await store.read(lambda records: records.old_audit(1, 100))]


async def test_nothing_is_stored_of_who_gave_up_while_the_writer_was_stuck(sqlite_store):
    """In the batch that hangs as in those behind it; who still waits in the same batch is stored."""
    goes_on, begun = threading.Event(), threading.Event()

    def stuck(records):
        begun.set()
        records.oldest()
        goes_on.wait(60)

    patient = asyncio.ensure_future(sqlite_store._write(lambda records: (records.oldest(), adding("patient")(records))))
    hasty = sqlite_store
    together = [hasty.write(stuck), hasty.write(adding("same batch"))]
    waiting = asyncio.gather(gives_up(*together))
    await asyncio.to_thread(begun.wait)
    await gives_up(hasty.write(adding("behind")), hasty.ping())
    await waiting
    goes_on.set()
    await patient
    await hasty.write(adding("afterwards"))
    assert await actions(sqlite_store) == ["patient", "afterwards"]
    await hasty.ping()


async def test_a_request_has_one_deadline_for_all_its_transactions(sqlite_store):
    """Each takes less than the deadline; the request as a whole may not."""
    store, told = sqlite_store, []
    slow = threading.Event()

    async def three_transactions(_scope, _receive, _send):
        for _ in range(20):
            try:
                await store.read(lambda _records: slow.wait(0.1))
            except UnavailableError as error:
                told.append(str(error))
                return

    _, took = await timed(OneDeadline(three_transactions, 0.5)({}, None, None))
    assert told == ["the database did not answer within 0.5 s"]
    assert took < 1.9  # not 20 times 0.1 s
    for _ in range(8):  # outside of a request each has its own
        await store.read(lambda _records: slow.wait(0.1))


def test_the_deadline_is_a_setting_of_five_seconds():
    assert Settings.model_fields["database_deadline_s"].default == 5.0


async def test_a_deadline_that_makes_no_sense_is_refused_at_the_start(tmp_path):
    for wrong in ("0", "-1", "soon", "3600", "nan", "inf"):
        code, _, err = await command("run", env=environment(tmp_path, DATABASE_DEADLINE_S=wrong))
        assert (code, "DATABASE_DEADLINE_S: " in err) == (2, True), wrong


async def test_a_key_that_could_not_be_looked_up_is_503_and_counts_against_nobody(tmp_path):
    """One that is seen first while the keys cannot be read may well be good."""
    async with serving(sandbox(tmp_path)) as (_, url), client_of(url) as client:

        def asked(headers):
            return client.get("/api/payments/history", params={"userId": "a"}, headers=headers)

        assert (await asked({})).status_code == 200
        with contextlib.closing(sqlite3.connect(tmp_path / "service.db", isolation_level=None)) as other:
            other.execute("ALTER TABLE api_keys RENAME TO away")
            unseen = {"authorization": "Bearer bk_of-another-shop-0123456789"}
            async with asyncio.timeout(30):
                while (await asked(unseen)).status_code != 503:
                    assert (await asked({})).status_code == 200
            answers = [await asked(unseen) for _ in range(20)]
            assert all(map(is_refusal, answers)), [answer.text for answer in answers]
            assert (await asked({})).status_code == 200  # the address is not shut out for it
            other.execute("ALTER TABLE away RENAME TO api_keys")
        async with asyncio.timeout(30):
            while (await asked(unseen)).status_code != 401:
                pass
