"""Reading the audit log, newest first. Whatever is asked for, a page costs the same."""

from typing import Any

import orjson
from sqlalchemy import Row, select

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Rows, as_text
from bakong_service.adapters.sql.stored import instant
from bakong_service.domain.audit import AuditFilter, AuditPage, AuditRow, Link
from bakong_service.domain.caller import Caller

LOOKED_THROUGH = 5_000  # rows a page
_A = t.audit_logs.c


class AuditRows(Rows):
    """See bakong_service.ports.LedgerRecords."""

    def audit_page(self, wanted: AuditFilter, before_id: int | None, limit: int) -> AuditPage:
        """Rows that are wanted, before an id; of the whole log, or of one resource, which has an index."""
        newest = select(t.audit_logs).order_by(_A.id.desc())
        newest = newest if before_id is None else newest.where(_A.id < before_id)
        newest = newest if wanted.resource is None else newest.where(_A.resource == wanted.resource)
        looked = newest.limit(LOOKED_THROUGH).subquery()
        kept = select(looked).order_by(looked.c.id.desc()).limit(limit + 1)
        for condition in audit_conditions(looked.c, wanted):
            kept = kept.where(condition)
        rows = self._rows(kept)
        if len(rows) > limit:
            return AuditPage([audit_row(row) for row in rows[:limit]], rows[limit - 1].id)
        last_looked: int | None = self._run(
            select(looked.c.id).order_by(looked.c.id.desc()).offset(LOOKED_THROUGH - 1)
        ).scalar()
        return AuditPage([audit_row(row) for row in rows], last_looked)


def audit_conditions(columns: Any, wanted: AuditFilter) -> list[Any]:
    conditions = []
    if wanted.resource is not None:
        conditions.append(columns.resource == wanted.resource)
    if wanted.actor is not None:
        conditions.append(columns.actor == wanted.actor)
    if wanted.action is not None:
        conditions.append(columns.action == wanted.action)
    if wanted.from_ms is not None:
        conditions.append(columns.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        conditions.append(columns.at_ms < wanted.to_ms)
    return conditions


def audit_row(row: Row[Any], *, linked: bool = True) -> AuditRow:
    """linked: with its place in the chain, where the row was read with it."""
    number = getattr(row, "number", None) if linked else None
    return AuditRow(
        id=row.id,
        action=as_text(row.action),
        resource=as_text(row.resource),
        before=_facts(row.before),
        after=_facts(row.after),
        by=Caller(as_text(row.actor), as_text(row.address), as_text(row.user_agent), as_text(row.request_id)),
        at_ms=instant(row.at_ms) or 0,
        link=None if number is None else Link(number, row.previous, row.hash),
    )


def _facts(stored: Any) -> dict[str, Any] | None:
    if stored is None:
        return None
    try:
        facts = orjson.loads(stored)
    except orjson.JSONDecodeError:
        facts = None
    return facts if isinstance(facts, dict) else {"unreadable": as_text(stored)}
