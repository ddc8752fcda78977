"""HTTP for a service that strangers reach: bounded heads, bounded time for a request to arrive. Knows no routes.

uvicorn waits without end for a request's head and body; here a request that has not arrived in READ_S seconds, or a
connection that has sent none, is closed. A response may take as long as it takes.
"""

import asyncio
from typing import Any

import orjson

from bakong_contracts import service_api as api
from bakong_contracts.problems import MEDIA_TYPE, document
from bakong_sandbox.stack.serving import Protocol

READ_S = 8.0
HEAD_BYTES = 64 * 1024


class BoundedProtocol(Protocol):
    """uvicorn's HTTP with a deadline for each request and a cap on its head."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes: int | None = 0  # None: the head is complete

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > HEAD_BYTES:
            self._refuse(api.HEADERS_TOO_LARGE, f"the head of a request may have {HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_bytes is None:
            self._expect_request()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(api.BAD_JSON._replace(title="The request is no HTTP"), msg)

    def _expect_request(self) -> None:
        self._arrived()
        self._head_bytes = 0
        self._deadline = self.loop.call_later(READ_S, self.transport.close)

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, problem: api.Problem, detail: str) -> None:
        """Answer what never becomes a request of the app, and close."""
        if self.transport.is_closing():
            return
        body = orjson.dumps(document(problem, detail, instance="/"))
        head = (
            f"HTTP/1.1 {problem.status} {problem.title}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
