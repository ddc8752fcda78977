"""One isolated world: clock, seed, ledger, payments, scenario, journal, and the state of each scheme in its place."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bakong_scenarios import DEFAULT_SCRIPT, Scenario, ScriptFile, ScriptLibrary, State, Step
from bakong_scenarios.errors import nearest
from bakong_simulator.kernel.barrier import Barrier
from bakong_simulator.kernel.clock import WallMs, WorldClock
from bakong_simulator.kernel.errors import UnknownSchemeError
from bakong_simulator.kernel.journal import MAX_BYTES, Journal
from bakong_simulator.kernel.ledger import Ledger
from bakong_simulator.kernel.outbox import Outbox, Ports
from bakong_simulator.kernel.payments import Key, Order, Payment, Pending, Settlement
from bakong_simulator.kernel.player import Player, as_scripted
from bakong_simulator.kernel.rng import Rng
from bakong_simulator.kernel.scheme import Call, FakeScheme
from bakong_simulator.kernel.webhooks import HangingWebhook

S = TypeVar("S")
AnyScheme = FakeScheme[Any]
MAX_UNCLAIMED = 10_000  # references that were asked for and that nobody ever showed or paid


class WorldError(ValueError):
    """An act that this world does not allow. The message says why."""


class World:
    """Everything that is known in it, whatever scheme it is of.

    schemes: by name. payments: by scheme and reference; unclaimed: those that were asked for, and whose code nobody has
    shown or paid. calls: how many of each endpoint that were about no payment.
    hanging_beside: the webhooks that hang of a program on this world's clock.
    barrier: where the answers to calls wait for each other.
    by_token: which world a call finds by a token or a key; shared by all worlds of a process.
    """

    def __init__(
        self,
        name: str,
        seed: int,
        wall_ms: WallMs,
        schemes: Sequence[AnyScheme],
        library: ScriptLibrary,
        scenario: Scenario | None = None,
        *,
        by_token: "dict[str, World] | None" = None,
    ) -> None:
        self.name = name
        self.library = library
        self.seed = seed
        self.schemes = {scheme.name: scheme for scheme in schemes}
        self.clock = WorldClock(wall_ms)
        self.clock.on_failure = lambda failure: self.journal.fail(*failure)
        self.baseline: Callable[[World], Mapping[str, Any]] = no_baseline
        self.keep: Callable[[World, int, str, Call], None] | None = None  # told of each call before it is answered
        self.hanging_beside: Callable[[], Iterable[HangingWebhook]] = tuple
        self._by_token = {} if by_token is None else by_token
        self._journal_bytes = MAX_BYTES
        self._states: dict[str, Any] = {}
        self.wall_ms = wall_ms
        self.rng = Rng(seed)
        self.journal = Journal(self._before_first_call)
        self.resets = -1
        self.barrier: Barrier | None = None
        self.outbox = Outbox(self._ports())
        self._begin(scenario or library.find(DEFAULT_SCRIPT))

    def _begin(self, scenario: Scenario) -> None:
        schemes = self.schemes.values()
        self.rng = self.rng.after_reset() if self.rng.seed == self.seed else Rng(self.seed)
        self.ledger = Ledger({scheme.issuer: scheme.currencies for scheme in schemes})
        self.payments: dict[Key, Payment] = {}
        self.unclaimed: OrderedDict[Key, Payment] = OrderedDict()
        self.calls: dict[Key, int] = {}
        self.hold(None)
        self.journal.close()
        self.journal = Journal(self._before_first_call, self._journal_bytes)
        self.resets += 1
        self.player = Player(
            self.clock,
            self.rng,
            self.library,
            scenario,
            settle=self._settle_by_script,
            change=self._change_by_script,
            track=self._track,
        )
        for scheme in schemes:
            for account in scheme.accounts:
                self.ledger.open(*account, scheme.issuer)
            self._states[scheme.name] = scheme.new(self, self._states.get(scheme.name))
        self.outbox.reset()

    def _before_first_call(self) -> Mapping[str, Any]:
        """What a replay begins with; nothing where the world cannot be told, which keeps no call from its answer."""
        try:
            return self.baseline(self)
        except Exception as error:  # noqa: BLE001  whatever is wrong with the world, it can still be reset
            self.journal.fail(self.clock.now_ms(), "keeping the world as it was before its first call", error)
            return {}

    def _ports(self) -> Ports:
        """What its outbox has of it; a reset makes rng, player and journal anew."""
        return Ports(
            clock=self.clock,
            wall_ms=self.wall_ms,
            draw=lambda name: self.rng.draw(name),  # noqa: PLW0108
            strikes=lambda event_type, script: self.player.webhook_faults(event_type, script),  # noqa: PLW0108
            calls=lambda: self.journal.total,
            refuse=lambda at_ms, what, error: self.journal.fail(at_ms, what, error),  # noqa: PLW0108
        )

    def reset(self) -> None:
        """As new: same seed, clock, scenario, and of each scheme what outlives a reset."""
        file = self.player.file
        self.begin_as(self.seed, self.scenario if file is None else file.scenario)
        if file is not None:
            self.player.watch_file(file)

    def begin_as(self, seed: int, scenario: Scenario) -> None:
        """As new, with this seed and scenario."""
        self.player.stop()
        self.seed = seed
        self._begin(scenario)

    # Schemes

    def state(self, scheme: FakeScheme[S]) -> S:
        """What a scheme knows of this world."""
        state: S = self._states[scheme.name]
        return state

    def state_of(self, name: str) -> Any:
        """The same by the scheme's name, for a module of the scheme that its record itself imports."""
        return self._states[name]

    def put_state(self, scheme: FakeScheme[S], state: S) -> None:
        """Let a scheme know something else."""
        self._states[scheme.name] = state

    def scheme(self, name: str | None = None) -> AnyScheme:
        """A scheme by its name, by default the first. Raises UnknownSchemeError."""
        if name is None:
            return next(iter(self.schemes.values()))
        try:
            return self.schemes[name]
        except KeyError:
            hint = nearest(name, tuple(self.schemes))
            raise UnknownSchemeError(f"no scheme of this world is called {name!r}{hint}") from None

    def scheme_of(self, code: str) -> AnyScheme:
        """Whose a code is: of the scheme that has made or been shown it, else that reads it, else of the first."""
        reader = next((scheme for scheme in self.schemes.values() if scheme.reads(code)), None)
        if reader is None:
            return self.scheme()
        known = self.payment_by_code(code)
        return reader if known is None else self.schemes[known.scheme]

    def payment_by_code(self, code: str) -> Payment | None:
        """The payment whose code has this text."""
        return next((payment for payment in self.payments.values() if payment.code == code), None)

    def admit(self, token: str) -> None:
        """Let calls with this token, or key, find this world."""
        self._by_token[token] = self

    def forget(self, token: str) -> None:
        """Let them find it no more; one that another world has too leads there."""
        if self._by_token.get(token) is self:
            del self._by_token[token]

    # Scenario and journal

    @property
    def scenario(self) -> Scenario:
        return self.player.scenario

    @property
    def playing(self) -> str:
        """The name of the scenario that is played, without a look at its file."""
        return self.player.name

    def set_scenario(self, scenario: Scenario) -> None:
        """Play another scenario, for the payments that begin from now on; its faults strike at once."""
        self.player.set_scenario(scenario)
        self.unclaimed.clear()

    def watch_file(self, file: ScriptFile) -> None:
        """Play the script in a file, as it is at each time."""
        self.set_scenario(file.scenario)
        self.player.watch_file(file)

    @property
    def journal_bytes(self) -> int:
        """So much is kept of the calls' bodies, and so much of the control actions'."""
        return self._journal_bytes

    @journal_bytes.setter
    def journal_bytes(self, size: int) -> None:
        self._journal_bytes = self.journal.max_bytes = size

    def count(self, scheme: str, endpoint: str) -> int:
        """The number of this call to an endpoint, from 1."""
        key = scheme, endpoint
        self.calls[key] = number = self.calls.get(key, 0) + 1
        return number

    def hold(self, barrier: Barrier | None) -> None:
        """Let the answers to the next calls wait at a barrier, or at none; whoever waits at the one before goes on."""
        if self.barrier is not None:
            self.barrier.open()
        self.barrier = barrier

    # Payments

    def payments_of(self, scheme: str) -> list[Payment]:
        """Those of a scheme, the unclaimed ones last."""
        return [row for kept in (self.payments, self.unclaimed) for row in kept.values() if row.scheme == scheme]

    def find(self, scheme: str, reference: str, named: Scenario | None = None) -> Payment:
        """What is known under a reference; where nothing is, an unclaimed payment. Raises ScenarioError if none fits.

        named: the script that it follows from now on, unless somebody has paid it.
        """
        key = scheme, reference
        payment = self.payments.get(key) or self.unclaimed.get(key)
        if payment is None:
            script = self.player.choose(scheme, None, named)
            payment = self.unclaimed[key] = Payment(scheme, reference)
            if len(self.unclaimed) > MAX_UNCLAIMED:
                self.unclaimed.popitem(last=False)
            self.player.begin(payment, script)
        else:
            self.player.switch(payment, named)
        return payment

    def register(
        self, scheme: AnyScheme, order: Order, code: str | None = None, named: Scenario | None = None
    ) -> Payment:
        """Let a scheme know an order, as its creation or a deep link does; the payment that it has from the first time.

        named: the script that it follows. Raises ScenarioError where none fits.
        """
        key = scheme.name, order.reference
        known = self.payments.get(key)
        if known is not None:
            self.player.switch(known, named)
            return known
        script = self.player.choose(scheme.name, order, named)
        payment = Payment(*key, order, code)
        if unclaimed := self.unclaimed.pop(key, None):
            payment.attempts = unclaimed.attempts
        self.payments[key] = payment
        self.player.begin(payment, script)
        return payment

    def pay(  # noqa: PLR0913  all that a payer may say of a payment, each by its name
        self,
        scheme: AnyScheme,
        order: Order,
        code: str | None = None,
        *,
        minor: int | None = None,
        currency: str | None = None,
        from_account: str | None = None,
        outcome: State | Step | None = None,
        named: Scenario | None = None,
        description: str | None = None,
    ) -> Payment:
        """A wallet pays. It settles as the scenario says, or as `outcome` does, which wins; a step says when, too.

        Where the payer has too little when the money moves, the payment fails; where it would move at once, LedgerError
        is raised instead. Raises WorldError, and ScenarioError where no script fits.
        """
        amount = order.minor if minor is None else minor
        payer = from_account or scheme.payer
        if amount is None or amount <= 0:
            raise WorldError("the code names no amount: give one as 'amount'")
        if not self.ledger.holds(payer):
            raise WorldError(f"no account {payer!r} in world {self.name!r} to pay from")
        scheme.check_payable(self, self._states[scheme.name], order, payer)
        payment = self.register(scheme, order, code, named)
        if payment.has_ended:
            raise WorldError(f"the payment is {payment.state}: nobody can pay it any more")
        step = self.player.outcome(payment) if outcome is None else _step(outcome)
        paid = replace(order, minor=amount, currency=currency or order.currency)
        if minor is None and currency is None:
            paid = as_scripted(paid, step)
        if step.state is State.PAID and self.player.is_due(payment, step):
            self.ledger.check_covered(payer, paid.currency, paid.minor or 0)
        payment.pending = Pending(paid, payer, step, description)
        self.player.schedule_settlement(payment, step, lambda: self._arrive(payment))
        return payment

    def send_back(self, payment: Payment, at: int, minor: int | None = None) -> None:
        """The receiver sends so much of a settlement's money back, by default what has not gone back yet.

        Raises WorldError, and LedgerError where the receiver has too little left.
        """
        settlement = payment.settlements[at]
        amount = settlement.rest if minor is None else minor
        if settlement.failed or not 0 < amount <= settlement.rest:
            raise WorldError(f"settlement {at + 1} of {payment.reference} has no money that could go back")
        self.ledger.post(settlement.to_account, settlement.from_account, settlement.currency, amount)
        payment.settlements[at] = replace(
            settlement,
            returned=amount == settlement.rest,
            returned_minor=settlement.returned_minor + amount,
        )
        self._moved(payment, at)

    def resume(self, payment: Payment, dues: Mapping[int, int]) -> None:
        """Let a payment go on where a snapshot left it."""
        self.player.resume(payment, dues, lambda: self._arrive(payment))

    def _arrive(self, payment: Payment) -> None:
        """What a wallet has sent is there."""
        if sent := payment.pending:
            payment.pending = None
            self._settle(payment, sent.order, sent.from_account, sent.step, sent.description)

    def _settle_by_script(self, payment: Payment, step: Step) -> None:
        scheme = self.schemes[payment.scheme]
        order = payment.order or scheme.unclaimed_order(payment.reference)
        if order is not None:
            minor = order.minor or scheme.default_amounts[order.currency]
            paid = as_scripted(replace(order, minor=minor), step)
            self._fund(scheme, paid.currency, paid.minor or 0)
            self._settle(payment, paid, scheme.payer, step)

    def _change_by_script(self, payment: Payment, step: Step) -> None:
        """A step that makes no settlement: the money goes back, or the payment is in another state."""
        self.schemes[payment.scheme].changed(self, self._states[payment.scheme], payment, step)
        if step.state is not State.REFUNDED:
            payment.reached = step.state
            return
        good = (at for at, row in enumerate(payment.settlements) if not (row.failed or row.returned))
        at = max(good, default=None)
        if at is not None and self.ledger.covers(payment.settlements[at].to_account, *_rest(payment.settlements[at])):
            self.send_back(payment, at)

    def _fund(self, scheme: AnyScheme, currency: str, minor: int) -> None:
        """A script's payer has what the script pays."""
        held = self.ledger.balance(scheme.payer, currency)
        if held < minor:
            self.ledger.open(scheme.payer, balances={currency: minor - held}, issuer=scheme.issuer)

    def _settle(
        self, payment: Payment, order: Order, from_account: str, step: Step, description: str | None = None
    ) -> None:
        currency, to_account = order.currency, order.to_account
        minor = order.minor or self.schemes[payment.scheme].default_amounts[currency]
        paid = step.state is State.PAID and self.ledger.covers(from_account, currency, minor)
        if paid:
            self.ledger.open(to_account, issuer=self.schemes[payment.scheme].issuer)
            self.ledger.post(from_account, to_account, currency, minor)
        payment.settlements.append(
            Settlement(
                from_account, to_account, currency, minor, self.clock.now_ms(), not paid, description=description
            )
        )
        if payment.key in self.unclaimed:
            self.payments[payment.key] = self.unclaimed.pop(payment.key)
        self._moved(payment, len(payment.settlements) - 1)

    def _moved(self, payment: Payment, at: int) -> None:
        self.schemes[payment.scheme].moved(self, self._states[payment.scheme], payment, at)

    def _track(self, payment: Payment, status: str) -> None:
        if payment.settlements:
            self.schemes[payment.scheme].tracked(self, self._states[payment.scheme], payment, status)


def _step(outcome: State | Step) -> Step:
    return Step(outcome) if isinstance(outcome, State) else outcome


def _rest(settlement: Settlement) -> tuple[str, int]:
    return settlement.currency, settlement.rest


def no_baseline(_world: World) -> Mapping[str, Any]:
    """Of a world whose journal nobody will replay."""
    return {}
