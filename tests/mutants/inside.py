"""Programs of the seeded bugs without ports: ASGI called in this process, and a world that is only a clock."""

import contextlib

import httpx

START_MS = 1_770_768_000_000


class FrozenWorld:
    """The clock of a sandbox's world, and no sandbox."""

    was_troubled = False

    def __init__(self, now_ms=START_MS):
        self._now_ms, self._rest = now_ms, 0.0

    def now_ms(self):
        return self._now_ms

    def advance(self, _case, seconds):
        self._now_ms += round(seconds * 1000)

    def play(self, _case, _script):
        """There is nothing that could play it."""

    def holding(self, _callers):
        """Nobody asks it, so nobody's answer waits."""
        return contextlib.nullcontext()

    def drop(self):
        """Nothing to drop."""


class InProcess(httpx.BaseTransport):
    """Leads a synchronous client to an ASGI program that lives in a loop of another thread."""

    def __init__(self, loop, app):
        self.loop, self.transport = loop, httpx.ASGITransport(app)

    def handle_request(self, request):
        async def asked():
            body = request.read()
            made = httpx.Request(request.method, request.url, headers=request.headers, content=body)
            answer = await self.transport.handle_async_request(made)
            return answer, await answer.aread()

        answer, body = self.loop.call(asked())
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)
