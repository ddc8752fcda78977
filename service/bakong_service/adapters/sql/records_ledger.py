"""Answers under idempotency keys, and the audit log, in their tables."""

from typing import Any

import orjson
from sqlalchemy import Row, delete, select

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.idempotency import Answer

ANSWERS = "idempotency_keys"
_KEYS, _I = t.idempotency_keys, t.idempotency_keys.c


@prepared
def _kept(scope: Value, now_ms: Value) -> Statement:
    return select(_KEYS).where(_I.scope == scope, _I.expires_ms > now_ms)


@prepared
def _drop_expired(scope: Value, now_ms: Value) -> Statement:
    return delete(_KEYS).where(_I.scope == scope, _I.expires_ms <= now_ms)


class LedgerRows(Rows):
    """See bakong_service.ports.LedgerRecords."""

    def answer_to(self, scope: str, now_ms: int) -> Answer | None:
        """Raises UnreadableRowError: what was done under the key is not done again."""
        return self._first("answer", _kept(scope, now_ms), self._answer, "scope")

    def _answer(self, row: Row[Any]) -> Answer:
        checked(row, t.idempotency_keys)
        body = self._seal.open(row.body.decode(), ANSWERS, "body", row.scope)
        return Answer(**row._asdict() | {"body": body.encode()})

    def add_answer(self, answer: Answer) -> bool:
        """False where another transaction has answered this key; an answer that has expired makes room."""
        row = {name: getattr(answer, name) for name in ("scope", "fingerprint", "status", "created_ms", "expires_ms")}
        row["body"] = self._seal.seal(answer.body.decode(), ANSWERS, "body", answer.scope).encode()
        if self._insert_once(t.idempotency_keys, row):
            return True
        self._run(_drop_expired(answer.scope, answer.created_ms))
        return self._insert_once(t.idempotency_keys, row)

    def add_audit(self, row: AuditRow) -> None:
        self._insert(
            t.audit_logs,
            {
                "at_ms": row.at_ms,
                "actor": row.by.actor[:128],
                "action": row.action,
                "resource": row.resource[:200],
                "before": _json(row.before),
                "after": _json(row.after),
                "address": (row.by.address or "")[:64],
                "user_agent": (row.by.user_agent or "")[:256],
                "request_id": (row.by.request_id or "")[:128],
            },
        )


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()
