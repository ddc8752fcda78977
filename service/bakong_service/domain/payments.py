"""A payment and its life. PAID is final; no word from a provider is dropped."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bakong_contracts.service_api import DEFAULT_PROVIDER, PaymentStatus, Plan, Priority
from bakong_service.domain.handoff import Code, Handoff
from bakong_service.domain.money import Money

Status = PaymentStatus
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PAID, Status.FAILED, Status.TIMEOUT, Status.EXPIRED}),
    Status.TIMEOUT: frozenset({Status.PAID, Status.FAILED, Status.EXPIRED}),
    Status.EXPIRED: frozenset({Status.PAID}),
    Status.FAILED: frozenset({Status.PAID}),
    Status.PAID: frozenset(),
}


class Purpose(StrEnum):
    """What a payment buys: a cycle of its plan, the renewal of one bill, or the upgrade within one paid period."""

    PLAN = "plan"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"


OVERPAID = "overpaid"  # paid, but it bought nothing: to be refunded, or used for the next renewal
REFUNDED = "refunded"  # the provider gave the money back, or a part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment that a customer was asked for. Times in epoch ms; it may be paid until expires_ms, end excluded.

    provider, reference: who collects it, and its name there. handoff: what the customer pays by.
    bill_ms: the billing date that a renewal pays for, or up to which an upgrade was priced.
    hash: the provider's transaction that paid it.
    """

    id: str
    user_id: str
    plan: Plan
    money: Money
    account_id: str
    bill_number: str
    provider: str
    reference: str
    handoff: Handoff
    status: Status
    created_ms: int
    expires_ms: int
    updated_ms: int
    callback: str | None = None
    paid_ms: int | None = None
    late: bool = False
    flag: str | None = None
    purpose: Purpose = Purpose.PLAN
    bill_ms: int | None = None
    priority: Priority = Priority.NORMAL
    hash: str | None = None

    @property
    def md5(self) -> str | None:
        """The reference of a payment of the default provider, by its name there; None for one of another."""
        return self.reference if self.provider == DEFAULT_PROVIDER else None

    @property
    def life(self) -> str:
        """How long it may be paid, in words."""
        return f"{(self.expires_ms - self.created_ms) // 60_000} minutes"

    @property
    def code(self) -> Code:
        """The code that the customer scans; an empty one where the payment has none, or no more."""
        return self.handoff if isinstance(self.handoff, Code) else Code("")

    @property
    def is_open(self) -> bool:
        """Whether the provider may still have news of it that the customer waits for."""
        return self.status in (Status.PENDING, Status.TIMEOUT)

    def is_live(self, now_ms: int) -> bool:
        return now_ms < self.expires_ms

    def may_become(self, status: Status) -> bool:
        return status in TRANSITIONS[self.status]

    def become(self, status: Status, at_ms: int) -> "Payment":
        """The payment in another state. Raises ValueError for a transition that the table does not hold."""
        if not self.may_become(status):
            raise ValueError(f"payment {self.id} is {self.status.value} and cannot become {status.value}")
        return replace(self, status=status, updated_ms=at_ms)

    def paid(self, by: "Paid", at_ms: int) -> "Payment":
        """The payment after its money came; late where the customer had been told that it would not."""
        done_ms = at_ms if by.done_ms is None else min(max(by.done_ms, self.created_ms), at_ms)
        changed = self.become(Status.PAID, at_ms)
        return replace(changed, paid_ms=done_ms, late=self.status is not Status.PENDING, hash=by.hash)


@dataclass(frozen=True, slots=True)
class Paid:
    """The provider's word that it was paid: its transaction, how much, to whom, when, and the answer itself.

    hash: the transaction's identity there, 64 characters at most.
    """

    hash: str
    money: Money | None
    to_account: str
    done_ms: int | None = None
    raw: bytes = b""

    def mismatch(self, payment: Payment) -> str | None:
        """What does not fit the payment, or None. A mismatch is not a payment: it is recorded and flagged."""
        if self.money is None or self.money.currency != payment.money.currency:
            return "wrong_currency"
        if self.money != payment.money:
            return "wrong_amount"
        if self.to_account != payment.account_id:
            return "wrong_account"
        return None


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider's word that the payment failed."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider knows of no payment, yet."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """The payer has approved, and no money has moved: it moves when the payment is finalised."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The provider's word that money went back: the refund's identity there, how much, and the answer itself."""

    hash: str
    money: Money | None
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The provider could not be asked. until_ms: it says that it will not answer before then.

    why: one word, for metrics and back-off: timeout, unreachable, unauthorized, blocked, refused, garbage; quota, where
    the provider says that the day's calls are spent, and budget, where our own count does.
    """

    why: str
    detail: str = ""
    until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transaction that a provider showed for a payment, and what it was taken for. None is ever dropped."""

    payment_id: str
    hash: str
    verdict: str
    money: Money | None
    to_account: str
    raw: bytes
    at_ms: int


Report = Authorized | Paid | Failed | NotFound | Refunded | NoAnswer
