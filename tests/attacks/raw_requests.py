"""Requests as nobody should send them, straight into an ASGI app: what a server hands on to it."""

import asyncio
from typing import NamedTuple
from urllib.parse import unquote

from hypothesis import strategies as st

PATIENCE = 40  # so many times something else may happen while an answer is waited for; then the client leaves
LOOK_S = 0.25


class RawRequest(NamedTuple):
    """path: percent-encoded, as it stands in the request line. headers: beside those of the subject."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Answer(NamedTuple):
    """status 0: none was sent. error: what the app raised, which a server would log."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    error: BaseException | None


async def nothing():
    """Nothing happens meanwhile."""


async def ask(app, request, *, headers=(), meanwhile=nothing):
    """The answer; meanwhile: what happens again and again while it is waited for. Raises TimeoutError: it hangs."""
    sent = {"status": 0, "headers": {}, "body": b""}
    pending = [{"type": "http.request", "body": request.body, "more_body": False}]
    left = asyncio.Event()

    async def receive():
        if not pending:
            await left.wait()
            return {"type": "http.disconnect"}
        return pending.pop()

    async def send(message):
        if message["type"] == "http.response.start":
            sent["status"], sent["headers"] = message["status"], dict(message["headers"])
        else:
            sent["body"] += message.get("body", b"")

    task = asyncio.ensure_future(app(_scope(request, headers), receive, send))
    for _ in range(PATIENCE):
        if (await asyncio.wait({task}, timeout=LOOK_S))[0]:
            break
        await meanwhile()
    left.set()
    async with asyncio.timeout(20):
        error = (await asyncio.gather(task, return_exceptions=True))[0]
    return Answer(sent["status"], sent["headers"], sent["body"], error if isinstance(error, BaseException) else None)


def _scope(request, headers):
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode("ascii"),
        "query_string": request.query,
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *headers, *request.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {},
    }


def problem_with(answer):
    """What is wrong with an answer, whatever was asked; None: nothing."""
    if answer.error is not None:
        return f"raised {answer.error!r}"
    if not 200 <= answer.status < 500 and answer.status != 503:
        return f"answered {answer.status} with {answer.body[:300]!r}"
    return None


# What requests are made of

METHODS = st.sampled_from(["GET", "POST", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"])
ODD_PIECES = ("..", ".", "%2e%2e", "%2F", "%00", "%0a", "%25", "%ff", "%C3%28", "%F0%9F%98%80", "%", "%zz", "*", ";a=b")
ODD_PIECES += (
    "a" * 300,
    "%E1%9E%81",
    "0" * 32,
    "00000000-0000-0000-0000-000000000000",
    "-1",
    "1e9",
    "",
    "%5B%3A%3A1%5D",
)
NUMBERS = st.sampled_from([0, -1, 1, 0.5, 1.005, 1e15, 2**63, 2**70, 1e300, -0.0])
ODD_TEXTS = ("", " ", "\0", "\n", "\x7f", "a" * 129, "\U0001f600", "\u202e", "ខ្មែរ", "'; DROP TABLE x; --", "{}", "USD")
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HEADER_NAMES = (b"content-type", b"authorization", b"x-forwarded-for", b"x-request-id", b"idempotency-key", b"accept")
HEADER_NAMES += (b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"cookie", b"range", b"origin")
HEADER_VALUES = (b"", b"\xff\xfe", b"\x00", b"application/json; charset=utf-7", b"-1", b"9" * 400, b"bytes=0-", b"::1")
HEADER_VALUES += (b"1.2.3.4:80, [::1]:9", b"a" * 9_000, b"Bearer \xff", b"application/json")
HEADERS = st.lists(
    st.tuples(st.sampled_from(HEADER_NAMES), st.sampled_from(HEADER_VALUES) | st.binary(max_size=20)), max_size=2
).map(tuple)
QUERIES = st.sampled_from([b"", b"", b"limit=-1", b"offset=99999999999999999999", b"userId=%00", b"userId=a&userId=b"])
QUERIES |= st.binary(max_size=20)
ODD_BODIES = (b"", b"{", b"[]", b"null", b"NaN", b"\xff", b"{" * 2_000, b'{"a":' * 500, b"1" * 5_000, b'"\\ud800"')


def path_of(pieces):
    """A path of so many segments, which come from these."""
    return st.lists(st.sampled_from([*pieces, *ODD_PIECES]), min_size=1, max_size=5).map(
        lambda one: "/" + "/".join(one)
    )
