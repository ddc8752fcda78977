"""The ASGI app of the simulator: the schemes' hot path before FastAPI's control API. Routes; decides nothing.

A call finds its scheme by the first segment of its path, and its world by path prefix (/w/<world>/v1/...), by host name
(<world>.localhost), or by its token; else it is the default world's.
"""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple

from bakong_contracts.headers import repeated
from bakong_contracts.service_api import INVALID, REPEATED_HEADER, TOO_LARGE
from bakong_simulator.control import build as build_control
from bakong_simulator.control import problems
from bakong_simulator.control.access import Access
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.cors import Cors
from bakong_simulator.wire.reply import Reply, nginx_page
from bakong_simulator.wire.send import head, http_date, send_reply
from bakong_simulator.wire.webhook_sender import WebhookSender

MAX_CONTROL_BODY = 4 * 1024 * 1024
MAX_SNAPSHOT = 64 * 1024 * 1024
MAX_TOKEN, MAX_NAME = 1024, 200  # of what a journal keeps of the head; a token of Bakong's has 172 characters
_CONTROL_PREFIXES = ("/sandbox", "/metrics")  # what no scheme's host has
_PLAIN = Reply(0, b"")[4:]
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Answer = tuple[int, bytes, bytes]  # status, header lines, body
_WORLD = re.compile(r"/sandbox/worlds/([^/]+)(/.*)?")
_NOT_JOURNALED = ("/journal/verify", "/snapshot", None)


def build(worlds: Worlds, access: Access | None = None, cors: Cors | None = None) -> "Simulator":
    """The whole simulator over these worlds, as one ASGI app.

    access: who may use the control API, where it is served on a port. cors: whose pages may call the schemes.
    """
    return Simulator(worlds, access, cors)


class Route(NamedTuple):
    """Where a path leads: to a scheme, in the world of that name, and what is asked there; or to a document of it."""

    scheme: AnyScheme
    world: str | None
    below: str
    document: Callable[[str], Reply] | None


class Simulator:
    """The ASGI app; and for a server that has a call whole, `answer`, which needs no task."""

    def __init__(self, worlds: Worlds, access: Access | None, cors: Cors | None) -> None:
        self._access = access
        self._cors = cors
        self._reply = self._serve if cors is None else self._serve_pages
        worlds.baseline = snapshots.document
        worlds.send = WebhookSender()
        self._worlds = worlds
        self._schemes = {scheme.prefix: scheme for scheme in worlds.schemes}
        self._known_route = lru_cache(maxsize=1024)(self._find_route)
        self._control = build_control(worlds)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._control(scope, receive, send)
        elif (route := self._route(scope["path"])) is None:
            send = _dated(send, self._worlds.wall_ms())
            if self._access is not None and (refused := self._access.refusal(scope)):
                await refused(scope, receive, send)
            else:
                await _guarded(self._worlds, self._control, scope, receive, send)
        elif route.document is not None:
            reply = self._let_read(scope, route.document(scope["method"]))
            await send_reply(scope, receive, send, reply, self._worlds.wall_ms())
        else:
            body = await _body(receive, MAX_BODY, await receive())
            if body is not None:
                world, reply = self._reply(route, scope, body)
                await send_reply(scope, receive, send, _scale_delays(world, reply), world.clock.now_ms())

    def answer(self, scope: dict[str, Any], body: bytes) -> Answer | App | None:
        """What a whole call of a scheme is answered with, at once.

        Where something befalls the reply on the wire, an ASGI app that sends it; None for any other call, which the app
        itself answers.
        """
        route = self._route(scope["path"])
        if route is None or route.document is not None:
            return None
        world, reply = self._reply(route, scope, body if len(body) <= MAX_BODY else body[: MAX_BODY + 1])
        now_ms = world.clock.now_ms()
        if reply[4:] == _PLAIN:
            return reply.status, _head(reply.content_type, len(reply.body), now_ms // 1000), reply.body

        async def later(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await send_reply(scope, receive, send, _scale_delays(world, reply), now_ms)

        return later

    def _route(self, path: str) -> Route | None:
        """Where a path leads; None is the control API. What is asked of a world again and again is one string."""
        return self._known_route(path) if len(path) <= MAX_NAME else self._find_route(path)

    def _find_route(self, path: str) -> Route | None:
        if path.startswith(_CONTROL_PREFIXES):
            return None
        if not path.startswith("/w/"):
            scheme, below = self._scheme_of(path)
            return Route(scheme, None, below, scheme.documents.get(below))
        world, slash, rest = path[3:].partition("/")
        scheme, below = self._scheme_of(slash + rest)
        return Route(scheme, world, below or "/", None)

    def _scheme_of(self, path: str) -> tuple[AnyScheme, str]:
        """The scheme whose prefix a path has, and the rest; else the first, and all of it: no endpoint's name."""
        end = path.find("/", 1)
        scheme = self._schemes.get(path[:end]) if end > 0 else None
        return (self._worlds.schemes[0], path) if scheme is None else (scheme, path[end + 1 :])

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
        scheme, name, below, _ = route
        credentials = _credentials(scope["headers"])
        if credentials is None:
            return self._worlds.default, nginx_page(400)
        token, host, forwarded, scenario = credentials
        client = forwarded or (scope["client"][0] if scope.get("client") else "")
        headers = _named(scope["headers"], scheme.headers) if scheme.headers else ()
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


def _named(headers: list[tuple[bytes, bytes]], names: frozenset[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, value[:MAX_TOKEN]) for name, value in headers if name in names)


@lru_cache(maxsize=4096)
def _token(authorization: bytes) -> str:
    """The same string for the same token, so that a journal holds it once."""
    return authorization[7:].decode("latin-1")


async def _body(receive: Any, limit: int, message: Any) -> bytes | None:
    """The body, at most one byte more than limit is kept; None where the client left before its end."""
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= limit:
            body += message.get("body", b"")
    return body if len(body) <= limit else body[: limit + 1]


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

    await control(scope, replay, _recording(worlds, scope, body, send))


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
