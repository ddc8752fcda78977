"""The refunds that a provider shows with a payment: ours come to their end by them, others are external ones."""

from collections.abc import Sequence
from dataclasses import replace

from bakong_contracts.webhooks import EventType
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import Order, OrderPayment
from bakong_service.domain.payments import Payment, Receipt, Refunded
from bakong_service.domain.refunds import Refund, RefundStatus
from bakong_service.usecases.orders.day import enter_reversal
from bakong_service.usecases.orders.outcome import bound_to, completed, refund_facts, refunded_elsewhere
from bakong_service.usecases.unit_of_work import UnitOfWork


def see_refund(unit: UnitOfWork, payment: Payment, shown: Refunded) -> bool:
    """Bring what is stored to what the provider shows; whether it was a refund that we had not asked for, and is new.

    Where one of ours of that amount waits for its answer, and the provider names no key, it is left until that comes;
    and so it is where what ours may still give back leaves no room for it.
    """
    made, order = bound_to(unit, payment)
    theirs = [one for one in unit.records.refunds_of(order.id) if one.payment_id == payment.id]
    ours = next((one for one in theirs if _is_it(one, shown)), None)
    if ours is not None:
        _bring(unit, ours, shown, (made, order))
        return False
    waits = any(one.status is RefundStatus.PENDING and one.money == shown.money for one in theirs)
    if shown.failed or (waits and not shown.key) or _has_no_room(payment, theirs, shown):
        return False
    if not _record(unit, payment, shown):
        return False
    refunded_elsewhere(unit, payment, shown)
    return True


def _has_no_room(payment: Payment, theirs: Sequence[Refund], shown: Refunded) -> bool:
    """Whether refunds of ours that wait for their answers hold what the provider says that it gave back."""
    kept = sum(one.money.minor for one in theirs if one.status is not RefundStatus.FAILED)
    wanted = payment.money.minor if shown.money is None else shown.money.minor
    waits = any(one.status is RefundStatus.PENDING for one in theirs)
    return waits and payment.money.minor - kept < wanted


def _is_it(one: Refund, shown: Refunded) -> bool:
    return one.id == shown.key or one.provider_reference == shown.hash[:128]


def _bring(unit: UnitOfWork, ours: Refund, shown: Refunded, whose: tuple[OrderPayment, Order]) -> None:
    held = unit.records.refund_by_id(ours.id)
    if held is None:
        return
    if held.status is RefundStatus.PENDING:
        end(unit, held, shown, whose)
    elif held.status is RefundStatus.COMPLETED and shown.failed:
        _take_back(unit, held, whose)


def end(unit: UnitOfWork, held: Refund, shown: Refunded | None, whose: tuple[OrderPayment, Order]) -> Refund:
    """A pending refund, completed by what the provider shows, or failed; with all that belongs to it."""
    if shown is None or shown.failed:
        failed = _change(unit, held, RefundStatus.FAILED, None, whose[0])
        _show_again(unit, held.payment_id)
        return failed
    _record(unit, None, shown, held.payment_id)
    done = _change(unit, held, RefundStatus.COMPLETED, shown.hash[:128], whose[0])
    completed(unit, done, whose[1], whose[0])
    return done


def _show_again(unit: UnitOfWork, payment_id: str) -> None:
    """Have the provider show its refunds once more: what was left until ours came to its end may be another's."""
    payment = unit.records.payment_by_id(payment_id)
    if payment is not None and unit.records.hasten_payment(payment.provider, payment_id, unit.at_ms):
        unit.notified = True


def _change(unit: UnitOfWork, held: Refund, status: RefundStatus, reference: str | None, made: OrderPayment) -> Refund:
    done = replace(
        held,
        status=status,
        provider_reference=reference or held.provider_reference,
        next_try_ms=None,
        updated_ms=unit.at_ms,
    )
    unit.records.change_refund(done, held.status)
    unit.audit("refund.status", f"refund/{held.id}", {"status": held.status.value}, {"status": status.value})
    is_failed = status is RefundStatus.FAILED
    unit.notify(EventType.REFUND_FAILED if is_failed else EventType.REFUND_COMPLETED, refund_facts(done), None)
    if is_failed:
        unit.records.change_transaction(held.id, status=status.value)
        unit.happened(OrderEventType.REFUND_FAILED, held.order_id, held.payment_id, refund_facts(done))
        unit.count("refunds_total", made.method, status.value)
    return done


def _take_back(unit: UnitOfWork, held: Refund, whose: tuple[OrderPayment, Order]) -> None:
    """A refund that had completed has failed after all: the money is the shop's again."""
    made, order = whose
    _change(unit, held, RefundStatus.FAILED, None, made)
    enter_reversal(unit, made, held.id, held.money)
    if order.payment_id == held.payment_id:
        left = replace(order, refunded_minor=order.refunded_minor - held.money.minor, updated_ms=unit.at_ms)
        unit.records.change_order(left)


def _record(unit: UnitOfWork, payment: Payment | None, shown: Refunded, payment_id: str = "") -> bool:
    """Whether the provider has not shown it before."""
    return unit.records.add_receipt(
        Receipt(
            payment_id=payment_id if payment is None else payment.id,
            hash=shown.hash,
            verdict="refunded",
            money=shown.money,
            to_account="",
            raw=shown.raw,
            at_ms=unit.at_ms,
        )
    )
