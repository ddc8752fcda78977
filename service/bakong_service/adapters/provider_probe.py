"""Whether a provider answers, asked for health alone: seldom, and never waited for for long."""

import asyncio
from collections.abc import Callable
from contextvars import Context

from bakong_service.domain.payments import NoAnswer
from bakong_service.ports import Probe
from bakong_service.usecases.core import UpstreamState

WAIT_S = 3
FRESH_US = 30_000_000


class ProviderProbe:
    """One provider's; all who ask at once, or within 30 s, are told the same, unless it has answered a call since."""

    def __init__(
        self, probe: Probe, upstream: UpstreamState, now_ms: Callable[[], int], ticks_us: Callable[[], int]
    ) -> None:
        self._probe = probe
        self._upstream = upstream
        self._now_ms = now_ms
        self._ticks_us = ticks_us
        self._asking: asyncio.Task[str] | None = None
        self._asked_us = 0
        self._success_ms: int | None = None  # the last one that was known when it was asked

    async def problem(self) -> str:
        """Why it does not answer; "" where it does."""
        is_stale = self._ticks_us() - self._asked_us >= FRESH_US
        if self._asking is None or (self._asking.done() and is_stale):
            self._asked_us, self._success_ms = self._ticks_us(), self._upstream.success_ms
            self._asking = asyncio.create_task(self._asked(), context=Context())  # in nobody's name
        problem = await asyncio.shield(self._asking)
        return problem if self._upstream.success_ms == self._success_ms else ""

    async def _asked(self) -> str:
        try:
            async with asyncio.timeout(WAIT_S):
                answer = await self._probe()
        except TimeoutError:
            answer = NoAnswer("timeout")
        if answer is None:
            # Whether it takes payments again, its breaker finds out by itself.
            self._upstream.success_ms = self._now_ms()
            return ""
        return answer.why
