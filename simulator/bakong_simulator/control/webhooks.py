"""Webhooks: what was posted and what came of it, sending again, faults to come, endpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from bakong_simulator.control import webhook_shapes as shapes
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.outbox import MAX_NEXT, NextFault
from bakong_simulator.kernel.webhooks import Endpoint, Event, Message, OutboxError
from bakong_simulator.kernel.world import World, WorldError

router = APIRouter(prefix="/sandbox/worlds/{world}/webhooks")
Number = Annotated[int, Path(ge=1, lt=2**53)]
EndpointId = Annotated[str, Path(max_length=100)]


@router.get("", response_model=list[shapes.WebhookShown])
async def list_webhooks(world: CurrentWorld, query: Annotated[shapes.WebhookQuery, Query()]) -> list[dict[str, Any]]:
    """The webhooks that fit all that is named, oldest first, with every attempt."""
    fitting = [event for event in world.outbox.events.values() if query.fits(event)]
    return [shapes.of_event(event) for event in fitting[-query.limit :]]


@router.get("/faults", response_model=list[shapes.NextFaultShown])
async def list_faults(world: CurrentWorld) -> list[dict[str, Any]]:
    """The faults that wait for the next webhooks."""
    return list(map(shapes.of_fault, world.outbox.next_faults))


@router.post("/faults", response_model=list[shapes.NextFaultShown])
async def add_fault(new: shapes.NewFault, world: CurrentWorld) -> list[dict[str, Any]]:
    """Let a fault strike the next so many webhooks, before those of scripts. What waits, this one last."""
    if new.scheme is not None:
        world.outbox.webhooks_of(new.scheme)
    if len(world.outbox.next_faults) >= MAX_NEXT:
        raise WorldError(f"{MAX_NEXT} faults wait already: delete them first")
    world.outbox.next_faults.append(NextFault(new.rule(), new.times, new.scheme, new.payment))
    return await list_faults(world)


@router.delete("/faults", status_code=204)
async def drop_faults(world: CurrentWorld) -> None:
    """No fault waits any more; those of scripts stay."""
    world.outbox.next_faults.clear()


@router.get("/endpoints", response_model=list[shapes.EndpointShown])
async def list_endpoints(world: CurrentWorld) -> list[dict[str, Any]]:
    return [shapes.of_endpoint(endpoint, world) for endpoint in world.outbox.endpoints]


@router.post("/endpoints", response_model=shapes.EndpointShown)
async def add_endpoint(new: shapes.NewEndpoint, world: CurrentWorld) -> dict[str, Any]:
    """Let a scheme's webhooks go to a URL. Without a secret, the scheme makes one from the world's seed."""
    endpoint = Endpoint(new.scheme, new.url, new.secret or "", events=tuple(new.events))
    return shapes.of_endpoint(world.outbox.add_endpoint(endpoint), world)


@router.delete("/endpoints/{endpoint}", status_code=204)
async def drop_endpoint(endpoint: EndpointId, world: CurrentWorld) -> None:
    """Delete an endpoint; what is pending for it is given up."""
    world.outbox.drop_endpoint(endpoint)


@router.post("/endpoints/{endpoint}/roll", response_model=shapes.EndpointShown)
async def roll_secret(endpoint: EndpointId, new: shapes.NewSecret, world: CurrentWorld) -> dict[str, Any]:
    """Give an endpoint a new secret; the old one signs beside it for so long."""
    rolled = world.outbox.roll_secret(endpoint, new.secret, round(new.keep_old_s * 1000))
    return shapes.of_endpoint(rolled, world)


@router.post("/test", response_model=list[shapes.WebhookShown])
async def send_test(new: shapes.NewTest, world: CurrentWorld) -> list[dict[str, Any]]:
    """Post a test event to the scheme's endpoints, and answer when it was sent: the scheme's own, or the body given."""
    message = _test_message(new, world)
    events = world.outbox.publish(new.scheme, message)
    if not events:
        raise WorldError(f"no endpoint of {new.scheme} takes {message.type}, or the outbox is full: see the journal")
    await world.clock.settled()
    return list(map(shapes.of_event, events))


@router.get("/{webhook}", response_model=shapes.WebhookWhole)
async def show_webhook(webhook: Number, world: CurrentWorld) -> dict[str, Any]:
    return shapes.of_whole(world.outbox.get(webhook), world)


@router.post("/{webhook}/resend", response_model=shapes.WebhookWhole)
async def resend_webhook(webhook: Number, world: CurrentWorld) -> dict[str, Any]:
    """Send it once more, now and without faults, and answer when it was sent. Its schedule stays as it is."""
    event: Event = world.outbox.resend(webhook)
    await world.clock.settled()
    return shapes.of_whole(event, world)


def _test_message(new: shapes.NewTest, world: World) -> Message:
    webhooks = world.outbox.webhooks_of(new.scheme)
    if new.body is not None:
        if new.type is None:
            raise BodyError("type: a body of your own needs the type of its event")
        return Message(f"test_{world.rng.hex('webhook/test', 16)}", new.type, new.body.encode())
    if webhooks.test_event is None:
        raise OutboxError(f"{new.scheme} has no test event of its own: give 'type' and 'body'")
    return webhooks.test_event(new.type)
