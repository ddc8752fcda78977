"""Webhooks and events: signed as Stripe's verifiers want it, retried on the world's clock, in their typical order."""

import contextlib
import hashlib
import hmac
import json

import pytest
import stripe

from bakong_schemes.stripe.fake.events import sign
from bakong_simulator.kernel.webhooks import Message, Unsigned
from tests.conftest import NOW_MS
from tests.schemes.stripe.conftest import HOOK

MIN_S = 60


def verified(secret, post):
    """By Stripe's own verifier, whatever the age."""
    return stripe.Webhook.construct_event(post.body, post.headers["Stripe-Signature"], secret, tolerance=None)


def test_a_signature_is_the_documented_hmac():
    """v1 is HMAC-SHA256 of `t.body` under the whole secret; a vector that was worked out by hand with openssl."""
    unsigned = Unsigned(
        Message("evt_1", "x", b'{"id":"evt_1"}'), HOOK, ("whsec_test", "whsec_old"), 0, 1_492_774_577_123, 1
    )
    parts = [part.partition("=")[::2] for part in sign(unsigned).headers["Stripe-Signature"].split(",")]
    assert [name for name, _ in parts] == ["t", "v1", "v1", "v0"]
    assert parts[0][1] == "1492774577"
    new, old = (
        hmac.new(secret, b'1492774577.{"id":"evt_1"}', hashlib.sha256).hexdigest()
        for secret in (b"whsec_test", b"whsec_old")
    )
    assert [parts[1][1], parts[2][1]] == [new, old]
    assert new.startswith(hmac.digest(b"whsec_test", b'1492774577.{"id":"evt_1"}', "sha256").hex()[:8])


async def test_an_event_is_posted_signed_and_is_the_one_of_the_api(shop):
    secret = await shop.listen()
    intent = await shop.intent()
    await shop.advance(0)
    event = verified(secret, shop.posts[-1])
    assert (event.type, event.data.object.id, event.api_version) == (
        *("payment_intent.created", intent.id, "2026-10-28.endive"),
    )
    assert (shop.posts[0].headers["content-type"], shop.posts[0].headers["user-agent"][:11]) == (
        *("application/json; charset=utf-8", "Stripe/1.0 "),
    )
    kept = await shop.sdk.events.retrieve_async(event.id)
    assert kept.to_dict()["data"] == event.to_dict()["data"]
    assert (kept.pending_webhooks, json.loads(shop.posts[-1].body)["pending_webhooks"]) == (0, 1)
    assert (kept.request.id.startswith("req_"), bool(kept.request.idempotency_key)) == (True, True)
    forged = shop.posts[-1]._replace(body=shop.posts[-1].body + b" ")
    with pytest.raises(stripe.SignatureVerificationError):
        verified(secret, forged)


ORDERS = {
    "create": (["payment_intent.created"], {"card": None, "confirm": False}),
    "paid": (
        ["charge.succeeded", "payment_intent.succeeded", "payment_intent.created", "charge.updated"],
        {},
    ),
    "declined": (
        ["charge.failed", "payment_intent.payment_failed", "payment_intent.created"],
        {"card": "pm_card_visa_chargeDeclined"},
    ),
    "asked": (
        ["payment_intent.requires_action", "payment_intent.created"],
        {"card": "pm_card_authenticationRequired"},
    ),
    "held": (
        ["charge.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.created"],
        {"capture_method": "manual"},
    ),
}


@pytest.mark.parametrize(("expected", "given"), ORDERS.values(), ids=ORDERS)
async def test_each_transition_emits_its_events_in_their_typical_order(shop, expected, given):
    await shop.listen()
    with contextlib.suppress(stripe.CardError):
        await shop.intent(**given)
    await shop.advance(2)
    assert shop.types() == expected == await shop.events()


async def test_a_capture_and_the_created_event_first_by_a_switch(shop):
    await shop.set(created_last=False)
    intent = await shop.intent(capture_method="manual")
    assert (await shop.events())[0] == "payment_intent.created"
    await shop.sdk.payment_intents.capture_async(intent.id)
    await shop.advance(2)
    assert (await shop.events())[-3:] == ["charge.captured", "payment_intent.succeeded", "charge.updated"]


async def test_only_the_types_that_an_endpoint_wants(shop):
    await shop.listen("charge.succeeded", "payment_intent.canceled")
    await shop.intent()
    await shop.advance(2)
    assert shop.types() == ["charge.succeeded"]


async def test_each_endpoint_has_a_secret_of_its_own_that_is_shown_once(shop):
    first = await shop.listen()
    second = await shop.sdk.webhook_endpoints.create_async({"url": f"{HOOK}/2", "enabled_events": ["*"]})
    assert first != second.secret
    shown = await shop.sdk.webhook_endpoints.retrieve_async(second.id)
    assert "secret" not in shown
    await shop.intent(card=None, confirm=False)
    await shop.advance(0)
    by_url = {post.url: post for post in shop.posts}
    verified(first, by_url[HOOK])
    verified(second.secret, by_url[f"{HOOK}/2"])
    with pytest.raises(stripe.SignatureVerificationError):
        verified(first, by_url[f"{HOOK}/2"])


async def test_endpoints_are_updated_switched_off_and_deleted(shop):
    await shop.listen()
    id_ = shop.endpoint.id
    await shop.sdk.webhook_endpoints.update_async(id_, {"disabled": True, "description": "mine"})
    await shop.intent(card=None, confirm=False)
    assert (await shop.sdk.webhook_endpoints.retrieve_async(id_)).status == "disabled"
    await shop.sdk.webhook_endpoints.update_async(id_, {"disabled": False, "enabled_events": ["charge.succeeded"]})
    await shop.intent()
    await shop.advance(0)
    assert shop.types() == ["charge.succeeded"]
    assert (await shop.sdk.webhook_endpoints.delete_async(id_)).deleted is True
    assert (await shop.sdk.webhook_endpoints.list_async()).data == []
    with pytest.raises(stripe.InvalidRequestError):
        await shop.sdk.webhook_endpoints.retrieve_async(id_)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"url": "ftp://x.test", "enabled_events": ["*"]}, "url"),
        ({"url": HOOK, "enabled_events": ["nonsense"]}, "enabled_events[0]"),
        ({"url": HOOK}, "enabled_events"),
        ({"enabled_events": ["*"]}, "url"),
    ],
)
async def test_a_wrong_endpoint_is_refused(shop, given, param):
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.webhook_endpoints.create_async(given)
    assert raised.value.param == param


async def test_at_most_sixteen_endpoints(shop):
    for _ in range(16):
        await shop.listen()
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        await shop.listen()


@pytest.mark.parametrize(("schedule", "tries"), [("test", 4), ("live", 10)])
async def test_a_failing_receiver_is_tried_again_on_the_worlds_clock(shop, schedule, tries):
    await shop.set(retries=schedule)
    await shop.listen("payment_intent.created")
    shop.status = 500
    await shop.intent(card=None, confirm=False)
    await shop.advance(5 * MIN_S - 1)
    assert len(shop.posts) == 1
    await shop.advance(1)
    assert len(shop.posts) == 2
    await shop.advance(80 * 60 * MIN_S)
    assert len(shop.posts) == tries


async def test_a_redirect_is_a_failure_and_a_disabled_endpoint_gets_no_more(shop):
    await shop.listen("payment_intent.created")
    shop.status = 302
    await shop.intent(card=None, confirm=False)
    await shop.advance(0)
    (event,) = (await shop.sdk.events.list_async()).data
    assert (event.pending_webhooks, len(shop.posts)) == (1, 1)
    await shop.sdk.webhook_endpoints.update_async(shop.endpoint.id, {"disabled": True})
    await shop.advance(3600 * 24)
    assert len(shop.posts) == 1


async def test_a_rolled_secret_signs_beside_the_new_one_for_a_day(shop):
    old = await shop.listen("payment_intent.created")
    new = (await shop.control("POST", f"/webhooks/endpoints/{shop.endpoint.id}/roll", {})).json()["secret"]
    assert new.startswith("whsec_")
    await shop.intent(card=None, confirm=False)
    await shop.advance(0)
    assert [verified(secret, shop.posts[0]).type for secret in (old, new)] == ["payment_intent.created"] * 2
    await shop.advance(24 * 3600)
    await shop.intent(card=None, confirm=False)
    await shop.advance(0)
    verified(new, shop.posts[1])
    with pytest.raises(stripe.SignatureVerificationError):
        verified(old, shop.posts[1])


async def test_the_signature_has_the_machines_time_wherever_the_worlds_clock_is(shop):
    await shop.listen()
    await shop.advance(400 * 24 * 3600)
    await shop.intent(card=None, confirm=False)
    await shop.advance(0)
    assert f"t={NOW_MS // 1000}," in shop.posts[0].headers["Stripe-Signature"]
    assert json.loads(shop.posts[0].body)["created"] == NOW_MS // 1000 + 400 * 24 * 3600


SCRIPTED = {
    "stripe-webhook-shuffled": lambda types: (
        types.index("payment_intent.succeeded") > types.index("payment_intent.created")
    ),
    "stripe-webhook-twice": lambda types: types.count("payment_intent.succeeded") == 2 and len(types) == 8,
    "stripe-webhook-late": lambda types: types[:2] == ["payment_intent.created", "charge.updated"] and len(types) == 4,
    "stripe-webhook-lost": lambda types: types == ["payment_intent.created", "charge.updated"],
    "stripe-webhook-retried": lambda types: len(types) == 4,
}


@pytest.mark.parametrize(("script", "holds"), SCRIPTED.items(), ids=SCRIPTED)
async def test_a_script_has_webhooks_go_wrong(shop, script, holds):
    await shop.play(script)
    await shop.listen()
    assert (await shop.intent()).status == "succeeded"
    await shop.advance(3600)
    assert holds(shop.types()), shop.types()
    assert len(await shop.events()) == 4


async def test_an_event_is_a_snapshot_and_reaches_back_thirty_days(shop):
    intent = await shop.intent(card=None, confirm=False, metadata={"a": "1"})
    await shop.sdk.payment_intents.update_async(intent.id, {"metadata": {"a": "2"}})
    (event,) = (await shop.sdk.events.list_async()).data
    assert event.data.object.metadata["a"] == "1"
    await shop.advance(31 * 24 * 3600)
    assert (await shop.sdk.events.list_async()).data == []
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.events.retrieve_async(event.id)
    assert raised.value.http_status == 404


async def test_an_update_says_what_was_before(shop):
    customer = await shop.sdk.customers.create_async({"email": "a@shop.test"})
    await shop.sdk.customers.update_async(customer.id, {"email": "b@shop.test"})
    event = (await shop.sdk.events.list_async({"type": "customer.updated"})).data[0]
    assert event.to_dict()["data"]["previous_attributes"] == {"email": "a@shop.test"}
    types = (await shop.sdk.events.list_async({"types": ["customer.created", "customer.deleted"]})).data
    assert [event.type for event in types] == ["customer.created"]
