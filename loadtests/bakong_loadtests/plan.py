"""A run's plan: what the command tells the runner, and the master its workers. Plain JSON both ways."""

from dataclasses import asdict, dataclass
from typing import Any

from bakong_loadtests.profiles import JourneyOf, Profile, ShapeOf, Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where the load goes and how. callback: where webhooks should come; limit: admissions a minute for each key.

    run: what tells this run's customers from another's, who had the same seed.
    """

    profile: Profile
    urls: tuple[str, ...]
    keys: tuple[str, ...]
    hammer_key: str = ""
    bakong_url: str = ""
    world: str = "default"
    callback: str = ""
    limit: int = 100
    run: str = "1"
    seed: int = 1
    worker: int = 0
    workers: int = 1

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def plan_of(plain: dict[str, Any]) -> Plan:
    """The plan of its JSON values."""
    profile = dict(plain["profile"])
    groups = {"shape": ShapeOf, "users": Users, "journey": JourneyOf}
    made = {name: kind(**profile.pop(name)) for name, kind in groups.items()}
    rest = {name: value for name, value in plain.items() if name not in ("profile", "urls", "keys")}
    return Plan(profile=Profile(**profile, **made), urls=tuple(plain["urls"]), keys=tuple(plain["keys"]), **rest)
