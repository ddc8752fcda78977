"""npm omise 1.1.0, Omise's own client for Node, unmodified: no port can be set, so its proxy setting leads it here."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import Targets, address_of, proxying
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as run_sandbox
from bakong_sandbox.stack.serving import listen, url_of
from bakong_simulator.kernel.clock import Mode
from tests.clients.omise_shop import receiving, signed_by
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


@pytest.fixture
async def proxy(sandbox):
    targets = Targets(HOSTS, address_of(sandbox.bakong_url), address_of(sandbox.tls_url))
    with listen(0) as opened:
        async with proxying(opened, targets):
            yield url_of(opened)


@pytest.fixture
def shop(require, proxy):
    """shop("promptpay") runs one command of the shop in Node, through the proxy and without TLS."""
    node = require("node", also=NODE / "node_modules" / "omise")

    async def shop(*command, **env):
        env = {"OMISE_SCHEME": "http", "http_proxy": proxy, **env}
        process = await asyncio.create_subprocess_exec(
            node, "--no-deprecation", NODE / "omise_shop.js", *command, stdout=-1, stderr=-1, env=env
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return shop


async def test_a_promptpay_charge_is_paid_told_of_and_found(shop, control, sandbox):
    async with receiving() as (receiver, url):
        secret = (await control.put("/omise/webhook", json={"url": url})).json()["secret"]
        charge = await shop("promptpay")
        # At the real host's name everything is exactly Omise's.
        assert charge["location"] == f"/charges/{charge['id']}"
        picture = charge["source"]["scannable_code"]["image"]["download_uri"]
        assert picture.startswith(f"https://api.omise.co/charges/{charge['id']}/documents/docu_test_")
        assert (await control.post("/payments", json={"scheme": "omise", "reference": charge["id"]})).is_success
        paid = await shop("retrieve", charge["id"])
        assert (paid["status"], paid["net"]) == ("successful", 491172)
        await control.post("/clock/advance", json={"seconds": 1})
        assert receiver.event_keys() == ["charge.create", "charge.complete"]
        assert all(signed_by(secret, *post) for post in receiver.posts)
    looks = await shop("looks")
    found = [[row["id"] for row in looks[name]["data"]] for name in ("found", "filtered", "listed")]
    assert found == [[charge["id"]]] * 3
    assert (looks["event"]["key"], looks["missing"]) == ("charge.complete", "not_found")
    assert looks["account"]["webhook_uri"] == url


async def test_cards_are_charged_declined_held_and_sent_back_in_part(shop):
    told = await shop("cards")
    assert [told[name]["status"] for name in ("paid", "declined", "captured", "reversed")] == [
        *("successful", "failed", "successful", "reversed")
    ]
    assert told["declined"]["failure_code"] == "insufficient_fund"
    assert (told["partial"]["amount"], told["over"], told["refunds"]["total"]) == (30000, "failed_refund", 1)


async def test_three_d_secure_sends_the_payer_to_a_page_of_omises_and_back(shop, sandbox):
    charge = await shop("secure")
    path = charge["authorize_uri"].removeprefix("https://pay.omise.co")
    assert path.startswith("/payments/pay2_test_")
    async with httpx.AsyncClient(base_url=sandbox.bakong_url, headers={"host": "pay.omise.co"}, **PLAIN) as browser:
        assert "<form" in (await browser.get(path)).text
        back = await browser.post(path, data={"outcome": "success"})
    assert (back.status_code, back.headers["location"]) == (302, "https://shop.test/back")
    assert (await shop("retrieve", charge["id"]))["status"] == "successful"


async def test_an_unpaid_code_expires(shop, control):
    charge = await shop("promptpay", "2026-02-11T00:01:00Z")
    await control.post("/clock/advance", json={"seconds": 60})
    assert (await shop("retrieve", charge["id"]))["status"] == "expired"


async def test_it_works_through_the_proxy_over_tls_too(shop, sandbox):
    charge = await shop("promptpay", OMISE_SCHEME="https", NODE_EXTRA_CA_CERTS=sandbox.ca_file)
    assert charge["status"] == "pending"
