"""One case of a check: what was drawn for it, and the journal of what was asked and answered. Judges nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:  # a report is shown without Hypothesis
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
SHOWN = 1200


class Step(NamedTuple):
    """One line of the journal: what was done, and what came back."""

    what: str
    came_back: str = ""


@dataclass(slots=True)
class Case:
    """Handed to a check. draw() takes a value from a strategy; what is drawn is what shrinks and replays."""

    source: "Callable[[SearchStrategy[Any], str], Any] | None" = None
    drawn: list[tuple[str, str]] = field(default_factory=list)
    journal: list[Step] = field(default_factory=list)

    def draw(self, strategy: "SearchStrategy[T]", what: str) -> T:
        """A value, named in the story of the case."""
        if self.source is None:
            raise TypeError(f"a rule without examples drew {what!r}; give the rule examples")
        value: T = self.source(strategy, what)
        self.drawn.append((what, shown(value)))
        return value

    def note(self, what: str, came_back: object = "") -> None:
        """A line of the journal."""
        self.journal.append(Step(shown(what), shown(came_back) if came_back != "" else ""))


def shown(value: object) -> str:
    """A value as one readable text of bounded length."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
