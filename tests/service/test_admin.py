"""The admin API: what an operator reads, behind a key that opens nothing else; no secret, no sealed column."""

import json

import httpx
import pytest

from bakong_contracts.webhooks import verify
from bakong_service.api.examples_admin import ADMIN_EXAMPLES
from tests.conftest import NOW_MS, PLAIN
from tests.service.test_documents import call_of, operations, shape

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}
LISTS = ("payments", "subscriptions", "orders", "escrow", "webhooks", "audit-logs")


@pytest.fixture
async def admin(stack):
    """A client of the service, with the key that only reads."""
    headers = {"authorization": f"Bearer {stack.admin_key}"}
    async with httpx.AsyncClient(base_url=stack.service_url, headers=headers, **PLAIN) as client:
        yield client


async def bought(service, control, user="sokha"):
    """A plan that was paid; its webhooks go nowhere."""
    asked = ORDER | {"userId": user, "callback": "http://127.0.0.1:9/a-secret-path"}
    order = (await service.post("/api/payments/create", json=asked)).json()["data"]
    await control.post("/payments", json={"qr": order["qrCode"]})
    await service.get(f"/api/payments/status/{order['md5Hash']}")
    await control.post("/clock/advance", json={"seconds": 1})
    return order


async def read(admin, path, **query):
    answer = await admin.get(f"/api/admin/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_payment_its_subscription_and_its_webhooks_are_read_with_their_history_and_no_secret(
    service, control, admin, stack
):
    order = await bought(service, control)
    [line] = (await read(admin, "payments"))["data"]
    assert (line["id"], line["status"], line["userId"]) == (order["transactionId"], "PAID", "sokha")
    whole = (await read(admin, f"payments/{line['id']}"))["data"]
    assert [(row["from"], row["to"]) for row in whole["history"]] == [(None, "PENDING"), ("PENDING", "PAID")]
    assert [(row["verdict"], row["amount"]) for row in whole["receipts"]] == [("accepted", 0.5)]
    [subscription] = (await read(admin, "subscriptions"))["data"]
    history = (await read(admin, f"subscriptions/{subscription['id']}"))["data"]["history"]
    assert [(row["to"], row["planType"]) for row in history] == [("ACTIVE", "PREMIUM")]
    webhooks = (await read(admin, "webhooks"))["data"]
    assert {row["event"] for row in webhooks} == {"payment.paid", "subscription.activated"}
    hook = (await read(admin, f"webhooks/{webhooks[0]['webhookId']}"))["data"]
    assert (hook["receiver"], hook["body"]["data"]["userId"]) == ("127.0.0.1:9", "sokha")
    tried = hook["attempts"][0]
    assert (tried["status"], bool(tried["error"])) == (None, True)
    body = json.dumps(hook["body"], ensure_ascii=False, separators=(",", ":")).encode()
    assert verify([stack.webhook_secret], tried["headers"], body, now_s=NOW_MS // 1000) == hook["webhookId"]
    paths = (*LISTS, f"payments/{line['id']}", f"webhooks/{hook['webhookId']}")
    shown = "".join([(await admin.get(f"/api/admin/{path}")).text for path in paths])
    account = order["qrCode"][order["qrCode"].index("@") - 8 :][:12]
    secrets = (order["qrCode"], account, "a-secret-path", stack.api_key, stack.webhook_secret, stack.admin_key)
    assert [secret for secret in secrets if secret in shown] == []  # nor what is sealed
    assert "payment.create" in {row["action"] for row in (await read(admin, "audit-logs"))["data"]}


async def pages_of(admin, path, between):
    """The ids of a list, two rows a page; something comes after the first page."""
    seen, cursor = [], None
    while True:
        answer = await read(admin, path, limit=2, **({"cursor": cursor} if cursor else {}))
        seen.append([row.get("webhookId") or row["id"] for row in answer["data"]])
        cursor = answer["meta"]["nextCursor"]
        if cursor is None:
            return seen
        if len(seen) == 1:
            await between()


async def test_pages_meet_each_row_once_whatever_comes_meanwhile(service, control, admin):
    async def order(user="later"):
        return (await service.post("/api/payments/create", json=ORDER | {"userId": user})).json()["data"]

    async def ring():
        return (await service.post("/api/webhooks/test", json={"callback": "http://127.0.0.1:9/"})).json()["data"]

    async def subscribe():
        await bought(service, control, "later")

    rings = [(await ring())["webhookId"] for _ in range(3)]
    assert await pages_of(admin, "webhooks", ring) == [[rings[2], rings[1]], [rings[0]]]
    made = [(await order(f"u-{number}"))["transactionId"] for number in range(3)]  # all in one millisecond
    pages = await pages_of(admin, "payments", order)
    assert sorted(len(page) for page in pages) == [1, 2]
    assert {one for page in pages for one in page} == set(made)
    assert [row["id"] for row in (await read(admin, "payments", userId="u-1"))["data"]] == made[1:2]
    for number in range(3):
        await bought(service, control, f"s-{number}")
    pages = await pages_of(admin, "subscriptions", subscribe)
    assert [len(page) for page in pages] == [2, 1]


async def test_its_key_reads_and_nothing_else(service, control, admin, stack):
    await bought(service, control)
    [hook, *_] = (await read(admin, "webhooks"))["data"]
    refused = [
        *[("POST", "/api/payments/create"), ("GET", "/api/payments/history/sokha"), ("GET", "/api/v1/audit-logs")],
        *[("POST", f"/api/webhooks/{hook['webhookId']}/resend"), ("GET", f"/api/webhooks/{hook['webhookId']}")],
        *[("GET", "/metrics"), ("GET", "/api/v1/transactions"), ("POST", "/api/v1/orders"), ("GET", "/api/jobs/j")],
    ]
    for method, path in refused:
        answer = await admin.request(method, path, json=ORDER if method == "POST" else None)
        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "forbidden")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await admin.request(method, "/api/admin/payments", json={})
        assert answer.status_code == 405, method
    for path in LISTS:
        for key, status in (("", 401), ("Bearer wrong", 401), (f"Bearer {stack.api_key}", 403)):
            answer = await admin.get(f"/api/admin/{path}", headers={"authorization": key})
            assert (path, key, answer.status_code) == (path, key, status)
    for path in ("payments/none", "subscriptions/none", "orders/none", "escrow/none", "webhooks/none"):
        assert (await admin.get(f"/api/admin/{path}")).status_code == 404
    for path in ("payments?limit=0", "payments?limit=101", "payments?cursor=x", "webhooks?cursor=!!", "payments/a b"):
        answer = await admin.get(f"/api/admin/{path}")
        assert (path, answer.status_code, answer.json()["code"]) == (path, 422, "invalid")


async def test_the_examples_of_every_route_do_what_they_say(service, control, admin):
    documented = {name: one for name, one in (await operations(service)).items() if "admin" in one[2]["tags"]}
    assert set(documented) == set(ADMIN_EXAMPLES)
    order = await bought(service, control)
    hooks = (await read(admin, "webhooks"))["data"]
    subscriptions = (await read(admin, "subscriptions"))["data"]
    made = await service.post("/api/v1/orders", json={"amount": 0.5, "currency": "USD"})
    assert made.status_code == 201, made.text
    ids = {
        "payments": order["transactionId"],
        "webhooks": hooks[0]["webhookId"],
        "subscriptions": subscriptions[0]["id"],
        "orders": (await read(admin, "orders"))["data"][0]["id"],
    }
    for name, (method, path, operation) in documented.items():
        if "escrow" in name:
            continue  # where money is held: tests/service/escrow/test_admin.py
        url, _ = call_of(path, operation, {})
        if "{" in path:
            url = f"/api/admin/{path.split('/')[3]}/{ids[path.split('/')[3]]}"
        answer = await admin.request(method, url)
        assert answer.status_code == 200, (name, answer.text)
        got, example = answer.json(), operation["responses"]["200"]["content"]["application/json"]["example"]
        for shown in (got["data"], example["data"]):
            for row in shown if isinstance(shown, list) else [shown]:
                for uncertain in ("lastError", "lastStatus", "body", "details"):
                    row.pop(uncertain, None)
                for inner in ("history", "attempts"):
                    del row.get(inner, [])[1:]
                    for line in row.get(inner, []):
                        line.pop("from", None)
                        line.pop("error", None)
                        line.pop("status", None)
            if isinstance(shown, list):
                del shown[1:]
        assert shape(got["data"]) == shape(example["data"]), name
