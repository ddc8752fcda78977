"""The service's own OpenAPI document: every route has its examples, and each is executed."""

import json

from bakong_service.api.examples import EXAMPLES, ID, MD5, WEBHOOK
from bakong_service.api.guard import ACCESS_PATHS
from tests import answered

# In the order of a customer's life; `pay` settles the code that the call before has made.
STORY = [
    ("create", None),
    ("status", None),
    ("payment", None),
    ("bulk_check", None),
    ("history", None),
    ("qr_code", None),
    ("monitor", "pay"),
    ("subscription", None),
    ("renew", None),
    ("upgrade", None),
    ("downgrade", "pay upgrade"),
    ("cancel", None),
    ("webhook_test", None),
    ("webhook", None),
    ("webhook_resend", None),
]
ELSEWHERE = {"event"}  # Bakong sends none: see test_providers
OPTIONAL = {"shortLink", "paidAt", "pendingPlanType", "cancelAt", "deliveredAt", "nextTryAt"}


def shape(value):
    """Keys and kinds of values, without the values."""
    if isinstance(value, dict):
        # FastAPI leaves nulls out of its document.
        return {key: shape(inner) for key, inner in value.items() if key not in OPTIONAL and inner is not None}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


async def operations(service):
    document = (await service.get("/openapi.json", headers={"authorization": ""})).json()
    return {
        operation["operationId"]: (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not path.startswith(("/api/health", "/metrics")) and path not in ACCESS_PATHS  # see test_users, test_oauth2
    }


async def plans(service):
    """The operations of plans and their payments; those of the other tags have tests of their own."""
    return {
        name: one
        for name, one in (await operations(service)).items()
        if not one[1].startswith("/api/v1/") and not {"escrow", "admin"} & set(one[2]["tags"])
    }


async def test_the_examples_of_every_route_do_what_they_say(service, control):
    documented = await plans(service)
    assert set(documented) == set(EXAMPLES) == {name for name, _ in STORY} | ELSEWHERE
    real = {MD5: MD5, ID: ID}
    nobody = {"https://shop.example/hooks": "http://127.0.0.1:9/hooks"}
    last = None
    for name, before in STORY:
        if before:
            await control.post("/payments", json={"qr": last["qrCode"]})
            await service.get(f"/api/payments/status/{last['md5Hash']}")
        method, path, operation = documented[name]
        url, body = call_of(path, operation, real | nobody)
        answer = await service.request(method, url, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, (name, answer.text)
        if name == "qr_code":
            assert answer.headers["content-type"] == "image/png"
            continue
        example = operation["responses"]["200"]["content"]["application/json"]["example"]
        got = answer.json()
        if name.startswith("webhook"):
            got["data"]["attempts"] = example["data"]["attempts"]  # it may have been tried meanwhile
        if name in ("history", "subscription"):
            rows = got["data"].get("items") or got["data"]["recentPayments"]
            del rows[1:]
        assert shape(got) == shape(example), name
        if name == "create":
            last = got["data"]
            real = {MD5: last["md5Hash"], ID: last["transactionId"]}
        elif name == "webhook_test":
            last = got["data"]
            real = {WEBHOOK: last["webhookId"]}
        elif name == "upgrade":
            last = got["data"]["payment"]


def call_of(path, operation, real):
    """Method's path with its example parameters, and its example body in the request's own values."""
    query = []
    for parameter in operation.get("parameters", ()):
        if "examples" in parameter.get("schema", {}):
            value = parameter["schema"]["examples"][0]
            path = path.replace("{" + parameter["name"] + "}", value)
            if parameter["in"] == "query":
                query.append(f"{parameter['name']}={value}")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    text = "" if body is None else json.dumps(body)
    path = path + ("?" + "&".join(query) if query else "")
    for written, stands_for in real.items():
        text, path = text.replace(written, stands_for), path.replace(written, stands_for)
    return path, text


async def test_a_route_names_the_errors_that_it_can_answer(service):
    routes = await operations(service)
    for name in EXAMPLES:
        for status, response in routes[name][2]["responses"].items():
            if status != "200":
                example = response["content"]["application/problem+json"]["example"]
                assert example["status"] == int(status), name


def test_an_answer_that_differs_from_its_schema_is_seen():
    """What every client of these tests is held to; see tests/answered.py."""
    live = ("GET", "/api/health/live", 200)
    assert answered.complaints(*live, {"status": "live"}) == []
    for wrong in ({"status": "dead"}, {}, {"status": "live", "more": 1}):
        assert len(answered.complaints(*live, wrong)) == 1
