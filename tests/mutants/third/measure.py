"""Plant faults in the PHP and Java examples and hold each to the rule that names it, or to all.

python -m tests.mutants.third.measure [--whole] [NAME...]; a line of JSON for each; SHARE=0/3: every third.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.mutants.planted import broken_rules, replaced
from tests.mutants.third.faults import JAVA, PHP
from tests.mutants.third.named import NAMED

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
SERVICES = {"php": "service.php", "java": "Service.java"}

ALL = {fault.name: fault for fault in PHP + JAVA}


def plant(name: str, where: Path) -> Path:
    """A copy of the service that a fault's name begins with, or is, with the fault in it."""
    service = name.split("-", maxsplit=1)[0]
    for file in (SERVICES[service], "verify.yaml"):
        shutil.copy(EXAMPLES / service / file, where)
    if name in ALL:
        replaced(name, where / SERVICES[service], ALL[name].edits)
    return where / "verify.yaml"


def measured(name: str, only: list[str], *, seed: int = 1, first: bool = True) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        return broken_rules(plant(name, Path(folder)), only, seed=seed, first=first)


def main() -> None:
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or list(ALL)
    whole = "--whole" in sys.argv
    share, of = (int(part) for part in os.environ.get("SHARE", "0/1").split("/"))
    for name in names[share::of]:
        only = ["service.*"] if whole or name not in NAMED else [NAMED[name]]
        print(json.dumps({"fault": name, "whole": whole, "broken": measured(name, only)}), flush=True)


if __name__ == "__main__":
    main()
