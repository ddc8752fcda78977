"""Amounts as a page shows them: every decimal of the currency, and the thousands apart."""

from decimal import Decimal, InvalidOperation

from bakong_contracts.money import UnsupportedCurrencyError, exponent
from bakong_simulator.kernel.money import decimal_of


def money(minor: int | None, currency: str) -> str:
    """Minor units in words; "" where there are none.

    >>> money(150, "USD"), money(4_000_000, "KHR")
    ('1.50 USD', '4,000,000 KHR')
    """
    return "" if minor is None else f"{decimal_of(minor, currency):,} {currency}"


def priced(amount: object, currency: str) -> str:
    """An amount as an API writes it, a number or a text, in words.

    >>> priced(0.5, "USD"), priced("1200.00", "BDT"), priced("?", "USD")
    ('0.50 USD', '1,200.00 BDT', '? USD')
    """
    try:
        return f"{Decimal(str(amount)):,.{exponent(currency)}f} {currency}"
    except (InvalidOperation, UnsupportedCurrencyError):
        return f"{amount} {currency}"
