"""Attacks on what the service stands on: a database frozen, locked or full; a Redis frozen or refusing."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
from pathlib import Path

import psutil
import redis

from tests.attacks.table import Attack, Outcome
from tests.attacks.targets import ORDER, service_beside

ANSWER_S = 10.0  # a caller has an answer by then, whatever the database does


async def asked(target):
    """A create and the readiness while the store is not well: statuses, and the seconds of the slower one."""
    create = await target.service.post("/api/payments/create", json=ORDER)
    ready = await target.service.get("/api/health/ready")
    return create.status_code, ready.status_code, max(create.elapsed, ready.elapsed).total_seconds()


async def under(target, harm):
    """While it is harmed: 503 in time; afterwards: all is well."""
    assert await target.grants()
    with harm:
        create, ready, slowest_s = await asked(target)
    well = await target.grants(userId="afterwards")
    observed = f"create {create}, ready {ready}, {slowest_s:.1f} s; afterwards {'well' if well else 'NOT WELL'}"
    return Outcome(observed, (create, ready) == (503, 503) and slowest_s <= ANSWER_S and well)


@contextlib.contextmanager
def frozen(processes):
    """Processes that do nothing, while the context lasts."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


async def frozen_postgres(simulator, folder, servers):
    async with service_beside(folder / "frozen", simulator, servers.postgres.url) as target:
        master = psutil.Process(int((servers.postgres.folder / "db" / "postmaster.pid").read_text().split()[0]))
        return await under(target, frozen([master, *master.children()]))


async def locked_sqlite(simulator, folder, _servers):
    @contextlib.contextmanager
    def locked(path):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")

    async with service_beside(folder / "locked", simulator) as target:
        return await under(target, locked(target.folder / "service.db"))


async def full_disk(simulator, folder, _servers):
    """A file system of 4 MB, filled to the last byte."""
    small = folder / "small"
    small.mkdir()
    await asyncio.to_thread(subprocess.run, ["mount", "-t", "tmpfs", "-o", "size=4m", "none", small], check=True)
    try:
        url = f"sqlite:///{small}/service.db"
        async with service_beside(folder / "full", simulator, url) as target:
            assert await target.grants()
            _fill(small / "filler")
            statuses = [(await target.service.post("/api/payments/create", json=ORDER)).status_code for _ in range(300)]
            ready = (await target.service.get("/api/health/ready")).status_code
            (small / "filler").unlink()
            well = await target.grants(userId="afterwards")
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", small], check=True)
    observed = f"creates {sorted(set(statuses))}, ready {ready}; afterwards {'well' if well else 'NOT WELL'}"
    return Outcome(observed, set(statuses) <= {200, 503} and (statuses[-1], ready) == (503, 503) and well)


def _fill(path: Path):
    with path.open("wb") as file, contextlib.suppress(OSError):
        file.write(b"x" * 8_000_000)


async def redis_harmed(simulator, folder, servers, harm):
    """Callers are served, a limit holds, and the health says that Redis is not well."""
    settings = {"REDIS_URL": servers.redis.url, "RATE_LIMIT_PER_MINUTE": "50"}
    async with service_beside(folder / harm.__name__, simulator, **settings) as target:
        with harm(servers.redis):
            answers = [(await target.service.get("/api/payments/history")).status_code for _ in range(80)]
            health = (await target.service.get("/api/health")).json()["services"]["redis"]["status"]
    admitted = sum(status not in (429, 503) for status in answers)
    return Outcome(f"{admitted} of 80 admitted, redis {health}", 1 <= admitted <= 50 and health == "degraded")


def frozen_redis(server):
    return frozen([psutil.Process(server._process.pid)])


@contextlib.contextmanager
def read_only_redis(server):
    """It answers PING and refuses every write."""
    client = redis.Redis(port=server.port)
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)
        client.close()


async def redis_freezes(simulator, folder, servers):
    return await redis_harmed(simulator, folder, servers, frozen_redis)


async def redis_refuses(simulator, folder, servers):
    return await redis_harmed(simulator, folder, servers, read_only_redis)


DATABASE = "503 in 10 s, then well"
ATTACKS = [
    Attack(
        "a database that is frozen", "service", "PostgreSQL", DATABASE, frozen_postgres, bound_s=90, needs=("initdb",)
    ),
    Attack("a database that is locked", "service", "SQLite", DATABASE, locked_sqlite, bound_s=90),
    Attack("a full disk", "service", "SQLite", "503, then well", full_disk, bound_s=90, needs=("mount",)),
    Attack(
        "a Redis that is frozen",
        "service",
        "Redis",
        "the limit holds, degraded",
        redis_freezes,
        needs=("redis-server",),
    ),
    Attack(
        "a Redis that refuses writes",
        "service",
        "Redis",
        "the limit holds, degraded",
        redis_refuses,
        needs=("redis-server",),
    ),
]
