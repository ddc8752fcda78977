"""Triggering an event: a scheme does what the event tells of, so that its object is there and can be asked for."""

import difflib
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from bakong_scenarios import DEFAULT_SCRIPT, Scenario
from bakong_simulator.kernel.errors import BodyError

if TYPE_CHECKING:
    from bakong_simulator.kernel.world import AnyScheme, World

_NAME = r"[^.\[\]\s]{1,100}"
_KEY = re.compile(rf"{_NAME}(\.{_NAME}|\[{_NAME}\])*")
MAX_DEPTH = 10


class EventType(NamedTuple):
    """An event that a scheme can be made to post.

    about: a sentence. fields: what --override may set of its object, by dotted key (`metadata.*` is any below it), and
    what each is.
    """

    name: str
    about: str
    fields: Mapping[str, str] = {}


class Trigger(NamedTuple):
    """One event that is wanted.

    fields: by dotted key, each one of the event's; texts, or whatever JSON has. script: what its payment follows, which
    waits for what is done here, whatever the world's scenario is. base_url: where clients meet the sandbox.
    """

    event: str
    fields: Mapping[str, Any]
    script: Scenario
    base_url: str

    def nested(self) -> dict[str, Any]:
        """The fields as an object of objects.

        >>> Trigger("x", {"amount": 5, "metadata.order": "7"}, None, "").nested()
        {'amount': 5, 'metadata': {'order': '7'}}
        """
        made: dict[str, Any] = {}
        for key, value in self.fields.items():
            *above, last = key.split(".")
            into = made
            for name in above:
                into = into.setdefault(name, {})
            into[last] = value
        return made


class Triggered(NamedTuple):
    """scheme: who posts it. ids: of the objects that were made, by kind. webhooks: the numbers of those posted."""

    scheme: str
    ids: dict[str, str]
    webhooks: list[int]


def trigger(
    world: "World", event: str, overrides: Mapping[str, Any], scheme: str | None = None, base_url: str = ""
) -> Triggered:
    """Make an event happen. scheme: by default the one that has it.

    Raises BodyError for an event, a key or a value that cannot be; UnknownSchemeError; and whatever the scheme refuses.
    """
    owner = _owner(world, event, scheme)
    known = next(row for row in owner.events if row.name == event)
    fields = {_canonical(owner, key): _as_sent(key, value) for key, value in overrides.items()}
    _check(owner, known, fields)
    before = world.outbox.posted
    asked = Trigger(event, fields, world.library.find(DEFAULT_SCRIPT), base_url.rstrip("/"))
    ids = owner.trigger(world, world.state(owner), asked)
    posted = [row for row in range(before + 1, world.outbox.posted + 1) if row in world.outbox.events]
    return Triggered(owner.name, ids, posted)


def canonical(key: str) -> str:
    """A key with dots alone. Raises BodyError.

    >>> canonical("metadata[order]")
    'metadata.order'
    """
    if len(key) > 300 or not _KEY.fullmatch(key) or key.count(".") + key.count("[") >= MAX_DEPTH:
        raise BodyError(f"override: read the key {key[:80]!r}, expected one like amount or metadata[order]")
    return key.replace("[", ".").replace("]", "")


def _as_sent(key: str, value: Any) -> Any:
    """A value as a call of the API could bring it. Raises BodyError: no number beyond 64 bits, no half a character."""
    try:
        return orjson.loads(orjson.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise BodyError(f"override: {key[:80]}: no call can bring this value: {error}") from None


def _canonical(scheme: "AnyScheme", key: str) -> str:
    """The same below what the scheme's events hold the object in: data.amount is its amount."""
    dotted = canonical(key)
    inside = f"{scheme.event_data}." if scheme.event_data else ""
    return dotted.removeprefix(inside) if inside else dotted


def _owner(world: "World", event: str, scheme: str | None) -> "AnyScheme":
    able = [world.scheme(scheme)] if scheme is not None else list(world.schemes.values())
    owners = [one for one in able if any(row.name == event for row in one.events)]
    if len(owners) == 1:
        return owners[0]
    if owners:
        raise BodyError(f"event: {', '.join(one.name for one in owners)} all have {event!r}: name the scheme")
    known = sorted({row.name for one in able for row in one.events})
    if not known and scheme is not None:
        raise BodyError(f"event: read {event!r}, and {scheme} has no events that can be triggered")
    near = difflib.get_close_matches(event, known, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise BodyError(f"event: read {event[:100]!r}{meant} (known: {', '.join(known) or 'none'})")


def _check(scheme: "AnyScheme", event: EventType, fields: Mapping[str, Any]) -> None:
    """Raises BodyError for a key that the event has not, or that lies inside another one's value."""
    for key in fields:
        if not any(fnmatchcase(key, pattern) for pattern in event.fields):
            near = difflib.get_close_matches(key, event.fields, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            known = ", ".join(event.fields) or "none"
            raise BodyError(
                f"override: {event.name} of {scheme.name} has no {key!r} that can be set{meant} (known: {known})"
            )
        if inside := next((other for other in fields if other.startswith(f"{key}.")), None):
            raise BodyError(f"override: {inside!r} lies inside {key!r}: give one of them")
