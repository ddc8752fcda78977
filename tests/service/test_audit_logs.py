"""The audit log is read over the API: who did what, with filters, page by page, at the same cost whatever its size."""

import csv
import io

import pytest

from bakong_service.adapters.sql import records_audit
from bakong_service.api.cursors import write_cursor
from tests.service.thai_shop import open_thai_shop

NAMES = ["id", "userId", "action", "resource", "details", "ipAddress", "userAgent", "createdAt"]


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_thai_shop(tmp_path, storage) as opened:
        yield opened


async def read(shop, **query):
    return (await shop.get("/audit-logs", **query)).json()


async def test_each_step_of_an_order_is_a_line_with_who_asked_and_what_changed(shop):
    order, payment = await shop.paid_order()
    await shop.post(f"/payments/{payment['id']}/refund")
    lines = (await read(shop))["data"]
    assert list(lines[0]) == NAMES
    assert [line["action"] for line in reversed(lines)] == [
        "method.create",
        "order.create",
        "payment.initiate",
        "order.status",
        "payment.processing",
        "payment.status",
        "order.status",
        "refund.request",
        "refund.status",
    ]
    assert {line["userId"].split()[0] for line in lines} == {"main-backend"}
    assert {line["ipAddress"] for line in lines} == {"127.0.0.1"}
    (status,) = (line for line in lines if line["details"]["after"] == {"status": "completed"})
    assert status["details"]["before"] == {"status": "pending"}
    assert (await read(shop, action="audit.read"))["data"][0]["resource"] == "audit-log"
    of_one = (await read(shop, resource=f"order/{order['id']}"))["data"]
    assert [line["action"] for line in of_one] == ["order.status", "order.status", "order.create"]


async def test_lines_are_filtered_by_who_and_when(shop):
    for _ in range(3):
        await shop.order()
        await shop.clock.advance(60_000)
    kept = {"action": "order.create", "from": "2026-02-11T00:01:00Z", "to": "2026-02-11T00:02:00Z"}
    assert len((await read(shop, **kept))["data"]) == 1
    assert (await read(shop, userId="nobody"))["data"] == []
    who = (await read(shop, action="order.create"))["data"][0]["userId"]
    assert len((await read(shop, userId=who, action="order.create"))["data"]) == 3
    assert (await shop.get("/audit-logs", **{"from": "yesterday"})).status_code == 422
    for number, text in ((2**31, ""), (10**15 + 1, "x"), (1, "a\0b")):
        cursor = write_cursor(number, text)
        answers = [await shop.get(path, cursor=cursor) for path in ("/audit-logs", "/orders")]
        assert {answer.status_code for answer in answers} <= {200, 422}, (number, text)
        assert answers[0].status_code == 422


async def test_pages_look_through_so_many_lines_and_meet_each_wanted_one_once(shop, monkeypatch):
    monkeypatch.setattr(records_audit, "LOOKED_THROUGH", 4)
    orders = [(await shop.order())["id"] for _ in range(7)]
    seen, query = [], {"action": "order.create", "limit": 2}
    for _ in range(30):
        page = await read(shop, **query)
        assert len(page["data"]) <= 2
        seen += [line["resource"] for line in page["data"]]
        if not page["meta"]["hasMore"]:
            break
        query["cursor"] = page["meta"]["nextCursor"]
    assert seen == [f"order/{one}" for one in reversed(orders)]


async def test_lines_come_as_csv_and_json_lines_and_no_cell_is_a_formula(shop):
    await shop.post(
        "/payment-methods", {"provider": "RIVERPAY", "type": "QR", "name": "=1+1"}, **{"user-agent": "=cmd()"}
    )
    answer = await shop.get("/audit-logs", format="csv", action="method.create", limit=1)
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert list(row) == NAMES
    assert row["userAgent"] == "'=cmd()"
    lines = await shop.get("/audit-logs", format="jsonl", limit=1)
    assert (lines.headers["content-type"], lines.text.count("\n")) == ("application/jsonl", 1)
