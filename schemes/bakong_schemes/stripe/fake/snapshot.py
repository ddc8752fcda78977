"""What the fake knows of a world as JSON values, and back."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import shapes
from bakong_schemes.stripe.fake.later import KIND_OF
from bakong_schemes.stripe.fake.records import KINDS, Json, StripeState
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment

# By the world's name, of the running world, or made anew from the objects.
_NOT_KEPT = frozenset({"secret_key", "publishable_key", "account", "timer", "recent", "run", "rows", "places"})
_KEPT = tuple(field.name for field in fields(StripeState) if field.name not in _NOT_KEPT)


def _adapters() -> dict[str, TypeAdapter[Any]]:
    from typing import get_type_hints  # noqa: PLC0415

    hints = get_type_hints(StripeState)
    return {name: TypeAdapter(hints[name]) for name in _KEPT}


_ADAPTERS = _adapters()


def _empty_charge() -> Json:
    method: Json = shapes.payment_method("", 0, wire.CARDS["visa"], "4242", (1, 2), "")
    return shapes.charge("", 0, shapes.payment_intent("", 0, ""), method)


def _patterns() -> dict[str, Json]:
    """An object of each kind, whose keys all of the kind have, and whose values are of their types."""
    charge = _empty_charge()
    charge["payment_method_details"] = shapes.card_details(
        shapes.payment_method("", 0, wire.CARDS["visa"], "4242", (1, 2), ""), 0, authenticated=False
    )
    method = shapes.payment_method("", 0, wire.CARDS["visa"], "4242", (1, 2), "")
    return {
        "payment_intent": shapes.payment_intent("", 0, ""),
        "payment_method": method,
        "charge": charge,
        "refund": shapes.refund("", 0, charge, 0),
        "customer": shapes.customer("", 0, ""),
        "checkout.session": shapes.session("", 0, currency="", amount_total=0),
        "webhook_endpoint": shapes.webhook_endpoint("", 0, "", []),
        "dispute": shapes.dispute("", 0, charge, 0, 0),
        "balance_transaction": shapes.balance_transaction("", 0, 0, "usd", 0, 0),
        "token": shapes.token("", 0, method, ""),
    }


def dump(state: StripeState) -> dict[str, Any]:
    return {name: adapter.dump_python(getattr(state, name), mode="json") for name, adapter in _ADAPTERS.items()}


def load(data: Any, payments: Sequence[Payment]) -> Callable[[StripeState], None]:
    """What lets a state be as in such a dump. Raises BodyError."""
    if not isinstance(data, dict) or data.keys() != set(_KEPT):
        raise BodyError(f"{wire.NAME}: expected the fields {', '.join(_KEPT)}")
    try:
        kept = {name: adapter.validate_python(data[name]) for name, adapter in _ADAPTERS.items()}
    except ValidationError as error:
        raise BodyError(f"{wire.NAME}: {error.errors(include_url=False, include_input=False)[0]}") from None
    if (wrong := next(_complaints(kept, payments), None)) is not None:
        raise BodyError(f"{wire.NAME}: {wrong}")

    def restore(state: StripeState) -> None:
        for name, value in kept.items():
            setattr(state, name, value)
        heapq.heapify(state.due)
        state.rows = {kind: list(state.objects[kind]) for kind in KINDS}
        state.places = {id_: at for rows in state.rows.values() for at, id_ in enumerate(rows)}
        state.recent = {}

    return restore


def _complaints(kept: dict[str, Any], payments: Sequence[Payment]) -> Iterator[str]:
    """What is missing, or refers to nothing."""
    objects: dict[str, dict[str, Json]] = kept["objects"]
    if objects.keys() != set(KINDS):
        yield f"objects: expected the kinds {', '.join(KINDS)}"
        return
    patterns = _patterns()
    for kind in KINDS:
        for id_, made in objects[kind].items():
            yield from _of_object(kind, id_, made, patterns[kind])
    yield from _beside(kept, objects)
    yield from _references(objects, {payment.reference for payment in payments if payment.order is not None})
    yield from _due(kept, objects)


def _of_object(kind: str, id_: str, made: Json, pattern: Json) -> Iterator[str]:
    if made.get("id") != id_ or made.get("object") != kind:
        yield f"objects.{kind}: {id_[:60]!r} is not its id"
        return
    if made.get("deleted") is True and made.keys() == {"id", "object", "deleted"} and kind == "customer":
        return
    if missing := pattern.keys() - made.keys():
        yield f"{kind} {id_[:60]}: {min(missing)} is missing"
        return
    for name, like in pattern.items():
        if like is not None and made[name] is not None and type(made[name]) is not type(like):
            yield f"{kind} {id_[:60]}: {name} is {type(made[name]).__name__}, expected {type(like).__name__}"
        if isinstance(like, bool | int | str) and name not in _NULLABLE and made[name] is None:
            yield f"{kind} {id_[:60]}: {name} is null"
    for name in (
        "card",
        "payment_method_details",
        "evidence",
        "evidence_details",
        "destination_details",
        "billing_details",
    ):
        if isinstance(pattern.get(name), dict) and not _covers(made.get(name), pattern[name]):
            yield f"{kind} {id_[:60]}: {name} lacks what Stripe sends"
    if made.get("currency") is not None and made["currency"] not in wire.MINIMUM:
        yield f"{kind} {id_[:60]}: currency is {made['currency']!r}"


_NULLABLE = frozenset({"currency", "amount_subtotal", "amount_total"})


def _covers(value: Any, pattern: Any) -> bool:
    """Whether an object has every key of another, however deep."""
    if not isinstance(pattern, dict):
        return True
    return isinstance(value, dict) and all(
        name in value and (value[name] is None or _covers(value[name], below)) for name, below in pattern.items()
    )


def _beside(kept: dict[str, Any], objects: dict[str, dict[str, Json]]) -> Iterator[str]:
    """What is kept beside objects, which has to be there for each and for nothing else."""
    pairs = (
        *(("intents", "payment_intent"), ("methods", "payment_method"), ("charged", "charge")),
        ("checkouts", "checkout.session"),
    )
    for name, kind in pairs:
        if kept[name].keys() != objects[kind].keys():
            yield f"{name}: expected one for each {kind}"
            return
    yield from _named(kept, objects)
    pattern = shapes.line_item("", shapes.price("", "", 0, "usd", 0), "", 1)
    for checkout in kept["checkouts"].values():
        if not checkout.items or not all(_covers(item, pattern) for item in checkout.items):
            yield "checkouts: items are not as Stripe has them"
    for currency in kept["totals"]:
        if currency not in wire.MINIMUM:
            yield f"totals: currency is {currency!r}"


def _named(kept: dict[str, Any], objects: dict[str, dict[str, Json]]) -> Iterator[str]:
    """What the records beside objects name."""
    rows = [
        *(("refund", one) for charge in kept["charged"].values() for one in charge.refunds),
        *(("dispute", one) for charge in kept["charged"].values() for one in charge.disputes),
        *(("charge", one) for intent in kept["intents"].values() for one in intent.charges),
        *(("checkout.session", intent.session) for intent in kept["intents"].values() if intent.session is not None),
    ]
    yield from (f"beside its objects: {kind} {id_[:60]} is not there" for kind, id_ in rows if id_ not in objects[kind])
    for intent in kept["intents"].values():
        if intent.decline not in ("", *wire.DECLINES):
            yield f"intents: decline is {intent.decline!r}"


def _references(objects: dict[str, dict[str, Json]], references: set[str]) -> Iterator[str]:
    """Fields that name another object."""
    for id_ in objects["payment_intent"]:
        if id_ not in references:
            yield f"payment_intent {id_[:60]} has no payment with an order"
    named = (
        *(("payment_intent", "latest_charge", "charge"), ("payment_intent", "payment_method", "payment_method")),
        *(("charge", "payment_intent", "payment_intent"), ("charge", "balance_transaction", "balance_transaction")),
        *(("refund", "charge", "charge"), ("dispute", "charge", "charge")),
        ("checkout.session", "payment_intent", "payment_intent"),
    )
    for kind, name, to in named:
        for id_, made in objects[kind].items():
            if made[name] is not None and made[name] not in objects[to]:
                yield f"{kind} {id_[:60]} names a {to} that is not there"


def _due(kept: dict[str, Any], objects: dict[str, dict[str, Json]]) -> Iterator[str]:
    for row in kept["due"]:
        if row.what not in KIND_OF or row.id not in objects[KIND_OF[row.what]]:
            yield f"due: {row.what[:60]!r} of {row.id[:60]!r} cannot happen"
