"""PostgreSQL by asyncpg: one pooled connection for each transaction. May not know what is stored.

A transaction is the same plain function as on SQLite, run in SQLAlchemy's greenlet. It is run again where another was
in its way, and where the connection was found dead before the commit; never after a commit that may have happened.
Those that only add rows wait until the group before them is stored, and are then one statement together.
"""

import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bakong_service.adapters.sql.adding import Form, Groups, Note, merged, noted
from bakong_service.adapters.sql.failures import is_own, is_passing, is_refused, translated
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal, Seal, insert_into
from bakong_service.ports import Records

T = TypeVar("T")
TRIES = 4
POOL = 20  # no overflow: a connection that is closed after each use costs more than all else
CONNECT_S = 3
STATEMENT_S = 10


class PostgresStore:
    """See bakong_service.ports.Store."""

    def __init__(self, url: str, seal: Seal | None = None) -> None:
        self._seal = seal or NoSeal()
        self.engine = engine(url)
        # A read is one statement, or a few that need no common snapshot: no BEGIN and no ROLLBACK to wait for.
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._groups = Groups(self._add)

    async def write(self, work: Callable[[Records], T]) -> T:
        adds = noted(work, self._seal)
        if adds is not None and (not adds[1] or await self._groups.stored(adds[1])):
            return adds[0]
        return await self._write_alone(work)

    async def _add(self, notes: list[Note]) -> bool:
        """Whether the rows are stored. One statement, its own transaction: one round trip and one durable commit."""
        forms = merged(notes)
        arrays = [column for rows in forms.values() for column in zip(*rows, strict=True)]
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._reading.connect())
                driver: Any = (await connection.get_raw_connection()).driver_connection
            except Exception:  # noqa: BLE001  nothing was sent; each work meets the failure by itself
                return False
            try:
                await driver.execute(_add_text(self.engine.dialect, tuple(forms)), *arrays)
            except Exception as error:
                if driver.is_closed() or not is_refused(error):
                    await connection.invalidate(error)
                if not is_refused(error):
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
                if left and (is_passing(error) or (is_own(error) and not committing)):
                    continue
                raise translated(error) from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def read(self, work: Callable[[Records], T]) -> T:
        for left in (1, 0):
            try:
                async with self._reading.connect() as connection:
                    return await connection.run_sync(self._in_records, work)
            except Exception as error:
                if left and is_own(error):
                    continue
                raise translated(error) from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def migrate(self, work: Callable[[Connection], T]) -> T:
        """Run the work on a connection of its own, in one transaction."""
        try:
            async with self.engine.begin() as connection:
                return await connection.run_sync(work)
        except Exception as error:
            raise translated(error) from error

    async def ping(self) -> None:
        await self.read(lambda records: records.next_poll_ms())

    def _in_records(self, connection: Connection, work: Callable[[Records], T]) -> T:
        return work(SqlRecords(connection, self._seal))

    async def close(self) -> None:
        await self._groups.close()
        await self.engine.dispose()


@lru_cache(64)
def _add_text(dialect: Dialect, forms: tuple[Form, ...]) -> str:
    """INSERT for each form in turn, from one array for each column; foreign keys are checked at its end."""
    first, inserts = 1, []
    for form in forms:
        arrays = ", ".join(
            f"${number}::{_type(dialect, form, name)}[]" for number, name in enumerate(form.columns, first)
        )
        inserts.append(f"{insert_into(dialect, *form)} SELECT * FROM unnest({arrays})")  # noqa: S608  our own names
        first += len(form.columns)
    *before, last = inserts
    return "".join(f"{', ' if number else 'WITH '}i{number} AS ({text})" for number, text in enumerate(before)) + last


def _type(dialect: Dialect, form: Form, name: str) -> str:
    """A column's type without its length: a cast to VARCHAR(36) would cut off what an insert refuses."""
    return re.sub(r"\(.*", "", form.table.c[name].type.compile(dialect=dialect))


def engine(url: str) -> AsyncEngine:
    """An engine for postgresql:// or postgres://; the driver is ours to choose. Parameters stay out of errors."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        hide_parameters=True,
        connect_args={"timeout": CONNECT_S, "command_timeout": STATEMENT_S},
    )
