"""The rules of the house, checked by their tools."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [
    "emvqr",
    "khqr",
    "contracts",
    "scenarios",
    "simulator",
    "service",
    "schemes",
    "loadtests",
    "explorer",
    "sandbox",
]
SCHEMES = "schemes/bakong_schemes"
BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path = ROOT, env: dict | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
        ["codespell", "--toml", "pyproject.toml", *FOLDERS, "tests", "docs", "README.md"],
    ],
    ids=["ruff", "format", "types", "imports", "spelling"],
)
def test_the_tools_find_nothing(command):
    result = run(str(BIN / command[0]), *command[1:])
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("simulator/bakong_simulator/kernel/rng.py", "import bakong_service.settings", "Imports run one way"),
        ("khqr/model.py", "import bakong_contracts", "Imports run one way"),
        ("service/bakong_service/domain/money.py", "import sqlalchemy", "The service's core knows no framework"),
        ("service/bakong_service/usecases/core.py", "import bakong_service.adapters.sealing", "The service's layers"),
        ("service/bakong_service/ports/world.py", "import bakong_schemes.bakong.adapter.client", "Imports run one way"),
        ("emvqr/tlv.py", "import khqr.tags", "Imports run one way"),
        ("emvqr/checking.py", "import emvqr.profiles.pix", "The EMVCo core knows no scheme's table"),
        ("sandbox/bakong_sandbox/stack/tls.py", "import bakong_sandbox.devkit.plugin", "The sandbox's layers"),
        ("simulator/bakong_simulator/kernel/world.py", "import bakong_schemes.bakong.wire", "Imports run one way"),
        (f"{SCHEMES}/bakong/wire/codes.py", "import bakong_schemes.other", "Schemes know nothing of each other"),
        ("schemes/bakong_described/forms.py", "import bakong_schemes.bakong.wire", "Imports run one way"),
        (
            "schemes/bakong_described/fake/state.py",
            "import bakong_described.adapter.exchange",
            "A scheme's fake does not",
        ),
        (f"{SCHEMES}/other/fake/__init__.py", "import bakong_schemes.other.adapter", "A scheme's fake does not"),
        (
            f"{SCHEMES}/other/adapter/__init__.py",
            "import bakong_schemes.other.fake",
            "A scheme's adapter does not import",
        ),
    ],
)
def test_an_offending_import_is_caught(tmp_path, module, line, contract):
    for package in FOLDERS:
        run("cp", "-r", str(ROOT / package), str(tmp_path))
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for part in ("", "fake", "adapter"):
        (tmp_path / SCHEMES / "other" / part).mkdir(parents=True, exist_ok=True)
        (tmp_path / SCHEMES / "other" / part / "__init__.py").write_text('"""A scheme beside the others."""\n')
    target = tmp_path / module
    target.write_text(target.read_text() + f"\n{line}\n")
    path = os.pathsep.join(str(tmp_path / root) for root in ("", *FOLDERS))
    result = run(str(BIN / "lint-imports"), "--no-cache", cwd=tmp_path, env={"PYTHONPATH": path})
    assert result.returncode != 0
    broken = [line for line in result.stdout.splitlines() if line.endswith(" BROKEN")]
    assert any(line.startswith(contract) for line in broken), result.stdout


@pytest.mark.parametrize("package", FOLDERS)
def test_every_module_says_in_its_first_line_what_it_is(package):
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / package).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text())) and "node_modules" not in path.parts
    ]
    assert silent == []
