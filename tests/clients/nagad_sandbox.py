"""A sandbox on ports with Nagad in it, and its customer: for the tests with other people's clients."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS, PLAIN

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-nagadpy"
NEEDS = ("nagadpy==0.0.2", "cryptography==41.0.7")
FORM = {"wallet": "01400000001", "otp": "123456", "pin": "1357", "action": "confirm"}
POOR = "01400000011"


class Sandbox:
    """stack: its addresses. facts: what a merchant of the default world is configured with."""

    def __init__(self, stack, browser, facts):
        self.stack, self.browser, self.facts = stack, browser, facts

    async def customer(self, page, **changes):
        """Where the customer's browser is sent after the pay page, as its query."""
        parts = urlsplit(page)
        headers = {"host": parts.netloc}
        url = f"{self.stack.bakong_url}{parts.path}"
        assert "<form" in (await self.browser.get(url, headers=headers)).text
        back = await self.browser.post(url, data=FORM | changes, headers=headers)
        assert back.status_code == 302, back.text
        return dict(parse_qsl(urlsplit(back.headers["location"]).query))

    async def play(self, script):
        url = f"{self.stack.bakong_url}/sandbox/worlds/default/scenario"
        assert (await self.browser.put(url, content=script)).status_code == 200


@contextlib.asynccontextmanager
async def sandbox(folder):
    async with run(Options(data_dir=folder, port=0, tls_port=0, service_port=None)) as stack:
        stack.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        async with httpx.AsyncClient(**PLAIN) as browser:
            facts = (await browser.get(f"{stack.bakong_url}/sandbox/worlds/default/nagad")).json()
            yield Sandbox(stack, browser, facts)


def nagadpy_environment():
    """The Python of an environment with nagadpy, made where it is not there; None, and why, where it cannot be made.

    It is made beside its place and moved there, so that a run that is cut off leaves none that is half done.
    """
    python = ENVIRONMENT / "bin" / "python"
    if python.exists():
        return python, ""
    made = ENVIRONMENT.with_name(f"{ENVIRONMENT.name}-{os.getpid()}")
    pip = [made / "bin" / "python", "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "30", *NEEDS]
    for command in ([sys.executable, "-m", "venv", made], pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return None, f"{' and '.join(NEEDS)} cannot be installed: {done.stderr.strip().splitlines()[-1:]}"
    with contextlib.suppress(OSError):  # another worker was quicker
        made.rename(ENVIRONMENT)
    return python, ""


def said(out):
    """The line of JSON that a client has printed."""
    return json.loads(out.decode().splitlines()[-1])
