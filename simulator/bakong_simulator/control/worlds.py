"""Health, scenarios, worlds."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request

from bakong_simulator.control import responses, scheme_control
from bakong_simulator.control.dependencies import AllWorlds, CurrentWorld, instant_ms, with_types
from bakong_simulator.control.requests import ClockSetting, NewWorld, WorldChange
from bakong_simulator.control.scheme_control import Forms, list_of
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.journal import MAX_ERROR
from bakong_simulator.kernel.world import World


def router(forms: Forms) -> APIRouter:
    """The routes, with these forms."""
    made = APIRouter(prefix="/sandbox")
    made.get("/health", response_model=responses.Health)(health)
    made.get("/about", response_model=responses.About)(about)
    made.get("/scenarios", response_model=list[responses.ScriptShown])(list_scenarios)
    made.get("/worlds", response_model=list_of(forms.world | responses.SickWorld))(list_worlds)
    made.post("/worlds", response_model=forms.made)(with_types(make_world, new=forms.new_world))
    made.get("/worlds/{world}", response_model=forms.world)(show_world)
    made.patch("/worlds/{world}", response_model=forms.world)(with_types(change_world, change=forms.world_change))
    made.delete("/worlds/{world}", status_code=204)(drop_world)
    made.post("/worlds/{world}/reset", response_model=forms.world)(reset_world)
    return made


async def health(worlds: AllWorlds) -> dict[str, Any]:
    return {"status": "ok", "worlds": len(worlds.by_name)}


async def about(worlds: AllWorlds) -> dict[str, Any]:
    """What this sandbox is: its version, and the folder that it keeps its secrets and its authority in."""
    return {"version": version("bakong-sandbox"), "data_dir": worlds.folder or None}


async def list_scenarios(worlds: AllWorlds) -> list[dict[str, Any]]:
    entries = sorted(worlds.library.entries(), key=lambda entry: (entry.script.name, entry.schemes))
    return [responses.of_script(entry) for entry in entries]


async def list_worlds(worlds: AllWorlds) -> list[dict[str, Any]]:
    """Every world; one that cannot be shown is there with the reason."""
    return [_shown(world) for world in list(worlds.by_name.values())]


def _shown(world: World) -> dict[str, Any]:
    try:
        return scheme_control.of_world(world)
    except Exception as error:  # noqa: BLE001  whatever is wrong with one world, the others are shown
        return {"world": world.name, "error": f"{type(error).__name__}: {error}"[:MAX_ERROR]}


async def make_world(new: NewWorld, worlds: AllWorlds, request: Request) -> dict[str, Any]:
    """A new, isolated world, with what a client of it needs. Without a seed it has its own, by order of making."""
    scenario = None if new.scenario is None else worlds.library.find(new.scenario)
    changes = scheme_control.changes(worlds.schemes, new)
    at_ms = None if new.clock is None else instant_ms(new.clock.at)
    world = worlds.make(new.name, seed=new.seed, scenario=scenario)
    try:
        for change in changes:
            change(world)
        if new.journal_bytes is not None:
            world.journal_bytes = new.journal_bytes
        if new.clock is not None:
            set_clock(world, new.clock, at_ms)
    except Exception:
        worlds.drop(world.name)
        raise
    return scheme_control.made(world, f"{str(request.base_url).rstrip('/')}/w/{world.name}")


async def show_world(world: CurrentWorld) -> dict[str, Any]:
    """The world as it is, with what its schemes show of it, such as the mails that Bakong has sent."""
    return scheme_control.of_world(world)


async def change_world(change: WorldChange, world: CurrentWorld, worlds: AllWorlds) -> dict[str, Any]:
    """Change the journal's size and the schemes' settings; what is left out stays as it is."""
    changes = scheme_control.changes(worlds.schemes, change)
    if change.journal_bytes is not None:
        world.journal_bytes = change.journal_bytes
    for one in changes:
        one(world)
    return scheme_control.of_world(world)


async def drop_world(world: CurrentWorld, worlds: AllWorlds) -> None:
    worlds.drop(world.name)


async def reset_world(world: CurrentWorld) -> dict[str, Any]:
    """As new: same seed, clock, scenario and settings; tokens that were issued stay good."""
    world.reset()
    return scheme_control.of_world(world)


def set_clock(world: World, setting: ClockSetting, at_ms: int | None) -> None:
    world.clock.set_mode(Mode(setting.mode), at_ms=at_ms, rate=setting.rate)
