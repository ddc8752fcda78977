"""A snapshot's document: the kernel's own dataclasses, and rows for what refers to scripts and timers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bakong_schemes.bakong.fake.limits import Limits
from bakong_schemes.bakong.fake.registrations import Mail
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.payments import Order, Receipt

Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Minor = Annotated[int, Field(gt=-(2**63), lt=2**63)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeptPending(_Kept):
    """A wallet's payment that has not arrived; step: its number in the path, or the outcome that was asked for."""

    order: Order
    from_account: str
    step: Count | Literal["paid", "failed"]


class KeptScript(_Kept):
    """A scenario by its name, in one of the snapshot's texts; text None: of the library."""

    name: str
    text: Count | None


class KeptPayment(_Kept):
    """timers: when something falls due, in ms: 0 the path itself, others the tracking statuses."""

    md5: str
    order: Order | None
    qr: str | None
    scenario: KeptScript | None
    step: Count
    arrived: bool
    begun_ms: Ms
    hidden: bool
    attempts: Count
    answered: Count
    receipts: list[Receipt]
    timers: dict[Count, Ms]
    pending: KeptPending | None


class KeptAccount(_Kept):
    account_id: str
    name: str
    KHR: Minor
    USD: Minor


class KeptToken(_Kept):
    token: str
    email: str
    expires_ms: Count
    revoked: bool


class KeptCounts(_Kept):
    """What the conditions of faults have counted."""

    began: dict[str, Ms]
    calls: list[tuple[str, Count, Count]]
    called: dict[str, list[str]]


class Snapshot(_Kept):
    """A world as it is. texts: the scripts that its scenarios stand in."""

    version: Literal[1] = 1
    world: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    profile: Literal["current", "doc-1.0.2", "sit", "prod"]
    limits: Limits
    scenario: KeptScript
    texts: list[str]
    mode: Literal["real", "frozen", "offset", "scaled"]
    now_ms: Ms
    rate: Annotated[float, Field(ge=0, le=100_000)]
    drawn: dict[str, Count]
    accounts: list[KeptAccount]
    registrations: dict[str, str]
    codes: dict[str, str]
    tokens: list[KeptToken]
    outbox: list[Mail]
    calls: dict[str, Count]
    days: dict[str, tuple[Count, Count]]
    player: KeptCounts
    payments: list[KeptPayment]
    strangers: list[KeptPayment]

    @property
    def rows(self) -> list[KeptPayment]:
        return [*self.payments, *self.strangers]
