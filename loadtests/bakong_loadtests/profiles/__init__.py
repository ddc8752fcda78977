"""Profiles: what a run is made of and held to. Read from YAML, with the file and the field in every error."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from bakong_loadtests.errors import LoadError
from bakong_loadtests.slo import OBJECTIVES

FOLDER = Path(__file__).parent
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeOf:
    kind: str = "steady"
    users: int = 10
    seconds: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """How many of the users do something else than the journey: misbehave, or probe without a pause."""

    bad_bodies: int = 0
    bad_keys: int = 0
    hammers: int = 0
    probes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyOf:
    """A customer's pace. patient: goes on through errors until it has its answer, as a phone does.

    probe_ms: a probing user's pause after each answer.
    """

    think_ms: int = 300
    poll_ms: int = 1100
    patience_s: int = 30
    probe_ms: int = 0
    unpaid_share: float = 0.0
    patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A run.

    payments: end when so many were made, 0 by time alone; keys: how many it spreads over;
    settle_s: how long to wait for all to be known.
    """

    name: str = ""
    about: str = ""
    shape: ShapeOf = field(default_factory=ShapeOf)
    users: Users = field(default_factory=Users)
    journey: JourneyOf = field(default_factory=JourneyOf)
    slo: Mapping[str, float] = field(default_factory=dict)
    scenario: str = ""
    kill: bool = False
    attacks: bool = False
    payments: int = 0
    keys: int = 12
    settle_s: int = 15


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(asked: str) -> Profile:
    """A profile by the name of one of ours or by file. Raises LoadError."""
    path = FOLDER / f"{asked}.yaml" if asked in names() else Path(asked)
    if not path.is_file():
        near = difflib.get_close_matches(asked, names(), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise LoadError(f"{asked!r} is no profile and no file; {hint}there are {', '.join(names())}")
    return replace(_made(Profile, _mapping(path), str(path)), name=path.stem)


def load_slo(path: Path) -> Mapping[str, float]:
    """Objectives from a file of their own. Raises LoadError."""
    return _objectives(_mapping(path), str(path))


def with_settings(profile: Profile, settings: list[str]) -> Profile:
    """The profile with `shape.users=80` or `slo.p99_ms=300` set, as flags do. Raises LoadError."""
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise LoadError(f"--set {setting!r}: expected name=value, like shape.users=80")
        profile = _set(profile, name.split("."), yaml.safe_load(value), f"--set {setting}")
    return profile


def _set(profile: Profile, path: list[str], value: object, where: str) -> Profile:
    head, *rest = path
    if not rest:
        return _made(Profile, {head: value}, where, onto=profile)
    inner = getattr(profile, head, None)
    if head == "slo":
        return replace(profile, slo={**profile.slo, **_objectives({rest[0]: value}, where)})
    if not isinstance(inner, ShapeOf | Users | JourneyOf):
        raise LoadError(f"{where}: {head!r} is no group of settings; there are shape, users, journey and slo")
    changed: dict[str, Any] = {head: _made(type(inner), {rest[0]: value}, where, onto=inner)}
    return replace(profile, **changed)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text())
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LoadError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(read, dict):
        raise LoadError(f"{path}: read {type(read).__name__}, expected names and values")
    return read


def _made(kind: type[T], read: Mapping[str, Any], where: str, onto: T | None = None) -> T:
    """A settings object from a mapping, every name and type checked. Raises LoadError."""
    known = {one.name: one for one in fields(cast("Any", kind)) if one.name != "name"}
    values: dict[str, Any] = {}
    for name, value in read.items():
        if name not in known:
            raise LoadError(f"{where}: {name!r} is unknown; there are {', '.join(known)}")
        values[name] = _value(name, value, known[name].type, where)
    return kind(**values) if onto is None else cast("T", replace(cast("Any", onto), **values))


def _value(name: str, value: object, kind: Any, where: str) -> object:
    if name == "slo":
        return _objectives(value, where)
    if isinstance(kind, type) and kind in (ShapeOf, Users, JourneyOf):
        if not isinstance(value, dict):
            raise LoadError(f"{where}: {name}: read {value!r}, expected names and values")
        return _made(kind, value, f"{where}: {name}")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind or (isinstance(value, int | float) and value < 0):
        raise LoadError(f"{where}: {name}: read {value!r}, expected {kind.__name__}, 0 or more")
    return value


def _objectives(read: object, where: str) -> Mapping[str, float]:
    if not isinstance(read, dict):
        raise LoadError(f"{where}: slo: read {read!r}, expected objectives and their bounds")
    for name, bound in read.items():
        if name not in OBJECTIVES:
            raise LoadError(f"{where}: slo: {name!r} is unknown; there are {', '.join(OBJECTIVES)}")
        if isinstance(bound, bool) or not isinstance(bound, int | float) or bound < 0:
            raise LoadError(f"{where}: slo: {name}: read {bound!r}, expected a number, 0 or more")
    return read
