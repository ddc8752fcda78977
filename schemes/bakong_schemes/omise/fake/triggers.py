"""The events of `bakong-sandbox trigger`: for each the calls of the API that bring it about, with the values given."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import money
from bakong_schemes.omise.fake.errors import ApiError
from bakong_schemes.omise.fake.operations import Ask, route
from bakong_schemes.omise.fake.records import Json, OmiseState, Place
from bakong_schemes.omise.fake.requests import Request
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.world import World, WorldError

AMOUNT = 100_000  # satang
TEST_CARD = {"name": "Sandbox Buyer", "number": "4242424242424242", "expiration_month": 12, "expiration_year": 2040}
_PHONE, _RETURN = "0800000000", "https://shop.test/back"

_ABOUT = {"description": "a text", "metadata.*": "any value below metadata"}
_MONEY = {"amount": f"satang, {AMOUNT} by default", **_ABOUT}
_SOURCE = {
    **_MONEY,
    "source.type": "how it is paid, promptpay by default",
    "source.phone_number": "where the type wants one",
    "return_uri": "where the payer is led",
}
_COMPLETE = {**_SOURCE, "failure_code": "the charge fails for this reason, such as insufficient_balance"}
_REFUND = {
    "amount": "satang that go back, all by default",
    "metadata.*": "any value below the refund's metadata",
    "charge.amount": "satang of the charge that is refunded",
    "charge.description": "its description",
    "charge.metadata.*": "any value below its metadata",
}
_CUSTOMER = {"email": "an address", **_ABOUT}
_CARD = {"name": "the holder", "expiration_month": "1 to 12", "expiration_year": "like 2040"}


class _Calls(NamedTuple):
    """The API as the trigger calls it: with the secret key, and under the script of the trigger."""

    view: View
    asked: Trigger

    def __call__(self, method: str, path: str, fields: Mapping[str, Any] = MappingProxyType({})) -> Json:
        """Raises ApiError."""
        segments = tuple(path.split("/"))
        routed = route(method, segments)
        request = Request(method, segments, "", self.view.place, dict(fields))
        return routed.operation.answer(Ask(self.view, request, routed.ids, self.asked.script))

    def card(self) -> str:
        token: str = self("POST", "tokens", {"card": TEST_CARD})["id"]
        return token


Act = Callable[[_Calls, Json], dict[str, str]]


def _made(calls: _Calls, given: Json) -> dict[str, str]:
    kind = str(given.get("source", {}).get("type", "promptpay"))
    source = {"type": kind, **given.get("source", {})}
    defaults: Json = {"amount": AMOUNT, "currency": wire.CURRENCY}
    method = wire.METHODS.get(kind)
    if method is not None and method.flow == "redirect":
        defaults["return_uri"] = _RETURN
    if kind in wire.PHONE_METHODS:
        source.setdefault("phone_number", _PHONE)
    charge = calls("POST", "charges", {**defaults, **given, "source": source})
    return {"charge": charge["id"]}


def _updated(calls: _Calls, given: Json) -> dict[str, str]:
    later: Json = {name: given.pop(name) for name in ("description", "metadata") if name in given}
    ids = _made(calls, given)
    calls("PATCH", f"charges/{ids['charge']}", later or {"description": "changed by the sandbox"})
    return ids


def _completed(calls: _Calls, given: Json) -> dict[str, str]:
    failure = given.pop("failure_code", None)
    if failure is not None and (not isinstance(failure, str) or failure not in wire.FAILURES):
        raise BodyError(f"failure_code: read {failure!r}, expected one of {', '.join(wire.FAILURES)}")
    ids = _made(calls, given)
    if failure is None:
        calls("POST", f"charges/{ids['charge']}/mark_as_paid")
    else:
        world, state, _ = calls.view
        money.fail(world, state, state.charges[ids["charge"]], failure)
    return ids


def _by_card(calls: _Calls, given: Json, *, capture: bool) -> dict[str, str]:
    """A charge of a card whose holder has the money."""
    asked = {"amount": AMOUNT, "currency": wire.CURRENCY, "capture": capture, **given}
    amount = Request("POST", (), "", calls.view.place, asked).integer("amount", "invalid_charge") or 0
    world = calls.view.world
    scheme = world.scheme(wire.NAME)
    lacking = min(amount, wire.MAX_AMOUNT) - world.ledger.balance(scheme.payer, wire.CURRENCY)
    if lacking > 0:
        world.ledger.open(scheme.payer, balances={wire.CURRENCY: lacking}, issuer=scheme.issuer)
    return {"charge": calls("POST", "charges", {**asked, "card": calls.card()})["id"]}


def _captured(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _by_card(calls, given, capture=False)
    calls("POST", f"charges/{ids['charge']}/capture")
    return ids


def _reversed(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _by_card(calls, given, capture=False)
    calls("POST", f"charges/{ids['charge']}/reverse")
    return ids


def _refunded(calls: _Calls, given: Json) -> dict[str, str]:
    charged = dict(given.pop("charge", {}))
    amount = Request("POST", (), "", calls.view.place, given).integer("amount", "failed_refund")
    if amount is not None:
        charged.setdefault("amount", max(AMOUNT, amount))
    ids = _by_card(calls, charged, capture=True)
    back = amount if amount is not None else calls.view.state.charges[ids["charge"]].amount
    refund = calls("POST", f"charges/{ids['charge']}/refunds", {**given, "amount": back})
    return {**ids, "refund": refund["id"]}


def _customer(calls: _Calls, given: Json) -> dict[str, str]:
    customer = calls("POST", "customers", {"email": "buyer@shop.test", **given})
    return {"customer": customer["id"]}


def _customer_updated(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _customer(calls, {})
    calls("PATCH", f"customers/{ids['customer']}", given or {"description": "changed by the sandbox"})
    return ids


def _card_added(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _customer(calls, given)
    customer = calls("PATCH", f"customers/{ids['customer']}", {"card": calls.card()})
    return {**ids, "card": customer["default_card"]}


def _customer_destroyed(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _customer(calls, given)
    calls("DELETE", f"customers/{ids['customer']}")
    return ids


def _card_updated(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _card_added(calls, {})
    calls("PATCH", f"customers/{ids['customer']}/cards/{ids['card']}", given or {"name": "Changed Buyer"})
    return ids


def _card_destroyed(calls: _Calls, _given: Json) -> dict[str, str]:
    ids = _card_added(calls, {})
    calls("DELETE", f"customers/{ids['customer']}/cards/{ids['card']}")
    return ids


def _event(name: str, about: str, fields: Mapping[str, str], act: Act) -> tuple[EventType, Act]:
    return EventType(name, about, fields), act


_TABLE = (
    _event("charge.create", "A charge is made, and nobody has paid it.", _SOURCE, _made),
    _event("charge.update", "A charge's description and metadata change.", _SOURCE, _updated),
    _event("charge.complete", "A charge is paid, or with a failure_code fails.", _COMPLETE, _completed),
    _event("charge.capture", "A card's charge was held, and is captured.", _MONEY, _captured),
    _event("charge.reverse", "A card's charge was held, and is let go.", _MONEY, _reversed),
    _event("refund.create", "Money of a paid charge goes back, whole or in part.", _REFUND, _refunded),
    _event("customer.create", "A customer is made.", _CUSTOMER, _customer),
    _event("customer.update", "A customer changes.", _CUSTOMER, _customer_updated),
    _event("customer.update.card", "A customer gets a card.", _CUSTOMER, _card_added),
    _event("customer.destroy", "A customer is deleted.", _CUSTOMER, _customer_destroyed),
    _event("card.update", "A customer's card changes.", _CARD, _card_updated),
    _event("card.destroy", "A customer's card is deleted.", {}, _card_destroyed),
)
EVENTS = tuple(event for event, _ in _TABLE)
_ACTS = {event.name: act for event, act in _TABLE}


def trigger(world: World, state: OmiseState, asked: Trigger) -> dict[str, str]:
    """Raises BodyError for what the API refuses, in its words."""
    base = f"{asked.base_url}/w/{world.name}{wire.PREFIX}"
    calls = _Calls(View(world, state, Place(wire.PREFIX, base, base)), asked)
    try:
        return _ACTS[asked.event](calls, asked.nested())
    except ApiError as error:
        refused = orjson.loads(error.reply.body)
        raise BodyError(f"override: {wire.NAME} refuses it ({refused['code']}): {refused['message']}") from None
    except WorldError as error:
        raise BodyError(f"override: {error}") from None
