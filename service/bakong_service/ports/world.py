"""Everything else that the core asks of the world: time, ids, webhooks sent, callers let in, passwords."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from bakong_service.domain.admission import Quota, Verdict
from bakong_service.domain.audit import AuditRow


class Timer(Protocol):
    """Something that falls due, and need not."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """The time, in epoch ms, and a way to be called when it has come."""

    def now_ms(self) -> int: ...
    def call_at(self, due_ms: int, fire: Callable[[], Awaitable[Any] | None], /) -> Timer: ...


class Ids(Protocol):
    """Identities and unguessable words; fraction is at least 0 and below 1, for jitter."""

    def new_id(self) -> str: ...
    def letters(self, alphabet: str, length: int) -> str: ...
    def fraction(self) -> float: ...


class Answered(NamedTuple):
    """What a receiver answered to a webhook: the HTTP status, Retry-After in seconds, how its body begins."""

    status: int
    retry_after_s: int | None = None
    words: bytes = b""


class Post(Protocol):
    """Sends one webhook; the answer, its HTTP status alone, or what went wrong."""

    async def __call__(self, url: str, body: bytes, headers: dict[str, str], /) -> int | str | Answered: ...


class Patience(Protocol):
    """Waits until one of the tasks has ended, or all of them, but no longer than so many seconds of real time."""

    async def __call__(self, tasks: Collection[asyncio.Future[Any]], seconds: float, /, *, for_all: bool) -> None: ...


class Archive(Protocol):
    """Keeps audit rows outside of the database, durably before it returns. Raises UnavailableError."""

    async def __call__(self, rows: Sequence[AuditRow], /) -> None: ...


class Admission(Protocol):
    """How often a caller may ask, and which addresses are shut out. Never raises.

    quotas: what counts besides; a request is let in where all have room, and then counts in each. take: those alone.

    is_degraded: each process limits by itself although they should together. state: why, asked now; empty: they do
    together; None: nobody asked them to.
    """

    @property
    def is_degraded(self) -> bool: ...
    async def admit(self, who: str, address: str, /, quotas: Sequence[Quota] = ()) -> Verdict: ...
    async def take(self, quotas: Sequence[Quota], /) -> Verdict: ...
    async def failed(self, address: str, /) -> bool: ...
    async def state(self) -> str | None: ...
    async def close(self) -> None: ...


class Passwords(Protocol):
    """Hashes passwords, slowly on purpose. verify with no hash costs the same, and is never true."""

    async def hash(self, password: str, /) -> str: ...
    async def verify(self, hashed: str | None, password: str, /) -> bool: ...
    def is_outdated(self, hashed: str, /) -> bool: ...


class Sign(Protocol):
    """An access token with these claims."""

    async def __call__(self, claims: Mapping[str, Any], /) -> str: ...
