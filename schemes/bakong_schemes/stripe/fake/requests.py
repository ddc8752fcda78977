"""A call as its handlers read it: forms with bracketed keys, and parameters, each of one kind."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.errors import ApiError, missing
from bakong_schemes.stripe.fake.records import Json
from bakong_simulator.kernel.scheme import MAX_BODY, Call

HEADERS = frozenset(
    {b"authorization", b"host", b"x-forwarded-proto", b"stripe-version", b"idempotency-key", b"stripe-account"}
)
MAX_FIELDS, MAX_DEPTH, MAX_TEXT = 1_000, 8, 5_000
_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_VERSION = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z_]+(=v[0-9]+)?|\.preview)?", re.ASCII)


def form(raw: bytes) -> Json:
    """The fields of a form: `a=1`, `a[b]=1`, `a[]=1`, `a[0][b]=1`; values are text. Raises ApiError.

    >>> form(b"a=1&b[c]=2&d[]=3&d[]=4&e[0][f]=5")
    {'a': '1', 'b': {'c': '2'}, 'd': {'0': '3', '1': '4'}, 'e': {'0': {'f': '5'}}}
    """
    fields: Json = {}
    if not raw:
        return fields
    pairs = raw.decode("utf-8", "replace").split("&")
    if len(pairs) > MAX_FIELDS:
        raise ApiError(f"The form has more than {MAX_FIELDS} fields")
    for pair in pairs:
        if pair:
            name, _, value = pair.partition("=")
            _put(fields, _decoded(name), _decoded(value))
    return fields


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _put(into: Json, name: str, value: str) -> None:
    first, bracket, rest = name.partition("[")
    if not bracket:
        into[first] = value
        return
    if not rest.endswith("]") or not first:
        raise ApiError(f"Invalid parameter name: {name[:100]}")
    path = [first, *rest[:-1].split("][")]
    if len(path) > MAX_DEPTH:
        raise ApiError(f"Parameters may be nested {MAX_DEPTH} deep: {name[:100]}")
    *above, last = path
    for step in above:
        key = step or _open_row(into, last)
        below = into.setdefault(key, {})
        if not isinstance(below, dict):
            raise ApiError(f"Invalid object: {name[:100]}", param=first)
        into = below
    into[last or str(len(into))] = value


def _open_row(rows: Json, name: str) -> str:
    """Of `a[][b]`, the row that it is of: the last one, until it has a b."""
    last = str(len(rows) - 1)
    row = rows.get(last)
    return last if isinstance(row, dict) and name not in row else str(len(rows))


@dataclass(slots=True)
class Params:
    """The parameters of a call, or of an object within them. within: the names above, for messages.

    A parameter that is the empty text unsets what it names: `unset(name)`. Readers give None for what is left out.
    """

    fields: Json
    within: str = ""
    version: str = wire.VERSION

    def name_of(self, name: str) -> str:
        return f"{self.within}[{name}]" if self.within else name

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def unset(self, name: str) -> bool:
        return self.fields.get(name) == ""

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise ApiError("Invalid string: {...}", "parameter_invalid_string", self.name_of(name))
        if len(value) > MAX_TEXT:
            raise ApiError(f"Invalid string: at most {MAX_TEXT} characters", param=self.name_of(name))
        return value

    def needed(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            if self.unset(name):
                raise ApiError(
                    f"You passed an empty string for '{self.name_of(name)}'. We assume empty values are an attempt to "
                    "unset a parameter; however it cannot be unset.",
                    "parameter_invalid_empty",
                    self.name_of(name),
                )
            raise missing(self.name_of(name))
        return value

    def integer(self, name: str) -> int | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        shown = value[:100] if isinstance(value, str) else "{...}"
        raise ApiError(f"Invalid integer: {shown}", "parameter_invalid_integer", self.name_of(name))

    def flag(self, name: str) -> bool | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if value in ("true", "false"):
            return bool(value == "true")
        shown = value[:100] if isinstance(value, str) else "{...}"
        raise ApiError(f"Invalid boolean: {shown}", param=self.name_of(name))

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is None or value in choices:
            return value
        *most, last = choices
        listed = f"{', '.join(most)}, or {last}" if most else last
        raise ApiError(f"Invalid {self.name_of(name)}: must be one of {listed}", param=self.name_of(name))

    def object(self, name: str) -> "Params | None":
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise ApiError("Invalid object", param=self.name_of(name))
        return Params(value, self.name_of(name), self.version)

    def texts(self, name: str) -> list[str] | None:
        """A list of texts, as `a[]=x` or `a[0]=x`."""
        rows = self._rows(name)
        if rows is None:
            return None
        if not all(isinstance(row, str) for row in rows):
            raise ApiError("Invalid array", param=self.name_of(name))
        return [str(row) for row in rows if row != ""]

    def objects(self, name: str) -> "list[Params] | None":
        rows = self._rows(name)
        if rows is None:
            return None
        if not all(isinstance(row, dict) for row in rows):
            raise ApiError("Invalid array", param=self.name_of(name))
        return [Params(row, f"{self.name_of(name)}[{at}]", self.version) for at, row in enumerate(rows)]

    def _rows(self, name: str) -> list[Any] | None:
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, dict) or not all(key.isdecimal() and len(key) < 7 for key in value):
            raise ApiError("Invalid array", param=self.name_of(name))
        return [value[key] for key in sorted(value, key=int)]

    def tree(self, name: str) -> Json | None:
        """An object that is kept as it came."""
        given = self.object(name)
        return None if given is None else given.fields

    def metadata(self, before: Json, name: str = "metadata") -> Json:
        """What metadata are after the call: given keys are merged, those with an empty value go; empty: all go."""
        if name not in self.fields:
            return before
        if self.unset(name):
            return {}
        given = self.object(name)
        merged = dict(before)
        for key, value in (given.fields if given else {}).items():
            self._check_entry(name, key, value)
            if value == "":
                merged.pop(key, None)
            else:
                merged[key] = value
        if len(merged) > wire.MAX_METADATA:
            raise ApiError(f"You cannot have more than {wire.MAX_METADATA} keys in metadata.", param=self.name_of(name))
        return merged

    def _check_entry(self, name: str, key: str, value: Any) -> None:
        param = f"{self.name_of(name)}[{key[:60]}]"
        if not isinstance(value, str):
            raise ApiError("Metadata values must be strings.", param=param)
        if not 0 < len(key) <= wire.MAX_METADATA_KEY:
            raise ApiError(f"Metadata keys may have at most {wire.MAX_METADATA_KEY} characters.", param=param)
        if len(value) > wire.MAX_METADATA_VALUE:
            raise ApiError(f"Metadata values may have at most {wire.MAX_METADATA_VALUE} characters.", param=param)


@dataclass(slots=True)
class Request:
    """One call of the API. segments: below /v1. key: the API key. origin: where URLs of pages begin.

    marks: the faults of its script that change what is done, and not what is sent; see words.MARKS.
    """

    method: str
    path: str
    segments: list[str]
    key: str
    origin: str
    version: str
    idempotency_key: str
    raw: bytes
    id: str = ""
    params: Params = field(default_factory=lambda: Params({}))
    marks: frozenset[str] = frozenset()


def header(call: Call, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in call.headers if key == name), "")


def key_of(call: Call) -> str:
    """The API key of a call: the bearer token, or the user name of Basic credentials; "" where there is none."""
    if call.token:
        return call.token
    kind, _, encoded = header(call, b"authorization").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def origin_of(call: Call, world: str, default: str) -> str:
    """Where the pages of a world are, as the client would reach them."""
    host = header(call, b"host") or "127.0.0.1:8600"
    is_secure = header(call, b"x-forwarded-proto") == "https" or host.partition(":")[0] in wire.HOSTS
    prefix = "" if world == default else f"/w/{world}"
    return f"{'https' if is_secure else 'http'}://{host}{prefix}{wire.PREFIX}"


def request_of(call: Call, world: str, default: str, segments: list[str]) -> Request:
    return Request(
        method=call.method,
        path="/v1/" + "/".join(segments),
        segments=segments,
        key=key_of(call),
        origin=origin_of(call, world, default),
        version=header(call, b"stripe-version") or wire.VERSION,
        idempotency_key=header(call, b"idempotency-key"),
        raw=call.body if call.method == "POST" else call.query,
    )


def check_version(version: str) -> None:
    """Raises ApiError for what is no version of the API."""
    if version != wire.VERSION and not _VERSION.fullmatch(version):
        raise ApiError(f"Invalid Stripe API version: {version[:100]}. You can see your version in the dashboard.")


def check_size(call: Call) -> None:
    if len(call.body) > MAX_BODY:
        raise ApiError(f"The request body is larger than {MAX_BODY} bytes")
