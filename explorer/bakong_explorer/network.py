"""The ways between the service, the providers' fakes, the main backend and the customers, and what befalls on them."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx

from bakong_contracts.webhooks import WebhookError, verify
from bakong_explorer.conditions import Conditions
from bakong_explorer.loop import Owner, VirtualLoop, passes
from bakong_explorer.process import WEBHOOK_SECRET, Process
from bakong_service.adapters.webhook_http import TIMEOUT_S
from bakong_simulator.app import Simulator
from bakong_simulator.wire.send import ClientTimeoutError, ConnectionAborted

HOSTS = {
    "bakong": "https://api-bakong.nbc.gov.kh",
    "bkash": "https://tokenized.sandbox.bka.sh",
    "stripe": "https://api.stripe.com",
}
UNWRITTEN_S = 3.0
_PAID = re.compile(rb'"payment_status": ?"paid"')
_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Answer(NamedTuple):
    """What a caller of the API hears: status 0, where the connection broke."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def data(self) -> Any:
        """The `data` of an answer that went well; None else."""
        return json.loads(self.body).get("data") if 200 <= self.status < 300 and self.body else None


class Moves:
    """The calls at which a provider moves money, and that it has not answered: of one payment, one at a time."""

    def __init__(self, on_trouble: Callable[[str], object]) -> None:
        self._on_trouble = on_trouble
        self._asked: dict[str, tuple[Owner, float]] = {}

    def begin(self, key: str, owner: Owner, now_s: float, timeout_s: float) -> None:
        other, until_s = self._asked.get(key, (owner, now_s))
        if now_s < until_s and not other.dead:
            self._on_trouble(f"{owner} asks for what {other} has asked for and not heard of yet: {key[:80]}")
        self._asked[key] = owner, now_s + timeout_s

    def end(self, key: str) -> None:
        self._asked.pop(key, None)


class FakeTransport(httpx.AsyncBaseTransport):
    """Calls of one process to one provider. What it asks arrives, or does not; what is answered, too."""

    def __init__(
        self,
        provider: str,
        simulator: Simulator,
        loop: VirtualLoop,
        conditions: Conditions,
        on_call: Callable[[str], object],
        moves: "Moves",
        on_paid: Callable[[str, str], object],
    ) -> None:
        self._on_paid = on_paid
        self._provider, self._simulator, self._loop, self._conditions = provider, simulator, loop, conditions
        self._on_call, self._moves = on_call, moves

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        timeout_s = float(request.extensions.get("timeout", {}).get("read") or 10)
        if not request.url.path.endswith("/execute"):
            return await self._answered(request, body, timeout_s)
        key = body.decode()
        self._moves.begin(key, self._loop.owner, self._loop.time(), timeout_s)
        try:
            return await self._answered(request, body, timeout_s)
        finally:
            self._moves.end(key)

    async def _answered(self, request: httpx.Request, body: bytes, timeout_s: float) -> httpx.Response:
        fault = self._conditions.call(self._provider, request.url.path)
        if fault == "dies_before":
            self._loop.owner.fuse = 1
        await passes(self._conditions.network_s())
        if fault == "down":
            raise httpx.ConnectError("the provider cannot be reached", request=request)
        if fault == "hangs":
            await self._patience(timeout_s, request)
        if fault == "error":
            return httpx.Response(502, content=_PAGE, request=request)
        response = await self._served(request, body, timeout_s)
        if fault == "dies_after":
            self._loop.owner.fuse = 1
        if fault == "unwritten":
            self._cannot_write()
        await passes(self._conditions.network_s())
        if fault == "lost":
            await self._patience(timeout_s, request)
        if session := paid_session(request.url.path, response.content):
            self._on_paid(self._provider, session)
        return response

    def _cannot_write(self) -> None:
        """The database is away for who asks, as the answer comes; others are not held up."""
        stores, process = self._conditions.stores, self._loop.owner.name
        stores[process] = "down"
        with self._loop.owned_by(self._loop.world):
            self._loop.call_later(UNWRITTEN_S, stores.pop, process, None)

    async def _patience(self, timeout_s: float, request: httpx.Request) -> None:
        await passes(timeout_s)
        raise httpx.ReadTimeout("no answer", request=request)

    async def _served(self, request: httpx.Request, body: bytes, timeout_s: float) -> httpx.Response:
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "query_string": request.url.query,
            "headers": headers,
            "client": ("203.0.113.7", 443),
            "scheme": "https",
            "state": {"patience_s": timeout_s},
        }
        self._on_call(self._provider)
        with self._loop.owned_by(self._loop.world):
            answer = self._simulator.answer(scope, body)
        if isinstance(answer, tuple):
            status, head, content = answer
            return httpx.Response(status, headers=_headers(head), content=content, request=request)
        heard = Heard(body)
        try:
            await (answer or self._simulator)(scope, heard.receive, heard.send)
        except ClientTimeoutError:
            await self._patience(timeout_s, request)
        except ConnectionAborted as error:
            raise httpx.ReadError(str(error), request=request) from None
        return httpx.Response(heard.status, headers=heard.headers, content=bytes(heard.body), request=request)


def paid_session(path: str, content: bytes) -> str:
    """The session of Stripe's that is asked about, where the answer says that it was paid; else "".

    >>> paid_session("/v1/checkout/sessions/cs_1", b'{"id": "cs_1", "payment_status": "paid"}')
    'cs_1'
    """
    _, is_one, name = path.partition("/checkout/sessions/")
    if not is_one or _PAID.search(content) is None:
        return ""
    return name.partition("/")[0]


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    lines = (line.partition(b": ") for line in head.split(b"\r\n") if line)
    return [(name, value) for name, _, value in lines]


class Heard:
    """One request of an ASGI app in this process, and what was heard of its answer."""

    def __init__(self, body: bytes) -> None:
        self._pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        self._left = asyncio.Event()
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()

    async def receive(self) -> dict[str, Any]:
        if self._pending:
            return self._pending.pop()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")

    def leave(self) -> None:
        """The client goes away."""
        self._left.set()


async def call_api(
    process: Process,
    method: str,
    path: str,
    *,
    body: object = None,
    headers: dict[str, str],
    query: str = "",
    patience_s: float = 70.0,
) -> Answer:
    """What a caller hears of a request to a process, which may die meanwhile, or take longer than the caller waits."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = {"host": "service.example", "content-type": "application/json", "content-length": str(len(content))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (given | headers).items()],
        "client": ("198.51.100.4", 1234),
        "server": ("service.example", 443),
        "scheme": "https",
    }
    heard = Heard(content)
    task = process.request(scope, heard.receive, heard.send)
    left_s = patience_s
    while not task.done() and not process.dead and left_s > 0:
        wait_s = min(left_s, 0.5 if left_s > patience_s - 5 else 5.0)
        await asyncio.wait({task}, timeout=wait_s)
        left_s -= wait_s
    if not task.done():
        heard.leave()
        return Answer(0, b"", {})
    if (error := task.exception()) is not None:
        raise error
    shown = {name.decode().lower(): value.decode() for name, value in heard.headers}
    return Answer(heard.status, bytes(heard.body), shown)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that the main backend has read: when, and whether it could say so."""

    id: str
    at_ms: int
    body: bytes
    taken: bool


class Backend:
    """The shop's main backend, which takes webhooks, verifies them, and has faults of its own."""

    def __init__(
        self,
        conditions: Conditions,
        now_ms: Callable[[], int],
        *,
        on_trouble: Callable[[str], object],
        on_try: Callable[[int | str], object],
    ) -> None:
        self._conditions, self._now_ms, self._on_trouble, self._on_try = conditions, now_ms, on_trouble, on_try
        self.deliveries: list[Delivery] = []
        self.bodies: dict[str, bytes] = {}
        self.tolerance_ms = 0  # by which the clocks of the service may be wrong

    async def post(self, url: str, body: bytes, headers: dict[str, str], /) -> int | str:
        """See bakong_service.ports.Post."""
        result = await self._posted(url, body, headers)
        self._on_try(result)
        return result

    async def _posted(self, url: str, body: bytes, headers: dict[str, str]) -> int | str:
        fault = self._conditions.post()
        await passes(self._conditions.network_s())
        if fault == "down":
            return "ConnectError"
        if fault == "hangs":
            await passes(TIMEOUT_S)
            return "timeout"
        taken = fault != "error"
        self._read(url, body, headers, taken=taken)
        await passes(self._conditions.network_s())
        if fault == "lost":
            await passes(TIMEOUT_S)
            return "timeout"
        return 204 if taken else 500

    def _read(self, url: str, body: bytes, headers: dict[str, str], *, taken: bool) -> None:
        now_ms = self._now_ms()
        stamp = headers.get("webhook-timestamp", "")
        near_s = int(stamp) if stamp.isdigit() else 0
        within = abs(near_s * 1000 - now_ms) <= self.tolerance_ms + 20_000
        try:
            name = verify([WEBHOOK_SECRET], headers, body, now_s=near_s)
        except WebhookError as error:
            self._on_trouble(f"a webhook to {url} must not be believed: {error}")
            return
        if not within:
            self._on_trouble(f"webhook {name} was stamped {near_s * 1000 - now_ms} ms from the time of its try")
        if self.bodies.setdefault(name, body) != body:
            self._on_trouble(f"webhook {name} came with another body than before")
        self.deliveries.append(Delivery(name, now_ms, body, taken))
