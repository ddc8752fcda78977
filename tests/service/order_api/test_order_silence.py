"""An order's payment whose end comes while its provider is silent: open until that has answered once after it."""

import pytest

from bakong_service.domain import polling
from tests.service.order_api.gateways import code, open_order_shop

MINUTE, HOUR = 60_000, 3_600_000
TTL_MS = 15 * MINUTE
TOLD = "SELECT event FROM webhook_notifications ORDER BY event"


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as opened:
        yield opened


async def silent_at_its_end(shop, provider="stripe"):
    """An order that is paid in its last second, of which the provider does not speak."""
    order, payment = await shop.paying(provider=provider, customerEmail="a@b.example")
    await shop.clock.advance(TTL_MS - 1_000)
    gateway = shop.gateways[provider]
    gateway.is_down = True
    gateway.pays(payment["providerReference"])
    return order, payment


async def seen(shop, order):
    standing = await shop.standing(order, refresh="true")
    return standing["orderStatus"], standing["payment"]["status"], await shop.rows(TOLD)


@pytest.mark.parametrize("provider", ["stripe", "paystack"])
async def test_it_is_neither_shown_nor_told_as_expired_and_its_money_is_found_unasked(shop, provider):
    order, payment = await silent_at_its_end(shop, provider)
    for wait_ms in (999, 1, 1, 59_999, MINUTE, HOUR):
        await shop.clock.advance(wait_ms)
        assert await seen(shop, order) == ("awaiting_payment", "processing", [])
    assert "payment.expired" not in await shop.events(payment["id"])
    shop.gateways[provider].is_down = False
    await shop.clock.advance(TTL_MS)
    assert await shop.rows(TOLD) == [("payment.completed",)]
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["late"]) == ("paid", False)


async def test_an_unpaid_one_expires_once_the_provider_is_back_and_is_closed_there(shop):
    order, payment = await shop.paying()
    shop.stripe.is_down = True
    await shop.clock.advance(TTL_MS + 2 * HOUR)
    shop.stripe.is_down = False
    await shop.clock.advance(TTL_MS)
    assert (await seen(shop, order))[:2] == ("open", "expired")
    assert shop.stripe.cancelled == [payment["providerReference"]]


async def test_what_was_paid_after_the_end_in_the_silence_is_late(shop):
    order, payment = await shop.paying()
    shop.stripe.is_down = True
    await shop.clock.advance(TTL_MS + 5 * MINUTE)
    shop.stripe.pays(payment["providerReference"])
    shop.stripe.is_down = False
    await shop.clock.advance(TTL_MS)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["late"]) == ("needs_review", True)


async def test_the_shop_may_check_out_beside_it_and_the_first_money_pays_the_order(shop):
    order, first = await silent_at_its_end(shop)
    await shop.clock.advance(MINUTE)
    answer = await shop.checkout(order, "paystack", customerEmail="a@b.example")
    second = answer.json()["data"]
    assert (answer.status_code, second["provider"]) == (201, "paystack")
    shop.stripe.is_down = False
    await shop.clock.advance(TTL_MS - MINUTE)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["id"], standing["payment"]["late"]) == (
        "paid",
        first["id"],
        False,
    )
    assert shop.paystack.pays(second["providerReference"])
    await shop.told(shop.paystack, "paid", second["providerReference"])
    await shop.clock.advance(MINUTE)
    assert "payment.duplicate" in await shop.events(second["id"])
    assert shop.paystack.refunded(shop.paystack.sessions[second["providerReference"]]) == 9_999


async def test_beside_it_there_is_no_checkout_once_the_orders_own_time_has_passed(shop):
    order = await shop.order(expiresInSeconds=1_200)
    await shop.paying(order)
    shop.stripe.is_down = True
    await shop.clock.advance(20 * MINUTE)
    assert code(await shop.checkout(order, "paystack", customerEmail="a@b.example")) == (409, "order_not_payable")
    assert (await seen(shop, order))[:2] == ("awaiting_payment", "processing")


async def test_with_its_order_every_payment_that_waits_is_cancelled(shop):
    order, first = await silent_at_its_end(shop)
    await shop.clock.advance(MINUTE)
    await shop.checkout(order, "paystack", customerEmail="a@b.example")
    assert (await shop.post(f"/orders/{order['id']}/cancel")).status_code == 200
    standing = await shop.standing(order)
    assert {one["status"] for one in (standing["payment"], *standing["payments"])} == {"cancelled"}
    shop.stripe.is_down = False
    await shop.clock.advance(TTL_MS)
    standing = await shop.standing(order)
    assert standing["orderStatus"] == "needs_review"
    assert "payment.late" in await shop.events(first["id"])


async def test_after_a_week_without_a_word_a_person_decides(shop, monkeypatch):
    """The week is cut to a day and an hour: longer than paid money is looked for after an end that was told."""
    assert polling.ORDER_UNANSWERED_MS == 7 * 24 * HOUR
    monkeypatch.setattr(polling, "ORDER_UNANSWERED_MS", 25 * HOUR)
    order, payment = await silent_at_its_end(shop)
    await shop.clock.advance(25 * HOUR)
    assert (await seen(shop, order))[:2] == ("awaiting_payment", "processing")
    await shop.clock.advance(HOUR)
    assert (await seen(shop, order))[:2] == ("needs_review", "expired")
    assert (await shop.events(payment["id"]))[-1] == "payment.expired"
    assert code(await shop.checkout(order)) == (409, "order_not_payable")
    shop.stripe.is_down = False
    await shop.told(shop.stripe, "paid", payment["providerReference"])
    await shop.clock.advance(MINUTE)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("needs_review", "completed")


async def test_the_worker_sleeps_through_the_silence(shop):
    await silent_at_its_end(shop)
    await shop.clock.advance(MINUTE)
    before, looked, write = len(shop.stripe.calls), 0, shop.core.store.write

    async def counted(work):
        nonlocal looked
        looked += 1
        return await write(work)

    shop.core.store.write = counted
    await shop.clock.advance(2 * HOUR)
    assert len(shop.stripe.calls) - before < 30
    assert looked < 150
