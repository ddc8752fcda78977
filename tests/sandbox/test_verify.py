"""`bakong-sandbox verify` as a user starts it: exit codes, files, replay."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bakong_conformance.line_protocol import Program
from bakong_conformance.rules import CannotRunError
from tests import preloaded

ROOT = Path(__file__).parents[2]
ADAPTER = (sys.executable, str(ROOT / "docs/examples/khqr/adapter.py"))
MUTANT = ("env", "BUGS=usd-always-two", sys.executable, str(ROOT / "tests/mutants/encoder.py"))


def verify(*arguments, cwd):
    done = subprocess.run(
        [preloaded.program(), "verify", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_our_own_codec_holds_and_the_reports_are_written(tmp_path):
    files = ["--junit", "v.xml", "--json", "v.json", "--html", "v.html"]
    code, out, err = verify("khqr", "--seed", "3", "--profile", "quick", *files, "--", *ADAPTER, cwd=tmp_path)
    assert (code, err) == (0, ""), out
    assert "0 broken" in out
    assert json.loads((tmp_path / "v.json").read_text())["seed"] == 3
    assert (tmp_path / "v.xml").read_text().startswith("<?xml")
    assert (tmp_path / "v.html").read_text().startswith("<!DOCTYPE html>")


def test_our_own_core_holds_to_emvcos_rules_and_a_wrong_one_does_not(tmp_path):
    code, out, err = verify(
        "emv", "--seed", "3", "--profile", "quick", "--", sys.executable, "-m", "emvqr", "decode", cwd=tmp_path
    )
    assert (code, err, "0 broken, 0 not checked" in out) == (0, "", True), out
    wrong = ("env", "BUGS=duplicates-taken", sys.executable, str(ROOT / "tests/mutants/emv.py"))
    code, out, _ = verify("emv", "--only", "emv.refuse.*", "--", *wrong, cwd=tmp_path)
    assert (code, "✗ No tag is read twice emv.refuse.duplicates" in out) == (1, True), out
    assert verify("emv", "--", "no-such-program-here", cwd=tmp_path)[0] == 2


def test_a_failure_is_met_again_by_the_printed_command(tmp_path):
    code, out, _ = verify("khqr", "--only", "khqr.amount.*", "--json", "first.json", "--", *MUTANT, cwd=tmp_path)
    assert code == 1
    again = next(line.removeprefix("Again: ") for line in out.splitlines() if line.startswith("Again: "))
    words = shlex.split(again)
    place = words.index("--")
    code, _, _ = verify(*words[2:place], "--json", "second.json", *words[place:], cwd=tmp_path)
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("first.json", "second.json"))
    broken = next(row for row in first["rules"] if row["verdict"] == "broken")
    repeated = second["rules"][0]
    assert code == 1
    assert [repeated[key] for key in ("id", "reason", "drawn", "journal", "cases")] == [
        broken[key] for key in ("id", "reason", "drawn", "journal", "cases")
    ]
    assert {"what": "amount", "value": "1"} in broken["drawn"]


def test_baseline_says_what_is_newly_broken(tmp_path):
    (tmp_path / "before.json").write_text('{"rules": [{"id": "khqr.amount.usd", "verdict": "holds"}]}')
    code, out, _ = verify("khqr", "--only", "khqr.amount.usd", "--baseline", "before.json", "--", *MUTANT, cwd=tmp_path)
    assert (code, "newly broken: khqr.amount.usd" in out) == (1, True), out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--baseline", "nothere.json", "--", *ADAPTER], "nothere.json"),
        (["--", "no-such-program-here"], "no-such-program-here"),
        (["--", sys.executable, "-c", "pass"], "ended"),
        (["--", sys.executable, "-c", "print('hello')"], "JSON"),
        (["--profile", "fast", "--", *ADAPTER], "quick, ci, deep"),
        (["--only", "khqr.nothing", "--", *ADAPTER], "khqr.crc.*"),
    ],
)
def test_what_cannot_run_ends_with_one_clear_line_and_code_2(arguments, word, tmp_path):
    code, _, err = verify("khqr", *arguments, cwd=tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert word in err


def test_what_a_program_says_before_it_ends_is_heard_also_where_it_reads_no_request(tmp_path):
    program = Program([sys.executable, "-c", "print('good day')"])
    program._running().wait()  # so that the request meets a pipe that nobody reads
    with pytest.raises(CannotRunError, match=r"was answered with 'good day.*expected one JSON object a line"):
        program.hello()
