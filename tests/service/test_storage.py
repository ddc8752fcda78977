"""Storage: the migrations make the tables that the code knows, and one failure leaves the others' work alone."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bakong_service.adapters.sql import migrate, postgres, sqlite
from bakong_service.adapters.sql.group_commit import by_shape
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.sql.tables import metadata
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.caller import Caller
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.idempotency import Answer
from scripts.newest_schema import newest


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(request, tmp_path):
    """A store on a database that holds nothing."""
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "s.db")
        yield store
        await store.close()
        return
    async with request.getfixturevalue("postgres_databases").bare() as url:
        store = PostgresStore(url)
        yield store
        await store.close()


@pytest.fixture
async def store(empty):
    await empty.migrate(migrate.upgrade)
    return empty


async def test_the_migrations_make_the_tables_that_the_code_knows(store):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await store.migrate(differences) == []
    assert await store.migrate(migrate.revision) == migrate.HEAD


def test_a_new_sqlite_file_is_what_the_migrations_make_of_it():
    assert migrate.NEWEST.read_text(encoding="utf-8") == newest(), "run python scripts/newest_schema.py"


async def test_the_migrations_go_down_to_nothing_and_up_again(store):
    await store.migrate(lambda connection: migrate.downgrade(connection, "base"))
    left = await store.migrate(lambda connection: inspect(connection).get_table_names())
    assert left == ["alembic_version"]
    await store.migrate(migrate.upgrade)
    assert await store.migrate(migrate.revision) == migrate.HEAD


async def test_webhooks_that_waited_before_there_were_hosts_are_leased_by_their_hosts(empty):
    await empty.migrate(lambda connection: migrate.upgrade(connection, "0002"))
    columns = "id, event, url, body, created_ms, attempts, next_try_ms"
    old = [
        ("sent", "http://a.test/hook", "NULL"),
        ("due", "http://a.test/hook", 5),
        ("other", "http://b.test:8000/", 7),
    ]

    def insert(connection):
        body = "X'7B7D'" if connection.dialect.name == "sqlite" else "'{}'"
        for name, url, next_ms in old:
            values = f"'{name}', 'payment.paid', '{url}', {body}, 1, 0, {next_ms}"
            connection.execute(text(f"INSERT INTO webhook_notifications ({columns}) VALUES ({values})"))  # noqa: S608

    await empty.migrate(insert)
    await empty.migrate(migrate.upgrade)
    assert await empty.read(lambda records: records.due_hosts()) == {"a.test": 5, "b.test:8000": 7}
    leased = await empty.write(lambda records: records.lease_notifications("a.test", 6, 60_000, 10))
    assert [(one.id, one.host) for one in leased] == [("due", "a.test")]
    assert await empty.write(lambda records: records.replay("sent", 9))
    assert await empty.read(lambda records: records.due_hosts()) == {"a.test": 9, "b.test:8000": 7}


async def test_many_that_start_together_migrate_once(empty):
    await asyncio.gather(*(empty.migrate(migrate.upgrade) for _ in range(4)))
    assert await empty.migrate(migrate.revision) == migrate.HEAD


async def test_a_database_of_a_newer_program_is_refused_with_both_numbers(store):
    await store.migrate(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await store.migrate(lambda connection: connection.execute(text("UPDATE schema_compatibility SET oldest = '9998'")))
    with pytest.raises(UnavailableError, match=f"9999.*{migrate.HEAD}"):
        await store.migrate(migrate.upgrade)


async def test_a_newer_database_that_says_so_is_worked_with_as_it_is(store):
    """So a program of before may be started again while a deploy of the next one is under way."""
    await store.migrate(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await store.migrate(migrate.upgrade)
    assert await store.migrate(migrate.revision) == "9999"


def test_the_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", "bakong_service:adapters/sql/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


async def test_one_failure_in_a_batch_leaves_the_others_work_alone(store):
    def works(number):
        return lambda records: records.add_api_key(f"key-{number}", "k", 0)

    def breaks(records):
        records.add_api_key("lost", "k", 0)
        raise RuntimeError("on purpose")

    jobs = [store.write(works(number)) for number in range(20)]
    jobs.insert(7, store.write(breaks))
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [RuntimeError]
    kept = {key.digest for key in await store.read(lambda records: records.api_keys())}
    assert kept == {f"key-{number}" for number in range(20)}


def audit(action):
    return AuditRow(action=action, resource="r", before=None, after=None, by=Caller(), at_ms=0)


def adding(number, *, fails=False, action="add"):
    """A work that only adds: an answer under one of ten keys and, where that was free, an audit row."""

    def work(records):
        scope = f"scope-{number % 10}"
        answer = Answer(scope=scope, fingerprint=str(number), status=200, body=b"{}", created_ms=0, expires_ms=9)
        if not records.add_answer(answer):
            return "taken"
        records.add_audit(audit(action))
        if fails:
            raise RuntimeError("on purpose")
        return number

    return work


async def added(store):
    def rows(connection):
        return connection.execute(text("SELECT fingerprint FROM idempotency_keys")).scalars().all(), connection.execute(
            text("SELECT count(*) FROM audit_logs")
        ).scalar()

    answers, audits = await store.migrate(rows)
    return {int(fingerprint) for fingerprint in answers}, audits


async def test_of_works_that_add_together_each_learns_whether_its_own_key_was_free(store):
    results = await asyncio.gather(*(store.write(adding(number)) for number in range(30)))
    first = {result for result in results if result != "taken"}
    assert {number % 10 for number in first} == set(range(10))
    assert await added(store) == (first, 10)


async def test_works_that_add_together_are_one_commit(store, monkeypatch):
    groups = []
    for module in (postgres, sqlite):
        monkeypatch.setattr(module, "by_shape", lambda pending: groups.append(1) or by_shape(pending))
    await asyncio.gather(*(store.write(adding(number)) for number in range(10)))
    assert len(groups) <= 3
    assert await added(store) == (set(range(10)), 10)


async def test_a_work_that_adds_and_then_fails_leaves_nothing(store):
    jobs = [store.write(adding(number, fails=number == 4)) for number in range(8)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, RuntimeError)] == [4]
    assert await added(store) == ({0, 1, 2, 3, 5, 6, 7}, 7)


async def test_a_row_that_the_database_refuses_fails_alone(store):
    if isinstance(store, SqliteStore):
        pytest.skip("SQLite takes a text of any length")
    jobs = [store.write(adding(number, action="a" * (65 if number == 2 else 64))) for number in range(5)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, False, True, False, False]
    assert await added(store) == ({0, 1, 3, 4}, 4)


async def test_the_journal_is_durable_before_anyone_is_answered(tmp_path):
    store = SqliteStore(tmp_path / "s.db")
    with store.engine.connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    await store.close()
    assert pragmas == ["wal", 2]


async def test_a_migration_may_take_longer_than_any_other_statement(postgres_url, monkeypatch):
    monkeypatch.setattr(postgres, "STATEMENT_S", 0.05)
    store = PostgresStore(postgres_url)
    await store.migrate(lambda connection: connection.execute(text("SELECT pg_sleep(0.3)")))
    with pytest.raises(UnavailableError):
        await store.read(lambda records: records._run(text("SELECT pg_sleep(30)")))
    await store.close()


async def test_a_database_that_is_not_there_is_unavailable_and_names_no_password():
    store = PostgresStore("postgresql://someone:hunter2@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as refused:
        await store.ping()
    await store.close()
    assert "hunter2" not in str(refused.value)
