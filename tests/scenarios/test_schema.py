"""The JSON Schema of scripts accepts what the reader accepts, and refuses what is misspelt."""

import re

import jsonschema_rs
import pytest
import yaml

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios.schema import schema


class Yaml12(yaml.SafeLoader):
    """As editors read YAML: `on` is a word, not a truth value."""


Yaml12.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0] != "tag:yaml.org,2002:bool"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE$"), list("tTfF"))


VALIDATOR = jsonschema_rs.validator_for(schema(LIBRARY))


@pytest.mark.parametrize("name", LIBRARY.names())
def test_every_script_of_the_library_fits_the_schema(name):
    script = yaml.load(LIBRARY.source(name), Yaml12)  # noqa: S506  it is a SafeLoader
    assert [str(error) for error in VALIDATOR.iter_errors(script)] == []


@pytest.mark.parametrize(
    "text",
    [
        "about: x",
        "name: X y",
        "{name: x, falts: []}",
        "{name: x, payment: [padi]}",
        "{name: x, payment: [{unpaid: {after: 1s}}]}",
        "{name: x, faults: [{for: 1s}]}",
        "{name: x, faults: [{fault: hang, for: soon}]}",
        "{name: x, faults: [{fault: hang, on: check_md5}]}",
        "{name: x, faults: [{fault: http, burst: {call: 1}}]}",
        "{name: x, number: 100}",
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(text):
    assert not VALIDATOR.is_valid(yaml.load(text, Yaml12))  # noqa: S506  it is a SafeLoader
