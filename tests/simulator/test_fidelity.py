"""What clients of the world evidence of the Open API, row by row; docs/sources.md has the grade of each."""

import pytest

from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import PROFILES
from tests.simulator.test_open_api_rows import envelope

DEEPLINK = "/v1/generate_deeplink_by_qr"
CHECK = "/v1/check_transaction_by_md5"
SLASHES = (f"/{CHECK}", f"{CHECK}/", "/v1//check_transaction_by_md5")


@pytest.mark.parametrize("extra", [{}, {"sourceInfo": None}, {"sourceInfo": []}], ids=["absent", "null", "PHP's empty"])
async def test_a_deep_link_without_source_info_is_made(outside, code, extra):
    answer = await outside.post(DEEPLINK, json={"qr": code.qr, **extra})
    assert (answer.status_code, list(answer.json()["data"])) == (200, ["shortLink"])


async def test_an_empty_object_is_half_a_source_info(outside, code):
    answer = await outside.post(DEEPLINK, json={"qr": code.qr, "sourceInfo": {}})
    assert (answer.status_code, answer.json()) == (200, envelope(5, "Missing required fields."))


@pytest.mark.parametrize("path", SLASHES)
async def test_slashes_too_many_count_for_nothing_by_default(outside, path):
    answer = await outside.post(f"http://bakong.test{path}", json={"md5": "0" * 32})
    assert (answer.status_code, answer.json()["errorCode"]) == (401, 6)


@pytest.mark.parametrize("path", SLASHES)
async def test_a_profile_may_have_its_slashes_exact(outside, world, monkeypatch, path):
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["current"]._replace(slashes="exact"))
    assert (await outside.post(f"http://bakong.test{path}", json={"md5": "0" * 32})).status_code == 404


async def test_a_bad_token_may_be_code_14(outside, world, monkeypatch):
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["current"]._replace(token_code=14))
    answer = await outside.post(CHECK, json={"md5": "0" * 32})
    assert (answer.status_code, answer.json()) == (401, envelope(14, "API token is missing or invalid"))


async def test_a_script_may_refuse_by_code_14(api, hand):
    script = "name: fourteen\nfaults:\n  - {fault: refuse, as: token-invalid}\n"
    await hand.put("/scenario", content=script)
    assert (await api.post("/check_transaction_by_md5", json={"md5": "0" * 32})).json()["errorCode"] == 14


async def test_the_rows_of_a_list_may_say_that_a_service_failed(api, hand, code):
    await hand.put("/scenario", json={"name": "list-service-failed"})
    rows = (await api.post("/check_transaction_by_md5_list", json=[code.md5, "0" * 32])).json()["data"]
    assert [(row["status"], row["data"]) for row in rows] == [("SERVICE_FAILED", None)] * 2
    assert [row["md5"] for row in rows] == [code.md5, "0" * 32]


STRANGER = "0" * 32


async def checked(api, md5):
    return (await api.post("/check_transaction_by_md5", json={"md5": md5})).json()["errorCode"]


async def why_of(hand, number):
    return (await hand.get(f"/journal/calls/{number}")).json()["why"]


async def test_a_script_on_the_world_pays_no_md5_that_nobody_has_shown_and_the_near_miss_says_so(api, hand, code):
    await hand.put("/scenario", json={"name": "paid-at-once"})
    assert [await checked(api, STRANGER) for _ in range(3)] == [1, 1, 1]
    assert "strangers: follow" in (await why_of(hand, 1))["near_miss"]
    assert (await api.post("/generate_deeplink_by_qr", json={"qr": code.qr})).status_code == 200
    assert await checked(api, code.md5) is None
    assert (await why_of(hand, 5))["near_miss"] is None


async def test_strangers_may_follow_the_script_and_faults_strike_them_either_way(api, hand):
    script = "name: mine\nstrangers: {}\npayment: [paid]\nfaults: [{{fault: http, status: 500, first: 1}}]\n"
    for strangers, seen in (("follow", None), ("wait", 1)):
        await hand.post("/reset")
        await hand.put("/scenario", content=script.format(strangers))
        assert (await api.post("/check_transaction_by_md5", json={"md5": STRANGER})).status_code == 500
        assert [await checked(api, STRANGER), await checked(api, "1" * 32)] == [seen, seen]


async def test_a_storm_counts_for_each_payment_where_the_script_says_so(api, hand):
    """Somebody else's polls come in between, and one order's checks fail as they would alone."""
    seen = {}
    for name in ("storm-503", "storm-503-each"):
        await hand.put("/scenario", json={"name": name})
        seen[name] = []
        for number in range(7):
            for other in range(3):
                await api.post("/check_transaction_by_md5", json={"md5": f"{number * 3 + other + 1:032x}"})
            seen[name].append((await api.post("/check_transaction_by_md5", json={"md5": STRANGER})).status_code)
        await hand.post("/reset")
    assert seen == {"storm-503": [503, 200, 503, 200, 503, 200, 503], "storm-503-each": [503] * 5 + [200] * 2}


@pytest.mark.parametrize("body", [{"md5List": [STRANGER]}, {"hashes": [STRANGER]}, {"md5": [STRANGER]}, STRANGER])
async def test_a_list_that_is_wrapped_is_refused_and_the_near_miss_names_the_bare_array(api, hand, body):
    answer = await api.post("/check_transaction_by_md5_list", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, 5)
    assert "bare array" in (await why_of(hand, 1))["near_miss"]


HOSTS = ("api-bakong.nbc.gov.kh", "sit-api-bakong.nbc.gov.kh", "api.khqr.dev")
PROD, SIT, RELAY = HOSTS


@pytest.fixture
def at(outside):
    """A call of the Open API at one of the real hosts."""

    async def call(host, name, body, token=""):
        headers = {"host": host} | ({"authorization": f"Bearer {token}"} if token else {})
        return await outside.post(f"/v1/{name}", json=body, headers=headers)

    return call


async def test_the_host_that_a_call_names_chooses_the_profile(at, hand, world, code):
    token = world.state(BAKONG).registrations.issue()

    async def seen():
        lists = [(await at(host, "check_transaction_by_md5_list", [STRANGER], token)).status_code for host in HOSTS[:2]]
        links = [(await at(host, "generate_deeplink_by_qr", {"qr": code.qr})).json()["data"] for host in HOSTS[:2]]
        return lists, [link["shortLink"].split("/")[2] for link in links]

    assert await seen() == ([403, 200], ["bakong.page.link", "bakongsit.page.link"])
    assert (await at("sandbox.test", "check_transaction_by_md5_list", [STRANGER], token)).status_code == 200
    assert (await hand.patch("", json={"profile": "current"})).json()["profile_by_host"] is False
    assert await seen() == ([200, 200], ["bakong.page.link"] * 2)


async def registered(at, world, host, email):
    await at(host, "request_token", {"email": email, "organization": "o", "project": "p"})
    mailed = world.state(BAKONG).registrations.outbox[-1].code
    return (await at(host, "verify", {"code": mailed})).json()["data"]["token"]


async def test_a_token_of_sit_is_401_at_production_and_the_other_way_round(at, world):
    tokens = {host: await registered(at, world, host, f"{number}@a.test") for number, host in enumerate(HOSTS[:2])}
    renewed = (await at(SIT, "renew_token", {"email": "1@a.test"})).json()["data"]["token"]
    check = ("check_transaction_by_md5", {"md5": STRANGER})
    for host in HOSTS[:2]:
        seen = [(await at(host, *check, token)).status_code for token in (*tokens.values(), renewed)]
        assert seen == ([200, 401, 401] if host == PROD else [401, 200, 200])
    refused = await at(PROD, *check, tokens[SIT])
    assert refused.json() == envelope(6, "Unauthorized, not yet requested for token or code invalid")
    assert (await at("sandbox.test", *check, tokens[SIT])).status_code == 200


async def test_an_account_may_show_a_status(outside, world, monkeypatch):
    body = {"accountId": "sandbox_merchant@sand"}
    assert (await outside.post("/v1/check_bakong_account", json=body)).json()["data"] is None
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["current"]._replace(account_status="shown"))
    assert (await outside.post("/v1/check_bakong_account", json=body)).json()["data"] == {"accountStatus": "ACTIVE"}


async def test_registration_may_be_gone(outside, world, monkeypatch):
    monkeypatch.setattr(world.state(BAKONG), "profile", PROFILES["relay"])
    for name in ("request_token", "verify"):
        assert (await outside.post(f"/v1/{name}", json={})).status_code == 404


async def test_a_relay_makes_codes_and_says_where_a_payment_stands(at, hand, world):
    token = (await hand.post("/tokens", json={"good_for": "relay"})).json()["token"]
    assert token.startswith("rbk")
    assert (await at(PROD, "check_transaction_by_md5", {"md5": STRANGER}, token)).status_code == 401
    made = (await at(RELAY, "generate_qr", {"amount": 1.5}, token)).json()["data"]
    assert set(made) == {"qr", "md5", "tran_id", "checkout_url"}

    async def status():
        return (await at(RELAY, "check_transaction_by_md5", {"md5": made["md5"]}, token)).json()["data"]["status"]

    seen = [await status()]
    script = "name: slow\npayment: [unpaid, paid: {after: 5s}]"
    await hand.put("/scenario", content=script)
    made = (await at(RELAY, "generate_qr", {"amount": 2, "currency": "USD"}, token)).json()["data"]
    await hand.post("/payments", json={"qr": made["qr"]})
    seen.append(await status())
    await hand.post("/clock/advance", json={"seconds": 5})
    seen.append(await status())
    await hand.put("/scenario", json={"name": "manual"})
    made = (await at(RELAY, "generate_qr", {"amount": 3}, token)).json()["data"]
    await hand.post("/clock/advance", json={"seconds": 86_400})
    seen.append(await status())
    assert seen == ["UNPAID", "SCANNED", "PAID", "EXPIRED"]
    assert (await at(RELAY, "check_transaction_by_md5", {"md5": STRANGER}, token)).status_code == 404
    assert (await at(RELAY, "generate_qr", {"amount": "much"}, token)).json()["errorCode"] == 5


def test_the_certificate_holds_the_relays_hosts():
    from bakong_sandbox.stack.tls import HOSTS as CERTIFIED

    assert {"api.khqr.dev", "api.bakongrelay.com", *HOSTS} <= set(CERTIFIED)
