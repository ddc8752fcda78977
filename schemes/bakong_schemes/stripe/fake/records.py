"""What the fake keeps of a world: the API's objects as JSON values, and beside them what they do not show."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bakong_simulator.kernel.clock import Timer

Json = dict[str, Any]
KINDS = (
    *("payment_intent", "payment_method", "charge", "refund", "customer", "checkout.session", "webhook_endpoint"),
    *("dispute", "balance_transaction", "token"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches for what is disputed, or what a test may want otherwise. The defaults are docs/stripe.md's.

    limits: whether Stripe's rate limits hold. retries: the schedule of webhooks, of the test mode or of the live one.
    """

    limits: bool = False
    retries: Literal["test", "live"] = "test"
    conflict_type: Literal["idempotency_error", "invalid_request_error"] = "idempotency_error"
    over_refund_code: bool = False
    intent_param: Literal["intent", "id"] = "intent"
    expired_card_decline_code: bool = True
    hold_expires_as: Literal["canceled", "requires_payment_method"] = "canceled"
    created_last: bool = True
    released_hold_event: Literal["none", "charge.refunded", "charge.expired"] = "none"
    unknown_card: Literal["paid", "declined"] = "paid"
    dispute_prefix: Literal["du", "dp"] = "du"
    keep_validation_errors: bool = False


@dataclass(slots=True)
class Intent:
    """Beside a PaymentIntent. origin: where its client meets us. decline: how its next failure is told.

    charges: its own, newest last. authenticated: the payer has been through 3-D Secure for its method.
    session: the Checkout Session that it is of. capturing: how much of a hold is taken just now.
    on_page: its session tells itself what comes of it.
    """

    origin: str
    charges: list[str] = field(default_factory=list)
    decline: str = ""
    authenticated: bool = False
    off_session: bool = False
    session: str | None = None
    capturing: int | None = None
    on_page: bool = False
    return_url: str | None = None


@dataclass(slots=True)
class Method:
    """Beside a PaymentMethod. card: a name of wire.CARDS. used: it was charged. set_up: for use off session."""

    card: str
    used: bool = False
    set_up: bool = False


@dataclass(slots=True)
class Charged:
    """Beside a charge. at: the number of its payment's settlement; None while it is held, or after it failed."""

    card: str
    at: int | None = None
    refunds: list[str] = field(default_factory=list)
    disputes: list[str] = field(default_factory=list)
    closing: bool = False


@dataclass(slots=True)
class Checkout:
    """Beside a session: where its page is, what is bought, and what its PaymentIntent is made with."""

    origin: str
    items: list[Json]
    intent: Json


@dataclass(slots=True)
class Event:
    """object: the JSON text of what it is about, as it was. deliveries: their numbers in the outbox."""

    id: str
    type: str
    created: int
    about: str
    request: str | None
    key: str | None
    object: bytes
    previous: Json | None = None
    deliveries: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Answered:
    """What an idempotency key keeps. fields: a hash of the parameters. until_ms: so long its first request runs."""

    path: str
    fields: str
    request: str
    status: int
    body: bytes
    at_ms: int
    until_ms: int = 0


class Due(NamedTuple):
    """Something that happens by itself: when, in which order, what, and to which object."""

    at_ms: int
    number: int
    what: str
    id: str


@dataclass(slots=True)
class Totals:
    """A currency's balance, in Stripe's minor units; negative where more went back than came.

    gross: what is pending before fees, and so stands in the ledger. lent: by the merchant's bank, in units of that.
    """

    pending: int = 0
    available: int = 0
    gross: int = 0
    lent: int = 0


@dataclass(slots=True)
class StripeState:
    """What it knows of a world. objects: by kind and id, in the order of their creation; rows: their ids.

    secret_key, publishable_key, account: by the world's name, and in no snapshot, as timer, recent and run.
    """

    secret_key: str
    publishable_key: str
    account: str
    settings: Settings = field(default_factory=Settings)
    number: int = 0
    objects: dict[str, dict[str, Json]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    rows: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    places: dict[str, int] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    charged: dict[str, Charged] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    answered: dict[str, Answered] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    next_faults: list[tuple[int, str, int]] = field(default_factory=list)
    timer: Timer | None = None
    recent: dict[str, list[int]] = field(default_factory=dict)
    run: Callable[..., None] | None = None

    def add(self, made: Json) -> Json:
        """Keep an object under its kind and id."""
        kind, id_ = made["object"], made["id"]
        self.objects[kind][id_] = made
        self.places[id_] = len(self.rows[kind])
        self.rows[kind].append(id_)
        return made

    def push(self, at_ms: int, what: str, id_: str) -> None:
        self.number += 1
        heapq.heappush(self.due, Due(at_ms, self.number, what, id_))

    def newest(self, kind: str, before: int | None = None) -> Iterator[Json]:
        """The objects of a kind from the newest on, or from the one before a place on."""
        rows, objects = self.rows[kind], self.objects[kind]
        for at in range(len(rows) if before is None else before, 0, -1):
            if (made := objects.get(rows[at - 1])) is not None:
                yield made

    def older(self, kind: str, after: int) -> Iterator[Json]:
        """The objects of a kind from the one after a place on, to the newest."""
        rows, objects = self.rows[kind], self.objects[kind]
        for at in range(after + 1, len(rows)):
            if (made := objects.get(rows[at])) is not None:
                yield made
