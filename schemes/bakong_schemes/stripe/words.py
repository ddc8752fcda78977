"""The words of its scripts: operations by their names, the API's errors, the steps that it can play."""

from bakong_contracts.money import EXPONENTS
from bakong_scenarios import SchemeWords, State
from bakong_schemes.stripe.wire import MINIMUM, NAME, REFUSALS

OPERATIONS = (
    *(f"payment_intents.{verb}" for verb in ("create", "retrieve", "update", "list", "confirm", "capture", "cancel")),
    *(f"payment_methods.{verb}" for verb in ("create", "retrieve", "update", "list", "attach", "detach")),
    *(f"charges.{verb}" for verb in ("retrieve", "update", "list")),
    *(f"refunds.{verb}" for verb in ("create", "retrieve", "update", "list", "cancel")),
    *(f"customers.{verb}" for verb in ("create", "retrieve", "update", "delete", "list", "payment_methods")),
    *(f"checkout.sessions.{verb}" for verb in ("create", "retrieve", "update", "list", "expire", "line_items")),
    *(f"webhook_endpoints.{verb}" for verb in ("create", "retrieve", "update", "delete", "list")),
    *(f"disputes.{verb}" for verb in ("retrieve", "update", "list", "close")),
    *("events.retrieve", "events.list", "balance.retrieve", "balance_transactions.retrieve"),
    *("balance_transactions.list", "tokens.create", "tokens.retrieve", "page", "other"),
)
CURRENCIES = tuple(sorted(currency.upper() for currency in MINIMUM if currency.upper() in EXPONENTS))
MARKS = {
    "authenticate": "The payer's bank asks, whatever the card.",
    "refund_fails": "The refund that is made fails a minute later.",
}
WORDS = SchemeWords(
    name=NAME,
    steps=tuple(State),
    endpoints=OPERATIONS,
    checks=("payment_intents.retrieve", "checkout.sessions.retrieve"),
    refusals=tuple(REFUSALS),
    currencies=CURRENCIES,
    own_faults={mark: {} for mark in MARKS},
    pages=("error",),  # the API's own shape, an api_error
)
