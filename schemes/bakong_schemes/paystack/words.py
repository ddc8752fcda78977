"""The words of its scripts: operations by their names, the API's errors, the steps that it can play."""

from bakong_scenarios import SchemeWords, State
from bakong_schemes.paystack.wire import CURRENCIES, NAME, REFUSALS

OPERATIONS = (
    *("transaction.initialize", "transaction.verify", "transaction.fetch", "transaction.list"),
    *("transaction.charge_authorization", "transaction.timeline", "transaction.totals"),
    *("refund.create", "refund.fetch", "refund.list", "refund.retry"),
    *("authorization.deactivate", "balance.fetch", "page", "other"),
)
WORDS = SchemeWords(
    name=NAME,
    steps=(State.UNPAID, State.PAID, State.FAILED, State.CANCELLED, State.REFUNDED, State.HIDDEN),
    endpoints=OPERATIONS,
    checks=("transaction.verify", "transaction.fetch"),
    refusals=tuple(REFUSALS),
    currencies=CURRENCIES,
    pages=("error",),  # the API's own shape, with internal_error
)
