"""`drift`: a recording of the simulator is the simulator again, and every other Bakong is told apart in plain words."""

import json
import subprocess

import httpx
import pytest
from rich.console import Console

from bakong_conformance.bakong.subject import code
from bakong_conformance.cassettes import Answer, Masker, Recorder, Targets, cassette_of, read, write
from bakong_conformance.cassettes.taking import private_values
from bakong_conformance.engine import Options
from bakong_conformance.rules import Verdict
from bakong_sandbox.cli.drift import compare
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_scenarios import State
from bakong_schemes.bakong.fake.limits import Limits
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import PROFILES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests import preloaded
from tests.bridge import Bridge
from tests.conftest import NOW_MS
from tests.mutants.bakong import wrap

ACCOUNT = "chan.sokha@aclb"


def simulator(profile="current"):
    """A world with a paid, a failed and a static payment and an account; and what to ask about."""
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    world = worlds.default
    world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    world.state(BAKONG).profile = PROFILES[profile]
    paid, failed, static = code(), code(bill="INV-2"), code(amount=None)
    world.pay(BAKONG, scan(paid.qr))
    world.pay(BAKONG, scan(failed.qr), outcome=State.FAILED)
    world.pay(BAKONG, scan(static.qr), minor=400)
    world.ledger.open(ACCOUNT)
    hashes = tuple(kept.rows[0].hash for kept in world.state(BAKONG).receipts.values())[:2]
    targets = Targets(md5s=(paid.md5, failed.md5, static.md5), hashes=hashes, accounts=(ACCOUNT,))
    return worlds, targets


def record(worlds, targets=None, *, bugs=(), token=None, budget=50):
    targets, token = targets or Targets(), token or worlds.default.state(BAKONG).registrations.issue()
    app = wrap(simulator_app.build(worlds), bugs) if bugs else simulator_app.build(worlds)
    recorder = Recorder(httpx.Client(base_url="http://bakong.test", transport=Bridge(app)), token, budget)
    recorder.record(targets)
    masker = Masker(b"a salt for tests", private_values(token, targets))
    return cassette_of(recorder.takes, masker, base_url="http://bakong.test", recorded="2026-02-11", budget=budget)


def drift(cassette, profile="current"):
    """What differs, by situation."""
    report = compare(cassette, profile, Options(seed=1), Console(quiet=True))
    return {
        outcome.rule.id.removeprefix("drift."): outcome.reason
        for outcome in report.outcomes
        if outcome.verdict is not Verdict.HOLDS
    }


@pytest.fixture(scope="module")
def cassettes():
    return {profile: record(*simulator(profile)) for profile in PROFILES if profile != "relay"}


# A relay answers in another form, of which one library knows: it is not what recordings are for.
@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "relay"])
def test_a_recording_of_a_profile_is_that_profile(cassettes, profile):
    assert len(cassettes[profile].exchanges) == 30
    assert drift(cassettes[profile], profile) == {}


def test_another_profile_is_told_by_what_it_disputes(cassettes):
    found = drift(cassettes["prod"], "current")
    assert set(found) == {"list-of-the-md5s", "list-of-unknown-md5s"}
    assert found["list-of-unknown-md5s"] == (
        "HTTP status: recorded 403, the simulator: 200; "
        "header content-type: recorded text/html, the simulator: application/json; charset=utf-8; "
        "body: recorded a page of nginx, '403 Forbidden', the simulator: JSON"
    )
    found = drift(cassettes["doc-1.0.2"], "current")
    assert found["md5-1"] == ("responseMessage: recorded 'Getting transaction successfully.', the simulator: 'Success'")
    assert found["md5-3"].startswith("responseMessage: recorded 'Sorry, the system does not support static QR code.'")
    assert found["unknown-account-no-token"].startswith("HTTP status: recorded 401, the simulator: 200")
    assert drift(cassettes["current"], "sit") == {}  # they differ in the host of deep links, which no one records


# A wrong Bakong, the situation that shows it, and the words.
WRONG = {
    "not-found-404": ("unknown-md5", "HTTP status: recorded 404, the simulator: 200"),
    "no-data-key": ("unknown-md5", "data: recorded has no such key, the simulator: has the key (null)"),
    "extra-key": ("unknown-md5", "timestamp: recorded has the key (2), the simulator: has no such key"),
    "codes-as-text": ("unknown-md5", "responseCode: recorded '1', a text, the simulator: 1, a whole number"),
    "not-found-code": ("unknown-md5", "errorCode: recorded 14, the simulator: 1"),
    "html-type": (
        "unknown-md5",
        "header content-type: recorded text/html, the simulator: application/json; charset=utf-8",
    ),
    "expired-200": ("cut-token", "HTTP status: recorded 200, the simulator: 401"),
    "no-external-ref": ("md5-1", "data.externalRef: recorded has no such key"),
    "amount-as-text": ("md5-1", "a text, the simulator: 0.09, a number with a point"),
    "times-in-seconds": ("md5-1", "epoch seconds, the simulator: 1770768000000, epoch milliseconds, whole seconds"),
    "times-as-floats": ("md5-1", "a number with a point, the simulator: 1770768000000, a whole number"),
    "acknowledged-first": (
        "md5-1",
        "data.acknowledgedDateMs: recorded before createdDateMs, the simulator: at or after createdDateMs",
    ),
    "hash-upper": ("md5-1", "64 hex digits, capitals among them, the simulator"),
    "list-unordered": ("list-of-unknown-md5s", "order of data: recorded rows 3, 2, 1, 4, the simulator: as asked"),
    "list-without-repeats": ("list-of-unknown-md5s", "data: recorded 3 rows, the simulator: 4 rows"),
}


@pytest.mark.parametrize("bug", WRONG)
def test_a_wrong_bakong_is_named_in_plain_words(bug):
    situation, words = WRONG[bug]
    worlds, targets = simulator()
    is_paid = situation.startswith("md5")
    found = drift(record(worlds, targets if is_paid else None, bugs=[bug], budget=2 if is_paid else 10))
    assert words in found[situation], found[situation]


def test_a_bad_token_is_a_situation_and_no_difference():
    worlds, _ = simulator()
    cassette = record(worlds, token="x" * 172)
    assert {one.answer.status for one in cassette.exchanges if one.request.endpoint.endswith("md5")} == {401}
    assert drift(cassette) == {}


def test_from_abroad_and_with_the_day_spent_the_simulator_answers_the_same():
    for limits in (Limits(geo_block=True), Limits(quota=0), Limits(calls_per_minute=0)):
        worlds, targets = simulator()
        worlds.default.state(BAKONG).limits = limits
        assert drift(record(worlds, targets)) == {}


def test_an_outage_and_silence_are_not_compared_and_said_so(cassettes):
    first, second, *others = cassettes["current"].exchanges
    outage = first.model_copy(update={"answer": Answer(status=503, text="<html>Service Unavailable</html>")})
    silent = second.model_copy(update={"answer": None, "silence": "timed out"})
    cassette = cassettes["current"].model_copy(update={"exchanges": [outage, silent, *others]})
    assert drift(cassette) == {
        "md5-1": "the recording met an outage: HTTP 503",
        "md5-2": "the recording got no answer: timed out",
    }


def test_the_command_tells_by_its_exit_code_and_writes_reports(tmp_path, cassettes):
    def run(*arguments):
        return subprocess.run(
            [preloaded.program(), "drift", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    (tmp_path / "c.yaml").write_text(write(cassettes["prod"]))
    assert run("c.yaml", "--profile", "prod").returncode == 0
    differs = run("c.yaml", "--json", "d.json", "--junit", "d.xml")
    assert differs.returncode == 1
    assert "list of unknown md5s" in differs.stdout
    told = json.loads((tmp_path / "d.json").read_text())
    assert [row["id"] for row in told["rules"] if row["verdict"] == "broken"] == [
        "drift.list-of-the-md5s",
        "drift.list-of-unknown-md5s",
    ]
    assert 'failures="2"' in (tmp_path / "d.xml").read_text()
    again = next(line for line in differs.stdout.splitlines() if line.startswith("Again: ")).split()[3:]
    assert run(*again).returncode == 1
    missing = run("nothing.yaml")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert run("c.yaml", "--profile", "new").returncode == 2
    assert read(tmp_path / "c.yaml") == cassettes["prod"]
