"""A simulator without a port: an httpx transport in the test's own event loop. Broken wires are httpx's errors."""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any

import httpx

from bakong_sandbox.devkit.testing.handle import Handle, unpacked
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.wall_clock import wall_ms
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.send import ClientTimeoutError, ConnectionAborted

__tracebackhide__ = True
_patience_s: ContextVar[float | None] = ContextVar("patience_s", default=None)


class Transport(httpx.ASGITransport):
    """Calls the simulator in this process. A hang beyond the client's time-out takes no time, and is a ReadTimeout."""

    def __init__(self, worlds: Worlds) -> None:
        simulator = app.build(worlds)

        async def with_patience(scope: Any, receive: Any, send: Any) -> None:
            scope["state"] = {"patience_s": _patience_s.get()}
            await simulator(scope, receive, send)

        super().__init__(with_patience)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _patience_s.set(request.extensions.get("timeout", {}).get("read"))
        try:
            return await super().handle_async_request(request)
        except ClientTimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from None
        except ConnectionAborted as error:
            raise httpx.ReadError(str(error), request=request) from None


class InProcess(Handle[Awaitable[dict[str, Any]], Awaitable[list[dict[str, Any]]]]):
    """One Bakong in this process. Its acts are awaited. transport: for an httpx.AsyncClient of the code under test."""

    def __init__(self) -> None:
        self._worlds = Worlds(wall_ms, SCHEMES)
        world = self._worlds.default
        self.transport = Transport(self._worlds)
        token = world.state(BAKONG).registrations.issue()
        super().__init__("http://bakong.sandbox.test", token, world.name, self._asked)

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A client of the Open API, with the token."""
        headers = {"authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return httpx.AsyncClient(transport=self.transport, base_url=self.base_url, headers=headers, **options)

    def look(self, path: str) -> Any:
        """In an event loop of its own: the test's has ended when this is asked for."""
        with asyncio.Runner() as runner:
            return runner.run(self._asked("GET", path, None))

    def close(self) -> None:
        self._worlds.default.clock.close()

    async def _asked(self, method: str, path: str, body: Any) -> Any:
        sent = {"content": body.encode()} if isinstance(body, str) else {"json": body} if body is not None else {}
        async with httpx.AsyncClient(transport=self.transport, base_url=self.base_url) as client:
            answer = await client.request(method, f"/sandbox/worlds/{self.world}{path}", **sent)
        return unpacked(method, path, answer.status_code, answer.json())
