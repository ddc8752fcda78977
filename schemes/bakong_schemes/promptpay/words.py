"""The words of its scripts."""

from bakong_scenarios import AccountForm, SchemeWords, State
from bakong_schemes.promptpay.wire import CHECK_SLIP, CURRENCY, GET_SLIP, LIST_TRANSFERS, NAME, REFUSALS

WORDS = SchemeWords(
    name=NAME,
    steps=(State.UNPAID, State.PAID, State.FAILED, State.REFUNDED, State.HIDDEN),
    endpoints=(LIST_TRANSFERS, GET_SLIP, CHECK_SLIP),
    checks=(LIST_TRANSFERS, GET_SLIP, CHECK_SLIP),
    refusals=("busy", *(name for name in REFUSALS if name != "busy")),
    currencies=(CURRENCY,),
    utc_offset_ms=7 * 3_600_000,  # Bangkok, the whole year
    account=AccountForm(r"[0-9A-Za-z.]{1,44}@[a-z0-9]{1,12}", "0800000475@mobile"),
)
