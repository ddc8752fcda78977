"""npm nagad-payment-gateway 2.0.2, unmodified, against the fake Nagad: over HTTP by its baseURL, over TLS at the names.

Node 20 refuses PKCS#1 v1.5 decryption unless it is told that its fix is to be reverted, which every user of it does.
"""

import asyncio
import json
from pathlib import Path

import pytest

from tests.clients.nagad_sandbox import POOR, said, sandbox

NODE = Path(__file__).parent / "node"


@pytest.fixture
async def nagad(tmp_path):
    async with sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def shop(require, nagad):
    """shop("pay", "ORD1", "100.00") runs one command of the client."""
    node = require("node", also=NODE / "node_modules" / "nagad-payment-gateway")

    async def shop(*command, base_url=None, **env):
        config = {
            "baseURL": base_url or f"{nagad.stack.bakong_url}/nagad/remote-payment-gateway-1.0",
            "merchantID": nagad.facts["merchantId"],
            "merchantNumber": nagad.facts["merchantNumber"],
            "privKey": nagad.facts["privateKey"],
            "pubKey": nagad.facts["publicKey"],
        }
        process = await asyncio.create_subprocess_exec(
            *(node, "--no-deprecation", "--security-revert=CVE-2023-46809", NODE / "nagad_shop.js"),
            *(json.dumps(config), *command),
            stdout=-1,
            stderr=-1,
            env=env,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return said(out)

    return shop


async def test_a_payment_is_paid_refunded_in_part_and_verified(shop, nagad):
    made = await shop("pay", "ORD1", "100.00")
    back = await nagad.customer(made["url"])
    paid = await shop("verify", back["payment_ref_id"])
    assert (paid["status"], paid["amount"], paid["additionalMerchantInfo"]) == ("Success", "100.00", '{"a": "1"}')
    world = nagad.stack.worlds.default
    payment = world.payments["nagad", back["payment_ref_id"]]
    world.send_back(payment, 0, 30_00)
    part = await shop("verify", back["payment_ref_id"])
    assert (part["status"], len(part["cancelIssuerRefNo"])) == ("PartialCancelled", 8)


async def test_a_payment_is_cancelled_or_declined(shop, nagad):
    for order, changes, status in (("ORD1", {"action": "cancel"}, "Aborted"), ("ORD2", {"wallet": POOR}, "Failed")):
        back = await nagad.customer((await shop("pay", order, "100.00"))["url"], **changes)
        assert back["status"] == status
        assert (await shop("verify", back["payment_ref_id"]))["status"] == status


async def test_errors_are_the_clients_exceptions(shop, nagad):
    assert "url" in await shop("pay", "ORD1", "100.00")
    again = await shop("pay", "ORD1", "100.00")
    assert (again["error"], again["message"]) == ("NagadException", "DuplicateOrderId")
    assert (await shop("verify", "bm9uZQ=="))["message"] == "InvalidReferenceId"
    assert (await shop("pay", "ORD-2", "100.00"))["message"] == "InvalidOrderId"
    assert (await shop("pay", "ORD3", "-1"))["message"] == "InvalidPurchaseInformation"


async def test_an_address_that_is_not_registered_is_no_json(shop, nagad):
    nagad.stack.worlds.default.state_of("nagad").whitelist = []
    assert (await shop("pay", "ORD1", "100.00"))["error"] == "FetchError"


@pytest.mark.parametrize(
    ("fault", "status"), [("empty, as: connection", "Ready"), ("hang, for: 9ms", "OrderInitiated")]
)
async def test_after_a_complete_that_broke_off_verify_knows_what_it_has_made(shop, nagad, fault, status):
    await nagad.play(f"name: f\nscheme: nagad\nfaults:\n  - {{on: complete, first: 1, fault: {fault}}}")
    assert (await shop("pay", "ORD1", "100.00"))["error"] == "FetchError"
    (reference,) = nagad.stack.worlds.default.state_of("nagad").purchases
    assert (await shop("verify", reference))["status"] == status


async def test_at_nagads_own_name_over_tls(shop, nagad):
    port = nagad.stack.tls_url.rpartition(":")[2]
    base = f"https://sandbox-ssl.mynagad.com:{port}/remote-payment-gateway-1.0"
    made = await shop("pay", "ORD1", "100.00", base_url=base, NODE_EXTRA_CA_CERTS=nagad.stack.ca_file)
    assert made["url"].startswith(f"https://sandbox-ssl.mynagad.com:{port}/check-out/"), made
    back = await nagad.customer(made["url"])
    again = await shop("verify", back["payment_ref_id"], base_url=base, NODE_EXTRA_CA_CERTS=nagad.stack.ca_file)
    assert again["status"] == "Success"
