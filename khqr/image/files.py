"""Files that a picture or a font may come from: regular ones, up to a size. Nothing else is waited for."""

import os
import stat
from os import PathLike
from typing import Final

from khqr.errors import ImageError

MAX_BYTES: Final = 64 * 2**20

# Without waiting: opening a pipe that nobody writes into would never end.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def contents(path: str | PathLike[str], expected: str) -> bytes:
    """All of a file, or a byte more than MAX_BYTES. expected: what it should be. Raises ImageError."""
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
            read = _start(descriptor) if kind == stat.S_IFREG else b""
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"cannot be read ({reason}), expected {expected}") from None
    if kind != stat.S_IFREG:
        raise ImageError(f"is {_KINDS.get(kind, 'no file')}, expected {expected}")
    if not read:
        raise ImageError(f"is empty, expected {expected}")
    return read


def _start(descriptor: int) -> bytes:
    """The file, or a byte more of it than MAX_BYTES."""
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(MAX_BYTES + 1)
