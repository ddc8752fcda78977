"""Pages of others, in the same browser, against the console and the control API: none of them gets anything."""

import http.server
import threading

import httpx
import pytest

from khqr import Currency, Individual, encode
from tests.browser.conftest import Sandbox
from tests.conftest import NOW_MS, PLAIN

EVIL = """<!doctype html><title>evil</title><iframe id="frame" src="{url}/console/default/wallet"></iframe>
<form id="form" method="post" enctype="text/plain" action="{url}/sandbox/worlds/default/reset"><input name="x"></form>
<script>
const world = "{url}/sandbox/worlds/default";
const how = {{method: "POST", headers: {{"content-type": "application/json"}}, body: "{{}}"}};
const refused = () => "refused";
window.tried = Promise.all([
  fetch(world + "/reset", {{method: "POST", mode: "no-cors"}}).then(() => "sent", refused),
  fetch(world + "/payments", how).then(() => "sent", refused),
  fetch("{url}/console/default/start").then((one) => one.text(), refused),
  new Promise((done) => {{
    const source = new EventSource(world + "/journal/stream");
    source.onerror = () => done("refused");
    source.onopen = () => done("read");
  }}),
]);
</script>"""


@pytest.fixture
def evil(sandbox):
    """A page of another site, which a developer has open."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = EVIL.format(url=sandbox.url).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_address[1]}/"
        site.shutdown()


def test_a_page_of_another_site_changes_and_reads_nothing(sandbox, evil, browser):
    sandbox.ask({"md5": "0" * 32})
    page = browser.new_page()
    page.goto(evil)
    sent, paid, read, stream = page.evaluate("window.tried")
    assert (paid, read, stream) == ("refused", "refused", "refused")
    assert sent in ("sent", "refused")  # it cannot tell; the world can
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    page.evaluate("document.getElementById('form').submit()")
    page.wait_for_url("**/reset")
    assert "a page of another site changes nothing here" in page.content()
    assert sandbox.control("GET", "/journal")["total"] == 1
    page.close()


def test_a_name_that_leads_here_finds_no_console(sandbox, browser):
    page = browser.new_page()
    port = sandbox.url.rpartition(":")[2]
    for path in ("/", "/console/default/start", "/console/-/static/x/console.js"):
        answer = page.goto(f"http://evil.example:{port}{path}")
        assert (answer.status, "responseCode" in answer.text()) == (404, True)
    assert page.goto(f"http://evil.example:{port}/sandbox/worlds/default/journal/stream").status == 403
    page.close()


@pytest.mark.parametrize(
    ("number", "name"),
    list(
        enumerate(
            [
                "<script>alert(1)",
                "<img src=x onerror=alert(1)"[:25],
                "a\u202egnp.exe",
                "ហាង<b>កាហ្វេ",
                "'\"--><svg/onload=1>",
            ]
        )
    ),
)
def test_what_a_stranger_named_is_shown_and_never_obeyed(sandbox, tab, number, name):
    made = encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name=name,
            currency=Currency.USD,
            amount="1",
            bill_number=name[:20],
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )
    sandbox.control("POST", "/qr", json={"qr": made.qr})
    sandbox.ask({"md5": name})
    held = tab()
    held.page.on("dialog", lambda dialog: held.errors.append(f"obeyed: {dialog.message}"))
    shown = name.replace("\u202e", "\ufffd")
    paths = (f"wallet?qr={made.qr}", f"codes?text={made.qr}", "journal?number=1", "payments")
    for path in (paths[number % 4], paths[(number + 1) % 4]):  # each page meets some, each name some pages
        page = held.open(f"/console/default/{path}".replace("#", "%23"))
        assert page.locator("main script, main svg, main b, main img[src=x]").count() == 0
        assert "\u202e" not in page.content()
        if path.startswith(("wallet", "codes")):
            page.locator("main").get_by_text(shown).first.wait_for(state="attached")


def test_a_script_that_got_into_a_page_does_not_run(sandbox, tab):
    held = tab(errors=False)
    page = held.open("/console/default/start")
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.obeyed = 1';"
        " document.body.append(one); }"
    )
    assert page.evaluate("window.obeyed") is None
    assert any("Content Security Policy" in line for line in held.errors)
    assert page.evaluate("fetch('http://192.0.2.1/').then(() => 'left', () => 'refused')") == "refused"


def test_beyond_loopback_everything_wants_the_token(tmp_path):
    with Sandbox(tmp_path, host="0.0.0.0") as wide:
        token = wide.stack.control_token
        for path in ("/console/default/start", "/sandbox/worlds", "/console/-/static/x/console.js"):
            url = wide.url + path
            assert httpx.get(url, **PLAIN).status_code == 401
            assert httpx.get(url, headers={"authorization": f"Bearer {token}"}, **PLAIN).status_code == 200
