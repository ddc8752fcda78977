"""One payment: its order, its path through a scenario, its transactions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bakong_scenarios import Scenario, State, Step
from bakong_simulator.kernel.money import json_number


@dataclass(frozen=True, slots=True)
class Order:
    """What a code asks for. minor None: the payer chooses (a static code). expires_at_ms None: never."""

    md5: str
    to_account: str
    currency: str
    minor: int | None
    bill_number: str | None
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that took place, or failed. Times in epoch ms, the amount in minor units."""

    hash: str
    from_account: str
    to_account: str
    currency: str
    minor: int
    created_ms: int
    acknowledged_ms: int
    external_ref: str
    instruction_ref: str
    receiver_bank: str
    receiver_bank_account: str
    failed: bool = False
    tracking_status: str = "ACKNOWLEDGED_BY_FI"

    @property
    def amount(self) -> float | int:
        return json_number(self.minor, self.currency)


class Pending(NamedTuple):
    """A wallet's payment on its way: what is paid, from where, and the step that it brings on."""

    order: Order
    from_account: str
    step: Step


@dataclass(slots=True)
class Payment:
    """What is known under one md5.

    order: what the code asks for; None while nobody has shown Bakong the code.
    attempts: checks that arrived. answered: checks answered within the present step.
    scenario, step: the script it follows, and where in it; arrived: whether that step has begun.
    begun_ms: when Bakong first heard of it. hidden: the script lets no check find it.
    pending: what a wallet has sent and has not arrived; until it has, the script does not move the payment.
    """

    md5: str
    order: Order | None = None
    qr: str | None = None
    scenario: Scenario | None = None
    step: int = 0
    arrived: bool = False
    begun_ms: int = 0
    hidden: bool = False
    attempts: int = 0
    answered: int = 0
    pending: Pending | None = None
    receipts: list[Receipt] = field(default_factory=list)
    last_answer: Any = None  # the scheme's: how it answered last, and for which receipt

    @property
    def path(self) -> Sequence[Step]:
        return self.scenario.path if self.scenario else ()

    @property
    def current(self) -> Step | None:
        return self.path[self.step] if self.step < len(self.path) else None

    @property
    def receipt(self) -> Receipt | None:
        """The transaction that an md5 shows: the first that went well, else the first; none while it is hidden."""
        if not self.receipts or self.hidden:
            return None
        for receipt in self.receipts:
            if not receipt.failed:
                return receipt
        return self.receipts[0]

    @property
    def state(self) -> State:
        receipt = self.receipt
        if receipt is None:
            return State.UNPAID
        return State.FAILED if receipt.failed else State.PAID

    @property
    def is_static(self) -> bool:
        """Whether its code names no amount, and so may be paid by anybody, any number of times."""
        return self.order is not None and self.order.minor is None
