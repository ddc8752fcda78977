"""The engine: verdicts, seeds, shrinking, replay, and what the exit code says."""

import io
import itertools
import json
import sys
import threading
from functools import partial
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import strategies as st
from rich.console import Console

from bakong_conformance.engine import Options, run
from bakong_conformance.reports.rules_report import as_html, as_json, as_junit
from bakong_conformance.reports.terminal import TerminalWatch, show
from bakong_conformance.rules import CannotRunError, NotCheckedError, PreconditionError, RuleBrokenError, Suite, Verdict

DRAWS = ("reports/terminal.py", "rich/status.py", "rich/live.py")


def suite_of(check, *, examples=0, before=None):
    suite = Suite("sample")
    if before:
        suite.rule("before", "Before", forbids="nothing")(before)
    suite.rule("one", "Numbers are small", forbids="large numbers", examples=examples)(check)
    return suite


def large_is_broken(limit, case):
    number = case.draw(st.integers(0, 10_000), "number")
    case.note(f"look at {number}", "ok")
    if number >= limit:
        raise RuleBrokenError(f"{number} is not small")


def outcome(check, **options):
    return run(suite_of(check, examples=options.pop("examples", 0)), 1000, Options(seed=7, **options)).outcomes[0]


def test_a_failure_shrinks_to_the_smallest_case_and_tells_its_story():
    found = outcome(large_is_broken, examples=100)
    assert (found.verdict, found.reason) == (Verdict.BROKEN, "1000 is not small")
    assert found.drawn == (("number", "1000"),)
    assert [tuple(step) for step in found.journal] == [("look at 1000", "ok")]


def test_an_answer_that_a_check_cannot_read_breaks_the_rule_and_ends_no_run():
    def reads(_limit, case):
        case.note("look", "{}")
        return {}["hash"]

    found = outcome(reads)
    assert found.verdict is Verdict.BROKEN
    assert found.reason == "an answer has a form that nothing can read: KeyError: 'hash'"
    assert [tuple(step) for step in found.journal] == [("look", "{}")]


def test_the_same_seed_meets_the_same_failure_and_the_replay_command_names_it():
    first, second = (outcome(large_is_broken, examples=100, command=("verify", "x")) for _ in range(2))
    assert (first.drawn, first.cases, first.cases_until_broken) == (
        second.drawn,
        second.cases,
        second.cases_until_broken,
    )
    assert first.replay == "verify x --seed 7 --only sample.one"


def test_shrinking_ends_when_its_cases_are_spent():
    found = outcome(large_is_broken, examples=100, shrinks=0)
    assert found.verdict is Verdict.BROKEN
    assert found.cases == found.cases_until_broken + 1


def test_the_deep_profile_draws_more_cases():
    assert outcome(lambda _, case: case.draw(st.integers(), "n"), examples=10, profile="deep").cases >= 100


def test_a_rule_that_meets_one_case_draws_by_its_seed_and_not_the_smallest():
    def drawn(seed):
        pair = []

        def check(_subject, case):
            pair.extend(case.draw(st.integers(0, 10**9), name) for name in ("a", "b"))

        run(suite_of(check, examples=2), None, Options(seed=seed, profile="quick"))
        return pair

    assert drawn(7) == drawn(7) != drawn(8)
    assert 0 not in drawn(7)
    assert len(set(drawn(7))) == 2


def test_a_rule_of_one_case_meets_it_where_there_is_no_other():
    assert outcome(lambda _, case: case.draw(st.just(5), "n"), examples=1).cases == 1


@pytest.mark.parametrize(
    ("error", "verdict", "code"),
    [
        (None, Verdict.HOLDS, 0),
        (RuleBrokenError("no"), Verdict.BROKEN, 1),
        (PreconditionError("no"), Verdict.BROKEN, 1),
        (NotCheckedError("not mapped"), Verdict.NOT_CHECKED, 2),
    ],
)
def test_a_check_ends_in_its_verdict(error, verdict, code):
    def check(_subject, _case):
        if error:
            raise error

    report = run(suite_of(check), None, Options(seed=1))
    assert ([found.verdict for found in report.outcomes], report.exit_code) == ([verdict], code)


def test_a_failed_step_that_another_rule_named_follows_from_that_rule():
    def broken(_subject, _case):
        raise RuleBrokenError("creating does not work")

    def builds_on_it(_subject, _case):
        raise PreconditionError("creating does not work")

    report = run(suite_of(builds_on_it, before=broken), None, Options(seed=1))
    assert [(found.verdict, found.follows) for found in report.outcomes] == [
        (Verdict.BROKEN, ""),
        (Verdict.BROKEN, "sample.before"),
    ]
    assert [(head.rule.id, len(others)) for head, others in report.headlines()] == [("sample.before", 1)]


def test_a_rule_is_listed_under_the_one_that_names_its_cause_better():
    def broken(_subject, _case):
        raise RuleBrokenError("no")

    suite = suite_of(broken, before=broken)
    suite.causes = (("sample.b*", "sample.one"),)
    report = run(suite, None, Options(seed=1))
    assert [found.follows for found in report.outcomes] == ["sample.one", ""]


def test_causes_that_name_each_other_leave_one_headline_each():
    def broken(_subject, _case):
        raise RuleBrokenError("no")

    suite = suite_of(broken, before=broken)
    suite.causes = (("sample.before", "sample.one"), ("sample.one", "sample.before"))
    assert run(suite, None, Options(seed=1)).headlines()


def test_after_a_broken_rule_the_subject_begins_anew_so_that_each_verdict_is_its_own():
    class Subject:
        spoilt, renewed = False, 0

        def renew(self):
            self.spoilt, self.renewed = False, self.renewed + 1

    def spoils(subject, _case):
        subject.spoilt = True
        raise RuleBrokenError("no")

    def is_clean(subject, _case):
        if subject.spoilt:
            raise RuleBrokenError("another rule's mess")

    subject = Subject()
    report = run(suite_of(is_clean, before=spoils), subject, Options(seed=1))
    assert [found.verdict for found in report.outcomes] == [Verdict.BROKEN, Verdict.HOLDS]
    assert subject.renewed == 1


def test_twins_share_the_rules_and_the_report_has_their_order():
    class Subject:
        def __init__(self):
            self.judged, self.renewed = [], 0

        def renew(self):
            self.renewed += 1

    suite, meeting = Suite("sample"), threading.Barrier(2)

    def check(subject, _case, number):
        subject.judged.append(number)
        if number in (0, 1):  # each of the two has one of them
            meeting.wait(60)
        if number in (0, 6):
            raise RuleBrokenError("no")

    for number in range(8):
        suite.rule(f"r{number}", "One", forbids="nothing")(partial(check, number=number))
    twins = Subject(), Subject()
    report = run(suite, twins[0], Options(seed=1), twins=twins[1:])
    assert sorted(twins[0].judged + twins[1].judged) == list(range(8))
    assert all(twin.judged == sorted(twin.judged) for twin in twins)
    assert [outcome.rule.id for outcome in report.outcomes] == [rule.id for rule in suite.rules]
    assert [found.verdict is Verdict.BROKEN for found in report.outcomes] == [n in (0, 6) for n in range(8)]
    spoilt = next(twin for twin in twins if 0 in twin.judged)
    assert spoilt.renewed >= (len(spoilt.judged) > 1)


def test_a_case_that_is_dear_is_not_made_smaller():
    suite = Suite("sample")
    suite.rule("one", "Dear", forbids="nothing", examples=20, shrinks=False)(large_is_broken)
    found = run(suite, 10, Options(seed=7)).outcomes[0]
    assert found.verdict is Verdict.BROKEN
    assert found.cases <= found.cases_until_broken + 1


def test_a_failure_that_does_not_come_back_is_said_to_be_unsteady():
    seen = []

    def check(_subject, case):
        case.draw(st.integers(0, 3), "number")
        if not seen:
            seen.append(1)
            raise RuleBrokenError("once")

    found = outcome(check, examples=20)
    assert (found.verdict, found.steady) == (Verdict.BROKEN, False)


def test_an_interrupt_gives_the_report_so_far_and_never_code_0():
    suite = Suite("sample")

    @suite.rule("one", "One", forbids="nothing")
    def one(_limit, _case): ...

    @suite.rule("two", "Two", forbids="nothing")
    def two(_limit, _case):
        raise KeyboardInterrupt

    @suite.rule("three", "Three", forbids="nothing")
    def three(_limit, _case):
        raise AssertionError

    report = run(suite, 1000, Options(seed=7))
    assert [found.verdict for found in report.outcomes] == [Verdict.HOLDS, Verdict.NOT_CHECKED, Verdict.NOT_CHECKED]
    assert (report.interrupted, report.exit_code) == (True, 2)
    assert "interrupted" in report.outcomes[2].reason


@pytest.mark.parametrize("is_terminal", [True, False])
def test_an_interrupt_while_the_progress_is_drawn_gives_the_report_too(is_terminal):
    suite = suite_of(lambda _limit, _case: None)
    suite.rule("two", "Two", forbids="nothing")(lambda _limit, _case: None)

    def interrupted_at(line):
        """The report of a run that is interrupted at this line of what draws, and whether it came so far."""
        left, console = itertools.count(line, -1), Console(file=io.StringIO(), force_terminal=is_terminal)

        def trace(frame, event, _):
            if not frame.f_code.co_filename.endswith(DRAWS):
                return None
            if event == "line" and next(left) == 0:
                raise KeyboardInterrupt
            return trace

        with TerminalWatch(console, 2) as watch:
            sys.settrace(trace)
            try:
                report = run(suite, 1000, Options(seed=7), watch)
            finally:
                sys.settrace(None)
        show(report, console)
        return report, next(left) < 0

    lines = itertools.takewhile(lambda line: interrupted_at(line)[1], itertools.count())
    assert sum(interrupted_at(line)[0].interrupted for line in lines) > 10
    assert not interrupted_at(10_000)[0].interrupted


@pytest.mark.parametrize("error", [ZeroDivisionError("by 0"), CannotRunError("nobody answers")])
def test_what_cannot_go_on_gives_the_report_so_far_and_code_2(error):
    suite = Suite("sample")

    @suite.rule("one", "One", forbids="nothing")
    def one(_limit, _case): ...

    @suite.rule("two", "Two", forbids="nothing")
    def two(_limit, _case):
        raise error

    report = run(suite, 1000, Options(seed=7))
    assert [found.verdict for found in report.outcomes] == [Verdict.HOLDS, Verdict.NOT_CHECKED]
    assert (report.interrupted, report.exit_code) == (True, 2)
    assert str(error) in report.outcomes[1].reason
    with pytest.raises(CannotRunError, match=str(error)):
        run(suite, 1000, Options(seed=7, only=("sample.two",)))


def test_an_unknown_rule_cannot_run():
    with pytest.raises(CannotRunError, match=r"sample\.one"):
        run(suite_of(large_is_broken), None, Options(seed=1, only=("sample.two",)))


def test_every_report_names_the_rule_the_reason_and_the_replay():
    report = run(suite_of(large_is_broken, examples=50), 1000, Options(seed=7))
    row = json.loads(as_json(report))["rules"][0]
    assert (row["id"], row["verdict"], row["drawn"]) == ("sample.one", "broken", [{"what": "number", "value": "1000"}])
    failure = fromstring(as_junit(report)).find("testcase/failure")
    assert failure.get("message") == "1000 is not small"
    assert "--seed 7 --only sample.one" in failure.text
    page = as_html(report)
    assert all(text in page for text in ("Numbers are small", "1000 is not small", "look at 1000", "--seed 7"))


def test_reports_survive_hostile_text():
    def check(_subject, case):
        case.note("\x00<script>\ufffe", "]]>&")
        raise RuleBrokenError("\x00<b>")

    report = run(suite_of(check), None, Options(seed=1))
    fromstring(as_junit(report))
    assert as_html(report).count("<script>") == 1  # our own
