"""Waiting for a payment, as long as a caller wants. A caller that leaves ends its wait, never the payment."""

import asyncio
from typing import NamedTuple

from bakong_contracts.service_api import PaymentStatus, Priority
from bakong_service.domain.errors import NotFoundError
from bakong_service.domain.payments import Payment
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.refresh import refresh
from bakong_service.usecases.settle import move
from bakong_service.usecases.unit_of_work import UnitOfWork, transact


class Outcome(NamedTuple):
    """What the wait came to: the payment, how often it was looked at, how long it took."""

    payment: Payment
    attempts: int
    elapsed_ms: int


async def monitor(
    core: Core,
    commit: Commit,
    payment_id: str,
    *,
    timeout_ms: int,
    interval_ms: int,
    max_attempts: int,
    priority: Priority,
) -> Outcome:
    """Look every interval until the payment is settled, the time is up or the attempts are spent.

    Giving up while the code lives makes the payment TIMEOUT; it is still watched. Raises NotFoundError.
    """
    payment = await transact(core, lambda unit: _prioritized(unit, payment_id, priority))
    begun_ms = core.timers.now_ms()
    attempts = 0
    while payment.is_open:
        payment = (await refresh(core, [await _stored(core, payment)]))[payment.id]
        attempts += 1
        left_ms = begun_ms + timeout_ms - core.timers.now_ms()
        if not payment.is_open or left_ms <= 0 or attempts >= max_attempts:
            break
        await _pause(core, min(interval_ms, left_ms))
    return await commit(lambda unit: Outcome(_given_up(unit, payment), attempts, core.timers.now_ms() - begun_ms))


def _prioritized(unit: UnitOfWork, payment_id: str, priority: Priority) -> Payment:
    payment = unit.records.payment_by_id(payment_id)
    if payment is None:
        raise NotFoundError(f"no payment has the transactionId {payment_id}")
    if payment.priority is not priority:
        unit.records.prioritize(payment_id, priority)
    return payment


async def _stored(core: Core, payment: Payment) -> Payment:
    return await core.store.read(lambda records: records.payment_by_id(payment.id)) or payment


async def _pause(core: Core, ms: int) -> None:
    """Wait on the injected clock."""
    done = asyncio.Event()
    timer = core.timers.call_at(core.timers.now_ms() + ms, done.set)
    try:
        await done.wait()
    finally:
        timer.cancel()


def _given_up(unit: UnitOfWork, payment: Payment) -> Payment:
    """The payment at the end of the wait: as it is settled, TIMEOUT, or open where its code has ended unanswered."""
    if payment.status is not PaymentStatus.PENDING:
        return payment
    now = unit.records.payment_by_id(payment.id) or payment
    if not now.is_live(unit.at_ms):  # it ends by its provider's word
        return now
    return move(unit, now, PaymentStatus.TIMEOUT, "monitoring gave up") if now.is_open else now
