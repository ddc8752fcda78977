"""Tag 54 as a payer's app reads it: every way to write an amount that names a sum of the currency."""

import re
from decimal import Decimal

MAX_AMOUNT = 13  # EMVCo MPM 4.7.7: the characters of tag 54

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", re.ASCII)


def read_amount(text: str, decimals: int, *, longest: int = MAX_AMOUNT) -> Decimal | None:
    """The sum that text names; None where it names none in a currency of so many decimals.

    EMVCo's own examples are "98.73", "98" and "98."; zeros before and behind change no sum, nor does a point with
    digits on one side alone. Nothing is rounded: a part of the smallest unit is no sum of the currency.

    >>> read_amount("98.", 0), read_amount(".5", 2), read_amount("98.5", 0)
    (Decimal('98'), Decimal('0.5'), None)
    """
    if len(text) > longest or not _PLAIN.fullmatch(text):
        return None
    amount = Decimal(text)
    minor = amount.scaleb(decimals)
    return amount if minor == minor.to_integral_value() else None
