"""Omise's adapter: no second charge after a time-out, events believed where signed, refunds as the charge allows."""

from dataclasses import replace

import httpx
import orjson
import pytest

from bakong_contracts.webhook_guard import OMISE, Guard
from bakong_schemes.omise.adapter.client import HttpOmise
from bakong_schemes.omise.adapter.provider import Charges, Checkouts, provider
from bakong_schemes.omise.adapter.settings import OmiseSettings
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Code, Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout, Created
from bakong_service.settings import SettingsError, load_all
from tests.conftest import NOW_MS
from tests.schemes.stories import OMISE_SECRET

KEY = "skey_test_sandbox"
SERVICE = {
    "SERVICE_MODE": "sandbox",
    "MAIN_BACKEND_API_KEY": "x",
    "WEBHOOK_SECRET": "x",
    "ENCRYPTION_KEY": "x",
}


def checkout(minor=50_000, payment_id="p-1", currency="THB"):
    return Checkout(
        payment_id=payment_id,
        bill_number="DT-1",
        money=Money(minor, currency),
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 900_000,
    )


@pytest.fixture
def charges(shop):
    return Charges(HttpOmise(shop.client, KEY, root="/omise"))


@pytest.fixture
def made(shop):
    """made(**checkouts) -> the provider, asked through the shop's client."""

    def made(**checkouts):
        client = HttpOmise(shop.client, KEY, root="/omise")
        return provider(client, (OMISE_SECRET,), now_ms=shop.world.clock.now_ms, checkouts=Checkouts(**checkouts))

    return made


async def test_a_charge_bears_our_names_and_our_end(shop, made):
    created = await made().create(checkout())
    charge = await shop.now({"id": created.reference})
    assert (charge["metadata"], charge["description"]) == ({"paymentId": "p-1", "orderId": "DT-1"}, "DT-1")
    assert (charge["expires_at"], charge["amount"], charge["source"]["type"]) == (
        *("2026-02-11T00:15:00Z", 50_000, "promptpay"),
    )
    assert created.handoff == Redirect(charge["source"]["scannable_code"]["image"]["download_uri"])
    await shop.set(raw_data=True)
    assert isinstance((await made().create(checkout(payment_id="p-2"))).handoff, Code)
    page = await made(method="internet_banking_bay", return_uri="https://s.test/").create(checkout(payment_id="p-3"))
    assert "/payments/pay2_test_" in page.handoff.url


@pytest.mark.parametrize("fault", ["reset", "truncate", "empty", "garbage", "{fault: http, status: 504}"])
async def test_where_the_answer_is_lost_the_charge_that_was_made_is_found(shop, made, fault):
    rule = fault.strip("{}").removeprefix("fault: ")
    text = f"name: f\nscheme: omise\nfaults: [{{on: charges.create, first: 1, fault: {rule}}}]"
    await shop.client.put("/sandbox/worlds/default/scenario", content=text)
    created = await made().create(checkout())
    reached = "504" not in fault
    assert isinstance(created, Created) is reached
    again = await made().create(checkout(payment_id="p-2"))
    assert isinstance(again, Created)
    assert (await shop.ok("GET", "/charges"))["total"] == (2 if reached else 1)


async def test_a_create_that_is_tried_again_looks_for_the_first_charge(shop):
    """The first answer times out, and so does the search; the second try makes no second charge."""
    cut = {"POST", "GET"}

    async def answer(request):
        response = await shop.client.request(
            request.method, request.url.raw_path.decode(), content=request.content, headers=request.headers
        )
        if request.method in cut:
            raise httpx.ReadTimeout("cut", request=request)
        return httpx.Response(response.status_code, content=response.content)

    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=httpx.MockTransport(answer)) as client:
        lossy = provider(HttpOmise(client, KEY, root="/omise"), (), now_ms=lambda: NOW_MS)
        assert (await lossy.create(checkout())).why == "timeout"
        assert (await lossy.create(checkout())).why == "timeout"
        cut.clear()
        created = await lossy.create(checkout())
    assert isinstance(created, Created)
    assert [row["id"] for row in (await shop.ok("GET", "/charges"))["data"]] == [created.reference]


@pytest.mark.parametrize("money", [(1999, "THB"), (15_000_001, "THB"), (50_000, "USD")])
async def test_what_omise_would_refuse_is_not_asked(shop, made, money):
    minor, currency = money
    assert (await made().create(checkout(minor, currency=currency))).why == "refused"
    assert shop.world.journal.total == 0


async def test_what_a_charge_says_is_believed(shop, made, charges):
    reference = (await made().create(checkout())).reference
    assert await charges.check(reference) == NotFound()
    failed = (await made().create(checkout(payment_id="p-2"))).reference
    await shop.ok("POST", f"/charges/{failed}/mark_as_failed")
    assert await charges.check(failed) == Failed()
    await shop.advance(900)
    assert (await shop.now({"id": reference}))["status"] == "expired"
    assert await charges.check(reference) == NotFound()
    paid = await shop.charge("card")
    report = await charges.check(paid["id"])
    assert isinstance(report, Paid)
    assert (report.money, report.done_ms) == (Money(100_000, "THB"), NOW_MS + 900_000)
    assert await charges.check("../account") == NotFound()
    assert await charges.check("chrg_test_none") == NotFound()


async def test_refunds_go_as_the_charge_allows(shop, charges):
    card, qr = await shop.charge("card"), await shop.charge()
    await shop.pay(qr)
    assert (await charges.refund(qr["id"], Money(1, "THB"), "r-1")).why == "refused"
    part = await charges.refund(card["id"], Money(30_000, "THB"), "r-2")
    assert (part.money, isinstance(await charges.check(card["id"]), Paid)) == (Money(30_000, "THB"), True)
    assert (await charges.refund(card["id"], Money(70_001, "THB"), "r-3")).why == "refused"
    again = await charges.refund(card["id"], Money(30_000, "THB"), "r-2")
    assert (again.hash, (await shop.now(card))["refunded_amount"]) == (part.hash, 30_000)  # a repeat after no answer
    assert isinstance(await charges.refund(card["id"], Money(70_000, "THB"), "r-4"), Refunded)
    assert isinstance(await charges.check(card["id"]), Refunded)


async def test_a_repeat_of_a_process_that_has_forgotten_makes_no_second_charge(shop, made):
    first = await made().create(checkout())
    again = await made().create(replace(checkout(), is_repeat=True))
    assert (again.reference, len((await shop.ok("GET", "/charges"))["data"])) == (first.reference, 1)


@pytest.mark.parametrize(
    ("method", "source"), [("OMISE_PROMPTPAY", "promptpay"), ("OMISE_TRUEMONEY", "truemoney_qr"), ("", "promptpay")]
)
async def test_a_method_of_the_service_is_a_source_of_its_own(shop, made, method, source):
    created = await made().create(replace(checkout(), method=method))
    assert (await shop.now({"id": created.reference}))["source"]["type"] == source


@pytest.mark.parametrize("method", ["OMISE_CARD", "OMISE_MOBILE_BANKING"])
async def test_a_method_that_needs_what_is_not_there_is_refused_before_omise_is_asked(shop, made, method):
    assert (await made().create(replace(checkout(), method=method))).why == "refused"
    assert shop.world.journal.total == 0


async def test_a_wrong_key_is_no_answer(shop):
    asked = Charges(HttpOmise(shop.client, "skey_test_wrong", root="/omise"))
    assert (await asked.check("chrg_test_x")).why == "unauthorized"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"{", b'{"object": "charge"}', b'{"object":"charge","id":"c","status":"odd"}', b"x" * 300_000]
    + [
        orjson.dumps({"object": "charge", "id": "c", "status": "successful", "amount": odd})
        for odd in (True, "5", None)
    ],
)
async def test_answers_that_are_none_are_garbage(body):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    async with httpx.AsyncClient(base_url="http://o.test", transport=transport) as client:
        asked = HttpOmise(client, KEY)
        assert (await Charges(asked).check("c")).why == "garbage"
        assert isinstance(await provider(asked, (), now_ms=lambda: NOW_MS).create(checkout()), NoAnswer)


async def test_an_event_is_believed_only_where_it_is_signed_and_young(shop, made):
    read = made().read_event
    body = b'{"object":"event","id":"evnt_1","data":{"object":"charge","id":"chrg_1"}}'
    guard = Guard(OMISE, [OMISE_SECRET])
    headers = guard.sign(body, timestamp_s=NOW_MS // 1000)
    refund = b'{"object":"event","id":"evnt_2","data":{"object":"refund","id":"rfnd_1","charge":"chrg_2"}}'
    assert (await read(headers, body)).reference == "chrg_1"
    assert (await read(headers, body)).reference == "chrg_1"  # what the first came to may have been lost
    assert (await read(guard.sign(refund, timestamp_s=NOW_MS // 1000), refund)).reference == "chrg_2"
    assert (await read(guard.sign(b"[]", timestamp_s=NOW_MS // 1000), b"[]")).reference is None
    old = guard.sign(body, timestamp_s=NOW_MS // 1000 - 301)
    other = Guard(OMISE, ["AAAAAAAAAAAAAAAAAAAAAAAA"]).sign(body, timestamp_s=NOW_MS // 1000)
    for wrong in (old, other, {}, headers | {"omise-signature": "x"}):
        with pytest.raises(ForgedEventError):
            await read(wrong, body)


async def test_the_id_of_an_event_with_another_body_is_not_believed(shop, made):
    read = made().read_event
    guard = Guard(OMISE, [OMISE_SECRET])
    first, other = (b'{"id":"evnt_1","data":{"object":"charge","id":"%s"}}' % id_ for id_ in (b"chrg_1", b"chrg_2"))
    assert (await read(guard.sign(first, timestamp_s=NOW_MS // 1000), first)).reference == "chrg_1"
    with pytest.raises(ForgedEventError, match="evnt_1 came before with another body"):
        await read(guard.sign(other, timestamp_s=NOW_MS // 1000), other)
    assert (await read(guard.sign(first, timestamp_s=NOW_MS // 1000), first)).reference == "chrg_1"


def settings_of(monkeypatch, **given):
    with monkeypatch.context() as environment:
        for name, value in (SERVICE | given).items():
            environment.setenv(name, value)
        return load_all([OmiseSettings])[1][0]


def test_without_a_key_the_service_has_no_such_provider(monkeypatch):
    assert settings_of(monkeypatch).is_configured is False
    ours = settings_of(monkeypatch, OMISE_SECRET_KEY=KEY, OMISE_WEBHOOK_SECRET=OMISE_SECRET)
    assert (ours.is_configured, ours.factory().name, ours.factory().secrets) == (True, "omise", (KEY, OMISE_SECRET))


def test_settings_that_cannot_work_are_named(monkeypatch):
    with pytest.raises(SettingsError, match="OMISE_WEBHOOK_SECRET: the secret is not base64"):
        settings_of(monkeypatch, OMISE_SECRET_KEY=KEY, OMISE_WEBHOOK_SECRET="no base64!")
    with pytest.raises(SettingsError, match="OMISE_METHOD"):
        settings_of(monkeypatch, OMISE_METHOD="cowries")
    weak = OmiseSettings.model_construct(
        omise_secret_key=settings_of(monkeypatch, OMISE_SECRET_KEY=KEY).omise_secret_key,
        omise_base_url="http://api.omise.co",
        omise_method="internet_banking_bay",
        omise_return_uri="",
    )
    assert [line.partition(" ")[0].rstrip(":") for line in weak.production_errors()] == [
        *("OMISE_SECRET_KEY", "OMISE_BASE_URL", "OMISE_RETURN_URI"),
    ]
