"""In which trace a payment was made, and a webhook written, in its table."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Rows

_T = t.traces.c


class TraceRows(Rows):
    """See bakong_service.ports.TraceRecords."""

    def add_trace(self, subject: str, traceparent: str, at_ms: int) -> None:
        self._insert_once(t.traces, {"subject": subject, "traceparent": traceparent, "at_ms": at_ms})

    def traces_of(self, subjects: Sequence[str]) -> dict[str, str]:
        """By subject; what was made in no trace is left out."""
        rows = self._rows(select(_T.subject, _T.traceparent).where(_T.subject.in_(subjects)))
        return {row.subject: row.traceparent for row in rows}

    def forget_traces(self, before_ms: int, limit: int) -> int:
        """Those of before then; how many."""
        old = select(_T.subject).where(_T.at_ms <= before_ms).order_by(_T.at_ms).limit(limit)
        return int(self._run(delete(t.traces).where(_T.subject.in_(old))).rowcount)
