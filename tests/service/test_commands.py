"""`bakong-sandbox service ...` as an operator uses it."""

import asyncio
import contextlib
import json
import signal
import uuid

import httpx
import pytest

from bakong_sandbox.stack.providers import KINDS
from bakong_service.settings import SettingsError, load_all
from tests.conftest import PLAIN
from tests.service.processes import API_KEY, ENCRYPTION_KEY, TOKEN, WEBHOOK_SECRET, command, environment, serving

SECRETS = (API_KEY, ENCRYPTION_KEY, TOKEN, WEBHOOK_SECRET)
ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


def bearer(key):
    return {"authorization": f"Bearer {key}"}


async def create(url, key):
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(url + "/api/payments/create", json=ORDER, headers=bearer(key))).status_code


async def test_a_production_service_serves_and_ends_cleanly(tmp_path):
    async with serving(environment(tmp_path)) as (process, url):
        assert await create(url, API_KEY) == 200
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url + "/docs", headers=bearer(API_KEY))).status_code == 404
            assert (await client.get(url + "/metrics")).status_code == 401
            metrics = (await client.get(url + "/metrics", headers=bearer(API_KEY))).text
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    assert 'http_requests_total{method="POST",route="/api/payments/create",status="200"} 1.0' in metrics


MISSING = ["BAKONG_MERCHANT_ID", "BAKONG_DEVELOPER_TOKEN", "MAIN_BACKEND_API_KEY", "WEBHOOK_SECRET", "ENCRYPTION_KEY"]
WEAK = [
    ("ENCRYPTION_KEY", "short", "is weak"),
    ("ENCRYPTION_KEY", "a" * 64, "is weak"),
    ("MAIN_BACKEND_API_KEY", "sandbox_0123456789abcdefghijklmnopqrstuv", "is a sandbox's"),
    ("WEBHOOK_SECRET", "whsec_c2hvcnQ=", "24 to 64 bytes"),
    ("WEBHOOK_SECRET", "no-prefix", "whsec_"),
    ("RATE_LIMIT_PER_MINUTE", "0", "no way to turn the limit off"),
    ("RATE_LIMIT_PER_MINUTE", "many", "expected a whole number"),
    ("MAX_WRONG_KEYS", "0", "lets nobody try keys without end"),
    ("DATABASE_URL", "mysql://x", "begins with sqlite"),
    ("BAKONG_BASE_URL", "http://api-bakong.nbc.gov.kh", "in clear"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,everyone", "everyone"),
    ("PREMIUM_PRICE", "0.505", "decimal"),
]


async def test_what_is_missing_is_named_each_on_a_line_with_how_to_make_it(tmp_path):
    env = {name: value for name, value in environment(tmp_path).items() if name not in MISSING}
    code, out, err = await command("check-config", env=env)
    assert (code, out, len(err.splitlines())) == (2, "", 1 + len(MISSING))
    for name in MISSING:
        assert f"{name} is missing" in err
    assert "make one:" in err


@pytest.mark.parametrize(("name", "value", "why"), WEAK, ids=[f"{row[0]}-{row[2]}" for row in WEAK])
def test_what_is_weak_or_wrong_is_named_and_no_secret_is_shown(tmp_path, monkeypatch, name, value, why):
    for variable, good in environment(tmp_path, **{name: value}).items():
        monkeypatch.setenv(variable, good)
    with pytest.raises(SettingsError) as refused:
        load_all(KINDS)
    (line,) = refused.value.lines
    assert line.startswith(name)
    assert why in line
    assert not [secret for secret in SECRETS if secret in line]


async def test_a_weak_secret_stops_the_start_with_a_line_and_code_2(tmp_path):
    code, out, err = await command("run", "--port", "0", env=environment(tmp_path, ENCRYPTION_KEY="short"))
    assert (code, out, err.count("\n")) == (2, "", 2)
    assert "ENCRYPTION_KEY is weak" in err


async def test_check_config_says_what_answers(tmp_path):
    code, out, err = await command("check-config", env=environment(tmp_path, REDIS_URL="redis://127.0.0.1:1/0"))
    assert (code, err) == (1, "")
    assert "settings: good" in out
    assert "redis: Redis does not answer" in out
    assert "bakong: does not answer (ConnectError)" in out
    code, out, err = await command(
        "check-config", env=environment(tmp_path, DATABASE_URL="postgresql://u:pw@127.0.0.1:1/x")
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "pw" not in out + err


async def answers(url, key, status):
    """Wait until a key that was made or revoked is known to be; that takes less than a second."""
    headers = bearer(key)
    async with httpx.AsyncClient(headers=headers, **PLAIN) as client, asyncio.timeout(20):
        while (await client.get(url + "/api/subscriptions/status/sokha")).status_code != status:
            await client.get(url + "/api/health")


async def test_keys_are_made_listed_and_revoked_while_the_service_runs(tmp_path, storage):
    env = environment(tmp_path, **{name.upper(): value for name, value in storage.items()})
    async with serving(env) as (_, url):
        key = (await command("keys", "make", "--label", "shop", env=env))[1].strip()
        assert len(key) == 46
        await answers(url, key, 200)
        listed = (await command("keys", "list", env=env))[1]
        (row,) = json.loads(listed)
        assert (row["revokedAt"], row["label"]) == (None, "shop")
        assert key not in listed
        assert (await command("keys", "revoke", row["id"], env=env))[0] == 0
        assert " revoked " in (await command("keys", "list", "--table", env=env))[1]
        await answers(url, key, 401)
        assert await create(url, API_KEY) == 200
        (payment,) = json.loads((await command("payments", "list", env=env))[1])
        assert payment["status"] == "PENDING"
        shown = json.loads((await command("payments", "show", payment["id"], env=env))[1])
        assert [change["to"] for change in shown["history"]] == ["PENDING"]
        code, _, err = await command("payments", "show", "nothing", env=env)
        assert (code, "`service payments list` shows them" in err) == (2, True)
        assert (await command("subscriptions", "list", "--table", env=env))[:2] == (0, "none\n")


async def test_the_database_is_migrated_down_and_up_from_the_command_line(tmp_path):
    env = environment(tmp_path)
    assert "stands at nothing" in (await command("migrate", "--show", env=env))[1]
    up = (await command("migrate", env=env))[1]
    assert "stands at 0" in up
    assert "stands at nothing" in (await command("migrate", "--down", "base", env=env))[1]
    assert (await command("migrate", env=env))[1] == up


async def test_several_processes_share_one_limit_in_redis(tmp_path, redis_url, postgres_url):
    env = environment(tmp_path, REDIS_URL=redis_url, REDIS_PREFIX=f"test:{uuid.uuid4()}", DATABASE_URL=postgres_url)
    env |= {"REDIS_TIMEOUT_S": "30"}  # on a machine that is busy, who waits longer is not thereby without Redis

    async def burst(url):
        async with httpx.AsyncClient(base_url=url, headers=bearer(API_KEY), trust_env=False, timeout=60) as client:
            answers = await asyncio.gather(*(client.get("/api/subscriptions/status/u") for _ in range(70)))
        return [answer.status_code for answer in answers]

    async with contextlib.AsyncExitStack() as running:
        starts = [running.enter_async_context(serving(env, "--no-worker")) for _ in range(2)]
        urls = [url for _, url in await asyncio.gather(*starts)]
        statuses = [status for answers in await asyncio.gather(*map(burst, urls)) for status in answers]
    assert (statuses.count(200), statuses.count(429)) == (100, 40)


async def test_thai_methods_are_seeded_once(tmp_path):
    env = environment(tmp_path)
    first, again = [await command("seed", "thai-methods", env=env) for _ in range(2)]
    assert (first[0], again[0], again[1]) == (0, 0, "they are all there\n")
    lines = first[1].splitlines()
    assert [line.split()[0] for line in lines] == [
        "PROMPTPAY",
        "OMISE_PROMPTPAY",
        "OMISE_CARD",
        "OMISE_TRUEMONEY",
        "OMISE_MOBILE_BANKING",
        "OMISE_INTERNET_BANKING",
    ]
