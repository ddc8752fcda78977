"""A payment and its life. PAID is final; no word from a provider is dropped."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bakong_contracts.service_api import DEFAULT_PROVIDER, PaymentStatus, Plan, Priority
from bakong_service.domain.handoff import Code, Handoff
from bakong_service.domain.money import Money

Status = PaymentStatus
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PAID, Status.FAILED, Status.TIMEOUT, Status.EXPIRED, Status.CANCELLED}),
    Status.TIMEOUT: frozenset({Status.PAID, Status.FAILED, Status.EXPIRED, Status.CANCELLED}),
    Status.EXPIRED: frozenset({Status.PAID}),
    Status.FAILED: frozenset({Status.PAID}),
    Status.CANCELLED: frozenset({Status.PAID}),
    Status.PAID: frozenset(),
}


class Purpose(StrEnum):
    """What a payment buys: a cycle of its plan, the renewal of one bill, an upgrade in a period; an order, a job."""

    PLAN = "plan"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"
    ORDER = "order"
    ESCROW = "escrow"

    @property
    def sells_plan(self) -> bool:
        """Whether it is about a plan; else a table of its own says what it is for."""
        return self not in (Purpose.ORDER, Purpose.ESCROW)


OVERPAID = "overpaid"  # paid, but it bought nothing: to be refunded, or used for the next renewal
REFUNDED = "refunded"  # the provider gave the money back, or a part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment that a customer was asked for. Times in epoch ms; it may be paid until expires_ms, end excluded.

    provider, reference: who collects it, and its name there; "" until the provider has made it. handoff: what the
    customer pays by. plan: None of an order's or a job's payment, whose user_id is no user's: see order_user.
    bill_ms: the billing date that a renewal pays for, or up to which an upgrade was priced.
    hash: the provider's transaction that paid it.
    """

    id: str
    user_id: str
    plan: Plan | None
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
    def sold(self) -> Plan:
        """The plan that it buys. Raises ValueError for an order's payment."""
        if self.plan is None:
            raise ValueError(f"payment {self.id} buys no plan")
        return self.plan

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
        """Whether its code is offered. One that is open and no longer live waits for its provider's word of its end."""
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


def escrow_user(payment_id: str) -> str:
    """Whose the attempts at an escrow payment are: see order_user."""
    return f"\x1fescrow/{payment_id}"


def order_user(order_id: str) -> str:
    """Whose an order's payments are: it begins with a character that the API takes in no user's id."""
    return f"\x1forder/{order_id}"


@dataclass(frozen=True, slots=True)
class Paid:
    """The provider's word that it was paid: its transaction, how much, to whom, when, and the answer itself.

    hash: the transaction's identity there, 64 characters at most. refunds: every one of it that the provider shows.
    dispute: "open", "won" or "lost", as the payer's bank sees it; "" where there is none.
    """

    hash: str
    money: Money | None
    to_account: str
    done_ms: int | None = None
    raw: bytes = b""
    refunds: tuple["Refunded", ...] = ()
    dispute: str = ""

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
    """The provider's word that the payment failed: why in one word of its own, and in words for people."""

    why: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider knows of no payment, yet. declined, message: why the payer's last try failed; he may try again."""

    declined: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Authorized:
    """The payer has approved, and no money has moved: it moves when the payment is finalised."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The provider's word that money went back: the refund's identity there, how much, and the answer itself.

    key: our own id of it, where the provider keeps that. failed: it was to go back, and has not, or came again.
    charge_minor: what the provider took from us for it, beside the money. parts: of a payment that went back, each of
    its refunds, where the provider shows them; hash is then the payment's, done_ms when that was made, and dispute as
    of Paid.
    """

    hash: str
    money: Money | None
    raw: bytes = b""
    key: str = ""
    failed: bool = False
    charge_minor: int = 0
    parts: tuple["Refunded", ...] = ()
    done_ms: int | None = None
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The provider could not be asked. until_ms: it says that it will not answer before then.

    why: one word, for metrics and back-off: timeout, unreachable, unauthorized, blocked, refused, garbage; quota, where
    the provider says that the day's calls are spent, and budget, where our own count does. Of something that was to be
    made or given back, refused and declined are final: the provider will never do it.
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
