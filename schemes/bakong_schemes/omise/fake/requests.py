"""A call as its handlers read it: who asks, from where, with which fields. Bodies are JSON or a form with brackets."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake.errors import ApiError
from bakong_schemes.omise.fake.records import Json, Place
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.scheme import MAX_BODY, Call

HEADERS = frozenset({b"authorization", b"content-type", b"host", b"x-forwarded-proto", b"omise-version"})
HOSTED = Place("", f"https://{wire.API_HOST}", f"https://{wire.PAY_HOST}")
MAX_TEXT, MAX_DEPTH = 2_000, 20
_NAME = re.compile(r"[^\[\]]+|\[\]", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    """segments: the path below the API's root. key: of the Basic credentials, or "". fields: of query and body."""

    method: str
    segments: tuple[str, ...]
    key: str
    place: Place
    fields: Json

    # Fields, each of one kind. A field that is null is left out. Raises ApiError with `code` for another kind.

    def text(self, name: str, code: str = "bad_request") -> str | None:
        value = self.fields.get(name)
        if value is None or (isinstance(value, str) and len(value) <= MAX_TEXT):
            return value
        raise ApiError(code, f"{name} must be a text of at most {MAX_TEXT} characters")

    def integer(self, name: str, code: str = "bad_request") -> int | None:
        value = self.fields.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        raise ApiError(code, f"{name} must be an integer")

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.fields.get(name)
        known = {None: default, "true": True, "false": False, "1": True, "0": False}
        if isinstance(value, bool):
            return value
        if (value is None or isinstance(value, str)) and value in known:
            return known[value]
        raise ApiError("bad_request", f"{name} must be true or false")

    def object(self, name: str) -> Json | None:
        value = self.fields.get(name)
        if value is None or isinstance(value, dict):
            return value
        raise ApiError("bad_request", f"{name} must be an object")

    def moment(self, name: str) -> int | None:
        """Epoch ms of an ISO 8601 text; one without an offset, or a date alone, is UTC."""
        text = self.text(name)
        if text is None:
            return None
        try:
            read = datetime.fromisoformat(text)
            aware = read if read.tzinfo else datetime.fromisoformat(f"{read.isoformat()}+00:00")
            at_ms = round(aware.timestamp() * 1000)
        except (ValueError, OverflowError):
            at_ms = -1
        if 0 <= at_ms <= MAX_MS:
            return at_ms
        raise ApiError("bad_request", f"{name} must be a time such as 2026-02-11T00:00:00Z")


def segments_of(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def key_of(call: Call) -> str:
    """The key of a call's Basic credentials, which is its user name; "" where there is none."""
    kind, _, encoded = _header(call, b"authorization").partition(b" ")
    if kind.lower() != b"basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def place_of(call: Call, world: str) -> Place:
    """By the real host's name there is no prefix; else every path bears it, and URLs lead to where the client asked."""
    if call.path.startswith("/"):
        return HOSTED
    host = _header(call, b"host").decode("latin-1") or "127.0.0.1:8600"
    scheme = "https" if _header(call, b"x-forwarded-proto") == b"https" else "http"
    base = f"{scheme}://{host}/w/{world}{wire.PREFIX}"
    return Place(wire.PREFIX, base, base)


def request_of(call: Call, world: str) -> Request:
    """Raises ApiError for a body that cannot be read."""
    return Request(call.method, segments_of(call.path), key_of(call), place_of(call, world), _fields(call))


def _header(call: Call, name: bytes) -> bytes:
    return next((value for key, value in call.headers if key == name), b"")


def _fields(call: Call) -> Json:
    if len(call.body) > MAX_BODY:
        raise ApiError("bad_request", f"the body is larger than {MAX_BODY} bytes")
    fields = _form(call.query)
    body = call.body.strip()
    if not body:
        return fields
    if _header(call, b"content-type").startswith(_FORM) or body[:1] not in (b"{", b"["):
        return fields | _form(body)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError("bad_request", "the body is not valid JSON") from None
    if not isinstance(document, dict) or _depth(document) > MAX_DEPTH:
        raise ApiError("bad_request", f"the body must be an object, nested {MAX_DEPTH} deep at most")
    return fields | document


def _depth(value: Any) -> int:
    """How deep a document is nested, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        rows = [row.values() if isinstance(row, Mapping) else row for row in level if isinstance(row, dict | list)]
        level = [item for row in rows for item in row]
    return depth


def _form(raw: bytes) -> Json:
    """Fields of a form: `a=1`, `a[b]=1`, `a[]=1`. What contradicts itself keeps the later one. Raises ApiError."""
    fields: Json = {}
    try:
        pairs = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=500)
    except ValueError:
        raise ApiError("bad_request", "the form has more than 500 fields") from None
    for name, value in pairs:
        path = _NAME.findall(name)
        if path and len(path) <= MAX_DEPTH:
            _put(fields, path, value)
    return fields


def _put(into: Json, path: list[str], value: str) -> None:
    *above, last = path
    is_list = last == "[]" and bool(above)
    if is_list:
        *above, last = above
    for name in above:
        below = into.get(name)
        if not isinstance(below, dict):
            below = into[name] = {}
        into = below
    if is_list:
        rows = into.get(last)
        into[last] = [*(rows if isinstance(rows, list) else []), value]
    else:
        into[last] = value
