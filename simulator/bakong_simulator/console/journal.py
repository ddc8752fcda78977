"""The journal's page: the calls as they come, one of them whole, and why it was answered so."""

from typing import Any

from bakong_simulator.console.exports import exports
from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.control import responses
from bakong_simulator.control.why import why

FILTERS = ("scheme", "endpoint", "reference", "status", "fault", "scenario")


async def values(page: Page) -> dict[str, Any]:
    """The filters as they are set, the words that they may be, and the call that is looked at."""
    world = page.world
    number = page.asked("number")
    entry = world.journal.find(int(number)) if number.isdigit() and len(number) < 16 else None
    if number and entry is None:
        raise MissingError(page.t("The journal keeps no such call (any more)"))
    schemes = world.schemes.values()
    return {
        "filters": {name: page.asked(name) for name in FILTERS},
        "worlds": [*page.worlds.by_name],
        "endpoints": sorted({name for scheme in schemes for name in scheme.words.endpoints})
        if page.asked("part") == "endpoints"
        else (),
        "faults": sorted({name for scheme in schemes for name in scheme.words.faults}),
        "total": world.journal.total,
        "call": entry and (responses.of_entry(world, entry) | {"why": why(world, entry)}),
        "exports": entry and exports(world, entry, page.base_url),
    }
