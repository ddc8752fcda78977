"""All worlds of a process, and how a call finds its own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bakong_scenarios import Scenario
from bakong_simulator.kernel.clock import WallMs
from bakong_simulator.kernel.world import World, WorldError, no_baseline

DEFAULT = "default"
DEFAULT_SEED = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


class UnknownWorldError(LookupError):
    """A name that no world bears."""


class Worlds:
    """Worlds by name and by token; "default" is always there."""

    def __init__(self, wall_ms: WallMs, seed: int = DEFAULT_SEED, scenario: Scenario | None = None) -> None:
        self.wall_ms = wall_ms
        self._made = 0
        self.by_name: dict[str, World] = {}
        self.by_token: dict[str, World] = {}
        self.baseline: Callable[[World], Mapping[str, Any]] = no_baseline  # the app's; see journal.Journal
        self.default = self.make(DEFAULT, seed=seed, scenario=scenario)

    def make(self, name: str | None = None, *, seed: int | None = None, scenario: Scenario | None = None) -> World:
        """A new world. Raises WorldError for a name that is taken or malformed."""
        self._made += 1
        name = name or self._free_name()
        if not _NAME.fullmatch(name):
            raise WorldError(f"read the name {name!r}, expected lowercase letters, digits and hyphens, at most 63")
        if name in self.by_name:
            raise WorldError(f"a world called {name!r} is there already")
        world = World(name, self._made if seed is None else seed, self.wall_ms, scenario)
        world.registrations.on_token = lambda token: self.by_token.__setitem__(token, world)
        world.registrations.on_token_dropped = lambda token: self._forget_token(token, world)
        world.baseline = self._baseline_of
        self.by_name[name] = world
        return world

    def get(self, name: str) -> World:
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownWorldError(f"no world is called {name!r}") from None

    def drop(self, name: str) -> None:
        """End a world. The default one can only be reset. Raises UnknownWorldError, WorldError."""
        if name == DEFAULT:
            raise WorldError("the world 'default' is always there; reset it instead")
        world = self.get(name)
        world.clock.close()
        del self.by_name[name]
        for token in world.registrations.tokens:
            self._forget_token(token, world)

    def _baseline_of(self, world: World) -> Mapping[str, Any]:
        return self.baseline(world)

    def _forget_token(self, token: str, world: World) -> None:
        """A token that its world knows no more leads nowhere, unless another world has it too."""
        if self.by_token.get(token) is world:
            del self.by_token[token]

    def _free_name(self) -> str:
        number = self._made
        while f"world-{number}" in self.by_name:
            number += 1
        return f"world-{number}"
