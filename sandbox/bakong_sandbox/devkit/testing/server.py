"""A simulator on a real port, in a thread of the test process: one for each worker, many worlds. Knows no tests."""

import asyncio
import threading
from typing import Any

import httpx
import uvloop

from bakong_sandbox.devkit.testing.errors import BakongError
from bakong_sandbox.devkit.testing.handle import Bakong, unpacked
from bakong_sandbox.stack.serving import listen, serve, url_of

__tracebackhide__ = True


class Worlds:
    """Makes a world for each test, by the control API of a sandbox."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def world(self, **options: Any) -> Bakong:
        """A world of its own; options as the control API takes them. Raises BakongError."""
        answer = self._client.post("/sandbox/worlds", json=options)
        made = unpacked("POST", "/sandbox/worlds", answer.status_code, answer.json())
        return Bakong(made["base_url"], made["token"], made["world"], self._asker(made["world"]))

    def drop(self, world: Bakong) -> None:
        self._client.delete(f"/sandbox/worlds/{world.world}")

    def _asker(self, world: str) -> Any:
        def ask(method: str, path: str, body: Any) -> Any:
            sent = {"content": body.encode()} if isinstance(body, str) else {"json": body} if body is not None else {}
            answer = self._client.request(method, f"/sandbox/worlds/{world}{path}", **sent)
            return unpacked(method, path, answer.status_code, answer.json())

        return ask


class Outside(Worlds):
    """A sandbox that runs already. stop() leaves it as it is."""

    def __init__(self, url: str, control_token: str = "") -> None:
        headers = {"authorization": f"Bearer {control_token}"} if control_token else {}
        self.url = url.rstrip("/")
        super().__init__(httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30))
        try:
            self._client.get("/sandbox/health").raise_for_status()
        except httpx.HTTPError as error:
            raise BakongError(
                f"no sandbox answers at {self.url} ({error}): start one, or leave bakong_url out"
            ) from None

    def stop(self) -> None:
        self._client.close()


class Server(Worlds):
    """A simulator of this process. Starts at once; stop() ends it."""

    def __init__(self) -> None:
        self._answers = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bakong-sandbox", daemon=True)
        self._thread.start()
        self._answers.wait()
        if self._error:
            raise self._error
        super().__init__(httpx.Client(base_url=self.url, trust_env=False, timeout=30))

    def stop(self) -> None:
        self._client.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001  told to who waits for the start
            self._error = error
        finally:
            self._answers.set()

    async def _serve(self) -> None:
        from bakong_sandbox.stack.edge import EdgeProtocol
        from bakong_sandbox.stack.schemes import SCHEMES
        from bakong_sandbox.stack.wall_clock import wall_ms
        from bakong_simulator import app
        from bakong_simulator.control.access import Access
        from bakong_simulator.kernel.worlds import Worlds

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        with listen(0) as port:
            self.url = url_of(port)
            worlds = Worlds(wall_ms, SCHEMES)
            async with serve(app.build(worlds, Access()), port, http=EdgeProtocol, dates=False):
                self._answers.set()
                await self._stop.wait()
                worlds.close_streams()
