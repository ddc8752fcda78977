"""All worlds of a process, and how a call finds its own."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from bakong_scenarios import Scenario, ScriptLibrary
from bakong_simulator.kernel.clock import WallMs
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.webhooks import Attempt, Outcome, Send, no_sender
from bakong_simulator.kernel.world import AnyScheme, World, WorldError, no_baseline

DEFAULT = "default"
DEFAULT_SEED = 1
MAX_WORLDS = 5_000
MORE_WORLDS = "delete those that are done with, or start it with a higher --max-worlds"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


@cache
def library_of(schemes: tuple[AnyScheme, ...]) -> ScriptLibrary:
    """The scripts that these schemes play; read once for all worlds of a process."""
    return ScriptLibrary(
        tuple(scheme.words for scheme in schemes), {scheme.name: scheme.scripts for scheme in schemes if scheme.scripts}
    )


class Keeping(Protocol):
    """What keeps the worlds, and is told of whatever changes them before it is answered.

    changing: a change by the control API begins (1) or has ended (-1).
    """

    def call(self, world: World, at_ms: int, scheme: str, call: Call, /) -> None: ...
    def action(self, world: World | None, at_ms: int, method: str, path: str, body: bytes, /) -> None: ...
    def outcome(self, attempt: Attempt, outcome: Outcome, /) -> None: ...
    def changing(self, by: int, /) -> None: ...


class UnknownWorldError(LookupError):
    """A name that no world bears."""


class Worlds:
    """Worlds by name, and by a token or key of theirs; "default" is always there.

    schemes: those that each world has. The first is meant where a request to the control API names none.
    """

    def __init__(
        self,
        wall_ms: WallMs,
        schemes: Sequence[AnyScheme],
        seed: int = DEFAULT_SEED,
        scenario: Scenario | None = None,
        *,
        max_worlds: int = MAX_WORLDS,
    ) -> None:
        self.max_worlds = max_worlds
        self.wall_ms = wall_ms
        self.schemes = tuple(schemes)
        self.library = library_of(self.schemes)
        self.folder = ""  # the sandbox's own, which the control API tells
        self.made = 0
        self.by_name: dict[str, World] = {}
        self.by_token: dict[str, World] = {}
        self.baseline: Callable[[World], Mapping[str, Any]] = no_baseline  # the app's; see journal.Journal
        self.send: Send = no_sender  # the app's, for the webhooks of every world
        self.keep: Keeping | None = None  # see journals.keeping
        self.default = self.make(DEFAULT, seed=seed, scenario=scenario)

    def make(self, name: str | None = None, *, seed: int | None = None, scenario: Scenario | None = None) -> World:
        """A new world. Raises WorldError for a name that is taken or malformed, and where there are max_worlds."""
        if len(self.by_name) >= self.max_worlds:
            raise WorldError(f"{len(self.by_name)} worlds are there, the most that this sandbox keeps: {MORE_WORLDS}")
        self.made += 1
        name = name or self._free_name()
        if not _NAME.fullmatch(name):
            raise WorldError(f"read the name {name!r}, expected lowercase letters, digits and hyphens, at most 63")
        if name in self.by_name:
            raise WorldError(f"a world called {name!r} is there already")
        seed = self.made if seed is None else seed
        world = World(name, seed, self.wall_ms, self.schemes, self.library, scenario, by_token=self.by_token)
        world.baseline = self._baseline_of
        world.outbox.send = self.send_kept
        world.keep = None if self.keep is None else self.keep.call
        self.by_name[name] = world
        return world

    def get(self, name: str) -> World:
        try:
            return self.by_name[name]
        except KeyError:
            near = difflib.get_close_matches(name, self.by_name, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise UnknownWorldError(f"no world is called {name!r}{meant}") from None

    def drop(self, name: str) -> None:
        """End a world. The default one can only be reset. Raises UnknownWorldError, WorldError."""
        if name == DEFAULT:
            raise WorldError("the world 'default' is always there; reset it instead")
        world = self.get(name)
        world.clock.close()
        world.outbox.stop()
        world.outbox.stream.close()
        world.journal.close()
        del self.by_name[name]
        for token in [token for token, owner in self.by_token.items() if owner is world]:
            del self.by_token[token]

    def close_streams(self) -> None:
        """End the streams of all worlds: their followers would keep a server from its end."""
        for world in self.by_name.values():
            world.outbox.stream.close()
            world.journal.close()

    async def send_kept(self, attempt: Attempt, done: Callable[[Outcome], None]) -> None:
        """Send a webhook, and let what comes of it be kept, where anything is."""
        keep = self.keep
        if keep is None:
            await self.send(attempt, done)
            return

        def noted(outcome: Outcome) -> None:
            keep.outcome(attempt, outcome)
            done(outcome)

        await self.send(attempt, noted)

    def _baseline_of(self, world: World) -> Mapping[str, Any]:
        return self.baseline(world)

    def _free_name(self) -> str:
        number = self.made
        while f"world-{number}" in self.by_name:
            number += 1
        return f"world-{number}"
