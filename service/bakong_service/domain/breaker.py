"""A circuit breaker, and waits that grow and are spread. Pure: the time and the jitter are arguments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breaker:
    """Stops asking one that does not answer: after FAILURES in a row for a while, that doubles; then one probe.

    Where nobody has asked for LONGEST_MS since then, what went wrong before is old: it makes no later wait longer.
    """

    failures: int = 0
    open_until_ms: int = 0

    FAILURES = 5
    FIRST_MS = 15_000
    LONGEST_MS = 600_000

    @property
    def is_silent(self) -> bool:
        """Whether there was no answer for so long that it is left alone, until it answers."""
        return self.failures >= self.FAILURES

    def admits(self, at_ms: int) -> bool:
        return at_ms >= self.open_until_ms

    def failures_at(self, at_ms: int) -> int:
        """So many in a row by now; none, where the last one is old."""
        is_old = self.is_silent and at_ms > self.open_until_ms + self.LONGEST_MS
        return 0 if is_old else self.failures

    def failed(self, at_ms: int, jitter: float, longest_ms: int = LONGEST_MS) -> "Breaker":
        """jitter: 0 to 1. longest_ms: it is left alone for no longer."""
        failures = self.failures_at(at_ms) + 1
        if failures < self.FAILURES:
            return Breaker(failures)
        wait_ms = min(self.FIRST_MS << min(failures - self.FAILURES, 16), longest_ms)
        return Breaker(failures, at_ms + spread(wait_ms, jitter))

    def succeeded(self) -> "Breaker":
        return Breaker()


def backoff_ms(failures: int, jitter: float) -> int:
    """How long to wait after so many failures in a row: 2 s, doubled to 5 min, from half of it to all."""
    return spread(min(2_000 << min(max(failures - 1, 0), 16), 300_000), jitter)


def spread(wait_ms: int, jitter: float) -> int:
    """Between half of a wait and all of it, so that many do not come back at once."""
    return wait_ms // 2 + int(wait_ms / 2 * jitter)
