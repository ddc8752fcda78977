"""A service with escrow that is killed at a chosen step. Reads one order a line, forks for each, says how it ended.

The providers are scripted, and their ledger outlives the service: each writes what moved to a file before it answers. A
step is the moment before or after each transaction and each call to a provider; at step `die_at` it kills itself.
"""

import asyncio
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from tests.conftest import NOW_MS
from tests.service.escrow.books import Laws
from tests.service.escrow.care import Care, open_care
from tests.service.escrow.gateways import Account, Bkash, Nagad
from tests.service.victim import SteppedStore, Steps


class Lasting:
    """Of a gateway: what it knows is in a file, which is written before any answer."""

    def keep_in(self, path, steps):
        self.path, self.steps = path, steps
        if path.exists():
            kept = json.loads(path.read_text())
            self.by_payment = kept["by_payment"]
            self.accounts = {name: Account(**row) for name, row in kept["accounts"].items()}
            self.order = kept["order"]
        else:
            self.order = {}
        return self

    def save(self):
        rows = {name: vars(one) for name, one in self.accounts.items()}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"by_payment": self.by_payment, "accounts": rows, "order": self.order}))
        fresh.replace(self.path)

    async def stepped(self, work, *args):
        self.steps()
        answer = await work(*args)
        self.save()
        self.steps()
        return answer

    async def create(self, checkout):
        answer = await self.stepped(super().create, checkout)
        self.order[checkout.payment_id] = self.by_payment[checkout.payment_id]
        return answer

    async def finalise(self, reference):
        return await self.stepped(super().finalise, reference)

    async def refund(self, reference, money, key):
        return await self.stepped(super().refund, reference, money, key)


class LastingBkash(Lasting, Bkash):
    pass


class LastingNagad(Lasting, Nagad):
    pass


async def live(order):
    folder = Path(order["folder"])
    steps = Steps(order["die_at"])
    bkash = LastingBkash().keep_in(folder / "bkash.json", steps)
    nagad = LastingNagad().keep_in(folder / "nagad.json", steps)
    options = {"database_url": order["database"]} if order["database"] else {}
    async with open_care(folder, options, gateways=(bkash, nagad), at_ms=order["now_ms"]) as care:
        care.core.store = SteppedStore(care.core.store, steps)
        await once(folder, lambda: stories(care))
        for ms in (2_000, 120_000, 180_000, 50 * 3_600_000):
            await care.clock.advance(ms)
        laws = Laws()
        await laws.check_settled(care)
        states = [await care.states(payment) for payment in await every(care)]
        done = {"states": states, "balance": [bkash.balance, nagad.balance], "steps": steps.taken}
        (folder / "done.json").write_text(json.dumps(done))


async def once(folder, tell):
    """Tells the stories, unless a life before this one has told them all: keys are forgotten after a day."""
    if not (folder / "told").exists():
        await tell()
        (folder / "told").touch()


async def stories(care):
    for number, method in ((1, "BKASH"), (2, "NAGAD")):
        await story(care, number, method)


async def every(care: Care):
    rows = (await care.call("GET", "/api/payments", by=("a", "PLATFORM_ADMIN"))).json()["data"]
    return sorted(rows, key=lambda row: row["reference"])


async def story(care, number, method):
    """Pays, gives back a part twice, has the job done; each request under a key, so that a second life repeats it."""
    await care.job(number)
    made = await care.create(number, 15000, method, headers={"idempotency-key": f"create-{number}"})
    assert made.status_code == 201, made.text
    payment = made.json()["data"]
    gateway = care.gateway(payment)
    seen = await care.seen(payment)
    if seen["status"] in ("PENDING", "PROCESSING"):
        if seen["status"] == "PENDING":
            await care.attempt(payment)
        reference = list(gateway.accounts)[-1]
        if gateway.accounts[reference].state == "open":
            gateway.approve(reference)
            gateway.save()
        await care.conclude(payment, reference)
        await care.clock.advance(100_000)  # what is not known is asked about
    for part in (1, 2):
        answer = await care.refund(payment, 1000, headers={"idempotency-key": f"refund-{number}-{part}"})
        assert answer.status_code == 201, answer.text
        await care.settled()
    job = (await care.seen(payment))["job"]
    if job["status"] != "COMPLETED":
        await care.job(number, status="COMPLETED")


def warmed():
    """Lives once, so that no fork imports, migrates and builds anew what the first one does."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live({"folder": folder, "database": "", "now_ms": NOW_MS, "die_at": 0}))


def main(live=live):
    warmed()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            order = json.loads(line)
            sys.stdout = (Path(order["folder"]) / "printed").open("a")
            sys.stderr = sys.stdout
            try:
                asyncio.run(live(order))
            except BaseException:  # noqa: BLE001  it is printed, and the exit code tells
                traceback.print_exc()
                sys.stdout.flush()
                os._exit(1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
