"""How long anybody waits for the database; after that it counts as away. Knows no database.

A request waits that long altogether, however many transactions it makes. What it spends elsewhere (a provider that is
slow, a caller who waits for a payment) gives it back. Each transaction of the worker has the whole time to itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Records

T = TypeVar("T")


class _Allowance:
    """What is left of the time that one request may wait, in seconds; since_s: when it last waited."""

    __slots__ = ("left_s", "since_s")

    def __init__(self, left_s: float, since_s: float) -> None:
        self.left_s, self.since_s = left_s, since_s


_allowance: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


class DeadlineStore:
    """What a store inherits whose callers give up: see bakong_service.ports.Store. deadline_s: None is no limit.

    The transaction of who gives up is cancelled, and stores nothing unless its commit was under way.
    """

    def __init__(self, deadline_s: float | None) -> None:
        self._deadline_s = deadline_s

    async def write(self, work: Callable[[Records], T]) -> T:
        return await self._within(self._write(work))

    async def read(self, work: Callable[[Records], T]) -> T:
        return await self._within(self._read(work))

    async def ping(self) -> None:
        await self._within(self._ping())

    async def _write(self, work: Callable[[Records], T]) -> T:
        raise NotImplementedError

    async def _read(self, work: Callable[[Records], T]) -> T:
        raise NotImplementedError

    async def _ping(self) -> None:
        raise NotImplementedError

    async def _within(self, waiting: Awaitable[T]) -> T:
        if self._deadline_s is None:
            return await waiting
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        allowance = _allowance.get() or _Allowance(self._deadline_s, begun_s)
        allowed_s = min(self._deadline_s, allowance.left_s + begun_s - allowance.since_s)
        try:
            async with asyncio.timeout(allowed_s):
                return await waiting
        except TimeoutError:
            raise UnavailableError(f"the database did not answer within {self._deadline_s:g} s") from None
        finally:
            allowance.since_s = loop.time()
            allowance.left_s = max(0.0, allowed_s - (allowance.since_s - begun_s))


class OneDeadline:
    """An ASGI app each of whose requests has one deadline for all its transactions."""

    def __init__(self, app: Any, deadline_s: float) -> None:
        self.app = app
        self._deadline_s = deadline_s

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token = _allowance.set(_Allowance(self._deadline_s, asyncio.get_running_loop().time()))
        try:
            await self.app(scope, receive, send)
        finally:
            _allowance.reset(token)
