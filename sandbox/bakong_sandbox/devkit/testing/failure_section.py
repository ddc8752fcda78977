"""What a failed test tells of its Bakong: seed, scenario, the calls, and the file that replays them. Knows no tests."""

import json
from pathlib import Path
from typing import Any

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.devkit.testing.errors import BakongError
from bakong_sandbox.devkit.testing.handle import Handle

MOST = 20


def story(bakong: Handle[Any, Any], folder: Path | None, name: str) -> str:
    """The lines for a test's report; the journal, whole, goes to a file in the folder."""
    world, calls = bakong.look(""), bakong.look("/journal")
    head = f"world={world['world']} seed={world['seed']} scenario={world['scenario']} now={world['clock']['now']}"
    left_out = [f"... {len(calls) - MOST} earlier calls"] if len(calls) > MOST else []
    lines = [head, *left_out, *map(_line, calls[-MOST:])]
    if folder is not None:
        lines.append(_kept(bakong, folder / f"{name}.json"))
    return "\n".join(terminal_line(line) for line in lines)


def _line(call: dict[str, Any]) -> str:
    asked = f"{call['number']}. {call['method']} {call['endpoint']}"
    about = f" md5={call['md5']} poll={call['poll']}" if call["md5"] else ""
    said = f" -> {call['status']}" + (f" errorCode={call['error_code']}" if call["error_code"] else "")
    waited = f" after {call['delay_ms']} ms" if call["delay_ms"] else ""
    fault = f" fault={call['fault']}" if call["fault"] else ""
    near = call.get("near_miss")  # an older sandbox, at the URL of the ini, has none
    return asked + about + said + waited + fault + (f" near miss: {near}" if near else "")


def _kept(bakong: Handle[Any, Any], path: Path) -> str:
    try:
        path.write_text(json.dumps(bakong.look("/journal?format=replay")), encoding="utf-8")
    except (BakongError, OSError) as error:
        return f"journal: {error}"
    return f"journal={path}: bakong-sandbox replay plays it again"
