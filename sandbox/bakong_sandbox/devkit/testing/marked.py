"""What a test's Bakong begins with: the marker `bakong`, over the settings of the run."""

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bakong_sandbox.devkit.testing.errors import BakongError
from bakong_sandbox.devkit.testing.handle import Bakong

__tracebackhide__ = True
KEYS = ("scenario", "quota", "profile", "at")


def beginnings(marked: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """What the marker says, and else the run. Raises BakongError for a key that there is not."""
    for name in marked:
        if name not in KEYS:
            near = get_close_matches(name, KEYS, 1)
            more = f"; did you mean {near[0]!r}?" if near else ""
            raise BakongError(f"the marker bakong has no {name!r}{more} (known: {', '.join(KEYS)})")
    quota = settings.get("quota", "")
    if quota and not quota.isdigit():
        raise BakongError(f"bakong_quota is {quota!r}, expected a number of calls")
    given: dict[str, Any] = {**settings, "quota": int(quota) if quota else None}
    return {name: value for name, value in {**given, **marked}.items() if value not in {None, ""}}


def world_options(begin: Mapping[str, Any]) -> dict[str, Any]:
    """What the world is made with."""
    options = {"profile": begin["profile"]} if "profile" in begin else {}
    return options | ({"limits": {"quota": begin["quota"]}} if "quota" in begin else {})


def prepare(world: Bakong, begin: Mapping[str, Any], folder: Path) -> None:
    """Let the world play its script, and stand at its time. Raises BakongError."""
    if scenario := begin.get("scenario"):
        file = folder / scenario if isinstance(scenario, str) and scenario.endswith((".yaml", ".yml")) else None
        world.use(file if file and file.is_file() else scenario)
    at: str | datetime | None = begin.get("at")
    if at is not None:
        world.clock.freeze(at)
