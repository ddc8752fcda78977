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
from bakong_service.api.access import refusal
from bakong_service.api.addresses import UNKNOWN, Proxies, rate_limit_network
from bakong_service.api.problems import Asked, insufficient, reply
from bakong_service.api.tiers import WEBHOOKS, Tiers
from bakong_service.domain.admission import Verdict, by_address, by_key, by_subject
from bakong_service.domain.caller import ANONYMOUS, Caller, asked_by
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.principals import READER, Principal
from bakong_service.domain.tokens import TokenFault
from bakong_service.ports import Admission

HEALTH_PATHS = ("/api/health", "/api/health/ready", "/api/health/live")
# What somebody asks who has neither key nor token yet; each of them has its own check.
ACCESS_PATHS = frozenset((
    *("/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"),
    *("/oauth2/token", "/.well-known/jwks.json"),
))  # fmt: skip
DOCS_PATHS = ("/docs", "/openapi.json")
PICTURES = "/qr-codes/"
_EVENTS = re.compile(r"/api/providers/[^/]+/events")  # of a provider, which reads and signs its body by itself
PAYMENT_WEBHOOK = "/api/payments/webhook"  # the care platform's own, signed: its signature stands for a key
_PAY = re.compile(r"/pay/[0-9a-f-]{36}(/return)?")  # a payer's browser, which knows an id that nobody guesses
# Whose body is no JSON, or need not be.
_OWN_BODY = re.compile(f"{_EVENTS.pattern}|{WEBHOOKS.pattern}|/oauth2/token|{PAYMENT_WEBHOOK}")
_SIGNED = "eyJ"  # as every signed token begins, which no API key of ours does
_SAME_CALLER = "\0"  # before a principal's name, where an API key stands: no header can hold it
MAX_HEADER_BYTES = 16 * 1024
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


async def _no_tokens(_text: str) -> TokenFault:
    return TokenFault("tokens are not taken here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the guard is given. find: an API key's short name; verify: whom a token speaks for; docs: they are served.

    is_reader: whether a key is the one that only reads.

    on_response: gets every answer.

    on_doubt: gets the peer of a request that was refused by an address that may be a proxy's, and why it may.
    tiers: limits of what is about orders. now_ms, errors_url: for the problems below /api/v1.
    """

    find: Callable[[str], Awaitable[str | None]]
    verify: Callable[[str], Awaitable[Principal | TokenFault]] = _no_tokens
    is_reader: Callable[[str], bool] = lambda _key: False
    admission: Admission
    limit: int
    new_id: Callable[[], str]
    ticks_us: Callable[[], int]
    on_response: Callable[[AccessRecord], object] = id
    on_doubt: Callable[[str, str], object] = lambda _peer, _why: None
    proxies: Proxies = field(default_factory=Proxies)
    docs: bool = False
    tiers: Tiers = field(default_factory=Tiers)
    now_ms: Callable[[], int] = int
    errors_url: str = ""


class _Gone(Exception):  # noqa: N818  no error: the client went away, and nobody is left to answer
    """The client went away before its body had come."""


class _Request:
    """One request on its way through the guard."""

    __slots__ = (
        "_rules",
        "address",
        "caller",
        "extra",
        "forwarded",
        "headers",
        "key",
        "method",
        "path",
        "peer",
        "principal",
        "query",
        "refusal_code",
        "status",
        "traceparent",
    )

    def __init__(self, scope: Any, rules: Rules) -> None:
        self.headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED}
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self._rules = rules
        self.peer: str = scope["client"][0] if scope.get("client") else UNKNOWN
        self.forwarded = _list(scope["headers"], _FORWARDED)
        address = rules.proxies.client(self.peer, self.forwarded)
        self.address = rate_limit_network(address)
        given = self.headers.get(b"x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else rules.new_id()
        self.caller = Caller(ANONYMOUS, address, self.headers.get(b"user-agent", "")[:256] or None, request_id)
        self.extra: list[tuple[bytes, bytes]] = [(b"x-request-id", request_id.encode())]
        self.status = 0
        self.refusal_code: str | None = None
        self.principal: Principal | None = None
        self.traceparent: str = scope.get("state", {}).get("traceparent", "")
        scheme, _, key = self.headers.get(b"authorization", "").partition(" ")
        self.key = key.strip() if scheme.lower() == "bearer" else ""

    def refuse(self, problem: api.Problem, detail: str, **headers: str) -> Response:
        self.refusal_code = problem.code
        asked = Asked(self.method, self._rules.now_ms(), self._rules.errors_url)
        answer = reply(
            problem, detail, self.path, self.caller.request_id or "", asked=asked, traceparent=self.traceparent
        )
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
        scope.setdefault("state", {}).update(
            request_id=request.caller.request_id, api_key=request.key, address=request.address
        )

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
        if request.principal is not None:
            scope["state"].update(principal=request.principal, api_key=_SAME_CALLER + request.principal.name)
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
        if request.method in _WITH_BODY and media != "application/json" and not _OWN_BODY.fullmatch(request.path):
            return request.refuse(api.UNSUPPORTED_MEDIA, f"read {media[:64]!r}, expected application/json")
        return None

    async def _admission(self, request: _Request) -> Response | None:
        """Who asks, and whether so often. A wrong key counts against the address, which may be shut out for it."""
        needs_key = not is_open(request.path, docs=self._rules.docs)
        who, fault = None, None
        try:
            if needs_key and request.key:
                who, fault = await self._who(request)
        except UnavailableError as error:
            return request.refuse(api.UNAVAILABLE, str(error), retry_after="1")
        if WEBHOOKS.fullmatch(request.path):
            return None  # their route counts them, once it knows whether they are signed
        quotas = () if who is None else self._rules.tiers.of(who, request.method, request.path, request.query)
        verdict = await self._rules.admission.admit(who or by_address(request.address), request.address, quotas)
        if verdict.blocked:
            detail = "too many wrong API keys came from this address" + self._doubt(request)
            return request.refuse(api.BLOCKED, detail, retry_after=str(verdict.wait_s))
        if self._rules.limit:
            self._add_limit_headers(request, verdict)
        if not verdict.admitted:
            detail = _too_many(verdict, self._rules.limit)
            detail += "" if who else self._doubt(request)
            return request.refuse(api.RATE_LIMITED, detail, retry_after=str(verdict.wait_s))
        if needs_key and who is None:
            return await self._unknown(request, fault)
        return None if request.principal is None else _forbidden(request, request.principal)

    async def _who(self, request: _Request) -> tuple[str | None, TokenFault | None]:
        """Whose limit a request with a key or a token counts against; None where it is not good."""
        if request.key.startswith(_SIGNED):
            return await self._by_token(request)
        if self._rules.is_reader(request.key):
            return _speaks_for(request, READER), None
        name = await self._rules.find(request.key)
        return (None if name is None else _known(request, name)), None

    async def _by_token(self, request: _Request) -> tuple[str | None, TokenFault | None]:
        """Whose limit a token's request counts against; None, and why, where the token is not good.

        A key that only looks like a token is as good as any other key.
        """
        shown = await self._rules.verify(request.key)
        if isinstance(shown, Principal):
            return _speaks_for(request, shown), None
        name = await self._rules.find(request.key) if shown.kind == "forged" else None
        return (None, shown) if name is None else (_known(request, name), None)

    async def _unknown(self, request: _Request, fault: TokenFault | None) -> Response:
        """The answer to no key or a wrong one; only what never was good counts against the address."""
        if fault is not None and fault.kind == "unavailable":
            return request.refuse(api.UNAVAILABLE, f"the token cannot be verified now: {fault.why}", retry_after="1")
        if request.key and (fault is None or fault.kind == "forged"):
            await self._rules.admission.failed(request.address)
        if fault is None:
            detail = "expected Authorization: Bearer <API key>"
            return request.refuse(api.UNAUTHORIZED, detail, www_authenticate="Bearer")
        challenge = 'Bearer error="invalid_token"'
        return request.refuse(api.UNAUTHORIZED, f"the token is not taken: {fault.why}", www_authenticate=challenge)

    def _doubt(self, request: _Request) -> str:
        """What a refusal adds where the address that it is for may be a proxy's."""
        why = self._rules.proxies.doubt(request.peer, request.forwarded)
        if not why:
            return ""
        self._rules.on_doubt(request.peer, why)
        return f"; {why}"

    def _add_limit_headers(self, request: _Request, verdict: Verdict) -> None:
        left = f'"default";r={verdict.remaining};t={verdict.wait_s}'.encode()
        policies = self._policy
        if verdict.rooms:
            policies = ", ".join(room.policy.shown for room in verdict.rooms).encode()
            left = ", ".join(room.shown for room in verdict.rooms).encode()
        request.extra += [(b"ratelimit-policy", policies), (b"ratelimit", left)]


def _too_many(verdict: Verdict, limit: int) -> str:
    """What a caller is told who asks too often."""
    again = f"try again in {verdict.wait_s} s"
    if verdict.tight is None or verdict.tight.name == "default":
        return f"{limit} requests in 60 s are allowed; {again}"
    seconds = verdict.tight.window_us // 1_000_000
    return f"{verdict.tight.limit} requests in {seconds} s are allowed ({verdict.tight.name}); {again}"


def _list(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    """The whole of a header that is a list, from however many lines of the head."""
    return b",".join(value for key, value in headers if key == name).decode("latin-1")


def is_open(path: str, *, docs: bool = False) -> bool:
    """Whether a path wants neither API key nor token. docs: the documentation is served, too."""
    is_known = path in HEALTH_PATHS or path.startswith(PICTURES) or path in ACCESS_PATHS
    is_known = is_known or path == PAYMENT_WEBHOOK or any(one.fullmatch(path) for one in (_EVENTS, WEBHOOKS, _PAY))
    return is_known or (docs and path in DOCS_PATHS)


def _known(request: _Request, name: str) -> str:
    """Whose limit the request of a good API key counts against, once the request knows who asks."""
    request.caller = Caller(name, *_facts(request.caller))
    return by_key(name)


def _speaks_for(request: _Request, principal: Principal) -> str:
    """Whose limit the request of a principal counts against, once the request knows who asks."""
    request.principal = principal
    request.caller = Caller(principal.name, *_facts(request.caller), merchant=principal.merchant or principal.name)
    return by_key(principal.name) if principal.is_ours else by_subject(principal.name)


def _forbidden(request: _Request, principal: Principal) -> Response | None:
    """The answer to a token that is good, but not for this."""
    refused = refusal(principal, request.method, request.path)
    if refused is None:
        return None
    why, scope = refused
    return request.refuse(api.FORBIDDEN, why, www_authenticate=insufficient(scope))


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
    if body and request.method in _WITH_BODY and not _OWN_BODY.fullmatch(request.path):
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
