"""Every page of the console in a real browser: in both languages, light and dark, on a phone, for everybody."""

import re
import subprocess

import httpx
import pytest

from bakong_simulator.console.pages import PAGES
from bakong_simulator.console.start import snippets
from khqr import Currency, Individual, encode
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.seeing import AXE, WCAG, overflow, violations, weight
from tests.conftest import NOW_MS, PLAIN, lacking

LOOKS = {"desktop": (DESKTOP, "en"), "phone": (PHONE, "km")}
ORDER = {
    "userId": "<b>sokha",
    "planType": "PREMIUM",
    "amount": 0.5,
    "currency": "USD",
    "callback": "http://127.0.0.1:9/",
}
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
    sold = sandbox.service("POST", "/api/payments/create", json=ORDER)
    sandbox.control("POST", "/payments", json={"qr": sold["qrCode"]})
    sandbox.service("GET", f"/api/payments/status/{sold['md5Hash']}")
    hooks = httpx.get(f"{sandbox.url}/sandbox/service/webhooks", **PLAIN).json()["data"]
    sandbox.service("POST", "/api/v1/orders", json={"amount": 12.5, "currency": "USD"})
    [order, *_] = httpx.get(f"{sandbox.url}/sandbox/service/orders", **PLAIN).json()["data"]
    [plan, *_] = httpx.get(f"{sandbox.url}/sandbox/service/subscriptions", **PLAIN).json()["data"]
    shown = (
        f"subscriptions&id={plan['id']}",
        f"orders&id={order['id']}",
        "escrow",
        "audit-logs",
        f"payments&id={sold['transactionId']}",
        f"webhooks&id={hooks[0]['webhookId']}",
    )
    sandbox.service_pages = [f"service?show={one}" for one in shown]
    sandbox.paid, sandbox.open_, sandbox.named = paid, open_, named
    return sandbox


def hold(shown, name, look, *, whole=False):
    """Hold a page to all that holds of each, in light; and in dark to its colours, or to all again."""
    page = shown.open(f"/console/default/{name}")
    page.emulate_media(color_scheme="light")
    assert page.locator("h1").count() == 1, name
    assert violations(page) == [], name
    assert overflow(page) == 0, name
    assert weight(page) < MAX_WEIGHT, name
    assert page.locator("html").get_attribute("lang") == LOOKS[look][1]
    modules = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert sum("console.js" in name for name in modules) == 1  # twice would send every form twice
    page.emulate_media(color_scheme="dark")
    assert violations(page, WCAG if whole else ["color-contrast"]) == [], name
    fonts = "document.fonts.ready.then((all) => [...all].some((one) => one.status === 'loaded'))"
    assert page.evaluate(fonts) or look == "desktop", name  # in Khmer the letters are there


@pytest.fixture
def looks(lively, tab):
    """A tab for each look."""
    if not AXE.exists():
        lacking("axe-core is not installed: npm install in tests/clients/node")
    return {look: tab(viewport, language=language) for look, (viewport, language) in LOOKS.items()}


def test_every_page_is_for_everybody(lively, looks):
    """Each page in both themes, and in one of the looks: its neighbours in the menu have the other."""
    for number, name in enumerate((*PAGES, *lively.service_pages)):
        look = list(LOOKS)[number % len(LOOKS)]
        hold(looks[look], name, look)


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_every_page_is_for_everybody_in_every_look(lively, looks):
    for look, shown in looks.items():
        for name in (*PAGES, *lively.service_pages):
            hold(shown, name, look, whole=True)


def test_the_first_call_turns_up_by_itself(sandbox, tab):
    page = tab().open("/")
    page.get_by_text("Waiting for your first call").wait_for()
    sandbox.ask({"md5": "0" * 32})
    page.get_by_text("Your last call has come").wait_for()
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == sandbox.stack.token


# What runs a snippet: by its text as the last argument, or by the file of this name.
RUN = {
    "curl": (["sh", "-c"], None),
    "Python": (["python3", "-c"], None),
    "Node": (["node", "--input-type=module", "-e"], None),
    "PHP": (["php"], "first_call.php"),
    "Go": (["go", "run"], "main.go"),
    "Java": (["java"], "FirstCall.java"),
}
# Its compiler makes the standard library first, which takes minutes: `make campaign-console` brings it, and runs this.
SLOW = {"Go": [pytest.mark.campaign, pytest.mark.timeout(900)]}


def test_every_snippet_is_run(sandbox):
    assert list(dict(snippets("", ""))) == list(RUN)


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in RUN])
def test_a_snippet_runs_as_it_stands(sandbox, require, tmp_path, name):
    command, file = RUN[name]
    require("curl" if name == "curl" else command[0])
    text = dict(snippets(f"{sandbox.url}/v1/check_transaction_by_md5", sandbox.stack.token))[name]
    if file is not None:
        (tmp_path / file).write_text(text, encoding="utf-8")
    last = text if file is None else str(tmp_path / file)
    done = subprocess.run([*command, last], capture_output=True, text=True, check=False, timeout=800)
    assert "Transaction could not be found" in done.stdout, done.stderr
    assert sandbox.control("GET", "/journal")["total"] == 1


def test_the_go_snippet_closes_its_brackets_and_uses_what_it_imports():
    """What its compiler would refuse first, where there is none."""
    text = dict(snippets("http://127.0.0.1:8600/v1/x", "TOKEN"))["Go"]
    open_ = []
    for sign in re.sub(r'"[^"]*"|`[^`]*`', "", text):
        if sign in "([{":
            open_.append(")]}"["([{".index(sign)])
        elif sign in ")]}":
            assert open_.pop() == sign
    assert open_ == []
    head, body = text.split("\nfunc main")
    assert all(f"{path.split('/')[-1]}." in body for path in re.findall(r'"([^"]+)"', head))
    assert set(re.findall(r"\b(io|os|http|strings|fmt|json|bytes)\.", body)) == {"io", "os", "http", "strings"}
