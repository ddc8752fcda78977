"""What an operator sees of payments, subscriptions and webhooks: lines without codes, accounts and addresses."""

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
