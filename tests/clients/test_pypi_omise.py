"""PyPI omise 0.16.0, Omise's own client for Python, unmodified: its two base addresses are its own settings."""

import asyncio
import io
import re

import httpx
import omise
import pytest
from PIL import Image

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from khqr.image import read
from tests.clients.omise_shop import receiving, signed_by
from tests.conftest import NOW_MS, PLAIN

GOOD, ASKS, DECLINED = "4242424242424242", "4111111111111111", "4111111111140011"


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def control(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture
async def shop(control):
    """A receiver, and the account's webhook leads to it."""
    async with receiving() as (made, url):
        answer = await control.put("/omise/webhook", json={"url": url})
        made.secret = answer.json()["secret"]
        yield made


@pytest.fixture
def ask(sandbox, monkeypatch):
    """ask(function, ...) calls the client in a thread, as it blocks."""
    base = f"{sandbox.bakong_url}/omise/"
    for name, value in (
        *(("api_secret", "skey_test_sandbox"), ("api_public", "pkey_test_sandbox")),
        *(("api_main", base), ("api_vault", base)),
    ):
        monkeypatch.setattr(omise, name, value)
    return asyncio.to_thread


async def token(ask, number=GOOD):
    return await ask(
        omise.Token.create,
        name="Somchai Prasert",
        number=number,
        expiration_month=10,
        expiration_year=2030,
        city="Bangkok",
        postal_code="10320",
        security_code="123",
    )


async def card_charge(ask, number=GOOD, **more):
    card = await token(ask, number)
    return await ask(omise.Charge.create, amount=100000, currency="thb", card=card.id, **more)


async def promptpay(ask, amount=500000, **more):
    return await ask(omise.Charge.create, amount=amount, currency="thb", source={"type": "promptpay"}, **more)


async def qr_text(charge):
    """What a wallet reads from the picture, which is fetched without a key."""
    async with httpx.AsyncClient(**PLAIN) as anybody:
        picture = await anybody.get(charge.source.scannable_code.image.download_uri)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    return read_svg(picture.text)


def read_svg(text):
    """The text of a QR in an SVG of unit modules, by a reader that is not ours."""
    side = int(re.search(r'viewBox="0 0 (\d+)', text)[1])
    picture = Image.new("1", (side, side), 1)
    for x, y, run_length in re.findall(r"M(\d+) (\d+)h(\d+)v1", text):
        for at in range(int(run_length)):
            picture.putpixel((int(x) + at, int(y)), 0)
    buffer = io.BytesIO()
    picture.resize((side * 8, side * 8), 0).save(buffer, "PNG")
    (code,) = read(buffer.getvalue())
    return code


async def test_a_promptpay_charge_is_paid_by_the_wallet_that_scans_its_picture(ask, control, shop):
    charge = await promptpay(ask, metadata={"order": "A-1"})
    assert (charge.status, charge.expires_at, charge.source.flow) == ("pending", "2026-02-12T00:00:00Z", "offline")
    assert (charge.fee, charge.fee_vat, charge.net) == (8250, 578, 491172)
    paid = await control.post("/payments", json={"scheme": "omise", "qr": await qr_text(charge)})
    assert paid.json()["status"] == "paid", paid.text
    await ask(charge.reload)
    assert (charge.status, charge.paid, charge.source.charge_status) == ("successful", True, "successful")
    await control.post("/clock/advance", json={"seconds": 1})
    assert shop.event_keys() == ["charge.create", "charge.complete"]
    assert [signed_by(shop.secret, *post) for post in shop.posts] == [True, True]
    event = await ask(omise.Event.retrieve, shop.events[1]["id"])
    assert (event.key, event.data.id, event.data.status) == ("charge.complete", charge.id, "successful")
    assert [one.key for one in await ask(list, charge.list_events())] == ["charge.create", "charge.complete"]


async def test_a_card_is_charged_and_a_decline_is_a_charge_that_failed(ask):
    charge = await card_charge(ask)
    assert (charge.status, charge.paid, charge.card.brand, charge.refundable) == ("successful", True, "Visa", True)
    declined = await card_charge(ask, DECLINED)
    assert (declined.status, declined.failure_code) == ("failed", "insufficient_fund")
    assert "insufficient funds" in declined.failure_message


async def test_a_token_is_good_once_and_a_bad_number_for_none(ask):
    card = await token(ask)
    await ask(omise.Charge.create, amount=100000, currency="thb", card=card.id)
    with pytest.raises(omise.errors.UsedTokenError):
        await ask(omise.Charge.create, amount=100000, currency="thb", card=card.id)
    with pytest.raises(omise.errors.InvalidCardError):
        await token(ask, "4242424242424241")
    with pytest.raises(omise.errors.NotFoundError, match="charge chrg_test_none was not found"):
        await ask(omise.Charge.retrieve, "chrg_test_none")
    with pytest.raises(omise.errors.InvalidChargeError, match="2000"):
        await promptpay(ask, 1999)


async def test_keys_of_the_wrong_kind_are_refused(ask, monkeypatch):
    monkeypatch.setattr(omise, "api_secret", "pkey_test_sandbox")
    with pytest.raises(omise.errors.AuthenticationFailureError, match="authentication failed"):
        await promptpay(ask)


@pytest.mark.parametrize(("outcome", "status"), [("success", "successful"), ("fail", "failed")])
async def test_three_d_secure_asks_on_a_page_and_sends_the_payer_back(ask, outcome, status):
    charge = await card_charge(ask, ASKS, return_uri="https://shop.test/orders/1")
    assert (charge.status, charge.authorized) == ("pending", False)
    async with httpx.AsyncClient(**PLAIN) as browser:
        page = await browser.get(charge.authorize_uri)
        assert (page.status_code, "<form" in page.text) == (200, True)
        back = await browser.post(charge.authorize_uri, data={"outcome": outcome})
        assert (back.status_code, back.headers["location"]) == (302, "https://shop.test/orders/1")
        assert (await browser.post(charge.authorize_uri, data={"outcome": outcome})).status_code == 400
    await ask(charge.reload)
    assert charge.status == status


async def test_a_held_card_is_captured_in_part_or_reversed(ask):
    held = await card_charge(ask, capture=False, authorization_type="pre_auth")
    assert (held.status, held.authorized, held.capturable, held.captured_amount) == ("pending", True, True, 0)
    await ask(held.capture, capture_amount=40000)
    assert (held.status, held.captured_amount, held.capturable) == ("successful", 40000, False)
    other = await card_charge(ask, capture=False)
    await ask(other.reverse)
    assert (other.status, other.reversed) == ("reversed", True)
    with pytest.raises(omise.errors.BaseError):
        await ask(other.capture)


async def test_refunds_in_part_and_never_more_than_is_left(ask, shop, control):
    charge = await card_charge(ask)
    first = await ask(charge.refund, amount=30000)
    assert (first.amount, first.voided, first.status, charge.refunded_amount) == (30000, False, "closed", 30000)
    with pytest.raises(omise.errors.FailedRefundError):
        await ask(charge.refund, amount=70001)
    await ask(charge.refund, amount=70000)
    assert (charge.refunded_amount, charge.refundable) == (100000, False)
    with pytest.raises(omise.errors.FailedRefundError):
        await ask(charge.refund, amount=1)
    assert [one.amount for one in await ask(list, charge.list_refunds())] == [30000, 70000]
    await control.post("/clock/advance", json={"seconds": 1})
    assert shop.event_keys().count("refund.create") == 2


async def test_a_code_that_nobody_pays_expires_in_silence(ask, control, shop):
    charge = await promptpay(ask, expires_at="2026-02-11T00:00:10Z")
    text = await qr_text(charge)
    await control.post("/clock/advance", json={"seconds": 10})
    late = await control.post("/payments", json={"scheme": "omise", "qr": text})
    assert (late.status_code, "expired" in late.json()["detail"]) == (409, True)
    await ask(charge.reload)
    assert (charge.status, charge.expired, charge.expired_at) == ("expired", True, "2026-02-11T00:00:10Z")
    assert shop.event_keys() == ["charge.create"]


async def test_search_and_lists_find_charges(ask):
    made = [await promptpay(ask, amount, metadata={"order": f"A-{amount}"}) for amount in (2500, 3500, 4500)]
    found = await ask(omise.Search.execute, "charge", query="A-3500")
    assert [one.id for one in found] == [made[1].id]
    ranged = await ask(omise.Search.execute, "charge", filters={"amount": "2000..4000", "captured": "false"})
    assert [one.id for one in ranged] == [made[1].id, made[0].id]
    assert [one.id for one in await ask(list, omise.Charge.list())] == [one.id for one in made]
    assert [one.id for one in await ask(omise.Charge.list().offset, limit=1, offset=1)] == [made[1].id]


async def test_customers_keep_cards_that_are_charged_again(ask):
    card = await token(ask)
    customer = await ask(omise.Customer.create, email="a@shop.test", description="A", card=card.id)
    charge = await ask(omise.Charge.create, amount=30000, currency="thb", customer=customer.id)
    assert (charge.status, charge.customer, charge.card.id) == ("successful", customer.id, customer.default_card)
    kept = (await ask(lambda: customer.cards))[0]
    await ask(kept.update, name="Somying")
    assert (await ask(omise.Card.retrieve, customer.id, kept.id)).name == "Somying"
    await ask(kept.destroy)
    await ask(customer.reload)
    assert len(customer.cards) == 0
    await ask(customer.update, description="B")
    assert customer.description == "B"
    await ask(customer.destroy)
    assert customer.destroyed


async def test_account_balance_and_capability_are_read(ask, control):
    await card_charge(ask)
    assert (await ask(omise.Balance.retrieve)).total == 96094
    account = await ask(omise.Account.retrieve)
    await ask(account.update, webhook_uri="http://127.0.0.1:9/hooks")
    assert (await control.get("/omise")).json()["webhook"]["url"] == account.webhook_uri == "http://127.0.0.1:9/hooks"
    capability = await ask(omise.Capability.retrieve)
    assert capability.limits.charge_amount.min == 2000
    assert "promptpay" in {method["name"] for method in capability.payment_methods}
