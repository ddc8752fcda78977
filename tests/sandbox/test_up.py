"""`bakong-sandbox up` as a user starts it: a process, its ports, its one line, its end."""

import asyncio
import json
import os
import re
import signal
import socket
import stat
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.stack.serving import free_port

PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
KEYS = ["event", "bakong_url", "token", "world", "service_url", "api_key", "data_dir"]


@asynccontextmanager
async def started(*options):
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "up", "--json", "--port", "0", "--service-port", "0", *options, stdout=-1, stderr=-1
    )
    try:
        yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()
        process._transport.close()


async def finish(*options):
    process = await asyncio.create_subprocess_exec(PROGRAM, "up", *options, stdout=-1, stderr=-1)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_up_prints_one_line_when_both_answer_and_ends_cleanly(tmp_path):
    async with started("--data-dir", str(tmp_path)) as (process, ready):
        assert list(ready) == KEYS
        assert (ready["event"], ready["world"], ready["data_dir"]) == ("ready", "default", str(tmp_path))
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(ready["bakong_url"] + "/sandbox/health")).status_code == 200
            assert (await client.get(ready["service_url"] + "/api/health/ready")).status_code == 200
        process.send_signal(signal.SIGINT)
        rest, errors = await process.communicate()
        assert (process.returncode, rest, errors) == (0, b"", b"")


async def test_secrets_and_payments_outlive_a_restart(tmp_path):
    order = {"userId": "u", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
    async with started("--data-dir", str(tmp_path)) as (_, first), httpx.AsyncClient(trust_env=False) as client:
        headers = {"authorization": f"Bearer {first['api_key']}"}
        made = await client.post(first["service_url"] + "/api/payments/create", json=order, headers=headers)
        md5 = made.json()["data"]["md5Hash"]
    async with started("--data-dir", str(tmp_path)) as (_, second), httpx.AsyncClient(trust_env=False) as client:
        assert (second["token"], second["api_key"]) == (first["token"], first["api_key"])
        found = await client.get(f"{second['service_url']}/api/payments/status/{md5}", headers=headers)
        assert found.json()["data"]["status"] == "PENDING"
    assert stat.S_IMODE((tmp_path / "sandbox-secrets.json").stat().st_mode) == 0o600


async def test_without_the_service_its_fields_are_null(tmp_path):
    async with started("--data-dir", str(tmp_path), "--no-service") as (_, ready):
        assert (ready["service_url"], ready["api_key"]) == (None, None)


async def test_a_quota_is_on_when_asked_for(tmp_path):
    async with started("--data-dir", str(tmp_path), "--no-service", "--quota", "1") as (_, ready):
        async with httpx.AsyncClient(base_url=ready["bakong_url"], trust_env=False) as client:
            headers = {"authorization": f"Bearer {ready['token']}"}
            asked = [
                await client.post("/v1/check_transaction_by_md5", json={"md5": "0"}, headers=headers) for _ in range(2)
            ]
        assert [answer.json()["errorCode"] for answer in asked] == [1, 17]


async def test_a_scenario_can_be_a_name_or_a_file(tmp_path):
    script = tmp_path / "mine.yaml"
    script.write_text("name: mine\npayment:\n  - paid\n")
    for option, name in [("paid", "paid"), (str(script), "mine")]:
        async with started("--data-dir", str(tmp_path), "--scenario", option) as (_, ready):
            async with httpx.AsyncClient(trust_env=False) as client:
                found = await client.get(f"{ready['bakong_url']}/sandbox/worlds/default/scenario")
            assert found.json()["name"] == name


@pytest.mark.parametrize("option", ["--port", "--service-port"])
async def test_a_port_that_is_taken_ends_with_one_clear_line_and_code_2(tmp_path, option):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        ports = ["--port", "0", "--service-port", "0", option, number]
        code, out, err = await finish("--data-dir", str(tmp_path), *ports)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert number in err


async def test_a_folder_that_cannot_be_written_ends_with_one_clear_line_and_code_2(tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = await finish("--port", "0", "--data-dir", str(tmp_path / "file" / "data"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "data folder" in err


async def test_an_unknown_scenario_ends_with_the_nearest_name_and_code_2(tmp_path):
    code, _, err = await finish("--port", "0", "--data-dir", str(tmp_path), "--scenario", "timout")
    assert (code, err.count("\n")) == (2, 1)
    assert "did you mean 'timeout'" in err


async def test_damaged_secrets_end_with_one_clear_line_and_code_2(tmp_path):
    (tmp_path / "sandbox-secrets.json").write_text("{")
    code, _, err = await finish("--port", "0", "--data-dir", str(tmp_path))
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("options", [["--port", "x"], ["--port", "65536"], ["--nothing"]])
async def test_a_wrong_option_is_code_2(options):
    code, _, err = await finish(*options)
    assert (code, bool(err)) == (2, True)


async def test_the_banner_shows_where_things_are_and_a_curl_to_try(tmp_path):
    """By the ports at which the machine has those of a container."""
    inner, outer = free_port(), 54321
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "up",
        "--port",
        "0",
        "--service-port",
        str(inner),
        "--data-dir",
        tmp_path,
        stdout=-1,
        env={**os.environ, "NO_COLOR": "1", "BAKONG_SANDBOX_PUBLISHED": f"1=2 {inner}={outer}"},
    )
    lines = []
    while not lines or "'<qrCode>'" not in lines[-1]:
        lines.append((await process.stdout.readline()).decode())
    process.terminate()
    await process.communicate()
    text = "".join(lines)
    assert process.returncode == 0
    assert all(word in text for word in ("Bakong", "Service", "Token", "API key", "curl", "sandbox_"))
    assert re.search(r"bakong-sandbox pay --url http://127.0.0.1:\d+ '<qrCode>'", text)
    assert (f":{inner}" in text, text.count(f"http://127.0.0.1:{outer}")) == (False, 3)
