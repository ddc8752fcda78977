"""Plant faults in the independent service and hold each to the rules of its families, or to all.

python -m tests.mutants.independent.measure [--whole] [NAME...]; a line of JSON for each; SHARE=0/3: every third.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from bakong_sandbox.cli import program, verify
from tests.mutants.independent.faults import FAULTS, Fault
from tests.mutants.independent.faults_more import MORE

HERE = Path(__file__).parent
IMPORTED = (program, verify)  # before the forks

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
        command = ["verify", "service", "--config", str(config), "--seed", str(seed), "--profile", profile]
        command += ["--json", str(report)]
        for glob in only:
            command += ["--only", glob]
        said = forked(command, Path(folder) / "said.txt", whole=only == ["service.*"])
        if not report.exists():
            return {"no-report": said[-300:]}
        rules = json.loads(report.read_text())["rules"]
        return {rule["id"]: rule["reason"] for rule in rules if rule["verdict"] == "broken"}


def forked(command: list[str], out: Path, *, whole: bool) -> str:
    """The command in a fork of this process, which has everything imported already; ended at the first broken rule."""
    pid = os.fork()
    if pid == 0:
        sink = os.open(out, os.O_WRONLY | os.O_CREAT)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.argv = ["bakong-sandbox", *command]
        try:
            program.main()
        finally:
            os._exit(0)
    pause, told = threading.Event(), whole
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        pause.wait(0.3)
        if not told and out.exists() and "\n\N{BALLOT X}" in out.read_text(errors="replace"):
            told = True
            os.kill(pid, signal.SIGINT)
    return out.read_text(errors="replace")


def main() -> None:
    names = [name for name in sys.argv[1:] if not name.startswith("--")] or list(ALL)
    whole = "--whole" in sys.argv
    share, of = (int(part) for part in os.environ.get("SHARE", "0/1").split("/"))
    for name in names[share::of]:
        fault = ALL[name]
        broken = run(fault, ["service.*"] if whole else [f"service.{glob}" for glob in fault.families.split()])
        print(json.dumps({"fault": name, "whole": whole, "broken": broken}), flush=True)


if __name__ == "__main__":
    main()
