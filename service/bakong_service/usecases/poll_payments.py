"""Asking Bakong about payments, when it is worth it, and recording what it says. Must not depend on HTTP or SQL.

Without a daily limit each payment is asked about at its own pace. With one, domain.polling plans the calls.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain import polling, polling_single
from bakong_service.domain.breaker import backoff_ms
from bakong_service.domain.errors import NotFoundError, RowError
from bakong_service.domain.payments import NoAnswer, NotFound, Payment, Purpose, Report
from bakong_service.domain.polling import Budget, PollCandidate, Spent
from bakong_service.domain.polling_single import Forecast
from bakong_service.ports import Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.settle import apply, move
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

BAKONG = "bakong"
FRESH_MS = 15_000  # with a daily limit, an answer so young is not asked for again
BATCH = polling.LIST_LIMIT
WATCHED = 400  # more than a day's calls reach at once
LISTS_REFUSED_MS = polling.DAY_MS  # each try costs one of the day's calls
LIST_REFUSALS = ("blocked", "refused")
SILENT = ("quota", "budget", "timeout", "unreachable", "unauthorized")  # the next question would bring no answer either


async def find(core: Core, md5: str) -> Payment:
    """The payment of an md5. Raises NotFoundError."""
    payment = await core.store.read(lambda records: records.payment_by_md5(md5))
    if payment is None:
        raise NotFoundError(f"no payment has the md5 {md5}")
    return payment


async def check_all(core: Core, commit: Commit, md5s: Sequence[str]) -> dict[str, Payment]:
    """The payments that some of the md5s belong to, by md5, brought up to date."""
    known = await core.store.read(lambda records: records.payments_by_md5(md5s))
    fresh = await refresh(core, known)
    return await commit(lambda _: {payment.md5: payment for payment in fresh.values()})


async def refresh(core: Core, payments: Sequence[Payment]) -> dict[str, Payment]:
    """The payments by id, asked for at Bakong where what is stored is not final and old enough.

    Without a daily limit that is always; with one, while so many calls are in hand that a customer may have one.
    """
    stored = {payment.id: payment for payment in payments}
    wanted = [payment for payment in payments if payment.is_open]
    if not wanted or not core.upstream.may_ask(core.timers.now_ms()):
        return stored
    if core.daily_calls is not None:
        wanted = await _affordable(core, wanted)
    elif core.fresh_ms:
        wanted = await _stale(core, wanted)
    return stored | {payment.id: payment for payment in await ask(core, wanted)}


async def _stale(core: Core, wanted: Sequence[Payment]) -> list[Payment]:
    before_ms = core.timers.now_ms() - core.fresh_ms
    return await core.store.read(
        lambda records: [one for one in wanted if (records.last_asked_ms(one.id) or 0) <= before_ms]
    )


async def _affordable(core: Core, wanted: Sequence[Payment]) -> list[Payment]:
    now_ms = core.timers.now_ms()
    left = await budget(core)
    calls_in_reserve = polling.calls_in_reserve(now_ms, left.spent, left.daily or 0)
    if not left.remaining or calls_in_reserve < polling.INTERACTIVE_RESERVE:
        return []

    def take(unit: UnitOfWork) -> list[Payment]:
        last = unit.records.last_asked_ms
        return _lease_these([one.id for one in wanted if now_ms - (last(one.id) or 0) >= FRESH_MS], unit)

    return await transact(core, take)


async def check_open(core: Core, user_id: str, purpose: Purpose) -> None:
    """Bring the user's open payment for a purpose up to date, so that an ended one makes room."""
    payment = await core.store.read(lambda records: records.open_payment(user_id, purpose))
    if payment is not None:
        await refresh(core, [payment])
        await expire_due(core)


async def ask(core: Core, payments: Sequence[Payment]) -> list[Payment]:
    """Ask Bakong about payments, in one call where lists work, and record what it says."""
    if not payments:
        return []
    reports = await _reports(core, payments)
    return await _record(core, payments, reports)


async def _ask_leased(core: Core, payments: Sequence[Payment]) -> list[Payment]:
    """Ask about payments that are leased. What has no answer when the worker stops is given back, and due as before."""
    reports: Mapping[str, Report] = {}
    try:
        reports = {} if core.stopping or not payments else await _reports(core, payments)
    finally:
        unasked = [one.id for one in payments if one.md5 not in reports] if core.stopping else []
        if unasked:
            await core.store.write(lambda records: records.release_polls(unasked))
    asked = [one for one in payments if one.id not in unasked]
    return await _record(core, asked, reports) if asked else []


async def _reports(core: Core, payments: Sequence[Payment]) -> Mapping[str, Report]:
    now_ms = core.timers.now_ms()
    if len(payments) > 1 and now_ms >= core.upstream.lists_refused_until_ms:
        answer = await core.bakong.check_list([payment.md5 for payment in payments])
        if not isinstance(answer, NoAnswer):
            return {**answer, **await _last_word(core, payments, answer)}
        if answer.why not in LIST_REFUSALS:
            return {payment.md5: answer for payment in payments}
        core.upstream.lists_refused_until_ms = now_ms + LISTS_REFUSED_MS
    return await _singly(core, payments)


async def _last_word(core: Core, payments: Sequence[Payment], answer: Mapping[str, Report]) -> dict[str, Report]:
    """What a list found nothing of and ends now, asked alone; with a daily limit the list's word is the last.

    A list says FAILED of the failed ones here; that NBC's does is a guess, and one that does not shows them as unpaid.
    """
    if core.daily_calls is not None:
        return {}
    now_ms = core.timers.now_ms()
    ending = [one for one in payments if one.is_open and not one.is_live(now_ms)]
    return await _singly(core, [one for one in ending if isinstance(answer.get(one.md5), NotFound)])


async def _singly(core: Core, payments: Sequence[Payment]) -> dict[str, Report]:
    """One call each; with a daily limit the first alone. After one that brings no answer, the others wait."""
    reports: dict[str, Report] = {}
    reach = payments if core.daily_calls is None else payments[:1]
    for payment in reach:
        report = reports[payment.md5] = await core.bakong.check(payment.md5)
        if core.stopping or (isinstance(report, NoAnswer) and report.why in SILENT):
            break
    return reports


async def _record(core: Core, payments: Sequence[Payment], reports: Mapping[str, Report]) -> list[Payment]:
    _learn(core, reports)
    ids = [payment.id for payment in payments]

    def record(unit: UnitOfWork) -> list[Payment]:
        if any(isinstance(report, NoAnswer) and report.why == "quota" for report in reports.values()):
            unit.records.stop_calls(BAKONG, polling.day_of(unit.at_ms))
        return _settled_all(unit, unit.records.payments_by_id(ids), reports)

    return await transact(core, record)


def _settled_all(unit: UnitOfWork, payments: Sequence[Payment], reports: Mapping[str, Report]) -> list[Payment]:
    """All of them together, which is cheap; where one fails, each by itself, so that it undoes no other."""
    try:
        with unit.records.savepoint():
            return [_settled(unit, payment, reports.get(payment.md5)) for payment in payments]
    except RowError:
        return [_settled_alone(unit, payment, reports.get(payment.md5)) for payment in payments]


def _settled_alone(unit: UnitOfWork, payment: Payment, report: Report | None) -> Payment:
    """As _settled, undoing nothing of the others where it fails: it is then planned as one without news."""
    for tried in (report, NotFound()):
        try:
            with unit.records.savepoint():
                return _settled(unit, payment, tried)
        except RowError as error:
            unit.core.report("payment", payment.id, error.__cause__ or error)
    return payment


def _settled(unit: UnitOfWork, payment: Payment, report: Report | None) -> Payment:
    """The payment after its report, or after none; with when to ask again."""
    if report is not None:
        payment = apply(unit, payment, report)
    if payment.is_open and not payment.is_live(unit.at_ms):
        payment = _expired(unit, payment)
    if payment.status is not PaymentStatus.PAID:
        answered = report is not None and not isinstance(report, NoAnswer)
        asked_ms = unit.at_ms if answered else None
        unit.records.plan_poll(payment.id, _next_ms(unit, payment, answered=answered), asked_ms=asked_ms)
    return payment


def _expired(unit: UnitOfWork, payment: Payment) -> Payment:
    return move(unit, payment, PaymentStatus.EXPIRED, "15 minutes passed unpaid")


def _expired_alone(unit: UnitOfWork, payment: Payment) -> Payment | None:
    try:
        with unit.records.savepoint():
            return _expired(unit, payment)
    except RowError as error:
        unit.core.report("payment", payment.id, error.__cause__ or error)
        return None


def _next_ms(unit: UnitOfWork, payment: Payment, *, answered: bool) -> int | None:
    core, at_ms = unit.core, unit.at_ms
    if core.daily_calls is not None:
        is_over = at_ms >= payment.expires_ms + polling.GIVE_UP_MS
        return None if answered and is_over else at_ms
    due_ms = polling.next_poll_ms(payment, at_ms)
    if answered or due_ms is None:
        return due_ms
    wait_ms = backoff_ms(core.upstream.breaker.failures, core.ids.fraction())
    again_ms = max(at_ms + wait_ms, core.upstream.silent_until_ms)
    return min(again_ms, payment.expires_ms) if payment.is_live(at_ms) else again_ms


def _learn(core: Core, reports: Mapping[str, Report]) -> None:
    """What the answers say of Bakong itself. A budget that is spent is no fault of its."""
    silent = [report for report in reports.values() if isinstance(report, NoAnswer)]
    upstream = core.upstream
    if any(report.why == "quota" for report in silent):
        upstream.spent_until_ms = polling.day_end_ms(core.timers.now_ms())
    if any(not isinstance(report, NoAnswer) for report in reports.values()):
        upstream.breaker = upstream.breaker.succeeded()
    elif any(report.why not in ("quota", "budget") for report in silent):
        upstream.breaker = upstream.breaker.failed(core.timers.now_ms(), core.ids.fraction())


async def budget(core: Core) -> Budget:
    """The day's calls, for whoever shows them."""
    now_ms = core.timers.now_ms()
    spent = await core.store.read(lambda records: records.calls_spent(BAKONG, polling.day_of(now_ms)))
    return Budget(core.daily_calls, spent.calls, spent.stopped, polling.day_end_ms(now_ms))


async def spend_call(core: Core) -> bool:
    """Take one of the day's calls, before it is made. Without a limit they are counted all the same, in the clear."""
    if core.daily_calls is None:
        return True
    day, limit = polling.day_of(core.timers.now_ms()), core.daily_calls
    return await core.store.write(lambda records: records.spend_call(BAKONG, day, limit))


async def expire_due(core: Core) -> None:
    """Tell the end of every code that has ended, whether Bakong could be asked or not."""

    def expire(unit: UnitOfWork) -> bool:
        """Whether some were ended and more may be left."""
        overdue = unit.records.overdue(unit.at_ms, BATCH)
        ended = [_expired_alone(unit, payment) for payment in overdue]
        return any(ended) and len(overdue) == BATCH

    while await transact(core, expire):
        pass
    if core.daily_calls is not None:
        now_ms = core.timers.now_ms()
        before_ms, lost_ms = now_ms - polling.GIVE_UP_MS, now_ms - polling.FORGET_MS
        await core.store.write(
            lambda records: records.forget_polls(before_ms, polling.SETTLEMENT_LAG_S * 1000, lost_ms)
        )


async def poll_due(core: Core) -> int | None:
    """Ask about every payment that is due; when the next one is. Several workers never ask about one at a time."""
    if core.daily_calls is not None:
        return await _poll_planned(core, core.daily_calls)
    upstream = core.upstream
    while upstream.may_ask(core.timers.now_ms()) and not core.stopping:
        due = await transact(core, _lease_due)
        await _ask_leased(core, due)
        if len(due) < BATCH:
            break
    if not upstream.may_ask(core.timers.now_ms()):
        await expire_due(core)
    next_ms = await core.store.read(lambda records: records.next_poll_ms())
    return None if next_ms is None else await _not_before(core, next_ms, upstream.silent_until_ms)


async def _not_before(core: Core, next_ms: int, open_ms: int) -> int:
    """The next poll; while Bakong is left alone, only the ends of codes."""
    now_ms = core.timers.now_ms()
    if open_ms <= now_ms:
        return next_ms
    end_ms = await core.store.read(lambda records: records.next_end_ms())
    return open_ms if end_ms is None else min(open_ms, max(end_ms, now_ms + 1_000))


def _lease_due(unit: UnitOfWork) -> list[Payment]:
    return unit.records.lease_polls(unit.at_ms, unit.at_ms + unit.core.lease_ms, BATCH)


def _lease_these(payment_ids: Sequence[str], unit: UnitOfWork) -> list[Payment]:
    return unit.records.lease_payments(payment_ids, unit.at_ms, unit.at_ms + unit.core.lease_ms)


def _candidates(day: int, records: Records) -> tuple[list[PollCandidate], Spent]:
    return records.watched(WATCHED), records.calls_spent(BAKONG, day)


async def _poll_planned(core: Core, daily: int) -> int | None:
    """Make the calls that the plan wants now; when to plan again."""
    while True:
        now_ms = core.timers.now_ms()
        watched, spent = await core.store.read(partial(_candidates, polling.day_of(now_ms)))
        if now_ms >= core.upstream.lists_refused_until_ms:
            made = polling.plan(watched, now_ms, spent, daily)
        else:
            made = polling_single.plan(watched, now_ms, spent, daily, await _forecast(core, daily))
        if made.ask and core.upstream.may_ask(now_ms):
            taken = await transact(core, partial(_lease_these, made.ask))
            by_id = {payment.id: payment for payment in taken}
            await _ask_leased(core, [by_id[one] for one in made.ask if one in by_id])
            if taken and not core.upstream.breaker.failures and not core.stopping:
                continue
        await expire_due(core)
        return _wake_ms(core, made, [one.expires_ms for one in watched if one.is_open], now_ms)


async def _forecast(core: Core, daily: int) -> Forecast:
    """What a day usually sells, learnt anew each day."""
    upstream, now_ms = core.upstream, core.timers.now_ms()
    day = polling.day_of(now_ms)
    if upstream.forecast is None or upstream.forecast_day != day:
        until_ms = polling.day_end_ms(now_ms) - polling.DAY_MS
        from_ms = until_ms - polling_single.HISTORY_DAYS * polling.DAY_MS
        sold = await core.store.write(lambda records: records.sold(from_ms, until_ms))
        upstream.forecast, upstream.forecast_day = Forecast.from_history(sold, daily), day
    return upstream.forecast


def _wake_ms(core: Core, made: polling.PollPlan, ends_ms: Sequence[int], now_ms: int) -> int | None:
    """The plan's next moment, or the next end of a code; not before the breaker lets go, nor at once again."""
    if made.next_ms is None:
        return None
    breaker = core.upstream.breaker
    wait_ms = backoff_ms(breaker.failures, core.ids.fraction()) if breaker.failures else 1_000
    next_ms = max(made.next_ms, breaker.open_until_ms, now_ms + wait_ms)
    return min([next_ms, *(end for end in ends_ms if end > now_ms)])
