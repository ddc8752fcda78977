"""What the fake knows of a world as JSON values, and back."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.records import PaystackState
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment

_BY_WORLD = frozenset({"secret_key", "public_key"})  # which go by the world's name
_KEPT = tuple(field.name for field in fields(PaystackState) if field.name not in _BY_WORLD)
_STATE: TypeAdapter[PaystackState] = TypeAdapter(PaystackState)


def dump(state: PaystackState) -> dict[str, Any]:
    made: dict[str, Any] = _STATE.dump_python(state, mode="json", exclude=set(_BY_WORLD))
    return made


def load(data: Any, payments: Sequence[Payment]) -> Callable[[PaystackState], None]:
    """What lets a state be as in such a dump. Raises BodyError."""
    if not isinstance(data, dict) or data.keys() != set(_KEPT):
        raise BodyError(f"{wire.NAME}: expected the fields {', '.join(_KEPT)}")
    try:
        kept = _STATE.validate_python({**data, **dict.fromkeys(_BY_WORLD, "")})
    except ValidationError as error:
        raise BodyError(f"{wire.NAME}: {error.errors(include_url=False, include_input=False)[0]}") from None
    _check(kept, payments)

    def restore(state: PaystackState) -> None:
        for name in _KEPT:
            setattr(state, name, getattr(kept, name))

    return restore


def _check(kept: PaystackState, payments: Sequence[Payment]) -> None:
    """Raises BodyError where what refers to something refers to nothing."""
    references = {payment.reference for payment in payments if payment.order is not None}
    for reference, row in kept.transactions.items():
        _must(reference == row.reference in references, f"transaction {reference} has no payment with an order")
        _must(row.email.lower() in kept.customers, f"transaction {reference} is of no customer")
        known = row.authorization is None or row.authorization in kept.authorizations
        _must(known, f"transaction {reference} names an authorization that is not there")
        _must(row.instrument in ("", *wire.INSTRUMENTS), f"transaction {reference} names no test instrument")
        asks = wire.INSTRUMENTS.get(row.instrument, wire.UNKNOWN_CARD).asks
        _must(0 <= row.given <= len(asks), f"transaction {reference} has more answers than questions")
        _must(not row.asking or row.given < len(asks), f"transaction {reference} asks for nothing")
        _must(kept.references.get(row.id) == reference, f"transaction {reference} is not found by its id")
        _must(kept.pages.get(row.access_code) == reference, f"transaction {reference} is not found by its page")
        for number in row.refunds:
            refund = kept.refunds.get(number)
            _must(
                refund is not None and refund.reference == reference, f"transaction {reference} has no refund {number}"
            )
    _must(len(kept.references) == len(kept.pages) == len(kept.transactions), "references and pages of no transaction")
    for number, refund in kept.refunds.items():
        paid = kept.transactions.get(refund.reference)
        is_known = paid is not None and number in paid.refunds and refund.id == number
        _must(is_known, f"refund {number} is of no transaction")
        _must(refund.status in STATUSES and refund.ends in STATUSES, f"refund {number} has an unknown status")


STATUSES = ("pending", "processing", "processed", "failed", "needs-attention")


def _must(good: bool, message: str) -> None:  # noqa: FBT001  a check, and what is wrong where it fails
    if not good:
        raise BodyError(f"{wire.NAME}: {message}")
