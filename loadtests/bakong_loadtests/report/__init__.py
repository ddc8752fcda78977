"""What is left of a run: one dict of JSON values, and the JSON, JUnit and HTML files made of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakong_conformance.reports.junit import TestCase, junit
from bakong_loadtests.report.page import as_html

DEPRECATED = {"told": "message"}  # names of the first release, still written beside the new ones


def write(report: Mapping[str, Any], folder: Path) -> tuple[Path, Path, Path]:
    """report.json, junit.xml and report.html in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    document = _with_old_names(dict(report)) | {"deprecated": DEPRECATED}
    texts = (
        ("report.json", json.dumps(document, indent=1) + "\n"),
        ("junit.xml", as_junit(report)),
        ("report.html", as_html(report)),
    )
    paths = []
    for name, text in texts:
        (folder / name).write_text(text, encoding="utf-8")
        paths.append(folder / name)
    return paths[0], paths[1], paths[2]


def as_junit(report: Mapping[str, Any]) -> str:
    """A case for each objective, for each key's limit, and for the books. A failure says measured and wanted."""
    suite = f"load.{report['profile']}"
    cases = [TestCase(f"{suite}.{group}", name, failure=text, story=text) for group, name, text in _cases(report)]
    return junit(suite, cases, report["seconds"])


def _cases(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(group, name, what failed) of each case."""
    if report.get("interrupted"):
        yield "run", "to its end", f"interrupted after {report['seconds']:.0f} s: no verdict"
    for finding in report["findings"]:
        yield "slo", finding["name"], "" if finding["holds"] else finding["message"]
    for limit in report["limits"]:
        yield "limit", f"{limit['check']} {limit['scope']}", "" if limit["holds"] else limit["message"]
    if books := report["books"]:
        problems = [f"{problem['kind']} {problem['md5']}: {problem['message']}" for problem in books["problems"]]
        yield "books", "every payment accounted for", "\n".join(problems)


def _with_old_names(value: Any) -> Any:
    """The values, each `message` under its old name too."""
    if isinstance(value, Mapping):
        rows = {name: _with_old_names(one) for name, one in value.items()}
        return rows | {old: rows[new] for old, new in DEPRECATED.items() if new in rows}
    return [_with_old_names(one) for one in value] if isinstance(value, list | tuple) else value


__all__ = ["write"]
