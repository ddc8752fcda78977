"""What stands before every route: address, key, limit, size and form of the body. Plain ASGI; knows no routes.

A body is read here in full, so that no route ever sees more than MAX_BODY_BYTES, and 413 comes before any parsing.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastapi import Response

from bakong_contracts import service_api as api
from bakong_contracts.headers import repeated
from bakong_contracts.service_api import MAX_BODY_BYTES
from bakong_service.api import strict_json
from bakong_service.api.addresses import UNKNOWN, Proxies, rate_limit_network
from bakong_service.api.problems import reply
from bakong_service.domain.admission import Verdict
from bakong_service.domain.caller import Caller, asked_by
from bakong_service.ports import Admission

HEALTH_PATHS = ("/api/health", "/api/health/ready", "/api/health/live")
DOCS_PATHS = ("/docs", "/openapi.json")
PICTURES = "/qr-codes/"
_EVENTS = re.compile(r"/api/providers/[^/]+/events")  # of a provider, which reads and signs its body by itself
MAX_HEADER_BYTES = 16 * 1024
ANONYMOUS = "anonymous"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
_WANTED = {b"authorization", b"content-type", b"content-length", b"x-request-id", b"user-agent"}
_FORWARDED = b"x-forwarded-for"  # a list, which may come in pieces
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class AccessRecord(NamedTuple):
    """One request that was answered, for logs and metrics. refusal_code: the problem's, where the guard refused it."""

    method: str
    path: str
    route: str
    status: int
    took_us: int
    caller: Caller
    refusal_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the guard is given. find: an API key's short name; on_response: gets every answer; docs: they are served."""

    find: Callable[[str], Awaitable[str | None]]
    admission: Admission
    limit: int
    new_id: Callable[[], str]
    ticks_us: Callable[[], int]
    on_response: Callable[[AccessRecord], object] = id
    proxies: Proxies = field(default_factory=Proxies)
    docs: bool = False


class _Gone(Exception):  # noqa: N818  no error: the client went away, and nobody is left to answer
    """The client went away before its body had come."""


class _Request:
    """One request on its way through the guard."""

    __slots__ = (
        "address",
        "caller",
        "extra",
        "headers",
        "key",
        "method",
        "path",
        "refusal_code",
        "status",
    )

    def __init__(self, scope: Any, rules: Rules) -> None:
        self.headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED}
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        peer = scope["client"][0] if scope.get("client") else UNKNOWN
        address = rules.proxies.client(peer, _list(scope["headers"], _FORWARDED))
        self.address = rate_limit_network(address)
        given = self.headers.get(b"x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else rules.new_id()
        self.caller = Caller(ANONYMOUS, address, self.headers.get(b"user-agent", "")[:256] or None, request_id)
        self.extra: list[tuple[bytes, bytes]] = [(b"x-request-id", request_id.encode())]
        self.status = 0
        self.refusal_code: str | None = None
        scheme, _, key = self.headers.get(b"authorization", "").partition(" ")
        self.key = key.strip() if scheme.lower() == "bearer" else ""

    def refuse(self, problem: api.Problem, detail: str, **headers: str) -> Response:
        self.refusal_code = problem.code
        answer = reply(problem, detail, self.path, self.caller.request_id or "")
        answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return answer


class Guard:
    """The ASGI app that is served; `app` is the FastAPI app behind it."""

    def __init__(self, app: Any, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._policy = f'"default";q={rules.limit};w=60'.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun_us = self._rules.ticks_us()
        request = _Request(scope, self._rules)
        scope.setdefault("state", {}).update(request_id=request.caller.request_id, api_key=request.key)

        async def send_marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_ALWAYS, *request.extra]
            await send(message)

        try:
            await self._answer(request, scope, receive, send_marked)
        except _Gone:
            return
        finally:
            route = getattr(scope.get("route"), "path_format", "other")
            took_us = self._rules.ticks_us() - begun_us
            self._rules.on_response(
                AccessRecord(
                    request.method, request.path, route, request.status, took_us, request.caller, request.refusal_code
                )
            )

    async def _answer(self, request: _Request, scope: Any, receive: Any, send: Any) -> None:
        refused = await self._refusal(request, scope)
        body = b""
        if refused is None:
            body, refused = await _read(request, receive, scope["state"])
        if refused is not None:
            await refused(scope, receive, send)
            return
        with asked_by(request.caller):
            await self._app(scope, _replayed(body, receive), send)

    async def _refusal(self, request: _Request, scope: Any) -> Response | None:
        """The answer to a request that goes no further; None lets it on."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            detail = f"the headers may have {MAX_HEADER_BYTES} bytes together"
            return request.refuse(api.HEADERS_TOO_LARGE, detail, connection="close")
        if name := repeated(scope["headers"]):
            return request.refuse(api.REPEATED_HEADER, f"read {name} twice, expected it once")
        if request.path not in HEALTH_PATHS and (refused := await self._admission(request)):
            return refused
        media = request.headers.get(b"content-type", "application/json").partition(";")[0].strip().lower()
        if request.method in _WITH_BODY and media != "application/json" and not _EVENTS.fullmatch(request.path):
            return request.refuse(api.UNSUPPORTED_MEDIA, f"read {media[:64]!r}, expected application/json")
        return None

    async def _admission(self, request: _Request) -> Response | None:
        """Who asks, and whether so often. A wrong key counts against the address, which may be shut out for it."""
        needs_key = not is_open(request.path, docs=self._rules.docs)
        name = await self._rules.find(request.key) if needs_key and request.key else None
        if name:
            request.caller = Caller(name, *_facts(request.caller))
        who = f"key:{name}" if name else f"address:{request.address}"
        verdict = await self._rules.admission.admit(who, request.address)
        if verdict.blocked:
            detail = "too many wrong API keys came from this address"
            return request.refuse(api.BLOCKED, detail, retry_after=str(verdict.wait_s))
        if self._rules.limit:
            self._add_limit_headers(request, verdict)
        if not verdict.admitted:
            detail = f"{self._rules.limit} requests in 60 s are allowed; try again in {verdict.wait_s} s"
            return request.refuse(api.RATE_LIMITED, detail, retry_after=str(verdict.wait_s))
        if needs_key and name is None:
            if request.key:
                await self._rules.admission.failed(request.address)
            detail = "expected Authorization: Bearer <API key>"
            return request.refuse(api.UNAUTHORIZED, detail, www_authenticate="Bearer")
        return None

    def _add_limit_headers(self, request: _Request, verdict: Verdict) -> None:
        left = f'"default";r={verdict.remaining};t={verdict.wait_s}'.encode()
        request.extra += [(b"ratelimit-policy", self._policy), (b"ratelimit", left)]


def _list(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    """The whole of a header that is a list, from however many lines of the head."""
    return b",".join(value for key, value in headers if key == name).decode("latin-1")


def is_open(path: str, *, docs: bool = False) -> bool:
    """Whether a path wants no API key. docs: the documentation is served, too."""
    is_known = path in HEALTH_PATHS or path.startswith(PICTURES) or _EVENTS.fullmatch(path) is not None
    return is_known or (docs and path in DOCS_PATHS)


def _facts(caller: Caller) -> tuple[str | None, str | None, str | None]:
    return caller.address, caller.user_agent, caller.request_id


async def _read(request: _Request, receive: Any, state: dict[str, Any]) -> tuple[bytes, Response | None]:
    """The whole body, or the answer to one that is too large or no strict JSON. Raises _Gone.

    The state keeps the value of a body that says what it is, as `json`.
    """
    announced = request.headers.get(b"content-length", "0")
    body = None if announced.isdigit() and int(announced) > MAX_BODY_BYTES else await _body(receive)
    if body is None:
        detail = f"a body may have at most {MAX_BODY_BYTES} bytes"
        return b"", request.refuse(api.TOO_LARGE, detail, connection="close")
    if body and request.method in _WITH_BODY and not _EVENTS.fullmatch(request.path):
        try:
            value = strict_json.read(body)
        except strict_json.JsonError as error:
            return b"", request.refuse(api.BAD_JSON, str(error))
        if b"content-type" in request.headers:
            state["json"] = value
    return body, None


async def _body(receive: Any) -> bytes | None:
    """The whole body, or None where it is too large. Raises _Gone."""
    message = await receive()
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise _Gone


def _replayed(body: bytes, receive: Any) -> Any:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return pending.pop() if pending else await receive()

    return replay
