"""The description of a payment API as values: its calls, credentials, states, errors, codes and callbacks.

`reading` makes it from YAML, `checking` finds what does not go together, docs/generic.md is its reference. Fake and
adapter share it as the wire between them, and nothing else. Standard library only: the hot path needs no pydantic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

from bakong_scenarios import State


class Form(NamedTuple):
    """What a text of the description has to look like, and an example for messages."""

    pattern: str
    example: str


Name = Annotated[str, Form(r"[a-z][a-z0-9_]{1,30}", "bank_1")]
Word = Annotated[str, Form(r"[a-z][a-z0-9-]{0,40}", "not-found")]
Header = Annotated[str, Form(r"[a-z0-9][a-z0-9-]{0,60}", "x-api-key")]
Field = Annotated[str, Form(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*", "order.amount")]
Route = Annotated[str, Form(r"(GET|POST|PUT|PATCH|DELETE) /\S*", "POST /payments")]
Prefix = Annotated[str, Form(r"/[a-z][a-z0-9-]{0,30}", "/bank")]
Url = Annotated[str, Form(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*[^/])?", "https://api.bank.test/v1")]
Duration = Annotated[str, Form(r"[0-9]{1,9}(s|m|h|d)", "15m")]
Amount = Annotated[str, Form(r"[0-9]{1,12}(\.[0-9]{1,2})?", "100.00")]
Status = int
Json = Any  # a template of JSON: texts in it may hold <names>

Does = Literal["token", "create", "query", "confirm", "cancel", "refund", "slip", "page"]
Sends = Literal["json", "form", "query", "nothing"]
Is = Literal[
    "text",
    "equals",
    "credential",
    "reference",
    "shop_reference",
    "amount",
    "currency",
    "description",
    "callback_url",
    "return_url",
    "slip",
    "paid_on",
    "now",
    "nonce",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A code over parts of a message. over and key are templates; as: how it is written."""

    recipe: Literal["hmac-sha256", "hmac-sha512", "hmac-sha1"]
    written: Literal["hex", "base64"]
    over: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """What a call shows: a bearer's token, Basic credentials (two templates), headers (by template), a signature.

    tolerance: how far <now> in a header may be from the world's time; without it any time is good.
    """

    bearer: bool = False
    basic: tuple[str, ...] = ()
    headers: Mapping[Header, str] = field(default_factory=dict)
    signature: Signature | None = None
    tolerance: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One field of a request: what it is, and what it has to look like.

    written: the form of an amount, a currency or a time. equals: its one value, where it is `equals`; the name, where
    it is a `credential`; what our provider sends, where it is a `text`. unique: no two payments have the same.
    """

    is_: Is = "text"
    written: str = ""
    equals: Json = None
    optional: bool = False
    unique: bool = False
    matches: str = ""
    longest: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer. when: the payment's states that it is for, all where none is named. image: a QR code of this text."""

    when: tuple[State, ...] = ()
    status: Status = 200
    json: Json = None
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API. call: its method and path, with <reference> and the like where the path names a payment.

    auth: the names of what it has to show. allowed: the states in which it may be called. sealed: see Sealing.
    to: where the page leads when the payer has decided.
    """

    does: Does
    call: Route
    auth: tuple[Word, ...] = ()
    sends: Sends = "nothing"
    fields: Mapping[Field, Asked] = field(default_factory=dict)
    allowed: tuple[State, ...] = ()
    answers: tuple[Said, ...] = ()
    sealed: bool = True
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error of the API: its status, its code there, and words."""

    status: Status
    code: Json
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How errors look, and which there are, by the name that scripts give them."""

    answer: Json
    table: Mapping[Word, Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The text that a wallet scans: a template, or data objects of EMVCo by tag, whose CRC is added."""

    text: str = ""
    emv: Mapping[Annotated[str, Form(r"[0-9]{2}", "54")], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The whole body as a JWT (HS256) in one field; answers likewise. Callbacks are sealed by the endpoint's secret."""

    field: Field
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What is posted when money has moved. events: the event's type by state; a state without one posts nothing.

    to: the registered endpoints alone, or the payment's own callback_url too. secret: what signs those of the latter.
    accepted: what the answer's JSON has to hold; without it the status is enough. retries: the wait before each.
    """

    events: Mapping[State, Annotated[str, Form(r"[A-Za-z0-9_.-]{1,60}", "payment.paid")]]
    json: Json
    sends: Literal["json", "form"] = "json"
    headers: Mapping[Header, str] = field(default_factory=dict)
    signature: Signature | None = None
    tolerance: Duration | None = None
    secret: str = ""
    statuses: tuple[Status, ...] = ()
    accepted: Mapping[str, Json] = field(default_factory=dict)
    retries: tuple[Duration, ...] = ()
    sealed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """How the API names a payment: made by it (a template with <hex:16> or <digits:12>), or given by the shop."""

    name: Field = "reference"
    made: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One payment API. See docs/generic.md for each key.

    prefix: where its calls begin in the simulator; base_url: what stands there at the real one. life: how long a
    payment may be paid. currencies: the usual amount in each. credentials: the names of what a shop is given.
    values: texts that templates may name as <value.NAME>.
    """

    name: Name
    about: str
    prefix: Prefix
    base_url: Url
    merchant: Name
    life: Duration
    currencies: Mapping[Annotated[str, Form(r"[A-Z]{3}", "THB")], Amount]
    states: Mapping[State, str]
    errors: Errors
    operations: Mapping[Name, Operation]
    experimental: bool = False
    hosts: tuple[str, ...] = ()
    credentials: tuple[Name, ...] = ()
    values: Mapping[Name, str] = field(default_factory=dict)
    token_life: Duration = "30m"  # noqa: S105  a time
    auth: Mapping[Word, Auth] = field(default_factory=dict)
    reference: Reference = Reference()
    sealing: Sealing | None = None
    page_url: str = ""
    code: Code | None = None
    callback: Callback | None = None

    @property
    def life_ms(self) -> int:
        return milliseconds(self.life)

    @property
    def base_path(self) -> str:
        """The path of base_url, which a call by the real host's name begins with: "v1/", or ""."""
        path = self.base_url.partition("://")[2].partition("/")[2]
        return path and path + "/"

    def doing(self, *kinds: Does) -> dict[str, Operation]:
        """The operations of some kinds, by name."""
        return {name: operation for name, operation in self.operations.items() if operation.does in kinds}

    def refusal(self, *names: str) -> Refusal:
        """The first of these errors that the API has."""
        return next(self.errors.table[name] for name in (*names, "invalid") if name in self.errors.table)


UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def milliseconds(duration: str) -> int:
    """A duration of the description.

    >>> milliseconds("15m")
    900000
    """
    return int(duration[:-1]) * UNITS_S[duration[-1]] * 1000
