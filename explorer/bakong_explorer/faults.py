"""What breaks, for how long: each fault draws all that it needs from its own number."""

import asyncio
from collections.abc import Awaitable, Callable

from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.town import Town

Fault = Callable[[Town, Chance, int], Awaitable[None]]
WORDS = ("down", "hangs", "lost", "flaky", "error")


async def provider(town: Town, chance: Chance, for_ms: int) -> None:
    """A provider that does not answer, or whose answers are lost."""
    name, word = chance.pick([one.name for one in town.factories]), chance.pick(WORDS)
    town.tell(name, name, f"{word} for {for_ms} ms")
    town.conditions.calls[name] = word
    await passes(for_ms / 1000)
    town.conditions.calls.pop(name, None)
    town.tell(name, name, "is well")


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
    """A power cut, some turns from now; the process comes back later."""
    at = chance.below(len(town.replicas))
    process = town.replicas[at]
    if process is not None:
        process.fuse = 1 + chance.below(chance.pick((3, 20, 120)))
    await passes(for_ms / 1000)
    if process is not None and not process.dead:
        process.fuse = None
    await town.boot(at)


async def restart(town: Town, chance: Chance, for_ms: int) -> None:
    """A deploy: the worker stops as it is told to, the process ends, and another one begins."""
    at = chance.below(len(town.replicas))
    process = town.replicas[at]
    if process is not None:
        stopping = town.loop.spawn(process, process.worker.stop())
        await asyncio.wait({stopping}, timeout=30)
        town.crash(at)
    await passes(min(for_ms, 60_000) / 1000)
    await town.boot(at)


async def clock(town: Town, chance: Chance, for_ms: int) -> None:
    """A replica's clock jumps, or drifts, and is set right again."""
    timers = town.clocks[chance.below(len(town.clocks))]
    jump_ms = chance.pick((-90_000, -5_000, -1_000, 1_000, 5_000, 90_000))
    town.tell("clock", "clock", f"{jump_ms} ms off for {for_ms} ms")
    timers.offset_ms += jump_ms
    town.backend.tolerance_ms = 200_000
    await passes(for_ms / 1000)
    timers.offset_ms = 0


async def slow(town: Town, chance: Chance, for_ms: int) -> None:
    """Everything takes longer."""
    town.conditions.slow = chance.pick((0.1, 4.0, 20.0))
    await passes(for_ms / 1000)
    town.conditions.slow = 1.0


FAULTS: dict[str, tuple[Fault, int]] = {
    "provider": (provider, 4),
    "receiver": (receiver, 4),
    "database": (database, 3),
    "crash": (crash, 6),
    "restart": (restart, 2),
    "clock": (clock, 2),
    "slow": (slow, 1),
}
