"""Limits and blocks in this process's memory, exact, in whole microseconds.

A sliding log: no half-open window holds more than the limit of admitted requests; refused ones do not count. The number
of callers is bounded, and nobody's log is dropped to make room: newcomers beyond it share one log.
"""

from collections import deque
from collections.abc import Callable

from bakong_service.domain.admission import BLOCK_US, FAILURE_WINDOW_US, FAILURES, WINDOW_US, Verdict

CAPACITY = 10_000
SWEEP_US = 1_000_000
_SHARED = ""


class Logs:
    """For each caller the instants inside the window, oldest first."""

    def __init__(self, window_us: int, capacity: int = CAPACITY) -> None:
        self._window_us = window_us
        self._capacity = capacity
        self._logs: dict[str, deque[int]] = {}
        self._swept_us = 0

    def of(self, who: str, now_us: int) -> deque[int]:
        """The caller's log as of now; what has left the window is gone."""
        log = self._logs.get(who)
        if log is None:
            log = self._new(who, now_us)
        elif log and log[-1] - now_us > self._window_us:
            log.clear()  # the clock was set back: those instants belong to another time
        while log and log[0] <= now_us - self._window_us:
            log.popleft()
        return log

    def drop(self, who: str) -> None:
        self._logs.pop(who, None)

    def __len__(self) -> int:
        return len(self._logs)

    def _new(self, who: str, now_us: int) -> deque[int]:
        if len(self._logs) >= self._capacity:
            self._sweep(now_us)
        if len(self._logs) >= self._capacity:
            return self._logs.setdefault(_SHARED, deque())
        return self._logs.setdefault(who, deque())

    def _sweep(self, now_us: int) -> None:
        """Forget the callers whose last instant has left the window; once a second at most."""
        if abs(now_us - self._swept_us) < SWEEP_US:
            return
        self._swept_us = now_us
        edge_us = now_us - self._window_us
        self._logs = {who: log for who, log in self._logs.items() if log and log[-1] > edge_us}


class MemoryAdmission:
    """See bakong_service.ports.Admission. limit 0: no limit, but wrong keys still block."""

    def __init__(self, now_us: Callable[[], int], limit: int, *, capacity: int = CAPACITY) -> None:
        self._now_us = now_us
        self._limit = limit
        self._admitted = Logs(WINDOW_US, capacity)
        self._failures = Logs(FAILURE_WINDOW_US, capacity)
        self._blocked: dict[str, int] = {}
        self._capacity = capacity

    async def admit(self, who: str, address: str) -> Verdict:
        now_us = self._now_us()
        if self._blocked and (left_us := self._blocked_us(address, now_us)):
            return Verdict(admitted=False, blocked=True, remaining=0, wait_us=left_us)
        if not self._limit:
            return Verdict(admitted=True, blocked=False, remaining=0, wait_us=0)
        log = self._admitted.of(who, now_us)
        admitted = len(log) < self._limit
        if admitted:
            log.append(max(now_us, log[-1]) if log else now_us)
        return Verdict(admitted, blocked=False, remaining=self._limit - len(log), wait_us=log[0] + WINDOW_US - now_us)

    async def failed(self, address: str) -> bool:
        """Count a wrong key; whether that shuts the address out."""
        now_us = self._now_us()
        log = self._failures.of(address, now_us)
        log.append(now_us)
        if len(log) < FAILURES:
            return False
        self._failures.drop(address)
        if len(self._blocked) >= self._capacity:
            self._blocked = {known: end for known, end in self._blocked.items() if end > now_us}
        if len(self._blocked) < self._capacity:
            self._blocked[address] = now_us + BLOCK_US
        return True

    async def state(self) -> str | None:
        """None: there is nothing to be down."""
        return None

    async def close(self) -> None:
        """Nothing is open."""

    def _blocked_us(self, address: str, now_us: int) -> int:
        end_us = self._blocked.get(address, 0)
        if 0 < end_us - now_us <= BLOCK_US:
            return end_us - now_us
        self._blocked.pop(address, None)
        return 0
