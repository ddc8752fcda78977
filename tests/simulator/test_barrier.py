"""Answers that wait for each other: callers who race have all asked before one is answered; nobody waits for long."""

import asyncio

import httpx
import pytest


def check(api, code):
    return asyncio.create_task(api.post("/check_transaction_by_md5", json={"md5": code.md5}))


async def held(hand):
    return (await hand.delete("/barrier")).json()["held"]


async def test_answers_wait_until_all_are_there(api, hand, code):
    await hand.put("/barrier", json={"callers": 3, "within_s": 10})
    first = [check(api, code) for _ in range(2)]
    done, _ = await asyncio.wait(first, timeout=0.2)
    assert done == set()
    answers = await asyncio.gather(*first, check(api, code))
    assert ({answer.json()["errorCode"] for answer in answers}, await held(hand)) == ({1}, 3)


async def test_who_asks_alone_is_answered_after_the_time(api, hand, code):
    await hand.put("/barrier", json={"callers": 2, "within_s": 0.05})
    assert ((await check(api, code)).status_code, await held(hand)) == (200, 1)


async def test_an_open_barrier_holds_nobody(api, hand, code):
    await hand.put("/barrier", json={"callers": 2, "within_s": 10})
    await asyncio.gather(check(api, code), check(api, code))
    assert ((await check(api, code)).status_code, await held(hand)) == (200, 2)


@pytest.mark.parametrize("ended_by", ["DELETE /barrier", "PUT /barrier", "POST /reset"])
async def test_whoever_waits_goes_on_when_the_barrier_does(api, hand, code, ended_by):
    await hand.put("/barrier", json={"callers": 9, "within_s": 10})
    waiting = check(api, code)
    await asyncio.sleep(0)
    method, path = ended_by.split()
    again = {"callers": 2, "within_s": 0.01} if method == "PUT" else None
    await hand.request(method, path, json=again)
    assert (await waiting).status_code == 200


async def test_what_is_answered_is_what_was_so_when_it_was_asked(api, hand, code):
    await hand.put("/barrier", json={"callers": 9, "within_s": 10})
    early = check(api, code)
    await asyncio.wait([early], timeout=0.1)
    await hand.post("/payments", json={"qr": code.qr})
    await hand.delete("/barrier")
    assert ((await early).json()["responseCode"], (await check(api, code)).json()["responseCode"]) == (1, 0)


async def test_a_barrier_is_no_action_of_the_journal(hand):
    await hand.put("/barrier", json={"callers": 2})
    await hand.delete("/barrier")
    assert (await hand.get("/journal")).json()["actions"] == []


@pytest.mark.parametrize("setting", [{}, {"callers": 1}, {"callers": 2, "within_s": 0}, {"callers": 2, "within_s": 11}])
async def test_a_barrier_is_for_two_at_least_and_not_for_long(hand, setting):
    assert (await hand.put("/barrier", json=setting)).status_code == 422


async def test_over_a_port_too_answers_wait(stack, code):
    world = "/sandbox/worlds/default"
    async with httpx.AsyncClient(base_url=stack.bakong_url) as client:
        token = (await client.post(f"{world}/tokens", json={})).json()["token"]
        await client.put(f"{world}/barrier", json={"callers": 2, "within_s": 10})
        ask = {"json": {"md5": code.md5}, "headers": {"authorization": f"Bearer {token}"}}
        first = asyncio.create_task(client.post("/v1/check_transaction_by_md5", **ask))
        done, _ = await asyncio.wait([first], timeout=0.2)
        second = await client.post("/v1/check_transaction_by_md5", **ask)
        assert (done, second.status_code, (await first).status_code) == (set(), 200, 200)
