"""The words of its scripts: operations by their names, the API's errors, the steps that it can play."""

from bakong_scenarios import SchemeWords, State
from bakong_scenarios.vocabulary import Parameter
from bakong_schemes.bkash.wire import CURRENCY, DHAKA_MS, NAME, REFUSALS

OPERATIONS = (
    *("grant", "refresh", "create", "execute", "query", "search", "refund", "refund_status", "capture", "void"),
    *("agreement_create", "agreement_execute", "agreement_query", "agreement_status", "agreement_cancel"),
    *("page", "approve", "sns", "other"),
)
WORDS = SchemeWords(
    name=NAME,
    steps=(
        *(State.UNPAID, State.AUTHORIZED, State.PAID, State.FAILED, State.CANCELLED, State.EXPIRED, State.REFUNDED),
        State.HIDDEN,
    ),
    endpoints=OPERATIONS,
    checks=("query",),
    refusals=tuple(REFUSALS),
    currencies=(CURRENCY,),
    # What befalls the browser on its way back: it never arrives, arrives twice, or says success where it was not.
    own_faults={"callback": {"as": Parameter("text", "lost", ("lost", "twice", "forged"))}},
    utc_offset_ms=DHAKA_MS,
)
