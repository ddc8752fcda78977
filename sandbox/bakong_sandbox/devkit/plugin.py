"""The pytest plugin: fixtures alone. Loaded in every run of its users' tests, so it loads nothing till one is used.

`bakong`: one isolated Bakong for each test, on a real port. `bakong_in_process`: one without a port, for httpx.
`bakong_redirect`: calls to NBC's host names go to `bakong`. `no_real_network`: nothing but loopback is reached.
A test that fails tells the seed, the scenario and the calls of its Bakong, and where its journal is kept.
"""

import re
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from bakong_sandbox.devkit.testing.handle import Bakong, Handle
    from bakong_sandbox.devkit.testing.in_process import InProcess
    from bakong_sandbox.devkit.testing.server import Outside, Server

MARKER = "bakong(scenario=, quota=, profile=, at=): what the test's Bakong begins with; docs/pytest.md"
INI = {
    "bakong_url": "a sandbox that runs already, for the fixture bakong; by default one of this process",
    "bakong_control_token": "its control token, where it wants one",
    "bakong_scenario": "what a Bakong plays where no marker says it: a name, or a file beside the ini",
    "bakong_quota": "calls a day for each token, where no marker says it",
    "bakong_profile": "current, doc-1.0.2, sit or prod, where no marker says it",
    "bakong_at": "the instant at which a Bakong's clock stands, where no marker says it",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, about in INI.items():
        parser.addini(name, about, default="")
    parser.getgroup("bakong").addoption("--bakong-url", metavar="URL", default="", help=INI["bakong_url"])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and report.failed and "bakong_sandbox.devkit.testing.handle" in sys.modules:
        report.sections.extend(("Bakong", story) for story in _stories(item))
    return report


def _stories(item: pytest.Item) -> Iterator[str]:
    from bakong_sandbox.devkit.testing.handle import Handle

    folder = _folder(item.config)
    for name in ("bakong", "bakong_in_process"):
        held = getattr(item, "funcargs", {}).get(name)
        if isinstance(held, Handle):
            yield _story(held, folder, re.sub(r"[^A-Za-z0-9]+", "-", item.nodeid)[-100:].strip("-"))


def _story(held: "Handle[Any, Any]", folder: "Path | None", name: str) -> str:
    """The story, or in one line why it cannot be told: an error in a hook would end the whole run."""
    from bakong_sandbox.devkit.testing.failure_section import story

    try:
        return story(held, folder, name)
    except Exception as error:  # noqa: BLE001  as said
        return f"world={held.world}: it cannot be told what happened: {type(error).__name__}: {error}"


def _folder(config: pytest.Config) -> "Path | None":
    """Where journals are kept; nowhere in a run without a cache, or where it cannot be written."""
    cache = getattr(config, "cache", None)
    try:
        return None if cache is None else cache.mkdir("bakong-sandbox")
    except OSError:
        return None


def _refuse_shadows() -> None:
    """Fail in one line where a file of the user's hides a package of ours, instead of deep within an import."""
    from bakong_sandbox.devkit.shadowing import shadows

    if line := shadows():
        pytest.fail(line, pytrace=False)


@pytest.fixture(scope="session")
def bakong_server(pytestconfig: pytest.Config) -> "Iterator[Server | Outside]":
    """The simulator of this test process (under xdist each worker has its own), or the one that runs at bakong_url."""
    _refuse_shadows()
    from bakong_sandbox.devkit.testing.errors import BakongError
    from bakong_sandbox.devkit.testing.server import Outside, Server

    url = pytestconfig.getoption("--bakong-url") or pytestconfig.getini("bakong_url")
    try:
        server = Outside(url, pytestconfig.getini("bakong_control_token")) if url else Server()
    except BakongError as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    server.stop()


@pytest.fixture
def bakong(bakong_server: "Server | Outside", request: pytest.FixtureRequest) -> "Iterator[Bakong]":
    """One isolated Bakong for this test: base_url, token, pay, use, clock, journal. The marker bakong begins it."""
    from bakong_sandbox.devkit.testing import marked
    from bakong_sandbox.devkit.testing.errors import BakongError

    settings = {name: request.config.getini(f"bakong_{name}") for name in marked.KEYS}
    given = {
        name: value for mark in reversed([*request.node.iter_markers("bakong")]) for name, value in mark.kwargs.items()
    }
    try:
        begin = marked.beginnings(given, settings)
        world = bakong_server.world(**marked.world_options(begin))
        marked.prepare(world, begin, request.config.rootpath)
    except BakongError as error:
        pytest.fail(str(error), pytrace=False)
    yield world
    bakong_server.drop(world)


@pytest.fixture
def bakong_in_process() -> "Iterator[InProcess]":
    """One Bakong without a port: transport and client() for httpx; pay, use and the rest are awaited."""
    _refuse_shadows()
    from bakong_sandbox.devkit.testing.in_process import InProcess

    world = InProcess()
    yield world
    world.close()


@pytest.fixture
def bakong_redirect(bakong: "Bakong", monkeypatch: pytest.MonkeyPatch) -> "Iterator[Bakong]":
    """`bakong`, and every call to NBC's host names goes to it, past every proxy.

    From httpx, requests, urllib3, aiohttp, urllib.request and http.client.
    """
    from bakong_sandbox.devkit.testing.redirect import redirected

    with redirected(monkeypatch, bakong.base_url):
        yield bakong


@pytest.fixture
def no_real_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever wants to leave this machine raises RealNetworkError."""
    from bakong_sandbox.devkit.testing.guard import install

    install(monkeypatch)
