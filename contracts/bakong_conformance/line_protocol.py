"""A program behind JSON lines on stdin and stdout: one request a line, one answer a line. Judges no answer.

The program is ended and started anew when it hangs or dies.
"""

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.guardian import end_marked, guardian, marked_environment
from bakong_conformance.program_errors import pass_on
from bakong_conformance.rules import CannotRunError, NotCheckedError, RuleBrokenError

TIMEOUT_S = 5.0
START_S = 20.0


class SilentError(Exception):
    """No answer came."""


@dataclass(slots=True)
class Program:
    """The command and its process, while it runs."""

    command: Sequence[str]
    timeout_s: float = TIMEOUT_S
    environment: Mapping[str, str] | None = None
    _process: "subprocess.Popen[str] | None" = None
    _answers: "queue.Queue[str | None]" = field(default_factory=queue.Queue)
    _errors: threading.Thread | None = None
    _mark: str = ""

    def hello(self) -> dict[str, Any]:
        """Start the program and ask what it is. Raises CannotRunError."""
        try:
            return self.ask({"op": "hello"}, START_S)
        except SilentError as error:
            raise CannotRunError(f"{' '.join(self.command)}: the first request, hello, {error}") from None
        except OSError as error:
            raise CannotRunError(f"{' '.join(self.command)}: {error}") from None

    def call(self, case: Case, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request, both in the journal of the case. Raises RuleBrokenError where none comes."""
        try:
            answer = self.ask(request, self.timeout_s)
        except (SilentError, OSError) as error:
            case.note(json.dumps(request, ensure_ascii=False), f"no answer: {error}")
            raise RuleBrokenError(f"{request['op']} {error}: a codec must answer whatever it reads") from None
        case.note(json.dumps(request, ensure_ascii=False), json.dumps(answer, ensure_ascii=False))
        if answer.get("unsupported"):
            raise NotCheckedError(f"the codec does not support {request['op']!r}")
        return answer

    def close(self) -> None:
        """End the program."""
        if self._process:
            self._process.kill()
            end_marked(self._mark, signal.SIGKILL)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with suppress(BrokenPipeError):  # what it has not read
                        pipe.close()
            if self._errors:
                self._errors.join(1)  # a process of its own may hold the pipe open
            self._process = None

    def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """The answer. Raises SilentError where none comes, or one that is no object."""
        process = self._running()
        assert process.stdin  # noqa: S101  opened with PIPE
        with suppress(OSError):  # it has closed its stdin or ended; what it said before is still heard
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        try:
            line = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            self.close()
            raise SilentError(f"did not answer within {timeout_s:g} s") from None
        if line is None:
            self.close()
            raise SilentError("ended the program")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.close()
            raise SilentError(f"was answered with {line[:80]!r}, expected one JSON object a line")
        return answer

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._answers = queue.Queue()
            self._mark = guardian().new_mark()
            self._process = subprocess.Popen(  # noqa: S603  the user's own command
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=marked_environment(self._mark, self.environment),
            )
            assert self._process.stderr  # noqa: S101  opened with PIPE
            self._errors = pass_on(self._process.stderr)
            threading.Thread(target=_pump, args=(self._process, self._answers), daemon=True).start()
        return self._process


def _pump(process: "subprocess.Popen[str]", answers: "queue.Queue[str | None]") -> None:
    try:
        for line in process.stdout or ():
            answers.put(line)
    except ValueError:
        pass  # the pipe was closed while it was read
    answers.put(None)
