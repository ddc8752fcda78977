"""A call as its handlers read it: which operation, from where, with which sealed fields."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake.errors import ApiError
from bakong_schemes.nagad.fake.keys import Pair
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.worlds import DEFAULT

REQUIRED = (wire.HEADER_VERSION, wire.HEADER_IP, wire.HEADER_CLIENT)
HEADERS = frozenset(name.encode() for name in (*REQUIRED, "x-km-mc-id", "content-type", "host", "x-forwarded-proto"))
MAX_TEXT, MAX_DEPTH = 2_000, 20


class Routed(NamedTuple):
    """An operation of words.OPERATIONS, and what its path names: a merchant and an order, or a reference."""

    operation: str
    names: tuple[str, ...] = ()


def route(call: Call) -> Routed:
    """Where a path leads, below the sandbox's root or the live one; doubled slashes count once."""
    segments = tuple(part for part in call.path.split("/") if part)
    if len(segments) == 2 and segments[0] == "check-out" and call.method in ("GET", "HEAD", "POST"):
        return Routed("page", segments[1:])
    below = _below(segments)
    match (call.method, *below):
        case ("POST", "check-out", "initialize", merchant, order):
            return Routed("initialize", (merchant, order))
        case ("POST", "check-out", "complete", reference):
            return Routed("complete", (reference,))
        case ("GET", "verify", "payment", reference):
            return Routed("verify", (reference,))
        case ("POST", "purchase", "cancel" | "refund"):
            return Routed("cancel", _cancelled(call))
    return Routed("other")


def _below(segments: tuple[str, ...]) -> tuple[str, ...]:
    for root in (wire.SANDBOX_ROOT, wire.LIVE_ROOT):
        if segments[: len(root)] == root:
            return segments[len(root) :]
    return ()


def _cancelled(call: Call) -> tuple[str, str]:
    """The reference and the order that a query names, "" for what it does not."""
    pairs = dict(parse_qsl(call.query.decode("latin-1"), max_num_fields=50)) if len(call.query) <= MAX_TEXT else {}
    return pairs.get("paymentRefId", "").replace(" ", "+"), pairs.get("orderId", "")


def header(call: Call, name: str) -> str:
    wanted = name.encode()
    return next((value for key, value in call.headers if key == wanted), b"").decode("latin-1")


def check_headers(call: Call) -> None:
    """Raises ApiError."""
    if missing := [name for name in REQUIRED if not header(call, name)]:
        raise ApiError("InvalidApiRequest", f"the header {missing[0].upper()} is missing")
    kind = header(call, wire.HEADER_CLIENT)
    if kind not in wire.CLIENT_TYPES:
        expected = ", ".join(wire.CLIENT_TYPES)
        raise ApiError("InvalidApiRequest", f"X-KM-Client-Type: read {kind[:40]!r}, expected one of {expected}")


def pages_base(call: Call, world: str) -> str:
    """Where pay pages begin: where the client asked; by the real host's name there is no prefix, and TLS but at one."""
    host = header(call, "host") or "127.0.0.1:8600"
    is_named = call.path.startswith("/")
    usual = "https" if is_named and host.partition(":")[0] != wire.SANDBOX_HOST else "http"
    scheme = header(call, "x-forwarded-proto") or usual
    if is_named:
        return f"{'https' if scheme == 'https' else 'http'}://{host}"
    scheme = "https" if scheme == "https" else "http"
    return f"{scheme}://{host}{'' if world == DEFAULT else f'/w/{world}'}{wire.PREFIX}"


def body_of(call: Call) -> dict[str, Any]:
    """The object of a body. Raises ApiError."""
    if len(call.body) > MAX_BODY:
        raise ApiError("InvalidApiRequest", f"the body is larger than {MAX_BODY} bytes")
    try:
        document = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise ApiError("InvalidApiRequest", "the body is not a JSON object")
    return document


def opened(body: Mapping[str, Any], keys: Pair, data: str = "sensitiveData") -> dict[str, Any]:
    """The object that a body has sealed, its signature checked over the very bytes; numbers exact. Raises ApiError."""
    from bakong_schemes.nagad.sealing import SealError, unseal  # noqa: PLC0415  the first call loads cryptography

    given, signature = body.get(data), body.get("signature")
    if not isinstance(given, str) or not isinstance(signature, str):
        raise ApiError("InvalidApiRequest", f"the body needs the texts {data} and signature")
    try:
        plaintext = unseal(given, signature, keys.own, keys.merchant)
    except SealError as error:
        raise ApiError(error.kind, str(error)) from None
    try:
        document = json.loads(plaintext, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ApiError("InvalidApiRequest", f"what {data} has sealed is not a JSON object")
    return document


def _no_number(text: str) -> None:
    raise ValueError(text)


def text(fields: Mapping[str, Any], name: str) -> str:
    """A field that is a text, or a number as it is written; "" for what is neither."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return str(value)


def info_of(body: Mapping[str, Any]) -> str | None:
    """What verify shows of additionalMerchantInfo: JSON text; None where it is missing or empty. Raises ApiError."""
    info = body.get("additionalMerchantInfo")
    if info is None or info == {}:
        return None
    if not isinstance(info, dict) or _depth(info) > MAX_DEPTH:
        raise ApiError(
            "InvalidApiRequest", f"additionalMerchantInfo must be an object, nested {MAX_DEPTH} deep at most"
        )
    shown = json.dumps(info)
    if len(shown) > MAX_TEXT:
        raise ApiError("InvalidApiRequest", f"additionalMerchantInfo has more than {MAX_TEXT} characters")
    return shown


def _depth(value: Any) -> int:
    """How deep a document is nested, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        rows = [row.values() if isinstance(row, Mapping) else row for row in level if isinstance(row, dict | list)]
        level = [item for row in rows for item in row]
    return depth


def is_url(value: object) -> bool:
    """Whether a browser can be sent there."""
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and len(value) <= MAX_TEXT
        and value.isascii()
        and value.isprintable()
        and " " not in value
        and bool(value.partition("://")[2].strip("/"))
    )
