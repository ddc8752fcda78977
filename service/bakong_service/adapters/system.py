"""The system's clock, timers and randomness. The only place of the service that reads them."""

import asyncio
import math
import secrets  # noqa: TID251  an adapter: this is where randomness comes from
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import uuid_utils

POOL_BYTES = 1024
SLICE_S = 0.1


class SystemTimers:
    """See bakong_service.ports.Timers: the wall's time, and the event loop's timers."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000  # noqa: TID251  an adapter: this is where the time comes from

    def call_at(self, due_ms: int, fire: Callable[[], Awaitable[Any] | None], /) -> asyncio.TimerHandle:
        wait_s = max(0, due_ms - self.now_ms()) / 1000
        return asyncio.get_running_loop().call_later(wait_s, self._fire, fire)

    def _fire(self, fire: Callable[[], Awaitable[Any] | None]) -> None:
        outcome = fire()
        if outcome is not None:
            task = asyncio.ensure_future(outcome)
            self._running.add(task)
            task.add_done_callback(self._running.discard)


class SystemIds:
    """See bakong_service.ports.Ids: UUIDv7, and letters of the system's randomness."""

    def __init__(self) -> None:
        # Asking the system for each letter gives up the interpreter's lock each time: 0.3 ms a payment under load.
        self._pool = bytearray()

    def new_id(self) -> str:
        return str(uuid_utils.uuid7())

    def letters(self, alphabet: str, length: int) -> str:
        return "".join(self._letter(alphabet) for _ in range(length))

    def _letter(self, alphabet: str) -> str:
        """One of the alphabet, each as likely: bytes beyond its last multiple are drawn again."""
        end = 256 - 256 % len(alphabet)
        while True:
            if not self._pool:
                self._pool = bytearray(secrets.token_bytes(POOL_BYTES))
            if (drawn := self._pool.pop()) < end:
                return alphabet[drawn % len(alphabet)]

    def fraction(self) -> float:
        return secrets.randbelow(1 << 53) / (1 << 53)


async def wait_at_most(tasks: Collection[asyncio.Future[Any]], seconds: float, /, *, for_all: bool) -> None:
    """See bakong_service.ports.Patience. Time in which this process itself stood still counts as one slice."""
    until = asyncio.ALL_COMPLETED if for_all else asyncio.FIRST_COMPLETED
    for _ in range(math.ceil(seconds / SLICE_S)):
        done, pending = await asyncio.wait(tasks, timeout=SLICE_S, return_when=until)
        if not pending or (done and not for_all):
            return


def ticks_us() -> int:
    """Microseconds of the system's monotonic clock: for durations, and for limits that no clock change may move."""
    return time.monotonic_ns() // 1000
