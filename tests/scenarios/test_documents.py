"""docs/scenarios.md is what the library and the vocabulary are."""

from pathlib import Path

import pytest
import yaml

from bakong_scenarios import find, read
from bakong_scenarios.documenting import tables

PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()


def test_the_pages_tables_are_made_from_the_library_and_the_vocabulary():
    assert tables() in PAGE, "run `python -m bakong_scenarios.documenting` and put its output at the end of the page"


@pytest.mark.parametrize("block", [part.partition("```")[0] for part in PAGE.split("```yaml\n")[1:]])
def test_its_examples_are_scripts(block):
    text = block.replace("[...]", "[]")
    assert yaml.safe_load(text)
    assert read(text, "page", find).name
