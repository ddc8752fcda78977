"""The words of its scripts."""

from bakong_scenarios import SchemeWords, State
from bakong_schemes._template.wire import NAME, REFUSALS, STATUSES

WORDS = SchemeWords(
    name=NAME,
    steps=(*map(State, STATUSES), State.HIDDEN),
    endpoints=("create_charge", "get_charge"),
    checks=("get_charge",),
    refusals=tuple(REFUSALS),
    currencies=("THB", "USD"),
)
