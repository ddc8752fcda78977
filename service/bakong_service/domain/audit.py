"""Who did what to what: the row of the audit log."""

from dataclasses import dataclass
from typing import Any

from bakong_service.domain.caller import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change. before and after hold what changed, as JSON values; None where there was, or is, nothing.

    id: once it is stored.
    """

    action: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    by: Caller
    at_ms: int
    id: int | None = None
