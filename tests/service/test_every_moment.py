"""A service on a world's clock sells at every moment that a world has: ids, bill numbers and codes are of that time."""

import httpx
import pytest

import khqr
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
MOMENTS = [  # each with its seconds since 1970, as a bill number has them
    ("1970-01-01T00:00:00Z", "0000000000"),
    ("2000-01-01T00:00:00Z", "0946684800"),
    ("2001-09-09T01:46:39.999Z", "0999999999"),
    ("2038-01-19T03:14:08Z", "2147483648"),
    ("2285-12-31T23:00:00Z", "9972025200"),
]


@pytest.mark.parametrize(("at", "seconds"), MOMENTS)
async def test_a_payment_is_created_paid_and_granted(tmp_path, at, seconds):
    async with run(Options(data_dir=tmp_path, port=0, service_port=0)) as stack:
        key = {"authorization": f"Bearer {stack.api_key}"}
        async with (
            httpx.AsyncClient(base_url=f"{stack.bakong_url}/sandbox/worlds/default", trust_env=False) as hand,
            httpx.AsyncClient(base_url=stack.service_url, trust_env=False, headers=key) as client,
        ):
            assert (await hand.put("/clock", json={"mode": "frozen", "at": at})).status_code == 200
            created = await client.post("/api/payments/create", json=ORDER)
            assert created.status_code == 200, created.text
            payment = created.json()["data"]
            assert payment["billNumber"].startswith(f"DT-{seconds}-")
            assert khqr.verify(payment["qrCode"], now=stack.worlds.default.clock.now_ms())
            assert (await hand.post("/payments", json={"qr": payment["qrCode"]})).json()["status"] == "paid"
            assert (await hand.post("/clock/advance", json={"seconds": 60})).status_code == 200
            status = (await client.get(f"/api/payments/status/{payment['md5Hash']}")).json()["data"]
            assert (status["status"], (await client.get("/api/health")).status_code) == ("PAID", 200)
