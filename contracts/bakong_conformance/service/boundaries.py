"""Rules of the moments just before and just after a boundary of time, for everything that can be observed there."""

from datetime import UTC, datetime

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.budget import DAY_MS, TO_MIDNIGHT_MS, spend
from bakong_conformance.service.changes import full_plan, upgrade
from bakong_conformance.service.entitlements import ends
from bakong_conformance.service.hooks import of_user
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
STATES = {"active", "past_due", "expired"}
TELL_S = 30  # how long after a boundary an event may take, beside settle_s


def _to(service: Service, case: Case, at_ms: int) -> None:
    """Wait until the world's time is this."""
    service.leap(case, (at_ms - service.world.now_ms()) / 1000)


def _look(service: Service, case: Case, user: str) -> tuple[str, bool, object]:
    """State, whether active, and plan; a service may bring itself up to date when it is asked for anything."""
    service.status(case, service.create(case))
    held = service.subscription(case, user)
    return held.state, held.active, held.plan


def _timed(service: Service) -> int:
    service.need("subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    if service.config.grace_s is None or not set(service.config.subscription_states) >= STATES:
        raise NotCheckedError("the configuration maps no grace_s, or not the states active, past_due and expired")
    return service.config.grace_s


@rule(
    "due.exact",
    "The billing date is a moment: active before it, past due from it",
    forbids="a second more, or less, than was paid for; a flag that ends before its state does",
)
def _due(service: Service, case: Case) -> None:
    """Bought, and never billed: a millisecond before the billing date, at it, and a second after."""
    _timed(service)
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    for off_ms, expected in ((-1000, "active"), (-1, "active"), (0, "past_due"), (1, "past_due"), (1000, "past_due")):
        _to(service, case, end + off_ms)
        state, active, _ = _look(service, case, user)
        require(
            state == expected, f"{off_ms} ms from the billing date the subscription is {state}, expected {expected}"
        )
        require(active, f"{off_ms} ms from the billing date, {state}, the plan is not there")


@rule(
    "end.exact",
    "Where there is no grace, the end of a plan is a moment",
    forbids="a plan that goes on unpaid after its end, or is gone before it",
)
def _end(service: Service, case: Case) -> None:
    """Bought, and never again, where the grace is said to be none: a moment before the end, at it, and later."""
    service.need("subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    if service.config.grace_s != 0:
        raise NotCheckedError("the configuration does not say grace_s: 0")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    for off_ms in (-1000, -1, 0, 1000, 3_600_000, DAY_MS):
        _to(service, case, end + off_ms)
        _, active, _ = _look(service, case, user)
        require(active == (off_ms < 0), f"{off_ms} ms from its end the plan is {'' if active else 'not '}there")


@rule(
    "grace.exact",
    "The end of the grace is a moment",
    forbids="a plan for a second more, or a second less, than the grace lasts; a bill for who has nothing any more",
)
def _grace(service: Service, case: Case) -> None:
    """A millisecond before the end of the grace the plan is there and can be renewed; at the end neither."""
    grace = _timed(service)
    users = [service.new_user() for _ in range(2)]
    for user in users:
        service.buy(case, user)
    over = [ends(service, case, user) + grace * 1000 for user in users]
    for user, at in zip(users, over, strict=True):
        for off_ms in (-30_000, -1000, -1):
            if service.world.now_ms() > at + off_ms:
                continue
            _to(service, case, at + off_ms)
            state, active, _ = _look(service, case, user)
            require(state == "past_due", f"{-off_ms} ms before the end of the grace it is {state}, expected past due")
            require(active, f"{-off_ms} ms before the end of the grace the plan is not there")
    for off_ms in (0, 500):
        _to(service, case, over[-1] + off_ms)
        state, active, _ = _look(service, case, users[-1])
        require(state == "expired", f"{off_ms} ms after the end of the grace it is {state}, expected expired")
        require(not active, f"{off_ms} ms after the end of the grace the plan is there")
        if "renew" in service.config.operations:
            answer = service.do(case, "renew", user=users[-1])
            expected = [*service.config.refusals.conflict, *service.config.refusals.unknown]
            require(answer.status in expected, f"{off_ms} ms after the grace a bill was answered {answer.summary}")


@rule(
    "grace.renewed",
    "In the last moment of the grace a bill can be had",
    forbids="a user who is told to pay, and cannot, because the grace ends a second early for bills",
)
def _last_bill(service: Service, case: Case) -> None:
    """A bill is paid ten minutes before the end of the grace; another is asked for a millisecond before it."""
    grace = _timed(service)
    service.need("renew")
    users = [service.new_user() for _ in range(2)]
    for user in users:
        service.buy(case, user)
    end, later_end = (ends(service, case, user) for user in users)
    _to(service, case, end + (grace - 600) * 1000)
    basic = service.config.plans.basic
    payment = service.made(service.do(case, "renew", user=users[0]), users[0], basic, "USD", "renew")
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    renewed = ends(service, case, users[0])
    days = (renewed - end) / DAY_MS
    require(
        service.is_cycle(end, renewed), f"paid ten minutes before the end of the grace, a cycle ends {days:g} days on"
    )
    _to(service, case, later_end + grace * 1000 - 1)
    answer = service.do(case, "renew", user=users[1])
    require(service.done("renew", answer), f"a millisecond before the end of the grace a bill was {answer.summary}")


@rule(
    "cancel.exact",
    "A cancelled plan ends with its cycle, to the millisecond",
    forbids="a second more, or less, than was paid for",
)
def _cancel(service: Service, case: Case) -> None:
    """Bought and cancelled: a millisecond before the end it is there, at the end it is gone."""
    service.need("cancel", "subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    if not service.done("cancel", answer := service.do(case, "cancel", user=user)):
        raise PreconditionError(f"a cancellation was answered {answer.summary}")
    for off_ms, expected in ((-1000, True), (-1, True), (0, False), (500, False)):
        _to(service, case, end + off_ms)
        _, active, _ = _look(service, case, user)
        require(
            active == expected, f"{off_ms} ms from its end a cancelled plan is {'there' if active else 'not there'}"
        )


@rule(
    "downgrade.exact",
    "A downgrade comes with the billing date, to the millisecond",
    forbids="the better plan a day longer, or a second shorter, than it was paid for",
)
def _downgrade(service: Service, case: Case) -> None:
    """The better plan, downgraded and billed: better a millisecond before the date, the lower one at it."""
    full, basic = full_plan(service), service.config.plans.basic
    service.need("downgrade", "renew")
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    user = service.new_user()
    service.buy(case, user, full)
    end = ends(service, case, user)
    if not service.done("downgrade", answer := service.do(case, "downgrade", user=user)):
        raise PreconditionError(f"a downgrade was answered {answer.summary}")
    bill = service.made(service.do(case, "renew", user=user), user, basic, "USD", "renew")
    service.pay(case, bill)
    service.becomes(case, bill, "paid")
    for off_ms, expected in ((-1000, full.name), (-1, full.name), (0, basic.name), (1500, basic.name)):
        _to(service, case, end + off_ms)
        _, _, plan = _look(service, case, user)
        require(plan == expected, f"{off_ms} ms from the billing date the plan is {plan!r}, expected {expected!r}")


@rule(
    "upgrade.exact",
    "A plan can be upgraded to its last moment, and not after it",
    forbids="an upgrade for nothing when the cycle has ended, or none in its last second",
)
def _upgrade(service: Service, case: Case) -> None:
    """Half a second before the billing date an upgrade is answered; a second after it is none: seconds are whole."""
    full_plan(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    users = [service.new_user() for _ in range(2)]
    for user in users:
        service.buy(case, user)
    first, second = (ends(service, case, user) for user in users)
    _to(service, case, first - 500)
    answer = upgrade(service, case, users[0])
    require(service.done("upgrade", answer), f"half a second before the end an upgrade was answered {answer.summary}")
    for off_ms in (1000, 1500):
        _to(service, case, second + off_ms)
        answer = upgrade(service, case, users[1])
        require(not service.done("upgrade", answer), f"{off_ms} ms after the end an upgrade was {answer.summary}")
        require(answer.status < 500, f"{off_ms} ms after the end an upgrade was answered {answer.summary}")


@rule(
    "due.told",
    "A boundary is told when it comes, neither before nor long after",
    forbids="a main backend that hears that a plan has ended before it has, or an hour later",
)
def _told(service: Service, case: Case) -> None:
    """A billing date, and the end of the grace: a millisecond before nothing is told, soon after it is."""
    grace = _timed(service)
    hooks = service.config.webhooks
    if hooks is None or "past_due" not in hooks.events:
        raise NotCheckedError("the configuration maps no webhook of 'past_due'")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    for event, at_ms in (("past_due", end), ("ended", end + grace * 1000)):
        if event not in hooks.events:
            continue
        _to(service, case, at_ms - 1)
        _look(service, case, user)
        require(not of_user(service, user, event), f"a millisecond before it has come, {event!r} was announced")
        service.wait(case, 0.001)
        service.wait(case, service.config.settle_s + TELL_S)
        _look(service, case, user)
        count = of_user(service, user, event)
        require(
            count == 1,
            f"{service.config.settle_s + TELL_S:g} s after it has come, {event!r} was announced {count} times",
        )
    count = of_user(service, user, "past_due")
    require(count == 1, f"from the billing date to the end of the grace 'past_due' was announced {count} times")


def _month_end_ms(after_ms: int) -> int:
    """The next midnight in Phnom Penh with which a month ends.

    >>> _month_end_ms(0) / DAY_MS + 7 / 24
    31.0
    """
    midnight = after_ms + DAY_MS - (after_ms - TO_MIDNIGHT_MS) % DAY_MS
    while datetime.fromtimestamp((midnight + DAY_MS - TO_MIDNIGHT_MS) / 1000, UTC).day != 1:
        midnight += DAY_MS
    return midnight


@rule(
    "quota.day",
    "The day of the quota ends at midnight in Phnom Penh, not a minute before",
    forbids="calls that count for the old day, or a service that sleeps for a day from the first refusal",
)
def _quota(service: Service, case: Case) -> None:
    """The quota is spent two hours before a month ends: Bakong is left alone to midnight, and asked soon after it."""
    if not service.config.obeys_quota or service.config.time == "real":
        raise NotCheckedError("the configuration does not say obeys_quota, or has real time")
    midnight = _month_end_ms(service.world.now_ms() + 3 * 3_600_000)
    _to(service, case, midnight - 2 * 3_600_000)
    service.world.limit(case, quota=1)
    try:
        spend(service, case)
        _to(service, case, midnight - 90_000)
        payment = service.create(case)
        before = service.world.calls()
        for _ in range(4):
            service.wait(case, 20)
            service.status(case, payment)
        asked = service.world.calls() - before
        require(not asked, f"in the last 90 s of a day whose calls were spent Bakong was asked {asked} times")
    finally:
        service.world.limit(case, quota=None)
    service.pay(case, payment)
    _to(service, case, midnight + 1000)
    for _ in range(3):
        service.wait(case, 60)
        state = service.status(case, payment)
    require(state == "paid", f"3 minutes into the new day a payment of the last minute is {state}")
