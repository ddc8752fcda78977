"""The values of webhooks: what a scheme posts and how, to which endpoints, and what came of each attempt."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

MAX_URL = 2048
Draw = Callable[[str], bytes]  # the next bytes of a named stream of the world's seed


class OutboxError(ValueError):
    """A webhook or an endpoint that the outbox does not take. The message says why."""


class UnknownWebhookError(LookupError):
    """A webhook or an endpoint that the outbox does not know."""


class Message(NamedTuple):
    """An event as its scheme tells it: the scheme's own id and type of it, and the body that is posted."""

    id: str
    type: str
    body: bytes


class Unsigned(NamedTuple):
    """What a scheme signs.

    secrets: the endpoint's, newest first; more than one while an old one is still good.
    at_ms: the world's time. wall_ms: the real one, for signatures whose age a verifier holds against its own clock.
    attempt: its number, from 1.
    """

    message: Message
    url: str
    secrets: tuple[str, ...]
    at_ms: int
    wall_ms: int
    attempt: int

    @property
    def body(self) -> bytes:
        return self.message.body


class Signed(NamedTuple):
    """What is posted: every header that the scheme sends, and the body where the signature stands in it."""

    headers: Mapping[str, str]
    body: bytes | None = None


Sign = Callable[[Unsigned], Signed]


def success(status: int) -> bool:
    """What most schemes take for a delivery: any 2xx."""
    return 200 <= status < 300


def signature_of_another_body(sign: Sign, unsigned: Unsigned) -> Signed:
    """The right body under the signature of another one."""
    other = unsigned.message._replace(body=unsigned.body + b" ")
    return Signed(sign(unsigned._replace(message=other)).headers)


def another_key(secret: str) -> str:
    """A key of the same form as a secret: its prefix stays, the letters and digits after it are others.

    >>> another_key("whsec_Az9/+=")
    'whsec_Ba0/+='
    """
    prefix, mark, rest = secret.rpartition("_")
    return prefix + mark + rest.translate(_NEXT)


def _following(characters: str) -> dict[str, str]:
    return dict(zip(characters, characters[1:] + characters[0], strict=True))


_NEXT = str.maketrans(
    _following("abcdefghijklmnopqrstuvwxyz") | _following("ABCDEFGHIJKLMNOPQRSTUVWXYZ") | _following("0123456789")
)


def drawn_secret(draw: Draw) -> str:
    """A secret for an endpoint that is registered without one."""
    return "whsec_" + draw("webhook/secret").hex()[:32]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How one scheme posts its events in one world.

    retries_s: the seconds from each attempt that failed to the next; with none left the event is given up.
    timeout_s: how long, in real seconds, an attempt waits for its answer. accepts: the statuses that are a delivery.
    accepts_answer: what beside the status the beginning of the answer has to be; None: anything is well.
    test_event: the message of a test, of a type or of the usual one; raises OutboxError for a type that it has not.
    """

    scheme: str
    sign: Sign
    retries_s: tuple[int, ...] = ()
    timeout_s: float = 10.0
    accepts: Callable[[int], bool] = success
    accepts_answer: Callable[[bytes], bool] | None = None
    wrong_signature: Callable[[Sign, Unsigned], Signed] = signature_of_another_body
    wrong_key: Callable[[str], str] = another_key
    new_secret: Callable[[Draw], str] = drawn_secret
    test_event: Callable[[str | None], Message] | None = None

    def takes(self, outcome: "Outcome") -> bool:
        """Whether what came of an attempt is a delivery."""
        if outcome.status is None or not self.accepts(outcome.status):
            return False
        return self.accepts_answer is None or self.accepts_answer(outcome.answer)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a scheme's events go: those whose types fit one of the globs.

    id: empty for one that a single event names and nobody registered. relayed: nothing is posted to it; whoever follows
    the world's stream takes what would have been.
    old_secret: the one before, which signs too until old_until_ms.
    """

    scheme: str
    url: str
    secret: str
    id: str = ""
    events: tuple[str, ...] = ("*",)
    enabled: bool = True
    old_secret: str | None = None
    old_until_ms: int = 0
    relayed: bool = False

    def takes(self, event_type: str) -> bool:
        return self.enabled and any(fnmatchcase(event_type, pattern) for pattern in self.events)

    def secrets(self, at_ms: int) -> tuple[str, ...]:
        """Those that are good at a time, newest first."""
        if self.old_secret is not None and at_ms < self.old_until_ms:
            return (self.secret, self.old_secret)
        return (self.secret,)


def lane_of(target: Endpoint) -> str:
    """What the events of one endpoint have in common: they leave one after another."""
    return target.id or target.url


def check_url(url: str) -> None:
    """Raises OutboxError for what is no address to post to."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise OutboxError(f"url: read {url[:100]!r}, expected one like http://127.0.0.1:8000/webhooks")


class State(StrEnum):
    """Of an event: attempts are to come; one was accepted; none was, and none comes any more."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Struck(NamedTuple):
    """A fault that strikes an event: the first so many attempts, or each (None)."""

    fault: str
    attempts: int | None = None


class Attempt(NamedTuple):
    """One post that is to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float


class Outcome(NamedTuple):
    """What came of an attempt: a status, or an error in words; the real time it took; the beginning of the answer.

    Neither: it was handed to a listener, and the sandbox knows no more of it.
    """

    status: int | None
    error: str | None = None
    took_ms: int = 0
    answer: bytes = b""

    @property
    def was_handed_over(self) -> bool:
        return self.status is None and self.error is None


class Tried(NamedTuple):
    """One attempt that was made, and what came of it. resent: somebody asked for it, beside the schedule."""

    at_ms: int
    outcome: Outcome
    faults: tuple[str, ...] = ()
    resent: bool = False


@dataclass(slots=True)
class Event:
    """One message to one endpoint.

    number: from 1, in the world. payment: the reference of the payment that it is about. copy_of: for the second of
    one that is sent twice, the number of the first. reason: why it was given up.
    due_ms: when the next attempt is due. held_from_ms: it waits to be overtaken, and may then leave from that time on.
    scheduled: attempts by the schedule so far.
    """

    number: int
    message: Message
    target: Endpoint
    created_ms: int
    payment: str | None = None
    faults: tuple[Struck, ...] = ()
    copy_of: int | None = None
    state: State = State.PENDING
    reason: str | None = None
    due_ms: int | None = None
    held_from_ms: int | None = None
    scheduled: int = 0
    tried: list[Tried] = field(default_factory=list)

    @property
    def lane(self) -> str:
        return lane_of(self.target)

    def is_due(self, now_ms: int) -> bool:
        return self.state is State.PENDING and self.due_ms is not None and self.due_ms <= now_ms

    @property
    def size(self) -> int:
        return len(self.message.body) + sum(len(row.outcome.answer) for row in self.tried)

    def struck_by(self, attempt: int) -> tuple[str, ...]:
        """The faults that strike this attempt of the schedule."""
        return tuple(row.fault for row in self.faults if row.attempts is None or attempt <= row.attempts)


HangingWebhook = tuple[int | str, str, int]  # its number, or its id at the program beside; its URL; since when


class UnderWay(NamedTuple):
    """An attempt that was begun and not answered yet."""

    number: int
    url: str
    since_ms: int


class Send(Protocol):
    """Posts an attempt, and hands what came of it to done, once.

    Returns then; or earlier, where the receiver hangs longer than anyone should wait for it: done is called later.
    """

    def __call__(self, attempt: Attempt, done: Callable[[Outcome], None], /) -> Awaitable[None]: ...


async def no_sender(_attempt: Attempt, done: Callable[[Outcome], None], /) -> None:
    """For worlds that nothing sends for, such as those of a replay."""
    done(Outcome(None, "nothing sends webhooks from here"))
