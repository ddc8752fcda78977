"""Standard input, output and error: UTF-8 in and out, whatever the locale says, and no traceback where one was closed.

A terminal that is not UTF-8 is shown ASCII, for the bytes of UTF-8 hold what it would obey; what is no ASCII is escaped
as JSON escapes it, so that JSON stays JSON.
"""

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from bakong_sandbox.stack.errors import SetupError

ESCAPED = "bakong_sandbox.escaped"
UNWRITABLE = 2
_STDIN = "standard input"


class UnreadableError(SetupError):
    """A file, or standard input, that cannot be read; the reason without its name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"cannot read {name}: {reason}")
        self.reason = reason


@contextmanager
def standard_streams() -> Iterator[None]:
    """Output as said above while the context lasts. A reader that went away (`| head`) ends the program silently."""
    codecs.register_error(ESCAPED, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if _takes_utf8(stream) else "ascii", errors=ESCAPED)
    try:
        yield
    except BrokenPipeError:
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        raise _unwritable(error) from None
    finally:
        _flush()


def _takes_utf8(stream: TextIO) -> bool:
    return not stream.isatty() or codecs.lookup(stream.encoding).name == "utf-8"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


def _flush() -> None:
    """Write what waits. Exits with 2 where that cannot be, unless nobody reads it."""
    for stream in (sys.stderr, sys.stdout):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            _discard(stream)
        except OSError as error:
            _discard(stream)
            raise _unwritable(error) from None


def _unwritable(error: OSError) -> SystemExit:
    with suppress(OSError):
        print(f"bakong-sandbox: standard output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
    return SystemExit(UNWRITABLE)


def _discard(stream: TextIO) -> None:
    """Let what still waits go nowhere: the interpreter writes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def read_bytes(path: Path | None) -> bytes:
    """A file, or standard input for None. Raises UnreadableError."""
    try:
        if path is not None:
            return path.read_bytes()
        return sys.stdin.buffer.read() if sys.stdin is not None else b""
    except (OSError, ValueError) as error:
        raise UnreadableError(name_of(path), getattr(error, "strerror", None) or str(error)) from None


def text_of(read: bytes, name: str) -> str:
    """The bytes as text, without a byte order mark. Raises UnreadableError for the first that is not UTF-8."""
    try:
        return read.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = read.count(b"\n", 0, error.start) + 1
        said = f"byte {error.start} (line {line}) is 0x{read[error.start]:02x}"
        raise UnreadableError(name, f"{said}, expected UTF-8") from None


def read_text(path: Path | None) -> str:
    """A file's text, or that of standard input for None. Raises UnreadableError."""
    return text_of(read_bytes(path), name_of(path))


def name_of(path: Path | None) -> str:
    return _STDIN if path is None else str(path)


def typed(text: str) -> str:
    """An argument that is text, and no path, as UTF-8 where the locale took it for something else."""
    if text.isascii():
        return text
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        return text
