"""The report of a run of rules as the files that were asked for."""

from dataclasses import dataclass
from pathlib import Path

from bakong_conformance.reports.rules_report import as_html, as_json, as_junit
from bakong_conformance.rules import Report
from bakong_sandbox.stack.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Where each form goes; None: nowhere."""

    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None

    def write(self, report: Report) -> None:
        """Raises SetupError where one cannot be written."""
        for path, form in ((self.junit, as_junit), (self.json, as_json), (self.html, as_html)):
            if path is None:
                continue
            try:
                path.write_text(form(report), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise SetupError(f"the report {str(path)!r} cannot be written: {error.strerror or error}") from None
