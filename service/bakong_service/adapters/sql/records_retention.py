"""What has come of age, in every table that is ever emptied."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row, delete, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Rows
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.caller import Caller
from bakong_service.domain.retention import Oldest

_I, _W, _P = t.idempotency_keys.c, t.webhook_notifications.c, t.payment_transactions.c
_A = t.audit_logs.c


class RetentionRows(Rows):
    """See bakong_service.ports.RetentionRecords."""

    def oldest(self) -> Oldest:
        """When the oldest of each kind came to its end: one look into an index for each."""
        row = self._run(
            select(
                select(func.min(_I.expires_ms)).scalar_subquery(),
                select(func.min(_W.delivered_ms)).where(t.DELIVERED).scalar_subquery(),
                select(func.min(_W.created_ms)).where(t.WITHOUT_URL).scalar_subquery(),
                select(func.min(_P.expires_ms)).where(t.UNPAID_WITH_CODE).scalar_subquery(),
                select(_A.at_ms).order_by(_A.id).limit(1).scalar_subquery(),
            )
        ).one()
        answers, delivered, without_url, codes, audit = row
        webhooks = min((at_ms for at_ms in (delivered, without_url) if at_ms is not None), default=None)
        return Oldest(answers, webhooks, codes, audit)

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

    def old_audit(self, before_ms: int, limit: int) -> list[AuditRow]:
        """The oldest audit rows from before then."""
        first = select(t.audit_logs).order_by(_A.id).limit(limit).subquery()
        rows = self._rows(select(first).where(first.c.at_ms <= before_ms).order_by(first.c.id))
        return self._readable("audit", rows, _audit_row)

    def forget_audit(self, ids: Sequence[int], before_ms: int) -> None:
        """Those of the rows that are from before then: SQLite gives a number again where its row was the last."""
        self._run(delete(t.audit_logs).where(_A.id.in_(ids), _A.at_ms <= before_ms))

    def _ids(self, statement: Any) -> list[str]:
        """Ids of rows that no other transaction has in hand."""
        return [row.id for row in self._rows(statement.with_for_update(skip_locked=True))]


def _audit_row(row: Row[Any]) -> AuditRow:
    return AuditRow(
        id=row.id,
        action=row.action,
        resource=row.resource,
        before=None if row.before is None else orjson.loads(row.before),
        after=None if row.after is None else orjson.loads(row.after),
        by=Caller(row.actor, row.address, row.user_agent, row.request_id),
        at_ms=row.at_ms,
    )
