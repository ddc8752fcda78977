"""The example shops in Flask, Express and PHP: their own tests pass against the sandbox, with little set-up."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from khqr import Currency, Individual, encode

ROOT = Path(__file__).parents[2]
SHOPS = ROOT / "docs" / "examples" / "shops"
NODE = ROOT / "tests" / "clients" / "node"
CLIENT_WAITS_S = 10  # each shop's own time-out, which a test of one that hangs must not wait for; it takes under 1 s
TESTS = ["flask/test_shop.py", "fastapi/test_shop_api.py", "express/shop.test.js", "php/ShopTest.php"]


@pytest.fixture
def tested(bakong_server):
    """What a shop's tests print, when they pass."""

    def tested(folder, *command, **variables):
        environment = {**os.environ, "BAKONG_SANDBOX_URL": bakong_server.url, "NO_PROXY": "127.0.0.1", **variables}
        done = subprocess.run(
            command, cwd=SHOPS / folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return tested


def test_the_shops_in_flask_and_fastapi(tested):
    """Both in one run, which is what takes the time."""
    plugins = ("-p", "bakong_sandbox.devkit.plugin", "-p", "no:cacheprovider", "-p", "no:randomly")
    options = ("-c", os.devnull, "--rootdir", ".", "--import-mode=prepend", "-q", "--durations=0", "-vv")
    command = (sys.executable, "-m", "pytest", *options, *plugins, "flask", "fastapi")
    said = tested(".", *command, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert "6 passed" in said
    waited_s = [float(seconds) for seconds in re.findall(r"([0-9.]+)s call +\S+hangs", said)]
    assert len(waited_s) == 2
    assert max(waited_s) < CLIENT_WAITS_S


def test_the_shop_in_express(tested, require):
    node = require("node", also=NODE / "node_modules" / "express")
    said = tested("express", node, "--test", "--test-reporter=tap", NODE_PATH=str(NODE / "node_modules"))
    assert said.count("\nok ") + said.startswith("ok ") + said.count("    ok ") >= 3
    assert "# fail 0" in said
    assert float(re.search(r"hangs[^#]*?duration_ms: ([0-9.]+)", said)[1]) < CLIENT_WAITS_S * 1000


def test_the_shop_in_php(tested, require):
    code = Individual(
        bakong_account_id="shop@devb",
        merchant_name="Coffee",
        currency=Currency.USD,
        amount="1.50",
        expiration_timestamp=4_000_000_000_000,
    )
    said = tested("php", require("php"), "ShopTest.php", SHOP_QR=encode(code).qr)
    assert said.count(" passed\n") == 3


@pytest.mark.parametrize("file", TESTS)
def test_the_set_up_is_fifteen_lines_at_most(file):
    text = (SHOPS / file).read_text()
    setup = re.search(r"(?:#|//) set-up\n(.*?) *(?:#|//) tests\n", text, re.DOTALL)[1]
    assert len([line for line in setup.splitlines() if line.strip()]) <= 15
