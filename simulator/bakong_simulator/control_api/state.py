"""Clock, scenario, snapshot."""

from typing import Any

from fastapi import APIRouter, Request

from bakong_simulator import snapshots
from bakong_simulator.clock import MAX_MS
from bakong_simulator.control_api import answers
from bakong_simulator.control_api.bodies import Advance, ClockSetting
from bakong_simulator.control_api.finding import In, instant_ms, script
from bakong_simulator.control_api.worlds import set_clock as set_mode
from bakong_simulator.errors import BodyError

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


@router.get("/clock", response_model=answers.Clock)
async def show_clock(world: In) -> dict[str, Any]:
    return answers.clock(world)


@router.put("/clock", response_model=answers.Clock)
async def set_clock(setting: ClockSetting, world: In) -> dict[str, Any]:
    set_mode(world, setting, instant_ms(setting.at))
    return answers.clock(world)


@router.post("/clock/advance", response_model=answers.Advanced)
async def advance_clock(move: Advance, world: In) -> dict[str, Any]:
    """Move time on. What falls due on the way happens in order, each at its moment; the answer says what failed.

    Refused, before anything has moved, where a date could not show the time any more.
    """
    ms = round(move.seconds * 1000)
    if world.clock.now_ms() + ms > MAX_MS:
        raise BodyError(f"seconds: the time would be later than {MAX_MS} ms after 1970, the last that a world has")
    failed = world.journal.failed
    await world.clock.advance(ms)
    return answers.clock(world) | {"failures": [row._asdict() for row in world.journal.failures_since(failed)]}


@router.get("/scenario", response_model=answers.ScenarioShown)
async def show_scenario(world: In) -> dict[str, str]:
    return answers.scenario(world)


@router.put("/scenario", response_model=answers.ScenarioShown, openapi_extra=_SCRIPT)
async def use_scenario(request: Request, world: In) -> dict[str, str]:
    """A JSON body {"name": ...} takes one from the library; any other body is the YAML of a script itself."""
    world.use(script(await request.body()))
    return answers.scenario(world)


@router.get("/snapshot", response_model=snapshots.Snapshot)
async def take_snapshot(world: In) -> snapshots.Snapshot:
    """Everything that this world knows, but for its journal."""
    return snapshots.take(world)


@router.put("/snapshot", response_model=answers.WorldShown)
async def restore_snapshot(snapshot: snapshots.Snapshot, world: In) -> dict[str, Any]:
    """Be as the snapshot says, under this world's own name. The journal begins anew."""
    snapshots.restore(world, snapshot)
    return answers.shown(world)
