"""What a user installs: the wheel and the source distribution in clean environments, and the command in them."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USES = """
import khqr, emvqr, bakong_contracts, bakong_sandbox.stack.scripts as scripts
assert scripts.LIBRARY.find("timeout").number == 3
print(khqr.encode(khqr.Individual(bakong_account_id="a@b", merchant_name="A")).md5)
"""


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_a_distribution_installs_in_a_clean_environment_and_its_command_runs(kind, tmp_path):
    run("-m", "hatchling", "build", "-d", str(tmp_path / "dist"), cwd=ROOT)
    (made,) = (tmp_path / "dist").glob(f"*.{kind}")
    run("-m", "venv", str(tmp_path / "venv"))
    python = tmp_path / "venv" / "bin" / "python"
    run("-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(made), python=python)
    assert len(run("-c", USES, python=python, cwd=tmp_path).strip()) == 32
    command = python.with_name("bakong-sandbox")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert shown.strip() == f"bakong-sandbox {project()['version']}"
    subprocess.run([command, "scenario", "show", "timeout"], check=True, capture_output=True, cwd=tmp_path)
    lacking = subprocess.run([command, "load", "smoke"], check=False, capture_output=True, text=True, cwd=tmp_path)
    hint = re.search(r"this brings it: (.*)", lacking.stderr)[1]
    subprocess.run(["sh", "-c", f"{hint} --quiet"], check=True, cwd=tmp_path)
    assert "Load a payment service" in run("-m", "bakong_sandbox", "load", "--help", python=python, cwd=tmp_path)


def test_the_docker_image_has_the_extras_that_the_recipes_use():
    by_default = re.search(r'ARG EXTRAS="?([^"\n]+)', (ROOT / "Dockerfile").read_text())[1].split()
    recipes = (ROOT / "docs" / "ci" / "README.md").read_text()
    built = re.search(r'--build-arg EXTRAS="([^"]+)"', recipes)[1].split()
    assert "verify service" in recipes
    assert {"production", "verify"} <= set(built)
    assert {"production"} <= set(by_default) <= {*built, *by_default} <= set(project()["optional-dependencies"])


@pytest.mark.parametrize("typed", [["ARGS=--port 0"], ["PORT=0"]])
def test_make_passes_options_on(typed):
    shown = subprocess.run(
        ["make", "--no-print-directory", "-n", "up", *typed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.splitlines()[-1].endswith("bakong-sandbox up --port 0")


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run(*words, python=sys.executable, cwd=None):
    done = subprocess.run(
        [python, *words], capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, "PYTHONPATH": ""}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
