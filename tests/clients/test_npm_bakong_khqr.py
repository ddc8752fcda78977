"""npm bakong-khqr, NBC's own SDK, unmodified: the address is an argument of its functions."""

import asyncio
import json
from pathlib import Path

import pytest

from khqr import decode

NODE = Path(__file__).parent / "node"


@pytest.fixture
async def told(require, stack):
    """What the round trip in Node printed."""
    node = require("node", also=NODE / "node_modules" / "bakong-khqr")
    process = await asyncio.create_subprocess_exec(
        node, NODE / "round_trip.js", stack.bakong_url, stdout=-1, stderr=-1, env={"NO_PROXY": "127.0.0.1"}
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def test_its_codes_are_valid_for_our_codec(told):
    payee = decode(told["individual"]["qr"]).payee
    assert (str(payee.amount), payee.merchant_name, payee.bill_number) == ("1.50", "Sokha", "INV-1")
    assert decode(told["merchant"]["qr"]).payee.merchant_id == "123456"
    assert (told["decoded"]["merchantName"], told["valid"]) == ("Sokha", True)


async def test_it_gets_a_deep_link_and_knows_accounts(told):
    assert told["deeplink"]["data"]["shortLink"].startswith("https://bakong.page.link/")
    assert told["known"]["data"] == {"bakongAccountExisted": True}
    assert told["unknown"]["data"] == {"bakongAccountExisted": False}


async def test_its_payment_is_found_before_and_after_it_is_paid(told, bakong, control):
    check = {"md5": told["individual"]["md5"]}
    assert (await bakong.post("/v1/check_transaction_by_md5", json=check)).json()["errorCode"] == 1
    await control.post("/payments", json={"qr": told["individual"]["qr"]})
    assert (await bakong.post("/v1/check_transaction_by_md5", json=check)).json()["data"]["amount"] == 1.5
