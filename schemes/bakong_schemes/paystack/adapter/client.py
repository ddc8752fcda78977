"""The client of Paystack's API. Every answer and every failure becomes a value; nothing is raised."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
import orjson

from bakong_service.domain.payments import NoAnswer

MAX_ANSWER_BYTES = 2 * 1024 * 1024  # a page of a hundred refunds is longer than anything else


class Good(NamedTuple):
    """data: of an answer with status true; meta: beside it, {} where there is none."""

    data: Any
    meta: Mapping[str, Any]


class Refusal(NamedTuple):
    """The API's own no: its code, its message, its HTTP status."""

    code: str
    message: str
    status: int


Answer = Good | Refusal | NoAnswer


class HttpPaystack:
    """Asks with the secret key. root: the path that stands before the API's own, "" at the real one."""

    def __init__(self, client: httpx.AsyncClient, secret_key: str, *, root: str = "") -> None:
        self._client = client
        self._root = root
        self._headers = {"authorization": f"Bearer {secret_key}", "content-type": "application/json"}

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        return await self._send("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return await self._send("POST", path, body=orjson.dumps(body))

    async def _send(
        self, method: str, path: str, *, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            async with self._client.stream(
                method, self._root + path, content=body, params=query, headers=self._headers
            ) as response:
                answered = await _read(response)
        except httpx.TimeoutException:
            return NoAnswer("timeout", path)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        return _answer(response.status_code, answered)


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of Paystack's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _answer(status: int, body: bytes | None) -> Answer:
    document = parsed(body)
    if document is None or not isinstance(document.get("status"), bool):
        return NoAnswer("blocked" if status == 403 else "garbage", f"HTTP {status}, no envelope")
    if document["status"]:
        meta = document.get("meta")
        if status >= 300:
            return NoAnswer("garbage", f"HTTP {status} with status true")
        return Good(document.get("data"), meta if isinstance(meta, dict) else {})
    return _refusal(status, document)


def _refusal(status: int, document: Mapping[str, Any]) -> Answer:
    """The API's no; what says only that it could not be asked is no answer."""
    if status == 401:
        return NoAnswer("unauthorized", "HTTP 401")
    if status == 429 or status >= 500:
        return NoAnswer("unreachable", f"HTTP {status}")
    if status < 400:
        return NoAnswer("garbage", f"HTTP {status} with status false")
    return Refusal(str(document.get("code"))[:80], str(document.get("message"))[:200], status)


def parsed(body: bytes | None) -> dict[str, Any] | None:
    """The object in a body; None for what is none."""
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
