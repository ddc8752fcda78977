"""PyPI nagadpy 0.0.2, unmodified, against the fake Nagad: over HTTP by its base_url, over TLS at Nagad's own names."""

import asyncio
import json

import pytest

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import Targets, address_of, proxying
from bakong_sandbox.stack.serving import listen, url_of
from tests.clients.nagad_sandbox import POOR, nagadpy_environment, said, sandbox
from tests.conftest import lacking

SHOP = "tests/clients/nagadpy_shop.py"


@pytest.fixture(scope="session")
def python():
    made, why = nagadpy_environment()
    return made or lacking(why)


@pytest.fixture
async def nagad(tmp_path):
    async with sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def shop(python, nagad, pytestconfig):
    """shop("checkout", "100.00", "ORD1") runs one command of the client."""

    async def shop(*command, base_url=None, **env):
        config = {
            "base_url": base_url or f"{nagad.stack.bakong_url}/nagad/remote-payment-gateway-1.0/api/dfs",
            "merchant_id": nagad.facts["merchantId"],
            "callback_url": "https://shop.test/back",
            "private_key": nagad.facts["privateKey"],
            "public_key": nagad.facts["publicKey"],
            "client_ip_address": "127.0.0.1",
        }
        process = await asyncio.create_subprocess_exec(
            python, pytestconfig.rootpath / SHOP, json.dumps(config), *command, stdout=-1, stderr=-1, env=env
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return said(out)

    return shop


async def test_a_payment_is_paid_and_verified(shop, nagad):
    made = await shop("checkout", "100.00", "ORD1")
    assert (made["status"], made["callBackUrl"].startswith(nagad.stack.bakong_url)) == ("Success", True)
    back = await nagad.customer(made["callBackUrl"])
    assert (back["status"], back["order_id"]) == ("Success", "ORD1")
    paid = await shop("verify", back["payment_ref_id"])
    assert (paid["status"], paid["amount"], paid["issuerPaymentRefNo"]) == (
        *("Success", "100.00", back["issuer_payment_ref"]),
    )


async def test_a_payment_is_cancelled_or_declined(shop, nagad):
    for order, changes, status in (("ORD1", {"action": "cancel"}, "Aborted"), ("ORD2", {"wallet": POOR}, "Failed")):
        back = await nagad.customer((await shop("checkout", "100.00", order))["callBackUrl"], **changes)
        assert back["status"] == status
        assert (await shop("verify", back["payment_ref_id"]))["status"] == status


async def test_an_order_is_good_once_and_an_unknown_reference_is_an_answer(shop, nagad):
    assert (await shop("checkout", "100.00", "ORD1"))["status"] == "Success"
    again = await shop("checkout", "100.00", "ORD1")
    assert (again["error"], "DuplicateOrderId" in again["text"]) == ("PaymentCompleteError", True)
    assert (await shop("verify", "bm9uZQ=="))["reason"] == "InvalidReferenceId"


@pytest.mark.parametrize(
    ("fault", "status"), [("empty, as: connection", "Ready"), ("hang, for: 9ms", "OrderInitiated")]
)
async def test_after_a_complete_that_broke_off_verify_knows_what_it_has_made(shop, nagad, fault, status):
    await nagad.play(f"name: f\nscheme: nagad\nfaults:\n  - {{on: complete, first: 1, fault: {fault}}}")
    broken = await shop("checkout", "100.00", "ORD1")
    assert (broken["error"], "Request error" in broken["text"]) == ("PaymentCompleteError", True)
    (reference,) = nagad.stack.worlds.default.state_of("nagad").purchases
    assert (await shop("verify", reference))["status"] == status


async def test_at_nagads_own_name_over_tls(shop, nagad):
    targets = Targets(HOSTS, address_of(nagad.stack.bakong_url), address_of(nagad.stack.tls_url))
    with listen(0) as opened:
        async with proxying(opened, targets):
            trust = {"https_proxy": url_of(opened), "REQUESTS_CA_BUNDLE": nagad.stack.ca_file}
            live = "https://api.mynagad.com/api/dfs"
            made = await shop("checkout", "100.00", "ORD1", base_url=live, **trust)
            assert made["callBackUrl"].startswith("https://api.mynagad.com/check-out/"), made
            back = await nagad.customer(made["callBackUrl"])
            assert (await shop("verify", back["payment_ref_id"], base_url=live, **trust))["status"] == "Success"
