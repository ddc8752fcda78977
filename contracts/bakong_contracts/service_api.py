"""The words of the payment service's API: statuses, plans, problem codes."""

from enum import StrEnum
from typing import NamedTuple


class PaymentStatus(StrEnum):
    """PENDING leads to the others; PAID is final; a late payment leads from EXPIRED or TIMEOUT to PAID."""

    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    EXPIRED = "EXPIRED"


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
NOT_FOUND = Problem(404, "not_found", "Not found")
METHOD_NOT_ALLOWED = Problem(405, "method_not_allowed", "Method not allowed")
CONFLICT = Problem(409, "conflict", "The state does not allow this")
IN_FLIGHT = Problem(409, "idempotency_in_flight", "The first request with this key is not yet answered")
OUTSIDE_PERIOD = Problem(409, "change_outside_period", "The change is outside the paid period")
TOO_LARGE = Problem(413, "too_large", "The body is too large")
UNSUPPORTED_MEDIA = Problem(415, "unsupported_media_type", "The body must be application/json")
INVALID = Problem(422, "invalid", "A value is not allowed")
KEY_REUSED = Problem(422, "idempotency_key_reused", "The key came with another request before")
RATE_LIMITED = Problem(429, "rate_limited", "Too many requests")
HEADERS_TOO_LARGE = Problem(431, "headers_too_large", "The headers are too large")
INTERNAL = Problem(500, "internal", "Internal error")
UNAVAILABLE = Problem(503, "unavailable", "A part that is needed is down")

PROBLEMS = (
    BAD_JSON,
    REPEATED_HEADER,
    UNAUTHORIZED,
    BLOCKED,
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
)

DEFAULT_PROVIDER = "bakong"  # whose payments the paths make that name none
IDEMPOTENCY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
IDEMPOTENCY_LIFE_S = 24 * 3600
BULK_LIMIT = 50
HISTORY_LIMIT = 100
MAX_BODY_BYTES = 64 * 1024
