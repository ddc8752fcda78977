"""The HTTP of the simulator's ports: what is no HTTP meets the nginx that stands before the API. Knows no routes."""

from bakong_sandbox.stack.serving import Protocol
from bakong_sandbox.stack.wall_clock import wall_ms
from bakong_simulator.wire.reply import nginx_page
from bakong_simulator.wire.send import head


class EdgeProtocol(Protocol):
    """uvicorn's HTTP, with nginx's page and its head where uvicorn would tell its own text."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  nginx does not say what was wrong
        page = nginx_page(400)
        headers = [*head(page.content_type, len(page.body), wall_ms() // 1000), (b"connection", b"close")]
        told = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + told + b"\r\n" + page.body)
        self.transport.close()
