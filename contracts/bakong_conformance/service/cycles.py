"""Rules of the cycle's end: grace, renewal, scheduled downgrades. They need the states of a subscription."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.config import PricedPlan
from bakong_conformance.service.entitlements import DEFAULT_GRACE_S, ends
from bakong_conformance.service.payments import code_asks, code_minor
from bakong_conformance.service.subject import Payment, Service, instant_ms

SUITE = Suite("service")
rule = SUITE.rule


def _until(service: Service, case: Case, user: str, *, seconds_after: float) -> None:
    """Wait until so long after the end of the user's cycle."""
    service.wait(case, (ends(service, case, user) - service.world.now_ms()) / 1000 + seconds_after)


def _require_state(service: Service, case: Case, user: str, expected: str, when: str) -> None:
    service.status(case, service.create(case))  # a service may bring itself up to date when it is asked
    state = service.subscription(case, user).state
    require(state == expected, f"{when} the subscription is {state}, expected {expected}")


def _grace(service: Service) -> int:
    service.need("subscription")
    if service.config.grace_s is None or not {"active", "past_due", "expired"} <= set(
        service.config.subscription_states
    ):
        raise NotCheckedError(
            "the configuration maps no grace_s, or not the subscription_states active, past_due and expired"
        )
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    return service.config.grace_s


def _bill(service: Service, case: Case, user: str) -> Payment:
    """The payment of the next bill. Raises PreconditionError."""
    service.need("renew")
    return service.made(service.do(case, "renew", user=user), user, service.config.plans.basic, "USD", "renew")


def _full(service: Service, *operations: str) -> PricedPlan:
    """The better plan, where there is one and a downgrade from it. Raises NotCheckedError."""
    service.need("downgrade", "renew", "subscription", *operations)
    if service.config.plans.full is None:
        raise NotCheckedError("the configuration has one plan only")
    return service.config.plans.full


def _downgraded(service: Service, case: Case, full: PricedPlan) -> str:
    """A user who bought the better plan and gave it up. Raises PreconditionError."""
    user = service.new_user()
    service.buy(case, user, full)
    _downgrade_once(service, case, user)
    return user


def _downgrade_once(service: Service, case: Case, user: str) -> None:
    if not service.done("downgrade", answer := service.do(case, "downgrade", user=user)):
        raise PreconditionError(f"a downgrade was answered {answer.summary}")


@rule(
    "due.grace",
    "An unpaid billing date begins a grace, and the grace ends",
    forbids="taking the plan at once, a grace that is shorter or longer, or one without end",
)
def _due(service: Service, case: Case) -> None:
    """Ten seconds around the billing date, and around the end of the grace."""
    grace = _grace(service)
    user = service.new_user()
    service.buy(case, user)
    _until(service, case, user, seconds_after=-10)
    _require_state(service, case, user, "active", "10 s before the billing date")
    _until(service, case, user, seconds_after=10)
    _require_state(service, case, user, "past_due", "10 s after the billing date, unpaid,")
    require(service.subscription(case, user).active, "in the grace the plan is not there")
    _until(service, case, user, seconds_after=grace - 10)
    _require_state(service, case, user, "past_due", "10 s before the end of the grace")
    _until(service, case, user, seconds_after=grace + 10)
    _require_state(service, case, user, "expired", "10 s after the end of the grace")
    require(not service.subscription(case, user).active, "after the grace the plan is still there")


@rule(
    "renew.extends",
    "A renewal costs the plan's price and extends from the old date",
    forbids="a bill at another price, or a grace that is lost or given away",
)
def _renew(service: Service, case: Case) -> None:
    """Renewed half a cycle before the billing date, and again a day into the grace."""
    _grace(service)
    user = service.new_user()
    service.buy(case, user)
    for after in (-service.cycle_s // 2, 86_400):
        _until(service, case, user, seconds_after=after)
        before = ends(service, case, user)
        bill = _bill(service, case, user)
        price = service.price_minor(service.config.plans.basic, "USD")
        require(code_minor(bill) == price, f"the bill is over {code_minor(bill)} cents, the plan's price is {price}")
        require(ends(service, case, user) == before, "the date moved before the bill was paid")
        service.pay(case, bill)
        service.becomes(case, bill, "paid")
        moved = ends(service, case, user) - before
        require(service.is_cycle(before, before + moved), f"a renewal moved the date by {moved / 86_400_000:g} days")
        _require_state(service, case, user, "active", "after the renewal")


@rule(
    "downgrade.takes-effect",
    "A downgrade takes effect with the next cycle, at its price",
    forbids="a downgrade that is forgotten, that comes early, or whose bill is still the better plan's",
)
def _downgrade(service: Service, case: Case) -> None:
    """The better plan, downgraded twice, renewed at the lower price, and downgraded once more.

    It changes at the billing date that was told, not before it and not a cycle later.
    """
    full, basic = _full(service), service.config.plans.basic
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    user = _downgraded(service, case, full)
    end = ends(service, case, user)
    _downgrade_once(service, case, user)
    bill = _bill(service, case, user)
    price = service.price_minor(basic, "USD")
    require(code_minor(bill) == price, f"after a downgrade the bill is over {code_minor(bill)} cents, expected {price}")
    service.pay(case, bill)
    service.becomes(case, bill, "paid")
    plan = service.subscription(case, user).plan
    require(plan == full.name, f"the bill of the next cycle is paid, and the plan is {plan!r} already")
    answer = service.do(case, "downgrade", user=user)  # which may be refused, and changes nothing
    require(answer.status < 500, f"a downgrade that waits was asked for again, and answered {answer.summary}")
    service.wait(case, (end - service.world.now_ms()) / 1000 + 10)
    plan = service.subscription(case, user).plan
    require(plan == basic.name, f"10 s into the next cycle the plan is {plan!r}, expected {basic.name!r}")


@rule(
    "downgrade.second-cycle",
    "A downgrade in a later cycle waits for the end of that cycle",
    forbids="a date that is counted from the first purchase, and lies in the past or comes a cycle early",
)
def _second_cycle(service: Service, case: Case) -> None:
    """The better plan, renewed five days early; five days into the second cycle downgraded: better to its last day."""
    full = _full(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    user = service.new_user()
    service.buy(case, user, full)
    first = ends(service, case, user)
    service.leap(case, (first - service.world.now_ms()) / 1000 - 5 * 86_400)
    bill = service.made(service.do(case, "renew", user=user), user, full, "USD", "renew")
    service.pay(case, bill)
    service.becomes(case, bill, "paid")
    service.leap(case, (first - service.world.now_ms()) / 1000 + 5 * 86_400)
    end = ends(service, case, user)
    answer = service.do(case, "downgrade", user=user)
    if not service.done("downgrade", answer):
        raise PreconditionError(f"a downgrade was answered {answer.summary}")
    effective = service.read("downgrade", answer, "effective")
    require(
        effective is None or instant_ms(effective) == end,
        f"downgraded in a second cycle that ends at {end}, it takes effect at {effective}",
    )
    for when, at_ms in (("at once", service.world.now_ms() + 60_000), ("a day before its end", end - 86_400_000)):
        service.leap(case, (at_ms - service.world.now_ms()) / 1000)
        service.settle(case)
        plan = service.subscription(case, user).plan
        require(plan in (None, full.name), f"downgraded in a second cycle, {when} the plan is {plan!r}")


@rule(
    "downgrade.withdrawn",
    "An upgrade withdraws a downgrade that waits",
    forbids="a downgrade that comes although the user took it back, or a price for taking it back",
)
def _withdrawn(service: Service, case: Case) -> None:
    """The better plan, downgraded, then upgraded: nothing to pay, and the next bill is the better plan's."""
    full = _full(service, "upgrade")
    user = _downgraded(service, case, full)
    answer = service.do(case, "upgrade", user=user, plan=full.name)
    if not service.config.upgrade_withdraws_downgrade and answer.status in service.config.refusals.conflict:
        return
    require(service.done("upgrade", answer), f"taking a downgrade back was answered {answer.summary}")
    require(service.read("upgrade", answer, "qr") is None, f"taking a downgrade back costs: {answer.summary}")
    bill, price = _bill(service, case, user), service.price_minor(full, "USD")
    require(code_minor(bill) == price, f"the next bill is over {code_minor(bill)} cents, expected {price}")


@rule(
    "renew.bill-anew",
    "A bill that has died is made anew",
    forbids="offering a dead code for ever, so that nobody can renew",
)
def _anew(service: Service, case: Case) -> None:
    """A bill is left to die; the next one has another code, and renews."""
    service.need("renew", "subscription")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    first = _bill(service, case, user)
    service.wait(case, service.config.expires_after_s + 60)
    second = _bill(service, case, user)
    require(second.md5 != first.md5, "a bill was asked for, and a code that has died was offered")
    service.pay(case, second)
    service.becomes(case, second, "paid")
    require(ends(service, case, user) > end, "the second bill was paid, and the date stays")


@rule(
    "renew.late",
    "A bill that is paid late renews",
    forbids="keeping the money of a bill whose code had died, or whose grace was over, for nothing",
)
def _late(service: Service, case: Case) -> None:
    """A bill's code dies, then its money comes; where there is a grace, another's comes after the end of all grace."""
    service.need("renew", "subscription")
    user = service.new_user()
    service.buy(case, user)
    end = ends(service, case, user)
    _pay_late(service, case, _bill(service, case, user))
    moved = ends(service, case, user) - end
    require(
        service.is_cycle(end, end + moved),
        f"a bill was paid late, and the date moved by {moved / 86_400_000:g} days",
    )
    if service.config.grace_s is not None:
        _until(service, case, user, seconds_after=service.config.grace_s - 60)
        _pay_late(service, case, _bill(service, case, user))
        require(
            service.subscription(case, user).active, "a bill was paid after the grace had ended, and bought nothing"
        )


def _pay_late(service: Service, case: Case, bill: Payment) -> None:
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, bill)
    service.pay(case, bill)
    for _ in range(2):
        service.wait(case, 900)
        service.status(case, bill)


@rule(
    "downgrade.unpaid",
    "A downgrade stands though the bill is late",
    forbids="a bill over the better plan's price for who has given it up",
)
def _unpaid(service: Service, case: Case) -> None:
    """The better plan, downgraded; a day into the grace the bill is the lower plan's."""
    full, basic = _full(service), service.config.plans.basic
    _grace(service)
    user = _downgraded(service, case, full)
    _until(service, case, user, seconds_after=86_400)
    billed, price = code_minor(_bill(service, case, user)), service.price_minor(basic, "USD")
    require(billed == price, f"downgraded, and a day into the grace the bill is over {billed} cents, expected {price}")


@rule(
    "renew.riel",
    "A bill in riel is over the price in riel",
    forbids="a bill over fifty riel for fifty cents, or over two thousand dollars",
)
def _riel(service: Service, case: Case) -> None:
    """Each plan is bought in riel; the bill, whatever its currency, is over the plan's price in that currency."""
    service.need("renew", "subscription")
    plans = [plan for plan in (service.config.plans.basic, service.config.plans.full) if plan and "KHR" in plan.prices]
    if not plans:
        raise NotCheckedError("the configuration has no price in KHR")
    for plan in plans:
        user = service.new_user()
        service.buy(case, user, plan, "KHR")
        end = ends(service, case, user)
        bill = _bill(service, case, user)
        billed, currency = code_asks(bill)
        require(service.may_ask("KHR", currency, plan), f"a plan that was bought in KHR is billed in {currency}")
        price = service.price_minor(plan, currency)
        require(
            billed == price, f"the bill of {plan.name} is over {billed} minor units of {currency}, expected {price}"
        )
        service.pay(case, bill)
        service.becomes(case, bill, "paid")
        moved = ends(service, case, user) - end
        require(
            service.is_cycle(end, end + moved),
            f"a bill in {currency} moved the date by {moved / 86_400_000:g} days",
        )


@rule(
    "renew.currency",
    "Who comes back with another currency is billed in it",
    forbids="a bill in the currency of a plan that ended long ago",
)
def _currency(service: Service, case: Case) -> None:
    """Bought in riel, run out with all grace, bought again in dollars: the bill is over the price in dollars."""
    service.need("renew", "subscription")
    basic = service.config.plans.basic
    if not {"KHR", "USD"} <= set(basic.prices) or service.config.time == "real":
        raise NotCheckedError("the configuration has no prices in KHR and USD, or has real time")
    user = service.new_user()
    service.buy(case, user, currency="KHR")
    service.leap(case, service.cycle_s + (service.config.grace_s or DEFAULT_GRACE_S) + 86_400)
    if service.subscription(case, user).active:
        raise NotCheckedError("a day after all grace the plan is there, which another rule names")
    service.buy(case, user, currency="USD")
    billed, currency = code_asks(_bill(service, case, user))
    require(service.may_ask("USD", currency, basic), f"bought anew in USD, a plan is billed in {currency}")
    price = service.price_minor(basic, currency)
    require(billed == price, f"bought anew in USD, a bill is over {billed} minor units of {currency}, expected {price}")
