"""/metrics: what the adapters did is counted where it was done, and scraped over HTTP."""

import math

from prometheus_client.parser import text_string_to_metric_families

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.metrics import Metrics
from bakong_simulator.kernel.clock import Mode
from tests.conftest import NOW_MS
from tests.service.house import open_house
from tests.service.test_events import client_of, mailbox
from tests.service.test_faults import ORDER


async def scrape(client):
    """Each sample by its name and the values of its labels."""
    text = (await client.get("/metrics")).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def grown(before, after, name):
    """By how much each sample of a name has grown."""
    differences = {key[1:]: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    return {labels: value for labels, value in differences.items() if value}


async def test_questions_to_bakong_and_tries_of_webhooks_are_counted_by_what_came_of_them(service, control):
    async with mailbox(status=503) as (url, arrived):
        await control.put("/scenario", content=ONCE_HTML)
        before = await scrape(service)
        made = await service.post("/api/payments/create", json=ORDER | {"callback": url})
        payment = made.json()["data"]
        for _ in range(2):
            await service.get(f"/api/payments/status/{payment['md5Hash']}")
        await control.post("/payments", json={"qr": payment["qrCode"]})
        await service.get(f"/api/payments/status/{payment['md5Hash']}")
        await control.post("/clock/advance", json={"seconds": 1})
        after = await scrape(service)
        assert grown(before, after, "webhook_attempts_total") == {("5xx",): 2} == {("5xx",): len(arrived)}
    single = "check_transaction_by_md5"
    calls = grown(before, after, "bakong_calls_total")
    assert calls == {("generate_deeplink_by_qr", "answered"): 1, (single, "answered"): 2, (single, "garbage"): 1}
    await control.post("/clock/advance", json={"seconds": 6})
    assert grown(after, await scrape(service), "webhook_attempts_total") == {("ConnectError",): 2}


ONCE_HTML = """
name: once-html
faults:
  - {on: check_transaction_by_md5, poll: 2, fault: http, status: 500, body: nginx}
"""


async def test_what_is_left_of_the_days_calls_is_scraped_as_health_tells_it(tmp_path, storage):
    options = Options(data_dir=tmp_path, port=0, service_port=0, quota=9, rate_limit_per_minute=0, **storage)
    async with run(options) as stack, client_of(stack) as client:
        stack.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        seen = [await scrape(client)]
        await client.post("/api/payments/create", json=ORDER)
        seen.append(await scrape(client))
        health = (await client.get("/api/health")).json()["services"]["bakong"]["remainingCalls"]
    remaining = [metrics["bakong_calls_remaining",] for metrics in seen]
    assert remaining == [9, health] == [9, 8]


async def test_without_a_limit_infinitely_many_calls_remain_and_without_a_database_nobody_knows(tmp_path):
    async with open_house(tmp_path) as house:
        assert (await scrape(house.client))["bakong_calls_remaining",] == math.inf
    metrics = Metrics()
    metrics.calls_unknown("bakong")
    assert b"bakong_calls_remaining NaN" in metrics.render()
