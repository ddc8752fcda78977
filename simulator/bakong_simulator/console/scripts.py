"""The scripts' page: the library with its stories, one script drawn and as it is written, and an editor that checks."""

from typing import Any

from bakong_scenarios import ScenarioError
from bakong_scenarios.describing import plan
from bakong_simulator.console.page import MissingError, Page

FIRST = 24  # of the library: as many as one sees; the page asks for the others once it is there
DRAFT = """\
name: mine
about: Two polls find nothing, the third answer is lost, then it is paid.
payment:
  - unpaid: {polls: 3}
  - paid
faults:
  - {fault: hang, for: 8s, on: check, poll: 3}
"""


async def values(page: Page) -> dict[str, Any]:
    """Every script of the library; the one that is looked at; what is played, and from which file."""
    library, name, scheme = page.worlds.library, page.asked("name"), page.asked("scheme") or None
    listed = sorted(library.entries(), key=lambda entry: (entry.script.name, entry.schemes))
    entries = [(entry.script, library.players(entry), entry.schemes[0]) for entry in listed]
    file = page.world.player.file
    return {
        "entries": entries[:FIRST],
        "later": entries[FIRST:],
        "with_later": page.asked("part") == "later",
        "seen": _seen(page, name, scheme) if name else None,
        "edits": page.asked("edit"),
        "draft": library.source(name, scheme) if name and page.asked("edit") else DRAFT,
        "playing": page.world.playing,
        "file": None if file is None else file.path,
        "file_error": _file_error(page),
        "unpaid": [row for row in page.world.payments.values() if not row.settlements and not row.has_ended][-50:],
    }


def _seen(page: Page, name: str, scheme: str | None) -> dict[str, Any]:
    try:
        script = page.worlds.library.find(name, scheme)
    except ScenarioError as error:
        raise MissingError(str(error)) from None
    return {"plan": plan(script), "source": page.worlds.library.source(name, script.scheme)}


def _file_error(page: Page) -> str:
    """What is wrong with the file that is followed; "" where nothing is, or none is."""
    try:
        _ = page.world.scenario
    except ScenarioError as error:
        return str(error)
    return ""
