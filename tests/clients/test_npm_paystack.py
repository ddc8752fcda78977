"""npm paystack-sdk 4.2.1 and paystack-node 0.3.0, unmodified; over HTTP, and paystack-sdk over TLS too."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as run_sandbox
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS, PLAIN

NODE = Path(__file__).parent / "node"
KEEP = "4084080000671902"  # its refunds need attention


@pytest.fixture
async def sandbox(tmp_path):
    async with run_sandbox(Options(data_dir=tmp_path, port=0, tls_port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def control(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture
def shop(require, sandbox):
    """shop("initialize", "order-1") runs one command of the shop in Node."""
    node = require("node", also=NODE / "node_modules" / "paystack-sdk")

    async def shop(*command, **env):
        env = {"PAYSTACK_BASE": f"{sandbox.bakong_url}/paystack", **env}
        process = await asyncio.create_subprocess_exec(
            node, "--no-deprecation", NODE / "paystack_shop.js", *map(str, command), stdout=-1, stderr=-1, env=env
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return shop


async def pay(control, reference, **typed):
    answer = await control.post(f"/paystack/transactions/{reference}/pay", json=typed)
    assert answer.json()["status"] == "success"
    return answer.json()


async def test_a_transaction_is_initialised_paid_verified_and_looked_at(shop, control):
    made = await shop("initialize", "order-1")
    assert (made["status"], made["data"]["reference"]) == (True, "order-1")
    assert (await pay(control, "order-1"))["redirect"] == "https://shop.test/back?trxref=order-1&reference=order-1"
    verified = (await shop("verify", "order-1"))["data"]
    assert (verified["status"], verified["metadata"]) == ("success", {"cart": "7"})
    seen = await shop("looks", verified["id"])
    assert (seen["fetched"]["data"], seen["timeline"]["data"]) == (verified, verified["log"])
    again = await shop("again", verified["authorization"]["authorization_code"])
    assert (again["charged"]["data"]["status"], again["other"]["status"]) == ("success", 400)
    assert [row["reference"] for row in again["listed"]["data"]] == ["order-1"]
    assert again["totals"]["data"]["total_transactions"] == 2


async def test_a_refund_needs_attention_and_is_retried(shop, control):
    await shop("initialize", "order-1")
    await pay(control, "order-1", card=KEEP)
    made = (await shop("refund", "order-1", 20000))["data"]
    await control.post("/clock/advance", json={"seconds": 120})
    seen = await shop("refunds", made["id"])
    assert (seen["fetched"]["data"]["status"], len(seen["listed"]["data"])) == ("needs-attention", 1)
    assert (await shop("retry", made["id"]))["message"] == "Refund retried and has been queued for processing"
    await control.post("/clock/advance", json={"seconds": 60})
    assert (await shop("refunds", made["id"]))["fetched"]["data"]["status"] == "processed"


async def test_errors_are_thrown_with_status_and_code(shop):
    await shop("initialize", "order-1")
    thrown = await shop("errors")
    assert {name: (error["name"], error["status"], error["code"]) for name, error in thrown.items()} == {
        "duplicate": ("PaystackHttpError", 400, "duplicate_reference"),
        "amount": ("PaystackHttpError", 400, "invalid_amount"),
        "unknown": ("PaystackHttpError", 400, "transaction_not_found"),
        "refund": ("PaystackHttpError", 404, "not_found"),
        "retry": ("PaystackHttpError", 404, "not_found"),
        "partial": ("PaystackHttpError", 404, "not_found"),
    }


async def test_it_works_over_tls_too(shop, sandbox):
    tls = {"PAYSTACK_BASE": f"{sandbox.tls_url}/paystack", "NODE_EXTRA_CA_CERTS": str(sandbox.ca_file)}
    assert (await shop("initialize", "order-1", **tls))["data"]["authorization_url"].startswith("https://")
    assert (await shop("verify", "order-1", **tls))["data"]["status"] == "abandoned"


async def test_the_older_client_initialises_verifies_and_lists(shop):
    seen = await shop("old", "order-1")
    assert (seen["made"]["data"]["reference"], seen["verified"]["data"]["status"]) == ("order-1", "abandoned")
    assert [row["reference"] for row in seen["listed"]["data"]] == ["order-1"]
    assert "400" in seen["duplicate"]
