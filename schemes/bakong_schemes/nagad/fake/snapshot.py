"""What the fake knows of a world as JSON values, and back."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake.records import Keys, NagadState
from bakong_schemes.nagad.sealing import KeyTextError, private_key, public_key
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment

_BY_WORLD = "merchant_id"  # which goes by the world's name
_KEPT = tuple(field.name for field in fields(NagadState) if field.name != _BY_WORLD)
_STATE: TypeAdapter[NagadState] = TypeAdapter(NagadState)


def dump(state: NagadState) -> dict[str, Any]:
    made: dict[str, Any] = _STATE.dump_python(state, mode="json", exclude={_BY_WORLD})
    return made


def load(data: Any, payments: Sequence[Payment]) -> Callable[[NagadState], None]:
    """What lets a state be as in such a dump. Raises BodyError."""
    if not isinstance(data, dict) or data.keys() != set(_KEPT):
        raise BodyError(f"{wire.NAME}: expected the fields {', '.join(_KEPT)}")
    try:
        kept = _STATE.validate_python({**data, _BY_WORLD: ""})
    except ValidationError as error:
        raise BodyError(f"{wire.NAME}: {error.errors(include_url=False, include_input=False)[0]}") from None
    _check(kept, payments)

    def restore(state: NagadState) -> None:
        for name in _KEPT:
            setattr(state, name, getattr(kept, name))

    return restore


def _check(kept: NagadState, payments: Sequence[Payment]) -> None:
    """Raises BodyError where what refers to something refers to nothing."""
    check_keys(kept.keys)
    references = {payment.reference for payment in payments if payment.order is not None}
    for name, purchase in kept.purchases.items():
        if name != purchase.reference or kept.orders.get(purchase.order_id) != name:
            raise BodyError(f"{wire.NAME}: purchase {name} is not the one that its order names")
        if (purchase.completed_ms is not None) != (name in references):
            raise BodyError(
                f"{wire.NAME}: purchase {name} is completed and has no payment with an order, or the reverse"
            )
    if unknown := set(kept.orders.values()) - kept.purchases.keys():
        raise BodyError(f"{wire.NAME}: orders name {min(unknown)}, which is not among purchases")


def check_keys(keys: Keys | None) -> None:
    """Raises BodyError for a text that is no key."""
    if keys is None:
        return
    for name, read, text in (
        ("nagad_private", private_key, keys.nagad_private),
        ("merchant_public", public_key, keys.merchant_public),
        ("merchant_private", private_key, keys.merchant_private),
    ):
        try:
            _ = read(text) if text is not None else None
        except KeyTextError as error:
            raise BodyError(f"{name}: {error}") from None
