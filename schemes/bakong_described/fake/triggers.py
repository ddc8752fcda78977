"""The events of `bakong-sandbox trigger` for a described API: a payment made by its own call's fields, and ended."""

import re
from collections.abc import Mapping
from typing import Any

from bakong_described import forms
from bakong_described.description import Asked, Description, Operation
from bakong_described.fake.state import DescribedState
from bakong_described.forms import Money, minor_of
from bakong_scenarios import State
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.world import World

# What is done to a new payment, by the state that an event tells of. No other state's event is ever posted.
ABOUT = {
    State.PAID: "A payment is made and paid.",
    State.FAILED: "A payment is made, and the payer's bank refuses it.",
    State.REFUNDED: "A payment is made, paid, and its money sent back.",
}
_FIXED = ("credential", "equals", "now", "nonce")  # fields whose value nobody chooses
_URLS = ("callback_url", "return_url")
_WHAT = {
    "amount": "how much, in the API's own form",
    "currency": "of the amount",
    "reference": "the payment's reference, which the shop makes",
    "shop_reference": "the shop's own reference",
    "callback_url": "where this payment's callbacks go, beside the registered endpoints",
}
# Forms of a reference, until one fits what the description wants.
_REFERENCES = ("TRIGGER{0:.12}", "T{0:.14}", "{0:.20}", "{0:.12}", "{0:.8}", "T{0:.7}")


def creation(description: Description) -> Operation | None:
    """The call that makes the payments, where an event is posted at all."""
    calls = description.doing("create").values()
    return next(iter(calls), None) if description.callback else None


def events_of(description: Description) -> tuple[EventType, ...]:
    """Its events, each with the fields of the call that makes a payment."""
    operation, callback = creation(description), description.callback
    if operation is None or callback is None:
        return ()
    fields = {
        name: _WHAT.get(asked.is_, "as the call that makes a payment takes it")
        for name, asked in operation.fields.items()
        if asked.is_ not in _FIXED
    }
    return tuple(
        EventType(callback.events[state], about, fields) for state, about in ABOUT.items() if state in callback.events
    )


def state_of(description: Description, event: str) -> State:
    """The state that an event tells of."""
    assert description.callback is not None  # noqa: S101  its caller's
    return next(state for state in ABOUT if description.callback.events.get(state) == event)


def request_of(
    description: Description, operation: Operation, world: World, state: DescribedState, asked: Trigger
) -> Mapping[str, Any]:
    """The fields of the call that makes the payment, by their dotted names, as they stand on its wire.

    Raises BodyError for an amount or a currency that is none.
    """
    by_kind = {field.is_: name for name, field in operation.fields.items()}
    currency = _currency(description, operation, by_kind, asked)
    made: dict[str, Any] = {}
    for name, field in operation.fields.items():
        if field.is_ == "amount":
            made[name] = _amount(description, operation, field, asked.fields.get(name), currency)
        elif field.is_ == "currency":
            made[name] = forms.CURRENCIES[field.written or "alpha"](currency)
        elif name in asked.fields:
            made[name] = asked.fields[name]
        elif not field.optional:
            made[name] = _usual(description, field, world, state)
    return made


def _currency(description: Description, operation: Operation, by_kind: Mapping[Any, str], asked: Trigger) -> str:
    """By its letters, or as the API writes it."""
    usual = next(iter(description.currencies))
    name = by_kind.get("currency", "")
    given = asked.fields.get(name, usual)
    written = (
        {forms.CURRENCIES[operation.fields[name].written or "alpha"](one): one for one in description.currencies}
        if name
        else {}
    )
    read = written.get(given, given) if isinstance(given, str) else given
    if not isinstance(read, str) or read not in description.currencies:
        raise BodyError(f"override: {name}: read {given!r}, expected one of {', '.join(description.currencies)}")
    return str(read)


def _amount(description: Description, operation: Operation, field: Asked, given: Any, currency: str) -> Any:
    """On the wire; minor units where the API counts in them, else a decimal."""
    is_minor = field.written == "minor"
    try:
        if given is None:
            minor = minor_of(description.currencies[currency], currency)
        elif isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError(f"read {given!r}, expected an amount")  # noqa: TRY301  as the others are
        else:
            minor = int(str(given)) if is_minor else minor_of(str(given), currency)
    except ValueError as error:
        raise BodyError(f"override: amount: {error}") from None
    money = Money(minor, currency)
    if operation.sends == "json":
        return forms.AMOUNTS[field.written or "decimal"].write(money)
    return str(minor) if is_minor else str(money.decimal)


def _usual(description: Description, field: Asked, world: World, state: DescribedState) -> Any:
    """What stands in a field that nobody chose."""
    if field.is_ == "credential":
        return state.credentials[str(field.equals)]
    if field.is_ == "now":
        return forms.TIMES[field.written or "iso"](world.clock.now_ms())
    if field.is_ in _URLS:
        return "https://shop.test/back"
    if field.equals is not None:
        return field.equals
    drawn = world.rng.digits(f"{description.name}/trigger", 40)
    made = (form.format(drawn) for form in _REFERENCES)
    fits = (
        one for one in made if len(one) <= field.longest and (not field.matches or re.fullmatch(field.matches, one))
    )
    return next(fits, drawn)
