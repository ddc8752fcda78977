"""Group commit: the rows of many transactions that only insert, stored as one statement or savepoint.

A work is first run against records that write nothing and take every key as free (a dry run). Where it asks for
anything but an insert, it runs by itself. The pending inserts of many works are stored together, all or none; where a
key was taken after all, none is, and each work runs by itself. So no work can tell whether others were with it.

One read is shared: the job that a payment is for. The jobs of a group are read by one statement, each work is run dry
again with its own, and the rows are stored only while those jobs are held as they were read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from bakong_service.adapters.sql.failures import closed, translated
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import Seal
from bakong_service.domain.escrow import Job
from bakong_service.ports import Records

GROUP = 64


class InsertShape(NamedTuple):
    """What rows have in common that one statement can insert."""

    table: Table
    columns: tuple[str, ...]


class PendingInsert(NamedTuple):
    """A row that waits for its group."""

    shape: InsertShape
    row: tuple[Any, ...]


class Inserts(NamedTuple):
    """What a work returns, and the rows that it inserts."""

    result: Any
    rows: list[PendingInsert]


class NeedsJob(NamedTuple):
    """A work inserts rows once it knows this job."""

    job_id: str


class Member(Protocol):
    """A work that is stored with others. is_abandoned: nobody waits for it any more."""

    work: Callable[[Records], Any]
    dry: Inserts | NeedsJob | None

    @property
    def is_abandoned(self) -> bool: ...


class _NeedsJobError(Exception):
    """The work asks for a job, which is its one argument."""


class _NotOnlyInsertsError(Exception):
    """The work reads or changes rows, and needs a transaction of its own."""


class _DryRecords(SqlRecords):
    """Records without a database: rows that are inserted are kept, in order."""

    def __init__(self, seal: Seal, jobs: dict[str, Job] | None) -> None:
        self._seal = seal
        self._jobs = jobs
        self._run = _refuse
        self.pending: list[PendingInsert] = []

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        self.pending.append(PendingInsert(InsertShape(table, tuple(values)), tuple(values.values())))

    def _insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        self._insert(table, values)
        return True

    def unpaid_job(self, job_id: str) -> Job | None:
        if self._jobs is None:
            raise _NeedsJobError(job_id)
        job = self._jobs.pop(job_id, None)  # another payment for it meets this one, and is not in its group
        return _refuse() if job is None else job


def _refuse(*_: Any) -> Any:
    raise _NotOnlyInsertsError


class _AddMethods:
    """The records' add_ methods and the one read alone: all else is refused before a statement is made for it."""

    def __init__(self, records: _DryRecords) -> None:
        self._records = records

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name) if name.startswith("add_") or name == "unpaid_job" else _refuse()


def dry_run(
    work: Callable[[Records], Any], seal: Seal, jobs: dict[str, Job] | None = None
) -> Inserts | NeedsJob | None:
    """What the work comes to; None where it does more. Raises what it raises. jobs: those that are known by now."""
    records = _DryRecords(seal, jobs)
    add_methods: Any = _AddMethods(records)
    try:
        return Inserts(work(add_methods), records.pending)
    except _NeedsJobError as error:
        return NeedsJob(*error.args)
    except _NotOnlyInsertsError:
        return None


def wanted_jobs(group: Sequence[Member]) -> list[str]:
    """The jobs that a group has to know, by id."""
    return [member.dry.job_id for member in group if isinstance(member.dry, NeedsJob)]


def planned(group: Sequence[Member], jobs: dict[str, Job], seal: Seal) -> list[Inserts | None]:
    """What each of a group inserts, now that jobs are known; None for one that has to run by itself."""
    return [_plan(member, jobs, seal) for member in group]


def _plan(member: Member, jobs: dict[str, Job], seal: Seal) -> Inserts | None:
    dry = member.dry
    if member.is_abandoned:
        return None
    if isinstance(dry, NeedsJob):
        with suppress(Exception):  # whatever is wrong with it, it meets by itself
            dry = dry_run(member.work, seal, jobs)
    return dry if isinstance(dry, Inserts) else None


def by_shape(pending: Iterable[PendingInsert]) -> dict[InsertShape, list[tuple[Any, ...]]]:
    """The rows by shape, in the order in which shapes first come, so that a row follows the one it refers to."""
    rows: dict[InsertShape, list[tuple[Any, ...]]] = {}
    for shape, row in pending:
        rows.setdefault(shape, []).append(row)
    return rows


class Waiting:
    """A member of a group to come; the outcome is None where it has to run by itself."""

    __slots__ = ("dry", "outcome", "work")

    def __init__(self, work: Callable[[Records], Any], dry: Inserts | NeedsJob | None) -> None:
        self.work, self.dry = work, dry
        self.outcome: asyncio.Future[Inserts | None] = asyncio.get_running_loop().create_future()

    @property
    def is_abandoned(self) -> bool:
        return self.outcome.done()


class Groups:
    """Stores what waits, group after group: while one is under way, the next one gathers.

    add: stores the rows of a group durably, and says of each member what was stored, or None. It raises where that
    cannot be known.
    """

    def __init__(self, add: Callable[[list[Waiting]], Awaitable[Sequence[Inserts | None]]]) -> None:
        self._add = add
        self._waiting: list[Waiting] = []
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    async def stored(self, work: Callable[[Records], Any], dry: Inserts | NeedsJob) -> Inserts | None:
        """What was stored of the work, with others or alone; None: it has to run by itself. Raises UnavailableError."""
        if self._closed:
            raise closed()
        member = Waiting(work, dry)
        self._waiting.append(member)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await member.outcome

    async def close(self) -> None:
        """Take nothing more, and return when nothing waits any more."""
        self._closed = True
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while self._waiting:
            waiting = [one for one in self._waiting if not one.is_abandoned]  # who gave up is not stored
            group, self._waiting = waiting[:GROUP], waiting[GROUP:]
            if not group:
                break
            try:
                results: Sequence[Inserts | Exception | None] = await self._add(group)
            except Exception as error:  # noqa: BLE001  it goes to those who wait
                results = [error] * len(group)
            for member, result in zip(group, results, strict=True):
                if member.is_abandoned:
                    continue
                if isinstance(result, Exception):
                    member.outcome.set_exception(translated(result))
                else:
                    member.outcome.set_result(result)
        self._running = None
