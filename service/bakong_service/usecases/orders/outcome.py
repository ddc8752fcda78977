"""What becomes of an order when one of its payments is paid, ends, or does not match; in the payment's transaction."""

from dataclasses import replace
from typing import Any

from bakong_contracts.service_api import PaymentStatus
from bakong_contracts.webhooks import EventType
from bakong_service.domain.events import iso
from bakong_service.domain.fees import FeeRule, fee
from bakong_service.domain.money import Money
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import LatePolicy, Order, OrderPayment, OrderStatus
from bakong_service.domain.payments import Failed, NotFound, Payment, Refunded
from bakong_service.domain.refunds import Refund, RefundStatus, Wish
from bakong_service.domain.transactions import Transaction, TransactionType
from bakong_service.usecases.orders.day import enter_payment, enter_refund
from bakong_service.usecases.unit_of_work import UnitOfWork

DUPLICATE = "duplicate_payment"  # a payment's flag: the order was paid by another one
_EVENTS = {
    PaymentStatus.FAILED: EventType.PAYMENT_FAILED,
    PaymentStatus.EXPIRED: EventType.PAYMENT_EXPIRED,
    PaymentStatus.TIMEOUT: EventType.PAYMENT_TIMEOUT,
}
_HAPPENED = {
    PaymentStatus.FAILED: OrderEventType.PAYMENT_FAILED,
    PaymentStatus.EXPIRED: OrderEventType.PAYMENT_EXPIRED,
    PaymentStatus.CANCELLED: OrderEventType.PAYMENT_CANCELLED,
}
_UNPAID = (OrderStatus.OPEN, OrderStatus.AWAITING_PAYMENT, OrderStatus.CANCELLED)


def paid(unit: UnitOfWork, payment: Payment) -> str | None:
    """Enter what was captured, and pay the order with it; the payment's flag where the order was paid before."""
    made, order = bound_to(unit, payment)
    rule = FeeRule(made.percentage, made.fixed_minor, made.fee_vat_rate)
    at_ms = unit.at_ms if payment.paid_ms is None else payment.paid_ms
    cost = fee(payment.money.minor, rule)
    enter_payment(unit, made, payment.money, cost, at_ms)
    unit.records.change_transaction(payment.id, status="completed", fee_minor=cost.fee_minor)
    unit.count("payments_total", payment.provider, made.method, "completed")
    event = EventType.PAYMENT_LATE if payment.late else EventType.PAYMENT_COMPLETED
    shown = facts(order, made, payment)
    unit.notify(event, shown, None)
    is_second = _is_paid_by_another(unit, order, payment)
    kind = OrderEventType.PAYMENT_DUPLICATE if is_second else OrderEventType.PAYMENT_COMPLETED
    unit.happened(kind, order.id, payment.id, shown)
    if payment.late:
        unit.happened(OrderEventType.PAYMENT_LATE, order.id, payment.id, shown)
    if is_second:
        _give_back(unit, made, payment)
        return DUPLICATE
    _close_other(unit, order, payment)
    _settle_order(unit, order, made, payment)
    return None


def _close_other(unit: UnitOfWork, order: Order, payment: Payment) -> None:
    """Have the payment closed that the order waits for, where another has paid it."""
    other = None if order.payment_id in (None, payment.id) else unit.records.order_payment(order.payment_id or "")
    if other is not None and order.status is OrderStatus.AWAITING_PAYMENT:
        unit.records.change_order_payment(replace(other, close_ms=unit.at_ms))


def _settle_order(unit: UnitOfWork, order: Order, made: OrderPayment, payment: Payment) -> None:
    policy = unit.core.shop.late_payment if payment.late else LatePolicy.ACCEPT
    is_given_back = policy is LatePolicy.REFUND and _give_back(unit, made, payment)
    accepted = policy is LatePolicy.ACCEPT or is_given_back
    status = OrderStatus.PAID if accepted else OrderStatus.NEEDS_REVIEW
    move_order(unit, order, status, payment.id, f"paid by {payment.id}{', late' if payment.late else ''}")


def ended(unit: UnitOfWork, payment: Payment) -> None:
    """The order is open again, where it waited for this payment."""
    made, order = bound_to(unit, payment)
    word, shown = payment.status.value.lower(), facts(order, made, payment)
    unit.count("payments_total", payment.provider, made.method, word)
    if payment.status in _EVENTS:
        unit.notify(_EVENTS[payment.status], shown, None)
    if payment.status in _HAPPENED:
        unit.records.change_transaction(payment.id, status=word)
        unit.happened(_HAPPENED[payment.status], order.id, payment.id, shown)
    if _stays_open(unit, payment):
        unit.records.change_order_payment(replace(made, close_ms=unit.at_ms))
        unit.notified = True
    if payment.is_open or order.payment_id != payment.id or order.status is not OrderStatus.AWAITING_PAYMENT:
        return
    move_order(unit, order, OrderStatus.OPEN, None, f"{payment.id} is {payment.status.value.lower()}")


def unanswered(unit: UnitOfWork, payment: Payment) -> None:
    """Its provider has said nothing for too long: a person has to look, where the order waits for this payment."""
    _, order = bound_to(unit, payment)
    if order.payment_id == payment.id and order.status is OrderStatus.AWAITING_PAYMENT:
        why = f"{payment.provider} has not said what became of {payment.id}"
        move_order(unit, order, OrderStatus.NEEDS_REVIEW, payment.id, why)


def _stays_open(unit: UnitOfWork, payment: Payment) -> bool:
    """Whether a payment that has ended here may still be paid at a provider that can close it."""
    provider = unit.core.providers.get(payment.provider)
    if provider is None or provider.cancel is None or not payment.reference:
        return False
    is_ours = payment.status in (PaymentStatus.EXPIRED, PaymentStatus.CANCELLED)
    return is_ours or (payment.status is PaymentStatus.FAILED and unit.core.shop.fail_on_decline)


def mismatched(unit: UnitOfWork, payment: Payment, verdict: str) -> None:
    """Somebody has paid what does not fit: a person has to look, and nothing is completed."""
    made, order = bound_to(unit, payment)
    unit.records.change_transaction(payment.id, status="needs_review")
    shown = facts(order, made, payment) | {"verdict": verdict}
    unit.happened(OrderEventType.PAYMENT_AMOUNT_MISMATCH, order.id, payment.id, shown)
    if order.status in _UNPAID:
        move_order(unit, order, OrderStatus.NEEDS_REVIEW, payment.id, f"{payment.id}: {verdict}")


def declined(unit: UnitOfWork, payment: Payment, report: NotFound | Failed) -> bool:
    """Keep why the payer's last try failed, once; whether that ends the payment."""
    code, message = (report.declined, report.message) if isinstance(report, NotFound) else (report.why, report.message)
    if not code or not payment.is_open:
        return False
    made, order = bound_to(unit, payment)
    code = code[:64]
    if made.failure_code != code:
        unit.records.change_order_payment(replace(made, failure_code=code, failure_message=message[:200] or None))
        shown = facts(order, made, payment) | {"failureCode": code}
        unit.happened(OrderEventType.PAYMENT_ATTEMPT_FAILED, order.id, payment.id, shown)
        unit.audit("payment.attempt_failed", f"payment/{payment.id}", None, {"failureCode": code})
    return unit.core.shop.fail_on_decline


def disputed(unit: UnitOfWork, payment: Payment, word: str) -> None:
    """The payer's bank disputes the payment, or has decided: no refund meanwhile, and a person has to look."""
    made, order = bound_to(unit, payment)
    if word == made.dispute or (made.dispute in ("won", "lost") and word == "open"):
        return
    unit.records.change_order_payment(replace(made, dispute=word))
    unit.happened(
        OrderEventType.PAYMENT_DISPUTED, order.id, payment.id, facts(order, made, payment) | {"dispute": word}
    )
    unit.audit("payment.dispute", f"payment/{payment.id}", {"dispute": made.dispute}, {"dispute": word})
    dispute_id = "dsp_" + payment.id.removeprefix("pay_")
    if not unit.records.add_transaction(
        entered(unit, dispute_id, TransactionType.DISPUTE, made, payment, payment.money, word)
    ):
        unit.records.change_transaction(dispute_id, status=word)
    if order.payment_id != payment.id:
        return
    if word != "won" and order.status is OrderStatus.PAID:
        move_order(unit, order, OrderStatus.NEEDS_REVIEW, payment.id, f"{payment.id}: dispute {word}")
    elif word == "won" and order.status is OrderStatus.NEEDS_REVIEW:
        waits = payment.late and unit.core.shop.late_payment is LatePolicy.REVIEW
        if not waits:
            move_order(unit, order, OrderStatus.PAID, payment.id, f"{payment.id}: dispute won")


def entered(
    unit: UnitOfWork,
    transaction_id: str,
    kind: TransactionType,
    made: OrderPayment,
    payment: Payment,
    money: Money,
    status: str,
) -> Transaction:
    """A row for the list of transactions, begun by whoever asks now."""
    return Transaction(
        id=transaction_id,
        type=kind,
        payment_id=payment.id,
        order_id=made.order_id,
        merchant_id=made.merchant_id,
        money=money,
        status=status,
        provider=payment.provider,
        created_ms=unit.at_ms,
        actor=unit.by.actor,
        request_id=unit.by.request_id or "",
    )


def refunded_elsewhere(unit: UnitOfWork, payment: Payment, report: Refunded) -> None:
    """The provider gave money back without being asked by us: a refund like any other, as far as there is a balance."""
    made, order = bound_to(unit, payment)
    reserved = sum(
        one.money.minor
        for one in unit.records.refunds_of(order.id)
        if one.payment_id == payment.id and one.status is not RefundStatus.FAILED
    )
    left_minor = payment.money.minor - reserved
    wanted_minor = left_minor if report.money is None else report.money.minor
    minor = min(wanted_minor, left_minor)
    if minor <= 0 or payment.status is not PaymentStatus.PAID:
        return
    refund = Refund(
        id=new_refund_id(unit),
        payment_id=payment.id,
        order_id=order.id,
        merchant_id=order.merchant_id,
        money=Money(minor, payment.money.currency),
        wish=Wish(amount_minor=minor),
        status=RefundStatus.COMPLETED,
        reason="external",
        provider_reference=report.hash[:128],
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
    )
    unit.records.add_refund(refund)
    unit.records.add_transaction(
        entered(unit, refund.id, TransactionType.REFUND, made, payment, refund.money, "completed")
    )
    unit.audit("refund.external", f"refund/{refund.id}", None, {"amount": refund.money.decimals})
    completed(unit, refund, order, made)


def completed(unit: UnitOfWork, refund: Refund, order: Order, made: OrderPayment) -> None:
    """Money went back: enter it, and count it to the order that the payment has paid."""
    enter_refund(unit, made, refund.id, refund.money)
    unit.count("refunds_total", made.method, refund.status.value)
    unit.records.change_transaction(refund.id, status="completed", provider_id=refund.provider_reference)
    unit.happened(OrderEventType.REFUND_COMPLETED, order.id, refund.payment_id, refund_facts(refund))
    if order.payment_id == refund.payment_id:
        unit.records.change_order(
            replace(order, refunded_minor=order.refunded_minor + refund.money.minor, updated_ms=unit.at_ms)
        )


def refund_facts(refund: Refund) -> dict[str, Any]:
    """What is told of a refund."""
    return {
        "refundId": refund.id,
        "paymentId": refund.payment_id,
        "orderId": refund.order_id,
        "merchantId": refund.merchant_id,
        "amount": refund.money.decimals,
        "currency": refund.money.currency,
        "status": refund.status.value,
    }


def move_order(unit: UnitOfWork, order: Order, status: OrderStatus, payment_id: str | None, why: str) -> Order:
    """The order in another state, stored and audited."""
    after = replace(order, status=status, payment_id=payment_id, updated_ms=unit.at_ms)
    unit.records.change_order(after)
    shown = {"status": status.value, "paymentId": payment_id, "why": why}
    unit.audit("order.status", f"order/{order.id}", {"status": order.status.value}, shown)
    return after


def facts(order: Order, made: OrderPayment, payment: Payment) -> dict[str, Any]:
    """What the main backend is told of an order's payment."""
    return {
        "paymentId": payment.id,
        "orderId": order.id,
        "reference": order.reference,
        "merchantId": order.merchant_id,
        "method": made.method,
        "amount": payment.money.decimals,
        "currency": payment.money.currency,
        "status": payment.status.value,
        "late": payment.late,
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
    }


def new_refund_id(unit: UnitOfWork) -> str:
    return "ref_" + unit.core.ids.new_id().replace("-", "")


def _give_back(unit: UnitOfWork, made: OrderPayment, payment: Payment) -> bool:
    """Have the worker give all of it back, where the provider can."""
    provider = unit.core.providers.get(payment.provider)
    if provider is None or provider.refund is None:
        return False
    refund = Refund(
        id=new_refund_id(unit),
        payment_id=payment.id,
        order_id=made.order_id,
        merchant_id=made.merchant_id,
        money=payment.money,
        wish=Wish(),
        status=RefundStatus.PENDING,
        reason="duplicate",
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
        next_try_ms=unit.at_ms,
    )
    unit.records.add_refund(refund)
    requested(unit, refund, made, payment)
    unit.notified = True
    unit.audit(
        "refund.request", f"refund/{refund.id}", None, {"amount": refund.money.decimals, "paymentId": payment.id}
    )
    return True


def requested(unit: UnitOfWork, refund: Refund, made: OrderPayment, payment: Payment) -> None:
    """A refund has begun: its row in the list of transactions, and its event."""
    unit.records.add_transaction(
        entered(unit, refund.id, TransactionType.REFUND, made, payment, refund.money, refund.status.value)
    )
    unit.happened(OrderEventType.REFUND_REQUESTED, refund.order_id, payment.id, refund_facts(refund))


def _is_paid_by_another(unit: UnitOfWork, order: Order, payment: Payment) -> bool:
    decided = order.status in (OrderStatus.PAID, OrderStatus.NEEDS_REVIEW)
    if not decided or order.payment_id is None or order.payment_id == payment.id:
        return False
    other = unit.records.payment_by_id(order.payment_id)
    return other is not None and other.status is PaymentStatus.PAID


def bound_to(unit: UnitOfWork, payment: Payment) -> tuple[OrderPayment, Order]:
    """The payment's order, held. Raises LookupError: they are made in one transaction."""
    bound = unit.records.order_payment(payment.id)
    order = None if bound is None else unit.records.order_by_id(bound.order_id, held=True)
    made = unit.records.order_payment(payment.id)  # as it is now that the order is held
    if made is None or order is None:
        raise LookupError(f"payment {payment.id} has no order")
    return made, order
