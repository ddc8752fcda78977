"""What has come of age, in every table that is ever emptied."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.records_audit import audit_row
from bakong_service.adapters.sql.records_chain import ChainRows
from bakong_service.adapters.sql.stored import LAST_MS, instant
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.retention import Oldest

_I, _W, _P = t.idempotency_keys.c, t.webhook_notifications.c, t.payment_transactions.c
_A, _V, _T = t.audit_logs.c, t.provider_events.c, t.traces.c


class RetentionRows(ChainRows):
    """See bakong_service.ports.RetentionRecords."""

    def oldest(self) -> Oldest:
        """When the oldest of each kind came to its end: one look into an index for each."""
        row = self._run(
            select(
                select(func.min(_I.expires_ms)).scalar_subquery(),
                select(func.min(_W.delivered_ms)).where(t.DELIVERED).scalar_subquery(),
                select(func.min(_W.created_ms)).where(t.WITHOUT_URL).scalar_subquery(),
                select(func.min(_P.expires_ms)).where(t.UNPAID_WITH_CODE).scalar_subquery(),
                select(_A.at_ms).where(_A.at_ms <= LAST_MS).order_by(_A.id).limit(1).scalar_subquery(),
                select(func.min(_V.received_ms)).where(t.HANDLED_EVENT).scalar_subquery(),
                select(func.min(_T.at_ms)).scalar_subquery(),
            )
        ).one()
        answers, delivered, without_url, codes, audit, events, traces = map(instant, row)
        webhooks = min((at_ms for at_ms in (delivered, without_url) if at_ms is not None), default=None)
        return Oldest(answers, webhooks, codes, audit, events, traces)

    def forget_answers(self, before_ms: int, limit: int) -> int:
        """Answers that expired by then; how many."""
        old = select(_I.scope).where(_I.expires_ms <= before_ms).order_by(_I.expires_ms).limit(limit)
        return int(self._run(delete(t.idempotency_keys).where(_I.scope.in_(old))).rowcount)

    def forget_webhooks(self, before_ms: int, limit: int) -> int:
        """Webhooks delivered by then, or made by then for no URL, with their attempts; how many."""
        delivered = select(_W.id).where(t.DELIVERED, _W.delivered_ms <= before_ms).order_by(_W.delivered_ms)
        ids = self._ids(delivered.limit(limit))
        if len(ids) < limit:
            without_url = select(_W.id).where(t.WITHOUT_URL, _W.created_ms <= before_ms).order_by(_W.created_ms)
            ids += self._ids(without_url.limit(limit - len(ids)))
        if ids:
            self._run(delete(t.webhook_attempts).where(t.webhook_attempts.c.notification_id.in_(ids)))
            self._run(delete(t.webhook_notifications).where(_W.id.in_(ids)))
        return len(ids)

    def forget_codes(self, ended_before_ms: int, limit: int) -> int:
        """The code, its links and its callback, of payments that ended unpaid by then; how many payments."""
        unpaid = select(_P.id).where(t.UNPAID_WITH_CODE, _P.expires_ms <= ended_before_ms)
        ids = self._ids(unpaid.order_by(_P.expires_ms).limit(limit))
        if ids:
            dropped = {"qr": "", "deep_link": "", "short_link": None, "callback": None, "leased_until_ms": None}
            self._run(update(t.payment_transactions).where(_P.id.in_(ids)).values(**dropped))
        return len(ids)

    def forget_events(self, before_ms: int, limit: int) -> int:
        """Providers' events that came by then and are done with; how many."""
        old = select(_V.id).where(t.HANDLED_EVENT, _V.received_ms <= before_ms).order_by(_V.received_ms).limit(limit)
        ids = self._ids(old)
        if ids:
            self._run(delete(t.provider_events).where(_V.id.in_(ids)))
        return len(ids)

    def old_audit(self, before_ms: int, limit: int) -> list[AuditRow]:
        """The oldest audit rows from before then; of a damaged one, what stands there: it is exported as it is."""
        first = select(t.audit_logs).where(_A.at_ms <= LAST_MS).order_by(_A.id).limit(limit).subquery()
        rows = self._rows(select(first).where(first.c.at_ms <= before_ms).order_by(first.c.id))
        links = self.links_of([row.id for row in rows])
        return [replace(audit_row(row), link=links.get(row.id)) for row in rows]

    def forget_audit(self, ids: Sequence[int], before_ms: int, at_ms: int) -> None:
        """Those of the rows that are from before then: SQLite gives a number again where its row was the last."""
        self.archived(self._ids_of_audit(ids, before_ms), at_ms)
        self._run(delete(t.audit_logs).where(_A.id.in_(ids), _A.at_ms <= before_ms))

    def _ids_of_audit(self, ids: Sequence[int], before_ms: int) -> list[int]:
        return [row.id for row in self._rows(select(_A.id).where(_A.id.in_(ids), _A.at_ms <= before_ms))]

    def _ids(self, statement: Any) -> list[str]:
        """Ids of rows that no other transaction has in hand."""
        return [row.id for row in self._rows(statement.with_for_update(skip_locked=True))]
