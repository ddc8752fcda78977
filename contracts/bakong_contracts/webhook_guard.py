"""What lets a webhook in: a signature over its raw body, in one of these forms, made at most 300 s ago.

STANDARD     webhook-id, webhook-timestamp, webhook-signature (Standard Webhooks 1.0.0); secrets "whsec_<base64>"
HEADER_PAIR  x-webhook-timestamp, x-webhook-signature: hex HMAC-SHA256 of "<timestamp>.<body>"; secrets are texts
OMISE        Omise-Signature-Timestamp, Omise-Signature: the same; secrets are base64, signatures may be several
STRIPE       Stripe-Signature: t=<timestamp>,v1=<the same hex>[,v1=…]; what is neither t nor v1 is passed over
PAYSTACK     x-paystack-signature: hex HMAC-SHA512 of the body alone: no time is signed, so that a replay is not seen

bakong_contracts.webhook_middleware puts a guard before an ASGI or WSGI program; docs/webhook-guard.md has Node and PHP.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bakong_contracts.webhooks import secret_bytes

TOLERANCE_S = 300
MIN_SECRET_BYTES = 16
Headers = Mapping[str, str] | Iterable[tuple[str, str]]
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONG_HEX = re.compile(r"[0-9a-f]{128}", re.ASCII)
_STANDARD = re.compile(r"v1,[A-Za-z0-9+/]{43}=", re.ASCII)


class RejectedError(ValueError):
    """A webhook not to be believed. `code`: signature_invalid or signature_expired; the message is for a log."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Accepted(NamedTuple):
    """A webhook that one of the secrets signed.

    key: what to know a second delivery by: the id where the form signs one, else the SHA-256 of the body in hex. A body
    that carries an event's id is better known by that. timestamp_s: of the receipt, where the form signs no time.
    """

    key: str
    timestamp_s: int


class Form(NamedTuple):
    """How one kind of sender signs. Names of headers are in lowercase.

    key: the bytes that sign, from a secret as its owner has it; raises ValueError, which never shows the secret.
    signed: what stands before the body, given the values of `id_header` (empty without one) and `timestamp_header`.
    timestamp_header: None where no time is signed. is_packed: time and signatures are all in `signature_header`.
    digest: the hash of the HMAC.
    """

    name: str
    timestamp_header: str | None
    signature_header: str
    id_header: str | None
    key: Callable[[str], bytes]
    separator: str | None
    signature: re.Pattern[str]
    write: Callable[[bytes], str]
    is_packed: bool = False
    digest: str = "sha256"

    @property
    def is_timed(self) -> bool:
        return self.is_packed or self.timestamp_header is not None

    def signed(self, message_id: str, timestamp: str, body: bytes) -> bytes:
        """The bytes under the signature."""
        if not self.is_timed:
            return body
        return (f"{message_id}.{timestamp}." if self.id_header else f"{timestamp}.").encode() + body


def _text_key(secret: str) -> bytes:
    return _long_enough(secret.encode())


def _any_key(secret: str) -> bytes:
    if not secret:
        raise ValueError("the secret is empty")
    return secret.encode()


def _base64_key(secret: str) -> bytes:
    try:
        return _long_enough(base64.b64decode(secret, validate=True))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("the secret is not base64") from None


def _long_enough(key: bytes) -> bytes:
    if len(key) < MIN_SECRET_BYTES:
        raise ValueError(f"read a secret of {len(key)} bytes, expected at least {MIN_SECRET_BYTES}")
    return key


STANDARD = Form(
    name="standard",
    timestamp_header="webhook-timestamp",
    signature_header="webhook-signature",
    id_header="webhook-id",
    key=secret_bytes,
    separator=" ",
    signature=_STANDARD,
    write=lambda digest: "v1," + base64.b64encode(digest).decode(),
)
HEADER_PAIR = Form(
    name="header-pair",
    timestamp_header="x-webhook-timestamp",
    signature_header="x-webhook-signature",
    id_header=None,
    key=_text_key,
    separator=None,
    signature=_HEX,
    write=bytes.hex,
)
OMISE = HEADER_PAIR._replace(
    name="omise",
    timestamp_header="omise-signature-timestamp",
    signature_header="omise-signature",
    key=_base64_key,
    separator=",",
)
STRIPE = HEADER_PAIR._replace(
    name="stripe", timestamp_header=None, signature_header="stripe-signature", separator=",", is_packed=True
)
PAYSTACK = HEADER_PAIR._replace(
    name="paystack",
    timestamp_header=None,
    signature_header="x-paystack-signature",
    key=_any_key,
    signature=_LONG_HEX,
    digest="sha512",
)
# Those that `verify service` can send, and the pages for Node and PHP check.
FORMS: Mapping[str, Form] = {form.name: form for form in (STANDARD, HEADER_PAIR, OMISE)}


class Guard:
    """Checks webhooks of one form. During a rotation, give the new secret and the old one.

    >>> guard = Guard(HEADER_PAIR, ["sandbox-secret-of-a-shop"])
    >>> headers = guard.sign(b'{"id": "evt_1"}', timestamp_s=1_770_768_000)
    >>> guard.check(headers, b'{"id": "evt_1"}', now_s=1_770_768_300).timestamp_s
    1770768000
    >>> guard.check(headers, b'{"id": "evt_2"}', now_s=1_770_768_000)
    Traceback (most recent call last):
    bakong_contracts.webhook_guard.RejectedError: no signature in x-webhook-signature is right for this body
    """

    def __init__(self, form: Form, secrets: Iterable[str], *, tolerance_s: int = TOLERANCE_S) -> None:
        self._form = form
        self._keys = [form.key(secret) for secret in secrets]
        self._tolerance_s = tolerance_s
        if not self._keys:
            raise ValueError("a guard needs at least one secret")

    def check(self, headers: Headers, body: bytes, *, now_s: float) -> Accepted:
        """The webhook's key and time. Raises RejectedError; the age is only told of what one of the secrets signed.

        body: as it came, before any parser. now_s: epoch seconds of the receiver's clock.
        """
        form = self._form
        values = _single_values(headers, form)
        message_id = values[form.id_header] if form.id_header else ""
        timestamp, offered = _read(form, values, now_s)
        where = form.timestamp_header or form.signature_header
        if not _TIMESTAMP.fullmatch(timestamp):
            raise _invalid(f"{where} is {timestamp!r}, expected epoch seconds")
        signed = form.signed(message_id, timestamp, body)
        known = [form.write(hmac.digest(key, signed, form.digest)) for key in self._keys]
        well_formed = [part for part in offered if form.signature.fullmatch(part)]
        if not any(hmac.compare_digest(one, other) for one in well_formed for other in known):
            raise _invalid(f"no signature in {form.signature_header} is right for this body")
        if abs(age_s := now_s - int(timestamp)) > self._tolerance_s:
            detail = f"{where} is {age_s:+.0f} s old, at most {self._tolerance_s} s allowed"
            raise RejectedError("signature_expired", detail)
        return Accepted(message_id or hashlib.sha256(body).hexdigest(), int(timestamp))

    def sign(self, body: bytes, *, timestamp_s: int, message_id: str = "") -> dict[str, str]:
        """The headers that a sender with the guard's secrets writes: for tests, and for senders of our own."""
        form = self._form
        signed = form.signed(message_id, str(timestamp_s), body)
        signatures = [form.write(hmac.digest(key, signed, form.digest)) for key in self._keys]
        if form.is_packed:
            return {form.signature_header: ",".join([f"t={timestamp_s}", *(f"v1={one}" for one in signatures)])}
        headers = {form.id_header: message_id} if form.id_header else {}
        headers |= {form.timestamp_header: str(timestamp_s)} if form.timestamp_header else {}
        return headers | {form.signature_header: form.separator.join(signatures) if form.separator else signatures[0]}


def _read(form: Form, values: Mapping[str, str], now_s: float) -> tuple[str, list[str]]:
    """The time and the signatures in a webhook's headers. Raises RejectedError."""
    given = values[form.signature_header]
    parts = [part.strip() for part in given.split(form.separator)] if form.separator else [given]
    if form.is_packed:
        times = [part[2:] for part in parts if part.startswith("t=")]
        if len(times) != 1:
            raise _invalid(f"{form.signature_header} has {len(times)} times t=, expected one")
        return times[0], [part[3:] for part in parts if part.startswith("v1=")]
    return values[form.timestamp_header] if form.timestamp_header else str(max(0, int(now_s))), parts


def _single_values(headers: Headers, form: Form) -> dict[str, str]:
    wanted = [name for name in (form.id_header, form.timestamp_header, form.signature_header) if name]
    values = dict[str, str]()
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        if (lowercase := name.lower()) in wanted:
            if lowercase in values:
                raise _invalid(f"the header {lowercase} comes twice")
            values[lowercase] = value
    for name in wanted:
        if not values.get(name):
            raise _invalid(f"the header {name} is missing")
    return values


def _invalid(detail: str) -> RejectedError:
    return RejectedError("signature_invalid", detail)
