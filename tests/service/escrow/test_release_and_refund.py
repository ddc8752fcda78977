"""Held money: released by an admin or by time, refunded in parts, whole, twice at once, after lost answers."""

import asyncio
from dataclasses import replace
from operator import methodcaller

import pytest

from bakong_service.domain.escrow_numbers import HOLD_MS
from bakong_service.domain.payments import NoAnswer
from tests.service.escrow.care import ADMIN, HOUR_MS, SUPER, open_care
from tests.service.escrow.gateways import AFTER, BEFORE, REFUSE

DAY_MS = 24 * HOUR_MS


async def test_a_release_splits_the_gross_and_comes_once(care):
    payment = await care.paid()
    answer = await care.release(payment)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data | {"escrowId": ""} == {
        "escrowId": "",
        "amount": 15000.0,
        "platformFee": 750.0,
        "netAmount": 14250.0,
        "status": "RELEASED",
        "releasedTo": {
            "agency": {"amount": 13500.0, "companyName": "Shurjo"},
            "caregiver": {"amount": 750.0, "fullName": "Rina"},
        },
        "releasedAt": "2026-02-11T00:00:00Z",
    }
    again = await care.release(payment)
    assert (again.status_code, again.json()["code"]) == (409, "already_released")
    assert (await care.refund(payment, 1)).json()["code"] == "escrow_released"
    parties = await care.core.store.read(lambda records: records.escrow_balances())
    assert parties == {
        ("gateway_clearing", "BKASH", ""): 1_500_000,
        ("platform_fee", "BKASH", ""): -75_000,
        ("agency_payable", "BKASH", "a1"): -1_350_000,
        ("caregiver_payable", "BKASH", "c1"): -75_000,
    }
    assert (await care.events())[-1] == "escrow.released"


async def test_20_releases_at_once_are_one(care):
    payment = await care.paid()
    answers = await asyncio.gather(*(care.release(payment) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert (await care.events()).count("escrow.released") == 1


async def test_what_is_not_held_is_not_released(care):
    payment = await care.made()
    answer = await care.release(payment)
    assert (answer.status_code, answer.json()["code"]) == (409, "escrow_not_held")
    answer = await care.refund(payment)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_refundable")


async def test_48_hours_after_the_job_it_is_released_to_the_millisecond(care):
    payment = await care.paid()
    await care.job(status="COMPLETED", completedAt="2026-02-10T12:00:00.250Z")
    due_ms = HOLD_MS - 12 * HOUR_MS + 250
    await care.clock.advance(due_ms - 1)
    assert await care.states(payment) == ("COMPLETED", "HELD")
    await care.clock.advance(1)
    seen = await care.seen(payment)
    assert (seen["escrow"]["status"], seen["escrow"]["releasedAt"]) == ("RELEASED", "2026-02-12T12:00:00.250Z")
    await care.clock.advance(DAY_MS)
    assert (await care.events()).count("escrow.released") == 1


async def test_a_job_that_is_reopened_starts_the_clock_anew(care):
    payment = await care.paid()
    await care.job(status="COMPLETED")
    await care.clock.advance(HOLD_MS - 1)
    await care.job(status="IN_PROGRESS")
    await care.clock.advance(DAY_MS)
    assert await care.states(payment) == ("COMPLETED", "HELD")
    await care.job(status="COMPLETED")
    await care.clock.advance(HOLD_MS - 1)
    assert await care.states(payment) == ("COMPLETED", "HELD")
    await care.clock.advance(1)
    assert await care.states(payment) == ("COMPLETED", "RELEASED")


async def test_a_job_that_was_done_before_it_is_paid_for_releases_after_its_48_hours(care):
    payment = await care.made()
    await care.job(status="COMPLETED")
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    await care.conclude(payment, reference)
    await care.clock.advance(HOLD_MS)
    assert await care.states(payment) == ("COMPLETED", "RELEASED")


async def test_no_release_while_a_refund_is_under_way_and_then_it_comes_at_once(care):
    payment = await care.paid()
    await care.job(status="COMPLETED")
    await care.clock.advance(HOLD_MS - 10_000)
    care.bkash.faults["refund"].append(BEFORE)
    care.bkash.faults["list"].extend([BEFORE] * 6)  # 1, 2, 4, 8, 16 and 30 s bring no answer
    await care.refund(payment, 5000)
    await care.clock.advance(20_000)
    assert (await care.release(payment)).json()["code"] == "refund_in_progress"
    assert await care.states(payment) == ("COMPLETED", "HELD")
    await care.clock.advance(90_000)
    seen = await care.seen(payment)
    assert (seen["escrow"]["status"], seen["refundedAmount"], seen["escrow"]["amount"]) == ("RELEASED", 5000.0, 10000.0)
    assert care.bkash.balance == 1_000_000


async def test_refunds_in_parts_leave_it_held_and_the_last_ends_it(care):
    payment = await care.paid()
    first = await care.refund(payment, 5000)
    assert first.status_code == 201
    data = first.json()["data"]
    assert (data["status"], data["initiatedBy"], data["amount"]) == ("PROCESSING", "admin1", 5000.0)
    assert data["expectedCompletionTime"] == "2026-02-14T00:00:00Z"
    await care.settled()
    seen = await care.seen(payment)
    assert (seen["status"], seen["escrow"]["status"], seen["refundedAmount"]) == ("COMPLETED", "HELD", 5000.0)
    assert (seen["escrow"]["platformFee"], seen["escrow"]["netAmount"]) == (500.0, 9500.0)
    over = await care.refund(payment, 10000.01)
    assert (over.status_code, over.json()["code"], over.json()["available"]) == (
        422,
        "refund_exceeds_available",
        "10000.00",
    )
    assert (await care.refund(payment, by=SUPER)).json()["data"]["amount"] == 10000.0
    await care.settled()
    assert await care.states(payment) == ("REFUNDED", "REFUNDED")
    assert (await care.refund(payment)).json()["code"] == "refund_exceeds_available"
    assert (await care.release(payment)).json()["code"] == "escrow_not_held"
    rows = (await care.call("GET", f"/api/payments/{payment['id']}/refunds")).json()["data"]
    assert [(row["amount"], row["status"]) for row in rows] == [(5000.0, "COMPLETED"), (10000.0, "COMPLETED")]
    assert all(row["providerRefundId"] for row in rows)
    assert care.bkash.balance == 0
    assert await care.balances() == {}
    assert (await care.create()).status_code == 201  # the job may be paid for again


async def test_20_refunds_at_once_never_promise_more_than_was_captured(care):
    payment = await care.paid()
    answers = await asyncio.gather(*(care.refund(payment, 4000) for _ in range(19)), care.refund(payment, 14000))
    good = [answer.json()["data"]["amount"] for answer in answers if answer.status_code == 201]
    assert sum(good) <= 15000
    assert len(good) in (1, 3)
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} == {"refund_exceeds_available"}
    await care.settled()
    assert care.bkash.balance == 1_500_000 - int(sum(good)) * 100


@pytest.mark.parametrize("fault", [BEFORE, AFTER])
async def test_a_refund_whose_answer_was_lost_is_looked_for_before_it_is_repeated(care, fault):
    payment = await care.paid()
    care.bkash.faults["refund"].append(fault)
    care.bkash.faults["list"].append(BEFORE)
    await care.refund(payment, 5000)
    await care.refund(payment, 5000)  # waits until the first is known, for it looks the same
    await care.settled()
    assert [one["status"] for one in (await care.seen(payment))["refunds"]] == ["PROCESSING"] * 2
    await care.clock.advance(5_000)
    assert [one["status"] for one in (await care.seen(payment))["refunds"]] == ["COMPLETED"] * 2
    assert care.bkash.balance == 500_000
    assert care.bkash.count("refund") == (3 if fault is BEFORE else 2)


async def test_a_refused_refund_gives_its_part_back_as_if_it_had_not_been(care):
    payment = await care.paid()
    before = await care.balances()
    care.bkash.faults["refund"].append(REFUSE)
    await care.refund(payment, 5000)
    await care.settled()
    (refund,) = (await care.seen(payment))["refunds"]
    assert (refund["status"], refund["failure"]) == ("FAILED", "refused 2074")
    assert await care.balances() == before
    assert (await care.refund(payment)).json()["data"]["amount"] == 15000.0
    assert [name for name in await care.events() if name.startswith("refund")] == [
        "refund.processing",
        "refund.failed",
        "refund.processing",
    ]


async def test_bkash_makes_ten_refunds_of_a_payment(care):
    payment = await care.paid()
    care.bkash.faults["refund"].append(REFUSE)
    for _ in range(11):  # the first fails, and is not counted
        assert (await care.refund(payment, 10)).status_code == 201
        await care.settled()
    answer = await care.refund(payment, 10)
    assert (answer.status_code, answer.json()["code"]) == (422, "refund_limit_reached")
    other = await care.paid(2, method="NAGAD")
    for _ in range(11):
        assert (await care.refund(other, 10)).status_code == 201


async def test_a_refund_that_is_not_settled_after_7_days_is_for_a_person(care):
    payment = await care.paid()
    care.bkash.faults["refund"].append(BEFORE)
    care.bkash.faults["list"].extend([BEFORE] * 20_000)
    await care.refund(payment, 5000)
    await care.settled()
    head = await care.core.store.read(lambda records: records.escrow_refunds_of(payment["id"]))
    await care.core.store.write(lambda records: records.change_escrow_refund(_asked_at(head[0], 7 * DAY_MS - 1)))
    await care.clock.advance(7 * DAY_MS - 1)
    assert (await care.seen(payment))["refunds"][0]["needsReview"] is False
    await care.clock.advance(1)
    refund = (await care.seen(payment))["refunds"][0]
    assert (refund["status"], refund["needsReview"]) == ("PROCESSING", True)
    rows = (await care.call("GET", "/api/escrow/review", by=ADMIN)).json()["data"]["refunds"]
    assert [row["reviewReason"] for row in rows] == ["refund_not_settled"]
    care.bkash.faults["list"].clear()
    await care.clock.advance(600_000)
    assert (await care.seen(payment))["refunds"][0]["status"] == "COMPLETED"


def _asked_at(refund, after_ms):
    """So that a week of questions need not be asked."""
    return replace(refund, next_try_ms=refund.created_ms + after_ms, tries=2)


async def test_clawback_after_the_release_is_owed_by_each_party(tmp_path, storage):
    async with open_care(tmp_path, storage, refund_after_release="clawback") as care:
        payment = await care.paid()
        await care.release(payment)
        await care.refund(payment, 5000)
        await care.settled()
        assert await care.states(payment) == ("COMPLETED", "RELEASED")
        assert await care.balances() == {
            "gateway_clearing": 1_000_000,
            "platform_fee": -50_000,
            "agency_payable": -900_000,
            "caregiver_payable": -50_000,
        }
        assert care.bkash.balance == 1_000_000


async def test_the_reconciliation_names_what_differs(care):
    payment, other = await care.paid(), await care.paid(2, method="NAGAD")
    await care.refund(payment, 5000)
    await care.settled()
    data = (await care.call("GET", "/api/escrow/reconciliation", by=SUPER)).json()["data"]
    assert data == {"payments": 2, "clearing": {"BKASH": 10000.0, "NAGAD": 15000.0}, "total": 0.0, "differences": []}
    care.bkash.accounts["bkash-1"].back.append(("RFX", 700))
    care.nagad.accounts["nagad-1"].state = "open"
    care.nagad.faults["list"].append(BEFORE)
    data = (await care.call("GET", "/api/escrow/reconciliation", by=SUPER)).json()["data"]
    assert {(one["paymentId"], one["what"], one["ours"], one["theirs"]) for one in data["differences"]} == {
        (payment["id"], "refund RFX", "nothing", "7.00"),
        (other["id"], "capture", "15000.00", "0.00"),
        (other["id"], "refunds", "0.00", "no answer: timeout"),
    }
    assert (await care.call("GET", "/api/escrow/reconciliation")).status_code == 403


async def test_the_ledger_is_only_added_to(care):
    await care.paid()
    for statement in ("UPDATE escrow_lines SET amount = 1", "DELETE FROM escrow_lines", "DELETE FROM escrow_entries"):
        with pytest.raises(Exception, match=r"(?i)unavailable|only added to|database"):
            await care.core.store.migrate(lambda connection, text=statement: connection.exec_driver_sql(text))
    assert await care.balances() == {"gateway_clearing": 1_500_000, "escrow_liability": -1_500_000}


async def test_a_refund_that_waits_behind_a_slow_one_is_free_for_another_worker_and_that_one_is_not(tmp_path):
    """Else its turn comes when another has taken it long ago; bKash knows no keys, and gives back twice."""
    asked, taken = [], []

    async def slow(_reference, _money, key):
        asked.append(key)
        if len(asked) == 3:  # both are due again
            late_ms = care.clock.now_ms() + 9 * 60_000
            lease = methodcaller("lease_escrow_refunds", late_ms, late_ms + 1, 9)
            taken.extend(one.id for one in await care.core.store.write(lease))
        return NoAnswer("unreachable")

    async with open_care(tmp_path, {}, provider={"refund": slow}) as care:
        for number in (1, 2):
            await care.refund(await care.paid(number), 100)
        await care.clock.advance(1_500)
    assert len(set(asked[:2])) == 2
    assert taken == [key for key in asked[:2] if key != asked[2]]


async def test_a_provider_that_shows_its_newest_refund_alone_is_told_of_those_on_our_books(tmp_path):
    told = []
    provider = {"know_refunds": lambda reference, names: told.append((reference, list(names)))}
    async with open_care(tmp_path, {}, provider=provider) as care:
        payment = await care.paid()
        for _ in range(2):
            await care.refund(payment, 100)
            await care.settled()
        [first, second] = (await care.seen(payment))["refunds"]
    (reference, before), (again, after) = told
    assert (reference, before, after) == (again, [], [first["providerRefundId"]])
    assert second["status"] == "COMPLETED"
