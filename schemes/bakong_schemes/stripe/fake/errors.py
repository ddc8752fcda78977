"""The API's errors, as an exception for its handlers and as replies."""

from typing import Any

import orjson

from bakong_schemes.stripe import wire
from bakong_simulator.wire.reply import JSON, Reply

Json = dict[str, Any]
INVALID, CARD, IDEMPOTENCY = "invalid_request_error", "card_error", "idempotency_error"


class ApiError(Exception):
    """A call that is refused. kept: whether an idempotency key keeps the answer; more: further fields of the error."""

    def __init__(
        self,
        message: str,
        code: str | None = None,
        param: str | None = None,
        *,
        status: int = 400,
        type_: str = INVALID,
        kept: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.kept = status, kept
        self.error: Json = {"type": type_, "message": message}
        if code is not None:
            self.error |= {"code": code, "doc_url": doc_url(code)}
        if param is not None:
            self.error["param"] = param
        self.error |= more

    def reply(self, request_log_url: str | None = None) -> Reply:
        return reply_of(
            self.status, self.error if request_log_url is None else {**self.error, "request_log_url": request_log_url}
        )


def doc_url(code: str) -> str:
    return wire.ERROR_PAGE + code.replace("_", "-")


def reply_of(status: int, error: Json) -> Reply:
    return Reply(status, orjson.dumps({"error": error}), JSON, error_code=error.get("code") or error["type"])


def refusal(name: str, key: str = "") -> Reply:
    """One of wire.REFUSALS, with the headers that belong to it."""
    row = wire.REFUSALS[name]
    error = ApiError(row.message.replace("{key}", key), row.code, status=row.status, type_=row.type)
    headers: list[tuple[bytes, bytes]] = []
    if row.should_retry is not None:
        headers.append((b"stripe-should-retry", b"true" if row.should_retry else b"false"))
    if row.reason is not None:
        headers.append((b"stripe-rate-limited-reason", row.reason.encode()))
    return error.reply()._replace(headers=tuple(headers))


def missing(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", "parameter_missing", param)


def not_found(kind: str, id_: str, param: str = "id", *, status: int = 404) -> ApiError:
    """Of an id in the path; with status 400, of one in a parameter."""
    return ApiError(f"No such {kind}: '{id_[:200]}'", "resource_missing", param, status=status)
