"""The core's rules where the vectors have no row: places, order of the checks, bounds, and the writer's refusals."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from emvqr import EMVError, check, crc16, decode, detect, encode, field, read, seal
from emvqr.profiles import PIX, VIETQR

TAGS = st.sampled_from([f"{number:02d}" for number in range(1, 100) if number != 63])
VALUES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
PIX_CODE = (
    "00020126500014br.gov.bcb.pix0116loja@example.com0208pedido 7520400005303986540512.345802BR5912LOJA EXEMPLO"
    "6009SAO PAULO62100506ABC123630482C8"
)


def refused(text, **options):
    with pytest.raises(EMVError) as caught:
        decode(text, **options)
    return caught.value.reason, caught.value.offset


@given(st.dictionaries(TAGS, VALUES, max_size=8))
@example({"59": "ร้าน", "60": "\N{GRINNING FACE}"})
def test_what_is_written_is_read_back_with_lengths_in_characters(values):
    pairs = [("00", "01"), *values.items()]
    try:
        text = encode(pairs)
    except EMVError as error:  # a value that happens to be data objects, empty ones or one tag twice
        refused = error.reason
        assume(refused not in ("duplicate_tag", "empty_value", "too_long"))
        raise
    reading = decode(text)
    assert [(node.path, node.value) for node in reading.nodes] == [*pairs, ("63", crc16(text[:-4]))]
    assert [text[node.offset : node.offset + 2] for node in reading.nodes] == [node.tag for node in reading.nodes]


@given(st.text(max_size=80))
@example("00" * 300)
@example("9" * 511)
@example("26" + "99" + "2699" * 24 + "269")
def test_whatever_is_read_is_answered_and_a_place_is_in_the_text(text):
    reading = read(text)
    assert reading.faults
    assert all(0 <= problem.at <= len(text) for problem in reading.problems)


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        (seal("000201590059025"), "empty_value", 6),  # the first fault in reading order, not the loudest
        (seal("0002016X0100"), "tag", 6),
        (seal("000201" + field("62", "01000301A")), "empty_value", 10),
        (seal("000201" + field("62", "0101A0101B")), "duplicate_tag", 15),
        (seal("000201" + field("62", field("50", "0001A0001B"))), "duplicate_tag", 19),
        (seal("000201") + seal("000201"), "duplicate_tag", 14),
        (seal("5802KH000201"), "payload_format_not_first", 6),
        ("000201\ud800", "not_unicode", 6),
        (seal("000201") + "\r\n", "truncated", 14),
        (seal("000201") + "\r\n\r\n", "tag", 14),
        ("\ufeff" + seal("000201"), "tag", 0),
        ("0" * 513, "too_long", 512),
        ("0²0201", "tag", 0),
        ("00_201", "length", 0),
        ("00 201", "length", 0),
    ],
)
def test_the_first_fault_is_told_with_its_character(text, reason, at):
    assert refused(text) == (reason, at)


def test_a_wrong_crc_is_forgiven_only_where_it_is_named():
    text = seal("000201")[:-1] + "0"
    assert refused(text, lenient=True) == ("crc_mismatch", 6)
    assert decode(text, forgive=["crc_mismatch"]).warnings[0].reason == "crc_mismatch"


def test_a_scheme_is_known_by_its_guid_wherever_the_template_stands_and_never_by_the_tag():
    inner = "0016a000000677010111011300668000004750"[:37]
    account = f"{len(inner):02d}{inner}"
    assert [detect(read(seal(f"000201{tag}{account}5802TH")).nodes) for tag in ("26", "29", "51", "80")] == [
        ("promptpay",)
    ] * 4
    assert detect(read(seal(f"00020162{account}5802TH")).nodes) == ()
    elsewhere = field("29", field("00", "EXAMPLE.ONE") + field("01", "A000000677010111"))
    assert detect(read(seal(f"000201{elsewhere}5802TH")).nodes) == ()
    khqr = "29140010sokha@devb"
    assert detect(read(seal(f"000201{khqr}5802KH")).nodes) == ("khqr",)
    assert detect(read(seal(f"000201{khqr}5802TH")).nodes) == ()


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([("00", "01"), ("59", "x" * 100)], "value_length"),
        ([("00", "01"), ("59", "")], "empty_value"),
        ([("00", "01"), ("59", "a"), ("59", "b")], "duplicate_tag"),
        ([("00", "01"), ("62", "a"), ("62.01", "b")], "duplicate_tag"),
        ([("00", "01"), ("62.01", "b"), ("62", "a")], "duplicate_tag"),
        ([("00", "01"), ("5", "a")], "tag"),
        ([("00", "01"), ("๕๙", "a")], "tag"),
        ([("00", "01"), ("59.", "a")], "tag"),
        ([("59", "a")], "payload_format_missing"),
        ([("59", "a"), ("00", "01")], "payload_format_not_first"),
        ([("00", "02")], "payload_format_value"),
        ([("00", "01"), ("59", "\ud800")], "not_unicode"),
        ([("00", "01"), *((f"{tag}", "x" * 99) for tag in (26, 27, 28, 29, 30))], "too_long"),
        ([("00", "01"), ("63", "ABCD")], "duplicate_tag"),
    ],
)
def test_what_the_reader_refuses_is_never_written(pairs, reason):
    with pytest.raises(EMVError) as caught:
        encode(pairs)
    assert caught.value.reason == reason


def changed(text, old, new):
    assert old in text
    return seal(text[:-8].replace(old, new))


@pytest.mark.parametrize(
    ("profile", "text", "reasons"),
    [
        (PIX, PIX_CODE, []),
        (PIX, changed(PIX_CODE, "br.gov.bcb.pix", "BR.GOV.BCB.PIX"), []),
        (PIX, changed(PIX_CODE, "2650", "4750"), []),  # another tag, the same owner
        (PIX, changed(PIX_CODE, "br.gov.bcb.pix", "br.gov.bcb.pox"), ["aid_unknown"]),
        (PIX, changed(PIX_CODE, "5802BR", ""), ["country_missing"]),
        (PIX, changed(PIX_CODE, "62100506ABC123", ""), ["additional_data_missing"]),
        (PIX, changed(PIX_CODE, "0506ABC123", "0506ABC-23"), ["txid"]),
        (PIX, changed(PIX_CODE, "540512.34", "540612.345"), ["amount_precision"]),
        (PIX, changed(PIX_CODE, "0116loja@example.com", "1916loja@example.com"), ["account_missing"]),
        (VIETQR, seal("00020101021138300010A00000072701000208QRIBFTTA53037045802VN"), ["empty_value"]),
        (
            VIETQR,
            seal("00020101021138350010A00000072701050123A0208QRIBFTTA53037045802VN"),
            ["template_malformed"],
        ),
        (VIETQR, seal("00020101021253037045802VN"), ["account_missing"]),
    ],
    ids=str,
)
def test_a_profile_names_what_a_code_lacks(profile, text, reasons):
    assert [problem.reason for problem in check(profile, text).faults][: len(reasons) or None] == reasons


def test_an_account_in_another_tag_keeps_its_templates():
    text = seal("00020101021139540010A00000072701240006970436011000001234560208QRIBFTTA53037045802VN")
    facts = check(VIETQR, text)
    assert (facts.faults, facts.values["bank"], facts.values["account"]) == ((), "970436", "0000123456")
