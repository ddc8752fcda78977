"""The release of held money: by an admin at any time, or by itself 48 hours after the job; once, whatever races."""

from dataclasses import replace

from bakong_contracts.webhooks import EventType
from bakong_service.domain.escrow import EscrowPayment, Fact, Job
from bakong_service.domain.escrow_book import release, split
from bakong_service.domain.escrow_hold import is_due
from bakong_service.domain.escrow_numbers import amount_text
from bakong_service.domain.escrow_roles import Actor
from bakong_service.usecases.escrow.held import book, hold, rules_of, save, tell
from bakong_service.usecases.escrow.seeing import visible
from bakong_service.usecases.unit_of_work import UnitOfWork


def release_now(unit: UnitOfWork, actor: Actor, payment_id: str) -> tuple[EscrowPayment, Job | None]:
    """The payment with its escrow released. Raises EscrowError, ForbiddenError."""
    visible(unit.records, actor, payment_id, needs=rules_of(unit).release_roles)
    payment = let_go(unit, hold(unit.records, payment_id), f"by {actor.user_id}")
    return payment, unit.records.job_by_id(payment.job_id)


def release_if_due(unit: UnitOfWork, payment_id: str) -> EscrowPayment:
    """As the timer does it: nothing happens where it is not due any more, or was released meanwhile."""
    payment = hold(unit.records, payment_id)
    if not is_due(payment.release_ms, payment.book.escrow, payment.book.processing, unit.at_ms):
        return payment
    return let_go(unit, payment, "48 hours after the job")


def let_go(unit: UnitOfWork, before: EscrowPayment, why: str) -> EscrowPayment:
    """Split and book what is held; of a payment that is held. Raises EscrowError."""
    changed, parts, lines = release(before.book)
    payment = replace(before.with_book(changed), released_ms=unit.at_ms, release_ms=None)
    payment = book(unit, payment, Fact.RELEASED, payment.id, lines)
    payment = save(unit, before, payment, f"released {why}")
    unit.count("escrow_released_total", payment.method)
    shown = {
        "releasedAmount": amount_text(parts.amount),
        "agencyAmount": amount_text(parts.agency),
        "caregiverAmount": amount_text(parts.caregiver),
    }
    tell(unit, EventType.ESCROW_RELEASED, payment, **shown)
    return payment


def released_shares(payment: EscrowPayment) -> tuple[int, int, int, int]:
    """Amount, fee, agency and caregiver of what was released."""
    return split(payment.book.released or 0, payment.book.rates)
