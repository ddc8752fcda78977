"""Orders of the service that are paid at the fake Paystack, on one clock: from the page to the refund's end."""

from types import SimpleNamespace

import httpx
import pytest

from bakong_schemes.paystack.adapter.client import HttpPaystack
from bakong_schemes.paystack.adapter.provider import provider
from bakong_service import app as service_app
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings
from tests.schemes.paystack.conftest import DECLINED
from tests.schemes.paystack.conftest import KEY as PAYSTACK_KEY
from tests.service.house import KEY, SETTINGS

ITEM = {"quantity": "1", "unitPrice": "1000.00", "vatRate": "7"}


@pytest.fixture
async def seller(shop, tmp_path):
    """A service on the world's clock whose provider is the fake Paystack, and a client of its orders."""
    await shop.control("PUT", "/paystack/webhook", {"url": "http://seller.test/events"})
    settings = Settings.model_construct(
        **SETTINGS | {"database_url": f"sqlite:///{tmp_path / 'seller.db'}", "log_dir": tmp_path / "logs"}
    )
    clock = shop.world.clock
    asked = HttpPaystack(shop.client, PAYSTACK_KEY, root="/paystack")
    ours = provider(asked, (PAYSTACK_KEY,), now_ms=clock.now_ms)
    made = ProviderFactory(name="paystack", make=lambda _given: ours)
    async with service_app.run(settings, [made], timers=clock) as running:
        asgi = httpx.ASGITransport(running.app)
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=asgi, base_url="http://service/api/v1", headers=headers) as client:
            body = {"provider": "PAYSTACK", "type": "GATEWAY", "name": "Paystack", "currency": "NGN"}
            assert (await client.post("/payment-methods", json=body)).status_code == 201
            yield Seller(shop=shop, client=client)


class Seller(SimpleNamespace):
    """What a shop does over HTTP."""

    async def data(self, method, path, body=None):
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    async def checked_out(self):
        """An order of 1070.00, and its payment."""
        order = await self.data("POST", "/orders", {"items": [ITEM], "currency": "NGN"})
        body = {"currency": "NGN", "method": "PAYSTACK", "customerEmail": "payer@shop.test"}
        return order, await self.data("POST", f"/orders/{order['id']}/checkout", body)

    async def status(self, order):
        return (await self.data("GET", f"/orders/{order['id']}/payment-status"))["orderStatus"]

    async def pass_on_events(self):
        """Give the service what Paystack has posted, by its public door; the statuses."""
        posts, self.shop.posts[:] = list(self.shop.posts), []
        url = "http://service/api/providers/paystack/events"
        answers = [await self.client.post(url, content=one.body, headers=dict(one.headers)) for one in posts]
        return {answer.status_code for answer in answers}


async def test_a_card_is_declined_then_pays_and_the_webhook_makes_the_order_paid(seller):
    order, payment = await seller.checked_out()
    reference = payment["providerReference"]
    await seller.shop.pay(reference, card=DECLINED)
    await seller.shop.advance(10)
    assert await seller.status(order) == "awaiting_payment"
    await seller.shop.pay(reference)
    await seller.shop.advance(0)
    assert await seller.pass_on_events() == {200}
    await seller.shop.advance(1)
    assert await seller.status(order) == "paid"


async def test_without_any_webhook_polling_makes_the_order_paid(seller):
    order, payment = await seller.checked_out()
    await seller.shop.pay(payment["providerReference"])
    await seller.shop.advance(60)
    assert await seller.status(order) == "paid"


async def test_a_refund_is_pending_until_paystack_has_processed_it_and_is_made_once(seller):
    order, payment = await seller.checked_out()
    await seller.shop.pay(payment["providerReference"])
    await seller.shop.advance(60)
    before = seller.shop.balance()
    refund = await seller.data("POST", f"/payments/{payment['id']}/refund", {})
    assert refund["status"] == "pending"
    await seller.shop.advance(59)
    assert await seller.status(order) == "paid"
    await seller.shop.advance(541)
    assert await seller.status(order) == "refunded"
    assert (before - seller.shop.balance(), len(await seller.shop.ok("GET", "/refund"))) == (107_000, 1)


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_the_dashboard_gives_back_is_booked_once_paystack_tells_of_it(seller, is_known):
    order, payment = await seller.checked_out()
    reference = payment["providerReference"]
    await seller.shop.pay(reference)
    if is_known:
        await seller.shop.advance(60)
        assert await seller.status(order) == "paid"
    await seller.shop.ok("POST", "/refund", {"transaction": reference})
    await seller.shop.advance(700)
    await seller.pass_on_events()
    await seller.shop.advance(60)
    assert await seller.status(order) == "refunded"
    shown = await seller.data("GET", f"/orders/{order['id']}/payment-status")
    assert (shown["payment"]["status"], shown["payment"]["refundedAmount"]) == ("completed", "1070.00")


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_part_that_the_dashboard_gives_back_is_booked_and_the_rest_stays_ours_to_give_back(seller, is_known):
    order, payment = await seller.checked_out()
    reference = payment["providerReference"]
    await seller.shop.pay(reference)
    if is_known:
        await seller.shop.advance(60)
        assert await seller.status(order) == "paid"
        assert await seller.pass_on_events() == {200}
    await seller.shop.ok("POST", "/refund", {"transaction": reference, "amount": 7_000})
    await seller.shop.advance(700)
    await seller.pass_on_events()
    await seller.shop.advance(60)
    shown = await seller.data("GET", f"/orders/{order['id']}/payment-status")
    assert (shown["orderStatus"], shown["payment"]["refundedAmount"]) == ("partially_refunded", "70.00")
    await seller.data("POST", f"/payments/{payment['id']}/refund", {})
    await seller.shop.advance(700)
    await seller.pass_on_events()
    assert await seller.status(order) == "refunded"
    assert sorted(row["amount"] for row in await seller.shop.ok("GET", "/refund")) == [7_000, 100_000]
