"""Escrow over the sandbox's own bKash and Nagad: money that moves once, whatever is lost, and two books that agree."""

import asyncio
from dataclasses import replace

import pytest

from bakong_service.domain.orders import LatePolicy
from tests.service.escrow.books import Laws
from tests.service.escrow.care import ADMIN, HOUR_MS, MINUTE_MS
from tests.service.escrow.fakes import open_real

METHODS = ("BKASH", "NAGAD")
DAY_MS = 24 * HOUR_MS


@pytest.fixture
async def real(tmp_path):
    async with open_real(tmp_path) as opened:
        yield opened


@pytest.fixture
async def books(real):
    """Checked when the test has ended: the laws hold, and our books are the fakes'."""
    laws = Laws()
    yield laws
    real.wire.down.clear()
    await laws.check_settled(real)


# Pay, hold, refund, release


@pytest.mark.parametrize("method", METHODS)
async def test_a_job_is_paid_held_refunded_in_part_and_released(real, books, method):
    payment = await real.held(1, method)
    gateway = real.gateway(payment)
    assert gateway.balance == 1_500_000
    await real.refund(payment, 3000)
    await real.refund(payment, 1000)
    await real.settled()
    assert await real.refunds(payment) == [(3000, "COMPLETED"), (1000, "COMPLETED")]
    assert gateway.balance == 1_100_000
    released = (await real.release(payment)).json()["data"]
    assert (released["netAmount"], released["releasedTo"]["agency"]["amount"]) == (10450.0, 9900.0)
    assert (await real.refund(payment, 1)).json()["code"] == "escrow_released"
    assert await real.balances() == {
        "gateway_clearing": 1_100_000,
        "platform_fee": -55_000,
        "agency_payable": -990_000,
        "caregiver_payable": -55_000,
    }
    assert await real.reconciled() == []


@pytest.mark.parametrize("method", METHODS)
async def test_all_of_it_goes_back(real, books, method):
    payment = await real.held(1, method)
    await real.refund(payment)
    await real.settled()
    assert await real.states(payment) == ("REFUNDED", "REFUNDED")
    assert (real.gateway(payment).balance, await real.balances()) == (0, {})


async def test_ten_refunds_of_one_payment_by_bkash(real, books):
    payment = await real.held()
    for _ in range(10):
        assert (await real.refund(payment, 10)).status_code == 201
    await real.settled()
    assert await real.refunds(payment) == [(10, "COMPLETED")] * 10
    assert real.bkash.balance == 1_490_000
    assert (await real.refund(payment, 10)).json()["code"] == "refund_limit_reached"


@pytest.mark.parametrize("wallet", ["poor", "blocked"])
async def test_a_wallet_that_cannot_pay_fails_the_payment(real, books, wallet):
    payment, reference = await real.open(wallet=wallet)
    await real.conclude(payment, reference)
    assert await real.states(payment) == ("FAILED", "VOID")
    assert real.bkash.balance == 0


# bKash: a query before any repeat


async def test_an_execute_whose_answer_hangs_is_asked_about_and_not_repeated(real, books):
    payment, reference = await real.open(wallet="hangpaid")
    answer = await real.conclude(payment, reference)
    assert answer.json()["data"]["status"] in ("COMPLETED", "PROCESSING")
    await real.clock.advance(MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")
    assert (real.bkash.count("execute"), real.bkash.balance) == (1, 1_500_000)


async def test_where_the_query_is_silent_too_the_payment_is_processing_until_it_answers(real, books):
    payment, reference = await real.open(wallet="hangpaid")
    real.wire.down_after["/execute"] = "payment/status"
    answer = await real.conclude(payment, reference)
    assert answer.json()["data"]["status"] == "PROCESSING"
    await real.clock.advance(20 * MINUTE_MS)
    assert await real.states(payment) == ("PROCESSING", "AWAITING_FUNDS")  # past the payment's end
    real.wire.down.clear()
    await real.clock.advance(MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")
    assert real.bkash.count("execute") == 1


@pytest.mark.parametrize("wallet", ["hangunpaid", "maintenance"])
async def test_an_execute_that_moved_nothing_is_repeated_after_a_query(real, books, wallet):
    payment, reference = await real.open(wallet=wallet)
    await real.conclude(payment, reference)
    await real.clock.advance(2 * MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")
    order = real.bkash.order("execute", "query")
    assert order.count("execute") == 2
    first = order.index("execute")
    assert order[first + 1] == "query", order  # between the first execute and the second one
    assert real.bkash.balance == 1_500_000


async def test_ten_executes_at_once_move_the_money_once(real, books):
    payment, reference = await real.open()
    answers = await asyncio.gather(*(real.conclude(payment, reference) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["trxID"] for answer in answers}) == 1
    assert real.bkash.count("execute") == 1


async def test_execute_says_success_and_queries_say_otherwise(real, books):
    """Execute's own word is bKash's: the money moved. A query that denies it takes nothing back, and is named."""
    real.play("bkash-query-disagrees")
    payment, reference = await real.open()
    await real.conclude(payment, reference)
    await real.clock.advance(MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")
    assert real.bkash.count("execute") == 1
    assert ("capture", "15000.00", "0.00") in await real.reconciled()
    await real.clock.advance(2 * HOUR_MS)
    assert await real.reconciled() == []


async def test_an_approval_after_the_end_takes_no_money(real, books):
    payment = await real.made()
    reference = await real.attempt(payment)
    await real.clock.advance(15 * MINUTE_MS)
    real.bkash.approve(reference)
    assert (await real.conclude(payment, reference)).json()["code"] == "payment_expired"
    await real.clock.advance(10 * MINUTE_MS)
    assert (await real.states(payment))[0] == "FAILED"
    assert (real.bkash.count("execute"), real.bkash.balance) == (0, 0)


# Nagad: money that moves at the page


@pytest.mark.parametrize(("wallet", "minutes"), [("ok", 1), ("lost", 1), ("slow", 7)])
async def test_a_payer_who_never_comes_back_has_paid(real, books, wallet, minutes):
    payment, _ = await real.open(method="NAGAD", wallet=wallet)
    await real.clock.advance(minutes * MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")


@pytest.mark.parametrize(
    ("policy", "ends", "left"), [(LatePolicy.REFUND, "REFUNDED", 0), (LatePolicy.ACCEPT, "COMPLETED", 1_500_000)]
)
async def test_late_money_is_never_lost(tmp_path, policy, ends, left):
    async with open_real(tmp_path, late_payment=policy) as real:
        payment, reference = await real.open(method="NAGAD", wallet="late")
        await real.clock.advance(16 * MINUTE_MS)
        assert (await real.states(payment))[0] in ("FAILED", "PROCESSING", "PENDING")
        await real.clock.advance(5 * MINUTE_MS)
        await real.conclude(payment, reference)
        await real.clock.advance(MINUTE_MS)
        seen = await real.seen(payment)
        assert (seen["status"], seen["late"], real.nagad.balance) == (ends, True, left)
        await Laws().check_settled(real)


async def test_late_money_of_which_nobody_hears_is_found_by_the_reconciliation(real, books):
    payment, _ = await real.open(method="NAGAD", wallet="late")
    await real.clock.advance(12 * HOUR_MS)
    assert await real.reconciled() == []
    await real.clock.advance(MINUTE_MS)
    seen = await real.seen(payment)
    assert (seen["status"], seen["late"], real.nagad.balance) == ("REFUNDED", True, 0)


@pytest.mark.parametrize("action", ["wrongpin", "cancel"])
async def test_what_was_not_paid_at_the_page_is_not_paid(real, books, action):
    payment = await real.made(method="NAGAD")
    reference = await real.attempt(payment)
    real.nagad.approve(reference, *(("ok", "cancel") if action == "cancel" else (action,)))
    await real.conclude(payment, reference)
    assert (await real.states(payment))[1] != "HELD"
    assert real.nagad.balance == 0


# Callbacks are hints


@pytest.mark.parametrize("method", METHODS)
async def test_a_callback_that_comes_twice_changes_nothing_more(real, books, method):
    payment, reference = await real.open(1, method)
    for _ in range(3):
        assert (await real.come_back(payment, reference)).status_code == 200
    assert await real.states(payment) == ("COMPLETED", "HELD")
    assert real.gateway(payment).balance == 1_500_000
    assert [name for name in await real.events() if name == "payment.completed"] == ["payment.completed"]


@pytest.mark.parametrize("method", METHODS)
async def test_a_forged_callback_pays_nothing(real, books, method):
    payment = await real.made(method=method)
    reference = await real.attempt(payment)
    answer = await real.come_back(payment, reference)
    assert answer.status_code == 200
    assert await real.states(payment) == ("PENDING", "AWAITING_FUNDS")
    assert (await real.come_back(payment, "TR0011" + "A" * 14)).status_code == 404


@pytest.mark.parametrize("method", METHODS)
async def test_a_forged_cancel_does_not_undo_a_payment(real, books, method):
    payment, reference = await real.open(1, method)
    await real.conclude(payment, reference)
    await real.come_back(payment, reference, "cancel")
    assert await real.states(payment) == ("COMPLETED", "HELD")


async def test_a_callback_that_is_lost_leaves_bkash_unpaid_and_the_payer_may_try_again(real, books):
    payment, reference = await real.open()
    await real.clock.advance(5 * MINUTE_MS)
    assert await real.states(payment) == ("PENDING", "AWAITING_FUNDS")
    assert real.bkash.count("execute") == 0
    await real.come_back(payment, reference)
    assert await real.states(payment) == ("COMPLETED", "HELD")


async def test_two_attempts_that_are_both_paid_are_one_payment_and_a_refund(real, books):
    payment = await real.made(method="NAGAD")
    for reference in (await real.attempt(payment), await real.attempt(payment)):
        real.nagad.approve(reference)
        await real.conclude(payment, reference)
    await real.clock.advance(MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "HELD")
    assert real.nagad.balance == 1_500_000


# Refunds


@pytest.mark.parametrize(
    ("method", "wallet", "operation"), [("BKASH", "refundhang", "refund"), ("NAGAD", "cancelhang", "cancel")]
)
async def test_a_refund_that_hangs_after_the_money_moved_is_found_and_not_repeated(
    real, books, method, wallet, operation
):
    payment = await real.held(1, method, wallet)
    await real.refund(payment, 5000)
    await real.refund(payment, 5000)
    await real.clock.advance(5 * MINUTE_MS)
    assert await real.refunds(payment) == [(5000, "COMPLETED")] * 2
    assert real.gateway(payment).balance == 500_000
    assert real.gateway(payment).count(operation) == 2


@pytest.mark.parametrize(("method", "path"), [("BKASH", "refund/payment/transaction"), ("NAGAD", "purchase/cancel")])
async def test_a_refund_that_never_left_is_repeated(real, books, method, path):
    payment = await real.held(1, method)
    real.wire.down.add(path)
    await real.refund(payment, 5000)
    await real.clock.advance(10 * MINUTE_MS)
    assert await real.refunds(payment) == [(5000, "PROCESSING")]
    assert (await real.release(payment)).json()["code"] == "refund_in_progress"
    real.wire.down.clear()
    await real.clock.advance(3 * MINUTE_MS)
    assert await real.refunds(payment) == [(5000, "COMPLETED")]
    assert real.gateway(payment).balance == 1_000_000


@pytest.mark.parametrize("method", METHODS)
async def test_a_restart_between_two_equal_refunds_holds_up_neither(tmp_path, method):
    async with open_real(tmp_path) as real:
        payment = await real.held(1, method)
        await real.refund(payment, 5000)
        await real.settled()
        worlds, now_ms = real.worlds, real.clock.now_ms()
    async with open_real(tmp_path, worlds=worlds, at_ms=now_ms) as real:
        await real.refund(payment, 5000)
        await real.clock.advance(2 * MINUTE_MS)
        assert await real.refunds(payment) == [(5000, "COMPLETED")] * 2
        assert real.gateway(payment).balance == 500_000
        await Laws().check_settled(real)


async def test_a_refused_refund_gives_its_part_back(real, books):
    payment = await real.held(wallet="refundrefused")
    await real.refund(payment, 5000)
    await real.settled()
    assert await real.refunds(payment) == [(5000, "FAILED")]
    assert (real.bkash.balance, await real.states(payment)) == (1_500_000, ("COMPLETED", "HELD"))


async def test_what_bkash_charges_for_a_refund_is_a_cost_of_ours(real):
    _set_charge(real, "5.50")
    payment = await real.held()
    await real.refund(payment, 5000)
    await real.settled()
    balances = await real.balances()
    assert (balances["gateway_fees"], balances["gateway_clearing"]) == (550, 999_450)
    assert real.bkash.balance == 999_450
    assert (await real.seen(payment))["escrow"]["amount"] == 10000.0
    assert await real.reconciled() == []


async def test_the_charge_of_a_refund_whose_answer_was_lost_is_found_too(real):
    _set_charge(real, "5.50")
    payment = await real.held(wallet="refundhang")
    await real.refund(payment, 5000)
    await real.clock.advance(2 * MINUTE_MS)
    assert (await real.balances())["gateway_fees"] == 550
    assert real.bkash.balance == 999_450


def _set_charge(real, text):
    from bakong_schemes.bkash.fake.control import Setting, Settings, change

    change(Settings(settings=Setting(refund_charge=text)))(real.bkash.world)


# Two books


async def test_the_reconciliation_names_a_refund_that_we_do_not_know(real):
    payment, other = await real.held(), await real.held(2, "NAGAD")
    world = real.bkash.world
    for (_, reference), settled in list(world.payments.items()):
        if reference in real.bkash.accounts or reference in real.nagad.accounts:
            world.send_back(settled, 0, 2_000_00 if reference in real.bkash.accounts else 15_000_00)
    assert sorted(await real.reconciled()) == [
        (f"refund {_trx(real)}", "nothing", "2000.00"),
        ("refunds", "0.00", "15000.00"),
    ]
    assert (await real.states(payment), await real.states(other)) == (("COMPLETED", "HELD"), ("COMPLETED", "HELD"))


def _trx(real):
    (row,) = real.bkash.state.payments.values()
    return row.refunds[-1].trx


async def test_the_reconciliation_names_a_refund_that_bkash_does_not_know(real):
    payment = await real.held()
    await real.refund(payment, 5000)
    await real.settled()
    (row,) = real.bkash.state.payments.values()
    lost = row.refunds.pop().trx
    assert await real.reconciled() == [(f"refund {lost}", "5000.00", "nothing")]


# Tokens


async def test_a_day_of_payments_needs_no_more_than_two_token_calls_an_hour(real, books):
    real.bkash.state.settings = _with_rule(real)
    for number in range(1, 25):
        await real.held(number, amount=100)
        await real.clock.advance(HOUR_MS // 2)
    at_ms = [entry.at_ms for entry in real.bkash.world.journal.entries if entry.endpoint in ("grant", "refresh")]
    assert len(at_ms) >= 12  # a token lives for an hour
    assert all(later - at_ms[place] >= HOUR_MS for place, later in enumerate(at_ms[2:]))
    assert real.bkash.balance == 24 * 10_000


def _with_rule(real):

    return replace(real.bkash.state.settings, token_rule=True)


async def test_an_outage_costs_minutes_and_not_an_hour(real, books):
    real.bkash.state.settings = _with_rule(real)
    payment = await real.made()
    real.wire.down.add("/bkash/")
    for _ in range(4):
        answer = await real.attempt(payment, raw=True)
        assert answer.status_code in (502, 503, 504), answer.text
        await real.clock.advance(30_000)
    real.wire.down.clear()
    await real.clock.advance(2 * MINUTE_MS)
    reference = await real.attempt(payment)
    real.bkash.approve(reference)
    await real.conclude(payment, reference)
    assert await real.states(payment) == ("COMPLETED", "HELD")


async def test_a_token_that_is_refused_is_renewed_and_nothing_is_lost(real, books):
    payment, reference = await real.open()
    real.bkash.state.tokens.clear()
    await real.conclude(payment, reference)
    assert await real.states(payment) == ("COMPLETED", "HELD")


# Released by time


@pytest.mark.parametrize("method", METHODS)
async def test_a_due_release_waits_for_a_refund_that_hangs(real, books, method):
    payment = await real.held(1, method)
    await real.job(1, status="COMPLETED")
    await real.clock.advance(48 * HOUR_MS - MINUTE_MS)
    real.wire.down.add(f"/{method.lower()}/")
    await real.refund(payment, 5000, by=ADMIN)
    await real.clock.advance(10 * MINUTE_MS)
    assert (await real.states(payment))[1] == "HELD"
    real.wire.down.clear()
    await real.clock.advance(10 * MINUTE_MS)
    assert await real.states(payment) == ("COMPLETED", "RELEASED")
    assert await real.refunds(payment) == [(5000, "COMPLETED")]
