"""Rows that could not be read: out of the worker's way, listed, and back as soon as they can be read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, delete, func, select, tuple_, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.records_ledger import LedgerRows
from bakong_service.adapters.sql.records_polls import PollRows
from bakong_service.adapters.sql.records_subscriptions import SubscriptionRows
from bakong_service.adapters.sql.records_webhooks import WebhookRows
from bakong_service.adapters.sql.rows import as_text
from bakong_service.adapters.sql.stored import LAST_MS
from bakong_service.domain.review import Reread, SetAside

_P, _W, _S, _R = t.payment_transactions.c, t.webhook_notifications.c, t.subscriptions.c, t.set_aside_rows.c
LOST_KEY = "lost key"  # no row: an encryption key that an operator has given up, by its id
COUNTED = 1_000  # more are not counted, so that health costs the same
# What takes a row of each kind out of the worker's way, and where its turn stands.
_WAITING: dict[str, tuple[Table, Any]] = {
    "payment": (t.payment_transactions, _P.next_poll_ms),
    "webhook": (t.webhook_notifications, _W.next_try_ms),
    "subscription": (t.subscriptions, _S.due_ms),
}


_NOT_NULL: dict[str, Any] = {"payment": t.POLLED, "webhook": t.UNDELIVERED, "subscription": _S.due_ms.is_not(None)}

_drop = prepared(lambda kind, row_id: delete(t.set_aside_rows).where(_R.kind == kind, _R.row_id == row_id))


@prepared
def _turn(row_id: Value, values: Value, *, kind: str) -> Statement:
    table = _WAITING[kind][0]
    return update(table).where(table.c.id == row_id).values(values)


@prepared
def _turnless(limit: Value, *, kind: str) -> Statement:
    table, due = _WAITING[kind]
    return select(table.c.id).where(_NOT_NULL[kind], due > LAST_MS).limit(limit)


@prepared
def _listed(after: Value, limit: Value) -> Statement:
    rows = select(t.set_aside_rows).where(_R.kind != LOST_KEY).order_by(_R.kind, _R.row_id).limit(limit)
    return rows.where(tuple_(_R.kind, _R.row_id) > tuple_(*after)) if after else rows


@prepared
def _counted() -> Statement:
    some = select(_R.kind).where(_R.kind != LOST_KEY).limit(COUNTED).subquery()
    return select(some.c.kind, func.count().label("rows")).group_by(some.c.kind)


class ReviewRows(PollRows, SubscriptionRows, WebhookRows, LedgerRows):
    """See bakong_service.ports.ReviewRecords."""

    def set_aside(self, kind: str, row_id: str, why: str, at_ms: int) -> bool:
        """Let no worker meet the row again, and list it; False where it is listed already."""
        if kind in _WAITING:
            values: dict[str, int | None] = {_WAITING[kind][1].name: None}
            if kind == "payment":
                values |= {"leased_until_ms": None, "event_ms": None, "set_aside_ms": at_ms}
            self._run(_turn(row_id, values, kind=kind))
        row = {"kind": kind, "row_id": row_id[:160], "why": why[:200], "at_ms": at_ms}
        return self._insert_once(t.set_aside_rows, row)

    def listed(self, after: SetAside | None, limit: int) -> list[SetAside]:
        """What is set aside, by kind and id, after a row of the list."""
        place = () if after is None else (after.kind, after.row_id)
        return [SetAside(row.kind, row.row_id, row.why, row.at_ms) for row in self._rows(_listed(place, limit))]

    def count_set_aside(self) -> dict[str, int]:
        """How many rows of each kind; of more than COUNTED in all, no more."""
        return {row.kind: row.rows for row in self._rows(_counted())}

    def reread(self, kind: str, row_id: str) -> Reread:
        """What the row holds now; None where it is there no more. Raises UnreadableRowError."""
        if kind == "payment":
            payment = self.payment_by_id(row_id)
            if payment is not None:
                self.active_subscription(payment.user_id)  # which it is to buy for
            return payment
        if kind == "webhook":
            return self.notification(row_id)
        if kind == "subscription":
            return self.subscription_by_id(row_id)
        if kind == "answer":
            return self.answer_to(row_id, 0)
        return None

    def take_back(self, kind: str, row_id: str, due_ms: int | None) -> None:
        """The row is as every other again, and has its next turn at due_ms."""
        if kind in _WAITING:
            values: dict[str, int | None] = {_WAITING[kind][1].name: due_ms}
            if kind == "payment":
                values["set_aside_ms"] = None
            self._run(_turn(row_id, values, kind=kind))
        self._run(_drop(kind, row_id))

    def without_turn(self, limit: int) -> Sequence[tuple[str, str]]:
        """Kind and id of rows whose turn never comes, for no time stands there."""
        return [(kind, as_text(row.id)) for kind in _WAITING for row in self._rows(_turnless(limit, kind=kind))]
