"""Quota, tokens taken back, and what is counted: on the world's clock, in Phnom Penh's days."""

import pytest

from bakong_schemes.bakong.fake.limits import Meter
from bakong_schemes.bakong.fake.scheme import BAKONG

CHECK = "check_transaction_by_md5"
MIDNIGHT_MS = 1_770_742_800_000  # 2026-02-11T00:00:00+07:00
ON = {"md5": "0" * 32}


async def number(api, body=ON):
    return (await api.post(CHECK, json=body)).json()["errorCode"]


async def test_the_quota_is_off_unless_asked_for(api):
    assert {await number(api) for _ in range(120)} == {1}


async def test_the_quota_begins_again_at_midnight_in_phnom_penh(api, hand):
    await hand.patch("", json={"limits": {"quota": 1}})
    await hand.put("/clock", json={"mode": "frozen", "at": "2026-02-11T23:59:59.999+07:00"})
    assert [await number(api) for _ in range(3)] == [1, 17, 17]
    await hand.post("/clock/advance", json={"seconds": 0.001})
    assert [await number(api) for _ in range(2)] == [1, 17]


async def test_wrong_bodies_count_and_each_token_has_a_quota_of_its_own(api, hand, world):
    await hand.patch("", json={"limits": {"quota": 2}})
    assert [await number(api, body) for body in ({}, [], ON)] == [5, 5, 17]
    api.headers["authorization"] = f"Bearer {world.state(BAKONG).registrations.issue()}"
    assert await number(api) == 1


async def test_calls_with_an_expired_token_count(hand, world):
    token = world.state(BAKONG).registrations.issue(life_s=1)
    meter = Meter()
    assert [meter.count_day(token, MIDNIGHT_MS - 1) for _ in range(2)] == [1, 2]
    assert meter.count_day(token, MIDNIGHT_MS) == 1


async def test_a_deep_link_with_a_token_counts_and_is_never_refused(api, hand, code):
    await hand.patch("", json={"limits": {"quota": 1}})
    for _ in range(2):
        assert (await api.post("generate_deeplink_by_qr", json={"qr": code.qr})).json()["errorCode"] is None
    assert await number(api) == 17


async def test_a_spent_day_can_be_had_at_once(api, world):
    world.state(BAKONG).exhaust_quota()
    assert await number(api) == 17


async def test_a_token_can_be_taken_back_and_renewed(api, hand):
    token = api.headers["authorization"].removeprefix("Bearer ")
    assert (await hand.delete("/tokens", params={"token": token})).status_code == 204
    assert await number(api) == 6
    renewed = (await api.post("renew_token", json={"email": "developer@sandbox.test"})).json()["data"]["token"]
    api.headers["authorization"] = f"Bearer {renewed}"
    assert await number(api) == 1


@pytest.mark.parametrize(
    "limits",
    [{"quota": -1}, {"quota": "3"}, {"quotas": 3}, {"cambodia": ["nowhere"]}, {"calls_per_minute": 1.5}],
    ids=str,
)
async def test_a_limit_that_is_none_is_refused(hand, limits):
    answer = await hand.patch("", json={"limits": limits})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_world_is_made_with_its_limits_profile_and_clock(outside):
    body = {
        "name": "strict",
        "profile": "sit",
        "limits": {"quota": 1},
        "clock": {"mode": "frozen", "at": "2026-02-11T00:00:00Z"},
    }
    made = (await outside.post("/sandbox/worlds", json=body)).json()
    headers = {"authorization": f"Bearer {made['token']}"}
    codes = [(await outside.post(f"/v1/{CHECK}", json=ON, headers=headers)).json()["errorCode"] for _ in range(2)]
    assert codes == [1, 17]
    shown = (await outside.get("/sandbox/worlds/strict")).json()
    assert (shown["profile"], shown["limits"]["quota"], shown["clock"]["mode"]) == ("sit", 1, "frozen")
