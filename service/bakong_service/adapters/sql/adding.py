"""Group commit: the rows of many transactions that only add, stored as one. Knows no table, and no database's words.

A work is first run against records that note each row and take its key as free. Where it asks for anything else, it is
no such transaction and runs by itself. The noted rows of many works are stored together, all or none; where a key was
taken after all, none is, and each work runs by itself. So no work can tell whether others were with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Table

from bakong_service.adapters.sql.failures import translated
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import Seal
from bakong_service.ports import Records

T = TypeVar("T")
GROUP = 64


class Form(NamedTuple):
    """What rows have in common that one statement can insert."""

    table: Table
    columns: tuple[str, ...]


Note = tuple[Form, tuple[Any, ...]]


class _NotAddingError(Exception):
    """The work reads or changes rows, and needs a transaction of its own."""


class _NotingRecords(SqlRecords):
    """Records without a database: rows that are added are noted, in order."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._run = _refuse
        self.notes: list[Note] = []

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        self.notes.append((Form(table, tuple(values)), tuple(values.values())))

    def _insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        self._insert(table, values)
        return True


def _refuse(*_: Any) -> Any:
    raise _NotAddingError


class _Adders:
    """The records' add_ methods alone: whatever else a work asks for is refused before a statement is made for it."""

    def __init__(self, records: _NotingRecords) -> None:
        self._records = records

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name) if name.startswith("add_") else _refuse()


def noted(work: Callable[[Records], T], seal: Seal) -> tuple[T, list[Note]] | None:
    """What the work comes to and the rows that it adds; None where it does more than add. Raises what it raises."""
    records = _NotingRecords(seal)
    adders: Any = _Adders(records)
    try:
        return work(adders), records.notes
    except _NotAddingError:
        return None


def merged(notes: Iterable[Note]) -> dict[Form, list[tuple[Any, ...]]]:
    """The rows by form; a form that was met first stands first, so that a row follows the one it refers to."""
    found: dict[Form, list[tuple[Any, ...]]] = {}
    for form, row in notes:
        found.setdefault(form, []).append(row)
    return found


class Groups:
    """Stores what waits, group after group: while one is under way, the next one gathers.

    add: stores rows, all or none, durably; whether it did. It raises where that cannot be known.
    """

    def __init__(self, add: Callable[[list[Note]], Awaitable[bool]]) -> None:
        self._add = add
        self._waiting: list[tuple[list[Note], asyncio.Future[bool]]] = []
        self._running: asyncio.Task[None] | None = None

    async def stored(self, notes: list[Note]) -> bool:
        """Whether the rows are stored, with others or alone. Raises UnavailableError."""
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((notes, told))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await told

    async def close(self) -> None:
        """Return when nothing waits any more."""
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            outcome = await self._outcome([note for notes, _ in group for note in notes])
            for _, told in group:
                if told.done():
                    continue
                if isinstance(outcome, bool):
                    told.set_result(outcome)
                else:
                    told.set_exception(translated(outcome))
        self._running = None

    async def _outcome(self, notes: list[Note]) -> bool | Exception:
        try:
            return await self._add(notes)
        except Exception as error:  # noqa: BLE001  it goes to those who wait
            return error
