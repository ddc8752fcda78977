"""Making a payment: a price, what the payer pays by, a row that is watched. Must not depend on HTTP or SQL."""

import string
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TypeVar

from bakong_contracts.service_api import DEFAULT_PROVIDER, PaymentStatus, Plan
from bakong_service.domain.callbacks import check_callback
from bakong_service.domain.errors import InvalidError, UnavailableError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Payment, Purpose
from bakong_service.ports import Checkout
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.unit_of_work import UnitOfWork

FIRST_POLL_MS = 2_000
TRIES = 5
T = TypeVar("T")
_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a payment is to buy."""

    user_id: str
    plan: Plan
    price: Money
    callback: str | None = None
    purpose: Purpose = Purpose.PLAN
    bill_ms: int | None = None
    provider: str = DEFAULT_PROVIDER


async def create_payment(
    core: Core,
    commit: Commit,
    user_id: str,
    plan: Plan,
    amount: Decimal,
    currency: str,
    callback: str | None,
    *,
    provider: str = DEFAULT_PROVIDER,
) -> Payment:
    """A PENDING payment, stored and watched. Raises InvalidError for a price that is not the plan's."""
    if callback is not None:
        check_callback(callback, private_allowed=core.private_callbacks)
    price = core.prices.check(plan, amount, currency)
    order = Order(user_id=user_id, plan=plan, price=price, callback=callback, provider=provider)
    return await add(core, commit, order, lambda unit, payment: payment if stored(unit, payment) else None)


async def add(core: Core, commit: Commit, order: Order, work: Callable[[UnitOfWork, Payment], T | None]) -> T:
    """What the work makes of the order's payment, in one transaction; after None it tries another bill number."""
    for _ in range(TRIES):
        payment = await _draft(core, order)
        made = await commit(partial(_with, payment, work))
        if made is not None:
            core.wake_polling(order.provider)
            return made
    raise UnavailableError(f"no payment could be made in {TRIES} tries: ask again")


def _with(payment: Payment, work: Callable[[UnitOfWork, Payment], T | None], unit: UnitOfWork) -> T | None:
    return work(unit, payment)


def stored(unit: UnitOfWork, payment: Payment) -> bool:
    """Whether the payment could be stored; with its audit row."""
    if not unit.records.add_payment(payment, payment.created_ms + FIRST_POLL_MS):
        return False
    after = {
        "status": payment.status.value,
        "user": payment.user_id,
        "plan": payment.sold.value,
        "amount": payment.money.text,
        "currency": payment.money.currency,
        "purpose": payment.purpose.value,
    }
    unit.traced(payment.id)
    unit.audit("payment.create", f"payment/{payment.id}", None, after)
    return True


async def _draft(core: Core, order: Order) -> Payment:
    """The payment as its provider has made it. Raises InvalidError, UnavailableError."""
    provider = core.providers.get(order.provider)
    if provider is None:
        raise InvalidError("provider", f"expected one of {', '.join(core.providers)}, read {order.provider!r}")
    if order.price.currency not in provider.currencies:
        raise InvalidError("currency", f"{provider.name} takes {', '.join(sorted(provider.currencies))}")
    now_ms = core.timers.now_ms()
    checkout = Checkout(
        payment_id=core.ids.new_id(),
        bill_number=f"DT-{now_ms // 1000:010d}-{core.ids.letters(_LETTERS, 4)}",
        money=order.price,
        created_ms=now_ms,
        expires_ms=now_ms + provider.life_ms,
    )
    created = await provider.create(checkout)
    if isinstance(created, NoAnswer):
        raise UnavailableError(f"{provider.name} made no payment: {created.why} {created.detail}".rstrip())
    return Payment(
        id=checkout.payment_id,
        user_id=order.user_id,
        plan=order.plan,
        money=order.price,
        account_id=created.account_id,
        bill_number=checkout.bill_number,
        provider=provider.name,
        reference=created.reference,
        handoff=created.handoff,
        status=PaymentStatus.PENDING,
        created_ms=now_ms,
        expires_ms=checkout.expires_ms,
        updated_ms=now_ms,
        callback=order.callback,
        purpose=order.purpose,
        bill_ms=order.bill_ms,
    )
