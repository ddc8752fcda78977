"""The payer's browser comes back from the provider: what it says is a hint, and the provider is asked."""

from typing import NamedTuple

from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow import EscrowPayment, FailureReason
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.concluding import conclude_visit
from bakong_service.usecases.escrow.held import hold
from bakong_service.usecases.escrow.paying import end_attempt, hold_attempts
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

_ENDS = {
    "cancel": FailureReason.CANCELLED,
    "cancelled": FailureReason.CANCELLED,
    "aborted": FailureReason.CANCELLED,
    "failure": FailureReason.DECLINED,
    "failed": FailureReason.DECLINED,
}


class Hint(NamedTuple):
    """What the browser carries: the provider's name of the attempt, and how it ended there."""

    reference: str
    status: str


async def come_back(core: Core, payment_id: str, hint: Hint) -> EscrowPayment:
    """The payment after a browser came back: success has it executed or verified; the rest ends the attempt alone."""
    reason = _ENDS.get(hint.status.lower())
    if reason is None:
        return (await conclude_visit(core, payment_id, hint.reference)).payment

    def end(unit: UnitOfWork) -> EscrowPayment:
        if unit.records.escrow_payment(payment_id) is None:
            raise EscrowError("payment_not_found", f"no payment has the id {payment_id}")
        attempts = hold_attempts(unit, payment_id)
        payment = hold(unit.records, payment_id)
        for one in attempts:
            is_under_way = payment.attempt_id == one.id and payment.processing_ms is not None
            if one.reference and one.reference == hint.reference and one.is_open and not is_under_way:
                end_attempt(unit, one, reason, f"the payer's browser says {hint.status.lower()[:16]}")
        return hold(unit.records, payment_id)

    return await transact(core, end)
