"""The wall's clock steps under a running service: an hour on or back, a leap second, the summer time of a host's zone.

The service runs as in production, on the system's clock, of which the test holds the wall and lets the ticks be.
"""

import time
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest

from bakong_service import app as service_app
from bakong_service.settings import Settings
from tests.service.house import KEY, SETTINGS, bakong, put_bakong
from tests.service.test_faults import ORDER, Script, paid

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
# Name, the host's zone, the instant of the order, by how much the wall moves, what is then so of an unpaid order.
STEPS = [
    ("an hour on", "UTC", "2026-02-11T00:00:00Z", HOUR, "EXPIRED"),
    ("an hour back", "UTC", "2026-02-11T00:00:00Z", -HOUR, "PENDING"),
    ("a leap second, counted twice", "UTC", "2016-12-31T23:59:59.900Z", -SECOND, "PENDING"),
    ("a leap second before the end", "UTC", "2016-12-31T23:45:00Z", 15 * MINUTE - SECOND, "PENDING"),
    ("summer time begins", "Europe/Berlin", "2026-03-29T00:55:00Z", 10 * MINUTE, "PENDING"),
    ("summer time ends", "Europe/Berlin", "2026-10-25T00:55:00Z", 10 * MINUTE, "PENDING"),
    ("summer time ends, and the code", "America/New_York", "2026-11-01T05:55:00Z", 15 * MINUTE, "EXPIRED"),
    ("in the shop's own zone", "Asia/Phnom_Penh", "2026-02-10T16:59:00Z", 2 * MINUTE, "PENDING"),
]


@pytest.fixture
async def shop(tmp_path, storage, monkeypatch):
    """client and core of a service on the system's clock; wall: what that clock says, in ms."""
    wall = SimpleNamespace(ms=0)
    held = SimpleNamespace(time_ns=lambda: wall.ms * 1_000_000, monotonic_ns=time.monotonic_ns)
    monkeypatch.setattr("bakong_service.adapters.system.time", held)
    chosen = {"database_url": f"sqlite:///{tmp_path}/service.db", "log_dir": tmp_path / "logs"} | storage
    settings = Settings.model_construct(**SETTINGS | chosen | {"rate_limit_per_minute": 100})
    async with service_app.run(settings, [bakong()], works=False) as running:
        transport, headers = httpx.ASGITransport(running.app), {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
            yield SimpleNamespace(client=client, core=running.core, wall=wall)


@pytest.fixture
def host_in(monkeypatch):
    """host_in("Europe/Berlin") puts this machine there."""

    def move(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def instant(text):
    return datetime.fromisoformat(text)


def ms(text):
    return round(instant(text).timestamp() * 1000)


async def status_of(shop, order):
    return (await shop.client.get(f"/api/payments/status/{order['md5Hash']}")).json()["data"]


@pytest.mark.parametrize(("zone", "at", "step_ms", "status"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS])
async def test_a_code_ends_at_its_stored_instant_and_no_amount_changes(shop, host_in, zone, at, step_ms, status):
    host_in(zone)
    shop.wall.ms = ms(at)
    script = Script()
    put_bakong(shop.core, script)
    order = (await shop.client.post("/api/payments/create", json=ORDER)).json()["data"]
    assert instant(order["createdAt"]) == instant(at)
    assert instant(order["expiresAt"]) - instant(order["createdAt"]) == timedelta(minutes=15)
    shop.wall.ms += step_ms
    after = await status_of(shop, order)
    assert (after["status"], after["amount"], after["currency"]) == (status, 0.5, "USD")
    (listed,) = (await shop.client.get("/api/payments/history", params={"userId": "sokha"})).json()["data"]["items"]
    assert (listed["createdAt"], listed["expiresAt"]) == (order["createdAt"], order["expiresAt"])


@pytest.mark.parametrize(("zone", "at"), [row[1:3] for row in STEPS[2:]], ids=[row[0] for row in STEPS[2:]])
async def test_a_cycle_is_30_days_of_seconds_wherever_the_host_stands(shop, host_in, zone, at):
    host_in(zone)
    shop.wall.ms = ms(at)
    script = Script()
    put_bakong(shop.core, script)
    order = (await shop.client.post("/api/payments/create", json=ORDER)).json()["data"]
    shop.wall.ms += MINUTE
    script.default = paid(done_ms=shop.wall.ms)
    assert (await status_of(shop, order))["status"] == "PAID"
    running = (await shop.client.get("/api/subscriptions/status/sokha")).json()["data"]["subscription"]
    assert instant(running["nextBillingDate"]) - instant(running["startDate"]) == timedelta(days=30)


@pytest.mark.parametrize("step_ms", [HOUR, -HOUR, -SECOND, 61 * SECOND], ids=["+1 h", "-1 h", "leap second", "+61 s"])
async def test_no_step_of_the_wall_lets_one_more_request_in_or_keeps_one_out(shop, step_ms):
    shop.wall.ms = ms("2026-02-11T00:00:00Z")

    async def statuses(count):
        return Counter([(await shop.client.get("/api/subscriptions/status/sokha")).status_code for _ in range(count)])

    assert await statuses(60) == {200: 60}
    shop.wall.ms += step_ms
    assert await statuses(50) == {200: 40, 429: 10}
