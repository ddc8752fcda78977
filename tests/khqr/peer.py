"""npm bakong-khqr in one long-lived Node process; stopped and started again where it does not answer."""

import json
import math
import os
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
MODULES = HERE.parent / "clients" / "node" / "node_modules"
HANG_MS = 60  # V8 stops the call
PATIENCE_MS = 3000  # asked again, before a slow machine is taken for a hang
OUTER_S = 60.0  # after which the whole process is killed


class Peer:
    """NBC's SDK. `ask` gives an answer for each request, in order: {"answer"}, {"hang"}, {"thrown"} or {"defect"}."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, requests: Sequence[dict[str, Any]], limit_ms: int = HANG_MS) -> list[dict[str, Any]]:
        lines = "".join(json.dumps(_sayable({**each, "limit": limit_ms})) + "\n" for each in requests)
        self._process.stdin.write(lines.encode())
        self._process.stdin.flush()
        answers = [json.loads(line) for line in self._lines(len(requests))]
        if len(answers) < len(requests):
            self._stop()
            self._start()
            answers += [{"hang": True}] * (len(requests) - len(answers))
        return answers

    def ask_patiently(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.ask([request], PATIENCE_MS)[0]

    def _lines(self, count: int) -> list[bytes]:
        """As many lines as come in time."""
        out = self._process.stdout.fileno()
        read = b""
        while read.count(b"\n") < count and select.select([out], [], [], OUTER_S)[0]:
            read += os.read(out, 1 << 20)
        return read.splitlines()[:count]

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [self._node, str(HERE / "node" / "peer.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(MODULES)},
        )

    def _stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def _sayable(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    if isinstance(value, dict):
        return {key: _sayable(each) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value
