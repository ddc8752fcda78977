"""The audit log's hash chain in its table: what is not in it yet, what is appended, and what is verified."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, text, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.records_audit import audit_conditions, audit_row
from bakong_service.adapters.sql.rows import Rows
from bakong_service.domain.audit import AuditFilter, AuditRow, ChainEnd, ChainEntry, Link, digest, shown

LOOKED_THROUGH = 5_000  # rows a page
LOOK_BACK = 20_000  # ids before the newest sealed one, among which a transaction that committed late may have left rows
_LOCK = 7_326_012  # who appends to the chain, on PostgreSQL; SQLite has one writer
_CHAIN, _A, _C = t.audit_chain, t.audit_logs.c, t.audit_chain.c
_LINKED = t.audit_logs.outerjoin(t.audit_chain, and_(_C.audit_id == _A.id, t.IN_LOG))

_newest_sealed = prepared(lambda: select(func.max(_C.audit_id)).where(t.IN_LOG))
_newest_row = prepared(lambda: select(func.max(_A.id)))
_first_in_log = prepared(lambda: select(func.min(_C.number)).where(t.IN_LOG))
_last_number = prepared(lambda: select(func.max(_C.number)))
_reseal = prepared(lambda number, seal: update(_CHAIN).where(_C.number == number).values(seal=seal))
_links = prepared(lambda ids: select(_CHAIN).where(_C.audit_id.in_(ids), t.IN_LOG))
_archive = prepared(lambda ids, at_ms: update(_CHAIN).where(_C.audit_id.in_(ids), t.IN_LOG).values(archived_ms=at_ms))
_drop_before = prepared(lambda number: delete(_CHAIN).where(_C.number < number))


@prepared
def _unchained(after_id: Value, limit: Value) -> Statement:
    entry = select(_C.number).where(_C.audit_id == _A.id, _C.audit_id > after_id, t.IN_LOG)
    return select(t.audit_logs).where(_A.id > after_id, ~entry.exists()).order_by(_A.id).limit(limit)


@prepared
def _end() -> Statement:
    last = select(func.max(_C.number)).scalar_subquery()
    return select(_C.number, _C.previous, _C.hash, _C.seal).where(_C.number == last)


@prepared
def _page(after: Value, limit: Value) -> Statement:
    chain = select(_CHAIN).where(_C.number > after).order_by(_C.number).limit(limit).subquery("chain")
    joined = chain.outerjoin(t.audit_logs, and_(_A.id == chain.c.audit_id, chain.c.archived_ms.is_(None)))
    return select(chain, t.audit_logs).select_from(joined).order_by(chain.c.number)


@prepared
def _looked_to(after_id: Value) -> Statement:
    return select(_A.id).where(_A.id > after_id).order_by(_A.id).offset(LOOKED_THROUGH - 1).limit(1)


class ChainRows(Rows):
    """See bakong_service.ports.ChainRecords."""

    def unchained(self, after_id: int | None, limit: int) -> list[AuditRow]:
        """Rows that are in no entry, by id. after_id: all up to it are; None: that is not known."""
        if after_id is None:
            after_id = max(0, (self._run(_newest_sealed()).scalar() or 0) - LOOK_BACK)
        return [audit_row(row) for row in self._rows(_unchained(after_id, limit))]

    def newest_audit_id(self) -> int:
        return int(self._run(_newest_row()).scalar() or 0)

    def chain_end(self) -> ChainEnd | None:
        """None while there is no entry."""
        head = self._run(_end()).first()
        return None if head is None else ChainEnd(_link(head), head.seal)

    def chain_free(self) -> bool:
        """Whether this transaction may append; another that does so is not waited for."""
        if self._connection.dialect.name != "postgresql":
            return True
        return bool(self._run(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}).scalar())

    def append_links(self, links: Sequence[tuple[int, Link]], seal: str | None) -> None:
        """Entries for audit rows, by their ids, of which the last is sealed."""
        rows: list[dict[str, Any]] = [{"audit_id": row_id, **link._asdict(), "seal": None} for row_id, link in links]
        rows[-1]["seal"] = seal
        self._insert_all(t.audit_chain, rows)

    def reseal(self, number: int, seal: str) -> None:
        """Another seal for an entry."""
        self._run(_reseal(number, seal))

    def links_of(self, ids: Sequence[int]) -> dict[int, Link]:
        """The entries of those rows that have one, by the rows' ids."""
        return {row.audit_id: _link(row) for row in self._rows(_links(list(ids)))}

    def archived(self, ids: Sequence[int], at_ms: int) -> None:
        """The rows have left the log: so their entries say. Of a beginning that is all archived the last one stays."""
        self._run(_archive(list(ids), at_ms))
        first = self._run(_first_in_log()).scalar()
        last = self._run(_last_number()).scalar() or 0
        kept = last if first is None else first - 1
        self._run(_drop_before(kept))

    def chain_page(self, after: int, limit: int) -> list[ChainEntry]:
        """Entries with what their rows say now, by number."""
        return [_entry(row) for row in self._rows(_page(after, limit))]

    def audit_after(self, wanted: AuditFilter, after_id: int, limit: int) -> tuple[list[AuditRow], int | None]:
        """Rows that are wanted, by id, with their entries, and up to where was looked; None: to the end."""
        places = (_C.number, _C.previous, _C.hash)
        looked = select(t.audit_logs, *places).select_from(_LINKED).where(_A.id > after_id)
        looked = looked.order_by(_A.id).limit(LOOKED_THROUGH)
        kept = looked.subquery()
        rows = self._rows(select(kept).where(*audit_conditions(kept.c, wanted)).order_by(kept.c.id).limit(limit))
        found = [audit_row(row) for row in rows]
        if len(rows) == limit:
            return found, rows[-1].id
        return found, self._run(_looked_to(after_id)).scalar()


def _link(row: Row[Any]) -> Link:
    return Link(row.number, row.previous, row.hash)


def _entry(row: Row[Any]) -> ChainEntry:
    is_archived, is_there = row.archived_ms is not None, row.id is not None
    said = digest(shown(audit_row(row, linked=False))) if is_there else None
    return ChainEntry(_link(row), row.audit_id, said, is_gone=not is_there and not is_archived)
