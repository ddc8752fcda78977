"""Carrying out attacks on a server over many connections, and what was seen. May not judge it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bakong_loadtests.clock import monotonic_ns, sleep_until, wall_ns
from bakong_loadtests.errors import LoadError
from bakong_loadtests.limits.attacks import Attack, Volley, attacks
from bakong_loadtests.limits.intervals import Attempt, LimitVerdict, check
from bakong_loadtests.wire import Connection, TimedAnswer, connect, request_bytes

LIMITED = 429
SHUT = (401, 403)  # neither an admission nor a refusal by the limit
TIMEOUT_S = 10.0
CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the limit is counted for, in one attack: a key, or an address where there is no key."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the requests go: one URL for each replica, asked in turn."""

    urls: tuple[str, ...]
    limit: int
    window_ns: int
    connections: int = CONNECTIONS
    trust: ssl.SSLContext | None = None  # by default the public authorities


@dataclass(frozen=True, slots=True)
class Seen:
    """What an attack saw, and what that proves. broken: what Retry-After promised and the next request did not get."""

    attack: str
    scope: str
    attempts: tuple[Attempt, ...]
    verdict: LimitVerdict
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.verdict.holds and not self.broken


async def attack_all(target: Target, scopes: Sequence[Scope]) -> list[Seen]:
    """Every attack, one scope each, at once. Needs as many unused scopes as there are attacks."""
    planned = attacks(target.limit)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(attack(target, scope, plan)) for plan, scope in zip(planned, scopes, strict=False)]
    return [one.result() for one in running]


async def attack(target: Target, scope: Scope, plan: Attack) -> Seen:
    """Carry out one attack on an unused scope, then take Retry-After at its word. Raises LoadError."""
    async with open_pool(target, scope) as pool:
        if plan.on_the_minute:
            await sleep_until(_next_window_ns(target.window_ns))
        answers = await _volleys(pool, plan.volleys, target.window_ns)
        answers += await pool.volley(1)
        broken, last = await _promise(pool, answers)
        answers += last
    attempts = tuple(_attempt(answer) for answer in answers)
    verdict = check(attempts, limit=target.limit, window_ns=target.window_ns)
    return Seen(plan.name, scope.name, attempts, verdict, broken)


class Pool:
    """Open connections to the replicas, dealt in turn, reopened when they break."""

    def __init__(self, target: Target, scope: Scope) -> None:
        self._target = target
        self._scope = scope
        self._requests = [request_bytes("GET", url, scope.headers) for url in target.urls]
        self._idle: asyncio.Queue[tuple[int, Connection]] = asyncio.Queue()

    async def open(self) -> None:
        for number in range(self._target.connections):
            which = number % len(self._target.urls)
            self._idle.put_nowait((which, await self._connect(which)))

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    async def volley(self, requests: int) -> list[TimedAnswer]:
        """The answers of requests that leave together, as far as there are connections. Raises LoadError."""
        answers = list(await asyncio.gather(*(self._one() for _ in range(requests))))
        if shut := next((answer.status for answer in answers if answer.status in SHUT), None):
            raise LoadError(f"{self._target.urls[0]} answers {shut} to {self._scope.name}: the limit was not reached")
        return answers

    async def _connect(self, which: int) -> Connection:
        return await connect(self._target.urls[which], self._scope.source, self._target.trust)

    async def _one(self) -> TimedAnswer:
        which, connection = await self._idle.get()
        try:
            if not connection.is_open:
                connection = await self._connect(which)
            return await connection.ask(self._requests[which], TIMEOUT_S)
        finally:
            self._idle.put_nowait((which, connection))


@asynccontextmanager
async def open_pool(target: Target, scope: Scope) -> AsyncIterator[Pool]:
    """Open connections, while the context lasts. Raises LoadError."""
    pool = Pool(target, scope)
    try:
        await pool.open()
        yield pool
    finally:
        pool.close()


async def _volleys(pool: Pool, volleys: Sequence[Volley], window_ns: int) -> list[TimedAnswer]:
    """Each volley at its moment, whether or not the earlier ones have been answered."""
    begun_ns = monotonic_ns()
    running: list[asyncio.Task[list[TimedAnswer]]] = []
    async with asyncio.TaskGroup() as group:
        for volley in volleys:
            await sleep_until(begun_ns + round(volley.at * window_ns))
            running.append(group.create_task(pool.volley(volley.requests)))
    return [answer for one in running for answer in one.result()]


async def _promise(pool: Pool, answers: Sequence[TimedAnswer]) -> tuple[tuple[str, ...], list[TimedAnswer]]:
    """Every 429 carries a whole number of seconds, at least 1; after the last one's, a request is admitted."""
    refused = [answer for answer in answers if answer.status == LIMITED]
    wrong = tuple(
        f"a 429 has Retry-After {said!r}, expected whole seconds, 1 or more"
        for said in sorted({answer.headers.get("retry-after", "") for answer in refused})
        if not (said.isascii() and said.isdigit() and int(said) >= 1)
    )
    if wrong or not answers or answers[-1].status != LIMITED:
        return wrong, []
    last = answers[-1]
    wait_s = int(last.headers["retry-after"])
    await sleep_until((last.received_ns or monotonic_ns()) + wait_s * 1_000_000_000)
    again = await pool.volley(1)
    if again[0].status != LIMITED:
        return (), again
    return (f"Retry-After said {wait_s} s, and the request after {wait_s} s was refused",), again


def _next_window_ns(window_ns: int) -> int:
    """The monotonic moment at which the wall clock begins a new whole window."""
    return monotonic_ns() + window_ns - wall_ns() % window_ns


def _attempt(answer: TimedAnswer) -> Attempt:
    return Attempt(answer.sent_ns, answer.received_ns, answer.status != LIMITED)
