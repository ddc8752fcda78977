"""HTTP as clients really write it, byte by byte over a real connection: what the API makes of it, and of its bodies."""

import asyncio
import gzip
import json

import pytest

from bakong_sandbox.stack.edge import EdgeProtocol
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.serving import listen, serve
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

CHECK = "/v1/check_transaction_by_md5"
BODY = b'{"md5":"00000000000000000000000000000000"}'
NOBODYS = (200, 1)


@pytest.fixture
async def world():
    return Worlds(lambda: NOW_MS, SCHEMES)


class ByTask(EdgeProtocol):
    """Every request by a task of uvicorn's: what answering at once is held to."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self._answer = None


@pytest.fixture(params=[EdgeProtocol, ByTask], ids=["at once", "by task"])
async def wire(request, world):
    """A connection to a simulator, and its token."""
    token = world.default.state(BAKONG).registrations.issue()
    with listen(0) as port:
        async with serve(app.build(world), port, http=request.param, dates=False):
            reader, writer = await asyncio.open_connection(*port.getsockname()[:2])
            yield reader, writer, token
            writer.close()
            await writer.wait_closed()


def request(token, *headers, body=BODY, line=f"POST {CHECK} HTTP/1.1", authorization="Authorization: Bearer"):
    given = "".join(f"{header}\r\n" for header in headers).lower()
    length = "" if "content-length" in given or "chunked" in given else f"Content-Length: {len(body)}\r\n"
    head = f"{line}\r\nHost: x\r\n{authorization} {token}\r\n{length}" + "".join(f"{header}\r\n" for header in headers)
    return head.encode() + b"\r\n" + body


async def read(reader, *, has_body=True):
    """Status, headers in their order, body."""
    async with asyncio.timeout(60):
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        pairs = [tuple(header.split(": ", 1)) for header in headers]
        length = int(dict(pairs).get("content-length", 0)) if has_body else 0
        return int(line.split()[1]), pairs, await reader.readexactly(length)


async def told(wire, asked):
    """Status and error code of the answer; the connection goes on in step afterwards."""
    reader, writer, token = wire
    writer.write(asked)
    status, _, body = await read(reader)
    writer.write(request(token))
    assert (await read(reader))[0] == 200
    return status, json.loads(body)["errorCode"]


async def test_the_head_of_an_answer_is_as_nginx_orders_it_and_tells_the_worlds_time(wire):
    reader, writer, token = wire
    writer.write(request(token))
    _, headers, body = await read(reader)
    assert headers == [
        ("server", "nginx"),
        ("date", "Wed, 11 Feb 2026 00:00:00 GMT"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", str(len(body))),
    ]


HEADS = {
    "no content type": ((), NOBODYS),
    "two content types": (("Content-Type: text/plain", "Content-Type: application/json"), NOBODYS),
    "a form's content type": (("Content-Type: application/x-www-form-urlencoded",), NOBODYS),
    "another charset": (("Content-Type: application/json; charset=iso-8859-1",), NOBODYS),
    "no user agent, any accept": (("Accept: text/html",), NOBODYS),
    "a header's name in other letters": (("CONTENT-TYPE: application/json",), NOBODYS),
}


@pytest.mark.parametrize(("headers", "expected"), HEADS.values(), ids=HEADS)
async def test_what_a_head_says_of_the_body_changes_nothing(wire, headers, expected):
    assert await told(wire, request(wire[2], *headers)) == expected


BODIES = {
    "a byte order mark": (b"\xef\xbb\xbf" + BODY, NOBODYS),
    "white space around it": (b"\r\n " + BODY + b"\n", NOBODYS),
    "a key twice: the last counts": (b'{"md5":5,"md5":"a"}', NOBODYS),
    "a key twice: the last is wrong": (b'{"md5":"a","md5":5}', (400, 5)),
    "an escaped key": (b'{"\\u006dd5":"a"}', NOBODYS),
    "upper-case hex": (BODY.upper().replace(b"MD5", b"md5"), NOBODYS),
    "a number for a text": (b'{"md5":12345678}', (400, 5)),
    "UTF-16": (BODY.decode().encode("utf-16"), (400, 5)),
    "a comment": (BODY + b"//", (400, 5)),
    "single quotes": (BODY.replace(b'"', b"'"), (400, 5)),
    "a form": (b"md5=0", (400, 5)),
    "a bare text": (b'"00000000000000000000000000000000"', (400, 5)),
    "very deep": (b'{"md5":' + b"[" * 20_000 + b"]" * 20_000 + b"}", (400, 5)),
    "deep beside what counts": (b'{"md5":"a","x":' + b"[" * 500 + b"]" * 500 + b"}", NOBODYS),
    "compressed": (gzip.compress(BODY, mtime=0), (400, 5)),
    "nothing": (b"", (400, 5)),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
async def test_a_body_is_taken_as_a_common_parser_takes_it(wire, body, expected):
    headers = ["Content-Encoding: gzip"] if body.startswith(b"\x1f\x8b") else []
    assert await told(wire, request(wire[2], *headers, body=body)) == expected


TARGETS = {
    "a slash at the end": (f"POST {CHECK}/ HTTP/1.1", NOBODYS),
    "two slashes": (f"POST /{CHECK} HTTP/1.1", NOBODYS),
    "two slashes without the version": ("POST //check_transaction_by_md5 HTTP/1.1", (404, 5)),
    "no version": ("POST /check_transaction_by_md5 HTTP/1.1", (404, 5)),
    "the root": ("POST / HTTP/1.1", (404, 5)),
    "a world without the version": ("POST /w/default/check_transaction_by_md5 HTTP/1.1", (404, 5)),
    "a world": (f"POST /w/default{CHECK} HTTP/1.1", NOBODYS),
    "other letters": ("POST /v1/Check_Transaction_By_MD5 HTTP/1.1", (404, 5)),
    "a query": (f"POST {CHECK}?x=1 HTTP/1.1", NOBODYS),
    "a proxy's whole address": (f"POST http://api-bakong.nbc.gov.kh{CHECK} HTTP/1.1", NOBODYS),
    "GET": (f"GET {CHECK} HTTP/1.1", (405, 5)),
    "OPTIONS": (f"OPTIONS {CHECK} HTTP/1.1", (405, 5)),
}


@pytest.mark.parametrize(("line", "expected"), TARGETS.values(), ids=TARGETS)
async def test_a_path_is_an_endpoints_but_for_slashes_too_many(wire, line, expected):
    assert await told(wire, request(wire[2], line=line)) == expected


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("AUTHORIZATION: Bearer", NOBODYS),
        ("authorization: bearer", (401, 6)),
        ("Authorization:", (401, 6)),
        ("X-Token: Bearer", (401, 6)),
    ],
)
async def test_a_token_comes_as_bearer_and_no_other_way(wire, authorization, expected):
    assert await told(wire, request(wire[2], authorization=authorization)) == expected


async def test_a_token_in_the_query_is_none(wire):
    line = f"POST {CHECK}?token={wire[2]} HTTP/1.1"
    assert await told(wire, request(wire[2], line=line, authorization="X:")) == (401, 6)


async def test_head_is_refused_without_a_body_and_the_connection_goes_on(wire):
    reader, writer, token = wire
    writer.write(request(token, line=f"HEAD {CHECK} HTTP/1.1"))
    assert (await read(reader, has_body=False))[0] == 405
    writer.write(request(token))
    assert (await read(reader))[0] == 200


async def test_a_client_that_waits_to_be_told_to_go_on_is_told(wire):
    reader, writer, token = wire
    asked = request(token, "Expect: 100-continue")
    writer.write(asked[: -len(BODY)])
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(BODY)
    assert (await read(reader))[0] == 200


async def test_a_body_may_come_in_chunks(wire):
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:5], BODY[5:6], BODY[6:])) + b"0\r\n\r\n"
    assert await told(wire, request(wire[2], "Transfer-Encoding: chunked", body=chunks)) == NOBODYS


OFFERS = {
    "HTTP/2, as Java's client": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA"),
    "a web socket": ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_an_offer_of_another_protocol_is_passed_over_and_the_request_answered(wire, offer):
    assert await told(wire, request(wire[2], *offer)) == NOBODYS


async def test_a_body_that_comes_after_the_offer_is_read(wire):
    reader, writer, token = wire
    offering = request(token, "Connection: Upgrade", "Upgrade: h2c", "Expect: 100-continue")
    writer.write(offering[: -len(BODY)])
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(BODY)
    assert (await read(reader))[0] == 200


async def test_requests_with_offers_that_come_together_are_answered_in_their_order(wire):
    reader, writer, token = wire
    offer = OFFERS["HTTP/2, as Java's client"]
    chunked = request(token, *offer, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n")
    writer.write(chunked + request(token, *offer) * 2 + request("none", *offer) + request(token))
    assert [(await read(reader))[0] for _ in range(5)] == [400, 200, 200, 401, 200]


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"]
)
async def test_what_is_no_http_meets_the_page_of_nginx_and_the_end(wire, sent):
    reader, writer, _ = wire
    writer.write(sent)
    status, headers, body = await read(reader)
    assert (status, headers[0], dict(headers)["content-type"]) == (400, ("server", "nginx"), "text/html")
    assert b"<center>nginx</center>" in body
    assert await reader.read() == b""


async def test_requests_that_come_together_are_answered_in_their_order(wire):
    reader, writer, token = wire
    writer.write(request(token) + request(token, body=b"{}") + request("none"))
    assert [(await read(reader))[0] for _ in range(3)] == [200, 400, 401]


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_ends_after_the_answer_where_the_client_says_so(wire, version):
    reader, writer, token = wire
    headers = ["Connection: close"] if version == "HTTP/1.1" else []
    writer.write(request(token, *headers, line=f"POST {CHECK} {version}"))
    status, sent, _ = await read(reader)
    assert (status, dict(sent)["connection"]) == (200, "close")
    assert await reader.read() == b""


FAULTY = "name: f\nfaults:\n  - {fault: %s, on: check_bakong_account}"
CONVERSATIONS = {
    "calls, good and bad": lambda token: [request(token), request("x"), request(token, body=b"{"), request(token)],
    "pipelined": lambda token: [request(token) * 40],
    "byte by byte": lambda token: [bytes([byte]) for byte in request(token)],
    "two halves": lambda token: [request(token)[:-20], request(token)[-20:]],
    "a large body": lambda token: [request(token, body=b" " * 200_000 + BODY)],
    "a body just held": lambda token: [request(token, body=b" " * 31_000 + BODY)],
    "a 100": lambda token: [request(token, "Expect: 100-continue")],
    "chunked": lambda token: [request(token, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n")],
    "GET, HEAD, PUT": lambda token: [
        request(token, body=b"", line=f"{method} {CHECK} HTTP/1.1") for method in ("GET", "HEAD", "PUT")
    ],
    "other paths": lambda token: [
        request(token, line=f"POST {path} HTTP/1.1") for path in ("/", "/v1", "/v1/openapi.json", "/w/default" + CHECK)
    ],
    "a fault, then none": lambda token: [
        request(token, body=b'{"accountId":"a@b"}', line="POST /v1/check_bakong_account HTTP/1.1"),
        request(token),
    ],
    "no HTTP": lambda _: [b"\x16\x03\x01\r\n\r\n"],
}


async def spoken(protocol, pieces_of, script):
    """All bytes that come back in one conversation, and what the journal then holds."""
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.set_scenario(LIBRARY.read(script))
    token = worlds.default.state(BAKONG).registrations.issue()
    with listen(0) as port:
        async with serve(app.build(worlds), port, http=protocol, dates=False), asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(*port.getsockname()[:2])
            for piece in [*pieces_of(token), request(token, "Connection: close")]:
                writer.write(piece)
            heard = await reader.read(-1)
            writer.close()
    return heard, list(worlds.default.journal.entries)


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("fault", ["delay, for: 1ms", "dribble, pieces: 3, every: 1ms", "garbage"])
async def test_what_is_answered_at_once_is_the_same_bytes_as_what_a_task_answers(conversation, fault):
    heard = [await spoken(protocol, CONVERSATIONS[conversation], FAULTY % fault) for protocol in (EdgeProtocol, ByTask)]
    assert heard[0] == heard[1]
    assert heard[0][0]


async def test_an_error_of_the_apps_is_answered_500_and_logged(caplog):
    class Broken:
        async def __call__(self, scope, receive, send): ...

        def answer(self, _scope, _body):
            raise RuntimeError("out of order")

    with listen(0) as port:
        async with serve(Broken(), port, http=EdgeProtocol, dates=False):
            reader, writer = await asyncio.open_connection(*port.getsockname()[:2])
            writer.write(request("t"))
            assert (await read(reader))[0] == 500
            writer.close()
    assert "out of order" in caplog.text
