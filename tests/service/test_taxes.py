"""VAT, withholding tax, fees and settlement: every row of the vectors, and the laws that hold for any order."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_service.domain.fees import FeeRule, fee, refusal, settlement
from bakong_service.domain.taxes import Line, shares, taxes

VECTORS = Path(__file__).parents[1] / "vectors/thai-tax.jsonl"
ROWS = [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]


def minor(text):
    exact = Decimal(text).scaleb(2)
    assert exact == int(exact)
    return int(exact)


def text(amount_minor):
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02}"


def number(rate):
    return None if rate is None else Decimal(rate)


def order(row):
    lines = [
        Line(
            quantity=Decimal(item["quantity"]),
            unit_price_minor=minor(item["unitPrice"]),
            discount_minor=minor(item.get("discount", "0")),
            vat_rate=number(item.get("vatRate")),
            withholding_rate=number(item.get("withholdingRate")),
            inclusive=item.get("priceMode", row.get("priceMode", "exclusive")) == "inclusive",
        )
        for item in row["items"]
    ]
    sums = taxes(lines, buyer_withholds=row.get("buyer") == "company", long_contract=row.get("longTermContract", False))
    return {
        "lines": [
            {"totalPrice": text(line.money_minor), "base": text(line.base_minor), "vat": text(line.vat_minor)}
            for line in sums.lines
        ],
        "vatGroups": [
            {
                "vatRate": str(group.rate),
                "priceMode": "inclusive" if group.inclusive else "exclusive",
                "base": text(group.base_minor),
                "vat": text(group.vat_minor),
            }
            for group in sums.vat_groups
        ],
        "withholdingGroups": [
            {"withholdingRate": str(group.rate), "base": text(group.base_minor), "amount": text(group.amount_minor)}
            for group in sums.withholding_groups
        ],
        "subtotal": text(sums.subtotal_minor),
        "vatAmount": text(sums.vat_minor),
        "taxAmount": text(sums.vat_minor),
        "total": text(sums.total_minor),
        "withholdingTaxAmount": text(sums.withholding_minor),
        "payable": text(sums.payable_minor),
    }


def fee_of(row):
    rule = FeeRule(Decimal(row["feePercentage"]), minor(row.get("fixedFee", "0")), Decimal(row.get("feeVatRate", "7")))
    return fee(minor(row["amount"]), rule)


def fee_row(row):
    taken = fee_of(row)
    return {"fee": text(taken.fee_minor), "feeVat": text(taken.vat_minor), "net": text(taken.net_minor)}


def limit(row):
    bounds = (minor(row[name]) if name in row else None for name in ("minAmount", "maxAmount"))
    code = refusal(minor(row["payable"]), *bounds)
    return {"offered": False, "code": code} if code else {"offered": True}


def settlement_row(row):
    day = settlement(
        [fee_of(entry) for entry in row["entries"] if entry["type"] == "payment"],
        [minor(entry["amount"]) for entry in row["entries"] if entry["type"] == "refund"],
    )
    return {
        "gross": text(day.gross_minor),
        "fee": text(day.fee_minor),
        "feeVat": text(day.vat_minor),
        "refunds": text(day.refunds_minor),
        "net": text(day.net_minor),
        "carriedForward": day.is_carried_forward,
    }


KINDS = {"order": order, "fee": fee_row, "limit": limit, "settlement": settlement_row}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}-{row['note']}")
def test_row(row):
    assert KINDS[row["kind"]](row["input"]) == row["expect"]


RATES = st.sampled_from([None, *map(Decimal, ("0", "7", "10", "1.5"))])
LINES = st.builds(
    Line,
    quantity=st.decimals(min_value="0.001", max_value=1000, places=3),
    unit_price_minor=st.integers(0, 10_000_000),
    vat_rate=RATES,
    withholding_rate=st.sampled_from([None, *map(Decimal, ("1", "2", "3", "5"))]),
    inclusive=st.booleans(),
)
ORDERS = st.lists(LINES, min_size=1, max_size=12)


def exact_vat(group_lines, rate, *, inclusive):
    factor = Fraction(rate) / 100
    return sum(line.money_minor for line in group_lines) * (factor / (1 + factor) if inclusive else factor)


@given(ORDERS, st.booleans(), st.booleans())
def test_lines_add_up_to_the_order_in_each_column(lines, company, long_contract):
    sums = taxes(lines, buyer_withholds=company, long_contract=long_contract)
    assert sum(line.base_minor for line in sums.lines) == sums.subtotal_minor
    assert sum(line.vat_minor for line in sums.lines) == sums.vat_minor
    assert sums.total_minor == sums.subtotal_minor + sums.vat_minor
    assert 0 <= sums.payable_minor <= sums.total_minor
    assert company or sums.payable_minor == sums.total_minor


@given(ORDERS)
def test_a_group_is_at_most_half_a_satang_from_its_exact_vat(lines):
    for group in taxes(lines).vat_groups:
        members = [line for line in lines if (line.vat_rate, line.inclusive) == (group.rate, group.inclusive)]
        exact = exact_vat(members, group.rate, inclusive=group.inclusive)
        assert abs(group.vat_minor - exact) <= Fraction(1, 2)
        if group.inclusive:  # base and VAT are what the shelf says
            assert group.base_minor + group.vat_minor == sum(line.money_minor for line in members)


@given(ORDERS, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_total(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    before, after = (taxes(some, buyer_withholds=True) for some in (lines, shuffled))
    assert (before.subtotal_minor, before.vat_minor, before.total_minor) == (
        after.subtotal_minor,
        after.vat_minor,
        after.total_minor,
    )


@given(ORDERS)
def test_the_order_of_lines_moves_withholding_by_rounding_alone(lines):
    """Equal inclusive lines of different rates: a satang of base may lie on either, so one satang a rate at most."""
    before, after = (taxes(some, buyer_withholds=True, long_contract=True) for some in (lines, lines[::-1]))
    rates = {line.withholding_rate for line in lines} - {None}
    assert abs(before.withholding_minor - after.withholding_minor) <= len(rates)


@given(ORDERS, st.integers(0, 10**6))
def test_splitting_an_exclusive_line_changes_no_total(lines, cut):
    whole = Line(Decimal(1), 1_000_000, vat_rate=Decimal(7), withholding_rate=Decimal(3))
    parts = [Line(Decimal(1), part, 0, Decimal(7), Decimal(3)) for part in (cut, 1_000_000 - cut)]
    one, two = (taxes([*lines, *some], buyer_withholds=True) for some in ([whole], parts))
    assert (one.vat_minor, one.total_minor, one.payable_minor) == (two.vat_minor, two.total_minor, two.payable_minor)


@given(st.integers(0, 10**15), st.decimals(min_value=0, max_value=100, places=2))
def test_an_exclusive_total_read_as_inclusive_gives_back_base_and_vat(price, rate):
    exclusive = taxes([Line(Decimal(1), price, vat_rate=rate)])
    inclusive = taxes([Line(Decimal(1), exclusive.total_minor, vat_rate=rate, inclusive=True)])
    assert (inclusive.subtotal_minor, inclusive.vat_minor) == (exclusive.subtotal_minor, exclusive.vat_minor)


@given(ORDERS)
def test_without_rates_what_is_paid_is_the_price(lines):
    bare = [Line(line.quantity, line.unit_price_minor, inclusive=line.inclusive) for line in lines]
    sums = taxes(bare, buyer_withholds=True)
    assert sums.payable_minor == sums.subtotal_minor == sum(line.money_minor for line in bare)


@given(ORDERS, st.integers(0, 11), st.integers(1, 10**6))
def test_a_higher_price_never_lowers_the_total(lines, at, more):
    raised = list(lines)
    line = raised[at % len(lines)]
    raised[at % len(lines)] = Line(
        line.quantity, line.unit_price_minor + more, 0, line.vat_rate, line.withholding_rate, line.inclusive
    )
    assert taxes(raised).total_minor >= taxes(lines).total_minor


@given(st.lists(st.fractions(min_value=0, max_value=10**6), min_size=1, max_size=20))
def test_shares_add_up_and_each_is_less_than_one_from_its_exact_part(exact):
    total = round(sum(exact))
    parts = shares(total, exact)
    assert sum(parts) == total
    assert all(abs(part - whole) < 1 or part == whole + 1 for part, whole in zip(parts, exact, strict=True))


@given(
    st.integers(0, 10**12),
    st.decimals(min_value=0, max_value=100, places=4),
    st.integers(0, 10**6),
    st.decimals(min_value=0, max_value=100, places=2),
)
def test_fee_vat_and_net_add_up_to_the_amount(amount, percentage, fixed, vat_rate):
    taken = fee(amount, FeeRule(percentage, fixed, vat_rate))
    assert taken.fee_minor + taken.vat_minor + taken.net_minor == amount
    assert abs(taken.fee_minor - fixed - amount * Fraction(percentage) / 100) <= Fraction(1, 2)
    assert abs(taken.vat_minor - taken.fee_minor * Fraction(vat_rate) / 100) <= Fraction(1, 2)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.booleans()), max_size=20))
def test_a_day_is_the_sum_of_its_entries(entries):
    rule = FeeRule(Decimal("1.65"))
    payments = [fee(amount, rule) for amount, is_payment in entries if is_payment]
    refunds = [amount for amount, is_payment in entries if not is_payment]
    day = settlement(payments, refunds)
    assert day.net_minor == sum(one.net_minor for one in payments) - sum(refunds)
    assert day.is_carried_forward == (day.net_minor < 0)
