"""Worlds that outlive their process: a snapshot of each, and a log of what came after it, played again at the start.

Every call, change by the control API and outcome of a webhook is one line of the log, written before it is answered.
A write goes to the system at once and is not waited for on the disk: it outlives a kill of the process, and not a loss
of power. At the start the snapshot is restored and the log is played, as `replay` does; then both begin anew.
"""

import asyncio
import contextlib
import errno
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from bakong_scenarios import ScenarioError
from bakong_simulator.journals.replay import Build, perform_at
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.journal import ControlAction, Journal
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.webhooks import Attempt, Outcome, Send
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds

VERSION = 1
STATE, LOG = "worlds.json", "worlds.log"
MAX_LOG = 64 * 1024 * 1024  # then there is a snapshot, and the log begins anew


class KeepingError(Exception):
    """A file of kept worlds that cannot be read, or written: which, and why."""


class Kept(NamedTuple):
    """What was found: how many worlds, and how many calls, changes and webhooks after their snapshot."""

    worlds: int
    events: int


class Wall:
    """The wall's time; while a log is played, that of its lines."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self.fixed_ms: int | None = None

    def __call__(self) -> int:
        return self._wall_ms() if self.fixed_ms is None else self.fixed_ms


class Keeper:
    """Keeps the worlds of one process in a folder that is its own.

    on_failure: what an operator is told where the log cannot be written any more; from then on nothing is kept.
    """

    def __init__(
        self, folder: Path, worlds: Worlds, wall: Wall, on_failure: Callable[[str], object], *, max_log: int = MAX_LOG
    ) -> None:
        self._folder = folder
        self._worlds = worlds
        self._wall = wall
        self._on_failure = on_failure
        self._max_log = max_log
        self._file = -1
        self._size = 0
        self._waits = False
        self._changing = 0
        self._later: list[tuple[Attempt, Callable[[Outcome], None]]] = []

    async def restore(self, build: Build) -> Kept | None:
        """Let the worlds be as they were; None where nothing is kept yet. Raises KeepingError.

        build: makes the control API over the worlds, which makes the changes again.
        """
        path = self._folder / STATE
        try:
            state = orjson.loads(path.read_bytes())
            lines = _lines(self._folder / f"{LOG}.{state['generation']}")
            await self._restore(state, lines, build)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, BodyError, ScenarioError, ValidationError) as error:
            raise KeepingError(f"{path} cannot be restored: {error}") from error
        finally:
            self._wall.fixed_ms = None
        return Kept(len(self._worlds.by_name), len(lines))

    async def _restore(self, state: Mapping[str, Any], lines: list[Any], build: Build) -> None:
        worlds = self._worlds
        if state["version"] != VERSION:
            raise ValueError(f"read version {state['version']}, expected {VERSION}")
        self._wall.fixed_ms = state["wall_ms"]
        for row in state["worlds"]:
            kept = snapshots.parse(row["snapshot"], worlds.schemes[0])
            world = worlds.by_name.get(kept.world) or worlds.make(kept.world)
            snapshots.restore(world, kept)
            world.journal_bytes = row["journal_bytes"]
            _load_journal(world.journal, row["journal"])
        worlds.made = state["made"]
        outcomes = _outcomes(lines)
        send, worlds.send = worlds.send, self._sender_of(outcomes)
        try:
            control = build(worlds)
            for line in lines:
                await self._play(line, control)
        finally:
            worlds.send = send

    async def _play(self, line: list[Any], control: Any) -> None:
        kind, name, at_ms, wall_ms, *rest = line
        if kind == "w":
            return
        self._wall.fixed_ms = wall_ms or at_ms
        world = self._worlds.by_name.get(name)
        if world is not None:
            await world.clock.catch_up(at_ms)
        if kind == "a":
            method, path, body = rest
            action = ControlAction(0, at_ms, method, path, body.encode("latin-1"))
            if world is not None:
                world.journal.begin()
            await perform_at(control, path, action)
            if world is not None and self._worlds.by_name.get(name) is world:
                _note(world, name, action)
        elif world is not None:
            scheme_name, *fields = rest
            scheme = world.scheme(scheme_name)
            scheme.serve(world, world.state(scheme), _call(fields))

    def _sender_of(self, outcomes: Mapping[bytes, deque[Outcome]]) -> Send:
        """Sends nothing: tells what came of each webhook; what had not ended is sent once the worlds are there."""

        async def send(attempt: Attempt, done: Callable[[Outcome], None], /) -> None:
            kept = outcomes.get(_key(attempt))
            if kept:
                done(kept.popleft())
            else:
                self._later.append((attempt, done))

        return send

    async def begin(self) -> None:
        """Keep the worlds as they are, and all that comes from now on. Raises KeepingError."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._snapshot()
        except OSError as error:
            raise KeepingError(f"the worlds cannot be kept in {self._folder}: {error.strerror or error}") from None
        self._worlds.keep = self
        for world in self._worlds.by_name.values():
            world.keep = self.call
            world.clock.wake()
        later, self._later = self._later, []
        for attempt, done in later:
            await self._worlds.send_kept(attempt, done)

    def stop(self) -> None:
        """A last snapshot: the next start has nothing to play."""
        if self._file >= 0:
            with contextlib.suppress(OSError):  # then the log tells, as after a kill
                self._snapshot()
            self._close()
        self._worlds.keep = None

    def call(self, world: World, at_ms: int, scheme: str, call: Call) -> None:
        """A call that was served, before it is answered."""
        path, method, token, body, client, asked, headers, query = call
        wall_ms = 0 if world.clock.mode is Mode.REAL else self._wall()
        shown = [[key.decode("latin-1"), value.decode("latin-1")] for key, value in headers] if headers else 0
        line = ("c", world.name, at_ms, wall_ms, scheme, path, method, token, body.decode("latin-1"), client, asked)
        self._write((*line, shown, query.decode("latin-1") if query else ""))

    def action(self, world: World | None, at_ms: int, method: str, path: str, body: bytes) -> None:
        """A change by the control API that came off, before it is answered. path: with the query."""
        name = "" if world is None else world.name
        self._write(("a", name, at_ms, self._wall(), method, path, body.decode("latin-1")))

    def changing(self, by: int) -> None:
        self._changing += by

    def outcome(self, attempt: Attempt, outcome: Outcome) -> None:
        """What came of a webhook that was sent."""
        answer = outcome.answer.decode("latin-1")
        shown = [outcome.status, outcome.error, outcome.took_ms, answer]
        self._write(("w", "", 0, 0, _key(attempt).hex(), shown))

    def _write(self, line: tuple[Any, ...]) -> None:
        if self._file < 0:
            return
        try:
            raw = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:  # a path or a header with what is no UTF-8
            raw = json.dumps(line).encode() + b"\n"
        try:
            written = os.write(self._file, raw)
        except OSError as error:
            self._give_up(error)
            return
        if written < len(raw):
            self._give_up(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            return
        self._size += len(raw)
        if self._size > self._max_log and not self._waits:
            self._waits = True
            asyncio.get_running_loop().call_soon(self._renew)

    def _renew(self) -> None:
        """A snapshot, once no change is under way that has come about and has no line yet."""
        self._waits = False
        if self._file < 0 or self._changing:
            return
        try:
            self._snapshot()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._close()
        self._on_failure(f"worlds are kept no longer: {self._folder}: {error.strerror or error}")

    def _snapshot(self) -> None:
        """Write all worlds into a file, and begin another log; until then the old pair is good. Raises OSError."""
        path, generation = self._folder / STATE, 1
        with contextlib.suppress(OSError, ValueError, KeyError):
            generation = orjson.loads(path.read_bytes())["generation"] + 1
        rows = [
            {
                "snapshot": snapshots.document(world),
                "journal": _dump_journal(world.journal),
                "journal_bytes": world.journal_bytes,
            }
            for world in self._worlds.by_name.values()
        ]
        state = {"version": VERSION, "generation": generation, "wall_ms": self._wall(), "made": self._worlds.made}
        raw = json.dumps(state | {"worlds": rows}).encode()
        log = os.open(self._folder / f"{LOG}.{generation}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            part = path.with_suffix(".part")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            os.close(log)
            raise
        self._close()
        self._file, self._size = log, 0
        for old in self._folder.glob(f"{LOG}.*"):
            if old.suffix != f".{generation}":
                old.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _lines(path: Path) -> list[Any]:
    """The log's lines; a last one that was not written to its end was never answered."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = raw[: raw.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]


def _outcomes(lines: Iterable[Any]) -> dict[bytes, deque[Outcome]]:
    found: dict[bytes, deque[Outcome]] = {}
    for *_, key, shown in (line for line in lines if line[0] == "w"):
        status, error, took_ms, answer = shown
        found.setdefault(bytes.fromhex(key), deque()).append(Outcome(status, error, took_ms, answer.encode("latin-1")))
    return found


def _key(attempt: Attempt) -> bytes:
    """What an attempt is known by when it is made again: its signature may have another moment."""
    return blake2b(attempt.url.encode() + b"\n" + attempt.body, digest_size=12).digest()


def _call(fields: list[Any]) -> Call:
    path, method, token, body, client, asked, headers, query = fields
    named = tuple((key.encode("latin-1"), value.encode("latin-1")) for key, value in headers or ())
    return Call(path, method, token, body.encode("latin-1"), client, asked, named, query.encode("latin-1"))


def _note(world: World, name: str, action: ControlAction) -> None:
    """What the app writes into the journal for such a change."""
    below = action.path.removeprefix(f"/sandbox/worlds/{name}")
    if not below.startswith(("/snapshot", "/journal")):
        world.journal.act(action.at_ms, action.method, below, action.body)


def _dump_journal(journal: Journal) -> dict[str, Any]:
    return {
        "total": journal.total,
        "acted": journal.acted,
        "cut": journal.cut,
        "begun": journal.begun,
        "rows": [[_shown(value) for value in row] for row in journal.rows],
        "actions": [[_shown(value) for value in action] for action in journal.actions],
    }


def _load_journal(journal: Journal, kept: Mapping[str, Any]) -> None:
    journal.adopt(
        [tuple(map(_read, row)) for row in kept["rows"]],
        [ControlAction(*map(_read, row)) for row in kept["actions"]],
        total=kept["total"],
        acted=kept["acted"],
        cut=kept["cut"],
        begun=kept["begun"],
    )


def _shown(value: Any) -> Any:
    """A value of a journal's row as JSON: bytes and pairs of bytes are marked."""
    if isinstance(value, bytes):
        return {"raw": value.decode("latin-1")}
    return {"pairs": [[_shown(part) for part in pair] for pair in value]} if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "raw" in value:
        return value["raw"].encode("latin-1")
    return tuple((_read(name), _read(text)) for name, text in value["pairs"])
