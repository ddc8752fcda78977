"""The client of Omise's API. Every answer and every failure becomes a value; nothing is raised."""

import base64
from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from bakong_schemes.omise import wire
from bakong_service.domain.payments import NoAnswer

MAX_ANSWER_BYTES = 256 * 1024
Answer = dict[str, Any] | NoAnswer
# What may have reached Omise although no good answer came: the charge may be there.
UNSURE = ("timeout", "unreachable", "garbage")


class HttpOmise:
    """Asks with the secret key. root: the path that stands before the API's own, "" at the real one."""

    def __init__(self, client: httpx.AsyncClient, secret_key: str, *, root: str = "") -> None:
        self._client = client
        self._root = root
        self._headers = {
            "authorization": "Basic " + base64.b64encode(f"{secret_key}:".encode()).decode(),
            "content-type": "application/json",
            "omise-version": wire.VERSION,
        }

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """The object of an answer; an error of the API is NoAnswer, but for not_found, whose object comes back."""
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
        return _object(response.status_code, answered)


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is longer than any answer of Omise's, of which no more is read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)


def _object(status: int, body: bytes | None) -> Answer:
    document = parsed(body)
    if document is None:
        return NoAnswer("blocked" if status == 403 else "garbage", f"HTTP {status}, no object")
    if document.get("object") != "error":
        return document if status < 400 else NoAnswer("garbage", f"HTTP {status} without an error object")
    code = document.get("code")
    if code == "not_found":
        return document
    return NoAnswer("unauthorized" if status == 401 else "refused", f"HTTP {status}, {str(code)[:80]}")


def parsed(body: bytes | None) -> dict[str, Any] | None:
    """The object in a body; None for what is none."""
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
