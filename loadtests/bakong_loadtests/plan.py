"""A run's plan: what the command says to the runner, and the master to its workers. Plain JSON both ways."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from bakong_loadtests.profiles import Profile


class LoadPlan(BaseModel):
    """Where the load goes and how. callback: where webhooks should come; limit: admissions a minute for each key.

    run: what tells this run's customers from another's, who had the same seed.
    """

    model_config = ConfigDict(frozen=True)

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
        """The plan as JSON values; `model_validate` reads them."""
        return self.model_dump(mode="json")
