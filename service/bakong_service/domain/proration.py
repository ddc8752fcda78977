"""What a change of plan costs, and when the next bills fall due. Ints alone: minor units and UTC seconds; one rounding.

A period is half-open, [start, end). Rounding is half away from zero, to the payable unit (a cent, a riel).
"""

import calendar
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bakong_service.domain.errors import OutsidePeriodError
from bakong_service.domain.money import rounded

CYCLE_S = 30 * 86_400

Every = Literal["P30D", "P1M"]


@dataclass(frozen=True, slots=True)
class Period:
    """What was paid for, in epoch seconds; the end belongs to the next period."""

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        if self.end_s <= self.start_s:
            raise ValueError(f"a period ends after it starts, read [{self.start_s}, {self.end_s})")

    @property
    def total_s(self) -> int:
        return self.end_s - self.start_s

    def remaining_s(self, at_s: int) -> int:
        """What is left at an instant: total at the start, 0 at the end. Raises OutsidePeriodError, never clamps."""
        if not self.start_s <= at_s <= self.end_s:
            raise OutsidePeriodError(
                f"the change is at {_utc(at_s)}, the paid period from {_utc(self.start_s)} to {_utc(self.end_s)}"
            )
        return self.end_s - at_s


@dataclass(frozen=True, slots=True)
class ProratedPrice:
    """The price of a change as two lines: credit for the unused old, debit for the new; amount = debit - credit."""

    credit_minor: int
    debit_minor: int

    @property
    def amount_minor(self) -> int:
        return self.debit_minor - self.credit_minor

    @property
    def requires_payment(self) -> bool:
        """A dynamic code of 0 cannot be paid, and nothing is paid out by KHQR."""
        return self.amount_minor > 0


def change(old_minor: int, new_minor: int, period: Period, at_s: int, *, quantity: int = 1) -> ProratedPrice:
    """The price of going from one price to another at an instant of the period. Raises OutsidePeriodError.

    The net is rounded once; the credit is the rounded unused part of the old price, and the debit makes them agree.

    >>> change(50, 100, Period(0, 30), 10)
    ProratedPrice(credit_minor=33, debit_minor=66)
    """
    remaining, total = period.remaining_s(at_s), period.total_s
    amount = rounded((new_minor - old_minor) * quantity * remaining, total)
    credit = rounded(old_minor * quantity * remaining, total)
    return ProratedPrice(credit, amount + credit)


def split(price_minor: int, period: Period, cuts: Sequence[int]) -> list[int]:
    """The price of a period, shared among the parts that the cuts make: the parts add up to the price, exactly.

    Each part is the difference of two rounded remainders; rounding each part for itself would lose cents.

    >>> split(100, Period(0, 30), [10, 20])
    [33, 34, 33]
    """
    edges = [period.start_s, *sorted(cuts), period.end_s]
    left = [rounded(price_minor * period.remaining_s(edge), period.total_s) for edge in edges]
    return [before - after for before, after in itertools.pairwise(left)]


def billing_dates(anchor_s: int, every: Every, zone: str = "UTC") -> Iterator[int]:
    """The anchor and each billing date after it, in epoch seconds.

    P30D counts seconds. P1M goes by the zone's calendar, clamped to the month's last day from the anchor each time: the
    31st comes back after February.
    """
    for number in itertools.count():
        yield anchor_s + number * CYCLE_S if every == "P30D" else _months_after(anchor_s, number, ZoneInfo(zone))


def _months_after(anchor_s: int, months: int, zone: ZoneInfo) -> int:
    anchor = datetime.fromtimestamp(anchor_s, zone)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return int(anchor.replace(year=year, month=month + 1, day=day).timestamp())


def _utc(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
