"""Health, scenarios, worlds, tokens."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from bakong_scenarios import find, names
from bakong_schemes.bakong.fake.limits import OFF, Limits
from bakong_schemes.bakong.wire import PROFILES
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import AllWorlds, CurrentWorld, instant_ms
from bakong_simulator.control.requests import ClockSetting, LimitSetting, NewToken, NewWorld, Token, WorldChange
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError, UnknownTokenError
from bakong_simulator.kernel.world import World

router = APIRouter(prefix="/sandbox")


@router.get("/health", response_model=responses.Health)
async def health(worlds: AllWorlds) -> dict[str, Any]:
    return {"status": "ok", "worlds": len(worlds.by_name)}


@router.get("/scenarios", response_model=list[responses.ScenarioShown])
async def list_scenarios() -> list[dict[str, str]]:
    return [{"name": name, "about": find(name).about} for name in names()]


@router.get("/worlds", response_model=list[responses.WorldShown])
async def list_worlds(worlds: AllWorlds) -> list[dict[str, Any]]:
    return [responses.of_world(world) for world in worlds.by_name.values()]


@router.post("/worlds", response_model=responses.Made)
async def make_world(new: NewWorld, worlds: AllWorlds, request: Request) -> dict[str, Any]:
    """A new, isolated Bakong, with a token for it. Without a seed each world has its own, by order of making."""
    scenario = None if new.scenario is None else find(new.scenario)
    limits = OFF if new.limits is None else changed(OFF, new.limits)
    at_ms = None if new.clock is None else instant_ms(new.clock.at)
    world = worlds.make(new.name, seed=new.seed, scenario=scenario)
    world.limits = limits
    if new.profile is not None:
        world.profile = PROFILES[new.profile]
    if new.journal_bytes is not None:
        world.journal_bytes = new.journal_bytes
    if new.clock is not None:
        set_clock(world, new.clock, at_ms)
    return {
        "world": world.name,
        "token": world.registrations.issue(),
        "base_url": f"{str(request.base_url).rstrip('/')}/w/{world.name}",
    }


@router.get("/worlds/{world}", response_model=responses.WorldShown)
async def show_world(world: CurrentWorld) -> dict[str, Any]:
    """The world as it is, with the mails that Bakong has sent in it."""
    return responses.of_world(world)


@router.patch("/worlds/{world}", response_model=responses.WorldShown)
async def change_world(change: WorldChange, world: CurrentWorld) -> dict[str, Any]:
    """Change the profile, the limits or the journal's size; what is left out stays as it is."""
    if change.journal_bytes is not None:
        world.journal_bytes = change.journal_bytes
    if change.limits is not None:
        world.limits = changed(world.limits, change.limits)
    if change.profile is not None:
        world.profile = PROFILES[change.profile]
    return responses.of_world(world)


@router.delete("/worlds/{world}", status_code=204)
async def drop_world(world: CurrentWorld, worlds: AllWorlds) -> None:
    worlds.drop(world.name)


@router.post("/worlds/{world}/reset", response_model=responses.WorldShown)
async def reset_world(world: CurrentWorld) -> dict[str, Any]:
    """As new: same seed, clock, scenario, profile and limits; tokens that were issued stay good."""
    world.reset()
    return responses.of_world(world)


@router.post("/worlds/{world}/tokens", response_model=responses.Token)
async def make_token(new: NewToken, world: CurrentWorld) -> dict[str, str]:
    return {"token": world.registrations.issue(new.email, new.expires_in_s)}


@router.delete("/worlds/{world}/tokens", status_code=204)
async def take_back_tokens(world: CurrentWorld, token: Annotated[Token | None, Query()] = None) -> None:
    """Take a token back, or with none named each that was issued: 401 from now on, until one is renewed."""
    if token is None:
        world.registrations.revoke_all()
    elif not world.registrations.revoke(token):
        raise UnknownTokenError("this world has issued no such token")


def changed(present: Limits, setting: LimitSetting) -> Limits:
    """The present limits with what the setting names. Raises BodyError."""
    named: dict[str, Any] = {name: getattr(setting, name) for name in setting.model_fields_set}
    try:
        if "cambodia" in named:
            named["cambodia"] = tuple(ip_network(text) for text in setting.cambodia)
    except ValueError as error:
        raise BodyError(f"limits.cambodia: {error}; expected networks such as 36.37.0.0/16") from None
    return replace(present, **named)


def set_clock(world: World, setting: ClockSetting, at_ms: int | None) -> None:
    world.clock.set_mode(Mode(setting.mode), at_ms=at_ms, rate=setting.rate)
