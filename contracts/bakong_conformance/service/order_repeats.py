"""Rules of what looks alike and is not: equal refunds, keys of two merchants, amounts that floats cut, tax withheld."""

from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.operation import fill
from bakong_conformance.service.order_cases import PLAIN, SERVICE
from bakong_conformance.service.order_refunds import held, orders_of, refund, taken
from bakong_conformance.service.order_subject import basket, desk, item
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
APART_S = 3600  # a shop may take an equal refund of the same minute for a second click
AWKWARD = (29, 57, 1_15, 8_20, 19_99, 64_10)  # as floats of whole units, times a hundred, each is a little less


@rule("refund.equal", "Two equal refunds are two", forbids="one name at the provider for refunds of the same amount")
def _equal(service: Service, case: Case) -> None:
    """100.00 is paid back, and an hour later 100.00 again: the provider pays each."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    for number in (1, 2):
        key = f"equal-{number}-{bought.order.id}" if service.config.idempotency_header else None
        taken(orders, refund(orders, case, bought, 100_00, key=key), f"refund {number} of 100.00")
        held(orders, case, bought, number * 100_00)
        service.wait(case, APART_S)


@rule("refund.exact", "A refund is exact", forbids="parts that floats make a satang smaller")
def _exact(service: Service, case: Case) -> None:
    """Amounts such as 19.99 and 0.29, one after the other: the provider pays back their sum each time."""
    orders = orders_of(service)
    bought = orders.buy(case, PLAIN)
    for count, amount in enumerate(AWKWARD, 1):
        taken(orders, refund(orders, case, bought, amount), f"a refund of {orders.text(amount)}")
        held(orders, case, bought, sum(AWKWARD[:count]))


@rule(
    "refund.withheld",
    "What was withheld is not paid back",
    forbids="paying back the total where less was paid",
)
def _withheld(service: Service, case: Case) -> None:
    """Tax is withheld: a satang above what was paid and the total are refused; all that is left is what was paid."""
    orders = orders_of(service)
    orders.need_buyers()
    bought = orders.buy(case, SERVICE)
    sums = bought.order.expected
    for wrong in (sums.payable + 1, sums.total):
        answer = refund(orders, case, bought, wrong)
        about = f"a refund of {orders.text(wrong)}, where {orders.text(sums.payable)} were paid,"
        require(not orders.done("refund", answer), f"{about} was taken: {answer.summary}")
    taken(orders, refund(orders, case, bought), "a refund of all that was paid")
    held(orders, case, bought, sums.payable)


@rule(
    "order.key.tenants",
    "A key belongs to who sends it",
    forbids="another merchant's order for a key that both happen to use",
)
def _tenants(service: Service, case: Case) -> None:
    """The same order under the same key by two merchants: two orders, each its owner's."""
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    orders = orders_of(service, "create")
    if not orders.config.other_headers:
        raise NotCheckedError("the configuration has no orders.other_headers")
    headers: dict[str, Any] = fill(orders.config.other_headers, service.values)
    body = orders.body(PLAIN)
    key = f"shared-{body['user']}"
    mine = orders.do(case, "create", key=key, **body)
    theirs = orders.do(case, "create", key=key, headers=headers, **body)
    for whose, answer in (("one merchant's", mine), ("another merchant's", theirs)):
        require(orders.done("create", answer), f"{whose} order under a key that both use was answered {answer.summary}")
    ids = [orders.read("create", answer, "id") for answer in (mine, theirs)]
    require(ids[0] != ids[1], f"another merchant's key answers with the order {ids[0]}, which is not its own")


@rule("tax.rate.written", "7 and 7.0 are one rate", forbids="rounding twice because a rate was written in two ways")
def _written(service: Service, case: Case) -> None:
    """0.50 at a rate, and 0.50 at the same with a zero behind it: VAT as of one group. Checked where both are taken."""
    orders = desk(service)
    orders.need_field("vat_rate")
    orders.need_answer("create", "vat")
    rate = orders.config.vat_rates[0]
    both = basket(item("0.50", vat_rate=rate), item("0.50", vat_rate=rate))
    other = f"{rate}0" if "." in rate else f"{rate}.0"
    lines = [orders.line(both.items[0]), orders.line(both.items[1], vat_rate=other)]
    answer = orders.do(case, "create", **orders.body(both, items=lines))
    if not orders.done("create", answer):
        raise NotCheckedError(f"the service does not take the rate {other}")
    told, expected = orders.minor(orders.read("create", answer, "vat")), orders.expected(both).vat
    require(told == expected, f"0.50 at {rate} % and 0.50 at {other} %: vat is {told} satang, expected {expected}")
