"""A codec behind JSON lines on stdin and stdout: one request a line, one answer a line. Judges no answer.

Requests: {"op": "encode", "payload": {...}, "now": ms}, {"op": "decode", "qr": text}, {"op": "verify", "qr": text,
"now": ms}, and first of all {"op": "hello"}. Answers: {"ok": true, ...}, {"ok": false, "error": text} for what the
codec refuses, {"unsupported": true} for what it cannot do. The program is ended and started anew when it hangs or dies.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.rules import CannotRunError, NotCheckedError, RuleBrokenError

TIMEOUT_S = 5.0
START_S = 20.0
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
    _process: "subprocess.Popen[str] | None" = None
    _answers: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    def hello(self, wall_ms: int) -> None:
        """Start the program and ask what it is. Raises CannotRunError."""
        try:
            answer = self._ask({"op": "hello"}, START_S)
        except (OSError, _SilentError) as error:
            raise CannotRunError(f"{' '.join(self.command)}: {error}") from None
        self.own_clock = answer.get("clock") == "own"
        if self.own_clock:
            self.now_ms = wall_ms + AHEAD_MS

    def encode(self, case: Case, payload: Mapping[str, Any]) -> Written | Refused:
        """What the codec writes for a payload."""
        answer = self._call(case, {"op": "encode", "payload": dict(payload), "now": self.now_ms})
        if not answer.get("ok"):
            return Refused(str(answer.get("error", "")))
        qr, md5 = answer.get("qr"), answer.get("md5")
        if not isinstance(qr, str) or not isinstance(md5, str | None):
            raise RuleBrokenError(f"an encode answered {answer!r}, expected the texts 'qr' and 'md5'")
        return Written(qr, md5)

    def decode(self, case: Case, qr: str) -> dict[str, Any] | Refused:
        """The fields that the codec reads, by NBC's names; what is absent may be left out or null."""
        answer = self._call(case, {"op": "decode", "qr": qr})
        if not answer.get("ok"):
            return Refused(str(answer.get("error", "")))
        fields = answer.get("fields")
        if not isinstance(fields, dict):
            raise RuleBrokenError(f"a decode answered {answer!r}, expected an object 'fields'")
        return {name: value for name, value in fields.items() if value is not None}

    def verify(self, case: Case, qr: str, now_ms: int | None = None) -> bool:
        """Whether the codec calls the text a valid KHQR."""
        answer = self._call(case, {"op": "verify", "qr": qr, "now": self.now_ms if now_ms is None else now_ms})
        return bool(answer.get("ok") and answer.get("valid"))

    def close(self) -> None:
        """End the program."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
            self._process = None

    def _call(self, case: Case, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._ask(request, self.timeout_s)
        except (_SilentError, OSError) as error:
            case.note(json.dumps(request, ensure_ascii=False), f"no answer: {error}")
            raise RuleBrokenError(f"{request['op']} {error}: a codec must answer whatever it reads") from None
        case.note(json.dumps(request, ensure_ascii=False), json.dumps(answer, ensure_ascii=False))
        if answer.get("unsupported"):
            raise NotCheckedError(f"the codec does not support {request['op']!r}")
        return answer

    def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdin  # noqa: S101  opened with PIPE
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            self.close()
            raise _SilentError(f"did not answer within {timeout_s:g} s") from None
        except OSError:
            line = None
        if line is None:
            self.close()
            raise _SilentError("ended the program")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.close()
            raise _SilentError(f"was answered with {line[:80]!r}, expected one JSON object a line")
        return answer

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._answers = queue.Queue()
            self._process = subprocess.Popen(  # noqa: S603  the user's own command
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=self.environment,
            )
            threading.Thread(target=_pump, args=(self._process, self._answers), daemon=True).start()
        return self._process


class _SilentError(Exception):
    """No answer came."""


def _pump(process: "subprocess.Popen[str]", answers: "queue.Queue[str | None]") -> None:
    try:
        for line in process.stdout or ():
            answers.put(line)
    except ValueError:
        pass  # the pipe was closed while it was read
    answers.put(None)
