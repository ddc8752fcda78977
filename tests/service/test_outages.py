"""What the service does while the machine fails it: the database or Redis restarted, the disk full, slow clients."""

import asyncio
import contextlib
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import uuid
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import lacking
from tests.servers import OwnPostgres, OwnRedis, program
from tests.service.processes import API_KEY, environment, serving

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
BEARER = {"authorization": f"Bearer {API_KEY}"}


def sandbox(folder, **changes):
    return environment(folder, SERVICE_MODE="sandbox", DATA_DIR=str(folder), RATE_LIMIT_PER_MINUTE="0", **changes)


def client_of(url):
    return httpx.AsyncClient(base_url=url, headers=BEARER, trust_env=False, timeout=30)


class Load:
    """Creates payments until it is told to stop; what was acknowledged must be there at the end."""

    def __init__(self, client):
        self._client = client
        self.acknowledged = []
        self.answers = []
        self.stopping = False

    async def run(self):
        while not self.stopping:
            answer = await self._client.post("/api/payments/create", json=ORDER)
            self.answers.append(answer)
            if answer.status_code == 200:
                self.acknowledged.append(answer.json()["data"]["md5Hash"])

    async def until(self, condition, within_s):
        async with asyncio.timeout(within_s):
            while not condition():
                await self._client.get("/api/health/live")

    async def lost(self):
        """The acknowledged payments that are not there."""
        missing = []
        for start in range(0, len(self.acknowledged), 50):
            hashes = self.acknowledged[start : start + 50]
            answer = await self._client.post("/api/payments/bulk-check", json={"md5Hashes": hashes})
            missing += [row for row in answer.json()["data"] if "not_found" in str(row)]
        return missing


@contextlib.asynccontextmanager
async def loaded(client, workers=4):
    load = Load(client)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(load.run())
        try:
            yield load
        finally:
            load.stopping = True


async def test_postgresql_restarted_under_load_loses_no_acknowledged_payment(tmp_path):
    if not program("initdb"):
        lacking("initdb is not installed")
    server = await asyncio.to_thread(lambda: OwnPostgres().start())
    try:
        async with serving(sandbox(tmp_path, DATABASE_URL=server.url)) as (_, url), client_of(url) as client:
            async with loaded(client) as load:
                await load.until(lambda: len(load.acknowledged) >= 20, 20)
                await asyncio.to_thread(server.stop)
                await load.until(lambda: any(answer.status_code == 503 for answer in load.answers), 60)
                assert (await client.get("/api/health")).json()["status"] == "unhealthy"
                assert (await client.get("/api/health/ready")).status_code == 503
                before = len(load.acknowledged)
                await asyncio.to_thread(server.start)
                await load.until(lambda: len(load.acknowledged) > before, 60)
            assert {answer.status_code for answer in load.answers} == {200, 503}
            refused = next(answer for answer in load.answers if answer.status_code == 503)
            assert (refused.headers["retry-after"], refused.json()["code"]) == ("1", "unavailable")
            assert await load.lost() == []
    finally:
        await asyncio.to_thread(server.remove)


async def test_redis_restarted_under_load_costs_no_request(tmp_path):
    if not program("redis-server"):
        lacking("redis-server is not installed")
    server = OwnRedis().start()
    env = sandbox(tmp_path, REDIS_URL=server.url) | {"RATE_LIMIT_PER_MINUTE": "1000000"}
    try:
        async with serving(env) as (_, url), client_of(url) as client:

            async def health():
                return (await client.get("/api/health")).json()["services"]["redis"]["status"]

            async with loaded(client, 2) as load:
                assert await health() == "healthy"
                server.stop()
                assert await health() == "degraded"
                assert (await client.get("/api/health")).status_code == 200
                before = len(load.acknowledged)
                await load.until(lambda: len(load.acknowledged) >= before + 10, 60)
                server.start()
                async with asyncio.timeout(60):
                    while await health() != "healthy":
                        pass
            assert {answer.status_code for answer in load.answers} == {200}
    finally:
        server.stop()


@pytest.fixture
def small_disk():
    """A folder of 4 MB."""
    folder = Path(tempfile.mkdtemp(prefix="full-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        lacking("a tmpfs cannot be mounted by this user")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


def fill(folder):
    with (folder / "filler").open("wb") as file, contextlib.suppress(OSError):
        file.write(b"x" * 8_000_000)
    return folder / "filler"


async def test_a_full_disk_is_503_and_the_database_stays_whole(tmp_path, small_disk):
    env = sandbox(small_disk, LOG_DIR=str(tmp_path / "logs"))
    async with serving(env) as (_, url), client_of(url) as client:
        answers = [await client.post("/api/payments/create", json=ORDER)]
        filler = fill(small_disk)
        while answers[-1].status_code == 200 and len(answers) < 500:
            answers.append(await client.post("/api/payments/create", json=ORDER))
        assert (answers[-1].status_code, answers[-1].json()["code"]) == (503, "unavailable")
        ready = await client.get("/api/health/ready")
        assert (ready.status_code, ready.json()["code"], ready.headers["retry-after"]) == (503, "unavailable", "1")
        assert (await client.get("/api/health")).json()["services"]["database"]["status"] == "unhealthy"
        filler.unlink()
        assert (await client.get("/api/health/ready")).status_code == 200
        again = await client.post("/api/payments/create", json=ORDER)
        assert again.status_code == 200
    with contextlib.closing(sqlite3.connect(small_disk / "service.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row[0] for row in connection.execute("SELECT md5 FROM payment_transactions")}
    assert {answer.json()["data"]["md5Hash"] for answer in [*answers[:-1], again]} <= stored


async def _p99_ms(client, requests=200):
    """Of three rounds the best: who is held up is held up in each, and a busy machine is not."""
    return min([await _round_p99_ms(client, requests) for _ in range(3)])


async def _round_p99_ms(client, requests):
    loop, took = asyncio.get_running_loop(), []
    for _ in range(requests):
        begun = loop.time()
        assert (await client.get("/api/health/live")).status_code == 200
        took.append(1000 * (loop.time() - begun))
    return statistics.quantiles(took, n=100)[98]


async def test_300_clients_that_drip_are_closed_and_stand_in_nobodys_way(tmp_path):
    """Half drip a head, half promise a body that does not come."""
    async with serving(sandbox(tmp_path)) as (_, url), client_of(url) as client:
        host, port = url.removeprefix("http://").split(":")
        heads = [
            b"POST /api/payments/create HTTP/1.1\r\nhost: x\r\nx-a: ",
            b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{",
        ]
        calm = await _p99_ms(client)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        slow = [await asyncio.open_connection(host, int(port)) for _ in range(300)]
        for number, (_, writer) in enumerate(slow):
            writer.write(heads[number % 2])
        beside = await _p99_ms(client)
        for _ in range(2):
            for _, writer in slow:
                if not writer.is_closing():
                    writer.write(b"a")
        async with asyncio.timeout(60):
            for reader, writer in slow:
                with contextlib.suppress(ConnectionError):
                    await reader.read()
                writer.close()
        took_s = loop.time() - begun
    print(f"300 slow connections closed in {took_s:.1f} s; p99 {calm:.1f} ms before, {beside:.1f} ms beside them")
    assert beside < max(5 * calm, 1000)  # who stands in the way does it for 10 s


async def test_a_body_one_byte_too_long_is_refused_before_it_is_held(tmp_path):
    async with serving(sandbox(tmp_path)) as (process, url), client_of(url) as client:
        await client.post("/api/payments/create", json=ORDER)
        memory = psutil.Process(process.pid).memory_info
        before = memory().rss

        async def endless():
            for _ in range(1000):
                yield b"x" * 65_536

        announced = await client.post("/api/payments/create", content=b'"' + b"x" * 65_536)
        assert announced.status_code == 413
        for _ in range(4):
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post("/api/payments/create", content=endless())
                assert answer.status_code == 413
        grown = memory().rss - before
    print(f"64 kB + 1 and four endless bodies: {grown / 1e6:.1f} MB more resident")
    assert grown < 5_000_000


RAW = [
    ("a head that never ends", b"GET / HTTP/1.1\r\n" + b"x-a: " + b"a" * 70_000, b"431"),
    (
        "many headers",
        b"GET /api/health/live HTTP/1.1\r\n" + b"x-a: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 700 + b"\r\n",
        b"431",
    ),
    ("NUL in a header", b"GET /api/health/live HTTP/1.1\r\nx-a: a\0b\r\n\r\n", b"400"),
    ("a bare CR in a header", b"GET /api/health/live HTTP/1.1\r\nx-a: a\rb: c\r\n\r\n", b"400"),
    ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
    ("two lengths", b"POST /a HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", b"400"),
    (
        "length and chunks",
        b"POST /a HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
]


async def test_what_is_no_request_is_a_problem_and_the_end_of_the_connection(tmp_path):
    async with serving(sandbox(tmp_path)) as (_, url):
        host, port = url.removeprefix("http://").split(":")
        for name, sent, status in RAW:
            with socket.create_connection((host, int(port)), timeout=12) as connection:
                connection.sendall(sent)
                with contextlib.suppress(TimeoutError):
                    answer = await asyncio.to_thread(connection.recv, 4096)
            assert answer.split(b" ")[1] == status, (name, answer)
            assert b"application/problem+json" in answer, name


async def test_a_client_that_offers_http_2_as_javas_does_has_its_body_read(tmp_path):
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAEAAEAA"}
    async with serving(sandbox(tmp_path)) as (_, url), client_of(url) as client:
        answer = await client.post("/api/payments/create", json=ORDER, headers=offer)
        assert answer.json()["data"]["status"] == "PENDING"


async def test_a_wrong_method_names_the_right_ones(tmp_path):
    async with serving(sandbox(tmp_path)) as (_, url), client_of(url) as client:
        for method in ("GET", "PUT", "TRACE", "PROPFIND", "DELETE"):
            answer = await client.request(method, "/api/payments/create")
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), method


SEEDS = ["sandbox_" + uuid.uuid5(uuid.NAMESPACE_DNS, "a").hex, "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJl"]


async def test_no_log_holds_a_secret_a_token_or_an_account_whatever_is_sent(tmp_path):
    env = sandbox(tmp_path)
    secrets = [
        env[name] for name in ("MAIN_BACKEND_API_KEY", "ENCRYPTION_KEY", "WEBHOOK_SECRET", "BAKONG_DEVELOPER_TOKEN")
    ]
    words = [*secrets, *SEEDS, "noodle_shop@devb", "sokha_account@aclb"]
    async with serving(env) as (process, url), client_of(url) as client:
        made = await client.post("/api/payments/create", json=ORDER, headers={"idempotency-key": "k"})
        assert made.status_code == 200
        for word in words:
            await client.get("/api/payments/status/" + word.replace("/", "%2F"))
            await client.get("/api/subscriptions/status/" + word.replace("/", "%2F"), params={"token": word})
            await client.get("/api/health", headers={"user-agent": word, "x-request-id": word})
            await client.post(
                "/api/payments/create", json=ORDER | {"userId": word + "\r\n", "callback": f"http://{word}/"}
            )
            await client.get(
                "/api/payments/history", headers={"authorization": f"Basic {word}", "x-forwarded-for": word}
            )
        process.terminate()
        out, err = await process.communicate()
    logs = {path.name: path.read_bytes() for path in (tmp_path / "logs").iterdir()}
    assert set(logs) == {"combined.log", "error.log", "security.log"}
    assert logs["combined.log"].count(b"\n") > 5 * len(words)
    assert b"unauthorized" in logs["security.log"]
    written = b"".join([*logs.values(), out, err, *(path.read_bytes() for path in tmp_path.glob("service.db*"))])
    assert [word for word in words if word.encode() in written] == []
