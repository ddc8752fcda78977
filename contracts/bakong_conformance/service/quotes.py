"""Rules of a quote: frozen while its code lives, priced anew afterwards, exact for any prices and dates."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.changes import exact, full_plan, upgrade
from bakong_conformance.service.entitlements import ends
from bakong_conformance.service.payments import code_minor
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
MS, DAY_S = 1000, 86_400


def _difference(service: Service) -> int:
    return service.price_minor(full_plan(service), "USD") - service.price_minor(service.config.plans.basic, "USD")


def falls_at(service: Service) -> int:
    """Seconds left where the price is about to fall by a cent, in the middle of the cycle."""
    total, difference = service.cycle_s, _difference(service)
    middle = difference // 2
    return -(-(2 * middle + 1) * total // (2 * difference))


def user_at(service: Service, case: Case, remaining_s: float) -> str:
    """A user of the basic plan with so many seconds left, bought at a whole second."""
    service.wait(case, -service.world.now_ms() % MS / MS)
    user = service.new_user()
    service.buy(case, user)
    service.leap(case, (ends(service, case, user) - remaining_s * MS - service.world.now_ms()) / MS)
    return user


def _quote(service: Service, case: Case, user: str, expected: int, when: str) -> Payment:
    """The code of an upgrade that costs so many cents. Raises RuleBrokenError, PreconditionError."""
    answer = upgrade(service, case, user)
    payment = service.made(answer, user, full_plan(service), "USD", "upgrade")
    minor = service.minor(service.read("upgrade", answer, "amount"), "USD")
    require(minor == expected, f"{when} the upgrade costs {minor} cents, expected {expected}")
    return payment


@rule(
    "quote.frozen",
    "A quote stands while its code lives",
    forbids="pricing an upgrade again when it is paid, so that the right amount is a wrong one",
)
def _frozen(service: Service, case: Case) -> None:
    """Quoted a minute before the price falls, paid a minute after it: the quoted amount upgrades."""
    total, boundary = service.cycle_s, falls_at(service)
    user = user_at(service, case, boundary + 60)
    payment = _quote(service, case, user, exact(_difference(service), boundary + 60, total), "a minute early")
    service.wait(case, 120)
    service.pay(case, payment)
    state = service.becomes(case, payment, "paid")
    require(state == "paid", f"the quoted amount was paid within the life of the quote, and the payment is {state}")
    plan = service.subscription(case, user).plan
    require(plan in (None, full_plan(service).name), f"the quoted amount was paid, and the plan is {plan!r}")


@rule(
    "quote.code",
    "The code of an upgrade asks for the quoted amount",
    forbids="a code over another amount than the one that was told",
)
def _code(service: Service, case: Case) -> None:
    """Half a cycle on: the amount that is told, and the one inside the code."""
    user = user_at(service, case, service.cycle_s // 2)
    expected = exact(_difference(service), service.cycle_s // 2, service.cycle_s)
    payment = _quote(service, case, user, expected, "half a cycle on")
    require(code_minor(payment) == expected, f"{expected} cents were quoted, the code asks for {code_minor(payment)}")


@rule(
    "quote.expires",
    "A quote that has died is priced anew",
    forbids="an old price, or a dead code, for an upgrade that is asked for later",
)
def _expires(service: Service, case: Case) -> None:
    """Quoted a minute before the price falls, and again when the first code has died."""
    total, boundary = service.cycle_s, falls_at(service)
    user = user_at(service, case, boundary + 60)
    first = _quote(service, case, user, exact(_difference(service), boundary + 60, total), "a minute early")
    later = service.config.expires_after_s + 60
    service.wait(case, later)
    second = _quote(
        service,
        case,
        user,
        exact(_difference(service), boundary + 60 - later, total),
        f"{later} s later",
    )
    require(second.md5 != first.md5, "an upgrade was offered by a code that has died")


@rule(
    "quote.whole-seconds",
    "Parts of a second are cut off before an upgrade is priced",
    forbids="counting milliseconds, which turns exact halves of a cent down",
)
def _seconds(service: Service, case: Case) -> None:
    """0.999 s after the last second at which the upgrade costs k + 1/2 cents, rounded up."""
    total, difference = service.cycle_s, _difference(service)
    remaining, inexact = divmod((2 * (difference // 2) + 1) * total, 2 * difference)
    if inexact:
        raise NotCheckedError("no half of a cent falls on a whole second with these prices")
    user = user_at(service, case, remaining)
    service.wait(case, 0.999)
    _quote(service, case, user, exact(difference, remaining, total), "0.999 s after an exact half of a cent")


DATES = st.datetimes(datetime(2026, 3, 1), datetime(2027, 12, 20)).map(  # noqa: DTZ001  UTC is said beside it
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
LEAP = datetime(2028, 2, 15, tzinfo=UTC)
PRICES = st.tuples(st.integers(1, 9_999), st.integers(2_000, 99_999)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@rule(
    "quote.any-price",
    "An upgrade is exact for any prices, dates and instants",
    forbids="proration that is right for one pair of prices, one month or one year only",
    examples=1,
    shrinks=False,
)
def _any_price(service: Service, case: Case) -> None:
    """The service is started with prices drawn; ten instants in a cycle of any date, and over 29 February."""
    if service.with_prices is None or service.config.time == "real":
        raise NotCheckedError("the configuration gives the service no {basic_usd} and {full_usd}, or it has real time")
    full_plan(service)
    old, new = case.draw(PRICES, "prices in cents")
    start = case.draw(DATES, "start")
    tenth = service.cycle_s // 10
    within = case.draw(st.lists(st.integers(1, tenth), min_size=10, max_size=10), "seconds left in each tenth")
    instants = [number * tenth + second for number, second in enumerate(within)][::-1]
    with service.with_prices(f"{old / 100:.2f}", f"{new / 100:.2f}") as other:
        other.begin(case)
        for begins in (start, LEAP):
            other.leap(case, begins.timestamp() - other.world.now_ms() / MS)
            _walk(other, case, new - old, instants)


def _walk(service: Service, case: Case, difference: int, instants: list[int]) -> None:
    """A cycle is bought, and its upgrade priced at the instants, each when the quote before it has died."""
    user, total = service.new_user(), service.cycle_s
    service.buy(case, user)
    end = ends(service, case, user)
    for remaining in instants:
        expected = exact(difference, remaining, total)
        wait_s = (end - remaining * MS - service.world.now_ms()) / MS
        if wait_s > service.config.expires_after_s and expected:
            service.leap(case, wait_s)
            _priced(service, case, user, expected, remaining)


def _priced(service: Service, case: Case, user: str, expected: int, remaining: int) -> None:
    """The upgrade costs so much; its code is left to die."""
    answer = upgrade(service, case, user)
    if not service.done("upgrade", answer):
        raise PreconditionError(f"an upgrade with {remaining} s left was answered {answer.summary}")
    amount = service.read("upgrade", answer, "amount")
    require(
        service.minor(amount, "USD") == expected, f"with {remaining} s left it costs {amount!r}, expected {expected}"
    )


def to_five_before_midnight(now_s: int) -> int:
    """How many seconds it is to the next five minutes before a midnight, by a clock whose days are of 86,400 s.

    >>> to_five_before_midnight(86_400 - 170)
    86270
    """
    return -(now_s + 300) % DAY_S


def _over_midnight(service: Service, case: Case, ahead_s: int) -> None:
    """A quote of five minutes before the midnight of a zone so far ahead of UTC is the answer five minutes after it."""
    user = user_at(service, case, service.cycle_s - DAY_S)
    service.leap(case, to_five_before_midnight(service.world.now_ms() // MS + ahead_s))
    first = service.made(upgrade(service, case, user), user, full_plan(service), "USD", "upgrade")
    service.wait(case, 600)
    answer = upgrade(service, case, user)
    again = service.read("upgrade", answer, "md5") if service.done("upgrade", answer) else first.md5
    require(again == first.md5, f"after a midnight the code {first.md5} has another beside it, {again}")


@rule(
    "quote.stands",
    "Until its code dies, and no longer, a quote is the answer",
    forbids="a second code beside one that can still be paid, or a dead one that is offered on",
)
def _stands(service: Service, case: Case) -> None:
    """Asked for again on the other side of a midnight; then a second before the code's end, at its end, and after."""
    for ahead_s in (0, 7 * 3600):  # the midnights of UTC and of Phnom Penh
        _over_midnight(service, case, ahead_s)
    user = user_at(service, case, service.cycle_s // 2)
    first = service.made(upgrade(service, case, user), user, full_plan(service), "USD", "upgrade")
    service.wait(case, service.config.expires_after_s - 1)
    answer = upgrade(service, case, user)
    if service.done("upgrade", answer):
        again = service.read("upgrade", answer, "md5")
        require(again == first.md5, f"a second before its end the code {first.md5} has another beside it, {again}")
    for when, seconds in (("at its end", 1), ("a second after its end", 1)):
        service.wait(case, seconds)
        answer = upgrade(service, case, user)
        if when != "at its end" and answer.status in service.config.refusals.conflict:
            return  # the one of a second before can be paid, and another one may be refused
        require(service.done("upgrade", answer), f"{when} an upgrade was answered {answer.summary}")
        require(service.read("upgrade", answer, "md5") != first.md5, f"{when} a dead code was offered again")
