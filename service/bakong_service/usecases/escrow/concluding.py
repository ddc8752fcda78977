"""Has it been paid? The provider is asked, what the payer has approved is executed, and the answer decides.

Money moves at an execute, so of one attempt there is one at a time, three in all, and before each the provider is asked
what became of the last. It is counted and committed before it is sent: a crash leaves a payment that is PROCESSING,
which the worker asks about. Where the money moves at the page, there is nothing to execute, and asking is enough.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bakong_service.domain.errors import EscrowError, ForbiddenError
from bakong_service.domain.escrow import (
    BUSY_MS,
    LONG_MS,
    MOST_EXECUTES,
    UNANSWERED,
    Attempt,
    EscrowPayment,
    FailureReason,
)
from bakong_service.domain.escrow_book import PaymentState
from bakong_service.domain.escrow_numbers import REVIEWED_EVERY_MS, UNANSWERED_REVIEW_MS, is_payable, next_query_ms
from bakong_service.domain.escrow_roles import Actor
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Paid, Payment, Refunded, Report
from bakong_service.ports import Check, Provider
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.held import hold, save
from bakong_service.usecases.escrow.outcome import attempt_of, end
from bakong_service.usecases.escrow.paying import hold_attempts, payment_lock
from bakong_service.usecases.escrow.seeing import visible
from bakong_service.usecases.settle import apply, expire
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

Turn = Literal["go", "busy", "no"]
_SILENT = {"timeout": "provider_timeout", "unreachable": "provider_unavailable"}
LOOK_S = 0.25
LOOKS = 160


@dataclass(frozen=True, slots=True)
class Concluded:
    """A payment, and the attempt that was asked about."""

    payment: EscrowPayment
    attempt: Attempt
    attempted: Payment


Find = Callable[[UnitOfWork], Concluded]


async def conclude(core: Core, actor: Actor, payment_id: str, reference: str, *, executes: bool) -> Concluded:
    """The payment after its provider was asked, and the money moved where the payer has approved.

    executes: by a request to execute, which comes too late once the payment's time has passed. Raises EscrowError.
    """

    def find(unit: UnitOfWork) -> Concluded:
        payment = visible(unit.records, actor, payment_id)
        if actor.user_id != payment.payer_id or actor.role != "GUARDIAN":
            raise ForbiddenError("expected the guardian who pays")
        return _named(unit, payment, reference)

    return await _concluded(core, payment_id, find, executes=executes)


async def conclude_visit(core: Core, payment_id: str, reference: str) -> Concluded:
    """As conclude, for the payer's browser that comes back: it knows the payment's id and the provider's reference."""

    def find(unit: UnitOfWork) -> Concluded:
        payment = unit.records.escrow_payment(payment_id)
        if payment is None:
            raise EscrowError("payment_not_found", f"no payment has the id {payment_id}")
        return _named(unit, payment, reference)

    return await _concluded(core, payment_id, find, executes=False)


def _named(unit: UnitOfWork, payment: EscrowPayment, reference: str) -> Concluded:
    """The payment's attempt that its provider calls so. Raises EscrowError."""
    for attempt in reversed(unit.records.attempts_of(payment.id)):
        attempted = unit.records.payment_by_id(attempt.payment_id)
        if attempted is not None and attempted.reference and attempted.reference == reference:
            return Concluded(payment, attempt, attempted)
    raise EscrowError("payment_not_found", f"the payment {payment.id} has no attempt {reference[:64]!r}")


async def _concluded(core: Core, payment_id: str, find: Find, *, executes: bool) -> Concluded:
    async with payment_lock(core, payment_id):
        at = await transact(core, find)
        if at.payment.book.captured and at.payment.attempt_id == at.attempted.id:
            return at
        _check_wanted(at, core.timers.now_ms(), executes=executes)
        provider = core.providers.get(at.attempted.provider)
        if provider is None or provider.polling is None:
            raise EscrowError("provider_unavailable", f"{at.attempted.provider} is not configured")
        report, was_ours = await provider.polling.check(at.attempted.reference), False
        if isinstance(report, Authorized) and provider.finalise is not None:
            turn = await _executed(core, provider, at)
            if isinstance(turn, str):
                return await _waited(core, find, turn)
            report, was_ours = turn, True
        elif isinstance(report, NoAnswer) and provider.finalise is not None and not at.attempt.executes:
            raise EscrowError(_SILENT.get(report.why, "provider_error"), f"{provider.name}: {report.why}")
        await transact(core, lambda unit: _record(unit, at.attempted.id, report, provider, was_ours=was_ours))
        core.wake_polling(provider.name)
        after = await transact(core, find)
        if isinstance(report, NotFound) and after.payment.state is PaymentState.PENDING and executes:
            raise EscrowError("payment_not_authorized", "the payer has not approved the payment")
        return after


def _check_wanted(at: Concluded, now_ms: int, *, executes: bool) -> None:
    """Raises EscrowError where there is nothing to execute any more; asking is always right."""
    if not executes or at.payment.state is PaymentState.PROCESSING or at.payment.book.captured:
        return
    if not is_payable(at.payment.expires_ms, now_ms):
        raise EscrowError("payment_expired", f"the payment {at.payment.id} could be paid for 15 minutes")


async def _executed(core: Core, provider: Provider, at: Concluded) -> Report | Turn:
    turn = await transact(core, lambda unit: take_turn(unit, at.attempted.id, asked=True))
    if turn != "go" or provider.finalise is None:
        return turn
    return await provider.finalise(at.attempted.reference)


async def _waited(core: Core, find: Find, turn: Turn) -> Concluded:
    """What another process's execute comes to; as it is, where it may not be executed at all."""
    at = await transact(core, find)
    for _ in range(LOOKS if turn == "busy" else 0):
        if at.payment.state is not PaymentState.PROCESSING or (at.attempt.busy_ms or 0) <= core.timers.now_ms():
            break
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await core.patience([pause], LOOK_S, for_all=True)
        at = await transact(core, find)
    if at.payment.state is PaymentState.PENDING:
        raise EscrowError("payment_not_payable", "the attempt has ended, or its payment's time has passed")
    return at


def take_turn(unit: UnitOfWork, attempted_id: str, *, asked: bool) -> Turn:
    """Whether the attempt may be executed now; from then on the payment is PROCESSING.

    asked: by the payer. The worker repeats what the payer has asked for, and begins nothing by itself.
    """
    attempt = attempt_of(unit, attempted_id)
    hold_attempts(unit, attempt.escrow_payment_id)
    before = hold(unit.records, attempt.escrow_payment_id)
    attempt = attempt_of(unit, attempted_id)
    if attempt.busy_ms is not None and attempt.busy_ms > unit.at_ms:
        return "busy"
    is_begun = before.state is PaymentState.PROCESSING and attempt.executes > 0
    may_begin = asked and before.state is PaymentState.PENDING
    if not (is_begun or may_begin) or before.attempt_id != attempted_id or attempt.ended is not None:
        return "no"
    if attempt.executes >= MOST_EXECUTES or not is_payable(before.expires_ms, unit.at_ms):
        return "no"
    unit.records.change_attempt(replace(attempt, executes=attempt.executes + 1, busy_ms=unit.at_ms + BUSY_MS))
    _under_way(unit, before, attempted_id, unit.at_ms + BUSY_MS)
    unit.audit("escrow.execute", f"escrow/{before.id}", None, {"attempt": attempt.number, "time": attempt.executes + 1})
    return "go"


def _under_way(unit: UnitOfWork, before: EscrowPayment, attempted_id: str, next_ms: int) -> EscrowPayment:
    """Its outcome is not known from now on: it does not end before that is."""
    book = replace(before.book, payment=PaymentState.PROCESSING)
    after = replace(before, book=book, processing_ms=unit.at_ms, sweep_ms=None)
    unit.records.extend_payment(attempted_id, unit.at_ms + LONG_MS)
    unit.records.plan_poll(attempted_id, next_ms, asked_ms=None)
    return save(unit, before, after, "its outcome is being asked")


def _record(unit: UnitOfWork, attempted_id: str, report: Report, provider: Provider, *, was_ours: bool) -> None:
    """What the payer's question has learnt; a refusal is the payment's end, and silence is asked about again.

    was_ours: we have executed it. Whose execute is under way elsewhere keeps its turn, whatever a question has learnt.
    """
    (attempted,) = unit.records.payments_by_id([attempted_id])
    attempt = attempt_of(unit, attempted_id)
    if attempt.busy_ms is not None and was_ours:
        unit.records.change_attempt(replace(attempt, busy_ms=None))
    attempted = apply(unit, attempted, report)
    if isinstance(report, Paid | Refunded):
        return
    payment = hold(unit.records, attempt.escrow_payment_id)
    is_latest = payment.attempt_id == attempted_id
    if isinstance(report, Failed) or (attempt.ended is not None and isinstance(report, NotFound)):
        if is_latest and payment.is_open:
            end(unit, payment, PaymentState.FAILED, attempt.ended or FailureReason.DECLINED)
        return
    was_executed = attempt.executes > 0 and provider.finalise is not None
    is_unknown = was_executed or (isinstance(report, NoAnswer) and provider.finalise is None)
    if is_latest and is_unknown and payment.is_open and attempted.is_open:
        if payment.state is PaymentState.PENDING:
            if not is_payable(payment.expires_ms, unit.at_ms):
                return
            payment = _under_way(unit, payment, attempted_id, unit.at_ms)
        _unanswered(unit, payment, attempt, was_ours=was_ours)


def _unanswered(unit: UnitOfWork, payment: EscrowPayment, attempt: Attempt, *, was_ours: bool) -> None:
    """Ask again soon: counted from the execute whose answer did not come, where it was one."""
    if was_ours:
        payment = save(unit, payment, replace(payment, processing_ms=unit.at_ms), "no answer")
    next_ms = next_query_ms(payment.processing_ms or unit.at_ms, unit.at_ms)
    unit.records.plan_poll(attempt.payment_id, next_ms, asked_ms=None)


async def execute_again(core: Core, finalise: Check, attempted: Payment) -> Report | None:
    """What comes of a repeated execute, by the worker; None where it may not be repeated, or not now. Never raises."""
    if await transact(core, lambda unit: take_turn(unit, attempted.id, asked=False)) != "go":
        return None
    report = await finalise(attempted.reference)

    def give_back(unit: UnitOfWork) -> None:
        unit.records.payments_by_id([attempted.id])
        hold(unit.records, attempt_of(unit, attempted.id).escrow_payment_id)
        unit.records.change_attempt(replace(attempt_of(unit, attempted.id), busy_ms=None))

    await transact(core, give_back)
    return report


def after_poll(unit: UnitOfWork, attempted: Payment, *, answered: bool) -> int | None:
    """When the worker asks next about an attempt whose outcome is not known; None: by the usual rules.

    Once the payment's time has passed, an answer that it was not paid is its end.
    """
    attempt = attempt_of(unit, attempted.id)
    payment = hold(unit.records, attempt.escrow_payment_id)
    if payment.state is not PaymentState.PROCESSING or payment.attempt_id != attempted.id:
        return None
    if attempt.busy_ms is not None and attempt.busy_ms > unit.at_ms:
        return attempt.busy_ms
    since_ms = payment.processing_ms or unit.at_ms
    is_over = not is_payable(payment.expires_ms, unit.at_ms)
    if answered and is_over and payment.review is None:
        expire(unit, attempted)
        return None
    is_known = attempted.flag is not None  # it was paid with another amount: a person has been asked already
    if not is_known and unit.at_ms - since_ms < UNANSWERED_REVIEW_MS:
        return next_query_ms(since_ms, unit.at_ms)
    if payment.review is None:
        save(unit, payment, replace(payment, review=UNANSWERED), "24 hours without an answer")
        unit.count("escrow_reviews_total", UNANSWERED)
    return unit.at_ms + REVIEWED_EVERY_MS
