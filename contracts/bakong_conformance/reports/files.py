"""A report as JSON and as JUnit XML."""

import json
from dataclasses import asdict
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from bakong_conformance.rules import Outcome, Report, Verdict

_NO_XML = {code: "\ufffd" for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


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
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _row(outcome: Outcome) -> dict[str, Any]:
    rule = asdict(outcome.rule)
    return {
        **{name: rule[name] for name in ("id", "title", "forbids", "how")},
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
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
    suite = Element(
        "testsuite",
        name=f"verify {report.suite}",
        tests=str(len(report.outcomes)),
        failures=str(len(report.by(Verdict.BROKEN))),
        skipped=str(len(report.by(Verdict.NOT_CHECKED))),
        errors="0",
        time=f"{report.seconds:.3f}",
    )
    for outcome in report.outcomes:
        case = SubElement(
            suite, "testcase", classname=report.suite, name=outcome.rule.id, time=f"{outcome.seconds:.3f}"
        )
        if outcome.verdict is Verdict.BROKEN:
            SubElement(case, "failure", message=_clean(outcome.reason)).text = _clean(_story(outcome))
        elif outcome.verdict is Verdict.NOT_CHECKED:
            SubElement(case, "skipped", message=_clean(f"not checked, because {outcome.reason}"))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _story(outcome: Outcome) -> str:
    lines = [outcome.rule.title, f"It forbids {outcome.rule.forbids}."]
    lines += [f"{what} = {value}" for what, value in outcome.drawn]
    for step in outcome.journal:
        lines += [f"> {step.what}"] + ([f"< {step.came_back}"] if step.came_back else [])
    return "\n".join([*lines, f"again: {outcome.replay}"])


def _clean(text: str) -> str:
    return text.translate(_NO_XML)
