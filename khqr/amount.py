"""Amounts as NBC's SDK writes them, without float arithmetic."""

import re
from decimal import Decimal

from khqr.errors import EncodeError
from khqr.model import Amount, Currency
from khqr.tags import MAX_AMOUNT

INVALID = 4
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", re.ASCII)


def is_zero(amount: Amount) -> bool:
    """Whether the amount makes a static code: empty, or zero however it is written."""
    if isinstance(amount, str):
        return not amount or (not amount.strip("0.") and bool(_PLAIN.fullmatch(amount)))
    if isinstance(amount, Decimal):
        return amount.is_zero()
    return amount == 0


def write_amount(amount: Amount, currency: int) -> str:
    """The text of tag 54: KHR whole; USD as given, or with two decimals where it has a fraction.

    The form decides the md5, so it is NBC's to the byte ("1.5" becomes "1.50", 1 stays "1").
    Raises EncodeError (NBC's code 4).

    >>> write_amount("1.5", Currency.USD), write_amount(Decimal("100.0"), Currency.KHR)
    ('1.50', '100')
    """
    text = _plain_text(amount)
    whole, point, fraction = text.partition(".")
    if currency == Currency.KHR:
        if fraction.strip("0"):
            raise _invalid(f"read {text!r}, expected whole riel")
        written = whole.lstrip("0")
    elif len(fraction) > 2:
        raise _invalid(f"read {text!r}, expected at most two decimals")
    else:
        written = f"{whole.lstrip('0') or '0'}.{fraction:0<2}" if point else text
    if len(written) > MAX_AMOUNT:
        raise _invalid(f"{written!r} has {len(written)} characters, at most {MAX_AMOUNT} fit")
    return written


def _plain_text(amount: object) -> str:
    if isinstance(amount, bool | float) or not isinstance(amount, int | str | Decimal):
        raise _invalid(f"read {amount!r}, expected a Decimal, an int or a str")
    if not isinstance(amount, str):
        amount = _digits(amount)
    if not _PLAIN.fullmatch(amount):
        raise _invalid(f"read {amount!r}, expected digits with at most one point")
    return amount


def _digits(amount: int | Decimal) -> str:
    """The number written out, where it is of a size that can stand in a code."""
    if isinstance(amount, int):
        if not 0 < amount < 10**MAX_AMOUNT:
            raise _invalid(f"an amount has at most {MAX_AMOUNT} digits, and is not negative")
        return str(amount)
    if not amount.is_finite() or not -MAX_AMOUNT < amount.adjusted() < MAX_AMOUNT:
        raise _invalid(f"read {amount!r}, expected an amount of at most {MAX_AMOUNT} characters")
    return f"{amount:f}"


def _invalid(message: str) -> EncodeError:
    return EncodeError(message, field="amount", code=INVALID)
