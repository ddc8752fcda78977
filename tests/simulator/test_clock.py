"""A world's time: four modes, and an advance that settles everything on the way."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_simulator.kernel.clock import Mode, WorldClock


class Wall:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def clock(wall):
    return WorldClock(wall)


def test_each_mode_flows_as_it_says(wall, clock):
    assert clock.now_ms() == 1_000_000
    clock.set_mode(Mode.FROZEN, at_ms=5)
    wall.ms += 100
    assert clock.now_ms() == 5
    clock.set_mode(Mode.OFFSET, at_ms=50)
    wall.ms += 100
    assert clock.now_ms() == 150
    clock.set_mode(Mode.SCALED, at_ms=0, rate=10)
    wall.ms += 7
    assert clock.now_ms() == 70
    clock.set_mode(Mode.REAL)
    assert clock.now_ms() == wall.ms


@given(dues=st.lists(st.integers(0, 10_000), max_size=30), step=st.integers(0, 10_000))
def test_advance_fires_what_falls_due_in_order_each_at_its_moment(dues, step):
    async def story():
        clock = WorldClock(Wall())
        clock.set_mode(Mode.FROZEN, at_ms=0)
        fired = []
        for due in dues:
            clock.call_at(due, lambda due=due: fired.append((due, clock.now_ms())))
        await clock.advance(step)
        assert fired == [(due, due) for due in sorted(dues) if due <= step]
        assert clock.now_ms() == step

    asyncio.run(story())


async def test_what_a_timer_begins_within_the_advance_is_settled_too(clock):
    clock.set_mode(Mode.FROZEN, at_ms=0)
    done = []

    async def first():
        clock.call_at(clock.now_ms() + 10, lambda: done.append(clock.now_ms()))

    clock.call_at(5, first)
    await clock.advance(20)
    assert done == [15]


async def test_a_cancelled_timer_never_fires(clock):
    clock.set_mode(Mode.FROZEN, at_ms=0)
    fired = []
    clock.call_at(5, lambda: fired.append(1)).cancel()
    await clock.advance(10)
    assert fired == []


async def test_real_time_goes_on_from_where_an_advance_left_it(wall, clock):
    await clock.advance(3_600_000)
    wall.ms += 10
    assert (clock.mode, clock.now_ms()) == (Mode.OFFSET, 1_000_000 + 3_600_000 + 10)


KINDS = ("plain", "fails", "awaited", "awaited and fails")


def timer_of(kind, due, clock, fired):
    """What a timer of this kind does: it writes down when it was fired, and then fails or not."""

    async def awaited():
        if kind.endswith("fails"):
            raise RuntimeError(due)

    def fire():
        fired.append((due, clock.now_ms()))
        if kind == "fails":
            raise ValueError(due)
        return awaited() if kind.startswith("awaited") else None

    return fire


@given(timers=st.lists(st.tuples(st.integers(0, 100), st.sampled_from(KINDS)), max_size=30))
def test_timers_that_fail_stop_no_other_and_each_is_reported(timers):
    async def story():
        clock = WorldClock(Wall())
        clock.set_mode(Mode.FROZEN, at_ms=0)
        fired, failures = [], []
        clock.on_failure = failures.append
        for due, kind in timers:
            clock.call_at(due, timer_of(kind, due, clock, fired), f"timer of {due}")
        assert await clock.advance(50) == 50
        assert await clock.advance(50) == 100
        assert fired == [(due, due) for due, _ in sorted(timers, key=lambda timer: timer[0])]
        failed = [due for due, kind in sorted(timers, key=lambda timer: timer[0]) if kind.endswith("fails")]
        assert [(failure.at_ms, failure.what) for failure in failures] == [(due, f"timer of {due}") for due in failed]
        assert [failure.error.args for failure in failures] == [(due,) for due in failed]

    asyncio.run(story())


@given(kinds=st.lists(st.sampled_from(KINDS), max_size=10))
def test_where_time_flows_by_itself_a_timer_that_fails_stops_no_other(kinds):
    async def story():
        clock = WorldClock(Wall())
        fired, failures, done = [], [], asyncio.Event()
        clock.on_failure = failures.append
        for kind in kinds:
            clock.call_at(0, timer_of(kind, 0, clock, fired))
        clock.call_at(0, done.set)
        async with asyncio.timeout(60):
            await done.wait()
            await clock.settled()
        assert len(fired) == len(kinds)
        assert len(failures) == sum(kind.endswith("fails") for kind in kinds)
        clock.close()

    asyncio.run(story())


async def test_timers_that_were_cancelled_are_not_kept(clock):
    clock.set_mode(Mode.FROZEN, at_ms=0)
    kept = [clock.call_at(1_000_000, lambda: None) for _ in range(10)]
    for due in range(10_000):
        clock.call_at(due, lambda: None).cancel()
    assert clock.waiting < 200
    assert not any(timer.cancelled for timer in kept)
