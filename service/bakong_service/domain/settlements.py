"""What a provider owes a shop for one business day of one method, and what closing the day makes of it.

A row is the sum of its entries. Closed rows never change: what comes later for that day is a row of its own. What is
below zero is carried to the next row. Source: docs/orders.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bakong_service.domain.fees import Settlement as Sums
from bakong_service.domain.money import Money

DAY_MS = 86_400_000
BANGKOK_MS = 7 * 3_600_000  # UTC+7, without summer time


class SettlementStatus(StrEnum):
    """OPEN -> CLOSED -> PAID | FAILED."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    PAID = "PAID"
    FAILED = "FAILED"


class EntryKind(StrEnum):
    """What a row is made of."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_REVERSAL = "refund_reversal"  # of one that had completed, and failed after all


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One captured payment, or one completed refund. subject_id: of the payment or the refund; in one row alone."""

    kind: EntryKind
    subject_id: str
    order_id: str
    money: Money
    fee_minor: int
    vat_minor: int
    at_ms: int
    settlement_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRow:
    """One method's business day of one merchant. day: since 1970-01-01 in Bangkok; number: 0, then each correction.

    debt_minor: what was carried here from an earlier day.
    """

    id: str
    merchant_id: str
    method_id: str
    currency: str
    day: int
    number: int
    status: SettlementStatus
    sums: Sums
    debt_minor: int
    created_ms: int
    updated_ms: int

    @property
    def balance_minor(self) -> int:
        """What is left after the debt; below zero it is carried on, and nothing is paid out."""
        return self.sums.net_minor - self.debt_minor


def business_day(at_ms: int, cutoff_m: int = 0) -> int:
    """The day in Bangkok that a moment belongs to, which begins so many minutes after midnight.

    >>> business_day(17 * 3_600_000 - 1), business_day(17 * 3_600_000), business_day(17 * 3_600_000, 60)
    (0, 1, 0)
    """
    return (at_ms + BANGKOK_MS - cutoff_m * 60_000) // DAY_MS


def ends_ms(day: int, cutoff_m: int = 0) -> int:
    """When a business day is over, end excluded."""
    return (day + 1) * DAY_MS - BANGKOK_MS + cutoff_m * 60_000


def date_of(day: int) -> str:
    """A business day as a date.

    >>> date_of(0)
    '1970-01-01'
    """
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def day_of(date: str) -> int:
    """A date as a business day. Raises ValueError."""
    return (datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a double entry: an account, and what it is debited or credited with."""

    account: str
    debit_minor: int = 0
    credit_minor: int = 0


def postings(sums: Sums) -> tuple[Posting, ...]:
    """The row as a double entry: debits and credits are equal.

    The provider keeps fee and VAT of what it collects; the shop is owed the gross; a refund goes the other way.
    """
    return (
        Posting("provider_clearing", debit_minor=sums.gross_minor - sums.fee_minor - sums.vat_minor),
        Posting("fee_expense", debit_minor=sums.fee_minor),
        Posting("input_vat", debit_minor=sums.vat_minor),
        Posting("payable_to_merchant", credit_minor=sums.gross_minor),
        Posting("payable_to_merchant", debit_minor=sums.refunds_minor),
        Posting("provider_clearing", credit_minor=sums.refunds_minor),
    )
