"""A sandbox world through its control API: pay, move time, set limits. May not know who watches the world."""

from dataclasses import dataclass
from typing import Any

import httpx

from contracts.suites.case import Case
from contracts.suites.http import Answer, call
from contracts.suites.rules import NotCheckedError, PreconditionError

START = "2026-02-11T00:00:00Z"


@dataclass(slots=True)
class World:
    """One world of a sandbox at `http`, whose control API is under /sandbox."""

    http: httpx.Client
    name: str

    def ask(self, case: Case | None, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers. Raises PreconditionError where it refuses."""
        answer = call(case, self.http, method, f"/sandbox/worlds/{self.name}{path}", body=body)
        if not 200 <= answer.status < 300:
            raise PreconditionError(f"the sandbox refused {method} {path}: {answer.told}")
        return answer.body

    def now_ms(self) -> int:
        found: int = self.ask(None, "GET", "/clock")["now_ms"]
        return found

    def freeze(self) -> None:
        """Stop the clock where it is."""
        self.ask(None, "PUT", "/clock", {"mode": "frozen"})

    def advance(self, case: Case | None, seconds: float) -> None:
        self.ask(case, "POST", "/clock/advance", {"seconds": seconds})

    def pay(self, case: Case, qr: str, **how: Any) -> dict[str, Any]:
        """A wallet pays a code; how: amount, currency, outcome, ..."""
        paid: dict[str, Any] = self.ask(case, "POST", "/payments", {"qr": qr, **how})
        return paid

    def play(self, case: Case, script: str) -> None:
        """Play a script, given as YAML. Raises NotCheckedError where the sandbox does not know what it says."""
        answer: Answer = call(
            case, self.http, "PUT", f"/sandbox/worlds/{self.name}/scenario", raw=script.encode(), headers=_YAML
        )
        if answer.status != 200:
            raise NotCheckedError(f"this sandbox does not know the script: {answer.told}")

    def trouble(self, case: Case, fault: str, seconds: int) -> None:
        """Bakong breaks for so long, and then answers as before; fault is a scenario's, such as "http, status: 500"."""
        self.play(case, f"name: trouble\nfaults:\n  - {{fault: {fault}, window: {{from: 0s, to: {seconds}s}}}}\n")

    def limit(self, case: Case, **limits: Any) -> None:
        """Set the world's limits. Raises NotCheckedError where it has none."""
        answer = call(case, self.http, "PATCH", f"/sandbox/worlds/{self.name}", body={"limits": limits})
        if answer.status != 200:
            raise NotCheckedError(f"this sandbox has no limits to set: {answer.told}")

    def token(self, case: Case | None, **how: Any) -> str:
        made: str = self.ask(case, "POST", "/tokens", how)["token"]
        return made

    def drop(self) -> None:
        call(None, self.http, "DELETE", f"/sandbox/worlds/{self.name}")


_YAML = {"content-type": "application/yaml"}


def make_world(case: Case | None, http: httpx.Client, **how: Any) -> tuple[World, str, str]:
    """A new frozen world with its token and base URL. Raises NotCheckedError where the sandbox makes none like it."""
    answer = call(case, http, "POST", "/sandbox/worlds", body=how)
    if answer.status != 200:
        raise NotCheckedError(f"the sandbox makes no world like {how}: {answer.told}")
    world = World(http, answer.body["world"])
    world.ask(None, "PUT", "/clock", {"mode": "frozen", "at": START})
    return world, answer.body["token"], answer.body["base_url"]
