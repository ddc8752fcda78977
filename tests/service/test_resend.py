"""Webhooks on demand: any one is sent again under its id, and a test event says whether a receiver takes them."""

import json

import pytest

from bakong_sandbox.devkit.testing import guard
from tests.service.house import SETTINGS, open_house, put_bakong
from tests.service.test_events import believed, mailbox
from tests.service.test_faults import ORDER, Script, rows
from tests.service.test_operating import command, sandbox

AUDIT = "SELECT action, resource, actor, before, after FROM audit_logs"
SECRET = SETTINGS["webhook_secret"].get_secret_value()


def house_at(tmp_path, storage, url="", **changes):
    return open_house(tmp_path, database_url=storage.get("database_url", ""), main_backend_webhook_url=url, **changes)


async def expired(house):
    """The webhook-id of payment.expired, which was due and tried: Bakong has said that nobody paid."""
    put_bakong(house.core, Script())
    await house.client.post("/api/payments/create", json=ORDER)
    await house.clock.advance(15 * 60_000)
    ((webhook_id,),) = await rows(house, "SELECT id FROM webhook_notifications")
    return webhook_id


async def shown(house, webhook_id):
    return (await house.client.get(f"/api/webhooks/{webhook_id}")).json()["data"]


async def resend(house, webhook_id, **headers):
    answer = await house.client.post(f"/api/webhooks/{webhook_id}/resend", headers=headers)
    await house.clock.advance(0)
    return answer


# What the receiver answered before, and what became of the webhook by that.
BEFORE = {"delivered": 200, "given_up": 410, "pending": 503}


@pytest.mark.parametrize("state", BEFORE)
async def test_any_webhook_is_sent_again_at_once_under_its_id_and_body_and_each_try_is_seen(tmp_path, storage, state):
    async with mailbox([BEFORE[state], 200]) as (url, arrived), house_at(tmp_path, storage, url) as house:
        webhook_id = await expired(house)
        before = await shown(house, webhook_id)
        assert (before["state"], len(arrived)) == (state, 1)
        answer = await resend(house, webhook_id)
        assert (answer.status_code, answer.json()["data"]["state"]) == (200, "pending")
        after = await shown(house, webhook_id)
    (first, body), (second, again) = arrived
    assert (second["webhook-id"], again) == (first["webhook-id"], body)
    assert believed(SECRET, second, again)["type"] == "payment.expired"
    assert after["state"] == "delivered"
    assert [(one["number"], one["status"]) for one in after["attempts"]] == [(1, BEFORE[state]), (2, 200)]


async def test_a_resend_is_audited_with_who_asked_and_what_it_was(tmp_path, storage):
    async with mailbox() as (url, _), house_at(tmp_path, storage, url) as house:
        webhook_id = await expired(house)
        await resend(house, webhook_id)
        (row,) = await rows(house, f"{AUDIT} WHERE action = 'webhook.resend'")
    assert (row[1], row[2].partition(" ")[0]) == (f"webhook/{webhook_id}", "main-backend")
    assert ("delivered" in str(row[3]), "pending" in str(row[4])) == (True, True)


async def test_a_resend_with_the_same_idempotency_key_sends_once(tmp_path, storage):
    async with mailbox() as (url, arrived), house_at(tmp_path, storage, url) as house:
        webhook_id = await expired(house)
        answers = [await resend(house, webhook_id, **{"idempotency-key": "once"}) for _ in range(3)]
        assert len({answer.content for answer in answers}) == 1
        assert len(arrived) == 2


async def test_a_resend_needs_a_key_a_webhook_that_is_there_and_a_receiver(tmp_path, storage):
    async with house_at(tmp_path, storage) as house:
        webhook_id = await expired(house)
        assert (await shown(house, webhook_id))["state"] == "no_receiver"
        refused = await resend(house, webhook_id)
        assert (refused.status_code, "has no receiver" in refused.json()["detail"]) == (409, True)
        for path in ("/api/webhooks/msg_nowhere/resend", "/api/webhooks/test", f"/api/webhooks/{webhook_id}/resend"):
            answer = await house.client.post(path, json={}, headers={"authorization": ""})
            assert answer.status_code == 401
        assert (await resend(house, "msg_nowhere")).status_code == 404
        assert (await house.client.get("/api/webhooks/msg_nowhere")).status_code == 404
        assert (await resend(house, "a.b")).status_code == 422


@pytest.mark.parametrize("to", ["callback", "configured"])
async def test_a_test_event_is_marked_signed_and_seen(tmp_path, storage, to):
    async with mailbox() as (url, arrived), house_at(tmp_path, storage, url if to == "configured" else "") as house:
        sent = {"callback": url} if to == "callback" else {}
        made = (await house.client.post("/api/webhooks/test", json=sent)).json()["data"]
        await house.clock.advance(0)
        ((headers, body),) = arrived
        event = believed(SECRET, headers, body)
        assert (event["type"], event["data"]) == ("webhook.test", {"test": True})
        assert headers["webhook-id"] == made["webhookId"]
        assert (await shown(house, made["webhookId"]))["state"] == "delivered"
        assert await rows(house, f"{AUDIT} WHERE action = 'webhook.test'")


async def test_a_test_event_that_fails_is_tried_once_and_says_why(tmp_path, storage):
    async with mailbox(500) as (url, arrived), house_at(tmp_path, storage, url) as house:
        made = (await house.client.post("/api/webhooks/test", json={})).json()["data"]
        await house.clock.advance(86_400_000)
        after = await shown(house, made["webhookId"])
        assert (after["state"], len(arrived)) == ("given_up", 1)
        assert after["attempts"][0]["error"] == "answered 500"


WRONG = ["ftp://shop.example/x", "http://u:p@shop.example/", "shop.example", 7]


@pytest.mark.parametrize("callback", WRONG)
async def test_a_test_event_goes_to_no_url_that_webhooks_may_not_go_to(tmp_path, storage, callback):
    async with house_at(tmp_path, storage) as house:
        answer = await house.client.post("/api/webhooks/test", json={"callback": callback})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "callback")
        assert await rows(house, "SELECT id FROM webhook_notifications") == []


async def test_a_test_event_leads_into_no_private_network_and_needs_a_receiver(tmp_path, storage):
    closed = {"mode": "production", "allow_private_callbacks": False}
    async with house_at(tmp_path, storage, **closed) as house:
        for sent in ({"callback": "http://169.254.169.254/latest"}, {}):
            assert (await house.client.post("/api/webhooks/test", json=sent)).status_code == 422
        assert await rows(house, "SELECT id FROM webhook_notifications") == []


async def test_the_command_line_resends_what_was_delivered_and_sends_a_test_event(tmp_path):
    env = sandbox(tmp_path)
    code, out, err = await command("webhooks", "test", "http://127.0.0.1:9/hook", env=env)
    assert (code, err, out.startswith("msg_")) == (0, "", True)
    code, shown, err = await command("webhooks", "show", out.strip(), env=env)
    assert (code, err, json.loads(shown)["webhookId"], "attempts" in shown) == (0, "", out.strip(), True)
    assert json.loads(json.loads(shown)["body"])["data"] == {"test": True}
    assert await command("webhooks", "resend", out.strip(), env=env) == (0, "1 are due again\n", "")
    nowhere = "no webhook has the id 'msg_nowhere'; `service webhooks list --all` shows them"
    for command_line, why in {
        ("resend", "msg_nowhere"): "no webhook has the id 'msg_nowhere'",
        ("show", "msg_nowhere"): nowhere,
        ("test",): "callback: expected a URL, since MAIN_BACKEND_WEBHOOK_URL is not set",
        ("test", "ftp://x.example"): "callback: expected http:// or https:// and a host",
    }.items():
        assert await command("webhooks", *command_line, env=env) == (2, "", f"bakong-sandbox: {why}\n")


async def test_the_methods_of_the_test_event_are_its_own_and_not_those_of_a_webhook(tmp_path):
    async with open_house(tmp_path) as house:
        for path, allowed in (("test", "POST"), ("msg_1", "GET"), ("msg_1/resend", "POST")):
            answer = await house.client.options(f"/api/webhooks/{path}")
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path


@pytest.mark.parametrize("private", [True, False])
async def test_a_guard_of_sockets_fails_each_try_once_and_stops_no_worker(tmp_path, storage, monkeypatch, private):
    changes = {} if private else {"mode": "production", "allow_private_callbacks": False}
    async with house_at(tmp_path, storage, **changes) as house:
        for number in range(3):
            body = {"callback": f"https://{number}.shop.example/hooks"}
            made = await house.client.post("/api/webhooks/test", json=body)
            with monkeypatch.context() as patch:
                guard.install(patch)
                await house.clock.advance(0)
            tries = (await shown(house, made.json()["data"]["webhookId"]))["attempts"]
            assert [one["error"] for one in tries] == ["RealNetworkError"], number
