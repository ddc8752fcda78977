"""The client of Stripe's API: forms out, objects in. Every answer and failure becomes a value; nothing is raised."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx
import orjson

from bakong_schemes.stripe.adapter import facts
from bakong_service.domain.payments import NoAnswer

MAX_ANSWER_BYTES = 4 * 1024 * 1024  # a page of a hundred refunds, indented
Json = dict[str, Any]


class Refusal(NamedTuple):
    """The API's own no, for good: its HTTP status, type, code ("" where it has none) and message."""

    status: int
    kind: str
    code: str
    message: str


Answer = Json | Refusal | NoAnswer


class HttpStripe:
    """Asks with the secret key. root: the path that stands before the API's own /v1, "" at the real one."""

    def __init__(self, client: httpx.AsyncClient, secret_key: str, *, root: str = "") -> None:
        self._client = client
        self._root = root + "/v1"
        self._headers = {"authorization": f"Bearer {secret_key}", "stripe-version": facts.VERSION}

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        return await self._send("GET", path + ("?" + form(query) if query else ""), None, {})

    async def post(self, path: str, fields: Mapping[str, Any], *, key: str | None = None) -> Answer:
        """key: the same again is the same request, which Stripe answers as it did the first time."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        headers |= {} if key is None else {"idempotency-key": key}
        return await self._send("POST", path, form(fields).encode(), headers)

    async def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._client.stream(
                method, self._root + path, content=body, headers={**self._headers, **headers}
            ) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", path[:100])
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        return _answer(response.status_code, answered)


def segment(id_: str) -> str:
    """An id as a part of a path."""
    return quote(id_, safe="")


def form(fields: Mapping[str, Any]) -> str:
    """Fields as Stripe reads them, nested by brackets.

    >>> form({"a": {"b": [{"c": 1}]}, "expand": ["x.y"]})
    'a%5Bb%5D%5B0%5D%5Bc%5D=1&expand%5B0%5D=x.y'
    """
    return urlencode([pair for name, value in fields.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _pairs(f"{name}[{key}]", item)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _pairs(f"{name}[{at}]", item)
    else:
        yield name, str(value)


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of Stripe's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _answer(status: int, body: bytes | None) -> Answer:
    document = parsed(body)
    if document is None:
        return NoAnswer("blocked" if status == 403 else "garbage", f"HTTP {status}, no object")
    error = document.get("error")
    if status < 300 and not isinstance(error, dict):
        return document
    if status < 400 or not isinstance(error, dict):
        return NoAnswer("garbage", f"HTTP {status} with another body than its kind")
    return _refusal(status, error)


def _refusal(status: int, error: Mapping[str, Any]) -> Refusal | NoAnswer:
    """An error; what Stripe may say otherwise when it is asked again is no answer."""
    kind, code = str(error.get("type"))[:80], str(error.get("code") or "")[:80]
    detail = f"HTTP {status}, {kind}, {code}"
    if status in (401, 403):
        return NoAnswer("unauthorized", detail)
    if status in (409, 424, 429) or status >= 500 or code == "lock_timeout":
        return NoAnswer("unreachable", detail)
    if kind == "idempotency_error":
        return NoAnswer("garbage", f"{detail}: the key was used with other parameters")
    return Refusal(status, kind, code, str(error.get("message"))[:200])


def parsed(body: bytes | None) -> Json | None:
    """The object in a body; None for what is none."""
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
