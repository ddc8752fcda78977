"""What a world refuses before it answers: quota, rate, foreign networks. Off unless asked for."""

from collections import deque
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from bakong_simulator.kernel.clock import local_day

MINUTE_MS = 60_000
PHNOM_PENH_MS = 7 * 3_600_000  # UTC+7, without summer time: where the day of a quota begins
MOST_TOKENS = 10_000  # counted at a time; the longest unused is forgotten

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a world. None and False are off.

    quota: calls a day for each token. calls_per_minute: for each token, in any 60 s of the world's time; above it 429.
    geo_block: everybody is abroad. cambodia: who is outside these networks is abroad. mail_down: no e-mail leaves.
    """

    quota: int | None = None
    calls_per_minute: int | None = None
    geo_block: bool = False
    cambodia: tuple[Network, ...] = ()
    mail_down: bool = False

    def is_abroad(self, client: str) -> bool:
        """Whether a client, by its address, is outside Cambodia as this world sees it."""
        if self.geo_block or not self.cambodia:
            return self.geo_block
        try:
            address = ip_address(client)
        except ValueError:
            return True
        return not any(address in network for network in self.cambodia)


OFF = Limits()


class Meter:
    """How much each token has asked for: by calendar day in Phnom Penh, and in the last minute."""

    def __init__(self) -> None:
        self.days: dict[str, tuple[int, int]] = {}
        self._minutes: dict[str, deque[int]] = {}

    def count_day(self, token: str, now_ms: int) -> int:
        """The number of this call within its day, refused ones counted."""
        day = local_day(now_ms, PHNOM_PENH_MS)
        last_day, count = self.days.get(token, (day, 0))
        count = count + 1 if last_day == day else 1
        if token not in self.days and len(self.days) >= MOST_TOKENS:
            del self.days[next(iter(self.days))]
        self.days[token] = (day, count)
        return count

    def most_today(self, now_ms: int) -> int:
        """The most calls that any token has made today."""
        today = local_day(now_ms, PHNOM_PENH_MS)
        return max((count for day, count in self.days.values() if day == today), default=0)

    def spend_day(self, token: str, now_ms: int, count: int) -> None:
        """Let a token have made so many calls today."""
        self.days[token] = (local_day(now_ms, PHNOM_PENH_MS), count)

    def admits(self, token: str, now_ms: int, most: int) -> bool:
        """Whether fewer than `most` calls were admitted in the 60 s before; if so, this one is."""
        admitted = self._minutes.get(token)
        if admitted is None:
            if len(self._minutes) >= MOST_TOKENS:
                del self._minutes[next(iter(self._minutes))]
            admitted = self._minutes[token] = deque()
        while admitted and (admitted[0] <= now_ms - MINUTE_MS or admitted[0] > now_ms):
            admitted.popleft()
        if len(admitted) >= most:
            return False
        admitted.append(now_ms)
        return True
