"""A guardian's payment from its creation to held money: what is answered, who may, what expires, what is late."""

import asyncio
import json
from dataclasses import replace

import pytest

from bakong_service.domain.orders import LatePolicy
from tests.service.escrow.care import ADMIN, MINUTE_MS, STRANGER, SUPER, new_id, open_care, token
from tests.service.escrow.gateways import AFTER, BEFORE, REFUSE


async def test_a_payment_by_bkash_from_its_creation_to_held_money(care):
    payment = await care.made()
    assert payment["status"] == "PENDING"
    assert (payment["transactionId"], payment["reference"]) == ("TXN-1770768000000", "TXN-1770768000000")
    assert payment["invoiceNumber"].startswith("INV-1770768000000-")
    assert payment["escrow"] | {"id": ""} == {
        "id": "",
        "amount": 15000.0,
        "platformFee": 750.0,
        "netAmount": 14250.0,
        "status": "AWAITING_FUNDS",
    }
    assert (payment["createdAt"], payment["expiresAt"]) == ("2026-02-11T00:00:00Z", "2026-02-11T00:15:00Z")
    assert payment["paymentUrl"] == f"http://pay.test/pay/{payment['id']}"
    assert payment["qrCode"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert care.bkash.calls == []
    reference = await care.attempt(payment)
    checkout = care.bkash.checkouts[reference]
    assert (checkout.bill_number, checkout.return_url) == (payment["invoiceNumber"], "https://care.test/back")
    care.bkash.approve(reference)
    await care.clock.advance(5_000)
    assert await care.states(payment) == ("PENDING", "AWAITING_FUNDS")  # nobody has asked to move the money
    answer = (await care.conclude(payment, reference)).json()
    assert answer["message"] == "Payment successful"
    data = answer["data"]
    assert data == {
        "paymentId": payment["id"],
        "status": "COMPLETED",
        "trxID": care.bkash.accounts[reference].hash,
        "transactionStatus": "Completed",
        "amount": "15000.00",
        "currency": "BDT",
        "paidAt": "2026-02-11T00:00:05Z",
    }
    seen = await care.seen(payment)
    assert (seen["status"], seen["escrow"]["status"], seen["job"]["status"]) == ("COMPLETED", "HELD", "IN_PROGRESS")
    assert (seen["transactionId"], seen["reference"]) == (data["trxID"], payment["reference"])
    assert seen["gatewayResponse"] == {"statusCode": "0000", "statusMessage": "Successful"}
    assert await care.events() == ["payment.completed", "escrow.held"]
    assert await care.balances() == {"gateway_clearing": 1_500_000, "escrow_liability": -1_500_000}


async def test_a_payment_by_nagad_from_its_creation_to_held_money(care):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    assert care.nagad.checkouts[reference].bill_number == payment["invoiceNumber"].replace("-", "")
    early = await care.conclude(payment, reference)
    assert (early.status_code, early.json()["data"]["status"]) == (200, "PENDING")
    care.nagad.approve(reference)
    answer = (await care.conclude(payment, reference)).json()
    assert answer["message"] == "Payment verified"
    assert answer["data"]["issuerPaymentRefNo"] == care.nagad.accounts[reference].hash
    assert await care.states(payment) == ("COMPLETED", "HELD")


async def test_what_nobody_verifies_the_worker_learns(care):
    payment = await care.made(method="NAGAD")
    care.nagad.approve(await care.attempt(payment))
    await care.clock.advance(3_000)
    assert await care.states(payment) == ("COMPLETED", "HELD")


BAD = [
    ({"currency": "USD"}, 422, "currency_not_supported"),
    ({"method": "CARD"}, 422, "method_not_supported"),
    ({"method": "BITCOIN"}, 422, "method_not_supported"),
    ({"jobId": "other"}, 404, "job_not_found"),
    ({"jobId": 7}, 422, "invalid"),
    ({"extra": 1}, 422, "invalid"),
    *(({"amount": amount}, 422, "invalid_amount") for amount in ("x", "1e3", "01", "-1", "0", None, True, [])),
]
TEXTS = ("1e3", "1.005", "100.000", "1E1", "0.0", "-5", "0.1000000000000000055511151231257827", "1" * 40)


async def test_bad_input_is_refused_by_its_code_and_changes_nothing(care):
    await care.job()
    body = {"jobId": "job1", "amount": 10, "method": "BKASH", "currency": "BDT"}
    for change, status, code in BAD:
        answer = await care.call("POST", "/api/payments", body | change)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    for text in TEXTS:  # a number's own text counts, and not its value
        raw = json.dumps(body).replace("10", text)
        answer = await care.call("POST", "/api/payments", raw)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_amount"), answer.text
    assert (await care.call("POST", "/api/payments", "{")).status_code == 400
    assert (await care.call("POST", "/api/payments", "[]")).status_code == 422
    assert (await care.call("GET", "/api/payments", by=ADMIN)).json()["meta"]["total"] == 0


async def test_amounts_are_exact(care):
    for number, (text, minor) in enumerate([("10", 1000), ("0.1", 10), ("99999999.99", 9999999999), ('"7.5"', 750)], 1):
        await care.job(number)
        raw = f'{{"jobId": "job{number}", "amount": {text}, "method": "BKASH", "currency": "BDT"}}'
        answer = await care.call("POST", "/api/payments", raw, by=(f"g{number}", "GUARDIAN"))
        assert answer.status_code == 201, answer.text
        assert (await care.stored(answer.json()["data"])).book.amount == minor


async def test_a_job_has_one_open_or_paid_payment_whatever_races(care):
    await care.job()
    answers = await asyncio.gather(*(care.create() for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"job_has_payment"}
    await care.clock.advance(15 * MINUTE_MS)
    assert (await care.create()).status_code == 201


async def test_numbers_are_unique_also_where_time_stands_still(care):
    payments = [await care.made(number) for number in range(1, 6)]
    assert [one["reference"] for one in payments] == [f"TXN-{1770768000000 + number}" for number in range(5)]


async def test_at_900_seconds_it_is_expired_and_a_millisecond_before_it_is_not(care):
    payment = await care.made()
    await care.clock.advance(899_999)
    assert (await care.attempt(payment, raw=True)).status_code == 200
    await care.clock.advance(1)
    late = await care.attempt(payment, raw=True)
    assert (late.status_code, late.json()["code"]) == (409, "payment_expired")
    seen = await care.seen(payment)
    assert (seen["status"], seen["failureReason"], seen["escrow"]["status"]) == ("FAILED", "EXPIRED", "VOID")
    visit = await care.call("GET", f"/pay/{payment['id']}", by=None, headers={"authorization": ""})
    assert (visit.status_code, visit.json()["code"]) == (409, "payment_expired")
    assert await care.events() == ["payment.expired"]


async def test_an_approval_after_the_time_is_not_executed(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    await care.clock.advance(899_999)
    care.bkash.approve(reference)
    await care.clock.advance(1)
    answer = await care.conclude(payment, reference)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_expired")
    assert care.bkash.count("finalise") == 0
    assert care.bkash.balance == 0


async def test_20_executes_at_once_move_the_money_once_and_answer_the_same(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    answers = await asyncio.gather(*(care.conclude(payment, reference) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert care.bkash.count("finalise") == 1
    assert care.bkash.balance == 1_500_000


async def test_an_execute_before_the_approval_is_409_and_the_payment_goes_on(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    answer = await care.conclude(payment, reference)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_authorized")
    care.bkash.approve(reference)
    assert (await care.conclude(payment, reference)).status_code == 200


async def test_a_refused_execute_is_the_payments_end(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    care.bkash.faults["finalise"].append(REFUSE)
    answer = await care.conclude(payment, reference)
    assert (answer.status_code, answer.json()["code"]) == (402, "payment_failed")
    seen = await care.seen(payment)
    assert (seen["status"], seen["failureReason"], seen["escrow"]["status"]) == ("FAILED", "DECLINED", "VOID")
    assert await care.events() == ["payment.failed"]
    assert (await care.create()).status_code == 201


async def test_a_lost_answer_is_asked_about_after_1_2_4_8_16_30_and_every_60_seconds(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    care.bkash.faults["finalise"].append(BEFORE)
    answer = await care.conclude(payment, reference)
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "PROCESSING")
    care.bkash.accounts[reference].state = "open"  # Initiated, Incomplete: nothing can be executed
    begun = care.clock.now_ms()
    care.bkash.calls.clear()
    await care.clock.advance(200_000)
    asked = [(at - begun) // 1000 for name, _, at in care.bkash.calls if name == "check"]
    assert asked == [1, 2, 4, 8, 16, 30, 90, 150]
    await care.clock.advance(15 * MINUTE_MS)
    seen = await care.seen(payment)
    assert (seen["status"], seen["failureReason"]) == ("FAILED", "EXPIRED")


@pytest.mark.parametrize("fault", [BEFORE, AFTER])
async def test_a_lost_answer_of_an_execute_ends_in_one_payment(care, fault):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    care.bkash.faults["finalise"].append(fault)
    assert (await care.conclude(payment, reference)).json()["data"]["status"] == "PROCESSING"
    assert (await care.attempt(payment, raw=True)).json()["code"] == "payment_in_progress"
    await care.clock.advance(1_000)
    assert await care.states(payment) == ("COMPLETED", "HELD")
    assert care.bkash.count("finalise") == (2 if fault is BEFORE else 1)
    assert care.bkash.balance == 1_500_000


async def test_of_one_attempt_there_are_three_executes_and_before_each_a_question(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    care.bkash.faults["finalise"].extend([BEFORE] * 9)
    await care.conclude(payment, reference)
    await care.clock.advance(120_000)
    order = [name for name, _, _ in care.bkash.calls if name in ("check", "finalise")]
    assert order.count("finalise") == 3
    assert all(order[at - 1] == "check" for at, name in enumerate(order) if name == "finalise")
    await care.clock.advance(15 * MINUTE_MS)
    assert await care.states(payment) == ("FAILED", "VOID")


async def test_an_execute_that_was_sent_in_time_counts_whenever_its_answer_comes(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    await care.clock.advance(899_999)
    care.bkash.approve(reference)
    care.bkash.faults["finalise"].append(AFTER)
    care.bkash.faults["check"].extend([None, BEFORE, BEFORE, BEFORE])
    assert (await care.conclude(payment, reference)).json()["data"]["status"] == "PROCESSING"
    await care.clock.advance(30_000)
    seen = await care.seen(payment)
    assert (seen["status"], seen["late"], seen["escrow"]["status"]) == ("COMPLETED", False, "HELD")


async def test_24_hours_without_an_answer_are_for_a_person(care):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    care.nagad.faults["check"].extend([BEFORE] * 100_000)
    assert (await care.conclude(payment, reference)).json()["data"]["status"] == "PROCESSING"
    stored = await care.stored(payment)
    since_ms = stored.processing_ms - 24 * 60 * MINUTE_MS + 120_000  # so that a day of questions need not be asked
    aged = replace(stored, processing_ms=since_ms)
    await care.core.store.write(lambda records: records.change_escrow_payment(aged))
    await care.clock.advance(119_999)
    assert (await care.seen(payment))["needsReview"] is False
    await care.clock.advance(61_000)
    seen = await care.seen(payment)
    assert (seen["status"], seen["needsReview"], seen["reviewReason"]) == ("PROCESSING", True, "no_answer")
    rows = (await care.call("GET", "/api/escrow/review", by=SUPER)).json()["data"]["payments"]
    assert [row["id"] for row in rows] == [payment["id"]]
    care.nagad.faults["check"].clear()
    care.nagad.approve(reference)
    assert (await care.conclude(payment, reference)).status_code == 200
    assert (await care.call("GET", "/api/escrow/review", by=ADMIN)).json()["data"] == {"payments": [], "refunds": []}


@pytest.mark.parametrize("how", ["verify", "webhook", "worker", "reconciler"])
async def test_late_money_is_never_lost_and_goes_back(care, how):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    await care.clock.advance(15 * MINUTE_MS)
    assert await care.states(payment) == ("FAILED", "VOID")
    care.nagad.approve(reference)
    if how == "verify":
        assert (await care.conclude(payment, reference)).status_code == 200
    elif how == "webhook":
        assert (await care.webhook(payment)).json()["message"] == "Webhook processed"
    elif how == "reconciler":
        assert (await care.call("GET", "/api/escrow/reconciliation", by=ADMIN)).json()["data"]["differences"] == []
    else:
        await care.clock.advance(11 * MINUTE_MS)
    await care.settled()
    seen = await care.seen(payment)
    assert (seen["status"], seen["late"], seen["escrow"]["status"]) == ("REFUNDED", True, "REFUNDED")
    (refund,) = seen["refunds"]
    assert (refund["reason"], refund["amount"], refund["status"]) == ("LATE_PAYMENT", 15000.0, "COMPLETED")
    assert care.nagad.balance == 0
    assert await care.balances() == {}
    assert "payment.late" in await care.events()


async def test_late_money_is_kept_where_the_platform_accepts_it_and_the_job_is_open(tmp_path, storage):
    async with open_care(tmp_path, storage, late_payment=LatePolicy.ACCEPT) as care:
        payment = await care.made(method="NAGAD")
        reference = await care.attempt(payment)
        await care.clock.advance(15 * MINUTE_MS)
        care.nagad.approve(reference)
        await care.conclude(payment, reference)
        seen = await care.seen(payment)
        assert (seen["status"], seen["late"], seen["escrow"]["status"]) == ("COMPLETED", True, "HELD")
        assert (await care.create()).json()["code"] == "job_has_payment"
        second = await care.made(2, method="NAGAD")
        reference = await care.attempt(second)
        await care.clock.advance(15 * MINUTE_MS)
        assert (await care.create(2)).status_code == 201  # the job is taken by another now
        care.nagad.approve(reference)
        await care.conclude(second, reference)
        await care.settled()
        assert await care.states(second) == ("REFUNDED", "REFUNDED")


async def test_a_second_capture_goes_back_in_full_and_the_first_is_held(care):
    payment = await care.made(method="NAGAD")
    first, second = await care.attempt(payment), await care.attempt(payment)
    assert care.nagad.checkouts[second].bill_number == payment["invoiceNumber"].replace("-", "") + "2"
    care.nagad.approve(first)
    care.nagad.approve(second)
    for reference in (second, first):
        assert (await care.conclude(payment, reference)).status_code == 200
    await care.settled()
    seen = await care.seen(payment)
    assert (seen["status"], seen["escrow"]["status"], seen["refunds"]) == ("COMPLETED", "HELD", [])
    assert [one["status"] for one in seen["surplusRefunds"]] == ["COMPLETED"]
    assert care.nagad.balance == 1_500_000
    assert await care.balances() == {"gateway_clearing": 1_500_000, "escrow_liability": -1_500_000}


async def test_another_amount_than_ours_credits_nothing_and_is_for_a_person(care):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    care.nagad.move(reference, minor=1)
    await care.conclude(payment, reference)
    asked = len(care.nagad.calls)
    await care.clock.advance(20 * MINUTE_MS)
    assert len(care.nagad.calls) - asked <= 1, "it has said its last word, and a person was asked to decide"
    seen = await care.seen(payment)
    assert (seen["status"], seen["escrow"]["status"]) == ("PROCESSING", "AWAITING_FUNDS")
    assert (seen["needsReview"], seen["reviewReason"]) == (True, "amount_mismatch")
    assert await care.balances() == {}


async def test_the_pay_page_makes_the_payment_on_the_first_visit_and_leads_to_it_again(care):
    payment = await care.made()
    path = payment["paymentUrl"].removeprefix("http://pay.test")
    visits = [await care.client.get(path, headers={"authorization": ""}) for _ in range(2)]
    assert [visit.status_code for visit in visits] == [302, 302]
    assert {visit.headers["location"] for visit in visits} == {"https://bkash.test/pay/bkash-1"}
    assert care.bkash.count("create") == 1
    assert care.bkash.checkouts["bkash-1"].return_url == f"{payment['paymentUrl']}/return"
    care.bkash.approve("bkash-1")
    back = await care.client.get(f"{path}/return", params={"paymentID": "bkash-1", "status": "success"})
    assert 'data-status="COMPLETED"' in back.text
    assert 'data-status="COMPLETED"' in (await care.client.get(path)).text


@pytest.mark.parametrize("status", ["cancel", "failure", "Aborted"])
async def test_a_browser_that_comes_back_without_success_ends_the_attempt_alone(care, status):
    payment = await care.made()
    path = f"/pay/{payment['id']}"
    await care.client.get(path)
    back = await care.client.get(f"{path}/return", params={"paymentID": "bkash-1", "status": status})
    assert 'data-status="PENDING"' in back.text
    again = await care.client.get(path)
    assert again.headers["location"] == "https://bkash.test/pay/bkash-2"
    assert care.bkash.checkouts["bkash-2"].bill_number == payment["invoiceNumber"] + "-2"
    care.bkash.approve("bkash-2")
    assert (await care.conclude(payment, "bkash-2")).status_code == 200


async def test_a_create_whose_answer_was_lost_is_made_again_and_once(care):
    payment = await care.made()
    care.bkash.faults["create"].append(AFTER)
    answer = await care.attempt(payment, raw=True)
    assert (answer.status_code, answer.json()["code"]) == (504, "provider_timeout")
    await care.clock.advance(MINUTE_MS)
    assert len(care.bkash.accounts) == 1
    visit = await care.client.get(f"/pay/{payment['id']}")
    assert visit.headers["location"] == "https://bkash.test/pay/bkash-1"


async def test_a_refused_create_is_502_and_another_attempt_may_follow(care):
    payment = await care.made()
    care.bkash.faults["create"].append(REFUSE)
    answer = await care.attempt(payment, raw=True)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_error")
    assert (await care.attempt(payment, raw=True)).status_code == 200


@pytest.mark.parametrize("path", ["refund", "release-escrow"])
async def test_a_role_that_may_not_learns_nothing_and_changes_nothing(care, path):
    payment = await care.paid()
    known = [("g1", "GUARDIAN"), ("c1", "CAREGIVER"), ("x", "AGENCY_ADMIN", "a1")]
    strangers = [STRANGER, ("c9", "CAREGIVER"), ("x", "AGENCY_ADMIN", "a9"), ("g1", "CAREGIVER")]
    url, body = f"/api/payments/{payment['id']}/{path}", {"reason": "x"} if path == "refund" else None
    if path == "release-escrow":
        known.append(SUPER)
    for by in known:
        answer = await care.call("POST", url, body, by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), by
        assert (await care.call("GET", f"/api/payments/{payment['id']}", by=by)).status_code == 200
    missing = await care.call("POST", url.replace(payment["id"], new_id()), body, by=STRANGER)
    for by in strangers:
        answer = await care.call("POST", url, body, by=by)
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found"), by
        assert (await care.call("GET", f"/api/payments/{payment['id']}", by=by)).status_code == 404
        assert (await care.call("GET", f"/api/payments/{payment['id']}/refunds", by=by)).status_code == 404
    unknown = missing.json()["instance"].split("/")[3]
    assert missing.json()["detail"].replace(unknown, payment["id"]) == answer.json()["detail"]
    assert await care.states(payment) == ("COMPLETED", "HELD")


async def test_only_the_payer_creates_and_executes(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    for by, status in ((STRANGER, 404), (ADMIN, 403), (("c1", "CAREGIVER"), 403)):
        answer = await care.conclude(payment, reference, by=by)
        assert answer.status_code == status, by
    other = await care.made(2)
    assert (await care.conclude(other, reference)).status_code == 404  # a paymentID of another payment
    assert care.bkash.count("finalise") == 0
    body = {"jobId": "job1", "amount": 1, "method": "BKASH", "currency": "BDT"}
    assert (await care.call("POST", "/api/payments", body, by=STRANGER)).status_code == 404
    assert (await care.call("POST", "/api/payments", body, by=ADMIN)).status_code == 403


async def test_an_attempt_that_was_never_made_and_has_ended_is_not_looked_at_for_ever(care):
    payment = await care.made()
    care.bkash.faults["create"].append(BEFORE)
    assert (await care.attempt(payment, raw=True)).status_code == 504
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    await care.conclude(payment, reference)
    await care.clock.advance(2 * MINUTE_MS)
    assert await care.core.store.read(lambda records: records.next_poll_ms("bkash")) is None


@pytest.mark.parametrize("id_", ["1", "x1", "01a22166-d7c4-75a3-94a9-92bf3b5706fax", "0" * 64])
async def test_an_id_of_no_payment_is_not_found_whatever_it_looks_like(care, id_):
    for by in (("g1", "GUARDIAN"), ADMIN):
        assert (await care.call("GET", f"/api/payments/{id_}", by=by)).status_code == 404
        assert (await care.call("POST", f"/api/payments/{id_}/release-escrow", by=by)).status_code == 404
    assert (await care.call("POST", "/api/payments/create", {})).status_code == 403


async def test_a_token_of_the_platform_opens_nothing_else_and_others_do_not_open_escrow(care):
    for path in ("/api/v1/orders", "/api/payments/history?userId=g1", "/metrics", "/api/subscriptions/status/g1"):
        assert (await care.call("GET", path)).status_code == 403
    payment = await care.made()
    for role, status in (("user", 404), ("admin", 404)):
        bearer = {"authorization": f"Bearer {token('m', role, care.clock.now_ms())}"}
        answer = await care.client.get(f"/api/payments/{payment['id']}", headers=bearer)
        assert answer.status_code == status, role
        assert (await care.client.get("/api/payments", headers=bearer)).status_code == 403
    assert (await care.client.get(f"/api/payments/{payment['id']}")).status_code == 200  # the API key is the platform


async def test_an_amount_that_is_not_the_payments_and_a_path_of_another_method_are_refused(care):
    payment = await care.made()
    answer = await care.attempt(payment | {"amount": 14999.99}, raw=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_mismatch")
    answer = await care.attempt(payment | {"method": "NAGAD"}, raw=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "method_not_supported")


async def test_the_same_key_makes_one_payment_and_one_refund(care):
    await care.job()
    first, again = [await care.create(headers={"idempotency-key": "k"}) for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await care.create(amount=1, headers={"idempotency-key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    payment = first.json()["data"]
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    await care.conclude(payment, reference)
    answers = [await care.refund(payment, 100, headers={"idempotency-key": "r"}) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert (await care.refund(payment, 200, headers={"idempotency-key": "r"})).status_code == 422
    await care.settled()
    assert care.bkash.balance == 1_490_000
