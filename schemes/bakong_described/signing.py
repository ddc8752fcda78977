"""Signatures and sealed bodies, by the name of the recipe; to add one is a row here."""

import base64
import hashlib
import hmac
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from bakong_described.description import Sealing, Signature
from bakong_described.templates import text

HASHES: Mapping[str, Any] = {
    "hmac-sha256": hashlib.sha256,
    "hmac-sha512": hashlib.sha512,
    "hmac-sha1": hashlib.sha1,
}
RAW = "surrogateescape"  # a body's bytes within a text, whatever they are


class SealError(ValueError):
    """A body that is not sealed as it has to be. The message says why."""


def sign(signature: Signature, values: Mapping[str, Any]) -> str:
    """The signature over the parts that the description names. values: among them "body", decoded with RAW."""
    over = text(signature.over, values).encode("utf-8", RAW)
    mac = hmac.new(text(signature.key, values).encode(), over, HASHES[signature.recipe]).digest()
    return mac.hex() if signature.written == "hex" else base64.b64encode(mac).decode()


def same(read: str, expected: str) -> bool:
    return hmac.compare_digest(read.encode("utf-8", RAW), expected.encode())


def seal(sealing: Sealing, key: str, body: bytes) -> bytes:
    """The JSON of a body as claims of a JWT (HS256), in its field."""
    import jwt  # noqa: PLC0415  few APIs are sealed

    with _any_length():
        token = jwt.PyJWS().encode(body, key, algorithm="HS256", headers={"typ": "JWT"})
    return orjson.dumps({sealing.field: token})


def unseal(sealing: Sealing, key: str, body: bytes) -> bytes:
    """The JSON inside. No other algorithm than HS256 is taken. Raises SealError."""
    import jwt  # noqa: PLC0415  as above

    try:
        token = orjson.loads(body)[sealing.field]
        with _any_length():
            claims: bytes = jwt.PyJWS().decode_complete(token, key, algorithms=["HS256"])["payload"]
    except (jwt.PyJWTError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SealError(f"{sealing.field}: expected a JWT by HS256 ({type(error).__name__})") from None
    return claims


@contextmanager
def _any_length() -> Iterator[None]:
    """A key of any length: how long it is, is the choice of the sandbox's user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
