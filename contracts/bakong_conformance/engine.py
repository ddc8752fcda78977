"""Running the rules of a suite: cases from a seed, shrinking, and the verdicts.

Each rule has a seed of its own, made from the run's and its id, so that `--only` meets the same cases as the whole run.
"""

import hashlib
import itertools
import shlex
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, NamedTuple, Protocol

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException, Unsatisfiable

from bakong_conformance.case import Case
from bakong_conformance.rules import (
    CannotRunError,
    CheckError,
    DisputedError,
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
_QUIET = settings(
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    verbosity=hypothesis.Verbosity.quiet,
    print_blob=False,
)


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


INTERRUPTED = "the run was interrupted before it"


def run(
    suite: Suite,
    subject: Any,
    options: Options,
    watch: Watch | None = None,
    name: str = "",
    twins: Sequence[Any] = (),
) -> Report:
    """Hold the subject to the suite's rules, in their order. Raises CannotRunError for rules that nobody knows.

    twins: equals of the subject that share nothing with it; each takes the next rule when it is free.
    KeyboardInterrupt ends the run with a report of what there was; so does what cannot go on after the first verdict.
    """
    begun = options.monotonic()
    rules = chosen(suite.rules, options.only)
    work = _Work(rules, options, watch)
    pool = ThreadPoolExecutor(max(1, len(twins)), thread_name_prefix="twin")
    try:
        others = [pool.submit(work.judge_all, twin) for twin in twins]
        work.judge_all(subject)
        for other in others:
            other.result()
    except KeyboardInterrupt:
        work.end(INTERRUPTED)
    finally:
        pool.shutdown(wait=False)  # of an interrupted run nobody waits for a rule that is under way
    if work.error and not any(one.verdict is not Verdict.NOT_CHECKED for one in work.outcomes.values()):
        raise work.error
    outcomes = [
        work.outcomes.get(rule.id) or Outcome(rule=rule, verdict=Verdict.NOT_CHECKED, reason=work.ended_by)
        for rule in rules
    ]
    if watch and work.ended_by:
        with work.lock:  # a twin may be about to begin a rule
            watch.ended(next((one for one in outcomes if one.reason == work.ended_by), outcomes[-1]))
    return Report(
        subject=name or suite.name,
        suite=suite.name,
        profile=options.profile,
        seed=options.seed,
        outcomes=tuple(with_causes(outcomes, suite.causes)),
        seconds=options.monotonic() - begun,
        interrupted=bool(work.ended_by),
    )


class _Work:
    """The rules of a run, which one or several subjects take in their order, and what became of them."""

    def __init__(self, rules: Sequence[Rule], options: Options, watch: Watch | None) -> None:
        self._left = iter(rules)
        self._options, self._watch = options, watch
        self.lock = threading.RLock()
        self.outcomes: dict[str, Outcome] = {}
        self.ended_by = ""
        self.error: CannotRunError | None = None

    def judge_all(self, subject: Any) -> None:
        """Judge rules until none is left, or the run has ended."""
        is_spoilt = False
        try:
            while (rule := self._next()) is not None:
                if is_spoilt and hasattr(subject, "renew"):
                    subject.renew()  # what a bug has left behind is no other rule's
                outcome = _judge(rule, subject, self._options)
                is_spoilt = outcome.verdict is Verdict.BROKEN
                self._done(outcome)
        except CannotRunError as error:
            self.error = self.error or error
            self.end(f"the run could not go on: {error}")

    def end(self, why: str) -> None:
        """Let no rule begin any more."""
        self.ended_by = self.ended_by or why

    def _next(self) -> Rule | None:
        with self.lock:
            rule = None if self.ended_by else next(self._left, None)
            if rule is not None and self._watch:
                self._watch.begins(rule)
            return rule

    def _done(self, outcome: Outcome) -> None:
        with self.lock:
            if self.ended_by:
                return  # what ended the run may have broken the rule
            self.outcomes[outcome.rule.id] = outcome
            if self._watch:
                self._watch.ended(outcome)


def chosen(rules: Iterable[Rule], only: Sequence[str]) -> list[Rule]:
    """The rules that the globs name; all, where there are none. Raises CannotRunError."""
    known = list(rules)
    for pattern in only:
        if not any(fnmatchcase(rule.id, pattern) for rule in known):
            raise CannotRunError(f"no rule is called {pattern!r}{_meant(pattern, [rule.id for rule in known])}")
    return [rule for rule in known if not only or any(fnmatchcase(rule.id, pattern) for pattern in only)]


def _meant(pattern: str, ids: Sequence[str]) -> str:
    """What may be meant: all of a group, the rule with nearly that name, or what groups there are."""
    if any(name.startswith(f"{pattern}.") for name in ids):
        return f"; all of a group are '{pattern}.*'"
    if close := get_close_matches(pattern, ids, n=1, cutoff=0.8):
        return f"; did you mean {close[0]!r}?"
    groups = dict.fromkeys(".".join([*name.split(".")[:2], "*"]) for name in ids)
    return f"; the {len(ids)} rules are in the groups {', '.join(groups)}"


def rule_seed(seed: int, rule_id: str) -> int:
    """The seed of one rule in a run."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{rule_id}".encode(), digest_size=8).digest())


def with_causes(outcomes: Sequence[Outcome], causes: Sequence[tuple[str, str]]) -> list[Outcome]:
    """The outcomes, where a broken one says of which other it only is a consequence: by the table, or by its step."""
    broken = {outcome.rule.id: outcome for outcome in outcomes if outcome.verdict is Verdict.BROKEN}
    named = [rule_id for rule_id, outcome in broken.items() if not outcome.is_step]

    def cause(outcome: Outcome) -> str:
        own = outcome.rule.id
        for pattern, headline in causes:
            if headline not in broken or headline == own or not fnmatchcase(own, pattern):
                continue
            if (
                outcome.is_step or not broken[headline].is_step
            ):  # what has a reason of its own follows from no mere step
                return headline
        return named[0] if outcome.is_step and named else ""

    first = {rule_id: cause(outcome) for rule_id, outcome in broken.items()}

    def head(rule_id: str) -> str:
        """The end of the chain; of rules that name each other, the first of the run."""
        seen = [rule_id]
        while (above := first[seen[-1]]) and above not in seen:
            seen.append(above)
        return min(seen[seen.index(above) :], key=list(broken).index) if above else seen[-1]

    heads = {rule_id: head(rule_id) for rule_id in broken}
    return [
        replace(outcome, follows=heads[outcome.rule.id])
        if heads.get(outcome.rule.id, outcome.rule.id) != outcome.rule.id
        else outcome
        for outcome in outcomes
    ]


def _judge(rule: Rule, subject: Any, options: Options) -> Outcome:
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
        verdict=_verdict(stopped_by),
        reason=str(stopped_by) if stopped_by else "",
        is_step=isinstance(stopped_by, PreconditionError),
        drawn=tuple(case.drawn) if failure else (),
        journal=tuple(case.journal) if failure else (),
        cases=trial.cases,
        cases_until_broken=trial.first_failure,
        seconds=options.monotonic() - begun,
        replay=options.replay(rule),
        steady=steady,
    )


def _verdict(error: CheckError | None) -> Verdict:
    """A step that a rule builds on breaks it too: the verdict is the same, whichever rules came before."""
    if isinstance(error, CannotRunError):
        raise error
    if error is None:
        return Verdict.HOLDS
    if isinstance(error, RuleBrokenError | PreconditionError):
        return Verdict.BROKEN
    return Verdict.DISPUTED if isinstance(error, DisputedError) else Verdict.NOT_CHECKED


class _Trial:
    """The cases of one rule. Keeps the failure that Hypothesis replays last, which is the smallest."""

    def __init__(self, rule: Rule, subject: Any, options: Options) -> None:
        self._rule, self._subject, self._options = rule, subject, options
        self.cases = 0
        self.first_failure = 0
        self.failure: _Failure | None = None
        self.last = Case()

    def run(self) -> None:
        wanted = max(1, round(self._rule.examples * CASES[self._options.profile]))
        if not self._rule.examples:
            self._once(Case())
        elif wanted == 1:
            self._once(Case(_Single(rule_seed(self._options.seed, self._rule.id))))
        else:
            self._property(wanted)

    def _property(self, wanted: int) -> None:
        def body(drawn: st.DataObject) -> None:
            self._once(Case(partial(_draw, drawn)))

        test = hypothesis.seed(rule_seed(self._options.seed, self._rule.id))(
            settings(
                _QUIET,
                max_examples=wanted,
                phases=(Phase.generate, Phase.shrink),
            )(given(st.data())(body))
        )
        test()

    def _once(self, case: Case) -> None:
        self.cases += 1
        self.last = case
        shrinks = self._options.shrinks if self._rule.shrinks else 0
        if self.first_failure and self.cases - self.first_failure > shrinks:
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
        except (CheckError, HypothesisException):
            raise
        except Exception as error:
            raise CannotRunError(f"{self._rule.id} itself failed, {_where(error)}: {error!r}") from error

    def _failed(self, error: CheckError, case: Case) -> None:
        self.first_failure = self.first_failure or self.cases
        self.failure = _Failure(error, case)


class _Single:
    """The draws of a rule that meets one case only: Hypothesis's second, since its first is always the smallest."""

    def __init__(self, seed: int) -> None:
        self._seeds = itertools.count(seed)

    def __call__(self, strategy: st.SearchStrategy[Any], _what: str) -> Any:
        values: list[Any] = []

        def keep(value: Any) -> None:
            values.append(value)

        quiet = settings(_QUIET, max_examples=2, phases=(Phase.generate,))
        hypothesis.seed(next(self._seeds))(quiet(given(strategy)(keep)))()
        return values[-1]


def _where(error: Exception) -> str:
    """The line that raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _draw(drawn: st.DataObject, strategy: st.SearchStrategy[Any], what: str) -> Any:
    return drawn.draw(strategy, label=what)
