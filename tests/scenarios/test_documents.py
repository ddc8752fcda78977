"""docs/scenarios.md is what the library and the vocabulary are."""

from pathlib import Path

import pytest
import yaml

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios.documenting import tables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text()


def test_the_pages_tables_are_made_from_the_library_and_the_vocabulary():
    assert tables(LIBRARY) in PAGE, "run `python scripts/scenario_tables.py`"


def test_the_readme_says_how_many_there_are():
    listed = {entry.script.name for entry in LIBRARY.entries(None)}
    assert f"# {len(listed)} scripts" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("block", [part.partition("```")[0] for part in PAGE.split("```yaml\n")[1:]])
def test_its_examples_are_scripts(block):
    text = block.replace("[...]", "[]")
    assert yaml.safe_load(text)
    assert LIBRARY.read(text, "page").name
