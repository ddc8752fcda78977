"""Playing a scenario: which script a payment follows, its steps over polls and time, the faults of a call.

What a settled step means for the money is the world's, how a fault looks on the wire is bakong_simulator.wire's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bakong_contracts.money import exponent
from bakong_scenarios import (
    MEANINGS,
    FaultRule,
    Scenario,
    ScenarioError,
    ScriptFile,
    ScriptLibrary,
    State,
    Step,
    WebhookRule,
)
from bakong_simulator.kernel.clock import Timer, WorldClock
from bakong_simulator.kernel.matching import choose
from bakong_simulator.kernel.money import decimal_of
from bakong_simulator.kernel.payments import Key, Order, Payment
from bakong_simulator.kernel.rng import LUCK, Rng
from bakong_simulator.wire.conditions import Moment, hold

Settle = Callable[[Payment, Step], None]
Change = Callable[[Payment, Step], None]
Track = Callable[[Payment, str], None]
PAID_AT_ONCE = Step(State.PAID)
LIFE_MS = 600_000  # of a code without an expiry, or that nobody has shown


class Player:
    """Plays a world's scenario over its payments, each on its own way.

    settle(payment, step) is called when a step comes that nobody but the script brings on; track(payment, status)
    when the payment's newest settlement reaches a tracking status.
    """

    def __init__(
        self,
        clock: WorldClock,
        rng: Rng,
        library: ScriptLibrary,
        scenario: Scenario,
        *,
        settle: Settle,
        change: Change,
        track: Track,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._library = library
        self._settle = settle
        self._change = change
        self._reach = track
        self._began: dict[str, int] = {}  # what the conditions of faults count, by the script's name
        self._calls: dict[tuple[str, int], int] = {}
        self._called: dict[str, set[str]] = {}
        self._timers: dict[Key, dict[int, Timer]] = {}  # by payment: 0 is the path's, others the tracking statuses'
        self.set_scenario(scenario)

    def set_scenario(self, scenario: Scenario) -> None:
        """Play another scenario, for the payments that begin from now on; its faults strike at once.

        It counts from its beginning; the scripts that payments have kept go on counting.
        """
        self._playing = scenario
        self.file: ScriptFile | None = None
        self._began.pop(scenario.name, None)
        self._called.pop(scenario.name, None)
        self._calls = {key: count for key, count in self._calls.items() if key[0] != scenario.name}
        self._pathless: dict[int, tuple[Scenario, Scenario]] = {}

    def watch_file(self, file: ScriptFile) -> None:
        """Play the script in a file, and play it anew whenever the file changes."""
        self.set_scenario(file.scenario)
        self.file = file

    @property
    def scenario(self) -> Scenario:
        """The scenario that is played. Raises ScenarioError while its file holds none that can be read."""
        if self.file is not None:
            file = self.file
            if changed := file.changed():
                self.watch_file(file)
                return changed
        return self._playing

    @property
    def last_scenario(self) -> Scenario:
        """The scenario that is played; while its file holds none that can be read, the one before."""
        try:
            return self.scenario
        except ScenarioError:
            return self._playing

    @property
    def name(self) -> str:
        """The name of the scenario that was last played."""
        return self._playing.name

    def stop(self) -> None:
        """Nothing that a script has begun happens any more."""
        for timers in self._timers.values():
            for timer in timers.values():
                timer.cancel()
        self._timers.clear()

    def choose(self, scheme: str, order: Order | None, named: Scenario | None = None) -> Scenario | None:
        """The script of a payment: the one that is named for it, else by magic value, else the world's rule for it.

        None for a reference that nobody has shown, where every rule has a match. Else such a stranger meets the
        faults of the world's script, and follows its path where the script says so.

        Raises ScenarioError where nothing fits.
        """
        played = self._library.for_scheme(self.scenario, scheme)
        script = named or choose(self._library, played, order, scheme)
        if script is None or order is not None or script is named or played.strangers == "follow":
            return script
        return self._without_path(script)

    def _without_path(self, script: Scenario) -> Scenario:
        """The same at each call, so that its faults count as those of one script."""
        kept = self._pathless.get(id(script))
        if kept is None:
            kept = self._pathless[id(script)] = (script, replace(script, path=()))
        return kept[1]

    def begin(self, payment: Payment, script: Scenario | None) -> None:
        """Let a payment, of which its scheme has just heard, begin its path."""
        payment.scenario = script
        payment.begun_ms = self._clock.now_ms()
        payment.hidden, payment.reached = False, None
        self._enter(payment, 0)

    def switch(self, payment: Payment, named: Scenario | None) -> None:
        """Let a payment that nobody has paid yet follow the script that a call names, from its beginning."""
        if named is not None and payment.scenario is not named and not payment.settlements and not payment.pending:
            self.begin(payment, named)

    def on_poll(self, payment: Payment) -> None:
        """A check of this payment is about to be answered; each brings its path on."""
        while payment.arrived and not payment.pending and _is_spent(payment):
            self._enter(payment, payment.step + 1)
        payment.answered += 1

    def outcome(self, payment: Payment) -> Step:
        """The step that a wallet's payment brings on: the path's next settled one, else its last, else paid at once."""
        path, start = payment.path, payment.step + payment.arrived
        settled = [*path[start:], *reversed(path[:start])]
        return next((step for step in settled if step.settles), PAID_AT_ONCE)

    def is_due(self, payment: Payment, step: Step) -> bool:
        """Whether a step that a wallet brings on would begin at once."""
        return self._due_ms(payment, step) <= self._clock.now_ms()

    def schedule_settlement(self, payment: Payment, step: Step, act: Callable[[], None]) -> None:
        """A wallet has paid: act once the step's time has come, and go on from that step of the path."""
        self._stop_timer(payment)
        self._at(payment, self._due_ms(payment, step), self._arrival(payment, step, act))

    def _arrival(self, payment: Payment, step: Step, act: Callable[[], None]) -> Callable[[], None]:
        """What happens when a wallet's payment arrives: act, and the path goes on from its step."""
        number = next((at for at, other in enumerate(payment.path) if other is step), len(payment.path))
        goes_on = number > payment.step or not payment.arrived

        def settled() -> None:
            payment.reached = None
            act()
            if goes_on:
                payment.step, payment.answered, payment.arrived, payment.hidden = number, 0, True, False
                self._stay(payment, step)

        return settled

    def faults(self, scheme: str, endpoint: str, poll: int, script: Scenario | None = None) -> list[FaultRule]:
        """The faults that strike this call of a scheme; what is left to chance is drawn from the world's seed."""
        played = script or self._library.for_scheme(self.scenario, scheme)
        if not played.faults and not played.webhooks:
            return []
        now = self._clock.now_ms()
        self._began.setdefault(played.name, now)
        self._called.setdefault(played.name, set()).add(endpoint)
        return [
            rule
            for at, rule in enumerate(played.faults)
            if rule.strikes(endpoint, poll) and (not rule.conditions or self._holds(played.name, at, rule, now, poll))
        ]

    def webhook_faults(self, event_type: str, script: Scenario | None = None) -> list[WebhookRule]:
        """The faults that strike a webhook of this type; their conditions count webhooks, each rule for itself."""
        played = script or self.scenario
        if not played.webhooks:
            return []
        now = self._clock.now_ms()
        self._began.setdefault(played.name, now)
        self._called.setdefault(played.name, set())
        return [
            rule
            for at, rule in enumerate(played.webhooks, len(played.faults))
            if rule.strikes(event_type) and (not rule.conditions or self._holds(played.name, at, rule, now))
        ]

    def luck(self, fault: str) -> Callable[[], bytes]:
        """What a fault draws from the world's seed."""
        return lambda: self._rng.draw(f"{LUCK}/{fault}")

    def counts(self) -> dict[str, Any]:
        """What the conditions of faults have counted, as JSON values."""
        calls = [[name, at, count] for (name, at), count in self._calls.items()]
        called = {name: sorted(endpoints) for name, endpoints in self._called.items()}
        return {"began": dict(self._began), "calls": calls, "called": called}

    def restore_counts(
        self, began: Mapping[str, int], calls: Iterable[tuple[str, int, int]], called: Mapping[str, Iterable[str]]
    ) -> None:
        """Let the conditions have counted so."""
        self._began = dict(began)
        self._calls = {(name, at): count for name, at, count in calls}
        self._called = {name: set(endpoints) for name, endpoints in called.items()}

    def due_times(self, payment: Payment) -> dict[int, int]:
        """When something of a payment falls due: 0 is its path, others its tracking statuses."""
        return {at: timer.due_ms for at, timer in self._timers.get(payment.key, {}).items()}

    def resume(self, payment: Payment, dues: Mapping[int, int], act: Callable[[], None]) -> None:
        """Let a payment go on where a snapshot left it; act: what happens when a wallet's payment arrives."""
        step, tracked = payment.current, tracked_step(payment)
        for at, due_ms in dues.items():
            if at and tracked and at <= len(tracked.tracking):
                self._track(payment, at, tracked.tracking[at - 1].status, due_ms)
            elif not at and payment.pending:
                self._at(payment, due_ms, self._arrival(payment, payment.pending.step, act))
            elif not at and step and payment.arrived:
                self._at(payment, due_ms, lambda: self._enter(payment, payment.step + 1))
            elif not at and step:
                self._at(payment, due_ms, lambda: self._arrive(payment, step))

    def _holds(self, name: str, at: int, rule: FaultRule | WebhookRule, now_ms: int, poll: int | None = None) -> bool:
        self._calls[name, at] = call = self._calls.get((name, at), 0) + 1
        luck = self._rng.fraction
        called = self._called[name]
        return hold(rule, Moment(call, self._began[name], now_ms, called, lambda: luck(LUCK), poll or call))

    def _enter(self, payment: Payment, number: int) -> None:
        """Go to a step of the path, at once or when its time comes."""
        self._stop_timer(payment)
        payment.step, payment.answered, payment.arrived = number, 0, False
        step = payment.current
        if step is None:
            payment.hidden = False
        else:
            self._at(payment, self._due_ms(payment, step), lambda: self._arrive(payment, step))

    def _arrive(self, payment: Payment, step: Step) -> None:
        payment.arrived = True
        payment.hidden = step.state is State.HIDDEN
        if step.settles:
            payment.reached = None
            self._settle(payment, step)
        elif step.state not in (State.UNPAID, State.HIDDEN):
            self._change(payment, step)
        self._stay(payment, step)

    def _stay(self, payment: Payment, step: Step) -> None:
        """Leave the step when it is over: after its time, its polls (on_poll), or at once unless its state lasts."""
        if step.settles or step.state is State.REFUNDED:
            self._stop_tracking(payment)
        for at, tracking in enumerate(step.tracking, 1):
            self._track(payment, at, tracking.status, self._clock.now_ms() + tracking.after_ms)
        if step.for_ms is not None:
            self._at(payment, self._clock.now_ms() + step.for_ms, lambda: self._enter(payment, payment.step + 1))
        elif not MEANINGS[step.state].lasts and step.polls is None and payment.step + 1 < len(payment.path):
            self._enter(payment, payment.step + 1)

    def _track(self, payment: Payment, at: int, status: str, due_ms: int) -> None:
        self._when(due_ms, payment.key, at, lambda: self._reach(payment, status))

    def _due_ms(self, payment: Payment, step: Step) -> int:
        if step.expiry_ms is None:
            return self._clock.now_ms() + step.after_ms
        expires_ms = payment.order.expires_at_ms if payment.order else None
        return (expires_ms or payment.begun_ms + LIFE_MS) + step.expiry_ms

    def _at(self, payment: Payment, due_ms: int, act: Callable[[], None]) -> None:
        self._when(due_ms, payment.key, 0, act)

    def _when(self, due_ms: int, key: Key, at: int, act: Callable[[], None]) -> None:
        if due_ms <= self._clock.now_ms():
            act()
            return

        def fire() -> None:
            self._forget(key, at)
            act()

        what = f"payment {key[1]}: its script goes on"
        self._timers.setdefault(key, {})[at] = self._clock.call_at(due_ms, fire, what)

    def _forget(self, key: Key, at: int) -> Timer | None:
        """The timer, which is kept no more."""
        timers = self._timers.get(key, {})
        timer = timers.pop(at, None)
        if not timers:
            self._timers.pop(key, None)
        return timer

    def _stop_timer(self, payment: Payment, at: int = 0) -> None:
        if timer := self._forget(payment.key, at):
            timer.cancel()

    def _stop_tracking(self, payment: Payment) -> None:
        """Its newest settlement is another one from now on."""
        for at in [at for at in self._timers.get(payment.key, {}) if at]:
            self._stop_timer(payment, at)


def tracked_step(payment: Payment) -> Step | None:
    """The step whose tracking statuses the newest settlement goes through: the last settled one so far."""
    return next((step for step in reversed(payment.path[: payment.step + 1]) if step.settles), None)


def as_scripted(order: Order, step: Step) -> Order:
    """What is paid for an order of a known amount, where the step changes amount, currency or account.

    >>> as_scripted(Order("", "a@b", "USD", 150, None, None), Step(State.PAID, amount="50%")).minor
    75
    """
    currency = step.currency or order.currency
    asked = decimal_of(order.minor or 0, order.currency)
    minor = _amount(asked, step.amount or "+0").scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP)
    return replace(order, to_account=step.account or order.to_account, currency=currency, minor=max(1, int(minor)))


def _amount(asked: Decimal, text: str) -> Decimal:
    if text.endswith("%"):
        return asked * Decimal(text[:-1]) / 100
    return asked + Decimal(text) if text[0] in "+-" else Decimal(text)


def _is_spent(payment: Payment) -> bool:
    """Whether the present step has had all its polls."""
    step = payment.current
    return step is not None and step.polls is not None and payment.answered >= step.polls
