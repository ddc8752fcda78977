"""A run beside an earlier one, by its JSON report: which rules broke since, which hold again, which came and went."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from bakong_conformance.rules import Report, Verdict

BROKEN, HOLDS = Verdict.BROKEN.value, Verdict.HOLDS.value


class Comparison(NamedTuple):
    """Ids of rules. unjudged: they were judged before, and are not checked now. facts: of the earlier run."""

    newly_broken: tuple[str, ...]
    mended: tuple[str, ...]
    still_broken: tuple[str, ...]
    unjudged: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    facts: Mapping[str, str]

    def lines(self) -> list[str]:
        """What a person is told, the worst first; one line where nothing is different."""
        titles = {
            "newly broken": self.newly_broken,
            "still broken": self.still_broken,
            "no longer checked": self.unjudged,
            "holds again": self.mended,
            "new rules": self.new,
            "rules that are gone": self.gone,
        }
        return [f"{title}: {', '.join(ids)}" for title, ids in titles.items() if ids] or ["nothing is different"]


def earlier(text: str) -> Mapping[str, str]:
    """The verdict of each rule in a report of `--json`. Raises ValueError for what is none."""
    try:
        document = json.loads(text)
        return {str(row["id"]): str(row["verdict"]) for row in document["rules"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("expected the report that --json of `bakong-sandbox verify` writes") from None


def facts_of(text: str) -> Mapping[str, str]:
    """Where and when an earlier report was made; its text is one that `earlier` has read."""
    document = json.loads(text)
    facts = document.get("facts")
    return {str(name): str(value) for name, value in (facts if isinstance(facts, dict) else {}).items()}


def compare(report: Report, before: Mapping[str, str], facts: Mapping[str, str]) -> Comparison:
    now = {outcome.rule.id: outcome.verdict.value for outcome in report.outcomes}
    both = [name for name in now if name in before]
    return Comparison(
        newly_broken=tuple(name for name in both if now[name] == BROKEN != before[name]),
        mended=tuple(name for name in both if before[name] == BROKEN and now[name] == HOLDS),
        still_broken=tuple(name for name in both if now[name] == BROKEN == before[name]),
        unjudged=tuple(
            name for name in both if now[name] == Verdict.NOT_CHECKED.value and before[name] in (BROKEN, HOLDS)
        ),
        new=tuple(name for name in now if name not in before),
        gone=tuple(name for name in before if name not in now),
        facts=facts,
    )
