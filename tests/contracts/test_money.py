"""The one table of currencies."""

import pytest

from bakong_contracts.money import EXPONENTS, THREE_DECIMALS, UnsupportedCurrencyError, exponent


@pytest.mark.parametrize(
    ("currency", "decimals"), [("USD", 2), ("KHR", 0), ("JPY", 0), ("THB", 2), ("BDT", 2), ("NGN", 2)]
)
def test_a_currency_has_its_minor_unit(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize("currency", THREE_DECIMALS)
def test_a_currency_of_three_decimals_is_refused_by_name(currency):
    with pytest.raises(UnsupportedCurrencyError, match=f"{currency} has three decimals"):
        exponent(currency)


@pytest.mark.parametrize("currency", ["", "usd", "US$", "XXX"])
def test_an_unknown_currency_says_what_was_read_and_what_there_is(currency):
    with pytest.raises(UnsupportedCurrencyError, match="USD") as raised:
        exponent(currency)
    assert repr(currency) in str(raised.value)


def test_the_table_is_of_iso_codes():
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
