"""The webhooks' page: what the schemes posted, with every attempt; events made to happen; endpoints and faults."""

from typing import Any, get_args

from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.control import webhook_shapes as shapes
from bakong_simulator.kernel.webhooks import OutboxError

NEWEST = 100


async def values(page: Page) -> dict[str, Any]:
    """The newest webhooks, the one that is looked at, and what can be triggered."""
    world = page.world
    events = list(world.outbox.events.values())[: -NEWEST - 1 : -1]
    number = page.asked("number")
    seen = None
    if number.isdigit() and len(number) < 16:
        try:
            seen = shapes.of_whole(world.outbox.get(int(number)), world)
        except (OutboxError, LookupError) as error:
            raise MissingError(str(error)) from None
    kinds = {scheme.name: scheme.events for scheme in world.schemes.values() if scheme.events}
    asked = page.asked("scheme")
    return {
        "chosen": asked if asked in kinds else next(iter(kinds), ""),
        "events": [shapes.of_event(event) for event in events],
        "seen": seen,
        "kinds": kinds,
        "posting": list(world.outbox.posting),
        "endpoints": [shapes.of_endpoint(row, world) for row in world.outbox.endpoints],
        "next_faults": [shapes.of_fault(row) for row in world.outbox.next_faults],
        "faults": get_args(shapes.FaultName),
    }
