"""Rules of what buys something other than a first order: quotes, bills, the better plan, late money."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Severity, Suite, require
from bakong_conformance.service.changes import full_plan, upgrade
from bakong_conformance.service.config import PricedPlan
from bakong_conformance.service.entitlements import ends
from bakong_conformance.service.payments import code_asks
from bakong_conformance.service.quotes import falls_at, user_at
from bakong_conformance.service.subject import DECIMALS, Payment, Service, Subscription

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 16
AT_ONCE = 30  # payments that are looked at within one minute of the limit
ALIKE = ("somebody_else@devb", "somebody_else@{bank}", "{name}@devb", "{name}2@{bank}")


def text_of(minor: int, currency: str) -> str:
    """An amount as a wallet pays it.

    >>> text_of(51, "USD"), text_of(2000, "KHR")
    ('0.51', '2000')
    """
    return f"{minor // 100}.{minor % 100:02d}" if DECIMALS[currency] else str(minor)


class Wrong(NamedTuple):
    """What is paid instead: another amount of the code's currency; or what Bakong reports, by a script."""

    said: str
    amount: str = ""
    script: str = ""


def _amounts(service: Service, payment: Payment) -> list[Wrong]:
    """Around what the code asks for, the double, a hundred times and a hundredth of it, and the plans' prices."""
    minor, currency = code_asks(payment)
    plans = [plan for plan in (service.config.plans.basic, service.config.plans.full) if plan]
    prices = [service.price_minor(plan, currency) for plan in plans if currency in plan.prices]
    near = dict.fromkeys((minor - 1, minor + 1, minor * 2, minor * 100, minor // 100, *prices))
    return [Wrong(text_of(one, currency), text_of(one, currency)) for one in near if one not in (0, minor)]


def _elsewhere(service: Service, payment: Payment) -> list[Wrong]:
    """The same number and as many minor units of the other currency; and accounts that look like the right one."""
    minor, currency = code_asks(payment)
    other, number = "USD" if currency == "KHR" else "KHR", text_of(minor, currency)
    crossed = dict.fromkeys((text_of(minor, other), number if other == "USD" else str(max(1, round(float(number))))))
    name, _, bank = str(service.config.account or "somebody@sand").partition("@")
    accounts = [one.format(name=name, bank=bank) for one in ALIKE]
    return [
        *(Wrong(f"{one} {other}", script=f"{{amount: '{one}', currency: {other}}}") for one in crossed),
        *(Wrong(f"to {one}", script=f"{{account: '{one}'}}") for one in accounts),
    ]


def _play(service: Service, case: Case, wrong: Wrong) -> None:
    """What is reported of the payments that begin from now on."""
    paid = f"payment:\n  - paid: {wrong.script}\n" if wrong.script else ""
    service.world.play(case, f"name: another\n{paid}")


def _pay(service: Service, case: Case, payment: Payment, wrong: Wrong) -> None:
    service.pay(case, payment, **({"amount": wrong.amount} if wrong.amount else {}))


Make = Callable[[Service, Case, str], Payment]


def _holder(service: Service, case: Case, currency: str = "USD", days: int = 15) -> str:
    """A user of the basic plan, so many days into its cycle."""
    user = service.new_user()
    service.buy(case, user, currency=currency)
    service.leap(case, days * 86_400)
    return user


def quote(service: Service, case: Case, user: str) -> Payment:
    """The code of an upgrade. Raises PreconditionError."""
    return service.made(upgrade(service, case, user), user, full_plan(service), "USD", "upgrade")


def bill(service: Service, case: Case, user: str) -> Payment:
    """The code of the next bill. Raises PreconditionError."""
    service.need("renew")
    return service.made(service.do(case, "renew", user=user), user, service.config.plans.basic, "USD", "renew")


def _mapped(service: Service, *operations: str) -> None:
    service.need("subscription", *operations)
    if service.config.time == "real":
        raise NotCheckedError("it takes days of real time; map the service's time to check it")


@rule(
    "upgrade.mismatch",
    "Only the quoted amount, in its currency, to the right account, upgrades",
    forbids="the better plan for a cent, for riel, or for money that somebody else received",
    severity=Severity.CRITICAL,
)
def _upgrade_mismatch(service: Service, case: Case) -> None:
    """A quote in each currency is paid with other amounts, in the other currency, and to accounts that look alike."""
    _mapped(service, "upgrade")
    _spoilt(service, case, quote, "an upgrade")


@rule(
    "renew.mismatch",
    "Only the bill's amount, in its currency, to the right account, renews",
    forbids="a cycle for a cent, for riel, or for money that somebody else received",
    severity=Severity.CRITICAL,
)
def _bill_mismatch(service: Service, case: Case) -> None:
    """A bill in each currency is paid with other amounts, in the other currency, and to accounts that look alike."""
    _mapped(service, "renew")
    _spoilt(service, case, bill, "a bill")


def _spoilt(service: Service, case: Case, make: Make, said: str) -> None:
    """For each wrong payment a user of its own, half a cycle on: nothing of what the user holds changes."""
    currencies = sorted(service.config.plans.basic.prices, reverse=True)
    samples = {currency: make(service, case, _holder(service, case, currency)) for currency in currencies}
    jobs = [
        (currency, ways, number)
        for currency in currencies
        for ways in (_amounts, _elsewhere)
        for number in range(len(ways(service, samples[currency])))
    ]
    users = [service.buy(case, currency=currency).user for currency, _, _ in jobs]
    service.leap(case, 15 * 86_400)
    made: list[tuple[Payment, Subscription, str]] = []
    for (currency, ways, number), user in zip(jobs, users, strict=True):
        before, wrong = service.subscription(case, user), ways(service, samples[currency])[number]
        _play(service, case, wrong)
        payment = make(service, case, user)
        if wrong.amount:
            wrong = _amounts(service, payment)[number]
        _pay(service, case, payment, wrong)
        made.append((payment, before, f"{said} was paid with {wrong.said}"))
    service.rest(case)
    for _ in range(2):
        service.settle(case)
        states = [service.status(case, payment) for payment, _, _ in made]
    service.rest(case)
    for state, (payment, before, what) in zip(states, made, strict=True):
        require(state != "paid", f"{what}, and it is {state}")
        after = service.subscription(case, payment.user)
        require(after == before, f"{what}: what was {before} is {after}")


def _plans(service: Service) -> Iterator[tuple[PricedPlan, str]]:
    for plan in (service.config.plans.basic, service.config.plans.full):
        for currency in sorted(plan.prices) if plan else ():
            yield plan, currency  # type: ignore[misc]


@rule(
    "mismatch.everywhere",
    "Each plan in each currency is held to amount, currency and account",
    forbids="a check that is done for one plan, or for dollars, alone",
    severity=Severity.CRITICAL,
)
def _everywhere(service: Service, case: Case) -> None:
    """Each plan in each currency is paid with another plan's price, a unit more, in the other currency, and astray."""
    made: list[tuple[Payment, str]] = []
    for plan, currency in _plans(service):
        service.rest(case)
        sample = service.create(case, plan=plan, currency=currency)
        for wrong in (*_amounts(service, sample), *_elsewhere(service, sample)):
            _play(service, case, wrong)
            payment = service.create(case, plan=plan, currency=currency)
            _pay(service, case, payment, wrong)
            made.append((payment, f"{plan.name} in {currency} was paid with {wrong.said}"))
    _none_paid(service, case, made)


def _none_paid(service: Service, case: Case, made: list[tuple[Payment, str]]) -> None:
    service.settle(case)
    for number, (payment, said) in enumerate(made):
        if not number % AT_ONCE:
            service.rest(case)
        state = service.status(case, payment)
        require(state != "paid", f"{said}, and is {state}")
        if "subscription" in service.config.operations:
            require(not service.subscription(case, payment.user).active, f"{said}, and the plan is granted")


@rule(
    "late.mismatch",
    "Late money is held to amount, currency and account",
    forbids="a check that is forgotten where money comes after the code's end",
    severity=Severity.CRITICAL,
)
def _late_mismatch(service: Service, case: Case) -> None:
    """Codes that have died unpaid are paid with another amount, in the other currency, and to somebody else."""
    if service.config.time == "real":
        raise NotCheckedError("it takes 15 minutes of real time; map the service's time to check it")
    sample, made = service.create(case), list[tuple[Payment, Wrong]]()
    for wrong in (*_amounts(service, sample), *_elsewhere(service, sample)):
        _play(service, case, wrong)
        made.append((service.create(case), wrong))
        service.world.show(case, made[-1][0].qr)
    service.wait(case, service.config.expires_after_s + 5)
    for payment, wrong in made:
        service.status(case, payment)
        _pay(service, case, payment, wrong)
    service.wait(case, 900)
    _none_paid(service, case, [(payment, f"a dead code was paid with {wrong.said}") for payment, wrong in made])


@rule(
    "quote.told-again",
    "A quote that is asked for again is told as its code is",
    forbids="an amount that falls from second to second beside a code that does not",
)
def _told_again(service: Service, case: Case) -> None:
    """Quoted a minute before the price falls, and asked for again after it: the amount is the code's, each time."""
    _mapped(service, "upgrade")
    if "amount" not in service.operation("upgrade").answer:
        raise NotCheckedError("the configuration maps no amount in the answer of upgrade")
    user = user_at(service, case, falls_at(service) + 60)
    for seconds in (0, 1, 600):
        service.wait(case, seconds)
        answer = upgrade(service, case, user)
        if seconds and answer.status in service.config.refusals.conflict:
            continue  # while a quote can be paid another one may be refused
        payment = service.made(answer, user, full_plan(service), "USD", "upgrade")
        asked, currency = code_asks(payment)
        amount = service.read("upgrade", answer, "amount")
        require(
            service.minor(amount, currency) == asked,
            f"asked for again after {seconds} s, the quote says {amount!r}, its code {asked} minor {currency}",
        )


@rule(
    "renew.told",
    "A bill is told as its code is",
    forbids="an amount on the bill, and another one in its code",
)
def _bill_told(service: Service, case: Case) -> None:
    """A bill, asked for twice; the amount in its answer, where one is mapped, and the one inside the code."""
    _mapped(service, "renew")
    if "amount" not in service.operation("renew").answer:
        raise NotCheckedError("the configuration maps no amount in the answer of renew")
    user = _holder(service, case)
    for seconds in (0, 300):
        service.wait(case, seconds)
        answer = service.do(case, "renew", user=user)
        payment = service.made(answer, user, service.config.plans.basic, "USD", "renew")
        asked, currency = code_asks(payment)
        amount = service.read("renew", answer, "amount")
        require(
            service.minor(amount, currency) == asked, f"the bill says {amount!r}, its code {asked} minor {currency}"
        )


@rule(
    "renew.stands",
    "Until its code dies a bill is the answer",
    forbids="two bills for one cycle, both of which could be paid",
)
def _bill_stands(service: Service, case: Case) -> None:
    """A bill is asked for again a minute later, and 14 minutes later: the same code."""
    _mapped(service, "renew")
    user = _holder(service, case)
    first = bill(service, case, user)
    for seconds in (60, service.config.expires_after_s - 120):
        service.wait(case, seconds)
        again = bill(service, case, user)
        require(again.md5 == first.md5, f"beside the open bill {first.md5} another one was opened, {again.md5}")


@rule(
    "renew.one",
    "One open bill at most, whatever races",
    forbids="two bills for one cycle, because two calls came at once",
)
def _bill_race(service: Service, case: Case) -> None:
    """Sixteen bills of one user at once: one code among the answers."""
    _mapped(service, "renew")
    user = _holder(service, case)
    answers = service.at_once([partial(service.do, None, "renew", user=user)] * RACERS)
    codes = {service.read("renew", answer, "qr") for answer in answers if service.done("renew", answer)} - {None}
    case.note(f"{RACERS} bills at once", f"{sorted(answer.status for answer in answers)}, {len(codes)} codes")
    require(not any(answer.status >= 500 for answer in answers), "a bill among sixteen at once was answered with a 5xx")
    require(len(codes) == 1, f"{len(codes)} different codes for one bill")


@rule(
    "renew.dead",
    "A bill whose code has died is no answer",
    forbids="a bill that nobody can pay, or a second code a moment before the first one ends",
)
def _bill_dies(service: Service, case: Case) -> None:
    """Asked for again a millisecond before the end of its code, and at its end."""
    _mapped(service, "renew")
    user = _holder(service, case)
    first = bill(service, case, user)
    service.wait(case, service.config.expires_after_s - 0.001)
    again = bill(service, case, user)
    require(again.md5 == first.md5, "a millisecond before its end a bill had another one beside it")
    service.wait(case, 0.001)
    again = bill(service, case, user)
    require(again.md5 != first.md5, "at the end of its code a bill was offered again")


@rule(
    "quote.outage",
    "Where Bakong cannot be asked, a code that has died is no answer either",
    forbids="a quote or a bill that is handed out past its end, because nobody could be asked whether it was paid",
)
def _dead_in_outage(service: Service, case: Case) -> None:
    """A quote, and a bill, is asked for while Bakong is gone, and again past its end: another code, or a refusal."""
    makers = {"upgrade": quote, "renew": bill}
    names = [name for name in makers if name in service.config.operations]
    names = [name for name in names if name != "upgrade" or service.config.plans.full]
    _mapped(service, *(names or ["renew"]))
    users = {name: service.buy(case).user for name in names}
    service.leap(case, 15 * 86_400)
    service.world.trouble(case, ["reset, at: before_head"], after_s=0, each_s=2 * service.config.expires_after_s)
    first = {name: makers[name](service, case, user) for name, user in users.items()}
    for payment in first.values():
        service.world.show(case, payment.qr)
        service.status(case, payment)
    service.wait(case, service.config.expires_after_s + 1)
    for name, user in users.items():
        answer = service.do(case, name, user=user)
        code = service.read(name, answer, "md5") if service.done(name, answer) else None
        require(code != first[name].md5, f"while Bakong cannot be asked {name} answered a code that had died")


@rule(
    "renew.after-change",
    "A bill that was open before a change is not the bill after it",
    forbids="the better plan for the old plan's price, because the bill had been asked for in time",
)
def _after_change(service: Service, case: Case) -> None:
    """A bill is opened, then the plan goes up, or down; the bill asked for then is the new price's, in its currency."""
    _mapped(service, "renew")
    full, basic = full_plan(service), service.config.plans.basic
    for currency in sorted(full.prices, reverse=True):
        user = _holder(service, case, currency)
        bill(service, case, user)
        payment = quote(service, case, user)
        service.pay(case, payment)
        if service.becomes(case, payment, "paid") != "paid":
            raise PreconditionError("a paid upgrade is not paid")
        _bill_is(service, case, user, full, f"upgraded with a bill open, in {currency}")
    if "downgrade" not in service.config.operations:
        return
    user = service.new_user()
    service.buy(case, user, full)
    bill(service, case, user)
    if not service.done("downgrade", answer := service.do(case, "downgrade", user=user)):
        raise PreconditionError(f"a downgrade was answered {answer.summary}")
    _bill_is(service, case, user, basic, "downgraded with a bill open")


def _bill_is(service: Service, case: Case, user: str, plan: PricedPlan, when: str) -> None:
    answer = service.do(case, "renew", user=user)
    if not service.done("renew", answer):
        require(answer.status < 500, f"{when}, the bill was answered {answer.summary}")
        return  # refused: no wrong bill
    asked, currency = code_asks(service.made(answer, user, plan, "USD", "renew"))
    price = service.price_minor(plan, currency)
    require(asked == price, f"{when}, the next bill is over {asked} minor {currency}, {plan.name} costs {price}")


@rule(
    "renew.grants",
    "A bill buys a cycle of the plan that it is over, and nothing else",
    forbids="the better plan for the price of the lower one, or a change that was asked for and is forgotten",
    severity=Severity.CRITICAL,
)
def _bill_grants(service: Service, case: Case) -> None:
    """A bill of the lower plan is paid; the plan stays what it is, and the date moves by one cycle."""
    _mapped(service, "renew")
    user = _holder(service, case)
    before, payment = service.subscription(case, user), bill(service, case, user)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    after = service.subscription(case, user)
    require(after.plan == before.plan, f"a bill of {before.plan!r} was paid, and the plan is {after.plan!r}")
    moved = ends(service, case, user) - (before.next_billing_ms or 0)
    require(
        service.is_cycle(before.next_billing_ms or 0, (before.next_billing_ms or 0) + moved),
        f"a bill moved the date by {moved / 86_400_000:g} days",
    )
