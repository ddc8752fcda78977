"""Orders are paid: checkout, its races and its failures, and whatever a provider may say of a payment."""

import asyncio
import itertools

import pytest

from bakong_service.domain.orders import LatePolicy
from bakong_service.domain.payments import Failed, NotFound
from bakong_service.usecases.ask_provider import ask
from tests.service.riverpay import NAME, tell
from tests.service.test_faults import rows
from tests.service.thai_shop import open_thai_shop, silent

TTL_MS = 900_000


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as opened:
        yield opened


async def problem(answer):
    return answer.status_code, answer.json()["code"]


async def test_an_order_is_checked_out_once_and_its_open_payment_comes_again(shop):
    order = await shop.order()
    first = await shop.checkout(order)
    again = await shop.checkout(order, method="RIVERPAY")
    assert (first.status_code, again.status_code) == (201, 200)
    made = first.json()["data"]
    assert again.json()["data"] == made
    assert made["id"].startswith("pay_")
    assert made == {
        "id": made["id"],
        "orderId": order["id"],
        "amount": "1070.00",
        "currency": "THB",
        "status": "processing",
        "provider": "RIVERPAY",
        "methodId": made["methodId"],
        "checkoutUrl": "https://pay.river.test/riv_1",
        "handoff": {"kind": "redirect", "url": "https://pay.river.test/riv_1"},
        "providerReference": "riv_1",
        "expiresAt": "2026-02-11T00:15:00.000Z",
    }
    assert (await shop.standing(order))["orderStatus"] == "awaiting_payment"
    shop.bank.pays("riv_1", 107000)
    await shop.clock.advance(3_000)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("paid", "completed")
    assert await problem(await shop.checkout(order)) == (409, "order_not_payable")
    events = [name for (name,) in await shop.rows("SELECT event FROM webhook_notifications")]
    assert events == ["payment.completed"]


async def test_checkouts_at_once_make_one_payment_and_give_all_the_same(shop):
    order = await shop.order()
    answers = await asyncio.gather(*(shop.checkout(order) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({str(answer.json()["data"]) for answer in answers}) == 1
    assert len(shop.bank.asked_to_make) == 1


async def test_two_processes_that_check_out_at_once_make_one_payment(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as one:
        url = storage.get("database_url") or f"sqlite:///{tmp_path / 'house.db'}"
        async with open_thai_shop(tmp_path / "b", {"database_url": url}, has_method=False) as other:
            order = await one.order()
            answers = await asyncio.gather(*(shop.checkout(order) for _ in range(4) for shop in (one, other)))
            assert {answer.json()["data"]["id"] for answer in answers if answer.status_code < 300}
            assert len({answer.json()["data"]["id"] for answer in answers}) == 1
            assert await one.rows("SELECT count(*) FROM order_payments") == [(1,)]


async def test_another_method_or_currency_than_that_of_the_open_payment_is_refused(shop):
    other = await shop.method(provider="RIVERPAY", name="Second", priority=9)
    order = await shop.order()
    await shop.checkout(order)
    assert await problem(await shop.checkout(order, method=other["id"])) == (409, "payment_open_elsewhere")
    assert await problem(await shop.checkout(order, currency="USD")) == (422, "currency_mismatch")
    missing = {"id": "019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70", "currency": "THB"}
    assert await problem(await shop.checkout(missing)) == (404, "order_not_found")


async def test_the_row_is_written_before_the_provider_is_asked_and_made_again_with_the_same_key(shop):
    order = await shop.order()
    shop.bank.made = silent()
    answer = await shop.checkout(order)
    assert await problem(answer) == (504, "provider_timeout")
    ((payment_id,),) = await shop.rows("SELECT id FROM payment_transactions")
    assert payment_id in answer.json()["detail"]
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("awaiting_payment", "pending")
    shop.bank.made = None
    made = (await shop.checkout(order)).json()["data"]
    assert (made["id"], made["status"]) == (payment_id, "processing")
    assert {checkout.payment_id for checkout in shop.bank.asked_to_make} == {payment_id}
    assert {checkout.method for checkout in shop.bank.asked_to_make} == {"RIVERPAY"}


async def test_what_no_caller_repeats_the_worker_makes_again(shop):
    order = await shop.order()
    shop.bank.made = silent()
    await shop.checkout(order)
    shop.bank.made = None
    await shop.clock.advance(61_000)
    assert (await shop.standing(order))["payment"]["status"] == "processing"
    shop.bank.pays("riv_1", 107000)
    await shop.clock.advance(60_000)
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_one_that_is_never_made_expires_and_makes_room(shop):
    order = await shop.order()
    shop.bank.made = silent("unreachable")
    assert await problem(await shop.checkout(order)) == (503, "provider_unavailable")
    await shop.clock.advance(TTL_MS + 60_000)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("open", "expired")
    assert shop.bank.asked == []
    shop.bank.made = None
    assert (await shop.checkout(order)).status_code == 201


@pytest.mark.parametrize(
    ("why", "expected"), [("refused", (502, "provider_error")), ("declined", (402, "payment_failed"))]
)
async def test_a_refusal_for_good_fails_the_payment_and_the_order_is_open_again(shop, why, expected):
    order = await shop.order()
    shop.bank.made = silent(why)
    assert await problem(await shop.checkout(order)) == expected
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("open", "failed")
    shop.bank.made = None
    assert (await shop.checkout(order)).status_code == 201
    assert [one["status"] for one in (await shop.standing(order))["payments"]] == ["failed"]


async def test_a_key_that_comes_again_is_answered_the_same_also_after_a_failure(shop):
    order = await shop.order()
    path, body = f"/orders/{order['id']}/checkout", {"currency": "THB"}
    shop.bank.made = silent()
    assert (await shop.post(path, body, **{"idempotency-key": "k"})).status_code == 504
    shop.bank.made = None
    first, again = [await shop.post(path, body, **{"idempotency-key": "k"}) for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_payment_expires_and_the_order_can_be_paid_again(shop):
    order = await shop.order()
    await shop.checkout(order)
    await shop.clock.advance(TTL_MS)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("open", "expired")
    second = await shop.checkout(order)
    assert (second.status_code, second.json()["data"]["providerReference"]) == (201, "riv_2")


async def test_an_order_whose_own_time_has_passed_is_not_payable(shop):
    order = await shop.order(expiresInSeconds=60)
    await shop.clock.advance(59_999)
    assert (await shop.get(f"/orders/{order['id']}")).json()["data"]["status"] == "open"
    await shop.clock.advance(1)
    assert (await shop.get(f"/orders/{order['id']}")).json()["data"]["status"] == "expired"
    assert await problem(await shop.checkout(order)) == (409, "order_not_payable")


LATE = [(LatePolicy.REVIEW, "needs_review"), (LatePolicy.ACCEPT, "paid"), (LatePolicy.REFUND, "refunded")]


@pytest.mark.parametrize(("policy", "status"), LATE, ids=str)
async def test_a_late_payment_is_never_dropped_and_the_policy_decides(tmp_path, storage, policy, status):
    async with open_thai_shop(tmp_path, storage, late_payment=policy) as shop:
        order = await shop.order()
        await shop.checkout(order)
        await shop.clock.advance(TTL_MS)
        shop.bank.pays("riv_1", 107000)
        await tell(shop.client, "riv_1")
        await shop.clock.advance(2_000)
        standing = await shop.standing(order)
        assert (standing["orderStatus"], standing["payment"]["status"]) == (status, "completed")
        assert standing["payment"]["late"] is True
        assert shop.bank.given_minor == (107000 if policy is LatePolicy.REFUND else 0)
        assert ("payment.late",) in await shop.rows("SELECT event FROM webhook_notifications")


@pytest.mark.parametrize("wrong", [{"minor": 106999}, {"minor": 107001}, {"minor": 107000, "currency": "USD"}], ids=str)
async def test_an_amount_that_differs_by_a_satang_completes_nothing(shop, wrong):
    order = await shop.order()
    await shop.checkout(order)
    shop.bank.pays("riv_1", **wrong)
    standing = await shop.standing(order, refresh="true")
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("needs_review", "needs_review")
    assert standing["payment"]["failureCode"] == "amount_mismatch"
    await shop.clock.advance(TTL_MS)
    assert (await shop.standing(order))["orderStatus"] == "needs_review"
    assert await problem(await shop.checkout(order)) == (409, "order_not_payable")
    assert await shop.settlements() == []


async def test_an_order_that_two_payments_pay_keeps_the_first_and_the_second_is_given_back(shop):
    order = await shop.order()
    await shop.checkout(order)
    await shop.clock.advance(TTL_MS)
    await shop.checkout(order)
    shop.bank.pays("riv_2", 107000)
    await shop.clock.advance(3_000)
    shop.bank.pays("riv_1", 107000)
    await tell(shop.client, "riv_1")
    await shop.clock.advance(3_000)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["providerReference"]) == ("paid", "riv_2")
    (other,) = standing["payments"]
    assert (other["status"], other["flag"], other["refundedAmount"]) == ("completed", "duplicate_payment", "1070.00")
    assert shop.bank.given_minor == 107000
    (day,) = await shop.settlements()
    assert (day["gross"], day["refunds"]) == ("2140.00", "1070.00")


async def test_a_payment_that_the_provider_fails_makes_room(shop):
    order = await shop.order()
    await shop.checkout(order)
    shop.bank.reports["riv_1"] = Failed()
    standing = await shop.standing(order, refresh="true")
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("open", "failed")


async def test_refresh_asks_the_provider_once_in_5_seconds(shop):
    order = await shop.order()
    await shop.checkout(order)
    shop.bank.default = NotFound()
    for _ in range(5):
        await shop.standing(order, refresh="true")
    assert len(shop.bank.asked) == 1
    await shop.standing(order)
    await shop.clock.advance(1_000)
    assert len(shop.bank.asked) == 1


async def test_webhooks_and_polls_together_complete_it_once(shop):
    order = await shop.order()
    made = (await shop.checkout(order)).json()["data"]
    shop.bank.pays("riv_1", 107000)
    payment = await shop.core.store.read(lambda records: records.payment_by_id(made["id"]))
    told = (tell(shop.client, "riv_1", name=NAME) for _ in range(10))
    asked = (ask(shop.core, [payment]) for _ in range(10))
    await asyncio.gather(*itertools.chain(told, asked, (shop.standing(order, refresh="true") for _ in range(5))))
    await shop.clock.advance(3_000)
    assert await rows(shop, "SELECT count(*) FROM settlement_entries") == [(1,)]
    assert await shop.rows("SELECT event FROM webhook_notifications") == [("payment.completed",)]
    (day,) = await shop.settlements()
    assert (day["gross"], day["fee"], day["feeVat"], day["net"]) == ("1070.00", "17.66", "1.24", "1051.10")
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_the_paths_of_plans_know_no_payment_of_an_order(shop):
    order = await shop.order()
    made = (await shop.checkout(order)).json()["data"]
    for user in (f"order/{order['id']}", "main-backend", order["id"]):
        history = await shop.client.get("/api/payments/history", params={"userId": user})
        assert history.json()["data"]["items"] == []
    assert (await shop.client.get(f"/api/payments/{made['id']}")).status_code == 404
    hidden = await shop.client.get("/api/payments/history", params={"userId": f"\x1forder/{order['id']}"})
    assert hidden.status_code == 422
