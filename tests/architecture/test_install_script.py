"""What an installation says: its warnings are in a file, and why it failed is shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = """#!/bin/sh
mkdir -p venv/bin && touch venv/bin/python && chmod +x venv/bin/python
[ "$1" = venv ] || { echo "WARNING: odd" >&2; exit %s; }
"""


@pytest.mark.parametrize("rc", [0, 1])
def test_warnings_are_in_a_file_and_a_failure_is_shown(tmp_path: Path, rc: int) -> None:
    uv = tmp_path / "uv"
    uv.write_text(UV % rc)
    uv.chmod(0o755)

    done = subprocess.run(
        [ROOT / "scripts/install", "venv", sys.executable, "."],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == rc
    assert (tmp_path / "venv/install.log").read_text() == "WARNING: odd\n"
    said = "" if rc == 0 else "WARNING: odd\nThe installation failed. All that was said is in venv/install.log.\n"
    assert done.stderr == said
