"""A hundred requests in a minute, exactly: whatever attack, process or clock. And wrong keys shut an address out."""

import asyncio
import sys
import uuid
from collections import Counter
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import fakeredis
import httpx
import limits
import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.redis_admission import RedisAdmission, connect
from bakong_service.domain.admission import BLOCK_US, FAILURES, WINDOW_US
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS
from tests.servers import OwnRedis, program

SECOND = 1_000_000
START_US = NOW_MS * 1000
# Each attack is the instants of its requests, in microseconds.
ATTACKS = {
    "one burst": [0] * 500,
    "two bursts across a window's edge": [59_900_000] * 150 + [60_100_000] * 150 + [119_950_000] * 150,
    "steady pace and a burst": sorted([n * 600_000 for n in range(300)] + [90_000_000] * 200),
    "saw-tooth": [burst * 20 * SECOND for burst in range(12) for _ in range(60)],
    "refill probe": sorted([0] * 100 + [60 * SECOND + n for n in range(-50, 150)] + [120 * SECOND] * 120),
}


class Clock:
    def __init__(self):
        self.now_us = START_US

    def __call__(self):
        return self.now_us


def memory(clock, **options):
    return MemoryAdmission(clock, 100, **options)


async def admitted_of(instants, admission, clock):
    """The instants at which the limiter let a request through."""
    admitted = []
    for at_us in instants:
        clock.now_us = START_US + at_us
        if (await admission.admit("k", "a")).admitted:
            admitted.append(at_us)
    return admitted


def worst_window(instants):
    """The most instants in any half-open window of a minute."""
    return max(sum(1 for at in instants if start <= at < start + WINDOW_US) for start in set(instants))


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_attack_gets_more_than_a_hundred_into_a_minute_and_each_gets_a_hundred(name):
    clock = Clock()
    assert worst_window(await admitted_of(ATTACKS[name], memory(clock), clock)) == 100


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_attack_gets_more_than_a_hundred_past_the_script(name):
    """The script runs in a Redis whose clock the test holds; a real Redis is asked below."""
    admitted = []
    admission = RedisAdmission(fakeredis.FakeAsyncRedis(), 100, prefix="t", local=memory(Clock()), ticks_us=Clock())
    with time_machine.travel(START_US / SECOND, tick=False) as travel:
        for at_us in ATTACKS[name]:
            travel.move_to((START_US + at_us) / SECOND)
            if (await admission.admit("k", "a")).admitted:
                admitted.append(at_us)
    await admission.close()
    assert worst_window(admitted) == 100


async def test_the_101st_is_let_in_at_the_first_ones_60th_second_and_not_before():
    clock = Clock()
    admission = memory(clock)
    for at_us in range(100):
        clock.now_us = START_US + at_us
        assert (await admission.admit("k", "a")).admitted
    clock.now_us = START_US + WINDOW_US - 1
    refused = await admission.admit("k", "a")
    assert (refused.admitted, refused.wait_us, refused.wait_s) == (False, 1, 1)
    clock.now_us += 1
    assert (await admission.admit("k", "a")).admitted
    assert not (await admission.admit("k", "a")).admitted


@given(st.lists(st.integers(0, 40_000), max_size=200))
@example([0] * 101)
def test_what_is_let_in_is_what_the_moving_window_of_limits_lets_in(gaps_ms):
    """The oracle's window is closed at its end, ours open: instants stand on odd ms so that none falls on an edge."""
    clock = Clock()
    admission, oracle = memory(clock), limits.strategies.MovingWindowRateLimiter(limits.storage.MemoryStorage())
    rule = limits.RateLimitItemPerMinute(100)

    async def both():
        at_ms = 0
        for number, gap_ms in enumerate(gaps_ms):
            at_ms += gap_ms * 60
            at_us = START_US + at_ms * 1000 + number * 7
            clock.now_us = at_us
            travel.move_to(at_us / SECOND)
            assert (await admission.admit("k", "a")).admitted == oracle.hit(rule, "k")

    with time_machine.travel(START_US / SECOND, tick=False) as travel:
        asyncio.run(both())


async def test_a_caller_who_rotates_names_pushes_nobody_out_and_memory_is_bounded():
    clock = Clock()
    admission = memory(clock, capacity=50)
    for _ in range(100):
        await admission.admit("victim", "a")
    for number in range(1000):
        await admission.admit(f"name-{number}", "a")
    assert not (await admission.admit("victim", "a")).admitted
    assert len(admission._admitted) <= 51
    clock.now_us += 61 * SECOND
    await admission.admit("after", "a")
    assert len(admission._admitted) == 1


async def test_a_clock_set_back_by_an_hour_locks_nobody_out():
    clock = Clock()
    admission = memory(clock)
    for _ in range(100):
        await admission.admit("k", "a")
    clock.now_us -= 3600 * SECOND
    assert (await admission.admit("k", "a")).admitted


async def test_ten_wrong_keys_block_the_address_for_15_minutes_and_no_other():
    clock = Clock()
    admission = memory(clock)
    for number in range(FAILURES):
        assert not (await admission.admit("x", "10.0.0.1")).blocked
        assert await admission.failed("10.0.0.1") == (number == FAILURES - 1)
    assert (await admission.admit("x", "10.0.0.1")).blocked
    assert not (await admission.admit("x", "10.0.0.2")).blocked
    clock.now_us += BLOCK_US - 1
    assert (await admission.admit("x", "10.0.0.1")).blocked
    clock.now_us += 1
    assert not (await admission.admit("x", "10.0.0.1")).blocked


@pytest.mark.parametrize(("most", "blocks"), [(3, [False, False, True]), (0, [False] * 40)])
async def test_how_many_wrong_keys_block_is_a_setting_and_none_may(most, blocks):
    in_memory = memory(Clock(), failures=most)
    in_redis = RedisAdmission(
        fakeredis.FakeAsyncRedis(), 100, prefix="t", local=memory(Clock()), ticks_us=Clock(), failures=most
    )
    for admission in (in_memory, in_redis):
        assert [await admission.failed("10.0.0.1") for _ in blocks] == blocks
        assert (await admission.admit("x", "10.0.0.1")).blocked is blocks[-1]
    await in_redis.close()


async def test_nine_wrong_keys_in_five_minutes_block_nobody():
    clock = Clock()
    admission = memory(clock)
    for _ in range(4 * (FAILURES - 1)):
        clock.now_us += 300 * SECOND // (FAILURES - 1) + 1
        assert not await admission.failed("10.0.0.1")


# Real Redis

PROBE = """
import asyncio, sys
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.redis_admission import RedisAdmission, connect
async def main(url, prefix):
    local = MemoryAdmission(lambda: 0, 100)
    admission = RedisAdmission(connect(url, 30), 100, prefix=prefix, local=local, ticks_us=lambda: 0)
    verdicts = await asyncio.gather(*(admission.admit("k", "a") for _ in range(60)))
    print(sum(verdict.admitted for verdict in verdicts))
    await admission.close()
asyncio.run(main(*sys.argv[1:]))
"""


async def test_four_processes_on_one_redis_let_exactly_a_hundred_in(redis_url):
    prefix = f"test:{uuid.uuid4()}"
    probes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", PROBE, redis_url, prefix, stdout=-1)
        for _ in range(4)
    ]
    counts = [int((await probe.communicate())[0]) for probe in probes]
    assert sum(counts) == 100


@asynccontextmanager
async def losing_answers(url, lost):
    """The URL of a way to Redis on which as many answers are lost as `lost` has entries; each takes one away."""
    there = urlsplit(url)

    async def pass_on(reader, writer):
        answers, questions = await asyncio.open_connection(there.hostname, there.port)
        while asked := await reader.read(65_536):
            questions.write(asked)
            answer = await answers.read(65_536)
            if lost:
                lost.pop()
            else:
                writer.write(answer)
        questions.close()
        writer.close()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}{there.path}"


async def test_a_request_whose_first_answer_is_lost_counts_once(redis_url):
    lost = []
    async with losing_answers(redis_url, lost) as url:
        prefix = f"test:{uuid.uuid4()}"
        admission = RedisAdmission(connect(url), 100, prefix=prefix, local=memory(Clock()), ticks_us=Clock())
        assert (await admission.admit("k", "a")).remaining == 99
        lost.append("the next")
        assert (await admission.admit("k", "a")).remaining == 98
        assert (await admission.admit("k", "a")).remaining == 97
        assert lost == []
        await admission.close()


async def test_without_redis_each_process_limits_by_itself_and_redis_is_found_again():
    if not program("redis-server"):
        pytest.skip("redis-server is not installed")
    server, ticks = OwnRedis().start(), Clock()
    local = memory(Clock())
    admission = RedisAdmission(connect(server.url), 100, prefix="t", local=local, ticks_us=ticks)
    try:
        assert (await admission.admit("k", "a")).remaining == 99
        assert await admission.state() == ""
        server.stop()
        verdicts = [await admission.admit("k", "a") for _ in range(150)]
        assert sum(verdict.admitted for verdict in verdicts) == 100
        assert "does not answer" in await admission.state()
        server.start()
        ticks.now_us += 1_000_001
        assert (await admission.admit("k", "a")).remaining == 99
        assert await admission.state() == ""
    finally:
        await admission.close()
        server.stop()


async def test_wrong_keys_block_an_address_in_redis_too(redis_url):
    prefix = f"test:{uuid.uuid4()}"
    admission = RedisAdmission(connect(redis_url, 30), 100, prefix=prefix, local=memory(Clock()), ticks_us=Clock())
    for _ in range(FAILURES):
        await admission.failed("10.0.0.1")
    verdict = await admission.admit("x", "10.0.0.1")
    assert (verdict.blocked, 890 < verdict.wait_s <= 900) == (True, True)
    assert (await admission.admit("x", "10.0.0.2")).admitted
    await admission.close()


# Over HTTP, on a frozen clock


@pytest.fixture
async def limited(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, service_port=0)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def caller(limited):
    headers = {"authorization": f"Bearer {limited.api_key}"}
    async with httpx.AsyncClient(base_url=limited.service_url, headers=headers, trust_env=False) as client:
        yield client


async def test_of_500_at_once_exactly_100_pass_and_the_next_100_after_a_minute(limited, caller):
    url = limited.service_url + "/api/subscriptions/status/sokha"
    headers = {"authorization": f"Bearer {limited.api_key}"}

    async def burst():
        """aiohttp: httpx looks through all that wait for a connection each time that one is free."""
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=50)) as session:

            async def status():
                async with session.get(url) as answer:
                    return answer.status

            return Counter(await asyncio.gather(*(status() for _ in range(500))))

    advance = limited.worlds.default.clock.advance
    assert await burst() == {200: 100, 429: 400}
    refused = await caller.get("/api/subscriptions/status/sokha")
    assert (refused.headers["retry-after"], refused.json()["code"]) == ("60", "rate_limited")
    assert refused.headers["ratelimit-policy"] == '"default";q=100;w=60'
    assert refused.headers["ratelimit"] == '"default";r=0;t=60'
    await advance(59_999)
    assert await burst() == {429: 500}
    await advance(1)
    assert await burst() == {200: 100, 429: 400}


async def test_health_is_never_limited_and_pictures_are_by_address(limited):
    async with httpx.AsyncClient(base_url=limited.service_url, trust_env=False) as client:
        health = [await client.get("/api/health/live") for _ in range(120)]
        pictures = [await client.get("/qr-codes/" + "0" * 32 + ".png") for _ in range(101)]
    assert {answer.status_code for answer in health} == {200}
    assert Counter(answer.status_code for answer in pictures) == {404: 100, 429: 1}


async def test_after_ten_wrong_keys_the_right_one_is_refused_until_the_block_ends(limited, caller):
    for _ in range(FAILURES):
        answer = await caller.get("/api/subscriptions/status/u", headers={"authorization": "Bearer wrong"})
        assert answer.status_code == 401
    forged = {"x-forwarded-for": "203.0.113.9"}
    for headers in ({}, forged):
        answer = await caller.get("/api/subscriptions/status/u", headers=headers)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (403, "blocked", "900")
    assert (await caller.get("/api/health/live")).status_code == 200
    await limited.worlds.default.clock.advance(900_000)
    assert (await caller.get("/api/subscriptions/status/u")).status_code == 200
