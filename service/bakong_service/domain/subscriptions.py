"""A subscription: its 30-day cycle, its changes, and what falls due in it."""

from dataclasses import dataclass, replace

from bakong_contracts.service_api import Plan, SubscriptionStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.errors import ConflictError
from bakong_service.domain.money import Money
from bakong_service.domain.plans import Prices
from bakong_service.domain.proration import Period, ProratedPrice, change

CYCLE_MS = 30 * 86_400 * 1000
GRACE_MS = 3 * 86_400 * 1000

Status = SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a user has. Times in epoch ms.

    period: what is paid for, from period_start_ms to next_billing_ms, period_cycles cycles for paid_minor in all.
    pending: the plan that begins at pending_at_ms. cancel_at_ms: when it ends for good.
    """

    id: str
    user_id: str
    plan: Plan
    status: Status
    start_ms: int
    last_billing_ms: int
    next_billing_ms: int
    created_ms: int
    updated_ms: int
    currency: str
    period_start_ms: int
    period_cycles: int
    paid_minor: int
    pending_plan: Plan | None = None
    pending_at_ms: int | None = None
    cancel_at_ms: int | None = None

    @property
    def is_running(self) -> bool:
        return self.status in (Status.ACTIVE, Status.PAST_DUE)

    @property
    def next_plan(self) -> Plan:
        """The plan that the next bill is for."""
        return self.pending_plan or self.plan

    def due_ms(self, grace_ms: int) -> int | None:
        """When time alone changes it next."""
        if not self.is_running:
            return None
        end_ms = self.next_billing_ms + (grace_ms if self.status is Status.PAST_DUE else 0)
        return end_ms if self.pending_at_ms is None else min(end_ms, self.pending_at_ms)


@dataclass(frozen=True, slots=True)
class Step:
    """A change that has happened: the subscription after it, the event to tell (if any), and why."""

    subscription: Subscription
    event: EventType | None
    why: str


def start(subscription_id: str, user_id: str, plan: Plan, paid: Money, at_ms: int) -> Subscription:
    """A subscription whose first cycle begins now."""
    return Subscription(
        id=subscription_id,
        user_id=user_id,
        plan=plan,
        status=Status.ACTIVE,
        start_ms=at_ms,
        last_billing_ms=at_ms,
        next_billing_ms=at_ms + CYCLE_MS,
        created_ms=at_ms,
        updated_ms=at_ms,
        currency=paid.currency,
        period_start_ms=at_ms,
        period_cycles=1,
        paid_minor=paid.minor,
    )


def extended(subscription: Subscription, plan: Plan, paid: Money, prices: Prices, at_ms: int) -> Subscription:
    """One cycle more, from the old billing date and not from today; a wish to cancel is withdrawn by paying.

    A cycle that is paid ahead in another currency counts as its plan's price in the subscription's. One of the plan
    that runs comes before those that are paid of the other plan: nobody loses a cycle of a plan that he has paid.
    """
    old_ms = subscription.next_billing_ms
    moved = replace(
        subscription,
        status=Status.ACTIVE,
        last_billing_ms=old_ms,
        next_billing_ms=old_ms + CYCLE_MS,
        cancel_at_ms=None,
        updated_ms=at_ms,
    )
    if at_ms >= old_ms:
        return replace(
            moved, plan=plan, currency=paid.currency, period_start_ms=old_ms, period_cycles=1, paid_minor=paid.minor
        )
    own = paid if paid.currency == subscription.currency else prices.of(plan, subscription.currency)
    paid_minor = subscription.paid_minor + own.minor
    ahead = replace(moved, period_cycles=subscription.period_cycles + 1, paid_minor=paid_minor)
    if plan is subscription.next_plan:
        return ahead
    if plan is not subscription.plan:
        return replace(ahead, pending_plan=plan, pending_at_ms=old_ms)
    pending_ms = old_ms if subscription.pending_at_ms is None else subscription.pending_at_ms
    if pending_ms == old_ms:
        return replace(ahead, pending_plan=None, pending_at_ms=None)
    return replace(ahead, pending_at_ms=pending_ms + CYCLE_MS)


def upgrade_price(subscription: Subscription, prices: Prices, at_ms: int) -> ProratedPrice:
    """What the family plan costs for the rest of what is paid. Raises ConflictError, OutsidePeriodError.

    A user who has it and waits for a downgrade keeps it: free, but for cycles that are paid ahead at the lower price.
    """
    new_minor = prices.of(Plan.FAMILY_PREMIUM, subscription.currency).minor
    ahead = (
        0
        if subscription.pending_at_ms is None
        else (subscription.next_billing_ms - subscription.pending_at_ms) // CYCLE_MS
    )
    if subscription.plan is Plan.FAMILY_PREMIUM:
        if subscription.pending_plan is None:
            raise ConflictError(f"user {subscription.user_id!r} has {subscription.plan.value} already")
        old_minor = prices.of(Plan.PREMIUM, subscription.currency).minor
        return ProratedPrice(old_minor * ahead, new_minor * ahead)
    end_ms = subscription.next_billing_ms if subscription.pending_at_ms is None else subscription.pending_at_ms
    cycles = subscription.period_cycles - ahead
    paid_minor = (
        subscription.paid_minor if not ahead else prices.of(subscription.plan, subscription.currency).minor * cycles
    )
    period = Period(subscription.period_start_ms // 1000, end_ms // 1000)
    return change(paid_minor, new_minor * cycles, period, at_ms // 1000)


def upgraded(subscription: Subscription, paid_minor: int, until_ms: int, at_ms: int) -> Subscription:
    """The family plan from now on; what was paid ahead after the quote, at the lower price, stays at that plan."""
    beyond = subscription.next_billing_ms > until_ms
    return replace(
        subscription,
        plan=Plan.FAMILY_PREMIUM,
        pending_plan=Plan.PREMIUM if beyond else None,
        pending_at_ms=until_ms if beyond else None,
        paid_minor=subscription.paid_minor + paid_minor,
        updated_ms=at_ms,
    )


def downgrade_scheduled(subscription: Subscription, at_ms: int) -> Subscription:
    """The lower plan from the next billing date; asked again, nothing changes. Raises ConflictError."""
    if subscription.plan is Plan.PREMIUM:
        raise ConflictError(f"user {subscription.user_id!r} has {subscription.plan.value}: there is no lower plan")
    if subscription.pending_plan is Plan.PREMIUM:
        return subscription
    return replace(
        subscription, pending_plan=Plan.PREMIUM, pending_at_ms=subscription.next_billing_ms, updated_ms=at_ms
    )


def cancel_scheduled(subscription: Subscription, at_ms: int) -> Subscription:
    """To the end of what is paid; at once where that has passed."""
    if subscription.status is Status.PAST_DUE:
        return replace(subscription, status=Status.CANCELLED, cancel_at_ms=at_ms, updated_ms=at_ms)
    if subscription.cancel_at_ms is not None:
        return subscription
    return replace(subscription, cancel_at_ms=subscription.next_billing_ms, updated_ms=at_ms)


def tick(subscription: Subscription, at_ms: int, grace_ms: int, prices: Prices) -> Step | None:
    """The first thing that time has changed by now, or None. Called until None."""
    due_ms = subscription.due_ms(grace_ms)
    if due_ms is None or due_ms > at_ms:
        return None
    if (
        subscription.pending_plan is not None
        and subscription.pending_at_ms is not None
        and subscription.pending_at_ms <= at_ms
    ):
        return _pending_begins(subscription, subscription.pending_plan, subscription.pending_at_ms, at_ms, prices)
    if subscription.cancel_at_ms is not None:
        return Step(
            replace(subscription, status=Status.CANCELLED, updated_ms=at_ms),
            EventType.SUBSCRIPTION_CANCELLED,
            "the paid period of a cancelled subscription ended",
        )
    if subscription.status is Status.ACTIVE:
        return Step(
            replace(subscription, status=Status.PAST_DUE, updated_ms=at_ms),
            EventType.SUBSCRIPTION_PAST_DUE,
            "the billing date passed unpaid",
        )
    return Step(
        replace(subscription, status=Status.EXPIRED, updated_ms=at_ms),
        EventType.SUBSCRIPTION_EXPIRED,
        "the grace passed unpaid",
    )


def _pending_begins(subscription: Subscription, plan: Plan, since_ms: int, at_ms: int, prices: Prices) -> Step:
    """The pending plan is the plan; what is left of the paid time is a period of its own, at this plan's price."""
    event = EventType.SUBSCRIPTION_DOWNGRADED if plan is Plan.PREMIUM else EventType.SUBSCRIPTION_UPGRADED
    changed = replace(subscription, plan=plan, pending_plan=None, pending_at_ms=None, updated_ms=at_ms)
    ahead = (subscription.next_billing_ms - since_ms) // CYCLE_MS
    if ahead:
        paid_minor = prices.of(plan, subscription.currency).minor * ahead
        changed = replace(changed, period_start_ms=since_ms, period_cycles=ahead, paid_minor=paid_minor)
    return Step(changed, event, f"{plan.value} begins with the new period")
