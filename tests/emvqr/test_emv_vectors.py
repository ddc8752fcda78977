"""Every row of emv.jsonl: codes of many schemes, read by the core alone, and by profile where there is one."""

import pytest

from emvqr import EMVError, check, decode, detect, encode, write
from emvqr.profiles import PIX, VIETQR
from khqr.profile import PROFILE as KHQR
from tests.emvqr.vectors import answers, rows

ROWS = rows("emv.jsonl")
PROFILES = {"khqr": KHQR, "vietqr": VIETQR, "pix": PIX}
KNOWN = {
    *("id", "valid", "note", "text", "fields", "schemes", "crc", "madeBy", "readBy", "refusedBy", "warning"),
    *("reason", "at", "lenient", "profileFields"),
}


def by_id(row):
    return row["id"]


def test_there_is_nothing_in_the_rows_that_these_tests_do_not_read():
    assert {name for row in ROWS for name in row} <= KNOWN
    assert {"valid", "fields", "schemes", "reason", "at"} <= {name for row in ROWS for name in row}


@pytest.mark.parametrize("row", [row for row in ROWS if row["valid"]], ids=by_id)
def test_a_good_code_is_read_whole_and_written_again(row):
    reading = decode(row["text"])
    assert [list(pair) for pair in reading.fields()] == row["fields"]
    assert list(detect(reading.nodes)) == row["schemes"]
    assert [problem.reason for problem in reading.warnings] == ([row["warning"]] if "warning" in row else [])
    assert reading.by_path["63"].value.upper() == row["crc"]
    leaves = [(node.path, node.value) for root in reading.nodes for node in root.walk() if not node.children]
    written = encode(pair for pair in leaves if pair[0] != "63")
    assert written == row["text"][:-4] + row["crc"]


@pytest.mark.parametrize("row", [row for row in ROWS if not row["valid"]], ids=by_id)
def test_a_broken_code_is_refused_with_the_rule_and_the_character(row):
    with pytest.raises(EMVError) as caught:
        decode(row["text"])
    assert (caught.value.reason, caught.value.offset) == (row["reason"], row["at"])
    if row.get("lenient"):
        assert [problem.reason for problem in decode(row["text"], lenient=True).warnings] == [row["reason"]]
    else:
        with pytest.raises(EMVError):
            decode(row["text"], lenient=True)


def test_the_command_answers_every_row_the_same():
    said = answers("emvqr", "decode", [{"text": row["text"]} for row in ROWS])
    for row, answer in zip(ROWS, said, strict=True):
        if row["valid"]:
            warning = {"warning": row["warning"]} if "warning" in row else {}
            assert answer == {"valid": True, "fields": row["fields"], "schemes": row["schemes"]} | warning
        else:
            assert answer == {"valid": False, "reason": row["reason"], "at": row["at"]}


PROFILED = [(row, name) for row in ROWS if row["valid"] for name in row["schemes"] if name in PROFILES]


@pytest.mark.parametrize(("row", "name"), PROFILED, ids=lambda value: value["id"] if isinstance(value, dict) else value)
def test_a_profile_writes_what_it_read_byte_for_byte(row, name):
    profile = PROFILES[name]
    facts = check(profile, row["text"])
    assert facts.faults == ()
    nodes = facts.reading.by_path
    assert [[path, nodes[path].value] for path, _ in row.get("profileFields", [])] == row.get("profileFields", [])
    if len(row["schemes"]) > 1 or "01" not in nodes:  # another scheme's template, or no 01: not what we would write
        return
    amount = {"amount": nodes["54"].value} if "54" in nodes else {}
    guid = {"guid": facts.values["guid"]} if facts.account.guids else {}
    assert write(profile, facts.account.kind, facts.values | amount | guid) == row["text"]


def test_the_profiles_are_held_to_rows_of_their_libraries():
    assert {name for _, name in PROFILED} == set(PROFILES)
