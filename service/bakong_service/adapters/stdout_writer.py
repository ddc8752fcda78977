"""Writing where the reader may be slow, or not be there: never waited for. Knows bytes, not what they say."""

import contextlib
import os
import threading
from collections import deque

HELD_BYTES = 1 << 20
LAST_WAIT_S = 1.0


class StdoutWriter:
    """One thread that writes to a file descriptor, and a bounded queue before it.

    What finds no room is dropped and its lines are counted, as is what cannot be written: a pipe that nobody reads
    costs its reader the log, and the service nothing.
    """

    def __init__(self, descriptor: int, *, held_bytes: int = HELD_BYTES) -> None:
        self._descriptor = os.dup(descriptor)
        self._room = held_bytes
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._drain, name="stdout writer", daemon=True)
        self._thread.start()
        self.dropped = 0

    def write(self, lines: bytes) -> None:
        with self._changed:
            if len(lines) > self._room:
                self.dropped += lines.count(b"\n")
                return
            self._room -= len(lines)
            self._queue.append(lines)
            self._changed.notify()

    def close(self) -> None:
        """Write what is left, for as long as a second."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(LAST_WAIT_S)

    def _drain(self) -> None:
        while (lines := self._next()) is not None:
            left = memoryview(lines)
            with contextlib.suppress(OSError):
                while left:
                    left = left[os.write(self._descriptor, left) :]
            with self._changed:
                self._room += len(lines)
                self.dropped += bytes(left).count(b"\n")
        os.close(self._descriptor)

    def _next(self) -> bytes | None:
        """What is written next, waited for; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            return self._queue.popleft() if self._queue else None
