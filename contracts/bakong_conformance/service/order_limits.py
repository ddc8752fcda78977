"""Rules of orders that must be refused: quantities, prices, discounts, rates, numbers of lines, currencies, keys."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.operation import fill, names_in
from bakong_conformance.service.order_cases import PLAIN, SERVICE
from bakong_conformance.service.order_subject import Desk, Order, basket, desk, item
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 8
NOT_DECIMALS: tuple[Any, ...] = (
    *("", " ", "abc", "NaN", "Infinity", "-Infinity", "1e3", "1E-2", "0x10", "1_0", "1,00", "10.", ".5", "+1"),
    *("\uff11", "\u0967", "1 ", " 1", "--1", "1.2.3", True, [], {}, ["1"], None),
)


def _refused(answer: Answer, about: str) -> None:
    require(answer.status < 500, f"{about} was answered {answer.summary}")
    require(answer.status >= 400, f"{about} was taken: {answer.summary}")


def _lines_refused(orders: Desk, case: Case, field: str, wrongs: Iterable[Any]) -> None:
    """An order with one line, which has a wrong value in a field."""
    for wrong in wrongs:
        lines = [orders.line(PLAIN.items[0], **{field: wrong})]
        answer = orders.do(case, "create", **orders.body(PLAIN, items=lines))
        _refused(answer, f"a line with the {field} {wrong!r}")


@rule(
    "order.quantity",
    "A quantity is above zero and has at most three decimals",
    forbids="orders of nothing or of less, and a fourth decimal that is rounded away",
)
def _quantity(service: Service, case: Case) -> None:
    """0, below zero, four decimals; three decimals are taken."""
    orders = desk(service)
    _lines_refused(orders, case, "quantity", ("0", "0.000", "-1", "-0.001", "0.0001", "1.2345"))
    orders.place(case, basket(item("10.00", "0.125")))


@rule(
    "order.price", "A price is not below zero and has whole satang", forbids="prices that are rounded, or that pay out"
)
def _price(service: Service, case: Case) -> None:
    """Below zero, three decimals."""
    _lines_refused(desk(service), case, "unit_price", ("-0.01", "-10.00", "0.001", "9.999"))


@rule(
    "order.discount",
    "A discount is at most the line",
    forbids="lines below zero, and discounts that raise a price",
)
def _discount(service: Service, case: Case) -> None:
    """A satang above the line, below zero, three decimals; the whole line is taken."""
    orders = desk(service)
    orders.need_field("discount")
    _lines_refused(orders, case, "discount", ("1050.01", "2000.00", "-0.01", "0.005"))
    orders.place(case, basket(item("350.00", "3", "1050.00"), item("1.00")))


@rule("order.rates", "A rate is between 0 and 100 %", forbids="negative taxes, and more tax than price")
def _rates(service: Service, case: Case) -> None:
    """Rates of VAT and of withholding below zero and above 100."""
    orders = desk(service)
    fields = [name for name in ("vat_rate", "withholding_rate") if orders.takes(name)]
    if not fields:
        raise NotCheckedError("orders.item has neither {vat_rate} nor {withholding_rate}")
    for field in fields:
        _lines_refused(orders, case, field, ("-1", "-0.01", "100.01", "1000", "NaN", "seven"))


@rule(
    "order.decimals",
    "What is no plain decimal is no number",
    forbids="exponents, NaN, other scripts' digits, true as 1, and a 500 for any of them",
)
def _decimals(service: Service, case: Case) -> None:
    """Two dozen texts and values, as quantity and as price."""
    orders = desk(service)
    for field in ("quantity", "unit_price"):
        _lines_refused(orders, case, field, NOT_DECIMALS)


@rule("order.lines", "An order has lines, and not too many", forbids="empty orders, orders without end")
def _lines(service: Service, case: Case) -> None:
    """None, one more than the most, and what is no list; the most are taken."""
    orders = desk(service)
    line, most = orders.line(item("1.00")), orders.config.most_items
    for about, lines in (
        ("an order without lines", []),
        (f"an order of {most + 1} lines", [line] * (most + 1)),
        ("an order whose lines are an object", {"0": line}),
        ("an order whose lines are a text", "line"),
        ("an order whose lines are a number", 5),
        ("an order whose lines are null", None),
        ("an order with null for a line", [None]),
        ("an order with a text for a line", ["line"]),
    ):
        _refused(orders.do(case, "create", **orders.body(PLAIN, items=lines)), about)
        case.journal.clear()
    full = basket(*[item("1.00")] * most)
    answer = orders.do(case, "create", **orders.body(full))
    require(orders.done("create", answer), f"an order of {most} lines was answered {answer.summary}")


@rule(
    "order.currency",
    "An order has a currency that is known, and is checked out in it",
    forbids="baht that are paid as dollars",
)
def _currency(service: Service, case: Case) -> None:
    """A currency that nobody has, small letters; and the checkout of an order in another currency than its own."""
    orders = desk(service)
    if "currency" in names_in(orders.operation("create").body):
        for wrong in ("XXX", "thb", "", "THBX", 764, None):
            _refused(
                orders.do(case, "create", **orders.body(PLAIN, currency=wrong)), f"an order in the currency {wrong!r}"
            )
    if "checkout" in orders.config.operations and "currency" in names_in(orders.operation("checkout").body):
        order = orders.place(case, PLAIN)
        answer = orders.do(case, "checkout", order=order.id, currency=orders.config.other_currency)
        _refused(answer, f"the checkout in {orders.config.other_currency} of an order in {orders.config.currency}")


@rule("order.unknown", "An order that is not there is unknown", forbids="a 500, or somebody's order, for any id")
def _unknown(service: Service, case: Case) -> None:
    """Ids that nobody has, in every operation that takes one."""
    orders = desk(service)
    for name in _of_one_order(orders):
        for wrong in ("no-such-order", "0", "-1", "%00", "a" * 300, "1%27%20OR%201%3D1"):
            answer = orders.do(
                case, name, order=wrong, currency=orders.config.currency, amount=orders.amount(1), payment=wrong
            )
            expected = (*service.config.refusals.unknown, *service.config.refusals.invalid)
            require(answer.status in expected, f"{name} of the order {wrong[:20]!r} was answered {answer.summary}")


def _of_one_order(orders: Desk) -> list[str]:
    names: list[str] = [name for name in ("read", "status", "checkout", "refund") if name in orders.config.operations]
    if not names:
        raise NotCheckedError("the configuration maps no operation of one order")
    return names


@rule(
    "order.tenants",
    "Another tenant's order is unknown",
    forbids="an order that a stranger reads, checks out or refunds, and a 403 that says it is there",
)
def _tenants(service: Service, case: Case) -> None:
    """A paid order of one tenant's, by another's key: the same answer as for an order that is not there."""
    orders = desk(service)
    if not orders.config.other_headers:
        raise NotCheckedError("the configuration has no orders.other_headers")
    headers = fill(orders.config.other_headers, service.values)
    foreign = orders.place(case, PLAIN)
    payment = "none"
    if "refund" in orders.config.operations:
        bought = orders.buy(case, PLAIN)
        foreign, payment = bought.order, bought.payment
    for name in _of_one_order(orders):
        values: dict[str, Any] = {"order": foreign.id, "payment": payment, "currency": orders.config.currency}
        values |= {"amount": orders.amount(1_00)}
        answer = orders.do(case, name, headers=headers, **values)
        require(
            answer.status in service.config.refusals.unknown,
            f"{name} of another tenant's order was answered {answer.summary}, expected that it is unknown",
        )
    if "checkout" in orders.config.operations:
        open_order = orders.place(case, PLAIN)
        answer = orders.do(case, "checkout", headers=headers, order=open_order.id, currency=orders.config.currency)
        require(answer.status in service.config.refusals.unknown, f"its checkout was answered {answer.summary}")


# Idempotency


def _keyed(service: Service) -> Desk:
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    return desk(service)


def _id(orders: Desk, answer: Answer) -> str:
    require(orders.done("create", answer), f"an order with a key was answered {answer.summary}")
    return str(orders.read("create", answer, "id"))


@rule(
    "order.key.replay", "The same order under the same key is one order", forbids="two orders for a request sent twice"
)
def _replay(service: Service, case: Case) -> None:
    """An order is sent twice under a key; and another key makes another order."""
    orders = _keyed(service)
    body = orders.body(SERVICE)
    key, other = f"order-{body['user']}", f"other-{body['user']}"
    first = _id(orders, orders.do(case, "create", key=key, **body))
    second = _id(orders, orders.do(case, "create", key=key, **body))
    require(first == second, f"an order was sent twice under a key, and made {first} and {second}")
    third = _id(orders, orders.do(case, "create", key=other, **body))
    require(first != third, "an order under another key is the first one")


@rule(
    "order.key.reused",
    "A key does not serve another order",
    forbids="an order that is answered with the sums of another",
)
def _reused(service: Service, case: Case) -> None:
    """Another price, another quantity, another buyer under the key."""
    orders = _keyed(service)
    body = orders.body(SERVICE)
    key = f"order-{body['user']}"
    _id(orders, orders.do(case, "create", key=key, **body))
    line = SERVICE.items[0]
    others = {
        "another price": SERVICE._replace(items=(line._replace(unit_price=line.unit_price + 1),)),
        "a second line": SERVICE._replace(items=(line, line)),
        "another buyer": SERVICE._replace(company=False),
    }
    for about, other in others.items():
        changed = orders.body(other, user=body["user"])
        if changed == body:
            continue
        answer = orders.do(case, "create", key=key, **changed)
        known = service.config.refusals.key_reused
        require(answer.status in known, f"{about} under a used key was answered {answer.summary}")


@rule("order.key.race", "One order, however often a key is sent at once", forbids="two orders for requests that race")
def _race(service: Service, case: Case) -> None:
    """Eight at once under one key, three times: one order each time, whoever is answered."""
    orders = _keyed(service)
    for _ in range(3):
        body = orders.body(PLAIN)
        sent = partial(orders.do, None, "create", key=f"race-{body['user']}", **body)
        answers = service.at_once([sent] * RACERS)
        made = {_id(orders, answer) for answer in answers if orders.done("create", answer)}
        case.note(f"{RACERS} orders at once under a key", sorted(answer.status for answer in answers))
        require(len(made) == 1, f"{RACERS} requests at once under a key made the orders {sorted(made)}")


@rule(
    "order.key.refused",
    "An order that was refused leaves its key free",
    forbids="a key that answers for ever with a mistake that was mended",
)
def _spent(service: Service, case: Case) -> None:
    """A wrong order under a key, then the right one."""
    orders = _keyed(service)
    body = orders.body(PLAIN)
    key = f"order-{body['user']}"
    wrong = orders.do(case, "create", key=key, **{**body, "items": [orders.line(PLAIN.items[0], quantity="0")]})
    if orders.done("create", wrong):
        raise NotCheckedError("an order of a quantity of 0 was taken, which another rule names")
    answer = orders.do(case, "create", key=key, **body)
    require(orders.done("create", answer), f"after a refused order its key answers {answer.summary}")


def checked(orders: Desk, case: Case) -> Order:
    """An order whose payable differs from its total, where the service withholds."""
    held = orders.takes("withholding_rate") and {"company", "person"} <= set(orders.config.buyers)
    return orders.place(case, SERVICE if held else PLAIN)
