"""A shop at the fake Omise, in process: its calls, its customer, and what is posted to it."""

import base64
import json

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

WORLD = "/sandbox/worlds/default"
HOOK = "http://shop.test/hooks"
CARD = {"name": "Somchai", "number": "4242424242424242", "expiration_month": 10, "expiration_year": 2030}


class Shop:
    """Calls with the secret key of the default world; ok() is the object of an answer that went well."""

    def __init__(self, client, worlds):
        self.client, self.worlds, self.world = client, worlds, worlds.default
        self.posts = []

    async def ask(self, method, path, body=None, *, key="skey_test_sandbox", **more):
        content = {} if body is None else {"json": body}
        return await self.client.request(method, f"/omise{path}", auth=(key, ""), **content, **more)

    async def ok(self, method, path, body=None, **more):
        answer = await self.ask(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method, path, body=None, **more):
        """Status and code of an error."""
        answer = await self.ask(method, path, body, **more)
        error = answer.json()
        assert (error["object"], error["location"]) == (
            "error",
            f"https://www.omise.co/api-errors#{error['code'].replace('_', '-')}",
        )
        return answer.status_code, error["code"]

    async def charge(self, kind="promptpay", amount=100_000, **more):
        """A charge of a source, or with kind "card" of a new token."""
        payer = {"source": {"type": kind}}
        if kind == "card":
            payer = {"card": await self.token(more.pop("number", CARD["number"]))}
        if kind.startswith(("truemoney", "internet")):
            more.setdefault("return_uri", "https://shop.test/back")
            payer["source"]["phone_number"] = "0811111111"
        return await self.ok("POST", "/charges", {"amount": amount, "currency": "THB", **payer, **more})

    async def token(self, number=CARD["number"]):
        made = await self.ok("POST", "/tokens", {"card": CARD | {"number": number}}, key="pkey_test_sandbox")
        return made["id"]

    async def now(self, charge):
        return await self.ok("GET", f"/charges/{charge['id']}")

    async def pay(self, charge, **more):
        """The customer's wallet pays."""
        return await self.control("POST", "/payments", {"scheme": "omise", "reference": charge["id"], **more})

    async def control(self, method, path, body=None):
        return await self.client.request(method, f"{WORLD}{path}", json=body)

    async def set(self, **settings):
        assert (await self.control("PUT", "/omise/settings", settings)).status_code == 200

    async def advance(self, seconds):
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def listen(self):
        """Let webhooks come; the secret."""
        answer = await self.control("PUT", "/omise/webhook", {"url": HOOK})
        return base64.b64decode(answer.json()["secret"])

    def event_keys(self):
        return [json.loads(attempt.body)["key"] for attempt in self.posts]


@pytest.fixture
async def shop():
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=transport, timeout=100) as client:
        made = Shop(client, worlds)
        made.status = 200

        async def send(attempt, done):
            made.posts.append(attempt)
            done(Outcome(made.status))

        worlds.send = send
        yield made
