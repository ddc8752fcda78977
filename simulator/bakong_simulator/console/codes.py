"""The codes' page: a code as a coloured tree over its text, and a code made by form."""

from typing import Any, NamedTuple

from bakong_simulator.console.page import Page
from bakong_simulator.control.codes import explained

COLOURS = 6
MAX_CODE = 4096


class Piece(NamedTuple):
    """A stretch of a code's text, of one outermost object. colour: its number; is_bad: a problem is in it."""

    text: str
    path: str
    colour: int
    is_bad: bool


async def values(page: Page) -> dict[str, Any]:
    """The code that is looked at, and what the form begins with."""
    text = page.asked("text").strip()[:MAX_CODE]
    told = explained(text, page.world.clock.now_ms()) if text else None
    by_path: dict[str, list[dict[str, Any]]] = {}
    for problem in told["problems"] if told else ():
        by_path.setdefault(problem["path"], []).append(problem)
    paths = {row["path"] for row in told["objects"]} if told else set()
    return {
        "text": text,
        "told": told,
        "pieces": pieces(told) if told else [],
        "by_path": by_path,
        "elsewhere": [row for path, rows in by_path.items() if path not in paths for row in rows],
    }


def pieces(told: dict[str, Any]) -> list[Piece]:
    """The whole text, each stretch once."""
    text, made, at = told["text"], [], 0
    bad = {row["path"].partition(".")[0] for row in told["problems"]}
    roots = [row for row in told["objects"] if not row["depth"]]
    for number, row in enumerate(roots):
        if row["at"] > at:
            made.append(Piece(text[at : row["at"]], "", -1, is_bad=True))
        end = row["at"] + row["length"]
        made.append(Piece(text[row["at"] : end], row["path"], number % COLOURS, row["path"] in bad))
        at = end
    return [*made, Piece(text[at:], "", -1, is_bad=True)] if at < len(text) else made
