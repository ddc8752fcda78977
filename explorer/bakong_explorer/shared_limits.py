"""The limiter that replicas share in Redis: exact over all of them while it is there, else each by itself."""

from collections.abc import Callable, Sequence
from typing import Any

from bakong_explorer.conditions import Conditions
from bakong_explorer.model import WatchedAdmission
from bakong_explorer.redis_stand_in import ProcessRedis, RedisStandIn
from bakong_service.adapters.redis_admission import RETRY_US, TIMEOUT_S, RedisAdmission
from bakong_service.domain.admission import Quota, Verdict

PREFIX = "explorer"
PROBE_US = int(2 * TIMEOUT_S * 1_000_000)  # two scripts, once each


class SharedLimits:
    """One Redis, the limiters that ask it, and a list of what it let in, by caller: (us, the request's name)."""

    def __init__(self, conditions: Conditions, now_us: Callable[[], int], broken: Callable[[str], object]) -> None:
        self._conditions, self._now_us, self._broken = conditions, now_us, broken
        self._let_in: dict[str, list[tuple[int, str]]] = {}
        self.server = RedisStandIn(now_us, self._ran)

    def flush(self) -> None:
        """Redis has forgotten everything, and so has the list."""
        self.server.flush()
        self._let_in.clear()

    def of(self, process: str, limit: int, local: WatchedAdmission, ticks_us: Callable[[], int]) -> "WatchedShared":
        """The limiter of a process that begins. local: what it counts with by itself."""
        client = WatchedRedis(self.server, process, self._conditions, ticks_us)
        return WatchedShared(client, limit, local, ticks_us, self._broken)

    def _ran(self, keys: list[str], args: list[str], answer: object) -> None:
        """A script has run: whoever had room in each log was let in, whoever was counted before is let in again."""
        if not isinstance(answer, list):
            return  # a wrong key was counted
        name, now_us = args[-2], self._now_us()
        policies = zip(map(int, args[:-2:2]), map(int, args[1:-2:2]), strict=True)
        logs = zip([key for key in keys if key.startswith(f"{PREFIX}:log")], policies, strict=True)
        is_known, counts = False, []
        for key, (limit, window_us) in logs:
            log = [(at_us, one) for at_us, one in self._let_in.get(key, ()) if at_us > now_us - window_us]
            self._let_in[key] = log
            is_known = is_known or any(one == name for _, one in log)
            counts.append((len(log), limit, log))
        expected = is_known or all(count < limit for count, limit, _ in counts)
        if bool(answer[0]) != expected:
            done = "let in" if answer[0] else "refused"
            seen = ", ".join(f"{count} of {limit}" for count, limit, _ in counts)
            self._broken(f"Redis has {done} a request after {seen} over all replicas")
        if expected and not is_known:
            for _, _, log in counts:
                log.append((now_us, name))


class WatchedRedis(ProcessRedis):
    """A way to Redis that knows when it last failed, and when somebody first asked after the pause that follows."""

    def __init__(self, server: RedisStandIn, process: str, conditions: Conditions, ticks_us: Callable[[], int]) -> None:
        super().__init__(server, process, conditions)
        self._ticks_us = ticks_us
        self.failed_us = -RETRY_US
        self.known_us: int | None = None

    async def _asked(self, text: str, keys: list[str], args: list[str]) -> object:
        try:
            return await super()._asked(text, keys, args)
        except Exception:
            self.failed_us, self.known_us = self._ticks_us(), None
            raise

    def late_us(self, begun_us: int) -> int:
        """By how much a request comes too late to be counted by a process alone: Redis was to be asked before it."""
        if begun_us < self.failed_us + RETRY_US:
            return 0
        if self.known_us is None:
            self.known_us = begun_us
        return max(0, begun_us - self.known_us - PROBE_US)


class WatchedShared:
    """The real limiter of one process; that it counts by itself only where Redis has just failed."""

    def __init__(
        self,
        client: WatchedRedis,
        limit: int,
        local: WatchedAdmission,
        ticks_us: Callable[[], int],
        broken: Callable[[str], object],
    ) -> None:
        self._client, self._local, self._ticks_us, self._broken = client, _Noted(local), ticks_us, broken
        asked: Any = client
        self._real = RedisAdmission(asked, limit, prefix=PREFIX, local=self._local, ticks_us=ticks_us)

    @property
    def is_degraded(self) -> bool:
        return self._real.is_degraded

    async def admit(self, who: str, address: str, /, quotas: Sequence[Quota] = ()) -> Verdict:
        begun_us = self._ticks_us()
        late_us = self._client.late_us(begun_us)
        verdict = await self._real.admit(who, address, quotas)
        if self._local.gave(verdict) and late_us and self._client.failed_us < begun_us:
            self._broken(f"a process counts by itself, {late_us} us after Redis was to be asked again")
        return verdict

    async def take(self, quotas: Sequence[Quota], /) -> Verdict:
        return await self._real.take(quotas)

    async def failed(self, address: str, /) -> bool:
        return await self._real.failed(address)

    async def state(self) -> str | None:
        return await self._real.state()

    async def close(self) -> None:
        await self._real.close()


class _Noted:
    """What a process counts with by itself, and which verdicts it gave."""

    is_degraded = False

    def __init__(self, real: WatchedAdmission) -> None:
        self._real = real
        self._given: list[Verdict] = []

    def gave(self, verdict: Verdict) -> bool:
        """Whether it gave this one; asked once."""
        before = len(self._given)
        self._given = [one for one in self._given if one is not verdict]
        return len(self._given) < before

    async def admit(self, who: str, address: str, /, quotas: Sequence[Quota] = ()) -> Verdict:
        verdict = await self._real.admit(who, address, quotas)
        self._given.append(verdict)
        return verdict

    async def take(self, quotas: Sequence[Quota], /) -> Verdict:
        return await self._real.take(quotas)

    async def failed(self, address: str, /) -> bool:
        return await self._real.failed(address)

    async def state(self) -> str | None:
        return await self._real.state()

    async def close(self) -> None:
        await self._real.close()
