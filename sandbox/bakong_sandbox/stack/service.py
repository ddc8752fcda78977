"""The payment service by itself, as it runs in production, with settings from the environment."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from bakong_sandbox.stack.bounded import BoundedProtocol
from bakong_sandbox.stack.configured import Configured, configured
from bakong_sandbox.stack.connections import Bounds, Connections, raise_descriptor_limit
from bakong_sandbox.stack.loaded import keep_what_is_loaded
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.starting import started
from bakong_service import app as service_app
from bakong_service.adapters.metrics import CONTENT_TYPE
from bakong_service.api.addresses import Proxies
from bakong_service.settings import Settings


async def serve_api(host: str, port: int | None, *, works: bool, as_json: bool) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get 5 s, the worker hands back what it has not begun."""
    given = configured()
    stop = _stop_event()
    raise_descriptor_limit()
    bounds = _bounds(given.settings)
    connections = Connections(bounds, Proxies(given.settings.trusted_proxies).trusts)
    with listen(given.settings.port if port is None else port, host) as opened:
        async with (
            _running(given, works=works) as running,
            serve(running.app, opened, http=BoundedProtocol, bounds=bounds, connections=connections),
        ):
            if as_json:
                print(json.dumps({"event": "ready", "service_url": url_of(opened)}), flush=True)
            keep_what_is_loaded()
            await stop.wait()


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        connections=settings.max_connections,
        per_address=settings.max_connections_per_address,
        read_s=settings.read_timeout_s,
        answer_s=settings.answer_timeout_s,
        write_s=settings.write_timeout_s,
        idle_s=settings.idle_timeout_s,
    )


async def work() -> None:
    """One worker until SIGINT or SIGTERM."""
    stop = _stop_event()
    async with _running(configured(), works=True):
        keep_what_is_loaded()
        await stop.wait()


@asynccontextmanager
async def _running(given: Configured, *, works: bool) -> AsyncIterator[service_app.Service]:
    async with started(service_app.run(given.settings, given.providers, works=works)) as running:
        _adopt_library_logs(running.log)
        async with AsyncExitStack() as opened:
            if given.settings.metrics_port is not None:
                port = opened.enter_context(listen(given.settings.metrics_port, given.settings.metrics_host))
                await opened.enter_async_context(serve(_Metrics(running.metrics), port))
            yield running


class _Metrics:
    """An ASGI app of /metrics alone, for a port that no caller reaches: it wants no key."""

    def __init__(self, read: Callable[[], Awaitable[bytes]]) -> None:
        self._read = read

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        is_asked = scope["type"] == "http" and (scope["method"], scope["path"]) == ("GET", "/metrics")
        body, status = (await self._read(), 200) if is_asked else (b"/metrics is all there is here\n", 404)
        headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


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
