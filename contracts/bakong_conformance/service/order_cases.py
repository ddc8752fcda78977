"""Orders for the rules: by name, each near an edge of the arithmetic, and drawn at random. Judges nothing."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import strategies as st

from bakong_conformance.rules import NotCheckedError
from bakong_conformance.service.order_subject import Desk, basket, item
from bakong_conformance.service.taxes import Basket, Item

Named = Mapping[str, Basket]

PLAIN = basket(item("350.00", "3"))
SERVICE = basket(item("10000.00", withholding_rate="3"))

LINES: Named = {
    "1.5 x 0.01, a half of a satang": basket(item("0.01", "1.5")),
    "2.5 x 0.01, a half above an even satang": basket(item("0.01", "2.5")),
    "0.333 x 10.00": basket(item("10.00", "0.333")),
    "0.005 x 1.00": basket(item("1.00", "0.005")),
    "2.675 x 100.00": basket(item("100.00", "2.675")),
    "12 x 9.99 less 20.00": basket(item("9.99", "12", "20.00")),
    "2.5 x 0.01 less 0.01": basket(item("0.01", "2.5", "0.01")),
    "a line whose discount is the whole line": basket(item("9.99", "2", "19.98"), item("1.00")),
    "a line at 0.00": basket(item("0.00", "5"), item("1.00")),
    "three lines with discounts": basket(item("5.55", "3", "0.65"), item("100.00", discount="0.01"), item("1.00")),
}
VAT: Named = {
    "0.50 at 7 %: 3.5 satang": basket(item("0.50")),
    "1.50 at 7 %: 10.5 satang": basket(item("1.50")),
    "2.50 at 7 %: 17.5 satang": basket(item("2.50")),
    "8.50 at 7 %: 59.5 satang": basket(item("8.50")),
    "0.07 at 7 %: 0.49 satang": basket(item("0.07")),
    "100.00 at 10 %": basket(item("100.00", vat_rate="10")),
    "33.33 at 7.5 %": basket(item("33.33", vat_rate="7.5")),
}
GROUPS: Named = {
    "seven lines of 0.07": basket(*[item("0.07")] * 7),
    "three lines of 0.50": basket(*[item("0.50")] * 3),
    "a line of 0.50 at 7 % and one of 0.25 at 10 %": basket(item("0.50"), item("0.25", vat_rate="10")),
    "0.06 at 7 % and 0.04 at 10 %": basket(item("0.06"), item("0.04", vat_rate="10")),
    "0.50 exclusive and 0.50 inclusive": basket(item("0.50"), item("0.50", inclusive=True)),
}
INCLUSIVE: Named = {
    "107.00 inclusive": basket(item("107.00", inclusive=True)),
    "100.00 inclusive": basket(item("100.00", inclusive=True)),
    "0.08 inclusive: 0.523 satang": basket(item("0.08", inclusive=True)),
    "7 x 0.99 inclusive less 0.30": basket(item("0.99", "7", "0.30", inclusive=True)),
    "inclusive after exclusive": basket(item("100.00"), item("107.00", inclusive=True)),
    "exclusive after inclusive": basket(item("107.00", inclusive=True), item("100.00")),
    "inclusive at 10 %": basket(item("33.34", inclusive=True, vat_rate="10")),
}
WITHOUT_VAT: Named = {
    "an exempt line": basket(item("100.00", vat_rate=None)),
    "a line at 0 %": basket(item("100.00", vat_rate="0")),
    "exempt, 0 % and 7 %": basket(item("50.00", vat_rate=None), item("50.00", vat_rate="0"), item("50.00")),
    "exempt and inclusive": basket(item("100.00", vat_rate=None, inclusive=True)),
}
SHARES: Named = {
    "three equal lines of 0.50: 11 satang": basket(*[item("0.50")] * 3),
    "0.30, 0.50 and 0.60": basket(item("0.30"), item("0.50"), item("0.60")),
    "0.60, 0.50 and 0.30": basket(item("0.60"), item("0.50"), item("0.30")),
    "inclusive 0.33, 0.34 and 0.50": basket(*(item(text, inclusive=True) for text in ("0.33", "0.34", "0.50"))),
    "ten lines of 0.09": basket(*[item("0.09")] * 10),
    "shares among another group's lines": basket(item("0.30"), item("5.00", vat_rate="10"), item("0.60")),
}
UNEVEN = SHARES["three equal lines of 0.50: 11 satang"]
WITHHOLDING: Named = {
    "10,000 + 700 - 300": SERVICE,
    "10,700 inclusive": basket(item("10700.00", inclusive=True, withholding_rate="3")),
    "after a discount": basket(item("10000.00", discount="1000.00", withholding_rate="3")),
    "goods are not withheld on": basket(item("10000.00", withholding_rate="3"), item("5000.00")),
    "exempt, and withheld on": basket(item("10000.00", vat_rate=None, withholding_rate="5")),
    "1016.50 at 1 %: half a satang": basket(item("1016.50", withholding_rate="1")),
    "1008.50 at 3 %: 3025.5 satang": basket(item("1008.50", withholding_rate="3")),
    "three lines of 1000.16 at 1 %": basket(*[item("1000.16", withholding_rate="1")] * 3),
    "three rates": basket(*(item("2000.33", withholding_rate=rate) for rate in ("3", "5", "1"))),
}
THRESHOLD: Named = {
    "a base of 1000.00": basket(item("1000.00", withholding_rate="3")),
    "a base of 999.99": basket(item("999.99", withholding_rate="3")),
    "999.99 with goods beside it": basket(item("999.99", withholding_rate="3"), item("5000.00")),
    "1070.00 inclusive, a base of 1000.00": basket(item("1070.00", inclusive=True, withholding_rate="3")),
    "1069.99 inclusive, a base of 999.99": basket(item("1069.99", inclusive=True, withholding_rate="3")),
    "500.00 at 3 % and 500.00 at 5 %": basket(
        item("500.00", withholding_rate="3"), item("500.00", withholding_rate="5")
    ),
    "1000.00 less 0.01": basket(item("1000.00", discount="0.01", withholding_rate="3")),
}
PERSON: Named = {
    "a person": SERVICE._replace(company=False),
    "a person below the threshold": basket(item("500.00", withholding_rate="3"), company=False),
    "a company": SERVICE,
}
LONG_CONTRACT: Named = {
    "500.00 under a long contract": basket(item("500.00", withholding_rate="3"), long_contract=True),
    "500.00 under none": basket(item("500.00", withholding_rate="3")),
    "a person's long contract": basket(item("500.00", withholding_rate="3"), company=False, long_contract=True),
}
READ: Named = {
    "lines with discounts": LINES["three lines with discounts"],
    "a person's order": PERSON["a person"],
    "500.00 under a long contract": LONG_CONTRACT["500.00 under a long contract"],
}
TWINS: Named = {
    "two equal lines": basket(item("100.00", "2"), item("100.00", "2")),
    "a line twice, and another between": basket(item("0.50"), item("7.00"), item("0.50")),
}


def usable(desk: Desk, named: Named) -> Named:
    """Those of the orders that the configuration allows. Raises NotCheckedError where none is left."""
    left = {name: order for name, order in named.items() if all(_is_mapped(desk, line) for line in order.items)}
    if not left:
        raise NotCheckedError("the configuration's orders.item and rates allow no such order")
    return left


def _is_mapped(desk: Desk, line: Item) -> bool:
    rates = desk.config.vat_rates
    return (
        (line.vat_rate in rates if desk.takes("vat_rate") else line.vat_rate == rates[0])
        or (line.vat_rate is None and desk.takes("vat_rate"))
    ) and (
        (line.withholding_rate is None or withholds(desk, line.withholding_rate))
        and (not line.inclusive or desk.takes("price_mode"))
        and (not line.discount or desk.takes("discount"))
    )


def withholds(desk: Desk, rate: str) -> bool:
    return (
        desk.takes("withholding_rate")
        and rate in desk.config.withholding_rates
        and {"company", "person"} <= set(desk.config.buyers)
    )


def baskets(desk: Desk, *, most: int = 8) -> st.SearchStrategy[Basket]:
    """Any orders that the configuration allows, at small and at large prices."""
    rates: list[str | None] = [*desk.config.vat_rates, None] if desk.takes("vat_rate") else [desk.config.vat_rates[0]]
    held = [rate for rate in desk.config.withholding_rates if withholds(desk, rate)]
    lines = st.builds(
        _line,
        quantity=st.one_of(st.integers(1, 9).map(lambda whole: whole * 1000), st.integers(1, 20_000)),
        price=st.one_of(st.integers(1, 200), st.integers(1, 500_000)),
        part=st.sampled_from((0, 0, 0, 1, 33, 100)) if desk.takes("discount") else st.just(0),
        vat_rate=st.sampled_from(rates),
        withholding_rate=st.sampled_from([None, *held]),
        inclusive=st.booleans() if desk.takes("price_mode") else st.just(value=False),
    )
    return st.builds(
        Basket,
        items=st.lists(lines, min_size=1, max_size=most).map(tuple),
        company=st.booleans() if held else st.just(value=True),
        long_contract=st.booleans() if held else st.just(value=False),
    ).filter(lambda drawn: desk.expected(drawn).payable > 0)


def _line(
    *, quantity: int, price: int, part: int, vat_rate: str | None, withholding_rate: str | None, inclusive: bool
) -> Item:
    """quantity: thousandths. part: percent of the line that is its discount."""
    whole = Item(Decimal(quantity).scaleb(-3), price, 0, vat_rate, withholding_rate, inclusive)
    return whole._replace(discount=whole.money * part // 100)
