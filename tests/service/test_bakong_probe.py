"""What check-config says of Bakong: whether it is reached from here, whether it takes the token; what that spends."""

import base64
import contextlib
import json
import sqlite3

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.adapter.probe import expiry_ms, probe
from tests import secrecy
from tests.conftest import NOW_MS
from tests.service.processes import command, environment

DAY_MS = 86_400_000
TOKEN = "a-token"
REFUSED = httpx.Response(401, json={"responseCode": 1, "errorCode": 6, "data": None})
UNPAID = httpx.Response(200, json={"responseCode": 1, "errorCode": 1, "data": None})
SPENT = httpx.Response(200, json={"responseCode": 1, "errorCode": 17, "data": None})
BLOCKED = httpx.Response(403, html="<html><h1>403 Forbidden</h1></html>")


def jwt(ends_ms):
    payload = base64.urlsafe_b64encode(json.dumps({"exp": ends_ms // 1000}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


async def probed(without, with_token=None, *, token=TOKEN, asks=True):
    """The lines, and which requests went out: None for one without a token."""
    sent = []

    def answer(request):
        sent.append(request.headers.get("authorization"))
        reply = without if sent[-1] is None else with_token
        if isinstance(reply, Exception):
            raise reply
        return reply

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://bakong") as client:
        parts = await probe(HttpBakong(client, token, None, now_ms=lambda: NOW_MS), token, NOW_MS, asks=asks)
    return [(str(part), part.good) for part in parts], sent


@pytest.mark.parametrize(
    ("without", "line"),
    [
        (
            httpx.ConnectError("x"),
            "bakong: does not answer (ConnectError): check the address, DNS, the proxy and the firewall",
        ),
        (httpx.ReadTimeout("x"), "bakong: does not answer in BAKONG_TIMEOUT_MS"),
        (BLOCKED, "bakong: answers 403 before it reads the token: it takes calls from addresses in Cambodia only"),
        (
            httpx.Response(404, text="nginx"),
            "bakong: answers what is not its API (HTTP 404, no envelope): is BAKONG_BASE_URL the right one?",
        ),
    ],
    ids=["no connection", "no answer in time", "another country", "another host"],
)
async def test_a_bakong_that_is_not_reached_is_not_asked_about_the_token(without, line):
    assert await probed(without) == ([(line, False)], [None])


@pytest.mark.parametrize(
    ("with_token", "line", "good"),
    [
        (UNPAID, "token: good", True),
        (SPENT, "token: good; today's calls are spent", True),
        (REFUSED, "token: Bakong refuses it: put a new one into BAKONG_DEVELOPER_TOKEN", False),
        (httpx.Response(503, text=""), "token: no answer: garbage HTTP 503, no envelope", False),
    ],
    ids=["taken", "spent", "refused", "no answer"],
)
async def test_the_token_is_asked_about_with_one_call(with_token, line, good):
    lines, sent = await probed(REFUSED, with_token)
    assert lines == [("bakong: answers", True), (line, good)]
    assert sent == [None, f"Bearer {TOKEN}"]


async def test_a_token_that_has_ended_is_known_without_a_call_and_so_is_when_a_good_one_ends():
    ended = jwt(NOW_MS - 1_000)
    lines, sent = await probed(REFUSED, token=ended)
    assert (lines[1][0].startswith("token: ended 2026-"), lines[1][1], sent) == (True, False, [None])
    good = jwt(NOW_MS + 80 * DAY_MS)
    lines, sent = await probed(REFUSED, token=good, asks=False)
    assert (lines[1][0], sent) == (
        "token: Bakong is not asked about it, until 2026-05-02T00:00:00.000Z (80 days)",
        [None],
    )
    lines, sent = await probed(REFUSED, UNPAID, token=good)
    assert lines[1] == ("token: good, until 2026-05-02T00:00:00.000Z (80 days)", True)


@pytest.mark.parametrize("token", ["", "a-token", "a.b.c", "a.bnVsbA.c", "eyJ.e30.x"])
def test_what_is_no_jwt_says_no_end(token):
    assert expiry_ms(token) is None


async def test_the_command_asks_the_bakong_of_the_settings_and_counts_the_call(tmp_path):
    async with run(Options(data_dir=tmp_path / "sandbox", port=0, service_port=None)) as stack:
        secrecy.issue(stack.token)
        env = environment(
            tmp_path, SERVICE_MODE="sandbox", BAKONG_BASE_URL=stack.bakong_url, BAKONG_DEVELOPER_TOKEN=stack.token
        )
        await command("migrate", env=env)
        code, out, err = await command("check-config", env=env)
        assert (code, err) == (0, "")
        assert out.splitlines()[-2] == "bakong: answers"
        assert out.splitlines()[-1].startswith("token: good, until ")
        code, out, _ = await command("check-config", env=env | {"BAKONG_DEVELOPER_TOKEN": "wrong-" + "x" * 40})
        assert (code, out.splitlines()[-1].partition(":")[2]) == (
            1,
            " Bakong refuses it: put a new one into BAKONG_DEVELOPER_TOKEN",
        )
    with contextlib.closing(sqlite3.connect(tmp_path / "service.db")) as database:
        assert database.execute("SELECT calls FROM provider_calls").fetchall() == [(2,)]
