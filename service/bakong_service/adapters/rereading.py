"""A value of the database that is held in memory, and read again where it has become too old. Knows no table."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bakong_service.domain.errors import UnavailableError

T = TypeVar("T")


class Reread(Generic[T]):
    """All who ask while it is read wait for the same reading; where the database is down, the last value stands."""

    def __init__(self, read: Callable[[], Awaitable[T]], ticks_us: Callable[[], int]) -> None:
        self._read, self._ticks_us = read, ticks_us
        self._value: T | None = None
        self._read_us: int | None = None
        self._reading: asyncio.Future[None] | None = None

    async def no_older_than(self, age_us: int) -> T:
        """The value. Raises UnavailableError where it was never read."""
        if self._value is None or self._read_us is None or self._ticks_us() - self._read_us > age_us:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(self._read_again())
            await asyncio.shield(self._reading)
        if self._value is None:
            raise UnavailableError("the database does not answer")
        return self._value

    def forget(self) -> None:
        """Read it again when it is asked for next."""
        self._read_us = None

    async def _read_again(self) -> None:
        begun_us = self._ticks_us()
        try:
            self._value = await self._read()
        except UnavailableError:
            if self._value is None:
                raise
        finally:
            self._read_us = begun_us
