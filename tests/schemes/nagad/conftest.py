"""A merchant at the fake Nagad, in process: its calls, sealed without any code of ours, and its customer."""

import base64
import json
from functools import cache

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

WORLD = "/sandbox/worlds/default"
BASE = "/nagad/remote-payment-gateway-1.0/api/dfs"
HEADERS = {"X-KM-Api-Version": "v-0.2.0", "X-KM-IP-V4": "103.100.200.100", "X-KM-Client-Type": "PC_WEB"}
NOW = "20260211060000"  # NOW_MS in Dhaka
BACK = "https://shop.test/back"


@cache
def private_key(line):
    return load_der_private_key(base64.b64decode(line), None, unsafe_skip_rsa_key_validation=True)


class Merchant:
    """Calls with the keys that the control API shows; ok() opens the answer of a call that went well."""

    def __init__(self, client, worlds):
        self.client, self.worlds, self.world = client, worlds, worlds.default
        self.base, self.headers = BASE, dict(HEADERS)

    async def learn(self, world="default"):
        facts = (await self.client.get(f"/sandbox/worlds/{world}/nagad")).json()
        self.id, self.facts = facts["merchantId"], facts
        self.own = private_key(facts["privateKey"])
        self.nagad = load_der_public_key(base64.b64decode(facts["publicKey"]))
        return self

    def seal(self, fields, data="sensitiveData"):
        plain = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return {
            data: base64.b64encode(self.nagad.encrypt(plain, PKCS1v15())).decode(),
            "signature": base64.b64encode(self.own.sign(plain, PKCS1v15(), hashes.SHA256())).decode(),
        }

    def open(self, answer):
        """What Nagad has sealed, its signature checked."""
        plain = self.own.decrypt(base64.b64decode(answer["sensitiveData"]), PKCS1v15())
        self.nagad.verify(base64.b64decode(answer["signature"]), plain, PKCS1v15(), hashes.SHA256())
        return json.loads(plain)

    async def post(self, path, body, **headers):
        sent = {**self.headers, **headers}
        return await self.client.post(f"{self.base}{path}", json=body, headers={k: v for k, v in sent.items() if v})

    def start(self, order, **changes):
        fields = {"merchantId": self.id, "datetime": NOW, "orderId": order, "challenge": "c" * 40} | changes
        return {key: value for key, value in fields.items() if value is not None}

    async def initialize(self, order="ORD1", **changes):
        body = {"accountNumber": "01400000000", "dateTime": NOW, **self.seal(self.start(order, **changes))}
        return await self.post(f"/check-out/initialize/{self.id}/{order}", body)

    async def begun(self, order="ORD1"):
        answer = await self.initialize(order)
        assert answer.status_code == 200, answer.text
        return self.open(answer.json())

    async def complete(self, begun, order="ORD1", amount="100.00", *, callback=BACK, info=None, **changes):
        fields = {
            "merchantId": self.id,
            "orderId": order,
            "currencyCode": "050",
            "amount": amount,
            "challenge": begun["challenge"],
        } | changes
        body = {**self.seal(fields), "merchantCallbackURL": callback} | (
            {"additionalMerchantInfo": info} if info else {}
        )
        return await self.post(f"/check-out/complete/{begun['paymentReferenceId']}", body)

    async def ready(self, order="ORD1", amount="100.00", **more):
        """The reference of a payment that waits for its customer."""
        begun = await self.begun(order)
        answer = await self.complete(begun, order, amount, **more)
        assert answer.status_code == 200, answer.text
        return begun["paymentReferenceId"]

    async def verify(self, reference):
        answer = await self.client.get(f"{self.base}/verify/payment/{reference}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def status(self, reference):
        return (await self.verify(reference))["status"]

    async def decide(self, reference, how="approve", wallet=None):
        answer = await self.control("POST", f"/payments/{reference}/{how}", {"wallet": wallet} if wallet else None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def paid(self, order="ORD1", amount="100.00", wallet=None):
        reference = await self.ready(order, amount)
        await self.decide(reference, wallet=wallet)
        return reference

    async def cancel(self, reference, amount, number="R1", *, query=None, alias="cancel", **changes):
        fields = {
            "merchantId": self.id,
            "originalRequestDate": "20260211",
            "originalAmount": "100.00",
            "cancelAmount": amount,
            "referenceNo": number,
            "referenceMessage": "Sorry",
        } | changes
        query = query or f"paymentRefId={reference}"
        return await self.post(f"/purchase/{alias}?{query}", self.seal(fields, "sensitiveDataCancelRequest"))

    async def refunded(self, reference, amount, number="R1", **changes):
        answer = await self.cancel(reference, amount, number, **changes)
        assert answer.status_code == 200, answer.text
        return self.open(answer.json())

    async def control(self, method, path, body=None):
        return await self.client.request(method, f"{WORLD}/nagad{path}", json=body)

    async def set(self, **settings):
        answer = await self.control("PUT", "/settings", settings)
        assert answer.status_code == 200, answer.text

    async def play(self, script):
        """Let the world play a script, by name or as YAML."""
        content = script if "\n" in script else json.dumps({"name": script})
        answer = await self.client.put(f"{WORLD}/scenario", content=content)
        assert answer.status_code == 200, answer.text

    async def advance(self, seconds):
        await self.client.post(f"{WORLD}/clock/advance", json={"seconds": seconds})

    def balance(self, account="nagad_merchant"):
        return self.world.ledger.balance(account, "BDT")


def reason(answer):
    """HTTP status and reason of a refusal, whose shape is checked."""
    body = answer.json()
    assert body.keys() <= {"reason", "message", "devMessage"}, body
    assert body["message"] == "Please verify provided data and try again. Call 16167 for help."
    return answer.status_code, body["reason"]


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def merchant(worlds):
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=transport, timeout=100) as client:
        yield await Merchant(client, worlds).learn()
