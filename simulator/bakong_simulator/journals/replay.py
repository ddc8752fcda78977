"""A journal as a document that can be played again, and playing it: the same bytes, or the first that differ.

What is replayed is what came over HTTP: the calls of the schemes, and between them the actions of the control API.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.journal import OTHER_NAMES, ControlAction, Entry, header_texts
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.snapshot_document import Snapshot
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.reply import Reply

VERSION, VERSIONS = 2, (1, 2)  # 1: of one scheme, whose references were called md5
Build = Callable[[Worlds], Any]
T = TypeVar("T")


class Replayed(NamedTuple):
    """How many calls were played again, and the numbers of those whose answers differ."""

    calls: int
    different: list[int]


def export(world: World) -> dict[str, Any]:
    """The journal, whole: the world before it, the calls and the actions. Raises BodyError where it forgot some."""
    journal = world.journal
    if not journal.is_whole:
        raise BodyError(
            f"the journal has forgotten what a replay needs: it keeps {len(journal)} of {journal.total} calls and "
            f"{len(journal.actions)} of {journal.acted} control actions, {journal.cut} of them with a body cut short"
        )
    begun = journal.begin()
    if not begun:
        raise BodyError("the journal has not kept the world as it was before its first call: see its failures")
    return {
        "version": VERSION,
        "begun": begun,
        "calls": [_call(entry) for entry in journal.entries],
        "acts": [_action(action) for action in journal.actions],
    }


def _action(action: ControlAction) -> dict[str, Any]:
    return {
        "after": action.after,
        "at_ms": action.at_ms,
        "method": action.method,
        "path": action.path,
        "body": _text(action.body),
    }


def _call(entry: Entry) -> dict[str, Any]:
    row = entry._asdict() | {"request": _text(entry.request), "answer": _text(entry.answer)}
    row |= {"headers": header_texts(entry.headers), "answer_headers": header_texts(entry.answer_headers)}
    return row | {"content_type": entry.content_type.decode("latin-1")}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


async def replay(document: Mapping[str, Any], build: Build, schemes: Sequence[AnyScheme]) -> tuple[Replayed, World]:
    """Play an exported journal again, in a world of its own. Raises BodyError for a document that is none.

    schemes: those of the world; a document of version 1 is of the first. build: makes the control API over worlds,
    which does the actions.
    """
    _check_form(document)
    begun = snapshots.parse(document["begun"], schemes[0])
    calls = [
        _read("calls", number, row, lambda row: _entry(row, schemes[0])) for number, row in _rows(document, "calls")
    ]
    actions = [_read("acts", number, row, _acted) for number, row in _rows(document, "acts")]
    return await _play(begun, calls, actions, build, schemes)


def _check_form(document: Any) -> None:
    """Raises BodyError for what is plainly something else, such as a journal in another form."""
    if isinstance(document, Mapping) and document.get("version") in VERSIONS and "begun" in document:
        return
    kinds = {"log": "a HAR", "entries": "a journal as JSON", "calls": f"a journal of another version than {VERSIONS}"}
    keys = document if isinstance(document, Mapping) else ()
    kind = next((kind for key, kind in kinds.items() if key in keys), "something else")
    raise BodyError(f"read {kind}, expected what `bakong-sandbox journal show --format replay` prints")


def _rows(document: Mapping[str, Any], name: str) -> Iterable[tuple[int, Any]]:
    rows = document.get(name)
    if not isinstance(rows, list):
        raise BodyError(f"{name}: read {type(rows).__name__}, expected a list")
    return enumerate(rows)


def _read(name: str, number: int, row: Any, read: Callable[[Any], T]) -> T:
    """What a row says. Raises BodyError with its place."""
    place = f"{name}[{number}]"
    try:
        return read(row)
    except KeyError as error:
        raise BodyError(f"{place}: {error.args[0]!r} is missing") from None
    except (TypeError, AttributeError):
        raise BodyError(f"{place}: its fields are not those of {name} that the journal has") from None
    except ValueError as error:
        raise BodyError(f"{place}: {error}") from None


def _acted(row: Mapping[str, Any]) -> ControlAction:
    return ControlAction(**{**row, "body": base64.b64decode(row["body"])})


async def _play(
    begun: Snapshot, calls: list[Entry], actions: list[ControlAction], build: Build, schemes: Sequence[AnyScheme]
) -> tuple[Replayed, World]:
    worlds = Worlds(lambda: begun.now_ms, schemes)
    world = worlds.default if begun.world == worlds.default.name else worlds.make(begun.world)
    snapshots.restore(world, begun)
    control = build(worlds)
    different: list[int] = []
    for event in _in_order(calls, actions):
        await _be_at(world, event.at_ms)
        if isinstance(event, ControlAction):
            await perform(control, world.name, event)
        elif not _same(event, answer(world, event)):
            different.append(event.number)
    return Replayed(len(calls), different), world


def _in_order(calls: list[Entry], actions: list[ControlAction]) -> Iterable[Entry | ControlAction]:
    waiting = list(actions)
    for call in calls:
        while waiting and waiting[0].after < call.number:
            yield waiting.pop(0)
        yield call
    yield from waiting


async def _be_at(world: World, at_ms: int) -> None:
    """Let it be that time, with all that fell due on the way; the wall stands still here."""
    now_ms = world.clock.now_ms()
    if at_ms > now_ms:
        await world.clock.advance(at_ms - now_ms)
    elif at_ms < now_ms:
        world.clock.set_mode(Mode(world.clock.mode), at_ms=at_ms, rate=world.clock.rate or 1.0)


def answer(world: World, entry: Entry) -> Reply:
    """The reply to a call that was asked before."""
    scheme = world.scheme(entry.scheme)
    call = Call(
        entry.path,
        entry.method,
        entry.token,
        entry.request,
        entry.client,
        entry.asked_scenario,
        entry.headers,
        entry.query.encode("latin-1"),
    )
    return scheme.serve(world, world.state(scheme), call)


def _same(entry: Entry, reply: Reply) -> bool:
    return (entry.status, entry.answer, entry.delay_ms) == (reply.status, reply.body, reply.delay_ms)


def _entry(row: Mapping[str, Any], first: AnyScheme) -> Entry:
    if "scheme" not in row:
        renamed = {OTHER_NAMES.get(name, name): value for name, value in row.items()}
        row = {"scheme": first.name, "path": row["endpoint"], "query": "", "headers": [], **renamed}
    raw = {name: base64.b64decode(row[name]) for name in ("request", "answer")}
    headers = {name: _headers(row.get(name, ())) for name in ("headers", "answer_headers")}
    return Entry(**{**row, **raw, **headers, "content_type": row["content_type"].encode("latin-1")})


def _headers(rows: Iterable[Sequence[str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in rows)


async def perform(control: Any, world: str, action: ControlAction) -> None:
    """Do what a request to the control API did, below a world's path."""
    await perform_at(control, f"/sandbox/worlds/{world}{action.path}", action)


async def perform_at(control: Any, whole: str, action: ControlAction) -> None:
    """Do what a request to the control API did; whole: its path, with the query."""
    path, _, query = whole.partition("?")
    scope = {
        "type": "http",
        "method": action.method,
        "path": path,
        "raw_path": b"",
        "query_string": query.encode(),
        "headers": [(b"content-type", b"application/json"), (b"host", b"replay")],
        "scheme": "http",
        "server": ("replay", 80),
        "client": None,
        "root_path": "",
        "http_version": "1.1",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": action.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        """What it answers is not compared: it was no call of the Open API."""

    await control(scope, receive, send)
