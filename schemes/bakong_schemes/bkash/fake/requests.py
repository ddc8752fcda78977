"""A call as its handlers read it: where it leads, with which credentials and fields."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson

from bakong_scenarios import Scenario
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.errors import ApiError
from bakong_schemes.bkash.fake.records import BkashState, Json
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT
from bakong_simulator.wire.reply import Reply

HEADERS = frozenset({b"authorization", b"x-app-key", b"username", b"password", b"host", b"x-forwarded-proto"})
Answer = Json | Reply


class Routed(NamedTuple):
    """family, name: the operation's. id: what the path ends in, or ""."""

    family: str
    name: str
    id: str = ""


class Ask(NamedTuple):
    """One call of an operation. fields: of its body. id: of its path. named: the script that the call asks for."""

    world: World
    state: BkashState
    call: Call
    family: str
    fields: Json
    id: str = ""
    named: Scenario | None = None

    def text(self, name: str, code: str = "2025") -> str:
        """A field's text, a number's as it was written, "" where it is left out. Raises ApiError."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ApiError(code, f"{name} must be a text")
        text = value if isinstance(value, str) else repr(value)
        if len(text) > 2_000:
            raise ApiError(code, f"{name} is too long")
        return text

    def needed(self, *names: str) -> list[str]:
        """The texts of fields that must be there, and not be empty. Raises ApiError."""
        texts = [self.text(name) for name in names]
        if missing := [name for name, text in zip(names, texts, strict=True) if not text]:
            raise ApiError("2065", f"{wire.CODES['2065']}: {', '.join(missing)}")
        return texts


OTHER = Routed(wire.TOKENIZED, "other")


def route(call: Call) -> Routed:
    """Where a call leads; "other" for what is no operation."""
    path = call.path.strip("/")
    if known := wire.PATHS.get((call.method, path)):
        return Routed(*known)
    above, _, last = path.rpartition("/")
    if known := wire.PATHS_WITH_ID.get((call.method, above)):
        return Routed(*known, last)
    if path == "sns" or path.startswith(("sns/", "SimpleNotification")) or (not path and b"Action=" in call.query):
        return Routed("", "sns")
    if path in ("", "pay") and call.method in ("GET", "HEAD", "POST"):
        return Routed("", "approve" if call.method == "POST" else "page")
    return OTHER


def header(call: Call, name: bytes) -> str:
    for key, value in call.headers:  # in every call: a loop is quicker than a generator
        if key == name:
            return value.decode("latin-1")
    return ""


def fields_of(call: Call) -> Json:
    """The object in a body; an empty one has none. Raises ApiError."""
    if not call.body.strip():
        return {}
    try:
        document: Any = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise ApiError("2025")
    return document


def form_of(raw: bytes) -> dict[str, list[str]]:
    """The fields of a query or a form; of one with more than fifty there are none."""
    try:
        return parse_qs(raw.decode(errors="replace"), max_num_fields=50)
    except ValueError:
        return {}


def base_of(call: Call, world: str) -> str:
    """Where the client met this world's bKash, "" by the real host's name."""
    if call.path.startswith("/"):
        return ""
    scheme = "https" if header(call, b"x-forwarded-proto") == "https" else "http"
    place = "" if world == DEFAULT else f"/w/{world}"
    return f"{scheme}://{header(call, b'host') or '127.0.0.1:8600'}{place}{wire.PREFIX}"
