"""`verify service` and `verify bakong` as a user starts them: on ours, on the Node example, and on what cannot run."""

import asyncio
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from bakong_conformance.service import load
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests import preloaded
from tests.conftest import NOW_MS
from tests.mutants.bakong import wrap
from tests.mutants.serving import Loop

ROOT = Path(__file__).parents[2]
OURS = ROOT / "docs/examples/service/ours.yaml"
NODE = ROOT / "docs/examples/node/verify.yaml"
THAI = ROOT / "tests/mutants/thai_shop.yaml"
OUR_ORDERS = ROOT / "docs/examples/service/orders.yaml"
OURS_IN_BAHT = ROOT / "docs/examples/service/thai.yaml"
FAST = ("--seed", "1", "--profile", "quick")
QUICK = ("service.create.*", "service.mismatch.*", "service.webhook.signed", "service.granted.once", "service.key.*")


def verify(*arguments, cwd, environment=None):
    done = subprocess.run(
        [preloaded.program(), "verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return done.returncode, done.stdout, done.stderr


def only(*rules):
    return [word for rule in rules for word in ("--only", rule)]


AFTER_TROUBLE = ("service.outage.storm", "service.monitor.paid")  # the second met a Bakong that was left alone


@pytest.mark.timeout(600)
def test_our_own_service_holds(tmp_path):
    code, out, err = verify("service", "--config", OURS, *FAST, *only(*QUICK, *AFTER_TROUBLE), cwd=tmp_path)
    assert (code, err) == (0, ""), out


# Every rule takes the example a minute: here those that answer first, and all of them as a campaign.
NODES = (*QUICK, "service.upgrade.price")


@pytest.mark.parametrize("rules", [NODES, pytest.param(("*",), marks=pytest.mark.campaign)], ids=["quick", "every"])
def test_a_service_in_another_language_holds(tmp_path, require, rules):
    require("node")
    asked = ("service", "--config", NODE, *FAST, *only(*rules), "--json", "v.json")
    code, out, err = verify(*asked, cwd=tmp_path)
    assert (code, err) == (0, ""), out
    rows = json.loads((tmp_path / "v.json").read_text())["rules"]
    unmapped = [row["reason"] for row in rows if row["id"] == "service.upgrade.price"]
    assert unmapped == ["the configuration maps no operation 'upgrade'"]


def held(folder, config, *rules):
    """The verdicts of a run over one of our own configurations that starts our program."""
    path = f"{preloaded.program().parent}{os.pathsep}{os.environ['PATH']}"
    asked = ("service", "--config", config, *FAST, *only(*rules), "--json", "v.json")
    code, out, err = verify(*asked, cwd=folder, environment={"PATH": path})
    assert (code, err) == (0, ""), out
    return {name: row["verdict"] for name, row in outcomes(folder).items()}


@pytest.mark.parametrize(
    ("config", "rules"),
    [
        (OUR_ORDERS, ("tax.group", "tax.shares", "order.mismatch", "order.late", "order.paid-twice", "order.key.race")),
        (OURS_IN_BAHT, ("tax.vat", "inbound.forged", "inbound.same-id", "inbound.rotation", "inbound.several")),
    ],
)
def test_our_own_orders_hold(tmp_path, config, rules):
    named = [f"service.{rule}" for rule in rules]
    assert held(tmp_path, config, *named) == dict.fromkeys(named, "holds")


@pytest.mark.campaign
@pytest.mark.parametrize("config", [OUR_ORDERS, OURS_IN_BAHT])
def test_our_own_orders_hold_by_every_rule(tmp_path, config):
    verdicts = held(tmp_path, config, *(f"service.{kind}.*" for kind in ("tax", "order", "refund", "inbound")))
    assert "broken" not in verdicts.values()


def test_a_shop_of_orders_with_the_harness_own_provider_holds(tmp_path):
    rules = ("service.tax.vat", "service.order.paid", "service.refund.sum", "service.inbound.paid")
    asked = ("service", "--config", THAI, *FAST, *only(*rules), "--json", "v.json")
    code, out, err = verify(*asked, cwd=tmp_path, environment={"PYTHONPATH": str(ROOT)})
    assert (code, err) == (0, ""), out
    assert {name: row["verdict"] for name, row in outcomes(tmp_path).items()} == dict.fromkeys(rules, "holds")


def test_a_shop_of_orders_that_rounds_line_by_line_is_caught(tmp_path):
    asked = ("service", "--config", THAI, *FAST, *only("service.tax.group"))
    code, out, _ = verify(*asked, cwd=tmp_path, environment={"PYTHONPATH": str(ROOT), "BUGS": "vat-per-line"})
    assert code == 1
    assert "seven lines of 0.07: vat is '0.00', expected 0.03" in out


def test_mistakes_of_the_blocks_for_orders_are_named(tmp_path):
    text = THAI.read_text()
    for old, new, expected in (
        ("form: header-pair", "form: stripe", "inbound.form: expected one of standard, header-pair, omise"),
        ('vat_rates: ["7", "0", "10", "7.5"]', 'vat_rates: ["7 %"]', "expected rates and amounts as texts of digits"),
        ('qty: "{quantity}", ', "", "orders.item: expected a line that holds {quantity}"),
        ("    create:\n", "    make:\n", "orders.operations: there are no operations ['make']"),
    ):
        code, _, err = verify("service", "--config", changed("mine.yaml", text, tmp_path, (old, new)), cwd=tmp_path)
        assert code == 2
        assert expected in err


def changed(path, text, folder, *changes):
    """A configuration beside its program, with other words in it."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    mine = folder / path
    mine.write_text(text)
    return mine


def outcomes(folder):
    return {row["id"]: row for row in json.loads((folder / "v.json").read_text())["rules"]}


async def test_a_service_and_a_sandbox_that_run_already_are_held_to_the_rules(stack, tmp_path):
    where = f"running: {{base_url: '{stack.service_url}', sandbox: '{stack.bakong_url}'}}"
    values = f"variables: {{api_key: {stack.api_key}, webhook_secret: {stack.webhook_secret}}}"
    config = changed("mine.yaml", OURS.read_text(), tmp_path, ("\nstart: sandbox\n", f"\n{where}\n{values}\n"))
    rules = only("service.create.*", "service.expired", "service.webhook.signed", "service.upgrade.free")
    asked = ["service", "--config", config, *FAST, *rules, "--json", "v.json"]
    code, out, err = await asyncio.to_thread(verify, *asked, cwd=tmp_path)
    assert (code, err) == (0, ""), out
    assert {row["verdict"] for row in outcomes(tmp_path).values()} == {"holds"}, out


def test_a_foreign_service_may_take_the_worlds_time_by_itself(tmp_path):
    text = (ROOT / "tests/mutants/shop.yaml").read_text()
    clock = (
        '    WEBHOOK_URL: "{webhook_url}"\n',
        '    WEBHOOK_URL: "{webhook_url}"\n    CLOCK_URL: "{control_url}/clock"\n',
    )
    config = changed("mine.yaml", text, tmp_path, ("time: endpoint", "time: world"), clock)
    rules = only("service.create.*", "service.expired", "service.paid", "service.upgrade.halves", "service.due.grace")
    environment = {"PYTHONPATH": str(ROOT)}
    asked = ["service", "--config", config, *FAST, *rules, "--json", "v.json"]
    code, out, err = verify(*asked, cwd=tmp_path, environment=environment)
    assert (code, err) == (0, ""), out
    assert {row["verdict"] for row in outcomes(tmp_path).values()} == {"holds"}, out


def test_in_real_time_the_slow_rules_say_what_they_skip(tmp_path, require):
    require("node")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "service.js").write_text((NODE.parent / "service.js").read_text())
    settle = ("time: endpoint ", "settle_s: 1\ntime: real ")
    config = changed("mine.yaml", NODE.read_text(), folder, settle, ('    TEST_CLOCK: "yes"\n', ""))
    rules = only("service.create.*", "service.mismatch.near", "service.paid", "service.expired", "service.limit.burst")
    code, out, err = verify("service", "--config", config, *FAST, *rules, "--json", "v.json", cwd=tmp_path)
    assert (code, err) == (0, ""), out
    rows = outcomes(tmp_path)
    assert rows["service.expired"]["reason"] == "it takes 899.999 s of real time; map the service's time to check it"
    assert "clock that stands still" in rows["service.limit.burst"]["reason"]
    assert rows["service.paid"]["verdict"] == rows["service.mismatch.near"]["verdict"] == "holds"


def replayed(out, folder, **how):
    """The rows of the broken rule, as first met and as met again by the printed command."""
    first = next(row for row in outcomes(folder).values() if row["verdict"] == "broken")
    again = next(line.removeprefix("Again: ") for line in out.splitlines() if line.startswith("Again: "))
    code, _, _ = verify(*shlex.split(again)[2:], "--json", "v.json", cwd=folder, **how)
    assert code == 1
    return first, outcomes(folder)[first["id"]]


SAME = ("reason", "drawn", "cases", "cases_until_broken")


def test_a_failure_of_a_service_shrinks_and_is_met_again_by_the_printed_command(tmp_path):
    how = {"environment": {"BUGS": "amount-unchecked", "PYTHONPATH": str(ROOT)}}
    config = ROOT / "tests/mutants/shop.yaml"
    rules = only("service.create.works", "service.mismatch.amount")
    _, out, _ = verify("service", "--config", config, *rules, "--json", "v.json", cwd=tmp_path, **how)
    first, second = replayed(out, tmp_path, **how)
    assert [first[key] for key in SAME] == [second[key] for key in SAME]
    assert [row["value"] for row in first["drawn"]] == ["USD", "1"]


def test_a_failure_of_a_bakong_shrinks_and_is_met_again_by_the_printed_command(tmp_path):
    loop = Loop()

    async def made():
        return wrap(simulator_app.build(Worlds(lambda: NOW_MS, SCHEMES)), ["missing-500"])

    with loop.serving(loop.call(made())) as url:
        rules = only("bakong.envelope.*", "bakong.bodies.any")
        _, out, _ = verify("bakong", "--base-url", url, "--control", url, *rules, "--json", "v.json", cwd=tmp_path)
        first, second = replayed(out, tmp_path)
    loop.close()
    assert [first[key] for key in SAME] == [second[key] for key in SAME]
    assert first["drawn"][-1] == {"what": "body", "value": "None"}


def test_a_faulty_service_in_a_process_of_its_own_is_named(tmp_path):
    shop = ROOT / "tests/mutants/shop.yaml"
    environment = {"BUGS": "amount-unchecked", "PYTHONPATH": str(ROOT)}
    code, out, _ = verify(
        "service",
        "--config",
        shop,
        "--seed",
        "1",
        *only("service.mismatch.near"),
        cwd=tmp_path,
        environment=environment,
    )
    assert code == 1, out
    assert "0.49 USD were paid for 0.50, and the payment is paid" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", "not valid YAML"),
        ("name: x\n", "time: missing"),
        ("name: x\ntime: noon\n", "world"),
        (OURS.read_text().replace("  status:\n", "  state:\n"), "no operation 'state'"),
        (OURS.read_text().replace("{state: data.status}", '{state: "data..status"}'), "JMESPath"),
        (OURS.read_text().replace("start: sandbox\n", ""), "exactly one of"),
        (NODE.read_text().replace("[node, service.js]", "[no-such-program]"), "no-such-program"),
        (NODE.read_text().replace("[node, service.js]", "['{python}', -c, 'exit(3)']"), "code 3"),
    ],
    ids=["no-yaml", "missing", "time", "operation", "jmespath", "start", "program", "ends"],
)
def test_a_wrong_configuration_ends_with_its_mistakes_and_code_2(tmp_path, text, words):
    (tmp_path / "mine.yaml").write_text(text)
    code, _, err = verify("service", "--config", tmp_path / "mine.yaml", cwd=tmp_path)
    assert (code, err.startswith("bakong-sandbox: ")) == (2, True), err
    assert words in err
    assert "mine.yaml" in err or "service" in err or "program" in err


def test_all_mistakes_of_a_configuration_are_named_with_their_lines(tmp_path):
    (tmp_path / "mine.yaml").write_text("name: x\ntime: noon\nlimit: {per_minute: x, operations: status}\n")
    code, _, err = verify("service", "--config", tmp_path / "mine.yaml", cwd=tmp_path)
    assert code == 2
    first, *lines = err.splitlines()
    mistakes = [line for line in lines if "mine.yaml:" in line]
    assert len(lines) == 2 * len(mistakes)  # each with the line that it is in
    assert first == f"bakong-sandbox: {len(mistakes)} mistakes:"
    expected = {"2:7": "time", "3:21": "limit.per_minute", "3:24": "did you mean 'operation'?", "1:1": "plans: missing"}
    for place, words in expected.items():
        assert any(f"mine.yaml:{place}: " in mistake and words in mistake for mistake in mistakes), (place, err)


def test_the_old_name_of_subscription_states_is_taken_with_a_warning(tmp_path):
    (tmp_path / "mine.yaml").write_text(OURS.read_text().replace("subscription_states:", "standings:"))
    with pytest.warns(FutureWarning, match="'standings' is now called 'subscription_states'"):
        config = load(tmp_path / "mine.yaml")
    assert config.subscription_states == load(OURS).subscription_states


def test_a_bakong_that_does_not_answer_cannot_be_judged(tmp_path):
    code, _, err = verify("bakong", "--base-url", "http://127.0.0.1:9", "--token", "t", cwd=tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = verify("bakong", "--base-url", "http://127.0.0.1:9", cwd=tmp_path, environment={"BAKONG_TOKEN": ""})
    assert (code, "--token" in err) == (2, True)
