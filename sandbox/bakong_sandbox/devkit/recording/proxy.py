"""A recording proxy: a team's own calls go to a real Bakong through it, within a budget, and are kept.

What it keeps is as it came, and in memory alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

from bakong_conformance.cassettes import Take
from bakong_conformance.cassettes.cassette import GIVEN, QUERY, Token
from bakong_conformance.cassettes.taking import Call
from bakong_conformance.cassettes.vocabulary import HEADERS

_FORWARDED = ("authorization", "content-type", "user-agent", "accept")
_PAST_BUDGET = 503
_NO_ANSWER = 504


@dataclass(slots=True)
class Proxy:
    """The ASGI app. token: the recording's own; by default the first that is shown. tokens: all that were shown."""

    upstream: httpx.AsyncClient
    budget: int
    token: str = ""
    takes: list[Take] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    _spent: int = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Forward one call and hand its answer on; past the budget nothing is forwarded."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if self._spent >= self.budget:
            await _send(send, _PAST_BUDGET, {}, _own(f"the budget of {self.budget} calls is spent"))
            return
        self._spent += 1
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        take = await self._forward(scope, headers, body)
        self.takes.append(take)
        if take.answer is None:
            await _send(send, _NO_ANSWER, {}, _own(f"Bakong gave no answer: {take.silence}"))
        else:
            await _send(send, take.answer.status_code, take.answer.headers, take.answer.content)

    async def _forward(self, scope: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> Take:
        path, method = scope["path"], scope["method"]
        query = scope["query_string"].decode("latin-1")
        endpoint = path.partition("/v1/")[2] or path.strip("/")
        call = Call(f"call {self._spent}", endpoint, token=self._kind(headers, query), raw=body)
        sent = {name: headers[name] for name in _FORWARDED if name in headers}
        url = path.lstrip("/") + (f"?{query}" if query else "")
        try:
            answer = await self.upstream.request(method, url, content=body, headers=sent)
        except httpx.HTTPError as error:
            silence = "timed out" if isinstance(error, httpx.TimeoutException) else type(error).__name__
            return Take(call, None, silence, method=method)
        latency_ms = round(answer.elapsed.total_seconds() * 1000)
        return Take(call, answer, latency_ms=latency_ms, method=method)

    def _kind(self, headers: Mapping[str, str], query: str) -> Token:
        shown = headers.get("authorization", "").removeprefix("Bearer ")
        if not shown:
            in_query = parse_qs(query).get("token", [])
            self.tokens.update(in_query)
            return QUERY if in_query else "none"
        self.tokens.add(shown)
        self.token = self.token or shown
        return GIVEN if shown == self.token else "other"


async def _read(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message: dict[str, Any] = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _send(send: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
    kept = {name: headers[name] for name in HEADERS if name in headers} or {"content-type": "application/json"}
    kept["content-length"] = str(len(body))
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in kept.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _own(message: str) -> bytes:
    """An answer that is not Bakong's, in its envelope."""
    envelope = {"responseCode": 1, "responseMessage": f"bakong-sandbox: {message}", "errorCode": None, "data": None}
    return json.dumps(envelope).encode()
