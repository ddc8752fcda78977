"""A cassette as the transport of an HTTP client: who asks what was recorded gets its answer. Judges nothing."""

import json
from typing import Any

import httpx

from bakong_conformance.cassettes.cassette import GIVEN, QUERY, Cassette, Exchange, Token

TOKEN = "the-token-of-the-recording"  # noqa: S105  stands for the one that was masked
BASE_URL = "http://cassette"


class NotRecordedError(LookupError):
    """A request that the cassette holds no answer to. The message names it."""


class Player(httpx.BaseTransport):
    """Answers from a cassette. Of several answers to the same request the first."""

    def __init__(self, cassette: Cassette) -> None:
        self._exchanges: dict[tuple[str, str, Token, str], Exchange] = {}
        for exchange in cassette.exchanges:
            request = exchange.request
            key = _key(request.method, request.endpoint, request.token, request.raw())
            self._exchanges.setdefault(key, exchange)

    @property
    def paid_md5(self) -> str:
        """An md5 under which a transaction is found, or ""."""
        for exchange in self._exchanges.values():
            asked, answer = exchange.request.body, exchange.answer
            if isinstance(asked, dict) and "md5" in asked and answer and isinstance(answer.body, dict):
                data = answer.body.get("data")
                if isinstance(data, dict) and "hash" in data:
                    return str(asked["md5"])
        return ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded answer. Raises NotRecordedError."""
        endpoint = request.url.path.partition("/v1/")[2]
        raw = request.read()
        query = request.url.query.decode("ascii", "backslashreplace")
        wanted = (f"{endpoint}?{query}", endpoint) if query else (endpoint,)
        keys = [_key(request.method, one, _kind(request), raw) for one in wanted]
        exchange = next((self._exchanges[key] for key in keys if key in self._exchanges), None)
        if exchange is None or exchange.answer is None:
            shown = raw[:200].decode("utf-8", "backslashreplace")
            raise NotRecordedError(f"{request.method} /v1/{endpoint} {shown}, token {_kind(request)}")
        answer = exchange.answer
        return httpx.Response(answer.status, headers=answer.headers, content=answer.raw())


def _kind(request: httpx.Request) -> Token:
    shown = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not shown:
        return QUERY if "token" in request.url.params else "none"
    return {TOKEN: GIVEN, TOKEN[:-1]: "cut"}.get(shown, "other")


def _key(method: str, endpoint: str, token: Token, raw: bytes) -> tuple[str, str, Token, str]:
    """What makes two requests the same: the JSON, not its spaces and the order of its keys."""
    try:
        body: Any = json.dumps(json.loads(raw), sort_keys=True)
    except (ValueError, RecursionError):
        body = raw.decode("utf-8", "backslashreplace")
    return method, endpoint, token, body
