"""What an operator reads: payments, subscriptions and webhooks with their history. Must not depend on HTTP or SQL."""

from typing import NamedTuple

from bakong_contracts.webhooks import sign
from bakong_service.domain.errors import NotFoundError
from bakong_service.domain.events import Attempt, Notification
from bakong_service.domain.overview import Change, PaymentLine, ReceiptLine
from bakong_service.domain.subscriptions import Subscription
from bakong_service.ports import Records, Store
from bakong_service.usecases.core import Core
from bakong_service.usecases.webhooks import show


class PaymentStory(NamedTuple):
    """A payment with its history, and what its provider showed for it."""

    payment: PaymentLine
    changes: list[Change]
    receipts: list[ReceiptLine]


class SubscriptionStory(NamedTuple):
    """A subscription with its history."""

    subscription: Subscription
    changes: list[Change]


class WebhookStory(NamedTuple):
    """A webhook with its tries, each with the headers that sign it."""

    notification: Notification
    attempts: list[tuple[Attempt, dict[str, str]]]


async def payment_story(store: Store, payment_id: str) -> PaymentStory:
    """Raises NotFoundError."""

    def read(records: Records) -> PaymentStory:
        payment = records.payment_line(payment_id)
        if payment is None:
            raise NotFoundError(f"no payment has the id {payment_id!r}")
        return PaymentStory(payment, records.payment_changes(payment_id), records.receipt_lines(payment_id))

    return await store.read(read)


async def subscription_story(store: Store, subscription_id: str) -> SubscriptionStory:
    """Raises NotFoundError."""

    def read(records: Records) -> SubscriptionStory:
        subscription = records.subscription_by_id(subscription_id)
        if subscription is None:
            raise NotFoundError(f"no subscription has the id {subscription_id!r}")
        return SubscriptionStory(subscription, records.subscription_changes(subscription_id))

    return await store.read(read)


async def webhook_story(core: Core, webhook_id: str) -> WebhookStory:
    """Signatures are not stored: they are made again, by the secrets of now. Raises NotFoundError."""
    notification, attempts = await show(core, webhook_id)
    body, name = notification.body, notification.id
    signed = [(tried, sign(core.webhook_secrets, name, tried.at_ms // 1000, body)) for tried in attempts]
    return WebhookStory(notification, signed)
