"""The control API's error answers: every exception that a caller can cause, as problem details."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bakong_contracts import service_api as api
from bakong_contracts.patterns import message
from bakong_contracts.problems import MEDIA_TYPE, document, field_errors
from bakong_scenarios import ScenarioError
from bakong_simulator.control.requests import FORMS
from bakong_simulator.kernel.clock import TimeRangeError
from bakong_simulator.kernel.errors import (
    BodyError,
    NoServiceError,
    ScanError,
    ServiceDownError,
    UnknownPaymentError,
    UnknownSchemeError,
    UnknownTokenError,
)
from bakong_simulator.kernel.journal import MAX_ERROR
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.money import AmountError
from bakong_simulator.kernel.webhooks import OutboxError, UnknownWebhookError
from bakong_simulator.kernel.world import WorldError
from bakong_simulator.kernel.worlds import UnknownWorldError

FAULTS: dict[type[Exception], api.Problem] = {
    UnknownWorldError: api.NOT_FOUND,
    UnknownPaymentError: api.NOT_FOUND,
    UnknownTokenError: api.NOT_FOUND,
    NoServiceError: api.NOT_FOUND,
    ServiceDownError: api.UNAVAILABLE,
    UnknownSchemeError: api.INVALID,
    UnknownWebhookError: api.NOT_FOUND,
    BodyError: api.INVALID,
    TimeRangeError: api.INVALID,
    OutboxError: api.INVALID,
    WorldError: api.CONFLICT,
    LedgerError: api.CONFLICT,
    ScanError: api.INVALID,
    AmountError: api.INVALID,
    ScenarioError: api.INVALID,
}
_NO_OBJECT = ("model_attributes_type", "model_type", "dict_type")
_EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "literal_error": "read {read}, expected {expected}",
    "enum": "read {read}, expected {expected}",
    "greater_than_equal": "read {read}, expected {ge:g} or more",
    "greater_than": "read {read}, expected more than {gt:g}",
    "less_than_equal": "read {read}, expected {le:g} or less",
    "string_pattern_mismatch": "read {read}, which has characters that it must not have",
    "string_type": "read {read}, expected a text",
}
_LOG = logging.getLogger("bakong_simulator.control")
_BY_STATUS = {problem.status: problem for problem in api.PROBLEMS}


def install(app: FastAPI) -> None:
    """Let the app answer every error as problem details."""
    for kind, problem in FAULTS.items():
        app.add_exception_handler(kind, _for(problem))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(LastResort)


class LastResort:
    """Answers what nobody foresaw: a world that cannot do what is asked says so, in its journal too."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem document
            await _unforeseen(scope, error)(scope, receive, send)


def _unforeseen(scope: Any, error: Exception) -> Response:
    asked, path = f"{scope['method']} {scope['path']}", scope["path"]
    said = f"{type(error).__name__}: {error}"[:MAX_ERROR]
    _LOG.error("%s failed", asked, exc_info=error)
    world = scope["worlds"].by_name.get(scope.get("path_params", {}).get("world"))
    if world is None:
        return reply(api.UNAVAILABLE, said, path)
    world.journal.fail(world.clock.now_ms(), asked, error)
    return reply(api.CONFLICT, f"the world {world.name!r} could not do this ({said}): reset or delete it", path)


def reply(problem: api.Problem, detail: str, path: str, errors: list[dict[str, str]] | None = None) -> Response:
    body = document(problem, detail, instance=path, errors=errors or ())
    return Response(orjson.dumps(body), status_code=problem.status, media_type=MEDIA_TYPE)


def _for(problem: api.Problem) -> Any:
    def handle(request: Request, error: Exception) -> Response:
        return reply(problem, str(error), request.url.path)

    return handle


def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    if any(row["type"] == "json_invalid" for row in errors):
        return reply(api.BAD_JSON, "the body is not valid JSON", request.url.path)
    rows = [row | {"message": _words(error, request)} for row, error in zip(field_errors(errors), errors, strict=True)]
    detail = "; ".join(f"{row['field']}: {row['message']}" for row in rows)
    return reply(api.INVALID, detail, request.url.path, rows)


def _words(row: Mapping[str, Any], request: Request) -> str:
    """What is wrong with a member of the body, in words that say what was read, where pydantic's do not."""
    if row["loc"] == ("body",) and row["type"] in _NO_OBJECT:
        media = request.headers.get("content-type", "").partition(";")[0]
        if not media.endswith("json"):
            return (
                f"read {media or 'no Content-Type'}, expected a JSON object, sent with Content-Type: application/json"
            )
        return f"read {_short(row.get('input'))}, expected a JSON object"
    if form := FORMS.get(row.get("ctx", {}).get("pattern")):
        return f"read {_short(row.get('input'))}, expected {form}"
    expected = _EXPECTED.get(row["type"])
    if expected is None:
        return message(row)
    return expected.format(read=_short(row.get("input")), **row.get("ctx", {}))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = _BY_STATUS.get(status, api.INVALID)
    detail = getattr(error, "detail", "") or problem.title
    response = reply(problem, f"{request.method} {request.url.path}: {detail}", request.url.path)
    response.headers.update(getattr(error, "headers", None) or {})
    if status == 405 and (allowed := _allowed(request)):
        response.headers["allow"] = allowed
    return response


def _allowed(request: Request) -> str:
    """Every method that the path knows; the framework names only those of its first route.

    A path that is written out goes before one with a name in it, as in OpenAPI.
    """
    paths = request.app.openapi()["paths"]
    for template in sorted(paths, key=lambda template: template.count("{")):
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), request.url.path):
            return ", ".join(sorted(method.upper() for method in paths[template]))
    return ""
