"""JUnit XML: a suite and its cases, whatever was tested."""

from collections.abc import Sequence
from typing import NamedTuple

from bakong_conformance.reports.page import SHARED, render


class TestCase(NamedTuple):
    """One case. failure: what a CI lists; story: what it shows of the failure; skipped: why it was not run."""

    group: str
    name: str
    seconds: float | None = None
    failure: str = ""
    story: str = ""
    skipped: str = ""


def junit(name: str, cases: Sequence[TestCase], seconds: float) -> str:
    """The XML text."""
    return render(SHARED / "junit.xml", name=name, cases=cases, seconds=seconds)
