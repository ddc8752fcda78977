"""A sandbox world through its control API: pay, move time, set limits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.racing import ANSWERS_S
from bakong_conformance.rules import NotCheckedError, PreconditionError

START = "2026-02-11T05:37:21Z"  # near no midnight of a zone in use
MIDNIGHT = "2026-02-11T00:00:00Z"
PLAIN = "name: plain"
TIMEOUT_S = (
    300.0  # of real time: all that falls due in an advance is done before it is answered, however busy the machine is
)


@dataclass(slots=True)
class World:
    """One world of a sandbox at `http`, whose control API is under /sandbox.

    was_troubled: another script than the plain one was played; who heeds it takes it back.
    troubles: how many there were; each has a name of its own, so that none lets the window of one before begin anew.
    """

    http: httpx.Client
    name: str
    was_troubled: bool = False
    troubles: int = 0

    def ask(self, case: Case | None, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers. Raises PreconditionError where it refuses."""
        answer = call(case, self.http, method, f"/sandbox/worlds/{self.name}{path}", body=body)
        if not 200 <= answer.status < 300:
            raise PreconditionError(f"the sandbox refused {method} {path}: {answer.summary}")
        return answer.body

    def now_ms(self) -> int:
        now_ms: int = self.ask(None, "GET", "/clock")["now_ms"]
        return now_ms

    def freeze(self) -> None:
        """Stop the clock where it is."""
        self.ask(None, "PUT", "/clock", {"mode": "frozen"})

    def advance(self, case: Case | None, seconds: float) -> None:
        self.ask(case, "POST", "/clock/advance", {"seconds": seconds})

    def leap(self, case: Case | None, seconds: float) -> None:
        """Be so much later at once, as after a sleep: what fell due meanwhile does so then, each once."""
        at = datetime.fromtimestamp((self.now_ms() + round(seconds * 1000)) / 1000, UTC)
        self.ask(case, "PUT", "/clock", {"mode": "frozen", "at": at.isoformat(timespec="milliseconds")})
        self.ask(None, "POST", "/clock/advance", {"seconds": 0})

    def pay(self, case: Case, qr: str, **how: Any) -> dict[str, Any]:
        """A wallet pays a code; how: amount, currency, outcome, ..."""
        paid: dict[str, Any] = self.ask(case, "POST", "/payments", {"qr": qr, **how})
        return paid

    def show(self, case: Case, qr: str) -> None:
        """A wallet scans a code, and nobody pays: from now on its payment keeps the script that is played."""
        self.ask(case, "POST", "/qr", {"qr": qr})

    def play(self, case: Case, script: str) -> None:
        """Play a script, given as YAML. Raises NotCheckedError where the sandbox does not know what it says."""
        self.was_troubled = self.was_troubled or script != PLAIN
        answer: Answer = call(
            case, self.http, "PUT", f"/sandbox/worlds/{self.name}/scenario", raw=script.encode(), headers=_YAML
        )
        if answer.status != 200:
            raise NotCheckedError(f"this sandbox does not know the script: {answer.summary}")

    def trouble(
        self, case: Case, faults: Sequence[str], *, after_s: int, each_s: int, throughout: Sequence[str] = ()
    ) -> None:
        """Bakong will break, so long after its next call, by each of the faults in turn, and then answer as before.

        throughout: faults that come before these, for as long as these last.
        It strikes the payments that begin from now on: one that Bakong knows keeps the script it began with.
        A fault is a scenario's, such as "http, status: 500". Raises NotCheckedError for one that it does not know.
        """
        starts = range(after_s, after_s + len(faults) * each_s, each_s)
        lines = [f"  - {{fault: {fault}, window: {{from: 0s, to: {starts.stop}s}}}}\n" for fault in throughout]
        lines += [
            f"  - {{fault: {fault}, window: {{from: {start}s, to: {start + each_s}s}}}}\n"
            for fault, start in zip(faults, starts, strict=True)
        ]
        self.troubles += 1
        self.play(case, f"name: trouble-{self.troubles}\nfaults:\n{''.join(lines)}")

    def known(self, case: Case, faults: Sequence[str]) -> list[str]:
        """Those of the faults that this sandbox knows."""
        return [fault for fault in faults if self._knows(case, fault)]

    def _knows(self, case: Case, fault: str) -> bool:
        try:
            self.trouble(case, [fault], after_s=0, each_s=1)
        except NotCheckedError:
            return False
        return True

    def limit(self, case: Case, **limits: Any) -> None:
        """Set the world's limits. Raises NotCheckedError where it has none."""
        answer = call(case, self.http, "PATCH", f"/sandbox/worlds/{self.name}", body={"limits": limits})
        if answer.status != 200:
            raise NotCheckedError(f"this sandbox has no limits to set: {answer.summary}")

    @contextmanager
    def profile(self, case: Case, name: str) -> Iterator[None]:
        """Bakong as it was, or is, elsewhere. Raises NotCheckedError where the sandbox has no such profile."""
        path = f"/sandbox/worlds/{self.name}"
        before = call(None, self.http, "GET", path).body
        answer = call(case, self.http, "PATCH", path, body={"profile": name})
        if answer.status != 200 or not isinstance(before, dict) or "profile" not in before:
            raise NotCheckedError(f"this sandbox has no profile {name!r}: {answer.summary}")
        try:
            yield
        finally:
            call(None, self.http, "PATCH", path, body={"profile": before["profile"]})

    def token(self, case: Case | None, **how: Any) -> str:
        made: str = self.ask(case, "POST", "/tokens", how)["token"]
        return made

    def calls(self) -> int:
        """How many calls of Bakong's API came so far."""
        total: int = self.ask(None, "GET", "/journal?limit=1")["total"]
        return total

    def calls_about(self, text: str, after: int) -> int:
        """How many calls after the one of that number named a text, such as an md5."""
        rows: list[Any] = self.ask(None, "GET", f"/journal?after={after}")["entries"]
        return sum(text in str(row) for row in rows)

    @contextmanager
    def holding(self, callers: int) -> Iterator[None]:
        """The answers to the next calls wait until so many callers are there, or a second after the first.

        A sandbox that knows no barrier holds nothing.
        """
        path = f"/sandbox/worlds/{self.name}/barrier"
        call(None, self.http, "PUT", path, body={"callers": callers, "within_s": ANSWERS_S})
        try:
            yield
        finally:
            call(None, self.http, "DELETE", path)

    def drop(self) -> None:
        call(None, self.http, "DELETE", f"/sandbox/worlds/{self.name}")


_YAML = {"content-type": "application/yaml"}


def make_world(case: Case | None, http: httpx.Client, *, at: str = START, **how: Any) -> tuple[World, str, str]:
    """A new world, frozen at `at`, with its token and base URL.

    Raises NotCheckedError where the sandbox makes none like it.
    """
    answer = call(case, http, "POST", "/sandbox/worlds", body=how)
    if answer.status != 200:
        raise NotCheckedError(f"the sandbox makes no world like {how}: {answer.summary}")
    world = World(http, answer.body["world"])
    world.ask(None, "PUT", "/clock", {"mode": "frozen", "at": at})
    return world, answer.body["token"], answer.body["base_url"]
