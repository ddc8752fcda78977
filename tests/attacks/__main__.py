"""`python -m tests.attacks [WORD...]`: every attack (or those whose name holds a word), and a table; exit 1: one broke.

PostgreSQL and Redis are servers of their own, which may be frozen; what a machine lacks is left out, and said.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests import servers
from tests.attacks import clocks, keys, paths, stores, webhooks
from tests.attacks.table import BROKEN, Attack, Result, carry_out, table
from tests.attacks.targets import sandbox_up

# On one sandbox, which all of them share; and each on a service of its own beside that sandbox's simulator.
SHARED = [*clocks.ATTACKS, *paths.SHARED, *webhooks.SANDBOX]
OWN = [*paths.OWN, *webhooks.ATTACKS, *stores.ATTACKS, *keys.ATTACKS]
if importlib.util.find_spec("tests.attacks.raw"):
    from tests.attacks import connections

    SHARED += connections.ATTACKS


class Servers:
    """A PostgreSQL and a Redis of our own, started when the first attack needs them."""

    def __init__(self, held: contextlib.ExitStack) -> None:
        self._held = held
        self._postgres: servers.OwnPostgres | None = None
        self._redis: servers.OwnRedis | None = None
        self._databases = 0

    @property
    def postgres(self) -> servers.OwnPostgres:
        if self._postgres is None:
            self._postgres = servers.OwnPostgres().start()
            self._held.callback(self._postgres.remove)
        return self._postgres

    @property
    def redis(self) -> servers.OwnRedis:
        if self._redis is None:
            self._redis = servers.OwnRedis().start()
            self._held.callback(self._redis.stop)
        return self._redis

    def new_database(self) -> str:
        """The URL of a database without tables."""
        databases = servers.Databases(self.postgres.url)
        self._databases += 1
        name = f"attacked_{self._databases}"
        servers.at_once(databases._create(name))
        return databases.url_of(name)


def lacks(attack: Attack) -> str:
    """The program that an attack needs and this machine does not have; mount needs root besides."""
    for name in attack.needs:
        if servers.program(name) is None or (name == "mount" and os.geteuid() != 0):
            return name
    return ""


async def campaign(chosen: list[Attack]) -> list[Result]:
    """Carry them out, one after another."""
    results = []
    folder = Path(tempfile.mkdtemp(prefix="attacks-"))
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        own = Servers(held)
        async with sandbox_up(folder / "shared") as target:
            for attack in chosen:
                given = (target, folder, own) if attack in OWN else (target,)
                results.append(await carry_out(attack, *given))
                print(f"{results[-1].verdict}: {attack.name}, {attack.server}, {attack.database}", file=sys.stderr)
    return results


def main() -> int:
    words = sys.argv[1:]
    wanted = [one for one in SHARED + OWN if not words or any(word in one.name for word in words)]
    for attack in wanted:
        if program := lacks(attack):
            print(f"left out: {attack.name}, {attack.database}: {program} is not there", file=sys.stderr)
    results = asyncio.run(campaign([one for one in wanted if not lacks(one)]))
    print(table(results))
    return 1 if any(result.verdict == BROKEN for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
