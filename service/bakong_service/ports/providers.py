"""What a payment provider can do, as a record of capabilities; a scheme's adapter fills it in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bakong_service.domain.breaker import Breaker
from bakong_service.domain.handoff import Handoff
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Payment, Refunded, Report
from bakong_service.domain.polling import Budget, PollPlan
from bakong_service.ports.records import PollRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What a provider is to collect. payment_id is the key of the call; bill_number is what the payer may be shown.

    The same payment_id again is a repeat after no answer: it must not make a second payment. method: the word of the
    payment method that was chosen, such as OMISE_CARD, "" where there are none. is_repeat: it is known to be one.
    return_url, cancel_url: where the payer's browser goes afterwards, "" where nobody said; email: the payer's, or "".
    """

    payment_id: str
    bill_number: str
    money: Money
    created_ms: int
    expires_ms: int
    method: str = ""
    is_repeat: bool = False
    return_url: str = ""
    cancel_url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """What a provider made of a checkout: its own name for it, the account that is paid, what the payer pays by."""

    reference: str
    account_id: str
    handoff: Handoff


@dataclass(frozen=True, slots=True)
class Event:
    """Something has happened to this reference; None: to nothing that is a payment. What, only the provider says.

    id: the event's own there, or what tells it from every other; "": one body is one event. kind: its word.
    payment_id: our id of the payment, where the provider carries it along: it counts before the reference.
    digest: what the same id must come with again; "": the whole body.
    """

    reference: str | None
    id: str = ""
    kind: str = ""
    payment_id: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class OneByOne:
    """The provider answers no question about many, and is not tried with one before until_ms."""

    until_ms: int


class Create(Protocol):
    """Makes a payment at the provider. Never raises: NoAnswer says why there is none."""

    async def __call__(self, checkout: Checkout, /) -> Created | NoAnswer: ...


class Check(Protocol):
    """What the provider says of one reference. Never raises."""

    async def __call__(self, reference: str, /) -> Report: ...


class Probe(Protocol):
    """Whether the provider answers at all, by a call that costs nothing: None where it does. Never raises."""

    async def __call__(self) -> NoAnswer | None: ...


class CheckMany(Protocol):
    """What the provider says of each, in one call; NoAnswer where none is answered. Never raises."""

    async def __call__(self, references: Sequence[str], /) -> Mapping[str, Report] | NoAnswer | OneByOne: ...


class ReadEvent(Protocol):
    """The event of a webhook that is genuine: names of headers are lower case.

    Raises ForgedEventError, and ExpiredEventError for one that was signed too long ago, or too far ahead.
    """

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event: ...


class ChangeMoney(Protocol):
    """Captures or refunds an amount of one reference; key never comes twice for two changes. Never raises.

    The same key again is a repeat after no answer: it must not give back twice. A refund is answered with Refunded,
    with Failed or NoAnswer("refused") where it will never be, with anything else while that is not known.
    """

    async def __call__(self, reference: str, money: Money, key: str, /) -> Report: ...


class ListRefunds(Protocol):
    """All that the provider has given back of one reference, the oldest first; NoAnswer where it does not say.

    A payment of which nothing went back has an empty list. It is what tells a refund whose answer was lost from one
    that was never made, so that it is not repeated blindly. A refund that is asked for after the list was given is
    wanted in spite of what is in it. Never raises.
    """

    async def __call__(self, reference: str, /) -> Sequence[Refunded] | NoAnswer: ...


class Pace(Protocol):
    """When a provider is asked about what: see usecases.own_pace for the plain one. It keeps what it has learnt.

    is_scarce: each call counts, so that a caller's question may go unasked, and of several the first is asked alone.
    fresh_ms: an answer so young is not asked for again for a caller. one_by_one: see OneByOne.
    """

    @property
    def is_scarce(self) -> bool: ...
    @property
    def fresh_ms(self) -> int: ...
    def preparation(
        self, provider: str, at_ms: int, *, one_by_one: bool
    ) -> Callable[[PollRecords], object] | None: ...  # to be written before there is a plan; mostly None
    def plan(self, records: PollRecords, provider: str, at_ms: int, *, one_by_one: bool) -> PollPlan: ...
    def spares_call(self, records: PollRecords, provider: str, at_ms: int) -> bool: ...  # for a caller who asks
    def next_ms(self, payment: Payment, at_ms: int, *, answered: bool) -> int | None: ...
    def note(self, records: PollRecords, provider: str, reports: Collection[Report], at_ms: int) -> None: ...
    def tidy(self, records: PollRecords, provider: str, at_ms: int) -> None: ...  # where calls are scarce
    def budget(self, records: PollRecords, provider: str, at_ms: int) -> Budget | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How a provider is asked. batch: so many are taken at a time; lease_ms: longer than asking about them takes.

    silence_ms: one that does not answer is asked again at least so often.
    """

    check: Check
    pace: Pace
    check_many: CheckMany | None = None
    batch: int = 10
    lease_ms: int = 60_000
    silence_ms: int = Breaker.LONGEST_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one payment provider can do; None is what it cannot, and the core has to ask.

    name: in tables and paths. life_ms: how long a payment may be paid. finalise: moves the money of an approved one.
    cancel: ends one that is not paid, so that it never will be; the report says what it was where that came too late.
    needs_email: a checkout without one is refused. minimums: by currency, in minor units; what has none may be 1.
    list_refunds: what has gone back so far. know_refunds: for a provider that shows its newest one alone: takes the
    names of those of a reference that are on our books, before another one is asked for. probe: for health; None where
    a call is too dear to be spent on that.
    """

    name: str
    currencies: frozenset[str]
    life_ms: int
    create: Create
    polling: Polling | None = None
    read_event: ReadEvent | None = None
    finalise: Check | None = None
    capture: ChangeMoney | None = None
    refund: ChangeMoney | None = None
    cancel: Check | None = None
    needs_email: bool = False
    list_refunds: ListRefunds | None = None
    know_refunds: Callable[[str, Sequence[str]], None] | None = None
    probe: Probe | None = None
    minimums: Mapping[str, int] = field(default_factory=dict)
