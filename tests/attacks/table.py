"""What an attack is, and how one is carried out: in bounded time, whatever happens, with a verdict."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

HELD, BROKEN = "held", "BROKEN"


class Outcome(NamedTuple):
    """What was observed, in a few words, and whether that is what was to be expected."""

    observed: str
    held: bool


class Attack(NamedTuple):
    """server and database: what is attacked. expected: in a few words. run: carries it out on what `start` gives.

    quick: it is part of the tests, too. needs: programs without which it cannot be carried out.
    """

    name: str
    server: str
    database: str
    expected: str
    run: Callable[..., Awaitable[Outcome]]
    quick: bool = False
    bound_s: float = 60.0
    needs: tuple[str, ...] = ()


def on_both(name: str, expected: str, run: Callable[..., Awaitable[Outcome]], bound_s: float) -> list[Attack]:
    """An attack on a service of its own, on SQLite and on PostgreSQL. run: with a simulator, a folder and a URL."""

    async def on_sqlite(simulator: Any, folder: Path, _servers: Any) -> Outcome:
        return await run(simulator, folder / f"{run.__name__}-sqlite", "")

    async def on_postgres(simulator: Any, folder: Path, servers: Any) -> Outcome:
        return await run(simulator, folder / f"{run.__name__}-postgres", servers.new_database())

    return [
        Attack(name, "service", "SQLite", expected, on_sqlite, bound_s=bound_s),
        Attack(name, "service", "PostgreSQL", expected, on_postgres, bound_s=bound_s, needs=("initdb",)),
    ]


class Result(NamedTuple):
    """One row of the table at the end."""

    attack: Attack
    observed: str
    verdict: str
    seconds: float

    def cells(self) -> tuple[str, ...]:
        kind = self.attack
        shown = (kind.name, kind.server, kind.database, self.observed, kind.expected, self.verdict)
        return (*shown, f"{self.seconds:.1f}")


async def carry_out(attack: Attack, *given: object) -> Result:
    """The attack's row; one that takes too long or fails itself is one that was not held."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    try:
        async with asyncio.timeout(attack.bound_s):
            observed, held = await attack.run(*given)
    except TimeoutError:
        observed, held = f"no end within {attack.bound_s:.0f} s", False
    except Exception as error:  # noqa: BLE001  whatever went wrong is what was observed
        observed, held = f"{type(error).__name__}: {error}"[:120], False
    return Result(attack, observed, HELD if held else BROKEN, loop.time() - begun_s)


TITLES = ("attack", "server", "database", "observed", "expected", "verdict", "s")


def table(results: list[Result]) -> str:
    """The rows under their titles, each column as wide as it has to be."""
    rows = [TITLES, *(result.cells() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(TITLES))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
