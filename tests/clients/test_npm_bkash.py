"""npm bkash-payment 3.0.5 (tokenized) and bkash-payment-gateway 2.0.1 (checkout), unmodified, over HTTP and TLS."""

import asyncio
import json
from pathlib import Path

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as run_sandbox
from tests.clients.test_drop_in import run

__all__ = ["run"]
NODE = Path(__file__).parent / "node"
PROGRAM = NODE / "bkash_shop.js"
TOKENIZED = {
    "early": "2056",
    "approved": "success",
    "paid": "Completed",
    "twice": "2117",
    "shown": "Completed",
    "found": True,
    "back": "20.00",
    "sameRefund": True,  # it asks for the status first, and never sends the second one
    "duplicate": "2029",
    "authorized": "Authorized",
    "captured": "Completed",
    "voided": "2119",
    "agreement": ["Completed", True, "Cancelled"],
}
CHECKOUT = {
    "early": "State of the payment forbids this",
    "paid": "Completed",
    "twice": "Payment was executed already",
    "shown": "Completed",
    "back": "25.00",
    "status": True,
    "over": "Refund is larger than the original transaction",
    "poor": "Balance too small",
    "wrong": "Invalid API Credentials Provided",
    "searchAsksAQuery": "Unknown or expired payment ID",
}


async def test_both_pay_at_a_base_url(tmp_path, require):
    node = require("node", also=NODE / "node_modules" / "bkash-payment")
    async with run_sandbox(Options(data_dir=tmp_path, port=0, service_port=None)) as running:
        base = f"{running.bakong_url}/bkash/v1.2.0-beta"
        process = await asyncio.create_subprocess_exec(
            *(node, "--no-deprecation", PROGRAM, base, base),
            stdout=-1,
            stderr=-1,
            env={"BAKONG_SANDBOX_URL": running.bakong_url},
        )
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    shown = json.loads(out)
    assert shown["tokenized"].pop("page").startswith(f"{running.bakong_url}/bkash/pay?paymentId=TR0011")
    assert shown == {"tokenized": TOKENIZED, "checkout": CHECKOUT}


async def test_both_pay_at_bkashs_own_hosts(run, require):
    node = require("node", also=NODE / "node_modules" / "bkash-payment")
    hosts = ("tokenized.sandbox.bka.sh", "checkout.sandbox.bka.sh")
    shown = await run(node, PROGRAM, *(f"https://{host}/v1.2.0-beta" for host in hosts))
    assert shown["tokenized"].pop("page").startswith("https://sandbox.payment.bkash.com/?paymentId=TR0011")
    assert shown == {"tokenized": TOKENIZED, "checkout": CHECKOUT}
