"""What the `service` commands do, with settings from the environment. Knows the service, no simulator."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bakong_sandbox.bounded import BoundedProtocol
from bakong_sandbox.datadir import load_secrets, open_folder, save_secrets
from bakong_sandbox.errors import SetupError
from bakong_sandbox.serving import PortError, listen, serve, url_of
from bakong_service import app as service_app
from bakong_service import wiring
from bakong_service.adapters.keys import Hasher, draw
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import migrate as migrations
from bakong_service.adapters.sql import rotation
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemTimers
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso
from bakong_service.domain.keys import ApiKey
from bakong_service.settings import Settings, SettingsError, load

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore


def settings() -> Settings:
    """The environment's settings. In sandbox mode, secrets that it lacks are drawn once and kept in DATA_DIR.

    Raises SetupError, with a line for each setting that has to be put right.
    """
    try:
        return load(_kept())
    except SettingsError as error:
        raise SetupError("\n  ".join(["the settings have to be put right:", *error.lines])) from None


def _kept() -> dict[str, Any]:
    if os.environ.get("SERVICE_MODE") != "sandbox":
        return {}
    folder = open_folder(Path(os.environ.get("DATA_DIR", "data")))
    kept = load_secrets(folder)
    save_secrets(folder, kept)
    drawn = {
        "main_backend_api_key": kept.api_key,
        "webhook_secret": kept.webhook_secret,
        "encryption_key": kept.encryption_key,
        "bakong_developer_token": kept.bakong_token,
        "database_url": f"sqlite:///{folder / 'service.db'}",
    }
    return {name: value for name, value in drawn.items() if value and not os.environ.get(name.upper())}


async def serve_api(host: str, port: int | None, *, works: bool, as_json: bool) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get 5 s, the worker hands back what it has not begun."""
    found = settings()
    stop = _stop_event()
    try:
        opened = listen(found.port if port is None else port, host)
    except PortError as error:
        raise SetupError(str(error)) from None
    with opened:
        async with _running(found, works=works) as running, serve(running.app, opened, http=BoundedProtocol):
            if as_json:
                print(json.dumps({"event": "ready", "service_url": url_of(opened)}), flush=True)
            await stop.wait()


async def work() -> None:
    """One worker until SIGINT or SIGTERM."""
    stop = _stop_event()
    async with _running(settings(), works=True):
        await stop.wait()


@asynccontextmanager
async def _running(found: Settings, *, works: bool) -> AsyncIterator[service_app.Service]:
    try:
        async with service_app.run(found, works=works) as running:
            _adopt_library_logs(running.log)
            yield running
    except UnavailableError as error:
        raise SetupError(str(error)) from None


class _Adopted(logging.Handler):
    """Records of libraries (uvicorn, SQLAlchemy, asyncio) as lines of our own, redacted like them."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", logger=record.name, message=record.getMessage(), exc_info=record.exc_info)


def _adopt_library_logs(log: Any) -> None:
    logging.getLogger().handlers = [_Adopted(log)]


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _store() -> AsyncIterator[tuple[Settings, "SqliteStore | PostgresStore"]]:
    """The store of the environment's settings, brought up to date."""
    found = settings()
    try:
        store = await wiring.open_store(found)
    except UnavailableError as error:
        raise SetupError(f"DATABASE_URL: {error}") from None
    try:
        yield found, store
    except UnavailableError as error:
        raise SetupError(f"DATABASE_URL: {error}") from None
    finally:
        await store.close()


async def migrate(to: str, down: str, *, show: bool) -> str:
    """Where the database stands afterwards."""
    store = wiring.connect_store(settings())
    try:
        if down:
            await store.migrate(lambda connection: migrations.downgrade(connection, down))
        elif not show:
            await store.migrate(lambda connection: migrations.upgrade(connection, to))
        stands = await store.migrate(migrations.revision)
    except UnavailableError as error:
        raise SetupError(f"DATABASE_URL: {error}") from None
    finally:
        await store.close()
    return f"the database stands at {stands or 'nothing'}; this program's newest is {migrations.HEAD}"


async def check() -> int:
    """Print a line for each part; 0 where the service would start and serve."""
    found = settings()
    print(f"settings: good, mode {found.mode}, limit {found.rate_limit_per_minute}/min")
    good = True
    store = wiring.connect_store(found)
    try:
        stands = await store.migrate(migrations.revision)
        print(f"database: answers, stands at {stands or 'nothing'} of {migrations.HEAD}")
    except UnavailableError as error:
        good = False
        print(f"database: {error}")
    finally:
        await store.close()
    admission = wiring.open_admission(found, None)
    part = await wiring.redis_check(admission)()
    await admission.close()
    print(f"redis: {part.message}")
    if not good:
        raise SetupError("the service would not start")
    return 0


async def make_key(label: str) -> str:
    """A new key; only its hash is kept."""
    async with _store() as (found, store):
        key = draw()
        digest = Hasher(found.encryption_keys[:1]).digests(key)[0]
        at_ms = SystemTimers().now_ms()
        await store.write(lambda records: records.add_api_key(digest, label[:64], at_ms))
        return key


async def list_keys() -> list[str]:
    async with _store() as (_, store):
        rows = await store.read(lambda records: records.api_keys())
        return [_shown(row) for row in rows] or ["no keys but MAIN_BACKEND_API_KEY"]


def _shown(row: ApiKey) -> str:
    state = "good" if row.revoked_ms is None else f"revoked {iso(row.revoked_ms)}"
    return f"{row.id}  made {iso(row.created_ms)}  {state}  {row.label}"


async def revoke_key(key_id: str) -> str:
    async with _store() as (held, store):
        rows = await store.read(lambda records: records.api_keys())
        whole = Hasher(held.encryption_keys).digests(key_id)
        found = [row for row in rows if row.digest in whole or (key_id and row.digest.startswith(key_id))]
        if len(found) != 1:
            _refuse(f"{len(found)} keys begin with {key_id!r}; `service keys list` shows them")
        at_ms = SystemTimers().now_ms()
        done = await store.write(lambda records: records.revoke_api_key(found[0].digest, at_ms))
        return f"{found[0].id} is revoked" if done else f"{found[0].id} was revoked before"


async def rotate() -> str:
    """How many columns were sealed again; run it until old keys are needed no more, then drop them."""
    async with _store() as (found, store):
        done = 0
        for batch in rotation.batches(Sealer(found.encryption_keys)):
            done += await store.migrate(batch)
        return f"{done} columns were sealed with the present key; none needs an old one"


async def list_webhooks(limit: int) -> list[str]:
    async with _store() as (_, store):
        rows = await store.read(lambda records: records.given_up(limit))
        return [
            f"{row.id}  {iso(row.created_ms)}  {row.event.value}  {row.attempts} tries, {row.last_error}"
            for row in rows
        ] or ["every webhook was delivered, or is still tried"]


async def replay_webhooks(ids: list[str]) -> str:
    async with _store() as (_, store):
        if ids == ["all"]:
            ids = [row.id for row in await store.read(lambda records: records.given_up(10_000))]
        at_ms = SystemTimers().now_ms()
        missing = await store.write(lambda records: [one for one in ids if not records.replay(one, at_ms)])
        if missing:
            _refuse(f"no webhook has the id {missing[0]!r}")
        return f"{len(ids)} are due again"


def _refuse(why: str) -> NoReturn:
    raise SetupError(why)
