"""Nagad's seals: JSON encrypted for one side with RSA PKCS#1 v1.5 and signed by the other with SHA-256."""

import base64
import binascii
import json
from functools import cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key


class SealError(ValueError):
    """A seal that does not open, or is not signed. kind: encoding, decryption or signature."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the seal fails by its {kind}")
        self.kind = kind


class Seal(NamedTuple):
    """sensitiveData and signature, base64."""

    data: str
    signature: str


@cache
def private_key(text: str) -> RSAPrivateKey:
    """From one line of base64 of PKCS#8."""
    key = load_der_private_key(base64.b64decode(text), None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("expected an RSA key")
    return key


@cache
def public_key(text: str) -> RSAPublicKey:
    """From one line of base64 of SubjectPublicKeyInfo."""
    key = load_der_public_key(base64.b64decode(text))
    if not isinstance(key, RSAPublicKey):
        raise TypeError("expected an RSA key")
    return key


def seal(value: Any, *, to: str, by: str, text: bytes | None = None) -> Seal:
    """The value as JSON (or a text as it is), for the owner of a public key, by that of a private one."""
    plain = json.dumps(value, separators=(",", ":")).encode() if text is None else text
    data = public_key(to).encrypt(plain, PKCS1v15())
    signature = private_key(by).sign(plain, PKCS1v15(), SHA256())
    return Seal(base64.b64encode(data).decode(), base64.b64encode(signature).decode())


def opened(data: Any, signature: Any, *, mine: str, theirs: str) -> bytes:
    """The plaintext, its signature checked. Raises SealError."""
    try:
        sealed, signed = (base64.b64decode(text, validate=True) for text in (data, signature))
    except (binascii.Error, TypeError, ValueError):
        raise SealError("encoding") from None
    try:
        plain = private_key(mine).decrypt(sealed, PKCS1v15())
    except ValueError:
        raise SealError("decryption") from None
    try:
        public_key(theirs).verify(signed, plain, PKCS1v15(), SHA256())
    except InvalidSignature:  # OpenSSL gives noise, no error, for what was sealed with another key
        try:
            json.loads(plain)
        except ValueError:
            raise SealError("decryption") from None
        raise SealError("signature") from None
    return plain
