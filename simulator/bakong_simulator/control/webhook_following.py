"""Events that are made to happen, listeners, and the stream of a world's webhooks as they are made and tried."""

import base64
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import StreamingResponse

from bakong_simulator.control import webhook_shapes as shapes
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.kernel import listeners, triggers
from bakong_simulator.kernel.webhook_stream import Streamed
from bakong_simulator.kernel.webhooks import Endpoint, UnknownWebhookError
from bakong_simulator.kernel.world import World

KEEP_ALIVE_S = 15.0  # real seconds without a webhook, after which the stream says that it is there
START = "start"
router = APIRouter(prefix="/sandbox/worlds/{world}/webhooks")
ListenerName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["127.0.0.1-3000"])]
EVENT_STREAM = {"text/event-stream": {"schema": {"type": "string", "examples": ["id: 19c4f3a7c00-7\nevent: attempt"]}}}


# Events


@router.get("/events", response_model=list[shapes.EventTypeShown])
async def list_event_types(world: CurrentWorld) -> list[dict[str, Any]]:
    """The events that `trigger` can make happen, of every scheme, and what of each can be overridden."""
    return [
        {"scheme": scheme.name, "event": event.name, "about": event.about, "overrides": dict(event.fields)}
        for scheme in world.schemes.values()
        for event in scheme.events
    ]


@router.post("/trigger", response_model=shapes.TriggeredShown)
async def trigger_event(new: shapes.NewTrigger, world: CurrentWorld) -> dict[str, Any]:
    """Make an event happen: its scheme does what the event tells of, and posts it. Answers when it was sent.

    The object is there afterwards, with the values given. Its payment waits for nothing and follows no script.
    """
    happened = [triggers.trigger(world, new.event, new.overrides, new.scheme, new.base_url) for _ in range(new.times)]
    numbers = [number for one in happened for number in one.webhooks]
    events = [world.outbox.events[number] for number in numbers if number in world.outbox.events]
    await world.clock.settled()
    return {
        "scheme": happened[0].scheme,
        "event": new.event,
        "objects": [one.ids for one in happened],
        "webhooks": list(map(shapes.of_event, events)),
    }


# Listeners


@router.get("/listeners", response_model=list[shapes.ListenerShown])
async def list_listeners(world: CurrentWorld) -> list[dict[str, Any]]:
    return [_shown(world, name, is_new=False) for name in listeners.names(world)]


@router.put("/listeners/{name}", response_model=shapes.ListenerShown)
async def put_listener(name: ListenerName, new: shapes.NewListener, world: CurrentWorld) -> dict[str, Any]:
    """Let a listener be there: endpoints whose webhooks go to the stream, in place of being posted.

    The same name again changes what it listens to; its secrets stay. `cursor` is where the stream is now.
    """
    is_new = not listeners.endpoints_of(world, name)
    wanted = listeners.Listener(name, new.url, new.schemes or (), tuple(new.events), relays=not new.deliver)
    listeners.put(world, wanted)
    return _shown(world, name, is_new=is_new)


@router.delete("/listeners/{name}", status_code=204)
async def drop_listener(name: ListenerName, world: CurrentWorld) -> None:
    """End a listener; what is pending for it is given up."""
    if not listeners.drop(world, name):
        raise UnknownWebhookError(f"no listener is called {name!r}")


def _shown(world: World, name: str, *, is_new: bool) -> dict[str, Any]:
    endpoints = listeners.endpoints_of(world, name)
    return {
        "name": name,
        "url": endpoints[0].url,
        "relays": endpoints[0].relayed,
        "is_new": is_new,
        "cursor": world.outbox.stream.cursor(),
        "endpoints": [_endpoint(row) for row in endpoints],
    }


def _endpoint(row: Endpoint) -> dict[str, Any]:
    return {"id": row.id, "scheme": row.scheme, "events": list(row.events), "secret": row.secret}


# The stream


@router.get("/stream", response_class=StreamingResponse, responses={200: {"content": EVENT_STREAM}})
async def follow_webhooks(
    world: CurrentWorld,
    query: Annotated[shapes.StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """The attempts of a world's webhooks as server-sent events, from now on, or after the event of `Last-Event-ID`.

    `attempt` has one attempt, whose `body_base64` and `headers` are what left or, where `relayed`, what is to be
    posted. `ready` comes first, with the place that the stream begins after; a sandbox that ends says no more that it
    is, and ends the stream after what it has kept. `missed` says how many were dropped
    before they were read; `restarted`, that the id was of an earlier run of the sandbox, or of a world of that name
    that is gone: what follows is all that there is since.
    """
    stream = world.outbox.stream
    cursor = query.after or last_event_id
    number, restarted = (0, False) if cursor == START else stream.place_of(cursor or stream.cursor())
    body = _events(world, query, number, restarted=restarted)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


async def _events(world: World, query: shapes.StreamQuery, number: int, *, restarted: bool) -> AsyncIterator[bytes]:
    stream = world.outbox.stream
    if restarted:
        yield _event("restarted", stream.cursor(number), {"world": world.name})
    if not (query.follow and stream.is_closed):  # nobody can follow a sandbox that ends
        yield _event("ready", stream.cursor(number), {"world": world.name})
    while True:
        batch = stream.after(number)
        if batch.missed:
            number += batch.missed
            yield _event("missed", stream.cursor(number), {"missed": batch.missed})
        for row in batch.rows:
            number = row.number
            if _fits(query, row):
                yield _event("attempt", stream.cursor(number), _attempt(row))
        if batch.rows:
            continue
        if not query.follow or stream.is_closed:
            return
        await stream.changed(number, KEEP_ALIVE_S)
        if stream.last == number and not stream.is_closed:
            yield b": still here\n\n"


def _fits(query: shapes.StreamQuery, row: Streamed) -> bool:
    return (
        (query.listener is None or row.endpoint.startswith(listeners.prefix_of(query.listener)))
        and query.scheme in (None, row.sent.scheme)
        and (query.type is None or fnmatchcase(row.sent.type, query.type))
    )


def _event(name: str, cursor: str, data: dict[str, Any]) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), name.encode(), orjson.dumps(data))


def _attempt(row: Streamed) -> dict[str, Any]:
    """The attempt as JSON values, in one line."""
    sent = row.sent
    return {
        "webhook": sent.webhook,
        "attempt": sent.attempt,
        "scheme": sent.scheme,
        "id": sent.id,
        "type": sent.type,
        "payment": sent.payment,
        "endpoint": row.endpoint or None,
        "url": sent.url,
        "headers": sent.headers,
        "body_base64": base64.b64encode(sent.body).decode(),
        "at_ms": sent.at_ms,
        "faults": list(sent.faults),
        "resent": sent.resent,
        "relayed": row.relayed,
        "status": sent.status,
        "error": sent.error,
        "took_ms": sent.took_ms,
    }
