"""Whether a stored row holds what its table promises. SQLite takes anything into any column."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Row, String, Table

from bakong_service.adapters.sealing import SealError

LAST_MS = 253_402_300_799_999  # the end of the year 9999, which is the last that can be shown
_TYPES: tuple[tuple[type, frozenset[type]], ...] = (
    (Boolean, frozenset({bool, int})),
    (BigInteger, frozenset({int})),
    (Integer, frozenset({int})),
    (LargeBinary, frozenset({bytes})),
    (String, frozenset({str})),
)


class DamagedError(ValueError):
    """A value that its column cannot hold: it names the column, and never shows the value."""


class _Promise(NamedTuple):
    """Of a table: its columns' names and types, and which of them are instants, amounts, and yes or no."""

    names: tuple[str, ...]
    types: tuple[frozenset[type], ...]
    instants: tuple[int, ...]
    counts: tuple[int, ...]
    flags: tuple[int, ...]


def checked(row: Row[Any], table: Table) -> Row[Any]:
    """The row of all the table's columns, in order. Raises DamagedError."""
    promise = _promise(table)
    for name, kind, value in zip(promise.names, promise.types, row, strict=True):
        if type(value) not in kind:
            raise DamagedError(f"{name} holds a {type(value).__name__}")
    _check_numbers(row, promise)
    return row


def _check_numbers(row: Sequence[Any], promise: _Promise) -> None:
    for at in promise.instants:
        if row[at] is not None and not 0 <= row[at] <= LAST_MS:
            raise DamagedError(f"{promise.names[at]} is no time")
    for at in promise.counts:
        if row[at] is not None and row[at] < 0:
            raise DamagedError(f"{promise.names[at]} is below 0")
    for at in promise.flags:
        if row[at] not in (0, 1):
            raise DamagedError(f"{promise.names[at]} is neither true nor false")


@lru_cache(32)
def _promise(table: Table) -> _Promise:
    columns = tuple(table.columns)
    types = []
    for column in columns:
        kind = next(python for sql, python in _TYPES if isinstance(column.type, sql))
        types.append(kind | {type(None)} if column.nullable else kind)

    def at(*endings: str) -> tuple[int, ...]:
        return tuple(number for number, column in enumerate(columns) if column.name.endswith(endings))

    flags = tuple(number for number, column in enumerate(columns) if isinstance(column.type, Boolean))
    names = tuple(column.name for column in columns)
    return _Promise(names, tuple(types), at("_ms"), at("_minor", "attempts", "calls", "_cycles"), flags)


def instant(value: Any) -> int | None:
    """A stored time by itself; None where there is none, or no time stands there."""
    return value if type(value) is int and 0 <= value <= LAST_MS else None


def why_unreadable(error: BaseException) -> str:
    """Why a row cannot be read, without a word of what it holds."""
    if isinstance(error, SealError):
        return f"{error}; is its key in OLD_ENCRYPTION_KEYS?"
    return str(error) if isinstance(error, DamagedError) else f"{type(error).__name__} while it was read"
