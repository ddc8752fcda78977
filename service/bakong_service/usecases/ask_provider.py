"""Asking a provider about payments, and recording what it says. Must not depend on HTTP or SQL."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.breaker import Breaker, backoff_ms
from bakong_service.domain.errors import RowError, UnreadableRowError
from bakong_service.domain.payments import Authorized, NoAnswer, NotFound, Payment, Purpose, Report
from bakong_service.domain.polling import dispute_poll_ms, ends_unanswered, unanswered_poll_ms
from bakong_service.domain.tracing import spans_of
from bakong_service.ports import Check, OneByOne, Polling, Provider
from bakong_service.usecases.core import Core, ProviderError
from bakong_service.usecases.escrow import paying
from bakong_service.usecases.escrow.concluding import after_poll, execute_again
from bakong_service.usecases.orders.making import make_again
from bakong_service.usecases.orders.outcome import unanswered
from bakong_service.usecases.settle import apply, expire, hold_orders_of
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

SPENT = ("quota", "budget")  # no fault of the provider's
SILENT = (*SPENT, "timeout", "unreachable", "unauthorized")  # the next question would bring no answer either


class _Said(NamedTuple):
    """What a provider said. asked_ms: when the questions began. traces: of the payments, by their ids."""

    reports: Mapping[str, Report]
    asked_ms: int
    traces: Mapping[str, str]


def polling_of(provider: Provider) -> Polling:
    """How a provider is asked; check_providers let none in that cannot be. Raises ProviderError."""
    if provider.polling is None:
        raise ProviderError(f"provider {provider.name!r} cannot be asked")
    return provider.polling


async def ask(core: Core, payments: Sequence[Payment]) -> list[Payment]:
    """Ask about payments of one provider, in as few calls as it allows, and record what it says."""
    if not payments:
        return []
    provider = core.providers[payments[0].provider]
    batch = polling_of(provider).batch
    answered = []
    for start in range(0, len(payments), batch):
        some, asked_ms = payments[start : start + batch], core.timers.now_ms()
        async with _traced(core, some) as traces:
            said = _Said(await _reports(core, provider, some), asked_ms, traces)
            answered += await _record(core, provider, some, said)
    return answered


async def ask_leased(core: Core, provider: Provider, payments: Sequence[Payment]) -> list[Payment]:
    """Ask about payments that are leased. What has no answer when the worker stops is given back, and due as before."""
    async with _traced(core, payments) as traces:
        return await _ask_leased(core, provider, payments, traces)


@asynccontextmanager
async def _traced(core: Core, payments: Sequence[Payment]) -> AsyncIterator[Mapping[str, str]]:
    """A span for each payment in the trace in which it was made, by its id; none where nobody collects them."""
    if not core.tracing.is_on:
        yield {}
        return
    ids = [payment.id for payment in payments]
    parents = await core.store.read(lambda records: records.traces_of(ids))
    facts = {one.id: {"payment.id": one.id, "payment.provider": one.provider} for one in payments}
    with spans_of(core.tracing, "payment.poll", parents, facts) as traces:
        yield traces


async def _ask_leased(
    core: Core, provider: Provider, payments: Sequence[Payment], traces: Mapping[str, str]
) -> list[Payment]:
    reports: Mapping[str, Report] = {}
    asked_ms = core.timers.now_ms()
    try:
        reports = {} if core.stopping or not payments else await _reports(core, provider, payments)
    finally:
        unasked = [one.id for one in payments if one.reference not in reports] if core.stopping else []
        if unasked:
            await core.store.write(lambda records: records.release_polls(unasked))
    asked = [one for one in payments if one.id not in unasked]
    return await _record(core, provider, asked, _Said(reports, asked_ms, traces)) if asked else []


async def _reports(core: Core, provider: Provider, payments: Sequence[Payment]) -> Mapping[str, Report]:
    made = [payment for payment in payments if payment.reference]
    for unmade in (payment for payment in payments if not payment.reference):
        await (paying.make_again if unmade.purpose is Purpose.ESCROW else make_again)(core, unmade)
    reports = await _first_reports(core, provider, made) if made else {}
    if provider.finalise is None:
        return reports
    return await _finalised(core, provider.finalise, made, reports)


async def _first_reports(core: Core, provider: Provider, payments: Sequence[Payment]) -> Mapping[str, Report]:
    polling, upstream, now_ms = polling_of(provider), core.upstream(provider.name), core.timers.now_ms()
    if polling.check_many is not None and len(payments) > 1 and now_ms >= upstream.one_by_one_until_ms:
        answer = await polling.check_many([payment.reference for payment in payments])
        if isinstance(answer, NoAnswer):
            return {payment.reference: answer for payment in payments}
        if not isinstance(answer, OneByOne):
            return {**answer, **await _last_word(core, polling, payments, answer)}
        upstream.one_by_one_until_ms = answer.until_ms
    return await _one_by_one(core, polling, payments)


async def _last_word(
    core: Core, polling: Polling, payments: Sequence[Payment], answer: Mapping[str, Report]
) -> dict[str, Report]:
    """What a question about many found nothing of, and ends now, asked alone; where calls are scarce it is not.

    Such a question may show a failed payment as an unpaid one.
    """
    if polling.pace.is_scarce:
        return {}
    now_ms = core.timers.now_ms()
    ending = [one for one in payments if one.is_open and not one.is_live(now_ms)]
    return await _one_by_one(core, polling, [one for one in ending if isinstance(answer.get(one.reference), NotFound)])


async def _one_by_one(core: Core, polling: Polling, payments: Sequence[Payment]) -> dict[str, Report]:
    """One call each; where calls are scarce, for the first alone. After one that brings no answer, the others wait."""
    reports: dict[str, Report] = {}
    for payment in payments[:1] if polling.pace.is_scarce else payments:
        report = reports[payment.reference] = await polling.check(payment.reference)
        if core.stopping or (isinstance(report, NoAnswer) and report.why in SILENT):
            break
    return reports


async def _finalised(
    core: Core, finalise: Check, payments: Sequence[Payment], reports: Mapping[str, Report]
) -> Mapping[str, Report]:
    """The reports after the money of those that the payer has approved was moved; none is, once its time has passed.

    Of a job's payment it is moved where its payer has asked for that: see usecases.escrow.concluding.
    """
    final = dict(reports)
    for payment in payments:
        approved = isinstance(reports.get(payment.reference), Authorized)
        if not (approved and payment.is_open and payment.is_live(core.timers.now_ms())):
            continue
        if payment.purpose is not Purpose.ESCROW:
            final[payment.reference] = await finalise(payment.reference)
        elif executed := await execute_again(core, finalise, payment):
            final[payment.reference] = executed
    return final


async def _record(core: Core, provider: Provider, payments: Sequence[Payment], said: _Said) -> list[Payment]:
    """What the reports make of the payments."""
    _learn(core, provider.name, said.reports)
    ids, pace = [payment.id for payment in payments], polling_of(provider).pace

    def record(unit: UnitOfWork) -> list[Payment]:
        pace.note(unit.records, provider.name, said.reports.values(), unit.at_ms)
        held = unit.records.payments_by_id(ids)
        hold_orders_of(unit, held)
        return _settled_all(unit, held, said)

    return await transact(core, record)


def _learn(core: Core, provider: str, reports: Mapping[str, Report]) -> None:
    """What the answers say of the provider itself."""
    silent = [report for report in reports.values() if isinstance(report, NoAnswer)]
    upstream = core.upstream(provider)
    upstream.quiet_until_ms = max([upstream.quiet_until_ms, *(report.until_ms for report in silent)])
    if len(silent) < len(reports):
        upstream.answered(core.timers.now_ms())
    elif any(report.why not in SPENT for report in silent):
        upstream.was_silent(core.timers.now_ms(), core.ids.fraction())


def _settled_all(unit: UnitOfWork, payments: Sequence[Payment], said: _Said) -> list[Payment]:
    """All of them together, which is cheap; where one fails, each by itself, so that it undoes no other."""

    def each(settle: Callable[[UnitOfWork, Payment, Report | None, int], Payment]) -> Iterator[Payment]:
        for payment in payments:
            unit.trace = said.traces.get(payment.id)
            yield settle(unit, payment, said.reports.get(payment.reference), said.asked_ms)

    try:
        with unit.records.savepoint():
            return list(each(_settled))
    except RowError:
        return list(each(_settled_alone))


def _settled_alone(unit: UnitOfWork, payment: Payment, report: Report | None, asked_ms: int) -> Payment:
    """As _settled, undoing nothing of the others where it fails: it is then planned as one without news."""
    for tried in (report, NotFound()):
        try:
            with unit.records.savepoint():
                return _settled(unit, payment, tried, asked_ms)
        except RowError as error:
            unit.core.report("payment", payment.id, error.__cause__ or error)
            if isinstance(error.__cause__, UnreadableRowError):  # it waits with the row that it needs
                unit.records.set_aside("payment", payment.id, str(error.__cause__), unit.at_ms)
                return payment
    return payment


def _settled(unit: UnitOfWork, payment: Payment, report: Report | None, asked_ms: int) -> Payment:
    """The payment after its report, or after none; with when to ask again.

    It ends by its provider's word: an answer to a question that was asked after its end; see ends_unanswered.
    """
    was_paid = payment.status is PaymentStatus.PAID
    if report is not None:
        payment = apply(unit, payment, report)
    answered = report is not None and not isinstance(report, NoAnswer)
    is_over = not payment.is_live(asked_ms) if answered else ends_unanswered(payment, unit.at_ms)
    if payment.is_open and is_over and not payment.is_live(unit.at_ms):
        if not answered and payment.purpose is Purpose.ORDER and payment.reference:
            unanswered(unit, payment)
        payment = expire(unit, payment)
    soon_ms = None
    if payment.purpose is Purpose.ESCROW and payment.is_open:
        soon_ms = after_poll(unit, payment, answered=answered)
    if soon_ms is not None:
        next_ms: int | None = soon_ms
    elif payment.status is not PaymentStatus.PAID:
        next_ms = _next_ms(unit, payment, answered=answered)
    elif was_paid and not answered:  # an event had it asked about once more
        next_ms = _again_ms(unit, payment)
    elif _is_disputed(unit, payment):
        next_ms = dispute_poll_ms(payment, unit.at_ms)
    elif was_paid:
        next_ms = None
    else:
        return payment
    unit.records.plan_poll(payment.id, next_ms, asked_ms=asked_ms if answered else None)
    return payment


def _is_disputed(unit: UnitOfWork, payment: Payment) -> bool:
    """Whether its dispute waits for the bank's word."""
    made = unit.records.order_payment(payment.id) if payment.purpose is Purpose.ORDER else None
    return made is not None and made.dispute == "open"


def _next_ms(unit: UnitOfWork, payment: Payment, *, answered: bool) -> int | None:
    at_ms = unit.at_ms
    if not payment.reference and not payment.is_open:  # its provider never named it, and nobody makes it any more
        return None
    pace = polling_of(unit.core.providers[payment.provider]).pace
    due_ms = pace.next_ms(payment, at_ms, answered=answered)
    waits = payment.is_open and not payment.is_live(at_ms)
    if pace.is_scarce or (due_ms is None and not waits):
        return due_ms
    if answered:  # by a question of before its end, where it waits
        return at_ms if waits else due_ms
    again_ms = _again_ms(unit, payment)
    if waits:
        return max(again_ms, unanswered_poll_ms(payment, at_ms))
    return min(again_ms, payment.expires_ms) if payment.is_live(at_ms) else again_ms


def _again_ms(unit: UnitOfWork, payment: Payment) -> int:
    """When to ask again one that gave no answer.

    Soon, however long this process has had none: its breaker keeps it from asking, and another that is answered may.
    """
    upstream = unit.core.upstream(payment.provider)
    failures = min(upstream.breaker.failures, Breaker.FAILURES)
    wait_ms = min(backoff_ms(failures, unit.core.ids.fraction()), upstream.longest_ms)
    return max(unit.at_ms + wait_ms, upstream.quiet_until_ms)
