"""PyPI stripe 16.1.0, Stripe's own client for Python, unmodified: over plain HTTP, and TLS at api.stripe.com."""

import asyncio
import json

import httpx
import pytest
import stripe

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import Targets, address_of, proxying
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, url_of
from bakong_simulator.kernel.clock import Mode
from tests.clients.omise_shop import receiving
from tests.conftest import NOW_MS, PLAIN

BACK = "https://shop.test/back"


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, tls_port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def control(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture(params=["http", "https"])
async def client(request, sandbox, monkeypatch):
    """The client, and the transport that it is to use: its settings for an address, or for a proxy and a CA."""
    if request.param == "http":
        bases = {"api": f"{sandbox.bakong_url}/stripe"}
        yield stripe.StripeClient("sk_test_sandbox", base_addresses=bases, max_network_retries=0).v1
        return
    monkeypatch.setattr(stripe, "ca_bundle_path", sandbox.ca_file)
    targets = Targets(HOSTS, address_of(sandbox.bakong_url), address_of(sandbox.tls_url))
    with listen(0) as opened:
        async with proxying(opened, targets):
            proxied = stripe.RequestsClient(proxy=url_of(opened))
            yield stripe.StripeClient("sk_test_sandbox", http_client=proxied, max_network_retries=0).v1


@pytest.fixture
def ask():
    """ask(function, ...) calls the client in a thread, as it blocks."""
    return asyncio.to_thread


async def test_a_payment_its_page_its_refund_and_its_signed_events(client, ask, control, sandbox):
    async with receiving() as (shop, url):
        endpoint = await ask(client.webhook_endpoints.create, {"url": url, "enabled_events": ["*"]})
        customer = await ask(client.customers.create, {"email": "a@shop.test", "metadata": {"id": "7"}})
        intent = await ask(
            client.payment_intents.create,
            {
                "amount": 2000,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": "pm_card_authenticationRequired",
                "confirm": True,
                "return_url": BACK,
                "expand": ["customer"],
            },
        )
        assert (intent.status, intent.customer.metadata["id"]) == ("requires_action", "7")
        page = httpx.URL(intent.next_action.redirect_to_url.url)
        async with httpx.AsyncClient(base_url=sandbox.bakong_url, **PLAIN) as browser:
            assert "<form" in (await browser.get(page.path)).text
            back = await browser.post(page.path, data={"action": "complete"})
        assert back.headers["location"].startswith(f"{BACK}?payment_intent={intent.id}&")
        intent = await ask(client.payment_intents.retrieve, intent.id, {"expand": ["latest_charge"]})
        assert (intent.status, intent.latest_charge.paid) == ("succeeded", True)
        assert intent.last_response.request_id.startswith("req_")
        refund = await ask(client.refunds.create, {"payment_intent": intent.id, "amount": 500})
        assert refund.status == "succeeded"
        await control.post("/clock/advance", json={"seconds": 2})
        told = [
            # At the machine's real time, so that the verifier's 300 seconds hold.
            stripe.Webhook.construct_event(body, headers["stripe-signature"], endpoint.secret).type
            for headers, body in shop.posts
        ]
        assert told == [
            *("customer.created", "payment_intent.requires_action", "payment_intent.created", "charge.succeeded"),
            *("payment_intent.succeeded", "charge.updated", "refund.created", "charge.refunded", "refund.updated"),
            "charge.refund.updated",
        ]
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(shop.posts[0][1], shop.posts[0][0]["stripe-signature"], "whsec_other")
    listed = await ask(lambda: [event.id for event in client.events.list({"limit": 2}).auto_paging_iter()])
    assert listed == [json.loads(body)["id"] for _, body in shop.posts][::-1]


async def test_errors_are_its_exceptions(client, ask):
    given = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}
    with pytest.raises(stripe.CardError) as raised:
        await ask(client.payment_intents.create, {**given, "payment_method": "pm_card_visa_chargeDeclined"})
    assert (raised.value.code, raised.value.error.decline_code) == ("card_declined", "generic_decline")
    assert raised.value.request_id.startswith("req_")
    with pytest.raises(stripe.InvalidRequestError, match="No such charge: 'ch_none'"):
        await ask(client.charges.retrieve, "ch_none")
    options = {"idempotency_key": "once"}
    made = {"amount": 2000, "currency": "usd"}
    first, again = [await ask(client.payment_intents.create, made, options) for _ in range(2)]
    assert (first.id, again.last_response.headers["idempotent-replayed"]) == (again.id, "true")
    with pytest.raises(stripe.IdempotencyError):
        await ask(client.payment_intents.create, {**made, "amount": 3000}, options)


async def test_a_session_is_paid_on_its_page(client, ask, sandbox):
    item = {"price_data": {"currency": "thb", "unit_amount": 5000, "product_data": {"name": "Tea"}}, "quantity": 2}
    session = await ask(
        client.checkout.sessions.create,
        {"mode": "payment", "line_items": [item], "success_url": f"{BACK}?id={{CHECKOUT_SESSION_ID}}"},
    )
    async with httpx.AsyncClient(base_url=sandbox.bakong_url, **PLAIN) as browser:
        page = httpx.URL(session.url)
        back = await browser.post(page.path, data={"card": "pm_card_th", "email": "a@shop.test", "action": "pay"})
    assert (back.status_code, back.headers["location"]) == (303, f"{BACK}?id={session.id}")
    session = await ask(client.checkout.sessions.retrieve, session.id)
    assert (session.status, session.payment_status, session.amount_total) == ("complete", "paid", 10_000)


async def test_a_key_is_its_worlds(sandbox, ask):
    async with httpx.AsyncClient(base_url=sandbox.bakong_url, **PLAIN) as anybody:
        await anybody.post("/sandbox/worlds", json={"name": "b"})
        facts = (await anybody.get("/sandbox/worlds/b/stripe")).json()
    bases = {"api": f"{sandbox.bakong_url}/stripe"}
    mine = stripe.StripeClient(facts["secretKey"], base_addresses=bases).v1
    await ask(mine.customers.create, {})
    other = stripe.StripeClient("sk_test_sandbox", base_addresses=bases).v1
    assert [len((await ask(each.customers.list)).data) for each in (mine, other)] == [1, 0]
    wrong = stripe.StripeClient("sk_test_nobody", base_addresses=bases).v1
    with pytest.raises(stripe.AuthenticationError):
        await ask(wrong.customers.list)
