"""Transactions of orders as bookkeepers list them: payments, refunds and disputes, one row each."""

from dataclasses import dataclass
from enum import StrEnum

from bakong_service.domain.money import Money


class TransactionType(StrEnum):
    """What a row is."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One row. status: in the words of its type; actor, request_id: who began it. fee_minor: None while it has none."""

    id: str
    type: TransactionType
    payment_id: str
    order_id: str
    merchant_id: str
    money: Money
    status: str
    provider: str
    created_ms: int
    actor: str
    request_id: str = ""
    provider_id: str | None = None
    fee_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which rows are wanted; None is any. merchant_id None: every merchant's. Times in epoch ms, the end excluded."""

    merchant_id: str | None = None
    status: str | None = None
    type: TransactionType | None = None
    provider: str | None = None
    order_id: str | None = None
    payment_id: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """Rows newest first. next_place: the next page is before it; None at the end. A page may be short and not last."""

    rows: list[Transaction]
    next_place: tuple[int, str] | None
