"""A codec behind JSON lines on stdin and stdout: one request a line, one answer a line. Judges no answer.

Requests: {"op": "encode", "payload": {...}, "now": ms}, {"op": "decode", "qr": text}, {"op": "verify", "qr": text,
"now": ms}, and first of all {"op": "hello"}. Answers: {"ok": true, ...}, {"ok": false, "error": text} for what the
codec refuses, {"unsupported": true} for what it cannot do. The program is ended and started anew when it hangs or dies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.line_protocol import TIMEOUT_S, Program
from bakong_conformance.rules import RuleBrokenError

AHEAD_MS = 3_600_000  # expiries are drawn from here on where a codec has its own clock: it runs while we do
NOW_MS = 1_770_768_000_000  # 2026-02-11T00:00:00Z


class Written(NamedTuple):
    """What the codec wrote: the text, and its md5 where it tells one."""

    qr: str
    md5: str | None


class Refused(NamedTuple):
    """What the codec said when it refused."""

    why: str


@dataclass(slots=True)
class Codec:
    """The program. own_clock: it stamps codes with its own time and not with the `now` of the request."""

    command: Sequence[str]
    now_ms: int = NOW_MS
    timeout_s: float = TIMEOUT_S
    own_clock: bool = False
    environment: Mapping[str, str] | None = None
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self._program = Program(self.command, self.timeout_s, self.environment)

    def hello(self, wall_ms: int) -> None:
        """Start the program and ask what it is. Raises CannotRunError."""
        answer = self._program.hello()
        self.own_clock = answer.get("clock") == "own"
        if self.own_clock:
            self.now_ms = wall_ms + AHEAD_MS

    def encode(self, case: Case, payload: Mapping[str, Any]) -> Written | Refused:
        """What the codec writes for a payload."""
        answer = self._program.call(case, {"op": "encode", "payload": dict(payload), "now": self.now_ms})
        if not answer.get("ok"):
            return Refused(str(answer.get("error", "")))
        qr, md5 = answer.get("qr"), answer.get("md5")
        if not isinstance(qr, str) or not isinstance(md5, str | None):
            raise RuleBrokenError(f"an encode answered {answer!r}, expected the texts 'qr' and 'md5'")
        return Written(qr, md5)

    def decode(self, case: Case, qr: str) -> dict[str, Any] | Refused:
        """The fields that the codec reads, by NBC's names; what is absent may be left out or null."""
        answer = self._program.call(case, {"op": "decode", "qr": qr})
        if not answer.get("ok"):
            return Refused(str(answer.get("error", "")))
        fields = answer.get("fields")
        if not isinstance(fields, dict):
            raise RuleBrokenError(f"a decode answered {answer!r}, expected an object 'fields'")
        return {name: value for name, value in fields.items() if value is not None}

    def verify(self, case: Case, qr: str, now_ms: int | None = None) -> bool:
        """Whether the codec calls the text a valid KHQR."""
        answer = self._program.call(case, {"op": "verify", "qr": qr, "now": self.now_ms if now_ms is None else now_ms})
        return bool(answer.get("ok") and answer.get("valid"))

    def close(self) -> None:
        """End the program."""
        self._program.close()
