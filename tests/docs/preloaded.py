"""`bakong-sandbox` from a process that has it loaded: to start it for each of the pages' commands takes a minute.

As a program (preloaded.py SOCKET run WORDS...) it hands its streams, folder and variables over, and both end alike:
the command with the program's exit code, and by SIGTERM where the program is ended first.
"""

import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress


def hand_over(where, words):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(where)
        said = json.dumps({"words": words, "folder": os.getcwd(), "variables": dict(os.environ)}).encode()  # noqa: PTH109
        socket.send_fds(link, [len(said).to_bytes(4, "big")], [0, 1, 2])
        link.sendall(said)
        return int(link.recv(4) or b"70")


def serve(where):
    """Run each command that is handed over in a child."""
    from bakong_sandbox.cli import program

    for name in program.MODULES:
        program.command(name)
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
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode, closefd=False) for number, mode in enumerate("rww"))  # noqa: SIM115
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
    with suppress(BrokenPipeError):  # the program has been ended
        link.sendall(str(code).encode())
    return 0


def _end_with(link):
    """A command that serves ends with the program that stands for it."""
    if not link.recv(1):
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _, where, *words = sys.argv
    serve(where) if not words else sys.exit(hand_over(where, words[1:]))
