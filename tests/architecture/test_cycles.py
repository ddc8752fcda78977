"""No modules import each other in a circle, however long. Imports for types alone happen nowhere at run time."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
# In a process of its own: the graph is of files, wherever this run has imported them from.
CIRCLES = """
import json, sys
from graphlib import CycleError, TopologicalSorter
import grimp

graph = grimp.build_graph(*json.loads(sys.argv[1]), exclude_type_checking_imports=True, cache_dir=None)
try:
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
except CycleError as error:
    print(" -> ".join(error.args[1]))
"""


def circle(*packages, path=()):

    done = subprocess.run(
        [sys.executable, "-c", CIRCLES, json.dumps(packages)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(map(str, path))},
    )
    return done.stdout.strip()


def test_no_modules_import_each_other_in_a_circle():
    assert circle(*PACKAGES) == ""


@pytest.mark.parametrize("line", ["import rooms.c", "from rooms import c"])
def test_a_circle_is_named(tmp_path, line):
    (tmp_path / "rooms").mkdir()
    for name, text in {"__init__": "", "a": "import rooms.b", "b": line, "c": "import rooms.a"}.items():
        (tmp_path / "rooms" / f"{name}.py").write_text(text + "\n")
    assert circle("rooms", path=[tmp_path]).count(" -> ") == 3
