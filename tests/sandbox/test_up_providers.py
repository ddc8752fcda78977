"""`up --providers bkash,nagad`: the service pays jobs by the fakes of the same process, for people with test tokens."""

import httpx
import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli.program import app
from bakong_sandbox.stack.care_tokens import care_token
from bakong_sandbox.stack.datadir import load_secrets
from bakong_sandbox.stack.launcher import sandbox
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.wall_clock import wall_ms
from tests import secrecy

SECRET = "sandbox_jwt_of_a_platform_0123456789_0123456789_0123456789_0123456789"
JOB = {
    "packageName": "Night care",
    "guardian": {"id": "g", "fullName": "Ayesha Rahman"},
    "caregiver": {"id": "c", "fullName": "Rina Das"},
    "agency": {"id": "a", "companyName": "Shurjo Care"},
}
ENDS = {
    "bkash": ("execute", "paymentID", {"callbackUrl": "https://care.example/back"}),
    "nagad": ("verify", "paymentReferenceId", {}),
}
secrecy.issue(SECRET)


def issued(folder, user, role):
    """A token by the command, in this process."""
    words = ["service", "test-token", "--user", user, "--role", role, "--data-dir", str(folder)]
    return CliRunner().invoke(app, words)


class Platform:
    """Calls of a care platform, by the role that a token has."""

    def __init__(self, client, stack, folder):
        self.client, self.stack = client, stack
        self.tokens = {
            role: issued(folder, user, role).stdout.strip()
            for role, user in (("GUARDIAN", "g"), ("PLATFORM_ADMIN", "admin"))
        }

    async def call(self, role, method, path, body=None, status=200):
        headers = {"authorization": f"Bearer {self.tokens[role]}"}
        answer = await self.client.request(method, self.stack.service_url + path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]

    async def paid(self, scheme):
        await self.call("PLATFORM_ADMIN", "PUT", f"/api/jobs/{scheme}", JOB)
        order = {"jobId": scheme, "amount": 15000.00, "method": scheme.upper(), "currency": "BDT"}
        payment = await self.call("GUARDIAN", "POST", "/api/payments", order, status=201)
        end, field, more = ENDS[scheme]
        asked = {"paymentId": payment["id"], "amount": 15000.00} | more
        reference = (await self.call("GUARDIAN", "POST", f"/api/payments/{scheme}/create", asked))[field]
        path = f"/sandbox/worlds/default/{scheme}/payments/{reference}/approve"
        assert (await self.client.post(self.stack.bakong_url + path, json={})).status_code == 200
        done = {"paymentId": payment["id"], field: reference}
        concluded = await self.call("GUARDIAN", "POST", f"/api/payments/{scheme}/{end}", done)
        assert concluded["status"] == "COMPLETED"
        return payment


async def test_a_job_is_paid_by_the_fakes_of_the_same_sandbox_and_refunded(tmp_path):
    options = Options(data_dir=tmp_path, port=0, service_port=0, providers=("bkash", "nagad"))
    async with run(options) as stack, httpx.AsyncClient(trust_env=False, timeout=60) as client:
        platform = Platform(client, stack, tmp_path)
        for scheme in stack.providers:
            payment = await platform.paid(scheme)
            path = f"/api/payments/{payment['id']}"
            await platform.call("PLATFORM_ADMIN", "POST", f"{path}/refund", {"reason": "x"}, status=201)
            await stack.worlds.default.clock.advance(1_000)
            seen = await platform.call("GUARDIAN", "GET", path)
            assert (seen["status"], seen["escrow"]["status"]) == ("REFUNDED", "REFUNDED")


def test_the_providers_and_the_secret_can_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("BAKONG_SANDBOX_PROVIDERS", "nagad")
    monkeypatch.setenv("BAKONG_SANDBOX_JWT_SECRET", SECRET)
    with sandbox(tmp_path) as (ready, _):
        assert ready["providers"] == ["nagad"]
        headers = {"authorization": f"Bearer {care_token(SECRET, 'g', 'GUARDIAN', wall_ms())}"}
        answer = httpx.get(f"{ready['service_url']}/api/payments", headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        body = {"jobId": "j1", "amount": 10, "method": "BKASH", "currency": "BDT"}
        refused = httpx.post(f"{ready['service_url']}/api/payments", json=body, headers=headers, trust_env=False)
        assert (refused.status_code, refused.json()["code"]) == (422, "method_not_supported")
    assert load_secrets(tmp_path).jwt_secret == SECRET


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--providers", "bkash,rocket"), "--providers: read 'rocket', expected one of promptpay, omise, bkash, nagad"),
        (("--jwt-secret", "too short"), "--jwt-secret: read 9 characters, expected at least 64"),
    ],
)
def test_what_cannot_be_started_is_said_in_one_line(words, said, tmp_path):
    ended = CliRunner().invoke(app, ["up", "--port", "0", "--service-port", "0", "--data-dir", str(tmp_path), *words])
    assert ended.exit_code == 2
    assert said in ended.stderr


@pytest.mark.parametrize(("role", "said"), [("GUARDIAN", "--providers"), ("CLERK", "--role")])
def test_a_token_that_cannot_be_signed_is_said(role, said, tmp_path):
    (tmp_path / "sandbox-secrets.json").write_text(
        '{"api_key": "", "webhook_secret": "", "encryption_key": "", "jwt_secret": "%s"}'
        % ("" if role == "GUARDIAN" else SECRET)
    )
    ended = issued(tmp_path, "g", role)
    assert ended.exit_code == 2
    assert said in ended.stderr
