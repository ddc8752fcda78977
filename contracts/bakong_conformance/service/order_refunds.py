"""Rules of refunds: never more than was captured, in any order and at any speed; each once."""

from functools import partial
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.order_cases import PLAIN
from bakong_conformance.service.order_limits import NOT_DECIMALS
from bakong_conformance.service.order_subject import Checkout, Desk, desk
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 8


def orders_of(service: Service, *needed: str) -> Desk:
    """The orders; without names of operations those that a refund needs are needed. Raises NotCheckedError."""
    orders = desk(service)
    orders.need(*(needed or ("checkout", "status", "refund")))
    return orders


def refund(orders: Desk, case: Case | None, bought: Checkout, amount: Any = None, key: str | None = None) -> Answer:
    """A refund of so many satang, of another value, or (None) of all that is left."""
    values: dict[str, Any] = {"order": bought.order.id, "payment": bought.payment}
    if amount is not None:
        values["amount"] = orders.amount(amount) if isinstance(amount, int) and not isinstance(amount, bool) else amount
    return orders.do(case, "refund", key=key, **values)


def taken(orders: Desk, answer: Answer, about: str) -> None:
    require(orders.done("refund", answer), f"{about} was answered {answer.summary}")


def _refused(orders: Desk, answer: Answer, about: str) -> None:
    require(not orders.done("refund", answer), f"{about} was taken: {answer.summary}")
    require(400 <= answer.status < 500, f"{about} was answered {answer.summary}")


def _returned(orders: Desk, bought: Checkout) -> int | None:
    """What the provider paid back; None where the provider is not the harness's."""
    provider = orders.service.provider
    if provider is None or bought.charge not in provider.charges:
        return None
    return sum(orders.minor(refund["amount"]) or 0 for refund in provider.charges[bought.charge].refunds.values())


def held(orders: Desk, case: Case, bought: Checkout, expected: int) -> None:
    """The provider has paid back so much, and the status says so where it is mapped."""
    orders.service.settle(case)
    returned = _returned(orders, bought)
    require(returned in (None, expected), f"the provider paid back {returned} satang, expected {expected}")
    if "refunded" in orders.operation("status").answer:
        told = orders.read("status", orders.status(case, bought.order), "refunded")
        require(orders.minor(told) == expected, f"refunded is {told!r}, expected {orders.text(expected)}")


@rule("refund.whole", "A refund without an amount is all that is left", forbids="paying back the first part twice")
def _whole(service: Service, case: Case) -> None:
    """A part, then a refund without an amount: together what was captured."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    taken(orders, refund(orders, case, bought, 100_00), "a refund of 100.00")
    held(orders, case, bought, 100_00)
    taken(orders, refund(orders, case, bought), "a refund of what is left")
    held(orders, case, bought, bought.order.expected.payable)


@rule("refund.over", "No refund is above what was captured", forbids="paying back more than came in")
def _over(service: Service, case: Case) -> None:
    """A satang more than was captured."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    _refused(orders, refund(orders, case, bought, bought.order.expected.payable + 1), "a refund of a satang too much")
    held(orders, case, bought, 0)


@rule("refund.sum", "All refunds together are at most what was captured", forbids="parts that add up to more")
def _sum(service: Service, case: Case) -> None:
    """Half, then a satang more than the other half; then exactly the other half; then anything more."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    payable = bought.order.expected.payable
    half = payable // 2
    taken(orders, refund(orders, case, bought, half), "a refund of half")
    _refused(orders, refund(orders, case, bought, payable - half + 1), "a refund of a satang more than is left")
    taken(orders, refund(orders, case, bought, payable - half), "a refund of exactly what is left")
    _refused(orders, refund(orders, case, bought, 1), "a refund of a satang when nothing is left")
    _refused(orders, refund(orders, case, bought), "a refund when nothing is left")
    held(orders, case, bought, payable)


@rule("refund.race", "Refunds that race share what was captured", forbids="two clerks who pay back the same money")
def _race(service: Service, case: Case) -> None:
    """Eight refunds of two thirds at once: one is taken."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    part = bought.order.expected.payable * 2 // 3
    answers = service.at_once([partial(refund, orders, None, bought, part)] * RACERS)
    count = sum(orders.done("refund", answer) for answer in answers)
    case.note(f"{RACERS} refunds of two thirds at once", sorted(answer.status for answer in answers))
    require(count == 1, f"{count} of {RACERS} refunds of two thirds were taken")
    held(orders, case, bought, part)


@rule("refund.unpaid", "What is not paid is not refunded", forbids="money for an order that nobody paid")
def _unpaid(service: Service, case: Case) -> None:
    """An order that is checked out, and not paid."""
    orders = orders_of(service)
    checkout = orders.checkout(case, orders.place(case, PLAIN))
    _refused(orders, refund(orders, case, checkout, 1_00), "a refund of an order that is not paid")
    _refused(orders, refund(orders, case, checkout), "a whole refund of an order that is not paid")


@rule(
    "refund.amounts",
    "A refund is a plain amount above zero",
    forbids="refunds of nothing or of less, and parts of a satang that are rounded",
)
def _amounts(service: Service, case: Case) -> None:
    """0, below zero, three decimals, and two dozen values that are no amount."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    for wrong in ("0", "0.00", "-0.01", "-100.00", "0.001", "10.005", *NOT_DECIMALS):
        if wrong is not None:
            _refused(orders, refund(orders, case, bought, wrong), f"a refund of {wrong!r}")
    held(orders, case, bought, 0)


@rule("refund.key", "The same refund under the same key is one refund", forbids="paying back twice for a repeated call")
def _key(service: Service, case: Case) -> None:
    """A refund is sent twice under a key, then another amount under it."""
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    key = f"refund-{bought.order.id}"
    for about in ("a refund", "the same refund again"):
        taken(orders, refund(orders, case, bought, 100_00, key=key), about)
    held(orders, case, bought, 100_00)
    answer = refund(orders, case, bought, 200_00, key=key)
    known = service.config.refusals.key_reused
    require(answer.status in known, f"another amount under the key of a refund was answered {answer.summary}")


@rule(
    "refund.states", "An order says what was paid back", forbids="an order that is simply paid when its money is gone"
)
def _states(service: Service, case: Case) -> None:
    """After a part it is partially refunded, after the rest refunded."""
    orders = orders_of(service)
    orders.need_state("partially_refunded", "refunded")
    bought = orders.buy(case, PLAIN)
    for amount, expected in ((100_00, "partially_refunded"), (None, "refunded")):
        taken(orders, refund(orders, case, bought, amount), "a refund")
        service.settle(case)
        state = orders.state(case, bought.order)
        require(state == expected, f"an order is {state}, expected {expected}")
