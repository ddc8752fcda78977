"""However a run ends, by kill -9, SIGTERM or Ctrl-C, nothing of what it started is left, also what will not end."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
FAR = "import threading; threading.Event().wait()"
# A service that answers its health check, ignores SIGTERM where it is told to, and has started two further processes,
# one of them in a group of its own. It says who they are, in a file.
STUBBORN = f"""
import http.server, json, os, signal, subprocess, sys
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
kids = [subprocess.Popen([sys.executable, "-c", {FAR!r}], start_new_session=far).pid for far in (False, True)]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("health was asked for", flush=True)
        self.send_response(200); self.end_headers()
    do_POST = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("it began", flush=True); print("an error", file=sys.stderr, flush=True)
open("started.json", "w").write(json.dumps([os.getpid(), *kids]))
server.serve_forever()
"""
CONFIG = """
name: a stubborn service
start: {command: [sh, -c, "'{python}' stubborn.py {port} & wait"], base_url: "http://127.0.0.1:{port}", ready: /health}
time: real
operations:
  create: {method: POST, path: /payments, body: {user: "{user}"}, answer: {md5: md5, qr: qr, state: state}}
  status: {path: "/payments/{md5}", answer: {state: state}}
states: {pending: [PENDING], paid: [PAID]}
account: shop@bank
plans: {basic: {name: BASIC, prices: {USD: "0.50"}}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    (tmp_path / "mine.yaml").write_text(CONFIG.replace("{python}", sys.executable))
    return tmp_path


def begun(folder, *, stubborn):
    """A run that has started the service, where its output is, and descriptors of all processes of both."""
    command = [PROGRAM, "verify", "service", "--config", "mine.yaml", "--seed", "1", "--json", "v.json"]
    environment = {**os.environ, "STUBBORN": "yes" if stubborn else ""}
    run = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    lines, started = [], folder / "started.json"
    while not any(line.startswith("Its output:") for line in lines):
        lines.append(run.stdout.readline())
    while not (started.exists() and started.read_text()):
        select.select([], [], [], 0.01)
    descriptors = [os.pidfd_open(pid) for pid in {*json.loads(started.read_text()), *descendants(run.pid)}]
    while "service.create.works" not in (line := run.stdout.readline()):
        assert line, "the run ended before its first verdict"
        lines.append(line)
    log = Path(next(line for line in lines if line.startswith("Its output:")).split()[-1])
    return run, log, descriptors


def descendants(pid):
    """The children of a process, whichever thread has started them, and theirs."""
    listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(word) for words in listed for word in words.split()]
    return [*children, *(one for child in children for one in descendants(child))]


def have_ended(processes, within_s=40):
    poller = select.poll()
    for process in processes:
        poller.register(process, select.POLLIN)
    left = set(processes)
    while left:
        ready = [process for process, _ in poller.poll(within_s * 1000)]
        for process in ready:
            poller.unregister(process)
            left.discard(process)
            os.close(process)
        if not ready:
            return False
    return True


# Starts a program as the harness does, which starts the two others, and waits.
LAUNCHES = """
import sys, threading
from pathlib import Path
from bakong_sandbox.stack.launcher import Program, scratch_folder
with scratch_folder("guarded-") as folder:
    (folder / "started.json").write_text("")
    print(folder, Program([sys.executable, "stubborn.py", "0"], environment={"STUBBORN": "yes"}).line(), flush=True)
    threading.Event().wait()
"""


def test_nothing_is_left_of_a_process_that_is_killed(folder):
    run = subprocess.Popen([sys.executable, "-c", LAUNCHES], cwd=folder, stdout=subprocess.PIPE, text=True)
    scratch = Path(run.stdout.readline().split()[0])
    while not (folder / "started.json").exists():
        select.select([], [], [], 0.01)
    processes = [os.pidfd_open(pid) for pid in descendants(run.pid)]
    assert len(processes) == 4  # the guardian, the program and its two
    run.kill()
    run.communicate()
    assert have_ended(processes)
    assert not scratch.exists()


NUMBERS = [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.campaign) for one in (signal.SIGKILL, signal.SIGINT))]


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_is_left_of_a_run_that_is_ended(folder, number):
    run, log, processes = begun(folder, stubborn=number is not signal.SIGINT)
    assert len(processes) >= 5  # the sandbox, the shell, the service and its two
    run.send_signal(number)
    run.communicate(timeout=60)
    assert have_ended(processes)
    written = log.read_text()
    assert all(words in written for words in ("it began", "an error", "health was asked for"))
    log.unlink()
    if number is signal.SIGKILL:
        return
    assert run.returncode == 1
    report = json.loads((folder / "v.json").read_text())
    verdicts = {row["id"]: row["verdict"] for row in report["rules"]}
    assert verdicts["service.create.works"] == "broken"
    assert "not checked" in verdicts.values()
