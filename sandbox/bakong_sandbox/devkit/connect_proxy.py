"""An HTTP proxy that leads the real providers' host names to the sandbox, for clients that have a proxy setting.

A tunnel leads to the sandbox's TLS port where the client begins with TLS, else to its plain port: some clients speak
plain HTTP to port 443 of a proxy's tunnel. No other host is reached through it, unless it is told to pass them on.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_HEAD = 16 * 1024
HEAD_WAIT_S = 30
CHUNK = 64 * 1024
TLS_HANDSHAKE = b"\x16"  # RFC 8446: the type of the first record that a client sends
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int


class Targets(NamedTuple):
    """Where the names lead. tls: None where the sandbox has no TLS port. passes_others: to where they are."""

    hosts: Collection[str]
    plain: Address
    tls: Address | None = None
    passes_others: bool = False


class RefusedError(Exception):
    """A request that the proxy does not pass on: the status line's end, and a sentence for the client."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.answer = (
            f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(message) + 1}\r\n"
            f"connection: close\r\n\r\n{message}\n"
        ).encode("ascii", "replace")


def address_of(url: str) -> Address:
    """Raises ValueError for what is no URL with a host."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"read {url!r}, expected a URL such as http://127.0.0.1:8600")
    return Address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


@contextlib.asynccontextmanager
async def proxying(opened: socket.socket, targets: Targets) -> AsyncIterator[None]:
    """Serve on a listening socket, while the context lasts."""
    async with _accepting(opened, lambda reader, writer: _serve(reader, writer, targets)):
        yield


@contextlib.asynccontextmanager
async def relaying(opened: socket.socket, to: Address, context: ssl.SSLContext | None) -> AsyncIterator[None]:
    """Bring what comes to a listening socket to an address, while the context lasts; out of TLS where there is one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection(*to)
        try:
            await asyncio.gather(_pipe(reader, to_writer), _pipe(to_reader, writer))
        finally:
            to_writer.close()

    async with _accepting(opened, serve, context):
        yield


@contextlib.asynccontextmanager
async def _accepting(opened: socket.socket, serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    under_way: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  asyncio runs this in a task
        under_way.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            under_way.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, sock=opened, limit=MAX_HEAD, ssl=context)
    try:
        yield
    finally:
        server.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, targets: Targets) -> None:
    try:
        first = await _head(reader)
        is_tunnel, other = _wanted(first, targets)
        target = other or targets.plain
        if is_tunnel:
            writer.write(ESTABLISHED)
            first = await reader.read(CHUNK)
            target = other or _spoken_to(first, targets)
        to_reader, to_writer = await _connect(target)
    except RefusedError as refused:
        writer.write(refused.answer)
        await writer.drain()
        return
    try:
        to_writer.write(first)
        await asyncio.gather(_pipe(reader, to_writer), _pipe(to_reader, writer))
    finally:
        to_writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(HEAD_WAIT_S):
            return await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise RefusedError("400 Bad Request", f"expected the head of a request, {MAX_HEAD} bytes at most") from None


def _wanted(head: bytes, targets: Targets) -> tuple[bool, Address | None]:
    """Whether a request asks for a tunnel (CONNECT), else for a page; and of whom, where it is not the sandbox.

    Raises RefusedError for another host that is not to be passed on.
    """
    line = head.partition(b"\r\n")[0].decode("latin-1")
    method, _, rest = line.partition(" ")
    is_tunnel = method == "CONNECT"
    named = rest.partition(" ")[0]
    try:
        parts = urlsplit(f"//{named}" if is_tunnel else named)
        host, port = (parts.hostname or "").lower(), parts.port or (443 if is_tunnel else 80)
    except ValueError:
        host, port = "", 0
    if host in targets.hosts:
        return is_tunnel, None
    if targets.passes_others and host:
        return is_tunnel, Address(host, port)
    known = ", ".join(sorted(targets.hosts))
    raise RefusedError("403 Forbidden", f"read the host {host!r}; this proxy leads to the sandbox alone: {known}")


def _spoken_to(first: bytes, targets: Targets) -> Address:
    """Where a tunnel leads, by the first bytes that the client sends through it. Raises RefusedError."""
    if first[:1] != TLS_HANDSHAKE:
        return targets.plain
    if targets.tls is None:
        raise RefusedError("502 Bad Gateway", "the client wants TLS: start the sandbox with --tls-port, give --tls-url")
    return targets.tls


async def _connect(target: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(*target)
    except OSError as error:
        raise RefusedError("502 Bad Gateway", f"nothing answers at {target.host}:{target.port}: {error}") from None


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends, and the end."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:  # TLS has no half of a connection; who reads to the end would wait for ever
            writer.close()
