"""A shop at the fake Paystack, in process: its calls, its customer, and what is posted to it."""

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
KEY = "sk_test_sandbox"
GOOD, DECLINED = "4084084084084081", "4084080000005408"


class Shop:
    """Calls with the secret key of the default world; ok() is the data of an answer that went well."""

    def __init__(self, client, worlds):
        self.client, self.worlds, self.world = client, worlds, worlds.default
        self.posts = []
        self.status = 200
        self.number = 0

    async def ask(self, method, path, body=None, *, key=KEY, **more):
        content = {} if body is None else {"json": body}
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return await self.client.request(method, f"/paystack{path}", headers=headers, **content, **more)

    async def ok(self, method, path, body=None, **more):
        return (await self.whole(method, path, body, **more)).get("data")

    async def whole(self, method, path, body=None, **more):
        answer = await self.ask(method, path, body, **more)
        assert (answer.status_code, answer.json()["status"]) == (200, True), answer.text
        return answer.json()

    async def refused(self, method, path, body=None, **more):
        """Status, code and message of an error, whose form is checked."""
        answer = await self.ask(method, path, body, **more)
        error = answer.json()
        assert list(error) == ["status", "message", "meta", "type", "code"], error
        assert (error["status"], list(error["meta"])) == (False, ["nextStep"])
        return answer.status_code, error["code"], error["message"]

    async def begin(self, amount=50_000, **more):
        """A new transaction's reference."""
        self.number += 1
        body = {"email": "payer@shop.test", "amount": amount, "reference": f"order-{self.number}"} | more
        return (await self.ok("POST", "/transaction/initialize", body))["reference"]

    async def paid(self, amount=50_000, card=GOOD, **more):
        """The reference of a transaction that was paid by a card."""
        reference = await self.begin(amount, **more)
        assert (await self.pay(reference, card=card))["status"] == "success"
        return reference

    async def verify(self, reference):
        return await self.ok("GET", f"/transaction/verify/{reference}")

    async def pay(self, reference, **typed):
        """The payer tries, by the control API."""
        answer = await self.control("POST", f"/paystack/transactions/{reference}/pay", typed)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refund(self, reference, amount=None, **more):
        body = {"transaction": reference} | ({} if amount is None else {"amount": amount}) | more
        return await self.ok("POST", "/refund", body)

    async def control(self, method, path, body=None):
        return await self.client.request(method, f"{WORLD}{path}", json=body)

    async def set(self, **settings):
        assert (await self.control("PUT", "/paystack/settings", settings)).status_code == 200

    async def advance(self, seconds):
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def listen(self):
        answer = await self.control("PUT", "/paystack/webhook", {"url": HOOK})
        assert answer.json()["webhookUrl"] == HOOK

    def events(self):
        return [json.loads(attempt.body) for attempt in self.posts]

    def event_names(self):
        return [event["event"] for event in self.events()]

    def balance(self, account="paystack_balance", currency="NGN"):
        return self.world.ledger.balance(account, currency)


async def new_shop(stack):
    """A shop whose sandbox lasts as long as this stack."""
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    client = httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=100)
    made = Shop(await stack.enter_async_context(client), worlds)

    async def send(attempt, done):
        made.posts.append(attempt)
        done(Outcome(made.status))

    worlds.send = send
    return made


@pytest.fixture
async def shop():
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        yield await new_shop(stack)
