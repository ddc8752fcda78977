"""What has happened to an order and its payments, as events in an order without gaps. Stored with each change."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class OrderEventType(StrEnum):
    """Every domain event of an order."""

    ORDER_CREATED = "order.created"
    ORDER_CANCELLED = "order.cancelled"
    PAYMENT_INITIATED = "payment.initiated"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_COMPLETED = "payment.completed"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_ATTEMPT_FAILED = "payment.attempt_failed"
    PAYMENT_EXPIRED = "payment.expired"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_LATE = "payment.late"
    PAYMENT_AMOUNT_MISMATCH = "payment.amount_mismatch"
    PAYMENT_DUPLICATE = "payment.duplicate"
    PAYMENT_DISPUTED = "payment.disputed"
    REFUND_REQUESTED = "refund.requested"
    REFUND_COMPLETED = "refund.completed"
    REFUND_FAILED = "refund.failed"
    WEBHOOK_RECEIVED = "webhook.received"
    WEBHOOK_IGNORED = "webhook.ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """One event. number: its place among the order's, from 1 without a gap; sequence: among its payment's.

    Both are given by the store. causation: the request or the webhook that brought it about; "" for time and polls.
    """

    id: str
    order_id: str
    payment_id: str | None
    type: OrderEventType
    at_ms: int
    data: dict[str, Any] = field(default_factory=dict)
    causation: str = ""
    number: int = 0
    sequence: int | None = None
