"""Giving back a part of an order: VAT and withholding tax are computed again on what remains. Source: docs/taxes.md.

By lines, the refund is what was payable before less what is payable after. By an amount, the amount is what the buyer
gets back, and is spread over the lines by their totals; what remains of each is then a price that holds its VAT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from bakong_service.domain.errors import ShopInvalidError
from bakong_service.domain.money import Money, rounded
from bakong_service.domain.taxes import Line, Taxes, shares, taxes

AGAIN_MS = 60_000  # when a refund of an unknown outcome is asked about again; an event brings that forward
# When one that is being asked about is free again: longer than all calls of it, each as late as a provider may be. No
# event brings that forward: it would be made twice.
LEASE_MS = 5 * AGAIN_MS


class RefundStatus(StrEnum):
    """pending -> completed | failed; a failed one frees its part."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Returned:
    """So much of the line with this number, counted from 0; quantity None: all that is left of it."""

    line: int
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be given back: lines, an amount, or, with neither, all that is left."""

    lines: tuple[Returned, ...] = ()
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund of one payment. amount: what the buyer gets. next_try_ms: when an unknown outcome is asked again."""

    id: str
    payment_id: str
    order_id: str
    merchant_id: str
    money: Money
    wish: Wish
    status: RefundStatus
    created_ms: int
    updated_ms: int
    reason: str | None = None
    note: str | None = None
    provider_reference: str | None = None
    next_try_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of an order's lines, and what is payable for it; both are zero after the last refund."""

    lines: tuple[Line, ...]
    payable_minor: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order's taxes depend on besides its lines."""

    buyer_withholds: bool = False
    long_contract: bool = False

    def taxes(self, lines: Sequence[Line]) -> Taxes:
        return taxes(lines, buyer_withholds=self.buyer_withholds, long_contract=self.long_contract)


def after(remaining: Remaining, wish: Wish, terms: Terms) -> Remaining:
    """What is left after a refund; the refund is the difference of the two payables.

    Raises ShopInvalidError for a wish that names lines or quantities that are not there, or comes to nothing; with the
    code refund_exceeds_balance for an amount above what is left.

    >>> lines = (Line(Decimal(2), 100_00, vat_rate=Decimal(7)),)
    >>> after(Remaining(lines, 214_00), Wish((Returned(0, Decimal(1)),)), Terms()).payable_minor
    10700
    >>> after(Remaining(lines, 214_00), Wish(amount_minor=50_00), Terms()).payable_minor
    16400
    """
    if wish.lines:
        return _by_lines(remaining, wish.lines, terms)
    if wish.amount_minor is None or wish.amount_minor == remaining.payable_minor:
        return Remaining(tuple(_emptied(line) for line in remaining.lines), 0)
    return _by_amount(remaining, wish.amount_minor, terms)


def replayed(lines: Iterable[Line], refunds: Iterable[Refund], payable_minor: int, terms: Terms) -> Remaining:
    """What is left after the refunds that were made, in their order: money as it was, lines as they are named."""
    remaining = Remaining(tuple(lines), payable_minor)
    for refund in refunds:
        left_minor = remaining.payable_minor - refund.money.minor
        remaining = Remaining(after(remaining, refund.wish, terms).lines, left_minor)
    return remaining


def _by_lines(remaining: Remaining, returned: Sequence[Returned], terms: Terms) -> Remaining:
    lines = list(remaining.lines)
    for number, one in enumerate(returned):
        lines[one.line] = _less(lines, one, f"lines.{number}")
    left = terms.taxes(lines).payable_minor
    if left >= remaining.payable_minor:
        raise ShopInvalidError("validation_failed", "lines", "come to nothing that could be given back")
    return Remaining(tuple(lines), left)


def _less(lines: Sequence[Line], one: Returned, field: str) -> Line:
    """The line without what is returned of it; its discount stays in proportion, so that a whole line costs nothing."""
    line = lines[one.line]
    if one.quantity is None:
        return _emptied(line)
    if not 0 < one.quantity <= line.quantity:
        message = f"{line.quantity} are left, read {one.quantity}"
        raise ShopInvalidError("validation_failed", f"{field}.quantity", message)
    left = line.quantity - one.quantity
    kept = Fraction(line.discount_minor) * Fraction(left) / Fraction(line.quantity)
    whole = replace(line, quantity=left, discount_minor=0)
    return replace(whole, discount_minor=min(rounded(kept.numerator, kept.denominator), whole.money_minor))


def _emptied(line: Line) -> Line:
    return replace(line, quantity=Decimal(0), discount_minor=0)


def _by_amount(remaining: Remaining, amount_minor: int, terms: Terms) -> Remaining:
    if not 0 < amount_minor <= remaining.payable_minor:
        message = f"{remaining.payable_minor} minor units are left, read {amount_minor}"
        code = "refund_exceeds_balance" if amount_minor > 0 else "validation_failed"
        raise ShopInvalidError(code, "amount", message)
    left_minor = remaining.payable_minor - amount_minor
    sums = terms.taxes(remaining.lines)
    totals = [line.base_minor + line.vat_minor for line in sums.lines]
    part = Fraction(sum(totals) * left_minor, remaining.payable_minor)
    kept = shares(rounded(part.numerator, part.denominator), _in_proportion(totals, part))
    lines = [_priced(line, money) for line, money in zip(remaining.lines, kept, strict=True)]
    return Remaining(tuple(lines), left_minor)


def _in_proportion(totals: Sequence[int], part: Fraction) -> list[Fraction]:
    """The exact shares of the rounded part: they sum to it, so that every share is within one of its exact value."""
    whole = rounded(part.numerator, part.denominator)
    return [Fraction(total * whole, sum(totals)) for total in totals]


def _priced(line: Line, money_minor: int) -> Line:
    """What remains of a line, as one piece at a price that holds its VAT."""
    return replace(
        line, quantity=Decimal(1), unit_price_minor=money_minor, discount_minor=0, inclusive=line.vat_rate is not None
    )
