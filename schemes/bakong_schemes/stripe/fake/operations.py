"""Every operation of the API: its method and path, whose key may ask, and what it answers."""

from collections.abc import Callable
from typing import NamedTuple

from bakong_scenarios import Scenario
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import (
    checkout,
    disputes,
    endpoints,
    events,
    intents,
    lists,
    money,
    refunds,
    vault,
)
from bakong_schemes.stripe.fake.errors import ApiError, missing, not_found
from bakong_schemes.stripe.fake.parameters import PARAMETERS, WITHIN
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View


class Ask(NamedTuple):
    """One call, ready for its operation. id: of the object that the path names. named: the script that is asked for.

    is_public: it came with the publishable key.
    """

    view: View
    id: str
    params: Params
    named: Scenario | None
    is_public: bool


class Operation(NamedTuple):
    """kind: of the object that it answers with; "" where nothing can be expanded. is_public: see Ask."""

    name: str
    answer: Callable[[Ask], Json]
    kind: str = ""
    is_list: bool = False
    is_public: bool = False


# PaymentIntents


def _create_intent(ask: Ask) -> Json:
    return intents.create(ask.view, ask.params, ask.named)


def _retrieve_intent(ask: Ask) -> Json:
    intent = intents.find(ask.view, ask.id)
    if ask.is_public:
        intents.check_secret(intent, ask.params.fields.get("client_secret"))
    ask.view.world.player.on_poll(intents.payment_of(ask.view, ask.id))
    return intents.find(ask.view, ask.id)


def _update_intent(ask: Ask) -> Json:
    return intents.update(ask.view, intents.find(ask.view, ask.id), ask.params)


def _confirm_intent(ask: Ask) -> Json:
    intent = intents.find(ask.view, ask.id)
    if ask.is_public:
        intents.check_secret(intent, ask.params.fields.get("client_secret"))
    return intents.confirm_intent(ask.view, intent, ask.params)


def _capture_intent(ask: Ask) -> Json:
    return intents.capture(ask.view, intents.find(ask.view, ask.id), ask.params)


def _cancel_intent(ask: Ask) -> Json:
    return intents.cancel(ask.view, intents.find(ask.view, ask.id), ask.params)


# Objects that are only looked up, listed, or given other metadata


def _retrieve(kind: str, called: str | None = None) -> Callable[[Ask], Json]:
    return lambda ask: _the(ask, kind, called)


def _the(ask: Ask, kind: str, called: str | None = None) -> Json:
    made = ask.view.get(kind, ask.id)
    if made is None:
        raise not_found(called or lists.NAMES.get(kind, kind), ask.id)
    return made


def _list(kind: str, url: str, *names: str) -> Callable[[Ask], Json]:
    return lambda ask: lists.page_of(ask.view, ask.params, kind, url, lists.equal(ask.params, *names))


def _update_metadata(kind: str, *texts: str) -> Callable[[Ask], Json]:
    """Of an object that nobody is told of: what is left out stays."""

    def update(ask: Ask) -> Json:
        made, params = _the(ask, kind), ask.params
        metadata = params.metadata(made["metadata"])
        made["metadata"] = metadata
        for name in texts:
            if name in params:
                made[name] = params.tree(name) if name in ("shipping", "fraud_details") else params.text(name)
        return made

    return update


def _update_charge(ask: Ask) -> Json:
    before = dict(_the(ask, "charge"))
    made = _update_metadata("charge", "description", "receipt_email", "shipping", "fraud_details")(ask)
    changed = {name: value for name, value in before.items() if made[name] != value}
    if changed:
        events.publish(ask.view, "charge.updated", made, changed)
    return made


def _update_refund(ask: Ask) -> Json:
    before = dict(_the(ask, "refund"))
    made = _update_metadata("refund")(ask)
    if made["metadata"] != before["metadata"]:
        for type_ in ("refund.updated", "charge.refund.updated"):
            events.publish(ask.view, type_, made, {"metadata": before["metadata"]})
    return made


def _cancel_refund(ask: Ask) -> Json:
    refund = _the(ask, "refund")
    raise ApiError(
        f"Refund {refund['id']} has a status of {refund['status']}: only a refund with a status of requires_action can "
        "be canceled.",
        kept=True,
    )


# PaymentMethods and customers


def _create_method(ask: Ask) -> Json:
    return vault.method_of(ask.view, ask.params)


def _retrieve_method(ask: Ask) -> Json:
    made = ask.view.get("payment_method", ask.id)
    return made if made is not None else _of_test_id(ask)


def _of_test_id(ask: Ask) -> Json:
    try:
        return vault.find_method(ask.view, ask.id)
    except ApiError:
        raise not_found("PaymentMethod", ask.id) from None


def _update_method(ask: Ask) -> Json:
    made, params = _the(ask, "payment_method"), ask.params
    metadata, card = params.metadata(made["metadata"]), params.object("card")
    if made["customer"] is None:
        raise ApiError("You must save this PaymentMethod to a customer before you can update it.")
    billing = vault.billing(params, made["billing_details"])
    if card is not None:
        months = {name: card.integer(name) or made["card"][name] for name in ("exp_month", "exp_year")}
        made["card"] = {**made["card"], **months}
    made["metadata"], made["billing_details"] = metadata, billing
    made["allow_redisplay"] = params.text("allow_redisplay") or made["allow_redisplay"]
    events.publish(ask.view, "payment_method.updated", made, {})
    return made


def _list_methods(ask: Ask) -> Json:
    customer = ask.params.text("customer")
    return (
        _methods_of(ask, customer, "/v1/payment_methods") if customer else lists.list_object("/v1/payment_methods", [])
    )


def _customer_methods(ask: Ask) -> Json:
    _customer_of(ask)
    return _methods_of(ask, ask.id, f"/v1/customers/{ask.id}/payment_methods")


def _methods_of(ask: Ask, customer: str, url: str) -> Json:
    type_ = ask.params.text("type")

    def fits(row: Json) -> bool:
        return row["customer"] == customer and type_ in (None, row["type"])

    return lists.page_of(ask.view, ask.params, "payment_method", url, fits)


def _attach(ask: Ask) -> Json:
    customer = vault.find_customer(ask.view, ask.params.needed("customer"))
    method = _retrieve_method(ask)
    vault.attach(ask.view, method, customer)
    return method


def _detach(ask: Ask) -> Json:
    method = _the(ask, "payment_method")
    vault.detach(ask.view, method)
    return method


def _customer_of(ask: Ask) -> Json:
    customer = _the(ask, "customer")
    if customer.get("deleted"):
        raise not_found("customer", ask.id)
    return customer


def _list_customers(ask: Ask) -> Json:
    fits = lists.equal(ask.params, "email")
    return lists.page_of(
        ask.view, ask.params, "customer", "/v1/customers", lambda row: not row.get("deleted") and fits(row)
    )


# Checkout, events, endpoints, money


def _retrieve_session(ask: Ask) -> Json:
    """With what its script has come to by this check, once the payer has submitted its page."""
    session = _the(ask, "checkout.session")
    if session["payment_intent"] is not None:
        payment = intents.payment_of(ask.view, session["payment_intent"])
        ask.view.world.player.on_poll(payment)
        if payment.hidden:
            raise not_found("checkout.session", ask.id)
    return session


def _line_items(ask: Ask) -> Json:
    session = _the(ask, "checkout.session")
    rows = ask.view.state.checkouts[session["id"]].items
    return lists.page_of_rows(ask.params, rows, f"/v1/checkout/sessions/{session['id']}/line_items")


def _update_session(ask: Ask) -> Json:
    session = _the(ask, "checkout.session")
    session["metadata"] = ask.params.metadata(session["metadata"])
    return session


def _event(ask: Ask) -> Json:
    event = ask.view.state.events.get(ask.id)
    if event is None or event.created < ask.view.now_s - wire.EVENTS_MS // 1000:
        raise not_found("event", ask.id)
    return events.shown(event, ask.view.world.outbox)


def _create_token(ask: Ask) -> Json:
    if "card" not in ask.params:
        raise missing("card")
    return vault.create_token(ask.view, ask.params)


_PI, _PM, _CS = "payment_intent", "payment_method", "checkout.session"
# By method and path below /v1, with * for an id.
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", "payment_intents"): Operation("payment_intents.create", _create_intent, _PI),
    ("GET", "payment_intents"): Operation(
        "payment_intents.list", _list(_PI, "/v1/payment_intents", "customer"), _PI, is_list=True
    ),
    ("GET", "payment_intents/*"): Operation("payment_intents.retrieve", _retrieve_intent, _PI, is_public=True),
    ("POST", "payment_intents/*"): Operation("payment_intents.update", _update_intent, _PI),
    ("POST", "payment_intents/*/confirm"): Operation("payment_intents.confirm", _confirm_intent, _PI, is_public=True),
    ("POST", "payment_intents/*/capture"): Operation("payment_intents.capture", _capture_intent, _PI),
    ("POST", "payment_intents/*/cancel"): Operation("payment_intents.cancel", _cancel_intent, _PI),
    ("POST", "payment_methods"): Operation("payment_methods.create", _create_method, _PM, is_public=True),
    ("GET", "payment_methods"): Operation("payment_methods.list", _list_methods, _PM, is_list=True),
    ("GET", "payment_methods/*"): Operation("payment_methods.retrieve", _retrieve_method, _PM),
    ("POST", "payment_methods/*"): Operation("payment_methods.update", _update_method, _PM),
    ("POST", "payment_methods/*/attach"): Operation("payment_methods.attach", _attach, _PM),
    ("POST", "payment_methods/*/detach"): Operation("payment_methods.detach", _detach, _PM),
    ("GET", "charges"): Operation(
        "charges.list", _list("charge", "/v1/charges", "customer", "payment_intent"), "charge", is_list=True
    ),
    ("GET", "charges/*"): Operation("charges.retrieve", _retrieve("charge"), "charge"),
    ("POST", "charges/*"): Operation("charges.update", _update_charge, "charge"),
    ("POST", "refunds"): Operation("refunds.create", lambda ask: refunds.create(ask.view, ask.params), "refund"),
    ("GET", "refunds"): Operation(
        "refunds.list", _list("refund", "/v1/refunds", "charge", "payment_intent"), "refund", is_list=True
    ),
    ("GET", "refunds/*"): Operation("refunds.retrieve", _retrieve("refund"), "refund"),
    ("POST", "refunds/*"): Operation("refunds.update", _update_refund, "refund"),
    ("POST", "refunds/*/cancel"): Operation("refunds.cancel", _cancel_refund, "refund"),
    ("POST", "customers"): Operation(
        "customers.create", lambda ask: vault.create_customer(ask.view, ask.params), "customer"
    ),
    ("GET", "customers"): Operation("customers.list", _list_customers, "customer", is_list=True),
    ("GET", "customers/*"): Operation("customers.retrieve", _retrieve("customer"), "customer"),
    ("POST", "customers/*"): Operation(
        "customers.update",
        lambda ask: vault.update_customer(ask.view, _customer_of(ask), ask.params),
        "customer",
    ),
    ("DELETE", "customers/*"): Operation(
        "customers.delete", lambda ask: vault.delete_customer(ask.view, _customer_of(ask))
    ),
    ("GET", "customers/*/payment_methods"): Operation(
        "customers.payment_methods", _customer_methods, _PM, is_list=True
    ),
    ("POST", "checkout/sessions"): Operation(
        "checkout.sessions.create", lambda ask: checkout.create(ask.view, ask.params, ask.named), _CS
    ),
    ("GET", "checkout/sessions"): Operation(
        "checkout.sessions.list",
        _list(_CS, "/v1/checkout/sessions", "customer", "payment_intent", "status"),
        _CS,
        is_list=True,
    ),
    ("GET", "checkout/sessions/*"): Operation("checkout.sessions.retrieve", _retrieve_session, _CS),
    ("POST", "checkout/sessions/*"): Operation("checkout.sessions.update", _update_session, _CS),
    ("POST", "checkout/sessions/*/expire"): Operation(
        "checkout.sessions.expire", lambda ask: checkout.expire(ask.view, _the(ask, _CS)), _CS
    ),
    ("GET", "checkout/sessions/*/line_items"): Operation(
        "checkout.sessions.line_items", _line_items, "line_items", is_list=True
    ),
    ("GET", "events"): Operation(
        "events.list", lambda ask: lists.page_of_events(ask.view, ask.params, "/v1/events"), is_list=True
    ),
    ("GET", "events/*"): Operation("events.retrieve", _event),
    ("POST", "webhook_endpoints"): Operation(
        "webhook_endpoints.create", lambda ask: endpoints.create(ask.view, ask.params)
    ),
    ("GET", "webhook_endpoints"): Operation(
        "webhook_endpoints.list", _list("webhook_endpoint", "/v1/webhook_endpoints"), is_list=True
    ),
    ("GET", "webhook_endpoints/*"): Operation(
        "webhook_endpoints.retrieve", _retrieve("webhook_endpoint", "webhook endpoint")
    ),
    ("POST", "webhook_endpoints/*"): Operation(
        "webhook_endpoints.update",
        lambda ask: endpoints.update(ask.view, _the(ask, "webhook_endpoint", "webhook endpoint"), ask.params),
    ),
    ("DELETE", "webhook_endpoints/*"): Operation(
        "webhook_endpoints.delete",
        lambda ask: endpoints.delete(ask.view, _the(ask, "webhook_endpoint", "webhook endpoint")),
    ),
    ("GET", "disputes"): Operation(
        "disputes.list", _list("dispute", "/v1/disputes", "charge", "payment_intent"), "dispute", is_list=True
    ),
    ("GET", "disputes/*"): Operation("disputes.retrieve", _retrieve("dispute"), "dispute"),
    ("POST", "disputes/*"): Operation(
        "disputes.update", lambda ask: disputes.update(ask.view, _the(ask, "dispute"), ask.params), "dispute"
    ),
    ("POST", "disputes/*/close"): Operation(
        "disputes.close", lambda ask: disputes.close(ask.view, _the(ask, "dispute")), "dispute"
    ),
    ("GET", "balance"): Operation("balance.retrieve", lambda ask: money.balance(ask.view)),
    ("GET", "balance_transactions"): Operation(
        "balance_transactions.list",
        _list("balance_transaction", "/v1/balance_transactions", "currency", "source", "type"),
        "balance_transaction",
        is_list=True,
    ),
    ("GET", "balance_transactions/*"): Operation(
        "balance_transactions.retrieve",
        _retrieve("balance_transaction", "balance transaction"),
        "balance_transaction",
    ),
    ("POST", "tokens"): Operation("tokens.create", _create_token, is_public=True),
    ("GET", "tokens/*"): Operation("tokens.retrieve", _retrieve("token")),
}


class Routed(NamedTuple):
    """The operation of a path, None where there is none; and the id in it."""

    operation: Operation | None
    id: str


def route(method: str, segments: list[str]) -> Routed:
    """segments: those below /v1."""
    if segments[:1] == ["checkout"] and len(segments) > 1:
        segments = [f"checkout/{segments[1]}", *segments[2:]]
    count = len(segments)
    if count == 1:
        return Routed(OPERATIONS.get((method, segments[0])), "")
    if count == 2:
        return Routed(OPERATIONS.get((method, segments[0] + "/*")), segments[1])
    if count == 3:
        return Routed(OPERATIONS.get((method, f"{segments[0]}/*/{segments[2]}")), segments[1])
    return Routed(None, "")


def check_parameters(view: View, operation: Operation, params: Params) -> None:
    """Raises ApiError for what Stripe does not know; what only the fake does not act on is warned of."""
    fields = params.fields
    if not fields:
        return
    known = PARAMETERS[operation.name]
    for name, value in fields.items():
        if name in known.taken:
            view.warn(f"{operation.name}: the parameter {name} is taken, and has no effect here")
        elif name not in known.acted:
            raise _unknown(name)
        if isinstance(value, dict) and name in WITHIN:
            _check_within(name, name, value)


def _check_within(shown: str, name: str, value: Json) -> None:
    """The names within an object; of a list within each row."""
    for key, below in value.items():
        if key.isdecimal() and isinstance(below, dict):
            _check_within(f"{shown}[{key}]", name, below)
        elif key not in WITHIN[name] and not key.isdecimal():
            raise _unknown(f"{shown}[{key}]")
        elif isinstance(below, dict) and f"{name}.{key}" in WITHIN:
            _check_within(f"{shown}[{key}]", f"{name}.{key}", below)


def _unknown(name: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {name[:100]}", "parameter_unknown", name[:100])
