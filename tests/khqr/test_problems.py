"""Every rule that a text can break: its name, NBC's number, its tag; and the last value that breaks none."""

import pytest

import emvqr
from khqr import DecodeError, Mode, decode, sdk, verify
from tests.khqr.inputs import seal

NOW_MS = 1_767_225_600_000
STATIC = {"00": "01", "01": "11", "29": "0003a@b", "52": "5999", "53": "116", "58": "KH", "59": "A", "60": "B"}
TIMES = f"0013{NOW_MS}0113{NOW_MS + 1}"
DYNAMIC = STATIC | {"01": "12", "54": "5", "99": TIMES}
MERCHANT = {
    (tag if tag != "29" else "30"): (value if tag != "29" else "0003a@b0101M0201K") for tag, value in STATIC.items()
}
LANGUAGE = "0002km0101X"


def code(values: dict[str, str | None]) -> str:
    return seal("".join(emvqr.field(tag, value) for tag, value in values.items() if value is not None))


def subs(*pairs: tuple[str, str]) -> str:
    return "".join(emvqr.field(tag, value) for tag, value in pairs)


def problems(text: str, mode: Mode = Mode.STRICT) -> list[tuple[str, int | None, str | None]]:
    return [(each.rule, each.code, each.tag) for each in verify(text, now=NOW_MS, mode=mode).problems]


WHOLE = [
    (STATIC | {"00": "02"}, ("value", 8, "00")),
    (STATIC | {"00": ""}, ("missing", 23, "00")),
    (STATIC | {"01": "13"}, ("value", 48, "01")),
    (STATIC | {"01": "111"}, ("value", 17, "01")),
    (STATIC | {"01": "12", "99": TIMES}, ("initiation", 47, "01")),
    (DYNAMIC | {"01": "11"}, ("initiation", 47, "54")),
    (STATIC | {"52": ""}, ("missing", 25, "52")),
    (STATIC | {"52": None}, ("missing", 25, "52")),
    (STATIC | {"52": "123"}, ("category", 51, "52")),
    (STATIC | {"52": "12345"}, ("value", 18, "52")),
    (STATIC | {"52": "12a4"}, ("value", 51, "52")),
    (STATIC | {"52": "12a"}, ("value", 51, "52")),
    (STATIC | {"52": "១២៣"}, ("value", 51, "52")),
    (STATIC | {"53": None}, ("missing", 9, "53")),
    (STATIC | {"53": "978"}, ("value", 28, "53")),
    (STATIC | {"53": "0116"}, ("value", 19, "53")),
    (STATIC | {"58": None}, ("missing", 26, "58")),
    (STATIC | {"58": "TH"}, ("value", 8, "58")),
    (STATIC | {"59": None}, ("missing", 2, "59")),
    (STATIC | {"59": "x" * 26}, ("label-length", 7, "59")),
    (STATIC | {"60": None}, ("missing", 27, "60")),
    (STATIC | {"60": "x" * 16}, ("label-length", 21, "60")),
    (STATIC | {"29": None}, ("account", 5, "30")),
    (STATIC | {"30": MERCHANT["30"]}, ("account", 5, "30")),
    (STATIC | {"29": "0101x"}, ("account", 1, "29")),
    (STATIC | {"29": "0003abc"}, ("account", 3, "29.00")),
    (STATIC | {"29": subs(("00", "a" * 31 + "@b"))}, ("value", 6, "29.00")),
    (STATIC | {"29": subs(("00", "a@b"), ("01", "x" * 33))}, ("label-length", 35, "29.01")),
    (STATIC | {"29": subs(("00", "a@b"), ("02", "x" * 33))}, ("label-length", 33, "29.02")),
    (STATIC | {"29": subs(("00", "a@b"), ("02", ""))}, ("value", 33, "29.02")),
    (STATIC | {"29": "0003a@b0003a@b"}, ("duplicate-tag", 8, "29.00")),
    (STATIC | {"29": "0003a@b01"}, ("tlv", 8, "29")),
    (MERCHANT | {"30": "0003a@b0101M"}, ("merchant-account", 31, "30")),
    (MERCHANT | {"30": "0003a@b0201M"}, ("merchant-account", 30, "30")),
    (MERCHANT | {"30": subs(("00", "a@b"), ("01", "x" * 33), ("02", "K"))}, ("label-length", 32, "30.01")),
    (MERCHANT | {"30": subs(("00", "a@b"), ("01", "M"), ("02", "x" * 33))}, ("label-length", 33, "30.02")),
    (STATIC | {"62": ""}, ("empty-template", 8, "62")),
    (STATIC | {"62": "0126" + "x" * 26}, ("label-length", 10, "62.01")),
    (STATIC | {"62": "0226" + "x" * 26}, ("label-length", 34, "62.02")),
    (STATIC | {"62": "0326" + "x" * 26}, ("label-length", 11, "62.03")),
    (STATIC | {"62": "0726" + "x" * 26}, ("label-length", 12, "62.07")),
    (STATIC | {"62": "0826" + "x" * 26}, ("label-length", 42, "62.08")),
    (STATIC | {"64": "0003khm0101X"}, ("value", 38, "64.00")),
    (STATIC | {"64": "0002km0126" + "x" * 26}, ("label-length", 40, "64.01")),
    (STATIC | {"64": LANGUAGE + "0216" + "x" * 16}, ("label-length", 41, "64.02")),
    (STATIC | {"64": "0002km"}, ("language", 39, "64")),
    (STATIC | {"64": "0101X"}, ("language", 39, "64")),
    (STATIC | {"53": "840", "15": "x"}, ("upi-currency", 44, "15")),
    (DYNAMIC | {"54": "1.001"}, ("value", 4, "54")),
    (DYNAMIC | {"54": "12345678901234"}, ("value", 4, "54")),
    (DYNAMIC | {"54": "1.5"}, ("value", 4, "54")),
    (DYNAMIC | {"54": "1.0"}, ("amount-form", 4, "54")),
    (DYNAMIC | {"53": "840", "54": "1."}, ("amount-form", 4, "54")),
    (DYNAMIC | {"54": "0"}, ("amount-form", 4, "54")),
    (DYNAMIC | {"99": None}, ("expiry-missing", 45, None)),
    (DYNAMIC | {"99": "garbage"}, ("timestamp", 8, "99")),
    (DYNAMIC | {"99": f"0013{NOW_MS}"}, ("timestamp", 45, "99")),
    (DYNAMIC | {"99": f"0013{NOW_MS}01041234"}, ("timestamp", 49, "99.01")),
    (DYNAMIC | {"99": f"0013{NOW_MS + 1}0113{NOW_MS}"}, ("expires-before-created", 50, "99.01")),
    (DYNAMIC | {"99": f"0013{NOW_MS - 2}0113{NOW_MS - 1}"}, ("expired", 46, "99.01")),
]


@pytest.mark.parametrize(("values", "problem"), WHOLE)
def test_a_broken_rule_has_its_name_nbcs_number_and_its_tag(values, problem):
    assert problems(code(values)) == [problem]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (code(STATIC) + "\n", [("white-space", 8, None)]),
        ("\ufeff" + code(STATIC), [("white-space", 8, None)]),
        (code(STATIC)[:-4] + "0000", [("crc-value", 8, "63")]),
        (code(MERCHANT)[:-4] + code(MERCHANT)[-4:].lower(), [("crc-case", 8, "63")]),
        (code(STATIC)[:-4] + "WXYZ", [("crc-format", 24, "63")]),
        (code(STATIC)[:-8], [("crc-format", 24, "63"), ("order", 24, "60")]),
        (code(STATIC | {"59": "A\x07"}), [("control-character", 8, None)]),
        (code(STATIC | {"59": "A\ud800"}), [("surrogate", 8, None)]),
        (code(STATIC | {"59": "😀"}), [("astral", 8, None)]),
        (code({"01": "11"} | STATIC), [("order", 23, "01")]),
        (seal(code(STATIC)[:-8] + "5901A"), [("duplicate-tag", 8, "59")]),
        (seal(code(STATIC)[:-8] + "59"), [("tlv", 8, None)]),
        (code(STATIC | {str(tag): "x" * 99 for tag in range(80, 85)}), [("length", 8, None)]),
        ("", [("crc-format", 24, "63")]),
    ],
    ids=lambda value: value[0][0] if isinstance(value, list) else "",
)
def test_what_is_wrong_with_the_text_as_a_whole_is_named_too(text, found):
    assert problems(text)[: len(found)] == found


FULL = STATIC | {
    "15": "x" * 99,
    "29": subs(("00", "a" * 30 + "@b"), ("01", "x" * 32), ("02", "x" * 23)),
    "59": "x" * 25,
    "60": "x" * 15,
    "62": subs(("01", "x" * 25), ("02", "x" * 25), ("03", "x" * 25)),
    "64": subs(("00", "km"), ("01", "x" * 25), ("02", "x" * 15)),
}


@pytest.mark.parametrize(
    "values",
    [
        FULL,
        FULL | {"62": subs(("07", "x" * 25), ("08", "x" * 25))},
        MERCHANT | {"30": subs(("00", "a@b"), ("01", "x" * 32), ("02", "x" * 32))},
        DYNAMIC | {"54": "9999999999999"},
        DYNAMIC | {"53": "840", "54": "9999999999.99"},
        DYNAMIC | {"99": f"0013{NOW_MS}0113{NOW_MS}"},
        {tag: value for tag, value in STATIC.items() if tag != "01"},
    ],
)
def test_what_is_as_long_or_as_late_as_may_be_breaks_no_rule(values):
    assert problems(code(values)) == []
    assert decode(code(values)).payee


def test_a_text_of_512_characters_is_a_code_and_one_of_513_is_none():
    body = STATIC | {str(tag): "x" * 99 for tag in range(80, 84)}
    rest = 512 - len(code(body)) - 4
    assert problems(code(body | {"84": "x" * rest})) == []
    assert problems(code(body | {"84": "x" * (rest + 1)})) == [("length", 8, None)]


def test_a_duplicate_and_a_malformed_tag_have_their_places():
    twice = code(STATIC | {"29": "0003a@b0003a@b"})
    (repeated,) = verify(twice, now=0).problems
    assert repeated.offset == twice.rindex("0003a@b")
    above = seal(code(STATIC)[:-8] + "5901A")
    (repeated,) = verify(above, now=0).problems
    assert repeated.offset == above.rindex("5901A")
    assert repeated.message == f"duplicate tag 59, the second time at character {repeated.offset}"
    broken = code(STATIC | {"62": "0101A01XX"})
    (malformed,) = verify(broken, now=0).problems
    assert malformed.offset == broken.index("01XX")
    with pytest.raises(DecodeError, match="in tag 62"):
        decode(broken)


@pytest.mark.parametrize(
    ("tag", "before", "sub", "limit", "number"),
    [
        ("62", "", "01", 25, 10),
        ("62", "", "02", 25, 34),
        ("62", "", "03", 25, 11),
        ("62", "", "07", 25, 12),
        ("62", "", "08", 25, 42),
        ("64", "0002km", "01", 25, 40),
        ("64", LANGUAGE, "02", 15, 41),
        ("29", "0003a@b", "01", 32, 35),
        ("29", "0003a@b", "02", 32, 33),
    ],
)
def test_the_twin_refuses_a_longer_value_with_the_sdks_number_and_the_longest_not(tag, before, sub, limit, number):
    assert sdk.reason(code(STATIC | {tag: before + emvqr.field(sub, "x" * limit)}), NOW_MS) is None
    assert sdk.reason(code(STATIC | {tag: before + emvqr.field(sub, "x" * (limit + 1))}), NOW_MS).code == number


def test_messages_quote_what_was_read_and_say_what_was_expected():
    said = [
        verify(text, now=NOW_MS).problems[0].message
        for text in (
            "hello, world",
            code(STATIC)[:-4] + "0000",
            code(STATIC | {"53": "978"}),
            code({"01": "11"} | STATIC),
            code(DYNAMIC | {"54": "0"}),
            code(DYNAMIC | {"54": "1.5"}),
            code(STATIC | {"59": ""}),
            code(STATIC | {"59": None}),
            code(STATIC | {"29": None}),
        )
    ]
    assert said == [
        "ends in 'o, world', expected 6304 and four hex digits",
        f"the CRC says 0000, the text's own is {code(STATIC)[-4:]}: a character was changed or lost",
        "tag 53 is '978', expected 116 (KHR) or 840 (USD)",
        "begins with '0102', expected tag 00 first",
        "tag 54 is '0', expected no tag 54 where there is no amount",
        "tag 54 is '1.5', expected an amount in KHR",
        "tag 59 is empty",
        "tag 59 is missing",
        "carries neither 29 nor 30, expected exactly one",
    ]


def test_a_text_that_breaks_off_misses_nothing_that_could_have_come():
    whole = code(STATIC)
    for end in range(1, len(whole) - 8):
        rules = [rule for rule, _, _ in problems(seal(whole[:end]))]
        assert ("missing" in rules) != ("tlv" in rules)


def test_where_no_time_is_given_it_is_the_systems(monkeypatch):
    text = code(DYNAMIC)
    monkeypatch.setattr("khqr.moments.time.time_ns", lambda: (NOW_MS + 1) * 1_000_000)
    assert verify(text)
    monkeypatch.setattr("khqr.moments.time.time_ns", lambda: (NOW_MS + 2) * 1_000_000)
    assert not verify(text)
