"""What time alone does for escrow: payments end, held money is released, refunds are asked about."""

from collections.abc import Callable
from typing import TypeVar

from bakong_service.domain.errors import RowError
from bakong_service.domain.escrow import FailureReason
from bakong_service.domain.escrow_book import PaymentState
from bakong_service.domain.escrow_numbers import is_payable
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.held import hold
from bakong_service.usecases.escrow.outcome import end
from bakong_service.usecases.escrow.refunding import give_due
from bakong_service.usecases.escrow.releasing import release_if_due
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

T = TypeVar("T")
BATCH = 50
STUCK_MS = 30_000  # after a row that could not be done, and was reported
GRACE_MS = 60_000  # so long the provider's last word about an open attempt is waited for


async def tend(core: Core) -> int | None:
    """Do what is due; when the next falls due."""
    due_ms = await core.store.read(lambda records: records.next_escrow_ms())
    if due_ms is None or due_ms > core.timers.now_ms():
        return due_ms
    more = True
    while more:
        more, asked = await transact(core, _sweep)
        for provider in asked:
            core.wake_polling(provider)
        more = await transact(core, _release) or more
    await give_due(core)
    next_ms = await core.store.read(lambda records: records.next_escrow_ms())
    now_ms = core.timers.now_ms()
    return now_ms + STUCK_MS if next_ms is not None and next_ms <= now_ms else next_ms


def _sweep(unit: UnitOfWork) -> tuple[bool, set[str]]:
    """End payments whose 15 minutes have passed; whether more may be left, and which providers are asked first."""
    due = unit.records.due_escrow_sweeps(unit.at_ms, BATCH)
    asked = {provider for payment_id in due if (provider := _alone(unit, payment_id, expire_payment))}
    return len(due) == BATCH, asked


def expire_payment(unit: UnitOfWork, payment_id: str) -> str | None:
    """End a payment whose time has passed; the provider of an open attempt, which is asked at once and then ends it."""
    payment = hold(unit.records, payment_id)
    if payment.state is not PaymentState.PENDING or is_payable(payment.expires_ms, unit.at_ms):
        return None
    attempted = None if payment.attempt_id is None else unit.records.payment_by_id(payment.attempt_id)
    if attempted is not None and attempted.is_open and unit.at_ms < payment.expires_ms + GRACE_MS:
        unit.records.sweep_escrow_payment(payment_id, payment.expires_ms + GRACE_MS)
        unit.records.hasten_poll(attempted.provider, attempted.reference, unit.at_ms)
        return attempted.provider
    end(unit, payment, PaymentState.EXPIRED, FailureReason.EXPIRED)
    return None


def _release(unit: UnitOfWork) -> bool:
    due = unit.records.due_escrow_releases(unit.at_ms, BATCH)
    for payment_id in due:
        _alone(unit, payment_id, release_if_due)
    return len(due) == BATCH


def _alone(unit: UnitOfWork, payment_id: str, work: Callable[[UnitOfWork, str], T]) -> T | None:
    """One payment's failure undoes no other's."""
    try:
        with unit.records.savepoint():
            return work(unit, payment_id)
    except RowError as error:
        unit.core.report("escrow", payment_id, error.__cause__ or error)
        return None
