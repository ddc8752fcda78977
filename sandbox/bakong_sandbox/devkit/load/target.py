"""What a load test is aimed at: a sandbox that runs, one of our own for the time of the run, or somebody's service."""

import os
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from bakong_contracts.trust import ssl_context
from bakong_loadtests.errors import LoadError
from bakong_sandbox.devkit.load.database import Database, fresh_keys, open_database
from bakong_sandbox.stack.datadir import FILE, load_secrets
from bakong_sandbox.stack.launcher import sandbox
from bakong_sandbox.stack.production_stack import ProductionStack, production_stack

SERVICE_URL = "http://127.0.0.1:3002"
BAKONG_URL = "http://127.0.0.1:8600"
# One for a hammer, one for the books, six for the attacks, three for the frozen clock, one to knock with.
SPECIAL_KEYS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What the command line says of the target."""

    urls: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    bakong_url: str = ""
    world: str = "default"
    data_dir: Path = Path("data")
    database_url: str = ""
    limit: int = 100
    own: bool = False
    up_options: tuple[str, ...] = ()
    ca: Path | None = None  # authorities that it may show beside the public ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the load goes. database: the service's, if it is ours; own, stack: started for this run."""

    urls: tuple[str, ...]
    keys: tuple[str, ...]
    special_keys: tuple[str, ...] = ()
    bakong_url: str = ""
    world: str = "default"
    limit: int = 100
    database: Database | None = None
    own: bool = False
    pids: tuple[int, ...] = field(default_factory=tuple)
    stack: ProductionStack | None = None
    trust: ssl.SSLContext = field(default_factory=ssl_context)

    @property
    def fresh(self) -> bool:
        return self.database is not None


@asynccontextmanager
async def find_target(options: TargetOptions, keys: int, *, kill: bool = False) -> AsyncIterator[Target]:
    """The target, with so many keys where they can be made. kill: one of our own, to be killed. Raises LoadError."""
    trust = ssl_context(options.ca)
    if kill:
        async with _killable(options, keys) as target:
            yield target
        return
    if options.urls and not options.api_keys and not (options.data_dir / FILE).exists():
        raise LoadError(f"{options.urls[0]}: give its --api-key, or the --data-dir of the sandbox that it belongs to")
    if options.api_keys:
        bakong = options.bakong_url or BAKONG_URL
        urls = options.urls or (SERVICE_URL,)
        await _require_answer(urls[0], trust)
        yield Target(
            urls=urls,
            keys=options.api_keys,
            bakong_url=bakong,
            world=options.world,
            limit=options.limit,
            trust=trust,
        )
        return
    if options.urls or (not options.own and (options.data_dir / FILE).exists() and await _answers(SERVICE_URL, trust)):
        urls = options.urls or (SERVICE_URL,)
        await _require_answer(urls[0], trust)
        base = Target(
            urls=urls,
            keys=(),
            bakong_url=options.bakong_url or BAKONG_URL,
            world=options.world,
            limit=options.limit,
            trust=trust,
        )
        async with _with_keys(base, options.data_dir, keys, options.database_url) as target:
            yield target
        return
    with (
        tempfile.TemporaryDirectory(prefix="bakong-load-") as folder,
        sandbox(Path(folder), *options.up_options) as (ready, pid),
    ):
        base = Target(
            urls=(ready["service_url"],),
            keys=(),
            bakong_url=ready["bakong_url"],
            world=ready["world"],
            limit=options.limit,
            own=True,
            pids=(pid,),
        )
        async with _with_keys(base, Path(folder), keys) as target:
            yield target


@asynccontextmanager
async def _killable(options: TargetOptions, keys: int) -> AsyncIterator[Target]:
    if options.urls:
        raise LoadError("this profile kills the service: it runs on one of its own, without --url")
    with tempfile.TemporaryDirectory(prefix="bakong-load-") as name:
        folder = Path(name)
        with sandbox(folder, "--no-service") as (ready, _):
            async with production_stack(folder, ready["bakong_url"]) as stack:
                base = Target(
                    urls=(stack.service_url,),
                    keys=(),
                    bakong_url=ready["bakong_url"],
                    world=ready["world"],
                    limit=options.limit,
                    own=True,
                    stack=stack,
                )
                async with _with_keys(base, folder, keys) as target:
                    yield target


@asynccontextmanager
async def _with_keys(base: Target, folder: Path, count: int, database_url: str = "") -> AsyncIterator[Target]:
    secrets = load_secrets(folder)
    async with (
        open_database(folder, database_url) as database,
        fresh_keys(database, secrets, count + SPECIAL_KEYS) as made,
    ):
        special, keys = tuple(made[:SPECIAL_KEYS]), tuple(made[SPECIAL_KEYS:])
        yield replace(base, keys=keys, special_keys=special, database=database)


def cpu_s(pid: int) -> float | None:
    """The CPU seconds that a process of this machine has used."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float | None:
    """The memory that a process of this machine has in use."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _require_answer(url: str, trust: ssl.SSLContext) -> None:
    if not await _answers(url, trust):
        raise LoadError(f"{url}/api/health/live does not answer: is the service up? `bakong-sandbox up` starts one")


async def _answers(url: str, trust: ssl.SSLContext) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=5, verify=trust) as client:
        try:
            return (await client.get(f"{url}/api/health/live")).status_code < 500
        except httpx.HTTPError:
            return False
