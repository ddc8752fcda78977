"""The report of a run of rules, as JSON, as JUnit XML and as one HTML page."""

from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from bakong_conformance.reports.comparing import Comparison
from bakong_conformance.reports.junit import TestCase, junit
from bakong_conformance.reports.page import SHARED, render
from bakong_conformance.rules import Outcome, Report, Verdict
from bakong_contracts.escaping import json_text

_WORDS = {0: "What was checked holds.", 1: "Not every rule holds.", 2: "Nothing could be checked."}
INTERRUPTED = 2
_SCRIPT = SHARED / "rules.js"
_ORDER = (Verdict.BROKEN, Verdict.DISPUTED, Verdict.NOT_CHECKED, Verdict.HOLDS)


def as_json(report: Report, comparison: Comparison | None = None) -> str:
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
    if comparison is not None:
        whole["baseline"] = comparison._asdict()
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


def as_html(report: Report, comparison: Comparison | None = None) -> str:
    """The page: counts, then every rule by its area, the areas with broken rules first and open."""
    facts = [("subject", report.subject), ("profile", report.profile), ("seed", f"{report.seed}")]
    facts += [("took", f"{report.seconds:.1f} s"), *report.facts]
    counts = [(verdict.value, len(report.by(verdict))) for verdict in _ORDER]
    return render(
        SHARED / "rules.html",
        report=report,
        facts=facts,
        counts=counts,
        areas=_areas(report),
        word=_word(report),
        comparison=comparison,
        script=Markup(_SCRIPT.read_text(encoding="utf-8")),  # noqa: S704  our own file
    )


def _word(report: Report) -> str:
    """The verdict in a sentence, which does not hide how much was not looked at."""
    unchecked = len(report.by(Verdict.NOT_CHECKED))
    word = "Interrupted: no verdict." if report.interrupted and report.exit_code == INTERRUPTED else ""
    word = word or _WORDS[report.exit_code]
    return f"{word} {unchecked} of {len(report.outcomes)} rules were not checked." if unchecked else word


def _areas(report: Report) -> list[tuple[str, list[Outcome]]]:
    """The outcomes by the second word of their rules' ids; broken ones first, in each area and among the areas."""
    by_area: dict[str, list[Outcome]] = {}
    for outcome in sorted(report.outcomes, key=lambda outcome: _ORDER.index(outcome.verdict)):
        by_area.setdefault(outcome.rule.id.split(".")[1], []).append(outcome)
    return list(by_area.items())
