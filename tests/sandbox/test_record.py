"""`record` and its proxy as a user starts them, and a recording held to the rules of `verify bakong`."""

import asyncio
import re
import signal
import subprocess

import httpx
import pytest

from bakong_conformance.bakong import SUITE, Bakong
from bakong_conformance.bakong.subject import code
from bakong_conformance.cassettes import Player, Targets, read, write
from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from bakong_sandbox.cli.record import masked
from bakong_sandbox.devkit.recording.proxy import Proxy
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app as simulator_app
from tests import preloaded
from tests.mutants.serving import Loop
from tests.sandbox.test_drift import drift, record, simulator

PAID = ("bakong.found", "bakong.found.keys", "bakong.found.types", "bakong.found.times", "bakong.found.hash")


def judged(cassette, profile="current"):
    player = Player(cassette)
    bakong = Bakong("http://cassette", "the-token-of-the-recording", profile=profile, cassette=player)
    bakong.paid_md5 = player.paid_md5
    report = run(SUITE, bakong, Options(seed=1))
    return {outcome.rule.id: outcome for outcome in report.outcomes}


@pytest.mark.parametrize("profile", ["current", "prod"])
def test_a_recording_is_held_to_the_rules_that_it_has_answers_for(profile):
    found = judged(record(*simulator(profile)), profile)
    broken = [(rule, outcome.reason) for rule, outcome in found.items() if outcome.verdict is Verdict.BROKEN]
    assert broken == []
    held = {rule for rule, outcome in found.items() if outcome.verdict is Verdict.HOLDS}
    assert held >= {*PAID, "bakong.not-found.status", "bakong.envelope.keys", "bakong.messages", "bakong.account"}
    assert held >= {"bakong.token.missing", "bakong.token.wrong", "bakong.token.form", "bakong.bodies.hostile"}
    assert found["bakong.quota"].reason == "it needs a fake: give --control"


def test_what_the_recording_lacks_is_not_checked_and_named():
    found = judged(record(simulator()[0], budget=1))
    assert found["bakong.not-found.status"].verdict is Verdict.HOLDS
    lacking = found["bakong.token.missing"]
    assert lacking.verdict is Verdict.NOT_CHECKED
    assert lacking.reason.startswith("the cassette holds no answer to POST /v1/check_transaction_by_md5")


def test_a_recording_of_a_wrong_bakong_breaks_the_rule():
    worlds, targets = simulator()
    found = judged(record(worlds, targets, bugs=["times-in-seconds"]))
    assert found["bakong.found.times"].verdict is Verdict.BROKEN


async def proxied(worlds, calls, *, budget=20):
    """The proxy after these calls, and what each of them got."""
    upstream = httpx.AsyncClient(
        base_url="http://real.test/", transport=httpx.ASGITransport(simulator_app.build(worlds))
    )
    proxy = Proxy(upstream, budget)
    async with httpx.AsyncClient(base_url="http://proxy.test", transport=httpx.ASGITransport(proxy)) as team:
        answers = [await call(team) for call in calls]
    return proxy, answers


async def test_a_teams_own_calls_go_through_the_proxy_and_come_back_as_they_are():
    worlds, targets = simulator("sit")
    token = worlds.default.state(BAKONG).registrations.issue()
    headers = {"authorization": f"Bearer {token}"}
    shown = code(bill="INV-9")
    calls = [
        lambda team: team.post("/v1/generate_deeplink_by_qr", json={"qr": shown.qr}),
        lambda team: team.post("/v1/check_transaction_by_md5", json={"md5": shown.md5}, headers=headers),
        lambda team: team.post("/v1/check_transaction_by_md5", json={"md5": targets.md5s[0]}, headers=headers),
        lambda team: team.post("/v1/renew_token", json={"email": EMAIL}),
        lambda team: team.get("/v1/check_transaction_by_md5"),
    ]
    proxy, answers = await proxied(worlds, calls)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 405]
    assert answers[2].json()["data"]["toAccountId"] == "sokha@devb"
    cassette = masked(proxy.takes, proxy.tokens, Targets(), base_url="http://real.test", budget=20)
    text = write(cassette)
    for private in (token, EMAIL, shown.md5, targets.md5s[0], "sokha", answers[3].json()["data"]["token"]):
        assert private not in text
    assert await asyncio.to_thread(drift, cassette, "sit") == {}
    other = (await asyncio.to_thread(drift, cassette))["call-1"]
    assert re.fullmatch(
        r"data.shortLink: recorded '\S+', a link https://bakongsit.page.link/ and 17 characters, "
        r"the simulator: '\S+', a link https://bakong.page.link/ and 17 characters",
        other,
    )


async def test_the_proxy_forwards_nothing_past_its_budget():
    worlds, _ = simulator()
    call = lambda team: team.post("/v1/check_bakong_account", json={"accountId": "a@b"})  # noqa: E731
    proxy, answers = await proxied(worlds, [call] * 5, budget=2)
    assert [answer.status_code for answer in answers] == [200, 200, 503, 503, 503]
    assert "the budget of 2 calls is spent" in answers[2].json()["responseMessage"]
    assert (len(proxy.takes), len(list(worlds.default.journal.entries))) == (2, 2)


async def test_the_proxy_says_that_bakong_gave_no_answer():
    def silent(request):
        raise httpx.ConnectTimeout("nobody", request=request)

    proxy = Proxy(httpx.AsyncClient(base_url="http://real.test/", transport=httpx.MockTransport(silent)), 5)
    async with httpx.AsyncClient(base_url="http://proxy.test", transport=httpx.ASGITransport(proxy)) as team:
        assert (await team.post("/v1/renew_token", json={})).status_code == 504
    assert proxy.takes[0].silence == "timed out"


def test_the_commands_record_verify_and_listen(tmp_path):
    worlds, targets = simulator()
    token = worlds.default.state(BAKONG).registrations.issue()
    loop = Loop()

    def cli(*arguments):
        return subprocess.run(
            [preloaded.program(), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    with loop.serving(simulator_app.build(worlds)) as url:
        (tmp_path / "ask.yaml").write_text(f"accounts: [chan.sokha@aclb]\nmd5s: ['{targets.md5s[0]}']\n")
        told = cli("record", "--base-url", url, "--token", token, "--ask", "ask.yaml", "--budget", "9")
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
        assert "9 of 9 calls; kept in cassette.yaml" in told.stdout
        assert "not asked: missing field: the budget of 9 calls is spent" in told.stdout
        assert read(tmp_path / "cassette.yaml").spent == 9
        assert cli("verify", "bakong", "--cassette", "cassette.yaml").returncode == 0

        command = [preloaded.program(), "record", "--base-url", url, "--listen", "0", "--out", "own.yaml"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            at = re.search(r"at (http://\S+),", process.stdout.readline())[1]
            body = {"accountId": "chan.sokha@aclb"}
            assert httpx.post(f"{at}/v1/check_bakong_account", json=body, trust_env=False).json()["responseCode"] == 0
            process.send_signal(signal.SIGINT)
            assert "call 1: check_bakong_account: 200" in process.stdout.read()
    loop.close()
    assert "chan.sokha" not in (tmp_path / "own.yaml").read_text()
    assert cli("drift", "own.yaml").returncode == 0
    nobody = cli("record", "--base-url", "http://127.0.0.1:9", "--token", "t")
    assert (nobody.returncode, nobody.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "nothing.yaml").exists()
    assert cli("record", "--base-url", "http://127.0.0.1:9").stderr.startswith("bakong-sandbox: give --token")
