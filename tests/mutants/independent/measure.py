"""Plant faults in the independent service and hold each to the rules of its families, or to all.

python -m tests.mutants.independent.measure [--whole] [NAME...]; a line of JSON for each; SHARE=0/3: every third.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.mutants.independent.faults import FAULTS, Fault
from tests.mutants.independent.faults_fresh import FRESH
from tests.mutants.independent.faults_more import MORE
from tests.mutants.planted import broken_rules, replaced

HERE = Path(__file__).parent

ALL = {fault.name: fault for fault in FAULTS + MORE + FRESH}


def plant(fault: Fault | None, where: Path) -> Path:
    """A copy of the service with the fault in it; each old text is there exactly once."""
    for file in [*HERE.glob("*.py"), HERE / "verify.yaml"]:
        shutil.copy(file, where)
    patch = fault.patch if fault else ()
    for at in range(0, len(patch), 3):
        name, old, new = patch[at : at + 3]
        replaced(fault.name if fault else "", where / name, [(old, new)])
        compile((where / name).read_text(), name, "exec")
    return where / "verify.yaml"


def main() -> None:
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or list(ALL)
    whole = "--whole" in sys.argv
    share, of = (int(part) for part in os.environ.get("SHARE", "0/1").split("/"))
    for name in names[share::of]:
        fault = ALL[name]
        with tempfile.TemporaryDirectory() as folder:
            only = ["service.*"] if whole else [f"service.{glob}" for glob in fault.families.split()]
            broken = broken_rules(plant(fault, Path(folder)), only, first=not whole)
        print(json.dumps({"fault": name, "whole": whole, "broken": broken}), flush=True)


if __name__ == "__main__":
    main()
