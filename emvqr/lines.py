"""JSON lines on standard input and output: each line in, one line out; a bad line gets an error line, never an end."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import IO, Any, Final

Answer = dict[str, Any]
Work = Callable[[dict[str, Any]], Answer]

USAGE: Final = 2


def run(commands: Mapping[str, Work], arguments: list[str], given: IO[bytes], out: IO[str], err: IO[str]) -> int:
    """Answer each line with the command that the one argument names, or that the line's own "op" does.

    The exit code: 0 at the end of the input, 2 where there is no such command.
    """
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"expected one of: {', '.join(commands)}", file=err)
        return USAGE
    for answer in answers(commands, arguments[0], given):
        print(json.dumps(answer), file=out, flush=True)
    return 0


def answers(commands: Mapping[str, Work], command: str, lines: Iterable[bytes]) -> Iterator[Answer]:
    """One answer for each line, whatever stands in it."""
    for line in lines:
        try:
            asked = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            yield {"error": "not_json"}
            continue
        if not isinstance(asked, dict):
            yield {"error": "not_an_object"}
            continue
        op = asked.get("op", command)
        work = commands.get(op) if isinstance(op, str) else None
        yield work(asked) if work else {"unsupported": True}
