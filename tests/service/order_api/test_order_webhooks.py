"""Providers' webhooks: forged, stale, doubled, out of order, too early, about nobody; what the inbox keeps."""

import asyncio
import itertools
import json

import pytest

from bakong_service.usecases.ask_provider import ask
from bakong_service.usecases.provider_events import replay
from bakong_service.usecases.unit_of_work import transact
from tests.service.order_api.gateways import SECRETS, code, open_order_shop
from tests.service.processes import command, environment
from tests.service.riverpay import order as plan_payment

RETRIES_S = (1, 5, 30, 300, 1800)


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as opened:
        yield opened


async def inbox(shop):
    return await shop.rows("SELECT state, deliveries, tries FROM provider_events ORDER BY received_ms, id")


async def audited(shop, action):
    return await shop.rows(f"SELECT after FROM audit_logs WHERE action = '{action}'")  # noqa: S608  our own words


async def test_a_signed_webhook_has_its_provider_asked_and_decides_nothing(shop):
    order, payment = await shop.paying()
    answer = await shop.told(shop.stripe, "checkout.session.completed", payment["providerReference"])
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    await shop.clock.advance(1_000)
    assert (await shop.standing(order))["orderStatus"] == "awaiting_payment"  # it said paid; the provider does not
    shop.stripe.pays(payment["providerReference"])
    await shop.told(shop.stripe, "checkout.session.completed", payment["providerReference"])
    await shop.clock.advance(1)
    assert (await shop.standing(order))["orderStatus"] == "paid"
    events = await shop.data(f"/payments/{payment['id']}/events")
    assert [one["type"] for one in events] == [
        *("payment.initiated", "payment.processing", "webhook.received", "webhook.received", "payment.completed"),
    ]
    ids = [one for (one,) in await shop.rows("SELECT id FROM provider_events ORDER BY received_ms")]
    assert [one["causation"] for one in events[2:4]] == ids


async def test_what_is_not_signed_changes_nothing_and_is_audited_without_its_body(shop):
    order, payment = await shop.paying()
    shop.stripe.pays(payment["providerReference"])
    headers, body = shop.stripe.event("paid", payment["providerReference"])
    old, _ = shop.stripe.event("paid", payment["providerReference"], at_ms=shop.core.timers.now_ms() - 301_000)
    flipped = body.replace(b"paid", b"PAID")
    calls = len(shop.stripe.calls)
    for tampered, sent in ((headers, flipped), ({}, body), ({"stripe-signature": "t=x,v1="}, body), (old, body)):
        assert code(await shop.tell(shop.stripe, tampered, sent)) == (400, "signature_invalid")
    for skew_s in (-301, 301):
        stale = shop.stripe.event("paid", payment["providerReference"], at_ms=shop.core.timers.now_ms() + skew_s * 1000)
        assert code(await shop.tell(shop.stripe, *stale)) == (400, "signature_expired")
    for skew_s in (-300, 300):
        near = shop.stripe.event("other", "nobody", at_ms=shop.core.timers.now_ms() + skew_s * 1000)
        assert (await shop.tell(shop.stripe, *near)).status_code == 200
    assert len(shop.stripe.calls) == calls
    assert len(await inbox(shop)) == 2
    rejected = [after for (after,) in await audited(shop, "webhook.reject")]
    assert len(rejected) == 6
    assert not any(payment["providerReference"] in after or SECRETS["stripe"].decode() in after for after in rejected)
    assert (await shop.standing(order))["orderStatus"] == "awaiting_payment"
    unknown = await shop.client.post("/api/v1/webhooks/nobody", content=body, headers=headers)
    assert code(unknown) == (404, "not_found")


@pytest.mark.parametrize("name", ["stripe", "paystack"])
async def test_a_webhook_that_comes_again_is_answered_and_kept_once(shop, name):
    gateway = shop.gateways[name]
    order, payment = await shop.paying(provider=name, customerEmail="a@b.example")
    gateway.pays(payment["providerReference"])
    headers, body = gateway.event("charge.success", payment["providerReference"])
    answers = await asyncio.gather(*(shop.tell(gateway, headers, body) for _ in range(10)))
    await shop.clock.advance(1)
    before = await shop.rows("SELECT * FROM order_events")
    for _ in range(3):
        answers.append(await shop.tell(gateway, headers, body))
        await shop.clock.advance(1)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, '{"received":true}')}
    assert await inbox(shop) == [("done", 13, 0)]
    assert await shop.rows("SELECT * FROM order_events") == before
    assert len(await audited(shop, "webhook.duplicate")) == 12
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_the_same_id_with_another_body_is_refused_and_audited(shop):
    _, payment = await shop.paying()
    _, body = shop.stripe.event("paid", payment["providerReference"])
    other = json.dumps(json.loads(body) | {"type": "expired"}).encode()
    now_s = shop.core.timers.now_ms() // 1000
    assert (await shop.tell(shop.stripe, shop.stripe.signed(body, now_s), body)).status_code == 200
    assert code(await shop.tell(shop.stripe, shop.stripe.signed(other, now_s), other)) == (409, "event_id_reused")
    ((why,),) = await audited(shop, "webhook.reject")
    assert "another body" in why


async def test_a_provider_without_ids_is_told_apart_by_event_subject_and_status(shop):
    _, payment = await shop.paying(provider="paystack", customerEmail="a@b.example")
    for kind in ("charge.success", "refund.processed", "charge.dispute.create"):
        await shop.told(shop.paystack, kind, payment["providerReference"])
    assert [state for state, *_ in await inbox(shop)] == ["done"] * 3


async def test_a_webhook_before_the_create_call_is_answered_finds_its_payment(shop):
    order = await shop.order()

    async def pays_at_once(made):
        shop.stripe.pays(made.reference)
        assert (await shop.told(shop.stripe, "paid", made.reference)).status_code == 200

    shop.stripe.before_create = pays_at_once
    await shop.checkout(order)
    assert await inbox(shop) == [("unmatched", 1, 0)]
    await shop.clock.advance(1_001)
    assert await inbox(shop) == [("done", 1, 1)]
    await shop.clock.advance(1)
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_a_webhook_about_nobody_is_looked_at_five_times_more_and_then_waits_for_a_person(shop):
    headers, body = shop.stripe.event("paid", "stripe_77")
    assert (await shop.tell(shop.stripe, headers, body)).status_code == 200
    for tries, wait_s in enumerate(RETRIES_S, 1):
        await shop.clock.advance(wait_s * 1000 - 1)
        assert (await inbox(shop))[0][2] == tries - 1, wait_s
        await shop.clock.advance(1)
        assert (await inbox(shop))[0][2] == tries
    assert await inbox(shop) == [("dead", 1, 5)]
    ((event_id,),) = await shop.rows("SELECT id FROM provider_events")
    assert (await transact(shop.core, lambda unit: replay(unit, event_id))).state.value == "unmatched"
    assert (await inbox(shop))[0][0] == "unmatched"


async def test_an_operator_lists_dead_letters_and_has_one_looked_at_again(shop, tmp_path, storage):
    await shop.told(shop.stripe, "paid", "stripe_1", named=False)
    await shop.clock.advance(3_000_000)
    _, payment = await shop.paying()
    assert payment["providerReference"] == "stripe_1"
    url = storage.get("database_url") or f"sqlite:///{tmp_path / 'house.db'}"
    key = "sandbox_encryption_key_0123456789abcdef"
    env = environment(tmp_path, DATABASE_URL=url, SERVICE_MODE="sandbox", ENCRYPTION_KEY=key)
    status, out, _ = await command("webhooks-inbox", "list", env=env)
    event_id = json.loads(out)[0]["id"]
    assert (status, event_id[:3], "stripe_1" in out) == (0, "in_", True)
    assert await command("webhooks-inbox", "replay", event_id, env=env) == (0, f"{event_id}: done\n", "")
    status, _, err = await command("webhooks-inbox", "replay", "in_nothing", env=env)
    assert (status, "in_nothing" in err) == (2, True)
    ((event_ms,),) = await shop.rows("SELECT event_ms FROM payment_transactions")
    assert event_ms is not None  # its provider is asked about it next
    assert (await shop.events(payment["id"]))[-1] == "webhook.received"


async def test_an_event_that_is_about_no_payment_is_answered_and_ignored(shop):
    body = json.dumps({"id": "evt_9", "type": "balance.available", "object": {"id": ""}}).encode()
    headers = shop.stripe.signed(body, shop.core.timers.now_ms() // 1000)
    assert (await shop.tell(shop.stripe, headers, body)).status_code == 200
    assert await inbox(shop) == [("ignored", 1, 0)]
    assert len(await audited(shop, "webhook.ignore")) == 1


async def test_the_older_path_has_the_same_inbox_and_its_own_answers(shop):
    order, payment = await shop.paying()
    shop.stripe.pays(payment["providerReference"])
    headers, body = shop.stripe.event("paid", payment["providerReference"])
    path = "/api/providers/{}/events"
    answer = await shop.tell(shop.stripe, headers, body, path=path)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "data": {"received": True}})
    assert (await shop.tell(shop.stripe, {}, body, path=path)).status_code == 401
    assert (await shop.tell(shop.stripe, headers, body)).status_code == 200
    assert await inbox(shop) == [("done", 2, 0)]
    await shop.clock.advance(1)
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_webhooks_of_plans_go_through_the_inbox_without_an_order(shop):
    await plan_payment(shop.core, provider="stripe")
    await shop.told(shop.stripe, "paid", "stripe_1")
    assert [state for state, *_ in await inbox(shop)] == ["done"]
    assert await shop.rows("SELECT * FROM order_events") == []


@pytest.mark.parametrize("name", ["stripe", "paystack"])
async def test_twenty_webhooks_and_twenty_polls_at_once_complete_a_payment_once(shop, name):
    gateway = shop.gateways[name]
    order, made = await shop.paying(provider=name, customerEmail="a@b.example")
    gateway.pays(made["providerReference"])
    payment = await shop.core.store.read(lambda records: records.payment_by_id(made["id"]))
    told = [shop.told(gateway, "paid", made["providerReference"]) for _ in range(10)]
    headers, body = gateway.event("paid", made["providerReference"])
    again = [shop.tell(gateway, headers, body) for _ in range(10)]
    polls = [ask(shop.core, [payment]) for _ in range(20)]
    refreshed = [shop.standing(order, refresh="true") for _ in range(5)]
    answers = await asyncio.gather(*itertools.chain(*zip(told, again, polls[:10], polls[10:], strict=True), refreshed))
    await shop.clock.advance(3_000)
    assert all(one.status_code == 200 for one in answers if hasattr(one, "status_code"))
    assert (await shop.events(made["id"])).count("payment.completed") == 1
    assert await shop.rows("SELECT event FROM webhook_notifications") == [("payment.completed",)]
    assert await shop.rows("SELECT count(*) FROM settlement_entries") == [(1,)]


async def test_old_events_are_forgotten_and_dead_letters_are_kept(shop):
    _, payment = await shop.paying()
    await shop.told(shop.stripe, "paid", payment["providerReference"])
    await shop.told(shop.stripe, "paid", "nobody")
    await shop.clock.advance(31 * 86_400_000)
    assert [state for state, *_ in await inbox(shop)] == ["dead"]
