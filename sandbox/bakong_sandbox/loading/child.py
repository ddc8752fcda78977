"""A program of ours in a process of its own: its first line, its end. What it writes after is read and dropped.

A pipe that nobody reads fills up, and then the program that writes its log into it stands still.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping

from bakong_loadtests.errors import LoadError

MAIN = (sys.executable, "-c", "from bakong_sandbox.cli import main; main()")
START_S = 60
KEPT = 2000


class Child:
    """A running program. Signals reach it from us alone, not from the terminal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = b""
        self._reading = [asyncio.create_task(self._keep_errors())]

    @property
    def pid(self) -> int:
        return self._process.pid

    async def first_line(self) -> bytes:
        """The line that says it is ready. Raises LoadError, with what it said, where it ends before."""
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        line = b""
        try:
            async with asyncio.timeout(START_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            await self.kill()
        if not line:
            await asyncio.gather(*self._reading)
            raise LoadError(f"what this run needs did not start: {self._errors.decode(errors='replace').strip()}")
        self.drop_output()
        return line

    def drop_output(self) -> None:
        """Read and forget what it writes from now on."""
        self._reading.append(asyncio.create_task(self._dropping()))

    async def kill(self) -> None:
        """Kill -9."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """SIGINT, and wait for its end."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        await self._process.wait()
        await asyncio.gather(*self._reading)

    async def _dropping(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        while await self._process.stdout.read(65_536):
            pass

    async def _keep_errors(self) -> None:
        assert self._process.stderr is not None  # noqa: S101
        while read := await self._process.stderr.read(65_536):
            self._errors = (self._errors + read)[-KEPT:]


async def start(*arguments: str, environment: Mapping[str, str] | None = None) -> Child:
    """`bakong-sandbox` with these arguments."""
    return Child(
        await asyncio.create_subprocess_exec(
            *MAIN,
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    )
