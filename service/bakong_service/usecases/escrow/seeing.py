"""Who sees a payment: to a stranger it is not there; who knows it and may not change it is told so."""

from dataclasses import dataclass

from bakong_service.domain.errors import EscrowError, ForbiddenError
from bakong_service.domain.escrow import Attempt, EscrowPayment, EscrowRefund, Filter, Job
from bakong_service.domain.escrow_roles import Actor
from bakong_service.domain.payments import Payment
from bakong_service.ports import Records
from bakong_service.usecases.core import Core


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment with all that belongs to it. attempt, attempted: the one that counts, where there is one."""

    payment: EscrowPayment
    job: Job | None
    refunds: list[EscrowRefund]
    attempt: Attempt | None = None
    attempted: Payment | None = None


def visible(records: Records, actor: Actor, payment_id: str, *, needs: frozenset[str] = frozenset()) -> EscrowPayment:
    """The payment. needs: roles of which one is wanted. Raises EscrowError, ForbiddenError."""
    payment = records.escrow_payment(payment_id)
    if payment is None or not actor.may_see(payment):
        raise EscrowError("payment_not_found", f"no payment has the id {payment_id}")
    if needs and actor.role not in needs:
        raise ForbiddenError(f"expected one of the roles {', '.join(sorted(needs))}, read {actor.role}")
    return payment


def see(records: Records, actor: Actor, payment_id: str) -> Seen:
    """Raises EscrowError."""
    payment = visible(records, actor, payment_id)
    attempt = None if payment.attempt_id is None else records.attempt(payment.attempt_id)
    attempted = None if payment.attempt_id is None else records.payment_by_id(payment.attempt_id)
    refunds = records.escrow_refunds_of(payment.id)
    return Seen(payment, records.job_by_id(payment.job_id), refunds, attempt, attempted)


def listed(records: Records, wanted: Filter, limit: int, offset: int) -> tuple[list[EscrowPayment], int]:
    """A page, and how many there are in all."""
    return records.escrow_payments(wanted, limit, offset), records.count_escrow_payments(wanted)


async def is_escrow(core: Core, payment_id: str) -> bool:
    """Whether the id is one of an escrow payment."""
    return await core.store.read(lambda records: records.escrow_payment(payment_id)) is not None
