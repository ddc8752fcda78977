"""The limit check from outside, on running servers: the exact log holds, every imitation is caught."""

import asyncio

import pytest

from bakong_loadtests.limits.attacking import Scope, Target, attack_all
from bakong_loadtests.limits.attacks import attacks

SUBJECTS = {
    "exact log": ("exact", 1, True),
    "exact log in Redis, 4 processes": ("redis", 4, True),
    "fixed window": ("fixed-window", 1, False),
    "sliding counter": ("sliding-counter", 1, False),
    "token bucket with burst": ("token-bucket", 1, False),
    "check, then act": ("racy", 1, False),
    "exact log in each of 2 processes": ("exact", 2, False),
}


async def judge(limiter, redis_url, name, processes, *, limit, window_ms):
    with limiter(name, processes, limit, window_ms, redis_url) as urls:
        target = Target(urls=urls, limit=limit, window_ns=window_ms * 1_000_000)
        scopes = [Scope(name=plan.name, headers={"Authorization": f"Bearer {plan.name}"}) for plan in attacks(limit)]
        return await attack_all(target, scopes)


def told(seen):
    return [(one.attack, one.verdict.worst, len(one.verdict.over), len(one.verdict.early), one.broken) for one in seen]


async def test_the_check_tells_an_exact_log_from_its_imitations(limiter, redis_url):
    runs = [judge_until_caught(limiter, redis_url, *one) for one in SUBJECTS.values()]
    verdicts = dict(zip(SUBJECTS, await asyncio.gather(*runs), strict=True))
    assert {subject: caught for subject, caught in verdicts.items() if SUBJECTS[subject][2] is bool(caught)} == {}


async def judge_until_caught(limiter, redis_url, name, processes, holds):
    """What proves the limiter wrong. A busy machine may take an attack apart, so an imitation is attacked again."""
    for _ in range(1 if holds else 6):
        seen = await judge(limiter, redis_url, name, processes, limit=20, window_ms=1500)
        if not all(one.holds for one in seen):
            return told(seen)
    return []


async def test_without_a_key_the_limit_is_counted_for_the_address(limiter):
    with limiter("exact", 1, 20, 1000) as urls:
        target = Target(urls=urls, limit=20, window_ns=1_000_000_000)
        scopes = [Scope(name=f"127.0.0.{n}", source=f"127.0.0.{n}") for n in range(2, 8)]
        seen = await attack_all(target, scopes)
    assert all(one.holds for one in seen), told(seen)
    assert all(one.verdict.admitted >= 20 for one in seen), told(seen)


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "processes", "holds"), SUBJECTS.values(), ids=SUBJECTS)
async def test_twenty_runs_give_no_false_verdict(limiter, redis_url, name, processes, holds):
    false = []
    for _ in range(5):
        four = [judge(limiter, redis_url, name, processes, limit=20, window_ms=2000) for _ in range(4)]
        for seen in await asyncio.gather(*four):
            false += [] if all(one.holds for one in seen) is holds else [told(seen)]
    assert false == []
