"""Writing where the reader may be slow, or not be there: never waited for. Knows bytes, not what they say."""

import os
import threading
from collections import deque

from bakong_service.adapters.whole_lines import WholeLines

HELD_BYTES = 1 << 20
LAST_WAIT_S = 1.0


class StdoutWriter:
    """One thread that writes to a file descriptor, and a bounded queue before it.

    What finds no room is dropped and its lines are counted, as is what cannot be written: a pipe that nobody reads
    costs its reader the log, and the service nothing. is_losing: what came last was dropped.
    """

    def __init__(self, descriptor: int, *, held_bytes: int = HELD_BYTES) -> None:
        self._descriptor = os.dup(descriptor)
        self._lines = WholeLines(self._descriptor)
        self._room = held_bytes
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._drain, name="stdout writer", daemon=True)
        self.dropped, self.is_losing = 0, False
        self._thread.start()

    def write(self, lines: bytes) -> None:
        with self._changed:
            if len(lines) > self._room:
                self.dropped += lines.count(b"\n")
                self.is_losing = True
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
            lost = self._lines.write(lines)
            with self._changed:
                self._room += len(lines)
                self.dropped += lost
                self.is_losing = lost > 0
        os.close(self._descriptor)

    def _next(self) -> bytes | None:
        """What is written next, waited for; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            return self._queue.popleft() if self._queue else None
