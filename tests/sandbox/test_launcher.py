"""The launcher of programs: what they say, and that nothing of them is left."""

import os
import select
import sys

import pytest

from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.launcher import Program, running

# Prints a line, then more than any pipe holds, and ends by itself.
TALKATIVE = "import sys\nprint('{}', flush=True)\nsys.stdout.write('log\\n' * 500_000)\nsys.stderr.write('e' * 300_000)"
# Starts a program of its own, says its process id, and waits until it is ended.
PARENT = (
    "import subprocess, sys, threading\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
    "print(child.pid, flush=True)\nthreading.Event().wait()"
)


def test_a_program_that_logs_more_than_a_pipe_holds_is_not_held_up():
    program = Program((sys.executable, "-c", TALKATIVE), keeps_errors=True)
    assert program.ready_line() == {}
    program.wait()
    assert program.exit_code == 0


def test_what_a_program_started_ends_with_it():
    with running((sys.executable, "-c", PARENT)) as program:
        child = os.pidfd_open(int(program.line()))
        assert not _has_ended(child, within_s=0)
    program.wait()
    assert program.exit_code is not None
    assert _has_ended(child, within_s=60)
    os.close(child)


@pytest.mark.parametrize("script", ["raise SystemExit('no room')", "print('no room')"])
def test_a_program_that_does_not_start_says_why(script):
    with pytest.raises(SetupError, match="no room"):
        Program((sys.executable, "-c", script), keeps_errors=True).ready_line()


def _has_ended(process, within_s):
    """Whether a process has ended, or ends within some time; a file descriptor of it is readable then."""
    return bool(select.select([process], [], [], within_s)[0])
