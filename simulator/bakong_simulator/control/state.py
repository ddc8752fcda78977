"""Clock, scenario, snapshot."""

from typing import Any

from fastapi import APIRouter, Request

from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld, instant_ms, script
from bakong_simulator.control.requests import Advance, ClockSetting
from bakong_simulator.control.worlds import set_clock as set_mode
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.snapshot_document import Snapshot

router = APIRouter(prefix="/sandbox/worlds/{world}")
_SCRIPT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
            },
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/clock", response_model=responses.Clock)
async def show_clock(world: CurrentWorld) -> dict[str, Any]:
    return responses.of_clock(world)


@router.put("/clock", response_model=responses.Clock)
async def set_clock(setting: ClockSetting, world: CurrentWorld) -> dict[str, Any]:
    set_mode(world, setting, instant_ms(setting.at))
    return responses.of_clock(world)


@router.post("/clock/advance", response_model=responses.Advanced)
async def advance_clock(move: Advance, world: CurrentWorld) -> dict[str, Any]:
    """Move time on. What falls due on the way happens in order, each at its moment; the answer says what failed.

    Refused, before anything has moved, where a date could not show the time any more.
    """
    ms = round(move.seconds * 1000)
    if world.clock.now_ms() + ms > MAX_MS:
        raise BodyError(f"seconds: the time would be later than {MAX_MS} ms after 1970, the last that a world has")
    failed = world.journal.failed
    await world.clock.advance(ms)
    return responses.of_clock(world) | {"failures": [row._asdict() for row in world.journal.failures_since(failed)]}


@router.get("/scenario", response_model=responses.ScenarioShown)
async def show_scenario(world: CurrentWorld) -> dict[str, str]:
    return responses.of_scenario(world)


@router.put("/scenario", response_model=responses.ScenarioShown, openapi_extra=_SCRIPT)
async def use_scenario(request: Request, world: CurrentWorld) -> dict[str, str]:
    """A JSON body {"name": ...} takes one from the library; any other body is the YAML of a script itself."""
    world.set_scenario(script(await request.body()))
    return responses.of_scenario(world)


@router.get("/snapshot")
async def take_snapshot(world: CurrentWorld) -> Snapshot:
    """Everything that this world knows, but for its journal."""
    return snapshots.take(world)


@router.put("/snapshot", response_model=responses.WorldShown)
async def restore_snapshot(snapshot: Snapshot, world: CurrentWorld) -> dict[str, Any]:
    """Be as the snapshot says, under this world's own name. The journal begins anew."""
    snapshots.restore(world, snapshot)
    return responses.of_world(world)
