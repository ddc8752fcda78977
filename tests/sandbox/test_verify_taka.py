"""`verify bkash`, `verify nagad` and escrow of `verify service` as a user starts them; ours, once they are there."""

import importlib.util
import json
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakong_conformance.bkash import SUITE as BKASH
from bakong_conformance.engine import Options, run
from bakong_conformance.nagad import SUITE as NAGAD
from bakong_conformance.rules import Verdict
from bakong_conformance.service import load
from bakong_conformance.service.taka_providers import StandIns
from bakong_conformance.stand_ins import keys
from bakong_conformance.stand_ins.wire import Server, json_reply
from bakong_sandbox.cli.program import app
from bakong_sandbox.devkit import taka_subjects
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.inside import FrozenWorld
from tests.mutants.serving import Loop

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "tests/mutants/escrow_shop.yaml"
OURS = ROOT / "docs/examples/service/escrow.yaml"
FAST = ("--seed", "1", "--profile", "quick")
NOTHING = dict.fromkeys(
    "base_url v2_url username password app_key app_secret pin otp merchant private_key public_key".split(), ""
)
MONEY = ("bkash.paid", "bkash.lost-answer", "nagad.late", "release.shares", "refund.lost-answer", "hook.alone", "books")


def is_there(module):
    """Whether other rooms have built it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def needs(module):
    return pytest.mark.skipif(not is_there(module), reason=f"{module} is not built yet")


def verify(*words, **environment):
    """Exit code, stdout and stderr of a run in this process."""
    ended = CliRunner().invoke(app, ["verify", *map(str, words)], env=environment)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def rows_of(folder):
    return {row["id"]: row for row in json.loads((folder / "v.json").read_text())["rules"]}


@contextmanager
def stand_ins_on_a_port():
    """Both stand-ins, with the few routes of a sandbox's worlds that `--control` needs."""
    world = FrozenWorld()
    both = StandIns(world.now_ms)

    def answer(call):
        if call.path.endswith("/clock/advance"):
            world.advance(None, json.loads(call.body)["seconds"])
        if call.path.endswith(("/clock", "/clock/advance")):
            return json_reply({"now_ms": world.now_ms()})
        if call.path == "/sandbox/worlds":
            return json_reply({"world": "default", "token": "", "base_url": ""})
        if call.path.endswith("/nagad") or "/nagad/" in call.path:
            return both.nagad.serve(call)
        return both.bkash.serve(call)

    server = Server(answer)
    url = server.start()
    both.bkash.origin = both.nagad.origin = url
    try:
        yield url, both
    finally:
        server.stop()


@pytest.mark.parametrize(("name", "rules"), [("bkash", 55), ("nagad", 38)])
def test_a_server_of_a_fake_is_held_to_the_pages(name, rules, tmp_path):
    with stand_ins_on_a_port() as (url, _):
        code, out, err = verify(name, "--control", url, "--seed", "1", "--json", tmp_path / "v.json")
    assert (code, err) == (0, ""), out
    rows = rows_of(tmp_path).values()
    assert {row["verdict"] for row in rows} <= {"holds", "not checked"}
    assert sum(row["verdict"] == "holds" for row in rows) >= rules
    assert all(row["source"] and row["severity"] in ("critical", "major", "minor") for row in rows)


def test_a_bkash_without_a_control_api_is_approved_by_its_page(tmp_path):
    with stand_ins_on_a_port() as (url, both):
        mine = both.bkash.credentials
        secrets = {"BKASH_USERNAME": mine["username"], "BKASH_PASSWORD": mine["password"]}
        secrets |= {"BKASH_APP_KEY": mine["appKey"], "BKASH_APP_SECRET": mine["appSecret"]}
        asked = ("--only", "bkash.execute.s*", "--only", "bkash.query.*", "--json", tmp_path / "v.json")
        code, out, err = verify("bkash", "--base-url", f"{url}/bkash/v1.2.0-beta", *asked, **secrets)
    assert (code, err) == (0, ""), out
    rows = rows_of(tmp_path)
    assert rows["bkash.execute.shape"]["verdict"] == rows["bkash.query.shape"]["verdict"] == "holds"
    assert "--control" in rows["bkash.query.life"]["reason"]
    replays = {row["replay"] for row in rows.values()}
    assert not any(secret in replay for replay in replays for secret in (mine["password"], mine["appSecret"]))


def test_a_nagad_without_a_control_api_is_paid_at_its_page(tmp_path):
    (tmp_path / "mine.key").write_text(keys.MERCHANT_PRIVATE)
    pem = f"-----BEGIN PUBLIC KEY-----\n{keys.NAGAD_PUBLIC}\n-----END PUBLIC KEY-----\n"
    (tmp_path / "nagad.pem").write_text(pem)
    with stand_ins_on_a_port() as (url, _):
        where = ("--base-url", f"{url}/nagad/api/dfs", "--merchant", "683099000000001")
        given = ("--private-key", tmp_path / "mine.key", "--public-key", tmp_path / "nagad.pem")
        code, out, err = verify("nagad", *where, *given, "--only", "nagad.verify.shape", "--only", "nagad.refund.s*")
    assert (code, err) == (0, ""), out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bkash",), "give --control"),
        (("nagad",), "give --control"),
        (("bkash", "--control", "http://127.0.0.1:9"), "makes no world"),
        (("nagad", "--control", "http://127.0.0.1:9"), "makes no world"),
        (("nagad", "--base-url", "x", "--merchant", "1", "--private-key", "no", "--public-key", "no"), "no: No such"),
    ],
)
def test_what_cannot_run_is_said(words, said):
    code, _, err = verify(*words)
    assert code == 2
    assert said in err


def test_an_escrow_service_in_a_process_of_its_own_is_held_to_the_laws(tmp_path):
    rules = [word for rule in MONEY for word in ("--only", f"service.escrow.{rule}")]
    asked = ("service", "--config", SHOP, *FAST, *rules, "--json", tmp_path / "v.json")
    code, out, err = verify(*asked, PYTHONPATH=str(ROOT))
    assert (code, err) == (0, ""), out
    verdicts = {name: row["verdict"] for name, row in rows_of(tmp_path).items()}
    assert verdicts == {f"service.escrow.{rule}": "holds" for rule in MONEY}


def test_a_faulty_escrow_service_is_named_with_its_severity(tmp_path):
    asked = ("--only", "service.escrow.bkash.lost-answer", "--json", tmp_path / "v.json", "--html", tmp_path / "v.html")
    code, out, _ = verify("service", "--config", SHOP, *FAST, *asked, BUGS="timeout-fails", PYTHONPATH=str(ROOT))
    assert code == 1, out
    assert "a payment whose execute has no answer is failed" in out
    (row,) = rows_of(tmp_path).values()
    assert (row["severity"], row["source"]) == ("critical", "section 4, law 11")
    assert "section 4, law 11; critical" in (tmp_path / "v.html").read_text()


def test_the_example_of_our_own_escrow_can_be_read():
    config = load(OURS)
    assert set(config.escrow.operations) >= {"create", "get", "list", "refund", "refunds", "release"}
    assert config.escrow.webhook


def test_a_mapping_of_escrow_names_all_its_mistakes_with_their_lines(tmp_path):
    text = OURS.read_text()
    for old, new in (
        ("    held: [HELD]", "    hold: [HELD]"),
        ("    make_job:", "    made_job:"),
        ("late: refund", "late: no"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "mine.yaml").write_text(text)
    code, _, err = verify("service", "--config", tmp_path / "mine.yaml")
    assert code == 2
    for words in ("escrow.escrow_states.hold", "there are no operations ['made_job']", "escrow.late"):
        assert words in err, err


OWN = ("create.works", "bkash.paid", "bkash.race", "nagad.late", "release.shares", "refund.race", "read.unknown")


def held_by_ours(folder, rules, profile="quick"):
    """The verdicts on our own escrow, in a sandbox with its fakes; none is broken."""
    words = [word for rule in rules for word in ("--only", f"service.escrow.{rule}")]
    asked = ("--seed", "1", "--profile", profile, *words, "--json", folder / "v.json")
    code, out, err = verify("service", "--config", OURS, *asked)
    assert (code, err) == (0, ""), out
    return {name.removeprefix("service.escrow."): row["verdict"] for name, row in rows_of(folder).items()}


def test_our_own_escrow_keeps_the_money_together(tmp_path):
    assert held_by_ours(tmp_path, OWN) == dict.fromkeys(OWN, "holds")


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("profile", ["quick", "ci"])
def test_our_own_escrow_holds(tmp_path, profile):
    verdicts = held_by_ours(tmp_path, ("*",), profile)
    assert sum(verdict == "holds" for verdict in verdicts.values()) >= 95, verdicts


@pytest.fixture(scope="module")
def simulator():
    """Our simulator on a port, with all schemes that there are."""
    loop = Loop()

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    with loop.serving(loop.call(made())) as url:
        yield url
    loop.close()


def broken(suite, subject):
    report = run(suite, subject, Options(seed=1))
    assert report.by(Verdict.HOLDS)
    return [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)]


@needs("bakong_schemes.bkash.fake")
def test_our_own_bkash_holds(simulator):
    with taka_subjects.bkash(NOTHING, control=simulator, run="1") as server:
        assert broken(BKASH, server) == []


@needs("bakong_schemes.nagad.fake")
def test_our_own_nagad_holds(simulator):
    with taka_subjects.nagad(NOTHING, control=simulator, run="1", wall_ms=lambda: 0) as server:
        assert broken(NAGAD, server) == []
