"""Rules of what an order comes to: VAT, withholding tax, and the parts of both, against an exact computation."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service import order_cases as cases
from bakong_conformance.service.operation import names_in
from bakong_conformance.service.order_subject import Desk, basket, desk, item
from bakong_conformance.service.subject import Service
from bakong_conformance.service.taxes import Basket, Item, Sums

SUITE = Suite("service")
rule = SUITE.rule
SUMS = ("subtotal", "vat", "total", "withholding", "payable")
COLUMNS = {"line_totals": "money", "line_bases": "bases", "line_vats": "vats"}


def compare(orders: Desk, name: str, answer: Answer, expected: Sums, about: str) -> None:
    """Each sum and each part of a line that is mapped. Raises RuleBrokenError."""
    for field in SUMS:
        _equal(orders, orders.read(name, answer, field), getattr(expected, field), f"{about}: {field}", name, field)
    for field, column in COLUMNS.items():
        told = orders.read(name, answer, field)
        if field in orders.operation(name).answer:
            minors = [orders.minor(one) for one in told] if isinstance(told, list) else told
            wanted = list(getattr(expected, column))
            require(minors == wanted, f"{about}: {field} are {told!r}, expected {_texts(orders, wanted)}")
    groups = {"group_vats": [one.vat for one in expected.groups], "group_bases": [one.base for one in expected.groups]}
    groups["withheld_amounts"] = [one.amount for one in expected.withheld]
    for field, parts in groups.items():
        if field in orders.operation(name).answer:
            told = orders.read(name, answer, field)
            minors = sorted(orders.minor(one) or 0 for one in told) if isinstance(told, list) else told
            require(minors == sorted(parts), f"{about}: {field} are {told!r}, expected {_texts(orders, parts)}")


def _equal(orders: Desk, told: Any, wanted: int, about: str, name: str, field: str) -> None:
    if field in orders.operation(name).answer:
        require(orders.minor(told) == wanted, f"{about} is {told!r}, expected {orders.text(wanted)}")


def _texts(orders: Desk, minors: Sequence[int]) -> list[str]:
    return [orders.text(minor) for minor in minors]


def _all(service: Service, case: Case, named: cases.Named, *needed: str) -> None:
    """Each of the orders comes to what is exact."""
    orders = desk(service)
    orders.need_answer("create", *needed)
    for about, ordered in cases.usable(orders, named).items():
        compare(orders, "create", orders.place(case, ordered).answer, orders.expected(ordered), about)


@rule(
    "tax.line",
    "A line is quantity times price, rounded half up, less its discount",
    forbids="halves rounded to even, quantities cut to whole numbers, discounts that are lost or multiplied",
)
def _lines(service: Service, case: Case) -> None:
    """Quantities of up to three decimals, halves of a satang, discounts up to the whole line."""
    _all(service, case, cases.LINES, "total")


@rule("tax.vat", "VAT is rounded half up", forbids="halves rounded to even or down, float arithmetic, one rate for all")
def _vat(service: Service, case: Case) -> None:
    """Single lines whose VAT is a half of a satang, and other rates where the service has them."""
    _all(service, case, cases.VAT, "vat")


@rule(
    "tax.group",
    "VAT is rounded once for each rate and way of pricing",
    forbids="VAT rounded line by line, or once over all rates",
)
def _group(service: Service, case: Case) -> None:
    """Many small lines of one rate, and halves in two groups."""
    _all(service, case, cases.GROUPS, "vat")


@rule(
    "tax.inclusive",
    "A price that includes VAT stays what it is",
    forbids="VAT on top of an inclusive price, VAT as its plain percentage, one line's way of pricing for all lines",
)
def _inclusive(service: Service, case: Case) -> None:
    """Inclusive lines alone, and before and after exclusive ones."""
    desk(service).need_field("price_mode")
    _all(service, case, cases.INCLUSIVE, "total")


@rule("tax.none", "What bears no VAT gets none", forbids="0 % or exempt read as the usual rate")
def _none(service: Service, case: Case) -> None:
    """Exempt lines and lines at 0 %, alone and beside others: what is payable is the price."""
    desk(service).need_field("vat_rate")
    _all(service, case, cases.WITHOUT_VAT, "total")


@rule(
    "tax.shares",
    "The lines' shares add up to the group",
    forbids="lines rounded alone, or a remainder that falls to the first or the last line whatever is due",
)
def _shares(service: Service, case: Case) -> None:
    """Groups whose VAT does not divide evenly; the shares go by largest remainder, ties to the earlier line."""
    orders = desk(service)
    if not {"line_vats", "line_bases"} & set(orders.operation("create").answer):
        raise NotCheckedError("the configuration maps neither line_vats nor line_bases in the answer of create")
    _all(service, case, cases.SHARES)


@rule(
    "tax.sums",
    "What is told of lines and groups adds up to the order",
    forbids="an invoice whose lines come to another sum than its foot",
    examples=10,
)
def _sums(service: Service, case: Case) -> None:
    """VAT that does not divide evenly, and orders drawn at random: each column's sum, and the sums among themselves."""
    orders = desk(service)
    for ordered in (cases.UNEVEN, case.draw(cases.baskets(orders), "order")):
        _adds_up(orders, orders.place(case, ordered).answer)


def _adds_up(orders: Desk, answer: Answer) -> None:
    told = {field: orders.minor(orders.read("create", answer, field)) for field in SUMS}
    for column, field in {"line_bases": "subtotal", "line_vats": "vat", "group_vats": "vat"}.items():
        parts = orders.read("create", answer, column)
        if parts is not None and told[field] is not None:
            whole = sum(orders.minor(part) or 0 for part in parts)
            require(whole == told[field], f"{column} come to {orders.text(whole)}, {field} is {told[field]} satang")
    subtotal, vat, total, withheld, payable = (told[field] for field in SUMS)
    if None not in (subtotal, vat, total):
        require(total == (subtotal or 0) + (vat or 0), f"total is {total}, subtotal {subtotal} and vat {vat} satang")
    if None not in (total, withheld, payable):
        difference = (total or 0) - (withheld or 0)
        require(payable == difference, f"payable is {payable}, total {total} and withholding {withheld} satang")


@rule(
    "tax.permutation",
    "The order of the lines does not matter",
    forbids="groups made of neighbours, or a rounding that is carried from line to line",
    examples=6,
)
def _permutation(service: Service, case: Case) -> None:
    """An order drawn at random, and its lines in another order: subtotal, VAT and total stay."""
    orders = desk(service)
    orders.need_answer("create", "total")
    kept = ("subtotal", "vat", "total")
    ordered = case.draw(cases.baskets(orders), "order")
    for about, lines in (
        ("as drawn", ordered.items),
        ("shuffled", tuple(case.draw(st.permutations(ordered.items), "shuffled"))),
    ):
        _same(orders, case, ordered._replace(items=lines), ordered, kept, about)
    mixed = tuple(_alternating(orders))
    sorted_lines = tuple(sorted(mixed, key=lambda line: (line.vat_rate or "", line.inclusive)))
    for about, lines in (("alternating rates", mixed), ("sorted by rate", sorted_lines)):
        _same(orders, case, Basket(lines), Basket(mixed), kept, about)


def _alternating(orders: Desk) -> list[Item]:
    """Three lines of 0.50 of each rate, never two of one rate beside each other where there are two rates."""
    rates: list[str | None] = [*orders.config.vat_rates] if orders.takes("vat_rate") else [orders.config.vat_rates[0]]
    return [item("0.50", vat_rate=rate) for _ in range(3) for rate in rates]


def _same(orders: Desk, case: Case, ordered: Basket, reference: Basket, fields: Sequence[str], about: str) -> None:
    answer, expected = orders.place(case, ordered).answer, orders.expected(reference)
    for field in fields:
        _equal(
            orders,
            orders.read("create", answer, field),
            getattr(expected, field),
            f"{about}: {field}",
            "create",
            field,
        )


@rule("tax.twins", "Equal lines count each", forbids="lines that are merged by article, or overwritten")
def _twins(service: Service, case: Case) -> None:
    """The same line twice."""
    _all(service, case, cases.TWINS, "total")


@rule(
    "tax.split",
    "A line in two parts costs what it costs whole",
    forbids="a satang won or lost by splitting a line",
    examples=6,
)
def _split(service: Service, case: Case) -> None:
    """An exclusive line is split into two whose money adds up to it."""
    orders = desk(service)
    orders.need_answer("create", "total")
    price = case.draw(st.integers(2, 5000), "price in satang")
    part = case.draw(st.integers(1, price - 1), "first part")
    whole = basket(item(f"{Decimal(price).scaleb(-2)}", vat_rate=orders.config.vat_rates[0]))
    parts = tuple(whole.items[0]._replace(unit_price=minor) for minor in (part, price - part))
    for about, ordered in (("whole", whole), ("in two parts", Basket(parts))):
        _same(orders, case, ordered, whole, ("subtotal", "vat", "total"), about)


NEAR_HALVES = (8, 50, 93)  # satang: at the rates in use one of them has its VAT rounded up, and one rounded down


@rule(
    "tax.agree",
    "Exclusive and inclusive agree",
    forbids="another tax for a price that is written with VAT than for the same price without",
    examples=6,
)
def _agree(service: Service, case: Case) -> None:
    """The total of an exclusive line, ordered as an inclusive price: the same base and VAT."""
    orders = desk(service)
    orders.need_field("price_mode")
    orders.need_answer("create", "subtotal", "vat")
    rate = case.draw(st.sampled_from(orders.config.vat_rates), "rate")
    for price in (*NEAR_HALVES, case.draw(st.integers(1, 10**7), "price in satang")):
        exclusive = basket(item("0.01", vat_rate=rate)._replace(unit_price=price))
        total = orders.expected(exclusive).total
        inclusive = basket(item("0.01", vat_rate=rate, inclusive=True)._replace(unit_price=total))
        for about, ordered in (("exclusive", exclusive), ("its total as inclusive", inclusive)):
            _same(orders, case, ordered, exclusive, ("subtotal", "vat", "total"), about)


@rule(
    "tax.withholding",
    "Withholding tax is taken off, on the base before VAT and after discounts",
    forbids="tax withheld on VAT or on goods, rounded line by line, or added to what is payable",
)
def _withholding(service: Service, case: Case) -> None:
    """A company's orders: several rates, discounts, halves of a satang, goods beside services."""
    desk(service).need_buyers()
    _all(service, case, cases.WITHHOLDING, "payable")


@rule(
    "tax.withholding.from",
    "Withholding begins at the threshold, itself included",
    forbids="comparing with the total, with each rate's part, or with goods on which nothing is withheld",
)
def _threshold(service: Service, case: Case) -> None:
    """Bases of 1000.00 and 999.99, exclusive, inclusive, beside goods, and in two rates."""
    orders = desk(service)
    orders.need_buyers()
    if orders.config.withholding_from != "1000.00":
        raise NotCheckedError("it is written for orders.withholding_from 1000.00")
    _all(service, case, cases.THRESHOLD, "payable")


@rule("tax.withholding.person", "A person withholds nothing", forbids="an order of a person that is paid short")
def _person(service: Service, case: Case) -> None:
    """The same order by a person and by a company."""
    desk(service).need_buyers()
    _all(service, case, cases.PERSON, "payable")


@rule(
    "tax.withholding.contract",
    "A long contract has no threshold",
    forbids="small payments of a long contract that are paid whole, or a person's that are not",
)
def _contract(service: Service, case: Case) -> None:
    """500.00 with and without a long contract, by a company and by a person."""
    orders = desk(service)
    orders.need_buyers()
    if "long_contract" not in names_in(orders.operation("create").body):
        raise NotCheckedError("the body of orders.operations.create has no {long_contract}")
    _all(service, case, cases.LONG_CONTRACT, "payable")


@rule(
    "tax.exact",
    "Any order comes to what is exact",
    forbids="arithmetic that is right for round figures only",
    examples=20,
)
def _exact(service: Service, case: Case) -> None:
    """Orders drawn at random, every sum and every line of them."""
    orders = desk(service)
    ordered = case.draw(cases.baskets(orders), "order")
    compare(orders, "create", orders.place(case, ordered).answer, orders.expected(ordered), "the order")


@rule(
    "tax.read",
    "An order is read as it was answered",
    forbids="sums that are computed anew, from rates that have changed or lines that were stored rounded",
    examples=4,
)
def _read(service: Service, case: Case) -> None:
    """Orders with discounts, of a person and under a long contract, and one drawn at random, read again."""
    orders = desk(service)
    orders.need_answer("read", "total")
    drawn = {"an order drawn at random": case.draw(cases.baskets(orders), "order")}
    for about, ordered in cases.usable(orders, {**cases.READ, **drawn}).items():
        order = orders.place(case, ordered)
        compare(orders, "read", orders.status(case, order, "read"), order.expected, f"{about}, read again")


@rule(
    "tax.amounts",
    "Amounts are told exactly, in one form",
    forbids="floats such as 0.30000000000000004, a lost zero, an exponent",
)
def _amounts(service: Service, case: Case) -> None:
    """Sums with no satang, with ten, with one, and large: each amount has the form that the configuration names."""
    orders = desk(service)
    form = "text with two decimals" if orders.config.amounts == "text" else "a number of at most two decimals"
    prices = ("100.00", "0.10", "0.01", "1000000.10", "123456789.01")
    for price in prices:
        answer = orders.place(case, basket(item(price, vat_rate=orders.config.vat_rates[0]))).answer
        for field in SUMS:
            told = orders.read("create", answer, field)
            if field in orders.operation("create").answer:
                require(orders.minor(told) is not None, f"a line of {price}: {field} is {told!r}, expected {form}")


@rule(
    "tax.claimed",
    "Sums that the client names are checked, not trusted",
    forbids="an order at the price that the buyer wrote",
)
def _claimed(service: Service, case: Case) -> None:
    """The right total is taken, also where tax is withheld; a satang less or more, or 1.00, is refused."""
    orders = desk(service)
    by_line, whole = orders.takes("line_total"), "total" in names_in(orders.operation("create").body)
    if not (by_line or whole):
        raise NotCheckedError("neither orders.item has {line_total}, nor the body of create {total}")
    expected = orders.expected(cases.PLAIN)
    if by_line:
        _claim(orders, case, expected.money[0], lambda minor: _with_line_total(orders, minor), "the line's total")
    if whole:
        _claim(orders, case, expected.total, lambda minor: {"total": orders.amount(minor)}, "the total")
        if orders.takes("withholding_rate") and {"company", "person"} <= set(orders.config.buyers):
            right = orders.amount(orders.expected(cases.SERVICE).total)
            answer = orders.do(case, "create", **orders.body(cases.SERVICE, total=right))
            require(orders.done("create", answer), f"a right total, of which tax is withheld: {answer.summary}")


def _claim(orders: Desk, case: Case, right: int, told: Any, what: str) -> None:
    answer = orders.do(case, "create", **orders.body(cases.PLAIN, **told(right)))
    require(orders.done("create", answer), f"{what} as it is, {orders.text(right)}, was refused: {answer.summary}")
    for wrong in (right - 1, right + 1, 1_00, 0):
        answer = orders.do(case, "create", **orders.body(cases.PLAIN, **told(wrong)))
        about = f"{what} given as {orders.text(wrong)}, which is {orders.text(right)},"
        require(400 <= answer.status < 500, f"{about} was answered {answer.summary}")


def _with_line_total(orders: Desk, minor: int) -> dict[str, Any]:
    return {"items": [orders.line(cases.PLAIN.items[0], line_total=orders.amount(minor))]}


@rule(
    "tax.largest",
    "The largest order is exact to the last satang",
    forbids="floats of 32 bits, sums that wrap around, and a limit that is lower than it says",
)
def _largest(service: Service, case: Case) -> None:
    """A line without VAT at the largest total, and one satang more, which is refused."""
    orders = desk(service)
    orders.need_field("vat_rate")
    largest = int(Decimal(orders.config.largest).scaleb(2))
    whole = basket(item("0.01", vat_rate=None)._replace(unit_price=largest))
    answer = orders.do(case, "create", **orders.body(whole))
    require(orders.done("create", answer), f"an order of {orders.config.largest} was answered {answer.summary}")
    compare(orders, "create", answer, orders.expected(whole), f"an order of {orders.config.largest}")
    over = basket(*whole.items, item("0.01", vat_rate=None))
    answer = orders.do(case, "create", **orders.body(over))
    about = f"an order of a satang more than {orders.config.largest}"
    require(400 <= answer.status < 500, f"{about} was answered {answer.summary}")
