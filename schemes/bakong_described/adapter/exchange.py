"""One call of a described API, as a shop makes it: the request from values, the answer back to values."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from bakong_described import forms, signing
from bakong_described.description import Asked, Auth, Description, Operation, Said, milliseconds
from bakong_described.forms import Money
from bakong_described.templates import Hole, MismatchError, fill, hole_of, holes, match, text
from bakong_service.domain.payments import NoAnswer

MAX_ANSWER = 64 * 1024
EARLY_MS = 60_000  # a token is renewed so long before its end


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that the description knows: which of the operation's it is, and what stands at each name."""

    said: Said
    at: Mapping[Hole, Any]

    def value(self, name: str) -> Any:
        return next((value for hole, value in self.at.items() if hole.name == name), None)

    def form(self, name: str) -> str:
        return next((hole.form for hole in self.at if hole.name == name), "")


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the description's table."""

    name: str
    status: int


class Exchange:
    """The calls, with their credentials; whatever goes wrong is a value. prefix: before each path at this client."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        description: Description,
        credentials: Mapping[str, str],
        now_ms: Callable[[], int],
        prefix: str = "",
    ) -> None:
        self._client = client
        self._is = description
        self.now_ms = now_ms
        self._prefix = prefix
        self._calls = 0
        self._token: tuple[str, int] | None = None
        self.secrets: dict[str, Any] = {
            **{f"value.{name}": value for name, value in description.values.items()},
            **{f"credential.{name}": value for name, value in credentials.items()},
        }

    async def ask(self, operation: Operation, values: Mapping[str, Any]) -> Answered | Refused | NoAnswer:
        """Call an operation; a token that is refused is renewed once."""
        for is_last in (False, True):
            token = await self._bearer(operation)
            if isinstance(token, (Refused, NoAnswer)):
                return token
            answer = await self._send(operation, values, token)
            is_stale = isinstance(answer, Refused) and answer.name in ("token-expired", "unauthorized")
            if is_last or not (token and is_stale):
                return answer
            self._token = None
        raise AssertionError("unreachable")

    async def _bearer(self, operation: Operation) -> str | Refused | NoAnswer:
        """The token that the operation shows, or ""."""
        if not any(self._is.auth[name].bearer for name in operation.auth):
            return ""
        if self._token and self.now_ms() < self._token[1]:
            return self._token[0]
        issuing = next(iter(self._is.doing("token").values()), None)
        if issuing is None:
            return NoAnswer("refused", "the description has no operation that gives a token")
        answer = await self._send(issuing, {}, "")
        if not isinstance(answer, Answered):
            return answer
        token, life = answer.value("token"), answer.value("token_life")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            return NoAnswer("garbage", "a token that is no text")
        life_ms = life * 1000 if isinstance(life, int) else milliseconds(self._is.token_life)
        self._token = token, self.now_ms() + max(0, life_ms - EARLY_MS)
        return token

    async def _send(self, operation: Operation, values: Mapping[str, Any], token: str) -> Answered | Refused | NoAnswer:
        method, template = operation.call.split(" ", 1)
        self._calls += 1
        now_ms = self.now_ms()
        whole = {**self.secrets, **values, "now": now_ms, "nonce": f"{now_ms}{self._calls:06d}"}
        path = text(template, whole)
        given = _nested({name: self._field(asked, whole) for name, asked in operation.fields.items()})
        query = urlencode(given) if operation.sends == "query" else ""
        body = self._body(operation, given)
        kind = "application/x-www-form-urlencoded" if operation.sends == "form" else "application/json"
        headers = {"accept": "application/json"} | ({"content-type": kind} if body else {})
        parts = {**whole, "method": method, "path": path, "query": query, "body": body.decode("utf-8", signing.RAW)}
        for name in operation.auth:
            headers |= _shown(self._is.auth[name], parts, token)
        url = self._prefix + path + (f"?{query}" if query else "")
        try:
            answer = await self._client.request(method, url, content=body or None, headers=headers)
        except httpx.TimeoutException:
            return NoAnswer("timeout", path)
        except (httpx.HTTPError, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        return self._read(operation, answer.status_code, answer.content[:MAX_ANSWER])

    def _body(self, operation: Operation, given: Mapping[str, Any]) -> bytes:
        if operation.sends == "form":
            return urlencode(given).encode()
        if operation.sends != "json":
            return b""
        body = orjson.dumps(given)
        if self._is.sealing and operation.sealed:
            return signing.seal(self._is.sealing, text(self._is.sealing.key, self.secrets), body)
        return body

    @staticmethod
    def _field(asked: Asked, values: Mapping[str, Any]) -> Any:
        """What stands in a field; None leaves it out."""
        if asked.is_ == "credential":
            return values.get(f"credential.{asked.equals}")
        if asked.is_ in ("equals", "text"):
            return asked.equals
        return fill(f"<{asked.is_}:{asked.written}>" if asked.written else f"<{asked.is_}>", values)

    def _read(self, operation: Operation, status: int, content: bytes) -> Answered | Refused | NoAnswer:
        body = content
        if self._is.sealing and operation.sealed:
            try:
                body = signing.unseal(self._is.sealing, text(self._is.sealing.key, self.secrets), content)
            except signing.SealError:
                body = content  # errors may come as they are; whatever else is told by its shape
        try:
            read = orjson.loads(body)
        except orjson.JSONDecodeError:
            return NoAnswer("refused" if status >= 400 else "garbage", f"HTTP {status}, no JSON")
        why = f"HTTP {status}"
        for said in operation.answers if body is not content or not (self._is.sealing and operation.sealed) else ():
            if said.status == status:
                try:
                    return self._answered(said, match(said.json, read))
                except MismatchError as error:
                    why = str(error)
        if (refused := self._refusal(status, read)) is not None:
            return refused
        return NoAnswer("refused" if status >= 400 else "garbage", why)

    def _answered(self, said: Said, at: Mapping[Hole, Any]) -> Answered:
        """Raises MismatchError for a word that is no state's: where errors have their code in its place, it is one."""
        answered = Answered(said, at)
        word = answered.value("status")
        if word is not None and word not in self._is.states.values():
            raise MismatchError(
                f"read the state {str(word)[:80]!r}, expected one of {', '.join(self._is.states.values())}"
            )
        return answered

    def _refusal(self, status: int, read: Any) -> Refused | None:
        """The error that an answer is, by where the description has its code."""
        try:
            at = match(_codes_alone(self._is.errors.answer), read)
        except MismatchError:
            return None
        codes = [value for hole, value in at.items() if hole.name == "error.code"]
        rows = [(name, row) for name, row in self._is.errors.table.items() if [row.code] == codes]
        exact = [(name, row) for name, row in rows if row.status == status]
        return next((Refused(name, status) for name, row in [*exact, *rows]), None)


def _codes_alone(template: Any) -> Any:
    """The part of an error's template that leads to its code: what else stands there is not the same twice."""
    if isinstance(template, Mapping):
        return {name: _codes_alone(part) for name, part in template.items() if _has_code(part)}
    return template


def _has_code(template: Any) -> bool:
    return any(hole.name == "error.code" for hole in holes(template))


def _shown(auth: Auth, parts: Mapping[str, Any], token: str) -> dict[str, str]:
    """The headers that an operation shows."""
    headers: dict[str, str] = {"authorization": f"Bearer {token}"} if auth.bearer else {}
    if auth.basic:
        pair = ":".join(text(part, parts) for part in auth.basic)
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    values = dict(parts)
    late = {name: template for name, template in auth.headers.items() if "<signature" in template}
    for name, template in auth.headers.items():
        if name not in late:
            headers[name] = text(template, values)
            values[f"header.{name}"] = headers[name]
            if hole := hole_of(template):
                values[hole.name] = headers[name]
    if auth.signature:
        values["signature"] = signing.sign(auth.signature, values)
        headers |= {name: text(template, values) for name, template in late.items()}
    return headers


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by a name with points as objects within objects; those without a value are left out."""
    made: dict[str, Any] = {}
    for name, value in fields.items():
        if value is None or value == "":
            continue
        *way, last = name.split(".")
        place = made
        for part in way:
            place = place.setdefault(part, {})
        place[last] = value
    return made


def money_at(answered: Answered, default_currency: str | None) -> Money | None:
    """The amount and the currency of an answer; None where it has none, or none that can be read."""
    try:
        currency = answered.value("currency")
        read = default_currency if currency is None else forms.currency_of(currency, answered.form("currency"))
        if read is None or answered.value("amount") is None:
            return None
        minor = forms.AMOUNTS[answered.form("amount") or "decimal"].read(answered.value("amount"), read)
        return Money(minor, read)
    except (ValueError, KeyError):
        return None
