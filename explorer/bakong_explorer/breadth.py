"""What some lives have beside the usual, such as a limiter that replicas share in Redis.

It is drawn from a stream of its own: what a seed has had before stays as it was.
"""

import asyncio

from bakong_explorer.chance import Chance
from bakong_explorer.faults import Fault, deploy
from bakong_explorer.loop import passes
from bakong_explorer.story import DAY_MS, MINUTE_MS, SECOND_MS, Happening, Story
from bakong_explorer.town import Town

RATE_LIMITS = (5, 12, 30)
PROVIDERS = 4  # rows of bakong_explorer.providers.LIVED
PROVIDER_WEIGHTS = (
    *(("provider_buy", 8), ("provider_pay", 4), ("provider_slip", 1)),
    *(("order_refund", 3), ("order_cancel", 1), ("order_look", 2)),
)
# What goes amiss where orders are paid: disputes, and what is asked and given back beside them.
DISPUTES = (("dispute", 4), ("order_and_dispute", 7), ("order_refund", 2), ("order_look", 1), ("refund_at_stripe", 2))
AMISS_GAPS_MS = (0, 1, 700, 3_000, 40_000, 10 * MINUTE_MS, 60 * MINUTE_MS)
REDIS_WORDS = ("down", "hangs", "lost", "flaky", "error", "forgets")


def widened(story: Story) -> Story:
    """The life with what its seed has of all this."""
    chance = Chance(story.seed, "breadth")
    if chance.happens(0.15):
        story = _with_redis(story, chance)
    if chance.happens(0.1):
        story = _with_a_new_version(story, chance)
    if chance.happens(0.2):
        story = _with_another_provider(story, chance)
    return story


def with_what_goes_amiss(story: Story) -> Story:
    """The life with what its seed has of disputes, and of money of another amount; drawn from one more stream."""
    chance = Chance(story.seed, "amiss")
    has_disputes, has_misfits = chance.happens(0.35), chance.happens(0.35)
    profile, misfits, acts = story.profile, list[tuple[str, int]](), list(story.acts)
    misfits += (("order_paid_amiss", 1),) if profile.get("orders") else ()
    misfits += (("provider_amiss", 4),) if profile.get("provider") else ()
    misfits += (("hire_paid_amiss", 2),) if profile.get("care") else ()
    for is_met, kinds in ((has_disputes and profile.get("orders"), DISPUTES), (has_misfits and misfits, misfits)):
        for _ in range(chance.between(1, 4) if is_met else 0):
            at_ms = chance.pick(story.acts).at_ms + chance.pick(AMISS_GAPS_MS)
            acts.append(Happening(at_ms, chance.weighted(kinds), chance.below(1 << 30)))
    return story.but(acts=tuple(sorted(acts)))


def _with_redis(story: Story, chance: Chance) -> Story:
    """Replicas that share their limiter, customers who ask too often, and a Redis that breaks meanwhile."""
    profile = story.profile | {"redis": 1, "rate_limit": chance.pick(RATE_LIMITS)}
    acts, faults = list(story.acts), list(story.faults)
    for _ in range(chance.between(1, 4)):
        near_ms = chance.pick(story.acts).at_ms
        acts.append(Happening(near_ms + chance.below(MINUTE_MS), "crowd", chance.below(1 << 30)))
        if chance.happens(0.7):
            begins_ms = max(0, near_ms + chance.between(-MINUTE_MS, MINUTE_MS))
            for_ms = chance.pick((SECOND_MS, 20 * SECOND_MS, 2 * MINUTE_MS, DAY_MS // 24))
            faults.append(Happening(begins_ms, "redis", chance.below(1 << 30), for_ms))
    return story.but(profile=profile, acts=tuple(sorted(acts)), faults=tuple(sorted(faults)))


def _with_a_new_version(story: Story, chance: Chance) -> Story:
    """Replicas of the version before, on its tables; and while they live, the deploy of this one.

    Rows are sealed again by this version's command, which does not know the tables of the version before.
    """
    profile = story.profile | {"before": 1, "replicas": max(2, story.profile.get("replicas", 1))}
    kept = [one for one in story.faults if one.what != "rotation"]
    begins_ms = max(0, chance.pick(story.acts).at_ms + chance.between(-5 * SECOND_MS, 5 * SECOND_MS))
    deploys = Happening(begins_ms, "new_version", chance.below(1 << 30), chance.pick((0, MINUTE_MS, 60 * MINUTE_MS)))
    return story.but(profile=profile, faults=tuple(sorted((*kept, deploys))))


def _with_another_provider(story: Story, chance: Chance) -> Story:
    """Orders that are paid at Nagad, Paystack, Omise or by PromptPay, among all that happens anyway."""
    number = 1 + chance.below(PROVIDERS)
    acts = list(story.acts)
    for _ in range(chance.between(3, 12)):
        at_ms = chance.pick(story.acts).at_ms + chance.pick((0, 1, 20_000, 600_000, 900_000))
        acts.append(Happening(at_ms, chance.weighted(PROVIDER_WEIGHTS), chance.below(1 << 30)))
    return story.but(profile=story.profile | {"provider": number, "orders": 1}, acts=tuple(sorted(acts)))


async def crowd(town: Town, chance: Chance) -> None:
    """Requests at all replicas, some at once and some around the edges of a minute."""
    for wait_s in (0.0, chance.pick((0.2, 1.0, 3.0)), chance.pick((30.0, 59.9, 60.0, 61.0))):
        await passes(wait_s)
        many = chance.between(3, 24)
        await asyncio.gather(*(town.ask(at, "GET", "/api/payments/history?userId=user-1") for at in range(many)))


async def redis(town: Town, chance: Chance, for_ms: int) -> None:
    """A Redis that one process, or none, can ask; or that comes back, and has forgotten everything."""
    if town.limits is None:
        return
    word, at = chance.pick(REDIS_WORDS), chance.below(len(town.replicas) + 1)
    process = f"service-{at}" if at and word != "forgets" else ""
    town.tell("redis", "redis", f"{word} for {process or 'all'}, {for_ms} ms")
    town.conditions.limiters[process] = "down" if word == "forgets" else word
    await passes(for_ms / 1000)
    town.conditions.limiters.pop(process, None)
    if word == "forgets":
        town.limits.flush()
    town.tell("redis", "redis", f"is well for {process or 'all'}")


async def new_version(town: Town, chance: Chance, for_ms: int) -> None:
    """This version, replica by replica: the first to start migrates, beside those before; one may be rolled back."""
    if not town.before:
        return
    order = list(town.before)
    if chance.happens(0.5):
        order.reverse()
    town.tell("tables", "tables", "are migrated")
    await town.disk.migrate()
    back = order[0] if chance.happens(0.4) else None
    for at in order:
        town.before.discard(at)
        await deploy(town, at, chance.pick((0.0, 0.1, 2.0)))
        await passes(for_ms / 1000 / len(order))
        if back is not None and at == order[-1]:
            town.before.add(back)
            await deploy(town, back, 0.1)
            await passes(chance.pick((1.0, 60.0)))
            town.before.discard(back)
            await deploy(town, back, 0.1)
    town.tell("tables", "tables", "all replicas are of this version")


WIDE_ACTS = {"crowd": (crowd, 1)}
WIDE_FAULTS: dict[str, tuple[Fault, int]] = {"redis": (redis, 1), "new_version": (new_version, 1)}
