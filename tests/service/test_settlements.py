"""Settlements: one row a method and business day in Bangkok, and the laws that hold over whatever has happened."""

import asyncio
import csv
import io
import json
import random

import pytest

from bakong_service.domain.fees import Settlement as Sums
from bakong_service.domain.settlements import postings
from tests.service.thai_shop import minor, open_thai_shop

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS  # the house's clock begins at 07:00 in Bangkok


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as opened:
        yield opened


async def entries_of(shop, row):
    text = (await shop.get(f"/settlements/{row['id']}/entries")).text
    return list(csv.DictReader(io.StringIO(text)))


async def check_laws(shop):
    """Sum of entries = row; each capture and refund is in one row; debits = credits; clearing = the provider's."""
    settlements = await shop.settlements()
    seen = []
    for row in settlements:
        entries = await entries_of(shop, row)
        seen += [(entry["type"], entry["id"]) for entry in entries]
        for name, kind, column in (
            ("gross", "payment", "amount"),
            ("refunds", "refund", "amount"),
            ("fee", "payment", "fee"),
            ("feeVat", "payment", "feeVat"),
        ):
            assert sum(minor(one[column]) for one in entries if one["type"] == kind) == minor(row[name]), (row, name)
        assert sum(minor(one["net"]) for one in entries) == minor(row["net"])
        assert sum(minor(one["debit"]) for one in row["postings"]) == sum(
            minor(one["credit"]) for one in row["postings"]
        )
    captured = await shop.rows("SELECT id FROM payment_transactions WHERE purpose = 'order' AND status = 'PAID'")
    refunded = await shop.rows("SELECT id FROM refunds WHERE status = 'completed'")
    expected = [("payment", one) for (one,) in captured] + [("refund", one) for (one,) in refunded]
    assert sorted(seen) == sorted(expected)
    return settlements


async def test_a_day_in_bangkok_is_closed_at_midnight_and_what_comes_later_is_of_the_next(shop):
    await shop.paid_order()
    await shop.clock.advance(17 * HOUR_MS - 1)
    (day,) = await shop.settlements()
    assert (day["date"], day["status"]) == ("2026-02-11", "OPEN")
    await shop.paid_order()
    await shop.clock.advance(1)
    (day,) = await shop.settlements()
    assert (day["status"], day["gross"], day["net"], day["payout"]) == ("CLOSED", "2140.00", "2102.20", "2102.20")
    await shop.paid_order()
    later, first = await check_laws(shop)
    assert (later["date"], later["status"], first) == ("2026-02-12", "OPEN", day)


async def test_a_payment_of_a_closed_day_that_is_learnt_later_is_a_correction(shop):
    await shop.paid_order()
    order = await shop.order()
    await shop.clock.advance(17 * HOUR_MS - 60_000)
    await shop.checkout(order)
    at_ms = shop.clock.now_ms()
    await shop.clock.advance(60_000)
    shop.bank.pays("riv_2", 107000, done_ms=at_ms + 30_000)
    await shop.clock.advance(60_000)
    rows = await check_laws(shop)
    of_the_day = sorted((row["number"], row["date"], row["gross"]) for row in rows)
    assert of_the_day == [(0, "2026-02-11", "1070.00"), (1, "2026-02-11", "1070.00")]


async def test_a_cutoff_moves_the_day(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage, settlement_cutoff="08:00") as shop:
        await shop.paid_order()
        assert [row["date"] for row in await shop.settlements()] == ["2026-02-10"]
        await shop.clock.advance(HOUR_MS)
        assert [row["status"] for row in await shop.settlements()] == ["CLOSED"]


async def test_what_is_below_zero_is_carried_to_the_next_day_until_it_is_paid(shop):
    _, payment = await shop.paid_order()
    await shop.clock.advance(DAY_MS)
    assert (await shop.post(f"/payments/{payment['id']}/refund")).status_code == 201
    owed, first = await shop.settlements()
    assert (owed["net"], owed["payout"], owed["carriedForward"]) == ("-1070.00", "0.00", True)
    assert first["carriedForward"] is False
    await shop.clock.advance(DAY_MS)
    carried, *_ = await shop.settlements()
    assert (carried["date"], carried["carriedIn"], carried["net"]) == ("2026-02-13", "-1070.00", "0.00")
    await shop.paid_order()
    await shop.paid_order()
    today, *_ = await check_laws(shop)
    assert (today["net"], today["payout"]) == ("2102.20", "1032.20")


async def test_a_closed_row_is_paid_or_failed_once_and_no_open_one_is(shop):
    await shop.paid_order()
    (row,) = await shop.settlements()
    path = f"/api/v1/settlements/{row['id']}"
    assert (await shop.client.patch(path, json={"status": "PAID"})).status_code == 409
    await shop.clock.advance(DAY_MS)
    answers = await asyncio.gather(*(shop.client.patch(path, json={"status": "PAID"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await shop.get(f"/settlements/{row['id']}")).json()["data"]["status"] == "PAID"
    assert (await shop.client.patch(path, json={"status": "OPEN"})).status_code == 422


async def test_entries_come_as_csv_or_json_lines_page_by_page(shop):
    for _ in range(3):
        await shop.paid_order()
        await shop.clock.advance(1)
    (row,) = await shop.settlements()
    path = f"/settlements/{row['id']}/entries"
    pages, cursor = [], {}
    while cursor is not None:
        page = await shop.get(path, format="jsonl", limit=2, **cursor)
        pages.append([json.loads(line) for line in page.text.splitlines()])
        more = page.headers.get("x-next-cursor")
        cursor = None if more is None else {"cursor": more}
    assert [len(page) for page in pages] == [2, 1]
    assert [one["id"] for page in pages for one in page] == [one["id"] for one in await entries_of(shop, row)]
    assert (await shop.get("/settlements", **{"from": "2026-02-12", "to": "2026-02-11"})).status_code == 422
    assert (await shop.get("/settlements", **{"from": "2026-02-30"})).status_code == 422
    assert (await shop.settlements(**{"from": "2026-02-11", "to": "2026-02-11", "method": row["methodId"]})) == [row]


async def test_the_laws_hold_after_a_week_of_random_trade(shop):
    luck = random.Random(20260211)
    await shop.method(name="Second", feePercentage="3.65", fixedFee="2.00", priority=0)
    paid = []
    for _ in range(40):
        action = luck.random()
        if action < 0.6 or not paid:
            item = {
                "quantity": str(luck.randint(1, 9)),
                "unitPrice": f"{luck.randint(20, 900)}.{luck.randint(0, 99):02}",
            }
            paid.append(await shop.paid_order(item | {"vatRate": luck.choice(["7", "0", None])}))
        else:
            _, payment = luck.choice(paid)
            body = luck.choice([{}, {"amount": f"{luck.randint(1, 300)}.{luck.randint(0, 99):02}"}])
            assert (await shop.post(f"/payments/{payment['id']}/refund", body)).status_code in (201, 409)
        await shop.clock.advance(luck.randint(0, 8 * HOUR_MS))
    rows = await check_laws(shop)
    assert {row["status"] for row in rows[3:]} == {"CLOSED"}
    cleared = sum(
        (1 if side == "debit" else -1) * minor(one[side])
        for row in rows
        for one in row["postings"]
        for side in ("debit", "credit")
        if one["account"] == "provider_clearing"
    )
    collected = sum(report.money.minor for report in shop.bank.reports.values())
    fees = sum(minor(row["fee"]) + minor(row["feeVat"]) for row in rows)
    assert cleared == collected - fees - shop.bank.given_minor


def test_a_row_is_a_double_entry_whose_sides_are_equal():
    luck = random.Random(7)
    for _ in range(500):
        sides = postings(Sums(*(luck.randint(0, 10**12) for _ in range(4))))
        assert sum(one.debit_minor for one in sides) == sum(one.credit_minor for one in sides)
