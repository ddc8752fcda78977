"""Following a stream of the app in process, as it comes. httpx's own transport waits for its end."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlencode


class Live:
    """What has come of a stream."""

    def __init__(self):
        self.parts = asyncio.Queue()  # bytes; None is its end
        self.status = None
        self._rest = b""

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if message.get("body"):
            self.parts.put_nowait(message["body"])
        if not message.get("more_body"):
            self.parts.put_nowait(None)

    async def block(self):
        """The text up to the next empty line; None at the end."""
        async with asyncio.timeout(60):
            while b"\n\n" not in self._rest:
                part = await self.parts.get()
                if part is None:
                    return None
                self._rest += part
        block, _, self._rest = self._rest.partition(b"\n\n")
        return block.decode()

    async def event(self):
        """The fields of the next event."""
        return dict(line.split(": ", 1) for line in (await self.block()).split("\n"))


@asynccontextmanager
async def following(app, world="default", **query):
    """The stream of a world; its follower is gone when the context ends."""
    live, gone = Live(), asyncio.Event()
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "method": "GET", "path": f"/sandbox/worlds/{world}/webhooks/stream", "raw_path": b"",
        "query_string": urlencode(query).encode(), "headers": [(b"host", b"127.0.0.1")], "scheme": "http",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "", "http_version": "1.1",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    task = asyncio.ensure_future(app(scope, receive, live.send))
    try:
        yield live
    finally:
        gone.set()
        async with asyncio.timeout(60):
            await task
