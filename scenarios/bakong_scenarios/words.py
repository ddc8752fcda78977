"""What the scripts of one scheme may name: its endpoints, refusals, tracking statuses, steps, currencies and faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from bakong_scenarios.language import ANY_ENDPOINT, CHECK, CHECKS, State
from bakong_scenarios.vocabulary import CONDITIONS, FAULTS, MIDNIGHT, PAGES, Parameter, Parameters


class AccountForm(NamedTuple):
    """How an account looks: a regular expression for the whole of it, and an example for messages."""

    pattern: str
    example: str


ANY_ACCOUNT = AccountForm(r"\S{1,64}", "acct_1")


@dataclass(frozen=True)
class SchemeWords:
    """The words of one scheme. A value without code: its fake gives them their meaning.

    checks: of the endpoints, those that say what has become of payments; first the one that clients poll with.
    refusals: its errors, by the name that the fault `refuse` gives them; the first is the usual one.
    steps: the states that it can play. pages: answers of its own for the fault `http`, beyond vocabulary.PAGES.
    own_faults: faults that only it has, with their parameters. utc_offset_ms: where its days begin.
    """

    name: str
    steps: tuple[State, ...]
    endpoints: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    tracking: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    own_faults: Mapping[str, Parameters] = field(default_factory=dict)
    utc_offset_ms: int = 0
    account: AccountForm = ANY_ACCOUNT

    @cached_property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """What a fault may strike, by the word for it: an endpoint's name, or a word for several."""
        words = {ANY_ENDPOINT: (ANY_ENDPOINT,), CHECK: self.checks[:1], CHECKS: self.checks}
        return words | {name: (name,) for name in self.endpoints}

    @cached_property
    def faults(self) -> dict[str, Parameters]:
        """Every fault of its scripts, with its parameters."""
        body = FAULTS["http"]["body"]._replace(choices=(*PAGES, *self.pages))
        http = {key: body if key == "body" else parameter for key, parameter in FAULTS["http"].items()}
        refuse = {"refuse": {"as": Parameter("text", self.refusals[0], self.refusals)}} if self.refusals else {}
        return FAULTS | {"http": http} | refuse | dict(self.own_faults)

    @cached_property
    def conditions(self) -> dict[str, Parameters]:
        """Every condition of its faults, with its parameters."""
        until = {
            "is": Parameter("text", MIDNIGHT, (MIDNIGHT, *self.endpoints)),
            "utc_offset": Parameter("shift", self.utc_offset_ms),
        }
        return CONDITIONS | {"until": until}


# The words that are no scheme's own. A script in them alone is for every scheme that has its steps.
NEUTRAL = SchemeWords("every scheme", steps=tuple(State))
