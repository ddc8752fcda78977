"""One world in a test's hand: pay, use, clock, journal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

Ask = Callable[[str, str, Any], Any]


class Clock:
    """The world's clock. In process each call is awaited."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def now(self) -> Any:
        """Mode, instant and epoch milliseconds."""
        return self._ask("GET", "/clock", None)

    def freeze(self, at: str | None = None) -> Any:
        """Let time stand still, at an instant like 2026-02-11T00:00:00Z, or now."""
        return self._ask("PUT", "/clock", {"mode": "frozen", "at": at})

    def real(self) -> Any:
        return self._ask("PUT", "/clock", {"mode": "real"})

    def scale(self, rate: float) -> Any:
        """Let time run so many times as fast."""
        return self._ask("PUT", "/clock", {"mode": "scaled", "rate": rate})

    def advance(self, seconds: float) -> Any:
        """Move time on; returns when all that fell due has settled."""
        return self._ask("POST", "/clock/advance", {"seconds": seconds})


class Bakong:
    """One isolated Bakong of a test.

    base_url: in the place of https://api-bakong.nbc.gov.kh. token: the developer's. world: its name.
    """

    def __init__(self, base_url: str, token: str, world: str, ask: Ask) -> None:
        self.base_url = base_url
        self.token = token
        self.world = world
        self.clock = Clock(ask)
        self._ask = ask

    def pay(self, qr: str | None = None, **fields: Any) -> Any:
        """A wallet pays a code, by its text or as md5="..."; amount, currency, from_account, outcome as in the API."""
        body = fields if qr is None else {"qr": qr, **fields}
        return self._ask("POST", "/payments", body)

    def payment(self, md5: str) -> Any:
        return self._ask("GET", f"/payments/{quote(md5, safe='')}", None)

    def register(self, qr: str, scenario: str | None = None) -> Any:
        """Let Bakong know a code, with the script that its payment follows."""
        return self._ask("POST", "/qr", {"qr": qr} if scenario is None else {"qr": qr, "scenario": scenario})

    def use(self, scenario: str | Path) -> Any:
        """Play a script: a name of the library, a file, or the YAML itself."""
        if isinstance(scenario, Path):
            return self._ask("PUT", "/scenario", scenario.read_text(encoding="utf-8"))
        is_text = "\n" in scenario or ":" in scenario
        return self._ask("PUT", "/scenario", scenario if is_text else {"name": scenario})

    @property
    def journal(self) -> Any:
        """Every call and its answer, oldest first."""
        return self._ask("GET", "/journal", None)

    def issue_token(self, **fields: Any) -> Any:
        """Another token: email, expires_in_s."""
        return self._ask("POST", "/tokens", fields)

    def account(self, account_id: str, **balances: str) -> Any:
        """Open an account, or fund one, as by ("sokha@devb", USD="10")."""
        return self._ask("POST", "/accounts", {"account_id": account_id, "balances": balances})

    def reset(self) -> Any:
        return self._ask("POST", "/reset", None)

    def look(self, path: str) -> Any:
        """What the control API shows of the world, at once."""
        return self._ask("GET", path, None)


class BakongError(AssertionError):
    """The sandbox refused what a test asked of it. The message says why."""


def unpacked(method: str, path: str, status: int, answer: Any) -> Any:
    """The answer of the control API; the journal as its list of entries. Raises BakongError for a refusal."""
    if status >= 400:
        raise BakongError(f"{method} {path}: {answer.get('detail', answer) if isinstance(answer, dict) else answer}")
    return answer["entries"] if path == "/journal" else answer
