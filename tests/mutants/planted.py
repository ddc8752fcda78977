"""A program's text with a fault planted in it, and the rules that a run of the harness names; each run is a fork."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from bakong_sandbox.cli import program, verify

IMPORTED = (program, verify)  # before the forks


def replaced(fault: str, path: Path, edits: Iterable[tuple[str, str]]) -> None:
    """Each old text, which is there exactly once, becomes the new one."""
    text = path.read_text()
    for old, new in edits:
        if text.count(old) != 1:
            raise SystemExit(f"{fault}: {path.name} holds {old!r} {text.count(old)} times")
        text = text.replace(old, new)
    path.write_text(text)


def broken_rules(
    config: Path, only: Iterable[str], *, seed: int = 1, profile: str = "quick", first: bool = False
) -> dict[str, str]:
    """The broken rules, each with its reason; with `first`, the run ends at the first one."""
    report = config.with_name("report.json")
    command = ["verify", "service", "--config", str(config), "--seed", str(seed), "--profile", profile, "--jobs", "1"]
    command += ["--json", str(report)]
    for glob in only:
        command += ["--only", glob]
    said = forked(command, config.with_name("said.txt"), first=first)
    if not report.exists():
        return {"no-report": said[-300:]}
    rules = json.loads(report.read_text())["rules"]
    return {rule["id"]: rule["reason"] for rule in rules if rule["verdict"] == "broken"}


def forked(command: list[str], out: Path, *, first: bool) -> str:
    """What the command says, in a fork of this process, which has everything imported already."""
    pid = os.fork()
    if pid == 0:
        sink = os.open(out, os.O_WRONLY | os.O_CREAT)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.argv = ["bakong-sandbox", *command]
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  the first broken rule is waited for
        try:
            program.main()
        finally:
            os._exit(0)
    pause, told = threading.Event(), not first
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        pause.wait(0.3)
        if not told and out.exists() and "\n\N{BALLOT X}" in out.read_text(errors="replace"):
            told = True
            os.kill(pid, signal.SIGINT)
    return out.read_text(errors="replace")
