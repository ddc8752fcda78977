"""A call as its handlers read it: who asks, from where, with which fields. Bodies are JSON or a form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.records import Json
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.worlds import DEFAULT

HEADERS = frozenset({b"content-type", b"host", b"x-forwarded-proto"})
MAX_TEXT, MAX_DEPTH = 4_000, 20
_NAME = re.compile(r"[^\[\]]+|\[\]", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}(\.0{1,18})?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    """segments: the path below the API's root. origin: where pay pages are for the caller. fields: query and body."""

    method: str
    segments: tuple[str, ...]
    origin: str
    fields: Json

    # Fields, each of one kind. A field that is null, or an empty text, is left out. Raises ApiError for another kind.

    def text(self, name: str, *, most: int = MAX_TEXT) -> str | None:
        value = self.fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or (isinstance(value, str) and len(value) <= most):
            return value or None
        raise ApiError("invalid_params", f'"{name}" must be a string of at most {most} characters')

    def integer(self, name: str) -> int | None:
        """A whole number, as a number or as text; 100.0 is one too."""
        value = self.fields.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None or value == "" or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value == "" else value
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            return int(value.strip().partition(".")[0])
        raise ApiError("invalid_params", f'"{name}" must be an integer')

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
        raise ApiError("invalid_params", f'"{name}" must be a time such as 2026-02-11T00:00:00.000Z')


def segments_of(path: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in path.split("/") if part)


def origin_of(call: Call, world: str) -> str:
    """Where pay pages are: Paystack's own where the call came by the real host's name, else where the client asked."""
    if call.path.startswith("/"):
        return f"https://{wire.PAY_HOST}"
    host = header(call, b"host").decode("latin-1") or "127.0.0.1:8600"
    scheme = "https" if header(call, b"x-forwarded-proto") == b"https" else "http"
    below = "" if world == DEFAULT else f"/w/{world}"
    return f"{scheme}://{host}{below}{wire.PREFIX}/pay"


def request_of(call: Call, world: str) -> Request:
    """Raises ApiError for a body that cannot be read."""
    return Request(call.method, segments_of(call.path), origin_of(call, world), _fields(call))


def header(call: Call, name: bytes) -> bytes:
    return next((value for key, value in call.headers if key == name), b"")


def _fields(call: Call) -> Json:
    if len(call.body) > MAX_BODY:
        raise ApiError("invalid_params", f"the body is larger than {MAX_BODY} bytes")
    fields = _form(call.query)
    body = call.body.strip()
    if not body or body == b"null":
        return fields
    if header(call, b"content-type").startswith(_FORM) or body[:1] not in (b"{", b"["):
        return fields | _form(body)
    document = parsed(body)
    if not isinstance(document, dict):
        raise ApiError("invalid_params", f"the body must be an object of valid JSON, nested {MAX_DEPTH} deep at most")
    return fields | document


def parsed(text: bytes | str) -> Any:
    """A JSON text's value; None for what is none, and for one that is nested too deep."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return document if _depth(document) <= MAX_DEPTH else None


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
        raise ApiError("invalid_params", "the form has more than 500 fields") from None
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


# Metadata


def metadata_of(given: Any) -> Any:
    """What verify gives back of metadata, and what a webhook's body holds: see javascript. Raises ApiError.

    The numbers of an object come back as text; those of a JSON text stay numbers. A text that is no JSON stays one.

    >>> metadata_of({"a": 42}), metadata_of('{"a": 42}'), metadata_of(None)
    ({'a': '42'}, {'a': 42}, '')
    """
    if given is None or given == "":
        return ""
    if isinstance(given, dict | list):
        return javascript(_numbers_as_text(given))
    if not isinstance(given, str):
        raise ApiError("invalid_params", '"metadata" must be an object or a JSON text')
    read = parsed(given)
    return javascript(read) if isinstance(read, dict | list) else given


def _numbers_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _as_text(value)


def _as_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def javascript(value: Any) -> Any:
    """A value that JSON.parse and JSON.stringify bring back to the same bytes.

    Keys that look like an index come first, in their order; 1.0 is 1; a number that JavaScript writes otherwise, or
    cannot hold, is text.
    """
    if isinstance(value, dict):
        names = [name for name in value if _is_index(name)]
        others = [name for name in value if not _is_index(name)]
        return {name: javascript(value[name]) for name in (*sorted(names, key=int), *others)}
    if isinstance(value, list):
        return [javascript(item) for item in value]
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 2**53
        return int(value) if whole else (str(value) if "e" in repr(value) or value.is_integer() else value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**53 else str(value)
    return value


def _is_index(name: str) -> bool:
    """Whether JavaScript takes a key for an index, and puts it before the others."""
    is_number = len(name) <= 10 and name.isascii() and name.isdigit()
    return is_number and (name == "0" or name[0] != "0") and int(name) < 2**32 - 1
