"""Lines on a file descriptor, whole or not at all: a disk that is full tears none. Knows bytes, not what they say."""

import os
import select
import stat
from contextlib import suppress


class WholeLines:
    """Writes lines; what a file took of a line that did not fit is cut off again.

    Where it cannot be, as in a pipe, the next lines begin with a line's end, so that the torn one harms itself alone.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._is_torn = False

    def write(self, lines: bytes) -> int:
        """Write lines, each with its end; how many were lost. Waits for a pipe that is full."""
        text = b"\n" + lines if self._is_torn else lines
        written = self._written(text)
        if written == len(text):
            self._is_torn = False
            return 0
        if written:
            whole = text.rfind(b"\n", 0, written) + 1
            self._is_torn = written > whole and not self._is_cut(written - whole)
        return text.count(b"\n", written)

    def _written(self, text: bytes) -> int:
        """How many bytes of it were taken."""
        left = memoryview(text)
        with suppress(OSError):
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    select.select((), (self._descriptor,), ())
        return len(text) - len(left)

    def _is_cut(self, torn: int) -> bool:
        """Whether the file's last bytes, which are ours, could be taken back; they stay where another wrote behind."""
        if not self._is_file:
            return False
        with suppress(OSError):
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if os.fstat(self._descriptor).st_size == end:
                os.ftruncate(self._descriptor, end - torn)
                os.lseek(self._descriptor, end - torn, os.SEEK_SET)
                return True
        return False
