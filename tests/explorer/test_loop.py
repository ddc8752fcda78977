"""The virtual loop takes its own short ways, and none of them changes whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bakong_explorer.chance import Chance
from bakong_explorer.loop import Owner, VirtualLoop, passes

Waits = Callable[[float], Awaitable[None]]


async def _by_asyncio(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _turns(seed: int, waits: Waits) -> list[tuple[float, int, int]]:
    """When who had a turn: eight that wait for each other's moments, some of which give up."""
    loop, seen = VirtualLoop(Chance(seed, "turns"), 0.7), []

    async def one(who: int, chance: Chance) -> None:
        for turn in range(12):
            await waits(chance.pick((0.0, 0.0, 0.5, 1.0, -1.0)))
            seen.append((loop.time(), who, turn))

    async def all_of_them() -> None:
        tasks = [loop.create_task(one(who, Chance(seed, str(who)))) for who in range(8)]
        await waits(3.0)
        tasks[seed % 8].cancel()
        await asyncio.wait(tasks)
        seen.append((loop.time(), loop.steps, 0))

    loop.run_until_complete(all_of_them())
    loop.close()
    return seen


@pytest.mark.parametrize("seed", range(5))
def test_time_passes_with_the_very_turns_of_asyncios_sleep(seed: int) -> None:
    assert _turns(seed, passes) == _turns(seed, _by_asyncio)


def test_what_waits_and_is_cancelled_leaves_no_turn_behind() -> None:
    loop = VirtualLoop(Chance(1, "turns"))

    async def life() -> tuple[float, int]:
        task = loop.create_task(passes(60.0))
        await passes(1.0)
        task.cancel()
        await asyncio.wait([task])
        before = loop.steps
        await passes(120.0)
        return loop.time(), loop.steps - before

    assert loop.run_until_complete(life()) == (121.0, 2)  # the timer, and who waited for it
    loop.close()


def test_whoever_is_the_owner_is_so_again_after_a_failure() -> None:
    loop, seen = VirtualLoop(Chance(1, "turns")), []

    def fail() -> None:
        with loop.owned_by(Owner("shop")):
            seen.append(loop.owner.name)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (seen, loop.owner) == (["shop"], loop.world)
    loop.close()
