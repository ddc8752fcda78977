"""Subscriptions over HTTP, against the simulator, under a frozen clock: up, down, end, renew, and what time does."""

import asyncio
import json
from datetime import datetime
from functools import reduce

import pytest

from bakong_contracts.service_api import Plan
from bakong_service.domain.money import Money
from bakong_service.domain.plans import Prices
from bakong_service.domain.subscriptions import downgrade_scheduled, extended, start, tick, upgrade_price
from tests.service.house import keep, open_house, put_bakong, subscription
from tests.service.test_faults import Script
from tests.service.test_proration import VECTORS, of_kind, seconds

DAY = 86_400
CYCLE = 30 * DAY


async def act(service, verb, user="sokha", **more):
    return await service.post(f"/api/subscriptions/{verb}", json={"userId": user, **more})


async def shown(service, user="sokha"):
    return (await service.get(f"/api/subscriptions/status/{user}")).json()["data"]


async def advance(control, seconds_on):
    await control.post("/clock/advance", json={"seconds": seconds_on}, timeout=60)


async def pay(service, control, payment):
    """Pay a code at the simulator, and let the service see it."""
    await control.post("/payments", json={"qr": payment["qrCode"]})
    return (await service.get(f"/api/payments/status/{payment['md5Hash']}")).json()["data"]


async def subscribe(service, control, plan="PREMIUM", amount=0.5, currency="USD", user="sokha"):
    order = {"userId": user, "planType": plan, "amount": amount, "currency": currency}
    made = (await service.post("/api/payments/create", json=order)).json()["data"]
    assert (await pay(service, control, made))["status"] == "PAID"
    return made


async def test_an_upgrade_halfway_costs_half_the_difference_and_the_plan_changes_when_it_is_paid(service, control):
    await subscribe(service, control)
    await advance(control, 15 * DAY)
    offer = (await act(service, "upgrade")).json()["data"]
    assert (offer["requiresPayment"], offer["proratedAmount"]) == (True, 0.25)
    assert offer["payment"]["amount"] == 0.25
    assert (await shown(service))["subscription"]["planType"] == "PREMIUM"
    assert (await pay(service, control, offer["payment"]))["status"] == "PAID"
    after = (await shown(service))["subscription"]
    assert (after["planType"], after["nextBillingDate"]) == ("FAMILY_PREMIUM", "2026-03-13T00:00:00.000Z")


PRICES = {Plan.PREMIUM: Money(50, "USD"), Plan.FAMILY_PREMIUM: Money(100, "USD")}


def bought(*plans, at_ms=0):
    """A subscription for which these plans were paid, one after another, at one moment."""
    first = start("s1", "sokha", plans[0], PRICES[plans[0]], at_ms)
    return reduce(lambda one, plan: extended(one, plan, PRICES[plan], Prices(), at_ms), plans[1:], first)


def test_a_cycle_of_the_plan_that_runs_comes_before_those_that_are_paid_of_the_other():
    """Else the other plan, which was paid, would be had for no cycle at all."""
    held = bought(Plan.PREMIUM, Plan.FAMILY_PREMIUM, Plan.PREMIUM)
    assert (held.plan, held.pending_plan) == (Plan.PREMIUM, Plan.FAMILY_PREMIUM)
    assert (held.pending_at_ms, held.next_billing_ms) == (2 * CYCLE * 1000, 3 * CYCLE * 1000)


def test_who_buys_the_better_plan_instead_of_a_downgrade_is_asked_for_no_upgrade():
    held = bought(Plan.FAMILY_PREMIUM)
    held = extended(downgrade_scheduled(held, 1), Plan.FAMILY_PREMIUM, PRICES[Plan.FAMILY_PREMIUM], Prices(), 2)
    assert (held.plan, held.pending_plan, held.pending_at_ms) == (Plan.FAMILY_PREMIUM, None, None)


def test_a_lower_plan_that_was_paid_ahead_counts_as_what_it_costs_once_it_begins():
    """Not as its share of what was paid for both plans, which made the upgrade half as dear."""
    held = bought(Plan.FAMILY_PREMIUM, Plan.PREMIUM)
    at_ms = CYCLE * 1000
    begun = tick(held, at_ms, 0, Prices()).subscription
    assert (begun.plan, begun.paid_minor) == (Plan.PREMIUM, 50)
    assert upgrade_price(begun, Prices(), at_ms).amount_minor == 50


async def test_an_upgrade_that_was_priced_before_the_better_plan_was_paid_ahead_is_flagged(service, control):
    """It was for one cycle of two; which one it would take from its buyer nobody could say."""
    await subscribe(service, control)
    offer = (await act(service, "upgrade")).json()["data"]
    await subscribe(service, control, plan="FAMILY_PREMIUM", amount=1.0)
    paid = await pay(service, control, offer["payment"])
    assert (paid["status"], paid["flag"]) == ("PAID", "overpaid")
    assert (await shown(service))["subscription"]["planType"] == "PREMIUM"


async def test_a_cycle_paid_ahead_in_riel_is_no_thousand_dollars(service, control):
    await subscribe(service, control)
    await subscribe(service, control, amount=2000, currency="KHR")
    offer = (await act(service, "upgrade")).json()["data"]
    assert offer["proratedAmount"] == 1.0, "half a dollar for each of two cycles"


async def test_a_quote_is_frozen_for_15_minutes_and_then_priced_anew(service, control):
    await subscribe(service, control)
    await advance(control, 15 * DAY)
    first = (await act(service, "upgrade")).json()["data"]["payment"]
    await advance(control, 899)
    again = (await act(service, "upgrade")).json()["data"]
    assert again["payment"]["transactionId"] == first["transactionId"]
    await advance(control, 1 + 10 * DAY)
    anew = (await act(service, "upgrade")).json()["data"]
    assert anew["payment"]["transactionId"] != first["transactionId"]
    assert anew["proratedAmount"] == 0.08


async def test_a_quote_paid_late_upgrades_and_the_second_one_is_kept_for_a_refund(service, control):
    await subscribe(service, control)
    first = (await act(service, "upgrade")).json()["data"]["payment"]
    await advance(control, 901)
    second = (await act(service, "upgrade")).json()["data"]["payment"]
    late = await pay(service, control, first)
    if late["status"] != "PAID":
        await advance(control, 700)
        late = (await service.get(f"/api/payments/status/{first['md5Hash']}")).json()["data"]
    assert (late["status"], late["late"], late["flag"]) == ("PAID", True, None)
    assert (await shown(service))["subscription"]["planType"] == "FAMILY_PREMIUM"
    await control.post("/payments", json={"qr": second["qrCode"]})
    await advance(control, 700)
    double = (await service.get(f"/api/payments/status/{second['md5Hash']}")).json()["data"]
    assert (double["status"], double["flag"]) == ("PAID", "overpaid")


async def test_a_downgrade_waits_for_the_billing_date_and_costs_nothing(service, control):
    await subscribe(service, control, "FAMILY_PREMIUM", 1)
    await advance(control, 15 * DAY)
    for _ in range(2):
        answer = (await act(service, "downgrade")).json()["data"]
        assert (answer["effectiveAt"], answer["chargedNow"]) == ("2026-03-13T00:00:00.000Z", 0)
    running = (await shown(service))["subscription"]
    assert (running["planType"], running["pendingPlanType"]) == ("FAMILY_PREMIUM", "PREMIUM")
    bill = (await act(service, "renew")).json()["data"]
    assert bill["payment"]["amount"] == 0.5
    await pay(service, control, bill["payment"])
    assert (await shown(service))["subscription"]["planType"] == "FAMILY_PREMIUM"
    await advance(control, 15 * DAY)
    running = (await shown(service))["subscription"]
    assert (running["planType"], running["status"]) == ("PREMIUM", "ACTIVE")
    assert "pendingPlanType" not in running


async def test_an_upgrade_cancels_a_pending_downgrade(service, control):
    await subscribe(service, control, "FAMILY_PREMIUM", 1)
    await act(service, "downgrade")
    answer = (await act(service, "upgrade")).json()["data"]
    assert (answer["requiresPayment"], answer["proratedAmount"], answer["payment"]) == (False, 0, None)
    assert "pendingPlanType" not in (await shown(service))["subscription"]


async def test_a_cancelled_subscription_runs_to_the_end_of_what_is_paid(service, control):
    await subscribe(service, control)
    answer = (await act(service, "cancel", reason="too dear")).json()["data"]
    assert answer["cancelAt"] == "2026-03-13T00:00:00.000Z"
    await advance(control, CYCLE - 1)
    assert (await shown(service))["hasSubscription"] is True
    await advance(control, 1)
    after = await shown(service)
    assert (after["hasSubscription"], after["subscription"]["status"]) == (False, "CANCELLED")


@pytest.mark.parametrize("late_days", [0, 2.99], ids=["on the day", "at the end of the grace"])
async def test_a_renewal_counts_from_the_old_date_however_late_inside_the_grace(service, control, late_days):
    await subscribe(service, control)
    await advance(control, CYCLE + late_days * DAY)
    assert (await shown(service))["subscription"]["status"] == "PAST_DUE"
    bill = (await act(service, "renew")).json()["data"]
    assert (bill["renewed"], bill["requiresPayment"], bill["payment"]["amount"]) == (False, True, 0.5)
    await pay(service, control, bill["payment"])
    after = (await shown(service))["subscription"]
    assert (after["status"], after["nextBillingDate"]) == ("ACTIVE", "2026-04-12T00:00:00.000Z")
    assert after["lastBillingDate"] == "2026-03-13T00:00:00.000Z"


async def test_after_the_grace_it_is_expired_and_a_renewal_paid_too_late_starts_anew(service, control):
    await subscribe(service, control)
    await advance(control, CYCLE + 3 * DAY - 1)
    bill = (await act(service, "renew")).json()["data"]["payment"]
    await advance(control, 1)
    assert (await shown(service))["subscription"]["status"] == "EXPIRED"
    assert (await pay(service, control, bill))["status"] == "PAID"
    after = await shown(service)
    assert (after["hasSubscription"], after["subscription"]["startDate"]) == (True, "2026-03-16T00:00:00.000Z")


async def test_a_bill_paid_twice_renews_once_and_the_second_payment_renews_the_next(service, control, stack):
    await subscribe(service, control)
    first = (await act(service, "renew")).json()["data"]["payment"]
    await advance(control, 901)
    second = (await act(service, "renew")).json()["data"]["payment"]
    assert first["transactionId"] != second["transactionId"]
    for payment in (first, second):
        await control.post("/payments", json={"qr": payment["qrCode"]})
    await advance(control, 800)
    running = (await shown(service))["subscription"]
    assert running["nextBillingDate"] == "2026-04-12T00:00:00.000Z"
    answer = (await act(service, "renew")).json()["data"]
    assert (answer["renewed"], answer["requiresPayment"]) == (True, False)
    assert answer["subscription"]["nextBillingDate"] == "2026-05-12T00:00:00.000Z"
    assert (await act(service, "renew")).json()["data"]["renewed"] is False


@pytest.mark.parametrize("verb", ["upgrade", "downgrade", "cancel", "renew"])
async def test_without_an_active_subscription_every_change_is_409(service, verb):
    answer = await act(service, verb, user="nobody")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_there_is_nothing_above_the_family_plan_and_nothing_below_premium(service, control):
    await subscribe(service, control)
    await subscribe(service, control, "FAMILY_PREMIUM", 4000, "KHR", user="dara")
    assert (await act(service, "downgrade")).status_code == 409
    assert (await act(service, "upgrade", user="dara")).status_code == 409


async def test_16_racing_upgrades_leave_one_open(service, control):
    await subscribe(service, control)
    answers = await asyncio.gather(*(act(service, "upgrade") for _ in range(16)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    made = {answer.json()["data"]["payment"]["transactionId"] for answer in answers if answer.status_code == 200}
    assert len(made) == 1
    listed = (await service.get("/api/payments/history", params={"userId": "sokha"})).json()["data"]
    assert [row["purpose"] for row in listed["items"]].count("upgrade") == 1


async def test_what_time_does_is_told_and_written_down(service, control, stack):
    events = []

    async def app(scope, receive, send):
        message = await receive()
        events.append(json.loads(message["body"])["type"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    from bakong_sandbox.stack.serving import listen, serve, url_of

    with listen(0) as opened:
        async with serve(app, opened):
            order = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
            made = await service.post("/api/payments/create", json=order | {"callback": url_of(opened) + "/hook"})
            await pay(service, control, made.json()["data"])
            upgrade = await act(service, "upgrade", callback=url_of(opened) + "/hook")
            await pay(service, control, upgrade.json()["data"]["payment"])
            await advance(control, 1)
    assert events == ["payment.paid", "subscription.activated", "payment.paid", "subscription.upgraded"]


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        yield opened


def prices_of(row):
    if row["currency"] == "KHR":
        cents = 50 if row["old_price_minor"] * 2 == row["new_price_minor"] else 0
        return Prices(cents, 100, row["new_price_minor"])
    return Prices(row["old_price_minor"], row["new_price_minor"], 4000)


@of_kind("change")
async def test_every_change_of_the_vectors_is_exact_over_http(house, row):
    at_ms = int(datetime.fromisoformat(row["change_at"]).timestamp() * 1000)
    house.core.prices = prices_of(row)
    down = row["new_price_minor"] < row["old_price_minor"]
    running = subscription(
        plan=Plan.FAMILY_PREMIUM if down else Plan.PREMIUM,
        begin_ms=seconds(row["period_start"]) * 1000,
        end_ms=seconds(row["period_end"]) * 1000,
        currency=row["currency"],
        paid_minor=row["old_price_minor"],
    )
    from bakong_simulator.kernel.clock import Mode

    house.clock.set_mode(Mode.FROZEN, at_ms=at_ms)
    await keep(house.core, running)
    answer = await act(house.client, "downgrade" if down else "upgrade")
    if "expect_error" in row:
        assert (answer.status_code, answer.json()["code"]) == (409, row["expect_error"])
        return
    shown = answer.json()["data"]
    if down:  # a downgrade is scheduled, and never paid out
        assert (shown["chargedNow"], datetime.fromisoformat(shown["effectiveAt"]).timestamp()) == (
            0,
            seconds(row["period_end"]),
        )
        return
    assert shown["requiresPayment"] is row["requires_payment"]
    assert f"{shown['proratedAmount']:.2f}" == f"{float(row['amount']):.2f}"
    assert (shown["payment"] is not None) is row["requires_payment"]


def test_the_rows_over_http_are_all_the_rows():
    assert len([row for row in VECTORS if row["kind"] == "change"]) == 24


@of_kind("schedule")
async def test_a_scheduled_downgrade_is_exact_over_http(house, row):
    from bakong_simulator.kernel.clock import Mode

    begin_ms, end_ms = seconds(row["period_start"]) * 1000, seconds(row["period_end"]) * 1000
    house.clock.set_mode(Mode.FROZEN, at_ms=seconds(row["requested_at"]) * 1000)
    await keep(house.core, subscription(plan=Plan.FAMILY_PREMIUM, begin_ms=begin_ms, end_ms=end_ms, paid_minor=100))
    answer = (await act(house.client, "downgrade")).json()["data"]
    assert datetime.fromisoformat(answer["effectiveAt"]).timestamp() == seconds(row["effective_at"])
    assert answer["chargedNow"] == row["charge_now_minor"]
    bill = (await act(house.client, "renew")).json()["data"]["payment"]
    assert round(bill["amount"] * 100) == row["next_charge_minor"]


@of_kind("expiry")
async def test_a_quote_expires_at_its_second_over_http(house, row):
    from bakong_simulator.kernel.clock import Mode

    begin_ms, end_ms = seconds(row["period_start"]) * 1000, seconds(row["period_end"]) * 1000
    house.clock.set_mode(Mode.FROZEN, at_ms=seconds(row["created_at"]) * 1000)
    await keep(house.core, subscription(begin_ms=begin_ms, end_ms=end_ms))
    put_bakong(house.core, Script())
    payment = (await act(house.client, "upgrade")).json()["data"]["payment"]
    assert datetime.fromisoformat(payment["expiresAt"]).timestamp() == seconds(row["expires_at"])
    for at, status in (("live_at", "PENDING"), ("expired_at", "EXPIRED")):
        await house.clock.advance(seconds(row[at]) * 1000 - house.clock.now_ms())
        answer = await house.client.get(f"/api/payments/status/{payment['md5Hash']}")
        assert answer.json()["data"]["status"] == status
