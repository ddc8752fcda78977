"""A header that has one value and comes twice: refused alike by the service, the control API and the Open API."""

import asyncio
import itertools
import json

import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run

ORDER = json.dumps({"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"})
ONCE = {
    "host": ("127.0.0.1", "localhost"),
    "authorization": ("Bearer {key}", "Bearer wrong"),
    "content-type": ("application/json", "text/plain"),
    "idempotency-key": ("order-1", "order-2"),
    "x-request-id": ("one", "two"),
    "user-agent": ("one", "two"),
}


@pytest.fixture
async def stack(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, service_port=0, rate_limit_per_minute=0)) as running:
        yield running


async def ask(url, method, path, lines, body=""):
    """Status, media type and text of the answer to a request with these lines in its head."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "".join(f"{name}: {value}\r\n" for name, value in [*lines, ("content-length", len(body))])
    writer.write(f"{method} {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n{body}".encode())
    async with asyncio.timeout(60):
        answer = (await reader.read()).decode()
    writer.close()
    head, _, text = answer.partition("\r\n\r\n")
    media = next(line for line in head.lower().split("\r\n") if line.startswith("content-type:"))
    return int(head.split()[1]), media.partition(":")[2].strip(), text


def lines_of(stack, name, order):
    """A good request's lines, with one header twice; order: which of its two values is the first."""
    given = [(header, values[0]) for header, values in ONCE.items() if header != name]
    first, second = ONCE[name][::order]
    return [(header, value.format(key=stack.api_key)) for header, value in [*given, (name, first), (name, second)]]


REQUESTS = {
    "service": ("/api/payments/create", ORDER),
    "control API": ("/sandbox/worlds/default/tokens", '{"email": "a@example.com"}'),
}


@pytest.mark.parametrize("side", REQUESTS)
async def test_a_header_that_has_one_value_and_comes_twice_is_400_and_nothing_is_done(stack, side):
    path, body = REQUESTS[side]
    url = stack.service_url if side == "service" else stack.bakong_url
    for name, order in itertools.product(ONCE, (1, -1)):
        status, media, text = await ask(url, "POST", path, lines_of(stack, name, order), body)
        assert (status, media) == (400, "application/problem+json"), name
        assert (json.loads(text)["code"], name in json.loads(text)["detail"]) == ("repeated_header", True), name
    history = [("host", "x"), ("authorization", f"Bearer {stack.api_key}")]
    _, _, text = await ask(stack.service_url, "GET", "/api/payments/history?userId=sokha", history)
    assert json.loads(text)["data"]["total"] == 0
    assert not list(stack.worlds.default.journal.actions)


@pytest.mark.parametrize("name", ["host", "authorization"])
async def test_the_open_api_refuses_two_hosts_and_two_tokens_as_nginx_does(stack, name):
    once = {"host": "x", "authorization": f"Bearer {stack.token}"}
    lines = [*once.items(), (name, once[name])]
    status, media, text = await ask(stack.bakong_url, "POST", "/v1/check_transaction_by_md5", lines, "{}")
    assert (status, media) == (400, "text/html")
    assert "400 Bad Request" in text


async def test_a_header_that_is_a_list_may_come_in_pieces(stack):
    lines = [
        ("host", "x"),
        ("authorization", f"Bearer {stack.api_key}"),
        ("accept", "text/html"),
        ("accept", "application/json"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.2"),
    ]
    status, _, _ = await ask(stack.service_url, "GET", "/api/payments/history?userId=sokha", lines)
    assert status == 200
