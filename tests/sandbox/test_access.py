"""Who may use the control API: hosts of the sandbox's own, no page of another origin, a token where others reach it."""

import asyncio
import base64
import json
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app as program
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run

PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
RESET = "/sandbox/worlds/default/reset"
FORM = {"content-type": "text/plain"}


@asynccontextmanager
async def sandbox(folder, **options):
    """A client of a simulator on a port, and its stack."""
    async with run(Options(data_dir=folder, port=0, service_port=None, **options)) as stack:
        at = f"http://127.0.0.1:{httpx.URL(stack.bakong_url).port}"
        async with httpx.AsyncClient(base_url=at, trust_env=False) as client:
            yield client, stack


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "shop-a.localhost", "127.0.0.2", "[::1]", "LOCALHOST."])
async def test_hosts_of_this_machine_are_the_sandboxes_own(tmp_path, host):
    async with sandbox(tmp_path) as (client, _):
        for headers in ({"host": host}, {"host": f"{host}:{client.base_url.port}"}):
            assert (await client.post(RESET, headers=headers)).status_code == 200


@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "10.1.2.3", "x@localhost", "a b"])
@pytest.mark.parametrize("asked", [("GET", "/sandbox/worlds"), ("POST", RESET), ("GET", "/metrics")])
async def test_a_name_that_was_made_to_lead_here_is_refused(tmp_path, asked, host):
    async with sandbox(tmp_path) as (client, _):
        refused = await client.request(*asked, headers={"host": host})
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert "--allow-host" in refused.json()["detail"]


async def test_a_host_that_is_allowed_is_the_sandboxes_own(tmp_path):
    async with sandbox(tmp_path, allowed_hosts=("simulator",)) as (client, _):
        assert (await client.post(RESET, headers={"host": "simulator:8600"})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://attacker.example", "null", "http://localhost:1", "file://", "http://[", ""]
)
async def test_a_page_of_another_origin_changes_nothing(tmp_path, origin):
    async with sandbox(tmp_path) as (client, stack):
        stack.worlds.default.ledger.open("kept@devb")
        for method, path in (
            ("POST", RESET),
            ("PUT", "/sandbox/worlds/default/clock"),
            ("DELETE", "/sandbox/worlds/x"),
        ):
            refused = await client.request(method, path, headers=FORM | {"origin": origin})
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert stack.worlds.default.ledger.holds("kept@devb")
        assert (await client.get("/sandbox/worlds", headers={"origin": origin})).status_code == 200


async def test_a_page_of_the_sandboxes_own_changes_what_it_likes(tmp_path):
    async with sandbox(tmp_path) as (client, _):
        for host in ("127.0.0.1", "localhost"):
            origin = f"http://{host}:{client.base_url.port}"
            assert (await client.post(RESET, headers={"origin": origin})).status_code == 200


async def test_the_schemes_answer_under_any_host_and_to_any_origin(tmp_path):
    async with sandbox(tmp_path) as (client, stack):
        headers = {"host": "api-bakong.nbc.gov.kh", "origin": "https://x", "authorization": f"Bearer {stack.token}"}
        answer = await client.post("/v1/check_transaction_by_md5", json={"md5": "0" * 32}, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (200, 1)


async def test_who_listens_wider_wants_a_token_which_is_kept(tmp_path):
    async with sandbox(tmp_path, host="0.0.0.0") as (client, stack):
        token = stack.ready()["control_token"]
        assert (stack.control_token, len(token) >= 32, token in stack.warning) == (token, True, True)
        basic = base64.b64encode(f"anyone:{token}".encode()).decode()
        for wrong in ({}, {"authorization": "Bearer no"}, {"authorization": "Basic !"}, {"authorization": token}):
            refused = await client.get("/sandbox/worlds", headers=wrong)
            assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        for right in (f"Bearer {token}", f"Basic {basic}"):
            assert (await client.post(RESET, headers={"authorization": right})).status_code == 200
        assert (await client.get("/sandbox/health")).status_code == 200
        asked = {"url": str(client.base_url), "token": token}
        listed = await asyncio.to_thread(_list_worlds, **asked)
        assert (listed.exit_code, json.loads(listed.stdout)[0]["world"]) == (0, "default")
    async with sandbox(tmp_path, host="0.0.0.0") as (_, again):
        assert again.control_token == token


def _list_worlds(url, token):
    return CliRunner().invoke(program, ["world", "list", "--url", url], env={"BAKONG_SANDBOX_CONTROL_TOKEN": token})


async def test_a_token_may_be_given_or_switched_off(tmp_path):
    async with sandbox(tmp_path, control_token="of-my-own") as (client, stack):
        assert (await client.post(RESET)).status_code == 401
        assert (await client.post(RESET, headers={"authorization": "Bearer of-my-own"})).status_code == 200
        assert stack.warning == ""
    async with sandbox(tmp_path, host="0.0.0.0", control_token="off") as (client, stack):
        assert (await client.post(RESET)).status_code == 200
        assert "without a token" in stack.warning


async def test_up_warns_in_one_line_where_others_reach_it(tmp_path):
    command = (PROGRAM, "up", "--json", "--port", "0", "--no-service", "--data-dir", str(tmp_path), "--host", "0.0.0.0")
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    try:
        ready = json.loads(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert errors.decode().count("\n") == 1
    assert errors.decode().startswith("bakong-sandbox: warning: 0.0.0.0 is reached from other machines")
    assert ready["control_token"] in errors.decode()
