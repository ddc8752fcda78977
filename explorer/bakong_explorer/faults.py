"""What breaks, for how long: each fault draws all that it needs from its own number."""

import asyncio
from collections.abc import Awaitable, Callable

from bakong_explorer.chance import Chance
from bakong_explorer.conditions import Next
from bakong_explorer.loop import passes
from bakong_explorer.process import ENCRYPTION_KEY, NEXT_ENCRYPTION_KEY
from bakong_explorer.town import Town
from bakong_scenarios import WebhookRule
from bakong_simulator.kernel.outbox import NextFault

Fault = Callable[[Town, Chance, int], Awaitable[None]]
WORDS = ("down", "hangs", "lost", "flaky", "error")
# What a call is for, by a part of its path; of what moves money more than one time.
CALLS = {
    "bakong": ("check_transaction",),
    "bkash": (
        *("/execute",) * 2,
        *("refund/payment/transaction",) * 4,
        "refund/payment/status",
        "payment/status",
        "/create",
    ),
    "stripe": ("/expire", "/expire", "/refunds", "/refunds", "/checkout/sessions"),
}
ONE_CALL = (
    "lost",
    "lost",
    "hangs",
    "down",
    "error",
    "dies_before",
    "dies_after",
    "dies_after",
    "unwritten",
    "unwritten",
)
MOST_S = 7_200.0  # so long a fault waits for whom it is to meet
MOST_FORGED = 3  # attempts of one webhook: the last one at Stripe, the fourth, is genuine, or nobody could know it


async def provider(town: Town, chance: Chance, for_ms: int) -> None:
    """A provider that does not answer, or whose answers are lost."""
    name, word = chance.pick([one.name for one in town.factories]), chance.pick(WORDS)
    town.tell(name, name, f"{word} for {for_ms} ms")
    town.conditions.calls[name] = word
    await passes(for_ms / 1000)
    town.conditions.calls.pop(name, None)
    town.tell(name, name, "is well")


async def next_call(town: Town, chance: Chance, for_ms: int) -> None:
    """One call to a provider, or two, whenever they come: no answer, or who asks dies of it, or cannot write it."""
    name = chance.weighted([(one.name, 2 if one.name == "bakong" else 3) for one in town.factories])
    parts = CALLS.get(name, ("",))
    first = waiting = Next(name, chance.pick(parts), chance.pick(ONE_CALL))
    if chance.happens(0.4):
        waiting = first._replace(then=(Next(name, chance.pick(parts), chance.pick(ONE_CALL)),))
    town.tell(name, name, f"the next calls: {waiting.part} {waiting.word}")
    town.conditions.next_calls.append(waiting)
    await _until(lambda: waiting not in town.conditions.next_calls)
    await passes(min(for_ms, 240_000) / 1000)
    for at in range(len(town.replicas)):
        await town.boot(at)


async def next_post(town: Town, chance: Chance, for_ms: int) -> None:  # noqa: ARG001  it lasts until it has met them
    """The next webhooks, one by one, are not taken, or the main backend cannot say that they were."""
    words = [chance.pick(("down", "hangs", "lost", "error", "error")) for _ in range(chance.between(1, 3))]
    town.tell("backend", "backend", f"the next webhooks: {', '.join(words)}")
    town.conditions.next_posts += words
    await _until(lambda: not town.conditions.next_posts)


async def _until(is_met: Callable[[], bool]) -> None:
    """Wait for it, MOST_S at most; ever more seldom."""
    waited_s, wait_s = 0.0, 0.5
    while not is_met() and waited_s < MOST_S:
        await passes(wait_s)
        waited_s, wait_s = waited_s + wait_s, min(2 * wait_s, 120.0)


async def receiver(town: Town, chance: Chance, for_ms: int) -> None:
    """A main backend that does not take webhooks, or cannot say that it did."""
    word = chance.pick(WORDS)
    town.tell("backend", "backend", f"{word} for {for_ms} ms")
    town.conditions.receiver = word
    await passes(for_ms / 1000)
    town.conditions.receiver = ""
    town.tell("backend", "backend", "is well")


async def database(town: Town, chance: Chance, for_ms: int) -> None:
    """A database that one process, or none, can reach; or that does not say that it has committed."""
    word = chance.pick(("down", "hangs", "lost", "flaky"))
    at = chance.below(len(town.replicas) + 1)
    process = f"service-{at}" if at else ""
    for_ms = min(for_ms, 45_000)
    town.tell("database", "database", f"{word} for {process or 'all'}, {for_ms} ms")
    town.conditions.stores[process] = word
    await passes(for_ms / 1000)
    town.conditions.stores.pop(process, None)
    town.tell("database", "database", f"is well for {process or 'all'}")


async def crash(town: Town, chance: Chance, for_ms: int) -> None:
    """A power cut, some turns from now; the process comes back later, or never, where there are others."""
    at = chance.below(len(town.replicas))
    stays_away = chance.happens(0.3) and len(town.gone | {at}) < len(town.replicas)
    process = town.replicas[at]
    if process is not None:
        process.fuse = 1 + chance.below(chance.pick((3, 20, 120)))
    await passes(for_ms / 1000)
    if process is not None and not process.dead:
        process.fuse = None
    elif stays_away and len(town.gone | {at}) < len(town.replicas):
        town.gone.add(at)
    await town.boot(at)


async def restart(town: Town, chance: Chance, for_ms: int) -> None:
    """A deploy: the worker stops as it is told to, the process ends, and another one begins."""
    await deploy(town, chance.below(len(town.replicas)), min(for_ms, 60_000) / 1000)


async def deploy(town: Town, at: int, away_s: float) -> None:
    process = town.replicas[at]
    if process is not None:
        stopping = town.loop.spawn(process, process.worker.stop())
        await asyncio.wait({stopping}, timeout=30)
        town.crash(at)
    await passes(away_s)
    await town.boot(at)


async def rotation(town: Town, chance: Chance, for_ms: int) -> None:
    """A new sealing key, deploy by deploy: all can open it before one seals with it; `service rotate`; then it alone.

    Another rotation finds this one under way, and waits for the next.
    """
    if len(town.keys) > 1:
        return
    (old,) = town.keys
    new = NEXT_ENCRYPTION_KEY if old == ENCRYPTION_KEY else ENCRYPTION_KEY
    for keys in ((old, new), (new, old)):
        town.keys = keys
        town.tell("keys", "keys", f"{'opens' if keys[0] == old else 'seals with'} the new key, replica by replica")
        for at in range(len(town.replicas)):
            await deploy(town, at, chance.pick((0.1, 2.0, for_ms / 4000)))
    for _ in town.disk.seal_again(town.keys):
        await passes(chance.pick((0.01, 1.0)))
    for at in range(len(town.replicas)):
        await town.boot(at)
    town.keys = (new,)
    for at in range(len(town.replicas)):
        await deploy(town, at, 0.1)
    town.tell("keys", "keys", "the old key is gone")


async def clock(town: Town, chance: Chance, for_ms: int) -> None:
    """A replica's clock jumps, and is set right again."""
    timers = town.clocks[chance.below(len(town.clocks))]
    jump_ms = chance.pick((-90_000, -5_000, -1_000, 1_000, 5_000, 90_000))
    town.tell("clock", "clock", f"{jump_ms} ms off for {for_ms} ms")
    timers.offset_ms += jump_ms
    town.backend.tolerance_ms = 200_000
    await passes(for_ms / 1000)
    timers.set_right()


async def drift(town: Town, chance: Chance, for_ms: int) -> None:
    """A replica's clock goes too fast or too slow, and is set right again."""
    timers, ppm = town.clocks[chance.below(len(town.clocks))], chance.pick((-20_000, -500, 500, 20_000))
    for_ms = min(for_ms, 4_500_000)  # at most 90 s wrong, as a clock that jumps
    town.tell("clock", "clock", f"goes wrong by {ppm} ppm for {for_ms} ms")
    timers.drift(ppm)
    town.backend.tolerance_ms = 200_000
    await passes(for_ms / 1000)
    timers.set_right()


async def full_disk(town: Town, chance: Chance, for_ms: int) -> None:  # noqa: ARG001  there is one disk
    """Nothing can be written for a while; what is there can be read."""
    for_ms = min(for_ms, 1_200_000)
    town.tell("disk", "disk", f"full for {for_ms} ms")
    town.conditions.is_full = True
    await passes(for_ms / 1000)
    town.conditions.is_full = False
    town.tell("disk", "disk", "has room again")


async def pushes(town: Town, chance: Chance, for_ms: int) -> None:
    """Providers' webhooks are lost, come twice, late or out of order, are signed by somebody else, or find no door."""
    rules = {
        "lost": {},
        "twice": {},
        "late": {"by": chance.pick((1_000, 60_000, max(1, for_ms)))},
        "out_of_order": {"within": 60_000},
        "wrong_signature": {"attempts": MOST_FORGED},
        "wrong_key": {"attempts": MOST_FORGED},
    }
    word = chance.pick((*rules, "shut"))
    town.tell("provider", "provider", f"the next webhooks: {word}")
    if word == "shut":
        await shut(town, for_ms / 1000)
        return
    rule = WebhookRule(word, parameters=rules[word])
    town.world.outbox.next_faults.append(NextFault(rule, chance.between(1, 4)))


async def shut(town: Town, for_s: float) -> None:
    """No webhook of a provider's gets through to the service for a while."""
    town.conditions.shut += 1
    await passes(for_s)
    town.conditions.shut = max(0, town.conditions.shut - 1)


async def slow(town: Town, chance: Chance, for_ms: int) -> None:
    """Everything takes longer."""
    town.conditions.slow = chance.pick((0.1, 4.0, 20.0))
    await passes(for_ms / 1000)
    town.conditions.slow = 1.0


FAULTS: dict[str, tuple[Fault, int]] = {
    "provider": (provider, 4),
    "receiver": (receiver, 4),
    "next_call": (next_call, 6),
    "next_post": (next_post, 3),
    "database": (database, 3),
    "crash": (crash, 6),
    "restart": (restart, 2),
    "clock": (clock, 2),
    "drift": (drift, 1),
    "full_disk": (full_disk, 2),
    "rotation": (rotation, 1),
    "pushes": (pushes, 3),
    "slow": (slow, 1),
}
