"""The worlds' page: all of them, and of this one its profile, limits, mails, accounts, double entry and snapshots."""

from functools import cache
from typing import Any

from pydantic import BaseModel

from bakong_simulator.console.page import Page
from bakong_simulator.control import responses
from bakong_simulator.control.scheme_control import control_of, of_world
from bakong_simulator.kernel.ledger import Account
from bakong_simulator.kernel.money import text_of

POSTINGS = 50
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
        "accounts": [_held(row) for row in list(world.ledger.accounts.values())[:ACCOUNTS]],
        "ledger": responses.of_ledger(world, POSTINGS),
    }


def _held(account: Account) -> tuple[str, list[str]]:
    """An account, and what it holds: the currencies of which it has nothing are many, and not shown."""
    return account.account_id, [
        f"{text_of(minor, currency)} {currency}" for currency, minor in account.balances.items() if minor
    ]


@cache
def _profiles(settings: type[BaseModel]) -> tuple[str, ...]:
    """The profiles that a scheme's settings may name; none where it has none."""
    named = settings.model_json_schema().get("properties", {}).get("profile", {})
    return tuple(next((row["enum"] for row in named.get("anyOf", ()) if "enum" in row), ()))
