"""Percentages as texts: exact decimals, shown without what adds nothing."""

from decimal import Decimal


def rate_of(text: str) -> Decimal:
    """The number of a stored text. Raises decimal.InvalidOperation."""
    return Decimal(text)


def rate_text(rate: Decimal) -> str:
    """A percentage as plain text.

    >>> rate_text(Decimal("7.00")), rate_text(Decimal("10")), rate_text(Decimal("1.65"))
    ('7', '10', '1.65')
    """
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
