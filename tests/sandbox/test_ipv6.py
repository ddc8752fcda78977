"""IPv6 wherever host and port meet: listening, the URLs that are shown, the Host header of webhooks, Redis's URL."""

import asyncio
import socket

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, url_of
from bakong_service.adapters.webhook_http import HttpPost
from bakong_service.settings import load
from tests.service.house import SETTINGS


def answers_on_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not answers_on_ipv6(), reason="this machine has no IPv6")
ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


@pytest.mark.parametrize("host", ["::1", "[::1]", "::", "localhost", "127.0.0.1"])
async def test_a_sandbox_answers_at_the_urls_that_it_shows_whatever_it_listens_on(tmp_path, host):
    options = Options(data_dir=tmp_path, host=host, port=0, service_port=0, tls_port=0, control_token="off")
    async with run(options) as stack, httpx.AsyncClient(trust_env=False) as client:
        for url in (f"{stack.bakong_url}/sandbox/worlds", f"{stack.service_url}/api/health/live"):
            assert (await client.get(url)).status_code == 200
        made = await client.post(
            f"{stack.service_url}/api/payments/create",
            json=ORDER,
            headers={"authorization": f"Bearer {stack.api_key}"},
        )
        assert made.json()["data"]["qrCode"]
        assert url_of_host(stack.tls_url) == url_of_host(stack.bakong_url)


def url_of_host(url):
    return httpx.URL(url).host


async def test_what_listens_on_both_answers_ipv4_too_and_knows_its_address(tmp_path):
    async with run(Options(data_dir=tmp_path, host="::", port=0, service_port=None, control_token="off")) as stack:
        port = httpx.URL(stack.bakong_url).port
        async with httpx.AsyncClient(trust_env=False) as client:
            limits = {"limits": {"cambodia": ["127.0.0.0/8"]}}
            assert (await client.patch(f"http://[::1]:{port}/sandbox/worlds/default", json=limits)).status_code == 200
            path = "/v1/check_bakong_account"
            at_home = await client.post(f"http://127.0.0.1:{port}{path}", json={"accountId": "nobody@bank"})
            abroad = await client.post(f"http://[::1]:{port}{path}", json={"accountId": "nobody@bank"})
        assert (at_home.status_code, abroad.status_code) == (200, 403)


def test_the_url_of_a_listening_port_has_its_address_in_brackets():
    with listen(0, "::1") as opened:
        port = opened.getsockname()[1]
        assert (opened.family, url_of(opened)) == (socket.AF_INET6, f"http://[::1]:{port}")


async def test_a_webhook_to_an_ipv6_address_names_it_in_brackets():
    heads = []

    async def receive(reader, writer):
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(receive, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    post = HttpPost(private_allowed=True)
    async with server:
        answered = await post(f"http://[::1]:{port}/webhooks", b"{}", {})
        assert answered.status == 200
        await post.close()
    assert f"\r\nhost: [::1]:{port}\r\n".encode() in heads[0].lower()


def test_the_host_of_redis_may_be_an_ipv6_address():
    given = {"SERVICE_MODE": "sandbox", **SETTINGS, "redis_host": "2001:db8::1"}
    assert load(given | {"mode": "sandbox"}).redis == "redis://[2001:db8::1]:6379/0"
