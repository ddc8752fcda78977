"""A call of the journal as something to keep: a curl command, a HAR, a pytest test, a scenario that does it again."""

import shlex
from importlib.metadata import version
from typing import Any

import orjson

from bakong_scenarios import FaultRule, SchemeWords
from bakong_simulator.control.why import SCENARIO_FAULT, rule_of
from bakong_simulator.journals import har
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.world import World

NAME = "from-the-journal"
TEST = """\
import httpx


def test_call_{number}_is_answered_as_in_the_journal(bakong):
    bakong.use({scenario!r})
    answer = httpx.request(
        {method!r},
        f"{{bakong.base_url}}{path}",
        content={body!r},
        headers={{"authorization": f"Bearer {{bakong.token}}", "content-type": "application/json"}},
    )
    assert answer.status_code == {status}
"""


def exports(world: World, entry: Entry, base_url: str) -> dict[str, str]:
    """All of them, by their name."""
    made = {"curl": curl(world, entry, base_url), "HAR": har_of(world, entry, base_url)}
    return made | {"pytest": test_of(world, entry), "scenario": scenario_of(world, entry)}


def curl(world: World, entry: Entry, base_url: str) -> str:
    parts = ["curl -s -X " + shlex.quote(entry.method), shlex.quote(f"{base_url}{_path(world, entry)}")]
    if entry.token:
        parts.append("-H " + shlex.quote(f"Authorization: Bearer {entry.token}"))
    parts += [
        "-H " + shlex.quote(f"{name.decode('latin-1')}: {value.decode('latin-1')}") for name, value in entry.headers
    ]
    if entry.request:
        parts += ["-H 'Content-Type: application/json'", "-d " + shlex.quote(entry.request.decode("utf-8", "replace"))]
    return " \\\n  ".join(parts) + "\n"


def har_of(world: World, entry: Entry, base_url: str) -> str:
    document = har.archive([entry], world, version("bakong-sandbox"), base_url)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def test_of(world: World, entry: Entry) -> str:
    path = _path(world, entry).replace("{", "{{").replace("}", "}}").replace('"', "%22").replace("\\", "%5C")
    return TEST.format(
        number=entry.number,
        scenario=entry.scenario if entry.scenario in world.library else scenario_of(world, entry),
        method=entry.method,
        path=path,
        body=entry.request,
        status=entry.status,
    )


def scenario_of(world: World, entry: Entry) -> str:
    """A script in which a payment goes the way that this one's calls went: unpaid so long, faults at the same polls."""
    calls = [row for row in world.journal.entries if _is_of(row, entry)]
    words = world.schemes[entry.scheme].words
    lines = [f"name: {NAME}", f"about: As calls {calls[0].number} to {calls[-1].number} of the journal."]
    lines += ["payment:", *_steps(world, entry, calls)]
    faults = [_fault(row, rule, words) for row in calls if (rule := _rule(world, row))]
    return "\n".join(lines + (["faults:", *faults] if faults else [])) + "\n"


def _is_of(row: Entry, entry: Entry) -> bool:
    if entry.reference is None:
        return row.number == entry.number
    return (row.scheme, row.reference) == (entry.scheme, entry.reference)


def _steps(world: World, entry: Entry, calls: list[Entry]) -> list[str]:
    payment = None if entry.reference is None else world.payments.get((entry.scheme, entry.reference))
    if payment is None or not payment.settlements:
        return ["  - unpaid"]
    first = payment.settlements[0]
    before = sum(row.at_ms < first.at_ms for row in calls)
    waiting = [f"  - unpaid: {{polls: {before}}}"] if before else []
    return [*waiting, "  - failed" if first.failed else "  - paid"]


def _rule(world: World, row: Entry) -> FaultRule | None:
    return None if row.fault in (None, SCENARIO_FAULT) else rule_of(world, row)


def _fault(row: Entry, rule: FaultRule, words: SchemeWords) -> str:
    known = words.faults[rule.fault]
    values = {name: _value(value, known[name].kind) for name, value in rule.parameters.items() if value is not None}
    pairs = {"fault": rule.fault, **values, "on": row.endpoint, "poll": str(max(1, row.poll))}
    return "  - {" + ", ".join(f"{name}: {value}" for name, value in pairs.items()) + "}"


def _value(value: Any, kind: str) -> str:
    return f"{value}ms" if kind in ("duration", "shift") else str(value)


def _path(world: World, entry: Entry) -> str:
    """Where a client of this sandbox finds it: below the scheme's prefix, and its world's."""
    scheme = world.schemes[entry.scheme]
    path = entry.path if entry.path.startswith("/") else f"{scheme.prefix}/{entry.path}"
    inside = "" if world.name == "default" else f"/w/{world.name}"
    return f"{inside}{path}" + (f"?{entry.query}" if entry.query else "")
