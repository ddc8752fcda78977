"""npm stripe 23.1.0, Stripe's own client for Node, unmodified: it takes host and port and no path, so it asks the root.

And at api.stripe.com over TLS, where its agent leads the name to this machine.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as run_sandbox
from bakong_simulator.kernel.clock import Mode
from tests.clients.omise_shop import receiving
from tests.conftest import NOW_MS, PLAIN

NODE = Path(__file__).parent / "node"


@pytest.fixture
async def sandbox(tmp_path):
    async with run_sandbox(Options(data_dir=tmp_path, port=0, tls_port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def control(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture(params=["http", "https"])
def shop(request, require, sandbox):
    """shop("pays") runs one command of the shop in Node."""
    node = require("node", also=NODE / "node_modules" / "stripe")
    url = httpx.URL(sandbox.bakong_url if request.param == "http" else sandbox.tls_url)
    where = {"STRIPE_HOST": "127.0.0.1", "STRIPE_PROTOCOL": "http", "STRIPE_PORT": str(url.port)}
    if request.param == "https":
        where |= {"STRIPE_HOST": "api.stripe.com", "STRIPE_PROTOCOL": "https", "STRIPE_CONNECT": "127.0.0.1"}
        where["NODE_EXTRA_CA_CERTS"] = str(sandbox.ca_file)

    async def shop(*command):
        process = await asyncio.create_subprocess_exec(
            node, "--no-deprecation", NODE / "stripe_shop.js", *command, stdout=-1, stderr=-1, env=where
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return shop


async def test_a_card_pays_and_money_goes_back(shop):
    made = await shop("pays")
    assert (made["intent"]["status"], made["intent"]["latest_charge"]["paid"]) == ("succeeded", True)
    assert (made["intent"]["metadata"], made["request"][:4]) == ({"order": "7"}, "req_")
    assert (made["part"]["status"], made["refunds"]) == ("succeeded", 1)
    over = {name: made["over"].get(name) for name in ("type", "status", "param", "code")}
    assert over == {"type": "StripeInvalidRequestError", "status": 400, "param": "amount", "code": None}
    assert made["listed"] == [
        *("charge.refunded", "refund.created", "charge.updated", "payment_intent.created", "payment_intent.succeeded"),
        *("charge.succeeded", "customer.created"),
    ]
    assert await shop("holds") == ["requires_capture", "succeeded", 1500, "canceled"]


async def test_errors_are_its_classes(shop, control):
    failed = await shop("fails")
    assert {name: (row["type"], row["status"]) for name, row in failed.items()} == {
        "declined": ("StripeCardError", 402),
        "missing": ("StripeInvalidRequestError", 404),
        "unknown": ("StripeInvalidRequestError", 400),
        "conflict": ("StripeIdempotencyError", 400),
        "key": ("StripeAuthenticationError", 401),
        "page": ("StripePermissionError", 403),
    }
    assert (failed["declined"]["code"], failed["declined"]["decline"]) == ("card_declined", "generic_decline")
    for status, kind in ((429, "StripeRateLimitError"), (500, "StripeAPIError"), (409, "StripeAPIError")):
        await control.post("/stripe/next", json={"status": status})
        assert (await shop("next"))["type"] == kind


async def test_a_session_is_paid_and_its_events_verify(shop, control):
    async with receiving() as (receiver, url):
        secret = (await shop("listens", url))["secret"]
        session = await shop("checks_out")
        paid = await control.post(f"/stripe/checkout/{session['id']}/pay", json={"payment_method": "pm_card_th"})
        assert paid.json()["redirect"] == f"https://shop.test/ok?id={session['id']}"
        shown = await shop("session", session["id"])
        assert (shown["payment_status"], shown["payment_intent"]["amount"]) == ("paid", 10_000)
        await control.post("/clock/advance", json={"seconds": 2})
        posts = [[body.decode(), headers["stripe-signature"], secret] for headers, body in receiver.posts]
        forged = [posts[0][0] + " ", *posts[0][1:]]
        assert await shop("verifies", json.dumps([*posts, forged, [*posts[0][:2], "whsec_other"]])) == [
            *("charge.succeeded", "payment_intent.succeeded", "payment_intent.created", "checkout.session.completed"),
            *("charge.updated", "StripeSignatureVerificationError", "StripeSignatureVerificationError"),
        ]
