"""PyPI bakong-khqr, unmodified but for where it connects: it forces HTTPS, so its connection class is swapped."""

import asyncio
import http.client

import pytest
from bakong_khqr import KHQR

import emvqr
import khqr


@pytest.fixture
def library(stack, monkeypatch):
    monkeypatch.setattr(http.client, "HTTPSConnection", http.client.HTTPConnection)
    client = KHQR(stack.token)
    client._KHQR__bakong_api = stack.bakong_url + "/v1"
    return client


@pytest.fixture
def qr(library):
    return library.create_qr(
        account_id="sokha@devb",
        merchant_name="Sokha",
        merchant_city="Phnom Penh",
        amount=1.5,
        currency="USD",
        store_label="Shop",
        phone_number="85512345678",
        bill_number="INV-1",
        terminal_label="POS-1",
        static=False,
    )


async def test_its_codes_are_read_by_our_core(qr, library):
    tags = {found.tag: found.value for found in emvqr.parse(str(qr))}
    assert (tags["54"], tags["59"], library.generate_md5(str(qr))) == ("1.5", "Sokha", khqr.md5_of(str(qr)))


async def test_it_sees_a_payment_before_and_after_it_is_paid(library, qr, control):
    md5 = library.generate_md5(str(qr))
    assert await asyncio.to_thread(library.check_payment, md5) == "UNPAID"
    assert await asyncio.to_thread(library.get_payment, md5) is None
    await control.post("/payments", json={"qr": str(qr)})
    assert await asyncio.to_thread(library.check_payment, md5) == "PAID"
    found = await asyncio.to_thread(library.get_payment, md5)
    assert (found["amount"], found["currency"], found["toAccountId"]) == (1.5, "USD", "sokha@devb")


async def test_it_gets_a_deep_link(library, qr):
    link = await asyncio.to_thread(
        library.generate_deeplink,
        str(qr),
        appDeepLinkCallback="https://shop.test",
        appIconUrl="https://shop.test/i.png",
        appName="Shop",
    )
    assert link.startswith("https://bakong.page.link/")


async def test_it_meets_an_error(library, qr, control):
    await control.put("/scenario", json={"name": "error"})
    md5 = library.generate_md5(str(qr))
    assert await asyncio.to_thread(library.check_payment, md5) == "UNPAID"  # a 500 with an envelope looks so to it
    with pytest.raises(ValueError, match="503"):
        await asyncio.to_thread(library.check_payment, md5)
