"""The documents name what there is, and the repository carries nothing of one machine."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MUST_BE_THERE = (
    *("pyproject.toml", "simulator", "khqr", "contracts", "scenarios", "schemes", "loadtests", "tests"),
    *("docker-compose.yml", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
    *("Makefile", "constraints.txt", ".ci/run", "docs/adr", "docs/sources.md"),
)


def test_the_top_level_is_complete():
    assert [name for name in MUST_BE_THERE if not (ROOT / name).exists()] == []


def test_links_between_documents_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*.md")]:
        targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        local = [target for target in targets if "://" not in target]
        broken += [f"{page.name}: {target}" for target in local if not (page.parent / target).exists()]
    assert broken == []


def test_no_path_of_one_machine_is_committed():
    found = subprocess.run(
        [
            "git",
            "grep",
            "-nIE",
            r"(^|[^a-zA-Z0-9_.])/(work|farm|root)/[a-zA-Z.]",
            "--",
            ".",
            ":!*.jsonl",
            ":!tests/architecture",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_every_constraint_is_a_name_and_a_version():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []


def test_every_test_and_attack_that_the_security_page_names_is_there():
    page = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 30
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()]
    rows = re.findall(r"^\|[^|]+\| `tests/[^|]+\| ([^|]*)\|$", page, re.MULTILINE)
    attacks = "".join(path.read_text() for path in (ROOT / "tests" / "attacks").glob("*.py"))
    missing += [name for row in rows if (name := row.strip()) and f'"{name}"' not in attacks]
    assert (len(rows), missing) == (len(named), [])
