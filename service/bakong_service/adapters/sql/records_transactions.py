"""Payments, refunds and disputes of orders as one list, newest first. Whatever is asked for, a page costs the same."""

from typing import Any

from sqlalchemy import Row, select, tuple_, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.money import Money
from bakong_service.domain.transactions import Transaction, TransactionFilter, TransactionPage, TransactionType

LOOKED_THROUGH = 2_000  # rows a page
_X = t.order_transactions.c

_change = prepared(lambda row_id, values: update(t.order_transactions).where(_X.id == row_id).values(values))


class TransactionRows(Rows):
    """See bakong_service.ports.TransactionRecords."""

    def add_transaction(self, made: Transaction) -> bool:
        """False where it is there already."""
        return self._insert_once(
            t.order_transactions,
            {
                "id": made.id,
                "type": made.type.value,
                "payment_id": made.payment_id,
                "order_id": made.order_id,
                "merchant_id": made.merchant_id,
                "amount_minor": made.money.minor,
                "currency": made.money.currency,
                "status": made.status,
                "provider": made.provider,
                "provider_id": made.provider_id,
                "fee_minor": made.fee_minor,
                "actor": made.actor,
                "request_id": made.request_id,
                "created_ms": made.created_ms,
            },
        )

    def change_transaction(
        self, transaction_id: str, *, status: str, provider_id: str | None = None, fee_minor: int | None = None
    ) -> None:
        """Another status; and the provider's id and the fee, where they are given."""
        values: dict[str, Any] = {"status": status}
        values |= {} if provider_id is None else {"provider_id": provider_id}
        values |= {} if fee_minor is None else {"fee_minor": fee_minor}
        self._run(_change(transaction_id, values))

    def transactions(self, wanted: TransactionFilter, before: tuple[int, str] | None, limit: int) -> TransactionPage:
        """Rows that are wanted, before a place in the list; an order's or a payment's have an index."""
        newest = select(t.order_transactions).order_by(_X.created_ms.desc(), _X.id.desc())
        newest = newest if before is None else newest.where(tuple_(_X.created_ms, _X.id) < tuple_(*before))
        for column, value in _indexed(wanted):
            if value is not None:
                newest = newest.where(column == value)
        looked = newest.limit(LOOKED_THROUGH).subquery()
        kept = select(looked).order_by(looked.c.created_ms.desc(), looked.c.id.desc()).limit(limit + 1)
        for condition in _conditions(looked.c, wanted):
            kept = kept.where(condition)
        rows = self._rows(kept)
        if len(rows) > limit:
            last = rows[limit - 1]
            return TransactionPage(self._transactions(rows[:limit]), (last.created_ms, last.id))
        place = select(looked.c.created_ms, looked.c.id).order_by(looked.c.created_ms.desc(), looked.c.id.desc())
        end = self._run(place.offset(LOOKED_THROUGH - 1)).first()
        return TransactionPage(self._transactions(rows), None if end is None else (end.created_ms, end.id))

    def _transactions(self, rows: Any) -> list[Transaction]:
        return self._readable("transaction", rows, _transaction)


def _indexed(wanted: TransactionFilter) -> tuple[tuple[Any, str | None], ...]:
    return (
        (_X.merchant_id, wanted.merchant_id),
        (_X.order_id, wanted.order_id),
        (_X.payment_id, wanted.payment_id),
    )


def _conditions(columns: Any, wanted: TransactionFilter) -> list[Any]:
    kind = None if wanted.type is None else wanted.type.value
    pairs = ((columns.status, wanted.status), (columns.type, kind), (columns.provider, wanted.provider))
    conditions = [column == value for column, value in pairs if value is not None]
    if wanted.from_ms is not None:
        conditions.append(columns.created_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        conditions.append(columns.created_ms < wanted.to_ms)
    return conditions


def _transaction(row: Row[Any]) -> Transaction:
    checked(row, t.order_transactions)
    return Transaction(
        id=row.id,
        type=TransactionType(row.type),
        payment_id=row.payment_id,
        order_id=row.order_id,
        merchant_id=row.merchant_id,
        money=Money(row.amount_minor, row.currency),
        status=row.status,
        provider=row.provider,
        provider_id=row.provider_id,
        fee_minor=row.fee_minor,
        actor=row.actor,
        request_id=row.request_id,
        created_ms=row.created_ms,
    )
