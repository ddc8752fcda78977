"""SQLite: one writer thread with group commit, one reader thread.

Every transaction is a savepoint in the batch that is open, and those that only insert share one; a batch is one
durable commit (WAL, synchronous=FULL), and nobody is answered before it. One job's failure leaves the others' alone.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from bakong_service.adapters.private_files import private_file
from bakong_service.adapters.sealing import SealError
from bakong_service.adapters.sql.failures import closed, translated
from bakong_service.adapters.sql.group_commit import GROUP, PendingInsert, by_shape, dry_run
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal, Seal, insert_text
from bakong_service.ports import Records, ReportRow, unreported

T = TypeVar("T")
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)


class _Connection(sqlite3.Connection):
    """A connection that can end its statements: one that was not read to its end would block every savepoint after."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any) -> Any:
        cursor = super().cursor(*args)
        self._cursors.add(cursor)
        return cursor

    def end_statements(self) -> None:
        for cursor in list(self._cursors):
            cursor.close()


class _Job:
    """One transaction that waits for its turn, and then for its commit."""

    __slots__ = ("error", "future", "loop", "pending", "result", "work")

    def __init__(self, work: Callable[[Records], Any], inserts: tuple[Any, list[PendingInsert]] | None) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = inserts and inserts[0]
        self.pending = inserts and inserts[1]
        self.error: BaseException | None = None

    def run(self, connection: Any, records: Records) -> None:
        """Work in a savepoint of its own, by the driver: SQLAlchemy's costs more than the work."""
        driver = _driver(connection)
        driver.execute("SAVEPOINT job")
        try:
            self.result = self.work(records)
        except BaseException as error:  # noqa: BLE001  it goes to the one who asked
            self.error = error
        driver.end_statements()
        if self.error is not None:
            driver.execute("ROLLBACK TO job")
        driver.execute("RELEASE job")

    def resolve(self) -> None:
        with suppress(RuntimeError):  # a loop that is closed: nobody waits there any more
            self.loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(translated(self.error))
        else:
            self.future.set_result(self.result)


class SqliteStore:
    """See bakong_service.ports.Store."""

    def __init__(self, path: Path, seal: Seal | None = None, report: ReportRow = unreported) -> None:
        self._seal = seal or NoSeal()
        self._report = report
        with suppress(OSError):  # a file that cannot be opened is reported by who opens it
            private_file(path)  # what SQLite puts beside it has the same mode
        self.engine = engine(path)
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._writer = threading.Thread(target=self._write_batches, name="sqlite-writer", daemon=True)
        self._writer.start()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")

    async def write(self, work: Callable[[Records], T]) -> T:
        job = _Job(work, dry_run(work, self._seal))
        with self._wake:
            if self._closing:
                raise closed()
            self._jobs.append(job)
            self._wake.notify()
        result: T = await job.future
        return result

    async def read(self, work: Callable[[Records], T]) -> T:
        if self._closing:
            raise closed()
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._read, work)

    async def migrate(self, work: Callable[[Connection], T]) -> T:
        """Run the work on a connection of its own, in one transaction."""
        return await asyncio.to_thread(self._migrate, work)

    async def ping(self) -> None:
        await self.read(lambda records: records.next_subscription_ms())

    async def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._reader.shutdown()
        self.engine.dispose()

    def _read(self, work: Callable[[Records], T]) -> T:
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                return work(self._records(connection))
        except (DBAPIError, SealError) as error:
            raise translated(error) from error

    def _records(self, connection: Connection) -> SqlRecords:
        return SqlRecords(connection, self._seal, self._report)

    def _migrate(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.connect() as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise translated(error) from error

    def _take(self) -> list[_Job]:
        """The jobs of the next batch; none when the store is closing."""
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            return [self._jobs.popleft() for _ in range(min(GROUP, len(self._jobs)))]

    def _write_batches(self) -> None:
        while batch := self._take():
            try:
                with self.engine.connect() as connection, connection.begin():
                    for job in _left_after_inserts(batch, connection):
                        job.run(connection, self._records(connection))
            except BaseException as error:  # noqa: BLE001  the commit failed: nothing of the batch is stored
                for job in batch:
                    job.error = job.error or error
            for job in batch:
                job.resolve()


def _left_after_inserts(batch: list[_Job], connection: Any) -> list[_Job]:
    """Insert the rows of those jobs that only insert; the others, which is all of them where a row was refused."""
    driver = _driver(connection)
    driver.execute("SAVEPOINT inserts")
    try:
        for shape, rows in by_shape(insert for job in batch for insert in job.pending or ()).items():
            driver.executemany(insert_text(connection.dialect, *shape), rows)
    except Exception:  # noqa: BLE001  whatever is wrong with one row, each job meets its own by itself
        driver.execute("ROLLBACK TO inserts")
        return batch
    finally:
        driver.execute("RELEASE inserts")
    return [job for job in batch if job.pending is None]


def _driver(connection: Any) -> _Connection:
    driver: _Connection = connection.connection.dbapi_connection
    return driver


def engine(path: Path) -> Engine:
    """An engine whose transactions are SQLAlchemy's own to begin: immediate for writers, deferred for readers."""
    arguments = {"check_same_thread": False, "factory": _Connection}
    made = create_engine(
        URL.create("sqlite", database=str(path.absolute())), hide_parameters=True, connect_args=arguments
    )

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return made
