"""Refunds of the fake bKash: parts, limits, words of v1 and v2, status, and the one that hangs."""

import httpx
import pytest

from tests.schemes.bkash.conftest import V2

OK = "01300000001"


def v2_body(paid, amount):
    named = {"paymentId": paid["paymentID"], "trxId": paid["trxID"]}
    return named | {"refundAmount": amount, "sku": "S-1", "reason": "returned"}


async def v2_status(shop, paid):
    return await shop.ok("refund/payment/status", {"paymentId": paid["paymentID"], "trxId": paid["trxID"]}, root=V2)


async def test_a_refund_goes_back_in_parts_and_never_more_than_was_paid(shop):
    paid = await shop.paid("100.00")
    first = await shop.refund(paid, "30")
    assert list(first) == [
        *("completedTime", "transactionStatus", "originalTrxID", "refundTrxID", "amount", "currency", "charge"),
        *("statusCode", "statusMessage"),
    ]
    assert (first["amount"], first["charge"], first["originalTrxID"]) == ("30.00", "0.00", paid["trxID"])
    assert first["refundTrxID"][:3] == "DBB" != paid["trxID"]
    assert (await shop.query(paid))["maxRefundableAmount"] == "70.00"
    assert await shop.refused("payment/refund", shop.refund_body(paid, "70.01")) == "2026"
    await shop.refund(paid, "70.00")
    assert await shop.refused("payment/refund", shop.refund_body(paid, "0.01")) == "2026"
    assert await shop.wallet(OK) == "100000.00"


async def test_the_eleventh_refund_is_refused(shop):
    paid = await shop.paid("100.00")
    for _ in range(10):
        await shop.refund(paid, "1")
    assert await shop.refused("payment/refund", shop.refund_body(paid, "1")) == "2034"
    assert await shop.refused("refund/payment/transaction", v2_body(paid, "1"), root=V2) == "2074"
    assert await shop.wallet(OK) == "99910.00"


async def test_one_refund_is_enough_where_the_switch_says_so(shop):
    await shop.set(refund_once=True)
    paid = await shop.paid("100.00")
    await shop.refund(paid, "1")
    assert await shop.refused("payment/refund", shop.refund_body(paid, "1")) == "2034"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(({"sku": ""}, "2073"), ({"reason": " "}, "2078"), ({"sku": "x" * 256}, "2075")),
        *(({"reason": "x" * 256}, "2076"), ({"amount": "0"}, "2006"), ({"amount": "1.001"}, "2006")),
        *(({"trxID": "DBB0000000"}, "2033"), ({"paymentID": "none"}, "2002"), ({"trxID": ""}, "2065")),
        ({"sku": ["x"]}, "2073"),
    ],
)
async def test_a_refund_with_a_wrong_field_has_its_code_and_moves_nothing(shop, change, code):
    paid = await shop.paid()
    assert await shop.refused("payment/refund", shop.refund_body(paid, "1") | change) == code
    assert await shop.wallet(OK) == "99900.00"


async def test_what_was_not_paid_is_not_refunded(shop):
    made = await shop.create() | {"trxID": "DBB0000000"}
    assert await shop.refused("payment/refund", shop.refund_body(made, "1")) == "2056"
    assert await shop.refused("refund/payment/transaction", v2_body(made, "1"), root=V2) == "2127"


@pytest.mark.parametrize("days", [15, 60])
async def test_the_refund_period_is_a_switch(shop, days):
    await shop.set(refund_days=days)
    paid = await shop.paid()
    await shop.advance(days * 86_400)
    shop.token = None
    await shop.refund(paid, "1")
    await shop.advance(1)
    assert await shop.refused("payment/refund", shop.refund_body(paid, "1")) == "2071"


async def test_status_of_v1_shows_one_refund_and_an_unrefunded_payment_as_an_unknown_one(shop):
    paid = await shop.paid()
    named = {"paymentID": paid["paymentID"], "trxID": paid["trxID"]}
    assert await shop.refused("payment/refund", named) == "2002"
    first, last = await shop.refund(paid, "1"), await shop.refund(paid, "2")
    assert await shop.ok("payment/refund", named) == last
    assert await shop.ok("payment/refund/status", named) == last
    await shop.set(refund_status_shows="first")
    assert await shop.ok("payment/refund", named) == first


async def test_v2_refunds_and_lists_all_oldest_first(shop):
    paid = await shop.paid("599.00")
    assert (await v2_status(shop, paid))["refundTransactions"] == []
    made = await shop.ok("refund/payment/transaction", v2_body(paid, "99"), root=V2)
    assert list(made) == [
        *("originalTrxId", "refundTrxId", "refundTransactionStatus", "originalTrxAmount", "refundAmount", "currency"),
        *("completedTime", "sku", "reason"),
    ]
    assert (made["refundAmount"], made["originalTrxAmount"]) == ("99.00", "599.00")
    assert made["completedTime"] == "2026-02-11T06:00:00:000"
    await shop.refund(paid, "1")
    shown = await v2_status(shop, paid)
    assert list(shown) == ["originalTrxId", "originalTrxAmount", "originalTrxCompletedTime", "refundTransactions"]
    assert [row["refundAmount"] for row in shown["refundTransactions"]] == ["99.00", "1.00"]
    answer = await shop.ask("refund/payment/transaction", v2_body(paid, "500"), root=V2)
    assert (answer.status_code, answer.json()["internalCode"]) == (400, "refund_amount_exceed_payment_amount")


async def test_a_refund_that_hangs_was_made_and_is_shown(shop):
    paid = await shop.paid("50", wallet="01300000020")
    with pytest.raises(httpx.ReadTimeout):
        await shop.ask("payment/refund", shop.refund_body(paid, "20"))
    assert [row["refundAmount"] for row in (await v2_status(shop, paid))["refundTransactions"]] == ["20.00"]
    await shop.refund(paid, "30")
    assert await shop.wallet("01300000020") == "100000.00"


async def test_a_wallet_may_have_its_refunds_refused(shop):
    paid = await shop.paid("50", wallet="01300000021")
    assert await shop.refused("payment/refund", shop.refund_body(paid, "20")) == "2035"
    assert await shop.refused("refund/payment/transaction", v2_body(paid, "20"), root=V2) == "2074"


async def test_a_merchant_without_money_cannot_refund(shop):
    paid = await shop.paid("50")
    shop.world.ledger.post("bkash_merchant", "bkash_issuer", "BDT", 1)
    assert await shop.refused("payment/refund", shop.refund_body(paid, "50")) == "2023"
    assert await shop.refused("payment/refund", {"paymentID": paid["paymentID"], "trxID": paid["trxID"]}) == "2002"


async def test_a_refund_by_a_script_is_shown_as_one(shop):
    await shop.play("name: r\nscheme: bkash\npayment: [unpaid, {paid: {for: 5s}}, refunded]")
    paid = await shop.paid("50")
    await shop.advance(5)
    assert [row["refundAmount"] for row in (await v2_status(shop, paid))["refundTransactions"]] == ["50.00"]
