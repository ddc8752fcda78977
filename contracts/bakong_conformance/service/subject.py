"""A payment service under test: our operations as its HTTP calls, its time, its sandbox world, its webhooks.

Judges nothing but what every rule builds on: a step that must work and does not is a PreconditionError.
"""

import itertools
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import httpx
import jmespath

from bakong_conformance.case import Case
from bakong_conformance.control import PLAIN, World
from bakong_conformance.http import Answer, call
from bakong_conformance.racing import at_once
from bakong_conformance.rules import CannotRunError, CheckError, NotCheckedError, PreconditionError, RuleBrokenError
from bakong_conformance.service.config import Config, PricedPlan
from bakong_conformance.service.cycle_lengths import month_after, months_after, offset_s
from bakong_conformance.service.operation import Operation, fill, without_unfilled
from bakong_conformance.service.provider import Provider
from bakong_conformance.service.receiver import Receiver
from bakong_conformance.service.taka_providers import TakaProviders

T = TypeVar("T")
DECIMALS = {"USD": 2, "KHR": 0}
WINDOW_S = 61
RECOVERY_S = 86_400  # after trouble: a breaker has closed, and what it spent of the calls of a day is there again
COMMAND_S = 300  # of real time, for a command that a busy machine runs
DAY_S = 86_400
REAL_PATIENCE_S = 20.0
LEAP_S, LEAST_S = 3600, 60
SECOND_KEY = "second_key"  # the value that is another key of the service's, once it is made
PAGE = {"limit": 10, "offset": 0}


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that the service made."""

    user: str
    plan: PricedPlan
    currency: str
    id: str
    md5: str
    qr: str
    state: str
    answer: Answer


@dataclass(slots=True)
class Service:
    """The service at `http`, its world, and what the configuration says of both.

    with_prices: another such service with a world of its own, which sells the plans at these prices in USD.
    anew: a service of the same kind started again, with a world of its own: its HTTP, its world and its values.
    """

    config: Config
    http: httpx.Client
    world: World
    values: dict[str, Any]
    receiver: Receiver
    with_prices: Callable[[str, str], AbstractContextManager["Service"]] | None = None
    trust: ssl.SSLContext | None = None
    provider: Provider | None = None
    taka: TakaProviders | None = None
    anew: Callable[[], tuple[httpx.Client, World, dict[str, Any]]] | None = None
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _open: list[str] = field(default_factory=list)
    _took_time: bool = False

    # Cases

    def begin(self, case: Case) -> None:
        """A clean start: what is open is paid off, the script is the plain one, the limit's minute is over.

        Where Bakong was broken, the service has had the time to find out that it is not any more.
        """
        self.world.play(case, PLAIN)  # first: a payment that is paid off takes the script that is played
        for qr in self._open:
            call(None, self.world.http, "POST", f"/sandbox/worlds/{self.world.name}/payments", body={"qr": qr})
        self._open.clear()
        self.receiver.accept()
        case.journal.clear()
        if self.config.time != "real":
            self.wait(None, max(RECOVERY_S if self.world.was_troubled else WINDOW_S, self.config.settle_s))
        self.world.was_troubled = False
        self.receiver.arrived.clear()

    def renew(self) -> None:
        """After a broken rule: a new service in a new world, or else a new day, so that nothing is left of its bug."""
        if self.anew is not None:
            self._open.clear()
            self.http, self.world, values = self.anew()
            self.values = {name: value for name, value in values.items() if name != SECOND_KEY}  # the old service's
        elif self.config.time != "real":
            self._open.clear()
            with suppress(CheckError):
                self.wait(None, DAY_S)

    def new_user(self) -> str:
        return f"verify-{self.values.get('run', '0')}-{next(self._names)}"

    @property
    def cycle_s(self) -> int:
        """How long a cycle is that begins now."""
        if self.config.months is None:
            return self.config.cycle_s
        now_ms = self.world.now_ms()
        return (month_after(now_ms, offset_s(self.config.months)) - now_ms) // 1000

    def cycle_end_ms(self, begun_ms: int) -> int:
        """When the first cycle ends that began then."""
        if self.config.months is None:
            return begun_ms + self.config.cycle_s * 1000
        return month_after(begun_ms, offset_s(self.config.months))

    def is_cycle(self, begun_ms: int, end_ms: int) -> bool:
        """Whether a later cycle, after one that ended then, ends there."""
        if self.config.months is None:
            return end_ms - begun_ms == self.config.cycle_s * 1000
        return end_ms in months_after(begun_ms, offset_s(self.config.months))

    def need(self, *operations: str) -> None:
        """Raises NotCheckedError for an operation that is not mapped."""
        for name in operations:
            if name not in self.config.operations:
                raise NotCheckedError(f"the configuration maps no operation {name!r}")

    def need_state(self, *states: str) -> None:
        for name in states:
            if name not in self.config.states:
                raise NotCheckedError(f"the configuration maps no state {name!r}")

    # Time

    def wait(self, case: Case | None, seconds: float) -> None:
        """Let time pass, and return when the service has come to rest. Real time waits only briefly."""
        if self.config.time == "real":
            if seconds > REAL_PATIENCE_S:
                raise NotCheckedError(f"it takes {seconds:g} s of real time; map the service's time to check it")
            threading.Event().wait(seconds)
            return
        self.world.advance(case, seconds)
        self._tell_time()

    def leap(self, case: Case | None, seconds: float) -> None:
        """As wait, for a time of which nothing is to be seen: a service on the world's clock wakes once, at its end.

        The last minute passes as ever, with all that falls due in it.
        """
        if self.config.time == "world" and seconds > LEAP_S:
            self.world.leap(case, seconds - LEAST_S)
            seconds = LEAST_S
        self.wait(case, seconds)

    def _tell_time(self) -> None:
        """The world's time to a service that is told its time. Raises CannotRunError where it never took any."""
        if self.config.time == "endpoint":
            answer = self.do(None, "set_time", now_ms=self.world.now_ms())
            if not self.done("set_time", answer):
                error = PreconditionError if self._took_time and answer.status >= 500 else CannotRunError
                raise error(f"the service did not take its time: {answer.summary}")
            self._took_time = True

    def settle(self, case: Case) -> None:
        """As long as the service may need to notice a payment."""
        self.wait(case, self.config.settle_s)

    def rest(self, case: Case | None) -> None:
        """Wait until the limit's minute is over; in real time a refusal is waited out when it comes."""
        if self.config.time != "real":
            self.wait(case, WINDOW_S)

    def restart(self, case: Case) -> None:
        """End the service and start it again, as the configuration says. Raises PreconditionError."""
        answer = self.do(case, "restart")
        if not self.done("restart", answer):
            raise PreconditionError(f"restart answered {answer.summary}")
        if self.config.time != "real":
            self.wait(None, 0)

    # Calls

    def do(
        self,
        case: Case | None,
        name: str,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        patient: bool = True,
        timeout_s: float | None = None,
        **values: Any,
    ) -> Answer:
        """One operation, whatever comes back. headers replace those of the configuration.

        In real time a refusal by the rate limit is waited out, unless it is what is asked for.
        timeout_s: of real time, where it is not the client's.
        """
        operation = self.operation(name)
        return self.perform(case, operation, headers=headers, key=key, patient=patient, timeout_s=timeout_s, **values)

    def perform(
        self,
        case: Case | None,
        operation: Operation,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        patient: bool = True,
        timeout_s: float | None = None,
        **values: Any,
    ) -> Answer:
        """The same for an operation that is not one of `config.operations`."""
        given = {**PAGE, **self.values, **values}
        if operation.command:
            return _command(case, [str(fill(word, given)) for word in operation.command])
        sent = dict(fill(self.config.headers | operation.headers, given)) if headers is None else dict(headers)
        if key is not None and self.config.idempotency_header:
            sent[self.config.idempotency_header] = key
        body = None if operation.body is None else without_unfilled(fill(operation.body, given))
        path = fill(operation.path, given)
        answer = call(case, self.http, operation.method, path, headers=sent, body=body, timeout_s=timeout_s)
        wait_s = answer.headers.get("retry-after", "")
        if (
            answer.status == 429
            and patient
            and self.config.time == "real"
            and wait_s.isdigit()
            and int(wait_s) <= WINDOW_S
        ):
            threading.Event().wait(int(wait_s))
            return self.perform(case, operation, headers=headers, key=key, patient=False, **values)
        return answer

    def operation(self, name: str) -> Operation:
        return self.config.operations[name]

    def read(self, name: str, answer: Answer, field_name: str) -> Any:
        """A field of an answer by its JMESPath; None where it is absent or not mapped."""
        expression = self.config.operations[name].answer.get(field_name)
        return None if expression is None or answer.body is None else jmespath.search(expression, answer.body)

    def done(self, name: str, answer: Answer) -> bool:
        return answer.status in self.config.operations[name].status

    def at_once(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """What calls come to that race for certain: sent at one moment, and whoever asks a provider waits for all."""
        with ExitStack() as stack:
            for player in (self.world, self.provider, self.taka):
                if player is not None:
                    stack.enter_context(player.holding(len(works)))
            return at_once(works)

    # Payments

    def order(self, user: str, plan: PricedPlan | None = None, currency: str = "USD") -> dict[str, Any]:
        """The values of a right order."""
        plan = plan or self.config.plans.basic
        if currency not in plan.prices:
            raise NotCheckedError(f"the configuration has no price in {currency} for {plan.name}")
        text = plan.prices[currency]
        amount: float | int = int(text) if Decimal(text) == int(Decimal(text)) and currency == "KHR" else float(text)
        return {"user": user, "plan": plan.name, "amount": amount, "currency": currency}

    def create(
        self, case: Case, user: str | None = None, plan: PricedPlan | None = None, currency: str = "USD"
    ) -> Payment:
        """A new payment. Raises PreconditionError where the service makes none."""
        user, plan = user or self.new_user(), plan or self.config.plans.basic
        answer = self.do(case, "create", **self.order(user, plan, currency))
        return self.made(answer, user, plan, currency)

    def beside(self, case: Case, user: str) -> Payment | None:
        """A further payment of a user who has one; None where the service refuses it as a conflict, as it may."""
        answer = self.do(case, "create", **self.order(user))
        if answer.status in self.config.refusals.conflict:
            return None
        return self.made(answer, user, self.config.plans.basic, "USD")

    def need_another(self, case: Case, answer: Answer, order: dict[str, Any], **more: Any) -> None:
        """Raises NotCheckedError where a refused order is refused without its key as well: the user has an open one."""
        conflict = self.config.refusals.conflict
        if answer.status in conflict and self.do(case, "create", **order, **more).status in conflict:
            raise NotCheckedError(f"the service makes no second payment of a user: {answer.summary}")

    def create_many(self, case: Case, user: str, count: int, wait_s: int = 0) -> list[Payment]:
        """Payments of one user, with time between them. Raises NotCheckedError where the service makes only one."""
        made = [self.create(case, user)]
        while len(made) < count:
            if wait_s:
                self.wait(case, wait_s)
            if (payment := self.beside(case, user)) is None:
                raise NotCheckedError("the service makes no second payment of a user: it was refused as a conflict")
            made.append(payment)
        return made

    def made(self, answer: Answer, user: str, plan: PricedPlan, currency: str, name: str = "create") -> Payment:
        """The payment in an answer. Raises PreconditionError."""
        if not self.done(name, answer):
            raise PreconditionError(f"{name} answered {answer.summary}")
        parts = {part: self.read(name, answer, part) for part in ("id", "md5", "qr", "state")}
        for part in ("md5", "qr"):
            if not isinstance(parts[part], str):
                raise PreconditionError(f"{name} answered no {part}: {answer.summary}")
        self._open.append(parts["qr"])
        return Payment(
            user, plan, currency, str(parts["id"]), parts["md5"], parts["qr"], self.state(parts["state"]), answer
        )

    def state(self, named: object) -> str:
        """Our name of a state of the service's."""
        for ours, theirs in self.config.states.items():
            if named in theirs:
                return ours
        return f"unknown ({named!r})"

    def status(self, case: Case, payment: Payment) -> str:
        """The state of a payment now. Raises PreconditionError where the service tells none."""
        answer = self.do(case, "status", md5=payment.md5, id=payment.id, user=payment.user)
        if answer.status >= 500:
            raise RuleBrokenError(f"status answered {answer.summary}")
        if not self.done("status", answer):
            raise PreconditionError(f"status answered {answer.summary}")
        return self.state(self.read("status", answer, "state"))

    def becomes(self, case: Case, payment: Payment, expected: str) -> str:
        """The state once the service has had the time to notice; in real time it is asked again and again."""
        self.settle(case)
        state = self.status(case, payment)
        waited = 0.0
        while self.config.time == "real" and state != expected and waited < REAL_PATIENCE_S:
            threading.Event().wait(1.0)
            waited += 1.0
            state = self.status(case, payment)
        return state

    def pay(self, case: Case, payment: Payment, **how: Any) -> None:
        """A wallet pays, rightly unless `how` says otherwise."""
        self.world.pay(case, payment.qr, **how)
        if payment.qr in self._open:
            self._open.remove(payment.qr)

    def buy(
        self, case: Case, user: str | None = None, plan: PricedPlan | None = None, currency: str = "USD"
    ) -> Payment:
        """A payment that is paid. Raises PreconditionError where it does not become PAID."""
        payment = self.create(case, user, plan, currency)
        self.pay(case, payment)
        if (state := self.becomes(case, payment, "paid")) != "paid":
            raise PreconditionError(f"a paid payment is {state}")
        return payment

    def subscription(self, case: Case, user: str) -> "Subscription":
        """What the user has."""
        self.need("subscription")
        answer = self.do(case, "subscription", user=user)
        if not self.done("subscription", answer):
            raise PreconditionError(f"subscription answered {answer.summary}")
        parts = ("active", "plan", "next_billing", "state")
        active, plan, ends, state = (self.read("subscription", answer, part) for part in parts)
        names = (ours for ours, theirs in self.config.subscription_states.items() if state in theirs)
        return Subscription(bool(active), plan, instant_ms(ends), next(names, f"unknown ({state!r})"))

    def minor(self, amount: object, currency: str) -> int | None:
        """Minor units of a JSON number or text; None for what is no amount of the currency."""
        if isinstance(amount, bool) or not isinstance(amount, int | float | str):
            return None
        try:
            minor = Decimal(str(amount)).scaleb(DECIMALS[currency])
        except ArithmeticError:
            return None
        return int(minor) if minor == int(minor) else None

    def price_minor(self, plan: PricedPlan, currency: str) -> int:
        return int(Decimal(plan.prices[currency]).scaleb(DECIMALS[currency]))

    def may_ask(self, bought_in: str, currency: str, plan: PricedPlan) -> bool:
        """Whether who bought a plan in one currency may be asked in this one for another of it, or for a better."""
        return currency == bought_in or (currency in plan.prices and not self.config.plans.keep_currency)


@dataclass(frozen=True, slots=True)
class Subscription:
    """active, the plan's name at the service, the next billing date in epoch ms, and our name of its state."""

    active: bool
    plan: Any
    next_billing_ms: int | None
    state: str = ""


def _command(case: Case | None, words: list[str]) -> Answer:
    """What a command answers; programs beside this one's interpreter are found."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(  # noqa: S603  the user's own command
            words,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=COMMAND_S,
            env={**os.environ, "PATH": path},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PreconditionError(f"the command {words[0]!r} cannot be run: {error}") from None
    answer = Answer(500 if done.returncode else 200, done.stdout + done.stderr, {}, {"out": done.stdout.strip()})
    if case:
        case.note(" ".join(words), answer.summary)
    return answer


def instant_ms(value: object) -> int | None:
    """Epoch ms of an ISO 8601 text, or of a number of ms or seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value if value > 10**11 else value * 1000)
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if instant.tzinfo is None else round(instant.timestamp() * 1000)


def body_of(text: str) -> Any:
    """The JSON of a text, or None."""
    try:
        return json.loads(text)
    except ValueError:
        return None
