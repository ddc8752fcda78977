"""A call of the journal as something to keep: a curl command, a HAR, a pytest test, a scenario that does it again."""

import re
import shlex
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import orjson

from bakong_contracts.escaping import clean
from bakong_scenarios import FaultRule, SchemeWords
from bakong_simulator.control.why import SCENARIO_FAULT, rule_of
from bakong_simulator.journals import har
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.world import World

NAME = "from-the-journal"
_IN_PATH = "/:@!$&'()*+,;=~"  # what RFC 3986 has in a path; what else a call's path held comes as %xx
_IN_QUERY = _IN_PATH + "?%[]{}|"
_PASTED = re.compile(r"[\t\r]")  # beside what `clean` knows: a tab completes, a return ends
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b"'\\")
TEST = """\
import httpx


def test_call_{number}_is_answered_as_in_the_journal(bakong):
    bakong.use({scenario!r})
    answer = httpx.request(
        {method!r},
        bakong.base_url + {path!r},
        content={body!r},
        headers={{{headers}}},
    )
    assert answer.status_code == {status}
"""


def exports(world: World, entry: Entry, base_url: str) -> dict[str, str]:
    """All of them, by their name."""
    made = {"curl": curl(world, entry, base_url), "HAR": har_of(world, entry, base_url)}
    return made | {"pytest": test_of(world, entry), "scenario": scenario_of(world, entry)}


def curl(world: World, entry: Entry, base_url: str) -> str:
    """A command that sends the same bytes, once, and nothing else, whatever a stranger wrote into the call.

    curl itself obeys some signs: [1-3] and {a,b} in an address (-g), .. in a path, @ before a file's name (--data-raw).
    """
    parts = ["curl -s -g --path-as-is -X " + shlex.quote(entry.method)]
    parts.append(_word(f"{base_url}{_path(world, entry)}".encode()))
    parts += ["-H " + _word(name + b": " + value) for name, value in _headers(entry)]
    parts += ["--data-raw " + _word(entry.request)] if entry.request else []
    return " \\\n  ".join(parts) + "\n"


def _word(raw: bytes) -> str:
    """One word of a shell. What a terminal obeys as it is pasted (^C, ^U, escapes) is spelt out for bash and zsh."""
    text = raw.decode("utf-8", "surrogateescape")
    if clean(text) == text and not _PASTED.search(text):
        return shlex.quote(text)
    return "$'" + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in raw) + "'"


def _headers(entry: Entry) -> list[tuple[bytes, bytes]]:
    """Those that the call came with, as far as its scheme keeps them; an address brings its host itself."""
    rows = [(b"Authorization", f"Bearer {entry.token}".encode())] if entry.token else []
    rows += [row for row in entry.headers if row[0].lower() != b"host"]
    if entry.request and all(name.lower() != b"content-type" for name, _ in rows):
        rows.append((b"Content-Type", har.media_type(entry).encode()))
    return rows


def har_of(world: World, entry: Entry, base_url: str) -> str:
    document = har.archive([entry], world, version("bakong-sandbox"), base_url)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def test_of(world: World, entry: Entry) -> str:
    return TEST.format(
        number=entry.number,
        scenario=entry.scenario if entry.scenario in world.library else scenario_of(world, entry),
        method=entry.method,
        path=_path(world, entry),
        body=entry.request,
        headers=", ".join(_pair(world, entry, name, value) for name, value in _headers(entry)),
        status=entry.status,
    )


def _pair(world: World, entry: Entry, name: bytes, value: bytes) -> str:
    """A header as Python writes it; a token that the Open API let in is the one of the sandbox that the test gets."""
    is_let_in = name == b"Authorization" and entry.scheme == world.scheme().name and entry.status != 401
    written = 'f"Bearer {bakong.token}"' if is_let_in else repr(value.decode("latin-1"))
    return f"{name.decode('latin-1').lower()!r}: {written}"


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
    query = f"?{quote(entry.query, safe=_IN_QUERY)}" if entry.query else ""  # as it came, so with its own %
    return quote(f"{inside}{path}", safe=_IN_PATH) + query
