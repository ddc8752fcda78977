"""An encoder or decoder of EMVCo codes behind JSON lines. Judges no answer.

Requests: {"op": "decode", "text": text}, {"op": "encode", "fields": [[path, value], ...]}, and first {"op": "hello"}.
Answers: {"valid": true, "fields": [[path, value], ...]}, {"valid": false}, with "reason", "at" and "schemes" where it
tells them; {"text": text} or {"error": reason}; {"unsupported": true}. `python -m emvqr decode` is such a program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.line_protocol import TIMEOUT_S, Program
from bakong_conformance.rules import RuleBrokenError

Pairs = list[tuple[str, str]]


class Read(NamedTuple):
    """What the decoder read: path and value of each object; the schemes, where it tells them."""

    fields: Pairs
    schemes: list[str] | None


class Refused(NamedTuple):
    """That it refused: its reason, and the character, where it tells one."""

    reason: str
    at: int | None = None


@dataclass(slots=True)
class Codec:
    """The program."""

    command: Sequence[str]
    timeout_s: float = TIMEOUT_S
    environment: Mapping[str, str] | None = None
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self._program = Program(self.command, self.timeout_s, self.environment)

    def hello(self) -> None:
        """Start the program. Raises CannotRunError."""
        self._program.hello()

    def decode(self, case: Case, text: str) -> Read | Refused:
        """What it reads in a text."""
        answer = self._program.call(case, {"op": "decode", "text": text})
        if not answer.get("valid"):
            at = answer.get("at")
            return Refused(str(answer.get("reason", answer.get("error", ""))), at if isinstance(at, int) else None)
        fields, schemes = answer.get("fields"), answer.get("schemes")
        if not isinstance(fields, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in fields):
            raise RuleBrokenError(f"a decode answered {answer!r}, expected 'fields' as pairs of path and value")
        return Read([(str(path), str(value)) for path, value in fields], schemes if isinstance(schemes, list) else None)

    def encode(self, case: Case, pairs: Pairs) -> str | Refused:
        """What it writes for values by path, in the order given, the CRC added by it."""
        answer: dict[str, Any] = self._program.call(case, {"op": "encode", "fields": [list(pair) for pair in pairs]})
        text = answer.get("text")
        return text if isinstance(text, str) else Refused(str(answer.get("error", "")))

    def close(self) -> None:
        """End the program."""
        self._program.close()
