"""What an operator reads: all that is stored, a row with its history. Must not depend on HTTP or SQL."""

from typing import NamedTuple

from bakong_contracts.webhooks import sign
from bakong_service.domain.errors import NotFoundError
from bakong_service.domain.events import Attempt, Notification
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


class OrderStory(NamedTuple):
    """An order with its events and its refunds."""

    order: OrderLine
    steps: list[OrderStep]
    refunds: list[RefundLine]


class EscrowStory(NamedTuple):
    """A payment that is held, with its double entry and its refunds."""

    payment: EscrowLine
    postings: list[EntryLine]
    refunds: list[RefundLine]


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


async def order_story(store: Store, order_id: str) -> OrderStory:
    """Raises NotFoundError."""

    def read(records: Records) -> OrderStory:
        order = records.order_line(order_id)
        if order is None:
            raise NotFoundError(f"no order has the id {order_id!r}")
        return OrderStory(order, records.order_steps(order_id), records.order_refunds(order_id))

    return await store.read(read)


async def escrow_story(store: Store, payment_id: str) -> EscrowStory:
    """Raises NotFoundError."""

    def read(records: Records) -> EscrowStory:
        payment = records.escrow_line(payment_id)
        if payment is None:
            raise NotFoundError(f"no payment that is held has the id {payment_id!r}")
        return EscrowStory(payment, records.escrow_postings(payment_id), records.escrow_refund_lines(payment_id))

    return await store.read(read)


async def webhook_story(core: Core, webhook_id: str) -> WebhookStory:
    """Signatures are not stored: they are made again, by the secrets of now. Raises NotFoundError."""
    notification, attempts = await show(core, webhook_id)
    body, name = notification.body, notification.id
    signed = [(tried, sign(core.webhook_secrets, name, tried.at_ms // 1000, body)) for tried in attempts]
    return WebhookStory(notification, signed)
