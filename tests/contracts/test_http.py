"""The suites' HTTP client: what came back, as it was sent, to each of many threads."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bakong_conformance.http import call, client


class Echo(BaseHTTPRequestHandler):
    """Tells the path, compressed, and the connection's port."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = gzip.compress(b'{"path": "%b", "port": %d}' % (self.path.encode(), self.client_address[1]))
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def http():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        with client(f"http://127.0.0.1:{server.server_port}") as opened:
            yield opened
        server.shutdown()


def test_calls_one_after_another_take_one_connection_and_read_compressed_bodies(http):
    found = [call(None, http, "GET", f"/{number}").body for number in range(5)]
    assert [row["path"] for row in found] == ["/0", "/1", "/2", "/3", "/4"]
    assert len({row["port"] for row in found}) == 1


def test_each_of_many_threads_gets_its_own_answer(http):
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: call(None, http, "GET", f"/{number}").body, range(200)))
    assert [row["path"] for row in found] == [f"/{number}" for number in range(200)]
    assert len({row["port"] for row in found}) <= 16
