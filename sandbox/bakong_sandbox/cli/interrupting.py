"""A run that may be interrupted: signals end it in good order, and what its programs wrote is in a file."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and the terminal's end are as Ctrl-C: what was started is ended, what there was is reported."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def output_file(name: str) -> Iterator[IO[bytes]]:
    """A new file that stays, for what the programs of a run write, unbuffered."""
    number, path = tempfile.mkstemp(prefix=f"bakong-verify-{name}-", suffix=".log")
    os.close(number)
    with Path(path).open("wb", buffering=0) as log:
        yield log
