"""Rules of what is nearly right: a price of something else, a time without a zone, an account that looks alike."""

from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.subject import Service, instant_ms

SUITE = Suite("service")
rule = SUITE.rule


@rule(
    "create.other-price",
    "The price of something else is not the price",
    forbids="one plan at another plan's price, riel at the number of dollars, or a price that is rounded until it fits",
)
def _other_price(service: Service, case: Case) -> None:
    """Each plan at the other's price, each currency at the other's number, and a fifth of a minor unit off."""
    plans = [plan for plan in (service.config.plans.basic, service.config.plans.full) if plan]
    for plan in plans:
        for currency, price in plan.prices.items():
            fifth = 0.002 if currency == "USD" else 0.2
            others = [other.prices[currency] for other in plans if currency in other.prices]
            numbers = {float(text) for text in (*others, *plan.prices.values())} - {float(price)}
            for wrong in (*sorted(numbers), float(price) + fifth, float(price) - fifth):
                order = {**service.order(service.new_user(), plan, currency), "amount": wrong}
                answer = service.do(case, "create", **order)
                about = f"{plan.name} at {wrong} {currency}, which costs {price},"
                require(not service.done("create", answer), f"{about} was taken: {answer.summary}")
                require(answer.status < 500, f"{about} was answered {answer.summary}")


@rule(
    "create.times",
    "A time that is told is an instant",
    forbids="a time without its zone, which each reader takes for another",
)
def _times(service: Service, case: Case) -> None:
    """The end of a new payment, the time of its payment, and the next billing date, which may be a day alone."""
    fields = [("create", "expires"), ("status", "paid_at"), ("subscription", "next_billing")]
    mapped = [
        (name, part)
        for name, part in fields
        if name in service.config.operations and part in service.operation(name).answer
    ]
    if not mapped:
        raise NotCheckedError("the configuration maps no time in an answer")
    payment = service.buy(case)
    about: dict[str, Any] = {"md5": payment.md5, "id": payment.id, "user": payment.user}
    for name, part in mapped:
        answer = payment.answer if name == "create" else service.do(case, name, **about)
        time = service.read(name, answer, part)
        is_day = isinstance(time, str) and len(time) == len("2026-02-11")
        require(
            time is None or is_day or instant_ms(time) is not None, f"{part} in {name} is {time!r}, which is no instant"
        )
