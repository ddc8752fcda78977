"""A rule, what became of it, and the report of a run.

Errors that a check may raise:

CheckError
├── RuleBrokenError     the rule is broken; the message says in plain words by what
├── PreconditionError   a step that every rule needs did not work, such as creating a payment
├── NotCheckedError     the rule cannot be judged here; the message completes "not checked, because ..."
└── CannotRunError      nothing can be judged: nobody answers
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bakong_conformance.case import Case, Step

Check = Callable[[Any, Case], None]


class CheckError(Exception):
    """The base of what ends a check early."""


class RuleBrokenError(CheckError):
    """The rule is broken."""


class PreconditionError(CheckError):
    """A step that the rule only builds on did not work."""


class NotCheckedError(CheckError):
    """The rule cannot be judged here."""


class CannotRunError(CheckError):
    """Nothing can be judged."""


def require(condition: object, message: str) -> None:
    """Raises RuleBrokenError with the message."""
    if not condition:
        raise RuleBrokenError(message)


class Verdict(StrEnum):
    """What became of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. examples: how many cases the CI profile draws; 0 for a check that draws nothing."""

    id: str
    title: str
    forbids: str
    how: str
    check: Check
    examples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a rule. steady False: the failure did not come back when its case was run again (a race)."""

    rule: Rule
    verdict: Verdict
    reason: str = ""
    drawn: tuple[tuple[str, str], ...] = ()
    journal: tuple[Step, ...] = ()
    cases: int = 0
    cases_until_broken: int = 0
    seconds: float = 0.0
    replay: str = ""
    steady: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run."""

    subject: str
    suite: str
    profile: str
    seed: int
    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0
    facts: tuple[tuple[str, str], ...] = ()

    def by(self, verdict: Verdict) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.verdict is verdict]

    @property
    def exit_code(self) -> int:
        """0 where nothing is broken, 1 where a rule is, 2 where nothing at all could be checked."""
        if self.by(Verdict.BROKEN):
            return 1
        return 0 if self.by(Verdict.HOLDS) else 2


@dataclass(slots=True)
class Suite:
    """The rules of one kind of subject, in the order in which they are checked: what others build on comes first."""

    name: str
    rules: list[Rule] = field(default_factory=list)

    def rule(self, name: str, title: str, *, forbids: str, examples: int = 0) -> Callable[[Check], Check]:
        """Enter the check as a rule of this suite; its docstring says how it is checked."""

        def enter(check: Check) -> Check:
            how = " ".join((check.__doc__ or "").split())
            self.rules.append(
                Rule(id=f"{self.name}.{name}", title=title, forbids=forbids, how=how, check=check, examples=examples)
            )
            return check

        return enter
