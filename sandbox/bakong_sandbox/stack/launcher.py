"""A program in a process of its own: its lines, its errors, its end.

What nobody reads is read here and dropped: a program that writes its log into a pipe that is full stands still.
Signals reach the program, with the processes that it started, from us alone, not from the terminal; and they end with
us, however we end.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from bakong_conformance.guardian import end_marked, guardian, marked_environment
from bakong_conformance.program_errors import pass_on
from bakong_sandbox.stack.errors import SetupError

OURS = (sys.executable, "-P", "-c", "from bakong_sandbox.cli import main; main()")
START_S, STOP_S = 60.0, 10.0
ERRORS_KEPT = 2000
MEMORY, ROOM = Path("/dev/shm"), 512 * 2**20  # noqa: S108  Linux's; a container may have 64 MB of it


class Program:
    """A running program. keeps_errors: stderr goes into what a failed start says; else it is shown on ours.

    log: a file that takes what it writes on stderr instead, and on stdout once that is dropped.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        keeps_errors: bool = False,
        log: IO[bytes] | None = None,
    ) -> None:
        self._guardian = guardian()
        self._mark = self._guardian.new_mark()
        self._process = subprocess.Popen(  # noqa: S603  ourselves, or the user's own command
            command,
            cwd=folder,
            env=marked_environment(self._mark, environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._guardian.watch(self._process.pid)
        self._log = log
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._drops = False
        self._errors = b""
        assert self._process.stderr is not None  # noqa: S101  it is a pipe
        self._readers = [threading.Thread(target=self._read_lines, daemon=True)]
        self._readers += [threading.Thread(target=self._read_errors, daemon=True)] if keeps_errors or log else []
        for reader in self._readers:
            reader.start()
        self._readers += [] if keeps_errors or log else [pass_on(self._process.stderr)]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def line(self, timeout_s: float | None = None) -> bytes:
        """The next line that it prints; none when it has ended, or the time is up."""
        try:
            return self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return b""

    def ready_line(self) -> Any:
        """The JSON of the line that says it is ready. Raises SetupError, with what it said, where it ends before."""
        line = self.line(START_S)
        self.drop_output()
        try:
            return json.loads(line)
        except ValueError:
            self.wait(0 if line else STOP_S)
            self.kill()
            said = f"read {line!r}, expected a line of JSON" if line else self._errors.decode(errors="replace").strip()
            raise SetupError(f"what this run needs did not start: {said}") from None

    def drop_output(self) -> None:
        """Read and forget what it prints from now on."""
        self._drops = True

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self, timeout_s: float | None = None) -> None:
        """Return when it has ended, or the time is up."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)

    def stop(self) -> None:
        """SIGTERM, and wait for its end; kill -9 where it does not come."""
        self.signal(signal.SIGTERM)
        self.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """Kill -9, and what is left of the processes that it started."""
        self.signal(signal.SIGKILL)
        end_marked(self._mark, signal.SIGKILL)
        self._process.wait()
        self._guardian.release(self._process.pid)
        for reader in self._readers:
            reader.join(1)  # where there is no /proc, a process that left the group may hold the pipe open

    def _read_lines(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        with self._process.stdout as stdout:
            for line in stdout:
                if not self._drops:
                    self._lines.put(line)
                else:
                    self._keep(line)
        self._lines.put(b"")

    def _read_errors(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  it is a pipe
        with self._process.stderr as stderr:
            while read := os.read(stderr.fileno(), 65_536):
                self._errors = (self._errors + read)[-ERRORS_KEPT:]
                self._keep(read)

    def _keep(self, written: bytes) -> None:
        with suppress(OSError, ValueError):  # a disk that is full; a run that is over
            if self._log:
                self._log.write(written)


def start(*arguments: str, environment: Mapping[str, str] | None = None, log: IO[bytes] | None = None) -> Program:
    """`bakong-sandbox` with these arguments."""
    return Program((*OURS, *arguments), environment=environment, keeps_errors=True, log=log)


@contextmanager
def running(
    command: Sequence[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: IO[bytes] | None = None,
) -> Iterator[Program]:
    """A program that ends with the context."""
    program = Program(command, folder=folder, environment=environment, log=log)
    try:
        yield program
    finally:
        program.stop()


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder that is gone with the context, also where this process is killed.

    In memory where the system has such files, so that nothing waits for a disk to keep what nobody will read again.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, dir=_memory(), ignore_cleanup_errors=True) as name:
        guardian().folder(Path(name))
        yield Path(name)


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room."""
    try:
        has_room = shutil.disk_usage(MEMORY).free >= ROOM and os.access(MEMORY, os.W_OK)
    except OSError:
        return None
    return MEMORY if has_room else None


@contextmanager
def sandbox(folder: Path, *options: str, log: IO[bytes] | None = None) -> Iterator[tuple[dict[str, Any], int]]:
    """`bakong-sandbox up` on free ports: what it says when it is ready, and its process id. Raises SetupError."""
    arguments = ("up", "--json", "--port", "0", "--service-port", "0", "--data-dir", str(folder), *options)
    program = start(*arguments, log=log)
    try:
        yield program.ready_line(), program.pid
    finally:
        program.stop()
