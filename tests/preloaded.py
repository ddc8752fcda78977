"""`bakong-sandbox` from a process that has it loaded: a start of its own takes most commands most of a second.

As a program (preloaded.py SOCKET run WORDS...) it hands its streams, folder and variables over, and both end alike:
the command by the signal that the program is sent (by SIGTERM where it is killed), and the program with its exit code.
Where the start itself is the subject (test_up.py, test_cli.py, test_launcher.py, test_output_encoding.py) the installed
program is started.
"""

import functools
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

# What the commands load beside their own modules.
LOADED = (
    "bakong_conformance.bakong",
    "bakong_conformance.emv",
    "bakong_conformance.khqr",
    "bakong_conformance.service",
    "bakong_sandbox.devkit.subject",
    "bakong_sandbox.devkit.taka_subjects",
    "bakong_sandbox.stack.sandbox",
    "bakong_sandbox.stack.embedded_service",
    "bakong_sandbox.stack.service",
    "hypothesis.strategies",
    "tests.warmed",
    "uvicorn",
)
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDS = []


@functools.cache
def folder():
    """The folder of a `bakong-sandbox` whose process is loaded at the first call, for all tests of this process."""
    made = Path(tempfile.mkdtemp(prefix="preloaded-"))
    where, program = made / "socket", made / "bakong-sandbox"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {__file__} {where} run "$@"\n')
    program.chmod(0o755)
    command = [sys.executable, "-P", __file__, where]
    loaded = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert loaded.stdout.readline() == b"ready\n"

    def end():
        loaded.kill()
        loaded.communicate()
        shutil.rmtree(made)

    _ENDS.append(end)
    return made


def program():
    """Its path."""
    return folder() / "bakong-sandbox"


def end():
    """The process ends, with the last of the tests."""
    while _ENDS:
        _ENDS.pop()()


def hand_over(where, words):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(where)
        said = json.dumps({"words": words, "folder": os.getcwd(), "variables": dict(os.environ)}).encode()  # noqa: PTH109
        socket.send_fds(link, [len(said).to_bytes(4, "big")], [0, 1, 2])
        link.sendall(said)
        for number in ENDINGS:
            signal.signal(number, lambda got, _: link.sendall(bytes([got])))
        return int(link.recv(4) or b"70")


def serve(where):
    """Run each command that is handed over in a child."""
    from bakong_sandbox.cli import program

    for name in program.MODULES:
        program.command(name)
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()  # no child looks through it, which would copy it
    threading.Thread(target=_end_with_tests, daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(50)
        print("ready", flush=True)
        while True:
            link, _ = listening.accept()
            if os.fork() == 0:
                os._exit(_run(program.main, link))
            link.close()
            while os.waitpid(-1, os.WNOHANG)[0] if _has_children() else False:
                pass


def _has_children():
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _run(main, link):
    head, handles, _, _ = socket.recv_fds(link, 4, 3)
    said = json.loads(link.makefile("rb").read(int.from_bytes(head, "big")))
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
    # Anew, as the interpreter opens them: what was a file is perhaps a pipe now, in which nobody can seek.
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, buffering, closefd=False)  # noqa: SIM115
        for number, (mode, buffering) in enumerate((("r", -1), ("w", -1), ("w", 1)))
    )
    os.chdir(said["folder"])
    os.environ.clear()
    os.environ.update(said["variables"])
    sys.argv = ["bakong-sandbox", *said["words"]]
    threading.Thread(target=_end_with, args=(link,), daemon=True).start()
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else bool(ended.code)
    except BaseException:  # noqa: BLE001  as the interpreter ends a program
        import traceback

        traceback.print_exc()
        code = 1
    with suppress(OSError):  # a pipe that nobody reads any more
        sys.stdout.flush()
    with suppress(BrokenPipeError):  # the program has been killed
        link.sendall(str(code).encode())
    return 0


def _end_with(link):
    """A command is sent what the program that stands for it is sent, and ends with it."""
    while got := link.recv(1):
        os.kill(os.getpid(), got[0])
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with_tests():
    """The tests that started this have the other end of its standard input."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    _, where, *words = sys.argv
    serve(where) if not words else sys.exit(hand_over(where, words[1:]))
