"""The payer: test cards with all that they ask for, mobile money, the hosted page, and who is sent where."""

import re
from html import unescape

import pytest

from bakong_schemes.paystack import wire
from tests.schemes.paystack.conftest import DECLINED, GOOD

SUCCEEDING = [number for number, card in wire.INSTRUMENTS.items() if not card.fails]
FAILING = [number for number, card in wire.INSTRUMENTS.items() if card.fails]
PIN_OTP = "5060666666666666666"
CALLBACK = "https://shop.test/back?cart=7"


def answers_of(number):
    return {kind: right or "yes" for kind, right in wire.INSTRUMENTS[number].asks}


@pytest.mark.parametrize("number", SUCCEEDING)
async def test_a_test_instrument_asks_one_thing_after_another_and_succeeds(shop, number):
    reference = await shop.begin()
    card = wire.INSTRUMENTS[number]
    came = await shop.pay(reference, card=number, cvv=card.cvv)
    for kind, right in card.asks:
        assert (came["status"], came["asks"], came["redirect"]) == ("ongoing", kind, None)
        assert (await shop.verify(reference))["status"] == "ongoing"
        came = await shop.pay(reference, **{kind: right or "yes"})
    assert (came["status"], came["asks"]) == ("success", None)
    shown = await shop.verify(reference)
    assert (shown["status"], shown["log"]["attempts"], shown["channel"]) == ("success", 1, card.channel)


@pytest.mark.parametrize("number", FAILING)
async def test_a_failing_instrument_fails_with_its_reason_and_tells_nobody(shop, number):
    await shop.listen()
    reference = await shop.begin()
    assert (await shop.pay(reference, card=number, **answers_of(number)))["status"] == "failed"
    shown = await shop.verify(reference)
    assert (shown["status"], shown["gateway_response"]) == ("failed", wire.INSTRUMENTS[number].fails)
    assert (shown["paid_at"], shown["fees"], shown["authorization"]) == (None, None, {})
    await shop.advance(60)
    assert shop.events() == []  # there is no charge.failed


async def test_all_that_a_card_asks_for_may_be_given_at_once(shop):
    reference = await shop.begin()
    spaced = "5060 6666 6666 6666 666"
    assert (await shop.pay(reference, card=spaced, pin="1234", otp="123456"))["status"] == "success"


@pytest.mark.parametrize(
    ("typed", "response"),
    [
        ({"card": GOOD, "cvv": "409"}, "Declined"),
        ({"card": PIN_OTP, "pin": "9999"}, "Incorrect PIN"),
        ({"card": PIN_OTP, "pin": "1234", "otp": "000000"}, "Incorrect OTP"),
    ],
)
async def test_a_wrong_answer_declines_and_the_payer_may_try_again(shop, typed, response):
    reference = await shop.begin()
    assert (await shop.pay(reference, **typed))["status"] == "failed"
    assert (await shop.verify(reference))["gateway_response"] == response
    assert (await shop.pay(reference, card=GOOD))["status"] == "success"
    shown = await shop.verify(reference)
    assert (shown["status"], shown["log"]["attempts"], shown["log"]["errors"]) == ("success", 2, 1)


async def test_a_switch_makes_a_decline_the_end(shop):
    await shop.set(failed_payable=False)
    reference = await shop.begin()
    await shop.pay(reference, card=DECLINED)
    answer = await shop.control("POST", f"/paystack/transactions/{reference}/pay", {"card": GOOD})
    assert answer.status_code == 409
    assert (await shop.verify(reference))["status"] == "failed"


async def test_nobody_pays_twice(shop):
    reference = await shop.paid()
    before = shop.balance()
    for path, body in (
        (f"/paystack/transactions/{reference}/pay", {}),
        (f"/paystack/transactions/{reference}/abandon", {}),
        ("/payments", {"scheme": "paystack", "reference": reference}),
    ):
        assert (await shop.control("POST", path, body)).status_code == 409
    assert shop.balance() == before


async def test_a_card_that_nobody_knows_is_taken_and_warned_of_and_its_number_is_kept_nowhere(shop):
    reference = await shop.begin()
    came = await shop.pay(reference, card="4111111111111111", expiry="01/31")
    assert (came["status"], "not a test card" in came["warning"]) == ("success", True)
    shown = (await shop.verify(reference))["authorization"]
    assert (shown["bin"], shown["last4"], shown["exp_month"], shown["exp_year"]) == ("411111", "1111", "01", "2031")
    assert "4111111111111111" not in (await shop.client.get("/sandbox/worlds/default/snapshot")).text


@pytest.mark.parametrize(
    "typed",
    [{"card": "x"}, {"card": "123"}, {"card": "+254700"}, {"expiry": "13/30"}, {"expiry": "01/20"}, {"expiry": "soon"}],
)
async def test_what_is_no_card_is_a_clear_error_and_no_attempt(shop, typed):
    reference = await shop.begin()
    answer = await shop.control("POST", f"/paystack/transactions/{reference}/pay", typed)
    assert answer.status_code in (409, 422)
    assert next(iter(typed)) in answer.json()["detail"]
    assert (await shop.verify(reference))["status"] == "abandoned"


async def test_channels_that_the_shop_has_named_are_the_only_ones(shop):
    reference = await shop.begin(channels=["mobile_money"])
    refused = await shop.control("POST", f"/paystack/transactions/{reference}/pay", {"card": GOOD})
    assert (refused.status_code, "mobile_money" in refused.json()["detail"]) == (409, True)
    assert (await shop.pay(reference, card="+254 710 000 000"))["status"] == "success"


async def test_going_away_is_no_end(shop):
    reference = await shop.begin(metadata={"cancel_action": "https://shop.test/cart"})
    assert (await shop.pay(reference, card=PIN_OTP))["status"] == "ongoing"
    left = (await shop.control("POST", f"/paystack/transactions/{reference}/abandon")).json()
    assert (left["status"], left["redirect"]) == ("abandoned", "https://shop.test/cart")
    assert (await shop.pay(reference))["status"] == "success"
    unknown = await shop.control("POST", "/paystack/transactions/nobody/pay", {})
    assert unknown.status_code == 404


@pytest.mark.parametrize("word", ["abandoned", "pending"])
async def test_what_nobody_has_tried_is_called_as_the_switch_has_it(shop, word):
    await shop.set(initial_status=word)
    assert (await shop.verify(await shop.begin()))["status"] == word


# Money


async def test_the_balance_gets_what_was_paid_less_the_fees_and_nothing_is_lost(shop):
    before, kept = shop.balance(), shop.balance("paystack_fees")
    await shop.paid(1_000_000)
    assert (shop.balance() - before, shop.balance("paystack_fees") - kept) == (975_000, 25_000)
    await shop.set(fees="none")
    reference = await shop.paid(1_000_000)
    assert ((await shop.verify(reference))["fees"], shop.balance() - before) == (0, 1_975_000)
    assert all(shop.world.ledger.sum(currency) == 0 for currency in wire.CURRENCIES)


async def test_a_wallets_payment_by_the_sandboxs_own_call_is_a_card_that_succeeds(shop):
    await shop.listen()
    reference = await shop.begin()
    assert (await shop.control("POST", "/payments", {"scheme": "paystack", "reference": reference})).is_success
    await shop.advance(1)
    assert (await shop.verify(reference))["authorization"]["last4"] == "4081"
    assert shop.event_names() == ["charge.success"]


# The page


class Browser:
    """A person at the page: fields by their labels, buttons by their words."""

    def __init__(self, shop, url):
        self.shop, self.url = shop, url.removeprefix("http://sandbox.test")
        self.text = ""

    async def look(self):
        answer = await self.shop.client.get(self.url)
        assert answer.status_code == 200
        self.text = answer.text

    def fields(self):
        """Every field of the form with its value, each of which has a label."""
        names = re.findall(r'<input id="(\w+)" name="\1"[^>]*>', self.text)
        labelled = re.findall(r'<label for="(\w+)">', self.text)
        assert names == labelled
        return {name: (re.search(rf'id="{name}"[^>]*value="([^"]*)"', self.text) or ["", ""])[1] for name in names}

    async def post(self, **typed):
        answer = await self.shop.client.post(self.url, data={"action": "pay"} | typed)
        self.text = answer.text
        return answer


async def opened(shop, **more):
    body = {"email": "payer@shop.test", "amount": 50_000, "reference": "order-1"} | more
    made = await shop.ok("POST", "/transaction/initialize", body)
    browser = Browser(shop, made["authorization_url"])
    await browser.look()
    return browser


async def test_a_person_pays_on_the_page_as_it_is_filled_in(shop):
    browser = await opened(shop, callback_url=CALLBACK)
    assert "500.00 NGN" in browser.text
    assert set(browser.fields()) == {"card", "cvv", "expiry"}
    back = await browser.post(**browser.fields())
    assert back.status_code == 303
    assert back.headers["location"] == f"{CALLBACK}&trxref=order-1&reference=order-1"
    await browser.look()
    assert "success" in browser.text
    assert unescape(re.search(r'href="([^"]*)"', browser.text)[1]) == back.headers["location"]
    assert (await browser.post()).status_code == 400


async def test_the_page_asks_for_pin_and_otp_one_after_another(shop):
    browser = await opened(shop)
    await browser.post(card=PIN_OTP, cvv="123")
    assert list(browser.fields()) == ["pin"]
    await browser.post(pin="1234")
    await browser.look()  # also after a reload
    assert list(browser.fields()) == ["otp"]
    done = await browser.post(otp="123456")
    assert (done.status_code, "success" in done.text, browser.fields()) == (200, True, {})  # no callback: it says so


async def test_a_decline_stays_on_the_page_and_says_why(shop):
    browser = await opened(shop, callback_url=CALLBACK)
    declined = await browser.post(card=DECLINED, cvv="001")
    assert (declined.status_code, 'role="alert">Declined' in declined.text) == (200, True)
    assert set(browser.fields()) == {"card", "cvv", "expiry"}
    assert (await browser.post(card=GOOD)).status_code == 303


@pytest.mark.parametrize(
    ("metadata", "location"),
    [
        ({"cancel_action": "https://shop.test/cart"}, "https://shop.test/cart"),
        ({"cancel_action": "javascript:alert(1)"}, None),
        ({"cancel_action": "https://a\r\nset-cookie: x"}, None),
        ("text", None),
    ],
)
async def test_who_cancels_goes_where_the_metadata_says(shop, metadata, location):
    browser = await opened(shop, metadata=metadata)
    left = await browser.post(action="cancel")
    assert (left.status_code, left.headers.get("location")) == ((303, location) if location else (200, None))
    assert (await shop.verify("order-1"))["status"] == "abandoned"


async def test_without_a_callback_of_its_own_the_dashboards_is_used(shop):
    await shop.control("PUT", "/paystack/callback", {"url": "https://shop.test/dash"})
    browser = await opened(shop)
    assert (await browser.post(card=GOOD)).headers["location"] == (
        "https://shop.test/dash?trxref=order-1&reference=order-1"
    )
    assert (await shop.control("PUT", "/paystack/callback", {"url": "x"})).status_code == 422


async def test_nothing_on_the_page_is_taken_for_markup(shop):
    nasty = "<script>\"'&"
    browser = await opened(shop, email=f"{nasty}@shop.test", callback_url=f"https://shop.test/?{'%3Cb%3E'}")
    for answer in (await browser.post(action=nasty), await browser.post(card=nasty), await browser.post(expiry=nasty)):
        assert answer.status_code == 400
        assert nasty not in answer.text
    await browser.look()
    assert nasty not in browser.text
    assert nasty in unescape(browser.text)


async def test_a_page_that_is_not_there_is_no_page(shop):
    assert (await shop.client.get("/paystack/pay/nothing")).status_code == 401
    assert (await shop.client.head(f"/paystack/pay/{(await opened(shop)).url[-15:]}")).status_code == 200
