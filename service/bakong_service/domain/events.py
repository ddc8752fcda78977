"""What the main backend is told: an event's type, its facts, and the outbox row that carries it. Knows no network."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bakong_contracts.webhooks import EventType, ProbeType
from bakong_service.domain.payments import Payment
from bakong_service.domain.subscriptions import Subscription

# Seconds from the first try to each next one: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
RETRY_AFTER_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_RETRY_AFTER_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One webhook in the outbox. host: who receives it. next_try_ms: when, and None for no more tries.

    While a worker has it, next_try_ms is the end of that worker's lease.
    """

    id: str
    event: EventType | ProbeType
    url: str | None
    body: bytes
    created_ms: int
    attempts: int = 0
    next_try_ms: int | None = None
    delivered_ms: int | None = None
    last_status: int | None = None
    last_error: str | None = None
    host: str = ""

    @property
    def state(self) -> Literal["pending", "delivered", "given_up", "no_receiver"]:
        """What became of it."""
        if self.delivered_ms is not None:
            return "delivered"
        if self.next_try_ms is not None:
            return "pending"
        return "no_receiver" if self.url is None else "given_up"

    @property
    def user_id(self) -> str:
        """Whose event it is; a user's events are told in order."""
        return str(json.loads(self.body).get("data", {}).get("userId", self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a webhook: when, and what came of it. answer: how the receiver's words begin."""

    notification_id: str
    number: int
    at_ms: int
    status: int | None = None
    error: str | None = None
    answer: str = ""


def event_type(text: str) -> EventType | ProbeType:
    """The type of an event by its word. Raises ValueError."""
    return ProbeType(text) if text == ProbeType.WEBHOOK_TEST else EventType(text)


def iso(at_ms: int) -> str:
    """UTC, ISO 8601, milliseconds, Z.

    >>> iso(1767225600000)
    '2026-01-01T00:00:00.000Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payment_facts(payment: Payment) -> dict[str, Any]:
    return {
        "transactionId": payment.id,
        "billNumber": payment.bill_number,
        "md5Hash": payment.md5,
        "userId": payment.user_id,
        "planType": payment.sold.value,
        "amount": payment.money.number,
        "currency": payment.money.currency,
        "status": payment.status.value,
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
        "late": payment.late,
        "flag": payment.flag,
    }


def subscription_facts(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.id,
        "userId": subscription.user_id,
        "planType": subscription.plan.value,
        "status": subscription.status.value,
        "startDate": iso(subscription.start_ms),
        "nextBillingDate": iso(subscription.next_billing_ms),
    }
