"""What each page of the console promises, in a real browser; docs/console.md says which test holds what."""

import io
import random
import shlex
import subprocess
from urllib.parse import quote

import httpx
import orjson
import pytest
from PIL import Image

from khqr import Currency, Individual, encode, image
from tests.browser.conftest import Sandbox
from tests.conftest import NOW_MS, PLAIN

SCRIPT = """\
name: waits
about: Three polls, of which the second is answered 503.
payment:
  - unpaid: {polls: 3}
  - paid
faults:
  - {fault: http, status: 503, on: check, poll: 2, first: 1}
"""


def use(sandbox, script, path="/scenario", **query):
    """Play a script that is written here."""
    sandbox.control("PUT", path, content=script, headers={"content-type": "application/yaml"}, params=query)


def shown_code(sandbox, bill="INV-1", amount="1.5", **more):
    made = encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount=amount,
            bill_number=bill,
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )
    sandbox.control("POST", "/qr", json={"qr": made.qr, **more})
    return made


# Journal


def test_the_journal_is_filtered_by_each_of_its_fields(sandbox, tab):
    use(sandbox, SCRIPT)
    code = shown_code(sandbox)
    for _ in range(2):
        sandbox.ask({"md5": code.md5})
    sandbox.ask({"md5": "0" * 32})
    sandbox.ask({"accountId": "sokha@devb"}, "check_bakong_account")
    httpx.post(f"{sandbox.url}/sandbox/worlds", json={"name": "other"}, **PLAIN)
    page = tab().open("/console/default/journal")
    for name, value, count in (
        ("endpoint", "check_bakong_account", 1),
        ("reference", code.md5, 2),
        ("status", "503", 1),
        ("fault", "http", 1),
        ("scheme", "stripe", 0),
    ):
        field = page.locator(f"#filters [name={name}]")
        field.select_option(value) if name in ("fault", "scheme") else field.fill(value)
        page.get_by_role("button", name="Filter").click()
        page.locator("#count").get_by_text(f"{count} / 4", exact=True).wait_for()
        assert page.locator("#rows a").count() == count, name
        page.goto(f"{sandbox.url}/console/default/journal")
    page.locator("#filters [name=world]").select_option("other")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/console/other/journal**")
    page.get_by_text("No call fits").wait_for()


def test_what_changes_while_a_page_is_loaded_is_shown(sandbox, tab):
    """Between the page and its stream a code is shown, which is no call; nothing else happens after it."""
    opened = tab()

    def late(route):
        shown_code(sandbox, bill="INV-LATE")
        route.continue_()

    opened.page.route("**/journal/stream**", late)
    page = opened.open("/console/default/payments")
    page.locator(".pay", has_text="1.50 USD").first.wait_for()


def test_a_call_says_why_and_is_kept_in_each_form(sandbox, tab):
    use(sandbox, SCRIPT)
    code = shown_code(sandbox)
    for _ in range(2):
        sandbox.ask({"md5": code.md5})
    sandbox.ask({"md5": code.md5}, "check_transaction_by_md6")
    page = tab().open("/console/default/journal?number=2")
    why = page.locator("#call .why").inner_text()
    for said in (f"{code.md5[:8]}", "now unpaid", "poll 2", "Script waits", "Step 1 of 2", "unpaid 3 polls"):
        assert said in why.replace("\n", " "), why
    assert "The fault http" in why
    assert "first: calls 1" in why
    assert '"md5":' in page.locator("#request").inner_text()
    assert "503" in page.locator("#answer").inner_text()
    for name in ("curl", "HAR", "pytest", "scenario"):
        page.get_by_text(name, exact=True).click()
    curl, har, test, script = (page.locator(f"#export-{number}").inner_text() for number in range(1, 5))
    done = subprocess.run(
        shlex.split(curl.replace("\\\n", " ")), capture_output=True, text=True, check=True, timeout=60
    )
    assert "Transaction could not be found" in done.stdout
    assert orjson.loads(har)["log"]["entries"][0]["response"]["status"] == 503
    compile(test, "test", "exec")
    use(sandbox, script)
    assert sandbox.do(lambda: sandbox.stack.worlds.default.playing) == "from-the-journal"
    page.goto(f"{sandbox.url}/console/default/journal?number=3")
    page.locator("#call .why").get_by_text("The nearest is").wait_for()


def test_a_hundred_thousand_calls_are_a_few_rows(sandbox, tab):
    """However long the list is, what is drawn is what one sees; its end is there as soon as one is at it."""
    many = 100_000

    def called():
        world = sandbox.stack.worlds.default
        world.journal_bytes = many * 512
        entry = (0, "bakong", "check_transaction_by_md5", "POST", "check_transaction_by_md5", "", "", "", "")
        for number in range(many):
            row = (*entry, f"{number:032x}", 1, "manual", None, 200, None, None, 0, b"", (), b"{}", b"{}", 0, ())
            world.journal.record(row)

    sandbox.do(called)
    page = tab().open("/console/default/journal")
    page.locator("#count").get_by_text(str(many), exact=True).wait_for()
    page.locator("#rows a").nth(5).wait_for()
    page.locator("#rows").evaluate("one => { one.scrollTop = one.scrollHeight; }")
    page.locator('#rows a[data-number="1"]').wait_for()
    assert page.locator("#rows a").count() < 60


# Payments


def test_a_payment_stands_on_the_board_and_is_given_another_script(sandbox, tab):
    code = shown_code(sandbox)
    page = tab().open("/console/default/payments")
    card = page.locator(".board section", has_text="Waiting").locator(".pay")
    assert card.locator("[data-until]").inner_text() == "15:00"
    assert card.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth > 0)")
    card.get_by_role("link", name="1.50 USD").click()
    page.get_by_label("Another script for this payment").select_option("geo-blocked")
    page.get_by_role("button", name="Use").click()
    page.get_by_role("heading", name="Script: geo-blocked").wait_for()
    sandbox.ask({"md5": code.md5})
    page.locator(".line").get_by_text("check_transaction_by_md5 → 403").wait_for()
    use(sandbox, SCRIPT.replace("unpaid: {polls: 3}", "unpaid: {polls: 1}"), f"/payments/{code.md5}/scenario")
    for _ in range(3):
        sandbox.ask({"md5": code.md5})
    sandbox.control("POST", "/clock/advance", json={"seconds": 5})
    sandbox.ask({"md5": code.md5})
    page.locator(".line .paid").first.wait_for()
    page.locator(".line").get_by_text("Acknowledged").wait_for()
    assert page.get_by_label("Another script for this payment").count() == 0


# Wallet

GIVEN = """([bytes, kind]) => {
  const file = new File([Uint8Array.from(bytes)], "code.png", { type: "image/png" });
  const data = new DataTransfer();
  data.items.add(file);
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.getElementById("drop").dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_picture_is_given_to_the_wallet(sandbox, tab, kind):
    code = shown_code(sandbox)
    page = tab().open("/console/default/wallet")
    page.evaluate(GIVEN, [list(image.png(code.qr)), kind])
    page.get_by_text("The code is valid.").wait_for()
    assert page.locator("#qr").input_value() == code.qr


def test_a_photo_larger_than_the_sandbox_takes_is_read(sandbox, tab):
    code = shown_code(sandbox)
    photo = Image.frombytes("RGB", (2000, 1600), random.Random(1).randbytes(2000 * 1600 * 3))
    photo.paste(Image.open(io.BytesIO(image.png(code.qr))).resize((900, 900)), (400, 300))
    saved = io.BytesIO()
    photo.save(saved, "PNG", compress_level=0)
    assert len(saved.getvalue()) > 4 * 2**20
    page = tab().open("/console/default/wallet")
    page.locator("#picture").set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": saved.getvalue()})
    page.get_by_text("The code is valid.").wait_for()
    assert page.locator("#qr").input_value() == code.qr


def test_the_wallet_names_each_problem_and_pays_another_currency_from_another_account(sandbox, tab):
    code = shown_code(sandbox)
    broken = code.qr.replace("5303840", "5303999")  # so are its amount, and its CRC
    page = tab().open(f"/console/default/wallet?qr={quote(broken)}")
    assert page.locator("#code .problems li").count() >= 3
    page.get_by_label("Or the code's text").fill(code.qr)
    page.get_by_role("button", name="See what it says").click()
    page.get_by_text("Another amount, currency or account").click()
    page.get_by_label("Amount").fill("6000")
    page.get_by_label("Currency").select_option("KHR")
    page.get_by_label("From account").fill("sandkhppxxx@sand")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator("#code .state.paid").wait_for()
    paid = sandbox.control("GET", f"/payments/{code.md5}")
    assert (paid["amount"], paid["currency"]) == (6000, "KHR")


# Scripts


def test_a_script_is_searched_and_used_for_one_payment(sandbox, tab):
    code = shown_code(sandbox)
    page = tab().open("/console/default/scripts")
    page.locator("#library li").nth(60).wait_for(state="attached")
    page.get_by_label("Search").fill("midnight")
    assert 0 < page.locator("#library li:visible").count() < 10
    page.get_by_role("link", name="Write a script").click()
    page.locator("#draft").fill(SCRIPT)
    page.locator("#polls").get_by_text("http").wait_for()  # another draft was drawn before
    page.get_by_text("No mistakes").wait_for()
    drawn = page.locator("#polls tr").all_inner_texts()
    assert [row.lower().split() for row in drawn] == [
        ["poll", "1", "2", "3", "4", "…"],
        ["fault", "http"],
        ["state", "unpaid", "paid"],
    ]
    page.get_by_role("button", name="Use for it").click()
    page.get_by_text("Done").wait_for()
    assert sandbox.control("GET", f"/payments/{code.md5}")["scenario"] == "waits"
    assert sandbox.do(lambda: sandbox.stack.worlds.default.playing) == "manual"


def test_a_draft_outlives_a_reload_until_it_is_given_up(tab):
    page = tab().open("/console/default/scripts?edit=1")
    first = page.locator("#draft").input_value()
    page.locator("#draft").fill("name: mine\npayment: [paidd]\n")
    page.reload()
    page.get_by_text("paidd").wait_for()  # what is wrong with it
    assert page.locator("#draft").input_value() == "name: mine\npayment: [paidd]\n"
    page.get_by_role("button", name="Give up my changes").click()
    page.get_by_text("No mistakes").wait_for()
    assert page.locator("#draft").input_value() == first
    page.reload()
    page.get_by_text("No mistakes").wait_for()
    assert page.get_by_role("button", name="Give up my changes").is_hidden()


# Clock


def test_the_clock_is_moved_to_midnight_sped_up_and_frozen(sandbox, tab):
    page = tab().open("/console/default/clock")
    page.get_by_role("button", name="To midnight in Phnom Penh").click()
    page.locator("#now .amount").get_by_text("00:00:00").wait_for()
    page.get_by_label("So many times faster").fill("600")
    page.get_by_role("button", name="Speed up").click()
    page.locator("#now").get_by_text("600").wait_for()
    page.get_by_role("button", name="Freeze").click()
    page.locator("#now").get_by_text("frozen").wait_for()
    before = sandbox.control("GET", "/clock")["now_ms"]
    with page.expect_response("**/clock/advance"):
        page.get_by_role("button", name="+30 days").click()
    assert sandbox.control("GET", "/clock")["now_ms"] - before >= 30 * 86_400_000


def test_a_sandbox_that_is_gone_is_said_to_be_gone(tab):
    page = tab(errors=False).open("/console/default/clock")
    page.route("**/sandbox/**", lambda route: route.abort())
    page.get_by_role("button", name="Freeze").click()
    page.get_by_text("The sandbox does not answer. Is it running?").wait_for()


# Codes


def test_a_code_is_explained_with_the_place_of_its_problems_and_drawn(sandbox, tab):
    code = shown_code(sandbox)
    page = tab().open(f"/console/default/codes?text={quote(code.qr[:-1] + '0')}")
    assert page.locator(".code .problem").count() >= 1
    assert page.locator(".code-text .wrong").count() == 1
    page.goto(f"{sandbox.url}/console/default/codes?text={quote(code.qr)}")
    row = page.locator("tbody tr", has_text="bill number")
    assert row.locator("td").nth(2).inner_text() == "INV-1"
    assert code.qr[int(row.locator("td").nth(3).inner_text()) :].startswith("0105INV-1")
    begins = {"PNG": b"\x89PNG", "SVG": b"<", "Card as PNG": b"\x89PNG", "Card as SVG": b"<"}
    for name, begin in begins.items():
        with page.expect_download() as saved:
            page.get_by_role("link", name=name, exact=True).click()
        assert saved.value.path().read_bytes().startswith(begin), name
    page.locator(".khqr-card").scroll_into_view_if_needed()
    assert page.locator(".khqr-card").evaluate("one => one.decode().then(() => one.naturalWidth > 0)")


# Worlds


def test_a_worlds_limits_mails_and_money_are_seen(sandbox, tab):
    page = tab().open("/console/default/worlds")
    page.get_by_text("No money has moved yet.").first.wait_for()

    def set_them():
        with page.expect_response(lambda answer: answer.request.method != "GET"):
            page.get_by_role("button", name="Set", exact=True).click()

    page.get_by_label("Calls a day").fill("5")
    set_them()
    for _ in range(2):
        sandbox.ask({"md5": "0" * 32})
    page.locator("#quota").get_by_text("Calls today: 2 of 5").wait_for()
    assert page.locator("#quota meter").evaluate("one => one.value / one.max") == 0.4
    sandbox.ask({"email": "dara@shop.test", "organization": "Shop", "project": "Till"}, "request_token")
    page.locator("#mails").get_by_text("dara@shop.test").wait_for()
    page.get_by_label("Everybody is abroad (403)").check()
    set_them()
    assert sandbox.ask({"md5": "0" * 32}).status_code == 403
    page.get_by_label("Everybody is abroad (403)").uncheck()
    page.get_by_label("No mail leaves").check()
    set_them()
    assert sandbox.control("GET", "")["limits"]["mail_down"] is True
    code = shown_code(sandbox)
    sandbox.control("POST", "/payments", json={"qr": code.qr})
    page.locator("#moves").get_by_text("sokha@devb").wait_for()
    page.locator("#moved").get_by_text("1.50 USD").wait_for()
    page.locator("#moves").get_by_text("All balances sum to 0.").wait_for()
    page.get_by_text("All accounts").click()
    page.locator("#accounts").get_by_text("issuer@nbc").wait_for()


# Reports, and the APIs' own pages


def test_a_report_is_opened_and_the_apis_pages_need_nothing_from_elsewhere(sandbox, tab):
    folder = sandbox.stack.data_dir / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "load.html").write_text("<title>x</title><h1>It holds</h1><script>document.body.innerHTML = ''</script>")
    held = tab(errors=False)
    page = held.open("/console/default/reports")
    page.get_by_role("link", name="load.html").click()
    page.get_by_role("heading", name="It holds").wait_for()
    (folder / "load.html").write_text("<meta http-equiv=refresh content='0; url=/console/default/start'><h1>Stays</h1>")
    with page.expect_console_message(lambda said: "Refused to execute the redirect" in said.text):
        page.reload()
    page.get_by_role("heading", name="Stays").wait_for()
    page = held.open("/sandbox/docs")
    page.get_by_text("/journal/stream").first.wait_for()


def test_a_phone_comes_in_by_its_code_and_the_start_page_says_how_to_trust(tmp_path, browser, monkeypatch):
    from bakong_sandbox.stack import sandbox as stacks
    from bakong_simulator.control.door import PATH

    monkeypatch.setattr(stacks, "lan_address", lambda: "127.0.0.1")
    script = tmp_path / "followed.yaml"
    script.write_text(SCRIPT)
    with Sandbox(tmp_path / "data", lan=True, tls_port=0, scenario=str(script)) as wide:
        page = browser.new_context().new_page()
        page.goto(f"{wide.stack.lan_url}/console/default/wallet")
        page.get_by_label("Code").fill("000")
        page.get_by_role("button", name="Come in").click()
        page.get_by_role("alert").wait_for()
        page.goto(f"{wide.stack.lan_url}{PATH}?code={wide.stack.codes[1]}&next=/console/default/wallet")
        page.get_by_role("button", name="Come in").click()
        page.get_by_role("heading", name="Wallet").wait_for()
        page.goto(f"{wide.stack.lan_url}/console/default/start")
        assert f"NODE_EXTRA_CA_CERTS='{wide.stack.ca_file}'" in page.locator("#trust").inner_text()
        page.goto(f"{wide.stack.lan_url}/console/default/scripts")
        page.locator("#playing").get_by_text("followed.yaml").wait_for()
        script.write_text("payment: [")
        page.reload()
        page.locator("#playing .problem").wait_for()
        page.context.close()
