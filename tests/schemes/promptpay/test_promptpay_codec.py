"""PromptPay codes where the vectors have no row: normalising, refusals, leniency, slips, round trips."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_schemes.promptpay.codec import (
    LAYOUTS,
    Barcode,
    BillPayment,
    CreditTransfer,
    DecodeError,
    EncodeError,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    Vat,
    decode,
    encode,
    verify,
)
from bakong_schemes.promptpay.codec.json_form import code_of
from emvqr import crc16, field, seal

MOBILE = CreditTransfer(proxy="mobile", id="0800000475", amount="100.50")
TEXT = encode(MOBILE).text
LETTERS = encode(CreditTransfer(proxy="mobile", id="0800000606", amount="0.01")).text  # its CRC is BA36
BILL = BillPayment(biller_id="123456789012300", ref1="REF1", ref2="A", ref3="B", amount=20)
SATANG = st.integers(1, 999_999_999_999).map(lambda satang: Decimal(satang).scaleb(-2))


def digits(low, high):
    return st.text("0123456789", min_size=low, max_size=high)


REFERENCES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
MESSAGES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
COMMON = {
    "amount": st.none() | SATANG,
    "mcc": st.none() | digits(4, 4),
    "merchant_name": st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=25),
    "vat": st.none() | st.builds(Vat, branch=digits(4, 4), amount=SATANG, rate=st.sampled_from([None, "7", "7.00"])),
    "message": st.none() | MESSAGES,
}
TRANSFERS = st.one_of(
    st.builds(CreditTransfer, proxy=st.just("mobile"), id=digits(9, 9).map("0{}".format), **COMMON),
    st.builds(CreditTransfer, proxy=st.just("national_or_tax_id"), id=digits(13, 13), **COMMON),
    st.builds(CreditTransfer, proxy=st.just("ewallet"), id=digits(14, 14).map("9{}".format), **COMMON),
    st.builds(CreditTransfer, proxy=st.just("bank_account"), bank=digits(3, 3), id=digits(1, 40), **COMMON),
    st.builds(TrueMoney, mobile=digits(9, 9).map("0{}".format), **COMMON),
)
BILLS = st.builds(
    BillPayment,
    biller_id=digits(15, 15),
    ref1=REFERENCES,
    ref2=st.none() | REFERENCES,
    ref3=st.none() | REFERENCES,
    cross_border=st.booleans(),
    **COMMON,
)
OTHERS = st.one_of(
    st.builds(Slip, bank=digits(3, 3), ref=REFERENCES),
    st.builds(
        TrueMoneySlip,
        event=st.just("P2P"),
        ref=REFERENCES,
        date=st.dates().map(lambda day: f"{day:%d%m}{day.year:04d}"),
    ),
    st.builds(Barcode, biller_id=digits(15, 15), ref1=REFERENCES, ref2=st.none() | REFERENCES, amount=COMMON["amount"]),
)


@given(TRANSFERS | BILLS | OTHERS, st.sampled_from(sorted(LAYOUTS)))
def test_what_is_written_is_read_back(code, layout):
    text = encode(code, layout=layout).text
    read = decode(text).code
    assert type(read) is type(code)
    for name in code.__dataclass_fields__:
        wanted, got = getattr(code, name), getattr(read, name)
        if name == "vat" and wanted:
            assert (got.branch, got.rate, Decimal(got.amount)) == (wanted.branch, wanted.rate, wanted.amount)
        else:
            assert got == wanted, name
    assert encode(read, layout=layout).text == text


@given(TRANSFERS | BILLS, st.data())
def test_a_changed_character_is_noticed(code, data):
    text = encode(code).text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789AZ").filter(lambda one: one != text[at]))
    assert not verify(text[:at] + other + text[at + 1 :])


@given(st.text(max_size=60) | st.text("0123456789|\r", max_size=60))
def test_any_text_is_answered(text):
    assert not verify(text) or text.startswith("|")


@pytest.mark.parametrize("given", ["0800000475", "080-000-0475", "+66 80 000 0475", "66800000475", "0066800000475"])
def test_a_mobile_is_the_same_however_it_is_written(given):
    assert encode(CreditTransfer(proxy="mobile", id=given, amount="100.50")).text == TEXT


def test_the_zero_of_a_tax_id_stays():
    """Old libraries made 66 of it: the money went to nobody, or to somebody else."""
    text = encode(CreditTransfer(proxy="tax_id", id="0-1055-00000-00-0")).text
    assert "02130105500000000" in text
    assert decode(text).code.id == "0105500000000"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"proxy": "mobile", "id": ""}, "id_empty"),
        ({"proxy": "mobile", "id": None}, "id_empty"),
        ({"proxy": "mobile", "id": "๐๘๐๐๐๐๐๔๗๕"}, "id_empty"),
        ({"proxy": "mobile", "id": "+65 8000 0047"}, "id_length"),
        ({"proxy": "mobile", "id": "+660800000475"}, "id_length"),
        ({"proxy": "mobile", "id": 800000475}, "type"),
        ({"proxy": "national_id", "id": "110000000000x"}, "id_length"),
        ({"proxy": "national_id", "id": "11000000000000"}, "id_length"),
        ({"proxy": "national_id", "id": "---"}, "id_empty"),
        ({"proxy": "ewallet", "id": "1234567890123456"}, "id_length"),
        ({"proxy": "bank_account", "id": "1234"}, "bank_code"),
        ({"proxy": "bank_account", "bank": "14", "id": "1234"}, "bank_code"),
        ({"proxy": "bank_account", "bank": "๐๑๔", "id": "1234"}, "bank_code"),
        ({"proxy": "bank_account", "bank": "014", "id": ""}, "id_empty"),
        ({"proxy": "email", "id": "a@b"}, "proxy"),
        ({"id": "0800000475"}, "proxy"),
        ({"proxy": "mobile", "id": "0800000475", "ota": "short"}, "ota_length"),
        ({"proxy": "mobile", "id": "0800000475", "ref1": "A"}, "field_unknown"),
        ({"proxy": "mobile", "id": "0800000475", "merchant_name": "x" * 26}, "merchant_name_length"),
        ({"proxy": "mobile", "id": "0800000475", "mcc": "12"}, "mcc"),
        ({"proxy": "mobile", "id": "0800000475", "message": "\N{GRINNING FACE}" * 13}, "message_length"),
        ({"proxy": "mobile", "id": "0800000475", "message": "\ud800"}, "message"),
        ({"proxy": "mobile", "id": "0800000475", "vat": {"amount": "7"}}, "vat"),
        ({"proxy": "mobile", "id": "0800000475", "vat": {"branch": 1, "amount": "7"}}, "vat_branch"),
        ({"proxy": "mobile", "id": "0800000475", "vat": {"branch": "0001"}}, "vat_amount"),
        ({"proxy": "mobile", "id": "0800000475", "vat": {"branch": "0001", "amount": "7.005"}}, "vat_amount"),
        ({"proxy": "mobile", "id": "0800000475", "vat": {"branch": "0001", "amount": "7", "rate": "7%"}}, "vat_rate"),
        ({"proxy": "mobile", "id": "0800000475", "vat": "7"}, "vat"),
        ({"proxy": "mobile", "id": "0800000475", "layout": "x"}, "field_unknown"),
        ({"kind": "x"}, "kind"),
        ({"kind": ["x"]}, "kind"),
        ({"kind": "bill_payment", "biller_id": "123456789012345"}, "reference_missing"),
        ({"kind": "bill_payment", "biller_id": "123456789012345", "ref1": ""}, "reference_missing"),
        ({"kind": "bill_payment", "ref1": "A"}, "biller_id"),
        ({"kind": "bill_payment", "biller_id": "12345678901234๕", "ref1": "A"}, "biller_id"),
        ({"kind": "bill_payment", "biller_id": "123456789012345", "ref1": "A B"}, "reference_charset"),
        ({"kind": "bill_payment", "biller_id": "123456789012345", "ref1": "A", "ref3": "A" * 21}, "reference_length"),
        ({"kind": "slip", "bank": "2", "ref": "A"}, "bank_code"),
        ({"kind": "slip", "bank": "002", "ref": ""}, "reference_missing"),
        ({"kind": "slip", "bank": "002"}, "reference_missing"),
        ({"kind": "slip", "bank": "002", "ref": "ก"}, "reference_charset"),
        ({"kind": "truemoney_slip", "event": "P2P", "ref": "1", "date": "31022026"}, "date"),
        ({"kind": "truemoney_slip", "event": "P2P", "ref": "1", "date": "2026-1-1"}, "date"),
        ({"kind": "barcode", "biller_id": "123456789012345", "ref1": "a"}, "reference_charset"),
        ({"kind": "barcode", "biller_id": "1", "ref1": "A"}, "biller_id"),
        ({"kind": "truemoney", "mobile": "1"}, "id_length"),
    ],
    ids=str,
)
def test_a_refusal_has_the_rules_name(asked, reason):
    with pytest.raises(EncodeError) as caught:
        encode(code_of({"kind": "credit_transfer"} | asked))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1", "1.00"),
        ("0.01", "0.01"),
        ("0001.5", "1.50"),
        (20, "20.00"),
        (Decimal("1E+3"), "1000.00"),
        ("9999999999.99", "9999999999.99"),
        (0, "amount_zero"),
        ("0.000", "amount_zero"),
        ("1.000", "amount_precision"),
        ("1.005", "amount_precision"),
        ("10000000000", "amount_too_large"),
        (10**30, "amount_too_large"),
        ("9" * 50, "amount_too_large"),
        (Decimal("1E+50"), "amount"),
        (Decimal("NaN"), "amount"),
        (Decimal(-1), "amount"),
        (-1, "amount"),
        (1.5, "amount"),
        (True, "amount"),
        ("", "amount"),
        ("1.", "amount"),
        (".5", "amount"),
        ("1,000", "amount"),
        ("1e3", "amount"),
        ("+1", "amount"),
        (" 1", "amount"),
        ("1\n", "amount"),
        ("๑", "amount"),
    ],
    ids=str,
)
def test_an_amount_is_exact_or_refused(amount, expected):
    asked = CreditTransfer(proxy="mobile", id="0800000475", amount=amount)
    try:
        outcome = str(decode(encode(asked).text).code.amount)
    except EncodeError as error:
        outcome = error.reason
    assert outcome == expected


def changed(old, new, text=TEXT):
    assert old in text
    return seal(text[:-8].replace(old, new))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (changed("5406100.50", "5406100.5x"), "amount"),
        (changed("5406100.50", "5404100."), "amount_precision"),
        (changed("5406100.50", "540699.333"), "amount_precision"),
        (changed("5406100.50", "54031\u0e500"), "amount"),
        (changed("0113006680000", "0113006580000"), "proxy_value"),
        (changed("0016A0000006770101110113", "0016A0000006770101120113"), "biller_id"),
        (changed("29370016A000000677010111", "26370016A000000677010119"), "account_missing"),
        (changed("5802TH", "5802th"), "country"),
        (changed("5802TH", "5802TH6207070301a", encode(BILL).text.replace("62050701B", "")), "reference_charset"),
        (changed("5802TH", "5802TH80150004001x0203100"), "vat_branch"),
        (changed("5802TH", "5802TH800800040010"), "vat_amount"),
        (changed("5802TH", "5802TH80041234"), "template_malformed"),
        (changed("5802TH", "5802TH8104d83d"), "message"),
        (changed("5802TH", "5802TH8104D83D"), "message"),
        (changed("5802TH", "5802TH8103004"), "message"),
        (changed("5303764", "30480016A00000067701011201151234567890123000205REF175303764"), "account_several"),
        (LETTERS[:-4] + LETTERS[-4:].lower(), "crc_lower_case"),
        (TEXT + "\n", "truncated"),
        ("|123456789012345\rA\r\r0\n", "amount"),
        ("|123456789012345\rA\r0", "truncated"),
        ("|12345\rA\r\r0", "biller_id"),
        ("|123456789012345\r\r\r0", "reference1_missing"),
        ("|123456789012345\ra\r\r0", "reference_charset"),
        ("|123456789012345\rA\r\r01", "amount"),
        ("|123456789012345\rA\r\r1.5", "amount"),
    ],
    ids=str,
)
def test_a_wrong_code_is_refused_by_name(text, reason):
    with pytest.raises(DecodeError) as caught:
        decode(text)
    assert caught.value.reason == reason


def warnings(text, **options):
    return [problem.reason for problem in decode(text, **options).warnings]


def test_what_is_only_odd_is_read_with_a_warning():
    assert warnings(changed("010212", "010211")) == ["static_with_amount"]
    assert decode(changed("010212", "010211")).is_static
    assert warnings(changed("5406100.50", "")) == ["dynamic_without_amount"]
    assert warnings(changed("010212", "")) == ["point_of_initiation_missing"]
    assert warnings(changed("5406100.50", "5403100")) == []
    assert warnings(changed("5406100.50", "5405100.5")) == ["amount_decimals"]
    assert warnings(changed("5802TH", "5802TH8018000400010206101.00")) == ["vat_exceeds_amount"]
    assert warnings(encode(CreditTransfer(proxy="national_id", id="1101700230709")).text) == ["checksum"]
    assert warnings(encode(CreditTransfer(proxy="national_id", id="1101700230708")).text) == []
    assert encode(CreditTransfer(proxy="national_id", id="1101700230709")).warnings == ("checksum",)
    assert encode(CreditTransfer(proxy="bank_account", bank="014", id="1")).warnings == ("bank_account",)


def test_lenient_reads_what_the_wild_holds_and_a_wrong_crc_only_by_name():
    assert warnings(LETTERS[:-4] + LETTERS[-4:].lower(), lenient=True) == ["crc_lower_case"]
    odd = decode(changed("5406100.50", "540699.333"), lenient=True)
    assert ([problem.reason for problem in odd.warnings], odd.code.amount) == (["amount_precision"], Decimal("99.333"))
    assert warnings(changed("000201", "000202"), lenient=True) == ["payload_format_value"]
    wrong = f"{TEXT[:-1]}{'0' if TEXT[-1] != '0' else '1'}"
    with pytest.raises(DecodeError, match="a character was changed or lost"):
        decode(wrong, lenient=True)
    assert warnings(wrong, forgive=["crc_mismatch"]) == ["crc_mismatch"]


def test_every_problem_of_a_code_is_told_at_its_place():
    text = changed("5303764", "5303840", changed("5802TH", "5802KH", changed("5406100.50", "54041e10")))
    verdict = verify(text)
    assert not verdict
    assert [(problem.reason, problem.path) for problem in verdict.problems] == [
        ("currency", "53"),
        ("country", "58"),
        ("amount", "54"),
    ]
    assert all(text[problem.at :].startswith(problem.path) for problem in verdict.problems)


def test_a_slips_crc_that_was_printed_without_its_zeros_is_padded_by_the_lenient():
    slip = next(
        text for number in range(5000) if (text := encode(Slip(bank="014", ref=f"{number:018d}")).text)[-4:-2] == "00"
    )
    printed = slip[:-4] + slip[-2:]
    assert decode(printed, lenient=True).code == decode(slip).code
    assert warnings(printed, lenient=True) == ["crc_padded"]
    with pytest.raises(DecodeError) as caught:
        decode(printed)
    assert caught.value.reason == "overrun"


def test_a_slip_is_no_payment_code_and_its_crc_has_its_own_case():
    slip, wallet = Slip(bank="014", ref="000961938270628225"), TrueMoneySlip(event="P2P", ref="1", date="01022026")
    assert decode(encode(slip).text).is_static is None
    text = encode(wallet).text
    assert text[-4:] == text[-4:].lower()
    upper = text[:-4] + text[-4:].upper()
    assert warnings(upper, lenient=True) == (["crc_upper_case"] if upper != text else [])
    broken = text.replace("01022026", "31022026")
    with pytest.raises(DecodeError) as caught:
        decode(broken[:-4] + crc16(broken[:-4]).lower())
    assert caught.value.reason == "date"


def test_a_payable_template_is_known_by_its_guid_in_small_letters_and_in_another_tag():
    assert decode(changed("A000000677010111", "a000000677010111")).code.id == "0800000475"
    assert decode(changed("29370016", "30370016")).code.id == "0800000475"


def test_an_acquirers_template_beside_the_bill_is_carried():
    innovation = field("31", "0016A000000677010113" + field("01", "004") + field("02", "KPS004") + field("04", "A"))
    text = changed("5303764", f"{innovation}5303764", encode(BILL).text)
    assert decode(text).code == decode(encode(BILL).text).code
