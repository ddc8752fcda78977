"""No message shows a regular expression: each pattern of a model has its words."""

import json
import re
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import StringConstraints, TypeAdapter, ValidationError

from bakong_conformance.service.config import Config
from bakong_contracts.patterns import OTHERWISE, WORDS, message
from bakong_contracts.problems import field_errors
from bakong_loadtests.profiles import Profile
from bakong_sandbox.stack.providers import KINDS
from bakong_service.settings import Settings

DOCUMENTS = Path(__file__).parents[2] / "contracts" / "openapi"


def patterns_in(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns_in(value)


def models():
    """Every JSON Schema of what a user writes; the documents are held to the code elsewhere."""
    yield from (json.loads(path.read_text()) for path in DOCUMENTS.glob("*.json"))
    for model in (Settings, *KINDS, Config, Profile):
        yield model.model_json_schema(mode="validation")


def test_every_pattern_of_a_model_has_words():
    found = {pattern for schema in models() for pattern in patterns_in(schema)}
    assert len(found) > 30
    assert sorted(found - WORDS.keys()) == []


def test_the_words_are_words():
    assert [words for words in WORDS.values() if re.search(r"[\^$\\\[\]{}|]|\.\*", words)] == []


@pytest.mark.parametrize(("pattern", "words"), [("^[0-9]{3}$", "3 digits"), ("^unheard-of$", OTHERWISE)])
def test_a_message_has_the_words_and_no_pattern(pattern, words):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validate_python("x")
    (mistake,) = caught.value.errors()
    assert message(mistake) == f"expected {words}"
    assert field_errors([mistake | {"loc": ("body", "field")}]) == [{"field": "field", "message": message(mistake)}]
