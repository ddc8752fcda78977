"""Limits and blocks in this process's memory, exact, in whole microseconds; and bounded at nobody's cost who has a key.

A sliding log: no half-open window holds more than the limit of admitted requests; refused ones do not count. API keys
have logs to themselves, as many as there are keys. The logs of addresses are bounded, and none is dropped to make room:
addresses beyond the bound share SHARED logs, which only the flood that fills them meets. Of wrong keys and blocks, the
oldest make room: that shuts out nobody who has done nothing.
"""

import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence

from bakong_service.domain.admission import (
    BLOCK_US,
    FAILURE_WINDOW_US,
    FAILURES,
    WINDOW_US,
    Policy,
    Quota,
    Room,
    Verdict,
    is_key,
)

CAPACITY = 10_000
SHARED = 4_096


class Logs:
    """For each caller the instants inside the window, oldest first; the callers by when they were last asked for.

    shared: how many logs the callers beyond the capacity share; 0: the caller of longest ago makes room.
    """

    def __init__(self, window_us: int, capacity: int = sys.maxsize, shared: int = 0) -> None:
        self._window_us = window_us
        self._capacity = capacity
        self._logs: OrderedDict[str, deque[int]] = OrderedDict()
        self._share = shared
        self._shared: defaultdict[int, deque[int]] = defaultdict(deque)

    def of(self, who: str, now_us: int) -> deque[int]:
        """The caller's log as of now; what has left the window is gone. Whoever gets an empty one appends to it."""
        log = self._logs.get(who)
        if log is None:
            return self._new(who, now_us)
        self._logs.move_to_end(who)
        return self._trimmed(log, now_us)

    def drop(self, who: str) -> None:
        self._logs.pop(who, None)

    def __len__(self) -> int:
        return len(self._logs)

    def _new(self, who: str, now_us: int) -> deque[int]:
        self._forget_past(now_us)
        is_full = len(self._logs) >= self._capacity
        if self._share:
            shared = self._trimmed(self._shared[hash(who) % self._share], now_us)
            if is_full or shared:  # what stands in it may be the caller's own
                return shared
        elif is_full:
            self._logs.popitem(last=False)
        return self._logs.setdefault(who, deque())

    def _trimmed(self, log: deque[int], now_us: int) -> deque[int]:
        if log and log[-1] - now_us > self._window_us:
            log.clear()  # the clock was set back: those instants belong to another time
        while log and log[0] <= now_us - self._window_us:
            log.popleft()
        return log

    def _forget_past(self, now_us: int) -> None:
        """Drop the callers of longest ago whose last instant is outside the window: each once, so at a flat cost."""
        while self._logs:
            who, log = next(iter(self._logs.items()))
            if log and abs(now_us - log[-1]) < self._window_us:
                return
            del self._logs[who]


def _append(log: deque[int], now_us: int) -> None:
    log.append(max(now_us, log[-1]) if log else now_us)


class MemoryAdmission:
    """See bakong_service.ports.Admission. limit 0: no limit, but wrong keys still block. failures 0: they do not."""

    is_degraded = False

    def __init__(
        self, now_us: Callable[[], int], limit: int, *, capacity: int = CAPACITY, failures: int = FAILURES
    ) -> None:
        self._now_us = now_us
        self._most_failures = failures
        self._limit = limit
        self._of_keys = Logs(WINDOW_US)
        self._admitted = Logs(WINDOW_US, capacity, SHARED)
        self._failures = Logs(FAILURE_WINDOW_US, capacity)
        self._blocked: OrderedDict[str, int] = OrderedDict()
        self._capacity = capacity
        self._quotas: dict[tuple[str, bool], Logs] = {}

    async def admit(self, who: str, address: str, quotas: Sequence[Quota] = ()) -> Verdict:
        now_us = self._now_us()
        if self._blocked and (left_us := self._blocked_us(address, now_us)):
            return Verdict(admitted=False, blocked=True, remaining=0, wait_us=left_us)
        if not self._limit:
            return Verdict(admitted=True, blocked=False, remaining=0, wait_us=0)
        log = (self._of_keys if is_key(who) else self._admitted).of(who, now_us)
        if quotas:
            return self._admit_all(
                [(Policy("default", self._limit, WINDOW_US), log), *self._logs(quotas, now_us)], now_us
            )
        admitted = len(log) < self._limit
        if admitted:
            _append(log, now_us)
        return Verdict(admitted, blocked=False, remaining=self._limit - len(log), wait_us=log[0] + WINDOW_US - now_us)

    async def take(self, quotas: Sequence[Quota]) -> Verdict:
        """Count against the quotas alone, where all have room."""
        now_us = self._now_us()
        if not self._limit or not quotas:
            return Verdict(admitted=True, blocked=False, remaining=0, wait_us=0)
        return self._admit_all(self._logs(quotas, now_us), now_us)

    def _logs(self, quotas: Sequence[Quota], now_us: int) -> list[tuple[Policy, deque[int]]]:
        return [(one.policy, self._log_of(one).of(one.who, now_us)) for one in quotas]

    def _log_of(self, quota: Quota) -> Logs:
        """Where a policy keeps its logs; those of our keys apart, which nobody else fills."""
        kept = (quota.policy.name, is_key(quota.who))
        if kept not in self._quotas:
            bounds = () if kept[1] else (self._capacity, SHARED)
            self._quotas[kept] = Logs(quota.policy.window_us, *bounds)
        return self._quotas[kept]

    def _admit_all(self, logs: list[tuple[Policy, deque[int]]], now_us: int) -> Verdict:
        """Let in where every log has room, and then count in each; else in none."""
        full = [(policy, log) for policy, log in logs if len(log) >= policy.limit]
        if not full:
            for _, log in logs:
                _append(log, now_us)
        rooms = tuple(
            Room(policy, policy.limit - len(log), (log[0] if log else now_us) + policy.window_us - now_us)
            for policy, log in logs
        )
        waits = {policy: log[-policy.limit] + policy.window_us - now_us for policy, log in full}
        tight = max(waits, key=lambda policy: waits[policy], default=None)
        wait_us = rooms[0].wait_us if tight is None else waits[tight]
        return Verdict(not full, blocked=False, remaining=rooms[0].remaining, wait_us=wait_us, rooms=rooms, tight=tight)

    async def failed(self, address: str) -> bool:
        """Count a wrong key; whether that shuts the address out."""
        if not self._most_failures:
            return False
        now_us = self._now_us()
        log = self._failures.of(address, now_us)
        log.append(now_us)
        if len(log) < self._most_failures:
            return False
        self._failures.drop(address)
        if len(self._blocked) >= self._capacity:
            self._blocked.popitem(last=False)  # the one that ends first
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
