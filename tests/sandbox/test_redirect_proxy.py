"""`bakong-sandbox redirect`: clients with a proxy setting meet the sandbox at real hosts' names, and nobody else."""

import asyncio
import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import MAX_HEAD, Address, Targets, address_of, proxying
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import free_port, listen, url_of

KEY = ("skey_test_sandbox", "")


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, tls_port=0, service_port=None)) as running:
        yield running


@pytest.fixture
async def proxy(sandbox):
    targets = Targets(HOSTS, address_of(sandbox.bakong_url), address_of(sandbox.tls_url))
    with listen(0) as opened:
        async with proxying(opened, targets):
            yield url_of(opened)


async def said(proxy, sent):
    """What the proxy answers to these bytes, and then closes."""
    reader, writer = await asyncio.open_connection(*address_of(proxy))
    writer.write(sent)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_client_with_a_proxy_setting_reaches_every_schemes_host(proxy, sandbox, scheme):
    verify = ssl.create_default_context(cafile=sandbox.ca_file)
    async with httpx.AsyncClient(proxy=proxy, verify=verify, trust_env=False, timeout=30) as client:
        for _ in range(2):  # the second on the same connection
            assert (await client.get(f"{scheme}://api.omise.co/account", auth=KEY)).json()["country"] == "TH"
        answer = await client.post(f"{scheme}://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5", json={})
        assert answer.json()["errorCode"] == 6


async def test_no_other_host_is_reached(proxy):
    for line in (
        b"CONNECT example.com:443",
        b"GET http://127.0.0.1:22/",
        b"GET /account",
        b"CONNECT [::x:443",
        b"\xff",
    ):
        answer = await said(proxy, line + b" HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 "), line
        assert b"api.omise.co" in answer


async def test_heads_without_an_end_are_refused(proxy):
    assert (await said(proxy, b"GET " + b"x" * (2 * MAX_HEAD))).startswith(b"HTTP/1.1 400 ")


async def test_where_the_sandbox_lacks_a_port_it_says_which():
    dead = Address("127.0.0.1", free_port())
    with listen(0) as opened:
        async with proxying(opened, Targets(HOSTS, dead)):
            url = url_of(opened)
            assert b"502 Bad Gateway" in await said(url, b"GET http://api.omise.co/ HTTP/1.1\r\n\r\n")
            tls = await said(url, b"CONNECT api.omise.co:443 HTTP/1.1\r\n\r\n\x16\x03\x01")
            assert b"--tls-url" in tls


async def test_it_ends_while_a_tunnel_is_open(sandbox):
    with listen(0) as opened:
        async with proxying(opened, Targets(HOSTS, address_of(sandbox.bakong_url))):
            reader, writer = await asyncio.open_connection(*address_of(url_of(opened)))
            writer.write(b"CONNECT api.omise.co:80 HTTP/1.1\r\n\r\n")
            assert b"200" in await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


def test_the_command_says_where_it_listens_and_ends_at_a_signal(tmp_path):
    command = [Path(sys.executable).with_name("bakong-sandbox"), "redirect", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert json.loads(process.stdout.readline())["proxy_url"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_url_that_is_none_is_named(tmp_path):
    command = [Path(sys.executable).with_name("bakong-sandbox"), "redirect", "--url", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "read 'nowhere'" in done.stderr) == (2, True)
