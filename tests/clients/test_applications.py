"""Three applications in the manner of those that are about: a PHP page, an Express shop, a bot that sells by chat.

They know Bakong's address and a token, and nothing of the sandbox; a wallet pays their codes.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.conftest import NOW_MS, PLAIN

HERE = Path(__file__).parent / "applications"
MODULES = Path(__file__).parent / "node" / "node_modules"


@pytest.fixture
def bakong(bakong_server):
    """A world of its own, that stands still."""
    world = bakong_server.world()
    world.clock.freeze("2026-02-11T00:00:00Z")
    yield world
    bakong_server.drop(world)


@contextmanager
def running(bakong, *command, **variables):
    """An application, with what everyone has who uses Bakong; ended in the end."""
    environment = os.environ | {"BAKONG_URL": bakong.base_url, "BAKONG_TOKEN": bakong.token, "NOW_MS": str(NOW_MS)}
    environment |= {"NO_PROXY": "127.0.0.1", **variables}
    with subprocess.Popen(
        command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(ask, expected):
    """Ask until it is so; pytest's own limit ends what never becomes so."""
    while (seen := ask()) != expected:
        pass
    return seen


def test_a_page_in_php_shows_a_code_and_sees_it_paid(bakong, require, tmp_path):
    command = (require("php"), "-q", "-S", "127.0.0.1:0", "page.php")
    with running(bakong, *command, ORDERS=str(tmp_path / "orders.json")) as process:
        port = re.search(rb"http://127.0.0.1:(\d+)", process.stderr.readline())[1].decode()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", **PLAIN) as browser:
            pages = [browser.get("/").text for _ in range(2)]
            codes = [unescape(re.search(r"<pre[^>]*>([^<]+)", page)[1]) for page in pages]
            assert all("https://bakong.page.link/" in page for page in pages)

            def seen():
                return [browser.get("/check.php", params={"id": number}).json()["status"] for number in (1, 2, 3)]

            assert seen() == ["PENDING", "PENDING", "UNKNOWN"]
            bakong.pay(codes[1])
            assert seen() == ["PENDING", "PAID", "UNKNOWN"]
            bakong.use("html-instead-of-json")
            assert seen() == ["PENDING", "PAID", "UNKNOWN"]


def test_a_shop_in_express_sells_what_is_there_and_no_outage_loses_a_payment(bakong, require):
    node = require("node", also=MODULES / "express")
    with running(bakong, node, "shop.js", NODE_PATH=str(MODULES), EXPIRES_MS="4000000000000") as process:
        port = process.stdout.readline().strip().decode()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", **PLAIN) as browser:

            def buy(product):
                return browser.post("/orders", json={"product": product})

            def state(order):
                return browser.get(f"/orders/{order['id']}").json()["status"]

            coffee, tea = buy("coffee").json(), buy("tea").json()
            assert (buy("coffee").status_code, buy("milk").status_code) == (409, 404)
            bakong.pay(coffee["qr"])
            until(lambda: state(coffee), "paid")
            bakong.use("geo-blocked")
            bakong.pay(tea["qr"])
            assert state(tea) == "pending"
            bakong.use("manual")
            until(lambda: state(tea), "paid")
            assert browser.get("/stock").json() == {"tea": 1, "coffee": 0}


class Messenger(ThreadingHTTPServer):
    """A stand-in of the messenger's API: what users write, and what the bot says."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Messages)
        self.written, self.said, self.number = queue.Queue(), queue.Queue(), 0

    def write(self, chat, text):
        self.number += 1
        self.written.put({"update_id": self.number, "message": {"chat": {"id": chat}, "text": text}})

    def heard(self):
        return self.said.get(timeout=60)


class _Messages(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        result = []
        if self.path.endswith("/getUpdates"):
            while not self.server.written.empty():
                result.append(self.server.written.get())
        else:
            self.server.said.put((body["chat_id"], body["text"]))
        answer = json.dumps({"ok": True, "result": result}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def messenger():
    server = Messenger()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_bot_sells_to_two_chats_and_thanks_the_one_that_paid(bakong, messenger):
    url = f"http://127.0.0.1:{messenger.server_address[1]}/bot1"
    root = str(Path(__file__).parents[2])
    with running(bakong, sys.executable, "bot.py", TELEGRAM_URL=url, PYTHONPATH=root) as process:
        messenger.write(7, "hello")
        assert messenger.heard() == (7, "What do you want? /buy_vpn /buy_key")
        codes = {}
        for chat, command in ((7, "/buy_vpn"), (8, "/buy_key")):
            messenger.write(chat, command)
            whose, text = messenger.heard()
            codes[whose] = text.split("\n")[1]
        bakong.use("storm-503-each")
        bakong.pay(codes[8])
        assert messenger.heard() == (8, "Thank you! Here is a licence key.")
        bakong.use("manual")
        bakong.pay(codes[7], outcome="failed")
        assert messenger.heard() == (7, "Your payment failed, try again.")
        messenger.write(7, "/stop")
        assert process.wait(timeout=60) == 0
