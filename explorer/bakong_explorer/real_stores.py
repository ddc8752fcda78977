"""Lives on real databases: SQLite's file with its writer thread and group commit, or PostgreSQL by its driver.

The stores run on a loop of their own, in a thread, in real time. What the processes of a life ask of them is kept until
nothing in the life is ready any more; then all of it is sent at once, and the life waits for all the answers: virtual
time stands still meanwhile. What was sent together runs together, as the database lets it; the answers come in an
order that the seed draws. So a seed gives much the same life again, and not for sure the same bytes.
"""

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import TimeoutError as LateError
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Connection

from bakong_explorer.conditions import Conditions
from bakong_explorer.disk import ProcessStore
from bakong_explorer.loop import Draws, StuckError, VirtualLoop
from bakong_explorer.version_before import make_tables
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.rotation import batches
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.sql.tables import metadata
from bakong_service.ports import ReportRow

T = TypeVar("T")
NO_KEY = ("no key of any life: tables are made with it",)
ANSWER_S = 60.0  # real seconds; a database that is silent for longer ends the life


class RealStore(Protocol):
    """What a life needs of a store; see bakong_service.ports.Store."""

    async def write(self, work: Callable[..., T], /) -> T: ...
    async def read(self, work: Callable[..., T], /) -> T: ...
    async def ping(self) -> None: ...
    async def migrate(self, work: Callable[[Connection], T], /) -> T: ...
    async def close(self) -> None: ...


class StoreThread:
    """Where the stores run: a loop with sockets and threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="explorer-stores", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work returns; whoever asks stands still meanwhile. Raises what it raises, and StuckError."""
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result(ANSWER_S)
        except LateError:
            if asked.done():
                raise
            raise StuckError(f"a database has not answered for {ANSWER_S:g} s") from None

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class WaitingLoop(VirtualLoop):
    """A life's loop, whose time stands still while a database works. on_written: called after answers to a write."""

    def __init__(self, draws: Draws, shuffle: float, thread: StoreThread) -> None:
        super().__init__(draws, shuffle)
        self.thread = thread
        self.on_written: Callable[[], object] = str
        self._asked: list[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any], bool]] = []

    async def ask(self, call: Callable[[], Awaitable[T]], *, writes: bool) -> T:
        """What a call of a store comes to."""
        answer: asyncio.Future[T] = self.create_future()
        self._asked.append((call, answer, writes))
        return await answer

    def _let_time_pass(self) -> None:
        while not self._queue and self._asked:
            self._send()
        super()._let_time_pass()

    def _send(self) -> None:
        """All that was asked, at once; who has given up by now is not heard."""
        asked = [one for one in self._asked if not one[1].done()]
        self._asked.clear()

        async def together() -> list[Any]:
            return await asyncio.gather(*(call() for call, _, _ in asked), return_exceptions=True)

        results = self.thread.run(together())
        if any(writes for _, _, writes in asked):
            self.on_written()
        left = [(answer, result) for (_, answer, _), result in zip(asked, results, strict=True)]
        while left:
            answer, result = left.pop(self._draws.below(len(left)))
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)


class RealProcessStore(ProcessStore):
    """See ProcessStore: the same ways and faults, to a store that is real."""

    def __init__(self, disk: "RealDisk", process: str, conditions: Conditions, store: RealStore) -> None:
        super().__init__(process, conditions)
        self._loop, self._store = disk.loop, store

    async def _committed(self, work: Callable[..., T]) -> T:
        return await self._loop.ask(lambda: self._store.write(work), writes=True)

    async def _seen(self, work: Callable[..., T]) -> T:
        return await self._loop.ask(lambda: self._store.read(work), writes=False)


class Database(Protocol):
    """A kind of database, with all tables."""

    def connect(self, keys: tuple[str, ...], report: ReportRow) -> RealStore:
        """A process's own store."""

    def rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """What the laws look at."""

    def version(self) -> object:
        """What differs after something was committed."""

    def empty(self, *, is_before: bool) -> None:
        """No row is left; the tables are this version's, or those of the version before."""

    def close(self) -> None: ...


class RealDisk:
    """See bakong_explorer.disk.Disk: what the processes of a life share, in a real database."""

    def __init__(self, database: Database, loop: WaitingLoop, keys: tuple[str, ...]) -> None:
        self.loop = loop
        self._database, self._keys = database, keys
        self._stores: dict[str, RealStore] = {}
        self._version = database.version()
        self._unread: list[str] = []
        self.on_commit: Callable[[], object] = str
        loop.on_written = self._look

    def open(self, process: str, conditions: Conditions, keys: tuple[str, ...]) -> RealProcessStore:
        """The store of a process that begins; that of the one which had its name before ends."""
        self._end(process)
        store = self._stores[process] = self._database.connect(keys, self._report)
        return RealProcessStore(self, process, conditions, store)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the laws look at, beside the service's own way."""
        return self._database.rows(statement, values)

    async def migrate(self) -> None:
        """Bring the tables of the version before up to date, beside whatever else is asked at this moment."""
        store = self._database.connect(self._keys, self._report)
        await self.loop.ask(lambda: store.migrate(upgrade), writes=False)
        self._end_of(store)

    def seal_again(self, keys: tuple[str, ...]) -> Iterator[int]:
        """`service rotate`, transaction by transaction: how many rows each has sealed again."""
        failed: list[str] = []

        def note(column: str, row: str, error: BaseException) -> None:
            failed.append(f"{column} of {row}: {error}")

        store = self._database.connect(keys, self._report)
        try:
            for batch in batches(Sealer(keys), note):
                yield self.loop.thread.run(store.migrate(batch))
                if failed:
                    raise AssertionError(f"a sealed row does not open: {failed[0]}")
                self._look()
        finally:
            self.loop.thread.run(store.close())

    def close(self) -> None:
        for process in list(self._stores):
            self._end(process)

    def _end(self, process: str) -> None:
        store = self._stores.pop(process, None)
        if store is not None:
            self._end_of(store)

    def _end_of(self, store: RealStore) -> None:
        self.loop.thread.run(store.close())

    def _look(self) -> None:
        if self._unread:
            raise AssertionError(f"a stored row cannot be read: {self._unread[0]}")
        version = self._database.version()
        if version != self._version:
            self._version = version
            self.on_commit()

    def _report(self, kind: str, row_id: str, error: BaseException, /) -> None:
        self._unread.append(f"{kind} {row_id}: {type(error).__name__}: {error}")


class SqliteDatabase:
    """A file, as `service run` has it."""

    def __init__(self, thread: StoreThread, folder: Path) -> None:
        self._thread, self._path = thread, folder / "life.db"
        self.empty(is_before=False)

    def connect(self, keys: tuple[str, ...], report: ReportRow) -> RealStore:
        return SqliteStore(self._path, Sealer(keys), report)

    def rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._looks.execute(statement, values).fetchall()

    def version(self) -> object:
        return self.rows("PRAGMA data_version", ())

    def empty(self, *, is_before: bool) -> None:
        if self._path.exists():
            self.close()
        for path in self._path.parent.iterdir():
            path.unlink()
        _migrate(self._thread, self.connect(NO_KEY, _unheard), make_tables if is_before else upgrade)
        self._looks = sqlite3.connect(self._path, isolation_level=None)

    def close(self) -> None:
        self._looks.close()


class PostgresDatabase:
    """A database of its own on a server, dropped in the end. The laws number rows that the service does not.

    No commit waits for the disk: the server has no power cuts here, and who reads sees each commit as ever.

    Raises OSError where none can be made.
    """

    NUMBERED = ("webhook_notifications", "escrow_lines")

    def __init__(self, thread: StoreThread, server: str, name: str) -> None:
        import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415  PostgreSQL is an extra

        self._thread, self._name = thread, name
        try:
            self._server: Any = thread.run(asyncpg.connect(server))
            thread.run(self._server.execute(f'CREATE DATABASE "{name}"'))
            thread.run(self._server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        except asyncpg.PostgresError as error:
            raise ConnectionError(f"no database can be made there: {error}") from error
        self._url = f"{server.rpartition('/')[0]}/{name}"
        _migrate(thread, self.connect(NO_KEY, _unheard), upgrade)
        self._looks: Any = thread.run(asyncpg.connect(self._url))
        numbers = ";".join(f"ALTER TABLE {table} ADD COLUMN rowid bigserial" for table in self.NUMBERED)
        thread.run(self._looks.execute(numbers))

    def connect(self, keys: tuple[str, ...], report: ReportRow) -> RealStore:
        from bakong_service.adapters.sql.postgres import PostgresStore  # noqa: PLC0415  as above

        return PostgresStore(self._url, Sealer(keys), report)

    def rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        for number in range(len(values)):
            statement = statement.replace("?", f"${number + 1}", 1)
        return [tuple(row) for row in self._thread.run(self._looks.fetch(statement, *values))]

    def version(self) -> object:
        return self.rows("SELECT pg_current_wal_insert_lsn()", ())

    def empty(self, *, is_before: bool) -> None:
        _migrate(self._thread, self.connect(NO_KEY, _unheard), make_tables if is_before else upgrade)
        tables = ", ".join(f'"{table}"' for table in metadata.tables)
        self._thread.run(self._looks.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))

    def close(self) -> None:
        self._thread.run(self._looks.close())
        self._thread.run(self._server.execute(f'DROP DATABASE "{self._name}" WITH (FORCE)'))
        self._thread.run(self._server.close())


def _unheard(_kind: str, _row_id: str, _error: BaseException, /) -> None:
    """A database without rows has none that cannot be read."""


def _migrate(thread: StoreThread, store: RealStore, migration: Callable[[Connection], None]) -> None:
    async def work() -> None:
        await store.migrate(migration)
        await store.close()

    thread.run(work())


class RealStores:
    """A database for one life after another. kind: sqlite, or postgresql: one more on the server of that URL."""

    def __init__(self, kind: str, server: str = "") -> None:
        self._thread = StoreThread()
        self._folder = tempfile.TemporaryDirectory(prefix="bakong-explore-")
        try:
            self._database: Database = (
                SqliteDatabase(self._thread, Path(self._folder.name))
                if kind == "sqlite"
                else PostgresDatabase(self._thread, server, f"bakong_explore_{os.getpid()}")
            )
        except BaseException:
            self._end()
            raise

    def loop(self, draws: Draws, shuffle: float) -> WaitingLoop:
        return WaitingLoop(draws, shuffle, self._thread)

    def disk(self, loop: VirtualLoop, keys: tuple[str, ...], *, is_before: bool) -> RealDisk:
        """What the processes of the next life share: it has no row."""
        assert isinstance(loop, WaitingLoop)  # noqa: S101  it was made here
        self._database.empty(is_before=is_before)
        return RealDisk(self._database, loop, keys)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None) -> None:
        self._database.close()
        self._end()

    def _end(self) -> None:
        self._thread.close()
        self._folder.cleanup()
