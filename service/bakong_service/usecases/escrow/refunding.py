"""Refunds: a part is reserved in the transaction of its row; the worker has the provider give it back after the commit.

Of one payment the provider is asked for one refund at a time, so that what it shows can be told apart. One whose answer
was lost is looked for before it is asked for again. A worker takes one at a time: those that waited behind a slow one
would be another's by their turn, and be given back twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bakong_contracts.webhooks import EventType
from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow import (
    MOST_REFUNDS,
    SURPLUS_FAILED,
    UNSETTLED,
    EscrowPayment,
    EscrowRefund,
    Fact,
    RefundKind,
    RefundState,
)
from bakong_service.domain.escrow_book import (
    EscrowState,
    PaymentState,
    Rules,
    complete_refund,
    fail_refund,
    open_refund,
    refund_completed,
    surplus_failed,
    surplus_opened,
)
from bakong_service.domain.escrow_hold import is_due
from bakong_service.domain.escrow_numbers import CURRENCY, REFUND_REVIEW_MS, next_refund_ms
from bakong_service.domain.escrow_roles import Actor
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, Payment, Refunded, Report
from bakong_service.ports import Provider
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.held import book, hold, rules_of, save, tell, tell_refund
from bakong_service.usecases.escrow.releasing import let_go
from bakong_service.usecases.escrow.seeing import visible
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

LEASE_MS = 600_000  # longer than all calls of one refund, each as late as a provider may be: else two would ask
FINAL = ("refused", "declined")  # why no repeat would bring another answer


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an admin asks for; amount in poisha, None: all that is available."""

    reason: str
    amount: int | None = None
    notes: str | None = None


def request_refund(unit: UnitOfWork, actor: Actor, payment_id: str, wanted: Wanted) -> EscrowRefund:
    """A refund that is PROCESSING, its part reserved. Raises EscrowError, ForbiddenError."""
    visible(unit.records, actor, payment_id, needs=rules_of(unit).refund_roles)
    payment = hold(unit.records, payment_id)
    return begin_refund(unit, payment, wanted.amount, wanted.reason, actor.user_id, notes=wanted.notes)


def begin_refund(
    unit: UnitOfWork,
    before: EscrowPayment,
    amount: int | None,
    reason: str,
    by: str,
    *,
    notes: str | None = None,
    kind: RefundKind = RefundKind.REQUEST,
) -> EscrowRefund:
    """Reserve and book it; of a payment that is held. Raises EscrowError."""
    rules = Rules(MOST_REFUNDS.get(before.method), rules_of(unit).clawback)
    changed, part, lines = open_refund(before.book, amount, rules)
    if before.attempt_id is None:
        raise LookupError(f"escrow payment {before.id} was captured by no attempt")
    refund = _draft(unit, before, before.attempt_id, kind, part, reason, by, notes)
    payment = book(unit, before.with_book(changed), Fact.OPENED, refund.id, lines)
    payment = save(unit, before, payment, f"refund {refund.id}")
    _begun(unit, payment, refund)
    return refund


def give_back_surplus(unit: UnitOfWork, before: EscrowPayment, attempted: Payment) -> EscrowRefund:
    """All of a second capture goes back; it is no part of the payment's own money."""
    part = attempted.money.minor
    refund = _draft(unit, before, attempted.id, RefundKind.SURPLUS, part, "SURPLUS", "system", None)
    payment = book(unit, before, Fact.OPENED, refund.id, surplus_opened(part))
    payment = save(unit, before, payment, f"surplus refund {refund.id}")
    _begun(unit, payment, refund)
    return refund


def _draft(
    unit: UnitOfWork,
    payment: EscrowPayment,
    attempt_id: str,
    kind: RefundKind,
    amount: int,
    reason: str,
    by: str,
    notes: str | None,
) -> EscrowRefund:
    is_first = not any(one.status is RefundState.PROCESSING for one in unit.records.escrow_refunds_of(payment.id))
    return EscrowRefund(
        id="ref_" + unit.core.ids.new_id().replace("-", ""),
        payment_id=payment.id,
        attempt_id=attempt_id,
        kind=kind,
        amount=amount,
        status=RefundState.PROCESSING,
        reason=reason,
        initiated_by=by,
        notes=notes,
        next_try_ms=unit.at_ms if is_first else None,
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
    )


def _begun(unit: UnitOfWork, payment: EscrowPayment, refund: EscrowRefund) -> None:
    unit.records.add_escrow_refund(refund)
    shown = {"amount": refund.amount, "reason": refund.reason, "kind": refund.kind.value}
    unit.audit("escrow.refund", f"refund/{refund.id}", None, shown | {"paymentId": payment.id})
    unit.count("refunds_total", payment.method, "requested")
    tell_refund(unit, EventType.REFUND_PROCESSING, payment, refund)


async def give_due(core: Core) -> None:
    """Have providers give back every refund that is due, and look for those whose answer was lost."""
    while not core.stopping:
        due = await transact(core, lambda unit: unit.records.lease_escrow_refunds(unit.at_ms, unit.at_ms + LEASE_MS, 1))
        if not due:
            return
        report = await _ask(core, due[0])
        await transact(core, lambda unit, refund=due[0], report=report: settle(unit, refund.id, report))  # type: ignore[misc]


async def _ask(core: Core, refund: EscrowRefund) -> Report:
    """What the provider says of a refund, once it was looked for or asked for. Never raises."""
    attempted = await core.store.read(lambda records: records.payment_by_id(refund.attempt_id))
    provider = None if attempted is None else core.providers.get(attempted.provider)
    if attempted is None or provider is None or provider.refund is None:
        return NoAnswer("unreachable", "no provider that gives anything back is configured")
    if refund.tries > 1:
        seen = await _look(core, provider, attempted, refund)
        if seen is not None:
            return seen
    if provider.know_refunds is not None:
        ours = await core.store.read(lambda records: records.escrow_refunds_of(refund.payment_id))
        booked = [one.provider_refund_id for one in ours if one.attempt_id == refund.attempt_id]
        provider.know_refunds(attempted.reference, [name for name in booked if name])
    return await provider.refund(attempted.reference, Money(refund.amount, CURRENCY), refund.id)


async def _look(core: Core, provider: Provider, attempted: Payment, refund: EscrowRefund) -> Report | None:
    """Our refund among those that the provider has made; None where it is not there, and has to be asked for again.

    A provider that lists none has to know the refund by its key: see bakong_service.ports.ChangeMoney.
    """
    if provider.list_refunds is None:
        return None
    listed = await provider.list_refunds(attempted.reference)
    if isinstance(listed, NoAnswer):
        return listed
    ours = await core.store.read(lambda records: records.escrow_refunds_of(refund.payment_id))
    known = {one.provider_refund_id for one in ours if one.attempt_id == refund.attempt_id}
    return find(listed, known, refund.amount)


def find(listed: Sequence[Refunded], known: set[str | None], amount: int) -> Refunded | None:
    """The refund that is none of the known ones, and of this amount."""
    return next((one for one in listed if one.hash[:128] not in known and one.money == Money(amount, CURRENCY)), None)


def settle(unit: UnitOfWork, refund_id: str, report: Report) -> EscrowRefund:
    """The refund after an answer; of many that come, one decides."""
    named = unit.records.escrow_refund(refund_id)
    if named is None:
        raise LookupError(f"refund {refund_id} is not there")
    payment = hold(unit.records, named.payment_id)
    held = unit.records.escrow_refund(refund_id) or named
    if held.status is not RefundState.PROCESSING:
        return held
    if isinstance(report, Refunded):
        return _end(unit, payment, held, RefundState.COMPLETED, report.hash[:128], None, report.charge_minor)
    if isinstance(report, Failed):
        return _end(unit, payment, held, RefundState.FAILED, None, "refused")
    if isinstance(report, NoAnswer) and report.why in FINAL:
        return _end(unit, payment, held, RefundState.FAILED, None, f"{report.why} {report.detail}".strip())
    return _wait(unit, held)


def _wait(unit: UnitOfWork, held: EscrowRefund) -> EscrowRefund:
    """Nobody knows yet: it is asked about again, and after 7 days a person has to look."""
    review_ms = held.created_ms + REFUND_REVIEW_MS
    is_overdue = unit.at_ms >= review_ms
    next_ms = next_refund_ms(held.created_ms, unit.at_ms)
    waiting = replace(
        held,
        next_try_ms=next_ms if is_overdue else min(next_ms, review_ms),
        updated_ms=unit.at_ms,
        review=UNSETTLED if is_overdue else held.review,
    )
    if waiting.review and not held.review:
        unit.audit("escrow.review", f"refund/{held.id}", None, {"review": waiting.review})
        unit.count("escrow_reviews_total", waiting.review)
    unit.records.change_escrow_refund(waiting)
    return waiting


def _end(
    unit: UnitOfWork,
    before: EscrowPayment,
    held: EscrowRefund,
    status: RefundState,
    provider_id: str | None,
    failure: str | None,
    charge: int = 0,
) -> EscrowRefund:
    is_completed = status is RefundState.COMPLETED
    refund = replace(
        held,
        status=status,
        provider_refund_id=provider_id,
        failure=None if failure is None else failure[:200],
        next_try_ms=None,
        review=SURPLUS_FAILED if held.kind is RefundKind.SURPLUS and not is_completed else None,
        completed_ms=unit.at_ms if is_completed else None,
        updated_ms=unit.at_ms,
    )
    unit.records.change_escrow_refund(refund)
    payment = _booked(unit, before, refund, charge)
    unit.audit("escrow.refund", f"refund/{refund.id}", {"status": held.status.value}, {"status": status.value})
    unit.count("refunds_total", payment.method, status.value.lower())
    tell_refund(unit, EventType.REFUND_COMPLETED if is_completed else EventType.REFUND_FAILED, payment, refund)
    if before.book.escrow is EscrowState.HELD and payment.book.escrow is EscrowState.REFUNDED:
        tell(unit, EventType.ESCROW_REFUNDED, payment)
    _promote(unit, payment)
    if is_due(payment.release_ms, payment.book.escrow, payment.book.processing, unit.at_ms):
        let_go(unit, payment, "48 hours after the job, once its refund was settled")
    return refund


def _booked(unit: UnitOfWork, before: EscrowPayment, refund: EscrowRefund, charge: int) -> EscrowPayment:
    is_completed = refund.status is RefundState.COMPLETED
    if refund.kind is RefundKind.SURPLUS:
        lines = refund_completed(refund.amount, charge) if is_completed else surplus_failed(refund.amount)
        changed = before.book
    elif is_completed:
        changed, lines = complete_refund(before.book, refund.amount, charge)
    else:
        changed, lines = fail_refund(before.book, refund.amount)
    after = before.with_book(changed)
    if changed.payment is PaymentState.REFUNDED:
        after = replace(after, holds_job=False, release_ms=None)
    entered = book(unit, after, Fact.SETTLED, refund.id, lines)
    return save(unit, before, entered, f"refund {refund.id} is {refund.status.value}")


def _promote(unit: UnitOfWork, payment: EscrowPayment) -> None:
    """The next refund of the payment has its turn."""
    waiting = [one for one in unit.records.escrow_refunds_of(payment.id) if one.status is RefundState.PROCESSING]
    if waiting and all(one.next_try_ms is None for one in waiting):
        unit.records.change_escrow_refund(replace(waiting[0], next_try_ms=unit.at_ms))
        unit.notified = True  # the worker is to look


def refuse_unless_positive(amount: int | None) -> int:
    """The poisha of an amount that was read. Raises EscrowError."""
    if amount is None:
        raise EscrowError("invalid_amount", "expected digits with at most two decimals, above 0", "amount")
    return amount
