"""Connections that want to stay, or to be many: each ends by its deadline, on every port, and others are served."""

import asyncio
import errno
import json
import resource

import pytest

from bakong_sandbox.stack import accepting, connections
from bakong_sandbox.stack.accepting import Acceptor
from bakong_sandbox.stack.connections import Bounds, Connections
from bakong_sandbox.stack.http_protocol import HEAD_BYTES, MAX_HEADERS, PIECE_BYTES, Protocol
from bakong_sandbox.stack.launcher import OURS, Program
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.serving import listen, serve
from tests.attacks import raw
from tests.attacks.victims import LOOPS, ports_of, victim

SHORT = Bounds(read_s=0.5, answer_s=2.0, write_s=0.5, idle_s=1.0, linger_s=0.3)
PATIENCE_S = 20  # of tests: many times what any deadline here is
OTHER = "127.0.0.2"


@pytest.fixture(scope="module", params=LOOPS)
def loop_name(request):
    return request.param


@pytest.fixture(scope="module")
def patient(loop_name, tmp_path_factory):
    """The ports of a sandbox with the deadlines that it has by default."""
    options = Options(
        data_dir=tmp_path_factory.mktemp("patient"), port=0, service_port=0, tls_port=0, rate_limit_per_minute=0
    )
    with victim(loop_name, options) as stack:
        yield ports_of(stack.bakong_url, stack.tls_url, stack.ca_file, stack.service_url)


@pytest.fixture(scope="module")
def hasty_stack(loop_name, tmp_path_factory):
    options = Options(
        data_dir=tmp_path_factory.mktemp("hasty"),
        port=0,
        service_port=0,
        tls_port=0,
        rate_limit_per_minute=0,
        bounds=SHORT,
        service_bounds=SHORT,
    )
    with victim(loop_name, options) as stack:
        yield stack


@pytest.fixture(scope="module")
def hasty(hasty_stack):
    """The ports of a sandbox with deadlines that a test can wait for."""
    stack = hasty_stack
    return ports_of(stack.bakong_url, stack.tls_url, stack.ca_file, stack.service_url)


def call(port, *headers, version="HTTP/1.1", body=b""):
    return raw.request(f"{port.method} {port.path} {version}", *headers, body=body)


async def on_every(ports, attack):
    """What an attack saw, by the name of the port."""
    seen = await asyncio.gather(*(attack(port) for port in ports))
    return {port.name: one for port, one in zip(ports, seen, strict=True)}


async def is_served(port, **how):
    """Whether somebody who asks politely is answered."""
    seen = await raw.send(*port.at, call(port, "Connection: close"), patience_s=PATIENCE_S, **port.how, **how)
    return seen.end == "closed" and seen.statuses == [port.answers]


# Offers of another protocol


@pytest.mark.parametrize("body", raw.BODIES)
async def test_a_request_that_offers_another_protocol_is_answered_as_without_the_offer(patient, body):
    async def offered(port, offer):
        version, headers = raw.UPGRADES[offer]
        sent = raw.upgrade(offer, body, port.method, port.path)
        stays = version == "HTTP/1.1" and not any("close" in header for header in headers)
        end = call(port, "Connection: close") if stays else b""
        return await raw.send(*port.at, sent, end, patience_s=PATIENCE_S, **port.how)

    for offer in raw.UPGRADES:
        for name, seen in (await on_every(patient, lambda port, offer=offer: offered(port, offer))).items():
            answers = {port.name: port.answers for port in patient}[name]
            expected = [status for status in seen.statuses if status != 100]
            assert seen.end == "closed", (offer, name, seen)
            assert set(expected) == {answers}, (offer, name, seen)


async def test_what_comes_after_a_request_that_ends_the_connection_is_not_done(patient):
    sent = ["Connection: Upgrade, close", "Upgrade: x"]
    seen = await on_every(
        patient, lambda port: raw.send(*port.at, call(port, *sent) + call(port), patience_s=PATIENCE_S, **port.how)
    )
    assert {name: len(one.statuses) for name, one in seen.items()} == {"simulator": 1, "tls": 1, "service": 1}


# What is no request


@pytest.mark.parametrize("name", raw.MALFORMED)
async def test_what_two_servers_could_read_differently_is_refused_and_ends_the_connection(patient, name):
    def attack(port):
        sent = raw.malformed(name, port.method, port.path)
        return raw.send(*port.at, sent, patience_s=PATIENCE_S, **port.how)

    for port, seen in (await on_every(patient, attack)).items():
        assert seen.end in ("closed", "reset"), (port, seen)
        assert seen.statuses in ([400], []), (port, seen)


@pytest.mark.parametrize("name", raw.TARGETS)
async def test_a_target_that_is_no_path_is_answered(patient, name):
    seen = await on_every(
        patient, lambda port: raw.send(*port.at, raw.TARGETS[name], patience_s=PATIENCE_S, **port.how)
    )
    for port, one in seen.items():
        assert one.end == "closed", (port, one)
        assert len(one.statuses) == 1, (port, one)
        assert 200 <= one.statuses[0] < 500, (port, one)
    assert await on_every(patient, is_served) == dict.fromkeys(seen, True)


LONG = {
    "request line": lambda port: f"{port.method} /".encode() + b"a" * (HEAD_BYTES + 2 * PIECE_BYTES),
    "header": lambda port: call(port)[:-2] + b"X-A: " + b"a" * (HEAD_BYTES + 2 * PIECE_BYTES),
    "whole header": lambda port: call(port, "X-A: " + "a" * (HEAD_BYTES + 2 * PIECE_BYTES)),
    "number of headers": lambda port: call(port, *["a:"] * (MAX_HEADERS + 1)),
}


@pytest.mark.parametrize("what", LONG)
async def test_a_head_has_bounds_however_it_is_sent(patient, what):
    seen = await on_every(patient, lambda port: raw.send(*port.at, LONG[what](port), patience_s=PATIENCE_S, **port.how))
    assert {name: one.statuses for name, one in seen.items() if one.end == "closed"}.items() <= {
        "simulator": [400],
        "tls": [400],
        "service": [431],
    }.items()
    assert "open" not in {one.end for one in seen.values()}


async def test_extensions_of_chunks_are_bounded(patient):
    def attack(port):
        start = raw.request(f"POST {port.path} HTTP/1.1", "Transfer-Encoding: chunked") + b"1;x="
        return raw.pour(*port.at, start, b"a" * 65_536, most=2**25, patience_s=PATIENCE_S, **port.how)

    for name, seen in (await on_every(patient, attack)).items():
        assert seen.end in ("closed", "reset"), name
        assert seen.sent < 2**25, name


async def test_small_chunks_of_a_body_are_no_extensions(patient):
    chunks = b"1\r\n \r\n" * 30_000 + b"0\r\n\r\n"
    port = patient[0]
    sent = call(port, "Transfer-Encoding: chunked", "Connection: close", body=chunks)
    assert (await raw.send(*port.at, sent, patience_s=PATIENCE_S)).statuses == [port.answers]


async def test_answers_that_wait_are_given_before_what_is_no_request_ends_the_connection(patient):
    """Not in the place of one of them: the client would take it for the answer to another request."""
    seen = await on_every(
        patient, lambda port: raw.send(*port.at, call(port) * 3 + b"\0\0\0", patience_s=PATIENCE_S, **port.how)
    )
    for port in patient:
        assert seen[port.name].end == "closed"
        assert seen[port.name].statuses[:3] == [port.answers] * 3
        assert seen[port.name].statuses[3:] in ([], [400])


# Connections that want to stay

SLOW = {
    "nothing": (b"", b""),
    "a request line": (b"G", b"E"),
    "a header": (b"GET / HTTP/1.1\r\nX-A: ", b"a"),
    "headers": (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
    "empty lines": (b"", b"\r\n"),
    "a body": (b"POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n", b"a"),
    "chunks": (b"POST /v1/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "trailers": (b"POST /v1/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    "a body that was told to go on": (
        b"POST /v1/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10000\r\n\r\n",
        b"a",
    ),
    "a body with an offer": (
        b"POST /v1/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: x\r\nContent-Length: 99999\r\n\r\n",
        b"a",
    ),
}


@pytest.mark.parametrize("what", SLOW)
async def test_a_request_that_drips_is_closed(hasty, what):
    start, piece = SLOW[what]
    seen = await on_every(
        hasty,
        lambda port: raw.drip(*port.at, start, piece, every_s=0.1, patience_s=PATIENCE_S, **port.how),
    )
    assert {one.end for one in seen.values()} <= {"closed", "reset"}, seen


async def test_a_request_that_drips_after_one_that_was_answered_is_closed(hasty):
    for piece in (b"", b"\r\n", b"G"):
        seen = await on_every(
            hasty,
            lambda port, piece=piece: raw.drip(
                *port.at, call(port), piece, every_s=0.1, patience_s=PATIENCE_S, **port.how
            ),
        )
        for port in hasty:
            assert seen[port.name].end in ("closed", "reset")
            assert seen[port.name].statuses[0] == port.answers


async def test_a_body_that_never_ends_is_closed_however_fast_it_comes(hasty):
    for coding in ("Content-Length: 99999999999", "Transfer-Encoding: chunked"):

        def attack(port, coding=coding):
            start = raw.request(f"POST {port.path} HTTP/1.1", coding)
            piece = (b"10000\r\n%b\r\n" if "chunked" in coding else b"%b") % (b"a" * 65_536)
            return raw.pour(*port.at, start, piece, most=2**40, patience_s=PATIENCE_S, **port.how)

        assert "open" not in {one.end for one in (await on_every(hasty, attack)).values()}


async def test_a_handshake_that_goes_no_further_is_closed(hasty):
    tls = hasty[1]
    assert (await raw.half_a_handshake(*tls.at, patience_s=PATIENCE_S)).end != "open"
    assert (await raw.send(*tls.at, b"", patience_s=PATIENCE_S)).end != "open"
    assert await is_served(tls)


async def test_a_client_that_reads_no_answer_is_closed(hasty):
    seen = await on_every(hasty, lambda port: raw.never_read(*port.at, call(port), patience_s=PATIENCE_S, **port.how))
    assert {one.end for one in seen.values()} == {"reset"}


async def test_requests_one_behind_the_other_are_answered_however_many(patient):
    def attack(port):
        return raw.send(*port.at, call(port) * 90, call(port, "Connection: close"), patience_s=PATIENCE_S, **port.how)

    seen = await on_every(patient, attack)
    assert {name: len(one.statuses) for name, one in seen.items()} == dict.fromkeys(seen, 91)


# Scripted faults, which may take long


async def ask_for(stack, port, fault, *behind):
    """A call whose answer a script lets wait, and what the connection brought."""
    script = f"name: f\nfaults: [{{fault: {fault}}}]"
    stack.worlds.default.set_scenario(LIBRARY.read(script))
    headers = [f"Authorization: Bearer {stack.token}", "Connection: close"]
    body = json.dumps({"md5": "0" * 32}).encode()
    sent = call(port, *headers, f"Content-Length: {len(body)}", body=body)
    return await raw.send(*port.at, sent, *behind, patience_s=PATIENCE_S, **port.how)


async def test_an_answer_may_take_longer_than_a_request_but_not_for_ever(hasty_stack, hasty):
    async def each(fault):
        return (await on_every(hasty[:2], lambda port: ask_for(hasty_stack, port, fault))).values()

    for fault in ("delay, for: 800ms", "dribble, pieces: 4, every: 300ms"):
        for slow in await each(fault):
            assert (slow.end, slow.statuses) == ("closed", [200])
            assert slow.after_s > SHORT.read_s
    for hung in await each("hang, for: 24h"):
        assert (hung.end, hung.statuses) == ("closed", [])
        assert hung.after_s >= SHORT.answer_s
    hasty_stack.worlds.default.set_scenario(LIBRARY.find("manual"))


# Many connections


async def test_one_address_cannot_take_what_others_need(tmp_path):
    """1,100 connections to each port of a process with 1,024 descriptors, from one address; another is served."""
    connections.raise_descriptor_limit()  # for this client
    flags = ("--json", "--port", "0", "--service-port", "0", "--tls-port", "0", "--read-timeout", "3")
    limited = ("sh", "-c", 'ulimit -n 1024 && exec "$@"', "sh", *OURS, "up", *flags, "--data-dir", str(tmp_path))
    program = Program(limited, keeps_errors=True)
    try:
        ready = await asyncio.to_thread(program.ready_line)
        ports = ports_of(ready["bakong_url"], ready["tls_url"], ready["ca_file"], ready["service_url"])
        served = dict.fromkeys(("simulator", "tls", "service"), True)
        for attacked in (ports[0], ports[2]):
            sends = raw.upgrade("close and an unknown one", "no body", attacked.method, attacked.path)[:-2]
            async with raw.crowd(*attacked.at, 1100, sends) as crowd:
                assert await on_every(ports, lambda port: is_served(port, source=OTHER)) == served
                if attacked is ports[0]:
                    assert "open" not in {one.end for one in await crowd.ends(PATIENCE_S)}
                    assert await on_every(ports, is_served) == served
    finally:
        program.stop()


async def test_a_connection_too_many_is_told_so_and_one_that_ends_makes_room(tmp_path):
    few = Bounds(connections=4, per_address=2)
    options = Options(data_dir=tmp_path, port=0, service_port=0, tls_port=0, bounds=few, service_bounds=few)
    with victim("uvloop", options) as stack:
        simulator, tls, service = ports_of(stack.bakong_url, stack.tls_url, stack.ca_file, stack.service_url)
        async with raw.crowd(*simulator.at, 2):
            refused = await on_every(
                [simulator, service], lambda port: raw.send(*port.at, patience_s=PATIENCE_S, **port.how)
            )
            assert {one.statuses[0] for one in refused.values()} == {503}
            assert {one.end for one in refused.values()} == {"closed"}
            assert b"problem+json" in refused["service"].answer
            assert b"nginx" in refused["simulator"].answer
            assert (await raw.send(*tls.at, patience_s=PATIENCE_S, **tls.how)).end == "reset"
            async with raw.crowd(*service.at, 2, source=OTHER):
                third = await raw.send(*tls.at, patience_s=PATIENCE_S, source="127.0.0.3")  # four are open
                assert third.end in ("closed", "reset")
        async with asyncio.timeout(PATIENCE_S):
            while not await is_served(service):
                pass


def test_a_proxy_that_is_trusted_speaks_for_many_and_ipv6_is_bounded_by_the_network():
    held = Connections(Bounds(connections=20, per_address=1), lambda address: address == "10.0.0.1")
    assert all(held.admit("10.0.0.1") for _ in range(10))
    assert held.admit("10.0.0.2")
    assert not held.admit("10.0.0.2")
    end = held.admit("2001:db8::1")
    assert end
    assert not held.admit("2001:db8::2")
    assert held.admit("2001:db8:0:1::1")
    end()
    assert held.admit("2001:db8::2")
    assert held.open == 13


@pytest.mark.parametrize(("descriptors", "most", "each"), [(256, 192, 144), (1024, 768, 576), (60_000, 10_000, 4_000)])
def test_there_are_never_more_connections_than_descriptors(monkeypatch, descriptors, most, each):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))
    held = Connections(Bounds())
    assert (held.most, held.most_per_address) == (most, each)


class Lacking:
    """A listening socket whose first accepts lack a descriptor."""

    def __init__(self, opened, error):
        self.fileno = opened.fileno
        self._opened = opened
        self._left = [error, error]

    def accept(self):
        if self._left:
            raise OSError(self._left.pop(), "lacking")
        return self._opened.accept()


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_a_server_that_lacks_descriptors_accepts_again_when_it_has_some(monkeypatch, caplog, error):
    monkeypatch.setattr(accepting, "PAUSE_S", 0.01)

    async def hello(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    class Pausing(Acceptor):
        def __init__(self, opened, *given, **named):
            super().__init__(Lacking(opened, error), *given, **named)

    monkeypatch.setattr("bakong_sandbox.stack.serving.Acceptor", Pausing)
    with listen(0) as opened:
        async with serve(hello, opened, http=Protocol):
            sent = raw.request("GET / HTTP/1.1", "Connection: close")
            seen = await raw.send(*opened.getsockname(), sent, patience_s=PATIENCE_S)
    assert seen.statuses == [204]
    assert len([record for record in caplog.records if "cannot accept" in record.message]) == 1


async def test_a_running_server_that_runs_out_of_descriptors_recovers(tmp_path):
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system cannot limit a running process")
    connections.raise_descriptor_limit()
    flags = ("--json", "--port", "0", "--no-service", "--data-dir", str(tmp_path))
    program = Program((*OURS, "up", *flags), keeps_errors=True)
    try:
        ready = await asyncio.to_thread(program.ready_line)
        where = ("127.0.0.1", int(ready["bakong_url"].rpartition(":")[2]))
        ask = raw.request("GET /sandbox/health HTTP/1.1", "Connection: close")
        assert (await raw.send(*where, ask, patience_s=PATIENCE_S)).statuses == [200]
        limits = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (40, limits[1]))
        async with raw.crowd(*where, 100, b"GET"):
            assert (await raw.send(*where, ask, patience_s=0.5)).statuses == []
        assert (await raw.send(*where, ask, patience_s=PATIENCE_S)).statuses == [200]
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, limits)
        assert (await raw.send(*where, ask, patience_s=PATIENCE_S)).statuses == [200]
    finally:
        program.stop()


# What a client leaves behind


async def test_an_answer_that_waits_ends_when_its_client_leaves_also_with_requests_behind_it(hasty_stack, hasty):
    """The hang of the first is not left to run on, once for every connection."""
    simulator = hasty[0]
    hasty_stack.worlds.default.set_scenario(LIBRARY.read("name: f\nfaults: [{fault: hang, for: 24h}]"))
    body = json.dumps({"md5": "0" * 32}).encode()
    headers = [f"Authorization: Bearer {hasty_stack.token}", f"Content-Length: {len(body)}"]
    asked = call(simulator, *headers, body=body)
    waiting = Waiting()
    await raw.send(*simulator.at, asked * 3, patience_s=0.3)
    async with asyncio.timeout(PATIENCE_S):
        while waiting.count():
            await asyncio.wait([asyncio.create_task(is_served(hasty[2]))])
    hasty_stack.worlds.default.set_scenario(LIBRARY.find("manual"))


class Waiting:
    """The transports of all ports whose answers wait."""

    def count(self):
        return sum(len(kind.waiting) for kind in _every(Protocol) if "waiting" in vars(kind))


def _every(kind):
    return [kind, *(below for child in kind.__subclasses__() for below in _every(child))]
