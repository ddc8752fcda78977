"""The command line as a whole: each command is listed without being imported, and a wrong setting is one line."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.cli.program import COMMANDS, MODULES, command

HEAVY = (
    "httpx",
    "fastapi",
    "sqlalchemy",
    "pydantic",
    "bakong_simulator",
    "bakong_service",
    "bakong_loadtests",
    "bakong_conformance",
    "hypothesis",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_line_that_help_shows_of_a_command_is_its_own(name):
    assert " ".join(command(name).help.split()) == COMMANDS[MODULES[name]][name]


def test_help_lists_every_command_and_imports_none():
    script = (
        "import json, sys\nfrom bakong_sandbox.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    *listed, imported = ended.stdout.splitlines()
    assert json.loads(imported) == []
    assert [name for name in MODULES if not any(f" {name} " in line for line in listed)] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--prices", "cheap"], "expected two prices"),
        (["load", "--worker", "somewhere"], "expected HOST:PORT"),
        (["load", "smoke", "--expect-workers", "2", "--bind", "5557:"], "expected HOST:PORT"),
        (["drift", "nowhere.yaml"], "nowhere.yaml"),
        (["verify", "service", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_option_is_one_line_and_code_2(words, said):
    ended = CliRunner().invoke(app, words)
    assert (ended.exit_code, ended.stderr.count("\n"), ended.exception.__class__) == (2, 1, SystemExit)
    assert said in ended.stderr


def test_an_unknown_command_is_code_2():
    assert CliRunner().invoke(app, ["upp"]).exit_code == 2


def test_what_starts_a_sandbox_imports_no_client_of_http():
    """It costs a start 5 MB and a tenth of its time."""
    show = "import sys, bakong_sandbox.cli.up; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
