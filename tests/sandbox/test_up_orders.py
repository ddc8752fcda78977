"""`up --providers`: one order API sells by any scheme of the sandbox, each paid as its payer would."""

from urllib.parse import urlsplit

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run

SHOPPERS = {"promptpay": "THB", "omise": "THB", "stripe": "USD", "paystack": "NGN", "bakong": "USD"}


async def pay(client, stack, scheme, checkout):
    """As the payer does: by code, card or page."""
    world, reference = f"{stack.bakong_url}/sandbox/worlds/default", checkout["providerReference"]
    if checkout["handoff"]["kind"] == "code":
        answer = await client.post(f"{world}/payments", json={"qr": checkout["handoff"]["text"]})
    elif scheme == "stripe":
        answer = await client.post(f"{world}/stripe/checkout/{reference}/pay", json={"payment_method": "pm_card_visa"})
    else:
        answer = await client.post(f"{world}/payments", json={"scheme": scheme, "reference": reference})
    assert answer.is_success, answer.text


@pytest.fixture
async def shop(tmp_path):
    providers = tuple(scheme for scheme in SHOPPERS if scheme != "bakong")
    options = Options(data_dir=tmp_path, port=0, service_port=0, providers=providers)
    async with run(options) as stack:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
            yield stack, client


async def test_an_order_is_paid_by_each_scheme_and_known_from_its_webhook_or_the_next_poll(shop):
    stack, client = shop
    api = f"{stack.service_url}/api/v1"

    async def data(method, path, body=None):
        answer = await client.request(method, api + path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    for scheme, currency in SHOPPERS.items():
        order = await data("POST", "/orders", {"amount": "120.00", "currency": currency})
        asked = {"currency": currency, "provider": scheme, "customerEmail": "payer@shop.test"}
        checkout = await data("POST", f"/orders/{order['id']}/checkout", asked)
        assert urlsplit(checkout["checkoutUrl"] or stack.bakong_url).netloc == urlsplit(stack.bakong_url).netloc
        await pay(client, stack, scheme, checkout)
        await stack.worlds.default.clock.advance(30_000)
        assert (await data("GET", f"/orders/{order['id']}/payment-status"))["orderStatus"] == "paid", scheme
