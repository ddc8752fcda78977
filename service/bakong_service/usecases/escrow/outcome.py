"""What becomes of an escrow payment when an attempt is paid, ends, or does not match; in the attempt's transaction.

The shared machine of payments calls this, whoever asked its provider: a caller, the worker, a webhook, the reconciler.
"""

from dataclasses import replace

from bakong_contracts.service_api import PaymentStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.escrow import (
    LONG_MS,
    MISMATCH,
    Attempt,
    EscrowPayment,
    Fact,
    FailureReason,
    JobStatus,
    RefundKind,
    is_job_open,
)
from bakong_service.domain.escrow_book import PaymentState, capture, fail, surplus_captured
from bakong_service.domain.escrow_hold import release_due_ms
from bakong_service.domain.orders import LatePolicy
from bakong_service.domain.payments import Payment
from bakong_service.usecases.escrow.held import book, hold, hold_with_job, rules_of, save, tell
from bakong_service.usecases.escrow.refunding import begin_refund, give_back_surplus
from bakong_service.usecases.unit_of_work import UnitOfWork

SURPLUS = "duplicate_payment"  # an attempt's flag: its payment was captured by another one
LATE_REASON = "LATE_PAYMENT"


def paid(unit: UnitOfWork, attempted: Payment) -> str | None:
    """Hold what was captured; the attempt's flag where it is too much."""
    attempt = attempt_of(unit, attempted.id)
    payment = hold_with_job(unit.records, attempt.escrow_payment_id)
    unit.records.change_attempt(replace(attempt, captured=True, busy_ms=None))
    unit.count("payments_total", attempted.provider, payment.method, "completed")
    if payment.book.captured:
        _surplus(unit, payment, attempted)
        return SURPLUS
    _captured(unit, payment, attempt, attempted)
    return None


def _captured(unit: UnitOfWork, before: EscrowPayment, attempt: Attempt, attempted: Payment) -> None:
    has_ended = not before.is_open
    late = has_ended or _came_late(before, attempt, attempted)
    job = unit.records.job_by_id(before.job_id)
    changed, lines = capture(before.book, late=late)
    payment = replace(
        before,
        book=changed,
        attempt_id=attempted.id,
        gateway_id=attempted.hash,
        paid_ms=attempted.paid_ms,
        late=late,
        failure=None,
        processing_ms=None,
        sweep_ms=None,
        review=None,
        holds_job=False,
    )
    payment = book(unit, payment, Fact.CAPTURED, attempted.id, lines)
    is_free = before.holds_job or unit.records.escrow_payment_of_job(before.job_id) is None
    is_kept = not late or (rules_of(unit).late_payment is LatePolicy.ACCEPT and is_job_open(job) and is_free)
    if is_kept and job is not None:
        due_ms = None if job.completed_ms is None else release_due_ms(job.completed_ms)
        payment = replace(payment, holds_job=True, release_ms=due_ms)
        if job.status is JobStatus.OPEN:
            unit.records.save_job(replace(job, status=JobStatus.IN_PROGRESS, updated_ms=unit.at_ms))
    payment = save(unit, before, payment, f"paid by {attempted.id}{', late' if late else ''}")
    tell(unit, EventType.PAYMENT_LATE if late else EventType.PAYMENT_COMPLETED, payment)
    tell(unit, EventType.ESCROW_HELD, payment)
    if not is_kept:
        begin_refund(unit, payment, None, LATE_REASON, "system", kind=RefundKind.LATE)


def _came_late(payment: EscrowPayment, attempt: Attempt, attempted: Payment) -> bool:
    """Whether the money moved after the payment's time, by the provider's clock; an execute was sent before it."""
    moved_ms = attempted.paid_ms
    return not attempt.executes and moved_ms is not None and moved_ms >= payment.expires_ms


def _surplus(unit: UnitOfWork, payment: EscrowPayment, attempted: Payment) -> None:
    """Captured twice: what is nobody's goes back in full, as soon as may be."""
    entered = book(unit, payment, Fact.CAPTURED, attempted.id, surplus_captured(attempted.money.minor))
    kept = save(unit, payment, entered, f"paid again by {attempted.id}")
    give_back_surplus(unit, kept, attempted)


def ended(unit: UnitOfWork, attempted: Payment) -> None:
    """An attempt that failed or whose time passed: the payment waits for another, until its own time has passed.

    Where the provider was asked to move the money, its refusal is the payment's end.
    """
    attempt = attempt_of(unit, attempted.id)
    payment = hold(unit.records, attempt.escrow_payment_id)
    is_expired = attempted.status is PaymentStatus.EXPIRED
    reason = attempt.ended or (FailureReason.EXPIRED if is_expired else FailureReason.DECLINED)
    unit.records.change_attempt(replace(attempt, ended=reason, busy_ms=None))
    unit.count("payments_total", attempted.provider, payment.method, attempted.status.value.lower())
    if payment.attempt_id != attempt.payment_id or not payment.is_open:
        return
    if payment.state is PaymentState.PROCESSING and not is_expired:
        end(unit, payment, PaymentState.FAILED, reason)
    elif unit.at_ms >= payment.expires_ms:
        state = PaymentState.EXPIRED if payment.state is PaymentState.PENDING else PaymentState.FAILED
        end(unit, payment, state, FailureReason.EXPIRED)


def end(unit: UnitOfWork, before: EscrowPayment, state: PaymentState, reason: FailureReason) -> EscrowPayment:
    """The payment failed or expired, its escrow void, its job free for another."""
    payment = replace(
        before,
        book=fail(before.book, state),
        failure=reason,
        holds_job=False,
        processing_ms=None,
        sweep_ms=None,
        release_ms=None,
    )
    payment = save(unit, before, payment, reason.value.lower())
    event = EventType.PAYMENT_EXPIRED if state is PaymentState.EXPIRED else EventType.PAYMENT_FAILED
    tell(unit, event, payment)
    return payment


def mismatched(unit: UnitOfWork, attempted: Payment, verdict: str) -> None:
    """Somebody has paid what does not fit: nothing is credited, and a person has to look."""
    attempt = attempt_of(unit, attempted.id)
    before = hold(unit.records, attempt.escrow_payment_id)
    if not before.is_open:
        if before.review is None:
            save(unit, before, replace(before, review=MISMATCH), verdict)
        return
    pending = replace(before.book, payment=PaymentState.PROCESSING)
    since_ms = before.processing_ms or unit.at_ms
    after = replace(before, book=pending, processing_ms=since_ms, sweep_ms=None, review=MISMATCH)
    unit.records.extend_payment(attempted.id, unit.at_ms + LONG_MS)
    save(unit, before, after, verdict)


def attempt_of(unit: UnitOfWork, attempted_id: str) -> Attempt:
    """Raises LookupError: they are made in one transaction."""
    attempt = unit.records.attempt(attempted_id)
    if attempt is None:
        raise LookupError(f"payment {attempted_id} is no attempt at an escrow payment")
    return attempt
