"""The scripts that bKash alone plays, each seen by a shop that executes, is told of, and asks."""

import httpx
import pytest

OK = "01300000001"


async def scripted(shop, name, **more):
    """A payment that follows a script by its invoice, and what the page sent the browser with."""
    made = await shop.create(merchantInvoiceNumber=f"SBX-{name}", **more)
    browser = await shop.client.post(made["bkashURL"], data={"action": "confirm"})
    return made, browser


@pytest.mark.parametrize(
    ("script", "status"), [("bkash-execute-hangs-paid", "Completed"), ("bkash-execute-hangs-unpaid", "Initiated")]
)
async def test_after_a_lost_answer_to_execute_a_query_tells(shop, script, status):
    made, _ = await scripted(shop, script)
    with pytest.raises(httpx.ReadTimeout):
        await shop.ask("execute", {"paymentID": made["paymentID"]})
    shown = await shop.query(made)
    assert (shown["transactionStatus"], shown["verificationStatus"]) == (status, "Complete")
    if status == "Initiated":
        await shop.execute(made)
    assert await shop.wallet(OK) == "99900.00"


async def test_a_callback_is_lost_comes_twice_or_lies(shop):
    made, browser = await scripted(shop, "bkash-callback-lost")
    assert (browser.status_code, "location" in browser.headers) == (200, False)
    assert (await shop.query(made))["verificationStatus"] == "Complete"
    made, browser = await scripted(shop, "bkash-callback-twice")
    assert browser.text.count(made["successCallbackURL"].replace("&", "&amp;")) == 2
    made = await shop.create(merchantInvoiceNumber="SBX-BKASH-CALLBACK-FORGED")
    browser = await shop.client.post(made["bkashURL"], data={"action": "cancel"})
    assert browser.headers["location"] == made["successCallbackURL"]
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2056"


async def test_a_refund_hangs_once_and_was_made(shop):
    made, _ = await scripted(shop, "bkash-refund-hangs")
    paid = await shop.execute(made)
    with pytest.raises(httpx.ReadTimeout):
        await shop.ask("payment/refund", shop.refund_body(paid, "40"))
    assert (await shop.query(made))["maxRefundableAmount"] == "60.00"


async def test_execute_says_completed_and_queries_do_not_for_an_hour(shop):
    made, _ = await scripted(shop, "bkash-query-disagrees")
    done = await shop.execute(made)
    assert (done["transactionStatus"], bool(done["trxID"])) == ("Completed", True)
    assert (await shop.query(made))["transactionStatus"] == "Initiated"
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2117"
    await shop.advance(3600)
    shop.token = None
    assert (await shop.query(made))["transactionStatus"] == "Completed"


async def test_the_ipn_comes_before_the_answer(shop):
    await shop.listen()
    made, _ = await scripted(shop, "bkash-webhook-first")
    with pytest.raises(httpx.ReadTimeout):
        await shop.ask("execute", {"paymentID": made["paymentID"]}, timeout=1)
    await shop.advance(0)
    assert [note["merchantInvoiceNumber"] for note in shop.notes()] == ["SBX-bkash-webhook-first"]


async def test_grants_are_blocked_for_an_hour(shop):
    await shop.play(shop.world.library.source("bkash-token-rule", "bkash"))
    assert (await shop.grant()).status_code == 429
    await shop.advance(3600)
    assert (await shop.grant()).status_code == 200


@pytest.mark.parametrize("status", [200, 503])
async def test_maintenance_is_a_code_in_the_body_under_the_status_of_the_switch(shop, status):
    await shop.set(maintenance_status=status)
    await shop.headers()
    await shop.play(shop.world.library.source("bkash-maintenance", "bkash"))
    made = await shop.create()
    await shop.advance(60)
    answer = await shop.ask("payment/status", {"paymentID": made["paymentID"]})
    assert (answer.status_code, answer.json()["statusCode"]) == (status, "503")
    await shop.advance(600)
    assert (await shop.query(made))["transactionStatus"] == "Initiated"


async def test_money_that_a_script_delays_is_pending_until_it_has_come(shop):
    await shop.play("name: d\nscheme: bkash\npayment: [unpaid, {paid: {after: 30s}}]")
    made = await shop.create()
    await shop.decide(made)
    for _ in range(2):
        assert (await shop.execute(made))["transactionStatus"] == "Pending"
    assert (await shop.query(made))["transactionStatus"] == "Initiated"
    await shop.advance(30)
    assert (await shop.query(made))["transactionStatus"] == "Completed"
    assert await shop.wallet(OK) == "99900.00"


async def test_another_amount_than_was_asked_is_told_as_it_came(shop):
    await shop.play("name: u\nscheme: bkash\npayment: [unpaid, {paid: {amount: 50%}}]")
    made = await shop.create("100")
    await shop.control("POST", "/payments", {"scheme": "bkash", "reference": made["paymentID"]})
    shown = await shop.query(made)
    assert (shown["transactionStatus"], shown["amount"]) == ("Completed", "50.00")


@pytest.mark.parametrize("family", ["checkout", "v2"])
async def test_a_scripted_refusal_comes_in_the_envelope_of_the_family(shop, family):
    await shop.headers()
    await shop.play("name: x\nscheme: bkash\nfaults: [{fault: refuse, as: processing-failed}]")
    if family == "checkout":
        answer = await shop.ask("payment/query/x", root="/bkash/v1.2.0-beta/checkout", method="GET")
        assert (answer.status_code, answer.json()["errorCode"]) == (200, "2003")
    else:
        answer = await shop.ask("query/payment", {"paymentId": "x"}, root="/bkash/v2/tokenized-checkout")
        assert (answer.status_code, answer.json()["externalCode"]) == (400, "2003")
