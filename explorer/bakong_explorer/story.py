"""What happens in one life: written down before it begins, so that it can be cut shorter, kept, and lived again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from bakong_explorer.chance import Chance

VERSION = 1
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000


class Happening(NamedTuple):
    """An act or a fault: when, in ms since the life began; which; what it draws from; how long a fault lasts."""

    at_ms: int
    what: str
    pick: int
    for_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A life. seed: of every draw; turns: of whose turn it is, beside the seed; profile: what the service is like."""

    seed: int
    turns: int = 0
    profile: dict[str, int] = field(default_factory=dict)
    acts: tuple[Happening, ...] = ()
    faults: tuple[Happening, ...] = ()

    @property
    def size(self) -> int:
        return len(self.acts) + len(self.faults)

    def but(self, **changes: Any) -> "Story":
        return replace(self, **changes)

    def dump(self, **more: Any) -> str:
        """As a file has it; more: what else is kept with it."""
        shown = {"version": VERSION, **more, **asdict(self)}
        lists = {name: shown.pop(name) for name in ("acts", "faults")}
        rows = ",\n".join(
            f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(list(row))}" for row in happenings) + "\n  ]"
            for name, happenings in lists.items()
        )
        return json.dumps(shown, indent=2)[:-2] + ",\n" + rows + "\n}\n"


def read(path: Path) -> Story:
    """The life in a file. Raises ValueError, which says what was read."""
    shown = json.loads(path.read_text("utf-8"))
    if shown.get("version") != VERSION:
        raise ValueError(f"{path}: read version {shown.get('version')!r}, expected {VERSION}")
    try:
        return Story(
            seed=int(shown["seed"]),
            turns=int(shown["turns"]),
            profile={str(name): int(value) for name, value in shown["profile"].items()},
            acts=_happenings(shown["acts"]),
            faults=_happenings(shown["faults"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: no life: {type(error).__name__} {error}") from None


def _happenings(rows: Sequence[Sequence[Any]]) -> tuple[Happening, ...]:
    return tuple(Happening(int(at_ms), str(what), int(pick), int(for_ms)) for at_ms, what, pick, for_ms in rows)


# How long after an act the next one comes, with its weight: at once, soon, around the end of a code, hours, days, and
# around the end of a paid period.
GAPS = (("at_once", 10), ("soon", 14), ("minutes", 8), ("code_ends", 5), ("hours", 4), ("days", 3), ("period_ends", 2))


def gap_ms(chance: Chance, kinds: Sequence[tuple[str, int]]) -> int:  # noqa: PLR0911  a table with draws
    """A wait between two acts."""
    match chance.weighted(kinds):
        case "at_once":
            return chance.below(3)
        case "soon":
            return chance.below(30 * SECOND_MS)
        case "minutes":
            return chance.below(14 * MINUTE_MS)
        case "code_ends":
            return 15 * MINUTE_MS + chance.pick((-40_000, -2_000, -1, 0, 1, 500, 20_000))
        case "hours":
            return chance.below(11 * HOUR_MS)
        case "days":
            return chance.below(6 * DAY_MS)
        case _:
            return 30 * DAY_MS + chance.pick((-DAY_MS, -HOUR_MS, -30_000, -1, 0, 1, HOUR_MS, 3 * DAY_MS))


def swarm(chance: Chance, table: Sequence[tuple[str, int]], keep: float = 0.6) -> list[tuple[str, int]]:
    """Some of the kinds, with weights that differ from life to life: never none."""
    kept = [(name, weight * chance.between(1, 4)) for name, weight in table if chance.happens(keep)]
    return kept or [chance.pick(table)]
