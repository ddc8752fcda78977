"""A scenario as values: a path over polls and time, plus faults on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple


class State(StrEnum):
    """What has become of a payment, in words that are no scheme's own. What each means: MEANINGS."""

    UNPAID = "unpaid"
    AUTHORIZED = "authorized"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    HIDDEN = "hidden"


class Meaning(NamedTuple):
    """What a step of a state does, whatever the scheme.

    settles: there is a transaction from then on, one that went well or one that failed. lasts: with neither polls nor
    time of its own the step lasts for ever; another passes on at once. ends: nothing can follow.
    after: of these states one must have come before. not_after: of these none may have.
    """

    about: str
    settles: bool = False
    lasts: bool = False
    ends: bool = False
    after: tuple[State, ...] = ()
    not_after: tuple[State, ...] = ()


SETTLED = (State.PAID, State.FAILED)
MEANINGS: dict[State, Meaning] = {
    State.UNPAID: Meaning(
        "nobody has paid yet", lasts=True, not_after=(*SETTLED, State.AUTHORIZED, State.REFUNDED, State.DISPUTED)
    ),
    State.AUTHORIZED: Meaning(
        "the payer has agreed, and no money has moved: it waits to be captured", lasts=True, not_after=(State.PAID,)
    ),
    State.PAID: Meaning("the money has moved", settles=True),
    State.FAILED: Meaning("a try to pay failed; no money has moved", settles=True),
    State.CANCELLED: Meaning("given up without money, which ends the payment", ends=True, not_after=(State.PAID,)),
    State.EXPIRED: Meaning("out of time without money, which ends the payment", ends=True, not_after=(State.PAID,)),
    State.REFUNDED: Meaning("the money of the newest payment goes back, whole", after=(State.PAID,)),
    State.DISPUTED: Meaning("the payer has disputed the payment; no money has moved yet", after=(State.PAID,)),
    State.HIDDEN: Meaning("the payment is there, and no check finds it", lasts=True, after=SETTLED),
}


class Tracking(NamedTuple):
    """A tracking status that a settled payment reaches so long after it was settled."""

    status: str
    after_ms: int = 0


class Step(NamedTuple):
    """One stretch of a payment's path.

    It begins so long after the step before ended (after_ms), or at a time relative to the code's expiry (expiry_ms:
    -1000 is a second before). It ends when so many polls were answered within it, or so long after it began; with
    neither, an unpaid, authorized or hidden step lasts for ever, and any other passes on at once.

    A settled step may say what is paid instead of what the code asks for: amount ("2.00", "90%", "+0.50" or "-0.50"),
    currency and account; and the tracking statuses that follow.
    """

    state: State
    after_ms: int = 0
    polls: int | None = None
    for_ms: int | None = None
    expiry_ms: int | None = None
    amount: str | None = None
    currency: str | None = None
    account: str | None = None
    tracking: tuple[Tracking, ...] = ()

    @property
    def settles(self) -> bool:
        return MEANINGS[self.state].settles


class Polls(NamedTuple):
    """Which of a payment's polls, from the first to the last, counted from 1; last None is without end."""

    first: int = 1
    last: int | None = None

    def __contains__(self, poll: object) -> bool:
        return isinstance(poll, int) and self.first <= poll and (self.last is None or poll <= self.last)


ALWAYS = Polls()
ANY_ENDPOINT = "*"
CHECK = "check"  # in a script: the check of one payment that the scheme's clients poll with
CHECKS = "checks"  # in a script: every endpoint that says what has become of payments


@dataclass(frozen=True, slots=True)
class FaultRule:
    """When a fault strikes: at which endpoints, at which poll of a payment, under which conditions; its parameters.

    conditions: by name (see vocabulary.CONDITIONS), each with its parameters; all of them have to hold.
    """

    fault: str
    on: tuple[str, ...] = (ANY_ENDPOINT,)
    poll: Polls = ALWAYS
    conditions: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)

    def strikes(self, endpoint: str, poll: int) -> bool:
        """Whether the rule is for this call; its conditions are weighed elsewhere."""
        return (endpoint in self.on or ANY_ENDPOINT in self.on) and poll in self.poll


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """Which fault strikes a webhook: of events whose types fit one of the globs, under which conditions."""

    fault: str
    events: tuple[str, ...] = ("*",)
    conditions: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)

    def strikes(self, event_type: str) -> bool:
        """Whether the rule is for this event; its conditions are weighed elsewhere."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.events)


@dataclass(frozen=True, slots=True)
class Match:
    """Which payments a scenario is for. None matches all; account and bill_number are globs, amounts decimal texts."""

    account: str | None = None
    bill_number: str | None = None
    currency: str | None = None
    at_least: str | None = None
    at_most: str | None = None


EVERY = Match()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One script: its name, what it tells, whom it is for, the path of a payment, the faults of wire and webhooks.

    number: what names it as a magic amount. rules: for a script of several, tried in their order; each is a scenario
    of its own. otherwise: the scenario for a payment that matches nothing; without one that is an error.
    scheme: the name of the scheme whose words it is in. strangers: whether a payment that is asked for before anybody
    has shown its code follows the path ("follow"), or is unpaid until then ("wait").
    text: the script that it was read from; None for the library's own.
    """

    name: str
    about: str
    match: Match = EVERY
    path: tuple[Step, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    webhooks: tuple[WebhookRule, ...] = ()
    rules: "tuple[Scenario, ...]" = ()
    otherwise: "Scenario | None" = None
    number: int | None = None
    scheme: str = ""
    strangers: str = "wait"
    text: str | None = field(default=None, compare=False, repr=False)
