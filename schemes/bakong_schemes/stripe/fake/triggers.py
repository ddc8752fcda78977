"""The events of `bakong-sandbox trigger`: for each the calls of the API that bring it about, with the values given."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from bakong_scenarios import Scenario, State
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import checkout, disputes, intents, refunds, vault
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.operations import Ask, check_parameters, route
from bakong_schemes.stripe.fake.records import Json, StripeState
from bakong_schemes.stripe.fake.requests import Params, Request
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT

AMOUNT = 20_00
SLOW = "stripe-processing"  # the script of what is processing before it is paid
CHANGED = "changed by the sandbox"
RETURN_URL = "https://shop.test/back"
DISPUTE_REASONS = (
    *("bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized"),
    *("duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant"),
    *("product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized", "inquiry"),
)


# The cards that an event can come of


class _Cards(NamedTuple):
    """usual: the one that is taken. fits: whether a card brings the event about."""

    usual: str
    fits: Callable[[wire.TestCard], bool]
    what: str


GOOD = _Cards(
    "pm_card_visa", lambda card: not card.decline and card.authentication in ("", "optional"), "one that is charged"
)
BAD = _Cards(
    "pm_card_visa_chargeDeclined", lambda card: bool(card.decline) and not card.authentication, "one that is declined"
)
ASKING = _Cards(
    "pm_card_threeDSecure2Required",
    lambda card: card.authentication not in ("", "optional"),
    "one whose bank asks the payer",
)
KEPT = _Cards("pm_card_visa", lambda card: card.attaches, "one that a customer can have")


def _card(given: Json, cards: _Cards) -> str:
    """The payment method that is asked for. Raises BodyError for one that the event cannot come of."""
    named = given.pop("payment_method", cards.usual)
    card = (
        wire.CARDS.get(named.removeprefix("pm_card_")) if isinstance(named, str) and named[:8] == "pm_card_" else None
    )
    if card is None or not cards.fits(card):
        raise BodyError(f"override: payment_method: read {named!r:.100}, expected {cards.what}, like {cards.usual}")
    return str(named)


# What can be set

_METADATA = {"metadata.*": "any text below metadata"}
_CURRENCY = {"currency": "usd by default"}
_ABOUT = {"description": "a text", **_METADATA}
_INTENT = {
    "amount": f"in minor units, {AMOUNT} by default",
    **_CURRENCY,
    **_ABOUT,
    "customer": "the id of one",
    "receipt_email": "an address",
    "statement_descriptor_suffix": "a text",
    "shipping.*": "any field of it, such as shipping.name",
}
_PAID = {**_INTENT, "payment_method": "a test card that is charged, pm_card_visa by default"}
_DECLINED = {**_INTENT, "payment_method": "a test card that is declined, pm_card_visa_chargeDeclined by default"}
_ASKED = {
    **_INTENT,
    "payment_method": "a test card whose bank asks, pm_card_threeDSecure2Required by default",
    "return_url": "where the payer is led",
}
_CANCELED = {**_INTENT, "cancellation_reason": ", ".join(intents.REASONS)}
_CAPTURED = {**_PAID, "amount_captured": "what of the amount is captured, all by default"}
_OF_CHARGE = {f"charge.{name}": f"the charge's: {about}" for name, about in _PAID.items()}
_REFUND = {
    "amount": "what goes back, all by default",
    "reason": ", ".join(refunds.REASONS),
    **_METADATA,
    **_OF_CHARGE,
}
_REFUNDED = {**_PAID, "amount_refunded": "what goes back, all by default"}
_UPDATED_REFUND = {**_REFUND, "metadata.*": "any text below metadata, which the update brings"}
_DISPUTE = {"reason": "a word of Stripe's, fraudulent by default", **_OF_CHARGE}
_ANSWERED = {**_DISPUTE, "evidence.*": "any field of the evidence", **_METADATA}
_CLOSED = {**_DISPUTE, "status": "lost by default, or won"}
_SESSION = {
    "amount_total": f"in minor units, {AMOUNT} by default",
    **_CURRENCY,
    "client_reference_id": "the shop's own reference",
    "customer": "the id of one",
    "customer_email": "an address",
    **_METADATA,
    "success_url": "where the payer is led",
    "cancel_url": "where the payer goes back",
    "payment_intent_data.metadata.*": "any text below the intent's metadata",
}
_BOUGHT = {**_SESSION, "payment_method": "a test card that is charged, pm_card_visa by default"}
_CUSTOMER = {
    "email": "an address",
    "name": "a text",
    "phone": "a text",
    **_ABOUT,
    "address.*": "any field of it",
    "shipping.*": "any field of it",
}
_METHOD = {"payment_method": "a test card, pm_card_visa by default", "customer.email": "the customer's address"}
_METHOD_UPDATED = {
    "billing_details.*": "any field of it, such as billing_details.name",
    "card.exp_month": "1 to 12",
    "card.exp_year": "like 2040",
    **_METADATA,
}


# The API, as the trigger calls it


class _Calls(NamedTuple):
    """With the secret key, and under the script of the trigger."""

    world: World
    state: StripeState
    asked: Trigger

    @property
    def view(self) -> View:
        return View(self.world, self.state)

    def __call__(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] = MappingProxyType({}),
        script: Scenario | None = None,
    ) -> Json:
        """Raises ApiError."""
        segments = path.split("/")
        routed = route(method, segments)
        assert routed.operation is not None  # noqa: S101  a mistake of this module's
        params = Params({name: _form(value) for name, value in fields.items()})
        request = Request(
            *(method, f"/v1/{path}", segments, self.state.secret_key, self._origin(), wire.VERSION, "", b""),
            id=self.view.id("req_", 14),
            params=params,
        )
        view = self.view._replace(request=request)
        check_parameters(view, routed.operation, params)
        return routed.operation.answer(Ask(view, routed.id, params, script or self.asked.script, is_public=False))

    def _origin(self) -> str:
        below = "" if self.world.name == DEFAULT else f"/w/{self.world.name}"
        return f"{self.asked.base_url}{below}{wire.PREFIX}"


def _form(value: Any) -> Any:
    """A value as a form brings it: texts, and objects of them.

    >>> _form({"a": [1, True], "b": None})
    {'a': {'0': '1', '1': 'true'}, 'b': ''}
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {name: _form(below) for name, below in value.items()}
    if isinstance(value, list):
        return {str(at): _form(below) for at, below in enumerate(value)}
    return "" if value is None else str(value)


Act = Callable[[_Calls, Json], dict[str, str]]


# PaymentIntents


def _usual_amount(given: Mapping[str, Any]) -> int:
    """One that the currency takes."""
    currency = given.get("currency", "usd")
    least = wire.MINIMUM.get(currency.lower(), 0) if isinstance(currency, str) else 0
    return max(AMOUNT, least)


def _new(calls: _Calls, given: Json, script: Scenario | None = None, **more: Any) -> str:
    """An intent that waits to be confirmed; its id."""
    amount = {"amount": _usual_amount(given), "currency": "usd"}
    automatic = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    made: str = calls("POST", "payment_intents", {**amount, **automatic, **given, **more}, script)["id"]
    return made


def _confirm(calls: _Calls, intent: str, card: str, **more: Any) -> Json:
    return calls("POST", f"payment_intents/{intent}/confirm", {"payment_method": card, **more})


def _created(calls: _Calls, given: Json) -> dict[str, str]:
    return {"payment_intent": _new(calls, given)}


def _paid(calls: _Calls, given: Json) -> dict[str, str]:
    card = _card(given, GOOD)
    intent = _new(calls, given)
    return {"payment_intent": intent, "charge": _confirm(calls, intent, card)["latest_charge"]}


def _processing(calls: _Calls, given: Json) -> dict[str, str]:
    card = _card(given, GOOD)
    intent = _new(calls, given, _slow(calls))
    _confirm(calls, intent, card)
    return {"payment_intent": intent}


def _slow(calls: _Calls) -> Scenario:
    return calls.world.library.find(SLOW, wire.NAME)


def _declined(calls: _Calls, given: Json) -> dict[str, str]:
    card = _card(given, BAD)
    intent = _new(calls, given)
    try:
        _confirm(calls, intent, card)
    except ApiError as error:
        if error.status != 402:
            raise
    return {"payment_intent": intent, "charge": calls.view.the("payment_intent", intent)["latest_charge"]}


def _asked(calls: _Calls, given: Json) -> dict[str, str]:
    card, url = _card(given, ASKING), given.pop("return_url", RETURN_URL)
    intent = _new(calls, given)
    _confirm(calls, intent, card, return_url=url)
    return {"payment_intent": intent}


def _held(calls: _Calls, given: Json) -> dict[str, str]:
    card = _card(given, GOOD)
    intent = _new(calls, given, capture_method="manual")
    return {"payment_intent": intent, "charge": _confirm(calls, intent, card)["latest_charge"]}


def _captured(calls: _Calls, given: Json) -> dict[str, str]:
    amount = given.pop("amount_captured", None)
    ids = _held(calls, given)
    fields = {} if amount is None else {"amount_to_capture": amount}
    calls("POST", f"payment_intents/{ids['payment_intent']}/capture", fields)
    return ids


def _canceled(calls: _Calls, given: Json) -> dict[str, str]:
    reason = {name: given.pop(name) for name in ("cancellation_reason",) if name in given}
    ids = _created(calls, given)
    calls("POST", f"payment_intents/{ids['payment_intent']}/cancel", reason)
    return ids


# Charges, refunds, disputes


def _charge_expired(calls: _Calls, given: Json) -> dict[str, str]:
    """A hold that ends; whether a charge is told of it is disputed, and here it is, as that switch has it."""
    ids, state = _held(calls, given), calls.state
    usual = state.settings
    state.settings = replace(usual, released_hold_event="charge.expired")
    try:
        intents.hold_expired(calls.view, ids["charge"])
    finally:
        state.settings = usual
    return ids


def _charge_updated(calls: _Calls, given: Json) -> dict[str, str]:
    later: Json = {name: given.pop(name) for name in ("description", "metadata") if name in given}
    ids = _paid(calls, given)
    calls("POST", f"charges/{ids['charge']}", later or {"description": CHANGED})
    return ids


def _charge_refunded(calls: _Calls, given: Json) -> dict[str, str]:
    amount = {"amount": given.pop("amount_refunded")} if "amount_refunded" in given else {}
    ids = _paid(calls, given)
    return {**ids, "refund": calls("POST", "refunds", {"charge": ids["charge"], **amount})["id"]}


def _of_charge(given: Json) -> Json:
    """What is said of the charge that a refund or a dispute is of."""
    return dict(given.pop("charge", {}))


def _refund(calls: _Calls, given: Json, card: str | None = None) -> dict[str, str]:
    charged = _of_charge(given)
    if isinstance(amount := given.get("amount"), int | str) and str(amount).isdecimal() and "amount" not in charged:
        charged["amount"] = max(_usual_amount(charged), int(str(amount)[:15]))
    if card is not None:
        charged["payment_method"] = card
    ids = _paid(calls, charged)
    return {**ids, "refund": calls("POST", "refunds", {"charge": ids["charge"], **given})["id"]}


def _refund_updated(calls: _Calls, given: Json) -> dict[str, str]:
    metadata = given.pop("metadata", {"changed": CHANGED})
    ids = _refund(calls, given)
    calls("POST", f"refunds/{ids['refund']}", {"metadata": metadata})
    return ids


def _refund_failed(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _refund(calls, given, "pm_card_refundFail")
    refunds.failed(calls.view, ids["refund"])
    return ids


def _disputed(calls: _Calls, given: Json) -> dict[str, str]:
    reason = given.pop("reason", "fraudulent")
    if reason not in DISPUTE_REASONS:
        raise BodyError(f"override: reason: read {reason!r:.100}, expected one of {', '.join(DISPUTE_REASONS)}")
    ids = _paid(calls, _of_charge(given))
    disputes.open_(calls.view, ids["charge"], str(reason))
    return {**ids, "dispute": calls.state.charged[ids["charge"]].disputes[-1]}


def _chargeback(calls: _Calls, given: Json) -> dict[str, str]:
    """A dispute for which money is withdrawn at once."""
    if given.get("reason") == "inquiry":
        raise BodyError("override: reason: read 'inquiry', for which no money is withdrawn")
    return _disputed(calls, given)


def _answered(calls: _Calls, given: Json) -> dict[str, str]:
    evidence = given.pop("evidence", {"uncategorized_text": CHANGED})
    later = {"evidence": evidence, **{name: given.pop(name) for name in ("metadata",) if name in given}}
    ids = _disputed(calls, given)
    calls("POST", f"disputes/{ids['dispute']}", later)
    return ids


def _closed(calls: _Calls, given: Json) -> dict[str, str]:
    status = given.pop("status", "lost")
    if status not in ("lost", "won"):
        raise BodyError(f"override: status: read {status!r:.100}, expected lost or won")
    ids = _chargeback(calls, given)
    end = disputes.win if status == "won" else disputes.lose
    end(calls.view, calls.view.the("dispute", ids["dispute"]))
    return ids


def _won(calls: _Calls, given: Json) -> dict[str, str]:
    return _closed(calls, {**given, "status": "won"})


# Checkout


def _session(calls: _Calls, given: Json, script: Scenario | None = None) -> str:
    amount, currency = given.pop("amount_total", None), given.pop("currency", "usd")
    unit = _usual_amount({"currency": currency}) if amount is None else amount
    item = {"price_data": {"currency": currency, "unit_amount": unit, "product_data": {"name": "Sandbox order"}}}
    fields = {"mode": "payment", "success_url": RETURN_URL, "line_items": [{**item, "quantity": 1}], **given}
    made: str = calls("POST", "checkout/sessions", fields, script)["id"]
    return made


def _submitted(calls: _Calls, given: Json, script: Scenario | None = None) -> dict[str, str]:
    """A session whose page the payer has filled in."""
    card = _card(given, GOOD)
    id_ = _session(calls, given, script)
    view = calls.view
    session = view.the("checkout.session", id_)
    checkout.pay(view, session, vault.find_method(view, card))
    return {"checkout_session": id_, "payment_intent": session["payment_intent"]}


def _ended(calls: _Calls, given: Json, outcome: State) -> dict[str, str]:
    """A session that was complete before its money came, which then comes, or does not."""
    ids = _submitted(calls, given, _slow(calls))
    payment = intents.payment_of(calls.view, ids["payment_intent"])
    if payment.order is not None:
        calls.world.pay(calls.world.scheme(wire.NAME), payment.order, outcome=outcome)
    return ids


def _expired(calls: _Calls, given: Json) -> dict[str, str]:
    id_ = _session(calls, given)
    calls("POST", f"checkout/sessions/{id_}/expire")
    return {"checkout_session": id_}


# Customers and their methods


def _customer(calls: _Calls, given: Json) -> dict[str, str]:
    return {"customer": calls("POST", "customers", {"email": "buyer@shop.test", **given})["id"]}


def _customer_updated(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _customer(calls, {})
    calls("POST", f"customers/{ids['customer']}", {"description": CHANGED, **given})
    return ids


def _customer_deleted(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _customer(calls, given)
    calls("DELETE", f"customers/{ids['customer']}")
    return ids


def _attached(calls: _Calls, given: Json) -> dict[str, str]:
    card = _card(given, KEPT)
    ids = _customer(calls, dict(given.pop("customer", {})))
    made = calls("POST", f"payment_methods/{card}/attach", ids)
    return {"payment_method": made["id"], **ids}


def _detached(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _attached(calls, given)
    calls("POST", f"payment_methods/{ids['payment_method']}/detach")
    return ids


def _method_updated(calls: _Calls, given: Json) -> dict[str, str]:
    ids = _attached(calls, {})
    calls("POST", f"payment_methods/{ids['payment_method']}", given or {"metadata": {"changed": CHANGED}})
    return ids


# The table


def _event(name: str, about: str, fields: Mapping[str, str], act: Act) -> tuple[EventType, Act]:
    return EventType(name, about, fields), act


_TABLE = (
    _event("payment_intent.created", "An intent is made, and nobody has paid it.", _INTENT, _created),
    _event("payment_intent.succeeded", "An intent is confirmed, and its card is charged.", _PAID, _paid),
    _event("payment_intent.payment_failed", "An intent is confirmed, and its card is declined.", _DECLINED, _declined),
    _event("payment_intent.requires_action", "The payer's bank asks for 3-D Secure.", _ASKED, _asked),
    _event("payment_intent.amount_capturable_updated", "A card is held for the amount.", _PAID, _held),
    _event("payment_intent.processing", "An intent is confirmed, and paid two minutes later.", _PAID, _processing),
    _event("payment_intent.canceled", "An intent is made and canceled.", _CANCELED, _canceled),
    _event("charge.succeeded", "The charge of an intent that is paid.", _PAID, _paid),
    _event("charge.failed", "The charge of a card that is declined.", _DECLINED, _declined),
    _event("charge.captured", "A card was held, and the amount is captured.", _CAPTURED, _captured),
    _event("charge.expired", "A card was held, and nobody captured it in time.", _PAID, _charge_expired),
    _event("charge.updated", "A charge's description and metadata change.", _PAID, _charge_updated),
    _event("charge.refunded", "Money of a charge goes back, whole or in part.", _REFUNDED, _charge_refunded),
    _event("charge.refund.updated", "A refund changes, told by its charge.", _UPDATED_REFUND, _refund_updated),
    _event("refund.created", "Money of a charge goes back, whole or in part.", _REFUND, _refund),
    _event("refund.updated", "A refund changes.", _UPDATED_REFUND, _refund_updated),
    _event("refund.failed", "The payer's bank sends a refund back.", _REFUND, _refund_failed),
    _event("charge.dispute.created", "The payer disputes a charge.", _DISPUTE, _disputed),
    _event("charge.dispute.funds_withdrawn", "A dispute takes the money back.", _DISPUTE, _chargeback),
    _event("charge.dispute.updated", "The shop answers a dispute with evidence.", _ANSWERED, _answered),
    _event("charge.dispute.closed", "A dispute is lost, or with status=won won.", _CLOSED, _closed),
    _event("charge.dispute.funds_reinstated", "A dispute is won, and the money comes back.", _DISPUTE, _won),
    _event("checkout.session.completed", "A session is paid on its page.", _BOUGHT, _submitted),
    _event("checkout.session.expired", "A session ends, and nobody has paid it.", _SESSION, _expired),
    _event(
        "checkout.session.async_payment_succeeded",
        "A session was complete before its money came, and it comes.",
        _BOUGHT,
        lambda calls, given: _ended(calls, given, State.PAID),
    ),
    _event(
        "checkout.session.async_payment_failed",
        "A session was complete before its money came, and it does not come.",
        _BOUGHT,
        lambda calls, given: _ended(calls, given, State.FAILED),
    ),
    _event("customer.created", "A customer is made.", _CUSTOMER, _customer),
    _event("customer.updated", "A customer changes.", _CUSTOMER, _customer_updated),
    _event("customer.deleted", "A customer is deleted.", _CUSTOMER, _customer_deleted),
    _event("payment_method.attached", "A customer gets a card.", _METHOD, _attached),
    _event("payment_method.updated", "A customer's card changes.", _METHOD_UPDATED, _method_updated),
    _event("payment_method.detached", "A customer's card goes.", _METHOD, _detached),
)
EVENTS = tuple(event for event, _ in _TABLE)
_ACTS = {event.name: act for event, act in _TABLE}


def trigger(world: World, state: StripeState, asked: Trigger) -> dict[str, str]:
    """Raises BodyError for what the API refuses, in its words."""
    try:
        return _ACTS[asked.event](_Calls(world, state, asked), asked.nested())
    except ApiError as error:
        refused = error.error
        raise BodyError(
            f"override: {wire.NAME} refuses it ({refused.get('code') or refused['type']}): {refused['message']}"
        ) from None
    except (WorldError, LedgerError) as error:
        raise BodyError(f"override: {error}") from None
