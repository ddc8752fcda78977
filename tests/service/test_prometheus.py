"""A real Prometheus over deploy/monitoring, twenty times as fast: it takes all of it, and an outage fires its alert."""

import asyncio
import json
import os
import re
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import yaml

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import free_port
from scripts.dashboard_picture import picture
from tests.conftest import lacking
from tests.servers import program
from tests.service.processes import API_KEY, environment, serving
from tests.service.test_events import mailbox
from tests.service.test_monitoring import ALERTS, FOLDER, RULES, queries

FASTER = 20
ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}


def sooner(duration):
    """A duration of Prometheus, divided.

    >>> sooner("15s"), sooner("10m")
    ('750ms', '30000ms')
    """
    return f"{int(duration[:-1]) * UNITS_MS[duration[-1]] // FASTER}ms"


def faster_rules():
    """The rules as they are, but for their windows and patience."""
    rules = yaml.safe_load(json.dumps(ALERTS))
    for rule in (one for group in rules["groups"] for one in group["rules"]):
        rule["expr"] = re.sub(r"\[(\w+)\]", lambda window: f"[{sooner(window[1])}]", rule["expr"])
        if "for" in rule:
            rule["for"] = sooner(rule["for"])
    return rules


def configuration(targets):
    """deploy/monitoring/prometheus.yml with this machine's addresses."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {name: sooner(value) for name, value in config["global"].items()}
    assert {job["job_name"] for job in config["scrape_configs"]} == set(targets)
    config["scrape_configs"] = [
        {"job_name": name, "static_configs": [{"targets": [target]}]} for name, target in targets.items()
    ]
    return config


@asynccontextmanager
async def prometheus(folder, targets):
    """A client of a Prometheus that scrapes the targets."""
    server = program("prometheus")
    if server is None:
        lacking("prometheus is not installed (Debian: prometheus)")
    folder.mkdir()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration(targets)))
    (folder / "alerts.yml").write_text(yaml.safe_dump(faster_rules()))
    port = free_port()
    words = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", "--log.level=warn")
    process = await asyncio.create_subprocess_exec(server, *words, f"--web.listen-address=127.0.0.1:{port}", stderr=-1)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            await until(lambda: is_ready(client))
            yield client
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
        process._transport.close()


async def is_ready(client):
    with suppress(httpx.TransportError):
        return (await client.get("/-/ready")).status_code == 200
    return False


async def until(holds, seconds=90):
    async with asyncio.timeout(seconds):
        while not await holds():
            await passed(0.2)


async def passed(seconds):
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


async def answer(client, path, **params):
    found = (await client.get(f"/api/v1/{path}", params=params)).json()
    assert found["status"] == "success", found
    return found["data"]


async def firing(client):
    alerts = (await answer(client, "alerts"))["alerts"]
    return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


async def is_up(client, targets):
    found = (await answer(client, "targets"))["activeTargets"]
    return {one["labels"]["job"] for one in found if one["health"] == "up"} == set(targets)


async def sell(service, bakong_url):
    """Payments that are paid, until it is cancelled; after an outage they are only made."""
    while True:
        made = (await service.post("/api/payments/create", json=ORDER)).json()["data"]
        with suppress(httpx.TransportError):
            await service.post(f"{bakong_url}/sandbox/worlds/default/payments", json={"qr": made["qrCode"]})
        await passed(0.3)


@pytest.mark.campaign
@pytest.mark.timeout(600)
async def test_an_outage_fires_the_alert_that_names_it_in_a_real_prometheus(tmp_path):
    metrics = free_port()
    async with AsyncExitStack() as opened:
        bakong_life = await opened.enter_async_context(AsyncExitStack())
        bakong = await bakong_life.enter_async_context(run(Options(data_dir=tmp_path, port=0, service_port=None)))
        env = environment(tmp_path, SERVICE_MODE="sandbox", BAKONG_BASE_URL=bakong.bakong_url, BAKONG_DAILY_CALLS="0")
        env |= {"BAKONG_DEVELOPER_TOKEN": bakong.token, "RATE_LIMIT_PER_MINUTE": "0", "METRICS_PORT": str(metrics)}
        process, url = await opened.enter_async_context(serving(env))
        headers = {"authorization": f"Bearer {API_KEY}"}
        service = await opened.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, trust_env=False))
        targets = {"service": f"127.0.0.1:{metrics}", "simulator": bakong.bakong_url.removeprefix("http://")}
        client = await opened.enter_async_context(prometheus(tmp_path / "prometheus", targets))
        selling = asyncio.create_task(sell(service, bakong.bakong_url))

        await until(lambda: is_up(client, targets))
        for where, query in queries():
            assert await answer(client, "query", query=query), where
        rules = [rule for group in (await answer(client, "rules"))["groups"] for rule in group["rules"]]
        assert {rule["name"] for rule in rules} == {rule["alert"] for rule in RULES}
        await until(lambda: evaluated(client))
        await passed(30)  # two of the shortest windows, in which all is well
        assert await firing(client) == set()

        await bakong_life.aclose()
        await until(lambda: fires(client, "ProviderErrors"))
        assert await firing(client) == {"ProviderErrors"}

        selling.cancel()
        await asyncio.gather(selling, return_exceptions=True)
        process.kill()
        await until(lambda: fires(client, "ServiceAway"))
        assert "DatabaseAway" not in await firing(client)


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.skipif("PICTURE" not in os.environ, reason="PICTURE names no file for the dashboard")
async def test_the_picture_of_the_dashboard_is_drawn_from_a_run_with_an_outage(tmp_path):
    """PICTURE=docs/images/dashboard-service.svg: seven minutes, of which Bakong is away for one and a half."""
    metrics, port, folder = free_port(), free_port(), tmp_path / "sandbox"
    options = Options(data_dir=folder, port=port, service_port=None, keep=True)
    async with AsyncExitStack() as opened:
        hook, _ = await opened.enter_async_context(mailbox(204))
        bakong_life = await opened.enter_async_context(AsyncExitStack())
        bakong = await bakong_life.enter_async_context(run(options))
        env = environment(tmp_path, SERVICE_MODE="sandbox", BAKONG_BASE_URL=bakong.bakong_url, BAKONG_DAILY_CALLS="0")
        env |= {"BAKONG_DEVELOPER_TOKEN": bakong.token, "RATE_LIMIT_PER_MINUTE": "0", "METRICS_PORT": str(metrics)}
        env |= {"MAIN_BACKEND_WEBHOOK_URL": hook}
        _, url = await opened.enter_async_context(serving(env))
        headers = {"authorization": f"Bearer {API_KEY}"}
        service = await opened.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, trust_env=False))
        targets = {"service": f"127.0.0.1:{metrics}", "simulator": f"127.0.0.1:{port}"}
        client = await opened.enter_async_context(prometheus(tmp_path / "prometheus", targets))
        selling = asyncio.create_task(sell(service, bakong.bakong_url))
        await passed(180)
        await bakong_life.aclose()
        await passed(90)
        async with run(options):
            await passed(150)
            drawn = await asyncio.to_thread(picture, str(client.base_url).rstrip("/"), 420)
            selling.cancel()
            await asyncio.gather(selling, return_exceptions=True)
    assert drawn.count("<polyline") > 15
    await asyncio.to_thread(Path(os.environ["PICTURE"]).write_text, drawn)


async def fires(client, name):
    return name in await firing(client)


async def evaluated(client):
    rules = [rule for group in (await answer(client, "rules"))["groups"] for rule in group["rules"]]
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
    return {rule["health"] for rule in rules} == {"ok"}
