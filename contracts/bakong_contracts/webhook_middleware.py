"""A webhook guard before an ASGI or WSGI program: what it does not believe is answered, and never reaches the program.

    app = GuardedASGI(app, Guard(OMISE, [secret]), paths=["/webhooks/omise"])      # FastAPI, Starlette, Django, Quart
    app.wsgi_app = GuardedWSGI(app.wsgi_app, Guard(HEADER_PAIR, [secret]), paths=["/webhooks/shop"])       # Flask

The program reads the same raw body, and the webhook's key: scope["webhook"] or environ["bakong.webhook"], an Accepted.
"""

import io
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from http import HTTPStatus
from typing import Any

from bakong_contracts.problems import MEDIA_TYPE
from bakong_contracts.webhook_guard import Guard, RejectedError

MAX_BODY_BYTES = 1 << 20
Clock = Callable[[], float]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]
StartResponse = Callable[..., Callable[[bytes], object]]
WSGI = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
DETAILS = {
    "signature_invalid": "The webhook is not signed with a secret that is known here.",
    "signature_expired": "The webhook was signed too long ago, or the clocks differ.",
    "body_too_large": "The webhook's body is longer than is read here.",
}


class GuardedASGI:
    """Guards POST, PUT and PATCH on `paths`; another method there is answered 405, other paths go by untouched.

    paths: whole paths, without a slash at the end. clock: epoch seconds. max_body_bytes: longer is answered 413.
    """

    def __init__(
        self,
        app: ASGI,
        guard: Guard,
        *,
        paths: Iterable[str],
        clock: Clock = time.time,  # noqa: TID251 - the receiver's own clock, unless a test gives another
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._app, self._guard, self._clock, self._max_body_bytes = app, guard, clock, max_body_bytes
        self._paths = _guarded(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_guarded(scope["path"], self._paths):
            await self._app(scope, receive, send)
            return
        if scope["method"] not in _METHODS:
            await _send(send, _refusal(405, "method_not_allowed", "A webhook is posted."))
            return
        body = await _read(receive, self._max_body_bytes)
        if body is None:
            await _send(send, _refusal(413, "body_too_large"))
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        try:
            accepted = self._guard.check(headers, body, now_s=self._clock())
        except RejectedError as error:
            await _send(send, _refusal(401, error.code))
            return
        await self._app({**scope, "webhook": accepted}, _replay(body, receive), send)


class GuardedWSGI:
    """As GuardedASGI, for WSGI.

    A body without Content-Length is read only where the server says that it ends (wsgi.input_terminated).
    """

    def __init__(
        self,
        app: WSGI,
        guard: Guard,
        *,
        paths: Iterable[str],
        clock: Clock = time.time,  # noqa: TID251 - the receiver's own clock, unless a test gives another
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._app, self._guard, self._clock, self._max_body_bytes = app, guard, clock, max_body_bytes
        self._paths = _guarded(paths)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if not _is_guarded(path, self._paths):
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in _METHODS:
            return _start(start_response, _refusal(405, "method_not_allowed", "A webhook is posted."))
        body = _read_input(environ, self._max_body_bytes)
        if body is None:
            return _start(start_response, _refusal(413, "body_too_large"))
        try:
            accepted = self._guard.check(_environ_headers(environ), body, now_s=self._clock())
        except RejectedError as error:
            return _start(start_response, _refusal(401, error.code))
        guarded = {
            **environ,
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "bakong.webhook": accepted,
        }
        return self._app(guarded, start_response)


_METHODS = ("POST", "PUT", "PATCH")
Refusal = tuple[int, bytes]


def _guarded(paths: Iterable[str]) -> frozenset[str]:
    if isinstance(paths, str):
        raise TypeError(f"paths is the text {paths!r}, expected a list of paths")
    guarded = frozenset(path.rstrip("/") for path in paths)
    if wrong := sorted(path for path in guarded if not path.startswith("/")):
        raise ValueError(f"read the path {wrong[0]!r}, expected one that begins with a slash and is longer than it")
    return guarded


def _is_guarded(path: str, paths: frozenset[str]) -> bool:
    """Also with slashes at the end, or doubled: routers of programs differ in what they take for the same path."""
    if path in paths:
        return True
    return "/" + "/".join(part for part in path.split("/") if part) in paths


def _refusal(status: int, code: str, detail: str = "") -> Refusal:
    title = HTTPStatus(status).phrase
    shown = {"type": "about:blank", "title": title, "status": status, "detail": detail or DETAILS[code], "code": code}
    return status, json.dumps(shown).encode()


async def _send(send: Send, refusal: Refusal) -> None:
    status, body = refusal
    headers = [(name.encode(), value.encode()) for name, value in _headers(status, body)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _start(start_response: StartResponse, refusal: Refusal) -> Iterable[bytes]:
    status, body = refusal
    start_response(f"{status} {HTTPStatus(status).phrase}", _headers(status, body))
    return [body]


def _headers(status: int, body: bytes) -> list[tuple[str, str]]:
    allow = [("allow", ", ".join(_METHODS))] if status == HTTPStatus.METHOD_NOT_ALLOWED else []
    return [("content-type", MEDIA_TYPE), ("content-length", str(len(body))), *allow]


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body; None where it is longer. One that breaks off is what came of it: its signature is wrong."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again


def _read_input(environ: dict[str, Any], most: int) -> bytes | None:
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        return None if int(length) > most else bytes(stream.read(int(length)))
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = bytes(stream.read(most + 1))
    return None if len(body) > most else body


def _environ_headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Servers join a header that comes twice with a comma: no timestamp or single signature survives that."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-"), value
