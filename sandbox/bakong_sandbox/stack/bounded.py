"""HTTP for a service that strangers reach: what never becomes a request of the app is a problem. Knows no routes."""

from typing import ClassVar

import orjson

from bakong_contracts import service_api as api
from bakong_contracts.problems import MEDIA_TYPE, document
from bakong_sandbox.stack.connections import SERVICE_BOUNDS, Bounds
from bakong_sandbox.stack.http_protocol import HEAD_BYTES, MAX_HEADERS, Protocol


class BoundedProtocol(Protocol):
    """Our HTTP with a service's deadlines, which refuses in the service's form."""

    bounds: ClassVar[Bounds] = SERVICE_BOUNDS

    @classmethod
    def busy(cls) -> bytes:
        return _refusal(api.UNAVAILABLE, "too many connections are open, or too many from this address")

    def send_400_response(self, msg: str) -> None:
        self._refuse(api.BAD_JSON._replace(title="The request is no HTTP"), msg)

    def send_too_large(self) -> None:
        self._refuse(
            api.HEADERS_TOO_LARGE, f"a head may have {MAX_HEADERS} headers, and {HEAD_BYTES} bytes with trailers"
        )

    def _refuse(self, problem: api.Problem, detail: str) -> None:
        """Answer what never becomes a request of the app, and close."""
        if not self.transport.is_closing():
            self.transport.write(_refusal(problem, detail))
            self.transport.close()


def _refusal(problem: api.Problem, detail: str) -> bytes:
    body = orjson.dumps(document(problem, detail, instance="/"))
    head = (
        f"HTTP/1.1 {problem.status} {problem.title}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
