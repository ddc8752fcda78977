"""One life from its story to its verdict: the same story gives the same bytes, wherever and whenever it is lived."""

import asyncio
import gc
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bakong_explorer.acts import ACTS as SHOP_ACTS
from bakong_explorer.aimed_acts import AIMED_ACTS
from bakong_explorer.breadth import WIDE_ACTS, WIDE_FAULTS, widened, with_what_goes_amiss
from bakong_explorer.care_acts import AMISS_ACTS as CARE_AMISS_ACTS
from bakong_explorer.care_acts import CARE_ACTS
from bakong_explorer.chance import Chance
from bakong_explorer.dense import SHARE, dense_story
from bakong_explorer.disk import Disk
from bakong_explorer.faults import FAULTS
from bakong_explorer.last_customer import last_customers
from bakong_explorer.laws import Watcher
from bakong_explorer.loop import RestlessError, StuckError, VirtualLoop, passes, swallow_unraisable
from bakong_explorer.order_acts import AMISS_ACTS as ORDER_AMISS_ACTS
from bakong_explorer.order_acts import ORDER_ACTS
from bakong_explorer.process import APPS, ENCRYPTION_KEY
from bakong_explorer.provider_acts import AMISS_ACTS as PROVIDER_AMISS_ACTS
from bakong_explorer.provider_acts import PROVIDER_ACTS
from bakong_explorer.real_stores import RealStores
from bakong_explorer.rest import BOUND_MS, CARE_BOUND_MS, WELL_MS, at_rest
from bakong_explorer.story import DAY_MS, GAPS, HOUR_MS, MINUTE_MS, SECOND_MS, Happening, Story, gap_ms, swarm
from bakong_explorer.town import Town, Violation
from bakong_explorer.window_acts import WINDOW_ACTS

ACTS = {
    **SHOP_ACTS,
    **CARE_ACTS,
    **ORDER_ACTS,
    **WIDE_ACTS,
    **PROVIDER_ACTS,
    **AIMED_ACTS,
    **WINDOW_ACTS,
    **CARE_AMISS_ACTS,
    **ORDER_AMISS_ACTS,
    **PROVIDER_AMISS_ACTS,
}
ALL_FAULTS = {**FAULTS, **WIDE_FAULTS}
# Who lives: users of a subscription, people of a care platform, a shop of orders; with its weight.
LIVED = ((("shop",), 5), (("care",), 3), (("orders",), 3), (("shop", "care", "orders"), 2))
# What each of them does first: before it, no other act has anything to be about.
FIRST = (("shop", "buy_and_pay"), ("care", "hire_and_pay"), ("orders", "order_and_pay"))
DAYS = 45
MAX_TURNS = 200_000
# A quiet day has some 400 turns of each replica; a worker whose writes fail asks on, each second.
TURNS_A_DAY, TURNS_A_SECOND, ASKED_ON = 500, 20, ("full_disk", "database")
LASTS_MS = (SECOND_MS, 20 * SECOND_MS, 4 * MINUTE_MS, 20 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS)


@dataclass(slots=True)
class Life:
    """What came of a story. violation: the first law that broke; digest: of all that happened; cpu_s: what it took."""

    story: Story
    violation: Violation | None
    digest: str
    steps: int
    commits: int
    virtual_s: float
    met: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[int, str, str, str]] = field(default_factory=list)
    cpu_s: float = field(default=0.0, compare=False)


def story_of(seed: int, days: int = DAYS, *, short: float = SHARE, least_days: int = 0) -> Story:
    """The life of a seed: which kinds of acts and faults it has at all, and when they come.

    days: its acts come within so many. short: so many of the seeds live a short life. least_days: the others go on for.
    """
    if (dense := dense_story(seed, short)) is not None:
        return with_what_goes_amiss(dense)
    chance = Chance(seed, "story")
    lived = chance.weighted(LIVED)
    acts = [*_some(chance, SHOP_ACTS), ("buy_and_pay", 3), ("pay", 3)] if "shop" in lived else []
    acts += [*_some(chance, CARE_ACTS), ("hire_and_pay", 8)] if "care" in lived else []
    acts += [*_some(chance, ORDER_ACTS), ("order_and_pay", 8)] if "orders" in lived else []
    faults = _some(chance, FAULTS, 0.5)
    gaps = swarm(chance, GAPS, 0.75)
    profile = {
        "replicas": chance.weighted(((1, 4), (2, 4), (3, 1), (4, 1))),
        "users": chance.between(1, 3),
        "daily_calls": chance.weighted(((0, 6), (30, 1), (100, 1))),
        "rate_limit": chance.weighted(((0, 6), (5, 1), (12, 1))),
        "shuffle": chance.pick((0, 30, 70)),
        "care": int("care" in lived),
        "orders": int("orders" in lived),
    } | ({"least_days": least_days} if least_days else {})
    at_ms, made = chance.below(MINUTE_MS), []
    first = [basic for people, basic in FIRST if people in lived]
    for number in range(chance.between(6, 36)):
        what = first[number] if number < len(first) else chance.weighted(acts)
        made.append(Happening(at_ms, what, chance.below(1 << 30)))
        at_ms += gap_ms(chance, gaps)
        if at_ms > days * DAY_MS:
            break
    struck = []
    for _ in range(chance.weighted(((0, 2), (2, 3), (6, 3), (14, 2)))):
        near = chance.pick(made).at_ms
        begins_ms = max(0, near + chance.between(-2 * SECOND_MS, chance.pick((1, 30, 900)) * SECOND_MS))
        what = chance.weighted(faults)
        for_ms = chance.pick(LASTS_MS if what in ("provider", "receiver") else LASTS_MS[:4])
        struck.append(Happening(begins_ms, what, chance.below(1 << 30), for_ms))
    return with_what_goes_amiss(
        widened(Story(seed=seed, profile=profile, acts=tuple(made), faults=tuple(sorted(struck))))
    )


def _some(chance: Chance, table: Mapping[str, tuple[Any, int]], keep: float = 0.6) -> list[tuple[str, int]]:
    return swarm(chance, [(name, weight) for name, (_, weight) in table.items()], keep)


def most_turns(story: Story) -> int:
    """How many turns of the loop a life may take: who takes more asks without an end."""
    last_ms = max((one.at_ms for one in (*story.acts, *story.faults)), default=0)
    days = max(last_ms / DAY_MS, story.profile.get("least_days", 0))
    unwritten_s = sum(one.for_ms for one in story.faults if one.what in ASKED_ON) / 1000
    each = TURNS_A_DAY * days + TURNS_A_SECOND * unwritten_s
    return MAX_TURNS + round(each * story.profile.get("replicas", 1))


def live(story: Story, stores: RealStores | None = None) -> Life:
    """Live a story to its end, or to the first law that breaks. stores: in a real database."""
    was_enabled, restore = gc.isenabled(), swallow_unraisable()
    gc.freeze()  # the program itself, and what it has learnt so far, is no garbage of a life
    gc.disable()  # what the collector ends, it would end at moments of its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _live(story, stores)
        finally:
            gc.collect()  # the dead end here, and nobody hears them
            if was_enabled:
                gc.enable()
            restore()


def _live(story: Story, stores: RealStores | None) -> Life:
    """Nothing that lived is left once this returns, but what the collector takes."""
    loop = (VirtualLoop if stores is None else stores.loop)(
        Chance(story.seed, f"turns/{story.turns}"), story.profile.get("shuffle", 50) / 100
    )
    keys, is_before = (ENCRYPTION_KEY,), bool(story.profile.get("before"))
    asyncio.set_event_loop(loop)
    try:
        with loop.owned_by(loop.world):
            disk = Disk(keys, is_before=is_before) if stores is None else stores.disk(loop, keys, is_before=is_before)
            town = Town(story, loop, disk)
        loop.set_exception_handler(lambda _loop, context: _failed(town, context))
        watcher = Watcher(town)
        town.disk.on_commit = watcher.look
        loop.most_steps = most_turns(story)
        try:
            loop.run_until_complete(_lived(town, watcher))
        except (RestlessError, StuckError) as error:
            town.broken("liveness", str(error))
        town.close()
        return Life(
            story,
            town.violations[0] if town.violations else None,
            town.digest.hexdigest(),
            loop.steps,
            watcher.commits,
            loop.time(),
            town.met,
            town.lines,
        )
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        APPS.let_go()


def _failed(town: Town, context: dict[str, Any]) -> None:
    """A task or a callback that nobody waited for raised."""
    error = context.get("exception")
    if not town.finished:
        town.broken("no failures", f"{context.get('message')}: {type(error).__name__}: {error}")


async def _lived(town: Town, watcher: Watcher) -> None:
    """The acts and faults at their times; then everything is well, and has its time; then the last look."""
    loop, story = town.loop, town.story
    calm = loop.spawn(loop.world, town.calm_down())
    try:
        await town.open()
        work: list[asyncio.Task[Any]] = []
        happenings = sorted([(one, False) for one in story.acts] + [(one, True) for one in story.faults])
        for happening, is_fault in happenings:
            await passes(max(0.0, happening.at_ms / 1000 - loop.time()))
            if town.violations:
                return
            work.append(loop.spawn(loop.world, _happens(town, happening, is_fault=is_fault)))
        while pending := [task for task in work if not task.done()]:
            await asyncio.wait(pending, timeout=60)
            if town.violations:
                return
        for task in work:
            task.result()
        await _rest(town, watcher)
    finally:
        calm.cancel()


async def _happens(town: Town, happening: Happening, *, is_fault: bool) -> None:
    chance = Chance(happening.pick, happening.what)
    town.busy()
    town.met[f"{'fault' if is_fault else 'act'} {happening.what}"] += 1
    if is_fault:
        town.troubles += 1
        town.lasting.append(happening.what)
        await ALL_FAULTS[happening.what][0](town, chance, happening.for_ms)
        town.lasting.remove(happening.what)
    else:
        await ACTS[happening.what][0](town, chance)


async def _rest(town: Town, watcher: Watcher) -> None:
    town.conditions.heal()
    for clock in town.clocks:
        clock.set_right()
    for at in range(len(town.replicas)):
        await town.boot(at)
    if not town.story.profile.get("alone"):  # else each worker has to come to what is left by itself
        town.busy()
    town.tell("world", "world", "everything is well from now on")
    end_s = town.loop.time() + (CARE_BOUND_MS if town.has_care else BOUND_MS) / 1000
    end_s = max(end_s, town.story.profile.get("least_days", 0) * DAY_MS / 1000)
    await passes(WELL_MS / 1000)
    if watcher.orders is not None:
        watcher.orders.when_well()
    while town.loop.time() < end_s and not town.violations:
        await passes(min(HOUR_MS / 1000, end_s - town.loop.time()))
    if not town.violations:
        watcher.look()
        at_rest(town, watcher)
        if town.story.profile.get("alone") and not town.violations:
            await last_customers(town)
