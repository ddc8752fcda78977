"""Orders of the service that are paid at the fake Nagad, on one clock: what its portal gives back is booked."""

import httpx
import pytest

from bakong_schemes.nagad.adapter.client import HttpNagad
from bakong_schemes.nagad.adapter.client import Merchant as Configured
from bakong_schemes.nagad.adapter.provider import Checkouts, provider
from bakong_service import app as service_app
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings
from tests.schemes.nagad.conftest import BACK, BASE
from tests.service.house import KEY, SETTINGS

ITEM = {"quantity": "1", "unitPrice": "100.00", "vatRate": "0"}


@pytest.fixture
async def seller(merchant, tmp_path):
    """A client of the orders of a service on the world's clock, whose provider is the fake Nagad."""
    settings = Settings.model_construct(
        **SETTINGS | {"database_url": f"sqlite:///{tmp_path / 'seller.db'}", "log_dir": tmp_path / "logs"}
    )
    clock = merchant.world.clock
    configured = Configured(
        merchant_id=merchant.id,
        private_key=merchant.facts["privateKey"],
        public_key=merchant.facts["publicKey"],
        client_ip="103.100.200.100",
    )
    asked = HttpNagad(merchant.client, configured, root=BASE)
    ours = provider(asked, now_ms=clock.now_ms, checkouts=Checkouts(return_url=BACK))
    made = ProviderFactory(name="nagad", make=lambda _given: ours)
    async with service_app.run(settings, [made], timers=clock) as running:
        asgi = httpx.ASGITransport(running.app)
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=asgi, base_url="http://service/api/v1", headers=headers) as client:
            body = {"provider": "NAGAD", "type": "GATEWAY", "name": "Nagad", "currency": "BDT"}
            assert (await client.post("/payment-methods", json=body)).status_code == 201
            yield client


async def data(seller, method, path, body=None):
    answer = await seller.request(method, path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["data"]


async def checked_out(seller):
    """An order of 100.00, and its payment."""
    order = await data(seller, "POST", "/orders", {"items": [ITEM], "currency": "BDT"})
    body = {"currency": "BDT", "method": "NAGAD", "customerEmail": "payer@shop.test"}
    return order, await data(seller, "POST", f"/orders/{order['id']}/checkout", body)


async def test_what_the_portal_gave_back_whole_before_it_was_known_counts_as_paid_and_given_back(seller, merchant):
    order, payment = await checked_out(seller)
    await merchant.decide(payment["providerReference"])
    await merchant.refunded(payment["providerReference"], "100.00")
    await merchant.advance(60)
    shown = await data(seller, "GET", f"/orders/{order['id']}/payment-status")
    assert (shown["orderStatus"], shown["payment"]["status"]) == ("refunded", "completed")
    assert shown["payment"]["refundedAmount"] == "100.00"
