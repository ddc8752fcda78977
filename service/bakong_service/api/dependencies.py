"""What routes are given: the core, who asks and what he may, an answer that comes once for each Idempotency-Key."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import orjson
from fastapi import Depends, Request, Response

from bakong_contracts.service_api import IDEMPOTENCY_HEADER, REPLAYED_HEADER
from bakong_service.api.access import SAFE
from bakong_service.api.shapes import ok
from bakong_service.api.shapes_orders import done
from bakong_service.domain.caller import ANONYMOUS, caller
from bakong_service.domain.errors import ForbiddenError
from bakong_service.domain.idempotency import Keyed, keyed
from bakong_service.domain.principals import ROLES, SCOPES, Principal, of_key
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
    outcome = await idempotent(core, await key_of(request), run, lambda made: orjson.dumps(ok(show(made))))
    response = Response(outcome.body, status_code=outcome.status, media_type="application/json")
    if outcome.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


async def shop_answer(
    request: Request,
    core: Core,
    run: Callable[[Commit], Awaitable[T]],
    show: Callable[[T], object],
    status: Callable[[T], int] = lambda _made: 200,
) -> Response:
    """As answer, in the form of the paths below /api/v1."""
    key = await key_of(request)
    outcome = await idempotent(core, key, run, lambda made: orjson.dumps(done(show(made), status(made))), status)
    response = Response(outcome.body, status_code=outcome.status, media_type="application/json")
    if outcome.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


async def _owner(request: Request) -> str:  # noqa: ARG001  who asks is carried along by context
    return caller().owner


OwnerDep = Annotated[str, Depends(_owner)]  # the merchant whose key it is


async def key_of(request: Request) -> Keyed | None:
    given = request.headers.get(IDEMPOTENCY_HEADER)
    if given is None:
        return None
    caller = f"Bearer {request.state.api_key}"  # however the header is spelled
    return keyed(given, caller, request.method, request.url.path, await request.body())


def principal_of(request: Request) -> Principal:
    """Who asks: whom the token speaks for, or the API key, which may everything; on an open path nobody."""
    known: Principal | None = request.scope["state"].get("principal")
    actor = caller().actor
    return known or (Principal(actor, actor) if actor == ANONYMOUS else of_key(actor))


async def _principal(request: Request) -> Principal:
    return principal_of(request)


PrincipalDep = Annotated[Principal, Depends(_principal)]


def require(scope: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: who asks, where he may do what the scope is about. Reading wants less than changing.

    >>> require("everything")
    Traceback (most recent call last):
    ValueError: read the scope 'everything', expected one of orders, refunds, methods, admin
    """
    if scope not in SCOPES:
        raise ValueError(f"read the scope {scope!r}, expected one of {', '.join(SCOPES)}")

    async def check(request: Request) -> Principal:
        principal = principal_of(request)
        if not principal.may(scope, reads=request.method in SAFE):
            raise ForbiddenError(f"expected a token that is good for {scope}", scope)
        return principal

    return check


def require_role(role: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: who asks, where he is of the role, or an admin."""
    if role not in ROLES:
        raise ValueError(f"read the role {role!r}, expected one of {', '.join(ROLES)}")

    async def check(request: Request) -> Principal:
        principal = principal_of(request)
        if not principal.has_role(role):
            raise ForbiddenError(f"expected a token of the role {role}")
        return principal

    return check
