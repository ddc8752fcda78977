"""The money of one escrow payment: what each fact changes, and the ledger entry that it makes. Pure, ints of poisha.

Each function takes a book and returns it changed, with the entry; what the state does not allow is an EscrowError. An
entry's lines sum to zero: debits are positive. Every share is computed from what remains, so that only the sum of the
refunds matters and never their sizes or their order.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow_numbers import amount_text
from bakong_service.domain.money import rounded

WHOLE_BPS = 10_000


class PaymentState(StrEnum):
    """PENDING -> PROCESSING -> COMPLETED | FAILED; PENDING -> EXPIRED | FAILED; COMPLETED -> REFUNDED."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"


class EscrowState(StrEnum):
    """AWAITING_FUNDS -> HELD -> RELEASED | REFUNDED; AWAITING_FUNDS -> VOID. A late capture leads from VOID to HELD."""

    AWAITING_FUNDS = "AWAITING_FUNDS"
    HELD = "HELD"
    RELEASED = "RELEASED"
    REFUNDED = "REFUNDED"
    VOID = "VOID"


class Account(StrEnum):
    """Of the ledger. Each line also carries the method, and the party where one is owed."""

    GATEWAY = "gateway_clearing"
    LIABILITY = "escrow_liability"
    REFUNDS = "refund_payable"
    FEE = "platform_fee"
    AGENCY = "agency_payable"
    CAREGIVER = "caregiver_payable"
    UNALLOCATED = "unallocated"
    GATEWAY_FEES = "gateway_fees"


class Rates(NamedTuple):
    """Basis points of the gross; the agency has the rest."""

    fee_bps: int = 500
    caregiver_bps: int = 500


STANDARD = Rates()


class Rules(NamedTuple):
    """What may vary: how many refunds the provider makes (None: any), and whether they go on after the release."""

    max_refunds: int | None = None
    clawback: bool = False


class Shares(NamedTuple):
    """How an amount is split; the three parts sum to it."""

    amount: int
    fee: int
    agency: int
    caregiver: int

    @property
    def net(self) -> int:
        return self.amount - self.fee


class Line(NamedTuple):
    """A debit (positive) or a credit of an account."""

    account: Account
    amount: int


Entry = tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """refund_count: refunds that did not fail. released: the amount that was split at the release."""

    amount: int
    payment: PaymentState = PaymentState.PENDING
    escrow: EscrowState = EscrowState.AWAITING_FUNDS
    rates: Rates = STANDARD
    captured: int = 0
    refunded: int = 0
    processing: int = 0
    refund_count: int = 0
    released: int | None = None

    @property
    def remaining(self) -> int:
        """What was captured and has not gone back."""
        return self.captured - self.refunded

    @property
    def available(self) -> int:
        """What may still be refunded."""
        return self.captured - self.refunded - self.processing

    @property
    def shares(self) -> Shares:
        """Of what remains; of the whole amount until it is captured."""
        is_open = self.escrow in (EscrowState.AWAITING_FUNDS, EscrowState.VOID)
        return split(self.amount if is_open else self.remaining, self.rates)

    @property
    def is_releasable(self) -> bool:
        return self.escrow is EscrowState.HELD and self.processing == 0


def split(amount: int, rates: Rates) -> Shares:
    """The shares of an amount, halves away from zero; each within one poisha of its exact share.

    >>> split(1500000, Rates())
    Shares(amount=1500000, fee=75000, agency=1350000, caregiver=75000)
    """
    fee = rounded(amount * rates.fee_bps, WHOLE_BPS)
    caregiver = rounded(amount * (rates.fee_bps + rates.caregiver_bps), WHOLE_BPS) - fee
    return Shares(amount, fee, amount - fee - caregiver, caregiver)


def capture(book: Book, *, late: bool = False) -> tuple[Book, Entry]:
    """The book with its money. late: it comes after the payment had ended. Raises EscrowError."""
    if book.captured:
        raise EscrowError("already_paid", "the payment was paid before")
    has_ended = book.payment in (PaymentState.FAILED, PaymentState.EXPIRED)
    if has_ended and not late:
        raise EscrowError("payment_not_payable", f"the payment is {book.payment.value}")
    held = replace(book, payment=PaymentState.COMPLETED, escrow=EscrowState.HELD, captured=book.amount)
    return held, entry((Account.GATEWAY, book.amount), (Account.LIABILITY, -book.amount))


def fail(book: Book, state: PaymentState = PaymentState.FAILED) -> Book:
    """The book of a payment that ended unpaid. Raises EscrowError."""
    if book.payment not in (PaymentState.PENDING, PaymentState.PROCESSING):
        raise EscrowError("already_paid" if book.captured else "payment_not_payable", f"it is {book.payment.value}")
    return replace(book, payment=state, escrow=EscrowState.VOID)


def open_refund(book: Book, wanted: int | None, rules: Rules) -> tuple[Book, int, Entry]:
    """The book with a part reserved for a refund, and that part; wanted None: all that is available.

    Raises EscrowError.
    """
    if not book.captured:
        raise EscrowError("payment_not_refundable", "the payment was never captured")
    if book.escrow is EscrowState.RELEASED and not rules.clawback:
        raise EscrowError("escrow_released", "the escrow was released; nothing is refunded after that")
    part = book.available if wanted is None else wanted
    if not 0 < part <= book.available:
        shown = amount_text(book.available)
        raise EscrowError("refund_exceeds_available", f"available: {shown} BDT", "amount", shown)
    if rules.max_refunds is not None and book.refund_count >= rules.max_refunds:
        raise EscrowError("refund_limit_reached", f"the provider makes {rules.max_refunds} refunds of a payment")
    after = replace(book, processing=book.processing + part, refund_count=book.refund_count + 1)
    if book.escrow is EscrowState.RELEASED:
        return after, part, entry(*_returned(book, after), (Account.REFUNDS, -part))
    return after, part, entry((Account.LIABILITY, part), (Account.REFUNDS, -part))


def complete_refund(book: Book, part: int, charge: int = 0) -> tuple[Book, Entry]:
    """The book after a refund has reached the payer. charge: what the provider took from us for it, a cost of ours."""
    after = replace(book, processing=book.processing - part, refunded=book.refunded + part)
    if after.remaining == 0:
        ended = EscrowState.REFUNDED if book.escrow is EscrowState.HELD else book.escrow
        after = replace(after, payment=PaymentState.REFUNDED, escrow=ended)
    return after, refund_completed(part, charge)


def refund_completed(part: int, charge: int = 0) -> Entry:
    return entry((Account.REFUNDS, part), (Account.GATEWAY, -part - charge), (Account.GATEWAY_FEES, charge))


def fail_refund(book: Book, part: int) -> tuple[Book, Entry]:
    """The book after a refund that never will be: its part is available again."""
    after = replace(book, processing=book.processing - part, refund_count=book.refund_count - 1)
    if book.escrow is EscrowState.RELEASED:
        back = (Line(one.account, -one.amount) for one in _returned(after, book))
        return after, entry((Account.REFUNDS, part), *back)
    return after, entry((Account.REFUNDS, part), (Account.LIABILITY, -part))


def release(book: Book) -> tuple[Book, Shares, Entry]:
    """The book after its money was split between platform, agency and caregiver. Raises EscrowError."""
    if book.escrow is EscrowState.RELEASED:
        raise EscrowError("already_released", "the escrow was released before")
    if book.escrow is not EscrowState.HELD:
        raise EscrowError("escrow_not_held", f"the escrow is {book.escrow.value}")
    if book.processing:
        raise EscrowError("refund_in_progress", f"refunds of {amount_text(book.processing)} are under way")
    parts = split(book.remaining, book.rates)
    after = replace(book, escrow=EscrowState.RELEASED, released=parts.amount)
    lines = ((Account.FEE, -parts.fee), (Account.AGENCY, -parts.agency), (Account.CAREGIVER, -parts.caregiver))
    return after, parts, entry((Account.LIABILITY, parts.amount), *lines)


def surplus_captured(amount: int) -> Entry:
    """A second capture for a payment: nobody's until it is refunded."""
    return entry((Account.GATEWAY, amount), (Account.UNALLOCATED, -amount))


def surplus_opened(amount: int) -> Entry:
    return entry((Account.UNALLOCATED, amount), (Account.REFUNDS, -amount))


def surplus_failed(amount: int) -> Entry:
    return entry((Account.REFUNDS, amount), (Account.UNALLOCATED, -amount))


def entry(*lines: tuple[Account, int]) -> Entry:
    """The lines that are not zero. Raises ValueError where they do not sum to zero."""
    if sum(amount for _, amount in lines):
        raise ValueError(f"an entry's lines sum to zero, read {lines}")
    return tuple(Line(account, amount) for account, amount in lines if amount)


def _returned(before: Book, after: Book) -> tuple[Line, ...]:
    """What each party owes once less is available: the difference of its shares."""
    was, now = split(before.available, before.rates), split(after.available, after.rates)
    return (
        Line(Account.FEE, was.fee - now.fee),
        Line(Account.CAREGIVER, was.caregiver - now.caregiver),
        Line(Account.AGENCY, was.agency - now.agency),
    )
