"""Codes as other people's encoders write them: a wallet pays each, and the codec says what is odd about it."""

import asyncio
import json
from pathlib import Path

import pytest

from khqr import Mode, verify
from tests.conftest import NOW_MS

NODE = Path(__file__).parent / "node"
BAKONG_V2 = (  # PyPI, 1.1.7
    "00020101021229140010sokha@devb52045999530384054031.55802KH5905Sokha6010Phnom Penh62300301S0209012345678"
    "0103INV0701T993400131795281911544011317953683115446304BAEF"
)
IMAGE = (  # PyPI bakong-khqr-image 0.1.4, a merchant: the account stands in 29, and in 15 once more
    "00020101021215340016A0000006770101110110sokha@devb29140010sokha@devb52045999530384054042.005802KH5905Sokha"
    "6010Phnom Penh9934001317952819115510113179528197155163045177"
)
CREATED = (  # npm konthaina-khqr 0.1.4, a merchant: 99 tells when it was made and not when it ends
    "00020101021230360010sokha@devb01061234560208Dev Bank520459995303116540410005802KH5905Sokha6010Phnom Penh"
    "62460105INV-10211855123456780304Shop0703POS0803Tea99170013179528191131963046B35"
)
OCTETS = (  # npm konthaina-khqr 0.1.4, whose lengths count bytes
    "00020101021229140010sokha@devb520459995303116540440005802KH5912សុខា6010Phnom Penh"
    "64410002km0112សុខា0215ភ្នំព99170013179528191131963049552"
)


@pytest.fixture
def pay(bakong, control):
    """Pays a code; the amount that its md5 is then found with."""

    async def pay(qr):
        shown = (await control.post("/qr", json={"qr": qr})).json()
        check = {"md5": shown["md5"]}
        assert (await bakong.post("/v1/check_transaction_by_md5", json=check)).json()["errorCode"] == 1
        assert (await control.post("/payments", json={"qr": qr})).status_code == 200
        return (await bakong.post("/v1/check_transaction_by_md5", json=check)).json()["data"]["amount"]

    return pay


def oddities(qr):
    """The rules that strict holds the code to; lenient has to forgive them all."""
    verdict = verify(qr, now=NOW_MS, mode=Mode.LENIENT)
    assert verdict.is_valid, verdict.problems
    return {problem.rule for problem in verdict.forgiven}


@pytest.mark.parametrize(
    ("qr", "amount", "odd"),
    [(BAKONG_V2, 1.5, set()), (IMAGE, 2, {"upi-currency"}), (CREATED, 1000, {"timestamp"})],
    ids=["bakong-v2", "bakong-khqr-image", "konthaina-khqr"],
)
async def test_a_code_of_another_encoder_is_paid_and_its_oddities_are_told(pay, qr, amount, odd):
    assert (await pay(qr), oddities(qr)) == (amount, odd)


async def test_a_code_whose_lengths_count_bytes_is_paid_by_nobody_and_it_is_said_why(control):
    answer = await control.post("/payments", json={"qr": OCTETS})
    assert answer.status_code == 422
    assert "the lengths count bytes" in answer.json()["detail"]


async def test_codes_of_pypi_konthaina_khqr_are_paid(pay):
    konthaina = pytest.importorskip("konthaina_khqr")
    maker = konthaina.KHQRGenerator(konthaina.MerchantType.INDIVIDUAL)
    maker.set_bakong_account_id("sokha@devb").set_merchant_name("Sokha").set_currency("KHR").set_amount(1000)
    qr = maker.generate().qr
    assert (await pay(qr), oddities(qr)) == (1000, {"amount-form", "timestamp"})


async def test_codes_of_npm_ts_khqr_are_paid(pay, require):
    node = require("node", also=NODE / "node_modules" / "ts-khqr")
    process = await asyncio.create_subprocess_exec(node, NODE / "codes.js", stdout=-1, stderr=-1)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    codes = json.loads(out)
    assert [await pay(codes["individual"]), await pay(codes["merchant"])] == [1.5, 1.5]
    assert set.union(*map(oddities, codes.values())) == set()
