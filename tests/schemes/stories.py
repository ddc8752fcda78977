"""How each scheme's API is spoken to in tests: a payment is begun, and its state asked for, as a client does it."""

import hashlib
from dataclasses import dataclass
from typing import Any

from bakong_schemes._template import adapter as template_adapter
from bakong_schemes._template import wire as template
from bakong_schemes._template.fake import TEMPLATE
from bakong_schemes.bakong.adapter import provider as bakong_adapter
from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.fake.scheme import BAKONG
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

LIFE_MS = 900_000


@dataclass(frozen=True)
class Story:
    """One scheme's API, through an httpx client of the simulator.

    begin(client, world, number) -> reference: a new payment. ask(client, world, reference) -> state: "unpaid", "paid",
    "failed" or "refunded" as the client sees it; anything else raises or is returned as it came.
    verify(secret, headers, body): whether a webhook's signature is good; None where the scheme pushes none.
    provider(client, world) -> Provider: its adapter, asked through the client.
    clients: the tests with somebody else's unmodified client; none for the template alone.
    """

    scheme: Any
    begin: Any
    ask: Any
    provider: Any
    verify: Any = None
    clients: tuple[str, ...] = ()


async def begin_bakong(client, world, number):
    code = encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount="1.5",
            bill_number=f"INV-{number}",
            expiration_timestamp=NOW_MS + LIFE_MS,
        ),
        now=NOW_MS,
    )
    await client.post("/sandbox/worlds/default/qr", json={"qr": code.qr})
    return hashlib.md5(code.qr.encode(), usedforsecurity=False).hexdigest()


async def ask_bakong(client, world, reference):
    registrations = world.state(BAKONG).registrations
    if not registrations.tokens:
        await client.post("/sandbox/worlds/default/tokens", json={})
    headers = {"authorization": f"Bearer {next(iter(registrations.tokens))}"}
    answer = await client.post("/v1/check_transaction_by_md5", json={"md5": reference}, headers=headers)
    return {None: "paid", 1: "unpaid", 3: "failed"}.get(answer.json()["errorCode"], answer.text)


def bakong_provider(client, world):
    registrations = world.state(BAKONG).registrations
    bakong = HttpBakong(client, registrations.issue(), None, now_ms=world.clock.now_ms)
    return bakong_adapter.provider(
        bakong, bakong_adapter.Merchant(account_id="sokha@devb", name="Sokha", city="Siem Reap")
    )


def template_provider(client, world):
    return template_adapter.provider(client, world.state(TEMPLATE).key, "whsec_sandbox1")


async def begin_template(client, world, number):
    answer = await client.post(
        f"{template.PREFIX}/charges", json={"amount": 100 + number, "currency": "THB"}, headers=_key(world)
    )
    return answer.json()["id"]


async def ask_template(client, world, reference):
    answer = await client.get(f"{template.PREFIX}/charges/{reference}", headers=_key(world))
    return {status: step for step, status in template.STATUSES.items()}.get(answer.json()["status"], answer.text)


def _key(world):
    return {"authorization": f"Bearer {world.state(TEMPLATE).key}"}


def verify_template(secret, headers, body):
    return headers[template.SIGNATURE] == template.signature(secret, body)


def by_name(value):
    return value if isinstance(value, str) else value.scheme.name


STORIES = (
    Story(
        BAKONG,
        begin_bakong,
        ask_bakong,
        bakong_provider,
        clients=("tests/clients/test_pypi_bakong_khqr.py", "tests/clients/test_npm_bakong_khqr.py"),
    ),
    Story(TEMPLATE, begin_template, ask_template, template_provider, verify_template),
)
