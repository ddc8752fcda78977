"""API keys and how often each may still be used, so that well-behaved users are never refused."""

from collections import deque
from collections.abc import Sequence

MINUTE_NS = 60 * 1_000_000_000


class Keyring:
    """Keys in turn, each within its limit of admissions in a minute; limit 0: without a limit.

    A use counts from its sending until a minute after its answer, so the server's moment is inside, wherever it lay.
    """

    def __init__(self, keys: Sequence[str], limit: int, window_ns: int = MINUTE_NS) -> None:
        self._keys = tuple(keys)
        self._limit = limit
        self._window_ns = window_ns
        self._answered: list[deque[int]] = [deque() for _ in keys]
        self._under_way = [0] * len(self._keys)
        self._next = 0

    def key(self, number: int) -> str:
        return self._keys[number]

    def take(self, now_ns: int) -> tuple[int | None, int]:
        """(A key's number, 0), or (None, when to come again) where no key has room."""
        if not self._limit:
            self._next = (self._next + 1) % len(self._keys)
            return self._next, 0
        for _ in self._keys:
            self._next = (self._next + 1) % len(self._keys)
            if self._room(self._next, now_ns):
                self._under_way[self._next] += 1
                return self._next, 0
        return None, min(self._free_ns(number, now_ns) for number in range(len(self._keys)))

    def answered(self, number: int, now_ns: int) -> None:
        if self._limit:
            self._under_way[number] -= 1
            self._answered[number].append(now_ns)

    def _room(self, number: int, now_ns: int) -> bool:
        log = self._answered[number]
        while log and log[0] <= now_ns - self._window_ns:
            log.popleft()
        return len(log) + self._under_way[number] < self._limit

    def _free_ns(self, number: int, now_ns: int) -> int:
        log = self._answered[number]
        return log[0] + self._window_ns if log else now_ns + 10_000_000
