"""Memory is bounded, and the bound is nobody's refusal who has a good key or has done nothing."""

import asyncio
from ipaddress import IPv6Address
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_service.adapters.memory_admission import CAPACITY, SHARED, MemoryAdmission
from bakong_service.api.addresses import Proxies
from bakong_service.api.guard import Guard, Rules
from bakong_service.domain.admission import FAILURES, WINDOW_US, by_address, by_key

LIMIT = 100
SECOND = 1_000_000
GOOD = {"authorization": "Bearer good"}
WRONG = {"authorization": "Bearer wrong"}


class Clock:
    now_us = 1_000_000 * SECOND

    def __call__(self):
        return self.now_us


def networks(count, begin=0):
    """So many IPv6 customers, a /64 each."""
    return [f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::/64" for n in range(begin, begin + count)]


async def flood(admission, count, begin=0):
    for network in networks(count, begin):
        await admission.admit(by_address(network), network)


async def admitted(admission, who, count=LIMIT + 1, address="192.0.2.1"):
    return sum([(await admission.admit(who, address)).admitted for _ in range(count)])


async def test_a_flood_of_addresses_costs_a_key_nothing_new_or_known():
    admission = MemoryAdmission(Clock(), LIMIT, capacity=50)
    assert await admitted(admission, by_key("known"), 60) == 60
    await flood(admission, 20_000)
    assert await admitted(admission, by_key("known")) == 40
    assert await admitted(admission, by_key("new")) == LIMIT
    assert len(admission._admitted) <= 50


async def test_more_keys_than_the_bound_of_addresses_have_a_limit_each():
    admission = MemoryAdmission(Clock(), LIMIT, capacity=5)
    for number in range(50):
        assert await admitted(admission, by_key(f"key {number}")) == LIMIT


async def test_an_address_that_did_nothing_is_let_in_past_the_bound():
    """As the service has it: the bound is reached, and many more have come."""
    admission = MemoryAdmission(Clock(), LIMIT)
    await flood(admission, CAPACITY + 2 * LIMIT)
    assert (await admission.admit(by_address("192.0.2.9"), "192.0.2.9")).admitted


async def test_an_address_gets_no_second_limit_by_a_flood():
    """Neither one that was there before it, nor one that came after, nor when the flood is over."""
    clock = Clock()
    admission = MemoryAdmission(clock, LIMIT, capacity=50)
    before, after = (by_address("192.0.2.1"), by_address("192.0.2.2"))
    assert await admitted(admission, before) == LIMIT
    clock.now_us += 30 * SECOND
    await flood(admission, 1_000)
    assert await admitted(admission, before) == 0
    clock.now_us += 15 * SECOND
    assert await admitted(admission, after) in range(LIMIT - 10, LIMIT + 1)  # the flood stands in the same logs
    clock.now_us += 50 * SECOND  # the flood is past, and the table has room
    assert await admitted(admission, after) <= 10
    clock.now_us += WINDOW_US
    assert await admitted(admission, after) == LIMIT


@given(
    st.lists(
        st.tuples(st.integers(0, 5 * SECOND), st.integers(0, 2), st.integers(1, 30), st.integers(0, 40)), max_size=25
    )
)
def test_each_key_gets_what_a_plain_sliding_log_gives_it_whatever_addresses_do(steps):
    """The reference keeps every instant, and counts those of the last minute anew for each request."""
    clock = Clock()
    admission, reference = MemoryAdmission(clock, LIMIT, capacity=10), {}

    async def run():
        for gap_us, key, count, strangers in steps:
            clock.now_us += gap_us
            await flood(admission, strangers)
            log = reference.setdefault(key, [])
            for _ in range(count):
                within = [at_us for at_us in log if at_us > clock.now_us - WINDOW_US]
                verdict = await admission.admit(by_key(f"key {key}"), "192.0.2.1")
                assert verdict.admitted == (len(within) < LIMIT)
                if verdict.admitted:
                    log.append(clock.now_us)
                    assert verdict.remaining == LIMIT - len(within) - 1

    asyncio.run(run())


async def test_one_wrong_key_shuts_nobody_out_however_many_others_have_shown_one():
    admission = MemoryAdmission(Clock(), LIMIT, capacity=50)
    for network in networks(1_000):
        assert not await admission.failed(network)
    assert not await admission.failed("192.0.2.1")
    assert not (await admission.admit(by_key("shop"), "192.0.2.1")).blocked


async def test_ten_wrong_keys_shut_an_address_out_among_many_and_past_the_bound_of_blocks():
    admission = MemoryAdmission(Clock(), LIMIT, capacity=50)
    for network in networks(200):
        assert [await admission.failed(network) for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
        assert (await admission.admit(by_address(network), network)).blocked
    assert len(admission._blocked) == len(admission._failures) + 50 == 50


async def test_what_is_past_is_forgotten_and_memory_is_given_back():
    clock = Clock()
    admission = MemoryAdmission(clock, LIMIT)
    for minute in range(3):
        await flood(admission, 2_000, 10_000 * minute)
        await admitted(admission, by_key(f"key {minute}"), 1)
        clock.now_us += WINDOW_US
    await flood(admission, 1)
    await admitted(admission, by_key("the last"), 1)
    assert (len(admission._admitted), len(admission._of_keys)) == (1, 1)


async def test_a_clock_set_back_leaves_no_log_behind():
    clock = Clock()
    admission = MemoryAdmission(clock, LIMIT, capacity=50)
    await flood(admission, 50)
    clock.now_us -= 3600 * SECOND
    await flood(admission, 50, 1_000)
    assert len(admission._admitted) == 50
    assert await admitted(admission, by_key("shop")) == LIMIT


def test_the_shared_logs_take_more_than_a_minute_of_requests_to_fill():
    """5,000 requests a second, which is more than a process serves, do not fill them."""
    assert SHARED * LIMIT > 60 * 5_000


# Through the guard, as callers come


async def empty(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def door():
    """A guard behind a trusted proxy, with room for 20 addresses: clock and client."""
    clock = Clock()

    async def find(key):
        return "shop 1a2b3c4d" if key == "good" else None

    rules = Rules(
        find=find,
        admission=MemoryAdmission(clock, LIMIT, capacity=20),
        limit=LIMIT,
        new_id=lambda: "id",
        ticks_us=clock,
        proxies=Proxies(["127.0.0.1/32"]),
    )
    transport = httpx.ASGITransport(Guard(empty, rules), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield SimpleNamespace(clock=clock, client=client)


async def asked(door, address, headers, path="/api/subscriptions/status/u"):
    return (await door.client.get(path, headers={**headers, "x-forwarded-for": address})).status_code


@pytest.mark.parametrize("headers", [WRONG, {}], ids=["wrong keys", "no keys"])
async def test_guessers_from_many_networks_leave_the_main_backend_its_hundred(door, headers):
    first = IPv6Address("2001:db8::1")
    for number in range(500):
        assert await asked(door, str(first + (number << 64)), headers) == 401
    answers = [await asked(door, "198.51.100.7", GOOD) for _ in range(LIMIT + 1)]
    assert answers == [204] * LIMIT + [429]
    assert await asked(door, "198.51.100.8", {}, "/qr-codes/x.png") == 204  # nor is a customer's picture refused


async def test_a_wrong_key_of_ones_own_during_a_flood_is_no_block(door):
    first = IPv6Address("2001:db8::1")
    for number in range(500):
        await asked(door, str(first + (number << 64)), WRONG)
    assert await asked(door, "198.51.100.7", WRONG) == 401
    assert await asked(door, "198.51.100.7", GOOD) == 204
