"""One transaction of the core: its tables, its time, who asked for it; and what every change in it must write."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bakong_contracts.webhooks import EventType, ProbeType
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.callbacks import receiving_host
from bakong_service.domain.caller import Caller, caller
from bakong_service.domain.events import Notification, iso, subscription_facts
from bakong_service.domain.order_events import OrderEvent, OrderEventType
from bakong_service.domain.subscriptions import Subscription
from bakong_service.ports import Records
from bakong_service.usecases.core import Core

T = TypeVar("T")
Count = tuple[str, tuple[str, ...], int]


@dataclass(slots=True)
class UnitOfWork:
    """A transaction that is open. notified: it has put an event into the outbox. counted: for metrics, once stored.

    touched: the orders to which something has happened. trace: the span that the change belongs to; None: no trace.
    """

    core: Core
    records: Records
    at_ms: int
    by: Caller
    notified: bool = False
    counted: list[Count] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    trace: str | None = None

    def notify(self, event: EventType | ProbeType, facts: dict[str, Any], callback: str | None) -> Notification:
        """Put an event into the outbox: to the payment's callback, else to the configured URL."""
        self.notified = True
        url = callback or self.core.webhook_url
        body = {"type": event.value, "timestamp": iso(self.at_ms), "data": facts}
        made = Notification(
            id="msg_" + self.core.ids.new_id(),
            event=event,
            url=url,
            host=receiving_host(url),
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            created_ms=self.at_ms,
            next_try_ms=self.at_ms if url else None,
        )
        self.records.add_notification(made)
        self.traced(made.id)
        return made

    def happened(
        self, kind: OrderEventType, order_id: str, payment_id: str | None, data: dict[str, Any], cause: str = ""
    ) -> None:
        """Append a domain event to an order, and to its payment. cause: of a webhook; else the request is it."""
        self.touched.add(order_id)
        self.records.add_order_event(
            OrderEvent(
                id="evt_" + self.core.ids.new_id().replace("-", ""),
                order_id=order_id,
                payment_id=payment_id,
                type=kind,
                at_ms=self.at_ms,
                data=data,
                causation=cause or self.by.request_id or "",
            )
        )

    def traced(self, subject: str) -> None:
        """Let what comes later of this payment, or this webhook, belong to the trace of now."""
        if self.trace is not None:
            self.records.add_trace(subject, self.trace, self.at_ms)

    def follow(self, payment_id: str) -> None:
        """Where no trace is open, go on with the one in which the payment was made."""
        if self.trace is None and self.core.tracing.is_on:
            self.trace = self.records.traces_of([payment_id]).get(payment_id)

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Add to a metric, once the transaction is stored."""
        self.counted.append((name, labels, by))

    def audit(self, action: str, resource: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        self.records.add_audit(
            AuditRow(action=action, resource=resource, before=before, after=after, by=self.by, at_ms=self.at_ms)
        )

    def save(
        self,
        before: Subscription | None,
        after: Subscription,
        why: str,
        *,
        event: EventType | None = None,
        callback: str | None = None,
    ) -> Subscription:
        """Store a subscription that has changed, with its history, its audit row and its event."""
        self.records.save_subscription(after, why, after.due_ms(self.core.grace_ms))
        action = "subscription." + ("start" if before is None else "change")
        shown = None if before is None else _audited(before)
        self.audit(action, f"subscription/{after.id}", shown, _audited(after) | {"why": why})
        if event is not None:
            self.notify(event, subscription_facts(after), callback)
        return after


async def transact(core: Core, work: Callable[[UnitOfWork], T]) -> T:
    """Do the work in one transaction, now, in the name of whoever asks; an event that it leaves wakes the worker."""
    by, at_ms = caller(), core.timers.now_ms()
    unit: UnitOfWork

    def run(records: Records) -> T:
        nonlocal unit
        unit = UnitOfWork(core, records, at_ms, by, trace=trace)
        return work(unit)

    trace = core.tracing.here()
    with core.tracing.span("store.write"):
        result = await core.store.write(run)
    for name, labels, by_how_much in unit.counted:
        core.count(name, labels, by_how_much)
    if unit.notified:
        core.wake()
    for order_id in unit.touched:
        core.order_changed(order_id)
    return result


def _audited(subscription: Subscription) -> dict[str, Any]:
    return {
        "status": subscription.status.value,
        "plan": subscription.plan.value,
        "nextBillingDate": iso(subscription.next_billing_ms),
        "pendingPlan": None if subscription.pending_plan is None else subscription.pending_plan.value,
        "cancelAt": None if subscription.cancel_at_ms is None else iso(subscription.cancel_at_ms),
    }
