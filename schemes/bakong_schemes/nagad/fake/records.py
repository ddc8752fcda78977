"""What the fake keeps of a world: its settings, keys and whitelist, and a record of each payment. No JSON, no HTTP."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bakong_schemes.nagad import wire

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches for what nobody has seen, or what programs disagree about.

    unpaid_status: after complete, before anybody pays. abort_status: after the customer gives up. refund_status: what
    verify shows after a refund. reasons: the kinds that a program names, or one word for all. complete_again: what a
    second complete of a reference is answered. refund_again: what the same referenceNo and amount again is.
    None: there is no limit. clock_difference_s: how far datetime may be from the world's time.
    """

    merchant: Literal["active", "inactive"] = "active"
    unpaid_status: Literal["Ready", "OrderInitiated", "Initiated"] = "Ready"
    abort_status: Literal["Aborted", "Cancelled"] = "Aborted"
    refund_status: Literal["cancelled", "refunded", "success"] = "cancelled"
    complete_answer: Literal["plain", "sealed"] = "plain"
    complete_again: Literal["duplicate", "same"] = "duplicate"
    refund_again: Literal["same", "another"] = "same"
    reasons: Literal["kinds", "opaque"] = "kinds"
    error_status: int = wire.ERROR_STATUS
    aborted_code: str = wire.ABORTED.code
    failed_code: str = wire.FAILURE.code
    max_order_id: int = wire.MAX_ORDER_ID
    clock_difference_s: int | None = None
    reference_life_s: int | None = None
    refund_days: int | None = None
    max_refunds: int | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys as lines of base64. merchant_private is None where only the public half was given, as to the real Nagad."""

    nagad_private: str
    merchant_public: str
    merchant_private: str | None


class Refund(NamedTuple):
    """Money that went back, or a part. status: as it was answered. reference_no: "" where a script gave it back."""

    reference_no: str
    minor: int
    at_ms: int
    issuer_reference: str
    status: str


@dataclass(slots=True)
class Purchase:
    """One payment, by its paymentReferenceId. What its money has become is its kernel payment's: see status.

    challenge: which complete has to repeat. completed_ms: None before complete. amount: as complete wrote it.
    callback: where the browser goes. info: additionalMerchantInfo, as JSON text. issuer_reference: of the money.
    hangs: whether the answer to the next refund takes a while.
    """

    reference: str
    order_id: str
    challenge: str
    initialized_ms: int
    completed_ms: int | None = None
    amount: str | None = None
    minor: int = 0
    callback: str = ""
    info: str | None = None
    issuer_reference: str | None = None
    hangs: bool = False
    refunds: list[Refund] = field(default_factory=list)

    @property
    def refunded_minor(self) -> int:
        return sum(refund.minor for refund in self.refunds)


@dataclass(slots=True)
class NagadState:
    """What it knows of a world. merchant_id: by the world's name, and in no snapshot.

    purchases: by reference. orders: the newest reference of each orderId. whitelist: None lets everybody in.
    keys: those that somebody has set; None: two of the sandbox's, by the world's seed.
    """

    merchant_id: str
    settings: Settings = field(default_factory=Settings)
    keys: Keys | None = None
    whitelist: list[str] | None = None
    purchases: dict[str, Purchase] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)

    def of_order(self, order_id: str) -> Purchase | None:
        return self.purchases.get(self.orders.get(order_id, ""))
