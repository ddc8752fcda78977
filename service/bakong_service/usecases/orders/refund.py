"""Refunds: an amount is reserved under the order's lock, then the provider is asked, by the refund's id as its key."""

from dataclasses import dataclass, replace

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import InFlightError, ShopError, ShopInvalidError
from bakong_service.domain.money import Money
from bakong_service.domain.orders import Order, OrderPayment
from bakong_service.domain.payments import Failed, NoAnswer, Payment, Refunded, Report
from bakong_service.domain.refunds import (
    AGAIN_MS,
    LEASE_MS,
    Refund,
    RefundStatus,
    Remaining,
    Terms,
    Wish,
    after,
    replayed,
)
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.orders.making import FINAL
from bakong_service.usecases.orders.outcome import new_refund_id, requested
from bakong_service.usecases.orders.refunds_seen import end
from bakong_service.usecases.unit_of_work import UnitOfWork, transact


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller wants back, and why. key: of an Idempotency-Key, so that a repeat finds what it has begun."""

    wish: Wish
    reason: str | None = None
    note: str | None = None
    key: str | None = None


async def refund(core: Core, commit: Commit, owner: str, payment_id: str, asked: Asked) -> Refund:
    """A refund, completed, failed, or pending while that is not known. Raises ShopError, ShopInvalidError."""
    reserved = await transact(core, lambda unit: _reserve(unit, owner, payment_id, asked))
    if reserved.status is not RefundStatus.PENDING:
        return await commit(lambda _unit: reserved)
    core.wake()  # whatever becomes of this call, the worker asks again when the refund falls due
    report = await _ask(core, reserved)
    return await commit(lambda unit: _apply(unit, reserved, report))


async def give_due(core: Core) -> None:
    """Ask again about every refund of an unknown outcome that is due, each taken when its turn has come."""
    while due := await transact(core, lambda unit: unit.records.lease_refunds(unit.at_ms, unit.at_ms + LEASE_MS, 1)):
        report = await _ask(core, due[0])
        await transact(core, lambda unit, one=due[0], report=report: _apply(unit, one, report))  # type: ignore[misc]


def _reserve(unit: UnitOfWork, owner: str, payment_id: str, asked: Asked) -> Refund:
    refund_id = new_refund_id(unit) if asked.key is None else f"ref_{asked.key[:32]}"
    made, order, payment = find_paid(unit, owner, payment_id)
    if asked.key is not None and (begun := unit.records.refund_by_id(refund_id)) is not None:
        return _resumed(unit, begun)
    money = _worth(unit, order, payment, asked.wish)
    made_refund = Refund(
        id=refund_id,
        payment_id=payment.id,
        order_id=order.id,
        merchant_id=owner,
        money=money,
        wish=asked.wish,
        status=RefundStatus.PENDING,
        reason=asked.reason,
        note=asked.note,
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
        next_try_ms=unit.at_ms + LEASE_MS,
    )
    unit.records.add_refund(made_refund)
    requested(unit, made_refund, made, payment)
    shown = {"paymentId": payment.id, "amount": money.decimals, "currency": money.currency, "reason": asked.reason}
    unit.audit("refund.request", f"refund/{refund_id}", None, shown)
    unit.count("refunds_total", made.method, "requested")
    return made_refund


def _resumed(unit: UnitOfWork, begun: Refund) -> Refund:
    """What an earlier request with this key has begun; ours to ask about now, where it is pending.

    Raises InFlightError while somebody asks: a provider that knows no keys would give it back twice.
    """
    if begun.status is not RefundStatus.PENDING:
        return begun
    if begun.next_try_ms is not None and begun.next_try_ms > unit.at_ms:
        raise InFlightError("the first request with this Idempotency-Key is not yet answered")
    ours = replace(begun, next_try_ms=unit.at_ms + LEASE_MS, updated_ms=unit.at_ms)
    unit.records.change_refund(ours, RefundStatus.PENDING)
    return ours


def find_paid(unit: UnitOfWork, owner: str, payment_id: str) -> tuple[OrderPayment, Order, Payment]:
    """A merchant's payment that can be given back, with its order held. Raises ShopError."""
    made = unit.records.order_payment(payment_id)
    order = None if made is None else unit.records.order_by_id(made.order_id, held=True)
    payment = unit.records.payment_by_id(payment_id)
    if made is None or order is None or payment is None or made.merchant_id != owner:
        raise ShopError("payment_not_found", f"no payment has the id {payment_id}")
    if payment.status is not PaymentStatus.PAID:
        raise ShopError("payment_not_refundable", f"the payment {payment_id} is not completed")
    if made.disputed:
        raise ShopError("payment_disputed", f"the payment {payment_id} is disputed")
    provider = unit.core.providers.get(payment.provider)
    if provider is None or provider.refund is None:
        raise ShopError("payment_not_refundable", f"{payment.provider} gives nothing back by its interface")
    return made, order, payment


def _worth(unit: UnitOfWork, order: Order, payment: Payment, wish: Wish) -> Money:
    """What a wish comes to, after all that was given back or is on its way. Raises ShopError, ShopInvalidError."""
    if order.is_plain and wish.lines:
        raise ShopInvalidError("validation_failed", "lines", "the order has no lines; expected an amount")
    if any(not 0 <= one.line < len(order.items) for one in wish.lines):
        raise ShopInvalidError("validation_failed", "lines", f"the order has {len(order.items)} lines, from 0 on")
    others = [
        one
        for one in unit.records.refunds_of(order.id)
        if one.payment_id == payment.id and one.status is not RefundStatus.FAILED
    ]
    terms = Terms(order.buyer.is_company, order.long_contract)
    before = replayed([item.line for item in order.items], others, payment.money.minor, terms)
    if before.payable_minor <= 0:
        raise ShopError("refund_exceeds_balance", f"nothing is left of the payment {payment.id}")
    try:
        left: Remaining = after(before, wish, terms)
    except ShopInvalidError as error:
        if error.code == "refund_exceeds_balance":
            raise ShopError(error.code, str(error)) from None
        raise
    return Money(before.payable_minor - left.payable_minor, payment.money.currency)


async def _ask(core: Core, one: Refund) -> Report:
    """The provider's answer about giving it back. Never raises."""
    payment = await core.store.read(lambda records: records.payment_by_id(one.payment_id))
    provider = None if payment is None else core.providers.get(payment.provider)
    if payment is None or provider is None or provider.refund is None:
        return NoAnswer("unreachable", "no such provider is configured")
    if provider.know_refunds is not None:
        ours = await core.store.read(lambda records: records.refunds_of(one.order_id))
        booked = [other.provider_reference for other in ours if other.payment_id == payment.id]
        provider.know_refunds(payment.reference, [name for name in booked if name])
    return await provider.refund(payment.reference, one.money, one.id)


def _apply(unit: UnitOfWork, asked: Refund, report: Report) -> Refund:
    """The refund after an answer; of many that come, one decides. Its order is held first, as everywhere."""
    order = unit.records.order_by_id(asked.order_id, held=True)
    made = unit.records.order_payment(asked.payment_id)
    held = unit.records.refund_by_id(asked.id)
    if held is None or made is None or order is None:
        raise LookupError(f"refund {asked.id} is not there")
    if held.status is not RefundStatus.PENDING:
        return held
    if isinstance(report, Refunded):
        return end(unit, held, report, (made, order))
    if isinstance(report, Failed) or (isinstance(report, NoAnswer) and report.why in FINAL):
        return end(unit, held, None, (made, order))
    waiting = replace(held, next_try_ms=unit.at_ms + AGAIN_MS, updated_ms=unit.at_ms)
    unit.records.change_refund(waiting, RefundStatus.PENDING)
    return waiting
