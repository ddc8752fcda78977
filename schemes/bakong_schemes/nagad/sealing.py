"""Nagad's sealed texts and its keys: RSA PKCS#1 v1.5 encryption, SHA-256 signatures. All of it is cryptography's own.

Keys travel as one line of base64 of DER: public SubjectPublicKeyInfo, private PKCS#8. Imported where a call needs it.
"""

import base64
import binascii
import re
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from bakong_schemes.nagad.wire import MAX_PLAINTEXT

BITS = 2048
_PKCS1_PRIVATE = re.compile(r"MII[A-Za-z0-9+/]{3}IBAAKC", re.ASCII)  # SEQUENCE, version 0, and at once the modulus
_PKCS8_TO = "openssl pkcs8 -topk8 -nocrypt -in old.pem -out new.pem"
Sealed = dict[str, str]


class SealError(ValueError):
    """A sealed text that cannot be read. kind: EncodingError, DecryptionError or SignatureVerificationFailed."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class KeyTextError(ValueError):
    """A text that is not the key that it should be. The message says what was read, never the key."""


class Names(NamedTuple):
    """What a kind of request calls its two sealed fields."""

    data: str = "sensitiveData"
    signature: str = "signature"


PLAIN_NAMES, CANCEL_NAMES = Names(), Names("sensitiveDataCancelRequest")


def seal(plaintext: bytes, receiver: RSAPublicKey, sender: RSAPrivateKey, names: Names = PLAIN_NAMES) -> Sealed:
    """The plaintext encrypted for the receiver, and the sender's signature over the same bytes. Raises SealError."""
    if len(plaintext) > MAX_PLAINTEXT:
        raise SealError(
            "EncryptionError", f"read {len(plaintext)} bytes of plaintext, expected at most {MAX_PLAINTEXT}"
        )
    encrypted = receiver.encrypt(plaintext, PKCS1v15())
    return {names.data: _text(encrypted), names.signature: sign(plaintext, sender)}


def sign(plaintext: bytes, sender: RSAPrivateKey) -> str:
    return _text(sender.sign(plaintext, PKCS1v15(), hashes.SHA256()))


def unseal(sealed: str, signature: str, receiver: RSAPrivateKey, sender: RSAPublicKey) -> bytes:
    """The plaintext, whose signature is the sender's over these very bytes. Raises SealError."""
    encrypted, signed = _bytes("the sealed data", sealed), _bytes("signature", signature)
    try:
        plaintext = receiver.decrypt(encrypted, PKCS1v15())
    except ValueError:
        raise SealError("DecryptionError", "the sealed data does not open with the receiver's private key") from None
    try:
        sender.verify(signed, plaintext, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        message = "the signature is not the sender's, RSA with SHA-256, over the bytes that were sealed"
        # OpenSSL answers what does not open with noise in place of an error, so that nobody can probe its padding.
        kind = "SignatureVerificationFailed" if _is_text(plaintext) else "DecryptionError"
        raise SealError(kind, message) from None
    return plaintext


def _is_text(plaintext: bytes) -> bool:
    """Whether these are somebody's words: noise of eight bytes and more hardly ever looks so."""
    try:
        text = plaintext.decode()
    except UnicodeDecodeError:
        return False
    return len(plaintext) >= 8 and all(character.isprintable() or character.isspace() for character in text)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SealError("EncodingError", f"{name} is not base64") from None


# Keys


@lru_cache(maxsize=256)
def private_key(text: str, *, is_ours: bool = False) -> RSAPrivateKey:
    """The private key in a line of base64. Raises KeyTextError, in words for whoever has pasted it.

    is_ours: of the sandbox's pool, whose primes nobody needs to test again, which takes a tenth of a second.
    """
    der = _der(text, "private")
    if _PKCS1_PRIVATE.match(text.strip()):
        raise KeyTextError(f"read an RSA key in PKCS#1 (RSA PRIVATE KEY), expected PKCS#8; {_PKCS8_TO} converts it")
    try:
        key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=is_ours)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyTextError(_not_a("private", der)) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size != BITS:
        raise KeyTextError(f"read a private key of another kind or size, expected RSA of {BITS} bits")
    return key


@lru_cache(maxsize=256)
def public_key(text: str) -> RSAPublicKey:
    """The public key in a line of base64. Raises KeyTextError, in words for whoever has pasted it."""
    der = _der(text, "public")
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyTextError(_not_a("public", der)) from None
    if not isinstance(key, RSAPublicKey) or key.key_size != BITS:
        raise KeyTextError(f"read a public key of another kind or size, expected RSA of {BITS} bits")
    return key


def public_half(private: str, *, is_ours: bool = False) -> str:
    """The public key of a private one, both as lines; see private_key."""
    public = private_key(private, is_ours=is_ours).public_key()
    return _text(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def pem_of(line: str, kind: str) -> str:
    """A line as PEM; kind: PRIVATE or PUBLIC."""
    rows = [line[at : at + 64] for at in range(0, len(line), 64)]
    return "\n".join((f"-----BEGIN {kind} KEY-----", *rows, f"-----END {kind} KEY-----", ""))


def line_of(text: str) -> str:
    """The one line of a key that is a line already, or PEM of the same form; other text comes back as it is."""
    found = re.fullmatch(r"\s*-----BEGIN (?:PRIVATE|PUBLIC) KEY-----([A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----\s*", text)
    return "".join((found[1] if found else text).split()) if found or "-----" not in text else text


def der_line(key: RSAPrivateKey) -> str:
    """A private key as a line of PKCS#8."""
    return _text(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def _der(text: str, kind: str) -> bytes:
    """Raises KeyTextError."""
    line = text.strip()
    if not line:
        raise KeyTextError(f"is empty, expected the one line of base64 of a {kind} key")
    if "-----" in line:
        begun = re.match(r"-----BEGIN ([A-Z ]{1,40})-----", line)
        what = f"PEM lines ({begun[1]})" if begun else "PEM lines"
        raise KeyTextError(f"read {what}, expected only the base64 between them, on one line")
    if any(character.isspace() for character in line):
        raise KeyTextError("read base64 over several lines or with spaces, expected it on one line")
    if "\\n" in line:
        raise KeyTextError("read a backslash and an n where lines were joined, expected base64 on one line")
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise KeyTextError("read what is not base64 (cut off, or with a character of another kind)") from None


def _not_a(kind: str, der: bytes) -> str:
    other = "public" if kind == "private" else "private"
    if _loads(der, other):
        return f"read a {other} key, expected a {kind} one: the two are swapped"
    return f"read base64 that is no whole {kind} key: a part of it is missing, or it is another kind of file"


def _loads(der: bytes, kind: str) -> bool:
    try:
        load_der_private_key(der, password=None) if kind == "private" else load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
