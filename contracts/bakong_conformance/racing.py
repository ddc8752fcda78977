"""Calls that race for certain: none is whole before all are sent, and none is answered before all have asked.

At a gate each request waits without its last byte; who plays a provider lets his answers wait at a barrier.
"""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

import httpx

T = TypeVar("T")
# Of real time: for all requests to be there, where a server takes no more connections, and for all who ask a provider,
# where a service asks once for all of them.
SENT_S, ANSWERS_S = 3.0, 1.0


class Barrier:
    """Threads wait at it for each other: until `callers` have come, or `within_s` of real time after the first.

    Whoever opens it does what each has brought, one right after the other. Once open it holds nobody.
    """

    def __init__(self, callers: int, within_s: float) -> None:
        self._expected, self._within_s = callers, within_s
        self._brought: list[Callable[[], object]] = []
        self._lock, self._opened = threading.Lock(), threading.Event()

    def wait(self, act: Callable[[], object] = lambda: None) -> None:
        """Wait for the others, with something to do when all are there; an OSError of it is left to who waits."""
        with self._lock:
            is_late = self._opened.is_set()
            if not is_late:
                self._brought.append(act)
                self._open_if_complete()
        if is_late:
            act()
        elif not self._opened.wait(self._within_s):
            self.open()

    def leave(self) -> None:
        """One of them will not come."""
        with self._lock:
            self._expected -= 1
            self._open_if_complete()

    def open(self) -> None:
        with self._lock:
            self._let_go()

    def _open_if_complete(self) -> None:
        if len(self._brought) >= self._expected:
            self._let_go()

    def _let_go(self) -> None:
        for act in self._brought:
            with suppress(OSError):
                act()
        self._brought.clear()
        self._opened.set()


class Holder:
    """Where a provider lets its answers wait, while it is told to."""

    def __init__(self) -> None:
        self._barrier: Barrier | None = None

    def wait(self) -> None:
        """Of the thread that answers."""
        if (barrier := self._barrier) is not None:
            barrier.wait()

    @contextmanager
    def holding(self, callers: int) -> Iterator[None]:
        """The next answers wait until so many callers are there."""
        self._barrier = barrier = Barrier(callers, ANSWERS_S)
        try:
            yield
        finally:
            self._barrier = None
            barrier.open()


_GATE: ContextVar[Barrier | None] = ContextVar("gate", default=None)


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each comes to, in their order; the first requests of all become whole at one moment."""
    gate = Barrier(len(works), SENT_S)

    def run(work: Callable[[], T]) -> T:
        _GATE.set(gate)
        try:
            return work()
        finally:
            if gate_once() is not None:
                gate.leave()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def gate_once() -> Barrier | None:
    """The gate of this thread, if it has not been there yet."""
    gate = _GATE.get()
    _GATE.set(None)
    return gate


def send_through(gate: Barrier, request: httpx.Request, trust: ssl.SSLContext) -> httpx.Response:
    """One request over a connection of its own, whose last byte waits at the gate. Raises httpx.TransportError."""
    connection, whole = _connection(request, trust), _whole(request)
    try:
        _begin(gate, connection, whole[:-1])
        gate.wait(lambda: connection.sock.sendall(whole[-1:]))
        answer = http.client.HTTPResponse(connection.sock, method=request.method)
        answer.begin()
        content = answer.read()
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from None
    except (OSError, http.client.HTTPException) as error:
        raise httpx.RemoteProtocolError(f"{type(error).__name__}: {error}", request=request) from None
    finally:
        connection.close()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()]
    return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(content))


def _begin(gate: Barrier, connection: http.client.HTTPConnection, head: bytes) -> None:
    """Send all that can be sent before the gate; who cannot is not waited for there."""
    try:
        connection.connect()
        connection.sock.sendall(head)
    except OSError:
        gate.leave()
        raise


def _connection(request: httpx.Request, trust: ssl.SSLContext) -> http.client.HTTPConnection:
    timeout_s = request.extensions.get("timeout", {}).get("read")
    host, port = request.url.host, request.url.port
    if request.url.scheme == "https":
        return http.client.HTTPSConnection(host, port or 443, timeout=timeout_s, context=trust)
    return http.client.HTTPConnection(host, port or 80, timeout=timeout_s)


def _whole(request: httpx.Request) -> bytes:
    """The request as it goes over the wire."""
    kept = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in (*kept, (b"Connection", b"close"))]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.read()
