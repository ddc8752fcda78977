"""Every error as RFC 9457 problem details. Knows kinds of errors, not the routes that raise them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from bakong_contracts import service_api as api
from bakong_contracts.problems import MEDIA_TYPE, document, field_errors
from bakong_service.domain.errors import (
    ConflictError,
    EscrowError,
    ForbiddenError,
    ForgedEventError,
    InvalidError,
    NotFoundError,
    ShopError,
    UnavailableError,
)
from bakong_service.domain.events import iso

_Handler = Callable[[Request, Exception], Response]
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_BY_STATUS = {problem.status: problem for problem in reversed(api.PROBLEMS)}
_BY_CODE = {problem.code: problem for problem in (*api.PROBLEMS, *api.SHOP_PROBLEMS, *api.ESCROW_PROBLEMS)}
# What these are called below /api/v1.
_IN_SHOPS = {api.INVALID: api.VALIDATION_FAILED, api.BAD_JSON: api.MALFORMED_REQUEST}
_BY_ERROR: dict[type[Exception], api.Problem] = {
    NotFoundError: api.NOT_FOUND,
    ConflictError: api.CONFLICT,
    ForbiddenError: api.FORBIDDEN,
    ForgedEventError: api.UNAUTHORIZED,
    UnavailableError: api.UNAVAILABLE,
    ShopError: api.CONFLICT,
}


def install(app: FastAPI) -> None:
    """Let the app answer every error in this form."""
    handlers: dict[type[Exception], _Handler] = {kind: _for(problem) for kind, problem in _BY_ERROR.items()}
    handlers |= {InvalidError: _broken_rule, EscrowError: _escrow, RequestValidationError: _invalid}
    for kind, handle in (handlers | {HTTPException: _http, Exception: _internal}).items():
        app.add_exception_handler(kind, _in_the_loop(handle))


def _in_the_loop(handle: _Handler) -> Any:
    """A plain function would be called on a thread, of which there are 40 in a process, and errors wait for one."""

    async def answer(request: Request, error: Exception) -> Response:
        return handle(request, error)

    return answer


class Asked(NamedTuple):
    """What a problem below /api/v1 says besides: the method, when (epoch ms), where problems are explained."""

    method: str
    at_ms: int
    base_url: str = ""


def reply(
    problem: api.Problem,
    detail: str,
    path: str,
    trace_id: str,
    errors: list[dict[str, str]] | None = None,
    asked: Asked | None = None,
    extra: Mapping[str, str] | None = None,
    traceparent: str = "",
) -> Response:
    """traceparent: of the span that answers, where somebody collects them."""
    traced = {"traceparent": traceparent} if traceparent else {}
    if not path.startswith(api.SHOP_PATHS) or asked is None:
        body = document(problem, detail, instance=path, trace_id=trace_id, errors=errors or (), extra=traced)
        return Response(orjson.dumps(body), status_code=problem.status, media_type=MEDIA_TYPE)
    problem = _IN_SHOPS.get(problem, problem)
    members = {"method": asked.method, "timestamp": iso(asked.at_ms), **(extra or {}), **traced}
    body = document(
        problem,
        detail,
        instance=path,
        trace_id=trace_id,
        errors=errors or (),
        base_url=asked.base_url,
        extra=members,
    )
    return Response(orjson.dumps(body), status_code=problem.status, media_type=MEDIA_TYPE)


def reply_to(
    request: Request,
    problem: api.Problem,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """The problem as an answer to a request that a route has."""
    marks, state = request.scope.get("state", {}), request.app.state
    asked = Asked(request.method, state.core.timers.now_ms(), state.errors_url)
    response = reply(
        problem,
        detail,
        request.url.path,
        marks.get("request_id", ""),
        errors,
        asked,
        extra,
        marks.get("traceparent", ""),
    )
    if problem.status == 503:
        response.headers["retry-after"] = "1"
    return response


def _for(problem: api.Problem) -> _Handler:
    def handle(request: Request, error: Exception) -> Response:
        kind = _BY_CODE.get(getattr(error, "code", None) or "", problem)
        response = reply_to(request, kind, str(error), extra=getattr(error, "extra", None))
        if seconds := getattr(error, "retry_after_s", None):
            response.headers["retry-after"] = str(seconds)
        if isinstance(error, ForbiddenError):
            response.headers["www-authenticate"] = insufficient(error.scope)
        return response

    return handle


def insufficient(scope: str | None) -> str:
    """The challenge of RFC 6750, 3.1.

    >>> insufficient("orders")
    'Bearer error="insufficient_scope", scope="orders"'
    """
    return 'Bearer error="insufficient_scope"' + (f', scope="{scope}"' if scope else "")


def _broken_rule(request: Request, error: Exception) -> Response:
    rows = [{"field": error.field, "message": error.reason}] if isinstance(error, InvalidError) else None
    kind = _BY_CODE.get(getattr(error, "code", None) or "", api.INVALID)
    return reply_to(request, kind, str(error), rows)


def _escrow(request: Request, error: Exception) -> Response:
    """What escrow refuses; with `available`, where a refund asks for more than that."""
    assert isinstance(error, EscrowError)  # noqa: S101  it is installed for no other
    kind = _BY_CODE.get(error.code or "", api.CONFLICT)
    rows = [{"field": error.field, "message": str(error)}] if error.field else None
    response = reply_to(request, kind, str(error), rows)
    if error.available is not None:
        response.body = orjson.dumps(orjson.loads(response.body) | {"available": error.available})
        response.headers["content-length"] = str(len(response.body))
    return response


def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    if any(row["type"] == "json_invalid" for row in errors):
        return reply_to(request, api.BAD_JSON, "the body is not valid JSON")
    rows = field_errors(errors)
    return reply_to(request, api.INVALID, "; ".join(f"{row['field']}: {row['message']}" for row in rows), rows)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = _BY_STATUS.get(status, api.INTERNAL)
    detail = str(getattr(error, "detail", "")) or problem.title
    response = reply_to(request, problem, f"{request.method} {request.url.path}: {detail}")
    response.headers.update(getattr(error, "headers", None) or {})
    if status == 405:
        response.headers["allow"] = ", ".join(_allowed(request))
    return response


def _allowed(request: Request) -> list[str]:
    """The methods that the path knows; Starlette names those of the first route only.

    Where routes name the path as it is, those that have a parameter there do not count.
    """
    if named := request.app.state.methods.get(request.url.path):
        return [method for method in _METHODS if method in named]
    scope = {key: value for key, value in request.scope.items() if key in ("type", "path", "root_path", "headers")}
    asked = [(method, {**scope, "method": method}) for method in _METHODS]
    routes = request.app.routes
    return [method for method, one in asked if any(route.matches(one)[0] is Match.FULL for route in routes)]


def _internal(request: Request, _error: Exception) -> Response:
    return reply_to(request, api.INTERNAL, "this is a fault of ours; the request id names it in the log")
