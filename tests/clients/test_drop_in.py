"""Unmodified clients at https://api-bakong.nbc.gov.kh: the name leads to the sandbox, its authority is trusted.

Each runs in private mount and network namespaces (see drop_in/inside.py), which takes root on Linux.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DROP_IN = HERE / "drop_in"
NODE = HERE / "node"


@pytest.fixture
def run(require, tmp_path):
    """What a client printed, as JSON."""
    for program in ("unshare", "ip", "mount"):
        require(program)
    if subprocess.run(["unshare", "-m", "-n", "true"], capture_output=True, check=False).returncode:
        reason = "private namespaces are not to be had (unshare -m -n wants root)"
        pytest.fail(reason) if os.environ.get("REQUIRE_ALL") else pytest.skip(reason)

    async def run(*command):
        process = await asyncio.create_subprocess_exec(
            "unshare", "-m", "-n", sys.executable, DROP_IN / "inside.py", tmp_path, *command, stdout=-1, stderr=-1
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return run


async def test_pypi_bakong_khqr_sees_a_payment_with_no_patch(run):
    told = await run(sys.executable, DROP_IN / "pypi_bakong_khqr.py")
    assert told.pop("link").startswith("https://bakong.page.link/")
    bulks = told.pop("bulk")
    assert told == {"before": "UNPAID", "after": "PAID", "amount": 1.5}
    assert all("403" in bulk or "Cambodia" in bulk for bulk in bulks)


async def test_npm_bakong_khqr_gets_its_deep_link_and_accounts_with_no_patch(run, require):
    node = require("node", also=NODE / "node_modules" / "bakong-khqr")
    told = await run(node, NODE / "round_trip.js", "https://api-bakong.nbc.gov.kh")
    assert told["deeplink"]["data"]["shortLink"].startswith("https://bakong.page.link/")
    assert told["known"]["data"] == {"bakongAccountExisted": True}
    assert told["unknown"]["data"] == {"bakongAccountExisted": False}


async def test_npm_bakong_khqr_works_on_the_test_host_too(run, require):
    node = require("node", also=NODE / "node_modules" / "bakong-khqr")
    told = await run(node, NODE / "round_trip.js", "https://sit-api-bakong.nbc.gov.kh")
    assert told["deeplink"]["status"]["code"] == 0


async def test_every_http_client_of_python_meets_the_sandbox(run):
    told = await run(sys.executable, DROP_IN / "pypi_stdlib_and_friends.py")
    assert told.pop("aiohttp") in (1, None)
    assert told == {"urllib": 1, "httpx": 1, "requests": 1}


async def test_the_http_clients_of_node_meet_the_sandbox(run, require):
    node = require("node", also=NODE / "node_modules" / "axios")
    told = await run(node, DROP_IN / "node_friends.js")
    assert told == {"fetch": 1, "https": 1, "axios": 1, "refused": [401, 6]}


async def test_pypi_pybakong_registers_renews_and_asks_with_no_patch(run):
    pytest.importorskip("pybakong")
    assert await run(sys.executable, DROP_IN / "pypi_pybakong.py") == {
        "sent": "Email has been sent",
        "lengths": [172, 172],
        "md5": "Missing required fields.",  # it sends a bare JSON string, which is no object with an md5
        "account": None,
        "nobody": "Account ID not found",
        "deeplink": "Error occurred on requesting deeplink from provider.",
    }


async def test_pypi_cambodia_bank_sees_a_payment_with_no_patch(run):
    pytest.importorskip("cambodia_bank")
    assert await run(sys.executable, DROP_IN / "pypi_cambodia_bank.py") == {
        "before": 1,
        "after": 1.5,
        "list": None,
        "refused": 6,
    }
