"""A snapshot's document: the kernel's dataclasses, rows for what refers to scripts and timers, each scheme's part."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bakong_scenarios import State
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.outbox_snapshot import KeptOutbox
from bakong_simulator.kernel.payments import Order, Settlement

VERSION: Final = 2
Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
DueMs = Annotated[int, Field(ge=0, lt=2**54)]  # what falls due after the last moment of a world never happens
Reached = Literal[State.AUTHORIZED, State.CANCELLED, State.EXPIRED, State.DISPUTED]
Minor = Annotated[int, Field(gt=-(2**63), lt=2**63)]


class Kept(BaseModel):
    """A part of the document, of exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class KeptPending(Kept):
    """A wallet's payment that has not arrived; step: its number in the path, or the outcome that was asked for."""

    order: Order
    from_account: str
    step: Count | Literal["paid", "failed"]
    description: str | None = None


class KeptScript(Kept):
    """A scenario by its name, in one of the snapshot's texts; text None: of the library."""

    name: str
    text: Count | None
    scheme: str | None = None


class KeptPayment(Kept):
    """timers: when something falls due, in ms: 0 the path itself, others the tracking statuses."""

    scheme: str
    reference: str
    order: Order | None
    code: str | None
    scenario: KeptScript | None
    step: Count
    arrived: bool
    begun_ms: Ms
    hidden: bool
    reached: Reached | None = None
    attempts: Count
    answered: Count
    settlements: list[Settlement]
    timers: dict[Count, DueMs]
    pending: KeptPending | None


class KeptAccount(Kept):
    account_id: str
    name: str
    balances: dict[str, Minor]


class KeptCounts(Kept):
    """What the conditions of faults have counted."""

    began: dict[str, Ms]
    calls: list[tuple[str, Count, Count]]
    called: dict[str, list[str]]


class Snapshot(Kept):
    """A world as it is. texts: the scripts that its scenarios stand in. schemes: what each dumped, by its name.

    calls: how many of each scheme and endpoint. unclaimed: payments that were asked for, and that nobody has shown.
    """

    version: Literal[2] = VERSION
    world: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    scenario: KeptScript
    texts: list[str]
    mode: Literal["real", "frozen", "offset", "scaled"]
    now_ms: Ms
    rate: Annotated[float, Field(ge=0, le=100_000)]
    drawn: dict[str, Count]
    accounts: list[KeptAccount]
    calls: list[tuple[str, str, Count]]
    player: KeptCounts
    payments: list[KeptPayment]
    unclaimed: list[KeptPayment]
    schemes: dict[str, Any]
    webhooks: KeptOutbox = Field(default_factory=KeptOutbox)

    @property
    def rows(self) -> list[KeptPayment]:
        return [*self.payments, *self.unclaimed]
