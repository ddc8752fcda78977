"""Refunds and disputes: the money goes back once, and never more than came."""

import asyncio

import pytest
import stripe

from bakong_schemes.stripe.fake import disputes
from bakong_schemes.stripe.fake.scheme import STRIPE
from bakong_schemes.stripe.fake.view import View

DAY_S = 86_400


async def refund(shop, intent, **more):
    return await shop.sdk.refunds.create_async({"payment_intent": intent.id, **more})


async def charge_of(shop, intent):
    return await shop.sdk.charges.retrieve_async((await shop.now(intent)).latest_charge, {"expand": ["refunds"]})


async def test_refunds_in_part_until_nothing_is_left(shop):
    intent = await shop.intent()
    first = await refund(shop, intent, amount=500, reason="requested_by_customer", metadata={"why": "cold"})
    assert (first.status, first.amount, first.reason, first.metadata["why"]) == (
        *("succeeded", 500, "requested_by_customer", "cold"),
    )
    charge = await charge_of(shop, intent)
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await refund(shop, intent, amount=1501)
    said = "Refund amount ($15.01) is greater than unrefunded amount on charge ($15.00)"
    assert (raised.value.user_message, raised.value.code, raised.value.param) == (said, None, "amount")
    await refund(shop, intent)
    charge = await charge_of(shop, intent)
    assert (charge.amount_refunded, charge.refunded, [row.amount for row in charge.refunds.data]) == (
        *(2000, True, [1500, 500]),
    )
    with pytest.raises(stripe.InvalidRequestError, match="has already been refunded") as raised:
        await shop.sdk.refunds.create_async({"charge": charge.id})
    assert raised.value.code == "charge_already_refunded"


async def test_the_fee_is_not_given_back_and_the_merchants_bank_pays_it(shop):
    intent = await shop.intent()
    await shop.advance(3 * DAY_S)
    made = await refund(shop, intent, expand=["balance_transaction", "charge"])
    assert (made.balance_transaction.net, made.balance_transaction.status) == (-2000, "available")
    assert made.charge.refunded is True
    assert (await shop.sdk.balance.retrieve_async()).available[0].amount == -88
    shop.check_ledger()


async def test_a_refund_before_the_money_settled_waits_with_it(shop):
    intent = await shop.intent()
    await shop.advance(3)
    made = await refund(shop, intent, amount=1000, expand=["balance_transaction"])
    assert made.balance_transaction.status == "pending"
    await shop.advance(3 * DAY_S)
    balance = await shop.sdk.balance.retrieve_async()
    assert (balance.available[0].amount, balance.pending[0].amount) == (912, 0)
    assert [shop.held(f"stripe_{name}") for name in ("pending", "available", "fees")] == [0, 912, 88]


async def test_many_at_once_never_give_back_more_than_came(shop):
    intent = await shop.intent()
    answers = await asyncio.gather(*(refund(shop, intent, amount=300) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, stripe.Refund) for answer in answers) == 6
    assert (await charge_of(shop, intent)).amount_refunded == 1800


async def test_a_pending_refund_comes_later(shop):
    intent = await shop.intent(card="pm_card_pendingRefund")
    made = await refund(shop, intent)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert (await charge_of(shop, intent)).refunded is True
    await shop.advance(60)
    made = await shop.sdk.refunds.retrieve_async(made.id)
    assert made.status == "succeeded"
    assert (await shop.events())[-2:] == ["refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize("how", ["card", "script"])
async def test_a_refund_may_fail_later_and_the_money_is_the_merchants_again(shop, how):
    if how == "script":
        await shop.play("stripe-refund-fails")
    intent = await shop.intent(card="pm_card_refundFail" if how == "card" else "pm_card_visa")
    await shop.advance(3)
    made = await refund(shop, intent)
    assert (made.status, shop.held("stripe_pending")) == ("succeeded", 0)
    await shop.advance(60)
    made = await shop.sdk.refunds.retrieve_async(made.id, {"expand": ["failure_balance_transaction"]})
    assert (made.status, made.failure_reason) == ("failed", "expired_or_canceled_card")
    assert made.failure_balance_transaction.amount == 2000
    charge = await charge_of(shop, intent)
    assert (charge.refunded, charge.amount_refunded, shop.held("stripe_pending")) == (False, 0, 2000)
    assert (await shop.events())[-3:] == ["refund.failed", "refund.updated", "charge.refund.updated"]
    again = await refund(shop, intent, amount=1)
    assert again.status == "succeeded"


async def test_what_cannot_go_back(shop):
    unpaid = await shop.intent(card=None, confirm=False)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund") as raised:
        await refund(shop, unpaid)
    assert raised.value.param == "payment_intent"
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_none'") as raised:
        await shop.sdk.refunds.create_async({"payment_intent": "pi_none"})
    assert (raised.value.http_status, raised.value.param) == (400, "payment_intent")
    held = await shop.intent(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError):
        await refund(shop, held, amount=1)
    assert (await refund(shop, held)).status == "succeeded"
    assert (await shop.now(held)).status == "canceled"
    intent = await shop.intent()
    made = await refund(shop, intent)
    with pytest.raises(stripe.InvalidRequestError, match="requires_action"):
        await shop.sdk.refunds.cancel_async(made.id)
    changed = await shop.sdk.refunds.update_async(made.id, {"metadata": {"a": "1"}})
    assert changed.metadata["a"] == "1"


async def test_the_banks_reference_arrives_within_a_second(shop):
    intent = await shop.intent()
    made = await refund(shop, intent)
    assert made.destination_details.card.reference_status == "pending"
    await shop.advance(1)
    made = await shop.sdk.refunds.retrieve_async(made.id)
    assert made.destination_details.card.reference_status == "available"
    assert made.destination_details.card.reference
    told = ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"]
    assert [type_ for type_ in await shop.events() if "refund" in type_] == told


async def test_money_that_a_script_sends_back_is_a_refund_too(shop):
    await shop.play("refunded")
    intent = await shop.intent(card=None, confirm=False)
    await shop.advance(40 * DAY_S)
    charge = await charge_of(shop, intent)
    assert (charge.refunded, [row.amount for row in charge.refunds.data]) == (True, [2000])


# Disputes


async def disputed(shop, card="pm_card_createDispute"):
    intent = await shop.intent(card=card)
    await shop.advance(2)
    (dispute,) = (await shop.sdk.disputes.list_async({"payment_intent": intent.id})).data
    return intent, dispute


async def test_a_disputed_charge_withdraws_the_money_with_a_fee(shop):
    intent, dispute = await disputed(shop)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 2000)
    assert (dispute.id.startswith("du_"), dispute.balance_transactions[0].net) == (True, -3500)
    charge = await charge_of(shop, intent)
    assert (charge.disputed, shop.held("stripe_disputed"), shop.held("stripe_fees")) == (True, 2000, 1500)
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as raised:
        await refund(shop, intent)
    assert raised.value.code == "charge_disputed"
    told = [type_ for type_ in await shop.events() if "dispute" in type_]
    assert told == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.mark.parametrize(("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
async def test_evidence_decides(shop, evidence, status):
    intent, dispute = await disputed(shop)
    given = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    dispute = await shop.sdk.disputes.update_async(dispute.id, given)
    assert (dispute.status, dispute.evidence_details.submission_count) == ("under_review", 1)
    await shop.advance(1)
    dispute = await shop.sdk.disputes.retrieve_async(dispute.id, {"expand": ["charge"]})
    assert (dispute.status, dispute.charge.disputed, shop.held("stripe_disputed")) == (status, True, 0)
    told = (await shop.events())[-2:]
    assert told[-1] == ("charge.dispute.funds_reinstated" if status == "won" else "charge.dispute.closed")
    with pytest.raises(stripe.InvalidRequestError):
        await shop.sdk.disputes.update_async(dispute.id, given)
    settlement = shop.world.payments["stripe", intent.id].settlements[0]
    assert settlement.returned is (status == "lost")


async def test_a_dispute_that_is_accepted_or_forgotten_is_lost(shop):
    _, first = await disputed(shop)
    assert (await shop.sdk.disputes.close_async(first.id)).status == "lost"
    _, second = await disputed(shop, "pm_card_createDisputeProductNotReceived")
    assert second.reason == "product_not_received"
    await shop.advance(7 * DAY_S)
    second = await shop.sdk.disputes.retrieve_async(second.id)
    assert (second.status, second.evidence_details.past_due) == ("lost", True)


async def test_what_is_disputed_is_not_disputed_a_second_time(shop):
    intent, first = await disputed(shop)
    disputes.open_(View(shop.world, shop.world.state(STRIPE)), first.charge, "fraudulent")
    assert [one.id for one in (await shop.sdk.disputes.list_async({"payment_intent": intent.id})).data] == [first.id]
    assert (await shop.sdk.disputes.close_async(first.id)).status == "lost"
    disputes.open_(View(shop.world, shop.world.state(STRIPE)), first.charge, "fraudulent")
    assert len((await shop.sdk.disputes.list_async({"payment_intent": intent.id})).data) == 1


async def test_an_inquiry_becomes_a_chargeback_after_a_few_seconds(shop):
    intent, dispute = await disputed(shop, "pm_card_createDisputeInquiry")
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    await refund(shop, intent, amount=500)
    dispute = await shop.sdk.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": "here it is"}, "submit": True}
    )
    assert dispute.status == "warning_under_review"
    await shop.advance(4)
    dispute = await shop.sdk.disputes.retrieve_async(dispute.id)
    assert (dispute.status, dispute.amount, dispute.is_charge_refundable) == ("needs_response", 1500, False)


async def test_a_script_disputes_and_the_money_goes_back_a_month_later(shop):
    await shop.play("stripe-disputed")
    intent = await shop.intent()
    await shop.advance(3600)
    (dispute,) = (await shop.sdk.disputes.list_async({"payment_intent": intent.id})).data
    assert dispute.status == "needs_response"
    await shop.advance(31 * DAY_S)
    assert (await shop.sdk.disputes.retrieve_async(dispute.id)).status == "lost"
    assert shop.world.payments["stripe", intent.id].settlements[0].returned
