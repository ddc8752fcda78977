"""HTTP on one connection: uvicorn's, with deadlines, bounded heads, and trailers that are no headers."""

from collections.abc import Callable
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bakong_sandbox.stack.connections import SANDBOX_BOUNDS, Bounds

HEAD_BYTES = 64 * 1024  # of one request: all that is not body, so head, framing of chunks, and trailers
PIECE_BYTES = 16 * 1024  # parsed at a time: so exactly is HEAD_BYTES kept
CHUNK_BYTES = 16  # of a chunk's frame that do not count: its size and ends of lines
MAX_HEADERS = 1_000
MAX_PIPELINED = 100
NO_HTTP = "Invalid HTTP request received."


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, with the transport in the scope's state, so that faults can break the connection itself.

    A client may offer another protocol with its request, as Java's offers HTTP/2 to every http:// address: the offer is
    passed over and the request answered. uvicorn and httptools lose its body.
    waiting: the transports whose answers wait, as a script lets them.
    """

    waiting: ClassVar[set[Any]] = set()
    bounds: ClassVar[Bounds] = SANDBOX_BOUNDS

    on_end: Callable[[], None] | None = None
    _deadline = float("inf")
    _stalled_at: float | None = None  # since when the client does not read
    _closing_at: float | None = None
    _arriving = False  # a request has begun and is not complete
    _in_trailers = False  # or in the body: the head is complete
    _is_deaf = False  # what comes is no longer read
    _overhead = 0  # bytes of the request that are not its body
    _codings = 0
    _running: Any = None  # the cycle whose answer is under way, or was the last

    @classmethod
    def busy(cls) -> bytes:
        """What a connection is answered that is one too many."""
        return b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self.client is not None:  # of a socket that listens on both, IPv4 comes as an address inside IPv6
            self.client = self.client[0].removeprefix("::ffff:"), self.client[1]
        self.app_state = {**self.app_state, "transport": transport, "waiting": self.waiting}
        self._deadline = self.loop.time() + self.bounds.read_s

    def connection_lost(self, exc: Exception | None) -> None:
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)
        if self.on_end is not None:
            self.on_end()
            self.on_end = None

    def check(self, now_s: float) -> None:
        """Close a connection that is over its deadline; end one that does not close."""
        stalled_at, closing_at = self._stalled_at, self._closing_at
        if self.transport.is_closing():
            if closing_at is None:
                self._closing_at = now_s
            elif now_s - closing_at > self.bounds.linger_s:
                self.transport.abort()
        elif now_s > self._deadline or (stalled_at is not None and now_s - stalled_at > self.bounds.write_s):
            self._closing_at = now_s
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_at = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled_at = None

    def data_received(self, data: bytes) -> None:
        size = len(data)
        if size > PIECE_BYTES:
            for start in range(0, size, PIECE_BYTES):
                self.data_received(data[start : start + PIECE_BYTES])
            return
        if self._is_deaf:
            return
        self._overhead += size
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._pass_over(offer, memoryview(data))
        except httptools.HttpParserError:
            self._reject(self.send_400_response, NO_HTTP)
        if self._overhead > HEAD_BYTES:
            self._reject(self.send_too_large)

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
            # Another parser, for this one is deaf after `Connection: close`.
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(self._head_without_offer())
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as another:
                offered = another

    def _head_without_offer(self) -> bytes:
        line = b"%b %b HTTP/%b" % (self.scope["method"].encode(), self.url, self.scope["http_version"].encode())
        kept = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([line, *kept, b"\r\n"])

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_trailers = False
        self._arriving = True
        self._codings = 0
        if self._running is None or self._running.response_complete:
            self._deadline = self.loop.time() + self.bounds.read_s

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if self._in_trailers:
            self._pass_over_trailer(name)
            return
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name == b"transfer-encoding":
            self._codings += 1 if value.strip().lower() == b"chunked" else 2
        self.headers.append((name, value))

    def _pass_over_trailer(self, name: bytes) -> None:
        """A trailer is no header. The parser takes one for such all the same, and is deaf after `Connection: close`."""
        if name in (b"connection", b"proxy-connection"):
            self.cycle.keep_alive = False

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS:
            self._reject(self.send_too_large)
            raise httptools.HttpParserError("too many headers")
        if self._codings > 1 or (self._codings and self.parser.get_http_version() != "1.1"):
            raise httptools.HttpParserError("a transfer coding that is not chunked alone")
        super().on_headers_complete()
        self._in_trailers = True
        if len(self.pipeline) > MAX_PIPELINED:
            raise httptools.HttpParserError("too many requests that wait")

    def on_chunk_header(self) -> None:
        self._overhead = max(0, self._overhead - CHUNK_BYTES)

    def on_body(self, body: bytes) -> None:
        self._overhead -= len(body)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():  # it is read once more
            return
        self._arriving = False
        self._overhead = 0
        cycle = self.cycle
        if cycle.response_complete:  # answered before it was complete
            self._deadline = self.loop.time() + self.bounds.idle_s
            return
        cycle.more_body = False
        cycle.message_event.set()
        if self._running is cycle:
            self._deadline = self.loop.time() + self.bounds.answer_s

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        if not cycle.more_body:
            self._deadline = self.loop.time() + self.bounds.answer_s
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """As uvicorn's, with our deadline for what comes next in the place of its timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._deadline = self.loop.time() + (self.bounds.read_s if self._arriving else self.bounds.idle_s)
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def _reject(self, answer: Callable[..., None], *given: str) -> None:
        """Read no further, and answer why; or, where requests before it wait, answer these and close."""
        if self._is_deaf:
            return
        self._is_deaf = True
        running, broken = self._running, self.cycle
        if not self._is_answering() or (running is broken and broken.more_body and not broken.response_started):
            answer(*given)
            return
        if self.pipeline and broken.more_body:
            self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else running
        last.keep_alive = False

    def send_too_large(self) -> None:
        """Answer a request whose head has no end, and close."""
        self.send_400_response(NO_HTTP)
