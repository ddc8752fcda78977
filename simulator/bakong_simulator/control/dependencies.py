"""What a path or a body of the control API names: worlds, payments, scenarios, instants."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request

from bakong_scenarios import Scenario, ScenarioError, ScriptLibrary
from bakong_simulator.kernel.clock import RANGE, check_moment
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds


def all_worlds(request: Request) -> Worlds:
    worlds: Worlds = request.scope["worlds"]
    return worlds


def _world(world: str, request: Request) -> World:
    return all_worlds(request).get(world)


AllWorlds = Annotated[Worlds, Depends(all_worlds)]
CurrentWorld = Annotated[World, Depends(_world)]


def get_payment(world: World, reference: str, scheme: str | None = None) -> Payment:
    """The payment of a reference, by default the first scheme's. Raises UnknownPaymentError, BodyError."""
    named = world.scheme(scheme)
    payment = world.payments.get((named.name, named.reference_of(reference)))
    if payment is None:
        raise UnknownPaymentError(f"no payment or registered code has the {named.reference_name} {reference}")
    return payment


def with_types(route: Callable[..., Any], **types: Any) -> Callable[..., Any]:
    """The same route, whose parameters of these names FastAPI reads as these types."""

    @wraps(route)
    async def typed(*args: Any, **named: Any) -> Any:
        return await route(*args, **named)

    shape = signature(route)
    parameters = [
        parameter.replace(annotation=types.get(name, parameter.annotation))
        for name, parameter in shape.parameters.items()
    ]
    typed.__dict__["__signature__"] = shape.replace(parameters=parameters)
    return typed


def script(raw: bytes, library: ScriptLibrary) -> Scenario:
    """The scenario that a body names or is. Raises ScenarioError."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"is not UTF-8: byte {error.start}", file="body") from None
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return library.read(text, "body")
    if not isinstance(body, dict) or not {"name"} <= body.keys() <= {"name", "scheme"}:
        return library.read(text, "body")
    name, scheme = body["name"], body.get("scheme")
    if not isinstance(name, str):
        raise ScenarioError(f"read {name!r}, expected the name of a scenario", file="body")
    if not isinstance(scheme, str | None):
        raise ScenarioError(f"read {scheme!r}, expected the name of a scheme", file="body")
    return library.find(name, scheme)


def instant_ms(text: str | None) -> int | None:
    """Epoch ms of an ISO 8601 instant with its offset. Raises BodyError."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return check_moment(round(instant.timestamp() * 1000), "at")
    except (ValueError, OverflowError):
        pass
    raise BodyError(f"at: read {text!r}, expected an instant like 2026-02-11T00:00:00Z, {RANGE}")
