"""What a call says of a PaymentIntent, checked before anything changes."""

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import shapes, vault
from bakong_schemes.stripe.fake.errors import ApiError, missing
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")


def checked_currency(params: Params, name: str = "currency") -> str:
    """Raises ApiError."""
    currency = params.needed(name).lower()
    if currency.upper() not in view_currencies() or not currency.isascii():
        listed = ", ".join(sorted(currency.lower() for currency in view_currencies()))
        raise ApiError(
            f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies: {listed}",
            param=params.name_of(name),
        )
    return currency


def view_currencies() -> tuple[str, ...]:
    from bakong_schemes.stripe.words import CURRENCIES  # noqa: PLC0415  words are read once, when a world begins

    return CURRENCIES


def check_amount(amount: int, currency: str, param: str = "amount") -> int:
    """Raises ApiError."""
    if amount < 1:
        raise ApiError("This value must be greater than or equal to 1.", "parameter_invalid_integer", param)
    least = wire.MINIMUM[currency]
    if amount < least:
        raise ApiError(
            f"Amount must be at least {wire.amount_text(least, currency, code=True)}", "amount_too_small", param
        )
    if amount > wire.MAX_AMOUNT:
        most = wire.amount_text(wire.MAX_AMOUNT, currency, code=True)
        raise ApiError(f"Amount must be no more than {most}", "amount_too_large", param)
    return amount


def amount_and_currency(params: Params) -> tuple[int, str]:
    amount = params.integer("amount")
    if amount is None:
        raise missing("amount")
    currency = checked_currency(params)
    return check_amount(amount, currency), currency


_TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
_ECHOED = ("transfer_group", "on_behalf_of", "transfer_data", "application_fee_amount")


def terms(view: View, params: Params, before: Json) -> Json:
    """What a call says about an intent, checked. Raises ApiError, before anything has changed."""
    after: Json = {name: params.text(name) for name in _TEXTS if name in params}
    if "metadata" in params:
        after["metadata"] = params.metadata(before.get("metadata", {}))
    if "shipping" in params:
        after["shipping"] = params.tree("shipping")
    if "customer" in params:
        customer = params.text("customer")
        after["customer"] = None if customer is None else vault.find_customer(view, customer)["id"]
    for name, choices in (
        ("capture_method", CAPTURE_METHODS),
        ("setup_future_usage", ("off_session", "on_session")),
        ("confirmation_method", ("automatic", "manual")),
    ):
        if (value := params.choice(name, choices)) is not None:
            after[name] = value
    if "payment_method_options" in params:
        after["payment_method_options"] = _options(params, before.get("payment_method_options", shapes.INTENT_OPTIONS))
    after |= {name: params.fields[name] for name in _ECHOED if name in params}
    return after


def _options(params: Params, before: Json) -> Json:
    given = params.tree("payment_method_options") or {}
    card = given.get("card")
    if card is not None and not isinstance(card, dict):
        raise ApiError("Invalid object", param="payment_method_options[card]")
    return {**before, **given, "card": {**before["card"], **(card or {})}}


def payment_method_types(params: Params) -> Json:
    """How it may be paid: by the types that are named, or by those of the dashboard."""
    types, automatic = params.texts("payment_method_types"), params.object("automatic_payment_methods")
    if types is not None:
        if automatic is not None and automatic.flag("enabled"):
            raise ApiError(
                "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
            )
        if "card" not in types:
            raise ApiError(
                f"The payment method type provided: {', '.join(types)[:100]} is invalid, or is not activated in the "
                "sandbox.",
                "payment_intent_invalid_parameter",
                "payment_method_types",
            )
        return {"payment_method_types": types, "automatic_payment_methods": None}
    if automatic is None and params.version[:10] < "2023-08-16":
        return {"payment_method_types": ["card"], "automatic_payment_methods": None}
    redirects = automatic.choice("allow_redirects", ("always", "never")) if automatic else None
    if automatic is not None and automatic.flag("enabled") is False:
        return {"payment_method_types": ["card"], "automatic_payment_methods": None}
    return {
        "payment_method_types": ["card", "link"],
        "automatic_payment_methods": {"allow_redirects": redirects or "always", "enabled": True},
    }


def off_session(params: Params) -> bool:
    value = params.text("off_session")
    if value not in (None, "true", "false", "one_off", "recurring"):
        raise ApiError("Invalid off_session: must be one of true, false, one_off or recurring", param="off_session")
    return value in ("true", "one_off", "recurring")


def return_url(params: Params) -> str | None:
    url = params.text("return_url")
    if url is not None and ("://" not in url or not url.isprintable() or not url.isascii() or " " in url):
        raise ApiError("Not a valid URL", "url_invalid", "return_url")
    return url


def payment_method(view: View, params: Params) -> Json | None:
    """The PaymentMethod that a call names, or brings. Raises ApiError."""
    data = params.object("payment_method_data")
    if data is not None:
        return vault.method_of(view, data)
    named = params.text("payment_method")
    return None if named is None else vault.find_method(view, named)
