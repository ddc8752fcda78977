"""When a provider is asked, by which worker, and how many of the day's calls are spent: tables that workers share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, and_, case, func, or_, select, type_coerce, update

from bakong_contracts.service_api import PaymentStatus, Priority
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Bound, Statement, Value, prepared
from bakong_service.adapters.sql.records_payments import PaymentRows
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.payments import Payment
from bakong_service.domain.polling import HOUR_MS, PollCandidate, Spent

_P, _C, _H = t.payment_transactions.c, t.provider_calls.c, t.provider_hours.c
_OPEN = (PaymentStatus.PENDING.value, PaymentStatus.TIMEOUT.value)
_EVERY_POLLED = and_(t.POLLED, _P.next_poll_ms >= 0)  # SQLite takes the index for a comparison, not for the condition
_RANK = case({Priority.HIGH.value: 0, Priority.NORMAL.value: 1}, value=_P.priority, else_=2)
_PAYMENTS = t.payment_transactions


def _free(now_ms: Value) -> Any:
    return or_(_P.leased_until_ms.is_(None), _P.leased_until_ms <= now_ms)


def _taken(which: Any, until_ms: Value) -> Statement:
    return update(_PAYMENTS).where(which).values(leased_until_ms=until_ms, event_ms=None).returning(*_PAYMENTS.c)


@prepared
def _lease_due(provider: Value, now_ms: Value, until_ms: Value, limit: Value) -> Statement:
    due = (
        select(_P.id)
        .where(t.POLLED, _P.provider == provider, _P.next_poll_ms <= now_ms, _free(now_ms))
        .order_by(_RANK, _P.next_poll_ms, _P.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _taken(_P.id.in_(due), until_ms)


@prepared
def _lease_these(payment_ids: Value, now_ms: Value, until_ms: Value) -> Statement:
    return _taken(and_(_P.id.in_(payment_ids), _free(now_ms)), until_ms)


@prepared
def _release(payment_ids: Value) -> Statement:
    return update(_PAYMENTS).where(_P.id.in_(payment_ids)).values(leased_until_ms=None)


@prepared
def _plan(payment_id: Value, next_poll_ms: Value, asked: Value) -> Statement:
    """asked: asked_ms, where that changes."""
    next_ms = func.coalesce(_P.event_ms, type_coerce(next_poll_ms, BigInteger))
    return update(_PAYMENTS).where(_P.id == payment_id).values(next_poll_ms=next_ms, leased_until_ms=None, **asked)


def _named(provider: Value, reference: Value) -> Any:
    return and_(t.REFERRED, _P.provider == provider, _P.reference == reference)


def _ours(provider: Value, payment_id: Value) -> Any:
    return and_(_P.id == payment_id, _P.provider == provider)


@prepared
def _hasten_named(provider: Value, reference: Value, at_ms: Value) -> Statement:
    return update(_PAYMENTS).where(_named(provider, reference)).values(next_poll_ms=at_ms, event_ms=at_ms)


@prepared
def _hasten_ours(provider: Value, payment_id: Value, at_ms: Value) -> Statement:
    return update(_PAYMENTS).where(_ours(provider, payment_id)).values(next_poll_ms=at_ms, event_ms=at_ms)


@prepared
def _next_leased(provider: Value) -> Statement:
    later = case((_P.leased_until_ms > _P.next_poll_ms, _P.leased_until_ms), else_=_P.next_poll_ms)
    return select(func.min(later)).where(t.LEASED, _P.provider == provider, _P.leased_until_ms > 0)


@prepared
def _next_free(provider: Value) -> Statement:
    free = select(_P.next_poll_ms).where(t.POLLED, _P.provider == provider, _P.leased_until_ms.is_(None))
    return free.order_by(_P.next_poll_ms).limit(1)


@prepared
def _watched(provider: Value, limit: Value) -> Statement:
    return (
        select(_PAYMENTS)
        .where(_EVERY_POLLED, _P.provider == provider)
        .order_by(
            case((_P.status.in_(_OPEN), 0), (_P.asked_ms > _P.expires_ms, 2), else_=1),
            func.coalesce(_P.asked_ms, 0),
            _P.expires_ms.desc(),
            _P.id,
        )
        .limit(limit)
    )


@prepared
def _overdue(provider: Value, now_ms: Value, limit: Value, from_ms: Value, until_ms: Value) -> Statement:
    unasked = or_(t.ENDS_UNANSWERED, _P.expires_ms >= from_ms, _P.expires_ms <= until_ms)
    may_end = or_(unasked, _P.asked_ms >= _P.expires_ms)
    due = select(_PAYMENTS).where(t.ENDING, _P.provider == provider, _P.expires_ms <= now_ms, may_end)
    return due.limit(limit).with_for_update(skip_locked=True)


@prepared
def _sold(provider: Value, first: Value, end: Value) -> Statement:
    counted = select(_H.hour, _H.payments).where(_H.provider == provider, _H.hour >= first, _H.hour < end)
    return counted.where(_H.payments > 0)


@prepared
def _made_by_hour(provider: Value, from_ms: Value, until_ms: Value) -> Statement:
    hour = _P.created_ms // HOUR_MS
    made = select(hour.label("hour"), func.count().label("payments")).where(
        _P.created_ms >= from_ms, _P.created_ms < until_ms
    )
    return made.where(_P.provider == provider).group_by(hour)


@prepared
def _forget(provider: Value, ended_ms: Value, settled_ms: Value, lost_ms: Value) -> Statement:
    done = and_(_P.expires_ms <= ended_ms, _P.asked_ms >= _P.expires_ms + settled_ms)
    over = or_(done, and_(_P.expires_ms <= lost_ms, _P.status.not_in(_OPEN)))
    return update(_PAYMENTS).where(_EVERY_POLLED, _P.provider == provider, over).values(next_poll_ms=None)


@prepared
def _spend(provider: Value, day: Value, limit: Value) -> Statement:
    left = (_C.provider == provider, _C.day == day, _C.calls < limit, _C.stopped.is_(False))
    return update(t.provider_calls).where(*left).values(calls=_C.calls + 1)


@prepared
def _stop(provider: Value, day: Value) -> Statement:
    return update(t.provider_calls).where(_C.provider == provider, _C.day == day).values(stopped=True)


_id_named = prepared(lambda provider, reference: select(_P.id).where(_named(provider, reference)))
_reference = prepared(lambda provider, payment_id: select(_P.reference).where(_ours(provider, payment_id)))
_asked = prepared(lambda payment_id: select(_P.asked_ms).where(_P.id == payment_id))
_next_end = prepared(
    lambda provider: select(func.min(_P.expires_ms)).where(t.ENDING, t.ENDS_UNANSWERED, _P.provider == provider)
)
_last_hour = prepared(lambda provider: select(func.max(_H.hour)).where(_H.provider == provider))
_calls = prepared(lambda provider, day: select(t.provider_calls).where(_C.provider == provider, _C.day == day))


def _candidate(row: Row[Any]) -> PollCandidate:
    checked(row, t.payment_transactions)
    priority = Priority(row.priority)
    return PollCandidate(row.id, row.created_ms, row.expires_ms, row.asked_ms, priority, row.status in _OPEN)


class PollRows(PaymentRows):
    """See bakong_service.ports.PollRecords."""

    def lease_polls(self, provider: str, now_ms: int, until_ms: int, limit: int) -> list[Payment]:
        """A provider's due payments, high before low, taken until until_ms; no other worker gets them meanwhile."""
        return self._taken(_lease_due(provider, now_ms, until_ms, limit))

    def lease_payments(self, payment_ids: Sequence[str], now_ms: int, until_ms: int) -> list[Payment]:
        """Those of the payments that no other worker has, taken until until_ms."""
        return self._taken(_lease_these(list(payment_ids), now_ms, until_ms))

    def _taken(self, statement: Bound) -> list[Payment]:
        return self._payments(self._rows(statement))

    def release_polls(self, payment_ids: Sequence[str]) -> None:
        """Give leases back, unused."""
        self._run(_release(list(payment_ids)))

    def plan_poll(self, payment_id: str, next_poll_ms: int | None, *, asked_ms: int | None) -> None:
        """When to ask again, which ends the lease; at once where an event has come since it was taken."""
        self._run(_plan(payment_id, next_poll_ms, {} if asked_ms is None else {"asked_ms": asked_ms}))

    def hasten_poll(self, provider: str, reference: str, at_ms: int) -> bool:
        """Have it asked about at once, whatever its state; False where there is no such payment."""
        return bool(self._run(_hasten_named(provider, reference, at_ms)).rowcount)

    def payment_id_of(self, provider: str, reference: str) -> str | None:
        """Our id of what a provider knows by this reference."""
        payment_id: str | None = self._run(_id_named(provider, reference)).scalar()
        return payment_id

    def hasten_payment(self, provider: str, payment_id: str, at_ms: int) -> str | None:
        """As hasten_poll, by our id; the reference ("": the provider has not made it yet), None where there is none."""
        reference: str | None = self._run(_reference(provider, payment_id)).scalar()
        if reference:
            self._run(_hasten_ours(provider, payment_id, at_ms))
        return reference

    def last_asked_ms(self, payment_id: str) -> int | None:
        return instant(self._run(_asked(payment_id)).scalar())

    def next_poll_ms(self, provider: str) -> int | None:
        """The earliest time at which a provider's payment is due and no worker has it."""
        stored = (self._run(_next_free(provider)).scalar(), self._run(_next_leased(provider)).scalar())
        return min((due_ms for due_ms in map(instant, stored) if due_ms is not None), default=None)

    def next_end_ms(self, provider: str) -> int | None:
        """When a provider's next open payment ends by the clock."""
        return instant(self._run(_next_end(provider)).scalar())

    def watched(self, provider: str, limit: int) -> list[PollCandidate]:
        """What a provider may have news of: the open ones, those not asked about since their end, then the rest."""
        return self._readable("payment", self._rows(_watched(provider, limit)), _candidate)

    def overdue(
        self, provider: str, now_ms: int, limit: int, *, unasked_from_ms: int, unasked_until_ms: int = 0
    ) -> list[Payment]:
        """A provider's open payments whose time has passed, and of which it has said so since.

        Of those unasked: what ends unanswered, and what has ended from unasked_from_ms on or until unasked_until_ms.
        """
        due = _overdue(provider, now_ms, limit, unasked_from_ms, unasked_until_ms)
        return self._payments(self._rows(due))

    def sold(self, provider: str, from_ms: int, until_ms: int) -> dict[int, int]:
        """How many payments were made in whole hours that are over, by the hour since 1970 UTC; never none."""
        first, end = from_ms // HOUR_MS, until_ms // HOUR_MS
        self._count_hours(provider, first, end)
        rows = self._rows(_sold(provider, first, end))
        return {row.hour: row.payments for row in rows if isinstance(row.payments, int)}

    def _count_hours(self, provider: str, first: int, end: int) -> None:
        """Count the hours that nobody has counted yet, each once; the last is marked also where it sold nothing."""
        counted: int | None = self._run(_last_hour(provider)).scalar()
        start = first if counted is None else counted + 1
        if start >= end:
            return
        for row in self._rows(_made_by_hour(provider, start * HOUR_MS, end * HOUR_MS)):
            self._insert_once(t.provider_hours, {"provider": provider, "hour": row.hour, "payments": row.payments})
        self._insert_once(t.provider_hours, {"provider": provider, "hour": end - 1, "payments": 0})

    def forget_polls(self, provider: str, ended_before_ms: int, settled_ms: int, lost_before_ms: int) -> None:
        """Ask no more about what ended by then, and the provider has said since that nothing came; or was lost."""
        self._run(_forget(provider, ended_before_ms, settled_ms, lost_before_ms))

    def calls_spent(self, provider: str, day: int) -> Spent:
        row = self._run(_calls(provider, day)).first()
        if row is None:
            return Spent(0, stopped=False)
        if not isinstance(row.calls, int):  # how many were made nobody knows, and the provider counts
            return Spent(0, stopped=True)
        return Spent(row.calls, stopped=bool(row.stopped))

    def spend_call(self, provider: str, day: int, limit: int) -> bool:
        """Take one of the day's calls; False where none is left, or the provider has said so."""
        self._begin_day(provider, day)
        return bool(self._run(_spend(provider, day, limit)).rowcount == 1)

    def stop_calls(self, provider: str, day: int) -> None:
        """The provider says that the day's calls are spent, whatever our count."""
        self._begin_day(provider, day)
        self._run(_stop(provider, day))

    def _begin_day(self, provider: str, day: int) -> None:
        self._insert_once(t.provider_calls, {"provider": provider, "day": day, "calls": 0, "stopped": False})
