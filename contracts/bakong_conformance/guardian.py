"""Ends what a process has started when that process ends, however it ends: also by kill -9.

The guardian is a program of its own, this file, which reads a pipe from the process that it watches. When that ends, it
ends each group of processes that it was told of, and on Linux whatever else bears the mark of the run in its
environment, such as a program that npm has put into a group of its own. Standard library alone: it starts quickly.
"""

import atexit
import itertools
import json
import os
import secrets  # noqa: TID251  the mark of a run must be no other run's, also of one with the same seed
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MARK = "BAKONG_SANDBOX_STARTED_BY"  # in the environment of what is started: the runs that it belongs to
STOP_S, LOOK_S = 10.0, 0.02
_PROCESSES = Path("/proc")


class Guardian:
    """The guardian of this process, started when something is first to be guarded."""

    def __init__(self) -> None:
        self.mark = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._process = subprocess.Popen(  # noqa: S603  this file
            (sys.executable, "-I", "-S", __file__, self.mark),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != MARK},
        )
        self._programs = itertools.count(1)
        atexit.register(self.close)

    def new_mark(self) -> str:
        """A mark of one program, within this run's."""
        return f"{self.mark}.{next(self._programs)}"

    def watch(self, group: int) -> None:
        """A group of processes is to end with this process."""
        self._tell(f"watch {group}")

    def release(self, group: int) -> None:
        """A group of processes has ended: its number may be another's soon."""
        self._tell(f"release {group}")

    def folder(self, path: Path) -> None:
        """A folder is to be removed with this process, where it has not removed it itself."""
        self._tell(f"folder {json.dumps(str(path))}")

    def close(self) -> None:
        """End what is left, and wait for it."""
        assert self._process.stdin is not None  # noqa: S101  it is a pipe
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S + 1)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  it is a pipe
        with suppress(OSError, ValueError):  # it was ended from outside: then nothing is guarded
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


def marked_environment(mark: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment that bears the mark, beside those that this process bears itself."""
    own = dict(os.environ if given is None else given)
    return {**own, MARK: " ".join([*os.environ.get(MARK, "").split(), mark])}


_guardians: dict[int, Guardian] = {}
_starting = threading.Lock()


def guardian() -> Guardian:
    """The guardian of this process; a fork gets its own."""
    with _starting:
        if os.getpid() not in _guardians:
            _guardians.clear()
            _guardians[os.getpid()] = Guardian()
        return _guardians[os.getpid()]


def end_marked(mark: str, number: int) -> bool:
    """Signal what bears the mark; whether there was any. Nothing is known of that where there is no /proc."""
    marked = list(_marked(mark.encode()))
    for process in marked:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
    return bool(marked)


def _marked(mark: bytes) -> Iterable[int]:
    numbers = (int(row.name) for row in _PROCESSES.iterdir() if row.name.isdigit()) if _PROCESSES.exists() else ()
    for number in numbers:
        with suppress(OSError):
            environment = (_PROCESSES / str(number) / "environ").read_bytes()
            named = next((row for row in environment.split(b"\0") if row.startswith(f"{MARK}=".encode())), b"")
            if any(own == mark or own.startswith(mark + b".") for own in named.partition(b"=")[2].split()):
                yield number


def _guard(mark: str) -> None:
    """The program: wait for the end of who started it, and end what it has left, with the folders that it used."""
    groups: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin.buffer:
        word, _, name = line.decode().rstrip("\n").partition(" ")
        if word == "folder":
            folders.add(json.loads(name))
        else:
            {"watch": groups.add, "release": groups.discard}[word](int(name))
    _end(mark, sorted(groups))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _end(mark: str, groups: Sequence[int]) -> None:
    """SIGTERM, and SIGKILL for what has not ended in time."""
    for number, patience_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, 1.0)):
        sent: int = number
        for _ in range(int(patience_s / LOOK_S)):
            left = [group for group in groups if _signalled(group, sent)]
            if not (end_marked(mark, sent) or left):
                return
            sent = 0  # once is enough: now it is only looked for
            threading.Event().wait(LOOK_S)


def _signalled(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says it of a group whose processes have all ended
        return False
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _guard(sys.argv[1])
