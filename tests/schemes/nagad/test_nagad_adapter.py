"""Nagad's adapter: one payable payment whatever is lost, paid if verify ever said Success, no refund made twice."""

from dataclasses import replace

import httpx
import orjson
import pytest

from bakong_schemes.nagad.adapter.client import HttpNagad
from bakong_schemes.nagad.adapter.client import Merchant as Configured
from bakong_schemes.nagad.adapter.provider import Checkouts, provider
from bakong_schemes.nagad.adapter.verified import report
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout, Created
from tests.conftest import NOW_MS
from tests.schemes.nagad.conftest import BACK, BASE, WORLD

TAKA = Money(100_00, "BDT")


def checkout(payment_id="p-1", bill="INV-1-A", money=TAKA, **more):
    return Checkout(
        payment_id=payment_id,
        bill_number=bill,
        money=money,
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 900_000,
        return_url=more.pop("return_url", BACK),
        **more,
    )


@pytest.fixture
def made(merchant):
    """made(client=None, **checkouts) -> the provider, as a process that has just been started."""

    def made(client=None, **checkouts):
        configured = Configured(
            merchant_id=merchant.id,
            private_key=merchant.facts["privateKey"],
            public_key=merchant.facts["publicKey"],
            client_ip="103.100.200.100",
        )
        asked = HttpNagad(client or merchant.client, configured, root=BASE)
        return provider(asked, now_ms=merchant.world.clock.now_ms, checkouts=Checkouts(**checkouts))

    return made


@pytest.fixture
def lossy(merchant):
    """lossy(cut) -> a client some of whose answers are lost after Nagad has answered: cut(request) says which."""
    clients = []

    def make(cut):
        async def answer(request):
            sent = {name: value for name, value in request.headers.items() if name != "host"}
            path = request.url.raw_path.decode()
            response = await merchant.client.request(request.method, path, content=request.content, headers=sent)
            if cut(request):
                raise httpx.ReadTimeout("cut", request=request)
            return httpx.Response(response.status_code, content=response.content)

        client = httpx.AsyncClient(base_url="http://sandbox.test", transport=httpx.MockTransport(answer))
        clients.append(client)
        return client

    return make


def purchases(merchant):
    """References that a customer could pay, by order."""
    state = merchant.world.state_of("nagad")
    return [row.reference for row in state.purchases.values() if row.completed_ms is not None]


async def test_a_payment_is_a_page_and_bears_our_names(merchant, made):
    created = await made().create(checkout())
    assert created.handoff == Redirect(f"http://sandbox.test/nagad/check-out/{created.reference}")
    shown = await merchant.verify(created.reference)
    assert (shown["orderId"], shown["amount"], created.account_id) == ("INV1A", "100.00", merchant.id)
    assert (await merchant.decide(created.reference))["redirect"].startswith(f"{BACK}?merchant=")
    other = await made(return_url="https://shop.test/set").create(checkout("p-2", "INV-2", return_url=""))
    assert (await merchant.decide(other.reference, "cancel"))["redirect"].startswith("https://shop.test/set?")


@pytest.mark.parametrize(
    "changes",
    [
        {"money": Money(100, "USD")},
        {"money": Money(0, "BDT")},
        {"bill": "--"},
        {"bill": "X" * 41},
        {"return_url": ""},
    ],
)
async def test_what_nagad_would_refuse_is_not_asked(merchant, made, changes):
    assert (await made().create(checkout(**changes))).why == "refused"
    assert merchant.world.journal.total == 0


FAULTS = [
    *("reset", "hang", "truncate", "empty", "garbage", "dribble, every: 1ms", "unknown_fields", "content_type"),
    *("http, status: 504", "http, status: 403, body: request-rejected", "http, status: 500, body: error", "refuse"),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["initialize", "complete"])
async def test_whatever_befalls_a_call_one_payment_can_be_paid_at_most(merchant, made, call, fault):
    await merchant.play(f"name: f\nscheme: nagad\nfaults:\n  - {{on: {call}, first: 1, fault: {fault}}}\n")
    merchant.client.timeout = 30
    asked = made()
    first = await asked.create(checkout())
    second = await asked.create(replace(checkout(), is_repeat=True))
    payable = purchases(merchant)
    assert len(payable) <= 1
    good = [one for one in (first, second) if isinstance(one, Created)]
    assert {one.reference for one in good} == set(payable)
    if "refuse" not in fault:
        assert isinstance(second, Created), (first, second)
    assert {one.handoff.url for one in good} <= {f"http://sandbox.test/nagad/check-out/{one}" for one in payable}


async def test_a_repeat_of_another_process_makes_no_second_payment(merchant, made):
    first = await made().create(checkout())
    again = await made().create(replace(checkout(), is_repeat=True))
    assert (again.why, purchases(merchant)) == ("refused", [first.reference])
    assert isinstance(await made().create(checkout("p-2", "INV-1-A-2")), Created)


async def test_a_complete_whose_answer_is_lost_is_found_by_verify(merchant, made, lossy):
    client = lossy(lambda request: "/complete/" in request.url.path)
    created = await made(client, page_url="https://pay.test/check-out/").create(checkout())
    assert created.handoff.url == f"https://pay.test/check-out/{created.reference}"
    assert purchases(merchant) == [created.reference]


async def test_where_verify_is_lost_too_the_repeat_completes_the_same_reference(merchant, made, lossy):
    cut = {"/complete/", "/verify/"}
    asked = made(lossy(lambda request: any(part in request.url.path for part in cut)))
    assert (await asked.create(checkout())).why == "timeout"
    cut.clear()
    created = await asked.create(replace(checkout(), is_repeat=True))
    assert purchases(merchant) == [created.reference]
    assert created.handoff == Redirect(f"http://sandbox.test/nagad/check-out/{created.reference}")


async def test_polling_tells_what_verify_tells(merchant, made):
    asked = made()
    check = asked.polling.check
    created = await asked.create(checkout())
    assert await check(created.reference) == NotFound()
    await merchant.decide(created.reference)
    paid = await check(created.reference)
    assert isinstance(paid, Paid)
    assert (paid.money, paid.to_account, paid.done_ms) == (TAKA, merchant.id, NOW_MS)
    for number, (how, setting) in enumerate([("cancel", "Aborted"), ("cancel", "Cancelled"), ("fail", "Aborted")]):
        await merchant.set(abort_status=setting)
        other = await asked.create(checkout(f"q-{number}", f"BILL-{number}"))
        await merchant.decide(other.reference, how)
        assert await check(other.reference) == Failed()
    assert await check("../../purchase") == NotFound()
    assert (await check("bm9uZQ==")).why == "refused"


@pytest.mark.parametrize("wallet", ["01400000017", "01400000018"])
async def test_a_late_success_is_paid_whenever_it_comes(merchant, made, wallet):
    asked = made()
    created = await asked.create(checkout())
    await merchant.decide(created.reference, wallet=wallet)
    assert await asked.polling.check(created.reference) == NotFound()
    await merchant.advance(1_200)
    assert isinstance(await asked.polling.check(created.reference), Paid)


@pytest.mark.parametrize("setting", ["cancelled", "refunded", "success"])
async def test_what_was_paid_once_stays_paid_until_all_of_it_went_back(merchant, made, setting):
    await merchant.set(refund_status=setting)
    asked = made()
    created = await asked.create(checkout())
    await merchant.decide(created.reference)
    part = await asked.refund(created.reference, Money(30_00, "BDT"), "r-1")
    assert isinstance(part, Refunded)
    assert isinstance(await asked.polling.check(created.reference), Paid)
    await asked.refund(created.reference, Money(70_00, "BDT"), "r-2")
    now = await asked.polling.check(created.reference)
    # Where verify goes on to say Success, nothing tells a part from the whole.
    assert isinstance(now, Paid if setting == "success" else Refunded)
    assert now.money == TAKA


async def test_a_payment_that_was_gone_back_whole_before_it_was_seen_is_refunded_and_not_given_up(merchant, made):
    asked = made()
    created = await asked.create(checkout())
    await merchant.decide(created.reference)
    whole = await merchant.refunded(created.reference, "100.00")
    seen = await asked.polling.check(created.reference)
    assert [one.hash for one in seen.parts] == [whole["cancelTrxId"]]
    assert seen.done_ms == NOW_MS


# Refunds


async def paid(merchant, asked, bill="INV-1-A"):
    created = await asked.create(checkout(bill, bill))
    await merchant.decide(created.reference)
    return created.reference


@pytest.mark.parametrize("again", ["same", "another"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_befalls_a_refund_it_is_made_once(merchant, made, fault, again):
    await merchant.set(refund_again=again)
    asked = made()
    reference = await paid(merchant, asked)
    calm, faulty = merchant.world.library.find("manual", "nagad"), f"on: cancel, first: 1, fault: {fault}"
    payment = merchant.world.payments["nagad", reference]
    payment.scenario = merchant.world.library.read(f"name: f\nscheme: nagad\nfaults: [{{{faulty}}}]")
    merchant.client.timeout = 30
    first = await asked.refund(reference, Money(30_00, "BDT"), "r-1")
    payment.scenario = calm
    second = await asked.refund(reference, Money(30_00, "BDT"), "r-1")
    assert isinstance(second, Refunded)
    assert (second.money, merchant.balance()) == (Money(30_00, "BDT"), 70_00)
    if isinstance(first, Refunded):
        assert first.hash == second.hash
    assert second.hash == (await merchant.verify(reference))["cancelIssuerRefNo"]


async def test_a_refund_is_refused_for_good_where_nagad_refuses_it(merchant, made):
    asked = made()
    reference = await paid(merchant, asked)
    assert (await asked.refund(reference, Money(100_01, "BDT"), "r-1")).why == "refused"
    other = await asked.create(checkout("p-2", "INV-2"))
    assert (await asked.refund(other.reference, Money(1, "BDT"), "r-2")).why == "refused"
    assert (await asked.refund(reference, Money(1, "USD"), "r-3")).why == "refused"
    assert merchant.balance() == 100_00


async def test_a_refund_refused_the_second_time_may_have_been_made_the_first(merchant, made, lossy):
    """Its answer was lost and verify did not tell; the repeat is too much, and verify then tells why."""
    await merchant.set(refund_again="another")
    reference = await paid(merchant, made())
    state, stale = {"cut": True, "verifies": 0}, orjson.dumps(await merchant.verify(reference))

    async def answer(request):
        sent = {name: value for name, value in request.headers.items() if name != "host"}
        if "/verify/" in request.url.path:
            state["verifies"] += 1
            if state["verifies"] <= 3:
                return httpx.Response(200, content=stale)
        path = request.url.raw_path.decode()
        response = await merchant.client.request(request.method, path, content=request.content, headers=sent)
        if "/purchase/" in request.url.path and state.pop("cut", False):
            raise httpx.ReadTimeout("cut", request=request)
        return httpx.Response(response.status_code, content=response.content)

    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=httpx.MockTransport(answer)) as client:
        asked = made(client)
        assert (await asked.refund(reference, TAKA, "r-1")).why == "timeout"
        assert isinstance(await asked.refund(reference, TAKA, "r-1"), Refunded)
    assert merchant.balance() == 0


async def test_where_verify_is_lost_too_the_repeat_looks_before_it_sends_again(merchant, made, lossy):
    await merchant.set(refund_again="another")
    reference, lost = await paid(merchant, made()), [True]
    asked = made(lossy(lambda _request: lost[0] and merchant.balance() < 100_00))
    assert (await asked.refund(reference, Money(30_00, "BDT"), "r-1")).why == "timeout"
    lost[0] = False
    assert isinstance(await asked.refund(reference, Money(30_00, "BDT"), "r-1"), Refunded)
    assert merchant.balance() == 70_00


async def test_a_refund_waits_for_the_one_before_it(merchant, made, lossy):
    cut = {"/purchase/", "/verify/"}
    asked = made(lossy(lambda request: any(part in request.url.path for part in cut)))
    reference = await paid(merchant, made())
    cut.discard("/verify/")
    await merchant.play("nagad-refund-unreached")
    merchant.world.payments["nagad", reference].scenario = merchant.world.scenario
    assert (await asked.refund(reference, Money(10_00, "BDT"), "r-1")).why == "timeout"
    assert (await asked.refund(reference, Money(20_00, "BDT"), "r-2")).why == "timeout"
    assert merchant.balance() == 100_00
    cut.clear()
    assert isinstance(await asked.refund(reference, Money(10_00, "BDT"), "r-1"), Refunded)
    assert isinstance(await asked.refund(reference, Money(20_00, "BDT"), "r-2"), Refunded)
    assert merchant.balance() == 70_00


@pytest.mark.parametrize("trusts", [False, True])
async def test_another_process_does_not_guess_whose_a_refund_is(merchant, made, trusts):
    reference = await paid(merchant, made())
    await made().refund(reference, Money(30_00, "BDT"), "r-1")  # and its process dies with the answer
    asked = made(trust_reference_no=trusts)
    again = await asked.refund(reference, Money(30_00, "BDT"), "r-1")
    assert isinstance(again, Refunded) is trusts
    assert merchant.balance() == 70_00
    if not trusts:
        assert (again.why, "NAGAD_TRUST_REFERENCE_NO" in again.detail) == ("timeout", True)


async def test_another_process_goes_on_behind_the_refunds_that_are_on_our_books(merchant, made):
    reference = await paid(merchant, made())
    first = await made().refund(reference, Money(30_00, "BDT"), "r-1")
    asked = made()
    asked.know_refunds(reference, [first.hash])
    second = await asked.refund(reference, Money(20_00, "BDT"), "r-2")
    assert isinstance(second, Refunded)
    later = made()
    later.know_refunds(reference, [first.hash])  # the second one's process died with the answer
    assert (await later.refund(reference, Money(20_00, "BDT"), "r-2")).why == "timeout"


async def test_another_process_knows_a_whole_refund_as_its_own(merchant, made):
    reference = await paid(merchant, made())
    first = await made().refund(reference, TAKA, "r-1")
    again = await made().refund(reference, TAKA, "r-1")
    assert (again.hash, again.money, merchant.balance()) == (first.hash, TAKA, 0)


# Answers that are none


GOOD = {
    "merchantId": "683099000000001",
    "orderId": "ORD20251211A1",
    "paymentRefId": "MTIxMTE2MDAwMDEyMy42ODMwOTkwMDAwMDAwMDEuT1JEMjAyNTEyMTFBMS41MjM2N2E2NjIyYjE5ZjA4ODI1ZQ==",
    "amount": "16",
    "issuerPaymentDateTime": "2021-11-23 23:48:22.0",
    "issuerPaymentRefNo": "0001N4GD",
    "status": "Success",
    "cancelIssuerRefNo": None,
}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Paid),
        ({"amount": 16}, Paid),
        ({"amount": 16.5}, Paid),
        ({"status": "PartialRefunded"}, Paid),
        ({"status": "Cancelled", "cancelIssuerRefNo": "0001C4NC"}, Refunded),
        ({"status": "Refunded", "cancelIssuerRefNo": "0001C4NC"}, Refunded),
        ({"status": "Cancelled"}, NoAnswer),  # paid, and no refund: it contradicts itself
        ({"status": "Cancelled", "issuerPaymentRefNo": None}, Failed),
        ({"status": "UnKnownFailed"}, Failed),
        ({"status": "OtpSent"}, NotFound),
        ({"status": "Happy"}, NoAnswer),
        ({"status": None}, NoAnswer),
        ({"status": {}}, NoAnswer),
        ({"amount": "1e3"}, NoAnswer),
        ({"amount": "-16"}, NoAnswer),
        ({"amount": True}, NoAnswer),
        ({"amount": None}, NoAnswer),
        ({"issuerPaymentRefNo": None}, NoAnswer),
        ({"issuerPaymentRefNo": "x" * 65}, NoAnswer),
        ({"orderId": "OTHER"}, NoAnswer),
        ({"merchantId": "683000000000000"}, NoAnswer),
        ({"paymentRefId": "another"}, NoAnswer),
    ],
)
def test_what_verify_says_is_believed_where_it_is_clear(changes, kind):
    said = report(GOOD["paymentRefId"], GOOD | changes)
    assert isinstance(said, kind), said


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"x" * 300_000, b"<html>", b'{"sensitiveData": 1}'])
@pytest.mark.parametrize("status", [200, 403, 500])
async def test_answers_that_are_none_are_no_answer(merchant, made, body, status):
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
    async with httpx.AsyncClient(base_url="http://n.test", transport=transport) as client:
        asked = made(client)
        for said in (
            await asked.create(checkout()),
            await asked.polling.check(GOOD["paymentRefId"]),
            await asked.refund(GOOD["paymentRefId"], TAKA, "r-1"),
        ):
            assert said.why in ("garbage", "blocked")


@pytest.mark.parametrize(("key", "words"), [("private_key", "NAGAD_PRIVATE_KEY"), ("public_key", "NAGAD_PUBLIC_KEY")])
async def test_a_wrong_pair_is_named(merchant, worlds, key, words):
    """Nagad takes our seal with whatever it has; its answer shows which of our two keys is another pair's."""
    await merchant.client.post("/sandbox/worlds", json={"name": "other", "seed": 5})
    others = (await merchant.client.get("/sandbox/worlds/other/nagad")).json()
    own = {"private_key": merchant.facts["privateKey"], "public_key": merchant.facts["publicKey"]}
    honest = HttpNagad(merchant.client, Configured(merchant_id=merchant.id, **own), root=BASE)
    answer = (await merchant.initialize()).content
    theirs = {"private_key": others["privateKey"], "public_key": others["publicKey"]}
    wrong = own | {key: theirs[key] if theirs[key] != own[key] else theirs["private_key"]}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=answer))
    async with httpx.AsyncClient(base_url="http://n.test", transport=transport) as client:
        asked = HttpNagad(client, Configured(merchant_id=merchant.id, **wrong))
        said = await asked.initialize("ORD1", "20260211060000", "c")
    assert (said.why, words in said.detail) == ("garbage", True)
    assert "paymentReferenceId" in await honest.initialize("ORD2", "20260211060000", "c")


async def test_it_reads_a_complete_that_is_sealed(merchant, made):
    await merchant.set(complete_answer="sealed")
    assert isinstance(await made().create(checkout()), Created)


async def test_a_missing_registration_of_the_address_is_said(merchant, made):
    await merchant.control("PUT", "/whitelist", {"ips": []})
    said = await made().create(checkout())
    assert (said.why, "register the address" in said.detail) == ("blocked", True)
    assert (await merchant.client.get(f"{WORLD}/nagad")).status_code == 200
