"""Retention: what is over is dropped with age; every question but those that docs/retention.md names is answered on."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_contracts.webhooks import EventType
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.caller import Caller
from bakong_service.domain.events import Attempt, Notification
from bakong_service.domain.handoff import Code
from bakong_service.domain.idempotency import Answer
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Payment, Receipt
from bakong_service.domain.retention import DAY_MS
from bakong_service.usecases.retention import BATCH, PAUSE_MS, Cleaner, drop_batches
from tests.conftest import NOW_MS
from tests.service.house import open_house, put_bakong
from tests.service.test_faults import Script, create, paid, rows

WEBHOOKS, CODES, AUDIT = 30, 90, 365  # days, as the settings have them
USER = "sokha"
UNPAID = ("EXPIRED", "FAILED")


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        opened.bakong = Script()
        put_bakong(opened.core, opened.bakong)
        opened.folder = tmp_path
        yield opened


@dataclass(frozen=True)
class Kept:
    """A payment in some state, and the webhook about it."""

    status: str
    days: int
    flag: str | None
    polled: bool
    webhook: str  # delivered, due, given up, no URL
    webhook_days: int


DAYS = st.sampled_from([0, 1, 29, 30, 31, 89, 90, 91, 364, 365, 366, 1000])
PAYMENTS = st.builds(
    Kept,
    status=st.sampled_from(["PENDING", "TIMEOUT", "PAID", *UNPAID, *UNPAID]),
    days=DAYS,
    flag=st.sampled_from([None, None, "overpaid", "wrong_amount"]),
    polled=st.booleans(),
    webhook=st.sampled_from(["delivered", "delivered", "due", "given up", "no URL"]),
    webhook_days=DAYS,
)


def is_open(kept):
    return kept.status in ("PENDING", "TIMEOUT")


def payment_of(number, kept):
    ended_ms = NOW_MS + 60_000 if is_open(kept) else NOW_MS - kept.days * DAY_MS
    return Payment(
        id=f"p-{number:04d}",
        user_id=USER,
        plan=Plan.PREMIUM,
        money=Money(50, "USD"),
        account_id="sandbox_merchant@sand",
        bill_number=f"DT-{number}",
        provider="bakong",
        reference=f"{number:032x}",
        handoff=Code(f"00020101021229{number}", f"bakong://qr?qr={number}"),
        callback="https://shop.test/hook",
        status=PaymentStatus(kept.status),
        created_ms=ended_ms - 900_000,
        expires_ms=ended_ms,
        updated_ms=ended_ms,
        paid_ms=ended_ms if kept.status == "PAID" else None,
        flag=kept.flag,
    )


def webhook_of(number, kept):
    at_ms = NOW_MS - kept.webhook_days * DAY_MS
    return Notification(
        id=f"msg_{number:04d}",
        event=EventType.PAYMENT_PAID,
        url=None if kept.webhook == "no URL" else "https://shop.test/hook",
        body=b"{}",
        created_ms=at_ms,
        attempts=1,
        next_try_ms=NOW_MS + DAY_MS if kept.webhook == "due" else None,
        delivered_ms=at_ms if kept.webhook == "delivered" else None,
    )


def fill(payments, audit_days, answer_days):
    def work(records):
        for number, kept in enumerate(payments):
            payment, webhook = payment_of(number, kept), webhook_of(number, kept)
            records.add_payment(payment, NOW_MS)
            if not (kept.polled or is_open(kept)):
                records.plan_poll(payment.id, None, asked_ms=None)
            if kept.flag or kept.status == "PAID":
                records.add_receipt(
                    Receipt(
                        payment_id=payment.id,
                        hash=f"{number:064x}",
                        verdict=kept.flag or "accepted",
                        money=payment.money,
                        to_account="sandbox_merchant@sand",
                        raw=b"{}",
                        at_ms=payment.updated_ms,
                    )
                )
            records.add_notification(webhook)
            records.save_attempt(webhook, Attempt(notification_id=webhook.id, number=1, at_ms=webhook.created_ms))
        for number, days in enumerate(sorted(audit_days, reverse=True)):
            records.add_audit(audit(number, NOW_MS - days * DAY_MS))
        for number, days in enumerate(answer_days):
            records.add_answer(answer(number, NOW_MS - days * DAY_MS))

    return work


def audit(number, at_ms):
    return AuditRow(
        action=f"act-{number}",
        resource="payment/1",
        before=None,
        after={"n": number},
        by=Caller("key", "::1", "ua", "r-1"),
        at_ms=at_ms,
    )


def answer(number, created_ms):
    return Answer(
        scope=f"s-{number}",
        fingerprint="f",
        status=200,
        body=b"{}",
        created_ms=created_ms,
        expires_ms=created_ms + DAY_MS,
    )


async def answers_now(house, payments, answers):
    """Every public question that there is about what is stored, and its answer."""
    known = {}
    for number in range(len(payments)):
        for path in (f"/api/payments/status/{number:032x}", f"/qr-codes/{number:032x}.png"):
            reply = await house.client.get(path)
            known[path] = (reply.status_code, reply.content if reply.status_code == 200 else b"")
    for path in (f"/api/payments/history?userId={USER}&limit=50", f"/api/subscriptions/status/{USER}"):
        known[path] = (await house.client.get(path)).json()["data"]
    read = house.core.store.read
    known["given up"] = [one.id for one in await read(lambda records: records.given_up(100))]
    known["due"] = await read(lambda records: records.due_hosts())
    known["answers"] = [await read(lambda records, n=n: records.answer_to(f"s-{n}", NOW_MS)) for n in range(answers)]
    known["receipts"] = await rows(house, "SELECT payment_id, hash, verdict, raw FROM payment_receipts ORDER BY hash")
    known["steps"] = await rows(house, "SELECT * FROM payment_status_history ORDER BY id")
    known["polls"] = await rows(house, "SELECT id, next_poll_ms IS NULL FROM payment_transactions ORDER BY id")
    return known


async def clean(house):
    while await drop_batches(house.core):
        pass


def exported(folder):
    lines = [line for path in sorted(folder.rglob("audit-*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


@given(
    payments=st.lists(PAYMENTS, max_size=8),
    audit_days=st.lists(DAYS, max_size=6),
    answer_days=st.lists(st.sampled_from([0, 1, 2, 40]), max_size=4),
)
@settings(max_examples=15, deadline=None)
async def test_what_is_left_answers_every_question_as_before_but_the_codes_of_old_unpaid_payments(
    payments, audit_days, answer_days
):
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(Path(folder)) as house:
            script = Script()
            script.default = NoAnswer("timeout")
            put_bakong(house.core, script)
            await house.core.store.write(fill(payments, audit_days, answer_days))
            before = await answers_now(house, payments, len(answer_days))
            audited = await rows(house, "SELECT id, action FROM audit_logs ORDER BY id")
            await clean(house)
            after = await answers_now(house, payments, len(answer_days))
            for number, kept in enumerate(payments):
                unpaid = kept.status in UNPAID and kept.flag is None and not kept.polled and kept.days >= CODES
                if unpaid:
                    assert after.pop(f"/qr-codes/{number:032x}.png") == (404, b"")
                    before.pop(f"/qr-codes/{number:032x}.png")
            assert after == before
            webhooks = {row[0] for row in await rows(house, "SELECT id FROM webhook_notifications")}
            tried = {row[0] for row in await rows(house, "SELECT notification_id FROM webhook_attempts")}
            dropped = {
                f"msg_{number:04d}"
                for number, kept in enumerate(payments)
                if kept.webhook in ("delivered", "no URL") and kept.webhook_days >= WEBHOOKS
            }
            assert webhooks == tried == {f"msg_{number:04d}" for number in range(len(payments))} - dropped
            lines = exported(Path(folder))
            stored = await rows(house, "SELECT id, action, at_ms FROM audit_logs ORDER BY id")
            assert sorted([(row["id"], row["action"]) for row in lines] + [row[:2] for row in stored]) == audited
            assert len(lines) == sum(days >= AUDIT for days in audit_days)


async def test_the_worker_cleans_by_itself_and_keeps_what_is_paid(house):
    sent = []

    async def post(url, body, headers):
        sent.append(headers["webhook-id"])
        return 200

    house.core.post = post
    bought = await create(house, callback="http://127.0.0.1:1/hook")
    forgone = await create(house, userId="chan")
    house.bakong.reports[bought.md5] = paid()
    await house.clock.advance(DAY_MS)
    assert sent
    assert len(await rows(house, "SELECT 1 FROM webhook_attempts")) == len(sent)
    await house.clock.advance(WEBHOOKS * DAY_MS)
    assert await rows(house, "SELECT 1 FROM webhook_attempts") == []
    assert (await house.client.get(f"/qr-codes/{forgone.md5}.png")).status_code == 200
    await house.clock.advance((CODES - WEBHOOKS) * DAY_MS)
    gone = await house.client.get(f"/qr-codes/{forgone.md5}.png")
    assert (gone.status_code, "no longer kept" in gone.json()["detail"]) == (404, True)
    assert (await house.client.get(f"/api/payments/status/{forgone.md5}")).json()["data"]["status"] == "EXPIRED"
    assert (await house.client.get(f"/qr-codes/{bought.md5}.png")).status_code == 200


async def test_audit_rows_are_exported_whole_before_they_are_deleted(house):
    await house.core.store.write(lambda records: records.add_audit(audit(7, NOW_MS - AUDIT * DAY_MS)))
    await clean(house)
    assert await rows(house, "SELECT 1 FROM audit_logs") == []
    (line,) = exported(house.folder)
    assert line | {"id": 0} == {
        "id": 0,
        "at": "2025-02-11T00:00:00.000Z",
        "actor": "key",
        "action": "act-7",
        "resource": "payment/1",
        "before": None,
        "after": {"n": 7},
        "address": "::1",
        "userAgent": "ua",
        "requestId": "r-1",
    }


async def test_an_export_that_fails_deletes_nothing_and_is_tried_again(house):
    await house.core.store.write(lambda records: records.add_audit(audit(7, NOW_MS - AUDIT * DAY_MS)))
    reported = []
    house.core.report = lambda *row: reported.append(row[0])
    folder = house.folder / "logs" / "audit"
    folder.write_text("in the way")
    cleaner = Cleaner(house.core)
    again_ms = await cleaner.run()
    assert (again_ms, reported) == (NOW_MS + 3_600_000, ["audit"])
    assert len(await rows(house, "SELECT 1 FROM audit_logs")) == 1
    folder.unlink()
    await house.clock.advance(again_ms - NOW_MS)
    await cleaner.run()
    assert await rows(house, "SELECT 1 FROM audit_logs") == []
    assert len(exported(house.folder)) == 1


async def test_a_crash_between_export_and_deletion_exports_no_row_twice(house):
    for number in range(3):
        await house.core.store.write(
            lambda records, number=number: records.add_audit(audit(number, NOW_MS - AUDIT * DAY_MS))
        )
    batch = await house.core.store.read(lambda records: records.old_audit(NOW_MS, 2))
    await house.core.archive(batch)
    await clean(house)
    assert sorted(row["action"] for row in exported(house.folder)) == ["act-0", "act-1", "act-2"]


async def test_many_are_dropped_in_small_batches_with_time_between(house):
    old = [Kept("PAID", 0, None, False, "delivered", WEBHOOKS)] * (2 * BATCH + 1)

    def add(records):
        for number, kept in enumerate(old):
            records.add_notification(webhook_of(number, kept))

    await house.core.store.write(add)
    cleaner, left = Cleaner(house.core), []
    for _ in range(3):
        next_ms = await cleaner.run()
        left.append(len(await rows(house, "SELECT 1 FROM webhook_notifications")))
        house.core.timers = type("At", (), {"now_ms": lambda self, at=next_ms: at})()
    assert left == [BATCH + 1, 1, 0]
    assert next_ms == NOW_MS + 2 * PAUSE_MS + 3_600_000


async def test_days_of_0_keep_for_ever(tmp_path):
    days = dict.fromkeys(("retention_webhook_days", "retention_unpaid_days", "retention_audit_days"), 0)
    async with open_house(tmp_path, **days) as house:
        kept = [Kept("EXPIRED", 1000, None, False, "delivered", 1000)]
        await house.core.store.write(fill(kept, [1000], []))
        await clean(house)
        assert (await house.client.get(f"/qr-codes/{0:032x}.png")).status_code == 200
        counts = "SELECT (SELECT count(*) FROM webhook_attempts) + (SELECT count(*) FROM audit_logs)"
        assert await rows(house, counts) == [(2,)]
