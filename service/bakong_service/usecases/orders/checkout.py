"""Checkout: an order gets a payment of one method. The row is written before the provider is asked.

An open payment is returned again; of two checkouts at once, in one process or in many, one makes it.
"""

import asyncio
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import ShopError, ShopInvalidError, UnavailableError
from bakong_service.domain.handoff import Code
from bakong_service.domain.methods import Method, MethodType, Offer
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import Order, OrderPayment, OrderStatus
from bakong_service.domain.payments import NoAnswer, Payment, Purpose, order_user
from bakong_service.domain.transactions import TransactionType
from bakong_service.ports import Provider
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.orders.make_order import check_active, owned
from bakong_service.usecases.orders.making import FINAL, ask_to_make, keep_made
from bakong_service.usecases.orders.methods import offers_of
from bakong_service.usecases.orders.outcome import entered, facts, move_order
from bakong_service.usecases.poll_payments import expire_due
from bakong_service.usecases.refresh import refresh
from bakong_service.usecases.settle import move
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

MAKE_AGAIN_MS = 60_000  # after a call that gave no answer: longer than any provider is waited for
TRIES = 5
_LETTERS = string.ascii_uppercase + string.digits
_CODES = {"declined": "payment_failed", "timeout": "provider_timeout", "unreachable": "provider_unavailable"}


DEFAULT = "stripe"  # who collects for an order of an amount where nobody is named
DECLINED = "Payment was declined by the card issuer."


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutWish:
    """What a checkout asks for. method: its id or its provider's word; provider: one of the core's, by its name.

    return_url, cancel_url: where the payer's browser goes; email: the payer's; "" where nobody said.
    """

    currency: str
    method: str | None = None
    provider: str | None = None
    return_url: str = ""
    cancel_url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """An order with the payment that it waits for; is_new: it was made by this checkout."""

    order: Order
    made: OrderPayment
    payment: Payment
    is_new: bool


async def check_out(core: Core, commit: Commit, owner: str, order_id: str, wish: CheckoutWish) -> CheckedOut:
    """The order's open payment, or a new one by a method or a provider; where none is named, by the first offered.

    Raises ShopError, ShopInvalidError.
    """
    lock = core.checkouts.setdefault(order_id, asyncio.Lock())
    async with lock:
        await _bring_up_to_date(core, owner, order_id)
        begun = await transact(core, lambda unit: _begin(unit, owner, order_id, wish))
        if begun.payment.reference:
            return await commit(lambda _unit: begun)
        created = await ask_to_make(core, begun.payment, begun.made)
        if isinstance(created, NoAnswer):
            raise await _not_made(core, begun, created)
        done = await commit(lambda unit: replace(begun, payment=keep_made(unit, begun.payment, created)))
        core.wake_polling(done.payment.provider)
        return done


async def _bring_up_to_date(core: Core, owner: str, order_id: str) -> None:
    """Ask about a payment whose time has passed: it may have been paid, and else it makes room."""

    def current(unit: UnitOfWork) -> Payment | None:
        order = owned(unit.records.order_by_id(order_id), owner, order_id)
        return None if order.payment_id is None else unit.records.payment_by_id(order.payment_id)

    payment = await transact(core, current)
    if payment is not None and payment.is_open and not payment.is_live(core.timers.now_ms()):
        await refresh(core, [payment])
        await expire_due(core, payment.provider)


def _begin(unit: UnitOfWork, owner: str, order_id: str, wish: CheckoutWish) -> CheckedOut:
    """The order's open payment, or a new one: one that is over, and waits for its provider's word, makes room."""
    order = owned(unit.records.order_by_id(order_id, held=True), owner, order_id)
    check_active(unit, owner)
    if wish.currency != order.currency:
        message = f"the order is in {order.currency}, read {wish.currency}"
        raise ShopInvalidError("currency_mismatch", "currency", message)
    status = order.status_at(unit.at_ms)
    if status is OrderStatus.AWAITING_PAYMENT:
        begun = _again(unit, order)
        if begun.payment.is_live(unit.at_ms):
            _check_same(begun, wish)
            return begun
        status = replace(order, status=OrderStatus.OPEN).status_at(unit.at_ms)
    if status is not OrderStatus.OPEN:
        raise ShopError("order_not_payable", f"the order {order_id} is {status.value}")
    return _first(unit, order, _choose(unit, order, wish), wish)


def _again(unit: UnitOfWork, order: Order) -> CheckedOut:
    payment = unit.records.payment_by_id(order.payment_id or "")
    made = unit.records.order_payment(order.payment_id or "")
    if payment is None or made is None:
        raise LookupError(f"order {order.id} waits for a payment that is not there")
    return CheckedOut(order, made, payment, is_new=False)


def _check_same(begun: CheckedOut, wish: CheckoutWish) -> None:
    """Raises ShopError where another method or provider is wished for than the open payment's."""
    made, payment = begun.made, begun.payment
    is_other = wish.method is not None and wish.method not in (made.method_id, made.method)
    if is_other or wish.provider not in (None, payment.provider):
        raise ShopError("payment_open_elsewhere", f"{payment.id} by {made.method} is open until it is paid or expires")


def _first(unit: UnitOfWork, order: Order, method: Method, wish: CheckoutWish) -> CheckedOut:
    """The payment and its order, as they are before the provider has heard of it."""
    email = wish.email or order.buyer.email or ""
    _check_provider(unit, order, method, email)
    if order.is_plain or wish.provider is not None:
        _check_answers(unit, method.adapter)
    for _ in range(TRIES):
        payment = _draft(unit, order, method)
        if unit.records.add_payment(payment, unit.at_ms + MAKE_AGAIN_MS):
            unit.traced(payment.id)
            break
    else:
        raise UnavailableError(f"no payment could be made in {TRIES} tries: ask again")
    made = OrderPayment(
        payment_id=payment.id,
        order_id=order.id,
        merchant_id=order.merchant_id,
        method_id=method.id,
        method=method.provider,
        attempt=len(unit.records.order_payments(order.id)) + 1,
        percentage=method.rule.percentage,
        fixed_minor=method.rule.fixed_minor,
        fee_vat_rate=method.rule.vat_rate,
        return_url=wish.return_url,
        cancel_url=wish.cancel_url,
        email=email,
    )
    unit.records.add_order_payment(made)
    after = {"orderId": order.id, "method": method.provider, "amount": payment.money.decimals, "status": "pending"}
    unit.audit("payment.initiate", f"payment/{payment.id}", None, after)
    unit.records.add_transaction(
        entered(unit, payment.id, TransactionType.PAYMENT, made, payment, payment.money, "pending")
    )
    unit.happened(OrderEventType.PAYMENT_INITIATED, order.id, payment.id, facts(order, made, payment))
    unit.count("payments_total", payment.provider, made.method, "initiated")
    moved = move_order(unit, order, OrderStatus.AWAITING_PAYMENT, payment.id, f"checkout by {method.provider}")
    return CheckedOut(moved, made, payment, is_new=True)


def _draft(unit: UnitOfWork, order: Order, method: Method) -> Payment:
    return Payment(
        id="pay_" + unit.core.ids.new_id().replace("-", ""),
        user_id=order_user(order.id),
        plan=None,
        money=order.payable,
        account_id="",
        bill_number=f"DT-{unit.at_ms // 1000:010d}-{unit.core.ids.letters(_LETTERS, 4)}",
        provider=method.adapter,
        reference="",
        handoff=Code(""),
        status=PaymentStatus.PENDING,
        created_ms=unit.at_ms,
        expires_ms=unit.at_ms + method.lasts_s * 1000,
        updated_ms=unit.at_ms,
        purpose=Purpose.ORDER,
    )


def _check_provider(unit: UnitOfWork, order: Order, method: Method, email: str) -> None:
    """Raises ShopInvalidError for what the provider does not take."""
    provider = unit.core.providers[method.adapter]
    if provider.needs_email and not email:
        raise ShopInvalidError("validation_failed", "customerEmail", f"{provider.name} wants the payer's e-mail")
    least = provider.minimums.get(order.currency, 1)
    if order.payable.minor < least:
        message = f"{provider.name} takes {least} minor units of {order.currency} at least, read {order.payable.minor}"
        raise ShopInvalidError("amount_below_minimum", "amount", message)


def _check_answers(unit: UnitOfWork, provider: str) -> None:
    """Raises ShopError while the provider's breaker is open."""
    upstream = unit.core.upstream(provider)
    if not upstream.breaker.admits(unit.at_ms):
        wait_s = -(-(upstream.breaker.open_until_ms - unit.at_ms) // 1000)
        raise ShopError("provider_unavailable", f"{provider} does not answer", retry_after_s=wait_s)


def _by_provider(unit: UnitOfWork, order: Order, provider: Provider) -> Method:
    """A provider by itself as a way to pay, where no method of it is configured: without a price."""
    if order.currency not in provider.currencies:
        message = f"{provider.name} takes {', '.join(sorted(provider.currencies))}, read {order.currency}"
        raise ShopInvalidError("currency_unsupported", "currency", message)
    if order.payable.minor <= 0:
        raise ShopInvalidError("amount_not_positive", "amount", "there is nothing to pay")
    return Method(
        id=f"{provider.name}/{order.currency}",
        provider=provider.name.upper(),
        type=MethodType.GATEWAY,
        name=provider.name,
        currency=order.currency,
        lasts_s=unit.core.shop.payment_ttl_s,
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
    )


def _choose(unit: UnitOfWork, order: Order, wish: CheckoutWish) -> Method:
    """The method or provider that is named, or the first that is offered: the merchant's own first.

    Raises ShopInvalidError.
    """
    wanted, providers = wish.method, unit.core.providers
    named = wish.provider or (DEFAULT if order.is_plain and wanted is None and DEFAULT in providers else None)
    if named is not None and named not in providers:
        message = f"expected one of {', '.join(sorted(providers))}, read {named!r}"
        raise ShopInvalidError("provider_unknown", "provider", message)
    offers = offers_of(unit.core, unit.records.methods(), order.payable)
    if named is not None:
        offers = [one for one in offers if one.method.adapter == named]
    if named is not None and wanted is None and not any(one.method.enabled for one in offers):
        return _by_provider(unit, order, providers[named])
    if wanted is not None:
        offers = [one for one in offers if wanted in (one.method.id, one.method.provider)]
    else:
        merchant = unit.records.merchant(order.merchant_id)
        preferred = () if merchant is None else merchant.default_methods
        offers = sorted(offers, key=lambda one: _rank(preferred, one.method.provider))
    for one in offers:
        if one.refusal is None:
            return one.method
    raise _refused(order, offers, wanted)


def _rank(preferred: Sequence[str], provider: str) -> int:
    return preferred.index(provider) if provider in preferred else len(preferred)


def _refused(order: Order, offers: Sequence[Offer], wanted: str | None) -> ShopInvalidError:
    """The one reason of all that could be used otherwise; else that there is none."""
    codes = {one.refusal for one in offers} - {None, "method_unavailable", "currency_unsupported"}
    if not codes and wanted is not None:
        codes = {one.refusal for one in offers} - {None, "method_unavailable"}
    if order.payable.minor <= 0:
        codes = {"amount_not_positive"}
    code = next(iter(codes)) if len(codes) == 1 else "method_unavailable"
    shown = "no method" if wanted is None else f"{wanted!r} is not"
    message = f"{shown} offered for {order.payable.decimals} {order.currency}"
    return ShopInvalidError(code or "method_unavailable", "method", message)


async def _not_made(core: Core, begun: CheckedOut, answer: NoAnswer) -> ShopError:
    """What the caller is told; a payment that will never be made has failed, another is made again by itself."""
    payment, why = begun.payment, f"{answer.why} {answer.detail}".rstrip()
    if answer.why in FINAL:
        text = f"{payment.provider}: {why}"
        await transact(core, lambda unit: move(unit, payment, PaymentStatus.FAILED, text))
    code = _CODES.get(answer.why, "provider_error")
    if code == "payment_failed":
        if begun.order.is_plain:
            return ShopError(code, DECLINED, extra={"declineCode": answer.detail} if answer.detail else None)
        return ShopError(code, f"Payment was declined: {answer.detail or payment.provider}")
    return ShopError(
        code, f"{payment.provider} has not made the payment {payment.id}: {why}", extra={"paymentId": payment.id}
    )
