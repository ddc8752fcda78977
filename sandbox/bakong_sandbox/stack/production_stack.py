"""The service as it runs in production, to be killed: API and worker, a process each."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bakong_sandbox.stack.launcher import Program, start
from bakong_sandbox.stack.serving import free_port
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import MERCHANT


class ProductionStack:
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
        self._running: dict[str, Program] = {}

    def start(self) -> None:
        """Both, the API until it answers. Raises SetupError."""
        self._start_api()
        self._start_worker()

    async def kill_api(self) -> None:
        """Kill -9, and start again."""
        await asyncio.to_thread(self._running["api"].kill)
        await asyncio.to_thread(self._start_api)
        self.kills.append("the service")

    async def kill_worker(self) -> None:
        """Kill -9, and start again."""
        await asyncio.to_thread(self._running["worker"].kill)
        await asyncio.to_thread(self._start_worker)
        self.kills.append("the worker")

    def stop(self) -> None:
        for program in reversed(self._running.values()):
            program.stop()

    def _start_api(self) -> None:
        self._running["api"] = self._start("run", "--no-worker", "--json", "--port", str(self._port))
        self._running["api"].ready_line()

    def _start_worker(self) -> None:
        self._running["worker"] = self._start("worker")
        self._running["worker"].drop_output()

    def _start(self, *arguments: str) -> Program:
        return start("service", *arguments, environment=self._environment)


@asynccontextmanager
async def production_stack(folder: Path, bakong_url: str) -> AsyncIterator[ProductionStack]:
    """API and worker on the folder's database, while the context lasts. Raises SetupError."""
    stack = ProductionStack(folder, bakong_url, free_port())
    try:
        await asyncio.to_thread(stack.start)
        yield stack
    finally:
        await asyncio.to_thread(stack.stop)
