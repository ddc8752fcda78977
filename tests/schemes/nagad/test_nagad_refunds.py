"""Refunds at the fake Nagad: whole and in parts, repeated, refused, and what verify shows of them."""

import httpx
import pytest

from bakong_schemes.nagad.fake.scheme import NAGAD
from tests.schemes.nagad.conftest import WORLD, reason


async def test_a_payment_goes_back_in_parts_until_nothing_is_left(merchant):
    reference = await merchant.paid()
    first = await merchant.refunded(reference, "30.00", "R1")
    assert list(first) == ["status", "code", "originalAmount", "cancelAmount", "cancelTrxId"]
    assert (first["status"], first["code"], first["cancelAmount"]) == ("PartialCancelled", "000", "30.00")
    shown = await merchant.verify(reference)
    assert (shown["status"], shown["cancelIssuerRefNo"]) == ("PartialCancelled", first["cancelTrxId"])
    assert shown["cancelIssuerDateTime"] == "2026-02-11 06:00:00.0"
    assert reason(await merchant.cancel(reference, "70.01", "R2")) == (400, "InvalidPurchaseInformation")
    whole = await merchant.refunded(reference, "70.00", "R3")
    assert (whole["status"], merchant.balance()) == ("Cancelled", 0)
    assert (await merchant.verify(reference))["status"] == "Cancelled"
    assert reason(await merchant.cancel(reference, "0.01", "R4")) == (400, "InvalidPurchaseInformation")
    assert merchant.world.ledger.sum("BDT") == 0


@pytest.mark.parametrize("query", ["paymentRefId={reference}", "orderId=ORD1", "paymentRefId={reference}&orderId=ORD1"])
@pytest.mark.parametrize("alias", ["cancel", "refund"])
async def test_one_of_the_two_parameters_is_enough(merchant, query, alias):
    reference = await merchant.paid()
    refund = await merchant.refunded(reference, "1.00", query=query.format(reference=reference), alias=alias)
    assert refund["status"] == "PartialCancelled"


WRONG = {
    "another order in the query": ("InvalidOrderId", {"query": "paymentRefId={reference}&orderId=ORD2"}),
    "another order inside": ("InvalidOrderId", {"orderId": "ORD2"}),
    "another whole": ("InvalidPurchaseInformation", {"originalAmount": "99.00"}),
    "no number": ("InvalidApiRequest", {"referenceNo": ""}),
    "no day": ("InvalidApiRequest", {"originalRequestDate": "20261301"}),
    "another merchant": ("InvalidMerchant", {"merchantId": "683000000000000"}),
    "nothing": ("InvalidPurchaseInformation", {"amount": "0.00"}),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_refund_is_refused_and_nothing_goes_back(merchant, what):
    kind, changes = WRONG[what]
    reference = await merchant.paid()
    changes = dict(changes)
    amount, query = changes.pop("amount", "1.00"), changes.pop("query", "").format(reference=reference) or None
    assert reason(await merchant.cancel(reference, amount, query=query, **changes)) == (400, kind)
    assert merchant.balance() == 100_00


async def test_the_day_is_not_compared(merchant):
    reference = await merchant.paid()
    assert (await merchant.cancel(reference, "1.00", originalRequestDate="20200101")).status_code == 200


@pytest.mark.parametrize("how", [None, "cancel", "fail"])
async def test_what_was_not_paid_cannot_go_back(merchant, how):
    reference = await merchant.ready()
    if how:
        await merchant.decide(reference, how)
    assert reason(await merchant.cancel(reference, "1.00")) == (400, "InvalidPurchaseInformation")
    begun = (await merchant.begun("ORD2"))["paymentReferenceId"]
    assert reason(await merchant.cancel(begun, "1.00")) == (400, "InvalidPurchaseInformation")


async def test_the_same_number_and_amount_is_the_same_refund(merchant):
    reference = await merchant.paid()
    first, again = [await merchant.refunded(reference, "30.00", "R1") for _ in range(2)]
    assert (first, merchant.balance()) == (again, 70_00)
    assert reason(await merchant.cancel(reference, "31.00", "R1")) == (400, "InvalidPurchaseInformation")
    await merchant.set(refund_again="another")
    third = await merchant.refunded(reference, "30.00", "R1")
    assert (third["cancelTrxId"] != first["cancelTrxId"], merchant.balance()) == (True, 40_00)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("cancelled", ("PartialCancelled", "Cancelled")),
        ("refunded", ("PartialRefunded", "Refunded")),
        ("success", ("Success", "Success")),
    ],
)
async def test_what_verify_calls_a_refund_is_a_switch(merchant, setting, words):
    await merchant.set(refund_status=setting)
    reference, shown = await merchant.paid(), []
    for number, amount in (("R1", "40.00"), ("R2", "60.00")):
        await merchant.refunded(reference, amount, number)
        shown.append(await merchant.verify(reference))
    assert tuple(row["status"] for row in shown) == words
    assert all(row["cancelIssuerRefNo"] and row["issuerPaymentRefNo"] for row in shown)


async def test_refunds_may_have_an_end(merchant):
    await merchant.set(max_refunds=1, refund_days=1)
    one, two = await merchant.paid(), await merchant.paid("ORD2")
    await merchant.refunded(one, "1.00", "R1")
    assert reason(await merchant.cancel(one, "1.00", "R2"))[1] == "InvalidPurchaseInformation"
    await merchant.advance(86_400)
    await merchant.refunded(two, "1.00", "R3")
    await merchant.set(max_refunds=None)
    await merchant.advance(1)
    assert reason(await merchant.cancel(two, "1.00", "R4"))[1] == "InvalidPurchaseInformation"
    await merchant.set(refund_days=None)
    await merchant.refunded(two, "1.00", "R4")


async def test_the_first_refund_of_a_wallet_hangs_after_the_money_has_moved(merchant):
    reference = await merchant.paid(wallet="01400000020")
    merchant.client.timeout = 30
    with pytest.raises(httpx.ReadTimeout):
        await merchant.cancel(reference, "30.00")
    assert merchant.balance() == 70_00
    assert (await merchant.verify(reference))["status"] == "PartialCancelled"
    assert (await merchant.refunded(reference, "30.00"))["status"] == "PartialCancelled"
    assert merchant.balance() == 70_00


@pytest.mark.parametrize(("script", "left"), [("nagad-refund-hangs", 70_00), ("nagad-refund-unreached", 100_00)])
async def test_a_refund_whose_answer_is_lost_has_moved_money_or_has_not(merchant, script, left):
    await merchant.play(script)
    reference = await merchant.paid()
    merchant.client.timeout = 30
    try:
        assert (await merchant.cancel(reference, "30.00")).status_code == 504
    except httpx.ReadTimeout:
        assert script == "nagad-refund-hangs"
    assert merchant.balance() == left


async def test_a_refund_by_script_is_shown_too(merchant):
    await merchant.play("name: back\nscheme: nagad\npayment: [unpaid, paid, refunded: {after: 1h}]")
    reference = await merchant.paid()
    await merchant.advance(3600)
    shown = await merchant.verify(reference)
    assert (shown["status"], merchant.balance()) == ("Cancelled", 0)
    assert shown["cancelIssuerDateTime"] == "2026-02-11 07:00:00.0"


async def test_a_merchant_that_has_spent_the_money_cannot_send_it_back(merchant):
    reference = await merchant.paid()
    merchant.world.ledger.post("nagad_merchant", "01400000001", "BDT", 50_00)
    assert reason(await merchant.cancel(reference, "60.00")) == (400, "InvalidPurchaseInformation")
    assert merchant.world.state(NAGAD).purchases[reference].refunds == []


async def test_refunds_outlive_a_snapshot(merchant):
    reference = await merchant.paid()
    first = await merchant.refunded(reference, "30.00")
    kept = (await merchant.client.get(f"{WORLD}/snapshot")).json()
    await merchant.client.post(f"{WORLD}/reset")
    await merchant.client.put(f"{WORLD}/snapshot", json=kept)
    assert (await merchant.refunded(reference, "30.00"), merchant.balance()) == (first, 70_00)
