"""Seeded bugs in the codec, one at a time: which does the suite catch? A sample, for the whole would take a day.

`python -m tests.khqr.mutants COUNT [SEED [PART PARTS]]` changes one comparison, number, connective or condition in a
copy of khqr, runs the codec's tests on it until the first failure, and prints the survivors and the score; of a sample
in parts, one part. Most mutants fall to the tests called as plain functions, within a second; the rest meet pytest.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from inspect import signature
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
# Drawing is judged by eyes and readers, and the tables of messages and meanings by nobody.
LEFT_OUT = (
    "codes.py",
    "explaining.py",
    "card.py",
    "problems.py",
    "errors.py",
    "drawing.py",
    "scanning.py",
    "libraries.py",
)
PYTEST = (
    *("-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider"),
    *(f"tests/khqr/test_{name}.py" for name in ("problems", "properties")),
)
PLAIN = ("test_problems", "test_limits", "test_vectors", "test_sdk", "test_emv", "test_units")
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def places(tree: ast.AST) -> list[ast.AST]:
    """The nodes that can be changed."""
    return [node for node in ast.walk(tree) if _can_change(node)]


def _can_change(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Compare | ast.BoolOp | ast.If | ast.IfExp)


def change(node: ast.AST) -> str:
    """Changes the node and says how."""
    if isinstance(node, ast.Compare):
        node.ops[0] = OPPOSITE[type(node.ops[0])]()
        return "comparison"
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return "and/or"
    if isinstance(node, ast.Constant):
        node.value += 1
        return "number + 1"
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return "condition turned"
    node.op = ast.UAdd()  # type: ignore[attr-defined]  # the not of a bool, gone: +True is 1
    return "not removed"


def mutants(count: int, seed: int) -> list[tuple[Path, int]]:
    sources = [file for package in ("emvqr", "khqr") for file in sorted((ROOT / package).rglob("*.py"))]
    files = [file for file in sources if file.name not in LEFT_OUT]
    every = [(file, at) for file in files for at in range(len(places(ast.parse(file.read_text()))))]
    return Random(seed).sample(every, min(count, len(every)))


def survives(copy: Path, file: Path, at: int) -> str:
    """How the mutant was made, where the tests do not notice it; else ""."""
    tree = ast.parse(file.read_text())
    node = places(tree)[at]
    line = getattr(node, "lineno", 0)
    how = change(node)
    target = copy / file.relative_to(ROOT)
    target.write_text(ast.unparse(ast.fix_missing_locations(tree)))
    noticed = _fails(copy, "-m", "tests.khqr.mutants", "plain") or _fails(copy, *PYTEST)
    shutil.copy(file, target)
    return "" if noticed else f"{file.relative_to(ROOT)}:{line}: {how}"


def _fails(copy: Path, *arguments: str) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=120).returncode != 0  # noqa: PLW1510
    except subprocess.TimeoutExpired:
        return True


def plain() -> None:
    """The tests that need nothing of pytest but their rows."""
    for module in map(import_module, (f"tests.khqr.{name}" for name in PLAIN)):
        for test in [each for name, each in vars(module).items() if name.startswith("test_")]:
            if "monkeypatch" in signature(test).parameters:
                continue
            marks = getattr(test, "pytestmark", [])
            names = marks[0].args[0] if marks else ()
            for row in marks[0].args[1] if marks else [()]:
                test(*([row] if isinstance(names, str) else row))


def main(count: int, seed: int = 0, part: int = 0, parts: int = 1) -> int:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("emvqr", "khqr", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        for name in ("contracts", "scenarios", "simulator", "service", "schemes", "loadtests", "sandbox"):
            (copy / name).symlink_to(ROOT / name)
        made = mutants(count, seed)[part::parts]
        survivors = []
        for number, (file, at) in enumerate(made, 1):
            if found := survives(copy, file, at):
                survivors.append(found)
            print(f"{number - len(survivors)} of {number} noticed, seed {seed}", found, flush=True)
    return 0 if len(survivors) <= 0.1 * len(made) else 1


if __name__ == "__main__":
    sys.exit(plain() if sys.argv[1] == "plain" else main(*map(int, sys.argv[1:])))
