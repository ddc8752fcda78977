"""What can be wrong with a code: one broken rule each, by name and place. Knows no rule."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: its name (reason), where the object concerned begins (at, a character), its path ("62.07").

    A warning is a problem with which a code is still read.
    """

    reason: str
    message: str
    at: int
    path: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        return self.message

    def as_warning(self) -> "Problem":
        return replace(self, is_warning=True)


def forgiven(problems: tuple[Problem, ...], reasons: frozenset[str]) -> tuple[Problem, ...]:
    """The problems, those of the given reasons as warnings."""
    return tuple(problem.as_warning() if problem.reason in reasons else problem for problem in problems)
