"""Sealing every sealed column again with the present key, some rows for each transaction. Knows no use case."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Table, select, tuple_, update

from bakong_service.adapters.sealing import SealError
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.records_review import LOST_KEY
from bakong_service.adapters.sql.rows import Seal, as_text
from bakong_service.ports import ReportRow, unreported

BATCH = 200


class Sealing(Seal, Protocol):
    """A seal that knows its own work."""

    def has_key(self, key_id: str, /) -> bool: ...
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
    Column(t.signing_keys, "private", ("kid",)),
    Column(t.orders, "buyer", ("id",)),
    Column(t.jobs, "parties", ("id",)),
    Column(t.order_payments, "handed", ("payment_id",)),
    Column(t.thai_payment_methods, "secrets", ("id",)),
    Column(t.webhook_attempts, "answer", ("notification_id", "number")),
)


# Where a sample of each sealed column begins: indexes, so that it costs the same however much is stored.
_SAMPLED = (
    (COLUMNS[0], (t.payment_transactions.c.created_ms, t.payment_transactions.c.next_poll_ms)),
    (COLUMNS[2], (t.payment_receipts.c.payment_id,)),
    (COLUMNS[3], (t.idempotency_keys.c.expires_ms,)),
    (COLUMNS[4], (t.signing_keys.c.kid,)),
)
_R = t.set_aside_rows.c
SAMPLE = 100  # rows at each end of each index
SEALED = re.compile(r"v1\.([0-9a-f]{12})\.[A-Za-z0-9_=-]{38,}")  # as it was written, to all appearances


def missing_keys(connection: Connection, seal: Sealing) -> list[tuple[str, str]]:
    """Tables with rows of a key that is not here, and that key's id, by a sample.

    One row alone, among others that open, may be damaged: it stops no start, and is set aside when it is met.
    """
    if not connection.dialect.has_table(connection, "set_aside_rows"):
        return []
    lost = set(connection.execute(select(_R.row_id).where(_R.kind == LOST_KEY)).scalars())
    sample = {(column.table.name, row_id): text for column, row_id, text in _sample(connection)}
    keys = {row: match[1] for row, text in sample.items() if (match := SEALED.fullmatch(text)) is not None}
    missing = {row: key_id for row, key_id in keys.items() if key_id not in lost and not seal.has_key(key_id)}
    is_damage = len(missing) == 1 and len(keys) > 1
    return [] if is_damage else sorted({(table, key_id) for (table, _), key_id in missing.items()})


def _sample(connection: Connection) -> Iterator[tuple[Column, str, str]]:
    for column, orders in _SAMPLED:
        keys = [column.table.c[name] for name in column.keys]
        for order in (way for at in orders for way in (at.asc(), at.desc())):
            wanted = select(*keys, column.table.c[column.name]).where(order.element.is_not(None))
            for *key, sealed in connection.execute(wanted.order_by(order).limit(SAMPLE)):
                yield column, "/".join(map(as_text, key)), _text(sealed)


def _text(sealed: object) -> str:
    return sealed.decode("latin-1") if isinstance(sealed, bytes) else str(sealed)


def batches(seal: Sealing, report: ReportRow = unreported) -> Iterator[Callable[[Connection], int]]:
    """Work for one transaction after the other; each returns how many it sealed. What does not open is reported."""
    for column in COLUMNS:
        place = _Place(column)
        while not place.ended:
            yield partial(_batch, seal, place, report)


def _batch(seal: Sealing, place: _Place, report: ReportRow, connection: Connection) -> int:
    column = place.column
    keys = [column.table.c[name] for name in column.keys]
    batch = select(*keys, column.table.c[column.name].label("sealed")).order_by(*keys).limit(BATCH)
    if place.last is not None:
        batch = batch.where(tuple_(*keys) > tuple_(*place.last))
    rows = connection.execute(batch).all()
    place.ended = len(rows) < BATCH
    if rows:
        place.last = tuple(rows[-1][: len(keys)])
    sealed = 0
    for row in rows:
        try:
            sealed += _seal_again(connection, seal, column, row)
        except (SealError, ValueError, AttributeError) as error:  # another's key, or damaged: it stays as it is
            report(f"{column.table.name}.{column.name}", "/".join(map(as_text, row[: len(column.keys)])), error)
    return sealed


def _seal_again(connection: Connection, seal: Sealing, column: Column, row: Any) -> int:
    raw = isinstance(row.sealed, bytes)
    sealed = row.sealed.decode() if raw else row.sealed
    if seal.is_current(sealed) or not sealed.startswith("v1."):
        return 0
    name = (column.table.name, column.name, "/".join(map(str, row[: len(column.keys)])))
    again = seal.seal(seal.open(sealed, *name), *name)
    key = [column.table.c[part] == value for part, value in zip(column.keys, row, strict=False)]
    stored = column.table.c[column.name] == row.sealed  # changed meanwhile: the present key wrote it
    change = update(column.table).where(*key, stored).values({column.name: again.encode() if raw else again})
    return int(connection.execute(change).rowcount)
