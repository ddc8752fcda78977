"""The words of the payment service's API: statuses, plans, problem codes."""

from enum import StrEnum
from typing import NamedTuple


class PaymentStatus(StrEnum):
    """PENDING leads to the others; PAID is final; a late payment leads from EXPIRED or TIMEOUT to PAID.

    CANCELLED: of an order's payment alone, where the shop has taken the order back.
    """

    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Plan(StrEnum):
    """The two plans on sale."""

    PREMIUM = "PREMIUM"
    FAMILY_PREMIUM = "FAMILY_PREMIUM"


class Priority(StrEnum):
    """Whose payment is asked for first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class SubscriptionStatus(StrEnum):
    """PAST_DUE is the grace after an unpaid billing date."""

    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Problem(NamedTuple):
    """A kind of error answer (RFC 9457): HTTP status, stable code, title."""

    status: int
    code: str
    title: str


BAD_JSON = Problem(400, "bad_json", "The body cannot be read")
REPEATED_HEADER = Problem(400, "repeated_header", "A header that has one value comes twice")
UNAUTHORIZED = Problem(401, "unauthorized", "The API key is missing or wrong")
BLOCKED = Problem(403, "blocked", "The address is blocked")
FORBIDDEN = Problem(403, "forbidden", "The token is not good for this")
NOT_FOUND = Problem(404, "not_found", "Not found")
METHOD_NOT_ALLOWED = Problem(405, "method_not_allowed", "Method not allowed")
PAYMENT_FAILED = Problem(402, "payment_failed", "Payment Failed")
MERCHANT_SUSPENDED = Problem(403, "merchant_suspended", "The merchant is suspended")
ORDER_NOT_FOUND = Problem(404, "order_not_found", "There is no such order")
PAYMENT_NOT_FOUND = Problem(404, "payment_not_found", "There is no such payment")
METHOD_NOT_FOUND = Problem(404, "method_not_found", "There is no such payment method")
SETTLEMENT_NOT_FOUND = Problem(404, "settlement_not_found", "There is no such settlement")
ORDER_NOT_PAYABLE = Problem(409, "order_not_payable", "The order cannot be paid")
OPEN_ELSEWHERE = Problem(409, "payment_open_elsewhere", "Another payment of the order is open")
REFUND_EXCEEDS = Problem(409, "refund_exceeds_balance", "The refund is larger than what is left")
PAYMENT_DISPUTED = Problem(409, "payment_disputed", "The payment is disputed")
NOT_REFUNDABLE = Problem(409, "payment_not_refundable", "The payment cannot be refunded")
CONFLICT = Problem(409, "conflict", "The state does not allow this")
IN_FLIGHT = Problem(409, "idempotency_in_flight", "The first request with this key is not yet answered")
OUTSIDE_PERIOD = Problem(409, "change_outside_period", "The change is outside the paid period")
TOO_LARGE = Problem(413, "too_large", "The body is too large")
UNSUPPORTED_MEDIA = Problem(415, "unsupported_media_type", "The body must be application/json")
INVALID = Problem(422, "invalid", "A value is not allowed")
VALIDATION_FAILED = Problem(422, "validation_failed", "A value is not allowed")
TOTAL_MISMATCH = Problem(422, "total_mismatch", "The sums are not those of the items")
CURRENCY_MISMATCH = Problem(422, "currency_mismatch", "The currency is not the order's")
CURRENCY_UNSUPPORTED = Problem(422, "currency_unsupported", "The currency is not taken")
BELOW_MINIMUM = Problem(422, "amount_below_minimum", "The amount is below the method's minimum")
ABOVE_MAXIMUM = Problem(422, "amount_above_maximum", "The amount is above the method's maximum")
NOT_POSITIVE = Problem(422, "amount_not_positive", "There is nothing to pay")
METHOD_UNAVAILABLE = Problem(422, "method_unavailable", "The payment method is not offered")
PROVIDER_UNKNOWN = Problem(422, "provider_unknown", "There is no such provider")
MALFORMED_REQUEST = Problem(400, "malformed_request", "The body cannot be read")
SIGNATURE_INVALID = Problem(400, "signature_invalid", "The webhook is not signed by its provider")
SIGNATURE_EXPIRED = Problem(400, "signature_expired", "The webhook was signed too long ago")
EVENT_REUSED = Problem(409, "event_id_reused", "The event came with another body before")
PROVIDER_ERROR = Problem(502, "provider_error", "The provider has made no payment")
PROVIDER_DOWN = Problem(503, "provider_unavailable", "The provider cannot be reached")
PROVIDER_TIMEOUT = Problem(504, "provider_timeout", "The provider did not answer in time")
KEY_REUSED = Problem(422, "idempotency_key_reused", "The key came with another request before")
RATE_LIMITED = Problem(429, "rate_limited", "Too many requests")
HEADERS_TOO_LARGE = Problem(431, "headers_too_large", "The headers are too large")
INTERNAL = Problem(500, "internal", "Internal error")
UNAVAILABLE = Problem(503, "unavailable", "A part that is needed is down")
UNREADABLE = Problem(503, "unreadable_row", "A stored row cannot be read, and is set aside")

PROBLEMS = (
    BAD_JSON,
    REPEATED_HEADER,
    UNAUTHORIZED,
    BLOCKED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    CONFLICT,
    IN_FLIGHT,
    OUTSIDE_PERIOD,
    TOO_LARGE,
    UNSUPPORTED_MEDIA,
    INVALID,
    KEY_REUSED,
    RATE_LIMITED,
    HEADERS_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
    UNREADABLE,
)

# Of orders and what belongs to them, below /api/v1.
SHOP_PROBLEMS = (
    MALFORMED_REQUEST,
    SIGNATURE_INVALID,
    SIGNATURE_EXPIRED,
    EVENT_REUSED,
    PAYMENT_FAILED,
    MERCHANT_SUSPENDED,
    ORDER_NOT_FOUND,
    PAYMENT_NOT_FOUND,
    METHOD_NOT_FOUND,
    SETTLEMENT_NOT_FOUND,
    ORDER_NOT_PAYABLE,
    OPEN_ELSEWHERE,
    REFUND_EXCEEDS,
    PAYMENT_DISPUTED,
    NOT_REFUNDABLE,
    VALIDATION_FAILED,
    TOTAL_MISMATCH,
    CURRENCY_MISMATCH,
    CURRENCY_UNSUPPORTED,
    BELOW_MINIMUM,
    ABOVE_MAXIMUM,
    NOT_POSITIVE,
    METHOD_UNAVAILABLE,
    PROVIDER_UNKNOWN,
    PROVIDER_ERROR,
    PROVIDER_DOWN,
    PROVIDER_TIMEOUT,
)
SHOP_PATHS = "/api/v1/"

# Of payments that are held for a job.
CURRENCY_NOT_SUPPORTED = Problem(422, "currency_not_supported", "The currency is not taken")
METHOD_NOT_SUPPORTED = Problem(422, "method_not_supported", "The payment method is not taken")
AMOUNT_MISMATCH = Problem(422, "amount_mismatch", "The amount is not the payment's")
INVALID_AMOUNT = Problem(422, "invalid_amount", "The amount is not one")
EXCEEDS_AVAILABLE = Problem(422, "refund_exceeds_available", "The refund is larger than what is available")
REFUND_LIMIT = Problem(422, "refund_limit_reached", "The provider makes no more refunds of this payment")
INVALID_SIGNATURE = Problem(401, "invalid_signature", "The webhook is not signed, or not by us")
JOB_NOT_FOUND = Problem(404, "job_not_found", "There is no such job")
JOB_HAS_PAYMENT = Problem(409, "job_has_payment", "The job has an open or paid payment")
PAYMENT_EXPIRED = Problem(409, "payment_expired", "The payment's time has passed")
ALREADY_PAID = Problem(409, "already_paid", "The payment was paid before")
PAYMENT_IN_PROGRESS = Problem(409, "payment_in_progress", "Whether the payment was paid is being asked")
PAYMENT_NOT_PAYABLE = Problem(409, "payment_not_payable", "The payment cannot be paid")
NOT_AUTHORIZED = Problem(409, "payment_not_authorized", "The payer has not approved the payment")
ALREADY_RELEASED = Problem(409, "already_released", "The escrow was released before")
NOT_HELD = Problem(409, "escrow_not_held", "The escrow holds nothing")
ESCROW_RELEASED = Problem(409, "escrow_released", "The escrow was released")
REFUND_IN_PROGRESS = Problem(409, "refund_in_progress", "A refund is under way")
ESCROW_PROBLEMS = (
    CURRENCY_NOT_SUPPORTED,
    METHOD_NOT_SUPPORTED,
    AMOUNT_MISMATCH,
    INVALID_AMOUNT,
    EXCEEDS_AVAILABLE,
    REFUND_LIMIT,
    INVALID_SIGNATURE,
    JOB_NOT_FOUND,
    JOB_HAS_PAYMENT,
    PAYMENT_EXPIRED,
    ALREADY_PAID,
    PAYMENT_IN_PROGRESS,
    PAYMENT_NOT_PAYABLE,
    NOT_AUTHORIZED,
    ALREADY_RELEASED,
    NOT_HELD,
    ESCROW_RELEASED,
    REFUND_IN_PROGRESS,
)

DEFAULT_PROVIDER = "bakong"  # whose payments the paths make that name none
IDEMPOTENCY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
IDEMPOTENCY_LIFE_S = 24 * 3600
BULK_LIMIT = 50
HISTORY_LIMIT = 100
MAX_BODY_BYTES = 64 * 1024
