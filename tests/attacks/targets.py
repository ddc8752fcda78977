"""What is attacked: processes of our own, started as a user starts them, on free ports."""

import asyncio
import contextlib
import itertools
from pathlib import Path
from typing import NamedTuple

import httpx

from bakong_sandbox.stack.launcher import sandbox, start
from bakong_schemes.bakong.fake.scheme import MERCHANT
from tests.service.processes import API_KEY, ENCRYPTION_KEY, environment

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
WORLD = "/sandbox/worlds/default"
WITHIN_S = 30
_NUMBERS = itertools.count()


class Target(NamedTuple):
    """A simulator on plain and TLS ports, and a service. service, control: clients of both."""

    simulator_url: str
    tls_url: str
    ca_file: str
    service_url: str
    token: str
    service: httpx.AsyncClient
    control: httpx.AsyncClient
    folder: Path

    async def sold(self, **changes):
        """A payment that is made, or None where the service answers 503."""
        answer = await self.service.post("/api/payments/create", json=ORDER | changes)
        if answer.status_code == 503:
            return None
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def pay(self, made):
        answer = await self.control.post(f"{WORLD}/payments", json={"qr": made["qrCode"]})
        assert answer.status_code == 200, answer.text

    async def grants(self, **changes):
        """Whether a payment is made, paid, and granted by the worker: nobody asks about it, who would hasten it."""
        user = changes.setdefault("userId", f"good-{next(_NUMBERS)}")
        made = await self.sold(**changes)
        if made is None:
            return False
        await self.pay(made)
        return await until(lambda: self.has_plan(user))

    async def has_plan(self, user):
        answer = await self.service.get(f"/api/subscriptions/status/{user}")
        return answer.status_code == 200 and answer.json()["data"]["hasSubscription"]


async def until(condition, within_s=WITHIN_S):
    """Whether it came true in time, looking again and again."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    while not (came_true := await condition()) and loop.time() < end_s:
        pass
    return came_true


def client(url, key=""):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30)


@contextlib.asynccontextmanager
async def sandbox_up(folder):
    """`bakong-sandbox up`: simulator on both ports, with the service on its world's clock, which is frozen."""
    with sandbox(folder, "--tls-port", "0") as (ready, _):
        async with client(ready["service_url"], ready["api_key"]) as service, client(ready["bakong_url"]) as control:
            await control.put(f"{WORLD}/clock", json={"mode": "frozen"})
            yield Target(
                ready["bakong_url"],
                ready["tls_url"],
                ready["ca_file"],
                ready["service_url"],
                ready["token"],
                service,
                control,
                folder,
            )


@contextlib.asynccontextmanager
async def service_beside(folder, simulator, database_url="", **changes):
    """`bakong-sandbox service run` on the wall's time, which asks a simulator that stands beside it."""
    folder.mkdir(exist_ok=True)
    settings = {"SERVICE_MODE": "sandbox", "DATA_DIR": str(folder), "RATE_LIMIT_PER_MINUTE": "0", "PORT": "0"}
    settings |= {"DATABASE_URL": database_url or f"sqlite:///{folder}/service.db", "BAKONG_DAILY_CALLS": "0"}
    settings |= {"BAKONG_BASE_URL": simulator.simulator_url, "BAKONG_DEVELOPER_TOKEN": simulator.token}
    settings |= {"BAKONG_MERCHANT_ID": MERCHANT, "ENCRYPTION_KEY": ENCRYPTION_KEY}
    program = start("service", "run", "--json", "--port", "0", environment=environment(folder, **settings | changes))
    try:
        url = program.ready_line()["service_url"]
        async with client(url, API_KEY) as service:
            yield simulator._replace(service_url=url, service=service, folder=folder)
    finally:
        program.stop()
