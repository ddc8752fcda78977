"""What the fake knows of a world as JSON values, and back."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake.records import OmiseState
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment

_BY_WORLD = frozenset({"secret_key", "public_key"})  # which go by the world's name
_KEPT = tuple(field.name for field in fields(OmiseState) if field.name not in _BY_WORLD)
_STATE: TypeAdapter[OmiseState] = TypeAdapter(OmiseState)


def dump(state: OmiseState) -> dict[str, Any]:
    made: dict[str, Any] = _STATE.dump_python(state, mode="json", exclude=set(_BY_WORLD))
    return made


def load(data: Any, payments: Sequence[Payment]) -> Callable[[OmiseState], None]:
    """What lets a state be as in such a dump. Raises BodyError."""
    if not isinstance(data, dict) or data.keys() != set(_KEPT):
        raise BodyError(f"{wire.NAME}: expected the fields {', '.join(_KEPT)}")
    try:
        kept = _STATE.validate_python({**data, **dict.fromkeys(_BY_WORLD, "")})
    except ValidationError as error:
        raise BodyError(f"{wire.NAME}: {error.errors(include_url=False, include_input=False)[0]}") from None
    _check(kept, payments)

    def restore(state: OmiseState) -> None:
        for name in _KEPT:
            setattr(state, name, getattr(kept, name))

    return restore


def _check(kept: OmiseState, payments: Sequence[Payment]) -> None:
    """Raises BodyError where what refers to something refers to nothing."""
    references = {payment.reference for payment in payments if payment.order is not None}
    for charge in kept.charges.values():
        if charge.id not in references:
            raise BodyError(f"{wire.NAME}: charge {charge.id} has no payment with an order")
        if charge.source is not None and charge.source not in kept.sources:
            raise BodyError(f"{wire.NAME}: charge {charge.id} names source {charge.source}, which is not there")
        if missing := [refund for refund in charge.refunds if refund not in kept.refunds]:
            raise BodyError(f"{wire.NAME}: charge {charge.id} names refund {missing[0]}, which is not there")
        if charge.method not in (*wire.METHODS, "card"):
            raise BodyError(f"{wire.NAME}: charge {charge.id} has the method {charge.method!r}")
    for name, rows in (("sources", kept.sources), ("refunds", kept.refunds)):
        for row in rows.values():
            if row.charge is not None and row.charge not in kept.charges:
                raise BodyError(f"{wire.NAME}: {name}: {row.id} names charge {row.charge}, which is not there")
    if unknown := {row.type for row in kept.sources.values()} - wire.METHODS.keys():
        raise BodyError(f"{wire.NAME}: sources of unknown types: {', '.join(sorted(unknown))}")
