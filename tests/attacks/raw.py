"""Attacks on an HTTP server, byte by byte: each takes a host and a port, and returns what it observed. Asserts nothing.

Common keywords: tls, a context, for a port that speaks it; source, the address of this machine to come from;
patience_s, how long the server has before the attack gives up.
"""

import asyncio
import ssl
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

LOOKS = 2**16


class Seen(NamedTuple):
    """What a connection brought: everything that was read, how it ended, and after how many seconds.

    end: "closed", "reset", or "open" where it had not ended when the patience had. sent: bytes that the server took.
    """

    answer: bytes
    end: str
    after_s: float
    sent: int = 0

    @property
    def statuses(self) -> list[int]:
        """Of every answer in it."""
        lines = [b"HTTP/1." + rest for rest in self.answer.split(b"HTTP/1.")[1:]]
        return [int(line.split(b" ", 2)[1]) for line in lines]


async def connected(
    host: str, port: int, *, tls: ssl.SSLContext | None = None, source: str | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    local = (source, 0) if source else None
    name = "localhost" if tls else None
    return await asyncio.open_connection(host, port, ssl=tls, server_hostname=name, local_addr=local)


async def send(host: str, port: int, *pieces: bytes, patience_s: float = 10, eof: bool = False, **how: Any) -> Seen:
    """Send the pieces, one after the other, and read until the server ends the connection. eof: say that it is all."""
    begun_s = _now_s()
    try:
        reader, writer = await connected(host, port, **how)
    except OSError:
        return Seen(b"", "reset", _now_s() - begun_s)
    try:
        with suppress(OSError):
            for piece in pieces:
                writer.write(piece)
            if eof:
                writer.write_eof()
        return await _until_the_end(reader, begun_s, patience_s)
    finally:
        writer.transport.abort()


async def drip(
    host: str, port: int, start: bytes, piece: bytes, *, every_s: float, patience_s: float = 30, **how: Any
) -> Seen:
    """Send the start, then a piece from time to time, for as long as the server lets it."""
    begun_s = _now_s()
    reader, writer = await connected(host, port, **how)
    reading = asyncio.create_task(_until_the_end(reader, begun_s, patience_s))
    sent = len(start)
    try:
        writer.write(start)
        while not (await asyncio.wait([reading], timeout=every_s))[0]:
            with suppress(OSError):
                writer.write(piece)
                sent += len(piece)
        return (await reading)._replace(sent=sent)
    finally:
        writer.transport.abort()


async def pour(
    host: str, port: int, start: bytes, piece: bytes, *, most: int, patience_s: float = 30, **how: Any
) -> Seen:
    """Send the start, then the piece again and again as fast as the server takes it, up to so many bytes."""
    begun_s = _now_s()
    reader, writer = await connected(host, port, **how)
    reading = asyncio.create_task(_until_the_end(reader, begun_s, patience_s))
    sent = 0
    try:
        with suppress(OSError):
            writer.write(start)
            while sent < most and not reading.done():
                writer.write(piece)
                drained = asyncio.create_task(writer.drain())
                await asyncio.wait([drained, reading], return_when=FIRST_COMPLETED)
                drained.cancel()
                await asyncio.gather(drained, return_exceptions=True)
                sent += len(piece)
        return (await reading)._replace(sent=sent)
    finally:
        writer.transport.abort()


class _Mute(asyncio.Protocol):
    """A client's side that reads nothing, and knows whether it may write."""

    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()
        self.may_write = asyncio.Event()
        self.may_write.set()

    def connection_made(self, transport: Any) -> None:
        transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result("closed" if exc is None else "reset")

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()


async def never_read(
    host: str, port: int, request: bytes, *, patience_s: float = 30, tls: ssl.SSLContext | None = None
) -> Seen:
    """Ask again and again, for as long as the server takes it, and read no answer."""
    loop, begun_s = asyncio.get_running_loop(), _now_s()
    name = "localhost" if tls else None
    transport, mute = await loop.create_connection(_Mute, host, port, ssl=tls, server_hostname=name)
    sent = 0
    try:
        async with asyncio.timeout(patience_s):
            while not mute.lost.done():
                transport.write(request * 20)
                sent += len(request) * 20
                may_write = asyncio.create_task(mute.may_write.wait())
                await asyncio.wait([may_write, mute.lost], return_when=FIRST_COMPLETED)
                may_write.cancel()
        return Seen(b"", mute.lost.result(), _now_s() - begun_s, sent)
    except TimeoutError:
        return Seen(b"", "open", _now_s() - begun_s, sent)
    finally:
        transport.abort()


async def half_a_handshake(host: str, port: int, *, patience_s: float = 30) -> Seen:
    """Begin TLS with the first bytes of a ClientHello, and go no further."""
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
            ssl.MemoryBIO(), hello, server_hostname="localhost"
        ).do_handshake()
    return await send(host, port, hello.read()[:100], patience_s=patience_s)


class Crowd:
    """Many connections at once, each of which has sent the same bytes."""

    def __init__(self, members: Sequence[tuple[asyncio.StreamReader, asyncio.StreamWriter]], refused: int) -> None:
        self.members = members
        self.refused = refused  # could not even be made

    async def ends(self, patience_s: float) -> list[Seen]:
        """How each ends, where it does within the patience of them all together."""
        begun_s = _now_s()
        return await asyncio.gather(*(_until_the_end(reader, begun_s, patience_s) for reader, _ in self.members))


@asynccontextmanager
async def crowd(host: str, port: int, count: int, sends: bytes = b"", **how: Any) -> AsyncIterator[Crowd]:
    """So many connections, while the context lasts."""
    members = []
    for begin in range(0, count, 100):
        batch = (connected(host, port, **how) for _ in range(min(100, count - begin)))
        made = await asyncio.gather(*batch, return_exceptions=True)
        members += [one for one in made if not isinstance(one, BaseException)]
    for _, writer in members:
        with suppress(OSError):
            writer.write(sends)
    try:
        yield Crowd(members, count - len(members))
    finally:
        for _, writer in members:
            writer.transport.abort()


async def _until_the_end(reader: asyncio.StreamReader, begun_s: float, patience_s: float) -> Seen:
    read, end = bytearray(), "open"
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            try:
                while more := await reader.read(LOOKS):
                    read += more
                end = "closed"
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise
                end = "reset"
    return Seen(bytes(read), end, _now_s() - begun_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with a Host; headers as "Name: value"."""
    return "".join(f"{text}\r\n" for text in (line, "Host: localhost", *headers, "")).encode("latin-1") + body


# Offers of another protocol: the version, and the headers. Each is passed over, and the request answered.
UPGRADES = {
    "close and an unknown one": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade: x")),
    "close first": ("HTTP/1.1", ("Connection: close, Upgrade", "Upgrade: x")),
    "close in a line of its own": ("HTTP/1.1", ("Connection: close", "Connection: Upgrade", "Upgrade: x")),
    "an unknown one": ("HTTP/1.1", ("Connection: Upgrade", "Upgrade: x")),
    "HTTP/1.0": ("HTTP/1.0", ("Connection: Upgrade", "Upgrade: x")),
    "HTTP/1.0 that stays": ("HTTP/1.0", ("Connection: Upgrade, keep-alive", "Upgrade: x")),
    "HTTP/1.0 with close": ("HTTP/1.0", ("Connection: Upgrade, close", "Upgrade: websocket")),
    "a web socket": ("HTTP/1.1", ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")),
    "a web socket and close": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade: websocket")),
    "HTTP/2": ("HTTP/1.1", ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")),
    "HTTP/2 and close": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade: h2c")),
    "no name": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade:")),
    "two names": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade: x", "Upgrade: y")),
    "an offer that no Connection names": ("HTTP/1.1", ("Connection: close", "Upgrade: x")),
    "a proxy's word": ("HTTP/1.1", ("Proxy-Connection: Upgrade, close", "Upgrade: x")),
    "100-continue": ("HTTP/1.1", ("Connection: Upgrade, close", "Upgrade: x", "Expect: 100-continue")),
}
BODIES = {
    "no body": (),
    "a body": ("Content-Length: 2",),
    "chunks": ("Transfer-Encoding: chunked",),
}
_SENT = {"no body": b"", "a body": b"{}", "chunks": b"2\r\n{}\r\n0\r\n\r\n"}


def upgrade(offer: str, body: str, method: str, path: str) -> bytes:
    """A request that offers another protocol: keys of UPGRADES and BODIES."""
    version, headers = UPGRADES[offer]
    has_body = body != "chunks" or version == "HTTP/1.1"
    return request(
        f"{method} {path} {version}",
        *headers,
        *(BODIES[body] if has_body else ()),
        body=_SENT[body] if has_body else b"",
    )


# Bytes after `METHOD PATH` that no server may take for a request, or of which two could read two different requests.
_HEAD = b" HTTP/1.1\r\nHost: x\r\n"
_CHUNKS = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "length and chunks": _HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": _HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": _HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "the same length twice": _HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": _HEAD + b"Content-Length: 1, 1\r\n\r\na",
    "a length with a sign": _HEAD + b"Content-Length: +1\r\n\r\na",
    "a negative length": _HEAD + b"Content-Length: -1\r\n\r\na",
    "a length in hex": _HEAD + b"Content-Length: 0x1\r\n\r\na",
    "a length that overflows": _HEAD + b"Content-Length: 18446744073709551616\r\n\r\na",
    "an unknown coding": _HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity": _HEAD + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "gzip": _HEAD + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "gzip, chunked": _HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": _HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": _HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in two lines": _HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, then identity": _HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked with a parameter": _HEAD + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    "an empty coding": _HEAD + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b" HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an offer, length and chunks": _HEAD + b"Connection: Upgrade, close\r\nUpgrade: x\r\n"
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk with a sign": _CHUNKS + b"+1\r\na\r\n0\r\n\r\n",
    "a negative chunk": _CHUNKS + b"-1\r\na\r\n0\r\n\r\n",
    "a chunk with 0x": _CHUNKS + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk that overflows": _CHUNKS + b"10000000000000001\r\na\r\n0\r\n\r\n",
    "a chunk without a size": _CHUNKS + b"\r\na\r\n0\r\n\r\n",
    "a chunk that is longer than it says": _CHUNKS + b"1\r\nabc\r\n0\r\n\r\n",
    "a bare LF after a chunk's size": _CHUNKS + b"1\na\r\n0\r\n\r\n",
    "a length among the trailers": _CHUNKS + b"0\r\nContent-Length: 5\r\n\r\n",
    "a folded header": _HEAD + b"X-A: a\r\n b\r\n\r\n",
    "a folded first header": b" HTTP/1.1\r\n Host: x\r\n\r\n",
    "a space before the colon": b" HTTP/1.1\r\nHost : x\r\n\r\n",
    "a header without a colon": _HEAD + b"X-A\r\n\r\n",
    "a header without a name": _HEAD + b": a\r\n\r\n",
    "NUL in a header's value": _HEAD + b"X-A: a\0b\r\n\r\n",
    "NUL in a header's name": _HEAD + b"X\0A: a\r\n\r\n",
    "NUL in the target": b"\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bare CR in a header": _HEAD + b"X-A: a\rX-B: b\r\n\r\n",
    "a bare LF after a header": b" HTTP/1.1\r\nHost: x\nX-A: a\r\n\r\n",
    "bare LFs": b" HTTP/1.1\nHost: x\n\n",
    "a bare CR at the end": _HEAD + b"\rX",
    "another version": b" HTTP/3.7\r\nHost: x\r\n\r\n",
    "no version": b" \r\nHost: x\r\n\r\n",
    "another protocol": b" FTP/1.1\r\nHost: x\r\n\r\n",
}
# Whole requests with targets that are not a path; what a server makes of them is its own, but it answers and lives.
TARGETS = {
    "CONNECT": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
    "CONNECT and close": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nConnection: close\r\n\r\n",
    "CONNECT and an offer": b"CONNECT x:1 HTTP/1.0\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: x\r\n\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET *": b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "absolute": b"GET http://localhost/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "absolute without a path": b"GET http://localhost HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an authority": b"GET localhost:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "raw bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


def malformed(name: str, method: str, path: str) -> bytes:
    """A request of MALFORMED, and behind it one that must not be reached."""
    return f"{method} {path}".encode() + MALFORMED[name] + request(f"GET {path}?smuggled HTTP/1.1", "Connection: close")


def with_trailers(line: str, *trailers: str, headers: Sequence[str] = (), body: bytes = b"{}") -> bytes:
    """A request in chunks, with fields after the last of them."""
    fields = "".join(f"{field}\r\n" for field in trailers).encode("latin-1")
    chunks = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, fields)
    return request(line, *headers, "Transfer-Encoding: chunked", body=chunks)
