"""PyPI bkash-pgw-tokenized 1.0.0 and pybkash 0.4.2, unmodified: at a base URL, at the real hosts, in process."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import pytest
from bkash_pgw_tokenized import Bkash

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run as run_sandbox
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bkash import wire
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.clients.test_drop_in import run
from tests.conftest import NOW_MS

__all__ = ["run"]
PROGRAM = Path(__file__).parent / "drop_in" / "pypi_bkash.py"
EXPECTED = {
    "tokenized": {
        "early": "2056",
        "approved": "success",
        "paid": ["Initiated", "Completed", "Completed", "2117"],
        "same": True,
        "refunds": ["0000", "2026", "0000", "2026"],
        "duplicate": "2029",
        "cancelled": ["cancel", "2056"],
        "poor": ["success", "2023"],
        "blocked": ["success", "2037"],
        "wrongpin": ["failure", "2056"],
        "nowallet": ["failure", "2056"],
        "maintenance": ["success", "503"],
        "refreshed": "0000",
        "stranger": [401, {"message": "Unauthorized"}],
    },
    "pybkash": {
        "page": "success",
        "paid": [True, "10.5", "Completed"],
        "found": True,
        "refund": [True, "4.00", "10.5"],
        "agreement": [True, True],
        "cancelled": True,
    },
}


def checked(shown):
    assert shown["pybkash"].pop("twice") == wire.CODES["2117"]
    return shown


async def test_both_pay_refund_and_agree_at_a_base_url(tmp_path):
    async with run_sandbox(Options(data_dir=tmp_path, port=0, service_port=None)) as running:
        env = {**os.environ, "BAKONG_SANDBOX_URL": running.bakong_url, "NO_PROXY": "*"}
        base = f"{running.bakong_url}/bkash/v1.2.0-beta"
        process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, base, stdout=-1, stderr=-1, env=env)
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert checked(json.loads(out)) == EXPECTED


async def test_both_meet_the_sandbox_at_bkashs_own_hosts_and_verify_its_ipn(run):
    """With no base URL, over TLS; the verifier's certificate comes from SNS's own host name."""
    assert checked(await run(sys.executable, PROGRAM)) == EXPECTED | {"ipn": "H-1"}


@pytest.mark.parametrize(("wallet", "status"), [("hangpaid", "Completed"), ("hangunpaid", "Initiated")])
async def test_after_a_time_out_of_execute_the_query_tells(wallet, status):
    """In process, where the 40 seconds take no time: the client's own time-out of 30 s strikes."""
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=transport) as control:
        facts = (await control.get("/sandbox/worlds/default/bkash")).json()
        names = {"app_key": "appKey", "app_secret": "appSecret", "username": "username", "password": "password"}
        config = {name: facts[known] for name, known in names.items()} | {"base_url": facts["baseUrl"]}
        client = Bkash(config, transport=transport)
        token = (await client.grant_token())["id_token"]
        made = await client.create_payment(
            token,
            mode="0011",
            payer_reference="1",
            callback_url="https://shop.test/back",
            amount="10",
            currency="BDT",
            intent="sale",
            merchant_invoice_number="H-1",
        )
        id_ = made["paymentID"]
        path = f"/sandbox/worlds/default/bkash/payments/{id_}/approve"
        await control.post(path, json={"wallet": facts["wallets"][wallet]})
        with pytest.raises(httpx.ReadTimeout):
            await client.execute_payment(token, id_)
        assert (await client.payment_status(token, id_))["transactionStatus"] == status
        again = await client.execute_payment(token, id_)
        assert again["statusCode"] == ("2117" if status == "Completed" else "0000")
        await control.post("/sandbox/worlds/default/clock/advance", json={"seconds": 3600})
        with pytest.raises(Exception, match="HTTP 401"):
            await client.payment_status(token, id_)
