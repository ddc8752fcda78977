"""Every page of the console in a real browser: in both languages, light and dark, on a phone, for everybody."""

import subprocess

import pytest

from bakong_simulator.console.pages import PAGES
from bakong_simulator.console.start import snippets
from khqr import Currency, Individual, encode
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.seeing import AXE, overflow, violations, weight
from tests.conftest import NOW_MS, lacking

LOOKS = [("light", DESKTOP, "en", False), ("dark", PHONE, "km", True)]
MAX_WEIGHT = 150_000


@pytest.fixture
def lively(sandbox):
    """A world in which something has happened: codes, payments, calls, a fault, a mail."""
    paid, open_, named = (
        encode(
            Individual(
                bakong_account_id="sokha@devb",
                merchant_name=name,
                currency=Currency.USD,
                amount="1.5",
                bill_number=bill,
                expiration_timestamp=NOW_MS + 900_000,
            ),
            now=NOW_MS,
        )
        for name, bill in (("Sokha", "INV-1"), ("ហាងកាហ្វេ", "INV-2"), ("<script>alert(1)</script>"[:25], "INV-3"))
    )
    sandbox.control("POST", "/payments", json={"qr": paid.qr})
    sandbox.control("POST", "/qr", json={"qr": open_.qr, "scenario": "timeout"})
    sandbox.control("POST", "/qr", json={"qr": named.qr})
    for code in (paid, named):
        sandbox.ask({"md5": code.md5})
    sandbox.ask({"md5": "x"})
    sandbox.ask({}, "nothing_like_it")
    sandbox.paid, sandbox.open_, sandbox.named = paid, open_, named
    return sandbox


@pytest.mark.parametrize(("look", "viewport", "language", "dark"), LOOKS, ids=[row[0] for row in LOOKS])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody(lively, tab, name, look, viewport, language, dark):
    if not AXE.exists():
        lacking("axe-core is not installed: npm install in tests/clients/node")
    page = tab(viewport, dark=dark, language=language).open(f"/console/default/{name}")
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    assert overflow(page) == 0
    assert weight(page) < MAX_WEIGHT
    assert page.locator("html").get_attribute("lang") == language
    modules = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert sum("console.js" in name for name in modules) == 1  # twice would send every form twice


def test_the_first_call_turns_up_by_itself(sandbox, tab):
    page = tab().open("/")
    page.get_by_text("Waiting for your first call").wait_for()
    sandbox.ask({"md5": "0" * 32})
    page.get_by_text("Your last call has come").wait_for()
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == sandbox.stack.token


RUN = {
    "curl": (["sh", "-c"], None),
    "Python": (["python3", "-c"], None),
    "Node": (["node", "--input-type=module", "-e"], None),
    "PHP": (["php"], "stdin"),
}


@pytest.mark.parametrize("name", RUN)
def test_a_snippet_runs_as_it_stands(sandbox, require, name):
    command, by = RUN[name]
    require(command[0])
    text = dict(snippets(f"{sandbox.url}/v1/check_transaction_by_md5", sandbox.stack.token))[name]
    given = {"input": text} if by else {}
    done = subprocess.run(
        command if by else [*command, text], capture_output=True, text=True, check=False, timeout=60, **given
    )
    assert "Transaction could not be found" in done.stdout, done.stderr
    assert sandbox.control("GET", "/journal")["total"] == 1
