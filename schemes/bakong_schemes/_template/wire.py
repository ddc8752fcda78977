"""The tables of its API, which fake and adapter both read: endpoints, states, errors, the webhook's signature.

Sources: none, the API is made up. Each row of a real scheme says where it is from, and how sure that is.
"""

import hashlib
import hmac
from typing import NamedTuple

NAME = "template"
PREFIX = "/template"
HOST = "api.template.test"
SIGNATURE = "x-template-signature"  # hex HMAC-SHA256 of the body
RETRIES_S = (60, 600, 3_600)
MAX_BODY = 64 * 1024

# The state of a charge as the API writes it, by the neutral step of scripts.
STATUSES = {
    "unpaid": "pending",
    "paid": "successful",
    "failed": "failed",
    "expired": "expired",
    "refunded": "refunded",
}


class Refusal(NamedTuple):
    """An error of the API: the HTTP status and the code in the body."""

    status: int
    code: str


REFUSALS = {
    "unauthorized": Refusal(401, "unauthorized"),
    "not-found": Refusal(404, "not_found"),
    "invalid": Refusal(422, "invalid"),
    "busy": Refusal(503, "busy"),
}


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
