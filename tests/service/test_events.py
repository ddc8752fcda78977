"""Every event of the contract reaches a main backend over HTTP, with a signature that the reference library accepts."""

import contextlib
import json
from collections import defaultdict
from datetime import datetime

import httpx
import pytest
import time_machine
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from bakong_contracts.webhooks import EventType
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS, PLAIN
from tests.service.house import SETTINGS, open_house, put_bakong
from tests.service.test_faults import ORDER, Script, rows
from tests.service.test_subscriptions import CYCLE, DAY, act, advance, pay

SHARED = {"type", "timestamp", "data"}
# See test_order_payments, and tests/service/escrow.
OF_ORDERS = {
    *("payment.completed", "payment.late", "refund.completed", "refund.failed", "refund.processing"),
    *("escrow.held", "escrow.released", "escrow.refunded"),
}
OF_A_PAYMENT = {
    "transactionId", "billNumber", "md5Hash", "userId", "planType", "amount", "currency", "status", "paidAt", "late",
    "flag",
}  # fmt: skip
OF_A_SUBSCRIPTION = {"subscriptionId", "userId", "planType", "status", "startDate", "nextBillingDate"}
# What each user's life tells, in order.
LIVES = {
    "failed": ["payment.failed"],
    "unpaid": ["payment.expired"],
    "awaited": ["payment.timeout", "payment.expired"],
    "lapsed": ["payment.paid", "subscription.activated", "subscription.past_due", "subscription.expired"],
    "faithful": ["payment.paid", "subscription.activated", "payment.paid", "subscription.renewed"],
    "leaving": ["payment.paid", "subscription.activated", "subscription.cancelled"],
    "changing": [
        *("payment.paid", "subscription.activated", "payment.paid", "subscription.upgraded"),
        *("payment.paid", "subscription.renewed", "subscription.downgraded"),
    ],
}


@contextlib.asynccontextmanager
async def mailbox(status=204):
    """A main backend: its URL, and what arrived (headers, body). status: a number, or one for each call in turn."""
    arrived = []

    async def app(scope, receive, send):
        body = (await receive())["body"]
        arrived.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        answer = status if isinstance(status, int) else status[len(arrived) - 1]
        await send({"type": "http.response.start", "status": answer, "headers": []})
        await send({"type": "http.response.body"})

    with listen(0) as opened:
        async with serve(app, opened):
            yield url_of(opened) + "/hook", arrived


def believed(secret, headers, body):
    """The body, if the reference library believes it at the instant it was sent."""
    with time_machine.travel(int(headers["webhook-timestamp"]), tick=False):
        return Webhook(secret).verify(body, headers)


def client_of(stack):
    headers = {"authorization": f"Bearer {stack.api_key}"}
    return httpx.AsyncClient(base_url=stack.service_url, headers=headers, **PLAIN)


def control_of(stack):
    world = f"{stack.bakong_url}/sandbox/worlds/default"
    return httpx.AsyncClient(base_url=world, **PLAIN)


async def order(service, user, **changes):
    return (await service.post("/api/payments/create", json=ORDER | {"userId": user} | changes)).json()["data"]


async def live(service, control):
    """All the lives at once, over a cycle and its grace."""
    first = {user: await order(service, user) for user in LIVES}
    await control.post("/payments", json={"qr": first["failed"]["qrCode"], "outcome": "failed"})
    body = {"transactionId": first["awaited"]["transactionId"], "options": {"maxAttempts": 1}}
    await service.post("/api/payments/monitor", json=body)
    for user in ("lapsed", "faithful", "leaving", "changing"):
        await pay(service, control, first[user])
    await pay(service, control, (await act(service, "upgrade", "changing")).json()["data"]["payment"])
    await act(service, "cancel", "leaving")
    await act(service, "downgrade", "changing")
    for user in ("faithful", "changing"):
        await pay(service, control, (await act(service, "renew", user)).json()["data"]["payment"])
    await advance(control, CYCLE + 3 * DAY)


async def test_each_of_the_eleven_events_arrives_once_signed_and_in_order(tmp_path, storage):
    async with mailbox() as (url, arrived):
        options = Options(
            data_dir=tmp_path, port=0, service_port=0, rate_limit_per_minute=0, webhook_url=url, **storage
        )
        async with run(options) as stack, client_of(stack) as service, control_of(stack) as control:
            stack.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
            await live(service, control)
    by_user = defaultdict(list)
    for headers, body in arrived:
        event = believed(stack.webhook_secret, headers, body)
        by_user[event["data"]["userId"]].append(event["type"])
        facts = OF_A_PAYMENT if event["type"].startswith("payment.") else OF_A_SUBSCRIPTION
        assert (set(event), set(event["data"])) == (SHARED, facts)
        happened_s = datetime.fromisoformat(event["timestamp"]).timestamp()
        assert 0 <= int(headers["webhook-timestamp"]) - int(happened_s) <= 1
        assert (headers["content-type"], len(body) < 20_000) == ("application/json", True)
        with pytest.raises(WebhookVerificationError):
            believed(stack.webhook_secret, headers, body.replace(b"USD", b"KHR").replace(b"sub", b"Sub"))
    assert dict(by_user) == LIVES
    assert {event for life in LIVES.values() for event in life} == set(EventType) - OF_ORDERS
    assert len({headers["webhook-id"] for headers, _ in arrived}) == len(arrived)


async def test_a_refused_webhook_comes_again_under_its_id_with_a_new_time_and_each_try_is_recorded(tmp_path, storage):
    async with (
        mailbox([500, 302, 200]) as (url, arrived),
        open_house(tmp_path, database_url=storage.get("database_url", ""), main_backend_webhook_url=url) as house,
    ):
        put_bakong(house.core, Script())  # which says that nobody paid
        await order(house.client, "sokha")
        await house.clock.advance(900_000 + 400_000)
        assert len({headers["webhook-id"] for headers, _ in arrived}) == 1
        sent_s = [int(headers["webhook-timestamp"]) - NOW_MS // 1000 for headers, _ in arrived]
        assert (sent_s[0], 5 <= sent_s[1] - sent_s[0] <= 6, 300 <= sent_s[2] - sent_s[1] <= 331) == (900, True, True)
        for headers, body in arrived:
            assert believed(WEBHOOK_SECRET, headers, body)["type"] == "payment.expired"
        tries = await rows(house, "SELECT number, status FROM webhook_attempts ORDER BY number")
        assert tries == [(1, 500), (2, 302), (3, 200)]


WEBHOOK_SECRET = SETTINGS["webhook_secret"].get_secret_value()
NEW_SECRET = "whsec_" + "QUJD" * 8


async def test_while_a_secret_is_rotated_a_receiver_with_either_believes_and_then_only_with_the_new(tmp_path, storage):
    async def first_sent(folder, **secrets):
        folder.mkdir()
        url = storage.get("database_url", "")
        async with (
            mailbox() as (hook, arrived),
            open_house(
                folder, database_url=url, main_backend_webhook_url=hook, webhook_secret=SecretStr(NEW_SECRET), **secrets
            ) as house,
        ):
            put_bakong(house.core, Script())
            await order(house.client, folder.name)
            await house.clock.advance(900_000)
        return arrived[0]

    headers, body = await first_sent(tmp_path / "overlap", old_webhook_secrets=(SecretStr(WEBHOOK_SECRET),))
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (NEW_SECRET, WEBHOOK_SECRET):
        assert believed(secret, headers, body) == json.loads(body)
    headers, body = await first_sent(tmp_path / "after")
    assert believed(NEW_SECRET, headers, body) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        believed(WEBHOOK_SECRET, headers, body)
