"""The responses of the control API, as its page documents them, made of what worlds know."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from bakong_contracts.problems import MEDIA_TYPE
from bakong_scenarios.library import LibraryEntry
from bakong_simulator.control.requests import PaymentStatus
from bakong_simulator.control.why import near_miss
from bakong_simulator.kernel.barrier import Barrier
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.ledger import Account
from bakong_simulator.kernel.money import json_number, text_of
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.webhook_log import Sent
from bakong_simulator.kernel.world import World


class Response(BaseModel):
    """An answer of exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Health(Response):
    status: Literal["ok"]
    worlds: int


class About(Response):
    """data_dir: on the sandbox's machine; null where it has none."""

    version: str
    data_dir: str | None


class Made(Response):
    world: str
    base_url: str


class Clock(Response):
    mode: Literal["real", "frozen", "offset", "scaled"]
    now: str
    now_ms: int
    rate: float


class BarrierShown(Response):
    """Where answers wait for each other. held: how many have waited there. All zero where there is none."""

    callers: int
    within_s: float
    held: int


class FailureShown(Response):
    """Something that fell due and failed: after how many calls, when, what it was for, and the error."""

    after: int
    at_ms: int
    what: str
    error: str


class DueShown(Response):
    """Something that falls due at a moment of the world's time."""

    at_ms: int
    what: str


class HangingShown(Response):
    """An attempt of a webhook that was begun and is not answered yet.

    webhook: its number in this world's outbox, or the webhook-id of one that the service on this world's clock sent.
    """

    webhook: int | str
    url: str
    since_ms: int


class Advanced(Clock):
    """The clock after an advance, what failed on the way, and which webhooks hang; all else that fell due has happened.

    A webhook that hangs goes on by itself until its time-out.
    """

    failures: list[FailureShown]
    hanging: list[HangingShown]


class WorldShown(Response):
    world: str
    seed: int
    scenario: str
    schemes: list[str]
    clock: Clock
    payments: int
    calls: int
    journal_bytes: int


class SickWorld(Response):
    """A world that cannot be shown, such as one whose script is broken: mend its file, reset or delete the world."""

    world: str
    error: str


class PaymentShown(Response):
    """A payment, and what is paid: null while there is none."""

    scheme: str
    reference: str
    status: PaymentStatus
    scenario: str | None
    qr: str | None
    currency: str | None
    amount: float | int | None
    times_paid: int


class AccountShown(Response):
    account_id: str
    name: str
    balances: dict[str, str]
    balances_minor: dict[str, int]


class PostingShown(Response):
    """Money that moved: from the debited account to the credited one."""

    number: int
    debit: str
    credit: str
    currency: str
    amount: str
    minor: int


class LedgerShown(Response):
    """postings: the newest first, of so many. sums: of all balances, by currency; 0, whatever happened."""

    total: int
    postings: list[PostingShown]
    sums: dict[str, int]


class ScenarioShown(Response):
    name: str
    about: str


class ScriptShown(ScenarioShown):
    schemes: list[str]


if TYPE_CHECKING:
    EntryShown = Response
    SentShown = Response
else:  # a journal's entries, with their bytes as text

    def _as_text(name: str, of: type, **shown: object) -> type[Response]:
        kinds = {field: str if kind is bytes else kind for field, kind in get_type_hints(of).items()} | shown
        return create_model(name, __base__=Response, **{field: (kind, ...) for field, kind in kinds.items()})

    EntryShown = _as_text(
        "EntryShown", Entry,
        md5=str | None, near_miss=str | None, headers=list[list[str]], answer_headers=list[list[str]],
    )  # fmt: skip
    SentShown = _as_text("SentShown", Sent)


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
    webhooks: list[SentShown]
    actions: list[ActionShown]


class HarShown(Response):
    """HAR 1.2."""

    log: dict[str, Any]


class RecordingShown(Response):
    """The journal whole, as `bakong-sandbox replay` takes it: the world before it, the calls, the acts."""

    version: Literal[2]
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
    400: "The body is not valid JSON, or a header that has one value comes twice.",
    401: "The control token is missing or wrong.",
    403: "The host or the origin is not the sandbox's own.",
    404: "Not found.",
    405: "Method not allowed.",
    409: "The state does not allow this.",
    413: "The body is too large.",
    422: "A value is not allowed.",
    503: "Something failed that belongs to no world.",
}
PROBLEM_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in _REFUSED.items()
}


def of_clock(world: World) -> dict[str, Any]:
    now_ms = world.clock.now_ms()
    shown = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"mode": world.clock.mode.value, "now": shown, "now_ms": now_ms, "rate": world.clock.rate}


def of_barrier(barrier: Barrier | None) -> dict[str, Any]:
    if barrier is None:
        return {"callers": 0, "within_s": 0.0, "held": 0}
    return {"callers": barrier.callers, "within_s": barrier.within_s, "held": barrier.held}


def of_hanging(world: World) -> list[dict[str, Any]]:
    """The webhooks that are sent and not answered, also those of the service on this world's clock."""
    rows = [*world.outbox.hanging(), *world.hanging_beside()]
    return [{"webhook": webhook, "url": url, "since_ms": since_ms} for webhook, url, since_ms in rows]


def of_world(world: World) -> dict[str, Any]:
    return {
        "world": world.name,
        "seed": world.seed,
        "scenario": world.scenario.name,
        "schemes": list(world.schemes),
        "clock": of_clock(world),
        "payments": len(world.payments),
        "calls": world.journal.total,
        "journal_bytes": world.journal_bytes,
    }


def of_payment(_world: World, payment: Payment, at: int | None) -> dict[str, Any]:
    """A payment with its settlement of this number."""
    settlement = None if at is None else payment.settlements[at]
    return {
        "scheme": payment.scheme,
        "reference": payment.reference,
        "status": payment.state.value,
        "scenario": payment.scenario.name if payment.scenario else None,
        "qr": payment.code,
        "currency": settlement and settlement.currency,
        "amount": settlement and json_number(settlement.minor, settlement.currency),
        "times_paid": len(payment.settlements),
    }


def of_entry(world: World, entry: Entry) -> dict[str, Any]:
    """A call, and what it nearly was; its reference also under the name that Bakong has for its own."""
    is_md5 = world.scheme(entry.scheme).reference_name == "md5"
    return entry.shown() | {"md5": entry.reference if is_md5 else None, "near_miss": near_miss(world, entry)}


def of_account(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "name": account.name,
        "balances": {currency: text_of(minor, currency) for currency, minor in account.balances.items()},
        "balances_minor": account.balances,
    }


def of_ledger(world: World, limit: int) -> dict[str, Any]:
    ledger = world.ledger
    newest = list(enumerate(ledger.postings, 1))[: -limit - 1 : -1]
    return {
        "total": len(ledger.postings),
        "postings": [
            {"number": number, **row._asdict(), "amount": text_of(row.minor, row.currency)} for number, row in newest
        ],
        "sums": {currency: ledger.sum(currency) for currency in ledger.currencies},
    }


def of_script(entry: LibraryEntry) -> dict[str, Any]:
    return {"name": entry.script.name, "about": entry.script.about, "schemes": list(entry.schemes)}


def of_scenario(world: World) -> dict[str, str]:
    return {"name": world.scenario.name, "about": world.scenario.about}
