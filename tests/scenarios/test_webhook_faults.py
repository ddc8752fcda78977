"""`webhooks:` in a script: which webhooks go wrong, read with line numbers, and known to the schema."""

import jsonschema_rs
import pytest
import yaml

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScenarioError
from bakong_scenarios.schema import schema

SCRIPT = """
name: bad-post
webhooks:
  - {event: "charge.*", fault: late, by: 5s, chance: 0.1}
  - {event: [refund.create, charge.complete], fault: lost, attempts: 2, first: 3}
  - {fault: out_of_order}
rules:
  - {match: {account: "*@aclb"}, webhooks: [{fault: twice}]}
  - {play: paid}
"""


def test_the_rules_are_read_as_written():
    late, lost, swapped = LIBRARY.read(SCRIPT, "s.yaml").webhooks
    assert (late.fault, late.parameters, late.conditions) == ("late", {"by": 5000}, {"chance": {"is": 0.1}})
    assert (lost.parameters, lost.conditions) == ({"attempts": 2}, {"first": {"calls": 3, "per": "script"}})
    assert swapped.parameters == {"within": 60_000}
    assert [rule.strikes("charge.complete") for rule in (late, lost, swapped)] == [True, True, True]
    assert [rule.strikes("refund.create") for rule in (late, lost, swapped)] == [False, True, True]


def test_the_rules_of_a_script_strike_the_payments_of_each_of_its_rules():
    own, played = LIBRARY.read(SCRIPT, "s.yaml").rules
    assert [rule.fault for rule in own.webhooks] == ["twice", "late", "lost", "out_of_order"]
    assert [rule.fault for rule in played.webhooks] == ["late", "lost", "out_of_order"]


WRONG = [
    ("{event: x}", "s.yaml:3: the key 'fault' is missing (known: lost, twice, late, out_of_order"),
    ("{fault: lsot}", "s.yaml:3: unknown value 'lsot'; did you mean 'lost'?"),
    ("{fault: late, by: soon}", "s.yaml:3: expected a duration"),
    ("{fault: late, by: 0s}", "s.yaml:3: expected at least 1"),
    ("{fault: lost, by: 5s}", "s.yaml:3: unknown key 'by'"),
    ("{fault: twice, poll: 1}", "s.yaml:3: unknown key 'poll'"),
    ("{fault: lost, attempts: 0}", "s.yaml:3: expected at least 1"),
    ("{fault: lost, chance: 2}", "s.yaml:3: expected a number from 0 to 1"),
    ('{fault: lost, event: ""}', "s.yaml:3: expected the type of an event"),
    ("lost", "s.yaml:3: expected keys and values"),
]


@pytest.mark.parametrize(("rule", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_rule_is_refused_with_its_line_and_by_the_schema(rule, message):
    text = f"name: x\nwebhooks:\n  - {rule}"
    with pytest.raises(ScenarioError) as caught:
        LIBRARY.read(text, "s.yaml")
    assert str(caught.value).startswith(message)
    if "by: 0s" not in rule:  # a duration's least is not in the schema
        assert not jsonschema_rs.validator_for(schema(LIBRARY)).is_valid(yaml.safe_load(text))


def test_what_a_rule_plays_brings_its_own_webhooks():
    with pytest.raises(ScenarioError, match="'play' names a whole scenario"):
        LIBRARY.read("name: x\nrules:\n  - {play: paid, webhooks: [{fault: lost}]}", "s.yaml")


def test_the_schema_takes_what_the_reader_takes():
    validator = jsonschema_rs.validator_for(schema(LIBRARY))
    assert [str(error) for error in validator.iter_errors(yaml.safe_load(SCRIPT))] == []
