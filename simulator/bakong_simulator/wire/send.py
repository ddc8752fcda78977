"""Sending a reply byte by byte, with its delays, silences and resets.

Waiting takes real time and ends early when the client leaves. Over a real connection the server puts its transport
into the scope's state, and a set of those that wait, so that it can end them when it stops. In process there is none:
a broken connection is an exception, and so is a wait that is longer than the client's patience, which is in the state.
A client that asks for it is told first how long it will wait, in an interim answer (RFC 9110, 15.2).
"""

import asyncio
import socket
import struct
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from bakong_simulator.wire.reply import Reply

LAST_S = 253_402_300_799  # of the year 9999, the last that a date can tell
ANNOUNCE, WAIT = b"x-sandbox-announce", b"x-sandbox-wait"
LINGER_ZERO = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN


class ConnectionAborted(ConnectionResetError):  # noqa: N818  ConnectionAbortedError is one of Python's own
    """The simulated connection broke, where there is no real one to break."""


class ClientTimeoutError(TimeoutError):
    """The client in this process would have given up before the answer came."""


async def send_reply(scope: dict[str, Any], receive: Any, send: Any, reply: Reply, now_ms: int) -> None:
    """Send the reply as it says; now_ms is the time that its head tells."""
    state = scope.get("state") or {}
    if reply.delay_ms:
        _announce(scope, state, reply.delay_ms / 1000)
        if await _client_left(state, receive, reply.delay_ms / 1000):
            return
    if reply.raw is not None:
        await _send_raw(state, receive, reply.raw)
        return
    if not reply.silent:
        headers = [*head(reply.content_type, len(reply.body), (now_ms + reply.skew_ms) // 1000), *reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if not await _send_body(state, receive, send, reply):
            return
    if reply.silent or reply.reset or reply.truncate_at is not None:
        await _break_off(state, receive, reset=reply.reset)


def head(content_type: bytes, length: int, at_s: int) -> list[tuple[bytes, bytes]]:
    """The headers of every answer, in nginx's order: which server stands before the real API is a guess."""
    return [
        (b"server", b"nginx"),
        (b"date", http_date(at_s)),
        (b"content-type", content_type),
        (b"content-length", b"%d" % length),
    ]


@lru_cache(maxsize=64)
def http_date(at_s: int) -> bytes:
    """The time as RFC 9110 writes it.

    >>> http_date(1_770_768_000)
    b'Wed, 11 Feb 2026 00:00:00 GMT'
    """
    return format_datetime(datetime.fromtimestamp(min(max(at_s, 0), LAST_S), UTC), usegmt=True).encode()


async def _send_body(state: dict[str, Any], receive: Any, send: Any, reply: Reply) -> bool:
    """Send the body, or what is not cut off; false where the client left before its end."""
    body = reply.body if reply.truncate_at is None else reply.body[: reply.truncate_at]
    size = max(1, -(-len(body) // reply.chunks))
    for start in range(size, len(body), size):
        await send({"type": "http.response.body", "body": body[start - size : start], "more_body": True})
        if await _client_left(state, receive, reply.chunk_interval_ms / 1000):
            return False
    rest = body[max(0, len(body) - 1) // size * size :]
    await send({"type": "http.response.body", "body": rest, "more_body": reply.truncate_at is not None})
    return True


def _announce(scope: dict[str, Any], state: dict[str, Any], wait_s: float) -> None:
    transport = state.get("transport")
    if transport is not None and any(name == ANNOUNCE for name, _ in scope.get("headers", ())):
        transport.write(b"HTTP/1.1 100 Continue\r\n%b: %g\r\n\r\n" % (WAIT, wait_s))


async def _client_left(state: dict[str, Any], receive: Any, wait_s: float) -> bool:
    """Wait, in real seconds; true as soon as the client has gone."""
    patience_s = state.get("patience_s")
    if patience_s is not None and wait_s >= patience_s:
        raise ClientTimeoutError(f"the answer would have come after {wait_s} s, the client waits {patience_s} s")
    waiting: set[Any] = state.get("waiting", set())
    transport = state.get("transport")
    waiting.add(transport)
    try:
        async with asyncio.timeout(wait_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    finally:
        waiting.discard(transport)
    return True


async def _send_raw(state: dict[str, Any], receive: Any, raw: bytes) -> None:
    if transport := state.get("transport"):
        transport.write(raw)
    await _break_off(state, receive, reset=False)


async def _break_off(state: dict[str, Any], receive: Any, *, reset: bool) -> None:
    transport = state.get("transport")
    if transport is None:
        raise ConnectionAborted("the simulated connection was broken off")
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    transport.abort() if reset else transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
