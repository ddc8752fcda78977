"""A service that is killed at a chosen step of orders' lives. Reads one task a line, forks for each, says how it ended.

Run as a program. The fork makes orders, checks them out, has them paid and told of, and gives a part back, until all is
done; at step number `die_at` it kills itself with SIGKILL. A step is the moment before or after each transaction and
each call to the provider, whose ledger is a file that outlives it. Time moves only when every shop waits for it.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

import httpx
from pydantic import SecretStr

from bakong_service import app
from bakong_service.settings import Settings
from bakong_simulator.kernel.clock import Mode, WorldClock
from tests.conftest import NOW_MS
from tests.service.escrow.care import migrated
from tests.service.house import bakong
from tests.service.order_api.kept_gateway import KeptGateway
from tests.service.processes import API_KEY, ENCRYPTION_KEY, WEBHOOK_SECRET
from tests.service.victim import SteppedStore, Steps

TURN_MS = 1_000


async def live(task):
    clock = WorldClock(lambda: task["now_ms"])
    clock.set_mode(Mode.FROZEN, at_ms=task["now_ms"])
    settings = Settings.model_construct(
        mode="sandbox",
        database_url=task["database"],
        main_backend_api_key=SecretStr(API_KEY),
        webhook_secret=SecretStr(WEBHOOK_SECRET),
        encryption_key=SecretStr(ENCRYPTION_KEY),
        rate_limit_per_minute=0,
        database_deadline_s=60,  # a loaded machine is not what this is about
        log_dir=Path(task["logs"]),
    )
    steps, gateway = Steps(task["die_at"]), KeptGateway(task["ledger"], clock.now_ms)
    for name in ("create", "check", "refund"):
        setattr(gateway, name, steps.around(getattr(gateway, name)))
    async with app.run(settings, [bakong(), gateway.factory()], timers=clock) as running:
        running.core.store = SteppedStore(running.core.store, steps)
        shop = Shop(running, gateway, Turns(clock, task["orders"]))
        async with asyncio.TaskGroup() as group:
            for number in range(task["orders"]):
                group.create_task(shop.sell(number))
    return {"steps": steps.taken, "now_ms": clock.now_ms()}


class Turns:
    """Time for several who wait: it moves by a turn once all who are left wait for it."""

    def __init__(self, clock, parties):
        self._clock, self._left, self._waiting = clock, parties, []

    async def wait(self):
        passed = asyncio.Event()
        self._waiting.append(passed)
        await self._turn()
        await passed.wait()

    async def leave(self):
        self._left -= 1
        await self._turn()

    async def _turn(self):
        if self._waiting and len(self._waiting) == self._left:
            waiting, self._waiting = self._waiting, []
            await self._clock.advance(TURN_MS)
            for passed in waiting:
                passed.set()


class Shop:
    """A shop whose every call has a key of the order's own, so that a second life takes up what the first has begun."""

    def __init__(self, running, gateway, turns):
        self._running = running
        self._gateway = gateway
        self._turns = turns

    async def ask(self, method, path, key, body=None, **headers):
        headers = {"authorization": f"Bearer {API_KEY}", "idempotency-key": key} | headers
        transport = httpx.ASGITransport(self._running.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json().get("data")

    async def sell(self, number):
        body = {"amount": 10, "currency": "USD", "reference": f"N-{number}"}
        order = await self.ask("POST", "/orders", f"order-{number}", body)
        checkout = f"/orders/{order['id']}/checkout"
        payment = await self.ask("POST", checkout, f"checkout-{number}", {"currency": "USD", "provider": "stripe"})
        reference = payment["providerReference"]
        self._gateway.pays(reference)
        await self.tell(reference)
        status = f"/orders/{order['id']}/payment-status"
        while (await self.ask("GET", status, "x"))["orderStatus"] == "awaiting_payment":
            await self._turns.wait()
        refund = f"/payments/{payment['id']}/refund"
        await self.ask("POST", refund, f"refund-{number}", {"amount": 4})
        while any(one["status"] == "pending" for one in (await self.ask("GET", status, "x"))["refunds"]):
            await self._turns.wait()
        await self._turns.leave()

    async def tell(self, reference):
        headers, body = self._gateway.event(f"paid by {reference}", reference)
        transport = httpx.ASGITransport(self._running.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            answer = await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)
        assert answer.status_code in (200, 409), answer.text  # 409: its number was another event's, in the life before


def warmed():
    """Lives once, so that no fork imports and builds anew what the first one does."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "warm.db"
        kept.write_bytes(migrated())
        names = {name: str(Path(folder) / name) for name in ("ledger", "logs")}
        asyncio.run(live({"database": f"sqlite:///{kept}", "orders": 1, "now_ms": NOW_MS, "die_at": 0} | names))


def main():
    warmed()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            task = json.loads(line)
            Path(task["told"]).write_text(json.dumps(asyncio.run(live(task))))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
