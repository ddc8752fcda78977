"""No statement of the worker, or about one user, reads a table whole: by the query plans of both databases."""

import re

import pytest
from sqlalchemy import event

from bakong_service.adapters.sql import migrate, tables
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal
from bakong_service.adapters.sql.sqlite import SqliteStore
from benchmarks.filling import fill
from benchmarks.worker_statements import STATEMENTS

# Indexes of what is under way, which may be read whole; and a table of which the first rows are read, by its key.
SMALL = (
    "ix_payment_polled",
    "ix_payment_leased",
    "ix_payment_open",
    "ix_webhook_host",
    "ix_webhook_given_up",
    "uq_settlement_open",
    "ix_escrow_sweep",
    "ix_escrow_release",
    "ix_escrow_review",
    "ix_escrow_refund_due",
    "ix_escrow_refund_review",
    "ix_order_payment_close",
    "ix_provider_event_unmatched",
    "ix_provider_event_dead",
    *(
        "sqlite_autoindex_subscriptions_1",
        "sqlite_autoindex_webhook_notifications_1",
    ),  # keys, whose newest rows are read
    "ix_transaction_created",  # whose newest 2,000 rows are read, and no more
)
# Partial indexes that keep a promise and are not read by: what they say is unique.
PROMISES = {"uq_escrow_gateway", "uq_escrow_refund_provider"}
BY_KEY = "audit_logs"
SMALL_TABLES = ("provider_calls", "provider_hours", "api_keys")


@pytest.fixture
async def store(tmp_path, storage):
    """A database with 20,000 payments that are over, and 50 that are open."""
    url = storage.get("database_url")
    opened = PostgresStore(url) if url else SqliteStore(tmp_path / "s.db")
    await opened.migrate(migrate.upgrade)
    await opened.migrate(lambda connection: fill(connection, over=20_000))
    yield opened
    await opened.close()


class Watched:
    """SQLite's driver, which the records use themselves, and what they send to it."""

    def __init__(self, driver, sent):
        self._driver, self._sent = driver, sent

    def execute(self, text, values=()):
        self._sent.append((text, values))
        return self._driver.execute(text, values)


def watched(connection, sent):
    """Records, all of whose statements are written down."""
    records = SqlRecords(connection, NoSeal())
    if connection.dialect.name == "sqlite":
        records._way._driver = Watched(records._way._driver, sent)
    return records


def plans(connection):
    """The plan of every statement that each call sends, as lines."""
    sent = []
    event.listen(connection, "before_cursor_execute", lambda *seen: sent.append(seen[2:4]))
    explain = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    for name, call in STATEMENTS.items():
        sent.clear()
        call(watched(connection, sent), 1)
        for statement, parameters in sent.copy():
            if not statement.startswith(("SAVEPOINT", "RELEASE")):
                for line in connection.exec_driver_sql(explain + statement, parameters).all():
                    yield name, str(line[-1])


def reads_whole(line):
    """The table that a line of a plan reads whole, where that grows with history."""
    whole = re.search(r"(?:Seq Scan on|^SCAN) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line)
    table, index = whole.groups() if whole else (None, None)
    grows = table in tables.metadata.tables and table not in (*SMALL_TABLES, BY_KEY)
    return table if grows and index not in SMALL else None


async def test_no_statement_reads_a_table_whole(store):
    lines = await store.migrate(lambda connection: list(plans(connection)))
    assert {name for name, _ in lines} == set(STATEMENTS)
    assert [(name, line) for name, line in lines if reads_whole(line)] == []


async def test_every_partial_index_is_used(store):
    """An index whose condition a statement does not repeat word for word is dead weight."""
    lines = [line for _, line in await store.migrate(lambda connection: list(plans(connection)))]
    partial = {
        index.name
        for table in tables.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert {name for name in partial if not any(name in line for line in lines)} == PROMISES
