"""PostgreSQL by asyncpg: one pooled connection for each transaction.

A transaction is the same plain function as on SQLite, run in SQLAlchemy's greenlet. It is run again where another was
in its way, and where the connection was found dead before the commit; never after a commit that may have happened.
Those that only insert rows wait until the group before them is stored, and are then one statement together.
"""

import re
from collections.abc import Callable
from contextlib import AsyncExitStack, nullcontext
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bakong_service.adapters.sql.failures import closed, is_database_down, is_retryable, translated, was_rolled_back
from bakong_service.adapters.sql.group_commit import Groups, InsertShape, PendingInsert, by_shape, dry_run
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal, Seal, insert_into
from bakong_service.ports import Records, ReportRow, unreported
from bakong_service.postgres_url import PostgresUrl, driver_arguments, read_url

T = TypeVar("T")
TRIES = 4
POOL = 20  # no overflow: a connection that is closed after each use costs more than all else
CONNECT_S = 3
STATEMENT_S = 10


class PostgresStore:
    """See bakong_service.ports.Store."""

    def __init__(
        self, url: str, seal: Seal | None = None, report: ReportRow = unreported, *, pooler: bool = False
    ) -> None:
        self._seal = seal or NoSeal()
        self._report = report
        self._url = read_url(url)
        self._pooler = pooler or self._url.pooler
        self.engine = engine(self._url, statement_s=STATEMENT_S, pooler=self._pooler)
        # A read is one statement, or a few that need no common snapshot: no BEGIN and no ROLLBACK to wait for. Through
        # a pooler each of them would come to another server than what was prepared for it.
        autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reading = self.engine if self._pooler else autocommit
        self._groups = Groups(self._add)
        self._closed = False

    async def write(self, work: Callable[[Records], T]) -> T:
        self._check_open()
        inserts = dry_run(work, self._seal)
        if inserts is not None and (not inserts[1] or await self._groups.stored(inserts[1])):
            return inserts[0]
        return await self._write_alone(work)

    async def _add(self, pending: list[PendingInsert]) -> bool:
        """Whether the rows are stored. One statement, its own transaction: one round trip and one durable commit."""
        shapes = by_shape(pending)
        arrays = [column for rows in shapes.values() for column in zip(*rows, strict=True)]
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._reading.connect())
                driver: Any = (await connection.get_raw_connection()).driver_connection
            except Exception:  # noqa: BLE001  nothing was sent; each work meets the failure by itself
                return False
            try:
                async with driver.transaction() if self._pooler else nullcontext():
                    await driver.execute(_add_text(self.engine.dialect, tuple(shapes)), *arrays)
            except Exception as error:
                if driver.is_closed() or not was_rolled_back(error):
                    await connection.invalidate(error)
                if not was_rolled_back(error):
                    raise
                return False
            return True

    async def _write_alone(self, work: Callable[[Records], T]) -> T:
        for left in reversed(range(TRIES)):
            committing = False
            try:
                async with self.engine.connect() as connection:
                    result = await connection.run_sync(self._in_records, work)
                    committing = True
                    await connection.commit()
                    return result
            except Exception as error:
                if left and (is_retryable(error) or (is_database_down(error) and not committing)):
                    continue
                raise translated(error) from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def read(self, work: Callable[[Records], T]) -> T:
        self._check_open()
        for left in (1, 0):
            try:
                async with self._reading.connect() as connection:
                    return await connection.run_sync(self._in_records, work)
            except Exception as error:
                if left and is_database_down(error):
                    continue
                raise translated(error) from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def migrate(self, work: Callable[[Connection], T]) -> T:
        """Run the work on a connection of its own, in one transaction, however long its statements take."""
        patient = engine(self._url, statement_s=None, pooler=self._pooler)
        try:
            async with patient.begin() as connection:
                return await connection.run_sync(work)
        except Exception as error:
            raise translated(error) from error
        finally:
            await patient.dispose()

    async def ping(self) -> None:
        await self.read(lambda records: records.next_subscription_ms())

    def _in_records(self, connection: Connection, work: Callable[[Records], T]) -> T:
        return work(SqlRecords(connection, self._seal, self._report))

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    async def close(self) -> None:
        self._closed = True
        await self._groups.close()
        await self.engine.dispose()


@lru_cache(64)
def _add_text(dialect: Dialect, shapes: tuple[InsertShape, ...]) -> str:
    """INSERT for each shape in turn, from one array for each column; foreign keys are checked at its end."""
    first, inserts = 1, []
    for shape in shapes:
        arrays = ", ".join(
            f"${number}::{_type(dialect, shape, name)}[]" for number, name in enumerate(shape.columns, first)
        )
        inserts.append(f"{insert_into(dialect, *shape)} SELECT * FROM unnest({arrays})")  # noqa: S608  our own names
        first += len(shape.columns)
    *before, last = inserts
    return "".join(f"{', ' if number else 'WITH '}i{number} AS ({text})" for number, text in enumerate(before)) + last


def _type(dialect: Dialect, shape: InsertShape, name: str) -> str:
    """A column's type without its length: a cast to VARCHAR(36) would cut off what an insert refuses."""
    return re.sub(r"\(.*", "", shape.table.c[name].type.compile(dialect=dialect))


def engine(url: PostgresUrl, *, statement_s: float | None, pooler: bool = False) -> AsyncEngine:
    """An engine for postgresql:// or postgres://; the driver is ours to choose. Parameters stay out of errors."""
    return create_async_engine(
        "postgresql+asyncpg://",
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        hide_parameters=True,
        connect_args=driver_arguments(url, connect_s=CONNECT_S, statement_s=statement_s, pooler=pooler),
    )
