"""Where a service's webhooks arrive: a server that keeps what comes and answers as a rule wants. Knows no rule."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Decide = Callable[[bytes], int]


class Delivery(NamedTuple):
    """One webhook as it arrived, and what it was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int


def _fine(_body: bytes) -> int:
    return 204


@dataclass(slots=True)
class Receiver:
    """decide: the status for a body; 0 closes the connection. Deliveries are kept in the order of their arrival."""

    decide: Decide = _fine
    arrived: list[Delivery] = field(default_factory=list)
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen; the URL."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status = receiver.decide(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.arrived.append(Delivery(self.path, headers, body, status))
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks"
        return self.url

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def accept(self) -> None:
        """Answer every webhook with 204 from now on."""
        self.decide = _fine
