"""Error answers as RFC 9457 problem details: the documents, not how they are served.

The control API of the simulator and the API of the service both speak this form.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bakong_contracts.patterns import message
from bakong_contracts.service_api import Problem

MEDIA_TYPE = "application/problem+json"
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "instance", "code", "traceId"), _TEXT),
        "status": {"type": "integer"},
        "errors": {"type": "array", "items": {"type": "object", "additionalProperties": _TEXT}},
    },
    "required": ["type", "title", "status", "detail", "instance", "code"],
}


def type_uri(base_url: str, code: str) -> str:
    """Where a problem is explained; "about:blank" where nobody says.

    >>> type_uri("https://api.example.com/errors/", "payment_failed")
    'https://api.example.com/errors/payment-failed'
    """
    return f"{base_url.rstrip('/')}/{code.replace('_', '-')}" if base_url else "about:blank"


def document(
    problem: Problem,
    detail: str,
    *,
    instance: str,
    trace_id: str = "",
    errors: Iterable[Mapping[str, str]] = (),
    base_url: str = "",
    extra: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The problem as JSON values: type, title, status, detail, instance, code, traceId and, for validation, errors.

    base_url: of the pages that explain problems. extra: members beside these.
    """
    shown: dict[str, Any] = {
        "type": type_uri(base_url, problem.code),
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": instance,
        "code": problem.code,
    }
    if trace_id:
        shown["traceId"] = trace_id
    if listed := [dict(error) for error in errors]:
        shown["errors"] = listed
    return shown | dict(extra or {})


def field_errors(mistakes: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Error rows of pydantic as {"field", "message"}: the path with points, without where the value was read."""
    rows = []
    for error in mistakes:
        path = [str(part) for part in error["loc"]]
        rows.append({"field": ".".join(path[1:]) or path[0], "message": message(error)})
    return rows
