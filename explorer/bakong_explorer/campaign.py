"""Many lives, one after another, in several processes: until the time is up, or a law breaks."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_explorer.life import Life, live, story_of
from bakong_explorer.real_stores import RealStores
from bakong_explorer.story import Story


@dataclass(slots=True)
class Figures:
    """What a campaign came to. met: which acts, faults and changes of state, how often."""

    lives: int = 0
    steps: int = 0
    commits: int = 0
    virtual_s: float = 0.0
    real_s: float = 0.0
    cpu_s: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    failures: list[Life] = field(default_factory=list)

    def add(self, life: Life) -> None:
        self.lives += 1
        self.steps += life.steps
        self.commits += life.commits
        self.virtual_s += life.virtual_s
        self.cpu_s += life.cpu_s
        self.met += life.met
        if life.violation is not None:
            self.failures.append(life)

    def __str__(self) -> str:
        real_s = max(self.real_s, 1e-9)
        return (
            f"{self.lives} lives in {self.real_s:.0f} s: {self.lives / real_s * 3600:.0f} an hour, "
            f"{self.cpu_s / max(self.lives, 1):.2f} s of a processor each, "
            f"{self.steps / real_s:.0f} turns and {self.commits / real_s:.0f} commits a second, "
            f"{self.virtual_s / 86_400:.0f} days, {self.virtual_s / real_s:.0f} times as fast as life; "
            f"{len(self.failures)} broke a law"
        )


Drawn = Callable[[int], Story]


class Ask(NamedTuple):
    """One life to be lived elsewhere."""

    seed: int
    drawn: Drawn


def _lived(ask: Ask, stores: RealStores | None = None) -> Life:
    begun_s = time.process_time()
    life = live(ask.drawn(ask.seed), stores)
    life.cpu_s = time.process_time() - begun_s
    if life.violation is None:
        life.lines.clear()  # nobody reads them
    return life


def _lives(asks: Iterator[Ask], processes: int, stores: RealStores | None) -> Iterator[Life]:
    """Life after life for as long as somebody asks, in the order of the seeds."""
    if processes == 1 or stores is not None:
        yield from (_lived(ask, stores) for ask in asks)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        waiting = [pool.apply_async(_lived, (next(asks),)) for _ in range(2 * processes)]
        while True:
            yield waiting.pop(0).get()
            waiting.append(pool.apply_async(_lived, (next(asks),)))


def explore(
    first: int,
    *,
    seconds: float = 0,
    lives: int = 0,
    drawn: Drawn = story_of,
    processes: int = 0,
    stop_at: int = 1,
    stores: RealStores | None = None,
) -> Figures:
    """Live so many lives, or for so many seconds, until so many have broken a law. stores: one after another, in it.

    drawn: the story of a seed, such as a partial of story_of; other processes have to be able to load it.
    """
    asks = (Ask(seed, drawn) for seed in range(first, 1 << 62))
    figures, begun_s = Figures(), time.monotonic()
    for life in _lives(asks, processes or os.cpu_count() or 1, stores):
        figures.add(life)
        figures.real_s = time.monotonic() - begun_s
        enough = (lives and figures.lives >= lives) or (seconds and figures.real_s >= seconds)
        if enough or (stop_at and len(figures.failures) >= stop_at):
            break
    return figures
