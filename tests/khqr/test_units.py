"""The small parts that vectors reach only by luck."""

import pytest

import emvqr
from khqr import Currency, DecodeError, EncodeError, Mode, decode, encode, sdk, verify
from khqr.explaining import explain
from khqr.model import Individual
from khqr.sdk import javascript
from khqr.utf16 import text_of, units, utf8

NAN, INF = float("nan"), float("inf")
STATIC = "00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh6304"
NOW_MS = 1_767_225_600_000


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "undefined"),
        (False, "false"),
        (NAN, "NaN"),
        (INF, "Infinity"),
        (-INF, "-Infinity"),
        (-0.0, "0"),
        (123e-20, "1.23e-18"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (123456789012345680000, "123456789012345680000"),
        (1e21, "1e+21"),
        (-1.5, "-1.5"),
        (2**53 + 1, "9007199254740992"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
    ],
)
def test_numbers_are_written_as_javascript_writes_them(value, written):
    assert javascript.string(value) == written


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0b11", 3),
        ("0O17", 15),
        ("0xff", 255),
        ("\ufeff 1. \n", 1),
        (".5e1", 5),
        ("-Infinity", -INF),
        ("", 0),
        (True, 1),
    ],
)
def test_texts_are_read_as_javascript_reads_them(value, number):
    assert javascript.number(value) == number


@pytest.mark.parametrize("value", [None, "1_000", "+0x10", "abc", "1e", "٣", "."])
def test_what_is_no_number_for_javascript_is_nan(value):
    assert javascript.number(value) != javascript.number(value)


@pytest.mark.parametrize(
    ("value", "fixed"), [(1e21, "1e+21"), (NAN, "NaN"), (-0.0, "0.00"), (-1.005, "-1.00"), (8.345, "8.35")]
)
def test_two_decimals_are_cut_from_the_exact_value(value, fixed):
    assert javascript.to_fixed_2(value) == fixed


def test_utf16_units_are_taken_apart_and_joined_again():
    assert [len(units(text)) for text in ("a", "ក", "😀", "\ud83d")] == [1, 1, 2, 1]
    assert text_of(units("a😀\ud83d")) == "a😀\ud83d"
    assert utf8("a\ud83d") == "a\ufffd".encode()
    assert utf8("\ud83d\ude00") == "😀".encode()


def test_the_twin_takes_primitives_alone():
    with pytest.raises(EncodeError, match="expected a str"):
        sdk.generate_individual({"bakongAccountID": ["a@b"]}, NOW_MS)


@pytest.mark.parametrize(
    ("qr", "code"),
    [
        (STATIC.replace("5910John Smith", "5926" + "x" * 26), 7),
        (STATIC.replace("29190015john_smith@devb", "29330029" + "x" * 25 + "@abc"), None),
        (STATIC.replace("29190015john_smith@devb", "29370033" + "x" * 30 + "@ab"), 6),
        (STATIC.replace("29190015john_smith@devb", "29160012john_smith@@"[:-1] + "b"), None),
        (STATIC.replace("29190015john_smith@devb", "29070003abc"), 3),
        (STATIC.replace("29190015john_smith@devb", "29110003a@b0200"), 31),
        (STATIC.replace("29190015john_smith@devb", "29110003a@b0100"), None),
        (STATIC.replace("5303116", "530297"), 28),
        (STATIC.replace("5802KH", "5804KHKH"), 20),
        (STATIC.replace("000201", "000301x"[:-1] + "x"), 16),
        (STATIC.replace("5204599953031165802KH", "52045999530311654041.5-5802KH"), 45),
        (STATIC[:-4] + "6306ABCDEF", 22),
        (STATIC.replace("0102115", "0102135"), None),
    ],
)
def test_the_inner_checks_of_the_sdk(qr, code):
    found = sdk.reason(qr if "6306" in qr else emvqr.seal(qr[:-4]), NOW_MS)
    assert (found.code if found else None) == code


def test_the_twin_reads_what_it_can_where_the_sdk_never_returns():
    top = sdk.decode("29190015john_smith@devb30XX5802KH")["data"]
    assert (top["merchantType"], top["countryCode"]) == ("30", None)
    assert sdk.decode("30-4x")["data"]["merchantType"] == "30"
    inner = sdk.decode("29190015john_smith@devb62130107INV-001XY6304ABCD")["data"]
    assert (inner["bakongAccountID"], inner["billNumber"], inner["crc"]) == ("john_smith@devb", "INV-001", None)
    assert sdk.decode(None)["data"]["merchantType"] is None


def test_a_problem_has_rule_number_tag_and_place():
    qr = emvqr.seal(STATIC[:-4].replace("5303116", "5303978"))
    (problem,) = verify(qr).problems
    assert (problem.rule, problem.code, problem.tag, problem.offset) == ("value", 28, "53", qr.index("5303978"))
    assert str(problem) == "tag 53 is '978', expected 116 (KHR) or 840 (USD)"
    assert not problem.is_forgivable
    with pytest.raises(DecodeError) as caught:
        decode(qr)
    assert (caught.value.code, caught.value.tag, caught.value.offset) == (28, "53", problem.offset)


def test_every_problem_is_listed_and_a_sub_tag_has_its_own_place():
    qr = emvqr.seal(STATIC[:-4].replace("5303116", "5303978").replace("5910John Smith", "5900") + "62300126" + "x" * 26)
    assert [(each.tag, each.offset) for each in verify(qr).problems] == [
        ("59", qr.index("5900")),
        ("53", qr.index("5303978")),
        ("62.01", qr.index("0126")),
    ]


def test_lenient_mode_reads_an_emoji_in_either_count_and_forgives_a_newline():
    for count in ("02", "01"):
        qr = emvqr.seal(STATIC[:-4].replace("5910John Smith", f"59{count}😀"))
        payload = decode(qr + "\n", mode=Mode.LENIENT)
        assert payload.payee.merchant_name == "😀"
        assert [problem.rule for problem in payload.forgiven] == ["white-space", "astral"]
    assert not payload.is_dynamic


def test_an_explanation_says_what_values_mean():
    code = encode(
        Individual(bakong_account_id="a@b", merchant_name="A", amount=5, expiration_timestamp=NOW_MS), now=NOW_MS
    )
    said = explain(code.qr, now=NOW_MS + 1)
    meanings = {line.path: line.meaning for line in said.lines}
    assert (meanings["53"], meanings["99.01"]) == ("KHR", "2026-01-01T00:00:00.000+00:00")
    assert next(line for line in said.lines if line.path == "99.01").problems == said.verdict.problems
    assert explain("5802KHgarbage").lines[0].meaning == "Cambodia"
    assert [problem.rule for problem in explain(emvqr.seal("000201")).elsewhere][:2] == ["missing", "missing"]


def test_a_moment_before_thirteen_digits_is_written_with_zeros_where_its_text_has_them():
    payee = Individual(
        bakong_account_id="a@b",
        merchant_name="A",
        amount=1,
        expiration_timestamp="0946684860000",
        currency=Currency.KHR,
    )
    code = encode(payee, now="0946684800000")
    assert "99340013094668480000001130946684860000" in code.qr
    assert decode(code.qr).payee.expiration_timestamp == 946_684_860_000
