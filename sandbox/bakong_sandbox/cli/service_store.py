"""The store that the `service` commands work on: opened from the environment, changed in the command line's name."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from bakong_sandbox.cli.program import run_async
from bakong_sandbox.stack.configured import configured
from bakong_sandbox.stack.errors import SetupError
from bakong_service import wiring
from bakong_service.adapters.system import SystemTimers
from bakong_service.adapters.webhook_http import HttpPost
from bakong_service.built import build_core
from bakong_service.domain.caller import Caller, asked_by
from bakong_service.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from bakong_service.settings import Settings
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore
    from bakong_service.adapters.sql.sqlite import SqliteStore

T = TypeVar("T")


async def changed(settings: Settings, store: "SqliteStore | PostgresStore", change: Callable[[UnitOfWork], T]) -> T:
    """What a transaction of the core comes to, with the command line as who asked. Raises SetupError."""
    post = HttpPost(private_allowed=settings.private_callbacks)
    core = build_core(settings, store, SystemTimers(), {}, post)
    try:
        with asked_by(Caller("command line")):
            return await transact(core, change)
    except (NotFoundError, ConflictError, InvalidError) as error:
        raise SetupError(str(error)) from None
    finally:
        await post.close()


def with_store(work: Callable[[Settings, "SqliteStore | PostgresStore"], Awaitable[T]]) -> T:
    """What the work returns, with the environment's settings and their store, brought up to date. Raises SetupError."""

    async def opened() -> T:
        settings = configured().settings
        try:
            store = await wiring.open_store(settings)
            try:
                return await work(settings, store)
            finally:
                await store.close()
        except UnavailableError as error:
            raise SetupError(f"DATABASE_URL: {error}") from None

    return run_async(opened())
