"""Paystack's adapter: no payment is lost or made twice, refunds once for each key, events as signed."""

import json
from dataclasses import replace

import httpx
import orjson
import pytest

from bakong_contracts.webhook_guard import PAYSTACK, Guard
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.adapter.client import HttpPaystack
from bakong_schemes.paystack.adapter.provider import Pages, Transactions, provider, reference_of
from bakong_schemes.paystack.adapter.settings import PaystackSettings
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout, Created
from bakong_service.settings import SettingsError, load_all
from tests.conftest import NOW_MS
from tests.schemes.paystack.conftest import DECLINED, KEY
from tests.schemes.paystack.test_refunds import FAILS, WANTS_DETAILS

SERVICE = dict.fromkeys(("MAIN_BACKEND_API_KEY", "WEBHOOK_SECRET", "ENCRYPTION_KEY"), "x") | {"SERVICE_MODE": "sandbox"}


def checkout(minor=50_000, payment_id="pay_1", currency="NGN", **more):
    made = Checkout(
        payment_id=payment_id,
        bill_number="DT-1",
        money=Money(minor, currency),
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 900_000,
        email="payer@shop.test",
    )
    return replace(made, **more)


class Lossy(httpx.AsyncBaseTransport):
    """Calls the sandbox, and loses the answers to those whose method and path are in `lost`."""

    def __init__(self, shop):
        self.shop, self.lost, self.calls = shop, set(), []

    async def handle_async_request(self, request):
        self.calls.append((request.method, request.url.path.removeprefix("/paystack")))
        answer = await self.shop.client.request(
            request.method, request.url.raw_path.decode(), content=await request.aread(), headers=request.headers
        )
        if any(request.method == method and path in request.url.path for method, path in self.lost):
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(answer.status_code, content=answer.content)


@pytest.fixture
async def wires(shop):
    """The wires between the adapter and the sandbox, which may lose answers."""
    return Lossy(shop)


@pytest.fixture
async def made(shop, wires):
    """made(**pages) -> the provider."""
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=wires) as client:
        asked = HttpPaystack(client, KEY, root="/paystack")
        yield lambda **pages: provider(asked, (KEY,), now_ms=shop.world.clock.now_ms, pages=Pages(**pages))


async def test_a_payment_is_a_transaction_under_its_own_name(shop, made):
    ours = made(return_url="https://shop.test/usual")
    assert (ours.needs_email, ours.cancel, ours.currencies) == (True, None, frozenset(wire.CURRENCIES))
    created = await ours.create(checkout(return_url="https://shop.test/back", cancel_url="https://shop.test/cart"))
    shown = await shop.verify("pay-1")
    assert (created.reference, shown["amount"], shown["currency"]) == ("pay-1", 50_000, "NGN")
    assert shown["metadata"] == {"paymentId": "pay_1", "orderId": "DT-1", "cancel_action": "https://shop.test/cart"}
    assert (shown["customer"]["email"], created.handoff.url.startswith("http://sandbox.test/paystack/pay/")) == (
        *("payer@shop.test", True),
    )
    assert (await shop.pay("pay-1"))["redirect"] == "https://shop.test/back?trxref=pay-1&reference=pay-1"
    await ours.create(checkout(payment_id="pay_2"))
    assert (await shop.pay("pay-2"))["redirect"].startswith("https://shop.test/usual?")


@pytest.mark.parametrize(
    "change",
    [{"email": ""}, {"email": "nobody"}, {"money": Money(4_999, "NGN")}, {"money": Money(10_000, "KHR")}],
)
async def test_what_paystack_would_refuse_is_not_asked(shop, made, change):
    assert (await made().create(checkout(**change))).why == "refused"
    assert shop.world.journal.total == 0


async def test_a_lost_answer_is_followed_by_another_reference_for_the_page_is_lost_too(shop, made, wires):
    wires.lost.add(("POST", "/initialize"))
    assert (await made().create(checkout())).why == "timeout"
    wires.lost.clear()
    created = await made().create(checkout(is_repeat=True))
    assert (created.reference, reference_of("pay_1", 2)) == ("pay-1.2", "pay-1.2")
    assert [row["reference"] for row in await shop.ok("GET", "/transaction")] == ["pay-1.2", "pay-1"]
    await shop.pay("pay-1.2")
    assert isinstance(await made().polling.check("pay-1.2"), Paid)


async def test_a_lost_transaction_that_was_paid_after_all_is_the_payment(shop, made, wires):
    wires.lost.add(("POST", "/initialize"))
    await made().create(checkout())
    wires.lost.clear()
    await shop.pay("pay-1")
    created = await made().create(checkout(return_url="https://shop.test/back", is_repeat=True))
    assert created == Created("pay-1", "paystack", Redirect("https://shop.test/back"))
    assert isinstance(await made().polling.check("pay-1"), Paid)


async def test_an_earlier_reference_is_watched_beside_the_later_one(shop, made, wires):
    wires.lost.add(("POST", "/initialize"))
    await made().create(checkout())
    wires.lost.clear()
    await made().create(checkout(is_repeat=True))
    assert await made().polling.check("pay-1.2") == NotFound()
    await shop.pay("pay-1")
    report = await made().polling.check("pay-1.2")
    assert (type(report), report.hash) == (Paid, str((await shop.verify("pay-1"))["id"]))
    wires.lost.add(("GET", "/verify/pay-1"))
    assert isinstance(await made().polling.check("pay-1.2"), NoAnswer)


async def test_where_verify_says_nothing_no_other_reference_is_made(shop, made, wires):
    await made().create(checkout())
    wires.lost.add(("GET", "/verify"))
    assert isinstance(await made().create(checkout(is_repeat=True)), NoAnswer)
    assert len(await shop.ok("GET", "/transaction")) == 1


async def test_a_payment_has_nine_references_and_no_more(shop, made):
    made_all = [await made().create(checkout()) for _ in range(10)]
    assert [one.reference for one in made_all[:3]] == ["pay-1", "pay-1.2", "pay-1.3"]
    assert made_all[-1].why == "refused"


@pytest.mark.parametrize("fault", ["reset", "truncate", "empty", "garbage", "http, status: 504", "refuse"])
async def test_no_fault_at_its_creation_loses_a_payment(shop, made, fault):
    text = f"name: f\nscheme: paystack\nfaults: [{{on: transaction.initialize, first: 1, fault: {fault}}}]"
    await shop.client.put("/sandbox/worlds/default/scenario", content=text)
    first = await made().create(checkout())
    assert isinstance(first, NoAnswer)
    assert first.why != "refused"
    created = await made().create(checkout(is_repeat=True))
    await shop.pay(created.reference)
    report = await made().polling.check(created.reference)
    assert (type(report), report.money) == (Paid, Money(50_000, "NGN"))


async def test_what_a_transaction_says_is_believed(shop, made):
    check = made().polling.check
    assert await check("nobody") == await check("../transaction") == await check("") == NotFound()
    reference = await shop.begin()
    assert await check(reference) == NotFound()
    await shop.pay(reference, card=DECLINED)
    assert await check(reference) == NotFound()  # who was declined may try again
    await shop.advance(60)
    await shop.pay(reference)
    report = await check(reference)
    assert (report.money, report.to_account, report.done_ms) == (Money(50_000, "NGN"), "paystack", NOW_MS + 60_000)
    await shop.refund(reference)
    await shop.advance(120)
    assert isinstance(await check(reference), Refunded)


@pytest.mark.parametrize("status", [400, 404])
async def test_an_unknown_reference_is_not_found_whichever_status_says_so(shop, made, status):
    await shop.set(unknown_reference_status=status)
    assert await made().polling.check("nobody") == NotFound()


def back(id_, amount, status="processed", note=None):
    return {"id": id_, "amount": amount, "currency": "NGN", "status": status, "merchant_note": note}


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([back(7, 300, note="refund ref_1"), back(8, 200)], [("7", 300, "ref_1"), ("8", 200, "")]),
        ([], [("1-charged-back", 500, "")]),
        ([back(7, 300), back(8, 200, "failed")], [("7", 300, ""), ("1-charged-back", 200, "")]),
        ([back(7, 300, "pending"), back(8, 200)], [("8", 200, "")]),
        ([back(7, 500, "processing")], []),
    ],
)
async def test_what_a_reversed_transaction_has_given_back_is_refunds_and_what_none_covers_is_charged_back(rows, parts):
    paid = {"id": 1, "reference": "pay-1", "status": "reversed", "amount": 500, "currency": "NGN", "paid_at": None}

    def answer(request):
        data = rows if request.url.path == "/refund" else paid
        return httpx.Response(200, json={"status": True, "message": "", "data": data})

    async with httpx.AsyncClient(base_url="http://paystack.test", transport=httpx.MockTransport(answer)) as client:
        report = await Transactions(HttpPaystack(client, KEY)).check("pay-1")
    shown = report.parts if isinstance(report, Refunded) else report.refunds
    assert [(one.hash, one.money.minor, one.key) for one in shown] == parts
    assert isinstance(report, Refunded if parts else Paid)


async def test_a_refund_goes_back_once_for_each_key(shop, made):
    reference, refund = await shop.paid(), made().refund
    half = Money(25_000, "NGN")
    assert await refund(reference, half, "ref_1") == NotFound()  # on its way
    assert await refund(reference, half, "ref_1") == NotFound()
    assert len(await shop.ok("GET", "/refund")) == 1
    await shop.advance(120)
    report = await refund(reference, half, "ref_1")
    assert (type(report), report.money) == (Refunded, half)
    assert (await refund(reference, Money(25_001, "NGN"), "ref_2")).why == "refused"
    assert await refund(reference, half, "ref_3") == NotFound()
    await shop.advance(120)
    assert (await refund(reference, half, "ref_1")).hash == report.hash  # also once all is reversed
    assert (await refund(reference, half, "ref_4")).why == "refused"


async def test_a_refund_whose_answer_is_lost_is_looked_for_before_another_is_made(shop, made, wires):
    reference, refund = await shop.paid(), made().refund
    wires.lost.add(("POST", "/refund"))
    assert (await refund(reference, Money(20_000, "NGN"), "ref_1")).why == "timeout"
    wires.lost.add(("GET", "/refund"))
    assert (await refund(reference, Money(20_000, "NGN"), "ref_1")).why == "timeout"
    wires.lost.clear()
    assert await refund(reference, Money(20_000, "NGN"), "ref_1") == NotFound()
    assert [row["amount"] for row in await shop.ok("GET", "/refund")] == [20_000]
    assert wires.calls.count(("POST", "/refund")) == 1


async def test_a_refund_is_found_on_whichever_page_of_the_list(shop, made):
    reference = await shop.paid(1_000_000)
    await made().refund(reference, Money(1_000, "NGN"), "ref_1")
    for _ in range(120):
        await shop.refund(reference, 1_000)
    await made().refund(reference, Money(1_000, "NGN"), "ref_1")
    assert (await shop.whole("GET", "/refund"))["meta"]["total"] == 121


@pytest.mark.parametrize(("card", "report"), [(FAILS, Failed()), (WANTS_DETAILS, NotFound())])
async def test_a_refund_that_fails_is_final_and_one_that_needs_attention_is_not(shop, made, card, report):
    reference = await shop.paid(card=card)
    await made().refund(reference, Money(20_000, "NGN"), "ref_1")
    await shop.advance(120)
    assert await made().refund(reference, Money(20_000, "NGN"), "ref_1") == report


async def test_a_wrong_key_is_no_answer(shop):
    asked = Transactions(HttpPaystack(shop.client, "sk_test_wrong", root="/paystack"))
    assert (await asked.check("r")).why == "unauthorized"
    assert (await asked.refund("r", Money(1, "NGN"), "ref_1")).why == "unauthorized"


SUCCESS = {"reference": "r", "status": "success", "id": 1, "amount": 5_000, "currency": "NGN"}


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"{", b"{}", b'{"status":1}', b'{"status":true}', b"x" * 3_000_000]
    + [
        orjson.dumps({"status": True, "data": SUCCESS | change})
        for change in (
            *({"status": "odd"}, {"status": None}, {"reference": "other"}, {"id": "1"}, {"id": True}),
            *({"amount": "5000"}, {"amount": True}, {"amount": 50.5}, {"currency": None}),
        )
    ],
)
async def test_answers_that_are_none_are_garbage(body):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    async with httpx.AsyncClient(base_url="http://p.test", transport=transport) as client:
        asked = HttpPaystack(client, KEY)
        assert (await Transactions(asked).check("r")).why == "garbage"
        assert (await Transactions(asked).refund("r", Money(1, "NGN"), "k")).why == "garbage"
        assert isinstance(await provider(asked, (KEY,), now_ms=lambda: NOW_MS).create(checkout()), NoAnswer)


async def test_a_payment_of_another_currency_is_paid_and_has_no_money_that_fits():
    body = orjson.dumps({"status": True, "data": SUCCESS | {"currency": "XOF"}})
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    async with httpx.AsyncClient(base_url="http://p.test", transport=transport) as client:
        report = await Transactions(HttpPaystack(client, KEY)).check("r")
    assert (type(report), report.money) == (Paid, None)


# Events


@pytest.mark.parametrize(
    ("data", "reference"),
    [
        ({"reference": "pay-1", "id": 1}, "pay-1"),
        ({"transaction_reference": "pay-1", "id": 1}, "pay-1"),
        ({"transaction": {"reference": "pay-1"}}, "pay-1"),
        ({"transaction": 5}, None),
        ({"reference": "a b"}, None),
        ([], None),
    ],
)
async def test_an_event_names_its_transaction_whatever_it_is_about(made, data, reference):
    body = json.dumps({"event": "x", "data": data}).encode()
    signed = Guard(PAYSTACK, [KEY]).sign(body, timestamp_s=0)
    assert (await made().read_event(signed, body)).reference == reference


async def test_an_event_is_believed_only_where_one_of_our_keys_has_signed_it(shop):
    asked = HttpPaystack(shop.client, KEY, root="/paystack")
    read = provider(asked, ("sk_test_new", "sk_test_old"), now_ms=lambda: NOW_MS).read_event
    body = b'{"event":"charge.success","data":{"reference":"pay-1"}}'
    for key in ("sk_test_new", "sk_test_old"):
        headers = {"X-Paystack-Signature": wire.signature(key, body)}
        assert (await read(headers, body)).reference == "pay-1"
        assert (await read(headers, body)).reference == "pay-1"  # what the first came to may have been lost
    for wrong in ({}, {"x-paystack-signature": ""}, {"x-paystack-signature": wire.signature("sk_test_x", body)}):
        with pytest.raises(ForgedEventError):
            await read(wrong, body)
    with pytest.raises(ForgedEventError):
        await read({"x-paystack-signature": wire.signature("sk_test_new", body).upper()}, body)


# Settings


def settings_of(monkeypatch, **given):
    with monkeypatch.context() as environment:
        for name, value in (SERVICE | given).items():
            environment.setenv(name, value)
        return load_all([PaystackSettings])[1][0]


def test_without_a_key_the_service_has_no_such_provider(monkeypatch):
    assert settings_of(monkeypatch).is_configured is False
    ours = settings_of(monkeypatch, PAYSTACK_SECRET_KEY=KEY, PAYSTACK_OLD_SECRET_KEY="sk_test_old")
    assert (ours.is_configured, ours.factory().name) == (True, "paystack")
    assert ours.factory().secrets == (KEY, "sk_test_old")


def test_settings_that_cannot_work_are_named(monkeypatch):
    with pytest.raises(SettingsError, match="PAYSTACK_BASE_URL"):
        settings_of(monkeypatch, PAYSTACK_SECRET_KEY=KEY, PAYSTACK_BASE_URL="nowhere")
    plain = settings_of(monkeypatch, PAYSTACK_SECRET_KEY=KEY, PAYSTACK_BASE_URL="http://x.test")
    assert [error.split()[0].rstrip(":") for error in plain.production_errors()] == [
        *("PAYSTACK_SECRET_KEY", "PAYSTACK_BASE_URL"),
    ]
    assert settings_of(monkeypatch).production_errors() == []
    live = settings_of(monkeypatch, PAYSTACK_SECRET_KEY="sk_live_" + "0" * 40)
    assert live.production_errors() == []
