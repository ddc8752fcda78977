"""Sealing every sealed column again with the present key, some rows for each transaction. Knows no use case."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Table, select, tuple_, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Seal

BATCH = 200


class Sealing(Seal, Protocol):
    """A seal that knows its own work."""

    def is_current(self, sealed: str, /) -> bool: ...


class Column(NamedTuple):
    """A sealed column, and how its row is named in what binds it."""

    table: Table
    name: str
    keys: tuple[str, ...]


@dataclass(slots=True)
class _Place:
    """How far a column is done."""

    column: Column
    last: tuple[Any, ...] | None = None
    ended: bool = False


COLUMNS = (
    Column(t.payment_transactions, "qr", ("id",)),
    Column(t.payment_receipts, "to_account", ("payment_id", "hash")),
    Column(t.payment_receipts, "raw", ("payment_id", "hash")),
    Column(t.idempotency_keys, "body", ("scope",)),
)


def batches(seal: Sealing) -> Iterator[Callable[[Connection], int]]:
    """Work for one transaction after the other; each returns how many it sealed."""
    for column in COLUMNS:
        place = _Place(column)
        while not place.ended:
            yield partial(_batch, seal, place)


def _batch(seal: Sealing, place: _Place, connection: Connection) -> int:
    column = place.column
    keys = [column.table.c[name] for name in column.keys]
    batch = select(*keys, column.table.c[column.name].label("sealed")).order_by(*keys).limit(BATCH)
    if place.last is not None:
        batch = batch.where(tuple_(*keys) > tuple_(*place.last))
    rows = connection.execute(batch).all()
    place.ended = len(rows) < BATCH
    if rows:
        place.last = tuple(rows[-1][: len(keys)])
    return sum(_seal_again(connection, seal, column, row) for row in rows)


def _seal_again(connection: Connection, seal: Sealing, column: Column, row: Any) -> int:
    raw = isinstance(row.sealed, bytes)
    sealed = row.sealed.decode() if raw else row.sealed
    if seal.is_current(sealed) or not sealed.startswith("v1."):
        return 0
    name = (column.table.name, column.name, "/".join(row[: len(column.keys)]))
    again = seal.seal(seal.open(sealed, *name), *name)
    key = [column.table.c[part] == value for part, value in zip(column.keys, row, strict=False)]
    stored = column.table.c[column.name] == row.sealed  # changed meanwhile: the present key wrote it
    change = update(column.table).where(*key, stored).values({column.name: again.encode() if raw else again})
    return int(connection.execute(change).rowcount)
