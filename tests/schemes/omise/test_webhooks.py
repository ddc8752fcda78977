"""Webhooks of the fake Omise: what is told and what is not, signatures, the amounts that name a script."""

import base64
import hashlib
import hmac
import json

import httpx
import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.omise import wire
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from tests.conftest import NOW_MS
from tests.schemes.omise.conftest import HOOK

DAY = 86_400


def macs(secrets, attempt):
    """The signatures of an attempt by each secret, as the page of Omise has it."""
    signed = attempt.headers["Omise-Signature-Timestamp"].encode() + b"." + attempt.body
    return ",".join(hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in secrets)


async def test_an_event_is_what_get_events_shows_and_is_signed_at_the_real_time(shop):
    secret = await shop.listen()
    charge = await shop.charge()
    await shop.pay(charge)
    await shop.advance(0)
    event = json.loads(shop.posts[-1].body)
    assert list(event) == ["object", "id", "livemode", "location", "webhook_deliveries", "data", "key", "created_at"]
    assert (event["key"], event["data"]["status"], event["data"]["id"]) == (
        *("charge.complete", "successful", charge["id"]),
    )
    assert shop.posts[-1].headers["Omise-Signature-Timestamp"] == str(NOW_MS // 1000)
    assert shop.posts[-1].headers["Omise-Signature"] == macs([secret], shop.posts[-1])
    assert await shop.ok("GET", f"/events/{event['id']}") == event
    assert [
        row["key"] for row in (await shop.ok("GET", f"/charges/{charge['id']}/events"))["data"]
    ] == shop.event_keys()
    assert (await shop.ok("GET", "/events", params={"limit": 1, "order": "reverse_chronological"}))["data"] == [event]


async def test_for_a_day_after_the_secret_is_rolled_both_sign(shop):
    old = await shop.listen()
    assert (await shop.control("POST", "/omise/webhook/roll")).json()["url"] == HOOK
    new = await shop.listen()
    assert new != old
    await shop.charge()
    await shop.advance(DAY)
    await shop.charge()
    await shop.advance(0)
    assert [attempt.headers["Omise-Signature"] for attempt in shop.posts] == [
        *(macs([new, old], shop.posts[0]), macs([new], shop.posts[1])),
    ]


async def test_a_charges_own_endpoints_hear_of_it_beside_the_accounts(shop):
    await shop.listen()
    charge = await shop.charge(webhook_endpoints=["http://shop.test/one", "http://shop.test/two"])
    await shop.pay(charge)
    await shop.advance(0)
    for url in (HOOK, "http://shop.test/one", "http://shop.test/two"):
        posted = [json.loads(attempt.body)["key"] for attempt in shop.posts if attempt.url == url]
        assert posted == ["charge.create", "charge.complete"], url


async def test_the_newest_events_are_kept(shop, monkeypatch):
    monkeypatch.setattr(wire, "MAX_EVENTS", 3)
    made = [await shop.charge() for _ in range(5)]
    rows = (await shop.ok("GET", "/events"))["data"]
    assert [row["data"]["id"] for row in rows] == [charge["id"] for charge in made[2:]]


async def test_an_endpoint_that_the_control_api_registers_hears_of_charges_alone(shop):
    new = {"scheme": "omise", "url": "http://shop.test/registered", "events": ["charge.*"]}
    secret = base64.b64decode((await shop.control("POST", "/webhooks/endpoints", new)).json()["secret"])
    await shop.ok("POST", "/customers", {"email": "a@b"})
    await shop.charge()
    await shop.control("POST", "/webhooks/test", {"scheme": "omise"})
    assert shop.event_keys() == ["charge.create", "charge.complete"]
    assert [post.headers["Omise-Signature"] == macs([secret], post) for post in shop.posts] == [True, True]


async def test_the_account_is_told_where_its_webhook_goes_and_forgets_it(shop):
    assert (await shop.ok("PATCH", "/account", {"webhook_uri": HOOK}))["webhook_uri"] == HOOK
    assert await shop.refused("PATCH", "/account", {"webhook_uri": "nowhere"}) == (400, "bad_request")
    assert (await shop.control("PUT", "/omise/webhook", {"url": "nowhere"})).status_code == 422
    assert (await shop.ok("GET", "/account"))["webhook_uri"] == HOOK
    assert (await shop.control("PUT", "/omise/webhook", {"url": None})).json()["url"] is None
    await shop.charge()
    await shop.advance(0)
    assert shop.posts == []


@pytest.mark.parametrize(("redeliver", "attempts"), [(False, 1), (True, 5)])
async def test_what_is_not_taken_is_sent_again_only_where_that_is_switched_on(shop, redeliver, attempts):
    await shop.listen()
    await shop.set(redeliver=redeliver)
    shop.status = 500
    await shop.charge()
    await shop.advance(3 * DAY)
    assert len(shop.posts) == attempts


async def test_each_act_has_its_key(shop):
    await shop.listen()
    held, gone = [await shop.charge("card", capture=False) for _ in range(2)]
    await shop.ok("POST", f"/charges/{held['id']}/capture")
    await shop.ok("POST", f"/charges/{held['id']}/refunds", {"amount": 5})
    await shop.ok("POST", f"/charges/{gone['id']}/reverse")
    customer = await shop.ok("POST", "/customers", {"email": "a@b"})
    await shop.ok("PATCH", f"/customers/{customer['id']}", {"card": await shop.token()})
    kept = (await shop.ok("GET", f"/customers/{customer['id']}/cards"))["data"][0]
    await shop.ok("PATCH", f"/customers/{customer['id']}/cards/{kept['id']}", {"name": "B"})
    await shop.ok("DELETE", f"/customers/{customer['id']}/cards/{kept['id']}")
    await shop.ok("DELETE", f"/customers/{customer['id']}")
    await shop.advance(0)
    assert shop.event_keys() == [
        *("charge.create", "charge.create", "charge.capture", "refund.create", "charge.reverse"),
        *("customer.create", "customer.update.card", "card.update", "card.destroy", "customer.destroy"),
    ]


async def test_a_card_charged_at_once_completes_unless_that_is_switched_off(shop):
    await shop.listen()
    await shop.charge("card")
    await shop.set(card_complete=False)
    await shop.charge("card")
    await shop.advance(0)
    assert shop.event_keys() == ["charge.create", "charge.complete", "charge.create"]


async def magic_charge(shop, satang):
    """A charge of ten minutes whose amount names a script, with somebody who listens."""
    await shop.listen()
    return await shop.charge(amount=5000 + satang, expires_at="2026-02-11T00:10:00Z")


async def test_91_satang_fail_when_the_customer_pays(shop):
    charge = await magic_charge(shop, 91)
    await shop.pay(charge)
    assert (await shop.now(charge))["status"] == "failed"


@pytest.mark.parametrize(("satang", "times"), [(92, 0), (93, 2)])
async def test_92_satang_bring_no_webhook_and_93_bring_two(shop, satang, times):
    charge = await magic_charge(shop, satang)
    await shop.pay(charge)
    await shop.advance(DAY)
    assert ((await shop.now(charge))["status"], shop.event_keys().count("charge.complete")) == ("successful", times)


async def test_94_satang_bring_the_webhook_before_the_answer(shop):
    await shop.listen()
    body = {"amount": 5094, "currency": "thb", "source": {"type": "promptpay"}}
    await shop.ok("POST", "/charges", body)
    await shop.advance(0)
    assert shop.event_keys() == ["charge.create", "charge.complete"]
    assert [entry.delay_ms for entry in shop.world.journal.entries] == [2_000]


async def test_95_satang_are_paid_in_the_last_seconds_and_told_of_after_the_end(shop):
    charge = await magic_charge(shop, 95)
    await shop.advance(595)
    assert ((await shop.now(charge))["status"], shop.event_keys()) == ("successful", ["charge.create"])
    await shop.advance(9)
    assert "charge.complete" not in shop.event_keys()
    await shop.advance(1)
    assert "charge.complete" in shop.event_keys()


async def test_96_satang_hang_and_the_charge_is_there(shop):
    shop.client.timeout = 0.001  # nobody waits for the answer
    with pytest.raises(httpx.TimeoutException):
        await shop.charge(amount=5096)
    shop.client.timeout = 100
    [charge] = (await shop.ok("GET", "/charges"))["data"]
    assert [entry.delay_ms for entry in shop.world.journal.entries if entry.endpoint == "charges.create"] == [40_000]
    assert (await shop.now(charge))["status"] == "pending"


async def test_a_call_that_names_a_script_makes_a_charge_that_follows_it(shop):
    body = {"amount": 5000, "currency": "thb", "source": {"type": "promptpay"}}
    charge = await shop.ok("POST", "/charges", body, headers={"x-sandbox-scenario": "paid-at-once"})
    assert charge["status"] == "successful"
    for name, script in (("x-sandbox-scenario", "no-such-script"), (None, None)):
        wrong = {"headers": {name: script}} if name else {}
        asked = body if name else body | {"description": "SBX-NO-SUCH-SCRIPT"}
        answer = await shop.ask("POST", "/charges", asked, **wrong)
        assert (answer.status_code, "no scenario is called" in answer.json()["message"]) == (400, True)
    assert (await shop.ok("GET", "/charges"))["total"] == 1


async def test_a_world_with_everything_is_kept_put_back_and_replayed(shop):
    await shop.listen()
    await shop.control("POST", "/omise/webhook/roll")
    await shop.set(promptpay_refunds=True, card_rate="2.5")
    qr, held = await shop.charge(), await shop.charge("card", capture=False, authorization_type="pre_auth")
    customer = await shop.ok("POST", "/customers", {"card": await shop.token(), "metadata": {"a": [1, None]}})
    await shop.ok("POST", "/charges", {"amount": 5000, "currency": "thb", "customer": customer["id"]})
    page = await shop.charge("truemoney", webhook_endpoints=["http://shop.test/one"])
    await shop.client.post(page["authorize_uri"], data={"outcome": "success"})
    await shop.client.get(qr["source"]["scannable_code"]["image"]["download_uri"])
    await shop.pay(qr)
    await shop.ok("POST", f"/charges/{qr['id']}/refunds", {"amount": 3_000})
    await shop.ok("POST", f"/charges/{held['id']}/capture", {"capture_amount": 7_000})
    await shop.ok("GET", "/search", params={"scope": "charge", "filters[amount]": "1..99999999"})
    journal = (await shop.client.get("/sandbox/worlds/default/journal", params={"format": "replay"})).json()
    kept = (await shop.control("GET", "/snapshot")).json()
    before = await shop.ok("GET", "/charges")
    assert (await replay(journal, build, SCHEMES))[0].different == []
    await shop.control("POST", "/reset")
    assert (await shop.ok("GET", "/charges"))["total"] == 0
    assert (await shop.control("PUT", "/snapshot", kept)).status_code == 200
    assert (await shop.control("GET", "/snapshot")).json() == kept
    assert await shop.ok("GET", "/charges") == before
    assert await shop.refused("POST", f"/charges/{qr['id']}/refunds", {"amount": 97_001}) == (400, "failed_refund")
    assert (await shop.ok("POST", f"/charges/{qr['id']}/refunds", {"amount": 97_000}))["amount"] == 97_000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("charges"),
        lambda state: state["charges"].clear() or state["sources"].update(x={"id": "x"}),
        lambda state: next(iter(state["charges"].values())).update(method="cowries"),
        lambda state: next(iter(state["charges"].values())).update(source="src_test_none"),
        lambda state: next(iter(state["charges"].values())).update(id="chrg_test_none"),
        lambda state: next(iter(state["charges"].values())).update(refunds=["rfnd_test_none"]),
        lambda state: next(iter(state["sources"].values())).update(charge="chrg_test_none"),
        lambda state: state.update(number="x"),
    ],
)
async def test_a_snapshot_that_contradicts_itself_is_refused_and_changes_nothing(shop, spoil):
    await shop.charge()
    kept = (await shop.control("GET", "/snapshot")).json()
    spoilt = json.loads(json.dumps(kept))
    spoil(spoilt["schemes"]["omise"])
    assert (await shop.control("PUT", "/snapshot", spoilt)).status_code == 422
    assert (await shop.control("GET", "/snapshot")).json() == kept


async def test_the_control_routes_name_what_is_wrong(shop):
    charge = await shop.charge()
    for path, body, status in (
        (f"/omise/charges/{charge['id']}/fail", {"code": "bad_luck"}, 422),
        ("/omise/charges/chrg_test_x/pay", None, 404),
        (f"/omise/charges/{charge['id']}/authorize", None, 409),
        (f"/omise/charges/{charge['id']}/fail", {"code": "insufficient_balance"}, 200),
        (f"/omise/charges/{charge['id']}/pay", None, 409),
    ):
        assert (await shop.control("POST", path, body)).status_code == status, path
    assert (await shop.now(charge))["failure_code"] == "insufficient_balance"
    assert (await shop.control("PUT", "/omise/settings", {"card_rate": "all"})).status_code == 422
    shown = (await shop.control("GET", "/omise")).json()
    assert (shown["secretKey"], shown["publicKey"]) == ("skey_test_sandbox", "pkey_test_sandbox")
