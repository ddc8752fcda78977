"""The drill: load, backup, kill, restore, and the books beside the fake's ledger. `make operations-drill`."""

import asyncio
import signal

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from tests.service.processes import API_KEY, command, environment, serving

USERS = 20
HEADERS = {"authorization": f"Bearer {API_KEY}"}


async def sell(client, bakong_url, name):
    """A payment that is created, paid at the wallet, and told as PAID by the service: its reference."""
    order = {"userId": name, "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
    made = await client.post("/api/payments/create", json=order, headers=HEADERS | {"idempotency-key": f"order-{name}"})
    assert made.status_code == 200, made.text
    data = made.json()["data"]
    await client.post(f"{bakong_url}/sandbox/worlds/default/payments", json={"qr": data["qrCode"]})
    assert await status(client, data["md5Hash"]) == "PAID"
    return data["md5Hash"]


async def status(client, md5):
    answer = (await client.get(f"/api/payments/status/{md5}", headers=HEADERS)).json()
    return (answer.get("data") or {}).get("status")


@pytest.mark.campaign
async def test_nothing_that_was_acknowledged_before_the_backup_is_lost_and_the_rest_is_named(tmp_path, storage):
    async with run(Options(data_dir=tmp_path / "sandbox", port=0, service_port=None)) as bakong:
        env = environment(tmp_path, SERVICE_MODE="sandbox", BAKONG_BASE_URL=bakong.bakong_url, BAKONG_DAILY_CALLS="0")
        env |= {"BAKONG_DEVELOPER_TOKEN": bakong.token, "RATE_LIMIT_PER_MINUTE": "0"}
        env |= {"DATABASE_URL": storage["database_url"]} if storage else {}
        async with serving(env) as (process, url), httpx.AsyncClient(base_url=url, trust_env=False) as client:
            first = [await sell(client, bakong.bakong_url, f"before-{number}") for number in range(USERS)]
            # Others are under way while the backup is made: in it or not, but never half.
            during = asyncio.gather(*(sell(client, bakong.bakong_url, f"during-{number}") for number in range(USERS)))
            code, _, err = await command("backup", str(tmp_path / "backup"), env=env)
            assert (code, err) == (0, "")
            later = [*await during, *[await sell(client, bakong.bakong_url, f"after-{n}") for n in range(5)]]
            process.send_signal(signal.SIGKILL)
            await process.wait()
        code, out, err = await command("restore", str(tmp_path / "backup"), "--replace", env=env)
        assert (code, err) == (0, ""), out
        print(out)
        ledger = {payment.reference for payment in bakong.worlds.default.payments.values() if payment.settlements}
        async with serving(env) as (_, url), httpx.AsyncClient(base_url=url, trust_env=False) as client:
            known = {md5: await status(client, md5) for md5 in ledger}
        code, out, _ = await command("check-books", env=env)
        assert code == 0, out
    lost = [md5 for md5 in first if known[md5] != "PAID"]
    missing = sorted(md5 for md5 in later if known[md5] is None)
    print(f"{len(first)} acknowledged before the backup, {len(lost)} lost; {len(missing)} of {len(later)} after it:")
    print("\n".join(missing))
    assert lost == []
    assert ledger == {*first, *later}
    assert {known[md5] for md5 in later} <= {"PAID", None}
    assert len(missing) >= 5
