"""Which keys are good: at once for those who ask while the keys are read, and for a key made a moment ago."""

import asyncio
import gc
import os
import random
import statistics
from time import perf_counter_ns
from types import SimpleNamespace

import pytest

from bakong_service.adapters.keys import PREFIX, Hasher, KeyRing

HASHER = Hasher(["sandbox-encryption-key"])


class Shelf:
    """A store whose one reading ends when it is told to."""

    def __init__(self, *keys):
        self.keys, self.readings = list(keys), 0
        self.open = asyncio.Event()

    async def read(self, _work):
        self.readings += 1
        rows = [SimpleNamespace(digest=HASHER.digests(key)[0], label="shop", revoked_ms=None) for key in self.keys]
        await self.open.wait()
        return rows


class Ticks:
    us = 0

    def __call__(self):
        return self.us


async def test_all_who_ask_while_the_keys_are_read_wait_for_the_same_reading():
    shelf = Shelf("good")
    ring = KeyRing(shelf, HASHER, {}, Ticks())
    asked = [asyncio.ensure_future(ring.find("good")) for _ in range(8)]
    await asyncio.wait(asked, timeout=0)
    shelf.open.set()
    assert all(await asyncio.gather(*asked))
    assert shelf.readings == 1


async def test_a_key_made_a_moment_ago_is_good_and_a_revoked_one_no_longer_after_half_a_second():
    shelf, ticks = Shelf("old"), Ticks()
    shelf.open.set()
    ring = KeyRing(shelf, HASHER, {}, ticks)
    assert await ring.find("old")
    shelf.keys = ["new"]
    ticks.us = 60_000
    assert await ring.find("new")
    ticks.us = 600_000
    assert await ring.find("old") is None


async def test_a_key_is_good_at_once_however_lately_a_wrong_one_was_looked_for():
    shelf = Shelf()
    shelf.open.set()
    ring = KeyRing(shelf, HASHER, {}, Ticks())
    for number in range(3):
        assert await ring.find("wrong") is None
        shelf.keys.append(f"new-{number}")
        assert await ring.find(f"new-{number}")


async def test_a_key_that_is_made_while_the_keys_are_read_is_not_looked_for_in_that_reading_alone():
    shelf = Shelf()
    ring = KeyRing(shelf, HASHER, {}, Ticks())
    wrong = asyncio.ensure_future(ring.find("wrong"))
    while not shelf.readings:
        await asyncio.wait({wrong}, timeout=0)
    shelf.keys = ["new"]
    new = asyncio.ensure_future(ring.find("new"))
    await asyncio.wait({new}, timeout=0)
    shelf.open.set()
    assert (await wrong, bool(await new)) == (None, True)


async def test_wrong_keys_cost_one_reading_in_50_ms_together():
    shelf = Shelf()
    shelf.open.set()
    ring = KeyRing(shelf, HASHER, {}, Ticks())
    begun = asyncio.get_running_loop().time()
    for _ in range(3):
        assert await asyncio.gather(*(ring.find(f"wrong-{number}") for number in range(100))) == [None] * 100
    assert shelf.readings == 3
    assert asyncio.get_running_loop().time() - begun >= 0.1


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def wrong_key(draw, right, place):
    """The right key but for one letter of its random part; made by the same steps, whatever the place."""
    letters = [*right]
    at = range(len(PREFIX), len(right))[place]
    letters[at] = draw.choice(LETTERS.replace(right[at], ""))
    return "".join(letters)


def welch_t(samples):
    """Welch's t of (class, ns) pairs of two classes, without the slowest 5 % of all, which are the machine's."""
    edge = sorted(took for _, took in samples)[len(samples) * 95 // 100]
    kept = [[took for kind, took in samples if kind == one and took <= edge] for one in (0, 1)]
    errors = [statistics.variance(times) / len(times) for times in kept]
    return (statistics.fmean(kept[0]) - statistics.fmean(kept[1])) / sum(errors) ** 0.5


async def timed(find_with, count, seed):
    """How long each of count wrong keys took: class 0 wrong in its first letter, 1 in its last, in random order.

    Every sample has a right key and two wrong ones of its own, made in random order, of which one is looked up: so no
    text, hash or place in memory is a class's.
    """
    draw, samples = random.Random(seed), []
    gc.collect()
    gc.disable()
    for _ in range(count):
        right, kind = PREFIX + "".join(draw.choices(LETTERS, k=43)), draw.randrange(2)
        find, wrongs = find_with(right), {place: wrong_key(draw, right, -place) for place in draw.sample((0, 1), 2)}
        wrong = wrongs[kind]
        begun = perf_counter_ns()
        name = await find(wrong)
        samples.append((kind, perf_counter_ns() - begun))
        assert name is None
    gc.enable()
    return samples


def by_ring(right):
    good = dict.fromkeys(HASHER.digests(right), "shop")
    ring = KeyRing(None, HASHER, good, Ticks())

    async def find(key):
        return ring._look_up(key, good)

    return find


def letter_by_letter(right):
    """What must not be: a comparison that ends at the first letter that differs."""

    async def find(key):
        return right if all(one == other for one, other in zip(right, key, strict=True)) else None

    return find


@pytest.mark.campaign
async def test_the_time_of_a_key_check_tells_nothing_of_the_key():
    """Welch's t of 2 x 10^5 checks, the whole and each half; a comparison that leaks is told by the same measure."""
    count = int(os.environ.get("TIMING_SAMPLES", "200000"))
    samples = await timed(by_ring, count, seed=1)
    whole_and_halves = [welch_t(samples), welch_t(samples[: count // 2]), welch_t(samples[count // 2 :])]
    leaking = welch_t(await timed(letter_by_letter, count // 20, seed=2))
    print("Welch t = {:.2f}, halves {:.2f} and {:.2f}".format(*whole_and_halves), f"; letter by letter {leaking:.0f}")
    assert max(abs(t) for t in whole_and_halves) < 4.5
    assert abs(leaking) > 4.5
