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
