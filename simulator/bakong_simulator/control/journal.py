"""The journal: reading, exporting, holding it to what a test expects; and metrics."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from bakong_simulator.control import metrics, responses
from bakong_simulator.control.dependencies import AllWorlds, CurrentWorld
from bakong_simulator.control.requests import Expectation, JournalQuery
from bakong_simulator.journals import har, replay
from bakong_simulator.journals.journal_assertions import JournalCheck, verify_count, verify_order
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.journal import Entry
from bakong_simulator.kernel.world import World

router = APIRouter()
IN_WORLD = "/sandbox/worlds/{world}"
MD5 = re.compile(r"[0-9a-fA-F]{32}")
VERSION = version("bakong-sandbox")
JOURNAL = responses.JournalShown | responses.HarShown | responses.RecordingShown


@router.get(f"{IN_WORLD}/journal", response_model=None, responses={200: {"model": JOURNAL}})
async def show_journal(
    world: CurrentWorld, query: Annotated[JournalQuery, Query()], request: Request
) -> dict[str, Any]:
    """The calls, oldest first, that fit all that is named. As HAR 1.2, or whole as `bakong-sandbox replay` takes it."""
    if query.format == "replay":
        return replay.export(world)
    _check_names(world, query)
    match = query.match()
    fitting = [entry for entry in world.journal.entries if entry.number > query.after and _fits(entry, match)]
    shown = fitting[-query.limit :]
    if query.format == "json":
        return _as_json(world, shown, query)
    return har.archive(shown, world, VERSION, str(request.base_url))


@router.post(f"{IN_WORLD}/journal/verify", response_model=responses.CheckShown)
async def verify_journal(expectation: Expectation, world: CurrentWorld) -> dict[str, Any]:
    """Whether the journal is as expected; where not, the nearest misses with what differs."""
    return _check(expectation, world.journal.entries).shown()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def show_metrics(worlds: AllWorlds) -> Response:
    """For Prometheus."""
    return Response(metrics.exposition(worlds), media_type=metrics.MEDIA_TYPE)


def _check_names(world: World, query: JournalQuery) -> None:
    """Raises BodyError for a name that no call can have, and UnknownSchemeError."""
    first = world.scheme(query.scheme).words
    words = [first] if query.scheme else [scheme.words for scheme in world.schemes.values()]
    endpoints = ("endpoint", query.endpoint, first.endpoints, {name for each in words for name in each.endpoints})
    faults = ("fault", query.fault, tuple(first.faults), {name for each in words for name in each.faults})
    for field, asked, usual, known in (endpoints, faults):
        if asked and asked not in known and not _has(world, field, asked):
            near = get_close_matches(asked, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f" (known to {first.name}: {', '.join(usual)})"
            raise BodyError(f"{field}: no {field} is called {asked!r}{hint}")
    if query.md5 and not MD5.fullmatch(query.md5) and not _has(world, "md5", query.md5):
        raise BodyError(f"md5: read {query.md5!r}, expected 32 hex digits: the md5 of the code's text")


def _has(world: World, field: str, value: str) -> bool:
    return any(entry.value(field) == value for entry in world.journal.entries)


def _fits(entry: Entry, match: dict[str, Any]) -> bool:
    return all(entry.value(name) == value for name, value in match.items())


def _as_json(world: World, shown: list[Entry], query: JournalQuery) -> dict[str, Any]:
    journal = world.journal
    actions = [action.shown() for action in journal.actions if action.after >= query.after]
    failures = [failure._asdict() for failure in journal.failures if failure.after >= query.after]
    return {
        "world": world.name,
        "total": journal.total,
        "kept": len(journal),
        "entries": [responses.of_entry(world, entry) for entry in shown],
        "actions": actions[-query.limit :],
        "failures": failures[-query.limit :],
        "webhooks": [row.shown() for row in world.outbox.log if row.after >= query.after][-query.limit :],
    }


def _check(expectation: Expectation, entries: Iterator[Entry]) -> JournalCheck:
    if (expectation.order is None) == (expectation.match is None):
        raise BodyError("expected exactly one of 'match' and 'order'")
    at_least, at_most = _bounds(expectation)  # also where there is an order, which goes with none
    if expectation.order is not None:
        return verify_order(entries, [match.named() for match in expectation.order])
    match = expectation.match.named() if expectation.match else {}
    return verify_count(entries, match, at_least, at_most)


def _bounds(expectation: Expectation) -> tuple[int, int | None]:
    """How often, at least and at most. Raises BodyError for words that do not go together."""
    said = expectation.model_fields_set & {"count", "at_least", "at_most", "never"}
    if said and expectation.order is not None:
        raise BodyError("'order' goes with no count")
    if "never" in said or "count" in said:
        if len(said) > 1:
            raise BodyError(f"read {' and '.join(sorted(said))}, expected one of count, never, at_least and at_most")
        count = expectation.count or 0
        return count, count
    return (1 if not said else expectation.at_least or 0), expectation.at_most
