"""Amounts between text, minor units and JSON numbers, exactly, in every currency of bakong_contracts.money."""

from decimal import Decimal

from bakong_contracts.money import UnsupportedCurrencyError, exponent
from emvqr import read_amount

_LONGEST = 16  # thirteen digits, a point and two decimals


class AmountError(ValueError):
    """A text that is no amount of the currency, or a currency that there is none of."""


def minor_units(text: str, currency: str, *, longest: int = _LONGEST) -> int:
    """The amount in minor units: cents of USD, satang of THB, whole riel of KHR. Raises AmountError.

    Read as wallets read the amount of a code; longest: the characters that it may have.

    >>> minor_units("1.5", "USD"), minor_units("100.", "KHR")
    (150, 100)
    """
    try:
        decimals = exponent(currency)
    except UnsupportedCurrencyError as error:
        raise AmountError(str(error)) from None
    amount = read_amount(text, decimals, longest=longest)
    if amount is None:
        raise AmountError(f"read {text!r}, expected an amount in {currency} such as {'1.50' if decimals else '2000'}")
    return int(amount.scaleb(decimals))


def json_number(minor: int, currency: str) -> float | int:
    """The amount as a number of JSON: whole where it is whole."""
    unit: int = 10 ** exponent(currency)
    return minor / unit if minor % unit else minor // unit


def text_of(minor: int, currency: str) -> str:
    """The amount as text: "1.50", "2000"."""
    return str(decimal_of(minor, currency))


def decimal_of(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))
