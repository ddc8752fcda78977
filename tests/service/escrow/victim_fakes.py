"""As victim.py, with the sandbox's own bKash and Nagad in the process that leads: they outlive every kill.

A step is the moment before or after each transaction and each HTTP call to a provider.
"""

import json
from dataclasses import replace
from pathlib import Path

import httpx
from pydantic import SecretStr

from bakong_schemes.bkash.adapter.settings import BkashSettings
from bakong_schemes.nagad.adapter.settings import NagadSettings
from tests.service.escrow import victim
from tests.service.escrow.books import Laws
from tests.service.escrow.care import open_care
from tests.service.victim import SteppedStore, Steps

SECRETS = ("bkash_password", "bkash_app_key", "bkash_app_secret", "nagad_private_key")


class SteppedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    async def handle_async_request(self, request):
        self.steps()
        answer = await super().handle_async_request(request)
        await answer.aread()
        self.steps()
        return answer


class Remote:
    """A provider in another process, whose books are there: balance None."""

    balance = None

    def __init__(self, name, settings, steps):
        self.name, self.settings, self.steps, self.accounts = name, settings, steps, {}

    def factory(self, **_changes):
        made = self.settings.factory()
        return replace(made, make=lambda given: made.make(replace(given, open_client=self._open)))

    def _open(self, base_url, *, timeout_ms, ca_file=None):
        return httpx.AsyncClient(transport=SteppedTransport(self.steps), base_url=base_url, timeout=timeout_ms / 1000)


def settings_of(kind, given):
    """What the process that leads says of its fake."""
    return kind.model_construct(
        **{name: SecretStr(value) if name in SECRETS else value for name, value in given.items()}
    )


class Control:
    """The payer, and the fakes' clock, by the control API."""

    def __init__(self, origin):
        self.client = httpx.AsyncClient(base_url=f"{origin}/sandbox/worlds/default", trust_env=False, timeout=60)

    async def approve(self, method, reference):
        await self.client.post(f"/{method.lower()}/payments/{reference}/approve", json={})

    async def advance(self, ms):
        answer = await self.client.post("/clock/advance", json={"seconds": ms / 1000})
        assert answer.status_code == 200, answer.text


async def live(order):
    folder, steps = Path(order["folder"]), Steps(order["die_at"])
    bkash = Remote("bkash", settings_of(BkashSettings, order["bkash"]), steps)
    nagad = Remote("nagad", settings_of(NagadSettings, order["nagad"]), steps)
    options = {"database_url": order["database"]} if order["database"] else {}
    control = Control(order["origin"])
    async with open_care(folder, options, gateways=(bkash, nagad), at_ms=order["now_ms"]) as care:
        care.core.store = SteppedStore(care.core.store, steps)
        await victim.once(folder, lambda: stories(care, control))
        for ms in (2_000, 120_000, 180_000, 50 * 3_600_000):
            await pass_time(care, control, ms)
        await Laws().check_settled(care)
        states = [await care.states(payment) for payment in await victim.every(care)]
        done = {"states": states, "balances": await care.balances(), "steps": steps.taken}
        (folder / "done.json").write_text(json.dumps(done))
    await control.client.aclose()


async def stories(care, control):
    for number, method in ((1, "BKASH"), (2, "NAGAD"), (3, "BKASH")):
        await story(care, control, number, method)


async def pass_time(care, control, ms):
    await control.advance(ms)
    await care.clock.advance(ms)


async def story(care, control, number, method):
    """As victim.story. A life that finds its payment PENDING makes another attempt, and lets the first one be."""
    await care.job(number)
    made = await care.create(number, 15000, method, headers={"idempotency-key": f"create-{number}"})
    assert made.status_code == 201, made.text
    payment = made.json()["data"]
    status = (await care.seen(payment))["status"]
    if status == "PENDING":
        reference = await care.attempt(payment)
        await control.approve(method, reference)
        await care.conclude(payment, reference)
    if status in ("PENDING", "PROCESSING"):
        await pass_time(care, control, 100_000)  # what is not known is asked about
    for part in (1, 2):
        answer = await care.refund(payment, 1000, headers={"idempotency-key": f"refund-{number}-{part}"})
        assert answer.status_code == 201, answer.text
        await care.settled()
    if (await care.seen(payment))["job"]["status"] != "COMPLETED":
        await care.job(number, status="COMPLETED")


if __name__ == "__main__":
    victim.main(live)
