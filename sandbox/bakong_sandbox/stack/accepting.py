"""Accepting connections: within bounds, TLS handshakes with a deadline, and through a lack of descriptors. No HTTP."""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bakong_sandbox.stack.connections import Bounds, Connections

AT_ONCE = 64  # accepted in one turn of the loop
PAUSE_S = 0.2  # after a lack of descriptors or memory
WARN_EVERY_S = 60.0
_LACKS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_log = logging.getLogger("bakong_sandbox.connections")


class Acceptor:
    """Accepts what comes to a listening socket, from start to stop.

    make: the protocol of a connection, which calls its on_end once it has been made and is lost. refusal: what a
    connection without TLS is sent where there are enough of them, before it is closed.
    """

    def __init__(
        self,
        opened: socket.socket,
        make: Callable[[], Any],
        connections: Connections,
        bounds: Bounds,
        *,
        tls: ssl.SSLContext | None,
        refusal: Callable[[], bytes],
    ) -> None:
        self._opened = opened
        self._make = make
        self._connections = connections
        timeouts = {"ssl_handshake_timeout": bounds.read_s, "ssl_shutdown_timeout": bounds.linger_s}
        self._tls: dict[str, Any] = {"ssl": tls, **timeouts} if tls else {}
        self._refusal = refusal
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._resuming: asyncio.TimerHandle | None = None
        self._warned_at = float("-inf")

    def start(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._opened, self._accept)

    def stop(self) -> None:
        """Accept no more, and leave the handshakes that are under way."""
        if self._resuming is not None:
            self._resuming.cancel()
        self._loop.remove_reader(self._opened)
        for task in self._opening:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, address = self._opened.accept()
            except OSError as error:
                if error.errno in _LACKS:
                    self._pause(error)
                return  # nobody is there any more
            if end := self._connections.admit(address[0].removeprefix("::ffff:")):
                task = self._loop.create_task(self._open(connection, end))
                self._opening.add(task)
                task.add_done_callback(self._opening.discard)
            else:
                self._refuse(connection, address[0])

    def _pause(self, error: OSError) -> None:
        self._warn("cannot accept connections: %s; trying again", error.strerror)
        self._loop.remove_reader(self._opened)
        self._resuming = self._loop.call_later(PAUSE_S, self.start)

    def _refuse(self, connection: socket.socket, address: str) -> None:
        most, each = self._connections.most, self._connections.most_per_address
        self._warn("refused a connection from %s: at most %d are open, %d from one address", address, most, each)
        connection.setblocking(False)  # noqa: FBT003  the socket module's own signature
        with connection, suppress(OSError):
            connection.send(b"" if self._tls else self._refusal())
            connection.shutdown(socket.SHUT_WR)

    async def _open(self, connection: socket.socket, end: Callable[[], None]) -> None:
        connection.setblocking(False)  # noqa: FBT003  the socket module's own signature
        protocol = self._make()
        protocol.on_end = end
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, connection, **self._tls)
        except OSError:  # a handshake that failed, or took too long
            pass
        finally:
            if protocol.transport is None:
                end()

    def _warn(self, message: str, *given: object) -> None:
        """Log it, unless something was logged a moment ago."""
        if self._loop.time() - self._warned_at >= WARN_EVERY_S:
            self._warned_at = self._loop.time()
            _log.warning(message, *given)
