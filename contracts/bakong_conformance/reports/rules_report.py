"""The report of a run of rules, as JSON, as JUnit XML and as one HTML page."""

from dataclasses import asdict
from typing import Any

from bakong_conformance.reports.junit import TestCase, junit
from bakong_conformance.reports.page import SHARED, render
from bakong_conformance.rules import Outcome, Report, Verdict
from bakong_contracts.escaping import json_text

_WORDS = {0: "What was checked holds.", 1: "Not every rule holds.", 2: "Nothing could be checked."}
_ORDER = (Verdict.BROKEN, Verdict.DISPUTED, Verdict.NOT_CHECKED, Verdict.HOLDS)


def as_json(report: Report) -> str:
    """Everything, for programs."""
    whole: dict[str, Any] = {
        "subject": report.subject,
        "suite": report.suite,
        "profile": report.profile,
        "seed": report.seed,
        "seconds": round(report.seconds, 3),
        "exit_code": report.exit_code,
        "facts": dict(report.facts),
        "rules": [_row(outcome) for outcome in report.outcomes],
    }
    return json_text(whole, indent=2) + "\n"


def _row(outcome: Outcome) -> dict[str, Any]:
    rule = asdict(outcome.rule)
    return {
        **{name: rule[name] for name in ("id", "title", "forbids", "how", "source", "severity")},
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "follows": outcome.follows,
        "drawn": [{"what": what, "value": value} for what, value in outcome.drawn],
        "journal": [step._asdict() for step in outcome.journal],
        "cases": outcome.cases,
        "cases_until_broken": outcome.cases_until_broken,
        "seconds": round(outcome.seconds, 3),
        "steady": outcome.steady,
        "replay": outcome.replay,
    }


def as_junit(report: Report) -> str:
    """One test case for each rule: a failure for a broken one, skipped for one that was not checked."""
    return junit(f"verify {report.suite}", [_case(report, outcome) for outcome in report.outcomes], report.seconds)


def _case(report: Report, outcome: Outcome) -> TestCase:
    case = TestCase(report.suite, outcome.rule.id, outcome.seconds)
    if outcome.verdict is Verdict.BROKEN:
        return case._replace(failure=outcome.reason or "broken", story=_story(outcome))
    if outcome.verdict is Verdict.NOT_CHECKED:
        return case._replace(skipped=f"not checked, because {outcome.reason}")
    if outcome.verdict is Verdict.DISPUTED:
        return case._replace(skipped=f"differs, disputed: {outcome.reason}")
    return case


def _story(outcome: Outcome) -> str:
    lines = [outcome.rule.title, f"It forbids {outcome.rule.forbids}."]
    lines += [f"It follows from {outcome.follows}."] if outcome.follows else []
    lines += [f"{what} = {value}" for what, value in outcome.drawn]
    for step in outcome.journal:
        lines += [f"> {step.what}"] + ([f"< {step.came_back}"] if step.came_back else [])
    return "\n".join([*lines, f"again: {outcome.replay}"])


def as_html(report: Report) -> str:
    """The page: counts, then every rule, the broken ones first and open."""
    facts = [report.subject, f"profile {report.profile}", f"seed {report.seed}", f"{report.seconds:.1f} s"]
    facts += [f"{name}: {value}" for name, value in report.facts]
    groups = [(verdict.value, report.by(verdict)) for verdict in _ORDER]
    return render(SHARED / "rules.html", report=report, facts=facts, groups=groups, word=_WORDS[report.exit_code])
