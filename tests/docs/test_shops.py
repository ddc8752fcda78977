"""The example shops in Python, Node and PHP: their own tests pass, with little set-up, and wait for nobody."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from khqr import Currency, Individual, encode

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
SHOPS = EXAMPLES / "shops"
NODE = ROOT / "tests" / "clients" / "node"
LARAVEL = Path("/usr/share/php/Illuminate/autoload.php")
# Each shop's client waits for so long for a Bakong that hangs (for 60 s, twice in a test). Whoever really waited would
# be ended by the limit, which is below it for each hang; whoever does not may run on a machine as busy as it likes.
CLIENT_WAITS_S, LIMIT_OF_A_HANG_S = 59, 50
TESTS = [
    *("flask/test_shop.py", "fastapi/test_shop_api.py", "express/shop.test.js", "vitest/shop.test.js"),
    *("jest/shop.test.js", "php/ShopTest.php", "laravel/tests/OrderTest.php"),
]
# The shop of a folder: what runs its tests, what has to be installed, and what is printed when all three pass.
NODE_RUNNERS = {
    "express": (("--test", "--test-reporter=tap"), "express", "# pass 3"),
    "vitest": (("node_modules/vitest/vitest.mjs", "run"), "vitest", "3 passed"),
    "jest": (("node_modules/jest/bin/jest.js",), "jest", "3 passed, 3 total"),
}
PHPUNIT = ("--do-not-cache-result", "--colors=never")
PHP_RUNNERS = {
    "php": ((*PHPUNIT, "ShopTest.php"), None),
    "laravel": ((*PHPUNIT, "--bootstrap", "phpunit-debian.php", "tests"), LARAVEL),
}


@pytest.fixture
def tested(bakong_server, tmp_path):
    """What a shop's tests print, when they pass in a copy of the folder."""
    shutil.copytree(EXAMPLES / "helpers", tmp_path / "helpers")
    shutil.copytree(SHOPS, tmp_path / "shops")

    def tested(folder, *command, hangs=2, **variables):
        environment = {
            **os.environ,
            "BAKONG_SANDBOX_URL": bakong_server.url,
            "BAKONG_TIMEOUT_S": str(CLIENT_WAITS_S),
            "NO_PROXY": "127.0.0.1",
            **variables,
        }
        at = tmp_path / "shops" / folder
        done = subprocess.run(
            command,
            cwd=at,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=hangs * LIMIT_OF_A_HANG_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    tested.folder = tmp_path
    return tested


def test_the_shops_in_flask_and_fastapi(tested):
    """Both in one run, which is what takes the time."""
    plugins = ("-p", "bakong_sandbox.devkit.plugin", "-p", "no:cacheprovider", "-p", "no:randomly")
    options = ("-c", os.devnull, "--rootdir", ".", "--import-mode=prepend", "-q")
    command = (sys.executable, "-m", "pytest", *options, *plugins, "flask", "fastapi")
    assert "6 passed" in tested(".", *command, hangs=4, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


@pytest.mark.parametrize("folder", NODE_RUNNERS)
def test_the_shop_in_node(tested, require, folder):
    arguments, package, passed = NODE_RUNNERS[folder]
    node = require("node", also=NODE / "node_modules" / package)
    (tested.folder / "node_modules").symlink_to(NODE / "node_modules")
    (tested.folder / "shops" / folder / "node_modules").symlink_to(NODE / "node_modules")
    assert passed in tested(folder, node, *arguments, CI="1", NO_COLOR="1")


@pytest.mark.parametrize("folder", PHP_RUNNERS)
def test_the_shop_in_php(tested, require, folder):
    code = Individual(
        bakong_account_id="shop@devb",
        merchant_name="Coffee",
        currency=Currency.USD,
        amount="1.50",
        expiration_timestamp=4_000_000_000_000,
    )
    arguments, framework = PHP_RUNNERS[folder]
    command = (require("phpunit", also=framework), *arguments)
    (tested.folder / "shops" / "laravel" / "bootstrap" / "cache").mkdir(parents=True)
    assert "OK (3 tests" in tested(folder, *command, SHOP_QR=encode(code).qr)


def test_the_recipe_of_testcontainers(tested, require):
    """Where an engine answers; it builds the image and installs the package, so it costs nothing elsewhere."""
    engine = next((name for name in ("docker", "podman") if answers(name)), None)
    if engine is None:
        pytest.skip("no engine answers (docker, podman): nothing can be started in a container")
    subprocess.run((engine, "build", "--tag", "bakong-sandbox", str(ROOT)), check=True, capture_output=True)
    tested("testcontainers", require("npm"), "install", "--no-audit", "--no-fund")
    assert "# pass 1" in tested("testcontainers", require("node"), "--test", "--test-reporter=tap")


def answers(engine):
    """Whether an engine is here that could start a container by the socket that testcontainers speaks to."""
    if shutil.which(engine) is None:
        return False
    return subprocess.run((engine, "ps"), capture_output=True, check=False).returncode == 0 and (
        Path("/var/run/docker.sock").exists() or "DOCKER_HOST" in os.environ
    )


@pytest.mark.parametrize("file", TESTS)
def test_the_set_up_is_fifteen_lines_at_most(file):
    text = (SHOPS / file).read_text()
    setup = re.search(r"(?:#|//) set-up\n(.*?) *(?:#|//) tests\n", text, re.DOTALL)[1]
    assert len([line for line in setup.splitlines() if line.strip()]) <= 15


def test_the_versions_of_the_shops_are_those_that_are_tested():
    known = json.loads((NODE / "package.json").read_text())["dependencies"]
    for folder in NODE_RUNNERS:
        package = json.loads((SHOPS / folder / "package.json").read_text())
        wanted = package["dependencies"] | package.get("devDependencies", {})
        assert wanted == {name: known[name] for name in wanted}, folder
