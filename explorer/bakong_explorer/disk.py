"""What the processes of a life share on disk: the real tables and statements, in SQLite's memory, in this thread.

A transaction is whole or nothing, and outlives whoever made it. What a process has not committed dies with it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from bakong_explorer.conditions import Conditions
from bakong_explorer.loop import passes
from bakong_explorer.version_before import as_before, make_tables
from bakong_service.adapters.deadline import DeadlineStore
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.failures import translated
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rotation import batches
from bakong_service.adapters.sql.tables import metadata
from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Records

T = TypeVar("T")
DEADLINE_S = 5.0
HANGS_S = 30.0


def _engine(driver: sqlite3.Connection) -> Engine:
    driver.isolation_level = None
    return create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)


@lru_cache(2)
def _new_file(*, is_before: bool) -> bytes:
    """A database with all tables and no rows, as a file has it; is_before: those of the version before."""
    driver = sqlite3.connect(":memory:", check_same_thread=False)
    engine = _engine(driver)
    if is_before:
        with engine.begin() as connection:
            make_tables(connection)
    else:
        metadata.create_all(engine)
    content = driver.serialize()
    engine.dispose()
    driver.close()
    return content


# What workers ask again and again while nothing changes; making these statements costs more than running them.
_ASKED_OFTEN = (
    *("next_poll_ms", "next_end_ms", "next_subscription_ms", "next_escrow_ms", "next_refund_ms", "next_closing_ms"),
    *("next_event_ms", "first_open_day", "due_hosts", "oldest", "listed", "without_turn", "api_keys"),
)


class _Reading(SqlRecords):
    """The records of a transaction that only reads, which may know the answer from before the last commit."""

    known: dict[tuple[Any, ...], Any]


def _remembering(name: str) -> Callable[..., Any]:
    def ask(self: _Reading, *given: Any) -> Any:
        key = (name, *given)
        if key not in self.known:
            self.known[key] = getattr(SqlRecords, name)(self, *given)
        value = self.known[key]
        return copy(value) if isinstance(value, list | dict) else value

    return ask


for _name in _ASKED_OFTEN:
    setattr(_Reading, _name, _remembering(_name))


class Disk:
    """The database. on_commit: called after each transaction that has changed something."""

    def __init__(self, encryption_keys: tuple[str, ...], *, is_before: bool = False) -> None:
        self.driver = sqlite3.connect(":memory:", check_same_thread=False)
        self.driver.deserialize(_new_file(is_before=is_before))
        self.driver.execute("PRAGMA foreign_keys=ON")
        self._engine = _engine(self.driver)
        self._connection = self._engine.connect()
        self._connection.begin()  # once: SQLAlchemy only knows the dialect here, and the driver begins and commits
        self._seals = {encryption_keys: Sealer(encryption_keys)}
        self._keys = encryption_keys
        self.on_commit: Callable[[], object] = str
        self.transactions = 0
        self._known: dict[tuple[Any, ...], Any] = {}
        self._known_at = -1
        self._reading: dict[tuple[str, ...], _Reading] = {}  # by keys; whoever reads leaves nothing in them

    def seal(self, encryption_keys: tuple[str, ...] = ()) -> Sealer:
        """What seals with the first of these keys, and opens with any of them."""
        keys = encryption_keys or self._keys
        if keys not in self._seals:
            self._seals[keys] = Sealer(keys)
        return self._seals[keys]

    def open(self, process: str, conditions: Conditions, keys: tuple[str, ...]) -> "ProcessStore":
        """The store of a process that begins."""
        return MemoryProcessStore(self, process, conditions, keys)

    def write(self, work: Callable[[Records], T], keys: tuple[str, ...] = ()) -> T:
        """Commit what the work has changed; nothing, where it raises."""
        before = self.driver.total_changes
        self.transactions += 1
        with self._transaction():
            records = SqlRecords(self._connection, self.seal(keys))
            result = work(records)
            _whole(records)
        if self.driver.total_changes != before:
            self.on_commit()
        return result

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One of the driver's own; SQLAlchemy's would take longer than what is done in it."""
        self.driver.execute("BEGIN")
        try:
            yield
            self.driver.execute("COMMIT")
        except BaseException as error:
            self.driver.execute("ROLLBACK")
            if isinstance(error, DBAPIError):
                raise translated(error) from error
            raise

    def read(self, work: Callable[[Records], T], keys: tuple[str, ...] = ()) -> T:
        self.transactions += 1
        if self._known_at != self.driver.total_changes:
            self._known_at = self.driver.total_changes
            self._known.clear()
        records = self._reading.get(keys)
        if records is None:
            records = self._reading[keys] = _Reading(self._connection, self.seal(keys))
            records.known = self._known
        result = work(records)
        _whole(records)
        if self.driver.total_changes != self._known_at:
            raise AssertionError("who only reads has written")
        return result

    async def migrate(self) -> None:
        """Bring the tables of the version before up to date."""
        with self._transaction():
            upgrade(self._connection)

    def seal_again(self, keys: tuple[str, ...]) -> Iterator[int]:
        """`service rotate`, transaction by transaction: how many rows each has sealed again."""
        failed: list[str] = []

        def note(column: str, row: str, error: BaseException) -> None:
            failed.append(f"{column} of {row}: {error}")

        for batch in batches(self.seal(keys), note):
            with self._transaction():
                sealed = batch(self._connection)
            if failed:
                raise AssertionError(f"a sealed row does not open: {failed[0]}")
            self.on_commit()
            yield sealed

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the laws look at, beside the service's own way."""
        return self.driver.execute(statement, values).fetchall()

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()
        self.driver.close()


def _whole(records: SqlRecords) -> None:
    """Nobody damages rows here: one that cannot be read was written so."""
    if records.unread:
        raise AssertionError(f"a stored row cannot be read: {records.unread[0]}")


class ProcessStore(DeadlineStore):
    """See bakong_service.ports.Store: one process's way to the disk, and what befalls it on that way."""

    def __init__(self, process: str, conditions: Conditions) -> None:
        super().__init__(DEADLINE_S)
        self._process = process
        self.is_before = False  # whether its process is one of the version before
        self._conditions = conditions

    async def _within(self, waiting: Awaitable[T]) -> T:
        """As the service has it, where the database is away; else nobody waits as long as that."""
        if self._conditions.stores:
            return await super()._within(waiting)
        return await waiting

    async def _write(self, work: Callable[[Records], T]) -> T:
        await self._there()
        if self._conditions.is_full:
            raise UnavailableError("the database cannot be written at present: no space is left on the device")
        result = await self._committed(as_before(work) if self.is_before else work)
        await passes(self._conditions.database_s())
        if self._conditions.loses_commit(self._process):
            raise UnavailableError("the connection broke after the commit was sent")
        return result

    async def _read(self, work: Callable[[Records], T]) -> T:
        await self._there()
        result = await self._seen(work)
        await passes(self._conditions.database_s())
        return result

    async def _committed(self, work: Callable[[Records], T]) -> T:
        raise NotImplementedError

    async def _seen(self, work: Callable[[Records], T]) -> T:
        raise NotImplementedError

    async def _ping(self) -> None:
        await self._there()

    async def close(self) -> None:
        """The disk stays."""

    async def _there(self) -> None:
        is_watched, way_s = bool(self._conditions.stores), self._conditions.database_s()
        await passes(way_s)
        fault = self._conditions.database(self._process)
        if fault == "hangs":
            await passes(HANGS_S if is_watched else DEADLINE_S - way_s)
        if fault:
            raise UnavailableError("the database cannot be reached")


class MemoryProcessStore(ProcessStore):
    """To the disk that is in memory."""

    def __init__(self, disk: Disk, process: str, conditions: Conditions, keys: tuple[str, ...]) -> None:
        super().__init__(process, conditions)
        self._disk, self._keys = disk, keys

    async def _committed(self, work: Callable[[Records], T]) -> T:
        return self._disk.write(work, self._keys)

    async def _seen(self, work: Callable[[Records], T]) -> T:
        return self._disk.read(work, self._keys)
