"""What an operator sees of all that is stored, the newest first. Whatever there is, a page costs the same.

Nothing that is sealed is opened, so that a page needs no key, and shows rows whose key is lost.
"""

from typing import Any

from sqlalchemy import Row, and_, or_, select

from bakong_contracts.money import exponent
from bakong_service.adapters.sql import tables as t
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


class OverviewRows(Rows):
    """See bakong_service.ports.OverviewRecords."""

    def payment_lines(self, before: tuple[int, str], limit: int, user_id: str | None = None) -> list[PaymentLine]:
        """Payments made before a place in the list; those of a user have an index of their own."""
        at_ms, last_id = before
        older = and_(_P.created_ms <= at_ms, or_(_P.created_ms < at_ms, _P.id < last_id))
        newest = select(t.payment_transactions).where(older).order_by(_P.created_ms.desc(), _P.id.desc()).limit(limit)
        rows = self._rows(newest if user_id is None else newest.where(_P.user_id == user_id))
        return self._readable("payment", rows, _payment_line)

    def payment_line(self, payment_id: str) -> PaymentLine | None:
        """Raises UnreadableRowError."""
        return self._first("payment", select(t.payment_transactions).where(_P.id == payment_id), _payment_line)

    def payment_changes(self, payment_id: str) -> list[Change]:
        """The history of a payment, its first lines."""
        return self._changes(t.payment_status_history, "payment_id", payment_id)

    def receipt_lines(self, payment_id: str) -> list[ReceiptLine]:
        """What providers showed for a payment, in the order of its coming."""
        shown = select(_R.hash, _R.verdict, _R.amount_minor, _R.currency, _R.at_ms, _R.payment_id)
        shown = shown.where(_R.payment_id == payment_id).order_by(_R.at_ms, _R.hash).limit(MOST_LINES)
        return self._readable("receipt", self._rows(shown), _receipt_line, "payment_id")

    def subscription_page(self, before_id: str | None, limit: int) -> list[Subscription]:
        """By id, which is drawn in the order of time."""
        rows = self._rows(_by_id(t.subscriptions, before_id, limit))
        return self._readable("subscription", rows, subscription_of)

    def subscription_by_id(self, subscription_id: str) -> Subscription | None:
        """Raises UnreadableRowError."""
        named = select(t.subscriptions).where(t.subscriptions.c.id == subscription_id)
        return self._first("subscription", named, subscription_of)

    def subscription_changes(self, subscription_id: str) -> list[Change]:
        """The history of a subscription, its first lines."""
        return self._changes(t.subscription_status_history, "subscription_id", subscription_id, has_plan=True)

    def notification_page(self, before_id: str | None, limit: int) -> list[Notification]:
        """By id, as above."""
        rows = self._rows(_by_id(t.webhook_notifications, before_id, limit))
        return self._readable("webhook", rows, notification_of)

    def order_page(self, before_id: str | None, limit: int) -> list[OrderLine]:
        """By id, as above."""
        return self._readable("order", self._rows(_by_id(t.orders, before_id, limit)), _order_line)

    def order_line(self, order_id: str) -> OrderLine | None:
        """Raises UnreadableRowError."""
        return self._first("order", select(t.orders).where(t.orders.c.id == order_id), _order_line)

    def order_steps(self, order_id: str) -> list[OrderStep]:
        """What has happened to an order, its first events."""
        steps = select(_OE.type, _OE.payment_id, _OE.at_ms).where(_OE.order_id == order_id)
        rows = self._rows(steps.order_by(_OE.number).limit(MOST_LINES))
        return [OrderStep(as_text(row.type), row.payment_id, instant(row.at_ms) or 0) for row in rows]

    def order_refunds(self, order_id: str) -> list[RefundLine]:
        """The refunds of an order, in the order of their coming."""
        return self._refunds(t.refunds, t.refunds.c.order_id == order_id)

    def escrow_page(self, before_id: str | None, limit: int) -> list[EscrowLine]:
        """By id, as above."""
        rows = self._rows(_by_id(t.escrow_payments, before_id, limit))
        return self._readable("escrow payment", rows, _escrow_line)

    def escrow_line(self, payment_id: str) -> EscrowLine | None:
        """Raises UnreadableRowError."""
        named = select(t.escrow_payments).where(t.escrow_payments.c.id == payment_id)
        return self._first("escrow payment", named, _escrow_line)

    def escrow_refund_lines(self, payment_id: str) -> list[RefundLine]:
        """The refunds of a payment that is held, in the order of their coming."""
        return self._refunds(t.escrow_refunds, t.escrow_refunds.c.payment_id == payment_id)

    def escrow_postings(self, payment_id: str) -> list[EntryLine]:
        """The double entry of a payment that is held: each fact, and the lines that sum to zero."""
        both = (_EL.payment_id == _EE.payment_id) & (_EL.number == _EE.number)
        lines = select(_EE.number, _EE.fact, _EL.account, _EL.amount, _EE.at_ms)
        lines = lines.select_from(t.escrow_entries.join(t.escrow_lines, both)).where(_EE.payment_id == payment_id)
        rows = self._rows(lines.order_by(_EE.number, _EL.line).limit(MOST_LINES))
        return [EntryLine(row.number, as_text(row.fact), as_text(row.account), row.amount, row.at_ms) for row in rows]

    def _refunds(self, table: Any, belongs: Any) -> list[RefundLine]:
        columns = [table.c[name] for name in RefundLine._fields]
        lines = select(*columns).where(belongs).order_by(table.c.created_ms, table.c.id).limit(MOST_LINES)
        return [RefundLine(*(getattr(row, name) for name in RefundLine._fields)) for row in self._rows(lines)]

    def _changes(self, table: Any, column: str, value: str, *, has_plan: bool = False) -> list[Change]:
        lines = self._rows(select(table).where(table.c[column] == value).order_by(table.c.id).limit(MOST_LINES))
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


def _by_id(table: Any, before_id: str | None, limit: int) -> Any:
    newest = select(table).order_by(table.c.id.desc()).limit(limit)
    return newest if before_id is None else newest.where(table.c.id < before_id)
