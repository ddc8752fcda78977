"""PaymentIntents: made, confirmed, authenticated, captured, cancelled. What has moved is told by charging.py."""

from typing import Any

import orjson

from bakong_scenarios import Scenario, State
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import charging, events, intent_terms, shapes, vault
from bakong_schemes.stripe.fake.errors import ApiError, not_found
from bakong_schemes.stripe.fake.money import CARDHOLDER, PENDING, cover, units
from bakong_schemes.stripe.fake.records import Intent, Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.world import WorldError

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
UNEXPECTED = "payment_intent_unexpected_state"
NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
    "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method "
    "or ConfirmationToken."
)
NO_RETURN_URL = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
    "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want "
    "to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)


def payment_of(view: View, intent_id: str) -> Payment:
    return view.world.payments[wire.NAME, intent_id]


# Create and update


def create(view: View, params: Params, named: Scenario | None = None) -> Json:
    """POST /v1/payment_intents. Raises ApiError, and ScenarioError where no script fits."""
    amount, currency = intent_terms.amount_and_currency(params)
    given = {**intent_terms.terms(view, params, {}), **intent_terms.payment_method_types(params)}
    confirm, off_session, return_url = (
        params.flag("confirm"),
        intent_terms.off_session(params),
        intent_terms.return_url(params),
    )
    if not confirm and (off_session or return_url):
        which = "off_session" if off_session else "return_url"
        raise ApiError(f"The parameter `{which}` cannot be passed unless `confirm` is true.", param=which)
    if "capture_method" not in given and params.version[:10] < "2024-04-10":
        given["capture_method"] = "automatic"
    method = intent_terms.payment_method(view, params)
    _check_owner(method, given.get("customer"))
    intent = new(view, amount, currency, given, named)
    if method is not None:
        intent["payment_method"], intent["status"] = method["id"], "requires_confirmation"
    before = orjson.dumps(intent)
    is_last = bool(confirm) and view.settings.created_last
    if not is_last:
        events.publish_raw(view, "payment_intent.created", intent["id"], before, intent["id"])
    try:
        if confirm:
            confirm_intent(view, intent, params)
    finally:
        if is_last:
            events.publish_raw(view, "payment_intent.created", intent["id"], before, intent["id"])
    return intent


def new(view: View, amount: int, currency: str, given: Json, named: Scenario | None = None) -> Json:
    """An intent that the world knows, and that nobody has heard of yet. Raises ScenarioError."""
    world = view.world
    intent = shapes.payment_intent(
        *(view.id("pi_3"), view.now_s, view.id("", 25)), amount=amount, currency=currency, **given
    )
    order = _order(intent)
    world.player.choose(wire.NAME, order, named)
    view.state.intents[intent["id"]] = Intent(view.request.origin if view.request else "")
    view.state.add(intent)
    world.register(world.scheme(wire.NAME), order, named=named)
    return intent


def _order(intent: Json) -> Order:
    description = intent["description"]
    return Order(
        reference=intent["id"],
        to_account=PENDING,
        currency=intent["currency"].upper(),
        minor=units(intent["amount"], intent["currency"]),
        bill_number=None if description is None else description[:99],
        expires_at_ms=None,
    )


def _check_owner(method: Json | None, customer: str | None) -> None:
    """Raises ApiError where a PaymentMethod is another customer's."""
    owner = None if method is None else method["customer"]
    if method is None or owner is None or owner == customer:
        return
    if customer is None:
        raise ApiError(
            f"The PaymentMethod {method['id']} belongs to a Customer {owner}. Please include the Customer in the "
            "`customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    raise ApiError(
        f"Payment method {method['id']} does not belong to the Customer you supplied {customer}. Please use this "
        "payment method with the Customer that it belongs to instead.",
        param="payment_method",
    )


def update(view: View, intent: Json, params: Params) -> Json:
    """POST /v1/payment_intents/<id>. Raises ApiError."""
    if intent["status"] not in OPEN:
        others = sorted(params.fields.keys() - {"metadata", "description", "expand"})
        if others:
            raise unexpected(
                view,
                intent,
                f"This PaymentIntent's {others[0]} could not be updated because it has a status of "
                f"{intent['status']}. You may only update the {others[0]} of a PaymentIntent with one of the following "
                f"statuses: {', '.join(OPEN)}.",
            )
    given = intent_terms.terms(view, params, intent)
    currency = intent_terms.checked_currency(params) if "currency" in params else intent["currency"]
    amount = params.integer("amount")
    intent_terms.check_amount(intent["amount"] if amount is None else amount, currency)
    types = intent_terms.payment_method_types(params) if "payment_method_types" in params else {}
    method = intent_terms.payment_method(view, params)
    _check_owner(method, given.get("customer", intent["customer"]))
    intent.update(given)
    intent.update(types)
    intent["amount"] = intent["amount"] if amount is None else amount
    intent["currency"] = currency
    if method is not None:
        _set_method(view, intent, method)
        intent["status"], intent["next_action"] = "requires_confirmation", None
    payment_of(view, intent["id"]).order = _order(intent)
    return intent


def _set_method(view: View, intent: Json, method: Json) -> None:
    if intent["payment_method"] != method["id"]:
        intent["payment_method"] = method["id"]
        view.state.intents[intent["id"]].authenticated = False


# Confirm


def unexpected(_view: View, intent: Json, message: str) -> ApiError:
    return ApiError(message, UNEXPECTED, kept=True, payment_intent=dict(intent))


def confirm_intent(view: View, intent: Json, params: Params) -> Json:
    """Raises ApiError: for what is wrong, and for a decline, after which the intent wants another method."""
    if intent["status"] not in OPEN:
        raise unexpected(view, intent, _not_confirmable(intent["status"]))
    kept = view.state.intents[intent["id"]]
    given = intent_terms.terms(view, params, intent)
    off_session, return_url = intent_terms.off_session(params), intent_terms.return_url(params)
    method = (
        intent_terms.payment_method(view, params) if intent["payment_method"] is None or _names_method(params) else None
    )
    method = method or view.get("payment_method", intent["payment_method"])
    if method is None:
        raise unexpected(view, intent, NO_METHOD)
    customer = given.get("customer", intent["customer"])
    _check_owner(method, customer)
    known = view.state.methods[method["id"]]
    if known.used and method["customer"] is None:
        raise ApiError(vault.USED, payment_intent=dict(intent))
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] == "always" and not _stays(params, off_session, return_url, kept):
        raise ApiError(NO_RETURN_URL, payment_intent=dict(intent))
    intent.update(given)
    _set_method(view, intent, method)
    kept.off_session = off_session
    kept.return_url = return_url or kept.return_url
    _attempt(view, intent, refuses_action=bool(params.flag("error_on_requires_action")))
    return intent


def _names_method(params: Params) -> bool:
    return "payment_method" in params or "payment_method_data" in params


def _stays(params: Params, off_session: bool, return_url: str | None, kept: Intent) -> bool:  # noqa: FBT001
    """Whether a redirect has somewhere to come back to, or cannot come."""
    return bool(return_url or kept.return_url or off_session or kept.session or params.flag("use_stripe_sdk"))


def _not_confirmable(status: str) -> str:
    if status == "succeeded":
        return (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
        )
    return (
        f"You cannot confirm this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one of "
        f"the following statuses may be confirmed: {', '.join(OPEN)}."
    )


def _attempt(view: View, intent: Json, *, refuses_action: bool = False) -> None:
    """Charge the method, or have the payer asked first. Raises ApiError for a decline."""
    kept = view.state.intents[intent["id"]]
    if not kept.authenticated and _asks(view, intent):
        if kept.off_session or refuses_action:
            _fail(view, intent, "authentication_required")
            raise charging.declined(view, intent)
        require_action(view, intent)
        return
    charge(view, intent)
    if intent["status"] == "requires_payment_method":
        raise charging.declined(view, intent)


def _asks(view: View, intent: Json) -> bool:
    """Whether the bank wants to see the payer."""
    method = intent["payment_method"]
    how = vault.card_of(view, method).authentication
    if view.is_marked("authenticate"):
        return True
    if how == "optional":
        wanted = intent["payment_method_options"]["card"].get("request_three_d_secure")
        return wanted in ("any", "challenge")
    if how == "on_session":
        return not view.state.intents[intent["id"]].off_session
    if how == "setup" and view.state.intents[intent["id"]].off_session:
        return not view.state.methods[method].set_up
    return bool(how)


def require_action(view: View, intent: Json) -> None:
    kept = view.state.intents[intent["id"]]
    url = f"{kept.origin}/pay/3ds/{intent['id']}"
    if kept.return_url is not None:
        action: Json = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": kept.return_url, "url": url},
        }
    else:
        source = view.id("src_1")
        action = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"source": source, "stripe_js": url, "type": "three_d_secure_redirect"},
        }
    intent["status"], intent["next_action"], intent["last_payment_error"] = "requires_action", action, None
    events.publish(view, "payment_intent.requires_action", intent)


def charge(view: View, intent: Json) -> None:
    """Let the card pay: at once, as the script has it, or as a hold. A decline leaves the intent without method."""
    method = intent["payment_method"]
    card, known = vault.card_of(view, method), view.state.methods[method]
    known.used = True
    decline = card.decline or ("generic_decline" if _processing_error(view, intent, card) else "")
    if decline:
        _fail(view, intent, decline)
    elif intent["capture_method"] == "manual" and _outcome(view, intent) is not State.FAILED:
        known.set_up = known.set_up or bool(intent["setup_future_usage"])
        _attach(view, intent)
        charging.hold(view, intent)
    else:
        known.set_up = known.set_up or bool(intent["setup_future_usage"])
        _attach(view, intent)
        _pay(view, intent)
        if intent["status"] in OPEN and payment_of(view, intent["id"]).pending is not None:
            intent["status"], intent["next_action"] = "processing", None
            events.publish(view, "payment_intent.processing", intent)


def _processing_error(view: View, intent: Json, card: wire.TestCard) -> bool:
    is_asked = view.state.intents[intent["id"]].authenticated
    return is_asked and card is wire.CARDS["threeDSecureOptionalProcessingError"]


def _attach(view: View, intent: Json) -> None:
    """A method that is set up for later is the customer's."""
    method = view.the("payment_method", intent["payment_method"])
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        events.publish(view, "payment_method.attached", method)


def _outcome(view: View, intent: Json) -> State:
    return view.world.player.outcome(payment_of(view, intent["id"])).state


def _pay(view: View, intent: Json, outcome: State | None = None, minor: int | None = None) -> None:
    """Raises ApiError where the world says that nobody can pay it any more."""
    world = view.world
    order = payment_of(view, intent["id"]).order
    if order is None:
        raise not_found("payment_intent", intent["id"], "intent")
    cover(view, CARDHOLDER, order.currency, 2 * (minor or order.minor or 0))
    try:
        world.pay(world.scheme(wire.NAME), order, outcome=outcome, minor=minor)
    except (WorldError, LedgerError) as error:
        raise unexpected(view, intent, str(error)) from None


def _fail(view: View, intent: Json, decline: str) -> None:
    """The card is declined, which the world's journal of payments has too."""
    kept = view.state.intents[intent["id"]]
    kept.decline = decline
    try:
        _pay(view, intent, State.FAILED)
    finally:
        kept.decline = ""


# The payer's bank


def authenticate(view: View, intent: Json, *, succeeds: bool) -> None:
    """The payer comes back from the bank's page. Raises ApiError where nobody is asked."""
    if intent["status"] != "requires_action":
        raise unexpected(view, intent, f"This PaymentIntent has a status of {intent['status']}: nobody is asked.")
    kept = view.state.intents[intent["id"]]
    if not succeeds:
        charging.authentication_failed(view, intent)
        return
    kept.authenticated = True
    intent["next_action"] = None
    if intent["confirmation_method"] == "manual":
        intent["status"] = "requires_confirmation"
        return
    charge(view, intent)


def return_url(view: View, intent: Json) -> str | None:
    """Where the payer's browser goes after the bank's page."""
    kept = view.state.intents[intent["id"]]
    if kept.return_url is None:
        return None
    url, hash_, fragment = kept.return_url.partition("#")
    joint = "&" if "?" in url else "?"
    added = f"payment_intent={intent['id']}&payment_intent_client_secret={intent['client_secret']}&source_type=card"
    return f"{url}{joint}{added}{hash_}{fragment}"


# Capture and cancel


def capture(view: View, intent: Json, params: Params) -> Json:
    """Raises ApiError."""
    if intent["status"] != "requires_capture":
        was_captured = intent["status"] == "succeeded" and intent["capture_method"] == "manual"
        raise unexpected(
            view,
            intent,
            "This PaymentIntent could not be captured because it has already been captured."
            if was_captured
            else f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    amount = params.integer("amount_to_capture")
    amount = intent["amount_capturable"] if amount is None else amount
    if amount < 1:
        raise ApiError(
            "This value must be greater than or equal to 1.", "parameter_invalid_integer", "amount_to_capture"
        )
    if amount > intent["amount_capturable"]:
        raise ApiError(
            f"The provided amount_to_capture ({amount}) is greater than the PaymentIntent's amount_capturable "
            f"({intent['amount_capturable']}).",
            "amount_too_large",
            "amount_to_capture",
        )
    given = intent_terms.terms(view, params, intent)
    intent.update(given)
    view.state.intents[intent["id"]].capturing = amount
    try:
        _pay(view, intent, State.PAID, minor=max(1, units(amount, intent["currency"])))
    finally:
        view.state.intents[intent["id"]].capturing = None
    return intent


def cancel(view: View, intent: Json, params: Params) -> Json:
    """Raises ApiError."""
    reason = params.choice("cancellation_reason", REASONS)
    session = view.get("checkout.session", view.state.intents[intent["id"]].session)
    if session is not None and session["status"] == "open":
        raise ApiError(
            "You cannot cancel this PaymentIntent because it is of an open Checkout Session: expire the session "
            "instead.",
            UNEXPECTED,
            kept=True,
            payment_intent=dict(intent),
        )
    if intent["status"] not in CANCELABLE:
        raise unexpected(
            view,
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(CANCELABLE)}.",
        )
    cancel_intent(view, intent, reason)
    return intent


def cancel_intent(view: View, intent: Json, reason: str | None, reached: State = State.CANCELLED) -> None:
    """Give it up; a hold is released."""
    payment = payment_of(view, intent["id"])
    payment.pending, payment.reached = None, reached
    charging.release(view, intent)
    intent["status"], intent["canceled_at"], intent["cancellation_reason"] = "canceled", view.now_s, reason
    intent["next_action"], intent["amount_capturable"] = None, 0
    events.publish(view, "payment_intent.canceled", intent)


def hold_expired(view: View, id_: str) -> None:
    """A hold that nobody captured ends by itself."""
    charge_ = view.get("charge", id_)
    intent = None if charge_ is None else view.get("payment_intent", charge_["payment_intent"])
    if intent is None or intent["status"] != "requires_capture" or intent["latest_charge"] != id_:
        return
    if view.settings.hold_expires_as == "canceled":
        cancel_intent(view, intent, "expired", State.EXPIRED)
        return
    charging.release(view, intent)
    intent["status"], intent["payment_method"], intent["amount_capturable"] = "requires_payment_method", None, 0
    events.publish(view, "payment_intent.payment_failed", intent)


def find(view: View, id_: str) -> Json:
    """The PaymentIntent of a path. Raises ApiError."""
    intent = view.get("payment_intent", id_)
    if intent is None or _is_hidden(view, id_):
        raise not_found("payment_intent", id_, view.settings.intent_param)
    return intent


def _is_hidden(view: View, id_: str) -> bool:
    payment = view.world.payments.get((wire.NAME, id_))
    return payment is not None and payment.hidden


def check_secret(intent: Json, secret: Any) -> None:
    """Of a call with a publishable key. Raises ApiError."""
    if secret != intent["client_secret"]:
        raise ApiError(
            "The client_secret provided does not match the client_secret associated with this PaymentIntent.",
            "payment_intent_invalid_parameter",
            "client_secret",
        )
