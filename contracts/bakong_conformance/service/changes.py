"""Rules of changing a plan: the exact price at any instant, one open upgrade, and when the change takes effect."""

from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.config import PricedPlan
from bakong_conformance.service.entitlements import ends
from bakong_conformance.service.payments import code_asks, code_minor
from bakong_conformance.service.subject import Service, instant_ms

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 16


def exact(difference_minor: int, remaining_s: int, total_s: int) -> int:
    """What a change costs: rounded once, half away from zero. The rule of the contract, in whole numbers.

    >>> exact(50, 1_296_000, 2_592_000), exact(50, 25_920, 2_592_000), exact(50, 25_919, 2_592_000)
    (25, 1, 0)
    """
    return (2 * difference_minor * remaining_s + total_s) // (2 * total_s)


def full_plan(service: Service) -> PricedPlan:
    service.need("upgrade", "subscription")
    full = service.config.plans.full
    if full is None:
        raise NotCheckedError("the configuration has one plan only")
    return full


PARTS = 12
STEPS = (0, -1, 1, None)  # seconds beside a half of a minor unit, where rounding differs; None for any instant


def _instants(total_s: int, difference: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Seconds that remain, from the most to the least: an instant in each part of the cycle, by STEPS in turn."""
    halves = [(2 * k + 1) * total_s // (2 * difference) for k in range(difference)]

    def within(part: int, step: int | None) -> st.SearchStrategy[int]:
        least, most = part * total_s // PARTS + 2, (part + 1) * total_s // PARTS - 20
        near = [half + step for half in halves if least < half < most] if step is not None else []
        return st.sampled_from(near) if near else st.integers(least, most)

    def turned(turn: int) -> st.SearchStrategy[tuple[int, ...]]:
        return st.tuples(*(within(part, STEPS[(part + turn) % len(STEPS)]) for part in reversed(range(PARTS))))

    return st.integers(0, len(STEPS) - 1).flatmap(turned)


def upgrade(service: Service, case: Case, user: str, **headers: Any) -> Answer:
    return service.do(case, "upgrade", user=user, plan=full_plan(service).name, **headers)


def _at(service: Service, case: Case, remaining_s: int, currency: str = "USD") -> str:
    """A user of the basic plan with so many seconds left."""
    user = service.new_user()
    service.buy(case, user, currency=currency)
    end = ends(service, case, user)
    wait_ms = end - remaining_s * 1000 - service.world.now_ms()
    service.leap(case, wait_ms / 1000)
    return user


@rule(
    "upgrade.price",
    "An upgrade costs the exact share of the difference",
    forbids="proration by days, by float, rounded twice, to even or down",
    examples=2,
)
def _price(service: Service, case: Case) -> None:
    """A cycle is bought and walked through; the upgrade is priced at and beside halves of a cent, and left unpaid."""
    full = full_plan(service)
    difference = service.price_minor(full, "USD") - service.price_minor(service.config.plans.basic, "USD")
    total, user = service.cycle_s, service.new_user()
    instants = case.draw(_instants(total, difference), "seconds left")
    service.buy(case, user)
    end = ends(service, case, user)
    for remaining in instants:
        expected = exact(difference, remaining, total)
        wait_s = (end - service.world.now_ms()) / 1000 - remaining
        if expected and (wait_s > service.config.expires_after_s or remaining == instants[0]):
            service.leap(case, wait_s)
            amount = _quoted(service, case, user, remaining)
            require(
                service.minor(amount, "USD") == expected,
                f"with {remaining} of {total} s left it is {amount!r}; "
                f"{difference} * {remaining}/{total} is {expected} cents",
            )


def _quoted(service: Service, case: Case, user: str, remaining_s: int) -> Any:
    """What an upgrade costs, as it is told."""
    answer = upgrade(service, case, user)
    if not service.done("upgrade", answer):
        raise PreconditionError(f"an upgrade with {remaining_s} s left was answered {answer.summary}")
    return service.read("upgrade", answer, "amount")


HALVES = (49, 44, 37, 28, 21, 14, 7, 2, 1, 0)


@rule(
    "upgrade.halves",
    "Exact halves of a cent are rounded up",
    forbids="rounding halves to even, or through binary fractions, which lose some of them",
)
def _halves(service: Service, case: Case) -> None:
    """One cycle is walked through; at ten instants an upgrade costs exactly k + 1/2 cents, and is left unpaid."""
    full = full_plan(service)
    difference = service.price_minor(full, "USD") - service.price_minor(service.config.plans.basic, "USD")
    total = service.cycle_s
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    for k in HALVES:
        remaining, inexact = divmod((2 * k + 1) * total, 2 * difference)
        wait_ms = end - remaining * 1000 - service.world.now_ms()
        if inexact or wait_ms < 0:
            continue
        service.leap(case, wait_ms / 1000)
        amount = _quoted(service, case, user, remaining)
        minor = service.minor(amount, "USD")
        require(minor == k + 1, f"{k}.5 cents, with {remaining} s left, became {amount!r}, expected {k + 1} cents")


@rule(
    "upgrade.free",
    "An upgrade that rounds to nothing asks for nothing",
    forbids="a code for 0.00, which nobody can pay, or a plan that stays what it was",
)
def _free(service: Service, case: Case) -> None:
    """A minute before the end of the cycle; the better plan is there at once."""
    full_plan(service)
    user = _at(service, case, 60)
    answer = upgrade(service, case, user)
    if not service.done("upgrade", answer):
        raise NotCheckedError(f"the service changes nothing so late: {answer.summary}")
    require(
        service.read("upgrade", answer, "qr") is None,
        f"a code was made for an upgrade that costs nothing: {answer.summary}",
    )
    plan = service.subscription(case, user).plan
    require(plan in (None, full_plan(service).name), f"an upgrade that costs nothing was granted, the plan is {plan!r}")


@rule(
    "upgrade.applies",
    "An upgrade takes effect when it is paid",
    forbids="the better plan before its price is paid, or never",
)
def _applies(service: Service, case: Case) -> None:
    """Half a cycle on: the plan stays until the code is paid, then it is the better one, with the same end."""
    full = full_plan(service)
    user = _at(service, case, service.cycle_s // 2)
    before = ends(service, case, user)
    answer = upgrade(service, case, user)
    payment = service.made(answer, user, full, "USD", "upgrade")
    service.settle(case)
    plan = service.subscription(case, user).plan
    require(plan in (None, service.config.plans.basic.name), f"the upgrade is unpaid, and the plan is {plan!r}")
    service.pay(case, payment)
    service.settle(case)
    service.status(case, payment)
    after = service.subscription(case, user)
    require(
        after.plan in (None, full.name), f"the upgrade is paid, and the plan is {after.plan!r}, expected {full.name!r}"
    )
    require(
        after.next_billing_ms == before, f"an upgrade moved the billing date from {before} to {after.next_billing_ms}"
    )


@rule(
    "upgrade.one",
    "One open upgrade at most, whatever races",
    forbids="two codes for one upgrade, both of which could be paid",
)
def _one(service: Service, case: Case) -> None:
    """Sixteen upgrades of one user at once: at most one code among the answers."""
    full_plan(service)
    user = _at(service, case, service.cycle_s // 2)
    answers = service.at_once([partial(service.do, None, "upgrade", user=user)] * RACERS)
    statuses = sorted({answer.status for answer in answers})
    codes = {service.read("upgrade", answer, "qr") for answer in answers if service.done("upgrade", answer)} - {None}
    case.note(f"{RACERS} upgrades at once", f"statuses {statuses}, codes {sorted(map(str, codes))}")
    require(not any(status >= 500 for status in statuses), f"upgrades at once were answered {statuses}")
    require(len(codes) == 1, f"{len(codes)} different codes for one upgrade")


@rule(
    "upgrade.conflict",
    "What cannot be upgraded is a conflict",
    forbids="upgrading the best plan, or a user without one",
)
def _conflict(service: Service, case: Case) -> None:
    """A user of the better plan, and a user of none."""
    full = full_plan(service)
    expected = service.config.refusals.conflict
    user = service.new_user()
    answer = upgrade(service, case, user)
    require(answer.status in expected, f"the upgrade of nothing was answered {answer.summary}, expected {expected}")
    service.buy(case, user, full)
    answer = upgrade(service, case, user)
    require(answer.status in expected, f"the upgrade of {full.name} was answered {answer.summary}, expected {expected}")


@rule(
    "downgrade.later",
    "A downgrade waits for the end of the cycle",
    forbids="taking away what is paid, or charging for it",
)
def _downgrade(service: Service, case: Case) -> None:
    """The better plan is bought and downgraded: it stays until its end; the day is the next billing date."""
    full = full_plan(service)
    service.need("downgrade")
    user = service.new_user()
    service.buy(case, user, full)
    end = ends(service, case, user)
    answer = service.do(case, "downgrade", user=user)
    if not service.done("downgrade", answer):
        raise PreconditionError(f"a downgrade was answered {answer.summary}")
    from_told = service.read("downgrade", answer, "effective")
    if from_told is not None:
        require(instant_ms(from_told) == end, f"it takes effect at {from_told}, the cycle ends at {end}")
    subscription = service.subscription(case, user)
    require(subscription.plan in (None, full.name), f"the downgrade took effect at once: {subscription.plan!r}")
    answer = service.do(case, "downgrade", user=service.new_user())
    require(
        answer.status in service.config.refusals.conflict, f"the downgrade of nothing was answered {answer.summary}"
    )


@rule("cancel.later", "A cancelled plan runs to the end of its cycle", forbids="ending at once what is paid for")
def _cancel(service: Service, case: Case) -> None:
    """A plan is bought and cancelled, twice: still there now and a minute before its end, gone after it."""
    service.need("cancel", "subscription")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    answer = service.do(case, "cancel", user=user)
    if not service.done("cancel", answer):
        raise PreconditionError(f"a cancellation was answered {answer.summary}")
    require(service.subscription(case, user).active, "a cancelled plan ended at once")
    again = service.do(case, "cancel", user=user)  # which may be refused, and changes nothing
    require(again.status < 500, f"a second cancellation was answered {again.summary}")
    require(service.subscription(case, user).active, "cancelled twice, a plan ended at once")
    service.leap(case, (end - service.world.now_ms()) / 1000 - 60)
    require(service.subscription(case, user).active, "a cancelled plan ended a minute early")
    service.wait(case, 120)
    require(not service.subscription(case, user).active, "a cancelled plan outlived its cycle")


@rule(
    "upgrade.late",
    "An upgrade that is paid late is not lost",
    forbids="keeping the price of an upgrade, and the plan as it was",
)
def _upgrade_late(service: Service, case: Case) -> None:
    """Half a cycle on: the quote dies unpaid, then its money comes."""
    full = full_plan(service)
    user = _at(service, case, service.cycle_s // 2)
    payment = service.made(upgrade(service, case, user), user, full, "USD", "upgrade")
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, payment)
    service.pay(case, payment)
    for _ in range(2):
        service.wait(case, 900)
        state = service.status(case, payment)
    plan = service.subscription(case, user).plan
    require(plan in (None, full.name), f"an upgrade was paid late and is {state}, and the plan is {plan!r}")


@rule(
    "upgrade.dead",
    "An upgrade that is paid when its plan has run out buys no cycle",
    forbids="a whole cycle for the price of the rest of one",
)
def _upgrade_dead(service: Service, case: Case) -> None:
    """Half a cycle on: the quote dies unpaid, and the plan with its grace; then the quote's money comes."""
    full, config = full_plan(service), service.config
    user = _at(service, case, service.cycle_s // 2)
    payment = service.made(upgrade(service, case, user), user, full, "USD", "upgrade")
    grace_s = service.cycle_s if config.grace_s is None else config.grace_s
    service.leap(case, service.cycle_s // 2 + grace_s + 86_400)
    if service.subscription(case, user).active:
        raise NotCheckedError("the plan is there a day after all grace, which another rule names")
    service.pay(case, payment)
    for _ in range(2):
        service.settle(case)
        service.status(case, payment)
    held = service.subscription(case, user)
    price = Decimal(config.plans.basic.prices["USD"]), Decimal(full.prices["USD"])
    require(
        not held.active,
        f"half the difference of {price[0]} and {price[1]} was paid for a plan that had run out; now it is {held}",
    )


@rule(
    "upgrade.next-bill",
    "After an upgrade the bill is the better plan's",
    forbids="the better plan for ever at the old one's price",
)
def _next_bill(service: Service, case: Case) -> None:
    """Upgraded half a cycle on, and billed."""
    full = full_plan(service)
    service.need("renew")
    user = _at(service, case, service.cycle_s // 2)
    payment = service.made(upgrade(service, case, user), user, full, "USD", "upgrade")
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    bill = service.made(service.do(case, "renew", user=user), user, full, "USD", "renew")
    billed, price = code_minor(bill), service.price_minor(full, "USD")
    require(billed == price, f"after an upgrade the bill is over {billed} cents, the plan's price is {price}")


@rule(
    "upgrade.after-end",
    "What has run out cannot be upgraded",
    forbids="the better plan for nothing, because nothing is left of the cycle",
)
def _after_end(service: Service, case: Case) -> None:
    """A day after the billing date, and long after the end."""
    full_plan(service)
    user = _at(service, case, -86_400)
    for when, seconds in (("a day after the billing date", 0), ("long after the end", service.cycle_s)):
        service.wait(case, seconds)
        answer = upgrade(service, case, user)
        require(not service.done("upgrade", answer), f"{when} an upgrade was answered {answer.summary}")
        require(answer.status < 500, f"{when} an upgrade was answered {answer.summary}")


@rule(
    "change.conflict",
    "What cannot be changed is a conflict",
    forbids="a bill, a cancellation or a downgrade for who has no plan, or no better one",
)
def _no_change(service: Service, case: Case) -> None:
    """Cancel, renew and downgrade for a user of nothing; downgrade for one of the basic plan."""
    service.need("subscription")
    names = [name for name in ("cancel", "renew", "downgrade") if name in service.config.operations]
    if not names:
        raise NotCheckedError("the configuration maps no cancel, renew or downgrade")
    expected = [*service.config.refusals.conflict, *service.config.refusals.unknown]
    nobody = service.new_user()
    for name in names:
        answer = service.do(case, name, user=nobody)
        require(
            answer.status in expected,
            f"{name} for a user of nothing was answered {answer.summary}, expected {expected}",
        )
    if "downgrade" in names:
        user = service.new_user()
        service.buy(case, user)
        answer = service.do(case, "downgrade", user=user)
        require(answer.status in expected, f"the downgrade of the basic plan was answered {answer.summary}")


def cancelled(service: Service, case: Case, user: str) -> None:
    """Raises PreconditionError where the service takes no cancellation."""
    if not service.done("cancel", answer := service.do(case, "cancel", user=user)):
        raise PreconditionError(f"a cancellation was answered {answer.summary}")


@rule(
    "cancel.again",
    "Who cancelled may buy again",
    forbids="taking the money of a user who is cancelled for ever",
)
def _cancel_again(service: Service, case: Case) -> None:
    """A plan is bought, cancelled, and runs out; then it is bought again, and lasts beyond its day.

    Beside it the better plan, after which the lower one is bought.
    """
    service.need("cancel", "subscription")
    full, basic = service.config.plans.full or service.config.plans.basic, service.config.plans.basic
    user, lower = service.new_user(), service.new_user()
    service.buy(case, lower, full)
    service.buy(case, user)
    end = ends(service, case, user)
    for one in (lower, user):
        cancelled(service, case, one)
    service.wait(case, (end - service.world.now_ms()) / 1000 + 86_400)
    order = service.do(case, "create", **service.order(lower))
    require(service.done("create", order), f"{full.name} was cancelled and is over; {basic.name} was {order.summary}")
    service.buy(case, user)
    require(service.subscription(case, user).active, "a user who had cancelled paid again, and has no plan")
    if service.config.grace_s:
        service.wait(case, service.cycle_s + min(60, service.config.grace_s))
        require(
            service.subscription(case, user).active, "a cancellation came back with the next cycle, without a grace"
        )


@rule(
    "upgrade.riel",
    "An upgrade in riel is exact to the riel",
    forbids="a price in riel that is rounded to hundreds, or comes from a price in dollars",
)
def _riel(service: Service, case: Case) -> None:
    """Bought in riel; at two instants the code, whatever its currency, and what is told are the exact share."""
    full, basic = full_plan(service), service.config.plans.basic
    if not {"KHR", "USD"} <= set(basic.prices) & set(full.prices):
        raise NotCheckedError("the configuration has no prices in KHR and USD")
    total = service.cycle_s
    for remaining in (total // 2 + 4_321, total // 3 + 7):
        user = _at(service, case, remaining, "KHR")
        answer = upgrade(service, case, user)
        payment = service.made(answer, user, full, "KHR", "upgrade")
        asked, currency = code_asks(payment)
        require(service.may_ask("KHR", currency, full), f"the upgrade of a plan in KHR is asked in {currency}")
        expected = exact(service.price_minor(full, currency) - service.price_minor(basic, currency), remaining, total)
        require(asked == expected, f"with {remaining} s left the code asks for {asked} {currency}, expected {expected}")
        amount = service.read("upgrade", answer, "amount")
        require(
            service.minor(amount, currency) == expected, f"it says {amount!r}, the code asks for {asked} {currency}"
        )


@rule(
    "upgrade.second-cycle",
    "An upgrade in a later cycle is the share of that cycle",
    forbids="counting from the first day, or from the day of a late payment",
)
def _second_cycle(service: Service, case: Case) -> None:
    """Renewed five days early; where there is a grace, renewed a day late. Upgraded twenty days before the next end."""
    full, basic = full_plan(service), service.config.plans.basic
    left = 20 * 86_400
    for days in (-5, 1) if service.config.grace_s and "renew" in service.config.operations else (-5,):
        user = service.new_user()
        service.buy(case, user)
        end = ends(service, case, user)
        service.wait(case, (end - service.world.now_ms()) / 1000 + days * 86_400)
        name = "renew" if "renew" in service.config.operations else "create"
        bill = service.made(service.do(case, name, **service.order(user)), user, basic, "USD", name)
        service.pay(case, bill)
        service.becomes(case, bill, "paid")
        begun, end = end, ends(service, case, user)
        total = (end - begun) // 1000
        expected = exact(service.price_minor(full, "USD") - service.price_minor(basic, "USD"), left, total)
        service.leap(case, (end - service.world.now_ms()) / 1000 - left)
        answer = upgrade(service, case, user)
        if not service.done("upgrade", answer):
            raise PreconditionError(f"an upgrade in the second cycle was answered {answer.summary}")
        minor = service.minor(service.read("upgrade", answer, "amount"), "USD")
        when = f"{-days} days early" if days < 0 else f"{days} day late"
        require(
            minor == expected, f"renewed {when}, with {left} of {total} s left it costs {minor}, expected {expected}"
        )


@rule(
    "upgrade.outlived",
    "A quote buys nothing of a later cycle",
    forbids="the better plan for a whole cycle at the price of the last hours of the one before it",
)
def _outlived(service: Service, case: Case) -> None:
    """Quoted twenty hours before the end; the code dies, the plan is renewed; an hour after the end its money comes."""
    full, basic = full_plan(service), service.config.plans.basic
    user = _at(service, case, 20 * 3600)
    end = ends(service, case, user)
    quoted = service.made(upgrade(service, case, user), user, full, "USD", "upgrade")
    service.wait(case, service.config.expires_after_s + 60)
    _renewed(service, case, user, basic)
    service.leap(case, (end - service.world.now_ms()) / 1000 + 3600)
    service.pay(case, quoted)
    for _ in range(2):
        service.settle(case)
        service.status(case, quoted)
    plan = service.subscription(case, user).plan
    require(
        plan != full.name,
        f"{code_minor(quoted)} cents were quoted for the hours before the end; paid after it, they "
        f"bought {full.name} for the cycle that had been renewed",
    )


def _renewed(service: Service, case: Case, user: str, plan: PricedPlan) -> None:
    """A further cycle, by a bill or an order. Raises PreconditionError where none is sold in advance."""
    name = "renew" if "renew" in service.config.operations else "create"
    bill = service.made(service.do(case, name, **service.order(user)), user, plan, "USD", name)
    service.pay(case, bill)
    service.becomes(case, bill, "paid")


@rule(
    "upgrade.ahead",
    "An upgrade is paid for all the time that it is for",
    forbids="the better plan in a cycle that was paid ahead, at the price of what is left of the one before it",
)
def _ahead(service: Service, case: Case) -> None:
    """Renewed five days early, upgraded and paid: a day into the cycle ahead the plan is the one that was paid for."""
    full, basic = full_plan(service), service.config.plans.basic
    user, left = service.new_user(), 5 * 86_400
    service.buy(case, user)
    total, end = service.cycle_s, ends(service, case, user)
    service.leap(case, (end - service.world.now_ms()) / 1000 - left - 3600)
    _renewed(service, case, user, basic)
    service.leap(case, (end - service.world.now_ms()) / 1000 - left)
    answer = upgrade(service, case, user)
    quoted = service.made(answer, user, full, "USD", "upgrade")
    service.pay(case, quoted)
    service.becomes(case, quoted, "paid")
    service.leap(case, left + 86_400)
    plan = service.subscription(case, user).plan
    if plan is None:
        raise NotCheckedError("the service tells no plan")
    difference = service.price_minor(full, "USD") - service.price_minor(basic, "USD")
    ahead = difference if plan == full.name else 0
    minor = service.minor(service.read("upgrade", answer, "amount"), "USD")
    require(
        minor == exact(difference, left, total) + ahead,
        f"upgraded for {minor} cents with {left} s left of a cycle and one paid ahead, in which the plan is {plan!r}; "
        f"expected {exact(difference, left, total) + ahead}",
    )
