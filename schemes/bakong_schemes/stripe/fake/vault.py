"""PaymentMethods, tokens and customers."""

import re
from typing import Any

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import events, shapes
from bakong_schemes.stripe.fake.errors import CARD, ApiError, missing, not_found
from bakong_schemes.stripe.fake.ids import text_of
from bakong_schemes.stripe.fake.records import Json, Method
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View

UNKNOWN = "unknown"  # the card of a number that is valid and in no table
EXPIRY_YEARS = 4
_SPACES = re.compile(r"[\s-]")
_TEST_METHOD, _TEST_TOKEN = "pm_card_", "tok_"
USED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)


def card_of(view: View, method_id: str) -> wire.TestCard:
    """The test card behind a PaymentMethod."""
    known = view.state.methods.get(method_id)
    return wire.CARDS.get(known.card if known else "visa") or wire.TestCard("")


def new_method(
    view: View,
    name: str,
    number: str | None = None,
    expiry: tuple[int, int] | None = None,
    brand: str | None = None,
) -> Json:
    """A PaymentMethod of a test card, by its name; number: of one that is in no table."""
    card = wire.CARDS.get(name) or wire.TestCard(number or "0000", brand or "visa")
    year = 1970 + view.now_s // 31_556_952
    print_ = text_of(number.encode().ljust(40, b"#") if number else name.encode().ljust(40, b"."), 16)
    made = shapes.payment_method(
        view.id("pm_1"), view.now_s, card, number or card.number, expiry or (8, year + EXPIRY_YEARS), print_
    )
    view.state.methods[made["id"]] = Method(name)
    return view.state.add(made)


def find_method(view: View, id_: str, param: str = "payment_method") -> Json:
    """The PaymentMethod of an id in a parameter; of a test id such as pm_card_visa a new one. Raises ApiError."""
    known = view.get("payment_method", id_)
    if known is not None:
        return known
    name = id_.removeprefix(_TEST_METHOD) if id_.startswith(_TEST_METHOD) else ""
    if name in wire.CARDS:
        return new_method(view, name)
    raise not_found("PaymentMethod", id_, param, status=400)


def method_of(view: View, params: Params) -> Json:
    """A new PaymentMethod as POST /v1/payment_methods and payment_method_data say. Raises ApiError."""
    kind = params.needed("type")
    if kind != "card":
        raise ApiError(
            f"The payment method type provided: {kind[:50]} is invalid, or is not activated in the sandbox.",
            "payment_intent_invalid_parameter",
            params.name_of("type"),
        )
    card = params.object("card")
    if card is None:
        raise missing(params.name_of("card"))
    token = card.text("token")
    made = _of_token(view, token, card.name_of("token")) if token else _of_number(view, card)
    made["billing_details"] = billing(params, made["billing_details"])
    made["metadata"] = params.metadata(made["metadata"])
    made["allow_redisplay"] = params.text("allow_redisplay") or made["allow_redisplay"]
    return made


def billing(params: Params, before: Json) -> Json:
    given = params.object("billing_details")
    if given is None:
        return before
    address = given.object("address")
    after = dict(before)
    if address is not None:
        after["address"] = {name: address.text(name) or before["address"][name] for name in shapes.ADDRESS}
    for name in ("email", "name", "phone", "tax_id"):
        if name in given:
            after[name] = given.text(name)
    return after


def _of_token(view: View, token: str, param: str) -> Json:
    kept = view.get("token", token)
    name = token.removeprefix(_TEST_TOKEN) if token.startswith(_TEST_TOKEN) else ""
    if kept is not None:
        if kept["used"]:
            raise ApiError(f"You cannot use a Stripe token more than once: {token}.", "token_already_used", param)
        kept["used"] = True
        return view.the("payment_method", kept["card"]["id"].replace("card_", "pm_", 1))
    if name in wire.CARDS:
        return new_method(view, name)
    raise not_found("token", token, param, status=400)


def _bad_card(code: str) -> ApiError:
    param, message = wire.BAD_CARD[code]
    return ApiError(message, code, param, status=402, type_=CARD)


def _of_number(view: View, card: Params) -> Json:
    """Raises ApiError. The number is looked up in the test cards; of it the last four digits are kept."""
    number = _SPACES.sub("", card.needed("number"))
    if not luhn(number):
        raise _bad_card("incorrect_number")
    expiry = checked_expiry(view, card)
    cvc = card.text("cvc")
    if cvc is not None and not (cvc.isascii() and cvc.isdecimal() and 3 <= len(cvc) <= 4):
        raise _bad_card("invalid_cvc")
    name = wire.BY_NUMBER.get(number)
    if name is None:
        view.warn(f"the card number that ends in {number[-4:]} is in no table of test cards: see unknown_card")
        declined = view.settings.unknown_card == "declined"
        return new_method(
            view, "chargeCustomerFail" if declined else UNKNOWN, number, expiry, wire.BRANDS.get(number[0], "unknown")
        )
    if cvc is None and wire.CARDS[name].decline == "incorrect_cvc":
        name = "visa"
    made = new_method(view, name, number, expiry)
    if cvc is None:
        made["card"] = {**made["card"], "checks": {**made["card"]["checks"], "cvc_check": None}}
    return made


def checked_expiry(view: View, card: Params) -> tuple[int, int]:
    month, year = card.integer("exp_month"), card.integer("exp_year")
    if month is None:
        raise missing(card.name_of("exp_month"))
    if year is None:
        raise missing(card.name_of("exp_year"))
    year = year + 2000 if 0 <= year < 100 else year
    this_year = 1970 + view.now_s // 31_556_952
    if not 1 <= month <= 12:
        raise _bad_card("invalid_expiry_month")
    if not this_year <= year <= this_year + 50:
        raise _bad_card("invalid_expiry_year")
    return month, year


def luhn(number: str) -> bool:
    """Whether the last digit of a card's number fits the others.

    >>> luhn("4242424242424242"), luhn("4242424242424241")
    (True, False)
    """
    if not (number.isascii() and number.isdecimal() and 12 <= len(number) <= 19):
        return False
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def create_token(view: View, params: Params) -> Json:
    card = params.object("card")
    if card is None:
        raise missing("card")
    method = _of_number(view, card)
    made = shapes.token(view.id("tok_1"), view.now_s, method, method["id"].replace("pm_", "card_", 1))
    return view.state.add(made)


def attach(view: View, method: Json, customer: Json) -> None:
    """Raises ApiError: a card that is always declined cannot be attached, nor one that was used up."""
    card, known = card_of(view, method["id"]), view.state.methods[method["id"]]
    if card.decline and not card.attaches:
        raise decline(card.decline)
    if known.used and method["customer"] is None:
        raise ApiError(USED)
    if method["customer"] not in (None, customer["id"]):
        raise ApiError("The payment method you provided has already been attached to a customer.")
    method["customer"] = customer["id"]
    events.publish(view, "payment_method.attached", method)


def detach(view: View, method: Json) -> None:
    if method["customer"] is None:
        raise ApiError(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    before, method["customer"] = method["customer"], None
    view.state.methods[method["id"]].used = True
    events.publish(view, "payment_method.detached", method, {"customer": before})


def decline(name: str, **more: Any) -> ApiError:
    """The card_error of a decline."""
    row = wire.DECLINES[name]
    told: Json = {"decline_code": row.decline_code, "advice_code": row.advice, "network_decline_code": row.network}
    kept = {key: value for key, value in told.items() if value is not None}
    return ApiError(row.message, row.code, status=402, type_=CARD, kept=True, **kept, **more)


# Customers


def find_customer(view: View, id_: str, param: str = "customer") -> Json:
    """The customer that a parameter names. Raises ApiError."""
    customer = view.get("customer", id_)
    if customer is None or customer.get("deleted"):
        raise not_found("customer", id_, param, status=400)
    return customer


_TEXTS = ("description", "email", "name", "phone")


def create_customer(view: View, params: Params) -> Json:
    made = shapes.customer(view.id("cus_", 14), view.now_s, view.id("", 8).upper())
    method = params.text("payment_method")
    _fill(made, params)
    attached = None if method is None else find_method(view, method)
    view.state.add(made)
    events.publish(view, "customer.created", made)
    if attached is not None:
        attach(view, attached, made)
    return made


def update_customer(view: View, customer: Json, params: Params) -> Json:
    before = dict(customer)
    after = dict(customer)
    _fill(after, params)
    changed = {name: value for name, value in before.items() if after[name] != value}
    customer.update(after)
    if changed:
        events.publish(view, "customer.updated", customer, changed)
    return customer


def _fill(customer: Json, params: Params) -> None:
    for name in _TEXTS:
        if name in params:
            customer[name] = params.text(name)
    for name in ("address", "shipping"):
        if name in params:
            customer[name] = params.tree(name)
    if customer["address"] is not None:
        customer["address"] = {**shapes.ADDRESS, **customer["address"]}
    if "preferred_locales" in params:
        customer["preferred_locales"] = params.texts("preferred_locales") or []
    if "tax_exempt" in params:
        customer["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse")) or "none"
    customer["metadata"] = params.metadata(customer["metadata"])


def delete_customer(view: View, customer: Json) -> Json:
    """Raises nothing: who is deleted is answered with that."""
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    events.publish(view, "customer.deleted", customer)
    for method in view.state.objects["payment_method"].values():
        if method["customer"] == customer["id"]:
            method["customer"] = None
            view.state.methods[method["id"]].used = True
    view.state.objects["customer"][customer["id"]] = gone
    return gone
