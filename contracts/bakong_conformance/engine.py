"""Running the rules of a suite: cases from a seed, shrinking, and the verdicts.

Each rule has a seed of its own, made from the run's and its id, so that `--only` meets the same cases as the whole run.
"""

import hashlib
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, NamedTuple, Protocol

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable

from bakong_conformance.case import Case
from bakong_conformance.rules import (
    CannotRunError,
    CheckError,
    NotCheckedError,
    Outcome,
    PreconditionError,
    Report,
    Rule,
    RuleBrokenError,
    Suite,
    Verdict,
)

CASES = {"quick": 0.25, "ci": 1.0, "deep": 10.0}  # of the cases that a rule asks for, by profile
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, RecursionError)  # of a check that reads an answer
SHRINKS = 400  # cases spent on making a failure smaller


class Watch(Protocol):
    """Who is told how a run goes on."""

    def begins(self, rule: Rule) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. only: rule ids, globs allowed. command: what the user typed, without --seed and --only."""

    seed: int
    only: tuple[str, ...] = ()
    profile: str = "ci"
    command: tuple[str, ...] = ("bakong-sandbox", "verify")
    tail: tuple[str, ...] = ()
    monotonic: Callable[[], float] = lambda: 0.0
    shrinks: int = SHRINKS

    def replay(self, rule: Rule) -> str:
        """The command that meets the same cases of one rule again."""
        profile = () if self.profile == "ci" else ("--profile", self.profile)
        tail = ("--", *self.tail) if self.tail else ()
        return shlex.join((*self.command, "--seed", str(self.seed), "--only", rule.id, *profile, *tail))


class _StopShrinkingError(BaseException):
    """Enough cases were spent on a failure. A BaseException, so that Hypothesis lets it through."""


class _Failure(NamedTuple):
    error: CheckError
    case: Case


def run(suite: Suite, subject: Any, options: Options, watch: Watch | None = None, name: str = "") -> Report:
    """Hold the subject to the suite's rules, in their order. Raises CannotRunError for rules that nobody knows."""
    begun = options.monotonic()
    outcomes: list[Outcome] = []
    for rule in chosen(suite.rules, options.only):
        if watch:
            watch.begins(rule)
        broken = any(outcome.verdict is Verdict.BROKEN for outcome in outcomes)
        outcome = _judge(rule, subject, options, blame=not broken)
        outcomes.append(outcome)
        if watch:
            watch.ended(outcome)
    return Report(
        subject=name or suite.name,
        suite=suite.name,
        profile=options.profile,
        seed=options.seed,
        outcomes=tuple(outcomes),
        seconds=options.monotonic() - begun,
    )


def chosen(rules: Iterable[Rule], only: Sequence[str]) -> list[Rule]:
    """The rules that the globs name; all, where there are none. Raises CannotRunError."""
    known = list(rules)
    for pattern in only:
        if not any(fnmatchcase(rule.id, pattern) for rule in known):
            ids = ", ".join(rule.id for rule in known)
            raise CannotRunError(f"no rule is called {pattern!r}; there are {ids}")
    return [rule for rule in known if not only or any(fnmatchcase(rule.id, pattern) for pattern in only)]


def rule_seed(seed: int, rule_id: str) -> int:
    """The seed of one rule in a run."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{rule_id}".encode(), digest_size=8).digest())


def _judge(rule: Rule, subject: Any, options: Options, *, blame: bool) -> Outcome:
    begun = options.monotonic()
    trial = _Trial(rule, subject, options)
    ended: CheckError | None = None
    steady = True
    try:
        trial.run()
    except (Flaky, _StopShrinkingError) as stop:
        steady = not isinstance(stop, Flaky)
    except Unsatisfiable:
        ended = NotCheckedError("no case of this kind could be made")
    except CheckError as error:
        ended = error
    failure = trial.failure
    case = failure.case if failure else trial.last
    stopped_by = failure.error if failure else ended
    return Outcome(
        rule=rule,
        verdict=_verdict(stopped_by, blame=blame),
        reason=_reason(stopped_by, blame=blame),
        drawn=tuple(case.drawn) if failure else (),
        journal=tuple(case.journal) if failure else (),
        cases=trial.cases,
        cases_until_broken=trial.first_failure,
        seconds=options.monotonic() - begun,
        replay=options.replay(rule),
        steady=steady,
    )


def _verdict(error: CheckError | None, *, blame: bool) -> Verdict:
    """A step that a rule builds on breaks the rule only where no other rule was broken by it before."""
    if isinstance(error, CannotRunError):
        raise error
    if error is None:
        return Verdict.HOLDS
    if isinstance(error, RuleBrokenError) or (isinstance(error, PreconditionError) and blame):
        return Verdict.BROKEN
    return Verdict.NOT_CHECKED


def _reason(error: CheckError | None, *, blame: bool) -> str:
    if isinstance(error, PreconditionError) and not blame:
        return f"a step that it builds on did not work: {error}"
    return str(error) if error else ""


class _Trial:
    """The cases of one rule. Keeps the failure that Hypothesis replays last, which is the smallest."""

    def __init__(self, rule: Rule, subject: Any, options: Options) -> None:
        self._rule, self._subject, self._options = rule, subject, options
        self.cases = 0
        self.first_failure = 0
        self.failure: _Failure | None = None
        self.last = Case()

    def run(self) -> None:
        if self._rule.examples:
            self._property()
        else:
            self._once(Case())

    def _property(self) -> None:
        wanted = max(1, round(self._rule.examples * CASES[self._options.profile]))

        def body(drawn: st.DataObject) -> None:
            self._once(Case(partial(_draw, drawn)))

        test = hypothesis.seed(rule_seed(self._options.seed, self._rule.id))(
            settings(
                max_examples=wanted,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                verbosity=hypothesis.Verbosity.quiet,
                print_blob=False,
            )(given(st.data())(body))
        )
        test()

    def _once(self, case: Case) -> None:
        self.cases += 1
        self.last = case
        if self.first_failure and self.cases - self.first_failure > self._options.shrinks:
            raise _StopShrinkingError
        try:
            if hasattr(self._subject, "begin"):
                self._subject.begin(case)
            self._rule.check(self._subject, case)
        except (RuleBrokenError, PreconditionError) as error:
            self._failed(error, case)
            raise
        except UNREADABLE as error:
            unreadable = RuleBrokenError(f"an answer has a form that nothing can read: {type(error).__name__}: {error}")
            self._failed(unreadable, case)
            raise unreadable from error

    def _failed(self, error: CheckError, case: Case) -> None:
        self.first_failure = self.first_failure or self.cases
        self.failure = _Failure(error, case)


def _draw(drawn: st.DataObject, strategy: st.SearchStrategy[Any], what: str) -> Any:
    return drawn.draw(strategy, label=what)
