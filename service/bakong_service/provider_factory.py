"""How a provider is made when the service starts: what it is given of the world, what it says of itself before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from bakong_service.ports import Provider


class OpenClient(Protocol):
    """Connections to one base URL, closed when the service ends. ca_file: whose certificates count; None: all."""

    def __call__(self, base_url: str, *, timeout_ms: int, ca_file: Path | None = None) -> httpx.AsyncClient: ...


class SpendCall(Protocol):
    """Takes one of the calls of a day of the provider's, before it is made; False where the limit is reached."""

    async def __call__(self, day: int, limit: int, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All of the world that a provider may touch. on_call: gets each call that went out, and what came of it.

    signed_ms: what the age of a webhook's signature is held against, the machine's own time wherever now_ms is.
    """

    now_ms: Callable[[], int]
    open_client: OpenClient
    spend_call: SpendCall
    on_call: Callable[[str, str], object]
    signed_ms: Callable[[], int] | None = None

    @property
    def signature_clock(self) -> Callable[[], int]:
        return self.signed_ms or self.now_ms


class ProbeLine(NamedTuple):
    """One line of what `service check-config` says of a provider; good: the service can work with it."""

    name: str
    message: str
    good: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class Probe(Protocol):
    """Whether the provider can be asked from here. spends: it may make a call that is one of the day's."""

    def __call__(self, given: Surroundings, /, *, spends: bool) -> Awaitable[list[ProbeLine]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFactory:
    """A provider that is configured, and not yet made. secrets: what no log may show."""

    name: str
    make: Callable[[Surroundings], Provider]
    secrets: tuple[str, ...] = ()
    probe: Probe | None = None
