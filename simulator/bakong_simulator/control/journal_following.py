"""The journal as it grows: a stream of calls, resumed where a reader left off; windows of rows; one call whole."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, NamedTuple
from zlib import crc32

import orjson
from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse

from bakong_simulator.control import journal_shapes as shapes
from bakong_simulator.control import responses
from bakong_simulator.control.dependencies import CurrentWorld
from bakong_simulator.control.webhook_following import EVENT_STREAM, START
from bakong_simulator.control.why import why
from bakong_simulator.kernel.bell import Bell
from bakong_simulator.kernel.errors import BodyError, UnknownPaymentError
from bakong_simulator.kernel.journal import Entry, Journal
from bakong_simulator.kernel.world import World

LOOK_S = 1.0  # real seconds without a call, after which the stream looks whether the world has changed
PAUSE_S = 0.25  # between two events: what comes meanwhile is in the next one
QUIET_LOOKS = 15  # looks without news, after which the stream says that it is there
NEWEST_PAYMENTS = 200  # whose states tell that the world has changed
CURSOR = re.compile(r"([^-]+)-([0-9]{1,15})(?:-([0-9a-f]{8}))?", re.ASCII)
router = APIRouter(prefix="/sandbox/worlds/{world}/journal")
Number = Annotated[int, Path(ge=1, lt=2**53)]


@router.get("/rows", response_model=None, responses={200: {"model": shapes.RowsShown}})
async def show_rows(world: CurrentWorld, query: Annotated[shapes.RowsQuery, Query()]) -> Response:
    """A window of the calls that fit, newest first, without their bodies."""
    journal, match = world.journal, query.match()
    upto = journal.total if query.upto is None else min(query.upto, journal.total)
    if match:
        numbers = [number for number in journal.matching(match) if number <= upto]
        end = max(0, len(numbers) - query.offset)
        found = [journal.find(number) for number in reversed(numbers[max(0, end - query.count) : end])]
        rows, matching = [entry for entry in found if entry is not None], len(numbers)
    else:
        rows = journal.newest(query.count, upto + 1 - query.offset)
        matching = max(0, len(journal) - (journal.total - upto))
    shown = [shapes.of_row(entry) for entry in rows]
    counts = {"total": journal.total, "kept": len(journal), "matching": matching}
    return Response(orjson.dumps({"world": world.name, **counts, "rows": shown}), media_type="application/json")


@router.get("/calls/{number}", response_model=shapes.CallShown)
async def show_call(number: Number, world: CurrentWorld) -> dict[str, Any]:
    """One call with its bodies and headers, and why it was answered so."""
    entry = world.journal.find(number)
    if entry is None:
        raise UnknownPaymentError(f"the journal keeps no call {number} (any more): it has had {world.journal.total}")
    return responses.of_entry(world, entry) | {"why": why(world, entry)}


@router.get("/stream", response_class=StreamingResponse, responses={200: {"content": EVENT_STREAM}})
async def follow_journal(
    world: CurrentWorld,
    query: Annotated[shapes.StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """The calls of a world as server-sent events, from now on, or after the event of `Last-Event-ID`.

    `calls` has the rows that came since the event before, oldest first, and how many older ones were `skipped`: what a
    reader wants of those is at `rows` and `calls/<number>`. `ready` comes first, with the place that the stream begins
    after; `restarted` where the id was of a journal that is gone, as after a reset. `changed` says that something else
    has: a payment, the clock, the script, a webhook.
    """
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    body = _Following(world, query, query.after or last_event_id).events()
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


class _Following:
    """One reader of a world's journal, which may be another one after each reset."""

    def __init__(self, world: World, query: shapes.StreamQuery, given: str | None) -> None:
        self._world = world
        self._query = query
        self._match = query.match()
        self._journal = world.journal
        self._after, known, self._restarted = _place(world, given)
        self._known = known or _state(world)

    async def events(self) -> AsyncIterator[bytes]:
        """Everything that is sent."""
        pause = Bell()  # which nobody rings
        if self._restarted:
            yield self._event("restarted", {"world": self._world.name})
        yield self._event("ready", {"world": self._world.name, "total": self._journal.total})
        quiet = 0
        while True:
            if self._world.journal is not self._journal:
                self._journal, self._after = self._world.journal, 0
                yield self._event("restarted", {"world": self._world.name})
            sent = self._journal.total > self._after
            if sent:
                yield self._calls()
            if (now := _state(self._world)) != self._known:
                self._known, sent = now, True
                yield self._event("changed", {"world": self._world.name})
            if not self._query.follow or (self._journal.is_closed and self._world.journal is self._journal):
                return
            quiet = 0 if sent else quiet + 1
            if quiet >= QUIET_LOOKS:
                quiet = 0
                yield b": still here\n\n"
            if sent:
                await pause.wait(PAUSE_S)
            elif self._journal.total == self._after:
                await self._journal.bell.wait(LOOK_S)

    def _calls(self) -> bytes:
        """The rows since the event before."""
        journal, wanted = self._journal, self._query.latest
        came = journal.total - self._after
        rows = journal.newest(min(came, wanted))[::-1]
        self._after = journal.total
        shown = [shapes.of_row(entry) for entry in rows if self._fits(entry)]
        return self._event("calls", {"rows": shown, "skipped": came - len(rows), "total": journal.total})

    def _fits(self, entry: Entry) -> bool:
        return all(entry.value(name) == value for name, value in self._match.items())

    def _event(self, name: str, data: dict[str, Any]) -> bytes:
        place = f"{_run(self._world)}-{self._after}-{self._known}"
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (place.encode(), name.encode(), orjson.dumps(data))


def cursor(world: World) -> str:
    """The place in a world's stream where nothing is untold that has happened until now."""
    return f"{_run(world)}-{world.journal.total}-{_state(world)}"


def _run(world: World) -> str:
    """What tells a journal from the one before a reset, and from those of an earlier process."""
    return f"{world.outbox.stream.cursor(0).rpartition('-')[0]}.{world.resets}"


class _Place(NamedTuple):
    """Where a stream goes on: after a call, from a state (None: today's), and whether the journal before it is gone."""

    number: int
    state: str | None = None
    restarted: bool = False


def _place(world: World, given: str | None) -> _Place:
    """Raises BodyError for what is no cursor."""
    journal: Journal = world.journal
    if given is None:
        return _Place(journal.total)
    if given == START:
        return _Place(0)
    read = CURSOR.fullmatch(given)
    if read is None:
        raise BodyError(f"after: read {given[:80]!r}, expected the id of an event of this stream")
    run, number, state = read[1], int(read[2]), read[3]
    return _Place(number, state) if run == _run(world) and number <= journal.total else _Place(0, restarted=True)


def _state(world: World) -> str:
    """Another word when something has changed that is no call."""
    payments = list(world.payments.values())[-NEWEST_PAYMENTS:]
    states = hash(tuple((row.step, row.arrived, row.reached, row.hidden, len(row.settlements)) for row in payments))
    journal, outbox = world.journal, world.outbox
    counts = (journal.acted, journal.failed, outbox.log.total, len(world.ledger.postings), len(world.payments))
    return f"{crc32(repr((*counts, world.clock.mode, world.playing, states)).encode()):08x}"
