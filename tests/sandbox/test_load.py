"""`bakong-sandbox load` as a user runs it: on a sandbox of its own, with a verdict, an exit code and a report."""

import asyncio
import json
import signal
import sys

import pytest

PROGRAM = (sys.executable, "-c", "from bakong_sandbox.cli import main; main()", "load")
# It ends with the third payment, and what it is held to does not depend on how fast this machine is.
OBJECTIVES = "error_rate: 0\npayments_lost: 0\npayments_doubled: 0\nwebhooks_missing: 0\npayments_at_least: 3\n"
SHORT = ("--own", "--seconds", "120", "--set", "payments=3", "--slo", "slo.yaml")
HASTE = (
    "--set",
    "journey.think_ms=50",
    "--set",
    "journey.poll_ms=200",
    "--set",
    "journey.patience_s=60",
    "--out",
    "report",
)
BOOKS = ("--set", "settle_s=120")


async def load(*options, cwd, interrupt=""):
    """Exit code and output; interrupted as soon as it says what is given."""
    (cwd / "slo.yaml").write_text(OBJECTIVES)
    process = await asyncio.create_subprocess_exec(*PROGRAM, *options, stdout=-1, stderr=-2, cwd=cwd)
    said = []
    while line := (await process.stdout.readline()).decode():
        said.append(line)
        if interrupt and interrupt in line:
            process.send_signal(signal.SIGINT)
            interrupt = ""
    return await process.wait(), "".join(said)


def report_in(folder):
    return json.loads((folder / "report" / "report.json").read_text())


async def test_a_short_run_holds_and_leaves_its_three_files(tmp_path):
    code, said = await load("smoke", *SHORT, *HASTE, *BOOKS, cwd=tmp_path)
    assert (code, "It holds." in said) == (0, True), said
    books = report_in(tmp_path)["books"]
    assert (books["problems"], books["database"]) == ([], True)
    assert books["created"] == sum(books["by_status"].values()) > 0
    assert {"report.json", "junit.xml", "report.html"} == {path.name for path in (tmp_path / "report").iterdir()}


async def test_two_workers_and_a_master_come_to_the_same_verdict(tmp_path):
    code, said = await load("smoke", *SHORT, *HASTE, *BOOKS, "--processes", "2", cwd=tmp_path)
    assert (code, "It holds." in said) == (0, True), said
    assert report_in(tmp_path)["generator"]["processes"] == 3
    assert report_in(tmp_path)["books"]["problems"] == []


async def test_an_interrupt_gives_the_report_so_far_and_its_exit_code(tmp_path):
    never = ("--set", "slo.p50_ms=0", "--set", "settle_s=3")
    code, said = await load("soak", "--own", *HASTE, *never, cwd=tmp_path, interrupt=" s left")
    assert (code, "It does not hold." in said) == (1, True), said
    report = report_in(tmp_path)
    assert report["seconds"] < 1800  # of the profile
    assert report["calls"]
    assert [finding["name"] for finding in report["findings"] if finding["name"] == "p50_ms" and not finding["holds"]]
    assert any("Ended by hand" in note for note in report["notes"])
    assert "Ended by hand" in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nothing"], "is no profile"),
        (["smoke", "--url", "http://127.0.0.1:9", "--api-key", "k"], "does not answer"),
        (["smoke", "--url", "http://127.0.0.1:9"], "--api-key"),
        (["smoke", "--set", "x"], "--set"),
    ],
)
async def test_what_cannot_be_run_is_exit_code_2_and_one_line(tmp_path, options, words):
    code, said = await load(*options, cwd=tmp_path)
    assert (code, said.count("\n"), words in said) == (2, 1, True), said
