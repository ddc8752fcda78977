"""The worker's rounds: each provider is asked about what is worth it, at its own pace. Must not depend on HTTP or SQL.

One provider's round waits for no other's: what it leases, learns and ends is its own.
"""

from collections.abc import Sequence
from functools import partial

from bakong_service.domain.breaker import backoff_ms
from bakong_service.domain.errors import RowError
from bakong_service.domain.payments import Payment
from bakong_service.domain.polling import HOUR_MS, PollPlan
from bakong_service.ports import Polling, Provider
from bakong_service.usecases.ask_provider import ask_leased, polling_of
from bakong_service.usecases.core import Core
from bakong_service.usecases.settle import expire, hold_orders_of
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

EXPIRE_BATCH = 50
OVERDUE_AGAIN_MS = 1_000  # an end that has passed, and could not be written yet
UNASKED_MS = 60_000  # where calls are scarce: so long after its end a payment may be ended that no call was spent on
UNREACHED_MS = 7 * 24 * HOUR_MS  # and so long after it one that no call has reached


async def poll_due(core: Core, name: str) -> int | None:
    """Make the calls to a provider that are due; when to look again. Several workers never ask about one at a time."""
    provider = core.providers[name]
    polling, upstream = polling_of(provider), core.upstream(name)
    plan = None
    while True:
        now_ms = core.timers.now_ms()
        plan = plan or await _plan(core, name, polling, now_ms)
        if plan.ask != () and upstream.may_ask(now_ms) and not core.stopping:
            taken = await transact(core, partial(_taken, provider, polling, plan))
            await ask_leased(core, provider, taken)
            if taken and not upstream.breaker.failures and not core.stopping:
                is_more_due = plan.ask is None and len(taken) == polling.batch
                plan = plan if is_more_due else None
                continue
        if polling.pace.is_scarce or not upstream.may_ask(core.timers.now_ms()):
            await expire_due(core, name, by_clock=await _is_thrift(core, name, polling))
        return await _wake_ms(core, name, plan, now_ms)


async def _is_thrift(core: Core, name: str, polling: Polling) -> bool:
    """Whether what is not asked about is so by our own choice: the provider answers, and refuses no call."""
    now_ms = core.timers.now_ms()
    if not polling.pace.is_scarce or core.upstream(name).breaker.failures_at(now_ms):
        return False
    left = await core.store.read(lambda records: polling.pace.budget(records, name, now_ms))
    return left is None or not left.stopped


async def _plan(core: Core, name: str, polling: Polling, now_ms: int) -> PollPlan:
    one_by_one = now_ms < core.upstream(name).one_by_one_until_ms
    if prepare := polling.pace.preparation(name, now_ms, one_by_one=one_by_one):
        await core.store.write(prepare)
    return await core.store.read(
        lambda records: polling.pace.plan(records, name, now_ms, one_by_one=one_by_one),
    )


def _taken(provider: Provider, polling: Polling, plan: PollPlan, unit: UnitOfWork) -> list[Payment]:
    """The payments of the plan that no other worker has, in its order, leased."""
    if plan.ask is None:
        return unit.records.lease_polls(provider.name, unit.at_ms, unit.at_ms + polling.lease_ms, polling.batch)
    return lease_these(plan.ask, polling, unit)


def lease_these(payment_ids: Sequence[str], polling: Polling, unit: UnitOfWork) -> list[Payment]:
    """Those of the payments that no worker has, in this order, leased."""
    leased = unit.records.lease_payments(payment_ids, unit.at_ms, unit.at_ms + polling.lease_ms)
    by_id = {payment.id: payment for payment in leased}
    return [by_id[one] for one in payment_ids if one in by_id]


async def expire_due(core: Core, provider: str, *, by_clock: bool = False) -> None:
    """End the payments of a provider whose time has passed: those of plans where it has said so since.

    by_clock: also those whose end has just come unasked, because calls are scarce and were better spent, and those that
    no call has reached in a week. What nobody can be asked about any more ends by the clock, too.
    """
    configured = core.providers.get(provider)

    def end(unit: UnitOfWork) -> bool:
        """Whether some were ended and more may be left."""
        from_ms = unit.at_ms + 1 if not by_clock else unit.at_ms - UNASKED_MS
        from_ms = 0 if configured is None else from_ms
        until_ms = unit.at_ms - UNREACHED_MS if by_clock else 0
        overdue = unit.records.overdue(
            provider, unit.at_ms, EXPIRE_BATCH, unasked_from_ms=from_ms, unasked_until_ms=until_ms
        )
        hold_orders_of(unit, overdue)
        ended = [_expired_alone(unit, payment) for payment in overdue]
        return any(ended) and len(overdue) == EXPIRE_BATCH

    while await transact(core, end):
        pass
    pace = None if configured is None else polling_of(configured).pace
    if pace is not None and pace.is_scarce:
        now_ms = core.timers.now_ms()
        await core.store.write(lambda records: pace.tidy(records, provider, now_ms))


def _expired_alone(unit: UnitOfWork, payment: Payment) -> Payment | None:
    unit.trace = None
    try:
        with unit.records.savepoint():
            return expire(unit, payment)
    except RowError as error:
        unit.core.report("payment", payment.id, error.__cause__ or error)
        return None


async def _wake_ms(core: Core, name: str, plan: PollPlan, now_ms: int) -> int | None:
    """The plan's next moment; while the provider is left alone, only the ends of payments."""
    if plan.next_ms is None:
        return None
    upstream, pause_ms = core.upstream(name), plan.pause_ms
    if pause_ms and (failures := upstream.breaker.failures_at(now_ms)):
        pause_ms = backoff_ms(failures, core.ids.fraction())
    next_ms = max(plan.next_ms, upstream.silent_until_ms, now_ms + pause_ms)
    end_ms = plan.end_ms
    if not plan.pause_ms and next_ms > plan.next_ms and upstream.silent_until_ms > now_ms:
        end_ms = await core.store.read(lambda records: records.next_end_ms(name))
    if end_ms is None:
        return next_ms
    return min(next_ms, end_ms if end_ms > now_ms else now_ms + OVERDUE_AGAIN_MS)
