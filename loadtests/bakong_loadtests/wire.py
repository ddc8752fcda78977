"""One HTTP/1.1 connection that sends prepared bytes and says when each answer came.

A general client spends long on each request: here a burst leaves in one turn of the loop, so the server meets it as
truly concurrent, and what is known of the moment of its decision is sharp.
"""

import asyncio
import ssl
from collections import deque
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

from bakong_contracts.trust import ssl_context
from bakong_loadtests.clock import monotonic_ns
from bakong_loadtests.errors import LoadError

_BROKEN = 0


class TimedAnswer(NamedTuple):
    """What came back, and when. status 0: nothing did, and received_ns is None."""

    sent_ns: int
    received_ns: int | None
    status: int
    headers: dict[str, str]


class Connection(asyncio.Protocol):
    """A connection that asks one thing at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[asyncio.Future[tuple[int, dict[str, str]]]] = deque()
        self._begin()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes, timeout_s: float) -> TimedAnswer:
        """The answer to the request; status 0 where the connection breaks or the time is up."""
        future: asyncio.Future[tuple[int, dict[str, str]]] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        sent_ns = monotonic_ns()
        if self._transport:
            self._transport.write(request)
        try:
            async with asyncio.timeout(timeout_s):
                received_ns, headers = await future
        except (OSError, TimeoutError):
            self.close()
            return TimedAnswer(sent_ns, None, _BROKEN, {})
        return TimedAnswer(sent_ns, received_ns, self._status, headers)

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(exc if isinstance(exc, OSError) else ConnectionResetError("closed"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_message_complete(self) -> None:
        received_ns = monotonic_ns()
        self._status = self._parser.get_status_code()
        if not self._parser.should_keep_alive() and self._transport:
            self._transport.close()
        if self._waiting and not (future := self._waiting.popleft()).done():
            future.set_result((received_ns, self._headers))
        self._begin()

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._parser = HttpResponseParser(self)


async def connect(url: str, source: str | None = None, trust: ssl.SSLContext | None = None) -> Connection:
    """A connection to the URL's host, from the source address where one is given. Raises LoadError.

    trust: whose certificates count; by default the public authorities'.
    """
    parts = urlsplit(url)
    secure = (trust or ssl_context()) if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    local = (source, 0) if source else None
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, parts.hostname or "", port, ssl=secure, local_addr=local
        )
    except OSError as error:
        raise LoadError(f"{url} cannot be reached: {error.strerror or error}") from None
    return connection


def request_bytes(method: str, url: str, headers: dict[str, str]) -> bytes:
    """The bytes of a request without a body."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
