"""The ASGI app of the simulator: the schemes' hot path before FastAPI's control API. Routes; decides nothing.

A call finds its scheme by the first segment of its path, or where that is none's by the host name of the real API; and
its world by path prefix (/w/<world>/v1/...), by host name (<world>.localhost), or by its token; else it is the default
world's.
"""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from bakong_contracts.headers import repeated
from bakong_contracts.service_api import INVALID, REPEATED_HEADER, TOO_LARGE
from bakong_simulator.console.facts import Facts
from bakong_simulator.control import build as build_control
from bakong_simulator.control import problems
from bakong_simulator.control.access import Access
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.kernel.worlds import Keeping, Worlds
from bakong_simulator.wire.cors import Cors
from bakong_simulator.wire.reply import Reply, nginx_page
from bakong_simulator.wire.send import head, http_date, send_reply
from bakong_simulator.wire.webhook_sender import WebhookSender

MAX_CONTROL_BODY = 4 * 1024 * 1024
MAX_SNAPSHOT = 64 * 1024 * 1024
MAX_TOKEN, MAX_NAME = 1024, 200  # of what a journal keeps of the head; a token of Bakong's has 172 characters
FORWARDED_PROTO = b"x-forwarded-proto"
_CONTROL_PREFIXES = ("/sandbox", "/metrics")  # what no scheme's host has
_HOME = ("/", "/favicon.ico", "/console")  # the console's at the sandbox's own hosts, and below it
_CONSOLE = "/console/"
_PLAIN = Reply(0, b"")[4:]
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Answer = tuple[int, bytes, bytes]  # status, header lines, body
_WORLD = re.compile(r"/sandbox/worlds/([^/]+)(/.*)?")
_NOT_KEPT = ("/journal/verify", "/barrier")
_NOT_JOURNALED = ("/journal/verify", "/snapshot", "/barrier", None)


def build(
    worlds: Worlds, access: Access | None = None, cors: Cors | None = None, webhook_ca: Path | None = None
) -> "Simulator":
    """The whole simulator over these worlds, as one ASGI app.

    access: who may use the control API, where it is served on a port. cors: whose pages may call the schemes.
    webhook_ca: a file of authorities that the receivers of webhooks may show beside the public ones.
    """
    return Simulator(worlds, access, cors, webhook_ca)


class Route(NamedTuple):
    """Where a path leads: to a scheme, in the world of that name, and what is asked there; or to a document of it.

    is_named: whether the path names the scheme; else the host may. whole: the path, where the host may still have it
    meant for another scheme, because its API begins with what is this one's prefix. is_page: whether it is the
    console's, where the host is the sandbox's own.
    """

    scheme: AnyScheme
    world: str | None
    below: str
    document: Callable[[str], Reply] | None
    is_named: bool
    whole: str | None = None
    is_page: bool = False


class Simulator:
    """The ASGI app; and for a server that has a call whole, `answer`, which needs no task.

    facts: what the console shows of what is around the simulator.
    """

    def __init__(self, worlds: Worlds, access: Access | None, cors: Cors | None, webhook_ca: Path | None) -> None:
        self._access = access
        self._cors = cors
        self._reply = self._serve if cors is None else self._serve_pages
        worlds.baseline = snapshots.document
        worlds.send = WebhookSender(ca_file=webhook_ca)
        self._worlds = worlds
        self._schemes = {scheme.prefix: scheme for scheme in worlds.schemes}
        self._roots = {root: scheme for scheme in worlds.schemes for root in scheme.roots}
        self._shared = {"/" + root.split("/")[1] for root in self._roots}  # prefixes below which others have roots
        self._hosts = {host.encode(): scheme for scheme in worlds.schemes for host in scheme.hosts}
        self._known_route = lru_cache(maxsize=1024)(self._find_route)
        self._control = build_control(worlds, lambda: self.facts)
        self._console: App | None = None  # until a page is opened
        self.facts = Facts()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._control(scope, receive, send)
        elif (route := self._route(scope["path"])) is None:
            send = _dated(send, self._worlds.wall_ms())
            if self._access is not None and (refused := self._access.refusal(scope)):
                await refused(scope, receive, send)
            else:
                await _guarded(self._worlds, self._control, scope, receive, send)
        elif route.is_page and self._is_own(scope):
            refused = self._access.refusal(scope) if self._access is not None else None
            await (refused or self._pages())(scope, receive, send)
        elif route.document is not None:
            reply = self._let_read(scope, route.document(scope["method"]))
            await send_reply(scope, receive, send, reply, self._worlds.wall_ms())
        else:
            body = await _body(receive, MAX_BODY, await receive())
            if body is not None:
                world, reply = self._reply(route, scope, body)
                now_ms = world.clock.now_ms()
                if world.barrier is not None:
                    await world.barrier.wait()
                await send_reply(scope, receive, send, _scale_delays(world, reply), now_ms)

    def answer(self, scope: dict[str, Any], body: bytes) -> Answer | App | None:
        """What a whole call of a scheme is answered with, at once.

        Where something befalls the reply on the wire, an ASGI app that sends it; None for any other call, which the app
        itself answers.
        """
        route = self._route(scope["path"])
        if route is None or route.document is not None or (route.is_page and self._is_own(scope)):
            return None
        world, reply = self._reply(route, scope, body if len(body) <= MAX_BODY else body[: MAX_BODY + 1])
        now_ms, barrier = world.clock.now_ms(), world.barrier
        if reply[4:] == _PLAIN and (barrier is None or barrier.is_open):
            return reply.status, _head(reply.content_type, len(reply.body), now_ms // 1000), reply.body

        async def later(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if barrier is not None:
                await barrier.wait()
            await send_reply(scope, receive, send, _scale_delays(world, reply), now_ms)

        return later

    def _pages(self) -> App:
        """The console, which is loaded when it is first opened."""
        if self._console is None:
            from bakong_simulator.console.app import build as build_console  # noqa: PLC0415  as said

            door = None if self._access is None else self._access.door
            self._console = build_console(self._worlds, lambda: self.facts, door)
        return self._console

    def _is_own(self, scope: dict[str, Any]) -> bool:
        """Whether a call is for the sandbox itself: its host is no API's, and one that the control API answers at."""
        if scope["method"] not in ("GET", "HEAD") and scope["path"] in _HOME:
            return False
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").lower()
        name = host.partition(b":")[0]
        if not name or name in self._hosts or name.endswith(b".localhost"):
            return False
        return self._access is None or self._access.owns(host.decode("latin-1"), scope)

    def _route(self, path: str) -> Route | None:
        """Where a path leads; None is the control API. What is asked of a world again and again is one string."""
        return self._known_route(path) if len(path) <= MAX_NAME else self._find_route(path)

    def _find_route(self, path: str) -> Route | None:
        if path.startswith(_CONTROL_PREFIXES):
            return None
        if not path.startswith("/w/"):
            scheme, below, is_named = self._scheme_of(path)
            whole = path if is_named and self._is_claimable(scheme, path, below) else None
            is_page = path in _HOME or path.startswith(_CONSOLE)
            return Route(scheme, None, below, scheme.documents.get(below), is_named, whole, is_page)
        world, slash, rest = path[3:].partition("/")
        scheme, below, is_named = self._scheme_of(slash + rest)
        whole = slash + rest if is_named and self._is_claimable(scheme, slash + rest, below) else None
        return Route(scheme, world, below or "/", None, is_named, whole)

    def _is_claimable(self, scheme: AnyScheme, path: str, below: str) -> bool:
        """Whether a path that a scheme does not know may be another's, whose API begins alike at its real host."""
        is_known = path.startswith(f"{scheme.prefix}/") and below in scheme.words.endpoints
        return not is_known and any(path.startswith(f"{shared}/") for shared in self._shared)

    def _scheme_of(self, path: str) -> tuple[AnyScheme, str, bool]:
        """The scheme whose root or prefix a path has, and the rest; else the first, and all of it."""
        if path.startswith("//"):  # what is below says so, and its scheme whether that counts
            merged, below, is_named = self._scheme_of("/" + path.lstrip("/"))
            return (merged, f"{below.rstrip('/')}/", True) if is_named else (merged, path, False)
        end = path.find("/", 1)
        if self._roots and end > 0 and (further := self._roots.get("/".join(path.split("/", 3)[:3]))):
            return further, path, True
        scheme = self._schemes.get(path[:end]) if end > 0 else None
        if scheme is None:
            return self._worlds.schemes[0], path, False
        below = path[end + 1 :]
        if below.startswith("/") and scheme is self._worlds.schemes[0]:  # as above
            below = f"{below.strip('/')}/"
        return scheme, below, True

    def _serve_pages(self, route: Route, scope: dict[str, Any], body: bytes) -> tuple[World, Reply]:
        """The same as _serve for pages in a browser too: what they ask before a call is no call."""
        headers = scope["headers"]
        origin = self._cors.origin(headers) if self._cors else None
        if self._cors and origin and (preflight := self._cors.preflight(scope["method"], headers, origin)):
            return self._worlds.default, preflight
        world, reply = self._serve(route, scope, body)
        return world, self._let_read(scope, reply)

    def _let_read(self, scope: dict[str, Any], reply: Reply) -> Reply:
        origin = self._cors.origin(scope["headers"]) if self._cors else None
        return self._cors.let_read(reply, origin) if self._cors and origin else reply

    def _serve(self, route: Route, scope: dict[str, Any], body: bytes) -> tuple[World, Reply]:
        """The reply to a call of a scheme, and its world: by path, by host name, else as the scheme says."""
        scheme, name, below, _, is_named, whole, _ = route
        credentials = _credentials(scope["headers"])
        if credentials is None:
            return self._worlds.default, nginx_page(400)
        token, host, forwarded, scenario = credentials
        if not is_named:
            scheme = self._hosts.get(host.lower().partition(b":")[0], scheme)
        elif whole is not None and (other := self._hosts.get(host.lower().partition(b":")[0])) and other is not scheme:
            scheme, below = other, whole
        client = forwarded or (scope["client"][0] if scope.get("client") else "")
        headers = _named(scope, scheme.headers) if scheme.headers else ()
        if scheme.reads_host and (name_of := host.lower().partition(b":")[0]) in self._hosts:
            headers = (*headers, (b"host", name_of))
        call = Call(below, scope["method"], token, body, client, scenario, headers, scope["query_string"])
        if name is not None:
            world = self._worlds.by_name.get(name)
        elif b".localhost" in host:
            world = self._worlds.by_name.get(host.partition(b".localhost")[0].decode("latin-1"))
        else:
            world = scheme.world_of(self._worlds, call)
        if world is None:
            return self._worlds.default, scheme.unknown_world
        return world, scheme.serve(world, world.state(scheme), call)


@lru_cache(maxsize=1024)
def _head(content_type: bytes, length: int, at_s: int) -> bytes:
    """The header lines of a reply that nothing befalls on the wire."""
    return b"".join(b"%b: %b\r\n" % header for header in head(content_type, length, at_s))


def _scale_delays(world: World, reply: Reply) -> Reply:
    """In a world whose time is scaled, waits on the wire are as much shorter."""
    if world.clock.mode is not Mode.SCALED:
        return reply
    rate = world.clock.rate
    return reply._replace(
        delay_ms=round(reply.delay_ms / rate), chunk_interval_ms=round(reply.chunk_interval_ms / rate)
    )


def _credentials(headers: list[tuple[bytes, bytes]]) -> tuple[str, bytes, str, str] | None:
    """The bearer token, or "", the host, whom a proxy (or a test that plays one) asks for, the scenario asked for.

    None where the head has two hosts or two authorizations, which nginx refuses.
    """
    authorization, host, forwarded, scenario = None, None, "", ""
    for key, value in headers:
        if key == b"authorization":
            if authorization is not None:
                return None
            authorization = value
        elif key == b"host":
            if host is not None:
                return None
            host = value
        elif key == b"x-forwarded-for" and not forwarded:
            forwarded = value[:MAX_NAME].decode("latin-1").partition(",")[0].strip()
        elif key == b"x-sandbox-scenario":
            scenario = value[:MAX_NAME].decode("latin-1")
    if authorization is None or not authorization.startswith(b"Bearer "):
        return "", host or b"", forwarded, scenario
    return _token(authorization[: 7 + MAX_TOKEN]), host or b"", forwarded, scenario


def _named(scope: Any, names: frozenset[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that a scheme reads. A call over TLS is given x-forwarded-proto, where no proxy has set it."""
    headers = tuple((name, value[:MAX_TOKEN]) for name, value in scope["headers"] if name in names)
    if FORWARDED_PROTO not in names or scope.get("scheme") != "https" or FORWARDED_PROTO in dict(headers):
        return headers
    return (*headers, (FORWARDED_PROTO, b"https"))


@lru_cache(maxsize=4096)
def _token(authorization: bytes) -> str:
    """The same string for the same token, so that a journal holds it once."""
    return authorization[7:].decode("latin-1")


async def _body(receive: Any, limit: int, message: Any) -> bytes | None:
    """The body, at most one byte more than limit is kept; None where the client left before its end."""
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        return whole if len(whole) <= limit else whole[: limit + 1]
    body = bytearray(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= limit:
            body.extend(message.get("body", b""))
    return bytes(memoryview(body)[: limit + 1])


def _dated(send: Any, now_ms: int) -> Any:
    """The same send, with the wall's Date in the head: the control API stands beside the worlds, not in them."""

    async def dated(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [(b"date", http_date(now_ms // 1000)), *message["headers"]]}
        await send(message)

    return dated


async def _guarded(worlds: Worlds, control: Any, scope: Any, receive: Any, send: Any) -> None:
    """The control API behind its limits; what it changes in a world is an action in its journal."""
    most = MAX_SNAPSHOT if scope["path"].endswith("/snapshot") else MAX_CONTROL_BODY
    body = await _body(receive, most, await receive())
    if body is None:
        return
    if len(body) > most:
        refused = problems.reply(TOO_LARGE, f"the body is larger than {most} bytes", scope["path"])
        await refused(scope, receive, send)
        return
    if name := repeated(scope["headers"]):
        refused = problems.reply(REPEATED_HEADER, f"read {name} twice, expected it once", scope["path"])
        await refused(scope, receive, send)
        return
    if not scope["query_string"].isascii():
        refused = problems.reply(INVALID, "the query is not ASCII: escape it with %", scope["path"])
        await refused(scope, receive, send)
        return
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return pending.pop() if pending else await receive()

    keep = worlds.keep
    if keep is None:
        await control(scope, replay, _recording(worlds, scope, body, send))
        return
    keep.changing(1)
    try:
        await control(scope, replay, _recording(worlds, scope, body, _keeping(worlds, keep, scope, body, send)))
    finally:
        keep.changing(-1)


def _keeping(worlds: Worlds, keep: Keeping, scope: Any, body: bytes, send: Any) -> Any:
    """The same send, which lets a change that came off be kept before it is answered."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].endswith(_NOT_KEPT):
        return send
    named = _WORLD.fullmatch(scope["path"])
    world = worlds.by_name.get(named[1]) if named else None
    at_ms = (worlds.default if world is None else world).clock.now_ms()
    query = scope["query_string"].decode("latin-1")
    path = f"{scope['path']}?{query}" if query else scope["path"]

    async def kept(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] < 300:
            keep.action(world, at_ms, scope["method"], path, body)
        await send(message)

    return kept


def _recording(worlds: Worlds, scope: Any, body: bytes, send: Any) -> Any:
    """The same send, which writes an act down when it has come off; its moment is the one before it."""
    named = _WORLD.fullmatch(scope["path"])
    world = worlds.by_name.get(named[1]) if named and scope["method"] not in ("GET", "HEAD", "OPTIONS") else None
    below = named[2] if named else None
    if world is None or (below in _NOT_JOURNALED and (below is not None or scope["method"] != "PATCH")):
        return send
    world.journal.begin()
    journal, at_ms = world.journal, world.clock.now_ms()
    query = scope["query_string"].decode("latin-1")
    path = f"{below or ''}?{query}" if query else below or ""

    async def record(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] < 300:
            journal.act(at_ms, scope["method"], path, body)
        await send(message)

    return record
