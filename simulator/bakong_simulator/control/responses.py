"""The responses of the control API, as its page documents them, made of what worlds know."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from bakong_contracts.problems import MEDIA_TYPE
from bakong_schemes.bakong.fake.rows import tracked
from bakong_schemes.bakong.wire import TRANSACTION_KEYS
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.ledger import Account
from bakong_simulator.kernel.money import text_of
from bakong_simulator.kernel.payments import Payment, Receipt
from bakong_simulator.kernel.world import World


class Response(BaseModel):
    """An answer of exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Health(Response):
    status: Literal["ok"]
    worlds: int


class Made(Response):
    world: str
    token: str
    base_url: str


class Clock(Response):
    mode: Literal["real", "frozen", "offset", "scaled"]
    now: str
    now_ms: int
    rate: float


class FailureShown(Response):
    """Something that fell due and failed: after how many calls, when, what it was for, and the error."""

    after: int
    at_ms: int
    what: str
    error: str


class Advanced(Clock):
    """The clock after an advance, and what failed on the way; all else that fell due has happened."""

    failures: list[FailureShown]


class Limits(Response):
    quota: int | None
    calls_per_minute: int | None
    geo_block: bool
    cambodia: list[str]
    mail_down: bool


class Mail(Response):
    at_ms: int
    to: str
    subject: str
    code: str | None
    token: str | None


class WorldShown(Response):
    world: str
    seed: int
    profile: str
    scenario: str
    limits: Limits
    clock: Clock
    payments: int
    calls: int
    journal_bytes: int
    outbox: list[Mail]


class Token(Response):
    token: str


class PaymentShown(Response):
    """A payment, and its transaction's 13 keys: null while there is none."""

    md5: str
    status: Literal["unpaid", "paid", "failed"]
    scenario: str | None
    qr: str | None
    hash: str | None
    fromAccountId: str | None
    toAccountId: str | None
    currency: Literal["KHR", "USD"] | None
    amount: float | int | None
    description: str | None
    createdDateMs: int | None
    acknowledgedDateMs: int | None
    trackingStatus: str | None
    receiverBank: str | None
    receiverBankAccount: str | None
    instructionRef: str | None
    externalRef: str | None
    times_paid: int
    hashes: list[str]


class AccountShown(Response):
    account_id: str
    name: str
    balances: dict[str, str]
    balances_minor: dict[str, int]


class ScenarioShown(Response):
    name: str
    about: str


if TYPE_CHECKING:
    EntryShown = Response
else:  # a journal's entry, with its bodies as text
    EntryShown = create_model(
        "EntryShown",
        __base__=Response,
        **{name: (str if kind is bytes else kind, ...) for name, kind in get_type_hints(Entry).items()},
    )


class ActionShown(Response):
    """A change by the control API, after how many calls; cut_from: the size of a body of which a part is kept."""

    after: int
    at_ms: int
    method: str
    path: str
    body: str
    cut_from: int | None


class JournalShown(Response):
    world: str
    total: int
    kept: int
    entries: list[EntryShown]
    failures: list[FailureShown]
    actions: list[ActionShown]


class HarShown(Response):
    """HAR 1.2."""

    log: dict[str, Any]


class RecordingShown(Response):
    """The journal whole, as `bakong-sandbox replay` takes it: the world before it, the calls, the acts."""

    version: Literal[1]
    begun: dict[str, Any]
    calls: list[dict[str, Any]]
    acts: list[dict[str, Any]]


class NearMiss(Response):
    number: int
    endpoint: str
    differs: dict[str, Any]


class CheckShown(Response):
    ok: bool
    expected: str
    count: int
    found: list[int]
    near_misses: list[NearMiss]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[dict[str, str]] | None = None


_REFUSED = {
    400: "The body is not valid JSON.",
    404: "Not found.",
    405: "Method not allowed.",
    409: "The state does not allow this.",
    413: "The body is too large.",
    422: "A value is not allowed.",
}
PROBLEM_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in _REFUSED.items()
}


def of_clock(world: World) -> dict[str, Any]:
    now_ms = world.clock.now_ms()
    shown = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"mode": world.clock.mode.value, "now": shown, "now_ms": now_ms, "rate": world.clock.rate}


def of_world(world: World) -> dict[str, Any]:
    return {
        "world": world.name,
        "seed": world.seed,
        "profile": world.profile.name,
        "scenario": world.scenario.name,
        "limits": asdict(world.limits) | {"cambodia": [str(network) for network in world.limits.cambodia]},
        "clock": of_clock(world),
        "payments": len(world.payments),
        "calls": world.journal.total,
        "journal_bytes": world.journal_bytes,
        "outbox": [asdict(mail) for mail in world.registrations.outbox],
    }


def of_payment(payment: Payment, receipt: Receipt | None = None) -> dict[str, Any]:
    """A payment with one of its transactions: the given one, else the one that it shows, of a static code the last."""
    if receipt is None:
        receipt = payment.receipts[-1] if payment.is_static and payment.receipts else payment.receipt
    return {
        "md5": payment.md5,
        "status": payment.state.value,
        "scenario": payment.scenario.name if payment.scenario else None,
        "qr": payment.qr,
        **(dict.fromkeys(TRANSACTION_KEYS) if receipt is None else tracked(receipt)),
        "times_paid": len(payment.receipts),
        "hashes": [held.hash for held in payment.receipts],
    }


def of_account(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "name": account.name,
        "balances": {currency: text_of(minor, currency) for currency, minor in account.balances.items()},
        "balances_minor": account.balances,
    }


def of_scenario(world: World) -> dict[str, str]:
    return {"name": world.scenario.name, "about": world.scenario.about}
