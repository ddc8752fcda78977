"""What an operator sees of all that is stored, the newest first. Whatever there is, a page costs the same.

Nothing that is sealed is opened, so that a page needs no key, and shows rows whose key is lost.
"""

from typing import Any

from sqlalchemy import Row, and_, or_, select

from bakong_contracts.money import exponent
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Bound, Statement, Value, prepared
from bakong_service.adapters.sql.records_subscriptions import subscription_of
from bakong_service.adapters.sql.records_webhooks import notification_of
from bakong_service.adapters.sql.rows import Rows, as_text
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.events import Notification
from bakong_service.domain.overview import (
    Change,
    EntryLine,
    EscrowLine,
    OrderLine,
    OrderStep,
    PaymentLine,
    ReceiptLine,
    RefundLine,
)
from bakong_service.domain.subscriptions import Subscription

MOST_LINES = 500  # of the history of one payment or subscription
_P = t.payment_transactions.c
_R = t.payment_receipts.c
_OE, _EE, _EL = t.order_events.c, t.escrow_entries.c, t.escrow_lines.c


@prepared
def _newest(before: Value, limit: Value, user: Value) -> Statement:
    """user: the one id, or none."""
    at_ms, last_id = before
    older = and_(_P.created_ms <= at_ms, or_(_P.created_ms < at_ms, _P.id < last_id))
    newest = select(t.payment_transactions).where(older, *(_P.user_id == one for one in user))
    return newest.order_by(_P.created_ms.desc(), _P.id.desc()).limit(limit)


@prepared
def _receipts(payment_id: Value) -> Statement:
    shown = select(_R.hash, _R.verdict, _R.amount_minor, _R.currency, _R.at_ms, _R.payment_id)
    return shown.where(_R.payment_id == payment_id).order_by(_R.at_ms, _R.hash).limit(MOST_LINES)


@prepared
def _page(before: Value, limit: Value, *, table: Any) -> Statement:
    """before: the one id, or none. Ids are drawn in the order of time."""
    return select(table).where(*(table.c.id < one for one in before)).order_by(table.c.id.desc()).limit(limit)


@prepared
def _lines(value: Value, *, table: Any, column: str) -> Statement:
    return select(table).where(table.c[column] == value).order_by(table.c.id).limit(MOST_LINES)


@prepared
def _named(row_id: Value, *, table: Any) -> Statement:
    return select(table).where(table.c.id == row_id)


@prepared
def _steps(order_id: Value) -> Statement:
    steps = select(_OE.type, _OE.payment_id, _OE.at_ms).where(_OE.order_id == order_id)
    return steps.order_by(_OE.number).limit(MOST_LINES)


@prepared
def _refunds(value: Value, *, table: Any, column: str) -> Statement:
    lines = select(*(table.c[name] for name in RefundLine._fields)).where(table.c[column] == value)
    return lines.order_by(table.c.created_ms, table.c.id).limit(MOST_LINES)


@prepared
def _postings(payment_id: Value) -> Statement:
    both = (_EL.payment_id == _EE.payment_id) & (_EL.number == _EE.number)
    lines = select(_EE.number, _EE.fact, _EL.account, _EL.amount, _EE.at_ms)
    lines = lines.select_from(t.escrow_entries.join(t.escrow_lines, both)).where(_EE.payment_id == payment_id)
    return lines.order_by(_EE.number, _EL.line).limit(MOST_LINES)


class OverviewRows(Rows):
    """See bakong_service.ports.OverviewRecords."""

    def payment_lines(self, before: tuple[int, str], limit: int, user_id: str | None = None) -> list[PaymentLine]:
        """Payments made before a place in the list; those of a user have an index of their own."""
        rows = self._rows(_newest(tuple(before), limit, _one(user_id)))
        return self._readable("payment", rows, _payment_line)

    def payment_line(self, payment_id: str) -> PaymentLine | None:
        """Raises UnreadableRowError."""
        return self._first("payment", _named(payment_id, table=t.payment_transactions), _payment_line)

    def payment_changes(self, payment_id: str) -> list[Change]:
        """The history of a payment, its first lines."""
        return self._changes(t.payment_status_history, "payment_id", payment_id)

    def receipt_lines(self, payment_id: str) -> list[ReceiptLine]:
        """What providers showed for a payment, in the order of its coming."""
        return self._readable("receipt", self._rows(_receipts(payment_id)), _receipt_line, "payment_id")

    def subscription_page(self, before_id: str | None, limit: int) -> list[Subscription]:
        """By id, which is drawn in the order of time."""
        rows = self._rows(_page(_one(before_id), limit, table=t.subscriptions))
        return self._readable("subscription", rows, subscription_of)

    def subscription_changes(self, subscription_id: str) -> list[Change]:
        """The history of a subscription, its first lines."""
        return self._changes(t.subscription_status_history, "subscription_id", subscription_id, has_plan=True)

    def notification_page(self, before_id: str | None, limit: int) -> list[Notification]:
        """By id, as above."""
        rows = self._rows(_page(_one(before_id), limit, table=t.webhook_notifications))
        return self._readable("webhook", rows, notification_of)

    def order_page(self, before_id: str | None, limit: int) -> list[OrderLine]:
        """By id, as above."""
        return self._readable("order", self._rows(_page(_one(before_id), limit, table=t.orders)), _order_line)

    def order_line(self, order_id: str) -> OrderLine | None:
        """Raises UnreadableRowError."""
        return self._first("order", _named(order_id, table=t.orders), _order_line)

    def order_steps(self, order_id: str) -> list[OrderStep]:
        """What has happened to an order, its first events."""
        rows = self._rows(_steps(order_id))
        return [OrderStep(as_text(row.type), row.payment_id, instant(row.at_ms) or 0) for row in rows]

    def order_refunds(self, order_id: str) -> list[RefundLine]:
        """The refunds of an order, in the order of their coming."""
        return self._refunds(_refunds(order_id, table=t.refunds, column="order_id"))

    def escrow_page(self, before_id: str | None, limit: int) -> list[EscrowLine]:
        """By id, as above."""
        rows = self._rows(_page(_one(before_id), limit, table=t.escrow_payments))
        return self._readable("escrow payment", rows, _escrow_line)

    def escrow_line(self, payment_id: str) -> EscrowLine | None:
        """Raises UnreadableRowError."""
        return self._first("escrow payment", _named(payment_id, table=t.escrow_payments), _escrow_line)

    def escrow_refund_lines(self, payment_id: str) -> list[RefundLine]:
        """The refunds of a payment that is held, in the order of their coming."""
        return self._refunds(_refunds(payment_id, table=t.escrow_refunds, column="payment_id"))

    def escrow_postings(self, payment_id: str) -> list[EntryLine]:
        """The double entry of a payment that is held: each fact, and the lines that sum to zero."""
        rows = self._rows(_postings(payment_id))
        return [EntryLine(row.number, as_text(row.fact), as_text(row.account), row.amount, row.at_ms) for row in rows]

    def _refunds(self, statement: Bound) -> list[RefundLine]:
        return [RefundLine(*(getattr(row, name) for name in RefundLine._fields)) for row in self._rows(statement)]

    def _changes(self, table: Any, column: str, value: str, *, has_plan: bool = False) -> list[Change]:
        lines = self._rows(_lines(value, table=table, column=column))
        return [_change(row, as_text(row.plan) if has_plan else None) for row in lines]


def _payment_line(row: Row[Any]) -> PaymentLine:
    checked(row, t.payment_transactions)
    exponent(row.currency)
    return PaymentLine(*(getattr(row, name) for name in PaymentLine._fields))


def _order_line(row: Row[Any]) -> OrderLine:
    checked(row, t.orders)
    exponent(row.currency)
    return OrderLine(*(getattr(row, name) for name in OrderLine._fields))


def _escrow_line(row: Row[Any]) -> EscrowLine:
    checked(row, t.escrow_payments)
    return EscrowLine(*(getattr(row, name) for name in EscrowLine._fields))


def _receipt_line(row: Row[Any]) -> ReceiptLine:
    if row.currency is not None:
        exponent(row.currency)
    amount_minor = None if row.amount_minor is None else int(row.amount_minor)
    return ReceiptLine(as_text(row.hash), as_text(row.verdict), amount_minor, row.currency, instant(row.at_ms) or 0)


def _change(row: Row[Any], plan: str | None) -> Change:
    old = None if row.from_status is None else as_text(row.from_status)
    return Change(old, as_text(row.to_status), as_text(row.why), instant(row.at_ms) or 0, plan)


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
