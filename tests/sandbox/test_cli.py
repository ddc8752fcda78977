"""The command line as a whole: each command is listed without being imported, and a wrong setting is one line."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import certifi
import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.cli.program import COMMANDS, MODULES, command, command_line, install_command

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


@pytest.mark.parametrize("words", [[], ["up"], ["journal"], ["journal", "show"]], ids=" ".join)
def test_an_option_that_takes_no_value_promises_none(words):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).stdout
    assert "--help" in shown
    assert "bool" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--prices", "cheap"], "expected two prices"),
        (["up", "--prices", "1.00,0.50"], "the lower price first"),
        (["up", "--webhook-url", "notaurl"], "expected a URL"),
        (["up", "--webhook-url", "http://[half"], "expected a URL"),
        (["record", "--base-url", "http://127.0.0.1:9", "--token", "t", "--md5", "xyz"], "32 hex digits"),
        (["clock", "advance", "-5"], "never goes back"),
        (["clock", "advance", "soon"], "a duration such as"),
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


@pytest.mark.parametrize("start", [["bakong-sandbox"], ["python", "-m", "bakong_sandbox"]], ids=" ".join)
def test_the_version_is_that_of_the_installation(start, tmp_path):
    program = str(Path(sys.executable).with_name(start[0]))
    ended = subprocess.run([program, *start[1:], "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ended.stdout == f"bakong-sandbox {version('bakong-sandbox')}\n"


def test_the_shell_completes_commands_and_options(monkeypatch):
    monkeypatch.setenv("_BAKONG_SANDBOX_COMPLETE", "complete_bash")
    for words, offered in (("bakong-sandbox sc", "scenario"), ("bakong-sandbox scenario sh", "show")):
        shell = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        ended = CliRunner().invoke(app, [], env=shell, prog_name="bakong-sandbox")
        assert offered in ended.stdout.split()


def test_each_option_of_up_has_an_environment_variable(monkeypatch):
    given = []
    monkeypatch.setattr("bakong_sandbox.cli.up.run_async", lambda work: work.close())
    monkeypatch.setattr("bakong_sandbox.cli.up.Options", lambda **options: given.append(options))
    words = {"PORT": "0", "DATA_DIR": "elsewhere", "NO_SERVICE": "1", "SCENARIO": "timeout", "QUOTA": "7", "JSON": "1"}
    ended = CliRunner().invoke(app, ["up"], env={f"BAKONG_SANDBOX_{name}": text for name, text in words.items()})
    assert ended.exit_code == 0, ended.output
    said = {name: given[0][name] for name in ("port", "data_dir", "service_port", "scenario", "quota")}
    assert said == {"port": 0, "data_dir": Path("elsewhere"), "service_port": None, "scenario": "timeout", "quota": 7}


@pytest.mark.parametrize("option", command("up").params, ids=lambda option: option.opts[0])
def test_a_variable_of_the_environment_sets_its_option_of_up(option, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1").write_text(Path(certifi.where()).read_text())  # a file, for the options that read one
    names = option.envvar or f"BAKONG_SANDBOX_{option.opts[0].removeprefix('--').replace('-', '_').upper()}"
    monkeypatch.setenv(names if isinstance(names, str) else names[0], "1")
    given = command("up").make_context("up", []).params[option.name]
    assert str(given[0] if isinstance(given, list) else given) in {"1", "1.0", "True"}


def test_all_that_is_wrong_in_the_environment_is_named_at_once(monkeypatch):
    monkeypatch.setattr("bakong_sandbox.cli.up.run_async", lambda work: work.close())
    words = {"PORT": "70000", "QUOTA": "many", "KEEP": "perhaps", "READ_TIMEOUT_S": "0", "SCENARI": "timeout"}
    wrong = {f"BAKONG_SANDBOX_{name}": text for name, text in words.items()}
    ended = CliRunner().invoke(app, ["up", "--port", "0"], env=wrong)
    assert (ended.exit_code, ended.stderr.splitlines()) == (
        2,
        [
            "bakong-sandbox: wrong in the environment:",
            "  BAKONG_SANDBOX_QUOTA: read 'many', expected a whole number",
            "  BAKONG_SANDBOX_READ_TIMEOUT_S: read '0', expected at least 0.1",
            "  BAKONG_SANDBOX_KEEP: read 'perhaps', expected true or false",
        ],
    )
    ended = CliRunner().invoke(app, ["up"], env={"BAKONG_SANDBOX_SCENARI": "timeout"})
    assert (ended.exit_code, "did you mean BAKONG_SANDBOX_SCENARIO?" in ended.stderr) == (0, True)


def test_an_extra_is_installed_by_the_names_of_its_packages(monkeypatch):
    assert install_command("load") == f"{sys.executable} -m pip install 'locust>=2.32'"
    monkeypatch.setattr("bakong_sandbox.cli.program.find_spec", lambda _: None)
    assert install_command("load") == f"uv pip install --python {sys.executable} 'locust>=2.32'"


def test_the_banner_names_the_command_as_it_is_typed_here(tmp_path, monkeypatch):
    program = tmp_path / "venv" / "bin" / "bakong-sandbox"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    assert command_line() == "venv/bin/bakong-sandbox"
    monkeypatch.setenv("PATH", str(program.parent))
    assert command_line() == "bakong-sandbox"
    program.unlink()
    assert command_line() == f"{program.with_name('python')} -m bakong_sandbox"


def test_an_unknown_command_is_code_2():
    assert CliRunner().invoke(app, ["upp"]).exit_code == 2


def test_what_starts_a_sandbox_imports_no_client_of_http():
    """It costs a start 5 MB and a tenth of its time."""
    show = "import sys, bakong_sandbox.cli.up; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
