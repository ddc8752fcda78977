"""A value of the database that is held in memory, and read again where it has become too old. Knows no table."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

from bakong_service.domain.errors import UnavailableError

T = TypeVar("T")
PAUSE_US = 50_000  # a reading begins at most so often


class Reread(Generic[T]):
    """All who ask while it is read wait for the same reading; where the database is down, the last value stands.

    first: what stands before it was ever read. wait_s: how long anybody waits for a reading, which goes on by itself.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        ticks_us: Callable[[], int],
        *,
        first: T | None = None,
        wait_s: float | None = None,
    ) -> None:
        self._read, self._ticks_us, self._wait_s = read, ticks_us, wait_s
        self._value = first
        self._read_us: int | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ended = 0
        self.begun = 0  # so many readings
        self.is_current = False  # the last one came to its end

    async def no_older_than(self, age_us: int) -> T:
        """The value. Raises UnavailableError where it was never read."""
        if self._value is None or self._read_us is None or self._ticks_us() - self._read_us > age_us:
            await self._join()
        return self._known()

    async def later_than(self, begun: int) -> T:
        """The value, of a reading that began when so many had begun before: whatever was stored by then is in it.

        Raises UnavailableError where it was never read.
        """
        for _ in range(2):  # what is under way may have begun earlier
            if self._ended <= begun:
                await self._join()
        return self._known()

    def forget(self) -> None:
        """Read it again when it is asked for next."""
        self._read_us = None

    def _known(self) -> T:
        if self._value is None:
            raise UnavailableError("the database does not answer")
        return self._value

    async def _join(self) -> None:
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = asyncio.create_task(self._read_again(), context=Context())
        await asyncio.wait({reading}, timeout=self._wait_s)
        if reading.done():
            reading.result()
        else:
            self.is_current = False

    async def _read_again(self) -> None:
        if self._read_us is not None and (left_us := self._read_us + PAUSE_US - self._ticks_us()) > 0:
            await asyncio.sleep(min(left_us, PAUSE_US) / 1_000_000)  # noqa: TID251  an adapter: its own pace
        self.begun += 1
        number, begun_us = self.begun, self._ticks_us()
        try:
            self._value = await self._read()
        except UnavailableError:
            self.is_current = False
        else:
            self.is_current = True
        finally:
            self._read_us, self._ended = begun_us, number
