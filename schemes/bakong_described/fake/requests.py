"""A call held against the description: which operation it is, whether it may be called, what its fields say."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from bakong_described import forms, signing
from bakong_described.description import Asked, Auth, Description, Operation, milliseconds
from bakong_described.fake.state import DescribedState
from bakong_described.templates import Values, hole_of, pattern, text
from bakong_simulator.kernel.scheme import MAX_BODY, Call

MASK = "***"  # in the journal, for a secret that was right; a replay finds it there
WRONG = "*** (wrong)"


class Refused(Exception):  # noqa: N818  an answer, not an accident
    """The call is refused: the names of the error, the best one first; what was wrong."""

    def __init__(self, *names: str, why: str = "") -> None:
        super().__init__(names[0])
        self.names = names
        self.why = why


@dataclass(slots=True)
class Request:
    """What a call asks for: the values of its fields by what they are, and all of them by name."""

    name: str
    operation: Operation
    of: dict[str, Any] = field(default_factory=dict)
    by_name: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # the fields that hold one, and its mask


class Router:
    """Which operation a method and a path mean."""

    def __init__(self, description: Description) -> None:
        self._base = description.base_path
        self._rows = []
        for name, operation in description.operations.items():
            method, path = operation.call.split(" ", 1)
            methods = {method, "POST"} if operation.does == "page" else {method}
            self._rows.append((methods, pattern(path, "[^/]+?"), name, operation))

    def below(self, path: str) -> str:
        """The path below base_url, whether the call came by the simulator's prefix or by the real host's name."""
        return "/" + (path[1:].removeprefix(self._base) if path.startswith("/") else path)

    def find(self, call: Call) -> Request | None:
        path = self.below(call.path)
        for methods, route, name, operation in self._rows:
            if call.method in methods and (found := route.fullmatch(path)):
                kinds = re.findall(r"<([a-z_]+)>", operation.call)
                return Request(name, operation, dict(zip(kinds, found.groups(), strict=True)))
        return None


def secrets_shown(call: Call) -> list[str]:
    """Every text of a call that may be a credential, by which its world is found."""
    shown = [call.token] if call.token else []
    for name, value in call.headers:
        shown.append(value.decode("latin-1"))
        if name == b"authorization":
            shown += _basic(value)
    parsed = _parsed(call.body) if len(call.body) <= MAX_BODY else {}
    shown += [value for value in parsed.values() if isinstance(value, str)]
    return shown


def _basic(value: bytes) -> list[str]:
    """User and password of an Authorization header."""
    kind, _, rest = value.decode("latin-1").partition(" ")
    try:
        user, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return []
    return [user, password] if kind.lower() == "basic" and colon else []


def _parsed(body: bytes) -> Mapping[str, Any]:
    """The top of a body, whatever its form."""
    try:
        value = orjson.loads(body)
        return value if isinstance(value, dict) else {}
    except orjson.JSONDecodeError:
        return dict(parse_qsl(body.decode("utf-8", "replace")[:4096]))


class Gate:
    """Holds calls against the description's credentials and fields. Methods raise Refused."""

    def __init__(self, description: Description, values: Mapping[str, Any]) -> None:
        self._is = description
        self._values = values

    def authenticate(self, request: Request, call: Call, path: str, state: DescribedState, now_ms: int) -> None:
        """What the operation wants to be shown."""
        for name in request.operation.auth:
            self._show(self._is.auth[name], call, path, state, now_ms)

    def _show(self, auth: Auth, call: Call, path: str, state: DescribedState, now_ms: int) -> None:
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers}
        secrets = self._secrets(state)
        if auth.bearer:
            until_ms = state.tokens.get(call.token)
            if until_ms is None:
                raise Refused("unauthorized", why="the bearer's token is not one of this world")
            if now_ms >= until_ms:
                raise Refused("token-expired", "unauthorized", why="the bearer's token has expired")
        if auth.basic:
            expected = [text(part, secrets) for part in auth.basic]
            read = _basic(given.get("authorization", "").encode("latin-1"))
            if len(read) != 2 or not all(map(signing.same, read, expected)):
                raise Refused("unauthorized", why="the Basic credentials are wrong")
        for name, template in auth.headers.items():
            self._header(name, template, given.get(name, ""), auth, secrets, now_ms)
        if auth.signature:
            self._signature(auth, call, path, given, secrets)

    def _header(self, name: str, template: str, read: str, auth: Auth, secrets: Values, now_ms: int) -> None:
        if not read:
            raise Refused("header", "unauthorized", why=f"{name}: missing")
        hole = hole_of(template)
        if hole and hole.name in ("signature", "nonce", "any"):
            return
        if hole and hole.name == "now":
            self._time(name, read, hole.form or "iso", auth, now_ms)
        elif not signing.same(read, text(template, secrets)):
            raise Refused("unauthorized", why=f"{name}: not the credential of this world")

    @staticmethod
    def _time(name: str, read: str, form: str, auth: Auth, now_ms: int) -> None:
        try:
            shift_ms = abs(forms.moment_of(read, form) - now_ms)
        except (ValueError, OverflowError):
            raise Refused("header", "unauthorized", why=f"{name}: not a time") from None
        if auth.tolerance and shift_ms > milliseconds(auth.tolerance):
            raise Refused("stale", "signature", "unauthorized", why=f"{name}: {shift_ms} ms from the world's time")

    @staticmethod
    def _signature(auth: Auth, call: Call, path: str, given: Mapping[str, str], secrets: Values) -> None:
        assert auth.signature is not None  # noqa: S101  its caller's
        header = next(name for name, template in auth.headers.items() if "<signature" in template)
        parts = {
            "method": call.method,
            "path": path,
            "query": call.query.decode("latin-1"),
            "body": call.body.decode("utf-8", signing.RAW),
            **{f"header.{name}": value for name, value in given.items()},
            **{hole.name: given[name] for name, template in auth.headers.items() if (hole := hole_of(template))},
        }
        expected = signing.sign(auth.signature, {**secrets, **parts})
        if not signing.same(given.get(header, ""), expected):
            raise Refused("signature", "unauthorized", why=f"{header}: not the signature of this call")

    def _secrets(self, state: DescribedState) -> dict[str, Any]:
        return {**self._values, **{f"credential.{name}": value for name, value in state.credentials.items()}}

    # Fields

    def fields(self, request: Request, call: Call, state: DescribedState) -> None:
        """Reads every field into the request."""
        operation = request.operation
        if not operation.fields:
            return
        self.take(request, self._given(operation, call, state), state)

    def take(self, request: Request, given: Mapping[str, Any], state: DescribedState) -> None:
        """The same of fields that were read already, by name."""
        for name, asked in request.operation.fields.items():
            value = _at(given, name)
            if value is None or value == "":
                if not asked.optional:
                    raise Refused("missing", "invalid", why=f"{name}: missing")
                continue
            self._field(request, name, asked, value, state)
        self._money(request, given)

    def _given(self, operation: Operation, call: Call, state: DescribedState) -> Mapping[str, Any]:
        if operation.sends == "query":
            return dict(parse_qsl(call.query.decode("latin-1"), keep_blank_values=True))
        if len(call.body) > MAX_BODY:
            raise Refused("too-large", "invalid", why=f"the body is larger than {MAX_BODY} bytes")
        body = call.body
        if self._is.sealing and operation.sealed:
            try:
                body = signing.unseal(self._is.sealing, text(self._is.sealing.key, self._secrets(state)), body)
            except signing.SealError as error:
                raise Refused("signature", "unauthorized", why=str(error)) from None
        if operation.sends == "form":
            return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Refused("invalid", why="the body is not JSON") from None
        if not isinstance(value, dict):
            raise Refused("invalid", why="the body is no object")
        return value

    def _field(self, request: Request, name: str, asked: Asked, value: Any, state: DescribedState) -> None:
        """Reads one field that is there; amount and currency are read together, see _money."""
        kind = asked.is_
        request.by_name[name] = value
        if kind == "equals" and str(value) != str(asked.equals):
            raise Refused("invalid", why=f"{name}: read {value!r}, expected {asked.equals!r}")
        if kind == "credential":
            right = str(value) in (MASK, state.credentials[str(asked.equals)])
            request.secrets[name] = request.by_name[name] = MASK if right else WRONG
            if not right:
                raise Refused("credentials", "unauthorized", why=f"{name}: not the credential of this world")
        elif kind == "paid_on":
            request.of["paid_on"] = asked.written or "iso", str(value)
        elif kind == "text" and isinstance(value, (dict, list)):
            return
        elif kind not in ("amount", "currency", "now", "nonce", "equals"):
            self._text(request, name, asked, value, state)

    def _text(self, request: Request, name: str, asked: Asked, value: Any, state: DescribedState) -> None:
        """A field that is a text, or a number where the API takes one for it."""
        if isinstance(value, (dict, list)):
            raise Refused("invalid", why=f"{name}: expected a text")
        read = str(value)
        if len(read) > asked.longest or (asked.matches and not re.fullmatch(asked.matches, read)):
            raise Refused("invalid", why=f"{name}: read {read[:80]!r}, expected {asked.matches or 'a shorter text'}")
        if asked.unique and self._is_taken(asked.is_, name, read, state):
            raise Refused("duplicate", "invalid", why=f"{name}: {read!r} was used before")
        if asked.is_ != "text":
            request.of[asked.is_] = read

    @staticmethod
    def _is_taken(kind: str, name: str, read: str, state: DescribedState) -> bool:
        if kind == "reference":
            return read in state.records
        return any(str(record.request.get(name)) == read for record in state.records.values())

    def _money(self, request: Request, given: Mapping[str, Any]) -> None:
        """Amount and currency, which are read together."""
        rows = {asked.is_: (name, asked) for name, asked in request.operation.fields.items()}
        currency = next(iter(self._is.currencies))
        if "currency" in rows and (read := _at(given, rows["currency"][0])) is not None:
            name, asked = rows["currency"]
            try:
                currency = forms.currency_of(read, asked.written)
            except ValueError as error:
                raise Refused("currency", "invalid", why=f"{name}: {error}") from None
            if currency not in self._is.currencies:
                raise Refused("currency", "invalid", why=f"{name}: read {read!r}")
            request.of["currency"] = currency
        if "amount" in rows and (read := _at(given, rows["amount"][0])) is not None:
            name, asked = rows["amount"]
            try:
                if request.operation.sends != "json":
                    read = int(read) if asked.written == "minor" else read
                form = "either" if request.operation.sends != "json" and asked.written != "minor" else asked.written
                request.of["minor"] = forms.AMOUNTS[form or "decimal"].read(read, currency)
            except ValueError as error:
                raise Refused("amount", "invalid", why=f"{name}: {error}") from None


def _at(given: Mapping[str, Any], name: str) -> Any:
    """The value of a field, by a name with a point for each object on the way."""
    value: Any = given
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if value is not None else given.get(name)


def masked(description: Description, request: Request, call: Call) -> Call:
    """The call as the journal keeps it: without the secrets that its body carries in clear."""
    operation = request.operation
    if not request.secrets or (description.sealing and operation.sealed):
        return call
    if operation.sends == "json":
        value = orjson.loads(call.body)
        for name, mask in request.secrets.items():
            _put(value, name, mask)
        return call._replace(body=orjson.dumps(value))
    text_ = (call.query if operation.sends == "query" else call.body).decode("utf-8", "replace")
    pairs = [(name, request.secrets.get(name, value)) for name, value in parse_qsl(text_, keep_blank_values=True)]
    kept = urlencode(pairs).encode()
    return call._replace(query=kept) if operation.sends == "query" else call._replace(body=kept)


def _put(value: dict[str, Any], name: str, mask: str) -> None:
    *way, last = name.split(".")
    for part in way:
        if not isinstance(value.get(part), dict):
            return
        value = value[part]
    value[last] = mask
