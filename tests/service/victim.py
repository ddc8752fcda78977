"""A service that is killed at a chosen step. Reads one order a line, forks for each, and says how the fork ended.

Run as a program. The fork sells some payments, has them paid at the simulator, watches and delivers until nothing is
left to do, on a clock that runs fast; at step number `die_at` it kills itself with SIGKILL. A step is the moment before
or after each transaction, question to Bakong and webhook.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import httpx
from pydantic import SecretStr

from bakong_service import app
from bakong_service.settings import Settings
from bakong_simulator.kernel.clock import Mode, WorldClock
from tests.service.house import bakong, put
from tests.service.processes import API_KEY, ENCRYPTION_KEY, TOKEN, WEBHOOK_SECRET

RATE = 40


class Steps:
    """Counts, and dies."""

    def __init__(self, die_at):
        self.taken = 0
        self._die_at = die_at

    def __call__(self):
        self.taken += 1
        if self.taken == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work):
        async def stepped(*args, **options):
            self()
            result = await work(*args, **options)
            self()
            return result

        return stepped


class SteppedStore:
    def __init__(self, store, steps):
        self._store = store
        self.write = steps.around(store.write)

    def __getattr__(self, name):
        return getattr(self._store, name)


async def live(order):
    clock = WorldClock(lambda: time.time_ns() // 1_000_000)
    clock.set_mode(Mode.SCALED, at_ms=order["now_ms"], rate=RATE)
    settings = Settings.model_construct(
        mode="sandbox",
        database_url=order["database"],
        main_backend_api_key=SecretStr(API_KEY),
        main_backend_webhook_url=order["mailbox"],
        webhook_secret=SecretStr(WEBHOOK_SECRET),
        encryption_key=SecretStr(ENCRYPTION_KEY),
        rate_limit_per_minute=0,
        database_deadline_s=60,  # a loaded machine is not what this is about
        log_dir=Path(order["logs"]),
    )
    provider = bakong(
        bakong_base_url=order["bakong"],
        bakong_merchant_id="noodle_shop@devb",
        bakong_developer_token=SecretStr(order["token"]),
        bakong_timeout_ms=10_000,
    )
    steps = Steps(order["die_at"])
    async with app.run(settings, [provider], timers=clock) as running:
        running.core.store = SteppedStore(running.core.store, steps)
        running.core.post = steps.around(running.core.post)
        polling = running.core.providers["bakong"].polling
        put(running.core, "bakong", check=steps.around(polling.check), check_many=steps.around(polling.check_many))
        async with asyncio.TaskGroup() as group:
            for user in order["users"]:
                group.create_task(sell(running.app, user, order["bakong"]))
        while not await is_done(running.core.store, order["users"]):
            pause = asyncio.Event()
            clock.call_at(clock.now_ms() + 1000, pause.set)
            await pause.wait()


async def sell(served, user, bakong):
    """Create (with a key of the user's own, so that a second life creates nothing new) and pay."""
    headers = {"authorization": f"Bearer {API_KEY}", "idempotency-key": f"order-{user}"}
    body = {"userId": user, "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://service") as client:
        made = await client.post("/api/payments/create", json=body, headers=headers)
    assert made.status_code == 200, made.text
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        await client.post(f"{bakong}/sandbox/worlds/default/payments", json={"qr": made.json()["data"]["qrCode"]})


async def is_done(store, users):
    """Whether all is paid, and then nothing is left in the outbox: a payment's webhooks are stored with it."""

    def look(records):
        payments = [payment for user in users for payment in records.user_payments(user, 10, 0)]
        all_paid = len(payments) >= len(users) and all(payment.paid_ms for payment in payments)
        return all_paid and not records.due_hosts()

    return await store.read(look)


def main():
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live(json.loads(line)))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    assert TOKEN
    main()
