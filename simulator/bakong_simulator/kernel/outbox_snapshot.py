"""An outbox as the part of a snapshot: its endpoints, its events with their attempts, the faults that are set."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.outbox import MAX_BYTES, MAX_EVENTS, MAX_NEXT, NextFault, Outbox
from bakong_simulator.kernel.webhook_endpoints import MAX_ENDPOINTS
from bakong_simulator.kernel.webhooks import (
    Endpoint,
    Event,
    Message,
    OutboxError,
    Outcome,
    State,
    Struck,
    Tried,
    check_url,
)


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from None
    return text


Ms = Annotated[int, Field(ge=0, le=MAX_MS)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
DueMs = Annotated[int, Field(ge=0, lt=2**54)]  # after the last moment of a world it never leaves
Base64 = Annotated[str, AfterValidator(_base64)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeptAttempt(_Kept):
    """answer: base64."""

    at_ms: Ms
    status: int | None
    error: str | None
    took_ms: Count
    answer: Base64
    faults: list[str]
    resent: bool


class KeptEvent(_Kept):
    """body: base64."""

    number: Annotated[int, Field(ge=1, lt=2**53)]
    id: str
    type: str
    body: Base64
    target: Endpoint
    created_ms: Ms
    payment: str | None
    faults: list[Struck]
    copy_of: Count | None
    state: State
    reason: str | None
    due_ms: DueMs | None
    held_from_ms: Ms | None
    scheduled: Count
    attempts: list[KeptAttempt]


class KeptOutbox(_Kept):
    """What a snapshot holds of an outbox."""

    posted: Count = 0
    endpoints: Annotated[list[Endpoint], Field(max_length=MAX_ENDPOINTS)] = []
    events: Annotated[list[KeptEvent], Field(max_length=MAX_EVENTS)] = []
    next_faults: Annotated[list[NextFault], Field(max_length=MAX_NEXT)] = []


def dump(outbox: Outbox) -> KeptOutbox:
    """The outbox as it is. An attempt under way is one that is still to be made."""
    return KeptOutbox(
        posted=outbox.posted,
        endpoints=list(outbox.endpoints),
        events=[_kept(event) for event in outbox.events.values()],
        next_faults=list(outbox.next_faults),
    )


def check(outbox: Outbox, kept: KeptOutbox) -> None:
    """Raises BodyError for what an outbox with these schemes cannot go on with."""
    try:
        for target in [*kept.endpoints, *(event.target for event in kept.events)]:
            outbox.webhooks_of(target.scheme)
            check_url(target.url)
    except OutboxError as error:
        raise BodyError(f"webhooks: {error}") from None
    numbers = [event.number for event in kept.events]
    if numbers != sorted(set(numbers)) or (numbers and numbers[-1] > kept.posted):
        raise BodyError(f"webhooks.events: expected numbers that rise, up to posted, which is {kept.posted}")
    if len({endpoint.id for endpoint in kept.endpoints} | {""}) != len(kept.endpoints) + 1:
        raise BodyError("webhooks.endpoints: expected an id of its own for each")
    for event in kept.events:
        if (event.state is State.PENDING) != (event.due_ms is not None):
            raise BodyError(f"webhooks.events: {event.number} is {event.state} with due_ms {event.due_ms}")
        if event.held_from_ms is not None and event.state is not State.PENDING:
            raise BodyError(f"webhooks.events: {event.number} is {event.state}, and held")
    if sum(len(event.body) for event in kept.events) > MAX_BYTES * 4 // 3:
        raise BodyError(f"webhooks.events: their bodies are larger than {MAX_BYTES} bytes")


def load(outbox: Outbox, kept: KeptOutbox) -> None:
    """Let an outbox that was just reset be as the snapshot says; what is due leaves at once."""
    outbox.endpoints.by_id = {endpoint.id: endpoint for endpoint in kept.endpoints}
    outbox.next_faults = list(kept.next_faults)
    outbox.restore(map(_event, kept.events), kept.posted)


def _kept(event: Event) -> KeptEvent:
    return KeptEvent(
        number=event.number,
        id=event.message.id,
        type=event.message.type,
        body=_text(event.message.body),
        target=event.target,
        created_ms=event.created_ms,
        payment=event.payment,
        faults=list(event.faults),
        copy_of=event.copy_of,
        state=event.state,
        reason=event.reason,
        due_ms=event.due_ms,
        held_from_ms=event.held_from_ms,
        scheduled=event.scheduled,
        attempts=[_attempt(row) for row in event.tried],
    )


def _attempt(row: Tried) -> KeptAttempt:
    outcome = row.outcome
    return KeptAttempt(
        at_ms=row.at_ms,
        status=outcome.status,
        error=outcome.error,
        took_ms=outcome.took_ms,
        answer=_text(outcome.answer),
        faults=list(row.faults),
        resent=row.resent,
    )


def _event(kept: KeptEvent) -> Event:
    return Event(
        number=kept.number,
        message=Message(kept.id, kept.type, base64.b64decode(kept.body)),
        target=kept.target,
        created_ms=kept.created_ms,
        payment=kept.payment,
        faults=tuple(kept.faults),
        copy_of=kept.copy_of,
        state=kept.state,
        reason=kept.reason,
        due_ms=kept.due_ms,
        held_from_ms=kept.held_from_ms,
        scheduled=kept.scheduled,
        tried=[_tried(row) for row in kept.attempts],
    )


def _tried(kept: KeptAttempt) -> Tried:
    outcome = Outcome(kept.status, kept.error, kept.took_ms, base64.b64decode(kept.answer))
    return Tried(kept.at_ms, outcome, tuple(kept.faults), kept.resent)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
