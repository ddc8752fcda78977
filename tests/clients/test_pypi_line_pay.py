"""PyPI line-pay 0.2.0, unmodified but for its api_endpoint, against the sketch of LINE Pay v3."""

import asyncio

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_schemes.linepay.fake import LINEPAY

linepay = pytest.importorskip("linepay")
ORDER = {
    "amount": 250,
    "currency": "THB",
    "orderId": "ORDER-1",
    "packages": [{"id": "1", "amount": 250, "products": [{"name": "ชา", "quantity": 1, "price": 250}]}],
    "redirectUrls": {"confirmUrl": "http://shop.test/confirm", "cancelUrl": "http://shop.test/cancel"},
}


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, service_port=None, experimental=True)) as running:
        yield running


@pytest.fixture
def library(sandbox):
    keys = sandbox.worlds.default.state(LINEPAY).credentials
    client = linepay.LinePayApi(keys["channel_id"], keys["channel_secret"], is_sandbox=True)
    client.api_endpoint = f"{sandbox.bakong_url}/linepay"
    return client


async def payer(sandbox, transaction, decision):
    """The payer at the page."""
    async with httpx.AsyncClient(base_url=sandbox.bakong_url, trust_env=False) as browser:
        await browser.post(f"/linepay/page/{transaction}", data={"decision": decision})


async def test_a_payment_is_asked_for_agreed_to_confirmed_and_given_back(library, sandbox):
    info = (await asyncio.to_thread(library.request, ORDER))["info"]
    transaction = info["transactionId"]
    assert (await asyncio.to_thread(library.check_payment_status, transaction))["returnCode"] == "0000"
    await payer(sandbox, transaction, "pay")
    assert (await asyncio.to_thread(library.check_payment_status, transaction))["returnCode"] == "0110"
    confirmed = await asyncio.to_thread(library.confirm, transaction, 250.0, "THB")
    assert confirmed["info"] == {
        "orderId": "ORDER-1",
        "transactionId": transaction,
        "payInfo": [{"method": "BALANCE", "amount": 250}],
    }
    assert (await asyncio.to_thread(library.check_payment_status, transaction))["returnCode"] == "0123"
    details = await asyncio.to_thread(library.payment_details, transaction)
    assert details["info"][0]["orderId"] == "ORDER-1"
    assert (await asyncio.to_thread(library.refund, transaction))["returnCode"] == "0000"
    assert sandbox.worlds.default.ledger.balance("linepay_merchant", "THB") == 0


async def test_what_the_payer_refuses_cannot_be_confirmed(library, sandbox):
    transaction = (await asyncio.to_thread(library.request, ORDER))["info"]["transactionId"]
    await payer(sandbox, transaction, "refuse")
    assert (await asyncio.to_thread(library.check_payment_status, transaction))["returnCode"] == "0121"
    with pytest.raises(linepay.exceptions.LinePayApiError):
        await asyncio.to_thread(library.confirm, transaction, 250.0, "THB")


async def test_a_wrong_secret_and_an_order_twice_are_refused(library, sandbox):
    await asyncio.to_thread(library.request, ORDER)
    with pytest.raises(linepay.exceptions.LinePayApiError, match="1172"):
        await asyncio.to_thread(library.request, ORDER)
    library.channel_secret = "another"
    with pytest.raises(linepay.exceptions.LinePayApiError, match="1106"):
        await asyncio.to_thread(library.request, ORDER)
