"""Clock, scenario, barrier, snapshot."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld, instant_ms, script
from bakong_simulator.control.requests import Advance, BarrierSetting, ClockSetting
from bakong_simulator.control.scheme_control import Forms, of_world
from bakong_simulator.control.worlds import set_clock as set_mode
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.barrier import Barrier
from bakong_simulator.kernel.snapshot_document import Snapshot

_SNAPSHOT = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Snapshot"}}},
    }
}
SCRIPT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "scheme": {"type": "string"}},
                    "required": ["name"],
                }
            },
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}


def router(forms: Forms) -> APIRouter:
    """The routes, with these forms."""
    made = APIRouter(prefix="/sandbox/worlds/{world}")
    made.get("/clock", response_model=responses.Clock)(show_clock)
    made.put("/clock", response_model=responses.Clock)(set_clock)
    made.post("/clock/advance", response_model=responses.Advanced)(advance_clock)
    made.get("/clock/due", response_model=list[responses.DueShown])(show_due)
    made.get("/scenario", response_model=responses.ScenarioShown)(show_scenario)
    made.put("/scenario", response_model=responses.ScenarioShown, openapi_extra=SCRIPT_BODY)(use_scenario)
    made.put("/barrier", response_model=responses.BarrierShown)(hold_answers)
    made.delete("/barrier", response_model=responses.BarrierShown)(let_answers_go)
    made.get("/snapshot", response_model=Snapshot)(take_snapshot)
    made.put("/snapshot", response_model=forms.world, openapi_extra=_SNAPSHOT)(restore_snapshot)
    return made


async def show_clock(world: CurrentWorld) -> dict[str, Any]:
    return responses.of_clock(world)


async def set_clock(setting: ClockSetting, world: CurrentWorld) -> dict[str, Any]:
    set_mode(world, setting, instant_ms(setting.at))
    return responses.of_clock(world)


async def advance_clock(move: Advance, world: CurrentWorld) -> dict[str, Any]:
    """Move time on. What falls due on the way happens in order, each at its moment; the answer says what failed.

    Refused, before anything has moved, where worlds have no such time.
    """
    failed = world.journal.failed
    await world.clock.advance(round(move.seconds * 1000))
    failures = [row._asdict() for row in world.journal.failures_since(failed)]
    return responses.of_clock(world) | {"failures": failures, "hanging": responses.of_hanging(world)}


async def show_due(world: CurrentWorld, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
    """What falls due as time goes on, the next first."""
    return [{"at_ms": at_ms, "what": what} for at_ms, what in world.clock.due(limit)]


async def show_scenario(world: CurrentWorld) -> dict[str, str]:
    return responses.of_scenario(world)


async def use_scenario(request: Request, world: CurrentWorld) -> dict[str, str]:
    """A JSON body {"name": ...} takes one from the library, any other body is the YAML of a script itself.

    "scheme" beside the name: the scheme that plays it; by default the first that has such a script.
    """
    world.set_scenario(script(await request.body(), world.library))
    return responses.of_scenario(world)


async def hold_answers(setting: BarrierSetting, world: CurrentWorld) -> dict[str, Any]:
    """Let the answers to the next calls wait for each other, so that callers who race are answered at one moment.

    What they say is what is so when each comes. Once the barrier has opened it holds nobody any more.
    """
    world.hold(Barrier(setting.callers, setting.within_s))
    return responses.of_barrier(world.barrier)


async def let_answers_go(world: CurrentWorld) -> dict[str, Any]:
    """Whoever waits is answered now, and nobody waits any more; the answer says how many have waited."""
    barrier = world.barrier
    world.hold(None)
    return responses.of_barrier(barrier)


async def take_snapshot(world: CurrentWorld) -> Snapshot:
    """Everything that this world knows, but for its journal."""
    return snapshots.take(world)


async def restore_snapshot(snapshot: Annotated[dict[str, Any], Body()], world: CurrentWorld) -> dict[str, Any]:
    """Be as the snapshot says, under this world's own name. The journal begins anew. Earlier versions are taken too."""
    try:
        kept = snapshots.parse(snapshot, world.scheme())
    except ValidationError as error:
        raise RequestValidationError([{**row, "loc": ("body", *row["loc"])} for row in error.errors()]) from None
    snapshots.restore(world, kept)
    return of_world(world)
