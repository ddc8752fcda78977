"""Changes of a subscription that a user asks for: up, down, end, renew. Must not depend on HTTP or SQL."""

from dataclasses import dataclass

from bakong_contracts.service_api import PaymentStatus, Plan, SubscriptionStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.callbacks import check_callback
from bakong_service.domain.errors import ConflictError, UnavailableError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Payment, Purpose
from bakong_service.domain.proration import ProratedPrice
from bakong_service.domain.subscriptions import (
    Subscription,
    cancel_scheduled,
    downgrade_scheduled,
    upgrade_price,
    upgraded,
)
from bakong_service.usecases.core import Core
from bakong_service.usecases.create_payment import TRIES, Order, add, stored
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.refresh import check_open
from bakong_service.usecases.settle import bring_up_to_date, extend, flag, give_way, move
from bakong_service.usecases.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade came to: applied at once, or a payment that applies it."""

    subscription: Subscription
    price: Money
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a renewal came to: a payment to make, or the subscription that a waiting payment has renewed."""

    subscription: Subscription
    payment: Payment
    renewed: bool


async def upgrade(core: Core, commit: Commit, user_id: str, callback: str | None) -> Upgrade:
    """The family plan for the rest of the paid period. Raises ConflictError, OutsidePeriodError.

    While a quote of this user is open, it is the answer; its price stands for the 15 minutes of its code.
    """
    if callback is not None:
        check_callback(callback, private_allowed=core.private_callbacks)
    await check_open(core, user_id, Purpose.UPGRADE)
    for _ in range(TRIES):
        subscription = await _current(core, user_id)
        price = upgrade_price(subscription, core.prices, core.timers.now_ms())
        try:
            if not price.requires_payment:
                return await commit(lambda unit: _upgrade_at_once(unit, user_id))
            return await add(core, commit, _quote(subscription, price, callback), _open_quote)
        except _StaleError:
            continue
    raise UnavailableError("the subscription changes too fast to be priced: ask again")


async def _current(core: Core, user_id: str) -> Subscription:
    """The subscription as it stands; what it allows is judged in the transaction again."""
    subscription = await core.store.read(lambda records: records.latest_subscription(user_id))
    if subscription is None or not subscription.is_running:
        raise _inactive(user_id)
    return subscription


def _quote(subscription: Subscription, price: ProratedPrice, callback: str | None) -> Order:
    return Order(
        user_id=subscription.user_id,
        plan=Plan.FAMILY_PREMIUM,
        price=Money(price.amount_minor, subscription.currency),
        callback=callback,
        purpose=Purpose.UPGRADE,
        bill_ms=subscription.next_billing_ms,
    )


class _StaleError(Exception):
    """The subscription is not the one that was priced."""


def _open_quote(unit: UnitOfWork, payment: Payment) -> Upgrade | None:
    """The quote whose code is offered already, or this one, priced again at its own instant."""
    subscription = _running(unit, payment.user_id)
    opened = unit.records.open_payment(payment.user_id, Purpose.UPGRADE)
    if opened and not give_way(unit, opened):
        return Upgrade(subscription, opened.money, opened)
    price = upgrade_price(subscription, unit.core.prices, payment.created_ms)
    if price.amount_minor != payment.money.minor or subscription.next_billing_ms != payment.bill_ms:
        raise _StaleError
    if stored(unit, payment):
        return Upgrade(subscription, payment.money, payment)
    opened = unit.records.open_payment(payment.user_id, Purpose.UPGRADE)
    return None if opened is None else Upgrade(subscription, opened.money, opened)


def _upgrade_at_once(unit: UnitOfWork, user_id: str) -> Upgrade:
    subscription = _running(unit, user_id)
    price = upgrade_price(subscription, unit.core.prices, unit.at_ms)
    if price.requires_payment:
        raise _StaleError
    kept = subscription.plan is Plan.FAMILY_PREMIUM
    better = upgraded(subscription, 0, subscription.next_billing_ms, unit.at_ms)
    why = "the pending downgrade was cancelled" if kept else "upgraded: nothing is left to pay for"
    unit.save(subscription, better, why, event=None if kept else EventType.SUBSCRIPTION_UPGRADED)
    return Upgrade(better, Money(0, better.currency), None)


async def downgrade(commit: Commit, user_id: str) -> Subscription:
    """The lower plan from the next billing date on. Raises ConflictError."""

    def work(unit: UnitOfWork) -> Subscription:
        subscription = _active(unit, user_id)
        later = downgrade_scheduled(subscription, unit.at_ms)
        return subscription if later is subscription else unit.save(subscription, later, "downgrade asked for")

    return await commit(work)


async def cancel(commit: Commit, user_id: str, reason: str | None) -> Subscription:
    """The end with the paid period. Raises ConflictError."""

    def work(unit: UnitOfWork) -> Subscription:
        subscription = _running(unit, user_id)
        ended = cancel_scheduled(subscription, unit.at_ms)
        if ended is subscription:
            return subscription
        event = EventType.SUBSCRIPTION_CANCELLED if ended.status is SubscriptionStatus.CANCELLED else None
        return unit.save(subscription, ended, f"cancel asked for: {reason or 'no reason given'}", event=event)

    return await commit(work)


async def renew(core: Core, commit: Commit, user_id: str) -> Renewal:
    """The payment of the next bill; or the renewal itself, where a paid payment waits for it. Raises ConflictError."""
    await check_open(core, user_id, Purpose.RENEWAL)
    if done := await commit(lambda unit: _renew_at_once(unit, user_id)):
        return done
    subscription = await _current(core, user_id)
    order = Order(
        user_id=user_id,
        plan=subscription.next_plan,
        price=core.prices.of(subscription.next_plan, subscription.currency),
        purpose=Purpose.RENEWAL,
        bill_ms=subscription.next_billing_ms,
    )
    return await add(core, commit, order, _bill)


def _renew_at_once(unit: UnitOfWork, user_id: str) -> Renewal | None:
    subscription = _running(unit, user_id)
    if opened := _open_bill(unit, subscription):
        return Renewal(subscription, opened, renewed=False)
    waiting = unit.records.waiting_payment(user_id)
    if waiting is None or waiting.money != unit.core.prices.of(subscription.next_plan, subscription.currency):
        return None
    flag(unit, waiting, None, "used for the next renewal")
    return Renewal(extend(unit, subscription, waiting), waiting, renewed=True)


def _bill(unit: UnitOfWork, payment: Payment) -> Renewal | None:
    """The bill that is open already, or this one."""
    subscription = _running(unit, payment.user_id)
    if opened := _open_bill(unit, subscription):
        return Renewal(subscription, opened, renewed=False)
    if (subscription.next_plan, subscription.next_billing_ms) != (payment.plan, payment.bill_ms):
        raise ConflictError("the subscription changed meanwhile: ask again")
    if stored(unit, payment):
        return Renewal(subscription, payment, renewed=False)
    opened = unit.records.open_payment(payment.user_id, Purpose.RENEWAL)
    return None if opened is None else Renewal(subscription, opened, renewed=False)


def _open_bill(unit: UnitOfWork, subscription: Subscription) -> Payment | None:
    """The bill whose code is offered, where it is over what is due now; one from before a change of plan is ended."""
    opened = unit.records.open_payment(subscription.user_id, Purpose.RENEWAL)
    if opened and give_way(unit, opened):
        return None
    if opened is None or opened.plan is subscription.next_plan:
        return opened
    move(unit, opened, PaymentStatus.EXPIRED, "the plan has changed since: a bill over its price takes its place")
    return None


def _running(unit: UnitOfWork, user_id: str) -> Subscription:
    subscription = unit.records.active_subscription(user_id)
    running = None if subscription is None else bring_up_to_date(unit, subscription)
    if running is None:
        raise _inactive(user_id)
    return running


def _active(unit: UnitOfWork, user_id: str) -> Subscription:
    running = _running(unit, user_id)
    if running.status is not SubscriptionStatus.ACTIVE:
        raise ConflictError(f"the subscription of user {user_id!r} is {running.status.value}: renew it first")
    return running


def _inactive(user_id: str) -> ConflictError:
    return ConflictError(f"user {user_id!r} has no active subscription")
