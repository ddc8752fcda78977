"""SQLite: one writer thread with group commit, one reader thread.

Every transaction is a savepoint in the batch that is open, and those that only insert share one; a batch is one
durable commit (WAL, synchronous=FULL), and nobody is answered before it. One job's failure leaves the others' alone.
Who gave up before the commit is stored nowhere.
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

from bakong_service.adapters.deadline import DeadlineStore
from bakong_service.adapters.private_files import private_file
from bakong_service.adapters.sql.failures import closed, translated
from bakong_service.adapters.sql.group_commit import GROUP, Inserts, NeedsJob, by_shape, dry_run, planned, wanted_jobs
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal, Seal, insert_text
from bakong_service.adapters.sql.unread import Unread
from bakong_service.domain.errors import UnreadableRowError
from bakong_service.ports import Records, ReportRow, unreported

T = TypeVar("T")
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)
STOP_S = 5.0
# What a probe writes and takes back: more than a payment is. A cache this small has its pages written to the disk.
_SMALL_CACHE, _USUAL_CACHE = "PRAGMA cache_size=1", "PRAGMA cache_size=-2000"  # the latter is SQLite's own
_PROBE = """
INSERT INTO idempotency_keys (scope, fingerprint, status, body, created_ms, expires_ms)
VALUES ('probe', '', 0, zeroblob(65536), 0, 0)
"""


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

    __slots__ = ("dry", "error", "future", "loop", "result", "unread", "work")

    def __init__(
        self, work: Callable[[Records], Any], dry: Inserts | NeedsJob | None, unread: list[UnreadableRowError]
    ) -> None:
        self.work = work
        self.dry = dry
        self.unread = unread
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.cancelled()

    def run(self, connection: Any, records: SqlRecords) -> None:
        """Work in a savepoint of its own, by the driver: SQLAlchemy's costs more than the work."""
        driver = _driver(connection)
        driver.execute("SAVEPOINT job")
        self.error, self.unread[:] = None, ()
        records.unread = self.unread
        try:
            self.result = self.work(records)
        except BaseException as error:  # noqa: BLE001  it goes to the one who asked
            self.error = error
        driver.end_statements()
        if self.error is not None:
            driver.execute("ROLLBACK TO job")
        driver.execute("RELEASE job")

    def resolve(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(translated(self.error))
        else:
            self.future.set_result(self.result)


class SqliteStore(DeadlineStore):
    """See bakong_service.ports.Store."""

    def __init__(
        self,
        path: Path,
        seal: Seal | None = None,
        report: ReportRow = unreported,
        now_ms: Callable[[], int] = int,
        *,
        deadline_s: float | None = None,
    ) -> None:
        super().__init__(deadline_s)
        self._seal = seal or NoSeal()
        self._report = report
        self.on_set_aside: Callable[[], object] = str
        self._unread = Unread(now_ms, self._say)
        with suppress(OSError):  # a file that cannot be opened is reported by who opens it
            private_file(path)  # what SQLite puts beside it has the same mode
        self.engine = engine(path)
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._writer = threading.Thread(target=self._write_batches, name="sqlite-writer", daemon=True)
        self._writer.start()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")
        self._prober = ThreadPoolExecutor(1, thread_name_prefix="sqlite-prober")

    async def _write(self, work: Callable[[Records], T]) -> T:
        async with self._unread.noted(self._write_unread) as unread:
            result: T = await self._done(_Job(work, dry_run(work, self._seal), unread))
            return result

    async def _write_unread(self, work: Callable[[Records], T]) -> T:
        result: T = await self._done(_Job(work, None, []))
        return result

    async def _done(self, job: "_Job") -> Any:  # what its work returns
        with self._wake:
            if self._closing:
                raise closed()
            self._jobs.append(job)
            self._wake.notify()
        return await job.future

    async def _read(self, work: Callable[[Records], T]) -> T:
        if self._closing:
            raise closed()
        async with self._unread.noted(self._write_unread, once=True) as unread:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._reader, self._read_now, work, unread)

    async def migrate(self, work: Callable[[Connection], T]) -> T:
        """Run the work on a connection of its own, in one transaction."""
        return await asyncio.to_thread(self._migrate, work)

    async def examine(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, on a connection of its own, as everything is at one moment; nobody waits for it."""
        return await asyncio.to_thread(self._examine, work)

    def _say(self, kind: str, row_id: str, error: BaseException) -> None:
        self._report(kind, row_id, error)
        self.on_set_aside()

    async def _ping(self) -> None:
        """Through the writer's queue and the reader's; then a write that needs room on the disk, and is taken back."""
        await self._write(lambda _records: None)
        await self._read(lambda records: records.next_subscription_ms())
        await asyncio.get_running_loop().run_in_executor(self._prober, self._probe)

    async def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join, STOP_S)
        self._reader.shutdown(wait=False, cancel_futures=True)
        self._prober.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    def _read_now(self, work: Callable[[Records], T], unread: list[UnreadableRowError]) -> T:
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                records = SqlRecords(connection, self._seal)
                records.unread = unread
                try:
                    return work(records)
                finally:
                    _driver(connection).end_statements()
        except DBAPIError as error:
            raise translated(error) from error

    def _probe(self) -> None:
        try:
            with self.engine.connect() as connection, connection.begin() as transaction:
                driver = _driver(connection)
                try:
                    driver.execute(_SMALL_CACHE)
                    connection.exec_driver_sql(_PROBE)
                finally:
                    driver.execute(_USUAL_CACHE)
                transaction.rollback()
        except DBAPIError as error:
            raise translated(error) from error

    def _migrate(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.connect() as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise translated(error) from error

    def _examine(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
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
                while (batch := [job for job in batch if not job.is_abandoned]) and not self._committed(batch):
                    pass
            except BaseException as error:  # noqa: BLE001  the commit failed: nothing of the batch is stored
                for job in batch:
                    job.error = job.error or error
            _resolve(batch)

    def _committed(self, batch: list[_Job]) -> bool:
        """Whether the batch is stored; it is not where somebody gave up meanwhile, and is then to be tried without."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            if not any(job.is_abandoned for job in batch):  # the lock may have been waited for
                for job in _left_after_inserts(batch, connection, self._seal):
                    job.run(connection, SqlRecords(connection, self._seal))
            if any(job.is_abandoned for job in batch):
                transaction.rollback()
                return False
        return True


def _resolve(batch: list[_Job]) -> None:
    """Answer who waits, by one call of each loop: every call wakes it, and costs more than what it says."""
    for loop in {job.loop for job in batch}:
        theirs = [job for job in batch if job.loop is loop]
        with suppress(RuntimeError):  # a loop that is closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve_all, theirs)


def _resolve_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.resolve()


def _left_after_inserts(batch: list[_Job], connection: Any, seal: Seal) -> list[_Job]:
    """Insert the rows of those jobs that only insert; the others, which is all of them where a row was refused."""
    driver = _driver(connection)
    driver.execute("SAVEPOINT inserts")
    try:
        wanted = wanted_jobs(batch)
        plans = planned(batch, SqlRecords(connection, seal).unpaid_jobs(wanted) if wanted else {}, seal)
        for shape, rows in by_shape(insert for plan in plans if plan for insert in plan.rows).items():
            driver.executemany(insert_text(connection.dialect, *shape), rows)
    except Exception:  # noqa: BLE001  whatever is wrong with one row, each job meets its own by itself
        driver.execute("ROLLBACK TO inserts")
        return batch
    finally:
        driver.execute("RELEASE inserts")
    left = []
    for job, plan in zip(batch, plans, strict=True):
        if plan is None:
            left.append(job)
        else:
            job.result = plan.result
    return left


def _driver(connection: Any) -> _Connection:
    driver: _Connection = connection.connection.dbapi_connection
    return driver


def _text(stored: bytes) -> str | bytes:
    """A text, or the bytes of one that is damaged: its row is met by itself, where the driver would fail them all."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def engine(path: Path) -> Engine:
    """An engine whose transactions are SQLAlchemy's own to begin: immediate for writers, deferred for readers."""
    arguments = {"check_same_thread": False, "factory": _Connection}
    made = create_engine(
        URL.create("sqlite", database=str(path.absolute())), hide_parameters=True, connect_args=arguments
    )

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.text_factory = _text
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(made, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return made
