"""Escrow in its tables: jobs, payments, attempts, refunds, and the ledger, which is only added to."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
from sqlalchemy import Row, and_, exists, func, or_, select, tuple_, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows, Seal
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.escrow import (
    Attempt,
    EscrowPayment,
    EscrowRefund,
    FailureReason,
    Filter,
    Job,
    JobStatus,
    Party,
    Posting,
    RefundKind,
    RefundState,
)
from bakong_service.domain.escrow_book import Account, Book, EscrowState, PaymentState, Rates

JOBS = "jobs"
_J, _P, _A = t.jobs.c, t.escrow_payments.c, t.escrow_attempts.c
_F, _E, _L, _W = t.escrow_refunds.c, t.escrow_entries.c, t.escrow_lines.c, t.escrow_webhooks.c
_PAYMENT: tuple[str, ...] = (
    *("id", "job_id", "payer_id", "caregiver_id", "agency_id", "method", "number_ms", "invoice", "gateway_id"),
    *("attempt_id", "review", "escrow_id", "entries", "created_ms", "expires_ms", "updated_ms"),
    *("paid_ms", "processing_ms", "released_ms", "release_ms", "sweep_ms"),
)
_REFUND: tuple[str, ...] = (
    *("id", "payment_id", "attempt_id", "reason", "notes", "initiated_by", "tries", "next_try_ms"),
    *("provider_refund_id", "failure", "review", "created_ms", "updated_ms", "completed_ms"),
)
_ATTEMPT = ("payment_id", "escrow_payment_id", "number", "return_url", "executes", "busy_ms")
_PARTIES = {"GUARDIAN": _P.payer_id, "CAREGIVER": _P.caregiver_id, "AGENCY_ADMIN": _P.agency_id}
_PAYMENTS, _REFUNDS = t.escrow_payments, t.escrow_refunds

_change_payment = prepared(lambda payment_id, row: update(_PAYMENTS).where(_P.id == payment_id).values(row))
_last_number = prepared(lambda: select(func.max(_P.number_ms)))
_reviewed = prepared(lambda limit: select(_PAYMENTS).where(t.REVIEWED_ESCROW).order_by(_P.updated_ms).limit(limit))
_reviewed_refunds = prepared(
    lambda limit: select(_REFUNDS).where(t.ESCROW_REFUND_REVIEWED).order_by(_F.updated_ms).limit(limit)
)
_attempt_by_id = prepared(lambda payment_id: select(t.escrow_attempts).where(_A.payment_id == payment_id))
_change_attempt = prepared(
    lambda payment_id, row: update(t.escrow_attempts).where(_A.payment_id == payment_id).values(row)
)
_refund_by_id = prepared(lambda refund_id: select(_REFUNDS).where(_F.id == refund_id))
_refunds = prepared(
    lambda payment_id: select(_REFUNDS).where(_F.payment_id == payment_id).order_by(_F.created_ms, _F.id)
)
_change_refund = prepared(lambda refund_id, row: update(_REFUNDS).where(_F.id == refund_id).values(row))
_next_sweep = prepared(lambda: select(_P.sweep_ms).where(t.UNPAID_ESCROW).order_by(_P.sweep_ms).limit(1))
_next_release = prepared(lambda: select(_P.release_ms).where(t.HELD_ESCROW).order_by(_P.release_ms).limit(1))
_next_refund = prepared(lambda: select(_F.next_try_ms).where(t.ESCROW_REFUND_DUE).order_by(_F.next_try_ms).limit(1))


@prepared
def _change_job(job_id: Value, row: Value) -> Statement:
    return update(t.jobs).where(_J.id == job_id).values(row)


@prepared
def _job_by_id(job_id: Value, *, held: bool) -> Statement:
    named = select(t.jobs).where(_J.id == job_id)
    return named.with_for_update() if held else named


def _unpaid() -> Statement:
    return select(t.jobs).where(~exists().where(_P.open_job_id == _J.id))


@prepared
def _unpaid_job(job_id: Value) -> Statement:
    return _unpaid().where(_J.id == job_id).with_for_update(of=t.jobs)


@prepared
def _unpaid_jobs(job_ids: Value) -> Statement:
    return _unpaid().where(_J.id.in_(job_ids))


@prepared
def _payment_where(value: Value, *, column: str, held: bool) -> Statement:
    named = select(_PAYMENTS).where(_P[column] == value)
    return named.with_for_update() if held else named


@prepared
def _payments_after(after: Value, limit: Value) -> Statement:
    rows = select(_PAYMENTS).order_by(_P.created_ms, _P.id).limit(limit)
    return rows.where(tuple_(_P.created_ms, _P.id) > tuple_(*after)) if after else rows


@prepared
def _due_sweeps(now_ms: Value, limit: Value) -> Statement:
    return select(_P.id).where(t.UNPAID_ESCROW, _P.sweep_ms <= now_ms).order_by(_P.sweep_ms).limit(limit)


@prepared
def _due_releases(now_ms: Value, limit: Value) -> Statement:
    return select(_P.id).where(t.HELD_ESCROW, _P.release_ms <= now_ms).order_by(_P.release_ms).limit(limit)


@prepared
def _attempts(payment_id: Value) -> Statement:
    return select(t.escrow_attempts).where(_A.escrow_payment_id == payment_id).order_by(_A.number)


@prepared
def _due_refunds(now_ms: Value, limit: Value) -> Statement:
    due = select(_F.id).where(t.ESCROW_REFUND_DUE, _F.next_try_ms <= now_ms).order_by(_F.next_try_ms).limit(limit)
    return due.with_for_update(skip_locked=True)


@prepared
def _take_refunds(ids: Value, until_ms: Value) -> Statement:
    taken = update(_REFUNDS).where(_F.id.in_(ids)).values(next_try_ms=until_ms, tries=_F.tries + 1)
    return taken.returning(*_F)


@prepared
def _postings(payment_id: Value) -> Statement:
    joined = and_(_L.payment_id == _E.payment_id, _L.number == _E.number)
    return (
        select(*_L, _E.fact, _E.subject, _E.at_ms)
        .join_from(t.escrow_lines, t.escrow_entries, joined)
        .where(_L.payment_id == payment_id)
        .order_by(_L.number, _L.line)
    )


@prepared
def _balances() -> Statement:
    sums = select(_L.account, _L.method, _L.party, func.sum(_L.amount).label("total"))
    return sums.group_by(_L.account, _L.method, _L.party)


class EscrowRows(Rows):
    """See bakong_service.ports.EscrowRecords."""

    def save_job(self, job: Job) -> None:
        row = _job_row(job, self._seal)
        if not self._insert_once(t.jobs, row):
            self._run(_change_job(job.id, {name: value for name, value in row.items() if name != "created_ms"}))

    def job_by_id(self, job_id: str, *, held: bool = False) -> Job | None:
        return self._first("job", _job_by_id(job_id, held=held), lambda row: _job(row, self._seal))

    def unpaid_job(self, job_id: str) -> Job | None:
        """The job, held, unless it has an open or paid payment."""
        return self._first("job", _unpaid_job(job_id), lambda row: _job(row, self._seal))

    def unpaid_jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """As unpaid_job, on a database with one writer; those that cannot be read are left out."""
        return jobs_of(self._rows(_unpaid_jobs(list(job_ids))), self._seal)

    def add_escrow_payment(self, payment: EscrowPayment) -> bool:
        """False where its job has another, or its number is taken."""
        return self._insert_once(t.escrow_payments, _payment_row(payment))

    def next_number_ms(self, at_ms: int) -> int:
        """The first ms from at_ms on that is behind every number; it may be taken meanwhile."""
        last = instant(self._run(_last_number()).scalar())
        return at_ms if last is None else max(at_ms, last + 1)

    def escrow_payment(self, payment_id: str, *, held: bool = False) -> EscrowPayment | None:
        """held: its row is locked until the transaction ends, where the database can."""
        return self._first("escrow", _payment_where(payment_id, column="id", held=held), _payment)

    def escrow_payment_of_job(self, job_id: str, *, held: bool = False) -> EscrowPayment | None:
        """The job's open or paid one."""
        return self._first("escrow", _payment_where(job_id, column="open_job_id", held=held), _payment)

    def change_escrow_payment(self, payment: EscrowPayment) -> None:
        """Store it; whoever changes it holds it."""
        self._run(_change_payment(payment.id, _payment_row(payment)))

    def escrow_payments(self, wanted: Filter, limit: int, offset: int) -> list[EscrowPayment]:
        """Newest first, then by id."""
        rows = select(t.escrow_payments).where(_matching(wanted)).order_by(_P.created_ms.desc(), _P.id.desc())
        return self._readable("escrow", self._rows(rows.limit(limit).offset(offset)), _payment)

    def count_escrow_payments(self, wanted: Filter) -> int:
        return int(self._run(select(func.count()).where(_matching(wanted))).scalar_one())

    def escrow_payments_after(self, after: tuple[int, str] | None, limit: int) -> list[EscrowPayment]:
        """Oldest first, after a place in that order: for whoever reads them all."""
        return self._readable("escrow", self._rows(_payments_after(tuple(after or ()), limit)), _payment)

    def escrow_reviews(self, limit: int) -> tuple[list[EscrowPayment], list[EscrowRefund]]:
        """What a person has to look at, the oldest first."""
        return (
            self._readable("escrow", self._rows(_reviewed(limit)), _payment),
            self._readable("escrow refund", self._rows(_reviewed_refunds(limit)), _refund),
        )

    def due_escrow_sweeps(self, now_ms: int, limit: int) -> list[str]:
        """Ids of payments that time alone may end now."""
        return list(self._run(_due_sweeps(now_ms, limit)).scalars())

    def due_escrow_releases(self, now_ms: int, limit: int) -> list[str]:
        """Ids of payments whose money is released now."""
        return list(self._run(_due_releases(now_ms, limit)).scalars())

    def sweep_escrow_payment(self, payment_id: str, at_ms: int) -> None:
        """Look again at that time whether it has ended."""
        self._run(_change_payment(payment_id, {"sweep_ms": at_ms}))

    def next_escrow_ms(self) -> int | None:
        """When the next payment ends, is released, or has a refund to be asked about."""
        due = [instant(self._run(first()).scalar()) for first in (_next_sweep, _next_release, _next_refund)]
        return min((due_ms for due_ms in due if due_ms is not None), default=None)

    def add_attempt(self, attempt: Attempt) -> bool:
        """False where the payment has one of this number."""
        return self._insert_once(t.escrow_attempts, _attempt_row(attempt))

    def attempt(self, payment_id: str) -> Attempt | None:
        return self._first("attempt", _attempt_by_id(payment_id), _attempt, "payment_id")

    def attempts_of(self, escrow_payment_id: str) -> list[Attempt]:
        """In the order in which they were made."""
        return self._readable("attempt", self._rows(_attempts(escrow_payment_id)), _attempt, "payment_id")

    def change_attempt(self, attempt: Attempt) -> None:
        """Store it; whoever changes it holds its payment."""
        self._run(_change_attempt(attempt.payment_id, _attempt_row(attempt)))

    def add_escrow_refund(self, refund: EscrowRefund) -> bool:
        """False where it was begun before."""
        return self._insert_once(t.escrow_refunds, _refund_row(refund))

    def escrow_refund(self, refund_id: str) -> EscrowRefund | None:
        return self._first("escrow refund", _refund_by_id(refund_id), _refund)

    def escrow_refunds_of(self, payment_id: str) -> list[EscrowRefund]:
        """In the order in which they were begun."""
        return self._readable("escrow refund", self._rows(_refunds(payment_id)), _refund)

    def change_escrow_refund(self, refund: EscrowRefund) -> None:
        """Store it; whoever changes it holds its payment."""
        self._run(_change_refund(refund.id, _refund_row(refund)))

    def lease_escrow_refunds(self, now_ms: int, until_ms: int, limit: int) -> list[EscrowRefund]:
        """Refunds that are due, with one try more; no other worker takes them before until_ms."""
        ids = [row.id for row in self._rows(_due_refunds(now_ms, limit))]
        return self._readable("escrow refund", self._rows(_take_refunds(ids, until_ms)), _refund) if ids else []

    def add_entry_of_escrow(self, postings: Sequence[Posting]) -> bool:
        """An entry with its lines; False where the fact was booked before."""
        first = postings[0]
        entry = {name: getattr(first, name) for name in ("payment_id", "number", "fact", "subject", "at_ms")}
        if not self._insert_once(t.escrow_entries, entry):
            return False
        for one in postings:
            self._insert(
                t.escrow_lines,
                {
                    "payment_id": one.payment_id,
                    "number": one.number,
                    "line": one.line,
                    "account": one.account.value,
                    "method": one.method,
                    "party": one.party,
                    "amount": one.amount,
                },
            )
        return True

    def postings_of(self, payment_id: str) -> list[Posting]:
        """A payment's ledger, in order."""
        return [
            Posting(
                row.payment_id,
                row.number,
                row.line,
                row.fact,
                row.subject,
                Account(row.account),
                row.method,
                row.party,
                row.amount,
                row.at_ms,
            )
            for row in self._rows(_postings(payment_id))
        ]

    def escrow_balances(self) -> dict[tuple[str, str, str], int]:
        """The sum of each account, by account, method and party. Reads the whole ledger."""
        rows = self._rows(_balances())
        return {(row.account, row.method, row.party): int(row.total) for row in rows if row.total}

    def add_escrow_webhook(self, payment_id: str, transaction_id: str, status: str, at_ms: int) -> bool:
        """False where the same was taken before."""
        row = {"payment_id": payment_id, "transaction_id": transaction_id, "status": status, "at_ms": at_ms}
        return self._insert_once(t.escrow_webhooks, row)


def jobs_of(rows: Sequence[Any], seal: Seal) -> dict[str, Job]:
    """The jobs in rows of their table, by id, without those that cannot be read."""
    jobs = {}
    for row in rows:
        with suppress(Exception):  # whoever wants it meets what is wrong with it
            jobs[row.id] = _job(row, seal)
    return jobs


def _job(row: Any, seal: Seal) -> Job:
    checked(row, t.jobs)
    names = orjson.loads(seal.open(row.parties, JOBS, "parties", row.id))
    return Job(
        id=row.id,
        package_name=names["package"],
        guardian=Party(row.guardian_id, names["guardian"]),
        caregiver=Party(row.caregiver_id, names["caregiver"]),
        agency=Party(row.agency_id, names["agency"]),
        status=JobStatus(row.status),
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        completed_ms=row.completed_ms,
    )


def _matching(wanted: Filter) -> Any:
    conditions = [_P.created_ms >= (wanted.from_ms or 0)]
    if wanted.party is not None:
        role, who = wanted.party
        conditions.append(_PARTIES[role] == who)
    if wanted.until_ms is not None:
        conditions.append(_P.created_ms < wanted.until_ms)
    if wanted.method is not None:
        conditions.append(_P.method == wanted.method)
    if wanted.status == PaymentState.FAILED.value:
        conditions.append(or_(_P.status == "FAILED", _P.status == "EXPIRED"))
    elif wanted.status is not None:
        conditions.append(_P.status == wanted.status)
    return and_(*conditions)


def _job_row(job: Job, seal: Seal) -> dict[str, Any]:
    names = {
        "package": job.package_name,
        "guardian": job.guardian.name,
        "caregiver": job.caregiver.name,
        "agency": job.agency.name,
    }
    return {
        "id": job.id,
        "guardian_id": job.guardian.id,
        "caregiver_id": job.caregiver.id,
        "agency_id": job.agency.id,
        "parties": seal.seal(orjson.dumps(names).decode(), JOBS, "parties", job.id),
        "status": job.status.value,
        "completed_ms": job.completed_ms,
        "created_ms": job.created_ms,
        "updated_ms": job.updated_ms,
    }


def _payment_row(payment: EscrowPayment) -> dict[str, Any]:
    book = payment.book
    return {name: getattr(payment, name) for name in _PAYMENT} | {
        "late": payment.late,
        "open_job_id": payment.job_id if payment.holds_job else None,
        "amount_minor": book.amount,
        "status": book.payment.value,
        "failure": None if payment.failure is None else payment.failure.value,
        "attempt_count": payment.attempts,
        "escrow_status": book.escrow.value,
        "fee_bps": book.rates.fee_bps,
        "caregiver_bps": book.rates.caregiver_bps,
        "captured_minor": book.captured,
        "refunded_minor": book.refunded,
        "processing_minor": book.processing,
        "refund_count": book.refund_count,
        "released_minor": book.released,
    }


def _payment(row: Row[Any]) -> EscrowPayment:
    checked(row, t.escrow_payments)
    book = Book(
        amount=row.amount_minor,
        payment=PaymentState(row.status),
        escrow=EscrowState(row.escrow_status),
        rates=Rates(row.fee_bps, row.caregiver_bps),
        captured=row.captured_minor,
        refunded=row.refunded_minor,
        processing=row.processing_minor,
        refund_count=row.refund_count,
        released=row.released_minor,
    )
    return EscrowPayment(
        book=book,
        holds_job=row.open_job_id is not None,
        attempts=row.attempt_count,
        failure=None if row.failure is None else FailureReason(row.failure),
        late=bool(row.late),
        **{name: getattr(row, name) for name in _PAYMENT},
    )


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    ended = None if attempt.ended is None else attempt.ended.value
    return {name: getattr(attempt, name) for name in _ATTEMPT} | {"ended": ended, "captured": attempt.captured}


def _attempt(row: Row[Any]) -> Attempt:
    checked(row, t.escrow_attempts)
    return Attempt(
        ended=None if row.ended is None else FailureReason(row.ended),
        captured=bool(row.captured),
        **{name: getattr(row, name) for name in _ATTEMPT},
    )


def _refund_row(refund: EscrowRefund) -> dict[str, Any]:
    return {name: getattr(refund, name) for name in _REFUND} | {
        "kind": refund.kind.value,
        "amount_minor": refund.amount,
        "status": refund.status.value,
    }


def _refund(row: Row[Any]) -> EscrowRefund:
    checked(row, t.escrow_refunds)
    return EscrowRefund(
        kind=RefundKind(row.kind),
        amount=row.amount_minor,
        status=RefundState(row.status),
        **{name: getattr(row, name) for name in _REFUND},
    )
