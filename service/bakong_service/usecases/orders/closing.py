"""Closing: a payment that has ended here is ended at its provider, so that nobody pays it; and taking back orders.

What the provider answers counts: where closing came too late, the payment was paid.
"""

import asyncio
from dataclasses import replace

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import ShopError
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import Order, OrderPayment, OrderStatus
from bakong_service.domain.payments import NoAnswer, NotFound, Paid, Payment, Refunded, Report
from bakong_service.domain.polling import GIVE_UP_MS
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.orders.make_order import owned
from bakong_service.usecases.orders.outcome import bound_to, move_order
from bakong_service.usecases.refresh import refresh
from bakong_service.usecases.settle import apply, move
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

AGAIN_MS = 60_000
BATCH = 10


async def close_due(core: Core) -> None:
    """Close every payment that is due to be closed at its provider."""
    while True:
        due = await transact(core, lambda unit: unit.records.lease_closings(unit.at_ms, unit.at_ms + AGAIN_MS, BATCH))
        for one in due:
            report = await _ask_to_close(core, one.payment_id)
            await transact(core, lambda unit, one=one, report=report: _closed(unit, one, report))  # type: ignore[misc]
        if len(due) < BATCH:
            return


async def _ask_to_close(core: Core, payment_id: str) -> Report:
    """What the provider says of closing it; NotFound where there is nothing to close. Never raises."""
    payment = await core.store.read(lambda records: records.payment_by_id(payment_id))
    provider = None if payment is None else core.providers.get(payment.provider)
    if payment is None or provider is None or provider.cancel is None or not payment.reference:
        return NotFound()
    if payment.status is PaymentStatus.PAID:
        return NotFound()
    return await provider.cancel(payment.reference)


def _closed(unit: UnitOfWork, one: OrderPayment, report: Report) -> Payment | None:
    """The payment after its provider's answer; where there was none, it is closed again later, for a day."""
    payment = _held(unit, one.payment_id)
    if payment is None:
        return None
    if isinstance(report, Paid | Refunded):
        payment = apply(unit, payment, report)
    is_over = unit.at_ms >= payment.expires_ms + GIVE_UP_MS
    if isinstance(report, NoAnswer) and not is_over and report.why != "refused":
        return payment
    made, _ = bound_to(unit, payment)
    unit.records.change_order_payment(replace(made, close_ms=None))
    if payment.is_open:
        payment = move(unit, payment, PaymentStatus.CANCELLED, "its order was paid by another")
        made, _ = bound_to(unit, payment)
        unit.records.change_order_payment(replace(made, close_ms=None))
    return payment


def _held(unit: UnitOfWork, payment_id: str) -> Payment | None:
    return next(iter(unit.records.payments_by_id([payment_id])), None)


async def cancel_order(core: Core, commit: Commit, owner: str, order_id: str) -> Order:
    """The order, taken back by its shop; its open payment is asked about first, and closed. Raises ShopError."""
    lock = core.checkouts.setdefault(order_id, asyncio.Lock())
    async with lock:
        order = owned(await core.store.read(lambda records: records.order_by_id(order_id)), owner, order_id)
        payment_id, report = order.payment_id, None
        if order.status is OrderStatus.AWAITING_PAYMENT and payment_id is not None:
            report = await _last_word(core, payment_id)
        return await commit(lambda unit: _cancel(unit, owner, order_id, payment_id, report))


async def _last_word(core: Core, payment_id: str) -> Report:
    """The answer to closing an open payment, once what the provider says of it is stored."""
    payment = await core.store.read(lambda records: records.payment_by_id(payment_id))
    if payment is not None:
        await refresh(core, [payment])
    return await _ask_to_close(core, payment_id)


def _cancel(unit: UnitOfWork, owner: str, order_id: str, payment_id: str | None, report: Report | None) -> Order:
    held = {one.id: one for one in unit.records.payments_by_id(_payments_of(unit, order_id))}
    payment = held.pop(payment_id or "", None)
    if payment is not None and isinstance(report, Paid | Refunded):
        payment = apply(unit, payment, report)
    order = owned(unit.records.order_by_id(order_id, held=True), owner, order_id)
    if order.status is OrderStatus.CANCELLED:
        return order
    is_waiting = order.status is OrderStatus.AWAITING_PAYMENT
    is_known = not is_waiting or (payment is not None and order.payment_id == payment.id)
    if order.status_at(unit.at_ms) not in (OrderStatus.OPEN, OrderStatus.AWAITING_PAYMENT) or not is_known:
        raise ShopError("order_not_payable", f"the order {order_id} is {order.status_at(unit.at_ms).value}")
    after = move_order(unit, order, OrderStatus.CANCELLED, order.payment_id, "cancelled by its shop")
    unit.happened(OrderEventType.ORDER_CANCELLED, order.id, None, {"status": after.status.value})
    if is_waiting and payment is not None:
        ended = move(unit, payment, PaymentStatus.CANCELLED, "its order was cancelled")
        if report is not None and not isinstance(report, NoAnswer):
            made, _ = bound_to(unit, ended)
            unit.records.change_order_payment(replace(made, close_ms=None))
    for other in held.values():
        if other.is_open:  # its time has passed, and its provider has not said what became of it
            move(unit, other, PaymentStatus.CANCELLED, "its order was cancelled")
    return after


def _payments_of(unit: UnitOfWork, order_id: str) -> list[str]:
    return [one.payment_id for one in unit.records.order_payments(order_id)]
