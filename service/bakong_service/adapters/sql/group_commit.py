"""Group commit: the rows of many transactions that only insert, stored as one statement or savepoint.

A work is first run against records that write nothing and take every key as free (a dry run). Where it asks for
anything but an insert, it runs by itself. The pending inserts of many works are stored together, all or none; where a
key was taken after all, none is, and each work runs by itself. So no work can tell whether others were with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Table

from bakong_service.adapters.sql.failures import closed, translated
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import Seal
from bakong_service.ports import Records

T = TypeVar("T")
GROUP = 64


class InsertShape(NamedTuple):
    """What rows have in common that one statement can insert."""

    table: Table
    columns: tuple[str, ...]


class PendingInsert(NamedTuple):
    """A row that waits for its group."""

    shape: InsertShape
    row: tuple[Any, ...]


class _NotOnlyInsertsError(Exception):
    """The work reads or changes rows, and needs a transaction of its own."""


class _DryRecords(SqlRecords):
    """Records without a database: rows that are inserted are kept, in order."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._run = _refuse
        self.pending: list[PendingInsert] = []

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        self.pending.append(PendingInsert(InsertShape(table, tuple(values)), tuple(values.values())))

    def _insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        self._insert(table, values)
        return True


def _refuse(*_: Any) -> Any:
    raise _NotOnlyInsertsError


class _AddMethods:
    """The records' add_ methods alone: anything else is refused before a statement is made for it."""

    def __init__(self, records: _DryRecords) -> None:
        self._records = records

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name) if name.startswith("add_") else _refuse()


def dry_run(work: Callable[[Records], T], seal: Seal) -> tuple[T, list[PendingInsert]] | None:
    """What the work returns and the rows that it inserts; None where it does more. Raises what it raises."""
    records = _DryRecords(seal)
    add_methods: Any = _AddMethods(records)
    try:
        return work(add_methods), records.pending
    except _NotOnlyInsertsError:
        return None


def by_shape(pending: Iterable[PendingInsert]) -> dict[InsertShape, list[tuple[Any, ...]]]:
    """The rows by shape, in the order in which shapes first come, so that a row follows the one it refers to."""
    rows: dict[InsertShape, list[tuple[Any, ...]]] = {}
    for shape, row in pending:
        rows.setdefault(shape, []).append(row)
    return rows


class Groups:
    """Stores what waits, group after group: while one is under way, the next one gathers.

    add: stores rows, all or none, durably; whether it did. It raises where that cannot be known.
    """

    def __init__(self, add: Callable[[list[PendingInsert]], Awaitable[bool]]) -> None:
        self._add = add
        self._waiting: list[tuple[list[PendingInsert], asyncio.Future[bool]]] = []
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    async def stored(self, pending: list[PendingInsert]) -> bool:
        """Whether the rows are stored, with others or alone. Raises UnavailableError."""
        if self._closed:
            raise closed()
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((pending, outcome))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await outcome

    async def close(self) -> None:
        """Take nothing more, and return when nothing waits any more."""
        self._closed = True
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            result = await self._result([insert for pending, _ in group for insert in pending])
            for _, outcome in group:
                if outcome.done():
                    continue
                if isinstance(result, bool):
                    outcome.set_result(result)
                else:
                    outcome.set_exception(translated(result))
        self._running = None

    async def _result(self, pending: list[PendingInsert]) -> bool | Exception:
        try:
            return await self._add(pending)
        except Exception as error:  # noqa: BLE001  it goes to those who wait
            return error
