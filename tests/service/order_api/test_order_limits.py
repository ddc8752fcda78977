"""Limits of orders: three windows at once, what costs a provider's call, webhooks; in memory, and exact in Redis."""

import asyncio
import uuid

import fakeredis
import pytest
import time_machine

from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.redis_admission import RedisAdmission, connect
from bakong_service.api.tiers import Tiers, of_forgery, of_webhook
from bakong_service.domain.admission import SECOND_US
from tests.service.order_api.gateways import code, open_order_shop
from tests.service.test_limits import START_US, Clock, memory

PATH = "/api/v1/orders"


def quotas(method="GET", path=PATH, query="", who="key:shop"):
    return Tiers().of(who, method, path, query)


def redis_on(clock):
    return RedisAdmission(fakeredis.FakeAsyncRedis(), 100, prefix="t", local=memory(Clock()), ticks_us=clock)


async def admitted_at(instants_us, make):
    """The instants, counted from the first, at which a request about orders was let in."""
    clock, admitted = Clock(), []
    with time_machine.travel(START_US / SECOND_US, tick=False) as travel:
        admission = make(clock)
        for at_us in instants_us:
            clock.now_us = START_US + at_us
            travel.move_to(clock.now_us / SECOND_US)
            if (await admission.admit("key:shop", "a", quotas())).admitted:
                admitted.append(at_us)
        await admission.close()
    return admitted


def worst(instants, window_us):
    return max(sum(1 for at in instants if start <= at < start + window_us) for start in set(instants))


HOUR = 3_600 * SECOND_US
ATTACKS = {
    "bursts": [second * SECOND_US for second in range(8) for _ in range(40)],
    "a steady pace": [n * 100_000 for n in range(1_500)],
    "bursts across each edge": sorted(
        edge * SECOND_US + part for edge in range(0, 130, 5) for part in (-10_000, 10_000) for _ in range(30) if edge
    ),
    "hours": [minute * 61 * SECOND_US + n * 60_000 for minute in range(14) for n in range(110)],
}


@pytest.mark.parametrize("make", [memory, redis_on], ids=["memory", "redis"])
@pytest.mark.parametrize("name", ATTACKS)
async def test_no_attack_gets_more_than_each_window_holds(name, make):
    admitted = await admitted_at(ATTACKS[name], make)
    assert worst(admitted, SECOND_US) <= 20
    assert worst(admitted, 60 * SECOND_US) <= 100
    assert worst(admitted, HOUR) <= 1_000
    tightest = {"bursts": (SECOND_US, 20), "a steady pace": (60 * SECOND_US, 100), "hours": (HOUR, 1_000)}
    if name in tightest:
        window_us, most = tightest[name]
        assert worst(admitted, window_us) == most


@pytest.mark.parametrize("make", [memory, redis_on], ids=["memory", "redis"])
async def test_the_strictest_answers_and_what_is_refused_counts_nowhere(make):
    clock = Clock()
    with time_machine.travel(START_US / SECOND_US, tick=False) as travel:
        admission = make(clock)
        checkout = quotas("POST", f"{PATH}/1/checkout")
        for _ in range(10):
            assert (await admission.admit("key:shop", "a", checkout)).admitted
        refused = [await admission.admit("key:shop", "a", checkout) for _ in range(5)]
        assert {(one.admitted, one.tight.name, one.wait_s) for one in refused} == {(False, "checkout", 60)}
        other = await admission.admit("key:shop", "a", quotas())
        left = {room.policy.name: room.remaining for room in other.rooms}
        assert (other.admitted, left) == (True, {"default": 89, "second": 9, "hour": 989})
        plain = await admission.admit("key:shop", "a")  # of another path: the same minute
        assert (plain.admitted, plain.remaining) == (True, 88)
        for step_us, expected in ((SECOND_US, False), (58 * SECOND_US, False), (SECOND_US, True)):
            clock.now_us += step_us
            travel.move_to(clock.now_us / SECOND_US)
            assert (await admission.admit("key:shop", "a", checkout)).admitted is expected
        await admission.close()


@pytest.mark.parametrize("make", [memory, redis_on], ids=["memory", "redis"])
async def test_a_provider_has_1200_webhooks_a_minute_and_an_address_60_that_nobody_signed(make):
    with time_machine.travel(START_US / SECOND_US, tick=False):
        admission = make(Clock())
        for quota, most in (
            (of_webhook("stripe"), 1_200),
            (of_forgery("192.0.2.1"), 60),
            (of_forgery("192.0.2.2"), 60),
        ):
            taken = [(await admission.take((quota,))).admitted for _ in range(most + 5)]
            assert (sum(taken), taken[-1]) == (most, False)
        assert (await admission.admit("key:shop", "192.0.2.1", quotas())).admitted
        await admission.close()


async def test_a_burst_at_a_real_redis_through_two_processes_lets_20_in(redis_url):
    both = [
        RedisAdmission(connect(redis_url, 30), 100, prefix=prefix, local=memory(Clock()), ticks_us=Clock())
        for prefix in [f"test:{uuid.uuid4()}"]
        for _ in range(2)
    ]
    asked = [
        one.admit("key:shop", "a", Tiers(20, 25).of("key:shop", "GET", PATH, "")) for one in both for _ in range(30)
    ]
    verdicts = await asyncio.gather(*asked)
    admitted = sum(one.admitted for one in verdicts)
    assert 20 <= admitted <= 25  # a second may have passed; an hour has not
    for one in both:
        await one.close()


def test_what_each_request_counts_against():
    def names(*asked):
        return [one.policy.name for one in quotas(*asked)]

    both = ["second", "hour"]
    assert names() == both
    assert names("POST", f"{PATH}/1/checkout") == [*both, "checkout"]
    assert names("POST", "/api/v1/payments/pay_1/refund") == [*both, "refund"]
    status = f"{PATH}/1/payment-status"
    for query, expected in (("", both), ("refresh=true", [*both, "refresh"]), ("a=1&refresh=1", [*both, "refresh"])):
        assert names("GET", status, query) == expected
    assert names("GET", status, "refresh=false") == both
    for path in ("/api/payments/create", "/api/v1/payment-methods", "/api/v1/ordersx", "/api/health"):
        assert names("POST", path) == []
    one, other = (quotas("GET", f"{PATH}/{order}/payment-status", "refresh=true")[-1].who for order in "12")
    assert one != other


@pytest.fixture
async def limited(tmp_path, storage):
    """A service with its limits on, whose windows are the world's."""
    options = {name: value for name, value in storage.items() if name.startswith("redis")}
    async with open_order_shop(tmp_path, storage, rate_limit_per_minute=100, **options) as opened:
        yield opened


async def test_the_headers_list_every_policy_and_429_names_the_strictest(limited):
    order, _ = await limited.paying()
    answer = await limited.get(f"/orders/{order['id']}")
    policies = answer.headers["ratelimit-policy"]
    assert policies == '"default";q=100;w=60, "second";q=20;w=1, "hour";q=1000;w=3600'
    assert answer.headers["ratelimit"].startswith('"default";r=97;t=')
    plain = await limited.client.get("/api/payments/history", params={"userId": "u"})
    assert plain.headers["ratelimit-policy"] == '"default";q=100;w=60'
    answers = [await limited.checkout(order) for _ in range(10)]
    last = answers[-1]
    assert code(last) == (429, "rate_limited")
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert '"checkout";q=10;w=60' in last.headers["ratelimit-policy"]
    assert "10 requests in 60 s" in last.json()["detail"]


async def test_webhooks_are_outside_of_the_limits_and_have_their_own(limited):
    order, payment = await limited.paying()
    answers = [await limited.told(limited.stripe, "x", payment["providerReference"]) for _ in range(130)]
    assert {answer.status_code for answer in answers} == {200}
    _, body = limited.stripe.event("x", payment["providerReference"])
    forged = [(await limited.tell(limited.stripe, {}, body)).status_code for _ in range(62)]
    assert (forged.count(400), forged.count(429), forged[-1]) == (60, 2, 429)
    assert (await limited.told(limited.stripe, "x", payment["providerReference"])).status_code == 200
    rejected = await limited.rows("SELECT count(*) FROM audit_logs WHERE action = 'webhook.reject'")
    assert rejected == [(60,)]
    assert (await limited.get(f"/orders/{order['id']}")).status_code == 200


def test_memory_keeps_no_log_of_who_is_gone():
    clock = Clock()

    async def work():
        admission = MemoryAdmission(clock, 100)
        for number in range(3_000):
            clock.now_us += 100_000
            await admission.admit("key:shop", "a", quotas("GET", f"{PATH}/{number}/payment-status", "refresh=true"))
        return sum(len(logs) for logs in admission._quotas.values())

    assert asyncio.run(work()) < 800
