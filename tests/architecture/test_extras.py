"""The embedded default needs nothing that only an extra brings."""

import functools
import json
import os
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bakong_sandbox.cli.program import install_command

# Imports fail of every module that is none of the allowed; then the program runs.
BARE = """
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}, which an extra brings", name=name)

ABSENT = set(json.loads(sys.argv.pop(1)))
sys.meta_path.insert(0, Absent())
from bakong_sandbox.cli import main
main()
"""


def needed(name, extras=()):
    """The distributions that one asks for, with what they ask for themselves."""
    found, todo = set(), [(name, tuple(extras))]
    while todo:
        name, extras = todo.pop()
        for text in distribution(name).requires or ():
            asked = Requirement(text)
            if asked.marker and not any(asked.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                continue
            one = canonicalize_name(asked.name), tuple(sorted(asked.extras))
            if one not in found:
                found.add(one)
                todo.append(one)
    return {name for name, _ in found}


@functools.cache
def absent():
    """The modules that an installation without extras lacks."""
    allowed = {*needed("bakong-sandbox"), "bakong-sandbox", "pip", "setuptools"}
    return [
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & allowed
    ]


@pytest.mark.parametrize(
    "command",
    [
        ("demo",),
        ("khqr", "verify", "--help"),
        ("service", "keys", "--help"),
        ("scenario", "list"),
        ("journal", "--help"),
        ("record", "--help"),
    ],
    ids=" ".join,
)
def test_a_command_runs_where_no_extra_is_installed(tmp_path, command):
    done = run_bare(tmp_path, command)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("verify", "khqr", "--", "cat"), "verify"),
        (("verify", "bakong", "--base-url", "http://127.0.0.1:1", "--token", "x"), "verify"),
        (("load", "smoke", "--own"), "load"),
    ],
    ids=["verify khqr", "verify bakong", "load"],
)
def test_a_command_that_needs_an_extra_says_which(tmp_path, command, extra):
    done = run_bare(tmp_path, command)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1), done.stderr[-2000:]
    assert install_command(extra) in done.stderr


def run_bare(folder, command):
    lacking = absent()
    assert {"greenlet", "locust", "hypothesis", "asyncpg"} <= set(lacking)
    return subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(lacking), *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=100,
    )
