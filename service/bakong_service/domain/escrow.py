"""An escrow payment and what belongs to it: its job, its attempts at a provider, its refunds. Times in epoch ms."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from bakong_service.domain.escrow_book import Account, Book, PaymentState, Rates
from bakong_service.domain.escrow_numbers import is_payable
from bakong_service.domain.orders import LatePolicy

MOST_REFUNDS = {"BKASH": 10, "NAGAD": None}  # of one payment, by its provider; failed ones are not counted
PROVIDERS = {"BKASH": "bkash", "NAGAD": "nagad"}  # a method's adapter
NAMED_ONLY = ("CARD", "BANK_TRANSFER")  # methods that the platform has a name for, and no provider
MOST_EXECUTES = 3
BUSY_MS = 35_000  # one execute may take so long; longer than any provider is waited for
LONG_MS = 365 * 86_400_000  # a payment whose outcome is not known is asked about as long as it takes
MISMATCH = "amount_mismatch"
UNANSWERED = "no_answer"
UNSETTLED = "refund_not_settled"
SURPLUS_FAILED = "surplus_refund_failed"


class JobStatus(StrEnum):
    """COMPLETED starts the 48 hours; a job may be reopened."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class FailureReason(StrEnum):
    """Why a payment has failed, or one of its attempts has ended."""

    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    PROVIDER_ERROR = "PROVIDER_ERROR"


class RefundState(StrEnum):
    """PROCESSING -> COMPLETED | FAILED; both are final."""

    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class RefundKind(StrEnum):
    """Who began it: a person, the policy about late payments, or a second capture."""

    REQUEST = "request"
    LATE = "late"
    SURPLUS = "surplus"


class Party(NamedTuple):
    """A person or a company, by the platform's id and the name that is shown."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is paid for. completed_ms: where it is COMPLETED."""

    id: str
    package_name: str
    guardian: Party
    caregiver: Party
    agency: Party
    status: JobStatus
    created_ms: int
    updated_ms: int
    completed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowPayment:
    """A payment whose money is held. number_ms: of its reference and its invoice number.

    holds_job: it is the one open or paid payment of its job. attempt_id: the attempt that counts: that was captured,
    or else was made last. processing_ms: since when an outcome is not known. review: why a person has to look.
    entries: how many the ledger has of it. sweep_ms: when time alone ends it; release_ms: when it is released.
    """

    id: str
    job_id: str
    payer_id: str
    caregiver_id: str
    agency_id: str
    method: str
    book: Book
    number_ms: int
    invoice: str
    escrow_id: str
    created_ms: int
    expires_ms: int
    updated_ms: int
    holds_job: bool = True
    attempt_id: str | None = None
    attempts: int = 0
    gateway_id: str | None = None
    failure: FailureReason | None = None
    late: bool = False
    review: str | None = None
    entries: int = 0
    paid_ms: int | None = None
    processing_ms: int | None = None
    released_ms: int | None = None
    release_ms: int | None = None
    sweep_ms: int | None = None

    @property
    def state(self) -> PaymentState:
        return self.book.payment

    @property
    def shown_status(self) -> str:
        """The API has no word EXPIRED: an expired payment has failed, for that reason."""
        return "FAILED" if self.state is PaymentState.EXPIRED else self.state.value

    @property
    def is_open(self) -> bool:
        return self.state in (PaymentState.PENDING, PaymentState.PROCESSING)

    def is_payable(self, now_ms: int) -> bool:
        return self.state is PaymentState.PENDING and is_payable(self.expires_ms, now_ms)

    def with_book(self, book: Book) -> "EscrowPayment":
        return replace(self, book=book)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One payment at the provider. executes: how often its money was asked to move; busy_ms: until when one is sent.

    ended: why nobody waits for it any more. return_url: where the payer's browser goes afterwards.
    """

    payment_id: str
    escrow_payment_id: str
    number: int
    return_url: str
    executes: int = 0
    busy_ms: int | None = None
    ended: FailureReason | None = None
    captured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowRefund:
    """One refund of one capture. tries: how often the provider was asked to make it. failure: its word for refusing.

    next_try_ms: when it is asked about next; None while another refund of the payment goes first, and once it is final.
    """

    id: str
    payment_id: str
    attempt_id: str
    kind: RefundKind
    amount: int
    status: RefundState
    reason: str
    initiated_by: str
    created_ms: int
    updated_ms: int
    notes: str | None = None
    tries: int = 0
    next_try_ms: int | None = None
    provider_refund_id: str | None = None
    failure: str | None = None
    review: str | None = None
    completed_ms: int | None = None


class Posting(NamedTuple):
    """A line of the ledger: of which payment and entry, what fact, about what; debits are positive."""

    payment_id: str
    number: int
    line: int
    fact: str
    subject: str
    account: Account
    method: str
    party: str
    amount: int
    at_ms: int


class Fact(StrEnum):
    """What an entry is about. A subject has each of these once: so no fact is booked twice."""

    CAPTURED = "captured"
    OPENED = "refund_opened"
    SETTLED = "refund_settled"  # completed or failed, whichever came first
    RELEASED = "released"


class Filter(NamedTuple):
    """Which payments are listed. Times in epoch ms, the end excluded; party: its role and its id."""

    party: tuple[str, str] | None = None
    status: str | None = None
    method: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


class EscrowRules(NamedTuple):
    """What an operator sets. methods: provider of each method; roles: who may do what."""

    rates: Rates = Rates()
    clawback: bool = False
    late_payment: LatePolicy = LatePolicy.REFUND
    public_url: str = "http://127.0.0.1:3002"
    org_name: str = "Sandbox Care"
    org_logo: str = ""
    webhook_secrets: tuple[str, ...] = ()
    release_roles: frozenset[str] = frozenset({"PLATFORM_ADMIN"})
    refund_roles: frozenset[str] = frozenset({"PLATFORM_ADMIN", "SUPER_ADMIN"})


def party_of(account: Account, payment: EscrowPayment) -> str:
    """Whose a line is: who is owed, or nobody in particular.

    The platform is no party: its fee and the gateway's account are by method alone.
    """
    owner = {
        Account.AGENCY: payment.agency_id,
        Account.CAREGIVER: payment.caregiver_id,
        Account.LIABILITY: payment.payer_id,
        Account.REFUNDS: payment.payer_id,
        Account.UNALLOCATED: payment.payer_id,
    }
    return owner.get(account, "")


def is_job_open(job: Job | None) -> bool:
    """Whether money for it may still be kept."""
    return job is not None and job.status in (JobStatus.OPEN, JobStatus.IN_PROGRESS)
