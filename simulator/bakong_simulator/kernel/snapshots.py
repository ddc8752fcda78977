"""Everything that a world knows, as one document, and a world made to be as a document says.

Scripts that are not the library's are kept as their text, each once: those of the world, and of every payment.
"""

from collections.abc import Mapping
from typing import Any

from bakong_scenarios import Scenario, State, Step
from bakong_simulator.kernel import outbox_snapshot
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import Account
from bakong_simulator.kernel.payments import Payment, Pending
from bakong_simulator.kernel.snapshot_checks import check
from bakong_simulator.kernel.snapshot_document import (
    VERSION,
    KeptAccount,
    KeptCounts,
    KeptPayment,
    KeptPending,
    KeptScript,
    Snapshot,
)
from bakong_simulator.kernel.world import AnyScheme, World

# What a payment's row holds as the payment itself does; the rest of it refers to scripts and timers.
SAME = (
    *(
        "scheme",
        "reference",
        "order",
        "code",
        "step",
        "arrived",
        "begun_ms",
        "hidden",
        "reached",
        "attempts",
        "answered",
    ),
    "settlements",
)


def take(world: World) -> Snapshot:
    """The world as it is, but for its journal and what schemes count by the minute."""
    texts: dict[str, int] = {}
    return Snapshot(
        world=world.name,
        seed=world.seed,
        scenario=_kept_script(texts, world.player.last_scenario),
        mode=world.clock.mode.value,
        now_ms=world.clock.now_ms(),
        rate=world.clock.rate,
        drawn=dict(world.rng.drawn),
        accounts=[
            KeptAccount(account_id=a.account_id, name=a.name, balances=a.balances)
            for a in world.ledger.accounts.values()
        ],
        calls=[(scheme, endpoint, count) for (scheme, endpoint), count in world.calls.items()],
        player=KeptCounts(**world.player.counts()),
        payments=[_kept(world, texts, payment) for payment in world.payments.values()],
        unclaimed=[_kept(world, texts, payment) for payment in world.unclaimed.values()],
        schemes={name: scheme.dump(world.state(scheme)) for name, scheme in world.schemes.items()},
        texts=list(texts),
        webhooks=outbox_snapshot.dump(world.outbox),
    )


def document(world: World) -> dict[str, Any]:
    """The world as it is, as JSON values."""
    return take(world).model_dump(mode="json")


def parse(document: Mapping[str, Any], first: AnyScheme) -> Snapshot:
    """The snapshot in a document of this version, or of an earlier one, which the first scheme brings up to date.

    Raises BodyError, and pydantic's ValidationError.
    """
    is_old = document.get("version", 1) != VERSION
    return Snapshot.model_validate(first.upgrade(document) if is_old else document)


def _kept_script(texts: dict[str, int], scenario: Scenario) -> KeptScript:
    """A scenario by its name, and the number of its text, which is new where it was not kept yet."""
    number = None if scenario.text is None else texts.setdefault(scenario.text, len(texts))
    return KeptScript(name=scenario.name, text=number, scheme=scenario.scheme or None)


def _kept(world: World, texts: dict[str, int], payment: Payment) -> KeptPayment:
    return KeptPayment(
        scenario=_kept_script(texts, payment.scenario) if payment.scenario else None,
        timers=world.player.due_times(payment),
        pending=None if payment.pending is None else _kept_pending(payment, payment.pending),
        **{name: getattr(payment, name) for name in SAME},
    )


def _kept_pending(payment: Payment, pending: Pending) -> KeptPending:
    number = next((at for at, step in enumerate(payment.path) if step is pending.step), None)
    step: Any = pending.step.state.value if number is None else number
    return KeptPending(
        order=pending.order, from_account=pending.from_account, step=step, description=pending.description
    )


def restore(world: World, kept: Snapshot) -> None:
    """Let the world be as the snapshot says, under its own name; a scheme that it does not hold is as new.

    Raises BodyError and ScenarioError, before anything has changed.
    """
    scripts = [world.library.read(text, f"texts[{at}]") for at, text in enumerate(kept.texts)]
    scenario = _script(world, scripts, kept.scenario)
    payments = [_payment(world, scripts, row) for row in kept.rows]
    check(kept, payments, world.schemes)
    states = [
        (scheme, scheme.load(kept.schemes[name], [payment for payment in payments if payment.scheme == name]))
        for name, scheme in world.schemes.items()
        if name in kept.schemes
    ]
    outbox_snapshot.check(world.outbox, kept.webhooks)
    world.begin_as(kept.seed, scenario)
    world.clock.set_mode(Mode(kept.mode), at_ms=kept.now_ms, rate=kept.rate or 1.0)
    world.rng.drawn = dict(kept.drawn)
    _restore_accounts(world, kept)
    world.calls.update({(scheme, endpoint): count for scheme, endpoint, count in kept.calls})
    world.player.restore_counts(kept.player.began, kept.player.calls, kept.player.called)
    for at, payment in enumerate(payments):
        (world.payments if at < len(kept.payments) else world.unclaimed)[payment.key] = payment
    for scheme, make in states:
        world.put_state(scheme, make(world))
    for row, payment in zip(kept.rows, payments, strict=True):
        world.resume(payment, row.timers)
    outbox_snapshot.load(world.outbox, kept.webhooks)


def _restore_accounts(world: World, kept: Snapshot) -> None:
    """The snapshot's, and those that schemes have which it does not hold."""
    others = [scheme for name, scheme in world.schemes.items() if name not in kept.schemes]
    opened = {name for scheme in others for name in (scheme.issuer, *(row.account_id for row in scheme.accounts))}
    accounts = {row.account_id: Account(row.account_id, row.name, dict(row.balances)) for row in kept.accounts}
    left = {name: account for name, account in world.ledger.accounts.items() if name in opened - accounts.keys()}
    world.ledger.accounts = accounts | left


def _payment(world: World, scripts: list[Scenario], row: KeptPayment) -> Payment:
    payment = Payment(**{name: getattr(row, name) for name in SAME})
    payment.settlements = list(row.settlements)
    payment.scenario = None if row.scenario is None else _script(world, scripts, row.scenario)
    payment.pending = None if row.pending is None else _pending(payment, row.pending)
    return payment


def _within(world: World, script: Scenario, scheme: str | None) -> dict[str, Scenario]:
    """What a script holds under which name, in the words of a scheme: its rules, and the whole."""
    scenario = script if scheme is None else world.library.for_scheme(script, scheme)
    return {rule.name: rule for rule in reversed(scenario.rules)} | {scenario.name: scenario}


def _script(world: World, scripts: list[Scenario], kept: KeptScript) -> Scenario:
    """The scenario, of one of the texts or of the library. Raises BodyError, ScenarioError."""
    if kept.text is None:
        return world.library.find(kept.name, kept.scheme)
    named = _within(world, scripts[kept.text], kept.scheme) if kept.text < len(scripts) else {}
    if kept.name not in named:
        raise BodyError(f"texts[{kept.text}] holds no scenario called {kept.name!r}")
    return named[kept.name]


def _pending(payment: Payment, kept: KeptPending) -> Pending:
    if isinstance(kept.step, str):
        return Pending(kept.order, kept.from_account, Step(State(kept.step)), kept.description)
    if kept.step >= len(payment.path) or not payment.path[kept.step].settles:
        raise BodyError(f"payment {payment.reference}: pending.step is {kept.step}, which settles nothing in its path")
    return Pending(kept.order, kept.from_account, payment.path[kept.step], kept.description)
