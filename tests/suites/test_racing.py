"""Calls that race for certain: none is whole before all are there, and none is answered before all have asked."""

import socketserver
import threading
from contextlib import contextmanager
from functools import partial

import httpx
import pytest

from bakong_conformance.http import call, client
from bakong_conformance.racing import Barrier, Holder, at_once
from bakong_conformance.rules import RuleBrokenError

RACERS = 8
BODY = {"a": "b"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Told: yes\r\n\r\n{}"


class Server(socketserver.ThreadingTCPServer):
    """Notes when a request lacks its last byte, and when it is whole; each request is known to have so many bytes."""

    daemon_threads, allow_reuse_address, request_queue_size = True, True, 64

    def __init__(self, answer=ANSWER):
        self.seen, self.answer, self.all_but_one = [], answer, threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        got = b""
        while not got.endswith((b"\r\n\r", b'"b"', b"\r\n\r\n", b"}")):
            got += self.request.recv(65536)
        self.server.seen.append("all but the last")
        if len(self.server.seen) == RACERS - 1:
            self.server.all_but_one.set()
        if got[-1:] in (b"\r", b'"'):
            self.request.recv(1)
        self.server.seen.append("whole")
        self.request.sendall(self.server.answer)


@contextmanager
def serving(answer=ANSWER):
    with Server(answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with client(f"http://127.0.0.1:{server.server_address[1]}") as http:
            yield server, http
        server.shutdown()


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", BODY)])
def test_no_request_is_whole_before_the_last_one_is_there(method, body):
    with serving() as (server, http):
        ask, seen = partial(call, None, http, method, "/x?y=1", body=body), []

        def late():
            server.all_but_one.wait(60)
            seen.extend(server.seen)
            return ask()

        answers = at_once([ask] * (RACERS - 1) + [late])
        assert [(one.status, one.body, one.headers["x-told"]) for one in answers] == [(200, {}, "yes")] * RACERS
        assert (seen, server.seen.count("whole")) == (["all but the last"] * (RACERS - 1), RACERS)


def test_who_makes_no_request_is_not_waited_for():
    with serving() as (_, http):
        works = [partial(call, None, http, "GET", "/"), lambda: None]
        assert [one and one.status for one in at_once(works)] == [200, None]


def test_a_second_request_of_a_work_is_one_as_ever():
    with serving(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as (server, http):
        at_once([lambda: [call(None, http, "GET", "/") for _ in range(2)]] * 2)
        assert server.seen.count("whole") == 4


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", ANSWER[:-1]])
def test_what_is_no_answer_is_a_broken_rule(answer):
    with serving(answer) as (_, http), pytest.raises(RuleBrokenError, match="got no answer"):
        at_once([partial(call, None, http, "GET", "/")] * 2)


def test_where_nobody_listens_nobody_waits():
    with client("http://127.0.0.1:9") as http, pytest.raises(RuleBrokenError, match="got no answer"):
        at_once([partial(call, None, http, "GET", "/")] * 2)


def test_another_transport_is_used_as_it_is():
    transport = httpx.MockTransport(lambda _: httpx.Response(204))
    with client("http://nowhere.test", transport=transport) as http:
        assert [one.status for one in at_once([partial(call, None, http, "GET", "/")] * 3)] == [204] * 3


def test_whoever_opens_a_barrier_does_what_each_has_brought():
    barrier, done = Barrier(2, 10), []
    other = threading.Thread(target=barrier.wait, args=(lambda: done.append(threading.current_thread()),))
    other.start()
    barrier.wait(lambda: done.append(threading.current_thread()))
    other.join()
    assert len(set(done)) == 1
    barrier.wait()  # open: nobody is held


def test_a_barrier_opens_without_those_who_do_not_come():
    Barrier(2, 0.01).wait()


def test_a_holder_holds_only_while_it_is_told_to():
    holder = Holder()
    holder.wait()
    with holder.holding(2):
        other = threading.Thread(target=holder.wait)
        other.start()
        other.join(0.1)
        assert other.is_alive()
        holder.wait()
        other.join()
    holder.wait()
