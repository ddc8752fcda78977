"""Rows of the service's contract that no other test holds: keys on every path, limits and blocks, waits, tables."""

import asyncio
import json
import re

import httpx
import pytest
from sqlalchemy import inspect

from bakong_contracts.service_api import Priority
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.api.guard import ACCESS_PATHS, PAYMENT_WEBHOOK
from bakong_service.settings import load
from tests.conftest import PLAIN
from tests.service.house import open_house, put_bakong
from tests.service.processes import environment
from tests.service.test_documents import call_of
from tests.service.test_events import client_of
from tests.service.test_faults import ORDER, Script, stored

TABLES = {
    "payment_transactions", "payment_status_history", "subscriptions", "subscription_status_history",
    "webhook_notifications", "audit_logs", "api_keys", "idempotency_keys",
}  # fmt: skip


async def test_every_path_but_health_and_pictures_wants_a_key(service):
    document = (await service.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            url, body = call_of(path, operation, {})
            headers = {"authorization": "", "content-type": "application/json"}
            answer = await service.request(method, url, content=body, headers=headers)
            of_providers = ("/api/providers/{name}/events", "/api/v1/webhooks/{provider}")  # signed, each in its way
            is_open = path.startswith(("/api/health", "/qr-codes/")) or path in of_providers
            if path == PAYMENT_WEBHOOK:  # its signature stands for a key: see tests/service/escrow
                continue
            if path in ACCESS_PATHS:  # where keys and tokens come from: see test_users and test_oauth2
                continue
            assert (answer.status_code == 401) is not is_open, path


@pytest.mark.parametrize(
    "path",
    [
        *("/api/healthz-anything", "/api/health-x", "/api/health/readyz", "/docs-x", "/qr-codes"),
        *("/api/providers/a/b/events", "/api/providers//events", "/api/providers"),
    ],
)
async def test_what_begins_like_an_open_path_wants_a_key_and_counts(tmp_path, path):
    async with open_house(tmp_path, rate_limit_per_minute=2) as house:
        assert (await house.client.get(path, headers={"authorization": ""})).status_code == 401
        answers = [await house.client.get(path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [404, 404, 429]
        health = [await house.client.get("/api/health/live", headers={"authorization": ""}) for _ in range(5)]
        assert [answer.status_code for answer in health] == [200] * 5


async def test_past_the_limit_an_answer_says_when_to_come_again_and_ten_wrong_keys_shut_the_address_out(
    tmp_path, storage
):
    options = Options(data_dir=tmp_path, port=0, service_port=0, **storage)
    path = "/api/subscriptions/status/sokha"
    async with run(options) as stack, client_of(stack) as client:
        answers = [await client.get(path) for _ in range(101)]
        assert [answer.status_code for answer in answers] == [200] * 100 + [429]
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert answers[-1].json()["code"] == "rate_limited"
        wait_s = int(answers[-1].headers["retry-after"])
        assert 1 <= wait_s <= 60
        assert answers[-1].headers["ratelimit"] == f'"default";r=0;t={wait_s}'
        assert answers[0].headers["ratelimit-policy"] == '"default";q=100;w=60'
        assert answers[0].headers["ratelimit"].startswith('"default";r=99;')
        wrong = [await client.get(path, headers={"authorization": "Bearer wrong"}) for _ in range(11)]
        assert [answer.status_code for answer in wrong] == [401] * 10 + [403]
        assert wrong[-1].json()["code"] == "blocked"
        assert 890 <= int(wrong[-1].headers["retry-after"]) <= 900


async def test_a_client_that_goes_away_ends_its_wait_and_never_the_payment(service, control, stack):
    """On a frozen clock a wait that nobody ends has no end, and holds its Idempotency-Key."""
    order = (await service.post("/api/payments/create", json=ORDER)).json()["data"]
    host, port = stack.service_url.removeprefix("http://").split(":")
    asked = json.dumps({"transactionId": order["transactionId"], "options": {"timeout": 900_000}}).encode()
    keyed = {"idempotency-key": "k", "content-type": "application/json"}
    head = (
        f"POST /api/payments/monitor HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {stack.api_key}\r\n"
        f"idempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: {len(asked)}\r\n\r\n"
    )

    async def has_begun():
        return "check_transaction_by_md5" in (await control.get("/journal")).text

    async def again():
        return await service.post("/api/payments/monitor", content=asked, headers=keyed)

    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + asked)
    async with asyncio.timeout(60):
        while not await has_begun():
            pass
        assert (await again()).json()["code"] == "idempotency_in_flight"
        writer.close()
        await writer.wait_closed()
        await control.post("/payments", json={"qr": order["qrCode"]})
        while (answer := await again()).status_code == 409:  # until the service has seen that it is alone
            pass
    assert (answer.json()["data"]["status"], answer.json()["data"]["late"]) == ("PAID", False)


async def test_the_priority_of_a_wait_is_the_payments_from_then_on(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as house:
        put_bakong(house.core, Script())
        order = (await house.client.post("/api/payments/create", json=ORDER)).json()["data"]
        for priority in ("high", "low"):
            asked = {"transactionId": order["transactionId"], "options": {"maxAttempts": 1, "priority": priority}}
            assert (await house.client.post("/api/payments/monitor", json=asked)).status_code == 200
            assert (await stored(house, order["transactionId"])).priority is Priority(priority)


async def test_a_payment_is_named_as_promised_and_has_the_short_link_where_bakong_gave_one(service):
    order = (await service.post("/api/payments/create", json=ORDER | {"appName": "Noodles", "appIconUrl": ICON})).json()
    assert re.fullmatch(r"DT-\d{10}-[A-Z0-9]{4}", order["data"]["billNumber"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", order["data"]["transactionId"])
    assert order["data"]["shortLink"].startswith("https://")


ICON = "https://shop.example/icon.png"


@pytest.mark.parametrize(
    "change", [{"appName": ""}, {"appName": "a\r\nb"}, {"appName": "a" * 65}, {"appIconUrl": "no-url"}], ids=str
)
async def test_an_app_of_another_form_is_422(service, change):
    answer = await service.post("/api/payments/create", json=ORDER | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in change


async def test_failed_payments_are_told_from_unpaid_ones_also_in_the_answer_to_a_list(service, control):
    orders = [
        (await service.post("/api/payments/create", json=ORDER | {"userId": f"u-{n}"})).json()["data"] for n in range(3)
    ]
    for order, outcome in zip(orders, ("failed", "paid"), strict=False):
        await control.post("/payments", json={"qr": order["qrCode"], "outcome": outcome})
    hashes = [order["md5Hash"] for order in orders]
    rows = (await service.post("/api/payments/bulk-check", json={"md5Hashes": hashes})).json()["data"]
    assert [row["status"] for row in rows] == ["FAILED", "PAID", "PENDING"]
    entries = (await control.get("/journal")).json()
    assert "check_transaction_by_md5_list" in str(entries)
    assert "check_transaction_by_md5'" not in str(entries)


async def test_the_database_has_the_tables_of_the_contract(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as house:
        tables = await house.core.store.migrate(lambda connection: inspect(connection).get_table_names())
    assert set(tables) >= TABLES


def test_redis_is_named_by_its_url_or_by_host_and_port(tmp_path, monkeypatch):
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert load().redis is None
    monkeypatch.setenv("REDIS_HOST", "cache")
    assert load().redis == "redis://cache:6379/0"
    monkeypatch.setenv("REDIS_PORT", "6380")
    assert load().redis == "redis://cache:6380/0"
    monkeypatch.setenv("REDIS_URL", "rediss://other:1/2")
    assert load().redis == "rediss://other:1/2"


async def test_health_has_the_three_parts_and_readiness_its_own_word(tmp_path, storage):
    options = Options(data_dir=tmp_path, port=0, service_port=0, **storage)
    async with run(options) as stack, httpx.AsyncClient(base_url=stack.service_url, **PLAIN) as client:
        health = (await client.get("/api/health")).json()
        assert (health["status"], set(health["services"])) == ("healthy", {"database", "redis", "bakong"})
        assert all(set(part) >= {"status", "message"} for part in health["services"].values())
        assert health["timestamp"].endswith("Z")
        assert (await client.get("/api/health/ready")).json() == {"status": "ready"}
        assert (await client.get("/api/health/live")).json() == {"status": "live"}
