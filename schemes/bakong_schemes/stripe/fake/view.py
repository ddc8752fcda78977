"""What handlers work on: a world, what the fake knows of it, and the call that is being answered."""

from typing import NamedTuple

from bakong_schemes.stripe.fake.ids import new_id
from bakong_schemes.stripe.fake.records import Json, Settings, StripeState
from bakong_schemes.stripe.fake.requests import Request
from bakong_simulator.kernel.world import World


class View(NamedTuple):
    """request: None where something happens by itself."""

    world: World
    state: StripeState
    request: Request | None = None

    @property
    def now_ms(self) -> int:
        return self.world.clock.now_ms()

    @property
    def now_s(self) -> int:
        return self.world.clock.now_ms() // 1000

    @property
    def settings(self) -> Settings:
        return self.state.settings

    def id(self, prefix: str, length: int = 24) -> str:
        return new_id(self.world, prefix, length)

    def get(self, kind: str, id_: str | None) -> Json | None:
        """An object by its kind and id."""
        return self.state.objects.get(kind, {}).get(id_ or "")

    def the(self, kind: str, id_: str) -> Json:
        """The same, of one that is there."""
        return self.state.objects[kind][id_]

    def is_marked(self, mark: str) -> bool:
        """Whether a script has something special happen in this call."""
        return self.request is not None and mark in self.request.marks

    def warn(self, text: str) -> None:
        """Say once that something was taken and has no effect here."""
        if text not in self.state.warnings:
            self.state.warnings = [*self.state.warnings, text][-100:]
