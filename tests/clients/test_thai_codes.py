"""Codes both ways with PyPI promptpay, npm promptpay-qr and promptparse, unmodified, and paid in the sandbox."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.promptpay.codec import (
    Barcode,
    BillPayment,
    CreditTransfer,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    decode,
    encode,
)
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

PAYMENTS = "/sandbox/worlds/default/payments"
NODE = Path(__file__).parent / "node"
MOBILE = CreditTransfer(proxy="mobile", id="0800000475", amount="100.50")
TAX_ID = CreditTransfer(proxy="tax_id", id="0105500000000")
EWALLET = CreditTransfer(proxy="ewallet", id="999000035952202", amount="1.00")
BILL = BillPayment(biller_id="123456789012300", ref1="REF1", ref2="A2", ref3="POS3", amount="49.50")
WALLET = TrueMoney(mobile="0800000123", amount="10.00", message="ขอบคุณ")
SLIP = Slip(bank="014", ref="000961938270628225RPASP9")
WALLET_SLIP = TrueMoneySlip(event="P2P", ref="39692423419567", date="20112026")


@pytest.fixture
def node(require):
    """node([function, ...arguments], ...) -> what each returned."""
    program = require("node", also=NODE / "node_modules" / "promptparse")

    def call(*asked):
        done = subprocess.run(
            [program, NODE / "thai_codes.js"], input=json.dumps(asked), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


async def slips_of(*texts):
    """The payee and the amount of the slip that a wallet of the sandbox has for each code that it pays, or the refusal.

    A code without an amount is paid with 20 baht.
    """
    async with httpx.AsyncClient(
        transport=Transport(Worlds(lambda: NOW_MS, SCHEMES)), base_url="http://s.test"
    ) as wallet:
        slips = []
        for text in texts:
            static = decode(text).is_static
            answer = await wallet.post(PAYMENTS, json={"qr": text} | ({"amount": "20"} if static else {}))
            paid = answer.json()
            slips.append((paid["slip"]["payee"], paid["slip"]["amount"]) if answer.is_success else paid["detail"])
        return slips


async def test_codes_of_pypi_promptpay_are_paid():
    qrcode = pytest.importorskip("promptpay.qrcode")
    asked = (("080-000-0475", 100.5), ("0105500000000", 0), ("999000035952202", 1.0))
    assert await slips_of(*(qrcode.generate_payload(target, amount) for target, amount in asked)) == [
        ("0800000475@mobile", "100.50"),
        ("0105500000000@id", "20.00"),
        ("999000035952202@ewallet", "1.00"),
    ]


async def test_codes_of_npm_promptpay_qr_are_paid(node):
    texts = node(["promptpay-qr", "080-000-0475", {"amount": 100.5}], ["promptpay-qr", "0105500000000", {}])
    assert await slips_of(*texts) == [("0800000475@mobile", "100.50"), ("0105500000000@id", "20.00")]


async def test_codes_of_npm_promptparse_are_paid_and_it_reads_the_slips(node):
    texts = node(
        ["make:anyId", {"type": "MSISDN", "target": "0800000475", "amount": 100.5}],
        ["make:billPayment", {"billerId": "123456789012300", "ref1": "REF1", "ref2": "A2", "amount": 49.5}],
        ["make:trueMoney", {"mobileNo": "0800000123", "amount": 10}],
    )
    assert await slips_of(*texts) == [
        ("0800000475@mobile", "100.50"),
        ("123456789012300@biller", "49.50"),
        ("0800000123@truemoney", "10.00"),
    ]
    async with httpx.AsyncClient(
        transport=Transport(Worlds(lambda: NOW_MS, SCHEMES)), base_url="http://s.test"
    ) as wallet:
        bank = (await wallet.post(PAYMENTS, json={"qr": texts[0]})).json()["slip"]
        own = (await wallet.post(PAYMENTS, json={"qr": texts[0], "from_account": "payer@truemoney"})).json()["slip"]
    read, read_own = node(["slipVerify", bank["slip"]], ["trueMoneySlipVerify", own["slip"]])
    assert read == {"sendingBank": "014", "transRef": bank["ref"]}
    assert (read_own["transactionId"], read_own["date"]) == (own["ref"], "11022026")


def test_pypi_promptpay_writes_what_we_write_in_its_layout_and_we_read_it():
    qrcode = pytest.importorskip("promptpay.qrcode")
    for asked, target, amount in (
        (MOBILE, "080-000-0475", 100.5),
        (TAX_ID, "0105500000000", 0),
        (EWALLET, "999000035952202", 1.0),
    ):
        text = qrcode.generate_payload(target, amount)
        assert text == encode(asked, layout="promptpay-qr").text
        assert encode(decode(text).code, layout="promptpay-qr").text == text


def test_npm_promptpay_qr_writes_what_we_write_in_its_layout_and_we_read_it(node):
    asked = {
        "080-000-0475": (MOBILE, {"amount": 100.5}),
        "0105500000000": (TAX_ID, {}),
        "999000035952202": (EWALLET, {"amount": 1}),
    }
    texts = node(*(["promptpay-qr", target, options] for target, (_, options) in asked.items()))
    assert texts == [encode(code, layout="promptpay-qr").text for code, _ in asked.values()]
    assert [decode(text).code.id for text in texts] == ["0800000475", "0105500000000", "999000035952202"]


def test_npm_promptparse_writes_what_we_write_in_its_layout_and_we_read_it(node):
    texts = node(
        ["make:anyId", {"type": "MSISDN", "target": "0800000475", "amount": 100.5}],
        ["make:anyId", {"type": "NATID", "target": "0105500000000"}],
        [
            "make:billPayment",
            {"billerId": "123456789012300", "ref1": "REF1", "ref2": "A2", "ref3": "POS3", "amount": 49.5},
        ],
        ["make:trueMoney", {"mobileNo": "0800000123", "amount": 10, "message": "ขอบคุณ"}],
        ["make:slipVerify", {"sendingBank": "014", "transRef": "000961938270628225RPASP9"}],
        [
            "make:trueMoneySlipVerify",
            {"eventType": "P2P", "transactionId": "39692423419567", "date": "20112026"},
        ],
    )
    codes = (MOBILE, TAX_ID, BILL, WALLET, SLIP, WALLET_SLIP)
    assert texts == [encode(code, layout="promptparse").text for code in codes]
    assert [type(decode(text).code) for text in texts] == [type(code) for code in codes]


@pytest.mark.parametrize("layout", ["ascending", "promptpay-qr", "promptparse"])
def test_npm_promptparse_reads_our_codes_in_every_layout(node, layout):
    ours = [encode(code, layout=layout).text for code in (MOBILE, TAX_ID, BILL)]
    mobile, tax_id, bill = node(*(["parse", text] for text in ours))
    assert (mobile["mobile"], mobile["amount"]) == ("0066800000475", "100.50")
    assert tax_id["id"] == "0105500000000"
    assert (bill["biller"], bill["ref1"], bill["amount"]) == ("123456789012300", "REF1", "49.50")


def test_npm_promptparse_reads_our_slips_and_barcodes(node):
    barcode = encode(Barcode(biller_id="123456789012300", ref1="REF1", ref2="A2", amount="3649.22")).text
    slip, wallet, bill = node(
        ["slipVerify", encode(SLIP).text], ["trueMoneySlipVerify", encode(WALLET_SLIP).text], ["barcode", barcode]
    )
    assert slip == {"sendingBank": "014", "transRef": "000961938270628225RPASP9"}
    assert wallet == {"eventType": "P2P", "transactionId": "39692423419567", "date": "20112026"}
    read = decode(bill).code
    assert (read.biller_id, read.ref1, read.ref2, str(read.amount)) == ("123456789012300", "REF1", "A2", "3649.22")
