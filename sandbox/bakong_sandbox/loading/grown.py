"""The service as it runs in production, to be killed: simulator, API and worker, a process each. Judges nothing."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bakong_sandbox.loading.child import Child, start
from bakong_sandbox.serving import listen
from bakong_simulator.bakong.registrations import EMAIL
from bakong_simulator.kernel.world import MERCHANT


class Grown:
    """API and worker on one database. Both are started again at once when they are killed."""

    def __init__(self, folder: Path, bakong_url: str, port: int) -> None:
        self.service_url = f"http://127.0.0.1:{port}"
        self.kills: list[str] = []
        self._port = port
        self._environment = {
            **os.environ,
            "SERVICE_MODE": "sandbox",
            "DATA_DIR": str(folder),
            "BAKONG_BASE_URL": bakong_url,
            "BAKONG_MERCHANT_ID": MERCHANT,
            "BAKONG_EMAIL": EMAIL,
            "BAKONG_TIMEOUT_MS": "3000",
            "BAKONG_DAILY_CALLS": "0",
        }
        self._api: Child | None = None
        self._worker: Child | None = None

    async def start(self) -> None:
        """Both, the API until it answers. Raises LoadError."""
        await self._start_api()
        self._worker = await self._start("worker")
        self._worker.drop_output()

    async def kill_api(self) -> None:
        """Kill -9, and start again."""
        if self._api:
            await self._api.kill()
        await self._start_api()
        self.kills.append("the service")

    async def kill_worker(self) -> None:
        """Kill -9, and start again."""
        if self._worker:
            await self._worker.kill()
        self._worker = await self._start("worker")
        self._worker.drop_output()
        self.kills.append("the worker")

    async def stop(self) -> None:
        for one in (self._worker, self._api):
            if one:
                await one.stop()

    async def _start_api(self) -> None:
        self._api = await self._start("run", "--no-worker", "--json", "--port", str(self._port))
        await self._api.first_line()

    async def _start(self, *arguments: str) -> Child:
        return await start("service", *arguments, environment=self._environment)


@asynccontextmanager
async def simulating(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """The simulator alone, in a process of its own; its token is in the folder. Raises LoadError."""
    child = await start("up", "--no-service", "--json", "--port", "0", "--data-dir", str(folder))
    try:
        yield json.loads(await child.first_line())
    finally:
        await child.stop()


@asynccontextmanager
async def grown(folder: Path, bakong_url: str) -> AsyncIterator[Grown]:
    """API and worker on the folder's database, while the context lasts. Raises LoadError."""
    with listen(0) as opened:
        port = opened.getsockname()[1]
    stack = Grown(folder, bakong_url, port)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()
