"""What /api/health asks: the database, Redis, and each provider."""

import asyncio
from contextvars import Context
from typing import Any

from bakong_service.adapters.provider_probe import ProviderProbe
from bakong_service.adapters.system import ticks_us
from bakong_service.api.operations import Check, Part
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso
from bakong_service.domain.polling import Budget
from bakong_service.ports import Admission, Store
from bakong_service.usecases.core import Core
from bakong_service.usecases.refresh import budget

FRESH_US = 200_000
_ALONE, _TOGETHER = (("limits", "each_process"),), (("limits", "all_processes"),)  # whose requests are counted together


def database_check(store: Store) -> Check:
    """Whether the database can be read and written. All who ask at once wait for one probe; a good one lasts 0.2 s."""
    probing: asyncio.Task[Part] | None = None
    good_us: int | None = None

    async def probe() -> Part:
        nonlocal good_us
        try:
            await store.ping()
            counts = await store.read(lambda records: records.count_set_aside())
        except UnavailableError as error:
            return Part("unhealthy", str(error))
        if not counts:
            good_us = ticks_us()
            return Part("healthy", "answers, and can be written")
        message = f"answers; {sum(counts.values())} stored rows cannot be read: `service review` lists them"
        return Part("degraded", message, (("unreadableRows", counts),))

    async def check() -> Part:
        nonlocal probing, good_us
        is_fresh = good_us is not None and ticks_us() - good_us < FRESH_US
        if probing is None or (probing.done() and not is_fresh):
            good_us = None
            probing = asyncio.create_task(probe(), context=Context())  # in nobody's name, and on nobody's time
        return await asyncio.shield(probing)

    return check


def redis_check(admission: Admission) -> Check:
    async def check() -> Part:
        wrong = await admission.state()
        if wrong is None:
            return Part("healthy", "not configured: limits are kept in memory", _ALONE)
        return Part("degraded", wrong, _ALONE) if wrong else Part("healthy", "answers", _TOGETHER)

    return check


def provider_check(core: Core, name: str) -> Check:
    """What is left of a provider's calls of the day, and whether it answers: asked now, or when it was asked last."""
    asked = core.providers[name].probe
    probe = None if asked is None else ProviderProbe(asked, core.upstream(name), core.timers.now_ms, ticks_us)

    async def check() -> Part:
        problem = "" if probe is None else await probe.problem()
        try:
            left = await budget(core, name)
        except UnavailableError:
            return Part("degraded", "not known while the database does not answer")
        facts = (*(() if left is None else _facts(left)), *_answers(core, name))
        if core.upstream(name).breaker.is_silent:
            return Part("unhealthy", "does not answer; asked again later", facts)
        if problem:
            return Part("unhealthy", f"does not answer: {problem}", facts)
        if left is not None and left.remaining == 0:
            return Part("degraded", "the day's calls are spent", facts)
        return Part("healthy", "is asked" if probe is None else "answers", facts)

    return check


def _answers(core: Core, name: str) -> tuple[tuple[str, Any], ...]:
    """Its breaker, as this process has it, and when it answered last."""
    upstream, now_ms = core.upstream(name), core.timers.now_ms()
    word = "closed"
    if upstream.breaker.is_silent:
        word = "half_open" if upstream.breaker.admits(now_ms) else "open"
    last_ms = upstream.success_ms
    return ("breaker", word), ("lastSuccessAt", None if last_ms is None else iso(last_ms))


def _facts(left: Budget) -> tuple[tuple[str, Any], ...]:
    return ("dailyCalls", left.daily), ("remainingCalls", left.remaining), ("resetsAt", iso(left.resets_ms))
