"""PostgreSQL by asyncpg: one pooled connection for each transaction.

A transaction is the same plain function as on SQLite, run in SQLAlchemy's greenlet. It is run again where another was
in its way, and where the connection was found dead before the commit; never after a commit that may have happened.
Those that only insert rows wait until the group before them is stored, and are then one statement together. Where
they need jobs, those are read before it, and that statement holds them, and stores nothing where one has changed.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine import result_tuple
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bakong_service.adapters.deadline import DeadlineStore
from bakong_service.adapters.sql.failures import (
    closed,
    is_database_down,
    is_retryable,
    sqlstate,
    translated,
    was_rolled_back,
)
from bakong_service.adapters.sql.group_commit import (
    Groups,
    Inserts,
    InsertShape,
    PendingInsert,
    Waiting,
    by_shape,
    dry_run,
    planned,
    wanted_jobs,
)
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.records_escrow import jobs_of
from bakong_service.adapters.sql.rows import NoSeal, Seal, insert_into
from bakong_service.adapters.sql.tables import jobs as JOBS  # noqa: N812
from bakong_service.adapters.sql.unread import Unread
from bakong_service.domain.errors import UnreadableRowError
from bakong_service.ports import Records, ReportRow, unreported
from bakong_service.postgres_url import PostgresUrl, driver_arguments, read_url

T = TypeVar("T")
TRIES = 4
POOL = 20  # no overflow: a connection that is closed after each use costs more than all else
CONNECT_S = 3
STATEMENT_S = 10
STOP_S = 5
# Refused where nothing may be written, and held up where a create would be. Then half a megabyte that finds no room in
# memory: a file on the database's disk, gone with its statement. Neither leaves a row, dead or alive.
_PROBE = """
SET LOCAL work_mem = '64kB';
UPDATE payment_transactions SET status = status WHERE false;
SELECT count(*) FROM generate_series(1, 20000)
"""
_job_row = result_tuple(JOBS.columns.keys())
_UNPAID_JOBS = f"""
SELECT {", ".join(JOBS.columns.keys())}, xmin::text FROM jobs
WHERE id = ANY($1::varchar[]) AND (SELECT id FROM escrow_payments WHERE open_job_id = jobs.id LIMIT 1) IS NULL
"""  # noqa: S608  our own names
# Those of $1 that nobody has written since they were read as $2. A payment of theirs meanwhile is refused by its key.
_HELD = """held AS MATERIALIZED (
SELECT FROM jobs JOIN unnest($1::varchar[], $2::text[]) AS seen (id, xmin) ON jobs.id = seen.id
WHERE jobs.xmin::text = seen.xmin FOR UPDATE OF jobs SKIP LOCKED)"""
_ALL_HELD = "WHERE (SELECT count(*) FROM held) = cardinality($1)"
_NO_SUCH_FILE = "53400"  # a server whose temp_file_limit forbids it: what it may write is not known by that


_Seen = tuple[list[str], list[str]]  # jobs, and of each the transaction that wrote it


class _NotStoredError(Exception):
    """Rows could not be added, and no commit was begun."""


class PostgresStore(DeadlineStore):
    """See bakong_service.ports.Store."""

    def __init__(
        self,
        url: str,
        seal: Seal | None = None,
        report: ReportRow = unreported,
        now_ms: Callable[[], int] = int,
        *,
        pooler: bool = False,
        deadline_s: float | None = None,
    ) -> None:
        super().__init__(deadline_s)
        self._seal = seal or NoSeal()
        self._report = report
        self.on_set_aside: Callable[[], object] = str
        self._unread = Unread(now_ms, self._say)
        self._url = read_url(url)
        self._pooler = pooler or self._url.pooler
        self.engine = engine(self._url, statement_s=deadline_s or STATEMENT_S, pooler=self._pooler)
        # A read is one statement, or a few that need no common snapshot: no BEGIN and no ROLLBACK to wait for. Through
        # a pooler each of them would come to another server than what was prepared for it.
        autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reading = self.engine if self._pooler else autocommit
        self._groups = Groups(self._add)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def _write(self, work: Callable[[Records], T]) -> T:
        self._check_open()
        dry = dry_run(work, self._seal)
        stored = dry if isinstance(dry, Inserts) and not dry.rows else dry and await self._groups.stored(work, dry)
        if stored is not None:
            result: T = stored.result
            return result
        async with self._unread.noted(self._write_unread) as unread:
            return await self._apart(self._write_alone(work, unread))

    async def _write_unread(self, work: Callable[[Records], T]) -> T:
        return await self._apart(self._write_alone(work, []))

    async def _add(self, group: list[Waiting]) -> Sequence[Inserts | None]:
        """What was stored of each: one statement, its own transaction, one round trip and one durable commit.

        Jobs that are needed are read just before it. Who gave up while a connection was waited for is left out.
        """

        async def add(_connection: AsyncConnection, driver: Any) -> Sequence[Inserts | None] | None:
            try:
                found = await driver.fetch(_UNPAID_JOBS, wanted) if wanted else []
                jobs = jobs_of([_job_row(columns) for *columns, _ in found], self._seal)
                plans = planned(group, jobs, self._seal)
            except Exception as error:
                raise _NotStoredError from error
            seen = ([row["id"] for row in found], [row["xmin"] for row in found]) if wanted else None
            rows = [row for plan in plans if plan for row in plan.rows]
            return plans if await self._insert(driver, rows, seen) else None

        wanted = wanted_jobs(group)
        return await self._stored(add) or [None] * len(group)

    async def _stored(self, add: Callable[[AsyncConnection, Any], Awaitable[T | None]]) -> T | None:
        """What was added on a connection; None: nothing was. Raises where that cannot be known."""
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._reading.connect())
                driver: Any = (await connection.get_raw_connection()).driver_connection
            except Exception:  # noqa: BLE001  nothing was sent; each work meets the failure by itself
                return None
            try:
                return await add(connection, driver)
            except Exception as error:
                cause = error.__cause__ if isinstance(error, _NotStoredError) and error.__cause__ else error
                if driver.is_closed() or not was_rolled_back(cause):
                    await connection.invalidate(cause)
                if cause is error and not was_rolled_back(error):
                    raise
                return None

    async def _insert(self, driver: Any, pending: list[PendingInsert], jobs: _Seen | None = None) -> bool:
        """Whether the rows were inserted: they are not where a job is not as it was seen."""
        if not pending:
            return True
        shapes = by_shape(pending)
        arrays = [column for rows in shapes.values() for column in zip(*rows, strict=True)]
        text = _add_text(self.engine.dialect, tuple(shapes), has_jobs=jobs is not None)
        async with driver.transaction() if self._pooler else nullcontext():
            done: str = await driver.execute(text, *(jobs or ()), *arrays)
        return not done.endswith(" 0")

    async def _write_alone(self, work: Callable[[Records], T], unread: list[UnreadableRowError]) -> T:
        for left in reversed(range(TRIES)):
            committing = False
            try:
                async with self.engine.connect() as connection:
                    result = await connection.run_sync(self._in_records, work, unread)
                    committing = True
                    await connection.commit()
                    return result
            except Exception as error:
                if left and (is_retryable(error) or (is_database_down(error) and not committing)):
                    continue
                if isinstance(error, UnreadableRowError):
                    raise
                raise translated(error) from error
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def _read(self, work: Callable[[Records], T]) -> T:
        self._check_open()
        async with self._unread.noted(self._write_unread, once=True) as unread:
            return await self._apart(self._twice(lambda opened: opened.run_sync(self._in_records, work, unread)))

    async def _apart(self, work: Coroutine[Any, Any, T]) -> T:
        """The work in a task of its own: who gives up does not wait until a connection that hangs is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _twice(self, use: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What is read on a connection; on another one where the first was dead."""
        for left in (1, 0):
            try:
                async with self._reading.connect() as connection:
                    return await use(connection)
            except Exception as error:
                if left and is_database_down(error):
                    continue
                if isinstance(error, UnreadableRowError):
                    raise
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

    async def examine(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, on a connection of its own, as everything is at one moment; nobody waits for it."""

        def at_one_moment(connection: Connection) -> T:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return work(connection)

        return await self.migrate(at_one_moment)

    def _say(self, kind: str, row_id: str, error: BaseException) -> None:
        self._report(kind, row_id, error)
        self.on_set_aside()

    async def _ping(self) -> None:
        self._check_open()
        await self._apart(self._twice(_probe))

    def _in_records(self, connection: Connection, work: Callable[[Records], T], unread: list[UnreadableRowError]) -> T:
        records = SqlRecords(connection, self._seal)
        records.unread = unread
        return work(records)

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    async def close(self) -> None:
        self._closed = True
        with suppress(TimeoutError):  # a server that hangs is left alone
            async with asyncio.timeout(STOP_S):
                await self._groups.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self.engine.dispose()


async def _probe(connection: AsyncConnection) -> None:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        await driver.execute(_PROBE)
    except BaseException as error:
        if sqlstate(error) != _NO_SUCH_FILE:
            await connection.invalidate(error)
            raise


@lru_cache(64)
def _add_text(dialect: Dialect, shapes: tuple[InsertShape, ...], *, has_jobs: bool) -> str:
    """INSERT for each shape in turn, from one array for each column; foreign keys are checked at its end.

    has_jobs: all or none, by whether the jobs of the first two arrays are held as they were seen.
    """
    first, before, only = (3, [_HELD], _ALL_HELD) if has_jobs else (1, [], "")
    inserts = []
    for shape in shapes:
        arrays = ", ".join(
            f"${number}::{_type(dialect, shape, name)}[]" for number, name in enumerate(shape.columns, first)
        )
        inserts.append(f"{insert_into(dialect, *shape)} SELECT * FROM unnest({arrays}) {only}")  # noqa: S608  our names
        first += len(shape.columns)
    *others, last = inserts
    before += [f"i{number} AS ({text})" for number, text in enumerate(others)]
    return (f"WITH {', '.join(before)} " if before else "") + last


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
