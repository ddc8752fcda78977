"""The shapes of what the escrow routes answer, for the OpenAPI document alone; see answers.py."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from bakong_service.api.answers import Instant, Url
from bakong_service.domain.escrow import FailureReason, JobStatus, RefundState
from bakong_service.domain.escrow_book import EscrowState

Gateway = Literal["BKASH", "NAGAD"]


class Person(TypedDict):
    """A party of a job."""

    id: str
    fullName: str


class Company(TypedDict):
    """The agency of a job."""

    id: str
    companyName: str


class Job(TypedDict):
    """A job that is paid for."""

    id: str
    packageName: str
    guardian: Person
    caregiver: Person
    agency: Company
    status: JobStatus
    completedAt: Instant | None


class Shares(TypedDict):
    """What is held, and for whom."""

    id: str
    amount: float
    platformFee: float
    netAmount: float
    status: EscrowState


class HeldShares(Shares):
    """What is held, and when it was released."""

    releasedAt: Instant | None


class _EscrowHead(TypedDict):
    id: str
    jobId: str
    payerId: str
    amount: float
    method: str
    currency: Literal["BDT"]
    status: str
    transactionId: str
    reference: str
    gatewayTransactionId: str | None
    invoiceNumber: str


class CreatedEscrow(_EscrowHead):
    """A payment that is held, with the page that it is paid on."""

    paymentUrl: Url
    qrCode: str
    escrow: Shares
    createdAt: Instant
    expiresAt: Instant


class ListedEscrow(_EscrowHead):
    """A payment that is held, in a list."""

    refundedAmount: float
    failureReason: FailureReason | None
    late: bool
    needsReview: bool
    escrow: HeldShares
    createdAt: Instant
    expiresAt: Instant
    paidAt: Instant | None


class GatewayResponse(TypedDict):
    """The gateway's own words for a payment that is paid."""

    statusCode: str | None
    statusMessage: str | None


class EscrowRefund(TypedDict):
    """A refund of money that is held."""

    id: str
    amount: float
    status: RefundState
    reason: str
    initiatedBy: str
    initiatedAt: Instant
    completedAt: Instant | None
    providerRefundId: str | None
    failure: str | None
    needsReview: bool


class EscrowPayment(ListedEscrow):
    """A payment that is held, with all that belongs to it."""

    availableForRefund: float
    reviewReason: str | None
    job: Job | None
    gatewayResponse: GatewayResponse
    refunds: list[EscrowRefund]
    surplusRefunds: NotRequired[list[EscrowRefund]]


class BkashCreated(TypedDict):
    """A payment at bKash, which the payer agrees to there."""

    bkashURL: Url | None
    paymentID: str
    createTime: Instant
    orgLogo: str
    orgName: str
    transactionStatus: Literal["Initiated"]


class BkashExecuted(TypedDict):
    """What bKash's execute came to."""

    paymentId: str
    status: str
    trxID: str | None
    transactionStatus: Literal["Completed", "Initiated"]
    amount: str
    currency: Literal["BDT"]
    paidAt: Instant | None


class NagadCreated(TypedDict):
    """A payment at Nagad, which the payer agrees to there."""

    paymentReferenceId: str
    callBackUrl: Url | None
    challenge: Literal[""]


class NagadVerified(TypedDict):
    """What Nagad says of a payment."""

    paymentId: str
    status: str
    orderId: str
    issuerPaymentRefNo: str | None
    amount: str
    paidAt: Instant | None


class AskedRefund(TypedDict):
    """A refund that was asked for."""

    refundId: str
    paymentId: str
    amount: float
    reason: str
    status: RefundState
    initiatedBy: str
    initiatedAt: Instant
    expectedCompletionTime: Instant


class AgencyShare(TypedDict):
    """What the agency gets."""

    amount: float
    companyName: str


class CaregiverShare(TypedDict):
    """What the caregiver gets."""

    amount: float
    fullName: str


class ReleasedTo(TypedDict):
    """Who gets what."""

    agency: AgencyShare
    caregiver: CaregiverShare


class ReleasedEscrow(TypedDict):
    """Money that is held no more."""

    escrowId: str
    amount: float
    platformFee: float
    netAmount: float
    status: EscrowState
    releasedTo: ReleasedTo
    releasedAt: Instant | None


class ReviewedPayment(ListedEscrow):
    """A payment that a person should look at."""

    reviewReason: str | None


class ReviewedRefund(EscrowRefund):
    """A refund that a person should look at."""

    paymentId: str
    reviewReason: str | None


class Review(TypedDict):
    """What a person should look at."""

    payments: list[ReviewedPayment]
    refunds: list[ReviewedRefund]


class Difference(TypedDict):
    """Where our books and a gateway's differ."""

    paymentId: str
    what: str
    ours: str | None
    theirs: str | None


class Reconciliation(TypedDict):
    """Our books beside the gateways'."""

    payments: int
    clearing: dict[str, float]
    total: float
    differences: list[Difference]
