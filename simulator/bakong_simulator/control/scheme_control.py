"""What a scheme adds to the control API, and the forms that come of it.

What is the first scheme's is said without its name: its routes are directly below /sandbox/worlds/{world}, its settings
and facts are among the world's. Those of every other are below /<scheme>, and in a field of its name.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, create_model

from bakong_simulator.control import responses
from bakong_simulator.control.requests import NewWorld, Strict, WorldChange
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import AnyScheme, World

Change = Callable[[World], None]


class SchemeControl(NamedTuple):
    """router: further routes. settings: what a world may be made with, and what may be changed later.

    change: what brings such settings about; raises BodyError before anything has changed. facts, show: what is shown of
    a world. credentials, issue: what a client of a new world needs. payment, show_payment: what is shown of a payment
    of the scheme, with its settlement of this number.
    """

    router: APIRouter | None = None
    settings: type[Strict] = Strict
    change: Callable[[Any], Change] = lambda _settings: lambda _world: None
    facts: type[responses.Response] = responses.Response
    show: Callable[[World], dict[str, Any]] = lambda _world: {}
    credentials: type[responses.Response] = responses.Response
    issue: Callable[[World], dict[str, Any]] = lambda _world: {}
    payment: type[responses.PaymentShown] = responses.PaymentShown
    show_payment: Callable[[World, Payment, int | None], dict[str, Any]] = responses.of_payment


NOTHING = SchemeControl()


class Forms(NamedTuple):
    """The bodies that depend on which schemes there are."""

    new_world: Any
    world_change: Any
    made: Any
    world: Any
    payment: Any


def list_of(form: Any) -> Any:
    return list[form]


def control_of(scheme: AnyScheme) -> SchemeControl:
    return scheme.control() or NOTHING


def forms_of(schemes: Sequence[AnyScheme]) -> Forms:
    """The forms of the control API over worlds with these schemes."""
    controls = {scheme.name: control_of(scheme) for scheme in schemes}
    settings = {name: control.settings for name, control in controls.items()}
    return Forms(
        _with(NewWorld, settings, is_needed=False),
        _with(WorldChange, settings, is_needed=False),
        _with(responses.Made, {name: control.credentials for name, control in controls.items()}, is_needed=True),
        _with(responses.WorldShown, {name: control.facts for name, control in controls.items()}, is_needed=True),
        reduce(or_, dict.fromkeys(control.payment for control in controls.values())),
    )


def _with(base: type[BaseModel], parts: dict[str, Any], *, is_needed: bool) -> Any:
    """The form with the first part's fields among its own, and each other part that has any in a field of its name."""
    (_, first), *others = parts.items()
    fields: dict[str, Any] = {
        name: (part, ...) if is_needed else (part | None, None) for name, part in others if part.model_fields
    }
    bases = base if issubclass(base, first) else (first, base)
    return create_model(base.__name__, __base__=bases, **fields)


def changes(schemes: Sequence[AnyScheme], given: Any) -> list[Change]:
    """What brings the settings of a body about. Raises BodyError."""
    first, *others = schemes
    named = [(scheme, getattr(given, scheme.name, None)) for scheme in others]
    wanted = [(first, given), *((scheme, settings) for scheme, settings in named if settings is not None)]
    return [control_of(scheme).change(settings) for scheme, settings in wanted]


def made(world: World, base_url: str) -> dict[str, Any]:
    """What a client of a new world needs."""
    return {"world": world.name, "base_url": base_url, **_parts(world, lambda control: control.issue)}


def of_world(world: World) -> dict[str, Any]:
    return responses.of_world(world) | _parts(world, lambda control: control.show)


def _parts(world: World, which: Callable[[SchemeControl], Callable[[World], dict[str, Any]]]) -> dict[str, Any]:
    first, *others = world.schemes.values()
    shown = which(control_of(first))(world)
    named = {scheme.name: which(control_of(scheme))(world) for scheme in others}
    return shown | {name: part for name, part in named.items() if part}


def of_payment(world: World, payment: Payment, at: int | None = None) -> dict[str, Any]:
    """A payment with one of its settlements: the given one, else the one that it shows, of a static code the last."""
    if at is None:
        is_last = payment.is_static and payment.settlements
        at = len(payment.settlements) - 1 if is_last else payment.shown
    return control_of(world.schemes[payment.scheme]).show_payment(world, payment, at)
