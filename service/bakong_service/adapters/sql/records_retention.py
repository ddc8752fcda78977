"""What has come of age, in every table that is ever emptied."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Bound, Statement, Value, prepared
from bakong_service.adapters.sql.records_audit import audit_row
from bakong_service.adapters.sql.records_chain import ChainRows
from bakong_service.adapters.sql.stored import LAST_MS, instant
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.retention import Oldest

_I, _W, _P = t.idempotency_keys.c, t.webhook_notifications.c, t.payment_transactions.c
_A, _V, _T = t.audit_logs.c, t.provider_events.c, t.traces.c
_DROPPED = {"qr": "", "deep_link": "", "short_link": None, "callback": None, "leased_until_ms": None}


@prepared
def _oldest() -> Statement:
    return select(
        select(func.min(_I.expires_ms)).scalar_subquery(),
        select(func.min(_W.delivered_ms)).where(t.DELIVERED).scalar_subquery(),
        select(func.min(_W.created_ms)).where(t.WITHOUT_URL).scalar_subquery(),
        select(func.min(_P.expires_ms)).where(t.UNPAID_WITH_CODE).scalar_subquery(),
        select(_A.at_ms).where(_A.at_ms <= LAST_MS).order_by(_A.id).limit(1).scalar_subquery(),
        select(func.min(_V.received_ms)).where(t.HANDLED_EVENT).scalar_subquery(),
        select(func.min(_T.at_ms)).scalar_subquery(),
    )


@prepared
def _drop_answers(before_ms: Value, limit: Value) -> Statement:
    old = select(_I.scope).where(_I.expires_ms <= before_ms).order_by(_I.expires_ms).limit(limit)
    return delete(t.idempotency_keys).where(_I.scope.in_(old))


def _free(column: Any, condition: Any, at_ms: Any, before_ms: Value, limit: Value) -> Statement:
    """Ids of rows from before then that no other transaction has in hand."""
    old = select(column).where(condition, at_ms <= before_ms).order_by(at_ms).limit(limit)
    return old.with_for_update(skip_locked=True)


_delivered = prepared(lambda before_ms, limit: _free(_W.id, t.DELIVERED, _W.delivered_ms, before_ms, limit))
_without_url = prepared(lambda before_ms, limit: _free(_W.id, t.WITHOUT_URL, _W.created_ms, before_ms, limit))
_unpaid = prepared(lambda before_ms, limit: _free(_P.id, t.UNPAID_WITH_CODE, _P.expires_ms, before_ms, limit))
_handled = prepared(lambda before_ms, limit: _free(_V.id, t.HANDLED_EVENT, _V.received_ms, before_ms, limit))
_drop_attempts = prepared(lambda ids: delete(t.webhook_attempts).where(t.webhook_attempts.c.notification_id.in_(ids)))
_drop_webhooks = prepared(lambda ids: delete(t.webhook_notifications).where(_W.id.in_(ids)))
_drop_codes = prepared(lambda ids: update(t.payment_transactions).where(_P.id.in_(ids)).values(**_DROPPED))
_drop_events = prepared(lambda ids: delete(t.provider_events).where(_V.id.in_(ids)))
_audit_ids = prepared(lambda ids, before_ms: select(_A.id).where(_A.id.in_(ids), _A.at_ms <= before_ms))
_drop_audit = prepared(lambda ids, before_ms: delete(t.audit_logs).where(_A.id.in_(ids), _A.at_ms <= before_ms))


@prepared
def _old_audit(before_ms: Value, limit: Value) -> Statement:
    first = select(t.audit_logs).where(_A.at_ms <= LAST_MS).order_by(_A.id).limit(limit).subquery()
    return select(first).where(first.c.at_ms <= before_ms).order_by(first.c.id)


class RetentionRows(ChainRows):
    """See bakong_service.ports.RetentionRecords."""

    def oldest(self) -> Oldest:
        """When the oldest of each kind came to its end: one look into an index for each."""
        row = self._run(_oldest()).one()
        answers, delivered, without_url, codes, audit, events, traces = map(instant, row)
        webhooks = min((at_ms for at_ms in (delivered, without_url) if at_ms is not None), default=None)
        return Oldest(answers, webhooks, codes, audit, events, traces)

    def forget_answers(self, before_ms: int, limit: int) -> int:
        """Answers that expired by then; how many."""
        return int(self._run(_drop_answers(before_ms, limit)).rowcount)

    def forget_webhooks(self, before_ms: int, limit: int) -> int:
        """Webhooks delivered by then, or made by then for no URL, with their attempts; how many."""
        ids = self._ids(_delivered(before_ms, limit))
        if len(ids) < limit:
            ids += self._ids(_without_url(before_ms, limit - len(ids)))
        if ids:
            self._run(_drop_attempts(ids))
            self._run(_drop_webhooks(ids))
        return len(ids)

    def forget_codes(self, ended_before_ms: int, limit: int) -> int:
        """The code, its links and its callback, of payments that ended unpaid by then; how many payments."""
        ids = self._ids(_unpaid(ended_before_ms, limit))
        if ids:
            self._run(_drop_codes(ids))
        return len(ids)

    def forget_events(self, before_ms: int, limit: int) -> int:
        """Providers' events that came by then and are done with; how many."""
        ids = self._ids(_handled(before_ms, limit))
        if ids:
            self._run(_drop_events(ids))
        return len(ids)

    def old_audit(self, before_ms: int, limit: int) -> list[AuditRow]:
        """The oldest audit rows from before then; of a damaged one, what stands there: it is exported as it is."""
        rows = self._rows(_old_audit(before_ms, limit))
        links = self.links_of([row.id for row in rows])
        return [replace(audit_row(row), link=links.get(row.id)) for row in rows]

    def forget_audit(self, ids: Sequence[int], before_ms: int, at_ms: int) -> None:
        """Those of the rows that are from before then: SQLite gives a number again where its row was the last."""
        self.archived([row.id for row in self._rows(_audit_ids(list(ids), before_ms))], at_ms)
        self._run(_drop_audit(list(ids), before_ms))

    def _ids(self, statement: Bound) -> list[str]:
        return [row.id for row in self._rows(statement)]
