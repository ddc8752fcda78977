"""Amounts between text, minor units and JSON numbers, exactly."""

import re
from decimal import Decimal

DECIMALS = {"KHR": 0, "USD": 2}
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)


class AmountError(ValueError):
    """A text that is no amount of the currency."""


def minor_units(text: str, currency: str) -> int:
    """Cents of USD, whole riel of KHR. Raises AmountError.

    >>> minor_units("1.5", "USD"), minor_units("100", "KHR")
    (150, 100)
    """
    minor = Decimal(text).scaleb(DECIMALS[currency]) if _AMOUNT.fullmatch(text) else None
    if minor is None or minor != int(minor):
        raise AmountError(
            f"read {text!r}, expected an amount in {currency} such as {'1.50' if currency == 'USD' else '2000'}"
        )
    return int(minor)


def json_number(minor: int, currency: str) -> float | int:
    """The number that the Open API prints: whole where it is whole."""
    if currency == "KHR" or minor % 100 == 0:
        return minor // (1 if currency == "KHR" else 100)
    return minor / 100


def text_of(minor: int, currency: str) -> str:
    """The amount as text: "1.50", "2000"."""
    return str(Decimal(minor).scaleb(-DECIMALS[currency]))
