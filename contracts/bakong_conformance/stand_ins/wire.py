"""What the stand-ins of providers speak: a call in, a reply out, and ways to lead calls to them. Knows no scheme."""

import json
import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

import httpx

from bakong_conformance.racing import Holder

DIGITS = "0123456789"
CAPITALS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = CAPITALS + "abcdefghijklmnopqrstuvwxyz"


class Call(NamedTuple):
    """A request. headers: names in lowercase."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


class Reply(NamedTuple):
    """What is answered."""

    status: int
    content: bytes
    headers: Mapping[str, str]


class NoAnswerError(Exception):
    """The provider never answers, whatever it has done."""


class StandIn(Protocol):
    """Answers calls. Raises NoAnswerError where a script says so."""

    def serve(self, call: Call) -> Reply: ...


def json_reply(body: Any, status: int = 200) -> Reply:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Reply(status, content, {"content-type": "application/json;charset=UTF-8"})


def redirect(location: str) -> Reply:
    return Reply(302, b"", {"location": location})


def call_of(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Call:
    """A call from a URL or a path with its query."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Call(method, parts.path, query, {name.lower(): value for name, value in headers.items()}, body)


class Letters:
    """Texts that look random and are the same in every run.

    >>> Letters(1).take(4, "AB") == Letters(1).take(4, "AB")
    True
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0

    def take(self, length: int, alphabet: str) -> str:
        """The next text."""
        self._count += 1
        digest = blake2b(f"{self._seed}/{self._count}".encode(), digest_size=64).digest()
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])


class _Both(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Leads a client to a stand-in without a network; a call without an answer is a time-out at once."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def _reply(self, request: httpx.Request, body: bytes) -> httpx.Response:
        call = call_of(request.method, str(request.url), dict(request.headers), body)
        try:
            reply = self._stand_in.serve(call)
        except NoAnswerError:
            raise httpx.ReadTimeout("the provider does not answer", request=request) from None
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.content)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._reply(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._reply(request, await request.aread())


def transport(stand_in: StandIn) -> Any:
    """A transport for httpx.Client and httpx.AsyncClient alike."""
    return _Both(stand_in)


class Server:
    """A stand-in on a port of this machine. A call without an answer ends its connection."""

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        self.holder = holder = Holder()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for head and body: two would wait for each other
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def do_PUT(self) -> None:
                self._reply()

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    reply = answer(call_of(self.command, self.path, dict(self.headers), body))
                except NoAnswerError:
                    self.close_connection = True
                    return
                holder.wait()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            def log_message(self, *_args: Any) -> None:
                """Nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def start(self) -> str:
        """Listen; the URL."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
