"""A world's outbox: the webhooks of its schemes, their retries and their faults, on the world's clock.

It sends nothing itself: it hands each Attempt to a Send. The events of one endpoint leave one after another, in the
order in which they fall due; one that waits for its retry holds up no other.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from bakong_scenarios import Scenario, WebhookRule
from bakong_simulator.kernel.clock import WallMs, WorldClock
from bakong_simulator.kernel.lanes import Lanes
from bakong_simulator.kernel.webhook_endpoints import Endpoints
from bakong_simulator.kernel.webhook_log import WebhookLog
from bakong_simulator.kernel.webhook_stream import WebhookStream
from bakong_simulator.kernel.webhooks import (
    Attempt,
    Draw,
    Endpoint,
    Event,
    Message,
    OutboxError,
    Outcome,
    Send,
    State,
    Struck,
    Tried,
    UnderWay,
    UnknownWebhookError,
    Unsigned,
    Webhooks,
    lane_of,
    no_sender,
)

MAX_EVENTS = 10_000
MAX_BYTES = 16 * 1024 * 1024  # of bodies and answers
MAX_ANSWER = 1000  # bytes of an answer that are kept
MAX_NEXT = 100
GONE = "its endpoint was deleted or switched off"


class Ports(NamedTuple):
    """What an outbox has of its world.

    draw: the next bytes of a stream of its seed. strikes: the faults of a script, by default the world's, that strike
    an event of a type. calls: how many calls the journal has counted. refuse: called with each event that has no room.
    """

    clock: WorldClock
    wall_ms: WallMs
    draw: Draw
    strikes: Callable[[str, Scenario | None], Iterable[WebhookRule]]
    calls: Callable[[], int]
    refuse: Callable[[int, str, Exception], object]


@dataclass(slots=True)
class NextFault:
    """A fault for the next so many webhooks, of one scheme, of one payment, or (None) of any."""

    rule: WebhookRule
    times: int = 1
    scheme: str | None = None
    payment: str | None = None

    def takes(self, message: Message, scheme: str, payment: str | None) -> bool:
        """Whether it strikes this one; if so, it is one less."""
        fits = self.scheme in (None, scheme) and self.payment in (None, payment) and self.rule.strikes(message.type)
        self.times -= fits
        return fits


class Outbox:
    """The events of one world by their number, oldest first; bounded: the first that ended goes first."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._clock = ports.clock
        self._schemes: dict[str, Webhooks] = {}
        self.send: Send = no_sender
        self.endpoints = Endpoints()
        self._lanes = Lanes(self._clock, self._try)
        self.stream = WebhookStream(f"{ports.wall_ms():x}")
        self._begin()

    def _begin(self) -> None:
        self.log = WebhookLog()
        self.next_faults: list[NextFault] = []
        self.events: dict[int, Event] = {}
        self.posted = 0
        self._bytes = 0
        self._ended: deque[int] = deque()
        self._held: dict[str, list[int]] = {}  # by lane, those that wait to be overtaken

    def reset(self) -> None:
        """As new: no events and no faults to come; schemes and endpoints stay. What is under way counts no more."""
        self.stop()
        self._begin()

    def stop(self) -> None:
        """Nothing leaves any more, and no answer is taken."""
        self._lanes.stop()

    # Schemes and endpoints

    def register(self, webhooks: Webhooks) -> None:
        """Let a scheme post, or post from now on as this says."""
        self._schemes[webhooks.scheme] = webhooks

    @property
    def posting(self) -> list[str]:
        """The schemes that post."""
        return list(self._schemes)

    def webhooks_of(self, scheme: str) -> Webhooks:
        """Raises OutboxError for a scheme that posts none."""
        if scheme not in self._schemes:
            known = ", ".join(sorted(self._schemes)) or "none"
            raise OutboxError(f"scheme: read {scheme!r}, expected one that posts webhooks (known: {known})")
        return self._schemes[scheme]

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Register an endpoint; without a secret it is given one, from the world's seed. Raises OutboxError."""
        webhooks = self.webhooks_of(endpoint.scheme)
        if endpoint.secret:
            return self.endpoints.add(endpoint)
        return self.endpoints.add(replace(endpoint, secret=webhooks.new_secret(self._ports.draw)))

    def roll_secret(self, id_: str, secret: str | None, keep_ms: int) -> Endpoint:
        """Give an endpoint a new secret, by default a drawn one. Raises UnknownWebhookError."""
        scheme = self.endpoints.get(id_).scheme
        new = secret or self.webhooks_of(scheme).new_secret(self._ports.draw)
        return self.endpoints.roll(id_, new, self._clock.now_ms() + keep_ms)

    def drop_endpoint(self, id_: str) -> None:
        """Delete an endpoint; what waited for it is given up. Raises UnknownWebhookError."""
        self.endpoints.drop(id_)
        for event in list(self.events.values()):
            if event.target.id == id_ and event.state is State.PENDING:
                self._end(event, State.GIVEN_UP, GONE)

    # Posting

    def publish(
        self, scheme: str, message: Message, *, payment: str | None = None, script: Scenario | None = None
    ) -> list[Event]:
        """Post a message to every endpoint of the scheme that takes its type. See post."""
        targets = self.endpoints.taking(scheme, message.type)
        return [event for target in targets for event in self.post(message, target, payment, script)]

    def post(
        self, message: Message, target: Endpoint, payment: str | None = None, script: Scenario | None = None
    ) -> list[Event]:
        """Post a message to an endpoint, registered or not: the event, and its copy where it is sent twice.

        payment: the reference of the payment that it is about. script: the one whose faults strike it, by default the
        world's. Where there is no room, it is refused, which the journal's failures tell; nothing is raised, because
        money that moves does not wait for webhooks. Raises OutboxError for a scheme that posts none.
        """
        self.webhooks_of(target.scheme)
        rules = {rule.fault: rule for rule in reversed(self._rules(message, target.scheme, payment, script))}
        faults = tuple(map(_struck, rules.values()))
        now = self._clock.now_ms()
        due_ms = now + (_ms(rules["late"], "by") if "late" in rules else 0)
        held_from_ms = None
        if "out_of_order" in rules and lane_of(target) not in self._held:
            held_from_ms = due_ms
            due_ms += _ms(rules["out_of_order"], "within")
        events: list[Event] = []
        for _ in range(2 if "twice" in rules else 1):
            if not self._has_room(message):
                break
            self.posted += 1
            first = events[0].number if events else None
            event = Event(self.posted, message, target, now, payment, faults, first, held_from_ms=held_from_ms)
            events.append(event)
            self._keep(event)
        for event in events:
            self._schedule(event, due_ms)
        return events

    def get(self, number: int) -> Event:
        """Raises UnknownWebhookError."""
        try:
            return self.events[number]
        except KeyError:
            raise UnknownWebhookError(f"no webhook has the number {number}, or it was dropped") from None

    def resend(self, number: int) -> Event:
        """Send an event once more, now, whatever its state; no fault strikes it. Raises UnknownWebhookError."""
        event = self.get(number)
        self._lanes.resend(number, event.lane)
        return event

    def hanging(self) -> list[UnderWay]:
        """The attempts that were begun and not answered yet."""
        return sorted(self._lanes.under_way.values(), key=lambda row: row.number)

    def restore(self, events: Iterable[Event], posted: int) -> None:
        """Go on with these events, where a snapshot left them. What is due leaves at once."""
        for event in events:
            self._keep(event)
            if event.state is State.PENDING:
                self._schedule(event, event.due_ms or 0)
            else:
                self._ended.append(event.number)
        self.posted = posted

    def _rules(self, message: Message, scheme: str, payment: str | None, script: Scenario | None) -> list[WebhookRule]:
        """The faults that strike a webhook: first those that somebody has set for the next ones."""
        ahead = [row.rule for row in self.next_faults if row.takes(message, scheme, payment)]
        self.next_faults = [row for row in self.next_faults if row.times > 0]
        return [*ahead, *self._ports.strikes(message.type, script)]

    def _has_room(self, message: Message) -> bool:
        """Whether there is room for a message, once what has ended made way; the journal tells of one refused."""
        size = len(message.body)
        while self._ended and not self._fits(size):
            self._bytes -= self.events.pop(self._ended.popleft()).size
        if self._fits(size):
            return True
        error = OutboxError(
            f"the outbox is full: {len(self.events)} webhooks with {self._bytes} bytes are pending, "
            f"and it holds at most {MAX_EVENTS} with {MAX_BYTES}"
        )
        self._ports.refuse(self._clock.now_ms(), f"webhook {message.id} ({message.type})", error)
        return False

    def _fits(self, size: int) -> bool:
        return len(self.events) < MAX_EVENTS and self._bytes + size <= MAX_BYTES

    def _keep(self, event: Event) -> None:
        self.events[event.number] = event
        self._bytes += event.size
        if event.held_from_ms is not None:
            self._held.setdefault(event.lane, []).append(event.number)

    # Attempts

    async def _try(self, number: int, resent: bool) -> None:  # noqa: FBT001  as Lanes calls it
        """Make one attempt of an event, where it is still due; it may be under way when this returns."""
        event, now = self.events.get(number), self._clock.now_ms()
        if event is None or not (resent or event.is_due(now)):
            return
        if not resent:
            self._let_go(event)
        faults = () if resent else event.struck_by(event.scheduled + 1)
        way = UnderWay(number, event.target.url, now)
        self._lanes.begin(event.lane, way)
        attempt, problem = self._attempt(event, faults)
        done = partial(self._done, event, way, attempt, Tried(now, Outcome(None), faults, resent))
        if problem or "lost" in faults:
            done(Outcome(None, problem or "lost"))
            return
        if self._relays(event.target):
            done(Outcome(None))
            return
        try:
            await self.send(attempt, done)
        except Exception as error:  # noqa: BLE001  whatever a sender does, the schedule goes on
            done(Outcome(None, f"{type(error).__name__}: {error}"))

    def _relays(self, target: Endpoint) -> bool:
        """Whether a target's webhooks go to a listener."""
        endpoint = self.endpoints.current(target)
        return endpoint is not None and endpoint.relayed

    def _attempt(self, event: Event, faults: tuple[str, ...]) -> tuple[Attempt, str | None]:
        """What is sent, signed as the faults have it; and what prevents it from being sent."""
        target = self.endpoints.current(event.target)
        webhooks = self._schemes[event.target.scheme]
        blank = Attempt(event.target.url, {}, event.message.body, webhooks.timeout_s)
        if target is None:
            return blank, GONE
        now = self._clock.now_ms()
        secrets = target.secrets(now)
        if "wrong_key" in faults:
            secrets = tuple(map(webhooks.wrong_key, secrets))
        number = len(event.tried) + 1
        unsigned = Unsigned(event.message, target.url, secrets, now, self._ports.wall_ms(), number)
        try:
            wrong = "wrong_signature" in faults
            signed = webhooks.wrong_signature(webhooks.sign, unsigned) if wrong else webhooks.sign(unsigned)
        except Exception as error:  # noqa: BLE001  a signer that fails is shown where its webhook is looked for
            return blank, f"it cannot be signed: {type(error).__name__}: {error}"
        body = event.message.body if signed.body is None else signed.body
        return Attempt(target.url, signed.headers, body, webhooks.timeout_s), None

    def _done(self, event: Event, way: UnderWay, attempt: Attempt, begun: Tried, outcome: Outcome) -> None:
        """Take what came of an attempt, once; a world that began anew meanwhile takes nothing."""
        if not self._lanes.finish(event.lane, way):
            return
        tried = begun._replace(outcome=outcome._replace(answer=outcome.answer[:MAX_ANSWER]))
        event.tried.append(tried)
        event.scheduled += not tried.resent
        if event.number in self.events:
            self._bytes += len(tried.outcome.answer)
        sent = self.log.record(self._ports.calls(), event, attempt, tried)
        self.stream.add(event.target.id, sent, relayed=tried.outcome.was_handed_over)
        self._follow(event, tried)
        if event.scheduled == 1 and not tried.resent and "lost" not in tried.faults:
            self._overtaken_by(event)

    def _follow(self, event: Event, tried: Tried) -> None:
        """What an attempt means for its event: it is delivered, tried again, or given up."""
        webhooks = self._schemes[event.target.scheme]
        if tried.outcome.was_handed_over or webhooks.takes(tried.outcome):
            self._end(event, State.DELIVERED)
        elif event.state is not State.PENDING or tried.resent:
            return
        elif self.endpoints.current(event.target) is None:
            self._end(event, State.GIVEN_UP, GONE)
        elif event.scheduled > len(webhooks.retries_s):
            self._end(event, State.GIVEN_UP, f"{event.scheduled} of {event.scheduled} attempts failed")
        else:
            wait_ms = 1000 * webhooks.retries_s[event.scheduled - 1]
            self._schedule(event, max(tried.at_ms + wait_ms, self._clock.now_ms()))

    def _schedule(self, event: Event, due_ms: int) -> None:
        event.due_ms = due_ms
        self._lanes.schedule(due_ms, event.number, event.lane)

    def _end(self, event: Event, state: State, reason: str | None = None) -> None:
        if event.state is State.PENDING:
            self._ended.append(event.number)
            self._let_go(event)
        event.state, event.reason, event.due_ms = state, reason, None

    # Out of order

    def _let_go(self, event: Event) -> None:
        """It waits no longer to be overtaken."""
        if event.held_from_ms is not None:
            event.held_from_ms = None
            held = self._held[event.lane]
            held.remove(event.number)
            if not held:
                del self._held[event.lane]

    def _overtaken_by(self, event: Event) -> None:
        """Let what waited to be overtaken follow the first attempt of a later event."""
        for number in list(self._held.get(event.lane, ())):
            held = self.events[number]
            if number < event.number and held.held_from_ms is not None:
                due_ms = max(held.held_from_ms, self._clock.now_ms())
                self._let_go(held)
                self._schedule(held, due_ms)


def _ms(rule: WebhookRule, name: str) -> int:
    value = rule.parameters[name]
    return value if isinstance(value, int) else 0


def _struck(rule: WebhookRule) -> Struck:
    """A rule as what strikes an event: a fault of its way strikes the first attempt alone."""
    attempts = rule.parameters.get("attempts") if "attempts" in rule.parameters else 1
    return Struck(rule.fault, attempts if isinstance(attempts, int) else None)
