"""Standard Webhooks 1.0.0: the service's events, and how they are signed and verified.

Headers: webhook-id (the same on every try), webhook-timestamp (epoch seconds of the try), webhook-signature
("v1,<base64>", several separated by spaces). Signed: "{id}.{timestamp}.{body}" with HMAC-SHA256.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

TOLERANCE_S = 300
_PREFIX = "whsec_"
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=", re.ASCII)


class EventType(StrEnum):
    """Everything that the service tells the main backend."""

    PAYMENT_PAID = "payment.paid"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_EXPIRED = "payment.expired"
    PAYMENT_TIMEOUT = "payment.timeout"
    PAYMENT_COMPLETED = "payment.completed"  # of an order or a job, as the next
    PAYMENT_LATE = "payment.late"
    ESCROW_HELD = "escrow.held"
    ESCROW_RELEASED = "escrow.released"
    ESCROW_REFUNDED = "escrow.refunded"
    REFUND_PROCESSING = "refund.processing"
    REFUND_COMPLETED = "refund.completed"
    REFUND_FAILED = "refund.failed"
    SUBSCRIPTION_ACTIVATED = "subscription.activated"
    SUBSCRIPTION_UPGRADED = "subscription.upgraded"
    SUBSCRIPTION_DOWNGRADED = "subscription.downgraded"
    SUBSCRIPTION_RENEWED = "subscription.renewed"
    SUBSCRIPTION_PAST_DUE = "subscription.past_due"
    SUBSCRIPTION_CANCELLED = "subscription.cancelled"
    SUBSCRIPTION_EXPIRED = "subscription.expired"


class ProbeType(StrEnum):
    """What is sent on demand alone, to try a receiver: nothing has happened."""

    WEBHOOK_TEST = "webhook.test"


class WebhookError(ValueError):
    """A webhook that must not be believed, or a secret that cannot sign. The message says why."""


def secret_bytes(secret: str) -> bytes:
    """The 24 to 64 bytes of a "whsec_<base64>" secret. Raises WebhookError, which never shows the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookError("the secret is not whsec_ and base64") from None
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise WebhookError(f"expected whsec_ and the base64 of 24 to 64 bytes, read {len(key)} bytes")
    return key


def sign(secrets: Iterable[str], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers. During a rotation, give the new secret and the old one.

    >>> headers = sign(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
    ...                b'{"test": 2432232314}')
    >>> headers["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    if not message_id or "." in message_id or not message_id.isascii() or not message_id.isprintable():
        raise WebhookError(f"read the id {message_id!r}, expected printable ASCII without a point")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(_signature(secret, message_id, timestamp_s, body) for secret in secrets),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, *, now_s: int) -> str:
    """The webhook-id of a webhook that one of the secrets signed at most 300 s from now. Raises WebhookError."""
    lowercase = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp, given = (lowercase[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise WebhookError(f"the header {error.args[0]} is missing") from None
    if not _TIMESTAMP.fullmatch(stamp):
        raise WebhookError(f"webhook-timestamp is {stamp!r}, expected epoch seconds")
    if abs(int(stamp) - now_s) > TOLERANCE_S:
        raise WebhookError(f"webhook-timestamp is {int(stamp) - now_s:+d} s from now, at most {TOLERANCE_S} allowed")
    known = [_signature(secret, message_id, int(stamp), body) for secret in secrets]
    offered = [signature for signature in given.split(" ") if _SIGNATURE.fullmatch(signature)]
    if not any(hmac.compare_digest(one, other) for one in offered for other in known):
        raise WebhookError("no signature in webhook-signature is right for this body")
    return message_id


def _signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
