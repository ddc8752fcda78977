"""Refunds of orders: by lines, by an amount, whole; what races, what the provider does not answer."""

import asyncio
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakong_service.domain.errors import ShopInvalidError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, Refunded
from bakong_service.domain.refunds import Remaining, Returned, Terms, Wish, after
from bakong_service.domain.taxes import Line
from tests.service.riverpay import tell
from tests.service.thai_shop import ITEM, minor, open_thai_shop


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as opened:
        yield opened


async def test_all_that_is_left_is_given_back_and_nothing_more(shop):
    order, payment = await shop.paid_order()
    path = f"/payments/{payment['id']}/refund"
    part = await shop.post(path, {"amount": "70.00", "reason": "requested_by_customer", "note": "one is broken"})
    assert part.status_code == 201
    assert part.json()["data"]["amount"] == "70.00"
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["refundedAmount"]) == ("partially_refunded", "70.00")
    for body in ({"amount": "1000.01"}, {"amount": 1070}):
        answer = await shop.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_balance")
    rest = (await shop.client.post(f"/api/v1{path}")).json()["data"]  # no body: all that is left
    assert (rest["amount"], rest["status"], rest["paymentId"]) == ("1000.00", "completed", payment["id"])
    assert (await shop.standing(order))["orderStatus"] == "refunded"
    over = await shop.post(path)
    assert (over.status_code, over.json()["code"]) == (409, "refund_exceeds_balance")
    assert shop.bank.given_minor == 107000
    assert [one["amount"] for one in (await shop.standing(order))["refunds"]] == ["70.00", "1000.00"]


async def test_lines_are_given_back_and_taxes_are_computed_again_on_what_remains(shop):
    service = {"quantity": "2", "unitPrice": "600.00", "vatRate": "7", "withholdingRate": "3"}
    order, payment = await shop.paid_order(service, ITEM, buyer="company")
    assert (order["total"], order["payable"]) == ("2354.00", "2318.00")
    path = f"/payments/{payment['id']}/refund"
    one = (await shop.post(path, {"lines": [{"line": 0, "quantity": "1"}]})).json()["data"]
    assert one["amount"] == "606.00"  # of 600 with VAT 642; what is left, 600, bears no withholding tax any more
    second = (await shop.post(path, {"lines": [{"line": 1}]})).json()["data"]
    assert second["amount"] == "1070.00"
    assert (await shop.post(path)).json()["data"]["amount"] == "642.00"
    assert shop.bank.given_minor == 231800


async def test_what_cannot_be_given_back_is_refused_with_the_field(shop):
    _, payment = await shop.paid_order()
    path = f"/payments/{payment['id']}/refund"
    for body, field in (
        ({"amount": "0"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line": 1}]}, "lines"),
        ({"lines": [{"line": 0}, {"line": 0}]}, "lines"),
        ({"lines": [{"line": 0, "quantity": "2"}]}, "lines.0.quantity"),
        ({"lines": [{"line": 0}], "amount": "1"}, "lines"),
        ({"reason": "because"}, "reason"),
    ):
        answer = await shop.post(path, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), body
    unpaid = (await shop.checkout(await shop.order())).json()["data"]
    answer = await shop.post(f"/payments/{unpaid['id']}/refund")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_refundable")
    answer = await shop.post(f"/payments/pay_{'0' * 32}/refund")
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")
    assert shop.bank.given == {}


async def test_a_provider_that_gives_nothing_back_is_409(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage, refunds=False) as shop:
        _, payment = await shop.paid_order()
        answer = await shop.post(f"/payments/{payment['id']}/refund")
        assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_refundable")


async def test_refunds_at_once_never_give_back_more_than_was_captured(shop):
    order, payment = await shop.paid_order()
    path = f"/payments/{payment['id']}/refund"
    answers = await asyncio.gather(*(shop.post(path, {"amount": "400.00"}) for _ in range(6)), shop.post(path))
    codes = sorted(answer.status_code for answer in answers)
    assert shop.bank.given_minor <= 107000
    assert set(codes) == {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"refund_exceeds_balance"}
    await shop.post(path)
    assert shop.bank.given_minor == 107000
    assert (await shop.standing(order))["orderStatus"] == "refunded"


async def test_two_admins_who_give_all_back_at_once(shop):
    _, payment = await shop.paid_order()
    answers = await asyncio.gather(*(shop.post(f"/payments/{payment['id']}/refund") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert shop.bank.given_minor == 107000


async def test_one_key_gives_back_once_also_where_the_answer_was_lost(shop):
    order, payment = await shop.paid_order()
    path, body = f"/payments/{payment['id']}/refund", {"amount": "100.00"}
    shop.bank.refund_answer = NoAnswer("timeout")
    first, again = [await shop.post(path, body, **{"idempotency-key": "k"}) for _ in range(2)]
    assert (first.json()["data"]["status"], again.content) == ("pending", first.content)
    assert len(shop.bank.given) == 1
    shop.bank.refund_answer = None
    await shop.clock.advance(61_000)
    standing = await shop.standing(order)
    assert ([one["status"] for one in standing["refunds"]], len(shop.bank.given)) == (["completed"], 1)
    assert shop.bank.given_minor == 10000


async def test_a_refund_that_fails_frees_its_part(shop):
    order, payment = await shop.paid_order()
    path = f"/payments/{payment['id']}/refund"
    for answer in (Failed(), NoAnswer("refused")):
        shop.bank.refund_answer = answer
        assert (await shop.post(path)).json()["data"]["status"] == "failed"
    assert (await shop.standing(order))["orderStatus"] == "paid"
    shop.bank.given.clear()
    shop.bank.refund_answer = None
    assert (await shop.post(path)).json()["data"]["amount"] == "1070.00"
    events = [name for (name,) in await shop.rows("SELECT event FROM webhook_notifications")]
    assert sorted(events) == ["payment.completed", "refund.completed", "refund.failed", "refund.failed"]


async def test_a_refund_that_the_provider_made_by_itself_is_an_external_one_and_counted_once(shop):
    order, _ = await shop.paid_order()
    shop.bank.reports["riv_1"] = Refunded("re_dashboard", Money(30000, "THB"))
    for _ in range(2):
        await tell(shop.client, "riv_1")
        await shop.clock.advance(2_000)
    standing = await shop.standing(order)
    (one,) = standing["refunds"]
    assert (one["external"], one["amount"], one["status"]) == (True, "300.00", "completed")
    assert (standing["orderStatus"], standing["payment"]["refundedAmount"]) == ("partially_refunded", "300.00")
    (day,) = await shop.settlements()
    assert (day["refunds"], minor(day["net"])) == ("300.00", 75110)


async def test_our_own_refund_that_the_provider_tells_of_later_is_not_counted_again(shop):
    order, payment = await shop.paid_order()
    made = (await shop.post(f"/payments/{payment['id']}/refund", {"amount": "100.00"})).json()["data"]
    shop.bank.reports["riv_1"] = Refunded(made["providerReference"], Money(10000, "THB"))
    await tell(shop.client, "riv_1")
    await shop.clock.advance(2_000)
    assert len((await shop.standing(order))["refunds"]) == 1


RATES = st.sampled_from([None, *map(Decimal, ("0", "7"))])
LINES = st.lists(
    st.builds(
        Line,
        quantity=st.integers(1, 9).map(Decimal),
        unit_price_minor=st.integers(1, 1_000_000),
        vat_rate=RATES,
        withholding_rate=st.sampled_from([None, Decimal(3), Decimal(5)]),
        inclusive=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, company=st.booleans(), data=st.data())
def test_refunds_sum_to_what_was_paid_and_what_remains_never_falls_below_zero(lines, company, data):
    terms = Terms(company)
    remaining = Remaining(tuple(lines), terms.taxes(lines).payable_minor)
    paid, back = remaining.payable_minor, 0
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            wish = Wish((Returned(data.draw(st.integers(0, len(lines) - 1))),))
        else:
            wish = Wish(amount_minor=data.draw(st.integers(1, max(paid, 1))))
        try:
            left = after(remaining, wish, terms)
        except ShopInvalidError:
            continue
        assert 0 <= left.payable_minor <= remaining.payable_minor
        back += remaining.payable_minor - left.payable_minor
        remaining = left
    last = after(remaining, Wish(), terms)
    assert (last.payable_minor, back + remaining.payable_minor) == (0, paid)
    assert terms.taxes(last.lines).total_minor == 0


@settings(max_examples=150, deadline=None)
@given(lines=LINES, share=st.fractions(0, 1))
def test_an_amount_leaves_lines_that_come_to_what_is_left_without_withholding(lines, share):
    terms = Terms()
    paid = terms.taxes(lines).payable_minor
    amount = int(Fraction(paid) * share)
    if not 0 < amount < paid:
        return
    left = after(Remaining(tuple(lines), paid), Wish(amount_minor=amount), terms)
    assert terms.taxes(left.lines).payable_minor == left.payable_minor == paid - amount
