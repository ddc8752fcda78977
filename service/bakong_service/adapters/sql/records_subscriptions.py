"""Subscriptions and their history, in their tables."""

from typing import Any

from sqlalchemy import Row, func, select, update

from bakong_contracts.money import exponent
from bakong_contracts.service_api import Plan, SubscriptionStatus
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.subscriptions import Subscription

_SUBSCRIPTIONS, _S = t.subscriptions, t.subscriptions.c
_FIELDS = tuple(Subscription.__dataclass_fields__)

_by_id = prepared(lambda subscription_id: select(_SUBSCRIPTIONS).where(_S.id == subscription_id))
_status = prepared(lambda subscription_id: select(_S.status).where(_S.id == subscription_id))
_change = prepared(lambda subscription_id, row: update(_SUBSCRIPTIONS).where(_S.id == subscription_id).values(row))
_next = prepared(lambda: select(func.min(_S.due_ms)))


@prepared
def _running(user_id: Value) -> Statement:
    return select(_SUBSCRIPTIONS).where(_S.user_id == user_id, t.RUNNING).with_for_update()


@prepared
def _latest(user_id: Value) -> Statement:
    theirs = select(_SUBSCRIPTIONS).where(_S.user_id == user_id)
    return theirs.order_by(_S.created_ms.desc(), _S.id.desc()).limit(1)


@prepared
def _due(now_ms: Value, limit: Value) -> Statement:
    due = select(_SUBSCRIPTIONS).where(_S.due_ms <= now_ms).order_by(_S.due_ms).limit(limit)
    return due.with_for_update(skip_locked=True)


class SubscriptionRows(Rows):
    """See bakong_service.ports.SubscriptionRecords."""

    def active_subscription(self, user_id: str) -> Subscription | None:
        """The one that runs: ACTIVE or PAST_DUE; held until the transaction ends, where the database can."""
        return self._first("subscription", _running(user_id), subscription_of)

    def latest_subscription(self, user_id: str) -> Subscription | None:
        return self._first("subscription", _latest(user_id), subscription_of)

    def subscription_by_id(self, subscription_id: str) -> Subscription | None:
        """Raises UnreadableRowError."""
        return self._first("subscription", _by_id(subscription_id), subscription_of)

    def save_subscription(self, subscription: Subscription, why: str, due_ms: int | None) -> None:
        """Store it, new or changed, with its history row and the time when it falls due."""
        row = _row(subscription) | {"due_ms": due_ms}
        old = self._run(_status(subscription.id)).scalar()
        if old is None:
            self._insert(t.subscriptions, row)
        else:
            self._run(_change(subscription.id, row))
        self._insert(
            t.subscription_status_history,
            {
                "subscription_id": subscription.id,
                "from_status": old,
                "to_status": subscription.status.value,
                "plan": subscription.plan.value,
                "why": why[:200],
                "at_ms": subscription.updated_ms,
            },
        )

    def due_subscriptions(self, now_ms: int, limit: int) -> list[Subscription]:
        """Those that time has changed; another worker's transaction does not see them meanwhile."""
        return self._readable("subscription", self._rows(_due(now_ms, limit)), subscription_of)

    def postpone_subscription(self, subscription_id: str, due_ms: int) -> None:
        """Look at it again then, and change nothing else."""
        self._run(_change(subscription_id, {"due_ms": due_ms}))

    def next_subscription_ms(self) -> int | None:
        return instant(self._run(_next()).scalar())


def _row(subscription: Subscription) -> dict[str, Any]:
    return {name: getattr(subscription, name) for name in _FIELDS}


def subscription_of(row: Row[Any]) -> Subscription:
    """The subscription of a whole row. Raises whatever is wrong with the row."""
    exponent(checked(row, t.subscriptions).currency)
    values = {name: getattr(row, name) for name in _FIELDS}
    values["plan"], values["status"] = Plan(row.plan), SubscriptionStatus(row.status)
    values["pending_plan"] = None if row.pending_plan is None else Plan(row.pending_plan)
    return Subscription(**values)
