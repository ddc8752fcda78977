"""The worlds' page: all of them, and of this one its profile, limits, mails, accounts, double entry and snapshots."""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from bakong_simulator.console.amounts import money
from bakong_simulator.console.page import Page
from bakong_simulator.control.scheme_control import control_of, of_world
from bakong_simulator.kernel.ledger import Ledger

POSTINGS = 50
SCANNED = 2000  # the newest postings, of which those that opened no account are shown
ACCOUNTS = 200
WORLDS = 100


async def values(page: Page) -> dict[str, Any]:
    """What the control API shows of the worlds and of this one."""
    world = page.world
    shown = of_world(world)
    return {
        "worlds": list(page.worlds.by_name.values())[:WORLDS],
        "shown": shown,
        "profiles": _profiles(control_of(world.scheme()).settings),
        "limits": shown.get("limits"),
        "mails": shown.get("outbox") or [],
        "sums": {currency: world.ledger.sum(currency) for currency in world.ledger.currencies},
        **_moved(world.ledger, page.asked("part")),
    }


class Move(NamedTuple):
    """A posting and its number."""

    number: int
    debit: str
    credit: str
    currency: str
    minor: int


def _moved(ledger: Ledger, part: str) -> dict[str, Any]:
    """What has moved since accounts were opened, newest first, and between whom; all of it where that is asked."""
    first = max(0, len(ledger.postings) - SCANNED)
    postings = [Move(number, *row) for number, row in enumerate(ledger.postings[first:], first + 1)]
    moves = [row for row in postings if row.debit not in ledger.issuers]
    part_in_it = dict.fromkeys(name for row in reversed(moves) for name in (row.debit, row.credit))
    return {
        "moved": _held(ledger, [*part_in_it][:ACCOUNTS]),
        "moves": moves[: -POSTINGS - 1 : -1],
        "all_accounts": _held(ledger, [*ledger.accounts][:ACCOUNTS]) if part == "accounts" else (),
        "all_moves": postings[: -POSTINGS - 1 : -1] if part == "postings" else (),
    }


def _held(ledger: Ledger, names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Accounts, and what each holds: the currencies of which it has nothing are many, and not shown."""
    held = [(name, ledger.accounts[name].balances) for name in names]
    return [(name, [money(minor, currency) for currency, minor in row.items() if minor]) for name, row in held]


@cache
def _profiles(settings: type[BaseModel]) -> tuple[str, ...]:
    """The profiles that a scheme's settings may name; none where it has none."""
    named = settings.model_json_schema().get("properties", {}).get("profile", {})
    return tuple(next((row["enum"] for row in named.get("anyOf", ()) if "enum" in row), ()))
