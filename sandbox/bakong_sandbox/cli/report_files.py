"""The report of a run of rules as the files that were asked for."""

import os
import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bakong_conformance.reports.comparing import Comparison, compare, earlier, facts_of
from bakong_conformance.reports.rules_report import as_html, as_json, as_junit
from bakong_conformance.rules import Report
from bakong_sandbox.cli.streams import read_text
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.wall_clock import wall_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Where each form goes; None: nowhere. Raises SetupError at once where one could not be written at the end."""

    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None
    baseline: Path | None = None

    def __post_init__(self) -> None:
        if self.baseline is not None:
            self._before()
        for path in (self.junit, self.json, self.html):
            if path is not None:
                _try(path)

    def write(self, report: Report) -> Comparison | None:
        """How the run differs from the baseline. Raises SetupError where a file cannot be written."""
        comparison = compare(report, *self._before()) if self.baseline is not None else None
        forms: tuple[tuple[Path | None, Callable[[], str]], ...] = (
            (self.junit, lambda: as_junit(report)),
            (self.json, lambda: as_json(report, comparison)),
            (self.html, lambda: as_html(report, comparison)),
        )
        for path, form in forms:
            if path is None:
                continue
            try:
                path.write_text(form(), encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise _unwritable(path, error) from None
        return comparison

    def _before(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The earlier verdicts and facts. Raises SetupError."""
        assert self.baseline is not None  # noqa: S101  both callers look
        text = read_text(self.baseline)
        try:
            return earlier(text), facts_of(text)
        except ValueError as error:
            raise SetupError(f"--baseline {self.baseline}: {error}") from None


def run_facts(command: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """When a run was, of which version, on what machine, and how it was asked for."""
    date = datetime.fromtimestamp(wall_ms() / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count() or 1} cores, {python}"
    return (
        ("date", date),
        ("version", version("bakong-sandbox")),
        ("machine", machine),
        ("command", shlex.join(command)),
    )


def _try(path: Path) -> None:
    """Open the file as it will be at the end, when all the work is done; what was not there is not there after it."""
    try:
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> SetupError:
    return SetupError(f"the report {str(path)!r} cannot be written: {error.strerror or error}")
