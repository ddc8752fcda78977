"""PyPI paystackapi 2.1.3, unmodified: its base address is a setting, or the real host leads here over TLS."""

import asyncio

import httpx
import paystackapi
import pytest
from paystackapi import base
from paystackapi.refund import Refund
from paystackapi.transaction import Transaction

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import Targets, address_of, proxying
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, url_of
from bakong_simulator.kernel.clock import Mode
from tests.clients.paystack_shop import receiving, signed_by
from tests.conftest import NOW_MS, PLAIN

KEY = "sk_test_sandbox"
BODY = {"email": "payer@shop.test", "amount": 50_000}


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, tls_port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def control(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture
async def tls(sandbox, monkeypatch):
    """Leads the client's own https://api.paystack.co to the sandbox: a proxy and a certificate, no code."""
    targets = Targets(HOSTS, address_of(sandbox.bakong_url), address_of(sandbox.tls_url))
    with listen(0) as opened:
        async with proxying(opened, targets):
            for name in ("HTTPS_PROXY", "https_proxy"):
                monkeypatch.setenv(name, url_of(opened))
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
            yield "https://api.paystack.co/"


@pytest.fixture(params=["http", "tls"])
def ask(request, sandbox, monkeypatch):
    """ask(function, ...) calls the client in a thread, as it blocks; over HTTP, and over TLS by the real name."""
    url = request.getfixturevalue("tls") if request.param == "tls" else f"{sandbox.bakong_url}/paystack/"
    monkeypatch.setattr(paystackapi, "SECRET_KEY", KEY)
    monkeypatch.setattr(paystackapi, "API_URL", url)
    monkeypatch.setattr(base.Borg, "_shared_state", {})
    return asyncio.to_thread


async def test_a_transaction_from_its_beginning_to_its_money_back(ask, control):
    async with receiving() as (shop, url):
        await control.put("/paystack/webhook", json={"url": url})
        made = await ask(Transaction.initialize, reference="order-1", metadata={"cart": 7}, **BODY)
        assert (made["status"], made["message"]) == (True, "Authorization URL created")
        before = await ask(Transaction.verify, "order-1")
        assert before["data"]["status"] == "abandoned"
        paid = await control.post("/paystack/transactions/order-1/pay", json={"card": "4084084084084081", "cvv": "408"})
        assert paid.json()["status"] == "success"
        shown = (await ask(Transaction.verify, "order-1"))["data"]
        assert (shown["status"], shown["metadata"], shown["channel"]) == ("success", {"cart": "7"}, "card")
        assert (await ask(Transaction.get, shown["id"]))["data"] == shown
        refund = await ask(Refund.create, transaction="order-1", amount=20_000, merchant_note="broken")
        assert (refund["message"], refund["data"]["status"]) == ("Refund has been queued for processing", "pending")
        await control.post("/clock/advance", json={"seconds": 120})
        fetched = (await ask(Refund.fetch, refund["data"]["id"]))["data"]
        assert (fetched["status"], fetched["merchant_note"]) == ("processed", "broken")
        listed = await ask(Refund.list, reference="order-1", currency="NGN")  # in the body of a GET
        assert [row["id"] for row in listed["data"]] == [fetched["id"]]
        assert shop.event_names() == ["charge.success", "refund.pending", "refund.processing", "refund.processed"]
        assert all(signed_by(KEY, *post) for post in shop.posts)
        assert shop.events[0]["data"] == shown


async def test_a_card_is_charged_again(ask, control):
    await ask(Transaction.initialize, reference="order-1", **BODY)
    await control.post("/paystack/transactions/order-1/pay", json={})
    code = (await ask(Transaction.verify, "order-1"))["data"]["authorization"]["authorization_code"]
    charged = await ask(Transaction.charge, authorization_code=code, reference="order-2", **BODY)
    assert (charged["message"], charged["data"]["status"]) == ("Charge attempted", "success")
    other = BODY | {"email": "other@shop.test"}
    refused = await ask(Transaction.charge, authorization_code=code, reference="order-3", **other)
    assert (refused["status"], refused["message"].startswith("Email does not match Authorization code.")) == (
        *(False, True),
    )


async def test_lists_and_totals(ask, control):
    for number in range(3):
        await ask(Transaction.initialize, reference=f"order-{number}", **BODY)
    await control.post("/paystack/transactions/order-1/pay", json={})
    listed = await ask(Transaction.list, perPage=2, page=1)
    assert [row["reference"] for row in listed["data"]] == ["order-2", "order-1"]
    assert (listed["meta"]["total"], listed["meta"]["pageCount"]) == (3, 2)
    assert [row["reference"] for row in (await ask(Transaction.list, status="success"))["data"]] == ["order-1"]
    assert (await ask(Transaction.totals))["data"]["total_volume"] == 50_000


async def test_errors_are_answers_with_status_false(ask, monkeypatch):
    await ask(Transaction.initialize, reference="order-1", **BODY)
    for call, code in (
        (lambda: Transaction.initialize(reference="order-1", **BODY), "duplicate_reference"),
        (lambda: Transaction.initialize(email="payer@shop.test", amount=0), "invalid_amount"),
        (lambda: Transaction.verify("nobody"), "transaction_not_found"),
        (lambda: Refund.create(transaction="order-1"), "invalid_params"),
        (lambda: Refund.fetch(1), "not_found"),
        (lambda: Transaction.charge_token(reference="x", token="y", email="a@b.test", amount=1), "not_found"),
    ):
        error = await ask(call)
        assert (error["status"], error["code"]) == (False, code)
    monkeypatch.setattr(paystackapi, "SECRET_KEY", "sk_test_wrong")
    monkeypatch.setattr(base.Borg, "_shared_state", {})
    assert (await ask(Transaction.verify, "order-1"))["message"] == "Invalid key"


async def test_a_payer_goes_through_the_hosted_page(ask, sandbox):
    made = await ask(Transaction.initialize, reference="order-1", callback_url="https://shop.test/back", **BODY)
    url = made["data"]["authorization_url"]
    path, _, code = url.rpartition("/")
    local = f"{sandbox.bakong_url}/{code}" if path == "https://checkout.paystack.com" else url
    headers = {"host": "checkout.paystack.com"} if local != url else {}
    async with httpx.AsyncClient(headers=headers, **PLAIN) as browser:
        assert "500.00 NGN" in (await browser.get(local)).text
        asked = await browser.post(local, data={"action": "pay", "card": "5060666666666666666", "cvv": "123"})
        assert 'name="pin"' in asked.text
        await browser.post(local, data={"action": "pay", "pin": "1234"})
        back = await browser.post(local, data={"action": "pay", "otp": "123456"})
    assert (back.status_code, back.headers["location"]) == (
        *(303, "https://shop.test/back?trxref=order-1&reference=order-1"),
    )
    assert (await ask(Transaction.verify, "order-1"))["data"]["status"] == "success"
