"""Every row of promptpay.jsonl, through the library and through the commands; a row of no known kind fails."""

import pytest

from bakong_schemes.promptpay.codec import DecodeError, EncodeError, decode, encode
from bakong_schemes.promptpay.codec.json_form import code_of, said
from tests.emvqr.vectors import answers, rows

ROWS = rows("promptpay.jsonl")
KNOWN = {
    *("id", "op", "input", "text", "agree", "otherLayouts", "disagree", "orderOnly", "valid", "expect", "reason"),
    *("warning", "lenientOnly", "libraries", "layout"),
}
ENCODE = [
    (row["id"], row["input"] | layout, text)
    for row in ROWS
    if row["op"] == "encode"
    for layout, text in (
        ({}, row["text"]),
        *(({"layout": name}, other["text"]) for name, other in row.get("otherLayouts", {}).items()),
    )
]
DECODE = [row for row in ROWS if row["op"] == "decode"]
REFUSE = [row for row in ROWS if row["op"] == "encode_error"]


def by_id(value):
    return value["id"] if isinstance(value, dict) and "id" in value and "op" in value else ""


def expected(row):
    if not row["valid"]:
        return {"valid": False, "reason": row["reason"]}
    return {"valid": True} | row["expect"] | ({"warning": row["warning"]} if "warning" in row else {})


def asked(row):
    return {"text": row["text"]} | ({"lenient": True} if row.get("lenientOnly") else {})


def test_there_is_nothing_in_the_rows_that_these_tests_do_not_read():
    assert {row["op"] for row in ROWS} == {"encode", "decode", "encode_error"}
    assert {name for row in ROWS for name in row} <= KNOWN


@pytest.mark.parametrize(
    ("name", "given", "text"), ENCODE, ids=[f"{row[0]}-{row[1].get('layout', '')}" for row in ENCODE]
)
def test_the_bytes_are_those_of_other_peoples_encoders(name, given, text):
    given = dict(given)
    layout = given.pop("layout", "ascending")
    assert encode(code_of(given), layout=layout).text == text
    payload = decode(text)
    assert encode(payload.code, layout=layout).text == text, "and what was read is written again"


@pytest.mark.parametrize("row", REFUSE, ids=by_id)
def test_what_no_bank_reads_is_not_written(row):
    with pytest.raises(EncodeError) as caught:
        encode(code_of(row["input"]))
    assert caught.value.reason == row["reason"]


@pytest.mark.parametrize("row", DECODE, ids=by_id)
def test_a_code_says_what_the_row_says_or_is_refused_by_name(row):
    lenient = row.get("lenientOnly", False)
    if row["valid"]:
        assert {"valid": True} | said(decode(row["text"], lenient=lenient)) == expected(row)
    if lenient or not row["valid"]:
        with pytest.raises(DecodeError) as caught:
            decode(row["text"])
        assert caught.value.reason == row.get("reason", row.get("warning"))


def test_the_commands_answer_every_row_the_same():
    written = answers("bakong_schemes.promptpay", "encode", [{"input": given} for _, given, _ in ENCODE])
    assert written == [{"text": text} for _, _, text in ENCODE]
    refused = answers("bakong_schemes.promptpay", "encode", [{"input": row["input"]} for row in REFUSE])
    assert refused == [{"error": row["reason"]} for row in REFUSE]
    assert answers("bakong_schemes.promptpay", "decode", map_of(DECODE)) == [expected(row) for row in DECODE]


def map_of(decode_rows):
    return [asked(row) for row in decode_rows]
