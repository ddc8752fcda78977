"""Plant faults in the independent service and hold each to the rules: python measure.py [--whole] [NAME...]"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from faults import FAULTS, Fault  # noqa: E402
from faults_more import MORE  # noqa: E402

ALL = {fault.name: fault for fault in FAULTS + MORE}


def plant(fault: Fault | None, where: Path) -> Path:
    """A copy of the service with the fault in it; each old text is there exactly once."""
    for file in [*HERE.glob("*.py"), HERE / "verify.yaml"]:
        shutil.copy(file, where)
    patch = fault.patch if fault else ()
    for at in range(0, len(patch), 3):
        name, old, new = patch[at : at + 3]
        text = (where / name).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{fault and fault.name}: {name} holds {old!r} {text.count(old)} times")
        (where / name).write_text(text.replace(old, new))
        compile((where / name).read_text(), name, "exec")
    return where / "verify.yaml"


def run(fault: Fault | None, only: list[str], seed: int = 1, profile: str = "quick") -> dict[str, str]:
    """The broken rules, each with its reason."""
    with tempfile.TemporaryDirectory() as folder:
        config, report = plant(fault, Path(folder)), Path(folder) / "report.json"
        command = ["bakong-sandbox", "verify", "service", "--config", str(config), "--seed", str(seed), "--profile", profile]
        command += ["--json", str(report)]
        for glob in only:
            command += ["--only", glob]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
        if not report.exists():
            return {"no-report": done.stderr[-300:] + done.stdout[-300:]}
        rules = json.loads(report.read_text())["rules"]
        return {rule["id"]: rule["reason"] for rule in rules if rule["verdict"] == "broken"}


def main() -> None:
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or list(ALL)
    whole = "--whole" in sys.argv
    for name in names:
        fault = ALL[name]
        broken = run(fault, ["service.*"] if whole else [f"service.{glob}" for glob in fault.families.split()])
        print(json.dumps({"fault": name, "whole": whole, "broken": broken}), flush=True)


if __name__ == "__main__":
    main()
