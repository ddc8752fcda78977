"""One payment of any scheme: its order, its path through a scenario, the money that moved for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_scenarios import MEANINGS, Scenario, State, Step

Key = tuple[str, str]  # a payment's scheme and its reference there


@dataclass(frozen=True, slots=True)
class Order:
    """What a code asks for. minor None: the payer chooses (a static code). expires_at_ms None: never."""

    reference: str
    to_account: str
    currency: str
    minor: int | None
    bill_number: str | None
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of one payment of a wallet: money moved at that time, in minor units, or was refused.

    returned: it went back to the payer since, whole. returned_minor: so much of it went back.
    description: what the payer wrote.
    """

    from_account: str
    to_account: str
    currency: str
    minor: int
    at_ms: int
    failed: bool = False
    returned: bool = False
    returned_minor: int = 0
    description: str | None = None

    @property
    def rest(self) -> int:
        """What of it has not gone back."""
        return 0 if self.returned else self.minor - self.returned_minor


class Pending(NamedTuple):
    """A wallet's payment on its way: what is paid, from where, the step that it brings on, and what the payer wrote."""

    order: Order
    from_account: str
    step: Step
    description: str | None = None


@dataclass(slots=True)
class Payment:
    """What is known under one reference of a scheme.

    order: what is asked for; None while nobody has shown the code that asks. code: its text, where there is one.
    attempts: checks that arrived. answered: checks answered within the present step.
    scenario, step: the script it follows, and where in it; arrived: whether that step has begun.
    begun_ms: when the scheme first heard of it. hidden: the script lets no check find it.
    pending: what a wallet has sent and has not arrived; until it has, the script does not move the payment.
    """

    scheme: str
    reference: str
    order: Order | None = None
    code: str | None = None
    scenario: Scenario | None = None
    step: int = 0
    arrived: bool = False
    begun_ms: int = 0
    hidden: bool = False
    reached: State | None = None
    attempts: int = 0
    answered: int = 0
    pending: Pending | None = None
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.scheme, self.reference

    def strike(self, script: Scenario) -> None:
        """Take the faults of a script that has no path: the payment's own path is at its end."""
        self.scenario, self.step, self.answered = script, 0, 0

    @property
    def path(self) -> Sequence[Step]:
        return self.scenario.path if self.scenario else ()

    @property
    def current(self) -> Step | None:
        return self.path[self.step] if self.step < len(self.path) else None

    @property
    def shown(self) -> int | None:
        """The number of the settlement that a check shows: the first that went well, else the first."""
        if not self.settlements or self.hidden:
            return None
        return next((at for at, settlement in enumerate(self.settlements) if not settlement.failed), 0)

    @property
    def settlement(self) -> Settlement | None:
        """The settlement that a check shows; None while there is none, or it is hidden."""
        return None if (at := self.shown) is None else self.settlements[at]

    @property
    def state(self) -> State:
        if self.reached is not None and not self.hidden:
            return self.reached
        settlement = self.settlement
        if settlement is None:
            return State.UNPAID
        return State.FAILED if settlement.failed else State.PAID

    @property
    def has_ended(self) -> bool:
        """Whether it was given up, so that nobody can pay it any more."""
        return self.reached is not None and MEANINGS[self.reached].ends

    @property
    def is_static(self) -> bool:
        """Whether its code names no amount, and so may be paid by anybody, any number of times."""
        return self.order is not None and self.order.minor is None
