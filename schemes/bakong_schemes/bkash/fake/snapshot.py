"""What the fake knows of a world as JSON values, and back."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.records import BkashState
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment

_BY_WORLD = "credentials"  # which go by the world's seed and name
_KEPT = tuple(field.name for field in fields(BkashState) if field.name != _BY_WORLD)
_STATE: TypeAdapter[BkashState] = TypeAdapter(BkashState)
_NOBODY = dict.fromkeys(("username", "password", "app_key", "app_secret", "pin", "otp"), "")


def dump(state: BkashState) -> dict[str, Any]:
    made: dict[str, Any] = _STATE.dump_python(state, mode="json", exclude={_BY_WORLD})
    return made


def load(data: Any, payments: Sequence[Payment]) -> Callable[[BkashState], None]:
    """What lets a state be as in such a dump. Raises BodyError."""
    if not isinstance(data, dict) or data.keys() != set(_KEPT):
        raise BodyError(f"{wire.NAME}: expected the fields {', '.join(_KEPT)}")
    try:
        kept = _STATE.validate_python({**data, _BY_WORLD: _NOBODY})
    except ValidationError as error:
        raise BodyError(f"{wire.NAME}: {error.errors(include_url=False, include_input=False)[0]}") from None
    _check(kept, payments)

    def restore(state: BkashState) -> None:
        for name in _KEPT:
            setattr(state, name, getattr(kept, name))

    return restore


def _check(kept: BkashState, payments: Sequence[Payment]) -> None:
    """Raises BodyError where what refers to something refers to nothing."""
    known = {payment.reference: payment for payment in payments if payment.order is not None}
    for id_, row in kept.payments.items():
        if row.id != id_:
            raise BodyError(f"{wire.NAME}: payments: {id_} has the id {row.id}")
        payment = known.get(id_)
        if not row.is_agreement and payment is None:
            raise BodyError(f"{wire.NAME}: payment {id_} has no payment of the world with an order")
        paid = payment is not None and any(not one.failed for one in payment.settlements)
        if not row.is_agreement and paid != bool(row.trx):
            raise BodyError(f"{wire.NAME}: payment {id_} was paid and has no trx, or has one and was not")
        if row.agreement and row.agreement not in kept.agreements:
            raise BodyError(f"{wire.NAME}: payment {id_} names agreement {row.agreement}, which is not there")
    named = (("invoices", kept.invoices), ("transactions", kept.transactions))
    for what, rows in named:
        if missing := set(rows.values()) - kept.payments.keys():
            raise BodyError(f"{wire.NAME}: {what} name payment {min(missing)}, which is not there")
    if missing := {row.payment for row in kept.agreements.values()} - kept.payments.keys():
        raise BodyError(f"{wire.NAME}: agreements name payment {min(missing)}, which is not there")
