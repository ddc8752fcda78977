"""Attacks by receivers of webhooks that mean ill: in a sandbox on one clock, and on a service on the wall's time."""

import asyncio
import contextlib

from tests.attacks import receivers
from tests.attacks.table import Attack, Outcome, on_both
from tests.attacks.targets import WORLD, service_beside, until

HANGING, LATER = 30, 11


async def advance(target):
    """30 receivers hang: how long an advance takes, and what it says."""
    await target.control.post(f"{WORLD}/clock/advance", json={"seconds": 61})  # the limit of requests begins anew
    async with receivers.listening(*[receivers.hangs] * HANGING) as called:
        for number, receiver in enumerate(called):
            await target.pay(await target.sold(userId=f"hangs-{number}", callback=receiver.url))
        moved = (await target.control.post(f"{WORLD}/clock/advance", json={"seconds": 10}, timeout=60)).json()
        named = {row["url"] for row in moved["hanging"]} & {receiver.url for receiver in called}
    return Outcome(f"{len(named)} of {HANGING} named", len(named) == HANGING)


async def later_payers(simulator, folder, database_url):
    """30 receivers hang: whether 11 later payers are granted, and the webhooks of a good receiver leave."""
    kinds = [*[receivers.hangs] * HANGING, receivers.is_good]
    async with _told(simulator, folder, database_url, kinds) as (target, called):
        for number, receiver in enumerate(called[:-1]):
            await target.pay(await target.sold(userId=f"hangs-{number}", callback=receiver.url))
        await until(lambda: _all_called(called[:-1]))
        granted = [await target.grants(userId=f"later-{one}", callback=called[-1].url) for one in range(LATER)]
        left = await until(lambda: _calls(called[-1], 2 * LATER, target))
        observed = f"{sum(granted)} of {LATER} granted, {called[-1].calls} of {2 * LATER} webhooks left"
    return Outcome(observed, all(granted) and left)


async def hostile(simulator, folder, database_url):
    """Each kind of ill will at once: a later payer is granted and told."""
    kinds = [*receivers.HOSTILE, receivers.is_good]
    async with _told(simulator, folder, database_url, kinds) as (target, called):
        for number, receiver in enumerate(called[:-1]):
            await target.pay(await target.sold(userId=f"hostile-{number}", callback=receiver.url))
        await until(lambda: _all_called(called[:-1]))
        granted = await target.grants(userId="later", callback=called[-1].url)
        told = await until(lambda: _calls(called[-1], 2, target))
    return Outcome(f"granted: {granted}, told: {told}", granted and told)


@contextlib.asynccontextmanager
async def _told(simulator, folder, database_url, kinds):
    """A service, and receivers of these kinds. They go first, so that the service's stop waits for none."""
    async with service_beside(folder, simulator, database_url) as target, receivers.listening(*kinds) as called:
        yield target, called


async def _all_called(called):
    await asyncio.sleep(0)
    return all(receiver.calls for receiver in called)


async def _calls(receiver, count, target):
    await target.service.get("/api/health/live")
    return receiver.calls >= count


SANDBOX = [
    Attack("30 receivers hang in an advance", "both", "SQLite", "it returns and names them", advance, bound_s=15)
]
ATTACKS = [
    *on_both("30 receivers hang", "11 of 11 granted and told", later_payers, 150),
    *on_both("receivers of every ill will", "a later payer is granted and told", hostile, 90),
]
