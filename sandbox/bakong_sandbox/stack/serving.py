"""Serving an ASGI app on a port with uvicorn, uvloop and httptools."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, nullcontext, suppress
from itertools import cycle, islice
from typing import Any

import uvicorn

from bakong_contracts.addresses import host_and_port
from bakong_sandbox.stack.accepting import Acceptor
from bakong_sandbox.stack.connections import Bounds, Connections
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.http_protocol import Protocol

GRACE_S, LOOK_S = 5, 0.005
_FIRST, _LAST, _EACH = 20_000, 32_000, 120  # most systems connect from 32,768 on
_PORTS = cycle(range(_FIRST + os.getpid() * _EACH % (_LAST - _FIRST), _LAST))
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  a name, bound nowhere


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
    """A port that nobody listens on, for a program that is started later and told its port.

    Not one of those that the system gives to whoever connects, which may be taken by then, as one in a hundred is on a
    busy machine. Each process begins at another place. Raises SetupError where none is free.
    """
    for port in islice(_PORTS, _LAST - _FIRST):
        with suppress(SetupError), listen(port):
            return port
    raise SetupError(f"no port from {_FIRST} to {_LAST} is free")


def url_of(opened: socket.socket, scheme: str = "http") -> str:
    """Where this machine reaches a socket; for one that listens at every address, at the loopback."""
    host, port = opened.getsockname()[:2]
    return f"{scheme}://{host_and_port(_LOOPBACK.get(host, host), port)}"


class _Server(uvicorn.Server):
    """A server that bounds its connections, leaves the signals to who started it, and ends as soon as it can.

    uvicorn's own has the loop accept, which bounds nothing; it looks every 0.1 s whether it should end, then waits for
    0.1 s, then looks every 0.1 s whether it has.
    """

    def __init__(self, config: uvicorn.Config, http: type[Protocol], connections: Connections) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()
        self.ending = asyncio.Event()
        self._http = http
        self._connections = connections
        self._acceptors: list[Acceptor] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._acceptors = [
            Acceptor(
                opened,
                self._protocol,
                self._connections,
                self._http.bounds,
                tls=self.config.ssl,
                refusal=self._http.busy,
            )
            for opened in sockets or []
        ]
        for acceptor in self._acceptors:
            acceptor.start()
        self.started = True
        self.answers.set()

    def _protocol(self) -> Protocol:
        return self._http(self.config, self.server_state, {})

    async def main_loop(self) -> None:
        """Keep the connections to their deadlines."""
        loop = asyncio.get_running_loop()
        while not self.ending.is_set():
            await self.on_tick(0)  # the Date of the answers
            for connection in list(self.server_state.connections):
                connection.check(loop.time())  # type: ignore[union-attr]  # all of them are _protocol's
            with suppress(TimeoutError):
                async with asyncio.timeout(self._http.bounds.sweep_s):
                    await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for acceptor in self._acceptors:
            acceptor.stop()
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
    bounds: Bounds | None = None,
    connections: Connections | None = None,
) -> AsyncIterator[None]:
    """Serve the app on an open socket while the context lasts; then finish what is under way, for at most 5 s.

    Answers that only wait, as scripts let them, are not waited for. dates: each answer gets the wall's Date; an app
    that has a clock of its own wants none. connections: those of the process, where it has several ports.
    """
    waiting: set[Any] = set()
    bounds = bounds or http.bounds
    bounded = type("ServedProtocol", (http,), {"waiting": waiting, "bounds": bounds})
    config = uvicorn.Config(
        app,
        http=bounded,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=dates,
        proxy_headers=False,  # an app that stands behind a proxy says itself whom it trusts
    )
    config.load()
    config.ssl = tls
    server = _Server(config, bounded, connections or Connections(bounds))
    running = asyncio.create_task(server.serve(sockets=[opened]))
    await server.answers.wait()
    try:
        yield
    finally:
        for transport in list(waiting):
            transport.abort()
        server.ending.set()
        await running
