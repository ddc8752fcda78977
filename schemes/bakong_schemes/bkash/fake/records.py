"""What the fake keeps of a world: its switches, tokens, payments with their refunds, agreements. Knows no HTTP."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bakong_schemes.bkash import wire

Json = dict[str, Any]
Outcome = Literal["", "success", "failure", "cancel"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches for what nobody has seen, or what sources disagree about; docs/bkash.md lists them.

    sns_base: where SubscribeURL begins; the certificate's address is always that of the real host.
    """

    execute_twice: Literal["2117", "2062"] = "2117"
    execute_early: Literal["2056", "2060"] = "2056"
    invoice_rule: bool = True
    duplicate_rule: bool = False
    cancelled_query: Literal["Initiated", "Cancelled"] = "Initiated"
    refund_days: int = 60
    refund_once: bool = False
    refund_charge: str = "0.00"
    refund_status_shows: Literal["last", "first"] = "last"
    void_status: Literal["Cancelled", "Completed"] = "Cancelled"
    token_rule: bool = False
    blocked_status: Literal[403, 429] = 429
    refresh_ends_token: bool = False
    accept_bearer: bool = True
    agreement_url: bool = True
    refused_uses_up: bool = True
    maintenance_status: Literal[200, 503] = 200
    credentials_status: Literal[200, 401] = 200
    raw_credentials_error: bool = False
    sns_base: str = f"https://{wire.SNS_HOST}"


@dataclass(slots=True)
class Refund:
    trx: str
    minor: int
    at_ms: int
    sku: str
    reason: str
    charge: int = 0


@dataclass(slots=True)
class PaymentRow:
    """A payment, or the request for an agreement (mode 0000), which moves no money.

    amount: as it was sent. family: of its creation. outcome: what the customer did at the page, with which wallet.
    failure: the code that refused its execution. struck: the one-time faults of its wallet that have struck.
    trx, executed_ms: of its execution. What money has moved is its kernel payment's.
    """

    id: str
    family: str
    mode: str
    intent: str
    amount: str
    minor: int
    invoice: str
    payer_reference: str
    callback: str
    agreement: str
    created_ms: int
    hash: str
    signature: str
    outcome: Outcome = ""
    wallet: str = ""
    failure: str = ""
    updated_ms: int = 0
    executed_ms: int = 0
    trx: str = ""
    decided_ms: int = 0  # captured, or voided
    voided: bool = False
    struck: list[str] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def is_agreement(self) -> bool:
        return self.mode == wire.MODES["agreement"]

    @property
    def refunded(self) -> int:
        return sum(refund.minor for refund in self.refunds)


@dataclass(slots=True)
class Agreement:
    """payment: the id of the request that made it."""

    id: str
    payment: str
    wallet: str
    payer_reference: str
    created_ms: int
    executed_ms: int
    voided_ms: int = 0


@dataclass(slots=True)
class Webhook:
    """The subscription to its topic. url: "" where listeners alone have it. token: what confirms it."""

    url: str
    token: str
    confirmed: bool = False


@dataclass(slots=True)
class Credentials:
    username: str
    password: str
    app_key: str
    app_secret: str
    pin: str
    otp: str


@dataclass(slots=True)
class BkashState:
    """What it knows of a world. tokens, refresh_tokens: until when each is good. token_calls: when the last ones were.

    invoices: the payment that each was paid by. transactions: the payment of each transaction's id, of refunds too.
    recent: of each wallet and amount, when it was last paid. sns_secret: what the key of the IPN is made of.
    """

    credentials: Credentials
    sns_secret: str
    settings: Settings = field(default_factory=Settings)
    tokens: dict[str, int] = field(default_factory=dict)
    refresh_tokens: dict[str, int] = field(default_factory=dict)
    token_calls: list[int] = field(default_factory=list)
    blocked_until_ms: int = 0
    payments: dict[str, PaymentRow] = field(default_factory=dict)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, str] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)
    webhook: Webhook | None = None
