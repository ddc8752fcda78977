"""The words of its scripts: operations by their names, the API's errors, the steps that it can play."""

from bakong_scenarios import AccountForm, SchemeWords, State
from bakong_scenarios.vocabulary import Parameter
from bakong_schemes.nagad.wire import CURRENCY, DHAKA_MS, NAME, REFUSALS

OPERATIONS = ("initialize", "complete", "verify", "cancel", "page", "other")
WORDS = SchemeWords(
    name=NAME,
    steps=(
        *(State.UNPAID, State.AUTHORIZED, State.PAID, State.FAILED, State.CANCELLED, State.EXPIRED, State.REFUNDED),
        State.HIDDEN,
    ),
    endpoints=OPERATIONS,
    checks=("verify",),
    refusals=tuple(REFUSALS),
    currencies=(CURRENCY,),
    # The API's own shape, with ServerError; and what a firewall shows an address that is not registered.
    pages=("error", "request-rejected"),
    own_faults={
        # How the browser comes back from the pay page: not at all, two times, or with Success whatever has happened.
        "callback": {"as": Parameter("text", "lost", ("lost", "twice", "success"))},
    },
    utc_offset_ms=DHAKA_MS,
    account=AccountForm(r"01[0-9]{9}|nagad_[a-z]{1,32}", "01400000001"),
)
