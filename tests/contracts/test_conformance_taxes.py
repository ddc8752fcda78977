"""What the harness holds a service's sums to: the shared vectors of taxes, by a computation of its own."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bakong_conformance.service.taxes import Basket, Item, sums

VECTORS = Path(__file__).parents[1] / "vectors" / "thai-tax.jsonl"
ORDERS = [row for row in map(json.loads, VECTORS.read_text().splitlines()) if row["kind"] == "order"]


def minor(text):
    return int(Decimal(text).scaleb(2))


def line(given, mode):
    return Item(
        Decimal(given["quantity"]),
        minor(given["unitPrice"]),
        minor(given.get("discount") or "0"),
        given.get("vatRate"),
        given.get("withholdingRate", given.get("taxRate")),
        given.get("priceMode", mode) == "inclusive",
    )


@pytest.mark.parametrize("row", ORDERS, ids=lambda row: row["id"])
def test_the_exact_computation_reproduces_the_vectors(row):
    given, expected = row["input"], row["expect"]
    items = tuple(line(one, given.get("priceMode", "exclusive")) for one in given["items"])
    told = sums(Basket(items, given.get("buyer") == "company", bool(given.get("longTermContract"))), 1_000_00)
    assert [told.subtotal, told.vat, told.total, told.withholding, told.payable] == [
        minor(expected[name]) for name in ("subtotal", "vatAmount", "total", "withholdingTaxAmount", "payable")
    ]
    lines = zip(told.money, told.bases, told.vats, strict=True)
    assert list(lines) == [
        tuple(minor(one[name]) for name in ("totalPrice", "base", "vat")) for one in expected["lines"]
    ]
    assert [one.vat for one in told.groups] == [minor(one["vat"]) for one in expected["vatGroups"]]
    assert [one.amount for one in told.withheld] == [minor(one["amount"]) for one in expected["withholdingGroups"]]
