"""Every part of a deployment is killed with -9 under a small load and started again: nothing is lost, nothing doubled.

The parts of docker-compose.yml's profile `replicas`, as processes: nginx with deploy/nginx.conf before two services, a
worker, PostgreSQL, Redis, and a simulator that keeps its worlds. What was sold is counted against the fake's ledger.
"""

import asyncio
import collections
import json
import os
import re
import shutil
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from bakong_sandbox.stack.serving import free_port
from tests import secrecy
from tests.conftest import lacking
from tests.servers import OwnPostgres, OwnRedis, program
from tests.service.processes import API_KEY, PROGRAM, command, environment
from tests.service.test_events import mailbox

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = "/usr/sbin/nginx"  # which is in few users' PATH
ORDER = {"planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
SHOPS = 3
BETWEEN = 12  # sales between two kills
PLAIN = {"trust_env": False, "timeout": 20}


class Program:
    """A part that is a process of ours: started, killed with all its children, started again."""

    def __init__(self, *words, env=None, ready=None):
        self._words, self._env, self._ready = [str(word) for word in words], env, ready
        self._process = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            *self._words, stdout=-3, stderr=-3, env=self._env, start_new_session=True
        )
        if self._ready:
            await answers(self._ready)

    async def kill(self):
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()


class Server:
    """A part that is a server of tests.servers. PostgreSQL: killed with every process of it."""

    def __init__(self, server):
        self._server = server

    async def start(self):
        await asyncio.to_thread(self._server.start)

    async def kill(self):
        await asyncio.to_thread(self._killed if isinstance(self._server, OwnPostgres) else self._server.stop)

    def _killed(self):
        head = psutil.Process(int((self._server.folder / "db" / "postmaster.pid").read_text().split()[0]))
        every = [head, *head.children(recursive=True)]
        for one in every:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(every, timeout=20)


async def answers(url):
    async with asyncio.timeout(60), httpx.AsyncClient(**PLAIN) as client:
        while True:
            with suppress(httpx.TransportError):
                if (await client.get(url)).status_code == 200:
                    return
            await passed(0.1)


async def passed(seconds):
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


def proxy(folder, port, ports):
    """deploy/nginx.conf at this machine's addresses; `resolve` is newer than Debian's nginx."""
    text = CONFIG.read_text()
    servers = iter(ports)
    text, count = re.subn(r"server \w+:3002 resolve;", lambda _: f"server 127.0.0.1:{next(servers)};", text)
    assert count == len(ports)
    text = text.replace("include /tmp/resolver.conf;", "").replace("listen 8080;", f"listen 127.0.0.1:{port};")
    path = folder / "nginx.conf"
    path.write_text(re.sub(r"(?<= )/tmp", str(folder), text))
    return Program(NGINX, "-c", path, "-e", "stderr", "-g", "daemon off;")


class Shops:
    """Sell, each sale under its key until it is acknowledged, paid and told as PAID; what is refused is tried again."""

    def __init__(self, service_url, wallet_url, pause_s=0.05):
        self._pause_s = pause_s
        self._service, self.wallet = service_url, wallet_url
        self.sold, self.refused, self.stopping = {}, collections.Counter(), False

    async def run(self, name, key=API_KEY):
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}, **PLAIN) as client:
            number = 0
            while not self.stopping:
                number += 1
                user = f"{name}-{number}"
                await self._sell(client, user)

    async def _sell(self, client, user):
        key = {"idempotency-key": f"sale-{user}"}
        create = f"{self._service}/api/payments/create"
        made = (await self._until(lambda: client.post(create, json=ORDER | {"userId": user}, headers=key)))["data"]
        await self._pay(client, made["qrCode"], f"{self.wallet}/{made['md5Hash']}")
        shown = f"{self._service}/api/payments/status/{made['md5Hash']}"
        while (await self._until(lambda: client.get(shown)))["data"]["status"] != "PAID":
            await passed(self._pause_s)
        self.sold[made["md5Hash"]] = user

    async def _pay(self, client, code, shown):
        """Once: a wallet that got no answer looks first."""
        while (await self._until(lambda: client.get(shown), also=(404,))).get("times_paid", 0) == 0:
            with suppress(httpx.TransportError):
                await client.post(self.wallet, json={"qr": code})

    async def _until(self, ask, also=()):
        """The answer to a request that is sent until it is taken."""
        while True:
            try:
                answer = await ask()
            except httpx.TransportError:
                self.refused["no answer"] += 1
            else:
                if answer.status_code == 200 or answer.status_code in also:
                    return answer.json()
                assert answer.status_code in (409, 429, 502, 503, 504), answer.text
                self.refused[answer.status_code] += 1
            await passed(self._pause_s)

    async def reached(self, count, tasks):
        async with asyncio.timeout(180):
            while len(self.sold) < count:
                for task in tasks:
                    assert not task.done(), task.exception()
                await passed(0.1)


@pytest.mark.campaign
@pytest.mark.timeout(900)
async def test_every_part_is_killed_and_nothing_is_lost_or_doubled(tmp_path):
    for name in ("initdb", "redis-server", NGINX):
        if not program(name):
            lacking(f"{name} is not installed")
    fake, front, *ports = (free_port() for _ in range(4))
    data = tmp_path / "sandbox"
    postgres, redis = await asyncio.to_thread(OwnPostgres), OwnRedis()
    up = ("up", "--no-service", "--json", "--port", fake, "--data-dir", data, "--keep")
    simulator = Program(PROGRAM, *up, env=environment(tmp_path), ready=f"http://127.0.0.1:{fake}/sandbox/health")
    async with AsyncExitStack() as opened, mailbox(204) as (hook, arrived):
        opened.callback(shutil.rmtree, postgres.folder, ignore_errors=True)
        await simulator.start()
        opened.push_async_callback(simulator.kill)
        token = json.loads((data / "sandbox-secrets.json").read_text())["bakong_token"]
        secrecy.issue(token)
        env = environment(
            tmp_path,
            SERVICE_MODE="sandbox",
            BAKONG_BASE_URL=f"http://127.0.0.1:{fake}",
            BAKONG_DAILY_CALLS="0",
            BAKONG_DEVELOPER_TOKEN=token,
            RATE_LIMIT_PER_MINUTE="100000",
            DATABASE_URL=postgres.url,
            REDIS_URL=redis.url,
            MAIN_BACKEND_WEBHOOK_URL=hook,
            TRUSTED_PROXIES="127.0.0.1/32",
        )
        run = (PROGRAM, "service", "run", "--no-worker", "--port")
        parts = {"PostgreSQL": Server(postgres), "Redis": Server(redis)}
        for number, port in enumerate(ports):
            ready = f"http://127.0.0.1:{port}/api/health/ready"
            parts[f"service {number + 1}"] = Program(*run, port, env=env, ready=ready)
        parts["worker"] = Program(PROGRAM, "service", "worker", env=env)
        parts["nginx"] = proxy(tmp_path, front, ports)
        for part in parts.values():
            await part.start()
            opened.push_async_callback(part.kill)
        parts["simulator"] = simulator
        shops = Shops(f"http://127.0.0.1:{front}", f"http://127.0.0.1:{fake}/sandbox/worlds/default/payments")
        selling = [asyncio.create_task(shops.run(f"shop-{number}")) for number in range(SHOPS)]
        for name, part in parts.items():
            await shops.reached(len(shops.sold) + BETWEEN, selling)
            before = sum(shops.refused.values())
            await part.kill()
            await passed(1)
            await part.start()
            await shops.reached(len(shops.sold) + SHOPS + 1, selling)
            print(f"{name}: killed, back; {len(shops.sold)} sold, {sum(shops.refused.values()) - before} refused")
        shops.stopping = True
        await asyncio.gather(*selling)
        async with httpx.AsyncClient(**PLAIN) as client:
            rows = (await client.get(shops.wallet, params={"limit": 1000})).json()
        paid = {row["reference"]: row["times_paid"] for row in rows if row["times_paid"]}
        async with asyncio.timeout(60):  # the worker may have been killed between a webhook and its note
            while len(told := {named(body) for _, body in arrived} - {None}) < len(shops.sold):
                await passed(0.2)
        code, books, _ = await command("check-books", env=env)
    doubled = [md5 for md5, count in paid.items() if count > 1]
    print(f"{len(shops.sold)} sold, {len(shops.sold.keys() - paid.keys())} not in the ledger, {len(doubled)} doubled")
    assert paid.keys() == shops.sold.keys()
    assert doubled == []
    assert told == shops.sold.keys()
    assert code == 0, books


def named(body):
    """The payment that a webhook says is paid."""
    event = json.loads(body)
    return event["data"].get("md5Hash") if event["type"] == "payment.paid" else None
