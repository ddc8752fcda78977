"""A client's own time-out at once, where it would only have waited for the sandbox: a test waits for nothing.

A redirected call asks the sandbox to say beforehand how long it will wait (an interim answer, which clients pass over).
Where that is longer than the client's time-out, the client's own code raises it, as if the time had passed.
"""

import http.client
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from bakong_simulator.wire.send import ANNOUNCE, WAIT

if TYPE_CHECKING:
    import httpx

HEADER = ANNOUNCE.decode(), "1"
RAW_HEADER = ANNOUNCE, b"1"
_HEAD = b"HTTP/1.1 100 Continue\r\n" + WAIT + b": "


def is_too_long(announced: bytes, patience_s: float | None) -> bool:
    r"""Whether what arrives announces a wait that ends a client's patience.

    >>> is_too_long(b"HTTP/1.1 100 Continue\r\nx-sandbox-wait: 60\r\n\r\n", 10)
    True
    """
    return (
        patience_s is not None
        and announced.startswith(_HEAD)
        and float(announced[len(_HEAD) :].partition(b"\r\n")[0]) >= patience_s
    )


def http_client(patch: pytest.MonkeyPatch) -> None:
    """http.client, and urllib, urllib3 and requests, which stand on it: the head of an interim answer is read there."""
    module: Any = http.client
    read = module._read_headers  # noqa: SLF001  where heads are read

    def read_headers(fp: Any, *rest: Any) -> Any:
        lines = read(fp, *rest)
        sock = getattr(getattr(fp, "raw", None), "_sock", None)
        if sock is not None and lines and is_too_long(b"HTTP/1.1 100 Continue\r\n" + lines[0], sock.gettimeout()):
            raise TimeoutError("timed out")
        return lines

    patch.setattr(http.client, "_read_headers", read_headers)


def httpx_transports(direct: "httpx.HTTPTransport", direct_async: "httpx.AsyncHTTPTransport") -> None:
    """The transports of redirected calls, which read from a connection with this patience."""
    import httpcore

    def checked(data: bytes, timeout: float | None) -> bytes:
        if is_too_long(data, timeout):
            raise httpcore.ReadTimeout("timed out")
        return data

    class Backend(httpcore.SyncBackend):
        def connect_tcp(self, *where: Any, **options: Any) -> httpcore.NetworkStream:
            stream = super().connect_tcp(*where, **options)
            read = stream.read
            vars(stream)["read"] = lambda max_bytes, timeout=None: checked(read(max_bytes, timeout), timeout)
            return stream

    class AsyncBackend(httpcore.AnyIOBackend):
        async def connect_tcp(self, *where: Any, **options: Any) -> httpcore.AsyncNetworkStream:
            stream = await super().connect_tcp(*where, **options)
            read = stream.read

            async def patient(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  as httpcore has it
                return checked(await read(max_bytes, timeout), timeout)

            vars(stream)["read"] = patient
            return stream

    direct._pool = httpcore.ConnectionPool(network_backend=Backend(), max_keepalive_connections=0)  # noqa: SLF001
    direct_async._pool = httpcore.AsyncConnectionPool(network_backend=AsyncBackend(), max_keepalive_connections=0)  # noqa: SLF001


def aiohttp_protocol(patch: pytest.MonkeyPatch) -> None:
    """Interim answers of aiohttp. Its total is known where its timer is made, in the task that reads the answer."""
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.helpers import TimeoutHandle

    total_s: ContextVar[float | None] = ContextVar("total_s", default=None)
    init, read = TimeoutHandle.__init__, ResponseHandler.read

    def made(self: Any, loop: Any, timeout: float | None, *rest: Any, **options: Any) -> None:
        total_s.set(timeout)
        init(self, loop, timeout, *rest, **options)

    async def read_message(self: Any) -> Any:
        message, payload = await read(self)
        wait_s = float(message.headers.get(WAIT.decode(), 0)) if message.code == 100 else 0
        if wait_s and wait_s >= (self.read_timeout or float("inf")):
            raise aiohttp.SocketTimeoutError("Timeout on reading data from socket")
        if wait_s and wait_s >= (total_s.get() or float("inf")):
            raise TimeoutError
        return message, payload

    patch.setattr(TimeoutHandle, "__init__", made)
    patch.setattr(ResponseHandler, "read", read_message)
