"""Rows that could not be read and are set aside: what is listed of them."""

from typing import NamedTuple

from bakong_service.domain.events import Notification
from bakong_service.domain.idempotency import Answer
from bakong_service.domain.payments import Payment
from bakong_service.domain.subscriptions import Subscription

Reread = Payment | Subscription | Notification | Answer | None


class SetAside(NamedTuple):
    """kind: payment, subscription, webhook, answer and so on. why: never what the row holds. at_ms: since when."""

    kind: str
    row_id: str
    why: str
    at_ms: int
