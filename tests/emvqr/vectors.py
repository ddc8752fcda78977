"""The rows of tests/vectors, and a command that speaks JSON lines."""

import json
import subprocess
import sys
from pathlib import Path

VECTORS = Path(__file__).parents[1] / "vectors"


def rows(name):
    return [json.loads(line) for line in (VECTORS / name).read_text(encoding="utf-8").splitlines()]


def answers(module, command, lines):
    """What `python -m module command` answers to each line; lines are objects, or texts as they are."""
    given = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-m", module, command], input=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == len(lines)
    return said
