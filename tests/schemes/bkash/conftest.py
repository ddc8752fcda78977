"""A shop at the fake bKash, in process: its calls in every family, its customer, and what is posted to it."""

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
BACK = "https://shop.test/back"
TOKENIZED = "/bkash/v1.2.0-beta/tokenized/checkout"
CHECKOUT = "/bkash/v1.2.0-beta/checkout"
V2 = "/bkash/v2/tokenized-checkout"


class Shop:
    """Calls with the token of the default world, which is granted at the first call.

    ok() is the object of an answer that went well; refused() is the code of an error.
    """

    def __init__(self, client, worlds):
        self.client, self.worlds, self.world = client, worlds, worlds.default
        self.posts = []
        self.token = None
        self._number = 0

    @property
    def known(self):
        return self.world.state_of("bkash").credentials

    async def grant(self, root=TOKENIZED, path="token/grant", **more):
        known = self.known
        body = {"app_key": known.app_key, "app_secret": known.app_secret, **more}
        return await self.client.post(
            f"{root}/{path}", json=body, headers={"username": known.username, "password": known.password}
        )

    async def headers(self):
        if self.token is None:
            self.token = (await self.grant()).json()["id_token"]
        return {"authorization": self.token, "x-app-key": self.known.app_key}

    async def ask(self, path, body=None, *, root=TOKENIZED, method="POST", **more):
        headers = await self.headers() | more.pop("headers", {})
        content = {} if body is None else {"json": body}
        return await self.client.request(method, f"{root}/{path}", headers=headers, **content, **more)

    async def ok(self, path, body=None, **more):
        answer = await self.ask(path, body, **more)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document.get("statusCode", "0000") == "0000", document
        assert "errorCode" not in document, document
        return document

    async def refused(self, path, body=None, **more):
        answer = await self.ask(path, body, **more)
        document = answer.json()
        code = document.get("statusCode") or document.get("errorCode") or document.get("externalCode")
        assert code != "0000", document
        return code or (answer.status_code, document["message"])

    async def create(self, amount="100.00", **more):
        self._number += 1
        return await self.ok("create", self.body(amount, **more))

    def body(self, amount="100.00", **more):
        return {
            "mode": "0011",
            "payerReference": "01700000000",
            "callbackURL": BACK,
            "amount": amount,
            "currency": "BDT",
            "intent": "sale",
            "merchantInvoiceNumber": f"INV-{self._number}",
            **more,
        }

    async def checkout(self, amount="100.00", **more):
        self._number += 1
        body = {"amount": amount, "currency": "BDT", "intent": "sale", "merchantInvoiceNumber": f"C-{self._number}"}
        return await self.ok("payment/create", body | more, root=CHECKOUT)

    async def decide(self, payment, action="approve", **typed):
        answer = await self.control("POST", f"/bkash/payments/{payment['paymentID']}/{action}", typed)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def execute(self, payment):
        return await self.ok("execute", {"paymentID": payment["paymentID"]})

    async def paid(self, amount="100.00", wallet="", **more):
        """A payment that was approved and executed: what execute says."""
        payment = await self.create(amount, **more)
        await self.decide(payment, **({"wallet": wallet} if wallet else {}))
        return await self.execute(payment)

    async def query(self, payment):
        return await self.ok("payment/status", {"paymentID": payment["paymentID"]})

    def refund_body(self, paid, amount):
        named = {"paymentID": paid["paymentID"], "trxID": paid["trxID"]}
        return named | {"amount": amount, "sku": "S-1", "reason": "returned"}

    async def refund(self, paid, amount):
        return await self.ok("payment/refund", self.refund_body(paid, amount))

    async def control(self, method, path, body=None):
        return await self.client.request(method, f"{WORLD}{path}", json=body)

    async def set(self, **settings):
        answer = await self.control("PUT", "/bkash/settings", settings)
        assert answer.status_code == 200, answer.text

    async def play(self, text):
        answer = await self.client.put(f"{WORLD}/scenario", content=text)
        assert answer.status_code == 200, answer.text

    async def advance(self, seconds):
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def listen(self):
        """Let the IPN come, confirmed."""
        answer = await self.control("PUT", "/bkash/webhook", {"url": HOOK, "confirmed": True})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def wallet(self, msisdn):
        rows = (await self.control("GET", "/bkash/wallets")).json()
        return next(row["balance"] for row in rows if row["msisdn"] == msisdn)

    def notes(self):
        """The messages of the notifications that were posted."""
        envelopes = [json.loads(attempt.body) for attempt in self.posts]
        return [json.loads(one["Message"]) for one in envelopes if one["Type"] == "Notification"]


@pytest.fixture
async def shop():
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=transport, timeout=30) as client:
        made = Shop(client, worlds)

        async def send(attempt, done):
            made.posts.append(attempt)
            done(Outcome(200))

        worlds.send = send
        yield made
