"""The campaign of `make attack` itself: its quick part on a sandbox, and that it notices what it is there to notice."""

import asyncio

import pytest

from tests.attacks import __main__ as attacks
from tests.attacks.table import BROKEN, HELD, Attack, Outcome, carry_out, table
from tests.attacks.targets import sandbox_up


async def test_the_quick_attacks_are_held(tmp_path):
    async with sandbox_up(tmp_path) as target:
        results = [await carry_out(attack, target) for attack in attacks.SHARED if attack.quick]
    assert len(results) >= 2
    assert {result.verdict for result in results} == {HELD}, table(results)


async def broken():
    return Outcome("500", held=False)


async def endless():
    await asyncio.Event().wait()


async def failing():
    raise ValueError("it fell over")


@pytest.mark.parametrize(("run", "observed"), [(broken, "500"), (endless, "no end"), (failing, "it fell over")])
async def test_an_attack_that_breaks_hangs_or_fails_is_broken_in_the_table(run, observed):
    result = await carry_out(Attack("x", "service", "SQLite", "200", run, bound_s=0.05))
    assert (result.verdict, observed in result.observed) == (BROKEN, True)
    assert BROKEN in table([result])


def test_every_attack_is_bounded_named_once_and_half_an_hour_is_enough_for_all():
    rows = [*attacks.SHARED, *attacks.OWN]
    names = [(row.name, row.server, row.database) for row in rows]
    assert len(names) == len(set(names))
    assert sum(row.bound_s for row in rows) <= 3_600
