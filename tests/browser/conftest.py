"""A real browser: Playwright with the system's Chromium, and a sandbox with its console on free ports.

Playwright's synchronous half wants a thread without an event loop, so the sandbox runs in a thread of its own.
"""

import asyncio
import io
import os
import shutil
import threading

import httpx
import pytest

from bakong_sandbox.stack.options import EMBEDDED, Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from khqr import Currency, Individual, encode, image
from tests.conftest import NOW_MS, PLAIN, lacking

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# The code that the browser's camera sees.
STATIC = encode(Individual(bakong_account_id="dara@devb", merchant_name="Dara Tea", currency=Currency.USD)).qr


class Sandbox:
    """A sandbox in a thread of its own; `do` runs a function of its loop's thread, such as one that changes a world."""

    def __init__(self, folder, **options):
        self._options = Options(data_dir=folder, port=0, **{"service_port": None} | options)
        self._ready, self._stop = threading.Event(), None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self._thread.start()
        self._ready.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with run(self._options) as self.stack:
            self.url = self.stack.bakong_url
            self._ready.set()
            await self._stop.wait()

    def do(self, act):
        async def done():
            return act()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()

    def control(self, method, path, **more):
        answer = httpx.request(method, f"{self.url}/sandbox/worlds/default{path}", **PLAIN, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def service(self, method, path, **more):
        headers = {"authorization": f"Bearer {self.stack.api_key}"}
        answer = httpx.request(method, f"{self.stack.service_url}{path}", headers=headers, **PLAIN, **more)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def ask(self, body, endpoint="check_transaction_by_md5"):
        headers = {"authorization": f"Bearer {self.stack.token}"}
        return httpx.post(f"{self.url}/v1/{endpoint}", json=body, headers=headers, **PLAIN)


def film(path, text):
    """What a camera sees that is held before a code: a few grey pictures, as YUV4MPEG2."""
    from PIL import Image

    code = Image.open(io.BytesIO(image.png(text))).convert("L").resize((400, 400))
    seen = Image.new("L", (640, 480), 255)
    seen.paste(code, (120, 40))
    frame = b"FRAME\n" + seen.tobytes() + bytes([128]) * (640 * 480 // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 5)
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """The system's Chromium, one for a module: while it is there, this thread has a loop, and asyncio tests fail."""
    if not (found := next(filter(None, map(shutil.which, CHROMIUM)), None)):
        lacking("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = ["--host-resolver-rules=MAP evil.example 127.0.0.1"]
        seen = film(tmp_path_factory.mktemp("camera") / "code.y4m", STATIC)
        options += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        options += [f"--use-file-for-fake-video-capture={seen}"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = driver.chromium.launch(executable_path=found, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory):
    options = {"service_port": 0, "rate_limit_per_minute": 0, "providers": EMBEDDED}
    with Sandbox(tmp_path_factory.mktemp("console"), **options) as running:
        yield running


@pytest.fixture
def sandbox(_sandbox):
    """A sandbox whose default world is as new, frozen at NOW_MS."""

    def begin_anew():
        worlds = _sandbox.stack.worlds
        for name in [name for name in worlds.by_name if name != "default"]:
            worlds.drop(name)
        worlds.default.set_scenario(worlds.library.find("manual"))
        worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        worlds.default.reset()

    _sandbox.do(begin_anew)
    return _sandbox


class Tab:
    """A page of the browser that reaches nothing but this machine; what it asked for, and what went wrong in it."""

    def __init__(self, page, url):
        self.page, self.url, self.urls, self.left, self.errors = page, url, [url], [], []
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._asked)

    def _asked(self, request):
        if not request.url.startswith((*self.urls, "data:", "blob:")):
            self.left.append(request.url)

    def open(self, path):
        self.page.goto(self.url + path)
        return self.page

    def elsewhere(self, address, *also):
        """Another address of this machine, which may lead on to these."""
        self.urls += also
        self.page.goto(address)
        return self.page


@pytest.fixture
def tab(browser, sandbox):
    """tab(width=..., dark=True, language="km"): a new page. At the end: no request left, nothing went wrong."""
    opened = []

    def make(viewport=DESKTOP, *, dark=False, language="en", errors=True):
        context = browser.new_context(
            viewport=viewport, color_scheme="dark" if dark else "light", locale=language, reduced_motion="reduce"
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(30_000)
        made = Tab(context.new_page(), sandbox.url)
        opened.append((context, made, errors))
        return made

    yield make
    for context, made, errors in opened:
        context.close()
        assert made.left == []
        assert not (errors and made.errors), made.errors
