"""A small model of what payments buy, of limits and of promptness: said again in a few lines, to be compared with."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.domain.admission import Policy, Quota, Verdict

MINUTE_US = 60_000_000


def bought_nothing(purpose: str, bill_ms: int | None, before: Any, at_ms: int) -> str:
    """Why a paid payment buys nothing of what its user has, so that it has to be flagged; "" where it buys."""
    if purpose == "renewal" and before is not None and before.is_running and bill_ms != before.next_billing_ms:
        return "its bill was paid before"
    if purpose != "upgrade":
        return ""
    if before is None or not before.is_running:
        return "there is nothing to upgrade"
    if before.plan == "FAMILY_PREMIUM" and before.pending_plan is None:
        return "the user has the better plan"
    if before.next_billing_ms != bill_ms and before.pending_plan is not None:
        return "cycles of both plans were paid since it was priced"
    return "its period is over" if at_ms >= (bill_ms or 0) else ""


class WatchedAdmission:
    """A limiter beside a list of what it let in: no minute has more than the limit, and who had room was let in."""

    is_degraded = False

    def __init__(
        self, real: MemoryAdmission, limit: int, now_us: Callable[[], int], broken: Callable[[str], object]
    ) -> None:
        self._real, self._limit, self._now_us, self._broken = real, limit, now_us, broken
        self._let_in: dict[tuple[str, str], deque[int]] = {}

    async def admit(self, who: str, address: str, /, quotas: Sequence[Quota] = ()) -> Verdict:
        verdict = await self._real.admit(who, address, quotas)
        if self._limit and not verdict.blocked:
            self._watch((Quota(Policy("", self._limit, MINUTE_US), who), *quotas), verdict)
        return verdict

    async def take(self, quotas: Sequence[Quota], /) -> Verdict:
        verdict = await self._real.take(quotas)
        self._watch(quotas, verdict)
        return verdict

    def _watch(self, quotas: Sequence[Quota], verdict: Verdict) -> None:
        """Whether it was let in where all of its limits had room, and only there."""
        now_us, counts, logs = self._now_us(), [], []
        for policy, who in quotas:
            log = self._let_in.setdefault((policy.name, who), deque())
            while log and log[0] <= now_us - policy.window_us:
                log.popleft()
            logs.append(log)
            counts.append(f"{len(log)} of {policy.limit} in {policy.window_us // 1_000_000} s")
        has_room = all(len(log) < quota.policy.limit for log, quota in zip(logs, quotas, strict=True))
        if verdict.admitted != has_room:
            self._broken(f"a request was {'let in' if verdict.admitted else 'refused'} after {', '.join(counts)}")
        for log in logs if verdict.admitted else ():
            log.append(now_us)

    async def failed(self, address: str, /) -> bool:
        return await self._real.failed(address)

    async def state(self) -> str | None:
        return await self._real.state()

    async def close(self) -> None:
        await self._real.close()
