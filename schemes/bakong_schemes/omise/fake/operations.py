"""Every operation of the API: its method and path, whose key may ask, and what it answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

from bakong_scenarios import Scenario, State
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import charging, events, lists, money, shapes, vault
from bakong_schemes.omise.fake.charged import charged
from bakong_schemes.omise.fake.errors import ApiError, not_found
from bakong_schemes.omise.fake.promptpay import MERCHANT
from bakong_schemes.omise.fake.records import Charge, Json, Token
from bakong_schemes.omise.fake.requests import Request
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.kernel.webhooks import OutboxError
from bakong_simulator.kernel.world import WorldError


class Ask(NamedTuple):
    """One call, ready for its operation. ids: what the path names. named: the script that the call asks for."""

    view: View
    request: Request
    ids: tuple[str, ...]
    named: Scenario | None


class Operation(NamedTuple):
    """path: with * for an id. is_public: whether the public key may ask too."""

    name: str
    method: str
    path: tuple[str, ...]
    answer: Callable[[Ask], Json]
    is_public: bool = False


# Tokens and sources


def _create_token(ask: Ask) -> Json:
    return shapes.token(ask.view, vault.create_token(ask.view, ask.request))


def _token(ask: Ask) -> Json:
    token = ask.view.state.tokens.get(ask.ids[0])
    if token is None:
        raise not_found("token", ask.ids[0])
    return shapes.token(ask.view, token)


def _create_source(ask: Ask) -> Json:
    amount = charging.checked_amount(ask.request, "bad_request")
    return shapes.source(ask.view, vault.create_source(ask.view, ask.request, amount))


def _source(ask: Ask) -> Json:
    source = ask.view.state.sources.get(ask.ids[0])
    if source is None:
        raise not_found("source", ask.ids[0])
    return shapes.source(ask.view, source)


# Charges


def _charge_of(ask: Ask) -> Charge:
    charge = ask.view.state.charges.get(ask.ids[0])
    if charge is None:
        raise not_found("charge", ask.ids[0])
    return charge


def _create_charge(ask: Ask) -> Json:
    return shapes.charge(ask.view, charging.create(ask.view, ask.request, ask.named))


def _retrieve_charge(ask: Ask) -> Json:
    charge = _charge_of(ask)
    ask.view.world.player.on_poll(money.payment_of(ask.view.world, charge))
    return shapes.charge(ask.view, charge)


def _list_charges(ask: Ask) -> Json:
    return lists.page_of(ask.view, ask.request, list(ask.view.state.charges.values()), shapes.charge)


def _update_charge(ask: Ask) -> Json:
    charge = _charge_of(ask)
    description, metadata = ask.request.text("description"), ask.request.object("metadata")
    charge.description = charge.description if description is None else description
    charge.metadata = charge.metadata if metadata is None else metadata
    events.of_charge(ask.view.world, ask.view.state, "charge.update", charge)
    return shapes.charge(ask.view, charge)


def _capture(ask: Ask) -> Json:
    amount = ask.request.integer("capture_amount", "failed_capture")
    return _acted(ask, lambda charge: money.capture(ask.view.world, ask.view.state, charge, amount))


def _reverse(ask: Ask) -> Json:
    return _acted(ask, lambda charge: money.reverse(ask.view.world, ask.view.state, charge))


def _expire(ask: Ask) -> Json:
    return _acted(ask, lambda charge: money.expire(ask.view.world, ask.view.state, charge))


def _mark_as_paid(ask: Ask) -> Json:
    def mark(charge: Charge) -> None:
        money.fund(ask.view.world, charge)
        money.pay(ask.view.world, ask.view.state, charge, State.PAID)

    return _acted(ask, mark)


def _mark_as_failed(ask: Ask) -> Json:
    return _acted(ask, lambda charge: money.fail(ask.view.world, ask.view.state, charge, "failed_processing"))


def _acted(ask: Ask, act: Callable[[Charge], object]) -> Json:
    charge = _charge_of(ask)
    try:
        act(charge)
    except WorldError as error:
        raise ApiError("invalid_charge", str(error)) from None
    return shapes.charge(ask.view, charge)


def _charge_events(ask: Ask) -> Json:
    charge = _charge_of(ask)
    rows = [event for event in ask.view.state.events.values() if event.charge == charge.id]
    return lists.page_of(ask.view, ask.request, rows, shapes.event)


# Refunds and events


def _create_refund(ask: Ask) -> Json:
    charge, request = _charge_of(ask), ask.request
    amount = request.integer("amount", "failed_refund")
    if amount is None:
        raise ApiError("failed_refund", "amount is missing")
    metadata, void = request.object("metadata") or {}, request.flag("void", default=False)
    refund = money.give_back(ask.view.world, ask.view.state, charge, amount, metadata, void=void)
    return shapes.refund(ask.view, refund)


def _refunds_of_charge(ask: Ask) -> Json:
    return lists.page_of(ask.view, ask.request, ask.view.state.refunds_of(_charge_of(ask).id), shapes.refund)


def _refund(ask: Ask) -> Json:
    charge = _charge_of(ask)
    refund = ask.view.state.refunds.get(ask.ids[1])
    if refund is None or refund.charge != charge.id:
        raise not_found("refund", ask.ids[1])
    return shapes.refund(ask.view, refund)


def _refunds(ask: Ask) -> Json:
    return lists.page_of(ask.view, ask.request, list(ask.view.state.refunds.values()), shapes.refund)


def _event(ask: Ask) -> Json:
    event = ask.view.state.events.get(ask.ids[0])
    if event is None:
        raise not_found("event", ask.ids[0])
    return shapes.event(ask.view, event)


def _events(ask: Ask) -> Json:
    return lists.page_of(ask.view, ask.request, list(ask.view.state.events.values()), shapes.event)


# Customers and their cards


def _card_token(ask: Ask) -> Token | None:
    named = ask.request.fields.get("card")
    return None if named is None else charging.unused_token(ask.view.state, named)


def _create_customer(ask: Ask) -> Json:
    customer = vault.create_customer(ask.view, ask.request, _card_token(ask))
    shown = shapes.customer(ask.view, customer)
    events.of_other(ask.view, "customer.create", shown)
    return shown


def _customer(ask: Ask) -> Json:
    return shapes.customer(ask.view, vault.customer_of(ask.view.state, ask.ids[0]))


def _customers(ask: Ask) -> Json:
    rows = [row for row in ask.view.state.customers.values() if not row.deleted]
    return lists.page_of(ask.view, ask.request, rows, shapes.customer)


def _update_customer(ask: Ask) -> Json:
    customer, token = vault.customer_of(ask.view.state, ask.ids[0]), _card_token(ask)
    vault.update_customer(customer, ask.request, token)
    shown = shapes.customer(ask.view, customer)
    events.of_other(ask.view, "customer.update" if token is None else "customer.update.card", shown)
    return shown


def _destroy_customer(ask: Ask) -> Json:
    customer = vault.customer_of(ask.view.state, ask.ids[0])
    customer.deleted = True
    shown = shapes.customer(ask.view, customer)
    events.of_other(ask.view, "customer.destroy", shown)
    return shown


def _cards(ask: Ask) -> Json:
    customer = vault.customer_of(ask.view.state, ask.ids[0])
    return lists.page_of(ask.view, ask.request, ask.view.state.cards_of(customer), shapes.card)


def _card(ask: Ask) -> Json:
    customer = vault.customer_of(ask.view.state, ask.ids[0])
    return shapes.card(ask.view, vault.card_of(customer, ask.ids[1]))


def _update_card(ask: Ask) -> Json:
    card = vault.card_of(vault.customer_of(ask.view.state, ask.ids[0]), ask.ids[1])
    vault.update_card(card, ask.request)
    shown = shapes.card(ask.view, card)
    events.of_other(ask.view, "card.update", shown)
    return shown


def _destroy_card(ask: Ask) -> Json:
    customer = vault.customer_of(ask.view.state, ask.ids[0])
    card = vault.card_of(customer, ask.ids[1])
    vault.drop_card(customer, card)
    shown = shapes.card(ask.view, card)
    events.of_other(ask.view, "card.destroy", shown)
    return shown


# The account


def _account(ask: Ask) -> Json:
    return {
        "object": "account",
        "id": "acct_test_sandbox",
        "livemode": False,
        "location": ask.view.path("account"),
        "team": "team_test_sandbox",
        "email": "sandbox@omise.test",
        "currency": wire.CURRENCY,
        "supported_currencies": [wire.CURRENCY],
        "country": "TH",
        "webhook_uri": events.webhook_url(ask.view.world),
        "api_version": wire.VERSION,
        "auto_activate_recipients": False,
        "chain_enabled": False,
        "chain_return_uri": None,
        "zero_interest_installments": False,
        "metadata_export_keys": {},
        "last_updated_api_version": wire.VERSION,
        "created_at": shapes.moment(0),
    }


def _update_account(ask: Ask) -> Json:
    if "webhook_uri" in ask.request.fields:
        try:
            events.set_webhook(ask.view.world, ask.view.state, ask.request.text("webhook_uri") or None)
        except OutboxError as error:
            raise ApiError("bad_request", f"webhook_uri: {error}") from None
    return _account(ask)


def _balance(ask: Ask) -> Json:
    world, state, _ = ask.view
    total = 0
    for charge in state.charges.values():
        now = charged(world, state, charge)
        total += wire.fees(now.captured, charge.rate)[2] - now.refunded
    return {
        "object": "balance",
        "livemode": False,
        "location": ask.view.path("balance"),
        "currency": wire.CURRENCY,
        "total": total,
        "transferable": max(0, min(total, world.ledger.balance(MERCHANT, wire.CURRENCY))),
        "reserve": 0,
        "on_hold": 0,
        "created_at": shapes.moment(world.clock.now_ms()),
    }


def _capability(ask: Ask) -> Json:
    methods = [("card", ["Visa", "MasterCard", "JCB", "American Express"]), *((name, None) for name in wire.METHODS)]
    return {
        "object": "capability",
        "location": ask.view.path("capability"),
        "banks": ["bay", "bbl", "kbank", "ktb", "scb"],
        "limits": {
            "charge_amount": {"max": wire.MAX_AMOUNT, "min": wire.MIN_AMOUNT},
            "transfer_amount": {"max": 150_000_000, "min": 3_000},
            "installment_amount": {"min": 200_000},
        },
        "payment_methods": [
            {
                "object": "payment_method",
                "name": name,
                "currencies": [wire.CURRENCY],
                "card_brands": brands,
                "installment_terms": None,
                "banks": [],
                "provider": None,
            }
            for name, brands in methods
        ],
        "tokenization_methods": [],
        "zero_interest_installments": False,
        "country": "TH",
    }


def _out_of_slice(ask: Ask) -> Json:
    raise ApiError("not_found", f"the sandbox does not play /{ask.request.segments[0]}")


def _operation(name: str, method: str, path: str, answer: Callable[[Ask], Json], *, public: bool = False) -> Operation:
    return Operation(name, method, tuple(path.split("/")), answer, public)


OPERATIONS = (
    _operation("tokens.create", "POST", "tokens", _create_token, public=True),
    _operation("tokens.retrieve", "GET", "tokens/*", _token, public=True),
    _operation("sources.create", "POST", "sources", _create_source, public=True),
    _operation("sources.retrieve", "GET", "sources/*", _source, public=True),
    _operation("charges.create", "POST", "charges", _create_charge),
    _operation("charges.list", "GET", "charges", _list_charges),
    _operation("other", "GET", "charges/schedules", _out_of_slice),
    _operation("charges.retrieve", "GET", "charges/*", _retrieve_charge),
    _operation("charges.update", "PATCH", "charges/*", _update_charge),
    _operation("charges.capture", "POST", "charges/*/capture", _capture),
    _operation("charges.reverse", "POST", "charges/*/reverse", _reverse),
    _operation("charges.expire", "POST", "charges/*/expire", _expire),
    _operation("charges.mark_as_paid", "POST", "charges/*/mark_as_paid", _mark_as_paid),
    _operation("charges.mark_as_failed", "POST", "charges/*/mark_as_failed", _mark_as_failed),
    _operation("charges.events", "GET", "charges/*/events", _charge_events),
    _operation("refunds.create", "POST", "charges/*/refunds", _create_refund),
    _operation("refunds.list", "GET", "charges/*/refunds", _refunds_of_charge),
    _operation("refunds.retrieve", "GET", "charges/*/refunds/*", _refund),
    _operation("refunds.list", "GET", "refunds", _refunds),
    _operation("events.list", "GET", "events", _events),
    _operation("events.retrieve", "GET", "events/*", _event),
    _operation("customers.create", "POST", "customers", _create_customer),
    _operation("customers.list", "GET", "customers", _customers),
    _operation("customers.retrieve", "GET", "customers/*", _customer),
    _operation("customers.update", "PATCH", "customers/*", _update_customer),
    _operation("customers.destroy", "DELETE", "customers/*", _destroy_customer),
    _operation("cards.list", "GET", "customers/*/cards", _cards),
    _operation("cards.retrieve", "GET", "customers/*/cards/*", _card),
    _operation("cards.update", "PATCH", "customers/*/cards/*", _update_card),
    _operation("cards.destroy", "DELETE", "customers/*/cards/*", _destroy_card),
    _operation("account.retrieve", "GET", "account", _account),
    _operation("account.update", "PATCH", "account", _update_account),
    _operation("balance.retrieve", "GET", "balance", _balance),
    _operation("capability.retrieve", "GET", "capability", _capability, public=True),
    _operation("search", "GET", "search", lambda ask: lists.search(ask.view, ask.request)),
)
UNKNOWN = Operation("other", "", (), _out_of_slice)


class Routed(NamedTuple):
    """The operation of a path, and the ids in it."""

    operation: Operation
    ids: tuple[str, ...]


def route(method: str, segments: tuple[str, ...]) -> Routed:
    for operation in _BY_SHAPE.get((method, len(segments)), ()):
        if all(wanted in ("*", given) for wanted, given in zip(operation.path, segments, strict=True)):
            return Routed(operation, tuple(segments[at] for at, word in enumerate(operation.path) if word == "*"))
    return Routed(UNKNOWN, ())


def unknown_path(request: Request) -> ApiError:
    """What is answered where there is no such operation."""
    first = request.segments[0] if request.segments else ""
    if first in wire.OUT_OF_SLICE or request.segments[:2] == ("charges", "schedules"):
        return ApiError("not_found", f"/{'/'.join(request.segments)[:100]} is not played by the sandbox")
    return ApiError("not_found", f"{request.method} /{'/'.join(request.segments)[:100]} was not found")


def _by_shape() -> dict[tuple[str, int], list[Any]]:
    made: dict[tuple[str, int], list[Any]] = {}
    for operation in OPERATIONS:
        made.setdefault((operation.method, len(operation.path)), []).append(operation)
    return made


_BY_SHAPE = _by_shape()
