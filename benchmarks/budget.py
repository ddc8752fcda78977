"""A day's 100 calls, well spent or not: this service's worker beside a naive poller and a clairvoyant.

    python -m benchmarks.budget [--seeds N] [--days N] [--single]

Days of a shop are simulated in process, on a frozen clock: arrivals on a daily curve, 60 % of the payments are paid,
most within two minutes. The worker is the service's own, over its store; through its own adapter it asks a stand-in
of Bakong, which counts its calls and refuses the 101st. In time: the service knew before the code ended.

naive        asks about each open payment every 5 seconds, oldest first, until the day's calls are spent
clairvoyant  asks at the moment of each payment, as far as the day's calls reach, one payment a call
bound        what no plan can beat on average that asks about one payment a call and cannot see who will pay
"""

import argparse
import asyncio
import random
import statistics
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx
import orjson

from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_schemes.bakong.adapter import planning
from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.adapter.planning import LIFE_MS
from bakong_schemes.bakong.adapter.provider import Merchant, provider
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import wait_at_most
from bakong_service.domain.plans import Prices
from bakong_service.usecases.core import Core
from bakong_service.usecases.create_payment import create_payment
from bakong_service.usecases.unit_of_work import transact
from bakong_service.usecases.worker import Worker
from bakong_simulator.kernel.clock import Mode, WorldClock

QUOTA = 100
MIDNIGHT_MS = 1_770_742_800_000  # 2026-02-11T00:00 in Phnom Penh
HOUR_MS = 3_600_000
# The share of a day's payments that begin in each hour, from midnight on: a shop open from 7 to 22.
CURVE = (0, 0, 0, 0, 0, 0, 0, 3, 5, 6, 7, 9, 11, 8, 5, 5, 6, 8, 10, 9, 5, 3, 0, 0)
MERCHANT = Merchant(account_id="shop@sand", name="Shop", city="Phnom Penh")


@dataclass
class Sale:
    """A payment as it truly is: when its code was made, when its money went (None: never), when that was known."""

    created_ms: int
    paid_ms: int | None
    md5: str = ""
    known_ms: int | None = None

    @property
    def in_time(self):
        return self.known_ms is not None and self.known_ms < self.created_ms + LIFE_MS


def sales_of(seed, count, days):
    """The same sales for every poller."""
    draw = random.Random(f"{seed}/{count}")
    sales = []
    for day in range(days):
        for _ in range(count):
            hour = draw.choices(range(24), CURVE)[0]
            created = MIDNIGHT_MS + day * planning.DAY_MS + hour * HOUR_MS + draw.randrange(HOUR_MS)
            # A wallet is opened and a PIN typed: a median of 75 s, a long tail, nothing after the code's end.
            delay = int(draw.lognormvariate(4.32, 0.8) * 1000)
            pays = draw.random() < 0.6 and delay < LIFE_MS
            sales.append(Sale(created, created + delay if pays else None))
    return sorted(sales, key=lambda sale: sale.created_ms)


@dataclass
class Bakong:
    """NBC's side: the sales that are paid by now, at most QUOTA calls a day, lists or not."""

    clock: WorldClock
    lists: bool
    by_md5: dict = field(default_factory=dict)
    calls: dict = field(default_factory=dict)
    refused: int = 0

    def __call__(self, request):
        day = planning.day_of(self.clock.now_ms())
        self.calls[day] = self.calls.get(day, 0) + 1
        if self.calls[day] > QUOTA:
            self.refused += 1
            return _json({"responseCode": 1, "responseMessage": "Daily request limit", "errorCode": 17, "data": None})
        body = orjson.loads(request.content)
        if isinstance(body, list):
            if not self.lists:
                return httpx.Response(403, html="<html>403 Forbidden</html>")
            return _json({"responseCode": 0, "errorCode": None, "data": [self._row(md5) for md5 in body]})
        transaction = self._transaction(body["md5"])
        code = None if transaction else 1
        return _json({"responseCode": 0 if transaction else 1, "errorCode": code, "data": transaction})

    def _row(self, md5):
        transaction = self._transaction(md5)
        return {"md5": md5, "status": "SUCCESS" if transaction else "NOT_FOUND", "data": transaction}

    def _transaction(self, md5):
        sale = self.by_md5[md5]
        if sale.paid_ms is None or sale.paid_ms > self.clock.now_ms():
            return None
        paid = {"hash": md5 * 2, "toAccountId": MERCHANT.account_id, "currency": "USD", "amount": 0.5}
        return paid | {"createdDateMs": sale.paid_ms // 1000 * 1000}


def _json(body):
    return httpx.Response(200, content=orjson.dumps(body))


class SeededIds:
    """See bakong_service.ports.Ids: chance that a seed repeats."""

    def __init__(self, seed):
        self._draw = random.Random(seed)

    def new_id(self):
        return f"{self._draw.getrandbits(128):032x}"

    def letters(self, alphabet, length):
        return "".join(self._draw.choices(alphabet, k=length))

    def fraction(self):
        return self._draw.random()


async def ours(sales, seed, *, lists, folder):
    """Run the service's worker through the days; the calls of each day, and how many were refused."""
    clock = WorldClock(lambda: MIDNIGHT_MS)
    clock.set_mode(Mode.FROZEN, at_ms=MIDNIGHT_MS)
    bakong = Bakong(clock, lists)
    store = SqliteStore(Path(folder) / f"{seed}.db")
    await store.migrate(upgrade)
    async with httpx.AsyncClient(transport=httpx.MockTransport(bakong), base_url="http://bakong") as client:
        core = _core(store, clock, client, seed)
        worker = Worker(core)
        await worker.start()
        for sale in sales:
            await clock.advance(sale.created_ms - clock.now_ms())
            payment = await create_payment(core, _commit(core), "user", Plan.PREMIUM, Decimal("0.5"), "USD", None)
            sale.md5 = payment.md5
            bakong.by_md5[payment.md5] = sale
        days = 1 + (sales[-1].created_ms - MIDNIGHT_MS) // planning.DAY_MS
        await clock.advance(MIDNIGHT_MS + (days + 1) * planning.DAY_MS - 1 - clock.now_ms())
        await worker.stop()
    for sale in sales:
        payment = await store.read(lambda records, md5=sale.md5: records.payment_by_md5(md5))
        sale.known_ms = payment.updated_ms if payment.status is PaymentStatus.PAID else None
    await store.close()
    clock.close()
    return bakong


def _core(store, clock, client, seed):
    async def may_call():
        day = planning.day_of(clock.now_ms())
        return await store.write(lambda records: records.spend_call("bakong", day, QUOTA))

    bakong = HttpBakong(client, "token", None, now_ms=clock.now_ms, may_call=may_call)
    return Core(
        store=store,
        timers=clock,
        ids=SeededIds(seed),
        providers={"bakong": provider(bakong, MERCHANT, daily_calls=QUOTA)},
        post=None,
        patience=wait_at_most,
        prices=Prices(),
        webhook_secrets=(),
    )


def _commit(core):
    async def commit(work, /):
        return await transact(core, work)

    return commit


def naive(sales):
    """Every 5 seconds a call for each open payment, oldest first, while the day's calls last."""
    open_now, ahead, at_ms, calls = [], list(sales), sales[0].created_ms, {}
    while open_now or ahead:
        if not open_now:
            at_ms = max(at_ms, ahead[0].created_ms)
        while ahead and ahead[0].created_ms <= at_ms:
            open_now.append(ahead.pop(0))
        day = planning.day_of(at_ms)
        for sale in open_now:
            if calls.get(day, 0) == QUOTA:
                break
            calls[day] = calls.get(day, 0) + 1
            if sale.paid_ms is not None and sale.paid_ms <= at_ms:
                sale.known_ms = at_ms
        at_ms += 5_000
        open_now = [sale for sale in open_now if sale.known_ms is None and at_ms < sale.created_ms + LIFE_MS]


def clairvoyant(sales):
    """One call for each payment, at its moment, while the day's calls last."""
    calls = {}
    for sale in sorted((sale for sale in sales if sale.paid_ms is not None), key=lambda sale: sale.paid_ms):
        day = planning.day_of(sale.paid_ms)
        if calls.get(day, 0) < QUOTA:
            calls[day] = calls.get(day, 0) + 1
            sale.known_ms = sale.paid_ms


def bound(sales):
    """The greatest mean shares of paid payments known in time, and known at all, of any plan without foresight.

    A call about a payment finds it paid with at most the chance that it is paid by its code's end, whatever was asked
    before: (F(t) - F(s)) / (1 - F(s)) <= F(t) <= the share that pays. So a day's calls find at most that share of them.
    """
    days, paid = {}, sum(sale.paid_ms is not None for sale in sales)
    for sale in sales:
        days.setdefault(planning.day_of(sale.created_ms), []).append(sale.paid_ms is not None)
    in_time = sum(sum(day) * min(1, QUOTA / len(day)) for day in days.values()) / paid
    return in_time, min(1, QUOTA * (len(days) + 1) / len(sales))


@dataclass(frozen=True)
class Score:
    """paid, of those known in time and known at all; the median wait of the known in seconds; the overdue."""

    paid: int
    in_time: int
    known: int
    median_s: float | None
    overdue: int

    @property
    def share(self):
        return self.in_time / self.paid


def score(sales):
    paid = [sale for sale in sales if sale.paid_ms is not None]
    known = [sale for sale in paid if sale.known_ms is not None]
    waits = [(sale.known_ms - sale.paid_ms) / 1000 for sale in known]
    end = {sale.md5: planning.day_end_ms(sale.paid_ms) + planning.DAY_MS for sale in paid}
    overdue = [sale for sale in paid if sale.known_ms is None or sale.known_ms > end[sale.md5]]
    return Score(
        len(paid),
        sum(sale.in_time for sale in paid),
        len(known),
        statistics.median(waits) if waits else None,
        len(overdue),
    )


async def experiment(seed, count, days, *, lists=True):
    """The three scores, and Bakong's own count, for the same sales."""
    with tempfile.TemporaryDirectory() as folder:
        mine = sales_of(seed, count, days)
        bakong = await ours(mine, seed, lists=lists, folder=folder)
    rivals = []
    for rival in (naive, clairvoyant):
        theirs = sales_of(seed, count, days)
        rival(theirs)
        rivals.append(score(theirs))
    return score(mine), *rivals, bakong


def _together(scores):
    """Several runs as one line: share in time, median wait, share known at all, overdue."""
    paid = sum(one.paid for one in scores)
    waits = [one.median_s for one in scores if one.median_s is not None]
    return (
        sum(one.in_time for one in scores) / paid,
        statistics.median(waits) if waits else float("nan"),
        sum(one.known for one in scores) / paid,
        sum(one.overdue for one in scores),
    )


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--days", type=int, default=2)
    options.add_argument("--counts", type=int, nargs="+", default=[50, 200, 1000])
    options.add_argument("--single", action="store_true", help="Bakong refuses lists, as production is said to")
    asked = options.parse_args()
    print(f"{asked.seeds} seeds, {asked.days} days, lists {'refused' if asked.single else 'answered'}")
    print("payments  poller       in time  median wait   known  overdue  most calls a day  refused")
    for count in asked.counts:
        runs = [await experiment(seed, count, asked.days, lists=not asked.single) for seed in range(asked.seeds)]
        most = max(max(run[3].calls.values()) for run in runs)
        refused = sum(run[3].refused for run in runs)
        for name, place in (("this", 0), ("naive", 1), ("clairvoyant", 2)):
            share, wait, known, overdue = _together([run[place] for run in runs])
            extra = f"{most:16d}  {refused:7d}" if name == "this" else ""
            print(f"{count:8d}  {name:11s}  {share:7.1%}  {wait:9.0f} s  {known:6.1%}  {overdue:7d}  {extra}")
        bounds = [bound(sales_of(seed, count, asked.days)) for seed in range(asked.seeds)]
        share, known = (statistics.fmean(values) for values in zip(*bounds, strict=True))
        print(f"{count:8d}  {'bound':11s}  {share:7.1%}  {'':11s}  {known:6.1%}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
