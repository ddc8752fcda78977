"""Readiness says whether the database can be written, whatever forbids it, and grows nothing by asking."""

import asyncio
import contextlib
import itertools
import resource
import shutil
import subprocess

import asyncpg
import pytest
from sqlalchemy import event

from bakong_service.adapters.sql import migrate
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.idempotency import Answer
from tests.conftest import lacking
from tests.service.processes import serving
from tests.service.test_frozen_database import create, is_refusal, not_ready, own_postgres
from tests.service.test_outages import client_of, fill, sandbox, small_disk

own_postgres, small_disk = own_postgres, small_disk  # noqa: PLW0127  fixtures


async def is_unwritable(client, kind):
    """Creates are refused, and so is traffic; what only reads goes on."""
    async with asyncio.timeout(30):
        assert is_refusal(await not_ready(client, "/api/health/ready"))
        health = await not_ready(client, "/api/health")
        assert health.json()["services"]["database"]["status"] == "unhealthy"
        assert is_refusal(await create(client, 1, kind))
    assert (await client.get("/api/payments/history", params={"userId": "user-0"})).status_code == 200


async def is_back(client, kind):
    async with asyncio.timeout(30):
        while (await client.get("/api/health/ready")).status_code != 200:
            pass
    assert (await create(client, 1, kind)).status_code == 200


async def test_sqlite_whose_files_may_not_grow_is_not_ready(tmp_path):
    env = sandbox(tmp_path, LOG_DIR=str(tmp_path / "logs"))
    async with serving(env) as (process, url), client_of(url) as client:
        assert (await create(client, 0)).status_code == 200
        assert (await client.get("/api/health/ready")).status_code == 200
        usual = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, usual[1]))
        await is_unwritable(client, "grow")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, usual)
        await is_back(client, "grow")


async def test_sqlite_with_the_last_pages_of_a_full_disk_is_not_ready_before_creates_fail(tmp_path, small_disk):
    """Room that is left over in the journal is none for a payment."""
    env = sandbox(small_disk, LOG_DIR=str(tmp_path / "logs"))
    async with serving(env) as (_, url), client_of(url) as client:
        assert (await create(client, 0)).status_code == 200
        fill(small_disk)
        async with asyncio.timeout(60):
            number = 1
            while (answer := await create(client, number, "full")).status_code == 200:
                number += 1
        assert is_refusal(answer)
        for _ in range(3):
            assert is_refusal(await not_ready(client, "/api/health/ready"))


async def test_postgresql_that_takes_no_writes_is_not_ready_and_goes_on_when_it_does(tmp_path, own_postgres):
    """As a standby, a server that was set read-only refuses every statement that writes."""

    async def set_read_only(value):
        other = await asyncpg.connect(own_postgres.url)
        await other.execute("SET default_transaction_read_only = off")
        await other.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        await other.execute("SELECT pg_reload_conf()")
        await other.close()

    async with serving(sandbox(tmp_path, DATABASE_URL=own_postgres.url)) as (_, url), client_of(url) as client:
        assert (await create(client, 0, "ro")).status_code == 200
        await set_read_only("on")
        try:
            await is_unwritable(client, "ro")
        finally:
            await set_read_only("off")
        await is_back(client, "ro")


async def test_postgresql_whose_disk_is_full_is_not_ready(tmp_path, own_postgres):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "none", folder]
    if (await asyncio.to_thread(subprocess.run, mount, check=False, capture_output=True)).returncode:
        lacking("a tmpfs cannot be mounted by this user")
    other = await asyncpg.connect(own_postgres.url)
    try:
        for above in tmp_path.parents[:3]:
            above.chmod(0o755)
        tmp_path.chmod(0o755)
        shutil.chown(folder, "postgres")
        await other.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        await other.execute("CREATE DATABASE small TABLESPACE small")
        env = sandbox(tmp_path, DATABASE_URL=own_postgres.url.rsplit("/", 1)[0] + "/small")
        async with serving(env) as (_, url), client_of(url) as client:
            assert (await create(client, 0)).status_code == 200
            assert (await client.get("/api/health/ready")).status_code == 200
            with (folder / "filler").open("wb") as file, contextlib.suppress(OSError):
                file.write(b"x" * 40_000_000)
            assert is_refusal(await not_ready(client, "/api/health/ready"))
            (folder / "filler").unlink()
            await is_back(client, "disk")
        await other.execute("DROP DATABASE small WITH (FORCE)")
        await other.execute("DROP TABLESPACE small")
    finally:
        await other.close()
        await asyncio.to_thread(subprocess.run, ["umount", "-l", folder], check=True)


async def test_asking_grows_nothing_in_sqlite(tmp_path):
    store = SqliteStore(tmp_path / "s.db")
    await store.migrate(migrate.upgrade)
    await store.ping()
    before = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    for _ in range(200):
        await store.ping()
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == before
    assert await store.read(lambda records: records.answer_to("probe", 0)) is None
    await store.close()


async def test_sqlite_that_may_have_no_more_pages_is_not_ready(tmp_path):
    store = SqliteStore(tmp_path / "s.db")

    @event.listens_for(store.engine, "connect")
    def _limit(connection, _record):
        connection.execute("PRAGMA max_page_count=220")

    await store.migrate(migrate.upgrade)
    await store.ping()

    numbers = itertools.count()

    def answer(scope):
        return Answer(scope=scope, fingerprint="", status=200, body=b"x" * 8000, created_ms=0, expires_ms=0)

    def add(records):
        for number in range(100):
            records.add_answer(answer(f"scope-{number}"))

    with pytest.raises(UnavailableError):
        await store.write(add)
    while True:  # what fits
        try:
            await store.write(lambda records: records.add_answer(answer(f"more-{next(numbers)}")))
        except UnavailableError:
            break
    with pytest.raises(UnavailableError):
        await store.ping()
    await store.close()


async def test_asking_grows_nothing_in_postgresql(postgres_url):
    store = PostgresStore(postgres_url)
    other = await asyncpg.connect(postgres_url)
    size = "SELECT sum(pg_table_size(oid)), count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't')"
    await store.ping()
    before = await other.fetchrow(size)
    for _ in range(100):
        await store.ping()
    assert await other.fetchrow(size) == before
    await other.close()
    await store.close()
