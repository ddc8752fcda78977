"""In which trace a payment was made, and a webhook written, in its table."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import prepared
from bakong_service.adapters.sql.rows import Rows

_T = t.traces.c

_of = prepared(lambda subjects: select(_T.subject, _T.traceparent).where(_T.subject.in_(subjects)))
_old = prepared(
    lambda before_ms, limit: delete(t.traces).where(
        _T.subject.in_(select(_T.subject).where(_T.at_ms <= before_ms).order_by(_T.at_ms).limit(limit))
    )
)


class TraceRows(Rows):
    """See bakong_service.ports.TraceRecords."""

    def add_trace(self, subject: str, traceparent: str, at_ms: int) -> None:
        self._insert_once(t.traces, {"subject": subject, "traceparent": traceparent, "at_ms": at_ms})

    def traces_of(self, subjects: Sequence[str]) -> dict[str, str]:
        """By subject; what was made in no trace is left out."""
        return {row.subject: row.traceparent for row in self._rows(_of(list(subjects)))}

    def forget_traces(self, before_ms: int, limit: int) -> int:
        """Those of before then; how many."""
        return int(self._run(_old(before_ms, limit)).rowcount)
