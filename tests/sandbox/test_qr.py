"""`bakong-sandbox qr explain`: codes of any scheme, from an argument, standard input and pictures."""

import json

import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_schemes.promptpay.codec import Barcode, BillPayment, CreditTransfer, Slip, encode
from emvqr import seal
from khqr import image
from tests.emvqr.vectors import rows

PROMPTPAY = encode(CreditTransfer(proxy="mobile", id="0800000475", amount="100.50")).text
KHQR = "00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA"
SLIP = encode(Slip(bank="014", ref="000961938270628225")).text
BARCODE = encode(Barcode(biller_id="123456789012300", ref1="REF1", amount="19.99")).text
EMV = rows("emv.jsonl")


def qr(*arguments, stdin=""):
    ended = CliRunner().invoke(app, ["qr", *arguments], input=stdin)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PROMPTPAY, ("PromptPay (Thailand), credit transfer", "mobile", "0066800000475", "THB", "valid")),
        (KHQR, ("KHQR (Bakong, Cambodia), individual", "john_smith@devb", "Phnom Penh", "valid")),
        (SLIP, ("PromptPay (Thailand), slip", "000961938270628225", "valid")),
        (EMV[4]["text"], ("VietQR (NAPAS, Vietnam), transfer", "38.01.00", "970436", "VND", "valid")),
        (EMV[5]["text"], ("Pix (Brazil), transfer", "loja@example.com", "BRL", "valid")),
        (EMV[7]["text"], ("QRIS (Indonesia)", "WARUNG CONTOH", "valid")),
        (EMV[0]["text"], ("no scheme that is known", "BEST TRANSPORT", "valid by EMVCo's rules")),
    ],
    ids=["promptpay", "khqr", "slip", "vietqr", "pix", "qris", "unknown"],
)
def test_a_good_code_is_explained_with_its_scheme(text, words):
    code, out, _ = qr("explain", text, "--now", "0")
    assert code == 0
    assert [word for word in words if word not in out] == []


def test_a_bad_code_is_explained_with_every_problem_at_its_line():
    text = seal(PROMPTPAY[:-8].replace("5303764", "5303840").replace("5802TH", "5802KH"))
    code, out, _ = qr("explain", text)
    lines = out.splitlines()
    assert code == 1
    assert lines[-1] == "not valid: 2 problems"
    at = next(number for number, line in enumerate(lines) if line.startswith("53"))
    assert "currency: tag 53 (currency) is '840', expected '764'" in lines[at + 1]
    assert [line.split(":")[0].strip() for line in lines if "✗" in line] == ["✗ currency", "✗ country"]


def test_json_says_the_same_a_line_for_each_code_of_standard_input():
    broken = PROMPTPAY[:-1] + ("0" if PROMPTPAY[-1] != "0" else "1")
    given = [PROMPTPAY, KHQR, SLIP, BARCODE, broken, EMV[12]["text"], "hello"]
    code, out, _ = qr("explain", "--json", "--now", "0", stdin="\n".join(given) + "\n")
    said = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [one["text"] for one in said] == given
    assert [[each["scheme"] for each in one["schemes"]] for one in said] == [
        *(["promptpay"], ["khqr"], ["promptpay"], ["promptpay"], ["promptpay"], ["khqr", "promptpay"], []),
    ]
    assert [one["valid"] for one in said] == [True, True, True, True, False, False, False]
    assert said[0]["schemes"][0]["says"]["amount"] == "100.50"
    assert said[3]["schemes"][0]["says"] == {
        "kind": "barcode",
        "biller_id": "123456789012300",
        "ref1": "REF1",
        "amount": "19.99",
    }
    assert [(each["reason"], each["at"]) for each in said[4]["schemes"][0]["problems"]] == [
        ("crc_mismatch", len(broken) - 8)
    ]
    assert (said[6]["problems"][0]["reason"], said[6]["problems"][0]["at"]) == ("tag", 0)
    assert [field["path"] for field in said[0]["fields"]] == [
        "00",
        "01",
        "29",
        "29.00",
        "29.01",
        "53",
        "54",
        "58",
        "63",
    ]


@pytest.mark.parametrize("row", EMV, ids=lambda row: row["id"])
def test_every_row_of_the_vectors_is_explained(row):
    code, out, _ = qr("explain", "--json", "--now", "0", "--", row["text"])
    said = json.loads(out)
    assert [each["scheme"] for each in said["schemes"]] == row.get(
        "schemes", [each["scheme"] for each in said["schemes"]]
    )
    if not row["valid"]:
        assert code == 1
        assert any(problem["reason"] == row["reason"] for problem in said["problems"])


def test_a_picture_is_read_and_one_without_a_code_is_named(tmp_path):
    bill = encode(BillPayment(biller_id="123456789012300", ref1="REF1")).text
    good, empty = tmp_path / "good.png", tmp_path / "empty.png"
    good.write_bytes(image.png(bill))
    from PIL import Image

    Image.new("1", (80, 80), 1).save(empty)
    code, out, _ = qr("explain", "--picture", str(good))
    assert (code, "PromptPay (Thailand), bill payment" in out) == (0, True)
    code, _, err = qr("explain", "--picture", str(empty))
    assert (code, "no QR code was found" in err) == (1, True)
    assert qr("explain", "--picture", str(tmp_path / "none.png"))[0] == 1


def test_what_is_forgiven_is_told_and_no_code_at_all_is_exit_code_1():
    lower = PROMPTPAY.replace(PROMPTPAY[-4:], encode(CreditTransfer(proxy="mobile", id="0800000475")).text[-4:])
    assert qr("explain", lower)[0] == 1
    odd = seal(PROMPTPAY[:-8].replace("5406100.50", "540699.333"))
    assert qr("explain", odd)[0] == 1
    code, out, _ = qr("explain", odd, "--lenient")
    assert (code, "! amount_precision" in out) == (0, True)
    assert qr("explain", stdin="")[0] == 1
    assert qr("explain", KHQR, "--now", "yesterday")[0] == 2
