"""What the core needs from the world, as protocols. Must not depend on the adapters."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bakong_contracts.service_api import PaymentStatus, Priority
from bakong_service.domain.admission import Verdict
from bakong_service.domain.audit import AuditRow
from bakong_service.domain.events import Attempt, Notification
from bakong_service.domain.handoff import Handoff
from bakong_service.domain.idempotency import Answer
from bakong_service.domain.keys import ApiKey
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Payment, Purpose, Receipt, Report
from bakong_service.domain.polling import Budget, PollCandidate, PollPlan, Spent
from bakong_service.domain.retention import Oldest
from bakong_service.domain.subscriptions import Subscription

T = TypeVar("T")


class Timer(Protocol):
    """Something that falls due, and need not."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """The time, in epoch ms, and a way to be called when it has come."""

    def now_ms(self) -> int: ...
    def call_at(self, due_ms: int, fire: Callable[[], Awaitable[Any] | None], /) -> Timer: ...


class Ids(Protocol):
    """Identities and unguessable words; fraction is at least 0 and below 1, for jitter."""

    def new_id(self) -> str: ...
    def letters(self, alphabet: str, length: int) -> str: ...
    def fraction(self) -> float: ...


class PaymentRecords(Protocol):
    """Payments, their history, and what providers showed for them."""

    def add_payment(self, payment: Payment, next_poll_ms: int) -> bool: ...
    def payment_by_id(self, payment_id: str) -> Payment | None: ...
    def payment_by_md5(self, md5: str) -> Payment | None: ...
    def payments_by_md5(self, md5s: Sequence[str]) -> list[Payment]: ...
    def payment_by_reference(self, provider: str, reference: str) -> Payment | None: ...
    def payments_by_id(self, payment_ids: Sequence[str]) -> list[Payment]: ...
    def open_payment(self, user_id: str, purpose: Purpose) -> Payment | None: ...
    def waiting_payment(self, user_id: str) -> Payment | None: ...
    def change_payment(self, payment: Payment, expected: PaymentStatus, why: str) -> bool: ...
    def flag_payment(self, payment_id: str, flag: str | None, why: str, at_ms: int) -> bool: ...
    def prioritize(self, payment_id: str, priority: Priority) -> None: ...
    def add_receipt(self, receipt: Receipt) -> bool: ...
    def user_payments(self, user_id: str, limit: int, offset: int) -> list[Payment]: ...
    def count_user_payments(self, user_id: str) -> int: ...


class PollRecords(Protocol):
    """When a provider is asked about what, by whom, and how much of its day's calls is spent."""

    def lease_polls(self, provider: str, now_ms: int, until_ms: int, limit: int) -> list[Payment]: ...
    def lease_payments(self, payment_ids: Sequence[str], now_ms: int, until_ms: int) -> list[Payment]: ...
    def release_polls(self, payment_ids: Sequence[str]) -> None: ...
    def plan_poll(self, payment_id: str, next_poll_ms: int | None, *, asked_ms: int | None) -> None: ...
    def hasten_poll(self, provider: str, reference: str, at_ms: int) -> bool: ...
    def last_asked_ms(self, payment_id: str) -> int | None: ...
    def next_poll_ms(self, provider: str) -> int | None: ...
    def next_end_ms(self, provider: str) -> int | None: ...
    def watched(self, provider: str, limit: int) -> list[PollCandidate]: ...
    def overdue(self, provider: str, now_ms: int, limit: int) -> list[Payment]: ...
    def sold(self, provider: str, from_ms: int, until_ms: int) -> dict[int, int]: ...
    def forget_polls(self, provider: str, ended_before_ms: int, settled_ms: int, lost_before_ms: int) -> None: ...
    def calls_spent(self, provider: str, day: int) -> Spent: ...
    def spend_call(self, provider: str, day: int, limit: int) -> bool: ...
    def stop_calls(self, provider: str, day: int) -> None: ...


class SubscriptionRecords(Protocol):
    """Subscriptions and their history."""

    def active_subscription(self, user_id: str) -> Subscription | None: ...
    def latest_subscription(self, user_id: str) -> Subscription | None: ...
    def save_subscription(self, subscription: Subscription, why: str, due_ms: int | None) -> None: ...
    def postpone_subscription(self, subscription_id: str, due_ms: int) -> None: ...
    def due_subscriptions(self, now_ms: int, limit: int) -> list[Subscription]: ...
    def next_subscription_ms(self) -> int | None: ...


class WebhookRecords(Protocol):
    """The outbox, and each try."""

    def add_notification(self, notification: Notification) -> None: ...
    def due_hosts(self) -> dict[str, int]: ...
    def lease_notifications(self, host: str, now_ms: int, until_ms: int, limit: int) -> list[Notification]: ...
    def release_notifications(self, notification_ids: Sequence[str], at_ms: int) -> None: ...
    def save_attempt(self, notification: Notification, attempt: Attempt) -> None: ...
    def attempts(self, notification_id: str) -> list[Attempt]: ...
    def given_up(self, limit: int) -> list[Notification]: ...
    def replay(self, notification_id: str, at_ms: int) -> bool: ...


class LedgerRecords(Protocol):
    """What was answered to a key, and who did what."""

    def answer_to(self, scope: str, now_ms: int) -> Answer | None: ...
    def add_answer(self, answer: Answer) -> bool: ...
    def add_audit(self, row: AuditRow) -> None: ...


class RetentionRecords(Protocol):
    """What has come of age. Each forget_ method takes at most limit rows, and returns how many it took."""

    def oldest(self) -> Oldest: ...
    def forget_answers(self, before_ms: int, limit: int) -> int: ...
    def forget_webhooks(self, before_ms: int, limit: int) -> int: ...
    def forget_codes(self, ended_before_ms: int, limit: int) -> int: ...
    def old_audit(self, before_ms: int, limit: int) -> list[AuditRow]: ...
    def forget_audit(self, ids: Sequence[int], before_ms: int) -> None: ...


class KeyRecords(Protocol):
    """API keys, by their keyed hash."""

    def api_keys(self) -> list[ApiKey]: ...
    def add_api_key(self, digest: str, label: str, at_ms: int) -> None: ...
    def revoke_api_key(self, digest: str, at_ms: int) -> bool: ...


class Records(
    PaymentRecords,
    PollRecords,
    SubscriptionRecords,
    WebhookRecords,
    LedgerRecords,
    RetentionRecords,
    KeyRecords,
    Protocol,
):
    """The tables, inside one transaction.

    savepoint: a part of the transaction that is undone alone where it raises; it raises RowError in its place.
    Methods that read many rows for the worker leave out those that cannot be read, and report each.
    """

    def savepoint(self) -> AbstractContextManager[None]: ...


class ReportRow(Protocol):
    """Takes note of a row that could not be read or changed, and was left out: its kind, its id, why."""

    def __call__(self, kind: str, row_id: str, error: BaseException, /) -> object: ...


def unreported(_kind: str, _row_id: str, _error: BaseException, /) -> None:
    """A ReportRow for where nobody reads."""


class Store(Protocol):
    """Transactions. `work` runs to its end or leaves no trace; it may not wait for anything but the tables."""

    async def write(self, work: Callable[[Records], T], /) -> T: ...
    async def read(self, work: Callable[[Records], T], /) -> T: ...
    async def ping(self) -> None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What a provider is to collect. payment_id never comes twice; bill_number is what the payer may be shown."""

    payment_id: str
    bill_number: str
    money: Money
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Created:
    """What a provider made of a checkout: its own name for it, the account that is paid, what the payer pays by."""

    reference: str
    account_id: str
    handoff: Handoff


@dataclass(frozen=True, slots=True)
class Event:
    """Something has happened to this reference; None: to nothing that is a payment. What, only the provider says."""

    reference: str | None


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


class CheckMany(Protocol):
    """What the provider says of each, in one call; NoAnswer where none is answered. Never raises."""

    async def __call__(self, references: Sequence[str], /) -> Mapping[str, Report] | NoAnswer | OneByOne: ...


class ReadEvent(Protocol):
    """The event of a webhook that is genuine: names of headers are lower case. Raises ForgedEventError."""

    async def __call__(self, headers: Mapping[str, str], body: bytes, /) -> Event: ...


class ChangeMoney(Protocol):
    """Captures or refunds an amount of one reference; key never comes twice for two changes. Never raises."""

    async def __call__(self, reference: str, money: Money, key: str, /) -> Report: ...


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
    """How a provider is asked. batch: so many are taken at a time; lease_ms: longer than asking about them takes."""

    check: Check
    pace: Pace
    check_many: CheckMany | None = None
    batch: int = 10
    lease_ms: int = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one payment provider can do; None is what it cannot, and the core has to ask.

    name: in tables and paths. life_ms: how long a payment may be paid. finalise: moves the money of an approved one.
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


class Post(Protocol):
    """Sends one webhook; the HTTP status (with Retry-After in seconds, where one came), or what went wrong."""

    async def __call__(
        self, url: str, body: bytes, headers: dict[str, str], /
    ) -> int | str | tuple[int, int | None]: ...


class Patience(Protocol):
    """Waits until one of the tasks has ended, or all of them, but no longer than so many seconds of real time."""

    async def __call__(self, tasks: Collection[asyncio.Future[Any]], seconds: float, /, *, for_all: bool) -> None: ...


class Archive(Protocol):
    """Keeps audit rows outside of the database, durably before it returns. Raises UnavailableError."""

    async def __call__(self, rows: Sequence[AuditRow], /) -> None: ...


class Admission(Protocol):
    """How often a caller may ask, and which addresses are shut out. Never raises."""

    async def admit(self, who: str, address: str, /) -> Verdict: ...
    async def failed(self, address: str, /) -> bool: ...
    async def state(self) -> str | None: ...
    async def close(self) -> None: ...
