"""PaymentIntents: every status and every way from one to the next, by Stripe's own client."""

import contextlib

import httpx
import pytest
import stripe

from bakong_schemes.stripe import wire
from bakong_simulator.console.payments import payer_page
from tests.schemes.stripe.conftest import BACK

DAY_S = 86_400


async def test_a_card_pays_at_once_and_its_balance_transaction_comes_two_seconds_later(shop):
    intent = await shop.intent(metadata={"order": "7"}, description="Tea")
    assert (intent.status, intent.amount_received, intent.capture_method) == ("succeeded", 2000, "automatic_async")
    charge = await shop.sdk.charges.retrieve_async(intent.latest_charge)
    assert (charge.paid, charge.captured, charge.balance_transaction) == (True, True, None)
    assert (charge.metadata["order"], charge.description, charge.payment_method_details.card.last4) == (
        "7",
        "Tea",
        "4242",
    )
    await shop.advance(2)
    intent = await shop.now(intent, expand=["latest_charge.balance_transaction"])
    transaction = intent.latest_charge.balance_transaction
    assert (transaction.amount, transaction.fee, transaction.net) == (2000, 88, 1912)
    assert (transaction.status, transaction.available_on - transaction.created) == ("pending", 2 * DAY_S)


async def test_automatic_capture_has_its_balance_transaction_in_the_answer(shop):
    intent = await shop.intent(capture_method="automatic", expand=["latest_charge.balance_transaction"])
    assert intent.latest_charge.balance_transaction.net == 1912


async def test_the_money_settles_after_two_days_less_the_fee(shop):
    await shop.intent()
    await shop.advance(2)
    assert [row.amount for row in (await shop.sdk.balance.retrieve_async()).pending] == [1912]
    assert shop.held("stripe_pending") == 2000
    await shop.advance(2 * DAY_S)
    balance = await shop.sdk.balance.retrieve_async()
    assert (balance.available[0].amount, balance.pending[0].amount) == (1912, 0)
    assert [shop.held(f"stripe_{name}") for name in ("pending", "available", "fees")] == [0, 1912, 88]


async def test_without_a_method_it_waits_and_each_step_can_be_a_call_of_its_own(shop):
    intent = await shop.intent(card=None, confirm=False)
    assert intent.status == "requires_payment_method"
    intent = await shop.sdk.payment_intents.update_async(
        intent.id, {"payment_method": "pm_card_mastercard", "amount": 2500, "metadata": {"a": "1"}}
    )
    assert (intent.status, intent.amount) == ("requires_confirmation", 2500)
    intent = await shop.sdk.payment_intents.confirm_async(intent.id)
    assert (intent.status, intent.amount_received) == ("succeeded", 2500)
    method = await shop.sdk.payment_methods.retrieve_async(intent.payment_method)
    assert (method.card.brand, method.card.last4) == ("mastercard", "4444")


async def test_confirming_without_a_method_or_twice_says_so(shop):
    intent = await shop.intent(card=None, confirm=False)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method") as raised:
        await shop.sdk.payment_intents.confirm_async(intent.id)
    assert raised.value.code == "payment_intent_unexpected_state"
    assert raised.value.error.payment_intent.id == intent.id
    await shop.sdk.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded after being previously confirmed"):
        await shop.sdk.payment_intents.confirm_async(intent.id)


DECLINED = [
    (f"pm_card_{name}", card.decline) for name, card in wire.CARDS.items() if card.decline and not card.authentication
]


@pytest.mark.parametrize(("card", "name"), DECLINED)
async def test_a_documented_decliner_declines_in_its_own_words(shop, card, name):
    decline = wire.DECLINES[name]
    with pytest.raises(stripe.CardError) as raised:
        await shop.intent(card=card)
    error = raised.value
    assert (error.http_status, error.code, error.user_message) == (402, decline.code, decline.message)
    assert (error.error.decline_code, error.error.type) == (decline.decline_code, "card_error")
    assert error.error.doc_url == f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}"
    intent = await shop.now(error.error.payment_intent)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == decline.code
    charge = await shop.sdk.charges.retrieve_async(intent.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code, charge.id) == (
        "failed",
        False,
        decline.code,
        error.error.charge,
    )
    blocked = wire.CARDS[card.removeprefix("pm_card_")].risk == "highest"
    assert charge.outcome.type == ("blocked" if blocked else "issuer_declined")


PAYING = [name for name, card in wire.CARDS.items() if not card.decline and not card.authentication]


@pytest.mark.parametrize("name", PAYING)
async def test_a_documented_card_pays_by_its_test_id_and_by_its_number(shop, name):
    card = wire.CARDS[name]
    paid = await shop.intent(card=f"pm_card_{name}", expand=["payment_method"])
    assert (paid.status, paid.payment_method.card.country) == ("succeeded", card.country)
    method = await shop.sdk.payment_methods.create_async(
        {"type": "card", "card": {"number": card.number, "exp_month": 12, "exp_year": 2034, "cvc": "314"}}
    )
    assert (method.card.last4, method.card.brand, method.card.exp_year) == (card.number[-4:], card.brand, 2034)
    assert (await shop.intent(card=method.id)).status == "succeeded"


async def test_after_a_decline_another_card_pays_and_a_used_one_does_not(shop):
    intent = await shop.intent(confirm=False)
    with pytest.raises(stripe.CardError):
        await shop.sdk.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    intent = await shop.sdk.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    assert len((await shop.sdk.charges.list_async({"payment_intent": intent.id})).data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="was previously used with a PaymentIntent"):
        await shop.intent(card=intent.payment_method)


# Holds


async def test_a_hold_is_captured_in_part_and_the_rest_released(shop):
    intent = await shop.intent(capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2000, 0)
    charge = await shop.sdk.charges.retrieve_async(intent.latest_charge)
    assert (charge.captured, charge.paid) == (False, True)
    assert shop.held("stripe_pending") == 0
    intent = await shop.sdk.payment_intents.capture_async(intent.id, {"amount_to_capture": 1500})
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 1500, 0)
    charge = await shop.sdk.charges.retrieve_async(intent.latest_charge)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded, charge.refunded) == (
        True,
        1500,
        500,
        False,
    )
    assert shop.held("stripe_pending") == 1500
    with pytest.raises(stripe.InvalidRequestError, match="has already been captured") as raised:
        await shop.sdk.payment_intents.capture_async(intent.id)
    assert raised.value.code == "payment_intent_unexpected_state"


async def test_more_than_is_held_is_not_captured(shop):
    intent = await shop.intent(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.payment_intents.capture_async(intent.id, {"amount_to_capture": 2001})
    assert (raised.value.param, raised.value.code) == ("amount_to_capture", "amount_too_large")
    other = await shop.intent(card=None, confirm=False)
    with pytest.raises(stripe.InvalidRequestError, match="status of requires_payment_method"):
        await shop.sdk.payment_intents.capture_async(other.id)


@pytest.mark.parametrize("how", ["cancelled", "expired"])
async def test_a_hold_that_is_given_up_is_released(shop, how):
    intent = await shop.intent(capture_method="manual")
    if how == "cancelled":
        await shop.sdk.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})
    else:
        await shop.advance(7 * DAY_S)
    intent = await shop.now(intent, expand=["latest_charge"])
    reason = "abandoned" if how == "cancelled" else "expired"
    assert (intent.status, intent.cancellation_reason) == ("canceled", reason)
    assert (intent.latest_charge.refunded, intent.latest_charge.amount_refunded) == (True, 2000)
    assert (await shop.events())[-1] == "payment_intent.canceled"
    with pytest.raises(stripe.InvalidRequestError, match="has a status of canceled"):
        await shop.sdk.payment_intents.cancel_async(intent.id)


async def test_what_is_paid_cannot_be_cancelled(shop):
    intent = await shop.intent()
    with pytest.raises(
        stripe.InvalidRequestError, match=r"has a status of succeeded\. Only a PaymentIntent with one of"
    ):
        await shop.sdk.payment_intents.cancel_async(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.payment_intents.update_async(intent.id, {"amount": 3000})
    assert raised.value.code == "payment_intent_unexpected_state"
    changed = await shop.sdk.payment_intents.update_async(intent.id, {"metadata": {"late": "yes"}})
    assert changed.metadata["late"] == "yes"


# 3-D Secure


@pytest.mark.parametrize(("action", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
async def test_the_bank_asks_on_a_page_and_sends_the_payer_back(shop, action, status):
    intent = await shop.intent(card="pm_card_authenticationRequired", return_url=BACK)
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    url = intent.next_action.redirect_to_url.url
    assert url.endswith(payer_page(shop.world, shop.world.payments["stripe", intent.id]))
    page = await shop.http.get(url)
    assert (page.status_code, "$20.00" in page.text, "<form" in page.text) == (200, True, True)
    back = await shop.http.post(url, data={"action": action})
    location = httpx.URL(back.headers["location"])
    assert (back.status_code, location.host, location.params["order"]) == (303, "shop.test", "7")
    assert location.params["payment_intent"] == intent.id
    assert location.params["payment_intent_client_secret"] == intent.client_secret
    intent = await shop.now(intent, expand=["latest_charge"])
    assert (intent.status, intent.next_action) == (status, None)
    if action == "complete":
        assert intent.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    else:
        assert intent.last_payment_error.code == "payment_intent_authentication_failure"
        assert (intent.latest_charge, intent.payment_method) == (None, None)
    assert (await shop.http.post(url, data={"action": action})).status_code == 400


async def test_without_a_return_url_the_client_is_to_ask(shop):
    intent = await shop.intent(card="pm_card_authenticationRequired")
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    answer = await shop.control("POST", f"/stripe/payment_intents/{intent.id}/authenticate")
    assert answer.json() == {"status": "succeeded", "redirect": None, "problem": None}
    again = await shop.control("POST", f"/stripe/payment_intents/{intent.id}/fail_authentication")
    assert again.status_code == 409


async def test_a_card_that_authenticates_and_has_too_little_is_declined_then(shop):
    intent = await shop.intent(card="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    await shop.control("POST", f"/stripe/payment_intents/{intent.id}/authenticate")
    intent = await shop.now(intent)
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", "insufficient_funds")


async def test_off_session_nobody_can_be_asked(shop):
    with pytest.raises(stripe.CardError) as raised:
        await shop.intent(card="pm_card_authenticationRequired", off_session=True)
    assert (raised.value.code, raised.value.error.decline_code) == ("authentication_required",) * 2
    intent = await shop.now(raised.value.error.payment_intent)
    assert (intent.status, intent.next_action) == ("requires_payment_method", None)
    with pytest.raises(stripe.CardError):
        await shop.intent(card="pm_card_authenticationRequired", error_on_requires_action=True)
    paid = await shop.intent(card="pm_card_authenticationRequiredSetupForOffSession", off_session=True)
    assert paid.status == "succeeded"


async def test_a_card_that_was_set_up_is_good_off_session(shop):
    customer = await shop.sdk.customers.create_async({"email": "a@shop.test"})
    same = {"card": "pm_card_authenticationRequiredOnSetup", "customer": customer.id}
    first = await shop.intent(**same, setup_future_usage="off_session")
    await shop.control("POST", f"/stripe/payment_intents/{first.id}/authenticate")
    first = await shop.now(first)
    method = await shop.sdk.payment_methods.retrieve_async(first.payment_method)
    assert (first.status, method.customer) == ("succeeded", customer.id)
    again = await shop.intent(card=method.id, customer=customer.id, off_session=True)
    assert again.status == "succeeded"
    with pytest.raises(stripe.CardError):
        await shop.intent(**same, off_session=True)


@pytest.mark.parametrize(("wanted", "status"), [("automatic", "succeeded"), ("any", "requires_action")])
async def test_an_optional_authentication_is_asked_for(shop, wanted, status):
    options = {"card": {"request_three_d_secure": wanted}}
    intent = await shop.intent(card="pm_card_threeDSecureOptional", payment_method_options=options)
    assert intent.status == status


async def test_manual_confirmation_confirms_again_after_the_bank(shop):
    intent = await shop.intent(card="pm_card_authenticationRequired", confirmation_method="manual", return_url=BACK)
    assert intent.status == "requires_action"
    await shop.http.post(intent.next_action.redirect_to_url.url, data={"action": "complete"})
    assert (await shop.now(intent)).status == "requires_confirmation"
    assert (await shop.sdk.payment_intents.confirm_async(intent.id)).status == "succeeded"


async def test_methods_that_may_redirect_need_a_way_back(shop):
    given = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match="you must provide a `return_url`"):
        await shop.sdk.payment_intents.create_async(given)
    for more in (
        {"return_url": BACK},
        {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
        {"off_session": True},
    ):
        assert (await shop.sdk.payment_intents.create_async({**given, **more})).status == "succeeded"
    old = {"stripe_version": "2022-11-15"}
    intent = await shop.sdk.payment_intents.create_async(given, old)
    assert (intent.status, intent.capture_method, intent.payment_method_types) == ("succeeded", "automatic", ["card"])


# Scripts and the sandbox's wallet


async def test_a_wallet_of_the_sandbox_pays_an_intent_without_a_method(shop):
    intent = await shop.intent(card=None, confirm=False)
    answer = await shop.control("POST", "/payments", {"scheme": "stripe", "reference": intent.id})
    assert answer.json()["status"] == "paid"
    intent = await shop.now(intent, expand=["payment_method"])
    assert (intent.status, intent.payment_method.card.last4) == ("succeeded", "4242")


async def test_a_script_lets_it_process_and_one_lets_the_bank_ask_for_nothing(shop):
    await shop.play("stripe-processing")
    intent = await shop.intent()
    assert intent.status == "processing"
    await shop.advance(120)
    assert (await shop.now(intent)).status == "succeeded"
    told = ["payment_intent.processing", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert await shop.events() == told
    await shop.play("stripe-3ds-abandoned")
    asked = await shop.intent()
    assert asked.status == "requires_action"
    await shop.advance(3600)
    asked = await shop.now(asked)
    assert (asked.status, asked.cancellation_reason) == ("canceled", "abandoned")


async def test_a_description_names_a_script_as_codes_do(shop):
    intent = await shop.intent(description="SBX-FAILED", confirm=False)
    with pytest.raises(stripe.CardError):
        await shop.sdk.payment_intents.confirm_async(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="no scenario is called 'no-such'"):
        await shop.intent(description="SBX-NO-SUCH")


async def test_a_shared_script_holds_and_captures(shop):
    await shop.play("authorized")
    intent = await shop.intent(card=None, confirm=False)
    await shop.now(intent)
    assert (await shop.now(intent)).status == "requires_capture"
    await shop.advance(3600)
    assert (await shop.now(intent)).status == "succeeded"


async def test_a_hidden_payment_is_found_by_nobody(shop):
    await shop.play("paid-then-lost")
    intent = await shop.intent()
    payment = shop.world.payments["stripe", intent.id]
    while not payment.hidden:
        await shop.advance(3600)
        with contextlib.suppress(stripe.InvalidRequestError):
            await shop.now(intent)
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.now(intent)
    assert (raised.value.http_status, raised.value.param) == (404, "intent")


async def test_money_of_other_schemes_is_not_touched(shop):
    before = {
        name: dict(account.balances) for name, account in shop.world.ledger.accounts.items() if "stripe" not in name
    }
    await shop.intent()
    assert {name: shop.world.ledger.accounts[name].balances for name in before} == before
