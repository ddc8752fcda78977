"""SIGTERM: a request that is under way is answered, nobody new is taken, and what was acknowledged is there."""

import asyncio
import json
import signal
from urllib.parse import urlsplit

import httpx

from tests.conftest import PLAIN
from tests.service.processes import API_KEY, environment, serving
from tests.service.test_faults import ORDER

JSON = {"content-type": "application/json"}
HEAD = (
    "POST /api/payments/create HTTP/1.1\r\nhost: service\r\ncontent-type: application/json\r\n"
    f"authorization: Bearer {API_KEY}\r\nidempotency-key: order-1\r\ncontent-length: {{length}}\r\n\r\n"
)


async def refused(host, port):
    """Whether nobody listens any more; it is asked until that is so."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # it was waiting to be let in as the door was closed
            continue
        writer.close()


async def answer_of(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def test_a_stop_answers_what_is_under_way_and_takes_nobody_new(tmp_path):
    env = environment(tmp_path, SERVICE_MODE="sandbox", DATA_DIR=str(tmp_path))
    body = json.dumps(ORDER).encode()
    async with serving(env) as (process, url):
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(HEAD.format(length=len(body)).encode() + body[:10])
        async with httpx.AsyncClient(base_url=url, **PLAIN) as client:
            for _ in range(3):  # by then the half of the first one is read
                assert (await client.get("/api/health/live")).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert await refused(address.hostname, address.port)
        writer.write(body[10:])
        status, made = await answer_of(reader)
        writer.close()
        assert (status, await process.wait()) == (200, 0)
    async with serving(env) as (_, url), httpx.AsyncClient(base_url=url, **PLAIN) as client:
        headers = {"authorization": f"Bearer {API_KEY}", "idempotency-key": "order-1"} | JSON
        again = await client.post("/api/payments/create", content=body, headers=headers)
    assert again.json() == made
