"""The story of a payment in a real browser: a call seen, a code paid by picture, a script, a webhook, time."""

import http.server
import threading

import pytest

from bakong_scenarios import State
from bakong_simulator.console.texts import KHMER, translate
from khqr import Currency, Individual, encode, image
from tests.browser.conftest import DESKTOP, PHONE
from tests.conftest import NOW_MS

SECRET = "whsec_shop"


@pytest.fixture
def shown(sandbox, code):
    """A code that a shop has shown."""
    sandbox.control("POST", "/qr", json={"qr": code.qr})
    return code


def test_a_call_is_seen_with_its_reasons(sandbox, shown, tab):
    page = tab().open("/console/default/journal")
    page.get_by_text("No call fits").wait_for()
    sandbox.control("PUT", "/scenario", json={"name": "storm-503"})
    sandbox.ask({"md5": "f" * 32})
    page.locator("#rows a").first.click()
    page.locator("#call .why").get_by_text("storm-503").wait_for()
    page.locator("#call .why").get_by_text("The fault").wait_for()
    page.get_by_text("curl", exact=True).click()
    assert "check_transaction_by_md5" in page.locator("#export-1").inner_text()


def test_the_list_goes_on_after_the_connection_was_lost(sandbox, tab):
    made = tab(errors=False)
    page = made.open("/console/default/journal")
    page.get_by_text("No call fits").wait_for()
    page.context.set_offline(True)
    sandbox.ask({"md5": "1" * 32})
    page.context.set_offline(False)
    sandbox.ask({"md5": "2" * 32})
    page.locator("#rows a").nth(1).wait_for()


def test_a_wallet_pays_a_picture_of_a_code(sandbox, shown, tab, tmp_path):
    picture = tmp_path / "screen.png"
    picture.write_bytes(image.png(shown.qr))
    page = tab(PHONE).open("/console/default/wallet")
    page.locator("#picture").set_input_files(picture)
    page.get_by_text("The code is valid.").wait_for()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator("#code .state.paid").wait_for()
    assert sandbox.control("GET", f"/payments/{shown.md5}")["status"] == "paid"
    page.get_by_role("button", name="Send the money back").click()
    page.get_by_role("button", name="Send the money back").wait_for(state="detached")
    page.get_by_role("link", name="See this payment").click()
    page.get_by_text("What has happened").wait_for()


def test_a_picture_without_a_code_says_so(tab, tmp_path):
    blank = tmp_path / "blank.png"
    from PIL import Image

    Image.new("RGB", (80, 80), "white").save(blank)
    page = tab(errors=False).open("/console/default/wallet")
    page.locator("#picture").set_input_files(blank)
    page.get_by_text("No QR code was found in this picture").wait_for()


def test_a_payer_fails_pays_twice_and_pays_another_amount(sandbox, tab, code):
    page = tab().open(f"/console/default/wallet?qr={code.qr}")
    page.get_by_role("button", name="Let it fail").click()
    page.locator("#code .state.failed").wait_for()
    page.get_by_text("Another amount, currency or account").click()
    page.get_by_label("Amount").fill("9.99")
    page.get_by_role("button", name="Pay twice").click()
    page.get_by_text("paid 3 times").wait_for()
    assert sandbox.control("GET", f"/payments/{code.md5}")["amount"] == 9.99


def test_a_script_is_checked_as_one_types_and_used(sandbox, tab):
    page = tab().open("/console/default/scripts?edit=1")
    page.get_by_text("No mistakes").wait_for()
    page.locator("#draft").fill("name: mine\npayment: [paidd]\nfaults:\n  - {fault: http, status: 9999}\n")
    page.locator("#mistakes li").nth(1).wait_for()
    assert page.locator("#mistakes button").all_inner_texts() == ["line 2", "line 4"]
    page.locator("#draft").fill("name: mine\npayment: [{unpaid: {polls: 2}}, paid]\n")
    page.get_by_text("No mistakes").wait_for()
    assert page.locator("#plan strong").all_inner_texts() == ["unpaid", "paid"]
    page.get_by_role("button", name="Use for this world").click()
    page.locator("#playing").get_by_text("mine").wait_for()
    assert sandbox.do(lambda: sandbox.stack.worlds.default.playing) == "mine"


def test_a_webhook_arrives_with_its_attempts(sandbox, tab, receiver):
    page = tab().open("/console/default/webhooks")
    form = page.locator('form[action$="/endpoints"]')
    form.get_by_label("URL").fill(receiver)
    form.get_by_role("button").click()
    page.locator("#endpoints").get_by_text(receiver).wait_for()
    page.get_by_role("button", name="Let it happen").first.click()
    page.locator("#events .state.delivered").first.wait_for()
    page.locator("#events a").first.click()
    page.get_by_text("Attempts").wait_for()
    page.get_by_role("button", name="Send again").click()
    page.locator("#seen").get_by_text("sent again").wait_for()


def test_a_world_is_made_reset_and_dropped_and_a_snapshot_restored(sandbox, tab, code):
    page = tab().open("/console/default/worlds")
    page.get_by_role("button", name="Keep").click()
    page.locator("#kept button").first.wait_for()
    sandbox.control("POST", "/payments", json={"qr": code.qr})
    page.get_by_role("button", name="Compare with now").click()
    page.locator("#differs").get_by_text("payments").first.wait_for()
    page.locator("#kept").get_by_role("button", name="Restore").click()
    page.get_by_text("Done").wait_for()
    assert sandbox.control("GET", "/payments") == []
    page.locator("#make-world").get_by_label("Name").fill("shop-2")
    page.locator("#make-world").get_by_role("button").click()
    page.wait_for_url("**/console/shop-2/start")
    page.goto(f"{sandbox.url}/console/shop-2/worlds")
    page.get_by_role("button", name="Drop shop-2").click()
    page.wait_for_url("**/console/default/worlds")
    assert sandbox.do(lambda: list(sandbox.stack.worlds.by_name)) == ["default"]


def test_a_code_is_made_by_form_and_shown(sandbox, tab):
    page = tab().open("/console/default/codes")
    page.locator("#make").get_by_role("button", name="Make it").click()
    page.get_by_text("valid", exact=True).wait_for()
    page.get_by_role("button", name="Show it to this world").click()
    page.get_by_text("The world knows the code").wait_for()
    assert [row["status"] for row in sandbox.control("GET", "/payments")] == ["unpaid"]


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def tab_to(page, text, most=120, *, is_part=False, again=False):
    """Go on by Tab until what has the focus says this. again: for the second time, after the menu."""
    if again:
        tab_to(page, text, most)
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.innerText, document.activeElement.id]")
        if text in focused or (is_part and text in (focused[0] or "")):
            return
    raise AssertionError(f"no Tab leads to {text!r}")


class Hooks(http.server.BaseHTTPRequestHandler):
    """A shop's receiver of webhooks, which takes them all."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"taken, thank you")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """Where a shop receives webhooks."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{shop.server_address[1]}/hook"
        shop.shutdown()


# On a phone, in Khmer and dark; at a desk when there is time.
LOOKS = [pytest.param(DESKTOP, "en", False, marks=pytest.mark.campaign), (PHONE, "km", True)]


@pytest.mark.parametrize(("viewport", "language", "dark"), LOOKS, ids=["light", "dark"])
def test_the_story_by_keyboard_alone(  # noqa: PLR0915  one story
    sandbox, tab, receiver, tmp_path, viewport, language, dark
):
    """A call is seen, a code paid by picture, the shop's webhook arrives, a time-out is scripted, time moves on."""

    def t(text):
        return translate(text, language)

    order = {"userId": f"story-{language}", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
    sold = sandbox.service("POST", "/api/payments/create", json=order | {"callback": receiver})
    picture = tmp_path / "screen.png"
    picture.write_bytes(image.png(sold["qrCode"]))

    page = tab(viewport, language=language, dark=dark).open("/")
    page.on("filechooser", lambda _: None)  # from now on the browser tells of one, also of the quickest
    press(page, "Tab", "Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    sandbox.ask({"md5": sold["md5Hash"]})
    page.get_by_text(t("Your last call has come")).wait_for()
    tab_to(page, t("See it in the journal, and why it was answered so"), is_part=True)
    press(page, "Enter")
    page.locator("#call .why").get_by_text("manual").wait_for()

    tab_to(page, t("Wallet"))
    press(page, "Enter")
    page.wait_for_url("**/wallet")
    tab_to(page, "picture")
    with page.expect_file_chooser() as chosen:
        press(page, "Space")
    chosen.value.set_files(picture)
    page.get_by_text(t("The code is valid.")).wait_for()
    tab_to(page, t("Pay"))
    press(page, "Enter")
    page.locator("#code .state.paid").wait_for()

    tab_to(page, t("Clock"))
    press(page, "Enter")
    page.wait_for_url("**/clock")
    tab_to(page, t("+1 minute"))
    with page.expect_response("**/clock/advance"):
        press(page, "Enter")
    tab_to(page, t("Service"))
    press(page, "Enter")
    page.wait_for_url("**/service")
    page.locator("#rows .state.PAID").first.wait_for()
    tab_to(page, t("Webhooks"), again=True)
    press(page, "Enter")
    page.wait_for_url("**show=webhooks")
    page.locator("#rows .state.delivered").first.wait_for()

    tab_to(page, t("Scripts"))
    press(page, "Enter")
    page.wait_for_url("**/scripts")
    tab_to(page, "search")
    page.keyboard.type("timeout")
    tab_to(page, "timeout")
    press(page, "Enter")
    page.wait_for_url("**name=timeout**")
    tab_to(page, t("Use for this world"))
    press(page, "Enter")
    page.locator("#playing").get_by_text("timeout").wait_for()

    later = encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount="2",
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )
    sandbox.control("POST", "/qr", json={"qr": later.qr, "scenario": "manual"})
    tab_to(page, t("Clock"))
    press(page, "Enter")
    page.wait_for_url("**/clock")
    tab_to(page, t("To its expiry"))
    press(page, "Enter")
    page.locator("#passed").get_by_text(t("A code expired")).first.wait_for()
    assert sandbox.control("GET", "/clock")["now_ms"] >= NOW_MS + 900_000


def test_a_camera_that_is_held_before_a_code_reads_it(sandbox, tab):
    page = tab(PHONE).open("/console/default/wallet")
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#code").get_by_text("dara@devb").wait_for()
    assert page.locator("#film").is_hidden()
    page.get_by_label("Amount").first.fill("3")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator("#code .state.paid").wait_for()


def test_a_webhook_of_the_service_is_sent_again(sandbox, tab, receiver):
    sent = sandbox.service("POST", "/api/webhooks/test", json={"callback": receiver})
    page = tab().open(f"/console/default/service?show=webhooks&id={sent['webhookId']}")
    sandbox.control("POST", "/clock/advance", json={"seconds": 1})
    page.locator("#seen .state.delivered").wait_for()
    page.locator("#seen").get_by_text("taken, thank you").wait_for()
    page.get_by_text("Headers").first.click()
    page.locator("#seen").get_by_text("webhook-signature: v1,").first.wait_for()
    page.get_by_role("button", name="Send again").click()
    page.get_by_text("Done").wait_for()
    sandbox.control("POST", "/clock/advance", json={"seconds": 1})
    page.locator("#seen .line li").nth(1).wait_for()
    page.get_by_role("link", name="Audit log").click()
    page.locator("#rows").get_by_text("webhook.resend").first.wait_for()


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_in_khmer(state):
    assert state.value in KHMER
