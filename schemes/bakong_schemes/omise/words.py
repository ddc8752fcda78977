"""The words of its scripts: operations by their names, the API's errors, the steps that it can play."""

from bakong_scenarios import SchemeWords, State
from bakong_schemes.omise.wire import BANGKOK_MS, CURRENCY, NAME, REFUSALS

OPERATIONS = (
    *("tokens.create", "tokens.retrieve", "sources.create", "sources.retrieve"),
    *("charges.create", "charges.retrieve", "charges.list", "charges.update", "charges.capture", "charges.reverse"),
    *("charges.expire", "charges.mark_as_paid", "charges.mark_as_failed", "charges.events"),
    *("refunds.create", "refunds.retrieve", "refunds.list", "events.retrieve", "events.list"),
    *("customers.create", "customers.retrieve", "customers.list", "customers.update", "customers.destroy"),
    *("cards.retrieve", "cards.list", "cards.update", "cards.destroy"),
    *("account.retrieve", "account.update", "balance.retrieve", "capability.retrieve", "search", "page", "other"),
)
WORDS = SchemeWords(
    name=NAME,
    steps=(
        *(State.UNPAID, State.AUTHORIZED, State.PAID, State.FAILED, State.CANCELLED, State.EXPIRED, State.REFUNDED),
        State.HIDDEN,
    ),
    endpoints=OPERATIONS,
    checks=("charges.retrieve",),
    refusals=("service-unavailable", *(name for name in REFUSALS if name != "service-unavailable")),
    currencies=(CURRENCY,),
    pages=("error",),  # the API's own shape, with backend_error
    utc_offset_ms=BANGKOK_MS,
)
