"""The platform's own webhook: it decides nothing, and has the provider asked about the payment that it names."""

from typing import NamedTuple

from bakong_service.domain.errors import EscrowError
from bakong_service.domain.payments import Payment
from bakong_service.usecases.core import Core
from bakong_service.usecases.refresh import refresh
from bakong_service.usecases.unit_of_work import UnitOfWork, transact


class Relayed(NamedTuple):
    """What makes a webhook the same as another."""

    payment_id: str
    transaction_id: str
    status: str


async def take_webhook(core: Core, given: Relayed) -> bool:
    """Whether it is new; then its payment's provider is asked, durably and at once. Raises EscrowError."""

    def take(unit: UnitOfWork) -> tuple[bool, list[Payment]]:
        payment = unit.records.escrow_payment(given.payment_id)
        if payment is None:
            raise EscrowError("payment_not_found", f"no payment has the id {given.payment_id}")
        if not unit.records.add_escrow_webhook(*given, unit.at_ms):
            return False, []
        unit.audit("escrow.webhook", f"escrow/{payment.id}", None, given._asdict())
        if payment.book.captured:
            return True, []
        ids = [one.payment_id for one in unit.records.attempts_of(payment.id)]
        attempted = [one for one in map(unit.records.payment_by_id, ids) if one is not None and one.reference]
        for one in attempted:
            unit.records.hasten_poll(one.provider, one.reference, unit.at_ms)
        return True, attempted

    is_new, attempted = await transact(core, take)
    if attempted:
        core.wake_polling(attempted[0].provider)
        await refresh(core, attempted[-1:])
    return is_new


def refuse_webhook(unit: UnitOfWork, why: str) -> None:
    """A webhook that nobody signed has no effect but this row."""
    unit.audit("escrow.webhook_refused", "escrow/webhook", None, {"why": why})
