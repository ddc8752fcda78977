"""What routes are given: the core, and an answer to a POST that comes once for each Idempotency-Key."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import orjson
from fastapi import Depends, Request, Response

from bakong_contracts.service_api import IDEMPOTENCY_HEADER, REPLAYED_HEADER
from bakong_service.api.shapes import ok
from bakong_service.domain.idempotency import Keyed, keyed
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit, idempotent

T = TypeVar("T")


async def _core(request: Request) -> Core:
    core: Core = request.app.state.core
    return core


CoreDep = Annotated[Core, Depends(_core)]


async def answer(
    request: Request, core: Core, run: Callable[[Commit], Awaitable[T]], show: Callable[[T], object]
) -> Response:
    """What the use case comes to, shown; or the first answer again, byte for byte."""
    outcome = await idempotent(core, await _key(request), run, lambda made: orjson.dumps(ok(show(made))))
    response = Response(outcome.body, status_code=outcome.status, media_type="application/json")
    if outcome.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


async def _key(request: Request) -> Keyed | None:
    given = request.headers.get(IDEMPOTENCY_HEADER)
    if given is None:
        return None
    caller = f"Bearer {request.state.api_key}"  # however the header is spelled
    return keyed(given, caller, request.method, request.url.path, await request.body())
