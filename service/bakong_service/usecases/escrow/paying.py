"""A payment for a job, and the attempts at it: each is written before its provider is asked to make it."""

import asyncio
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import EscrowError, ForbiddenError, UnavailableError
from bakong_service.domain.escrow import (
    NAMED_ONLY,
    PROVIDERS,
    Attempt,
    EscrowPayment,
    FailureReason,
    Job,
)
from bakong_service.domain.escrow_book import Book, PaymentState
from bakong_service.domain.escrow_numbers import CURRENCY, PAYABLE_MS, attempt_number, invoice_number
from bakong_service.domain.escrow_roles import Actor
from bakong_service.domain.handoff import Code
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Payment, Purpose, escrow_user
from bakong_service.ports import Checkout
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.held import hold, rules_of, save
from bakong_service.usecases.escrow.seeing import visible
from bakong_service.usecases.orders.making import keep_made
from bakong_service.usecases.settle import move
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

MAKE_AGAIN_MS = 60_000  # after a call that gave no answer: longer than any provider is waited for
FINAL = ("refused", "declined")
TRIES = 20
_LETTERS = string.ascii_uppercase + string.digits
T = TypeVar("T")
_CODES = {"timeout": "provider_timeout", "unreachable": "provider_unavailable"}


@dataclass(frozen=True, slots=True)
class WantedPayment:
    """What a guardian asks for: amount in poisha."""

    job_id: str
    amount: int
    method: str
    currency: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An attempt that its provider has made, with its payment."""

    payment: EscrowPayment
    attempt: Attempt
    attempted: Payment


def create_payment(unit: UnitOfWork, actor: Actor, wanted: WantedPayment) -> EscrowPayment:
    """A PENDING payment; no provider is asked yet. Raises EscrowError, ForbiddenError."""
    if actor.role != "GUARDIAN":
        raise ForbiddenError(f"expected the role GUARDIAN, read {actor.role}")
    _check_method(unit.core, wanted)
    unpaid = unit.records.unpaid_job(wanted.job_id)
    job = unpaid or unit.records.job_by_id(wanted.job_id)
    if job is None or job.guardian.id != actor.user_id:
        raise EscrowError("job_not_found", f"no job has the id {wanted.job_id}")
    if unpaid is None:
        raise EscrowError("job_has_payment", f"the job {job.id} has an open or paid payment")
    payment = _stored(unit, job, wanted)
    shown = {"jobId": job.id, "amount": payment.book.amount, "method": payment.method, "reference": payment.number_ms}
    unit.audit("escrow.create", f"escrow/{payment.id}", None, shown)
    unit.count("payments_total", PROVIDERS[payment.method], payment.method, "initiated")
    unit.notified = True  # the worker is to know when it ends
    return payment


def _check_method(core: Core, wanted: WantedPayment) -> None:
    if wanted.currency != CURRENCY:
        raise EscrowError("currency_not_supported", f"expected BDT, read {wanted.currency!r}", "currency")
    known = PROVIDERS.get(wanted.method)
    if known is None or known not in core.providers:
        why = "has no provider" if wanted.method in NAMED_ONLY else "is not taken here"
        raise EscrowError("method_not_supported", f"{wanted.method[:32]!r} {why}", "method")


def _stored(unit: UnitOfWork, job: Job, wanted: WantedPayment) -> EscrowPayment:
    """The payment under the next free number. Raises EscrowError, UnavailableError."""
    number_ms = unit.core.next_number_ms(unit.at_ms)
    for _ in range(TRIES):
        made = _draft(unit, job, wanted, number_ms)
        if unit.records.add_escrow_payment(made):
            return made
        if unit.records.escrow_payment_of_job(job.id) is not None:
            raise EscrowError("job_has_payment", f"the job {job.id} has an open or paid payment")
        number_ms = unit.records.next_number_ms(unit.at_ms)
    raise UnavailableError(f"no number was free in {TRIES} tries: ask again")


def _draft(unit: UnitOfWork, job: Job, wanted: WantedPayment, number_ms: int) -> EscrowPayment:
    expires_ms = unit.at_ms + PAYABLE_MS
    return EscrowPayment(
        id=unit.core.ids.new_id(),
        job_id=job.id,
        payer_id=job.guardian.id,
        caregiver_id=job.caregiver.id,
        agency_id=job.agency.id,
        method=wanted.method,
        book=Book(amount=wanted.amount, rates=rules_of(unit).rates),
        number_ms=number_ms,
        invoice=invoice_number(number_ms, unit.core.ids.letters(_LETTERS, 6)),
        escrow_id=unit.core.ids.new_id(),
        created_ms=unit.at_ms,
        expires_ms=expires_ms,
        updated_ms=unit.at_ms,
        sweep_ms=expires_ms,
    )


async def open_attempt(
    core: Core, actor: Actor, payment_id: str, method: str, amount: int, return_url: str | None
) -> Opened:
    """A new attempt of the payer's, made by its provider; the one before waits no more. Raises EscrowError."""

    def begin(unit: UnitOfWork) -> Opened:
        payment = visible(unit.records, actor, payment_id)
        if actor.user_id != payment.payer_id or actor.role != "GUARDIAN":
            raise ForbiddenError("expected the guardian who pays")
        if payment.method != method:
            raise EscrowError("method_not_supported", f"the payment is by {payment.method}", "paymentId")
        if amount != payment.book.amount:
            raise EscrowError("amount_mismatch", f"the payment is of {Money(payment.book.amount, CURRENCY)}", "amount")
        return _begin(unit, payment_id, return_url or own_return_url(unit, payment_id))

    return await _opened(core, payment_id, begin)


async def visit(core: Core, payment_id: str) -> Opened | EscrowPayment:
    """What the pay page leads to: the attempt that is open, or a new one; the payment once there is nothing to pay."""

    def begin(unit: UnitOfWork) -> Opened | EscrowPayment:
        payment = unit.records.escrow_payment(payment_id)
        if payment is None:
            raise EscrowError("payment_not_found", f"no payment has the id {payment_id}")
        if not payment.is_open and payment.state is not PaymentState.EXPIRED:
            return payment
        if payment.state is PaymentState.PROCESSING:
            return payment
        _check_payable(unit, payment)
        attempt = None if payment.attempt_id is None else unit.records.attempt(payment.attempt_id)
        attempted = None if payment.attempt_id is None else unit.records.payment_by_id(payment.attempt_id)
        is_open = attempt is not None and attempt.ended is None and attempted is not None and attempted.is_open
        if is_open and attempt is not None and attempted is not None:
            return Opened(payment, attempt, attempted)
        return _begin(unit, payment_id, own_return_url(unit, payment_id))

    return await _opened(core, payment_id, begin)


def own_return_url(unit: UnitOfWork, payment_id: str) -> str:
    return f"{rules_of(unit).public_url.rstrip('/')}/pay/{payment_id}/return"


async def _opened(core: Core, payment_id: str, begin: Callable[[UnitOfWork], T]) -> T | Opened:
    """What was begun, once its provider has made it. Raises EscrowError."""
    async with payment_lock(core, payment_id):
        begun = await transact(core, begin)
        if not isinstance(begun, Opened) or begun.attempted.reference:
            return begun
        checkout = checkout_of(begun.payment, begun.attempt, begun.attempted, again=False)
        created = await core.providers[begun.attempted.provider].create(checkout)
        if isinstance(created, NoAnswer):
            raise await _not_made(core, begun, created)
        made = await transact(core, lambda unit: keep_made(unit, begun.attempted, created))
        core.wake_polling(made.provider)
        return replace(begun, attempted=made)


def payment_lock(core: Core, payment_id: str) -> asyncio.Lock:
    """Of one payment there is one call to its provider at a time, in this process; the database holds all of them."""
    return core.checkouts.setdefault(f"escrow/{payment_id}", asyncio.Lock())


async def _not_made(core: Core, begun: Opened, answer: NoAnswer) -> EscrowError:
    """What the caller is told; an attempt that will never be made has ended, another is made again by itself."""
    why = f"{answer.why} {answer.detail}".rstrip()
    if answer.why in FINAL:
        reason, text = FailureReason.PROVIDER_ERROR, f"{begun.attempted.provider}: {why}"
        await transact(core, lambda unit: end_attempt(unit, begun.attempted, reason, text))
    code = _CODES.get(answer.why, "provider_error")
    return EscrowError(code, f"{begun.attempted.provider} has made no payment: {why}")


def _check_payable(unit: UnitOfWork, payment: EscrowPayment) -> None:
    """Raises EscrowError."""
    if payment.book.captured:
        raise EscrowError("already_paid", f"the payment {payment.id} was paid")
    if payment.state is PaymentState.PROCESSING:
        raise EscrowError("payment_in_progress", f"whether {payment.id} was paid is being asked")
    if payment.state is PaymentState.FAILED:
        raise EscrowError("payment_not_payable", f"the payment {payment.id} has failed")
    if not payment.is_payable(unit.at_ms):
        raise EscrowError("payment_expired", f"the payment {payment.id} could be paid for 15 minutes")


def _begin(unit: UnitOfWork, payment_id: str, return_url: str) -> Opened:
    """The attempt as it is before its provider has heard of it. Payments at providers are held before ours."""
    known = hold_attempts(unit, payment_id)
    before = hold(unit.records, payment_id)
    _check_payable(unit, before)
    number = before.attempts + 1
    attempted = _attempted(unit, before, number)
    if not unit.records.add_payment(attempted, unit.at_ms + MAKE_AGAIN_MS):
        raise UnavailableError("no attempt could be made: ask again")
    unit.traced(attempted.id)
    attempt = Attempt(payment_id=attempted.id, escrow_payment_id=before.id, number=number, return_url=return_url)
    if not unit.records.add_attempt(attempt):
        raise UnavailableError("another attempt was begun meanwhile: ask again")
    after = replace(before, attempt_id=attempted.id, attempts=number)
    payment = save(unit, before, after, f"attempt {number}")
    for one in known:
        if one.is_open:
            end_attempt(unit, one, FailureReason.CANCELLED, f"attempt {number} was begun")
    return Opened(payment, attempt, attempted)


def hold_attempts(unit: UnitOfWork, payment_id: str) -> list[Payment]:
    """The payments at providers that were made for it, held; before the payment itself, as the worker does it."""
    ids = [one.payment_id for one in unit.records.attempts_of(payment_id)]
    return unit.records.payments_by_id(ids) if ids else []


def end_attempt(unit: UnitOfWork, attempted: Payment, reason: FailureReason, why: str) -> None:
    """Nobody waits for it any more; should it be paid after all, that is learnt and nothing is lost."""
    attempt = unit.records.attempt(attempted.id)
    if attempt is not None and attempt.ended is None:
        unit.records.change_attempt(replace(attempt, ended=reason))
    move(unit, attempted, PaymentStatus.FAILED, why)


def _attempted(unit: UnitOfWork, payment: EscrowPayment, number: int) -> Payment:
    return Payment(
        id="pay_" + unit.core.ids.new_id().replace("-", ""),
        user_id=escrow_user(payment.id),
        plan=None,
        money=Money(payment.book.amount, CURRENCY),
        account_id="",
        bill_number=attempt_number(payment.invoice, number, dashes=False),
        provider=PROVIDERS[payment.method],
        reference="",
        handoff=Code(""),
        status=PaymentStatus.PENDING,
        created_ms=unit.at_ms,
        expires_ms=payment.expires_ms,
        updated_ms=unit.at_ms,
        purpose=Purpose.ESCROW,
    )


def checkout_of(payment: EscrowPayment, attempt: Attempt, attempted: Payment, *, again: bool) -> Checkout:
    """What the provider is told; Nagad's order numbers have no dashes."""
    return Checkout(
        payment_id=attempted.id,
        bill_number=attempt_number(payment.invoice, attempt.number, dashes=payment.method != "NAGAD"),
        money=attempted.money,
        created_ms=attempted.created_ms,
        expires_ms=attempted.expires_ms,
        method=payment.method,
        is_repeat=again,
        return_url=attempt.return_url,
        cancel_url=attempt.return_url,
    )


async def make_again(core: Core, attempted: Payment) -> None:
    """Repeat the call of which the provider's answer never came, while the payment may still be paid."""

    def look(unit: UnitOfWork) -> Opened | None:
        attempt = unit.records.attempt(attempted.id)
        payment = None if attempt is None else unit.records.escrow_payment(attempt.escrow_payment_id)
        is_wanted = payment is not None and payment.is_payable(unit.at_ms) and payment.attempt_id == attempted.id
        return (
            Opened(payment, attempt, attempted) if attempt is not None and payment is not None and is_wanted else None
        )

    wanted = await transact(core, look)
    if wanted is None:
        return
    checkout = checkout_of(wanted.payment, wanted.attempt, attempted, again=True)
    created = await core.providers[attempted.provider].create(checkout)
    if not isinstance(created, NoAnswer):
        await transact(core, lambda unit: keep_made(unit, attempted, created))
