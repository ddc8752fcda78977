"""Rules of what a payment buys: once, for the right plan, for the right time."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.cycle_lengths import month_ends, months_on, offset_s
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
RACERS, OVERTAKEN = 16, 8
NEAR = 0.2  # of a cycle: a clamped month of the calendar is three days shorter than the one that it is compared with
DEFAULT_GRACE_S = 259_200


def ends(service: Service, case: Case, user: str) -> int:
    """The end of what the user has, in epoch ms. Raises NotCheckedError where the service tells none."""
    next_billing_ms = service.subscription(case, user).next_billing_ms
    if next_billing_ms is None:
        raise NotCheckedError("the service tells no next billing date")
    return next_billing_ms


def race(service: Service, case: Case, payment: Payment) -> Counter[int]:
    """Sixteen status calls at once; their HTTP statuses."""
    asked = partial(service.do, None, "status", md5=payment.md5, id=payment.id, user=payment.user)
    statuses = Counter(answer.status for answer in service.at_once([asked] * RACERS))
    case.note(f"{RACERS} status calls at once", dict(statuses))
    return statuses


@rule(
    "granted",
    "A paid payment grants its plan",
    forbids="taking money for nothing, or granting the other plan",
    examples=3,
)
def _granted(service: Service, case: Case) -> None:
    """Either plan, in either currency; nothing before the payment, the plan after it."""
    plans = [plan for plan in (service.config.plans.basic, service.config.plans.full) if plan]
    plan = case.draw(st.sampled_from(plans), "plan")
    currency = case.draw(st.sampled_from(sorted(plan.prices)), "currency")
    user = service.new_user()
    service.need("subscription")
    payment = service.create(case, user, plan, currency)
    require(not service.subscription(case, user).active, "the plan is granted before it is paid")
    service.pay(case, payment)
    state = service.becomes(case, payment, "paid")
    subscription = service.subscription(case, user)
    require(subscription.active, f"the payment is {state}, and no plan is granted")
    require(subscription.plan in (None, plan.name), f"the plan is {subscription.plan!r}, paid was {plan.name!r}")


@rule("granted.whose", "A payment grants to who ordered it", forbids="a plan for somebody who has not paid")
def _whose(service: Service, case: Case) -> None:
    """Two users order at one instant; the first one pays."""
    service.need("subscription")
    payer, other = service.new_user(), service.new_user()
    payment = service.create(case, payer)
    service.create(case, other)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    require(not service.subscription(case, other).active, "one user paid, and another one has the plan")
    require(service.subscription(case, payer).active, "a user paid, and has no plan")


@rule(
    "granted.period",
    "A payment buys one cycle",
    forbids="a cycle of another length, or one that begins at another time",
)
def _period(service: Service, case: Case) -> None:
    """Paid two minutes after it was ordered: the end of the cycle is that long after the payment was noticed."""
    user = service.new_user()
    payment = service.create(case, user)
    if service.config.time == "real":
        raise NotCheckedError("it needs a clock that stands still")
    service.wait(case, 120)
    before = service.world.now_ms()
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    after = service.world.now_ms()
    end = ends(service, case, user)
    first, last = service.cycle_end_ms(before), service.cycle_end_ms(after)
    require(first <= end <= last, f"paid between {before} and {after}, the cycle ends {end}, expected {first}..{last}")


@rule(
    "granted.once",
    "A paid payment is granted once, whoever asks at once",
    forbids="two cycles for one payment when polls race",
)
def _once(service: Service, case: Case) -> None:
    """Three times: a payment is made while the clock stands, sixteen status calls at once, then the worker."""
    service.need("subscription")
    for _ in range(3):
        user = service.new_user()
        payment = service.create(case, user)
        service.pay(case, payment)
        started = service.world.now_ms()
        statuses = race(service, case, payment)
        require(not any(status >= 500 for status in statuses), f"status calls at once were answered {dict(statuses)}")
        service.settle(case)
        service.status(case, payment)
        _one_cycle(service, case, user, started)


def _cycles(service: Service, case: Case, user: str, started_ms: int) -> float:
    """How many cycles the user has from then on; months of the calendar are counted one by one."""
    end_ms, whole, at_ms = ends(service, case, user), 0, started_ms
    while (following_ms := service.cycle_end_ms(at_ms)) <= end_ms:
        whole, at_ms = whole + 1, following_ms
    return round(whole + (end_ms - at_ms) / (following_ms - at_ms), 2)


def _one_cycle(service: Service, case: Case, user: str, started: int) -> None:
    cycles = _cycles(service, case, user, started)
    require(abs(cycles - 1) < NEAR, f"one payment granted {cycles:g} cycles")


@rule(
    "granted.twice-paid",
    "A code that is paid twice grants once",
    forbids="two cycles, or an error, for a second transfer on one code",
)
def _twice(service: Service, case: Case) -> None:
    """Two transfers on one code, before and after the first was noticed."""
    user = service.new_user()
    service.need("subscription")
    started = service.world.now_ms()
    payment = service.create(case, user)
    service.pay(case, payment)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    service.pay(case, payment)
    service.settle(case)
    require(service.status(case, payment) == "paid", "a code that was paid twice is not paid")
    cycles = _cycles(service, case, user, started)
    require(abs(cycles - 1) < NEAR, f"one payment, paid three times, granted {cycles:g} cycles")


@rule(
    "granted.renewal",
    "A second payment extends from the old date",
    forbids="a renewal that loses what was left, or starts from today",
)
def _renewal(service: Service, case: Case) -> None:
    """The same plan bought again ten days later, and twenty: the end moves by exactly one cycle each time."""
    user = service.new_user()
    service.buy(case, user)
    for _ in range(2):  # of two months in a row one at least has not 30 days
        first = ends(service, case, user)
        service.wait(case, 10 * 86_400)
        answer = service.do(case, "create", **service.order(user))
        if not service.done("create", answer):
            raise NotCheckedError(f"the service sells no second cycle in advance: {answer.summary}")
        payment = service.made(answer, user, service.config.plans.basic, "USD")
        service.pay(case, payment)
        service.becomes(case, payment, "paid")
        second = ends(service, case, user)
        require(
            service.is_cycle(first, second),
            f"the end moved from {first} to {second}, by {(second - first) / 86_400_000:g} days",
        )


@rule(
    "granted.month-ends",
    "A month is counted from the day of the purchase, where the customer is",
    forbids="a month that is counted in UTC, overlooks 29 February, or stays short after a short one",
)
def _month_ends(service: Service, case: Case) -> None:
    """Bought on 31 January of a leap year, and on a 31st that is another day in UTC; four months, paid in advance."""
    if service.config.months is None or service.config.time == "real":
        raise NotCheckedError("the configuration says no months, or has real time")
    service.need("subscription")
    offset = offset_s(service.config.months)
    for at_ms in month_ends(service.world.now_ms(), offset):
        service.leap(case, (at_ms - service.world.now_ms()) / 1000)
        user, before = service.new_user(), service.world.now_ms()
        service.buy(case, user)
        after = service.world.now_ms()
        for months in range(1, 5):
            if months > 1:
                _month_more(service, case, user)
            end = ends(service, case, user)
            first, last = months_on(before, months, offset), months_on(after, months, offset)
            require(first <= end <= last, f"month {months} from {before} ends {end}, expected {first}..{last}")


def _month_more(service: Service, case: Case, user: str) -> None:
    """A further cycle, by a bill or an order. Raises NotCheckedError where none is sold in advance."""
    name = "renew" if "renew" in service.config.operations else "create"
    answer = service.do(case, name, **service.order(user))
    if not service.done(name, answer):
        raise NotCheckedError(f"the service sells no second cycle in advance: {answer.summary}")
    payment = service.made(answer, user, service.config.plans.basic, "USD", name)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")


@rule(
    "paid.overtaken",
    "An answer that comes late does not undo a payment",
    forbids="PAID taken back, as two questions were under way and the older one's answer was written last",
    severity=Severity.CRITICAL,
)
def _overtaken(service: Service, case: Case) -> None:
    """A first try fails, which is held up on its way; the second is paid and asked for; both arrive. Eight times."""
    for _ in range(OVERTAKEN):
        payment = service.create(case)
        service.pay(case, payment, outcome="failed")
        with ThreadPoolExecutor(1) as pool, service.world.holding(2):
            before = service.world.calls()
            older = pool.submit(service.status, Case(), payment)
            if not _is_asked(service, before):
                raise NotCheckedError("a status call asks nothing of Bakong")
            service.pay(case, payment)
            seen = (service.status(case, payment), older.result())
        state = service.status(case, payment)
        case.note("two status calls, the older of which heard of the first try", f"{seen}, then {state}")
        require("paid" not in seen or state == "paid", f"a payment was paid, an older answer came, and it is {state}")


def _is_asked(service: Service, before: int) -> bool:
    """Whether Bakong is asked more than so many times, soon."""
    pause = threading.Event()
    return any(service.world.calls() > before or pause.wait(0.02) for _ in range(40))


@rule("granted.late", "A late payment grants its plan", forbids="keeping late money and granting nothing")
def _late(service: Service, case: Case) -> None:
    """The code expires unpaid; the payment comes a minute later."""
    user = service.new_user()
    service.need("subscription")
    payment = service.create(case, user)
    service.wait(case, service.config.expires_after_s + 60)
    service.status(case, payment)
    service.pay(case, payment)
    service.wait(case, 900)
    service.status(case, payment)
    service.settle(case)
    require(
        service.subscription(case, user).active,
        f"the payment is {service.status(case, payment)}, and nothing was granted",
    )


@rule(
    "granted.both",
    "Two paid orders are two cycles",
    forbids="the cycle of one payment lost in that of another, ordered or noticed at the same time",
)
def _both(service: Service, case: Case) -> None:
    """Twice: one user orders twice at one instant, pays both, and sixteen status calls at once ask for both."""
    service.need("subscription")
    for _ in range(2):
        user, started = service.new_user(), service.world.now_ms()
        first, answer = service.create(case, user), service.do(case, "create", **service.order(user))
        if not service.done("create", answer):
            raise NotCheckedError(f"the service takes no second order while one is open: {answer.summary}")
        second = service.made(answer, user, service.config.plans.basic, "USD")
        if second.md5 == first.md5:
            raise NotCheckedError("the service answers a second order with the code of the first")
        service.pay(case, first)
        service.pay(case, second)
        _ask_both(service, case, first, second)
        service.settle(case)
        states = [service.status(case, payment) for payment in (first, second)]
        cycles = _cycles(service, case, user, started)
        require(abs(cycles - 2) < NEAR, f"two payments of one user are {states}, and granted {cycles:g} cycles")


def _ask_both(service: Service, case: Case, *payments: Payment) -> None:
    """Sixteen status calls at once, of two payments in turn."""
    asked = [partial(service.do, None, "status", md5=one.md5, id=one.id, user=one.user) for one in payments]
    statuses = Counter(answer.status for answer in service.at_once(asked * (RACERS // len(asked))))
    case.note(f"{RACERS} status calls at once, of two payments", dict(statuses))


@rule(
    "granted.names",
    "A user is known by the whole name",
    forbids="a plan for a user whose name only begins alike, or differs in case",
)
def _names(service: Service, case: Case) -> None:
    """One user pays; users whose names are longer, shorter, in capitals or with a wildcard have nothing."""
    service.need("subscription")
    user = f"{service.new_user()}-x"
    service.buy(case, user)
    for other in (f"{user}0", user[:-1], user.upper(), f"{user[:-1]}_"):
        answer = service.do(case, "subscription", user=other)
        require(answer.status < 500, f"the plan of {other} was answered {answer.summary}")
        if service.done("subscription", answer):
            require(not service.subscription(case, other).active, f"{user} paid, and {other} has the plan")
    require(service.subscription(case, user).active, f"{user} paid, and has no plan")


@rule(
    "granted.anew",
    "Who comes back after the end begins anew",
    forbids="a cycle that began before it was paid, in days that the user did not have",
)
def _anew(service: Service, case: Case) -> None:
    """A plan is bought, runs out, and is bought again half a cycle after all grace."""
    user = service.new_user()
    service.buy(case, user)
    ends(service, case, user)
    cycle_s, grace_s = service.cycle_s, service.config.grace_s or DEFAULT_GRACE_S
    service.leap(case, cycle_s + grace_s + cycle_s // 2)
    require(not service.subscription(case, user).active, "half a cycle after the end, and all grace, the plan is there")
    before = service.world.now_ms()
    service.buy(case, user)
    end, after = ends(service, case, user), service.world.now_ms()
    require(
        service.cycle_end_ms(before) <= end <= service.cycle_end_ms(after),
        f"bought anew at {before}, the cycle ends {(service.cycle_end_ms(before) - end) / 86_400_000:g} days too early",
    )


@rule(
    "granted.late-once",
    "A late payment grants once",
    forbids="two cycles for one order that was paid after its end, noticed by a poll and by a status call",
)
def _late_once(service: Service, case: Case) -> None:
    """The code dies unpaid, then its money comes: sixteen status calls at once, then hours of the worker: one cycle."""
    service.need("subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes 15 minutes of real time; map the service's time to check it")
    user = service.new_user()
    payment = service.create(case, user)
    service.wait(case, service.config.expires_after_s + 60)
    service.status(case, payment)
    service.pay(case, payment)
    started = service.world.now_ms()
    race(service, case, payment)
    for seconds in (900, 3_600, 7_200):
        service.wait(case, seconds)
        service.status(case, payment)
    _one_cycle(service, case, user, started)
