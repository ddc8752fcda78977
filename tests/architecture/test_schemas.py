"""The JSON Schemas of docs/schemas: fresh, valid, and of one mind with the readers, to a validator that is not ours."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from bakong_conformance.service.config import Config
from bakong_conformance.yaml_model import YamlError, parse_model
from bakong_loadtests.profiles import FOLDER as PROFILES
from bakong_loadtests.profiles import Profile
from bakong_sandbox.stack.schemas import NAMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScenarioError
from scripts.schemas import FOLDER, text_of
from tests.scenarios.test_schema import Yaml12

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(ROOT.glob("docs/examples/**/*.yaml"))
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")
OTHERS = {
    "scenario": [ROOT / "loadtests/bakong_loadtests/mixed-faults.yaml"],
    "verify": sorted(ROOT.glob("tests/mutants/*.yaml")),
    "load": sorted(PROFILES.glob("*.yaml")),
}


@pytest.fixture(scope="module")
def validators():
    return {name: jsonschema_rs.validator_for(json.loads((FOLDER / f"{name}.json").read_text())) for name in NAMES}


def read(text):
    return yaml.load(text, Yaml12)  # noqa: S506  it is a SafeLoader


def mistakes(validator, text):
    return [f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(read(text))]


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_schema_is_fresh_and_valid(name):
    committed = (FOLDER / f"{name}.json").read_text()
    assert committed == text_of(name), "make schemas"
    schema = json.loads(committed)
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == f"urn:bakong-sandbox:schema:{name}"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_example_names_its_schema_and_fits_it(file, validators):
    text = file.read_text()
    named = file.parent / MODELINE.match(text)[1]
    assert named.resolve().parent == FOLDER
    assert mistakes(validators[named.stem], text) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_fits_its_schema(name, validators):
    assert {str(file): mistakes(validators[name], file.read_text()) for file in OTHERS[name]} == {
        str(file): [] for file in OTHERS[name]
    }


def test_every_script_of_the_library_fits_for_every_scheme_that_plays_it(validators):
    played = [(entry.script.name, scheme) for entry in LIBRARY.entries() for scheme in entry.schemes]
    assert len(played) > 300
    for name, scheme in played:
        script = read(LIBRARY.source(name, scheme)) | {"scheme": scheme}
        assert not list(validators["scenario"].iter_errors(script)), (name, scheme)


MAPPING = (ROOT / "docs/examples/node/verify.yaml").read_text()
ESCROW = (ROOT / "docs/examples/service/escrow.yaml").read_text()
ORDERS = (ROOT / "docs/examples/service/orders.yaml").read_text()
WRONG_MAPPINGS = {
    "an unknown key": MAPPING + "planz: {}\n",
    "a missing name": MAPPING.replace("name: the Node example\n", ""),
    "an unknown time": MAPPING.replace("time: endpoint", "time: sometimes"),
    "an unknown operation": MAPPING.replace("  set_time:", "  sett_time:"),
    "no create": MAPPING.replace("  create:", "  renew:"),
    "an unknown state": MAPPING.replace("failed: [failed]", "failing: [failed]"),
    "no paid": MAPPING.replace("paid: [paid], ", ""),
    "a method that is none": MAPPING.replace("method: POST", "method: POSTS"),
    "neither start nor running": MAPPING.replace("start:", "running:"),
    "both": MAPPING + "running: {base_url: http://127.0.0.1:1, sandbox: http://127.0.0.1:2}\n",
    "no plans": re.sub(r"plans:\n.*\n", "", MAPPING),
    "orders without create": ORDERS.replace("    create:\n", "    refund:\n"),
    "an unknown state of orders": ORDERS.replace("    open: [open]", "    opened: [open]"),
    "inbound without orders": MAPPING
    + "inbound: {path: /x, form: omise, secrets: [a], event: {}, events: {paid: p}}\n",
    "an unknown refusal": ESCROW.replace("    escrow_not_held:", "    escrow_not_hold:"),
    "an unknown role": ESCROW.replace("    caregiver:", "    caretaker:", 1),
}


@pytest.mark.parametrize("text", WRONG_MAPPINGS.values(), ids=WRONG_MAPPINGS)
def test_a_mapping_that_is_refused_does_not_fit(text, validators):
    assert text not in {MAPPING, ESCROW, ORDERS}
    with pytest.raises(YamlError):
        parse_model(text, "verify.yaml", Config)
    assert mistakes(validators["verify"], text)


PROFILE = (ROOT / "docs/examples/load/evening.yaml").read_text()
WRONG_PROFILES = {
    "an unknown key": PROFILE + "paymens: 3\n",
    "an unknown objective": PROFILE.replace("p95_ms", "p96_ms"),
    "a shape that is none": PROFILE.replace("kind: ramp", "kind: ramps"),
    "a share above 1": PROFILE.replace("unpaid_share: 0.1", "unpaid_share: 1.1"),
    "less than nothing": PROFILE.replace("users: 30", "users: -30"),
    "a number in words": PROFILE.replace("users: 30", "users: thirty"),
}


@pytest.mark.parametrize("text", WRONG_PROFILES.values(), ids=WRONG_PROFILES)
def test_a_profile_that_is_refused_does_not_fit(text, validators):
    assert text != PROFILE
    with pytest.raises(YamlError):
        parse_model(text, "load.yaml", Profile)
    assert mistakes(validators["load"], text)


SCRIPT = (ROOT / "docs/examples/scenarios/lunch.yaml").read_text()
WRONG_SCRIPTS = {
    "an unknown fault": SCRIPT.replace("fault: reset", "fault: resets"),
    "a parameter of another fault": SCRIPT.replace("for: 2s, on", "status: 500, on"),
    "an unknown step": SCRIPT.replace("- paid\n", "- pays\n"),
    "a duration that is none": SCRIPT.replace("for: 20s", "for: a while"),
    "no name": SCRIPT.replace("name: lunch\n", ""),
    "an unknown call": SCRIPT.replace("on: check, poll: 2", "on: check_payments, poll: 2"),
}


@pytest.mark.parametrize("text", WRONG_SCRIPTS.values(), ids=WRONG_SCRIPTS)
def test_a_script_that_is_refused_does_not_fit(text, validators):
    assert text != SCRIPT
    with pytest.raises(ScenarioError):
        LIBRARY.read(text)
    assert mistakes(validators["scenario"], text)
