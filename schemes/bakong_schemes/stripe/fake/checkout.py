"""Checkout Sessions: made, paid on their page, expired."""

from typing import NamedTuple

import orjson

from bakong_scenarios import Scenario
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import agenda, events, intent_terms, intents, shapes, vault
from bakong_schemes.stripe.fake.errors import ApiError, missing, not_found
from bakong_schemes.stripe.fake.records import Checkout, Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View

HOSTED = ("hosted", "hosted_page")
UI_MODES = (*HOSTED, "embedded", "embedded_page", "custom", "elements")
MAX_ITEMS = 100
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


class Outcome(NamedTuple):
    """What came of a payer's try: where the browser goes, or what the page says."""

    redirect: str | None
    problem: str = ""


def create(view: View, params: Params, named: Scenario | None = None) -> Json:
    """POST /v1/checkout/sessions. Raises ApiError."""
    mode = params.choice("mode", ("payment", "setup", "subscription"))
    if mode is None:
        raise missing("mode")
    if mode != "payment":
        raise ApiError(f"The sandbox plays sessions with mode payment alone, not {mode}.", param="mode")
    items, currency = _items(view, params)
    total = sum(item["amount_total"] for item in items)
    _check_total(total, currency)
    ui_mode = params.choice("ui_mode", UI_MODES) or "hosted_page"
    urls = _urls(params, ui_mode)
    given = _given(view, params)
    data = _intent_data(params)
    id_ = view.id("cs_test_", 58)
    origin = view.request.origin if view.request else ""
    made = shapes.session(
        id_,
        view.now_s,
        amount_subtotal=total,
        amount_total=total,
        currency=currency,
        expires_at=_expires_at(view, params),
        ui_mode=ui_mode,
        url=f"{origin}/pay/c/{id_}" if ui_mode in HOSTED else None,
        **{**urls, **given},
    )
    if ui_mode not in HOSTED:
        made["client_secret"] = f"{id_}_secret_{view.id('', 25)}"
        view.warn(f"ui_mode {ui_mode} is taken, and has no page: pay it with POST .../stripe/checkout/<id>/pay")
    if named is not None:
        data["script"] = named.name
    view.state.checkouts[id_] = Checkout(origin, items, data)
    view.state.add(made)
    agenda.schedule(view, 1000 * made["expires_at"] - view.now_ms, "session_expires", id_)
    return made


def _given(view: View, params: Params) -> Json:
    customer, email = params.text("customer"), params.text("customer_email")
    if customer is not None and email is not None:
        raise ApiError("You may only specify one of these parameters: customer, customer_email.")
    known = None if customer is None else vault.find_customer(view, customer)
    types = params.texts("payment_method_types")
    if types is not None and "card" not in types:
        raise ApiError(
            f"The payment method type provided: {', '.join(types)[:100]} is invalid.", param="payment_method_types"
        )
    return {
        "client_reference_id": params.text("client_reference_id"),
        "customer": None if known is None else known["id"],
        "customer_email": email or (known["email"] if known else None),
        "locale": params.text("locale"),
        "metadata": params.metadata({}),
        "payment_method_types": types or ["card", "link"],
        "submit_type": params.text("submit_type"),
    }


def _urls(params: Params, ui_mode: str) -> Json:
    if ui_mode not in HOSTED:
        return {"return_url": params.text("return_url")}
    success = params.needed("success_url")
    for name, url in (("success_url", success), ("cancel_url", params.text("cancel_url"))):
        if url is not None and not (url.startswith(("http://", "https://")) or "://" in url):
            raise ApiError("Not a valid URL", "url_invalid", name)
        if url is not None and not (url.isprintable() and url.isascii() and " " not in url):
            raise ApiError("Not a valid URL", "url_invalid", name)
    return {"success_url": success, "cancel_url": params.text("cancel_url")}


def _items(view: View, params: Params) -> tuple[list[Json], str]:
    """The line items, and the currency that all of them have. Raises ApiError."""
    rows = params.objects("line_items")
    if not rows:
        raise missing("line_items")
    if len(rows) > MAX_ITEMS:
        raise ApiError(f"A session may have at most {MAX_ITEMS} line items.", param="line_items")
    items = [_item(view, row) for row in rows]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise ApiError("All line items must have the same currency.", param="line_items")
    return items, items[0]["currency"]


def _item(view: View, row: Params) -> Json:
    price, data = row.text("price"), row.object("price_data")
    if price is not None:
        raise not_found("price", price, row.name_of("price"), status=400)
    if data is None:
        raise missing(row.name_of("price"))
    currency, unit = intent_terms.checked_currency(data), data.integer("unit_amount")
    product = data.object("product_data")
    if unit is None:
        raise missing(data.name_of("unit_amount"))
    if unit < 0 or unit > wire.MAX_AMOUNT:
        raise ApiError("Invalid non-negative integer", "parameter_invalid_integer", data.name_of("unit_amount"))
    if product is None:
        raise missing(data.name_of("product_data"))
    quantity = row.integer("quantity")
    quantity = 1 if quantity is None else quantity
    if not 0 < quantity <= 999_999:
        raise ApiError("Invalid positive integer", "parameter_invalid_integer", row.name_of("quantity"))
    made = shapes.price(view.id("price_1"), view.id("prod_", 14), view.now_s, currency, unit)
    return shapes.line_item(view.id("li_1"), made, product.needed("name"), quantity)


def _check_total(total: int, currency: str) -> None:
    least = wire.MINIMUM[currency]
    if total < least:
        told = wire.amount_text(least, currency, code=True)
        raise ApiError(f"The Checkout Session's total amount due must add up to at least {told}", "amount_too_small")
    if total > wire.MAX_AMOUNT:
        raise ApiError("The Checkout Session's total amount is too large.", "amount_too_large")


def _intent_data(params: Params) -> Json:
    """What its PaymentIntent will be made with, checked now."""
    data = params.object("payment_intent_data")
    if data is None:
        return {}
    made: Json = {"metadata": data.metadata({})}
    texts = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
    made |= {name: data.text(name) for name in texts if name in data}
    capture = data.choice("capture_method", intent_terms.CAPTURE_METHODS)
    future = data.choice("setup_future_usage", ("off_session", "on_session"))
    made |= {"capture_method": capture} if capture else {}
    made |= {"setup_future_usage": future} if future else {}
    made |= {"shipping": data.tree("shipping")} if "shipping" in data else {}
    return made


def _expires_at(view: View, params: Params) -> int:
    asked, now_s = params.integer("expires_at"), view.now_s
    if asked is None:
        return now_s + wire.SESSION_MS // 1000
    if not now_s + wire.MIN_SESSION_MS // 1000 <= asked <= now_s + wire.SESSION_MS // 1000:
        raise ApiError(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session "
            "creation.",
            param="expires_at",
        )
    return asked


# The payer's side


def start(view: View, session: Json) -> Json:
    """The PaymentIntent of a session, which is made when the payer first submits the page."""
    kept = view.state.checkouts[session["id"]]
    known = view.get("payment_intent", session["payment_intent"])
    if known is not None:
        return known
    data = {name: value for name, value in kept.intent.items() if name != "script"}
    script = kept.intent.get("script")
    given = {
        **data,
        "customer": session["customer"],
        "payment_method_types": session["payment_method_types"],
        "automatic_payment_methods": None,
    }
    named = None if script is None else view.world.library.find(script, wire.NAME)
    intent = intents.new(view, session["amount_total"], session["currency"], given, named)
    beside = view.state.intents[intent["id"]]
    beside.session, beside.origin = session["id"], kept.origin
    session["payment_intent"] = intent["id"]
    return intent


def pay(view: View, session: Json, method: Json, payer: Json | None = None) -> Outcome:
    """The payer submits the page. Raises ApiError where the session is over; a decline leaves it open."""
    if session["status"] != "open":
        raise ApiError(f"This Checkout Session has a status of {session['status']}.")
    is_new = session["payment_intent"] is None
    intent = start(view, session)
    before = orjson.dumps(intent)
    _remember(session, method, payer or {})
    problem = ""
    beside = view.state.intents[intent["id"]]
    beside.on_page = True
    try:
        intents.confirm_intent(view, intent, Params({"payment_method": method["id"]}))
    except ApiError as error:
        problem = str(error)
    finally:
        beside.on_page = False
        if is_new:
            events.publish_raw(view, "payment_intent.created", intent["id"], before, intent["id"])
    if intent["status"] == "requires_action":
        return Outcome(f"{beside.origin}/pay/3ds/{intent['id']}")
    after(view, intent)
    return Outcome(success_url(session), problem) if session["status"] == "complete" else Outcome(None, problem)


def _remember(session: Json, method: Json, payer: Json) -> None:
    """Who pays, as the page was filled in."""
    billing = method["billing_details"]
    session["customer_details"] = {
        "address": {**shapes.ADDRESS, "country": billing["address"]["country"] or method["card"]["country"]},
        "business_name": None,
        "email": payer.get("email") or session["customer_email"] or billing["email"],
        "individual_name": None,
        "name": payer.get("name") or billing["name"],
        "phone": billing["phone"],
        "tax_exempt": "none",
        "tax_ids": [],
    }


def after(view: View, intent: Json) -> None:
    """What became of a session's intent is told of the session."""
    beside = view.state.intents[intent["id"]]
    session = view.get("checkout.session", beside.session)
    if session is None or beside.on_page:
        return
    status = intent["status"]
    if session["status"] == "open" and status in ("succeeded", "requires_capture", "processing"):
        session |= {"status": "complete", "url": None, "payment_status": "paid" if status == "succeeded" else "unpaid"}
        events.publish(view, "checkout.session.completed", session)
    elif session["status"] == "complete" and session["payment_status"] == "unpaid" and status == "succeeded":
        session["payment_status"] = "paid"
        if intent["capture_method"] != "manual":
            events.publish(view, "checkout.session.async_payment_succeeded", session)
    elif session["status"] == "complete" and status == "requires_payment_method":
        events.publish(view, "checkout.session.async_payment_failed", session)


def success_url(session: Json) -> str | None:
    url = session["success_url"] or session["return_url"]
    return None if url is None else str(url).replace(PLACEHOLDER, session["id"])


def expire(view: View, session: Json) -> Json:
    """Raises ApiError."""
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    session["status"], session["url"] = "expired", None
    intent = view.get("payment_intent", session["payment_intent"])
    if intent is not None and intent["status"] in intents.CANCELABLE:
        intents.cancel_intent(view, intent, "automatic")
    events.publish(view, "checkout.session.expired", session)
    return session


def expire_due(view: View, id_: str) -> None:
    session = view.the("checkout.session", id_)
    if session["status"] == "open":
        expire(view, session)
