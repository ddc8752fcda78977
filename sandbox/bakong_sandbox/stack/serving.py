"""Serving an ASGI app on a port with uvicorn, uvloop and httptools."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any, ClassVar

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bakong_contracts.addresses import host_and_port
from bakong_sandbox.stack.errors import SetupError

GRACE_S, LOOK_S = 5, 0.005
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  a name, bound nowhere
NO_HTTP = "Invalid HTTP request received."


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, with the transport in the scope's state, so that faults can break the connection itself.

    A client may offer another protocol with its request, as Java's offers HTTP/2 to every http:// address: the offer is
    passed over and the request answered. uvicorn and httptools lose its body.
    waiting: the transports whose answers wait, as a script lets them.
    """

    waiting: ClassVar[set[Any]] = set()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self.client is not None:  # of a socket that listens on both, IPv4 comes as an address inside IPv6
            self.client = self.client[0].removeprefix("::ffff:"), self.client[1]
        self.app_state = {**self.app_state, "transport": transport, "waiting": self.waiting}

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._pass_over(offer, memoryview(data))
        except httptools.HttpParserError:
            self.send_400_response(NO_HTTP)

    def _should_upgrade(self) -> bool:
        """Whether the request that the parser ends after its head is held back: all are, to be read once more."""
        return True

    def _pass_over(self, offer: httptools.HttpParserUpgrade, data: memoryview) -> None:
        """Read the request again without its offer, and all that follows. Raises HttpParserError."""
        offered: httptools.HttpParserUpgrade | None = offer
        while offered is not None:
            if self.scope["method"] == "CONNECT":
                raise httptools.HttpParserError("a tunnel")
            data = data[offered.args[0] :]
            offered = None
            self.parser.feed_data(self._head_without_offer())
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as another:
                offered = another

    def _head_without_offer(self) -> bytes:
        line = b"%b %b HTTP/%b" % (self.scope["method"].encode(), self.url, self.parser.get_http_version().encode())
        kept = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([line, *kept, b"\r\n"])


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket; port 0 takes any free one. `::` listens on IPv4 too.

    Raises SetupError for a port that cannot be bound.
    """
    with ExitStack() as failing:
        try:
            opened = failing.enter_context(_bound(port, host.removeprefix("[").removesuffix("]")))
            opened.listen(2048)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SetupError(f"cannot bind port {port} on {host}: {reason}") from None
        opened.setblocking(False)  # noqa: FBT003  the socket module's own signature
        failing.pop_all()
    return opened


def _bound(port: int, host: str) -> socket.socket:
    """A socket of the host's family, bound. Raises OSError, OverflowError, UnicodeError."""
    rows = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(rows, key=lambda row: row[0] != socket.AF_INET)
    # asyncio switches Nagle's algorithm off only where the protocol is named; else each answer waits 40 ms for an ACK.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        opened.bind(address)
    except BaseException:
        opened.close()
        raise
    return opened


def free_port() -> int:
    """A port that nobody listens on, for a program that is told its port."""
    with listen(0) as opened:
        port: int = opened.getsockname()[1]
        return port


def url_of(opened: socket.socket, scheme: str = "http") -> str:
    """Where this machine reaches a socket; for one that listens at every address, at the loopback."""
    host, port = opened.getsockname()[:2]
    return f"{scheme}://{host_and_port(_LOOPBACK.get(host, host), port)}"


class _Server(uvicorn.Server):
    """A server that leaves the signals to who started it, says when it answers, and ends as soon as it can.

    uvicorn's own looks every 0.1 s whether it should end, then waits for 0.1 s, then looks every 0.1 s whether it has.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()
        self.ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    async def main_loop(self) -> None:
        while not self.ending.is_set():
            await self.on_tick(0)  # the Date of the answers
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for opened in sockets or []:
            opened.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        quiet = asyncio.create_task(self._quiet())
        await asyncio.wait([quiet], timeout=GRACE_S)
        quiet.cancel()
        for task in self.server_state.tasks:
            task.cancel()

    async def _quiet(self) -> None:
        """Until no connection is open and no request is under way."""
        looks = asyncio.Event()
        while self.server_state.connections or self.server_state.tasks:
            asyncio.get_running_loop().call_later(LOOK_S, looks.set)
            await looks.wait()
            looks.clear()

    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def serve(
    app: Any,
    opened: socket.socket,
    tls: ssl.SSLContext | None = None,
    *,
    http: type[Protocol] = Protocol,
    dates: bool = True,
) -> AsyncIterator[None]:
    """Serve the app on an open socket while the context lasts; then finish what is under way, for at most 5 s.

    Answers that only wait, as scripts let them, are not waited for. dates: each answer gets the wall's Date; an app
    that has a clock of its own wants none.
    """
    waiting: set[Any] = set()
    config = uvicorn.Config(
        app,
        http=type("WaitingProtocol", (http,), {"waiting": waiting}),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=dates,
        proxy_headers=False,  # an app that stands behind a proxy says itself whom it trusts
        timeout_keep_alive=75,
    )
    config.load()
    config.ssl = tls
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[opened]))
    await server.answers.wait()
    try:
        yield
    finally:
        for transport in list(waiting):
            transport.abort()
        server.ending.set()
        await running
