"""A world's time: four modes, and an advance that settles everything on the way."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_simulator.clock import Mode, WorldClock


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
