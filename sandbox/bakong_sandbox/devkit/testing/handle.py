"""One world in a test's hand: pay, use, clock, journal."""

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from bakong_sandbox.devkit.testing import arguments
from bakong_sandbox.devkit.testing.arguments import Amount, Instant, Seconds
from bakong_sandbox.devkit.testing.errors import BakongError

Ask = Callable[[str, str, Any], Any]
Answer = TypeVar("Answer")
Entries = TypeVar("Entries")
__tracebackhide__ = True  # pytest shows the test's line, and none of ours


class Clock(Generic[Answer]):
    """The world's clock. In process each call is awaited."""

    def __init__(self, ask: Callable[[str, str, Any], Answer]) -> None:
        self._ask = ask

    def now(self) -> Answer:
        """Mode, instant and epoch milliseconds."""
        return self._ask("GET", "/clock", None)

    def freeze(self, at: Instant | None = None) -> Answer:
        """Let time stand still, at an instant, or now.

        at: a datetime with its zone, or a text like 2026-02-11T00:00:00Z. Raises BakongError, also for a naive one.
        """
        return self._ask("PUT", "/clock", {"mode": "frozen", "at": None if at is None else arguments.instant(at)})

    def set(self, at: Instant) -> Answer:
        """Let it be an instant, as of freeze, and time go on from there at its usual pace."""
        return self._ask("PUT", "/clock", {"mode": "offset", "at": arguments.instant(at)})

    def real(self) -> Answer:
        return self._ask("PUT", "/clock", {"mode": "real"})

    def scale(self, rate: float | Decimal) -> Answer:
        """Let time run so many times as fast."""
        return self._ask("PUT", "/clock", {"mode": "scaled", "rate": arguments.rate(rate)})

    def advance(self, seconds: Seconds) -> Answer:
        """Move time on, by seconds or a timedelta; returns when all that fell due has settled."""
        return self._ask("POST", "/clock/advance", {"seconds": arguments.seconds(seconds)})


class Handle(Generic[Answer, Entries]):
    """One isolated Bakong of a test. Answers are the control API's, as dictionaries; in process they are awaited.

    base_url: in the place of https://api-bakong.nbc.gov.kh. token: the developer's. world: its name.
    """

    def __init__(self, base_url: str, token: str, world: str, ask: Ask) -> None:
        self.base_url = base_url
        self.token = token
        self.world = world
        self.clock: Clock[Answer] = Clock(ask)
        self._ask: Callable[[str, str, Any], Answer] = ask
        self._journal: Callable[[str, str, Any], Entries] = ask

    def pay(
        self,
        qr: str | None = None,
        *,
        md5: str | None = None,
        amount: Amount | None = None,
        currency: str | Enum | None = None,
        from_account: str | None = None,
        outcome: str | None = None,
        description: str | None = None,
        **further: Any,
    ) -> Answer:
        """A wallet pays a code, by its text or its md5.

        amount: instead of the code's, a number, a Decimal or a text, in the currency's major unit. outcome: "paid" or
        "failed". description: what the payer writes, which Bakong's answers carry. further: as in the control API,
        such as scheme and reference. Raises BakongError.
        """
        named = {"md5": md5, "amount": amount, "currency": currency, "from_account": from_account, "outcome": outcome}
        named["description"] = description
        given = {name: value for name, value in {"qr": qr, **named}.items() if value is not None}
        return self._ask("POST", "/payments", arguments.fields({**given, **further}))

    def payment(self, md5: str) -> Answer:
        return self._ask("GET", f"/payments/{quote(md5, safe='')}", None)

    def register(self, qr: str, scenario: str | None = None) -> Answer:
        """Let Bakong know a code, with the script that its payment follows."""
        return self._ask("POST", "/qr", {"qr": qr} if scenario is None else {"qr": qr, "scenario": scenario})

    def use(self, scenario: str | Path) -> Answer:
        """Play a script: a name of the library, a file, or the YAML itself."""
        if isinstance(scenario, Path):
            return self._ask("PUT", "/scenario", scenario.read_text(encoding="utf-8"))
        is_text = "\n" in scenario or ":" in scenario
        return self._ask("PUT", "/scenario", scenario if is_text else {"name": scenario})

    @property
    def journal(self) -> Entries:
        """Every call and its answer, oldest first."""
        return self._journal("GET", "/journal", None)

    def issue_token(self, **fields: Any) -> Answer:
        """Another token: email, expires_in_s (seconds, or a timedelta)."""
        return self._ask("POST", "/tokens", arguments.fields(fields))

    def account(self, account_id: str, **balances: Amount) -> Answer:
        """Open an account, or fund one, as by ("sokha@devb", USD=10, KHR="4000")."""
        shown = {currency: arguments.amount(value, currency) for currency, value in balances.items()}
        return self._ask("POST", "/accounts", {"account_id": account_id, "balances": shown})

    def set_quota(self, calls: int | None) -> Answer:
        """So many calls a day for each token, as the real one's 100; None is no limit."""
        return self._ask("PATCH", "", {"limits": {"quota": calls}})

    def set_geo_block(self, blocked: bool = True) -> Answer:  # noqa: FBT001, FBT002  it reads as a sentence
        """Whether every caller is taken for one abroad, and gets the 403 of the edge."""
        return self._ask("PATCH", "", {"limits": {"geo_block": blocked}})

    def reset(self) -> Answer:
        return self._ask("POST", "/reset", None)

    def look(self, path: str) -> Any:
        """What the control API shows of the world, at once."""
        return self._ask("GET", path, None)


class Bakong(Handle[dict[str, Any], list[dict[str, Any]]]):
    """One isolated Bakong of a test, on a real port."""


def unpacked(method: str, path: str, status: int, answer: Any) -> Any:
    """The answer of the control API; the journal as its list of entries. Raises BakongError for a refusal."""
    if status >= 400:
        raise BakongError(f"{method} {path}: {answer.get('detail', answer) if isinstance(answer, dict) else answer}")
    return answer["entries"] if path == "/journal" else answer
