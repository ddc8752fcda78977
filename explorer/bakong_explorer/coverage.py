"""Which states were met under which fault, and which never: a page of what a campaign has lived through."""

from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path

from bakong_explorer.care_laws import ESCROWS, REFUND_EVENTS, STATES
from bakong_explorer.faults import FAULTS
from bakong_explorer.laws import MAY_BECOME, SOLD
from bakong_explorer.town import CALM, MARK, pair

SUBSCRIPTIONS = {"ACTIVE": {"PAST_DUE", "CANCELLED"}, "PAST_DUE": {"ACTIVE", "EXPIRED", "CANCELLED"}}
TRIES = ("204", "500", "timeout", "ConnectError")


def _changes(what: str, table: dict[str, set[str]]) -> Iterable[str]:
    return (f"{what} {old} to {new}" for old, reached in table.items() for new in sorted(reached))


def known_states() -> list[str]:
    """Every change of state that the laws allow, in the words that a life counts them by."""
    return [
        *(name for purpose in SOLD for name in _changes(purpose, MAY_BECOME)),
        *_changes("subscription", SUBSCRIPTIONS),
        *_changes("escrow payment", STATES),
        *_changes("escrow", ESCROWS),
        "refund none to PROCESSING",
        *(f"refund PROCESSING to {status}" for status in REFUND_EVENTS if status != "PROCESSING"),
        *(f"webhook {result}" for result in TRIES),
        "push answered 200",
    ]


def never_met(met: Counter[str]) -> list[str]:
    """The pairs of fault and state that no life has met, states that were never met first, under no fault."""
    return [pair(fault, state) for fault in (CALM, *FAULTS) for state in known_states() if not met[pair(fault, state)]]


def page(met: Counter[str], figures: str) -> str:
    """Markdown: a row a state, a column a fault; then what never was."""
    faults = (CALM, *FAULTS)
    states = sorted({*known_states(), *(name.partition(MARK)[2] for name in met if MARK in name)})
    cells = len(known_states()) * len(faults)
    seen = cells - len(never_met(met))
    lines = [
        "# What the explorer has met",
        "",
        f"{figures}.",
        f"Of {cells} pairs of a fault and a change of state that the laws allow, {seen} were met.",
        "A number says how often the change came while the fault lasted; a fault of a moment lasts until it is over.",
        "",
        f"| state | {' | '.join(faults)} |",
        f"|---|{'---|' * len(faults)}",
    ]
    for state in states:
        counts = (met[pair(fault, state)] for fault in faults)
        lines.append(f"| {state} | {' | '.join(str(count) if count else '**never**' for count in counts)} |")
    wholly = [state for state in known_states() if not any(met[pair(fault, state)] for fault in faults)]
    lines += ["", "Never met at all: " + (", ".join(wholly) if wholly else "nothing") + "."]
    return "\n".join(lines) + "\n"


def html(text: str) -> str:
    """The same page for a browser: its table as one of HTML, all else as lines."""
    shown = ['<!doctype html><html lang="en"><meta charset="utf-8"><title>What the explorer has met</title>', "<table>"]
    for line in text.splitlines():
        if line.startswith("|---"):
            continue
        if line.startswith("|"):
            cells = (escape(cell.strip(" *")) for cell in line.strip("|").split("|"))
            shown.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        elif line:
            shown.append(f"<caption>{escape(line.strip('# '))}</caption>" if line.startswith("#") else "")
    rest = [escape(line) for line in text.splitlines() if line and line[0] not in "#|"]
    return "\n".join((*shown, "</table>", *(f"<p>{line}</p>" for line in rest), "</html>", ""))


def write(path: Path, met: Counter[str], figures: str) -> None:
    """As Markdown, or as HTML where the file's name says so."""
    text = page(met, figures)
    path.write_text(html(text) if path.suffix in (".html", ".htm") else text, "utf-8")
