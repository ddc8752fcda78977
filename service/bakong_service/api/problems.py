"""Every error as RFC 9457 problem details. Knows kinds of errors, not the routes that raise them."""

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from bakong_contracts import service_api as api
from bakong_contracts.problems import MEDIA_TYPE, document, field_errors
from bakong_service.domain.errors import (
    ConflictError,
    ForgedEventError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_BY_STATUS = {problem.status: problem for problem in reversed(api.PROBLEMS)}
_BY_CODE = {problem.code: problem for problem in api.PROBLEMS}
_BY_ERROR: dict[type[Exception], api.Problem] = {
    NotFoundError: api.NOT_FOUND,
    ConflictError: api.CONFLICT,
    ForgedEventError: api.UNAUTHORIZED,
    UnavailableError: api.UNAVAILABLE,
}


def install(app: FastAPI) -> None:
    """Let the app answer every error in this form."""
    for kind, problem in _BY_ERROR.items():
        app.add_exception_handler(kind, _for(problem))
    app.add_exception_handler(InvalidError, _broken_rule)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)


def reply(
    problem: api.Problem, detail: str, path: str, trace_id: str, errors: list[dict[str, str]] | None = None
) -> Response:
    body = document(problem, detail, instance=path, trace_id=trace_id, errors=errors or ())
    return Response(orjson.dumps(body), status_code=problem.status, media_type=MEDIA_TYPE)


def _reply_to(
    request: Request, problem: api.Problem, detail: str, errors: list[dict[str, str]] | None = None
) -> Response:
    trace_id = request.scope.get("state", {}).get("request_id", "")
    response = reply(problem, detail, request.url.path, trace_id, errors)
    if problem.status == 503:
        response.headers["retry-after"] = "1"
    return response


def _for(problem: api.Problem) -> Any:
    def handle(request: Request, error: Exception) -> Response:
        kind = _BY_CODE.get(getattr(error, "code", None) or "", problem)
        response = _reply_to(request, kind, str(error))
        if seconds := getattr(error, "retry_after_s", None):
            response.headers["retry-after"] = str(seconds)
        return response

    return handle


def _broken_rule(request: Request, error: Exception) -> Response:
    rows = [{"field": error.field, "message": error.reason}] if isinstance(error, InvalidError) else None
    kind = _BY_CODE.get(getattr(error, "code", None) or "", api.INVALID)
    return _reply_to(request, kind, str(error), rows)


def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    if any(row["type"] == "json_invalid" for row in errors):
        return _reply_to(request, api.BAD_JSON, "the body is not valid JSON")
    rows = field_errors(errors)
    return _reply_to(request, api.INVALID, "; ".join(f"{row['field']}: {row['message']}" for row in rows), rows)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = _BY_STATUS.get(status, api.INTERNAL)
    detail = str(getattr(error, "detail", "")) or problem.title
    response = _reply_to(request, problem, f"{request.method} {request.url.path}: {detail}")
    response.headers.update(getattr(error, "headers", None) or {})
    if status == 405:
        response.headers["allow"] = ", ".join(_allowed(request))
    return response


def _allowed(request: Request) -> list[str]:
    """The methods that the path knows; Starlette names those of the first route only."""
    scope = {key: value for key, value in request.scope.items() if key in ("type", "path", "root_path", "headers")}
    asked = [(method, {**scope, "method": method}) for method in _METHODS]
    routes = request.app.routes
    return [method for method, one in asked if any(route.matches(one)[0] is Match.FULL for route in routes)]


def _internal(request: Request, _error: Exception) -> Response:
    return _reply_to(request, api.INTERNAL, "this is a fault of ours; the request id names it in the log")
