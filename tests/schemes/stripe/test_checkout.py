"""Checkout Sessions: made by Stripe's client, paid on their page as a person or a test does."""

import re

import httpx
import pytest
import stripe


async def submit(shop, session, **fields):
    return await shop.http.post(session.url, data={"action": "pay", "email": "a@shop.test", **fields})


async def test_a_payer_chooses_a_card_and_comes_back_to_the_shop(shop):
    session = await shop.session(metadata={"cart": "9"}, client_reference_id="order-9")
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.expires_at - session.created) == (5000, 86_400)
    page = await shop.http.get(session.url)
    assert (page.status_code, "Tea &lt;1 kg&gt;" in page.text, "<1 kg>" in page.text) == (200, True, False)
    assert re.findall(r'name="(\w+)"', page.text)[:1] == ["viewport"]
    assert {"card", "number", "exp", "cvc", "email", "action"} <= set(re.findall(r'name="(\w+)"', page.text))
    back = await submit(shop, session, card="pm_card_visa")
    assert (back.status_code, back.headers["location"]) == (303, f"https://shop.test/ok?id={session.id}")
    session = await shop.sdk.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (session.customer_details.email, session.metadata["cart"]) == ("a@shop.test", "9")
    assert (session.payment_intent.status, session.payment_intent.latest_charge.amount) == ("succeeded", 5000)
    assert session.payment_intent.to_dict()["metadata"] == {}
    assert [row.description for row in session.line_items.data] == ["Tea <1 kg>"]
    assert await shop.events() == [
        *("charge.succeeded", "payment_intent.succeeded", "payment_intent.created", "checkout.session.completed"),
    ]
    again = await shop.http.post(f"/stripe/pay/c/{session.id}", data={"card": "pm_card_visa"})
    assert (again.status_code, "<form" in again.text, "complete" in again.text) == (200, False, True)


async def test_a_payer_types_a_number_and_a_declined_one_again(shop):
    session = await shop.session()
    card = {"exp": "12 / 34", "cvc": "123"}
    for number, said in (
        ("4000 0000 0000 9995", "insufficient funds"),
        ("4242424242424241", "card number is incorrect"),
        ("", "Choose a card from the list"),
    ):
        page = await submit(shop, session, number=number, **card)
        assert (page.status_code, said in page.text) == (200, True), page.text
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent"]})
    assert (now.status, now.payment_intent.status) == ("open", "requires_payment_method")
    told = ["charge.failed", "payment_intent.payment_failed", "payment_intent.created"]
    assert await shop.events() == told
    assert (await submit(shop, session, number="4242 4242 4242 4242", **card)).status_code == 303
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id)
    assert now.payment_status == "paid"


@pytest.mark.parametrize(("action", "status"), [("complete", "complete"), ("fail", "open")])
async def test_the_bank_asks_within_the_checkout(shop, action, status):
    session = await shop.session()
    bank = (await submit(shop, session, card="pm_card_authenticationRequired")).headers["location"]
    back = await shop.http.post(bank, data={"action": action})
    expected = f"https://shop.test/ok?id={session.id}" if action == "complete" else session.url
    assert (back.status_code, back.headers["location"]) == (303, expected)
    assert (await shop.sdk.checkout.sessions.retrieve_async(session.id)).status == status


async def test_cancel_leads_back_and_leaves_it_open(shop):
    session = await shop.session()
    back = await submit(shop, session, action="cancel")
    assert (back.status_code, back.headers["location"]) == (303, "https://shop.test/cart")
    assert (await shop.sdk.checkout.sessions.retrieve_async(session.id)).status == "open"
    assert (await submit(shop, session, action="nonsense")).status_code == 400


async def test_it_is_paid_and_cancelled_at_the_control_api(shop):
    session = await shop.session()
    declined = await shop.control(
        "POST", f"/stripe/checkout/{session.id}/pay", {"payment_method": "pm_card_visa_chargeDeclined"}
    )
    assert declined.json() == {"status": "open", "redirect": None, "problem": "Your card was declined."}
    cancelled = await shop.control("POST", f"/stripe/checkout/{session.id}/cancel")
    assert cancelled.json()["redirect"] == "https://shop.test/cart"
    paid = await shop.control("POST", f"/stripe/checkout/{session.id}/pay")
    assert (paid.json()["status"], session.id in paid.json()["redirect"]) == ("complete", True)
    assert (await shop.control("POST", f"/stripe/checkout/{session.id}/pay")).status_code == 409
    assert (await shop.control("POST", "/stripe/checkout/cs_none/pay")).status_code == 404
    wrong = await shop.control("POST", f"/stripe/checkout/{session.id}/pay", {"payment_method": "pm_none"})
    assert wrong.status_code in (409, 422)


async def test_it_expires_by_a_call_or_by_time_and_its_intent_with_it(shop):
    session = await shop.session(expires_at=shop.world.clock.now_ms() // 1000 + 1800)
    await submit(shop, session, card="pm_card_visa_chargeDeclined")
    await shop.advance(1800)
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent"]})
    assert (now.status, now.url, now.payment_intent.status) == ("expired", None, "canceled")
    assert (await shop.events())[-2:] == ["payment_intent.canceled", "checkout.session.expired"]
    assert (await shop.http.get(session.url)).text.count("<form") == 0
    other = await shop.session()
    assert (await shop.sdk.checkout.sessions.expire_async(other.id)).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match=r'status in \["open"\] can be expired'):
        await shop.sdk.checkout.sessions.expire_async(other.id)


async def test_an_intent_of_an_open_session_is_not_cancelled_by_itself(shop):
    session = await shop.session()
    await submit(shop, session, card="pm_card_visa_chargeDeclined")
    intent = (await shop.sdk.checkout.sessions.retrieve_async(session.id)).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="expire the session"):
        await shop.sdk.payment_intents.cancel_async(intent)


async def test_delayed_payments_complete_it_unpaid(shop):
    await shop.play("stripe-processing")
    session = await shop.session()
    assert (await submit(shop, session, card="pm_card_visa")).status_code == 303
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id)
    assert (now.status, now.payment_status) == ("complete", "unpaid")
    await shop.advance(120)
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id)
    assert now.payment_status == "paid"
    assert (await shop.events())[-1] == "checkout.session.async_payment_succeeded"


async def test_data_of_the_intent_and_the_customer_go_with_it(shop):
    customer = await shop.sdk.customers.create_async({"email": "b@shop.test"})
    data = {"metadata": {"order": "9"}, "description": "Tea", "capture_method": "manual"}
    session = await shop.session(customer=customer.id, payment_intent_data=data)
    await shop.control("POST", f"/stripe/checkout/{session.id}/pay")
    now = await shop.sdk.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent", "customer"]})
    intent = now.payment_intent
    assert (intent.status, intent.metadata["order"], intent.customer) == ("requires_capture", "9", customer.id)
    assert (now.customer.email, now.customer_details.email) == ("b@shop.test", "b@shop.test")


WRONG = [
    ({"line_items": [{"price": "price_1", "quantity": 1}]}, "No such price: 'price_1'", "line_items[0][price]"),
    ({"line_items": []}, "Missing required param: line_items", "line_items"),
    ({"mode": "subscription"}, "mode payment alone", "mode"),
    ({"success_url": "nonsense"}, "Not a valid URL", "success_url"),
    ({"expires_at": 1}, "at least 30 minutes", "expires_at"),
    ({"customer": "cus_none"}, "No such customer: 'cus_none'", "customer"),
    ({"subscription": "x"}, "Received unknown parameter: subscription", "subscription"),
]


@pytest.mark.parametrize(("more", "said", "param"), WRONG)
async def test_what_is_wrong_is_named(shop, more, said, param):
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.session(**more)
    assert said in raised.value.user_message
    assert raised.value.param == param


async def test_too_little_is_refused_and_items_add_up(shop):
    with pytest.raises(stripe.InvalidRequestError, match=r"at least \$0.50 usd") as raised:
        await shop.session(49)
    assert raised.value.code == "amount_too_small"
    data = {"currency": "thb", "unit_amount": 1500, "product_data": {"name": "Rice"}}
    items = [
        {"price_data": data, "quantity": 2},
        {"price_data": {**data, "product_data": {"name": "Egg"}}, "quantity": 1},
    ]
    session = await shop.session(line_items=items)
    assert (session.amount_total, session.currency) == (4500, "thb")
    rows = await shop.sdk.checkout.sessions.line_items.list_async(session.id, {"limit": 1})
    assert ([row.description for row in rows.data], rows.has_more) == (["Rice"], True)


async def test_a_page_of_nobody_and_hostile_names(shop):
    assert (await shop.http.get("/stripe/pay/c/cs_test_none")).status_code == 404
    assert (await shop.http.get("/stripe/pay/3ds/pi_none")).status_code == 404
    assert (await shop.http.get("/stripe/pay")).status_code == 404
    assert (await shop.http.request("DELETE", "/stripe/pay/c/x")).status_code == 405
    data = {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "<script>alert(1)</script>\"'&"}}
    session = await shop.session(line_items=[{"price_data": data}], customer_email='"><script>x</script>')
    page = await shop.http.get(session.url)
    assert "<script" not in page.text
    typed = await submit(shop, session, number="<script>", exp="<script>/34", cvc="<b>")
    assert (typed.status_code, "<script" in typed.text) == (200, False)


async def test_a_world_of_its_own_has_its_pages(shop):
    assert (await shop.http.post("/sandbox/worlds", json={"name": "b"})).is_success
    sdk = shop.client("sk_test_b")
    other, shop.sdk = shop.sdk, sdk
    session = await shop.session()
    assert httpx.URL(session.url).path.startswith("/w/b/stripe/pay/c/cs_test_")
    assert (await submit(shop, session, card="pm_card_visa")).status_code == 303
    assert len((await sdk.payment_intents.list_async()).data) == 1
    assert len((await other.payment_intents.list_async()).data) == 0
