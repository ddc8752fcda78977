"""A rule, what became of it, and the report of a run.

Errors that a check may raise:

CheckError
├── RuleBrokenError     the rule is broken; the message says in plain words by what
├── PreconditionError   a step that every rule needs did not work, such as creating a payment
├── NotCheckedError     the rule cannot be judged here; the message completes "not checked, because ..."
├── DisputedError       the subject differs where the sources disagree: no failure
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


class DisputedError(CheckError):
    """The subject differs from us where the sources disagree or say nothing."""


class CannotRunError(CheckError):
    """Nothing can be judged."""


def require(condition: object, message: str) -> None:
    """Raises RuleBrokenError with the message."""
    if not condition:
        raise RuleBrokenError(message)


def agree(condition: object, message: str) -> None:
    """Raises DisputedError with the message."""
    if not condition:
        raise DisputedError(message)


class Severity(StrEnum):
    """What a broken rule costs."""

    CRITICAL = "critical"  # money is lost, made or shown to strangers
    MAJOR = "major"  # a program that relies on the contract goes wrong
    MINOR = "minor"  # it is only untidy


class Verdict(StrEnum):
    """What became of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_CHECKED = "not checked"
    DISPUTED = "differs, disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. examples: how many cases the CI profile draws; 0 for a check that draws nothing.

    shrinks False: a case is too dear to be made smaller, as where each starts programs.

    source: where the rule is from, such as a law's number or the grade of what is known.
    """

    id: str
    title: str
    forbids: str
    how: str
    check: Check
    examples: int = 0
    source: str = ""
    severity: Severity = Severity.MAJOR
    shrinks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a rule. steady False: the failure did not come back when its case was run again (a race).

    is_step: what broke it is a step that it only builds on. follows: the broken rule that names the same cause better.
    """

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
    is_step: bool = False
    follows: str = ""


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
    interrupted: bool = False

    def by(self, verdict: Verdict) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.verdict is verdict]

    def headlines(self) -> list[tuple[Outcome, list[Outcome]]]:
        """The broken rules that name a cause of their own, each with those that only follow from it."""
        broken = self.by(Verdict.BROKEN)
        return [(one, [other for other in broken if other.follows == one.rule.id]) for one in broken if not one.follows]

    @property
    def exit_code(self) -> int:
        """0: nothing is broken. 1: a rule is. 2: nothing could be checked, or the run was interrupted."""
        if self.by(Verdict.BROKEN):
            return 1
        if self.interrupted:
            return 2
        return 0 if self.by(Verdict.HOLDS) or self.by(Verdict.DISPUTED) else 2


@dataclass(slots=True)
class Suite:
    """The rules of one kind of subject, in the order in which they are checked: what others build on comes first.

    causes: a rule's id, globs allowed, and the rule that names the cause better where both are broken; first come wins.
    """

    name: str
    rules: list[Rule] = field(default_factory=list)
    causes: tuple[tuple[str, str], ...] = ()

    def rule(
        self,
        name: str,
        title: str,
        *,
        forbids: str,
        examples: int = 0,
        source: str = "",
        severity: Severity = Severity.MAJOR,
        shrinks: bool = True,
    ) -> Callable[[Check], Check]:
        """Enter the check as a rule of this suite; its docstring says how it is checked."""

        def enter(check: Check) -> Check:
            how = " ".join((check.__doc__ or "").split())
            self.rules.append(
                Rule(
                    id=f"{self.name}.{name}",
                    title=title,
                    forbids=forbids,
                    how=how,
                    check=check,
                    examples=examples,
                    source=source,
                    severity=severity,
                    shrinks=shrinks,
                )
            )
            return check

        return enter
