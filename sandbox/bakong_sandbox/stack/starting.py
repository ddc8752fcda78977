"""A service's start, whose failures are the user's to mend: a line each."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from bakong_sandbox.stack.errors import SetupError
from bakong_service.app import Service
from bakong_service.domain.errors import UnavailableError


@asynccontextmanager
async def started(service: AbstractAsyncContextManager[Service]) -> AsyncIterator[Service]:
    """The service, while the context lasts. Raises SetupError where it does not start."""
    async with AsyncExitStack() as opened:
        try:
            running = await opened.enter_async_context(service)
        except UnavailableError as error:
            raise SetupError(str(error)) from None
        yield running
