"""JSON lines: each line in, one line out; a bad line gets an error line, never an end."""

import subprocess
import sys

import pytest

from emvqr import seal
from tests.emvqr.vectors import answers

GOOD = {"text": seal("0002015802TH")}
BAD = {
    "": "not_json",
    "x": "not_json",
    "[1]": "not_an_object",
    "null": "not_an_object",
    "7": "not_an_object",
    "[" * 100_000: "not_json",
    '{"text": 5}': "text",
    '{"text": null}': "text",
    "{}": "text",
    '{"text": "", "lenient": "yes"}': "lenient",
    '{"text": "", "lenient": [1]}': "lenient",
}


@pytest.mark.parametrize("module", ["emvqr", "bakong_schemes.promptpay"])
def test_a_bad_line_is_answered_and_the_next_is_read(module):
    lines = [line for bad in BAD for line in (bad, GOOD)]
    said = answers(module, "decode", lines)
    assert said[::2] == [{"error": reason} for reason in BAD.values()]
    assert {answer["valid"] for answer in said[1::2]} == {module == "emvqr"}


def test_bytes_that_are_no_utf8_and_lone_surrogates_are_answered():
    given = b'{"text": "\xff"}\n{"text": "\\ud800"}\n'
    done = subprocess.run([sys.executable, "-m", "emvqr", "decode"], input=given, capture_output=True, check=True)
    assert done.stdout.splitlines() == [b'{"error": "not_json"}', b'{"valid": false, "reason": "not_unicode", "at": 0}']


def test_codes_are_written_and_lines_name_their_own_operation():
    fields = [["00", "01"], ["62.01", "A"], ["58", "TH"]]
    said = answers("emvqr", "decode", [{"op": "encode", "fields": fields}, {"op": "hello"}, {"op": "x"}, {"op": 1}])
    assert said == [{"text": seal("00020162050101A5802TH")}, {"ok": True}, {"unsupported": True}, {"unsupported": True}]
    wrong = [{"fields": [["00"]]}, {"fields": "x"}, {"fields": [["00", 1]]}, {"fields": [["0", "1"]]}, {"text": ""}]
    assert [answer["error"] for answer in answers("emvqr", "encode", wrong)] == ["fields"] * 3 + ["tag", "fields"]


@pytest.mark.parametrize("arguments", [[], ["explode"], ["decode", "encode"]])
def test_another_command_ends_with_2_and_says_what_there_is(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "emvqr", *arguments], input="", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "expected one of: decode, encode, hello\n")
