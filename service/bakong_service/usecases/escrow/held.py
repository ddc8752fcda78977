"""What every change of an escrow payment goes through: its row is held, its ledger written, its events told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bakong_contracts.webhooks import EventType
from bakong_service.domain.escrow import EscrowPayment, EscrowRefund, EscrowRules, Fact, Posting, party_of
from bakong_service.domain.escrow_book import Entry
from bakong_service.domain.escrow_numbers import CURRENCY, amount_text, short_iso
from bakong_service.ports import Records
from bakong_service.usecases.unit_of_work import UnitOfWork


def hold(records: Records, payment_id: str) -> EscrowPayment:
    """The payment, held until the transaction ends. Raises LookupError for one that is not there."""
    payment = records.escrow_payment(payment_id, held=True)
    if payment is None:
        raise LookupError(f"escrow payment {payment_id} is not there")
    return payment


def hold_with_job(records: Records, payment_id: str) -> EscrowPayment:
    """As hold, its job held before it: everybody who needs both takes them in this order."""
    known = records.escrow_payment(payment_id)
    if known is not None:
        records.job_by_id(known.job_id, held=True)
    return hold(records, payment_id)


def save(unit: UnitOfWork, before: EscrowPayment, after: EscrowPayment, why: str) -> EscrowPayment:
    """Store a payment that has changed, with its audit row."""
    stored = replace(after, updated_ms=unit.at_ms)
    unit.records.change_escrow_payment(stored)
    was, now = _audited(before), _audited(stored)
    if was != now:
        unit.audit("escrow.status", f"escrow/{stored.id}", was, now | {"why": why})
    return stored


def book(unit: UnitOfWork, payment: EscrowPayment, fact: Fact, subject: str, lines: Entry) -> EscrowPayment:
    """Add an entry to the payment's ledger; the payment as it is to be stored. Raises LookupError for a fact twice."""
    number = payment.entries + 1
    postings = [
        Posting(
            payment.id,
            number,
            at,
            fact.value,
            subject,
            line.account,
            payment.method,
            party_of(line.account, payment),
            line.amount,
            unit.at_ms,
        )
        for at, line in enumerate(lines, 1)
    ]
    if not unit.records.add_entry_of_escrow(postings):
        raise LookupError(f"{fact.value} of {subject} was booked before")
    return replace(payment, entries=number)


def tell(unit: UnitOfWork, event: EventType, payment: EscrowPayment, **more: Any) -> None:
    """Put an event about the payment into the outbox."""
    unit.notify(event, facts(payment) | more, None)


def tell_refund(unit: UnitOfWork, event: EventType, payment: EscrowPayment, refund: EscrowRefund) -> None:
    shown = {
        "refundId": refund.id,
        "refundAmount": amount_text(refund.amount),
        "refundStatus": refund.status.value,
        "reason": refund.reason,
        "providerRefundId": refund.provider_refund_id,
    }
    tell(unit, event, payment, **shown)


def facts(payment: EscrowPayment) -> dict[str, Any]:
    """What the main backend is told of an escrow payment: amounts are texts."""
    shares = payment.book.shares
    return {
        "paymentId": payment.id,
        "jobId": payment.job_id,
        "userId": payment.payer_id,
        "method": payment.method,
        "amount": amount_text(payment.book.amount),
        "currency": CURRENCY,
        "status": payment.shown_status,
        "failureReason": None if payment.failure is None else payment.failure.value,
        "late": payment.late,
        "gatewayTransactionId": payment.gateway_id,
        "paidAt": None if payment.paid_ms is None else short_iso(payment.paid_ms),
        "escrowId": payment.escrow_id,
        "escrowStatus": payment.book.escrow.value,
        "platformFee": amount_text(shares.fee),
        "netAmount": amount_text(shares.net),
    }


def rules_of(unit: UnitOfWork) -> EscrowRules:
    return unit.core.escrow


def _audited(payment: EscrowPayment) -> dict[str, Any]:
    return {
        "status": payment.state.value,
        "escrow": payment.book.escrow.value,
        "refunded": amount_text(payment.book.refunded),
        "processing": amount_text(payment.book.processing),
        "review": payment.review,
    }


Change = Callable[[UnitOfWork, EscrowPayment], EscrowPayment]
