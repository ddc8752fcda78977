"""Fields after the last chunk of a body: never headers, whatever their names, and bounded like a head."""

import json

import pytest

from bakong_sandbox.stack.bounded import BoundedProtocol
from bakong_sandbox.stack.edge import EdgeProtocol
from bakong_sandbox.stack.http_protocol import HEAD_BYTES, Protocol
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.serving import listen, serve
from tests.attacks import raw
from tests.attacks.victims import LOOPS, ports_of, victim
from tests.service.processes import environment, serving

PATIENCE_S = 20
NAMES = (
    *("Authorization", "Host", "X-Forwarded-For", "X-Request-Id", "Idempotency-Key", "Content-Type", "User-Agent"),
    *("X-Sandbox-Scenario", "Forwarded", "Expect", "Upgrade", "Origin", "X-Anything"),
)


class Echo:
    """Answers with the names of the headers that it saw; at once where the server asks for it."""

    async def __call__(self, scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": self._names(scope)})

    def _names(self, scope):
        return b"headers: " + b",".join(name for name, _ in scope["headers"]) + b"."


class EchoAtOnce(Echo):
    def answer(self, scope, _body):
        names = self._names(scope)
        return 200, b"content-length: %d\r\n" % len(names), names


SERVERS = {
    "simulator at once": (EchoAtOnce, EdgeProtocol),
    "simulator": (Echo, EdgeProtocol),
    "service": (Echo, BoundedProtocol),
    "any": (Echo, Protocol),
}


@pytest.fixture(params=SERVERS)
async def echo(request):
    """Where a server of each kind answers."""
    app, http = SERVERS[request.param]
    with listen(0) as opened:
        async with serve(app(), opened, http=http):
            yield opened.getsockname()


@pytest.mark.parametrize("name", NAMES)
async def test_a_trailer_is_no_header_and_the_connection_goes_on(echo, name):
    first = raw.with_trailers("POST / HTTP/1.1", f"{name}: 1", "X-Last: 2")
    last = raw.request("GET / HTTP/1.1", "Connection: close")
    seen = await raw.send(*echo, first + last, patience_s=PATIENCE_S)
    assert seen.statuses == [200, 200]
    assert b"headers: host,transfer-encoding." in seen.answer
    assert b"headers: host,connection." in seen.answer


@pytest.mark.parametrize("name", ["Connection", "Proxy-Connection"])
async def test_a_trailer_that_ends_the_connection_leaves_no_client_waiting(echo, name):
    """The parser reads no further after it; what comes behind would never be answered."""
    seen = await raw.send(*echo, raw.with_trailers("POST / HTTP/1.1", f"{name}: close"), patience_s=PATIENCE_S)
    assert (seen.statuses, seen.end) == ([200], "closed")


async def test_trailers_come_apart_and_stay_none(echo):
    sent = raw.with_trailers("POST / HTTP/1.1", "Authorization: Bearer x", headers=["Connection: close"])
    seen = await raw.send(*echo, *(bytes([byte]) for byte in sent), patience_s=PATIENCE_S)
    assert b"headers: host,connection,transfer-encoding." in seen.answer


POURED = {
    "trailers": b"a: b\r\n" * 10_000,
    "one name": b"a" * 65_536,
    "one value": b"a: " + b"a" * 65_536,
    "empty values": b"a:\r\n" * 16_384,
}


@pytest.mark.parametrize("what", POURED)
async def test_trailers_without_end_end_the_connection_soon(echo, what):
    start = raw.request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n")
    piece = POURED[what] if what != "one value" else b"a" * 65_536
    seen = await raw.pour(*echo, start + b"x: " * (what == "one value"), piece, most=2**28, patience_s=PATIENCE_S)
    assert seen.end in ("closed", "reset")
    assert seen.sent < 2**25  # what sockets hold; 300 MB would have gone


async def test_trailers_behind_many_chunks_have_no_more_room(echo):
    """Chunks have a frame that does not count; what is not used of it is no room for trailers."""
    chunks = b"1\r\na\r\n" * 50_000 + b"0\r\n" + b"a: bcdefghij\r\n" * (3 * HEAD_BYTES // 14)
    sent = raw.request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=chunks + b"\r\n")
    seen = await raw.send(*echo, sent, patience_s=PATIENCE_S)
    assert seen.end in ("closed", "reset")
    assert 200 not in seen.statuses


@pytest.fixture(scope="module", params=LOOPS)
def stack(request, tmp_path_factory):
    options = Options(
        data_dir=tmp_path_factory.mktemp("data"), port=0, service_port=0, tls_port=0, rate_limit_per_minute=0
    )
    with victim(request.param, options) as running:
        yield running


async def test_a_key_among_the_trailers_opens_nothing(stack):
    body = json.dumps({"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}).encode()
    *simulators, service = ports_of(stack.bakong_url, stack.tls_url, stack.ca_file, stack.service_url)
    asked = [(port, port.path, stack.token) for port in simulators]
    for port, path, key in [*asked, (service, "/api/payments/create", stack.api_key)]:
        line, media = f"POST {path} HTTP/1.1", "Content-Type: application/json"
        good = raw.with_trailers(line, headers=[media, f"Authorization: Bearer {key}"], body=body)
        bad = raw.with_trailers(line, f"Authorization: Bearer {key}", headers=[media, "Connection: close"], body=body)
        seen = await raw.send(*port.at, good + bad, patience_s=PATIENCE_S, **port.how)
        assert seen.statuses[0] != 401, port.name
        assert seen.statuses[1:] == [401], port.name


async def test_a_trailer_speaks_for_nobody_behind_a_trusted_proxy(tmp_path):
    """Two wrong addresses of one: who is limited is who the head says, however the trailer calls him."""
    settings = {
        "SERVICE_MODE": "sandbox",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "RATE_LIMIT_PER_MINUTE": "5",
        "MAX_CONNECTIONS_PER_ADDRESS": "1",
    }
    async with serving(environment(tmp_path, **settings), "--no-worker") as (_, url):
        where = ("127.0.0.1", int(url.rpartition(":")[2]))
        statuses = []
        for number in range(8):
            sent = raw.with_trailers(
                "GET /api/payments/none HTTP/1.1",
                f"X-Forwarded-For: 198.51.100.{number}",
                headers=["X-Forwarded-For: 203.0.113.7", "Connection: close"],
                body=b"",
            )
            statuses += (await raw.send(*where, sent, patience_s=PATIENCE_S)).statuses
        assert statuses == [401] * 5 + [429] * 3
        innocent = raw.request("GET /api/payments/none HTTP/1.1", "X-Forwarded-For: 198.51.100.0", "Connection: close")
        async with raw.crowd(*where, 5):  # a proxy is not bounded as a client is
            assert (await raw.send(*where, innocent, patience_s=PATIENCE_S)).statuses == [401]
