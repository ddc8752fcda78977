"""The seeded bugs fit the source that they are edits of, and some of them are found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.explorer.bugs import BUGS, source_with

QUICK = ("status-without-audit",)


def test_each_has_a_name_of_its_own_and_there_are_enough():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 40


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_is_an_edit_that_fits_its_file(bug):
    compile(source_with(bug), bug.file, "exec")


@pytest.mark.parametrize("name", QUICK)
def test_a_seeded_bug_breaks_a_law(name):
    command = [sys.executable, "-m", "tests.explorer.measure", "--hunt", name, "60"]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        command, cwd=root, env=os.environ | {"SHRINK": "0"}, capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout.splitlines()[-1])["law"]
