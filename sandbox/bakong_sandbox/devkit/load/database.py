"""What our own service's database gives a load test: fresh API keys and the books. Knows the tables, and no run.

Fresh keys make the limit exact to judge (nobody used them before), and let well-behaved users stay under 100 a minute
each.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Column, Connection, func, select

from bakong_loadtests.clock import wall_ns
from bakong_loadtests.reconciliation import Stored
from bakong_sandbox.stack.datadir import Secrets
from bakong_service.adapters.keys import Hasher, draw
from bakong_service.adapters.sql import tables
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.database_url import SQLITE, sqlite_path

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore

    Database = SqliteStore | PostgresStore
else:
    Database = SqliteStore

DATABASE = "service.db"
LABEL = "load-test"
CYCLE_MS = 30 * 86_400_000
PER_QUERY = 500


@asynccontextmanager
async def open_database(folder: Path, url: str = "") -> AsyncIterator[Database]:
    """The service's database, while the context lasts: by URL, else the one in its data folder."""
    store = _opened(url) if url else SqliteStore(folder / DATABASE)
    try:
        yield store
    finally:
        await store.close()


def _opened(url: str) -> Database:
    if url.startswith(SQLITE):
        return SqliteStore(sqlite_path(url))
    from bakong_service.adapters.sql.postgres import PostgresStore  # noqa: PLC0415  PostgreSQL is an extra

    return PostgresStore(url)


@asynccontextmanager
async def fresh_keys(store: Database, kept: Secrets, count: int) -> AsyncIterator[list[str]]:
    """So many API keys, good while the context lasts; then revoked."""
    hasher = Hasher((kept.encryption_key,))
    keys = [draw() for _ in range(count)]
    digests = [hasher.digests(key)[0] for key in keys]
    await store.write(lambda records: _add(records, digests))
    try:
        yield keys
    finally:
        await store.write(lambda records: [records.revoke_api_key(digest, _now_ms()) for digest in digests])


async def stored(store: Database, transaction_ids: Collection[str], user_ids: Collection[str]) -> Stored:
    """The database's own books of these payments."""
    return await store.migrate(lambda connection: _books(connection, set(transaction_ids), set(user_ids)))


def _books(connection: Connection, transaction_ids: set[str], user_ids: set[str]) -> Stored:
    payments, history = tables.payment_transactions.c, tables.payment_status_history.c
    running = tables.subscriptions.c
    paid = select(history.payment_id, func.count()).where(history.to_status == "PAID").group_by(history.payment_id)
    longest_ms = func.max(running.next_billing_ms - running.start_ms)
    grants = select(running.user_id, func.count(), longest_ms).group_by(running.user_id)
    return Stored(
        statuses=dict(_rows(connection, select(payments.id, payments.status), payments.id, transaction_ids)),
        times_paid=dict(_rows(connection, paid, history.payment_id, transaction_ids)),
        notices={one: count for one, count in _notices(connection).items() if one in transaction_ids},
        subscriptions={
            user: max(count, span_ms // CYCLE_MS)
            for user, count, span_ms in _rows(connection, grants, running.user_id, user_ids)
        },
    )


def _notices(connection: Connection) -> Counter[str]:
    """How many payment.paid there are for each transaction."""
    notices = tables.webhook_notifications.c
    bodies = connection.execute(select(notices.body).where(notices.event == "payment.paid")).scalars()
    return Counter(orjson.loads(body)["data"]["transactionId"] for body in bodies)


def _rows(connection: Connection, query: Any, column: Column[Any], wanted: Iterable[str]) -> Iterator[Any]:
    """The rows whose column is one of those wanted, so many at a time."""
    values = sorted(wanted)
    for start in range(0, len(values), PER_QUERY):
        yield from connection.execute(query.where(column.in_(values[start : start + PER_QUERY]))).tuples()


def _add(records: Any, digests: Iterable[str]) -> None:
    for digest in digests:
        records.add_api_key(digest, LABEL, _now_ms())


def _now_ms() -> int:
    return wall_ns() // 1_000_000
