"""What the fake keeps of a world: its settings, and a record of each object. Records know no JSON and no HTTP."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bakong_schemes.omise import wire

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches for what nobody has seen, or for what differs between accounts. Rates are percent, as text.

    three_d_secure: off, for the cards that ask (card), or for every card with a return_uri (all).
    card_complete: whether a card that is charged at once sends charge.complete. redeliver: whether webhooks are tried
    again.
    """

    three_d_secure: Literal["off", "card", "all"] = "card"
    promptpay_refunds: bool = False
    redeliver: bool = False
    card_complete: bool = True
    raw_data: bool = False
    refund_status: Literal["closed", "pending"] = "closed"
    card_rate: str = wire.FEE_RATES["card"]
    promptpay_rate: str = wire.FEE_RATES["promptpay"]
    other_rate: str = wire.FEE_RATES["other"]

    def rate(self, method: str) -> str:
        return {"card": self.card_rate, "promptpay": self.promptpay_rate}.get(method, self.other_rate)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client meets the API: what its paths begin with, and where URLs of the API and of its pages begin."""

    prefix: str
    api: str
    pay: str


@dataclass(slots=True)
class Card:
    """A card without its number: what the API shows, how charges with it end, whether 3-D Secure asks."""

    id: str
    name: str
    last_digits: str
    brand: str
    expiration_month: int
    expiration_year: int
    fingerprint: str
    failure: str
    three_d_secure: str
    created_ms: int
    address: dict[str, str | None]
    has_code: bool = False
    customer: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class Token:
    """A card for one use."""

    id: str
    card: Card
    created_ms: int
    used: bool = False


@dataclass(slots=True)
class Customer:
    """number: of its creation. Cards that were deleted are gone."""

    id: str
    number: int
    created_ms: int
    email: str | None
    description: str | None
    metadata: Json
    cards: list[Card] = field(default_factory=list)
    default_card: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class Source:
    """How a payer is to pay. charge: the one that it was used for."""

    id: str
    type: str
    amount: int
    created_ms: int
    reference: str
    fields: dict[str, str | None]
    charge: str | None = None


@dataclass(slots=True)
class Refund:
    """Money that went back, or a part."""

    id: str
    number: int
    charge: str
    amount: int
    created_ms: int
    voided: bool
    status: str
    metadata: Json
    transaction: str


@dataclass(slots=True)
class Event:
    """data: the object at that moment, as it was posted."""

    id: str
    number: int
    key: str
    created_ms: int
    data: Json
    charge: str | None = None


@dataclass(slots=True)
class Charge:
    """One charge. What its money has become is its payment's; see charges.Charged.

    number: of its creation. method: card, or the type of its source. page: the id of its pay page. document, download:
    of its QR's picture. failure: the code with which it ends where it fails. rate: of the fee, in percent.
    """

    id: str
    number: int
    amount: int
    created_ms: int
    method: str
    capture: bool
    rate: str
    place: Place
    transaction: str
    description: str | None = None
    metadata: Json = field(default_factory=dict)
    ip: str | None = None
    return_uri: str | None = None
    refunds: list[str] = field(default_factory=list)
    authorization_type: str | None = None
    card: Card | None = None
    source: str | None = None
    customer: str | None = None
    webhook_endpoints: list[str] = field(default_factory=list)
    expires_ms: int | None = None
    page: str | None = None
    document: str | None = None
    download: str | None = None
    code: str | None = None
    failure: str | None = None
    authorized_ms: int | None = None
    reversed_ms: int | None = None
    expired_ms: int | None = None


@dataclass(slots=True)
class OmiseState:
    """What it knows of a world: objects by id, in the order of their creation. secret: of webhooks, base64.

    secret_key, public_key: by the world's name, and in no snapshot.
    """

    secret_key: str
    public_key: str
    secret: str
    old_secret: str | None = None
    old_until_ms: int = 0
    settings: Settings = field(default_factory=Settings)
    number: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def refunds_of(self, charge: str) -> list[Refund]:
        return [self.refunds[refund] for refund in self.charges[charge].refunds]

    def cards_of(self, customer: Customer) -> list[Card]:
        return [card for card in customer.cards if not card.deleted]
