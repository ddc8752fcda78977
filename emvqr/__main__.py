"""`python -m emvqr decode|encode`: the core behind JSON lines, for other languages' tests and `verify emv`.

decode: {"text", "lenient"?: true or a list of reasons} -> {"valid": true, "fields": [[path, value], ...], "schemes"}
or {"valid": false, "reason", "at"}; encode: {"fields": [[path, value], ...]} -> {"text"} or {"error": reason}.
"""

import sys
from typing import Any

from emvqr.detection import detect
from emvqr.errors import EMVError
from emvqr.lines import Answer, run
from emvqr.reading import decode
from emvqr.writing import encode


def _decode(asked: dict[str, Any]) -> Answer:
    text, lenient = asked.get("text"), asked.get("lenient", False)
    if not isinstance(text, str):
        return {"error": "text"}
    if not (isinstance(lenient, bool) or (isinstance(lenient, list) and all(isinstance(one, str) for one in lenient))):
        return {"error": "lenient"}
    try:
        reading = decode(text, lenient=lenient is True, forgive=lenient if isinstance(lenient, list) else ())
    except EMVError as error:
        return {"valid": False, "reason": error.reason, "at": error.offset}
    answer: Answer = {"valid": True, "fields": reading.fields(), "schemes": detect(reading.nodes)}
    return answer | ({"warning": reading.warnings[0].reason} if reading.warnings else {})


def _encode(asked: dict[str, Any]) -> Answer:
    fields = asked.get("fields")
    if not (isinstance(fields, list) and all(_is_pair(pair) for pair in fields)):
        return {"error": "fields"}
    try:
        return {"text": encode([(path, value) for path, value in fields])}
    except EMVError as error:
        return {"error": error.reason}


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _hello(_asked: dict[str, Any]) -> Answer:
    return {"ok": True}


if __name__ == "__main__":
    commands = {"decode": _decode, "encode": _encode, "hello": _hello}
    sys.exit(run(commands, sys.argv[1:], sys.stdin.buffer, sys.stdout, sys.stderr))
