"""The bodies and answers of the control API that are about webhooks."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bakong_scenarios import WebhookRule
from bakong_scenarios.vocabulary import WEBHOOK_FAULTS
from bakong_simulator.control.requests import Strict
from bakong_simulator.control.responses import Response
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.outbox import NextFault
from bakong_simulator.kernel.webhooks import MAX_URL, Endpoint, Event, Tried
from bakong_simulator.kernel.world import World

MAX_SECONDS = 366 * 86_400
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
FaultName = Literal["lost", "twice", "late", "out_of_order", "wrong_signature", "wrong_key"]


class WebhookQuery(BaseModel):
    """Which webhooks; what is left out fits any."""

    model_config = ConfigDict(extra="forbid")

    scheme: Text | None = None
    payment: Annotated[Text | None, Field(description="The reference of the payment that they are about.")] = None
    state: Literal["pending", "delivered", "given_up"] | None = None
    type: Text | None = None
    limit: Annotated[int, Field(ge=1, le=10_000, description="Of those, the last so many.")] = 1000

    def fits(self, event: Event) -> bool:
        return (
            self.scheme in (None, event.target.scheme)
            and self.payment in (None, event.payment)
            and self.state in (None, event.state.value)
            and self.type in (None, event.message.type)
        )


class NewFault(Strict):
    """A fault for the next webhooks, of any or of one scheme or payment; `by` is late's, `within` out_of_order's."""

    fault: FaultName
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    event: Annotated[Glob, Field(description="The type of an event, a pattern with *.")] = "*"
    scheme: Text | None = None
    payment: Text | None = None
    by_s: Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)] | None = None
    within_s: Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)] | None = None
    attempts: Annotated[
        int | None, Field(ge=1, le=1000, description="Only the first so many attempts of each; left out: every one.")
    ] = None

    def rule(self) -> WebhookRule:
        """Raises BodyError for a parameter that the fault does not have."""
        seconds = {"by": self.by_s, "within": self.within_s}
        given = {name: max(1, round(value * 1000)) for name, value in seconds.items() if value is not None}
        given |= {} if self.attempts is None else {"attempts": self.attempts}
        specified = WEBHOOK_FAULTS[self.fault]
        if unknown := sorted(given.keys() - specified.keys()):
            raise BodyError(f"the fault {self.fault!r} has no {' and no '.join(unknown)}")
        defaults = {name: parameter.default for name, parameter in specified.items()}
        return WebhookRule(self.fault, (self.event,), parameters=defaults | given)


class NewEndpoint(Strict):
    scheme: Text
    url: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
    secret: Secret | None = None
    events: Annotated[list[Glob], Field(min_length=1, max_length=200)] = Field(default_factory=lambda: ["*"])


class NewSecret(Strict):
    secret: Secret | None = None
    keep_old_s: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)] = 86_400


class NewTest(Strict):
    """Without a body the scheme makes one, of this type or of its usual one."""

    scheme: Text
    type: Text | None = None
    body: Annotated[str, StringConstraints(max_length=1024 * 1024)] | None = None


class NewTrigger(Strict):
    """overrides: by key, such as amount, data.amount or metadata[order]. scheme: by default the one with that event.

    base_url: where clients meet the sandbox, for the URLs in the object.
    """

    event: Text
    scheme: Text | None = None
    overrides: Annotated[dict[str, Any], Field(max_length=100)] = Field(default_factory=dict)
    times: Annotated[int, Field(ge=1, le=100)] = 1
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,200}$")] = "http://127.0.0.1:8600"


class NewListener(Strict):
    """schemes: by default all that post. deliver: the sandbox posts to the URL, with retries as at any endpoint."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
    schemes: Annotated[list[Text], Field(min_length=1, max_length=50)] | None = None
    events: Annotated[list[Glob], Field(min_length=1, max_length=200)] = Field(default_factory=lambda: ["*"])
    deliver: bool = False


class StreamQuery(BaseModel):
    """Which attempts, and whether to wait for more."""

    model_config = ConfigDict(extra="forbid")

    listener: Annotated[Text | None, Field(description="Only those of this listener's endpoints.")] = None
    scheme: Text | None = None
    type: Annotated[Glob | None, Field(description="The type of an event, a pattern with *.")] = None
    after: Annotated[
        Text | None, Field(description="An event's id, as Last-Event-ID; or `start` for all that is kept.")
    ] = None
    follow: Annotated[bool, Field(description="false: end with what is there now.")] = True


class EventTypeShown(Response):
    """overrides: what each key is that `trigger` may set; `metadata.*` is any below it."""

    scheme: str
    event: str
    about: str
    overrides: dict[str, str]


class ListenedShown(Response):
    id: str
    scheme: str
    events: list[str]
    secret: str


class ListenerShown(Response):
    """relays: what is for it goes to the stream, and nothing is posted. is_new: it was not there before."""

    name: str
    url: str
    relays: bool
    is_new: bool
    cursor: str
    endpoints: list[ListenedShown]


class AttemptShown(Response):
    """One attempt: its status or its error, the real time it took, the beginning of the answer."""

    at_ms: int
    status: int | None
    error: str | None
    took_ms: int
    answer: str
    faults: list[str]
    resent: bool


class WebhookShown(Response):
    """due_ms: when the next attempt is due. copy_of: of one that is sent twice, the first."""

    number: int
    scheme: str
    id: str
    type: str
    state: Literal["pending", "delivered", "given_up"]
    reason: str | None
    payment: str | None
    endpoint: str | None
    url: str
    created_ms: int
    due_ms: int | None
    faults: list[str]
    copy_of: int | None
    attempts: list[AttemptShown]


class AttemptWhole(AttemptShown):
    """headers: what left, signature and all; null where the journal has forgotten it."""

    headers: dict[str, str] | None


class WebhookWhole(WebhookShown):
    body: str
    attempts: list[AttemptWhole]  # type: ignore[assignment]  # pydantic's way to narrow a field


class TriggeredShown(Response):
    """objects: the ids of what was made, each time, by kind. webhooks: those posted, if any endpoint takes them."""

    scheme: str
    event: str
    objects: list[dict[str, str]]
    webhooks: list[WebhookShown]


class EndpointShown(Response):
    """pending: how many webhooks wait for it. old_secret: signs too until old_until_ms. relayed: it is a listener's."""

    id: str
    scheme: str
    url: str
    secret: str
    events: list[str]
    enabled: bool
    relayed: bool
    old_secret: str | None
    old_until_ms: int
    pending: int


class NextFaultShown(Response):
    fault: str
    times: int
    event: str
    scheme: str | None
    payment: str | None
    parameters: dict[str, int | None]


def of_event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "scheme": event.target.scheme,
        "id": event.message.id,
        "type": event.message.type,
        "state": event.state.value,
        "reason": event.reason,
        "payment": event.payment,
        "endpoint": event.target.id or None,
        "url": event.target.url,
        "created_ms": event.created_ms,
        "due_ms": event.due_ms,
        "faults": [row.fault for row in event.faults],
        "copy_of": event.copy_of,
        "attempts": list(map(_of_attempt, event.tried)),
    }


def of_whole(event: Event, world: World) -> dict[str, Any]:
    shown = of_event(event)
    headers = {row.attempt: row.headers for row in world.outbox.log if row.webhook == event.number}
    attempts = [row | {"headers": headers.get(number)} for number, row in enumerate(shown["attempts"], 1)]
    return shown | {"body": event.message.body.decode("utf-8", "backslashreplace"), "attempts": attempts}


def _of_attempt(row: Tried) -> dict[str, Any]:
    outcome = row.outcome
    shown = outcome._asdict() | {"answer": outcome.answer.decode("utf-8", "backslashreplace")}
    return shown | {"at_ms": row.at_ms, "faults": list(row.faults), "resent": row.resent}


def of_endpoint(endpoint: Endpoint, world: World) -> dict[str, Any]:
    waiting = sum(event.target.id == endpoint.id and event.due_ms is not None for event in world.outbox.events.values())
    return {
        "id": endpoint.id,
        "scheme": endpoint.scheme,
        "url": endpoint.url,
        "secret": endpoint.secret,
        "events": list(endpoint.events),
        "enabled": endpoint.enabled,
        "relayed": endpoint.relayed,
        "old_secret": endpoint.old_secret,
        "old_until_ms": endpoint.old_until_ms,
        "pending": waiting,
    }


def of_fault(row: NextFault) -> dict[str, Any]:
    return {
        "fault": row.rule.fault,
        "times": row.times,
        "event": row.rule.events[0],
        "scheme": row.scheme,
        "payment": row.payment,
        "parameters": dict(row.rule.parameters),
    }
