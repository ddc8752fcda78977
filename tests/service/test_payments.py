"""The service over HTTP, against the simulator, under a frozen clock."""

import json

import httpx
import pytest
from PIL import Image

from bakong_contracts.webhooks import verify
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_schemes.bakong.fake.scheme import BAKONG
from khqr import decode

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


async def create(service, **changes):
    answer = await service.post("/api/payments/create", json=ORDER | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def status_of(service, payment):
    return (await service.get(f"/api/payments/status/{payment['md5Hash']}")).json()["data"]


@pytest.fixture
async def mailbox():
    """A main backend: its URL, and what arrived."""
    arrived = []

    async def app(scope, receive, send):
        message = await receive()
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        arrived.append((headers, message["body"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(app, opened):
            yield url_of(opened) + "/hook", arrived


async def test_a_payment_has_a_code_that_says_what_it_says(service):
    payment = await create(service)
    payee = decode(payment["qrCode"]).payee
    assert (str(payee.amount), payee.bill_number, payee.bakong_account_id) == (
        "0.50",
        payment["billNumber"],
        "sandbox_merchant@sand",
    )
    assert (payment["status"], payment["amount"], payment["currency"]) == ("PENDING", 0.5, "USD")
    assert (payment["createdAt"], payment["expiresAt"]) == ("2026-02-11T00:00:00.000Z", "2026-02-11T00:15:00.000Z")
    assert payment["qrImagePath"] == f"/qr-codes/{payment['md5Hash']}.png"
    assert payment["deepLink"].startswith("bakong://qr?qr=000201")


async def test_the_picture_needs_no_key_and_is_a_png(service, tmp_path):
    payment = await create(service)
    answer = await service.get(payment["qrImagePath"], headers={"authorization": ""})
    (tmp_path / "qr.png").write_bytes(answer.content)
    with Image.open(tmp_path / "qr.png") as picture:
        assert (picture.format, picture.width > 200) == ("PNG", True)


async def test_a_paid_payment_starts_the_subscription_and_tells_the_main_backend(service, control, mailbox, stack):
    url, arrived = mailbox
    payment = await create(service, callback=url)
    await control.post("/payments", json={"qr": payment["qrCode"]})
    paid = await status_of(service, payment)
    assert (paid["status"], paid["late"]) == ("PAID", False)
    await control.post("/clock/advance", json={"seconds": 1})
    answer = (await service.get("/api/subscriptions/status/sokha")).json()["data"]
    assert answer["hasSubscription"] is True
    assert answer["subscription"]["planType"] == "PREMIUM"
    assert answer["subscription"]["nextBillingDate"] == "2026-03-13T00:00:00.000Z"
    assert [json.loads(body)["type"] for _, body in arrived] == ["payment.paid", "subscription.activated"]
    for headers, body in arrived:
        verify([stack.webhook_secret], headers, body, now_s=stack.worlds.default.clock.now_ms() // 1000)


async def test_the_worker_finds_a_payment_without_being_asked(service, control, mailbox):
    url, arrived = mailbox
    payment = await create(service, callback=url)
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await control.post("/clock/advance", json={"seconds": 5})
    assert [json.loads(body)["type"] for _, body in arrived] == ["payment.paid", "subscription.activated"]


async def test_an_unpaid_payment_expires_after_15_minutes(service, control, mailbox):
    url, arrived = mailbox
    payment = await create(service, callback=url)
    await control.post("/clock/advance", json={"seconds": 899})
    assert (await status_of(service, payment))["status"] == "PENDING"
    await control.post("/clock/advance", json={"seconds": 1})
    assert (await status_of(service, payment))["status"] == "EXPIRED"
    assert [json.loads(body)["type"] for _, body in arrived] == ["payment.expired"]


async def test_a_late_payment_is_not_lost(service, control):
    payment = await create(service)
    await control.post("/clock/advance", json={"seconds": 1000})
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await control.post("/clock/advance", json={"seconds": 3600})
    late = await status_of(service, payment)
    assert (late["status"], late["late"]) == ("PAID", True)
    answer = (await service.get("/api/subscriptions/status/sokha")).json()["data"]
    assert answer["hasSubscription"] is True


@pytest.mark.parametrize(
    ("act", "flag"), [({"amount": "0.49"}, "wrong_amount"), ({"amount": "2000", "currency": "KHR"}, "wrong_currency")]
)
async def test_what_does_not_match_is_no_payment_but_is_flagged(service, control, act, flag):
    payment = await create(service)
    await control.post("/payments", json={"qr": payment["qrCode"], **act})
    after = await status_of(service, payment)
    assert (after["status"], after["flag"]) == ("PENDING", flag)


async def test_a_failed_payment_is_failed(service, control):
    payment = await create(service)
    await control.post("/payments", json={"qr": payment["qrCode"], "outcome": "failed"})
    assert (await status_of(service, payment))["status"] == "FAILED"


async def test_monitor_returns_when_the_payment_is_settled(service, control):
    payment = await create(service, planType="FAMILY_PREMIUM", amount=4000, currency="KHR")
    await control.post("/payments", json={"qr": payment["qrCode"]})
    answer = await service.post("/api/payments/monitor", json={"transactionId": payment["transactionId"]})
    assert (answer.json()["data"]["status"], answer.json()["data"]["attempts"]) == ("PAID", 1)


async def test_monitor_gives_up_as_timeout_and_the_payment_is_still_watched(service, control):
    payment = await create(service)
    body = {"transactionId": payment["transactionId"], "options": {"maxAttempts": 1}}
    answer = await service.post("/api/payments/monitor", json=body)
    assert answer.json()["data"]["status"] == "TIMEOUT"
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await control.post("/clock/advance", json={"seconds": 10})
    after = await status_of(service, payment)
    assert (after["status"], after["late"]) == ("PAID", True)


async def test_a_payment_outlives_a_bakong_that_hangs_and_breaks(service, control):
    script = """
name: bad-day
faults:
  - {on: check_transaction_by_md5, poll: 1, fault: http, status: 500, body: envelope}
  - {on: check_transaction_by_md5, poll: 2, fault: http, status: 403, body: cloudfront}
  - {on: check_transaction_by_md5, poll: 3, fault: reset, at: after_head}
"""
    await control.put("/scenario", content=script)
    payment = await create(service)
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await control.post("/clock/advance", json={"seconds": 60})
    assert (await status_of(service, payment))["status"] == "PAID"


async def test_an_expired_bakong_token_is_renewed(service, control, stack):
    payment = await create(service)
    stack.worlds.default.state(BAKONG).registrations.tokens.clear()
    await control.post("/payments", json={"qr": payment["qrCode"]})
    await control.post("/clock/advance", json={"seconds": 5})
    assert (await status_of(service, payment))["status"] == "PAID"


async def test_health_answers_without_a_key(service):
    for path in ("/api/health", "/api/health/ready", "/api/health/live"):
        answer = await service.get(path, headers={"authorization": ""})
        assert answer.status_code == 200, path


WRONG = [
    ("POST", "/api/payments/create", b"{", 400),
    ("POST", "/api/payments/create", b"\xff\xfe", 400),
    ("POST", "/api/payments/create", b"[]", 422),
    ("POST", "/api/payments/create", b"null", 422),
    ("POST", "/api/payments/create", b"{}", 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"amount": 0.51}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"amount": "0.50"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"amount": True}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"amount": -1}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"amount": 1e308}).encode(), 422),
    ("POST", "/api/payments/create", (json.dumps(ORDER)[:-1] + ', "x": NaN}').encode(), 400),
    ("POST", "/api/payments/create", json.dumps(ORDER).replace("0.5", "NaN").encode(), 400),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"currency": "EUR"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"planType": "GOLD"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"userId": ""}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"userId": "a\r\nb"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"callback": "http://a/\r\nx"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"callback": "ftp://a"}).encode(), 422),
    ("POST", "/api/payments/create", json.dumps(ORDER | {"more": 1}).encode(), 422),
    ("POST", "/api/payments/create", b"[" * 60_000, 400),
    ("POST", "/api/payments/create", b'{"userId": "' + b"a" * 1_000_000 + b'"}', 413),
    ("POST", "/api/payments/monitor", b'{"transactionId": "none"}', 404),
    ("POST", "/api/payments/monitor", b'{"transactionId": "x", "options": {"interval": 999}}', 422),
    ("POST", "/api/payments/monitor", b'{"transactionId": "x", "options": {"timeout": 900001}}', 422),
    ("GET", "/api/payments/status/" + "0" * 32, b"", 404),
    ("GET", "/api/payments/status/xyz", b"", 422),
    ("GET", "/qr-codes/" + "0" * 32 + ".png", b"", 404),
    ("GET", "/api/payments/create", b"", 405),
    ("GET", "/nowhere", b"", 404),
]


async def test_bad_input_is_a_problem_document_that_says_what_is_wrong(service):
    for method, path, body, status in WRONG:
        answer = await service.request(method, path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status, (path, body[:99], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["instance"]) == (status, path)
        assert problem["traceId"] == answer.headers["x-request-id"]
        if status == 422:
            assert problem["errors"], body
            assert set(problem["errors"][0]) == {"field", "message"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer \xfc"])
async def test_a_wrong_key_is_401(stack, header):
    async with httpx.AsyncClient(base_url=stack.service_url, trust_env=False) as client:
        answer = await client.post(
            "/api/payments/create", json=ORDER, headers={"authorization": header.encode("latin-1")}
        )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_another_media_type_is_415(service):
    answer = await service.post("/api/payments/create", content="a=b", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_a_request_id_is_echoed_or_made(service):
    assert (await service.get("/api/health", headers={"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"
    assert len((await service.get("/api/health", headers={"x-request-id": "a b"})).headers["x-request-id"]) == 36


async def test_a_transaction_id_with_a_zero_byte_is_422_on_every_database(service):
    answer = await service.post("/api/payments/monitor", json={"transactionId": "a\0b"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
