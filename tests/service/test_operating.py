"""What an operator does beside a running service: workers, webhooks sent again, secrets changed, a log unread."""

import asyncio
import base64
import contextlib
import json
import signal

import httpx

from tests.conftest import PLAIN
from tests.service.processes import API_KEY, ENCRYPTION_KEY, WEBHOOK_SECRET, Forked, command, environment, serving
from tests.service.test_events import believed, mailbox
from tests.service.test_faults import ORDER
from tests.service.test_metrics import scrape

GONE, DONE = 410, 204


def client_of(url):
    headers = {"authorization": f"Bearer {API_KEY}"}
    return httpx.AsyncClient(base_url=url, headers=headers, **PLAIN)


def sandbox(folder, **changes):
    """Private receivers are allowed in the sandbox alone."""
    return environment(folder, SERVICE_MODE="sandbox", DATA_DIR=str(folder), RATE_LIMIT_PER_MINUTE="0", **changes)


async def give_up(client, user="sokha"):
    """A payment that nobody pays, and a wait for it that ends: the event payment.timeout."""
    made = (await client.post("/api/payments/create", json=ORDER | {"userId": user})).json()["data"]
    body = {"transactionId": made["transactionId"], "options": {"maxAttempts": 1}}
    assert (await client.post("/api/payments/monitor", json=body)).json()["data"]["status"] == "TIMEOUT"
    return made


async def until(client, condition, within_s=120):
    async with asyncio.timeout(within_s):
        while not await condition():
            await client.get("/api/health/live")


@contextlib.asynccontextmanager
async def working(env):
    """A worker in a process of its own."""
    process = await Forked.start(["service", "worker"], env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_a_webhook_that_was_given_up_is_listed_and_replayed_by_a_worker_of_its_own(tmp_path):
    async with mailbox([GONE, GONE, DONE, DONE]) as (url, arrived):
        env = sandbox(tmp_path, MAIN_BACKEND_WEBHOOK_URL=url)

        async def listed():
            code, out, err = await command("webhooks", "list", env=env)
            assert (code, err) == (0, "")
            return json.loads(out)

        async with serving(env, "--no-worker") as (_, service), client_of(service) as client, working(env):
            await give_up(client, "sokha")
            await give_up(client, "dara")

            async def are_given_up():
                return len(arrived) == 2 and len(await listed()) == 2

            await until(client, are_given_up)
            rows = await listed()
            assert [(row["event"], row["tries"], row["lastError"]) for row in rows] == [
                ("payment.timeout", 1, "answered 410")
            ] * 2
            assert {row["webhookId"] for row in rows} == {headers["webhook-id"] for headers, _ in arrived}
            one = rows[0]["webhookId"]
            assert await command("webhooks", "replay", one, env=env) == (0, "1 are due again\n", "")

            async def has_come_again():
                return [headers["webhook-id"] for headers, _ in arrived[2:]] == [one]

            await until(client, has_come_again)
            believed(WEBHOOK_SECRET, *arrived[2])
            assert await command("webhooks", "replay", "all", env=env) == (0, "1 are due again\n", "")
            code, out, err = await command("webhooks", "replay", "msg_nowhere", env=env)
            assert (code, out, "no webhook has the id 'msg_nowhere'" in err) == (2, "", True)

            async def all_are_delivered():
                return len(arrived) == 4 and await listed() == []

            await until(client, all_are_delivered)
        assert len({headers["webhook-id"] for headers, _ in arrived}) == 2


async def test_secrets_are_changed_with_an_overlap_and_then_the_old_ones_are_gone(tmp_path, storage):
    fresh = {
        "ENCRYPTION_KEY": "another-key-" + "0123456789abcdefghijklmnop",
        "WEBHOOK_SECRET": "whsec_" + base64.b64encode(bytes(range(32, 64))).decode(),
    }
    olds = {"OLD_ENCRYPTION_KEYS": ENCRYPTION_KEY, "OLD_WEBHOOK_SECRETS": WEBHOOK_SECRET}
    async with mailbox() as (url, arrived):
        stored = {name.upper(): value for name, value in storage.items()}
        before = sandbox(tmp_path, MAIN_BACKEND_WEBHOOK_URL=url, **stored)
        overlap, after = before | fresh | olds, before | fresh
        async with serving(before) as (_, service), client_of(service) as client:
            made = await give_up(client)
        code, _, err = await command("webhooks", "list", env=before | {"ENCRYPTION_KEY": "short", "SERVICE_MODE": ""})
        assert (code, "ENCRYPTION_KEY is weak" in err) == (2, True)
        async with serving(overlap) as (_, service), client_of(service) as client:
            assert (await client.get(f"/api/payments/status/{made['md5Hash']}")).status_code == 200
            await give_up(client, "dara")

            async def is_told():
                return len(arrived) == 2

            await until(client, is_told)
        for secret in (WEBHOOK_SECRET, fresh["WEBHOOK_SECRET"]):
            assert believed(secret, *arrived[1])["data"]["userId"] == "dara"
        code, out, err = await command("rotate", env=overlap)
        assert (code, err) == (0, "")
        assert 0 < int(out.split()[0]) <= 20
        assert (await command("rotate", env=overlap))[1].startswith("0 columns")
        async with serving(after) as (_, service), client_of(service) as client:
            history = await client.get("/api/payments/history", params={"userId": "sokha"})
            assert history.json()["data"]["items"][0]["md5Hash"] == made["md5Hash"]
            assert (await client.get(made["qrImagePath"])).status_code == 200


async def test_a_log_that_nobody_reads_stalls_no_request_and_what_is_dropped_is_counted(tmp_path):
    env = sandbox(tmp_path, LOG_DIR="")
    long_line = {"url": "/api/health/" + "p" * 480, "headers": {"user-agent": "u" * 256}}
    async with serving(env) as (process, url), client_of(url) as client, asyncio.timeout(150):
        process.stdout._transport.pause_reading()
        try:
            dropped = 0
            while not dropped:
                for _ in range(200):
                    assert (await client.get(**long_line)).status_code == 404
                dropped = (await scrape(client))["log_lines_dropped",]
        finally:
            process.stdout._transport.resume_reading()  # its end would wait for a reader, too
