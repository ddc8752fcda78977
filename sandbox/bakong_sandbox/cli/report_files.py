"""The report of a run of rules as the files that were asked for."""

from dataclasses import dataclass
from pathlib import Path

from bakong_conformance.reports.rules_report import as_html, as_json, as_junit
from bakong_conformance.rules import Report
from bakong_sandbox.stack.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Where each form goes; None: nowhere. Raises SetupError at once where one could not be written at the end."""

    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None

    def __post_init__(self) -> None:
        for path in (self.junit, self.json, self.html):
            if path is not None:
                _try(path)

    def write(self, report: Report) -> None:
        """Raises SetupError where one cannot be written."""
        for path, form in ((self.junit, as_junit), (self.json, as_json), (self.html, as_html)):
            if path is None:
                continue
            try:
                path.write_text(form(report), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise _unwritable(path, error) from None


def _try(path: Path) -> None:
    """Open the file as it will be at the end, when all the work is done; what was not there is not there after it."""
    is_new = not path.exists()
    try:
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> SetupError:
    return SetupError(f"the report {str(path)!r} cannot be written: {error.strerror or error}")
