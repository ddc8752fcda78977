"""Orders of the service that are paid at the fake Omise, on one clock: from the first call to the settlement."""

from types import SimpleNamespace

import httpx
import pytest

from bakong_schemes.omise.adapter.client import HttpOmise
from bakong_schemes.omise.adapter.provider import provider
from bakong_service import app as service_app
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings
from tests.service.house import KEY, SETTINGS

SECRET_KEY = "skey_test_sandbox"
METHODS = ("OMISE_PROMPTPAY", "OMISE_TRUEMONEY")
ITEM = {"quantity": "1", "unitPrice": "1000.00", "vatRate": "7"}


@pytest.fixture
async def seller(shop, tmp_path):
    """A service on the world's clock whose provider is the fake Omise, and a client of its orders."""
    secret = (await shop.control("PUT", "/omise/webhook", {"url": "http://seller.test/events"})).json()["secret"]
    settings = Settings.model_construct(
        **SETTINGS | {"database_url": f"sqlite:///{tmp_path / 'seller.db'}", "log_dir": tmp_path / "logs"}
    )
    asked = HttpOmise(shop.client, SECRET_KEY, root="/omise")
    clock = shop.world.clock
    made = ProviderFactory(name="omise", make=lambda _given: provider(asked, (secret,), now_ms=clock.now_ms))
    async with service_app.run(settings, [made], timers=clock) as running:
        asgi = httpx.ASGITransport(running.app)
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=asgi, base_url="http://service/api/v1", headers=headers) as client:
            for name in METHODS:
                body = {"provider": name, "type": "GATEWAY", "name": name, "feePercentage": "1.65"}
                assert (await client.post("/payment-methods", json=body)).status_code == 201
            yield Seller(shop=shop, client=client, running=running)


class Seller(SimpleNamespace):
    """What a shop does over HTTP."""

    async def data(self, method, path, body=None):
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    async def checked_out(self, method):
        """An order of 1070.00, and its payment."""
        order = await self.data("POST", "/orders", {"items": [ITEM]})
        body = {"currency": "THB", "method": method}
        return order, await self.data("POST", f"/orders/{order['id']}/checkout", body)

    async def status(self, order, query=""):
        return await self.data("GET", f"/orders/{order['id']}/payment-status{query}")

    async def charge(self, payment):
        return await self.shop.now({"id": payment["providerReference"]})

    async def pass_on_events(self):
        """Give the service what Omise has posted, by its public door; the statuses."""
        posts, self.shop.posts[:] = list(self.shop.posts), []
        url = "http://service/api/providers/omise/events"
        answers = [await self.client.post(url, content=one.body, headers=dict(one.headers)) for one in posts]
        return [answer.status_code for answer in answers]


@pytest.mark.parametrize("method", METHODS)
async def test_a_wallet_pays_and_the_webhook_makes_the_order_paid(seller, method):
    order, payment = await seller.checked_out(method)
    assert (await seller.status(order))["orderStatus"] == "awaiting_payment"
    await seller.shop.pay(await seller.charge(payment))
    assert set(await seller.pass_on_events()) == {200}
    await seller.shop.advance(1)
    shown = await seller.status(order)
    assert (shown["orderStatus"], shown["payment"]["status"]) == ("paid", "completed")


async def test_without_any_webhook_polling_makes_the_order_paid(seller):
    order, payment = await seller.checked_out("OMISE_PROMPTPAY")
    await seller.shop.pay(await seller.charge(payment))
    await seller.shop.advance(60)
    assert (await seller.status(order))["orderStatus"] == "paid"


async def test_nobody_pays_and_the_order_is_open_again(seller):
    order, payment = await seller.checked_out("OMISE_PROMPTPAY")
    await seller.shop.advance(3_600)
    assert (await seller.charge(payment))["status"] == "expired"
    assert (await seller.status(order))["orderStatus"] == "open"


async def test_a_refund_goes_back_in_the_books_of_both(seller):
    order, payment = await seller.checked_out("OMISE_TRUEMONEY")
    await seller.shop.pay(await seller.charge(payment))
    await seller.shop.advance(60)
    refund = await seller.data("POST", f"/payments/{payment['id']}/refund", {})
    assert (refund["status"], refund["amount"]) == ("completed", "1070.00")
    assert (await seller.charge(payment))["refunded_amount"] == 107_000
    again = await seller.client.post(f"/payments/{payment['id']}/refund", json={})
    assert (again.status_code, (await seller.charge(payment))["refunded_amount"]) == (409, 107_000)
    assert (await seller.status(order))["orderStatus"] == "refunded"


async def test_what_omise_does_not_give_back_is_refused_and_nothing_moves(seller):
    order, payment = await seller.checked_out("OMISE_PROMPTPAY")
    await seller.shop.pay(await seller.charge(payment))
    await seller.shop.advance(60)
    refund = await seller.client.post(f"/payments/{payment['id']}/refund", json={})
    assert (refund.json().get("code") or refund.json()["data"]["status"]) in ("payment_not_refundable", "failed")
    assert (await seller.charge(payment))["refunded_amount"] == 0
    assert (await seller.status(order))["orderStatus"] == "paid"


async def test_the_settlement_of_a_day_is_what_omise_says_of_its_charges(seller):
    charges = []
    for _ in range(3):
        _, payment = await seller.checked_out("OMISE_PROMPTPAY")
        await seller.shop.pay(await seller.charge(payment))
        charges.append(payment)
    await seller.shop.advance(120)
    said = [await seller.charge(payment) for payment in charges]
    [row] = await seller.data("GET", "/settlements")
    kept = [sum(charge[name] for charge in said) for name in ("amount", "fee", "fee_vat", "net")]
    assert [round(float(row[name]) * 100) for name in ("gross", "fee", "feeVat", "net")] == kept


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_the_dashboard_gives_back_is_booked_once_omise_tells_of_it(seller, is_known):
    order, payment = await seller.checked_out("OMISE_TRUEMONEY")
    charge = await seller.charge(payment)
    await seller.shop.pay(charge)
    if is_known:
        await seller.shop.advance(60)
        assert (await seller.status(order))["orderStatus"] == "paid"
    await seller.shop.ok("POST", f"/charges/{charge['id']}/refunds", {"amount": 107_000})
    await seller.shop.advance(1)
    assert set(await seller.pass_on_events()) == {200}
    await seller.shop.advance(60)
    shown = await seller.status(order)
    assert (shown["orderStatus"], shown["payment"]["status"]) == ("refunded", "completed")
    assert shown["payment"]["refundedAmount"] == "1070.00"
