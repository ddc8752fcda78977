"""Rules of a cancellation beside other changes: what was paid ahead is kept, and nobody pays for days twice."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.changes import cancelled, full_plan, upgrade
from bakong_conformance.service.config import PricedPlan
from bakong_conformance.service.entitlements import ends
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
DAY_S = 86_400


def _mapped(service: Service, *operations: str) -> None:
    service.need("cancel", "subscription", *operations)
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")


def _leap_to(service: Service, case: Case, at_ms: int) -> None:
    service.leap(case, (at_ms - service.world.now_ms()) / 1000)


def _paid_ahead(service: Service, case: Case, user: str, plan: PricedPlan) -> None:
    """The next cycle is paid for five days before it begins."""
    _leap_to(service, case, ends(service, case, user) - 5 * DAY_S * 1000)
    name = "renew" if "renew" in service.config.operations else "create"
    answer = service.do(case, name, **service.order(user, plan))
    if not service.done(name, answer):
        raise NotCheckedError(f"the service sells no second cycle in advance: {answer.summary}")
    bill = service.made(answer, user, plan, "USD", name)
    service.pay(case, bill)
    service.becomes(case, bill, "paid")


@rule(
    "cancel.ahead",
    "Who cancels keeps the cycle that was paid ahead",
    forbids="a plan that ends with the cycle that runs, though the next one was paid for before the cancellation",
)
def _ahead(service: Service, case: Case) -> None:
    """Renewed five days early, then cancelled; and the same of the better plan that was downgraded before it.

    The plan is there a day into the cycle ahead and a minute before its end, and gone after it.
    """
    _mapped(service)
    basic, full = service.config.plans.basic, service.config.plans.full
    for lowered in (False, True) if full and {"downgrade", "renew"} <= set(service.config.operations) else (False,):
        user = service.new_user()
        service.buy(case, user, full if lowered else basic)
        begins = ends(service, case, user)
        if lowered and not service.done("downgrade", service.do(case, "downgrade", user=user)):
            continue
        _paid_ahead(service, case, user, basic)
        over = ends(service, case, user)
        cancelled(service, case, user)
        how = "downgraded, renewed early and cancelled" if lowered else "renewed early and cancelled"
        for when, at_ms in (("a day into the cycle ahead", begins + DAY_S * 1000), ("near its end", over - 60_000)):
            _leap_to(service, case, at_ms)
            require(service.subscription(case, user).active, f"{how}, {when} the plan is not there")
        service.wait(case, 120)
        require(not service.subscription(case, user).active, f"{how}, a plan outlived the cycle that was paid ahead")


@rule(
    "cancel.stands",
    "An upgrade that is paid after a cancellation does not take it back",
    forbids="a bill, or days of grace, for who has cancelled, because a quote of before was paid",
)
def _stands(service: Service, case: Case) -> None:
    """Half a cycle on a quote is asked for, the plan is cancelled, the quote is paid: the plan ends with its cycle."""
    full = full_plan(service)
    _mapped(service)
    user = service.new_user()
    service.buy(case, user)
    service.leap(case, service.cycle_s // 2)
    quoted = service.made(upgrade(service, case, user), user, full, "USD", "upgrade")
    end = ends(service, case, user)
    cancelled(service, case, user)
    service.pay(case, quoted)
    service.becomes(case, quoted, "paid")
    require(service.subscription(case, user).active, "cancelled, then a quote was paid, and the plan ended at once")
    _leap_to(service, case, end + 60_000)
    held = service.subscription(case, user)
    require(not held.active, f"cancelled, then a quote of before was paid; a minute after its cycle it is {held.state}")


@rule(
    "cancel.bought-again",
    "Who cancelled and buys again before the end loses no day",
    forbids="a new cycle that begins today, over days that were paid, or ends with the one that was cancelled",
)
def _bought_again(service: Service, case: Case) -> None:
    """Cancelled and, a third of a cycle on, bought again: a day before two cycles have passed the plan is there."""
    _mapped(service)
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    cancelled(service, case, user)
    service.leap(case, service.cycle_s // 3)
    answer = service.do(case, "create", **service.order(user))
    if not service.done("create", answer):
        raise NotCheckedError(f"the service sells nothing before a cancelled plan has ended: {answer.summary}")
    bought = service.made(answer, user, service.config.plans.basic, "USD")
    service.pay(case, bought)
    service.becomes(case, bought, "paid")
    day_before = service.cycle_end_ms(end) - DAY_S * 1000
    for when, at_ms in (("an hour into", end + 3_600_000), ("a day before the end of", day_before)):
        _leap_to(service, case, at_ms)
        active = service.subscription(case, user).active
        require(active, f"cancelled, and bought again in time: {when} the second cycle the plan is not there")
