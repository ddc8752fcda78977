"""Developer tokens of the shape that NBC issues: HS256 JWTs of 172 characters, 90 days."""

import base64
import hashlib
import hmac
from typing import NamedTuple

LIFE_S = 7_776_000
RELAY = "relay"
_HEADER = b'{"alg":"HS256","typ":"JWT"}'


class Registration(NamedTuple):
    """Who a token was issued to, until when (epoch ms), whether it was taken back, and for whose host it is good."""

    email: str
    expires_ms: int
    revoked: bool = False
    good_for: str = "any"


def mint(key: bytes, registration_id: str, issued_s: int, life_s: int = LIFE_S) -> str:
    """A token for a registration (16 hex digits), issued at issued_s."""
    payload = f'{{"data":{{"id":"{registration_id}"}},"iat":{issued_s},"exp":{issued_s + life_s}}}'
    signed = _b64(_HEADER) + b"." + _b64(payload.encode())
    return (signed + b"." + _b64(hmac.new(key, signed, hashlib.sha256).digest())).decode()


def relay_token(key: bytes) -> str:
    """A token of a relay's: it begins with rbk, which is all that a client looks at."""
    return f"rbk_{hashlib.sha256(key).hexdigest()[:40]}"


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
