"""Reports of rules and of load tests: what a person and a CI see of them, and that no text of strangers does harm."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bakong_conformance.reports import rules_report, terminal
from bakong_contracts.escaping import clean
from bakong_loadtests import report as load
from bakong_sandbox.cli.report_files import ReportFiles, run_facts
from bakong_sandbox.devkit.load.progress import print_verdict
from bakong_sandbox.stack.errors import SetupError
from tests.suites.report_samples import cases, load_report, seen
from tests.suites.report_samples import rules_report as sample

GOLDEN = Path(__file__).parent / "golden"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
HOSTILE = (
    *("<script>alert(1)</script>", "]]>&<!--", '" onload="x', "[red]x[/red]", "{{ 7 * 7 }}"),
    *("\x1b[2J\x1b]0;paid\x07", "\x00", "\x9b1A", "ok\r\n", "\ud800"),
)
TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=20), min_size=1).map("".join)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rules.html.txt", lambda: seen(rules_report.as_html(sample()))),
        ("rules.junit.txt", lambda: cases(rules_report.as_junit(sample()))),
        ("load.html.txt", lambda: seen(load.as_html(load_report()))),
        ("load.junit.txt", lambda: cases(load.as_junit(load_report()))),
    ],
)
def test_a_report_shows_what_it_always_showed(name, shown):
    assert shown() == (GOLDEN / name).read_text()


@settings(max_examples=40)
@given(TEXTS)
def test_a_text_of_strangers_stays_text_in_every_page(text):
    for page in (rules_report.as_html(sample(text)), load.as_html(load_report(text))):
        assert not CONTROL.search(page.replace("\r", ""))
        assert _tags(page) <= _tags(rules_report.as_html(sample())) | _tags(load.as_html(load_report()))
        assert " ".join(clean(text).split()) in " ".join(seen(page).split())


@settings(max_examples=40)
@given(TEXTS)
def test_a_text_of_strangers_is_read_back_from_junit(text):
    failure = fromstring(rules_report.as_junit(sample(text))).find("testcase/failure")
    assert failure.get("message") == clean(text)
    limit = fromstring(load.as_junit(load_report(text))).find("testcase[@name='attack: burst key:9']/failure")
    assert limit.get("message") == clean(text)


@settings(max_examples=40)
@given(TEXTS)
def test_a_text_of_strangers_commands_no_terminal(text):
    for show, report in (
        (lambda console, report: terminal.show(report, console), sample(text)),
        (lambda console, report: print_verdict(console, report, "report.html"), load_report(text)),
    ):
        out = io.StringIO()
        show(Console(file=out, width=10_000, color_system=None, soft_wrap=True), report)
        assert not CONTROL.search(out.getvalue())
        assert " ".join(terminal.terminal(text).split()) in " ".join(out.getvalue().split())


def test_a_lone_surrogate_does_not_keep_a_report_from_being_written(tmp_path):
    files = ReportFiles(junit=tmp_path / "r.xml", json=tmp_path / "r.json", html=tmp_path / "r.html")
    files.write(sample("\ud800"))
    assert json.loads((tmp_path / "r.json").read_text())["subject"] == "\ud800"


def test_a_run_is_held_beside_an_earlier_one(tmp_path):
    report, file = sample(), tmp_path / "before.json"
    document = json.loads(rules_report.as_json(report))
    broken, *_ = [row for row in document["rules"] if row["verdict"] == "broken"]
    held, *_ = [row for row in document["rules"] if row["verdict"] == "holds"]
    broken["verdict"], held["verdict"] = "holds", "broken"
    document["rules"] += [{"id": "suite.gone", "verdict": "holds"}]
    file.write_text(json.dumps(document | {"facts": {"date": "2026-02-11T00:00:00Z"}}))
    files = ReportFiles(json=tmp_path / "r.json", html=tmp_path / "r.html", baseline=file)
    comparison = files.write(report)
    assert (comparison.newly_broken, comparison.mended, comparison.gone) == (
        *((broken["id"],), (held["id"],), ("suite.gone",)),
    )
    assert json.loads((tmp_path / "r.json").read_text())["baseline"]["newly_broken"] == [broken["id"]]
    assert f"newly broken: {broken['id']}" in seen((tmp_path / "r.html").read_text())
    file.write_text(rules_report.as_json(report))
    assert ReportFiles(baseline=file).write(report).newly_broken == ()
    file.write_text("[]")
    with pytest.raises(SetupError, match="expected the report that --json"):
        ReportFiles(baseline=file)


def test_a_page_tells_its_areas_its_run_and_what_was_not_checked():
    page = rules_report.as_html(replace(sample(), facts=run_facts(["verify", "a b"])))
    assert re.search(r"[1-9] of [0-9]+ rules were not checked", page)
    assert [name for name in ("date", "version", "machine", "command") if f"<th>{name}</th>" not in page] == []
    assert "verify &#39;a b&#39;" in page
    assert not re.search(r"(src|href)=.https?://", page)  # it opens without a network


def test_a_load_report_has_its_old_name_beside_the_new_one(tmp_path):
    data = json.loads(load.write(load_report(), tmp_path)[0].read_text())
    assert data["findings"][0]["told"] == data["findings"][0]["message"]
    assert data["deprecated"] == {"told": "message"}


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add((tag, frozenset(name for name, _ in attrs)))

    def handle_comment(self, data):
        self.tags.add(("comment", data))


def _tags(page):
    reader = _Tags()
    reader.feed(page)
    return reader.tags
