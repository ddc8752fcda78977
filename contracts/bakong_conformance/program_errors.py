"""What a program under test writes on its standard error, passed on to ours: shown, and not obeyed by the terminal."""

import sys
import threading
from contextlib import suppress
from typing import IO

from bakong_contracts.escaping import program_output

_LONGEST = 65_536  # a line of more bytes is passed on in pieces


def pass_on(errors: IO[bytes] | IO[str]) -> threading.Thread:
    """A thread, running, that passes on all of a pipe until its end."""
    reader = threading.Thread(target=_pass_on, args=(errors,), daemon=True)
    reader.start()
    return reader


def _pass_on(errors: IO[bytes] | IO[str]) -> None:
    with errors:
        while line := errors.readline(_LONGEST):
            with suppress(OSError, ValueError, AttributeError):  # ours may be closed; the pipe is to be emptied still
                sys.stderr.write(program_output(line if isinstance(line, str) else line.decode("utf-8", "replace")))
                sys.stderr.flush()
