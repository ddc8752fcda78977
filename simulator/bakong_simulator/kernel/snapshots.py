"""Everything that a world knows, as one document, and a world made to be as a document says. May not know of HTTP.

Scripts that are not the library's are kept as their text, each once: those of the world, and of every payment.
"""

from collections import deque
from dataclasses import asdict
from ipaddress import ip_network
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from bakong_contracts.open_api import PROFILES
from bakong_scenarios import Scenario, State, Step, find, read
from bakong_simulator.bakong.limits import Limits
from bakong_simulator.bakong.registrations import Mail
from bakong_simulator.bakong.scanning import Order
from bakong_simulator.bakong.tokens import Registration
from bakong_simulator.kernel.clock import MAX_MS, Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import Account
from bakong_simulator.kernel.payments import Payment, Pending, Receipt
from bakong_simulator.kernel.world import World

Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Minor = Annotated[int, Field(gt=-(2**53), lt=2**53)]
Currency = Literal["KHR", "USD"]
Named = dict[str, Scenario]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeptOrder(_Kept):
    md5: str
    to_account: str
    currency: Currency
    minor: Annotated[int, Field(gt=0, lt=2**53)] | None
    bill_number: str | None
    expires_at_ms: int | None


class KeptReceipt(_Kept):
    hash: str
    from_account: str
    to_account: str
    currency: Currency
    minor: Count
    created_ms: Ms
    acknowledged_ms: Ms
    external_ref: str
    instruction_ref: str
    receiver_bank: str
    receiver_bank_account: str
    failed: bool
    tracking_status: str


class KeptPending(_Kept):
    """A wallet's payment that has not arrived; step: its number in the path, or the outcome that was asked for."""

    order: KeptOrder
    from_account: str
    step: Count | Literal["paid", "failed"]


class KeptScript(_Kept):
    """A scenario by its name, in one of the snapshot's texts; text None: of the library."""

    name: str
    text: Count | None


class KeptPayment(_Kept):
    """timers: when something falls due, in ms: 0 the path itself, others the tracking statuses."""

    md5: str
    order: KeptOrder | None
    qr: str | None
    scenario: KeptScript | None
    step: Count
    arrived: bool
    begun_ms: Ms
    hidden: bool
    attempts: Count
    answered: Count
    receipts: list[KeptReceipt]
    timers: dict[Count, Ms]
    pending: KeptPending | None


class KeptAccount(_Kept):
    account_id: str
    name: str
    KHR: Minor
    USD: Minor


class KeptMail(_Kept):
    at_ms: Ms
    to: str
    subject: str
    code: str | None
    token: str | None


class KeptToken(_Kept):
    token: str
    email: str
    expires_ms: Annotated[int, Field(ge=0, lt=2**53)]
    revoked: bool


class KeptCounts(_Kept):
    """What the conditions of faults have counted."""

    began: dict[str, Ms]
    calls: list[tuple[str, Count, Count]]
    called: dict[str, list[str]]


class KeptLimits(_Kept):
    quota: Count | None
    calls_per_minute: Count | None
    geo_block: bool
    cambodia: list[str]
    mail_down: bool


class Snapshot(_Kept):
    """A world as it is. texts: the scripts that its scenarios stand in."""

    version: Literal[1] = 1
    world: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    profile: Literal["current", "doc-1.0.2", "sit", "prod"]
    limits: KeptLimits
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
    outbox: list[KeptMail]
    calls: dict[str, Count]
    days: dict[str, tuple[Count, Count]]
    player: KeptCounts
    payments: list[KeptPayment]
    strangers: list[KeptPayment]

    @property
    def rows(self) -> list[KeptPayment]:
        return [*self.payments, *self.strangers]


def take(world: World) -> Snapshot:
    """The world as it is, but for its journal and the minute's calls."""
    registered = world.registrations
    texts: dict[str, int] = {}
    return Snapshot(
        world=world.name,
        seed=world.seed,
        profile=cast(Any, world.profile.name),
        limits=KeptLimits(**asdict(world.limits) | {"cambodia": [str(network) for network in world.limits.cambodia]}),
        scenario=_kept_script(texts, world.scenario),
        mode=world.clock.mode.value,
        now_ms=world.clock.now_ms(),
        rate=world.clock.rate,
        drawn=dict(world.streams.drawn),
        accounts=[
            KeptAccount(account_id=a.account_id, name=a.name, **a.balances) for a in world.ledger.accounts.values()
        ],
        registrations=dict(registered.ids),
        codes=dict(registered.codes),
        tokens=[KeptToken(token=token, **found._asdict()) for token, found in registered.tokens.items()],
        outbox=[KeptMail(**mail._asdict()) for mail in registered.outbox],
        calls=dict(world.calls),
        days=dict(world.meter.days),
        player=KeptCounts(**world.player.counts()),
        payments=[_kept(world, texts, payment) for payment in world.payments.values()],
        strangers=[_kept(world, texts, payment) for payment in world.strangers.values()],
        texts=list(texts),
    )


def _kept_script(texts: dict[str, int], scenario: Scenario) -> KeptScript:
    """A scenario by its name, and the number of its text, which is new where it was not kept yet."""
    number = None if scenario.text is None else texts.setdefault(scenario.text, len(texts))
    return KeptScript(name=scenario.name, text=number)


def document(world: World) -> dict[str, Any]:
    """The world as it is, as JSON values."""
    return take(world).model_dump(mode="json")


def _kept(world: World, texts: dict[str, int], payment: Payment) -> KeptPayment:
    pending = payment.pending
    return KeptPayment(
        md5=payment.md5,
        order=_order(payment.order),
        qr=payment.qr,
        scenario=_kept_script(texts, payment.scenario) if payment.scenario else None,
        step=payment.step,
        arrived=payment.arrived,
        begun_ms=payment.begun_ms,
        hidden=payment.hidden,
        attempts=payment.attempts,
        answered=payment.answered,
        receipts=[KeptReceipt(**asdict(receipt)) for receipt in payment.receipts],
        timers=world.player.dues(payment),
        pending=None if pending is None else _kept_pending(payment, pending),
    )


def _kept_pending(payment: Payment, pending: Pending) -> KeptPending:
    number = next((at for at, step in enumerate(payment.path) if step is pending.step), None)
    step: Any = pending.step.state.value if number is None else number
    order = KeptOrder(**pending.order._asdict())
    return KeptPending(order=order, from_account=pending.from_account, step=step)


def _order(order: Order | None) -> KeptOrder | None:
    return None if order is None else KeptOrder(**order._asdict())


def restore(world: World, kept: Snapshot) -> None:
    """Let the world be as the snapshot says, under its own name.

    Raises BodyError and ScenarioError, before anything has changed.
    """
    scripts = [_within(read(text, f"texts[{at}]", find)) for at, text in enumerate(kept.texts)]
    scenario = _script(scripts, kept.scenario)
    limits = _limits(kept.limits)
    accounts = _accounts(kept)
    restored = [_payment(scripts, row) for row in kept.rows]
    for row, payment in zip(kept.rows, restored, strict=True):
        payment.pending = _pending(payment, row.pending)
    world.begin_as(kept.seed, scenario)
    world.profile, world.limits = PROFILES[kept.profile], limits
    world.clock.set_mode(Mode(kept.mode), at_ms=kept.now_ms, rate=kept.rate or 1.0)
    world.streams.drawn.update(kept.drawn)
    world.ledger.accounts = accounts
    _restore_registrations(world, kept)
    world.calls.update(kept.calls)
    world.meter.days.update(kept.days)
    world.player.recount(kept.player.began, kept.player.calls, kept.player.called)
    _restore_payments(world, kept, restored)


def _restore_registrations(world: World, kept: Snapshot) -> None:
    registered = world.registrations
    registered.ids = dict(kept.registrations)
    registered.codes = dict(kept.codes)
    registered.outbox = deque((Mail(**mail.model_dump()) for mail in kept.outbox), maxlen=registered.outbox.maxlen)
    for row in kept.tokens:
        registered.put(row.token, Registration(row.email, row.expires_ms, row.revoked))


def _restore_payments(world: World, kept: Snapshot, restored: list[Payment]) -> None:
    for at, (row, payment) in enumerate(zip(kept.rows, restored, strict=True)):
        (world.payments if at < len(kept.payments) else world.strangers)[payment.md5] = payment
        for receipt in payment.receipts:
            world.transactions.add(receipt, payment)
        world.resume(payment, row.timers)


def _limits(kept: KeptLimits) -> Limits:
    try:
        return Limits(**kept.model_dump() | {"cambodia": tuple(ip_network(text) for text in kept.cambodia)})
    except ValueError as error:
        raise BodyError(f"limits.cambodia: {error}") from None


def _accounts(kept: Snapshot) -> dict[str, Account]:
    for currency in ("KHR", "USD"):
        if total := sum(getattr(row, currency) for row in kept.accounts):
            raise BodyError(f"accounts: the balances in {currency} sum to {total}, expected 0")
    return {
        row.account_id: Account(row.account_id, row.name, {"KHR": row.KHR, "USD": row.USD}) for row in kept.accounts
    }


def _payment(scripts: list[Named], row: KeptPayment) -> Payment:
    return Payment(
        md5=row.md5,
        order=None if row.order is None else Order(**row.order.model_dump()),
        qr=row.qr,
        scenario=None if row.scenario is None else _script(scripts, row.scenario),
        step=row.step,
        arrived=row.arrived,
        begun_ms=row.begun_ms,
        hidden=row.hidden,
        attempts=row.attempts,
        answered=row.answered,
        receipts=[Receipt(**receipt.model_dump()) for receipt in row.receipts],
    )


def _within(scenario: Scenario) -> Named:
    """What stands in a script under which name: its rules, and the whole."""
    return {rule.name: rule for rule in reversed(scenario.rules)} | {scenario.name: scenario}


def _script(scripts: list[Named], kept: KeptScript) -> Scenario:
    """The scenario, of one of the texts or of the library. Raises BodyError, ScenarioError."""
    if kept.text is None:
        return find(kept.name)
    if kept.text >= len(scripts) or kept.name not in scripts[kept.text]:
        raise BodyError(f"texts[{kept.text}] holds no scenario called {kept.name!r}")
    return scripts[kept.text][kept.name]


def _pending(payment: Payment, kept: KeptPending | None) -> Pending | None:
    if kept is None:
        return None
    order = Order(**kept.order.model_dump())
    if isinstance(kept.step, int):
        if kept.step >= len(payment.path):
            raise BodyError(f"payments: step {kept.step} is not in the path of {payment.md5}")
        return Pending(order, kept.from_account, payment.path[kept.step])
    return Pending(order, kept.from_account, Step(State(kept.step)))
