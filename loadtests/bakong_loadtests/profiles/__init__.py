"""Profiles: what a run is made of and held to, in YAML. Every mistake of a file is named, with its line and column."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, ValidationError

from bakong_conformance.yaml_model import YamlError, read_model, rows, sentence
from bakong_loadtests.errors import LoadError
from bakong_loadtests.slo import OBJECTIVES

FOLDER = Path(__file__).parent
M = TypeVar("M", bound=BaseModel)


def _known_objective(name: str) -> str:
    if name not in OBJECTIVES:
        raise ValueError(f"unknown objective (known: {', '.join(OBJECTIVES)})")
    return name


Count = Annotated[int, Field(ge=0)]
Bound = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Slo = dict[Annotated[str, AfterValidator(_known_objective)], Bound]


Kind = Literal["steady", "ramp", "lunch-peak", "spike", "soak"]  # those of bakong_loadtests.shapes, which needs Locust


class Settings(BaseModel):
    """No unknown keys, and no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Shape(Settings):
    """How many users there are over time. users: at the peak."""

    kind: Kind = "steady"
    users: Count = 10
    seconds: Count = 20


class Users(Settings):
    """How many of the users do something else than the journey: misbehave, or probe without a pause."""

    bad_bodies: Count = 0
    bad_keys: Count = 0
    hammers: Count = 0
    probes: Count = 0


class Journey(Settings):
    """A customer's pace. patient: goes on through errors until it has its answer, as a phone does.

    probe_ms: a probing user's pause after each answer.
    """

    think_ms: Count = 300
    poll_ms: Count = 1100
    patience_s: Count = 30
    probe_ms: Count = 0
    unpaid_share: Share = 0.0
    patient: bool = False


class Profile(Settings):
    """A run.

    payments: end when so many were made, 0 by time alone; keys: how many it spreads over;
    settle_s: how long to wait for all to be known.
    """

    name: str = ""
    about: str = ""
    shape: Shape = Shape()
    users: Users = Users()
    journey: Journey = Journey()
    slo: Slo = {}
    scenario: str = ""
    kill: bool = False
    attacks: bool = False
    payments: Count = 0
    keys: Count = 12
    settle_s: Count = 15


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(named: str) -> Profile:
    """A profile by the name of one of ours or by file. Raises LoadError."""
    path = FOLDER / f"{named}.yaml" if named in names() else Path(named)
    if not path.is_file():
        near = difflib.get_close_matches(named, names(), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise LoadError(f"{named!r} is no profile and no file; {hint}there are {', '.join(names())}")
    profile = _read(path, Profile)
    return profile if profile.name else profile.model_copy(update={"name": path.stem})


def load_slo(path: Path) -> Mapping[str, float]:
    """Objectives from a file of their own. Raises LoadError."""
    return _read(path, RootModel[Slo]).root


def with_settings(profile: Profile, settings: list[str]) -> Profile:
    """The profile with `shape.users=80` or `slo.p99_ms=300` set, as flags do. Raises LoadError."""
    values = profile.model_dump()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise LoadError(f"--set {setting!r}: expected name=value, like shape.users=80")
        _set(values, name.split("."), yaml.safe_load(value))
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        raise LoadError("; ".join(f"--set {sentence(mistake, Profile)}" for mistake in rows(error))) from None


def _set(values: dict[str, Any], path: list[str], value: object) -> None:
    head, *rest = path
    if rest:
        inner = values[head] = dict(values[head]) if isinstance(values.get(head), dict) else {}
        _set(inner, rest, value)
    else:
        values[head] = value


def _read(path: Path, model: type[M]) -> M:
    try:
        return read_model(path, model)
    except YamlError as error:
        raise LoadError(str(error)) from None
