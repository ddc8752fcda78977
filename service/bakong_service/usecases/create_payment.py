"""Making a payment: a price, a code, a row that is watched. Must not depend on HTTP or SQL."""

import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import khqr
from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_service.domain.callbacks import check_callback
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.handoff import Code
from bakong_service.domain.money import Money
from bakong_service.domain.payments import LIFE_MS, Payment, Purpose
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


async def create_payment(
    core: Core, commit: Commit, user_id: str, plan: Plan, amount: Decimal, currency: str, callback: str | None
) -> Payment:
    """A PENDING payment with its code, stored and watched. Raises InvalidError for a price that is not the plan's."""
    if callback is not None:
        check_callback(callback, private_allowed=core.private_callbacks)
    order = Order(user_id=user_id, plan=plan, price=core.prices.check(plan, amount, currency), callback=callback)
    return await add(core, commit, order, lambda unit, payment: payment if stored(unit, payment) else None)


async def add(core: Core, commit: Commit, order: Order, work: Callable[[UnitOfWork, Payment], T | None]) -> T:
    """What the work makes of the order's payment, in one transaction; after None it tries another bill number."""
    for _ in range(TRIES):
        payment = await _draft(core, order)
        made = await commit(partial(_with, payment, work))
        if made is not None:
            core.wake_polling()
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
        "plan": payment.plan.value,
        "amount": payment.money.text,
        "currency": payment.money.currency,
        "purpose": payment.purpose.value,
    }
    unit.audit("payment.create", f"payment/{payment.id}", None, after)
    return True


async def _draft(core: Core, order: Order) -> Payment:
    payment = _coded(core, order)
    if not core.short_links:
        return payment
    short_link = await core.bakong.short_link(payment.code.text)
    return replace(payment, handoff=replace(payment.code, short_link=short_link))


def _coded(core: Core, order: Order) -> Payment:
    now_ms = core.timers.now_ms()
    bill_number = f"DT-{now_ms // 1000:010d}-{core.ids.letters(_LETTERS, 4)}"
    expires_ms = now_ms + LIFE_MS
    code = khqr.encode(
        khqr.Individual(
            bakong_account_id=core.merchant.account_id,
            merchant_name=core.merchant.name,
            merchant_city=core.merchant.city,
            currency=khqr.Currency[order.price.currency],
            amount=order.price.text,
            bill_number=bill_number,
            mobile_number=core.merchant.phone_number,
            expiration_timestamp=expires_ms,
        ),
        now=now_ms,
    )
    return Payment(
        id=core.ids.new_id(),
        user_id=order.user_id,
        plan=order.plan,
        money=order.price,
        account_id=core.merchant.account_id,
        bill_number=bill_number,
        provider="bakong",
        reference=code.md5,
        handoff=Code(code.qr, f"bakong://qr?qr={quote(code.qr, safe='')}"),
        status=PaymentStatus.PENDING,
        created_ms=now_ms,
        expires_ms=expires_ms,
        updated_ms=now_ms,
        callback=order.callback,
        purpose=order.purpose,
        bill_ms=order.bill_ms,
    )
