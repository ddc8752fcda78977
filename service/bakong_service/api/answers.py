"""The shapes of answers, for the OpenAPI document alone: payments of plans, subscriptions, webhooks, access, operators.

Nothing is validated against them when it is answered; tests hold every answer to them (tests/service/answered.py).
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from bakong_contracts.service_api import PaymentStatus, Plan, SubscriptionStatus

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Md5 = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class CodeHandoff(TypedDict):
    """A code that the payer scans."""

    kind: Literal["code"]
    text: str
    deepLink: str
    shortLink: NotRequired[str]


class RedirectHandoff(TypedDict):
    """A page that the payer is led to."""

    kind: Literal["redirect"]
    url: Url


class SecretHandoff(TypedDict):
    """What the provider's own elements need in the browser."""

    kind: Literal["client_secret"]
    secret: str


Handoff = Annotated[CodeHandoff | RedirectHandoff | SecretHandoff, Field(discriminator="kind")]


class CreatedPayment(TypedDict):
    """A payment of a plan, with its code."""

    transactionId: str
    billNumber: str
    md5Hash: Md5
    qrCode: str
    qrImagePath: str
    deepLink: str
    shortLink: NotRequired[str]
    amount: float
    currency: str
    status: PaymentStatus
    createdAt: Instant
    expiresAt: Instant


class _PaymentState(TypedDict):
    transactionId: str
    status: PaymentStatus
    amount: float
    currency: str
    paidAt: Instant | None
    late: bool
    flag: str | None
    createdAt: Instant
    updatedAt: Instant


class PaymentState(_PaymentState):
    """What has become of a payment of a plan."""

    md5Hash: Md5


class MonitoredPayment(PaymentState):
    """A payment that was waited for, and how."""

    attempts: int
    elapsed: float
    timedOut: bool


class UncheckedPayment(TypedDict):
    """An md5 of a bulk check that no payment has, or whose payment cannot be read."""

    md5Hash: Md5
    status: Literal["not_found", "unreadable"]


class ListedPayment(_PaymentState):
    """A row of a user's history; without an md5 where its provider makes no codes."""

    md5Hash: Md5 | None
    billNumber: str
    planType: Plan
    purpose: str
    expiresAt: Instant


class History(TypedDict):
    """A page of a user's payments, the newest first; unreadable: how many of the page could not be read."""

    items: list[ListedPayment]
    total: int
    limit: int
    offset: int
    unreadable: NotRequired[int]


class AnyPayment(TypedDict):
    """A payment of any provider."""

    id: str
    provider: str
    reference: str
    status: PaymentStatus
    amount: float
    currency: str
    handoff: Handoff | None
    late: bool
    flag: str | None
    createdAt: Instant
    expiresAt: Instant
    updatedAt: Instant
    paidAt: Instant | None


class Subscription(TypedDict):
    """A user's subscription."""

    id: str
    userId: str
    planType: Plan
    status: SubscriptionStatus
    startDate: Instant
    nextBillingDate: Instant
    lastBillingDate: Instant
    createdAt: Instant
    pendingPlanType: NotRequired[Plan]
    cancelAt: NotRequired[Instant]


class SubscriptionState(TypedDict):
    """Whether a user has a subscription, and the last payments."""

    hasSubscription: bool
    subscription: Subscription | None
    recentPayments: list[ListedPayment]


class Upgraded(TypedDict):
    """An upgrade, which is paid for at once, or costs nothing."""

    requiresPayment: bool
    proratedAmount: float
    currency: str
    payment: CreatedPayment | None
    subscription: Subscription
    message: str


class Downgraded(TypedDict):
    """A downgrade, which happens at the next billing date."""

    effectiveAt: Instant
    chargedNow: float
    subscription: Subscription
    message: str


class Cancelled(TypedDict):
    """A subscription that ends with what is paid."""

    cancelAt: Instant
    subscription: Subscription
    message: str


class Renewed(TypedDict):
    """A renewal, which is paid for, or has happened."""

    renewed: bool
    requiresPayment: bool
    payment: CreatedPayment | None
    subscription: Subscription
    message: str


class WebhookTry(TypedDict):
    """One try to deliver a webhook."""

    number: int
    at: Instant
    status: int | None
    error: str | None


class SignedTry(WebhookTry):
    """A try with its headers, signed anew."""

    headers: dict[str, str]


class _WebhookHead(TypedDict):
    webhookId: str
    event: str
    state: str
    receiver: str | None
    createdAt: Instant
    deliveredAt: Instant | None
    nextTryAt: Instant | None


class Webhook(_WebhookHead):
    """A webhook and its tries."""

    attempts: list[WebhookTry]


class WebhookLine(_WebhookHead):
    """A webhook in a list."""

    tries: int
    lastStatus: int | None
    lastError: str | None


class WebhookStory(_WebhookHead):
    """A webhook with its body and every try."""

    body: dict[str, Any]
    attempts: list[SignedTry]


class Received(TypedDict):
    """A provider's event was taken."""

    received: Literal[True]


class User(TypedDict):
    """Who is logged in."""

    id: str
    username: str
    roles: list[str]


class Tokens(TypedDict):
    """What a login gives."""

    tokenType: Literal["Bearer"]
    accessToken: str
    expiresIn: int
    refreshToken: str
    refreshExpiresIn: int
    user: User


class KeySet(TypedDict):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]


class Granted(TypedDict):
    """A token for a machine (RFC 6749, 5.1)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


Change = TypedDict("Change", {"from": str | None, "to": str, "why": str, "at": Instant})


class PlanChange(Change):
    """A change of a subscription."""

    planType: Plan


class Receipt(TypedDict):
    """A transaction that a provider showed for a payment."""

    hash: str
    verdict: str
    amount: float | None
    currency: str | None
    at: Instant


class PaymentLine(TypedDict):
    """A payment as operators see it."""

    id: str
    userId: str
    provider: str
    reference: str
    billNumber: str
    status: PaymentStatus
    amount: float
    currency: str
    planType: Plan | None
    purpose: str
    late: bool
    flag: str | None
    createdAt: Instant
    expiresAt: Instant
    updatedAt: Instant
    paidAt: Instant | None


class PaymentStory(PaymentLine):
    """A payment with its history."""

    history: list[Change]
    receipts: list[Receipt]


class SubscriptionStory(Subscription):
    """A subscription with its history."""

    history: list[PlanChange]


class AuditDetails(TypedDict):
    """What an act changed, and the request that brought it about."""

    before: Any
    after: Any
    requestId: str | None


class AuditLine(TypedDict):
    """Who did what to what."""

    id: int
    userId: str
    action: str
    resource: str
    details: AuditDetails
    ipAddress: str | None
    userAgent: str | None
    createdAt: Instant


@with_config(ConfigDict(extra="allow"))
class HealthPart(TypedDict):
    """One of the parts that the service stands on; each adds facts of its own."""

    status: Literal["healthy", "degraded", "unhealthy"]
    message: str


class Health(TypedDict):
    """How the service is, and each of its parts."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: Instant
    services: dict[str, HealthPart]


class Ready(TypedDict):
    """Whether requests should come here."""

    status: Literal["ready"]
    warning: NotRequired[str]


class Live(TypedDict):
    """That the process lives."""

    status: Literal["live"]
