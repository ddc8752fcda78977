"""What an operator sees of what is stored: lines without codes, accounts, addresses and people's data."""

from typing import NamedTuple


class PaymentLine(NamedTuple):
    """A payment, without what the payer pays by, the account that is paid, and where its webhooks go."""

    id: str
    user_id: str
    provider: str
    reference: str
    bill_number: str
    status: str
    amount_minor: int
    currency: str
    plan: str
    purpose: str
    late: bool
    flag: str | None
    created_ms: int
    expires_ms: int
    updated_ms: int
    paid_ms: int | None


class Change(NamedTuple):
    """One line of the history of a payment or a subscription. plan: of a subscription."""

    from_status: str | None
    to_status: str
    why: str
    at_ms: int
    plan: str | None = None


class ReceiptLine(NamedTuple):
    """A transaction that a provider showed for a payment, and what was made of it."""

    hash: str
    verdict: str
    amount_minor: int | None
    currency: str | None
    at_ms: int


class OrderLine(NamedTuple):
    """An order, without its buyer and its lines. status: as it is stored; one whose time is over may still be open."""

    id: str
    merchant_id: str
    reference: str
    status: str
    currency: str
    subtotal_minor: int
    vat_minor: int
    withholding_minor: int
    refunded_minor: int
    payment_id: str | None
    created_ms: int
    updated_ms: int
    expires_ms: int | None


class OrderStep(NamedTuple):
    """One event of an order."""

    type: str
    payment_id: str | None
    at_ms: int


class RefundLine(NamedTuple):
    """A refund of an order, or of a payment that is held."""

    id: str
    status: str
    amount_minor: int
    reason: str | None
    created_ms: int
    updated_ms: int


class EscrowLine(NamedTuple):
    """A payment whose money is held, without those whom it is about."""

    id: str
    invoice: str
    job_id: str
    method: str
    amount_minor: int
    status: str
    escrow_status: str
    captured_minor: int
    refunded_minor: int
    processing_minor: int
    released_minor: int | None
    review: str | None
    late: bool
    created_ms: int
    expires_ms: int
    updated_ms: int
    paid_ms: int | None
    released_ms: int | None
    release_ms: int | None


class EntryLine(NamedTuple):
    """One line of double entry: what an account of the escrow book gained or gave. fact: why."""

    number: int
    fact: str
    account: str
    amount: int
    at_ms: int
