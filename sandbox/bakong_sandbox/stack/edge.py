"""The HTTP of the simulator's ports: answers at once what it can, and meets what is no HTTP with the page of nginx."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from bakong_sandbox.stack.http_protocol import Protocol
from bakong_sandbox.stack.wall_clock import wall_ms
from bakong_simulator.wire.reply import nginx_page
from bakong_simulator.wire.send import head

HELD_BYTES = 32 * 1024  # of a body that is waited for; uvicorn reads no further at 64 KiB until the app has begun


class EdgeProtocol(Protocol):
    """uvicorn's HTTP without a task for what the app answers at once, and with nginx's page for what is no HTTP.

    A request is held until it is whole, and then given to `app.answer`. Everything else goes uvicorn's way: what comes
    while another answer is under way, HEAD, bodies that are large or wait for a 100, clients that read too slowly.
    """

    _held: Any = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._answer: Callable[..., Any] | None = getattr(self.app, "answer", None)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        waits = cycle.waiting_for_100_continue or self.flow.write_paused
        if self._answer is None or waits or not cycle.more_body or cycle.scope["method"] == "HEAD":
            super()._start_asgi_task(cycle, app)
        else:
            self._held = cycle

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._held is not None and len(self._held.body) > HELD_BYTES:
            self._release(self.app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        cycle = self._held
        if cycle is None or self._answer is None:
            return
        try:
            answer = self._answer(cycle.scope, bytes(cycle.body))
        except Exception as error:  # noqa: BLE001  as where a task fails: uvicorn logs it and answers 500
            answer = _raising(error)
        if isinstance(answer, tuple):
            self._held = None
            self._write(cycle, *answer)
        else:
            self._release(answer or self.app)

    def _release(self, app: Any) -> None:
        """Let the held request go uvicorn's way."""
        cycle, self._held = self._held, None
        super()._start_asgi_task(cycle, app)

    def _write(self, cycle: Any, status: int, headers: bytes, body: bytes) -> None:
        """The whole answer, as uvicorn would send it."""
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        self.transport.write(b"%b%b%b\r\n%b" % (_status_line(status), headers, closing, body))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    @classmethod
    def busy(cls) -> bytes:
        return _last_page(503)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  nginx does not say what was wrong
        self._held = None
        if not self.transport.is_closing():
            self.transport.write(_last_page(400))
            self.transport.close()


def _last_page(status: int) -> bytes:
    """The whole answer with which nginx ends a connection."""
    page = nginx_page(status)
    headers = [*head(page.content_type, len(page.body), wall_ms() // 1000), (b"connection", b"close")]
    return _status_line(status) + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + page.body


@lru_cache
def _status_line(status: int) -> bytes:
    try:
        return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    except ValueError:
        return f"HTTP/1.1 {status} \r\n".encode()


def _raising(error: Exception) -> Any:
    async def fail(_scope: Any, _receive: Any, _send: Any) -> None:
        raise error

    return fail
