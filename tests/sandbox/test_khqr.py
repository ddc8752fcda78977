"""The khqr commands: what they print, and how they end."""

import json
import re

import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app

NOW = "1767225600000"
FIELDS = {
    "bakongAccountID": "john_smith@devb",
    "merchantName": "John Smith",
    "amount": 1.50,
    "currency": "USD",
    "expirationTimestamp": 1767226500000,
}
STATIC = "00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA"
ACLEDA_STYLE = "00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh99090005abcde6304"


def khqr(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, ["khqr", *arguments], input=stdin)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def lines(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_encode_takes_json_in_nbcs_names_and_answers_qr_and_md5():
    code, out, _ = khqr("encode", "--now", NOW, stdin=json.dumps(FIELDS))
    assert code == 0
    assert lines(out)[0].keys() == {"qr", "md5"}
    assert "54041.50" in lines(out)[0]["qr"]


def test_encode_takes_options_and_prints_what_is_asked_for_alone():
    words = ("--account", "sokha@devb", "--name", "Sokha", "--amount", "0.50", "--currency", "usd", "--now", NOW)
    code, out, _ = khqr("encode", *words, "--expires-in", "10m", "--set", "bill_number=A-7")
    qr = lines(out)[0]["qr"]
    assert (code, "54040.50" in qr, "0103A-7" in qr, f"0113{int(NOW) + 600_000}" in qr) == (0, True, True, True)
    assert khqr("encode", *words, "--only", "md5")[1].strip().isalnum()
    code, out, _ = khqr("encode", "--account", "a@b", "--name", "A", "--set", "bil_number=1")
    assert (code, "did you mean bill_number?" in out) == (1, True)
    assert khqr("encode", "--account", "a@b", "--set", "bill")[2].count("\n") == 1
    assert "a duration such as" in khqr("encode", *words, "--expires-in", "soon")[1]


def test_what_decode_prints_encode_makes_again():
    for fields in (FIELDS, {"bakongAccountID": "a@b", "merchantName": "M", "merchantID": "1", "acquiringBank": "B"}):
        made = lines(khqr("encode", "--now", NOW, stdin=json.dumps(fields))[1])[0]["qr"]
        _, decoded, _ = khqr("decode", made)
        assert lines(khqr("encode", stdin=decoded)[1])[0]["qr"] == made
    code, out, _ = khqr("encode", stdin=json.dumps({**FIELDS, "kind": "merchant"}))
    assert (code, lines(out)[0]["field"]) == (1, "kind")


def test_the_fields_of_a_code_are_listed():
    from dataclasses import fields

    from khqr import Individual, Merchant

    listed = {line.split()[0] for line in khqr("fields")[1].splitlines()}
    assert {field.name for kind in (Individual, Merchant) for field in fields(kind)} <= listed


def test_encode_takes_a_list_from_a_file_in_our_names_and_says_what_is_wrong_with_each(tmp_path):
    merchant = {"bakong_account_id": "a@b", "merchant_name": "M", "merchant_id": "1", "acquiring_bank": "B"}
    dated = {**FIELDS, "expirationTimestamp": "2026-01-01T07:15:00+07:00"}
    file = tmp_path / "codes.json"
    file.write_text(json.dumps([merchant, {"bakong_account_id": "a"}, {"merchnt_name": "x"}, 7, dated]))
    code, out, _ = khqr("encode", "-f", str(file), "--now", NOW)
    good, bad, misspelt, number, by_date = lines(out)
    assert code == 1
    assert good["qr"].startswith("000201010211" + "3017")
    assert (bad["code"], bad["field"]) == (3, "bakong_account_id")
    assert "did you mean merchant_name?" in misspelt["error"]
    assert "expected an object" in number["error"]
    assert "01131767226500000" in by_date["qr"]


def test_decode_answers_the_fields_of_each_line():
    code, out, _ = khqr("decode", stdin=f"{STATIC}\nhello\n")
    good, bad = lines(out)
    assert code == 1
    assert (good["bakong_account_id"], good["kind"], good["currency"]) == ("john_smith@devb", "individual", 116)
    assert bad["problems"][0]["rule"] == "crc-format"


def test_verify_lists_every_problem_and_lenient_says_what_it_forgave():
    from emvqr import crc16

    sealed = ACLEDA_STYLE + crc16(ACLEDA_STYLE)
    code, out, _ = khqr("verify", sealed, "--now", NOW)
    assert code == 1
    assert {problem["rule"] for problem in lines(out)[0]["problems"]} == {"timestamp"}
    code, out, _ = khqr("verify", sealed, "--now", NOW, "--lenient")
    assert code == 0
    assert lines(out)[0]["forgiven"][0]["tag"].startswith("99")


@pytest.mark.parametrize("options", [(), ("--card",)], ids=["plain", "card"])
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_an_image_is_drawn_and_read_back(tmp_path, options, suffix):
    file = tmp_path / f"code.{suffix}"
    assert khqr("image", STATIC, "-o", str(file), *options)[0] == 0
    if suffix == "png":
        assert khqr("read", str(file)) == (0, f"{STATIC}\n", "")
    else:
        assert "<svg" in file.read_text()


def test_a_card_says_which_font_it_used_and_other_texts_are_no_khqr(tmp_path):
    file = tmp_path / "code.png"
    assert khqr("image", STATIC, "--card", "-o", str(file))[1] == f"{file}: the name in Aileron\n"
    code, _, err = khqr("image", "abc", "-o", str(file))
    assert (code, "'abc' is no KHQR, and --any draws it all the same" in err) == (2, True)
    assert khqr("image", "abc", "-o", str(file), "--any")[0] == 0
    assert khqr("read", "no-such.png", str(file))[:2] == (2, "abc\n")


def test_an_image_goes_to_the_terminal_and_a_picture_without_a_code_ends_in_1(tmp_path):
    assert "█" in khqr("image", stdin=STATIC)[1]
    empty = tmp_path / "empty.png"
    from PIL import Image

    Image.new("L", (50, 50), 255).save(empty)
    code, _, err = khqr("read", str(empty))
    assert code == 1
    assert "no QR code" in err


def test_explain_shows_names_values_and_what_is_wrong():
    code, out, _ = khqr("explain", STATIC.replace("John Smith", "John Smyth"), "--now", NOW)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert code == 1
    assert re.search(r"29\.00 +bakong account id +john_smith@devb", plain)
    assert re.search(r"53 +currency +116 +KHR", plain)
    assert "✗ the CRC says 6BFA" in plain
    assert "not valid: 1 problems" in plain
    assert "valid" in khqr("explain", STATIC)[1]
    assert "✗ tag 58 is missing" in khqr("explain", encode_code_without_country())[1]


def encode_code_without_country() -> str:
    from emvqr import seal

    return seal(STATIC[:-8].replace("5802KH", ""))


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (("decode", "-f", "no-such-file"), "", 2, "cannot read no-such-file"),
        (("encode",), "{", 2, "not valid JSON"),
        (("verify", STATIC, "--now", "tomorrow"), "", 2, "expected epoch milliseconds"),
        (("image", STATIC, "-o", "x.gif"), "", 2, "expected .png or .svg"),
        (("image", STATIC, "-o", "/no/such/x.png"), "", 2, "cannot write"),
        (("image", ""), "", 1, "empty text"),
        (("read", "no-such.png"), "", 2, "expected a picture"),
    ],
    ids=["file", "json", "now", "suffix", "folder", "empty", "picture"],
)
def test_bad_input_ends_with_one_clear_line(arguments, stdin, code, message):
    ended, _, err = khqr(*arguments, stdin=stdin)
    assert ended == code
    assert message in err


def priced(amount: str, **changed) -> str:
    """A line of JSON with the amount as it is written here."""
    rest = json.dumps({**FIELDS, **changed} | {"amount": None}, ensure_ascii=False)
    return rest.replace('"amount": null', f'"amount": {amount}')


def test_encode_takes_json_lines_and_a_bad_line_is_told_by_its_number_and_ends_nothing(tmp_path):
    bad = {
        2: b"{bad",
        4: b"[1]",
        5: b"\xff\xfe",
        6: priced("NaN").encode(),
        7: b"[" * 100_000,
        8: priced("1.005").encode(),
        9: priced("1", expirationTimestamp="tomorrow").encode(),
        10: b'{"bakongAccountID": null}',
        11: priced("1", merchantName=["x"]).encode(),
    }
    rows = [bad.get(number, b"") for number in range(1, 13)]
    rows[0], rows[11] = priced("1.50").encode(), priced("12345678.10", merchantName="ហាង\u2028").encode() + b"\r"
    file = tmp_path / "codes.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + b"\n".join(rows) + b"\n")
    code, out, _ = khqr("encode", "-f", str(file), "--now", NOW)
    first, *wrong, last = [json.loads(line) for line in out.split("\n") if line]
    assert code == 1
    assert [one["line"] for one in wrong] == list(bad)
    assert all(one["error"] for one in wrong)
    assert "54041.50" in first["qr"]
    assert "541112345678.10" in last["qr"]
    assert "ហាង\u2028" in last["qr"]


def test_json_lines_without_a_bad_one_end_in_0_a_line_for_each():
    code, out, _ = khqr("encode", "--now", NOW, stdin=f"{priced('1.50')}\n\n{priced('2')}\n")
    assert (code, len(lines(out))) == (0, 2)


@pytest.mark.parametrize("amount", ["0.1", "0.10", "9999999999.99", "1E1", "1e-2", "100"])
def test_an_amount_is_the_one_that_is_written(amount):
    from decimal import Decimal

    from khqr import decode

    (made,) = lines(khqr("encode", "--now", NOW, stdin=priced(amount))[1])
    assert decode(made["qr"]).payee.amount == Decimal(amount)


def test_one_document_of_json_over_several_lines_is_no_json_lines():
    code, out, _ = khqr("encode", "--now", NOW, stdin=json.dumps([FIELDS, FIELDS], indent=2))
    assert (code, len(lines(out))) == (0, 2)
    code, _, err = khqr("encode", "--now", NOW, stdin=json.dumps(FIELDS, indent=2)[:-1])
    assert (code, err.count("\n")) == (2, 1)


def test_the_lines_of_codes_end_with_a_newline_alone():
    """What else ends a line for Python may stand in a name."""
    from khqr import Individual, encode

    made = encode(Individual(bakong_account_id="a@b", merchant_name="A\u2028B")).qr
    assert lines(khqr("decode", stdin=f"{made}\r\n{made}")[1])[1]["merchant_name"] == "A\u2028B"
