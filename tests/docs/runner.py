"""Runs a page's console blocks in order, in one shell, in a folder that looks like a checkout.

Ports of the pages stand for free ones. A command that serves until Ctrl-C is started beside the others, and is ready
when it has printed its first line.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bakong_sandbox.stack.serving import free_port
from tests.docs.pages import ROOT, matches

SERVES = re.compile(r"^[A-Z_a-z0-9=/.:\s]*bakong-sandbox\s+(up|listen|redirect|service run)\b|^make up\b")
SIMULATOR, SERVICE = 8600, 3002
PORTS = (SIMULATOR, SERVICE, 8643, 8610)
WAIT_S = 120
_END = "<<end {}>>"


class BrokenBlockError(AssertionError):
    """A block that does not do what the page says."""


class PageRunner:
    """A shell for one page. ports: those of a sandbox that runs already, by the page's."""

    def __init__(self, page, folder, programs, data=None, ports=None):
        self.page, self.folder = page, folder
        self._ports = {port: free_port() for port in PORTS} | (ports or {})
        self._closing = ExitStack()
        for entry in ROOT.iterdir():
            if entry.name not in {"data", "reports", ".git"} and not (folder / entry.name).exists():
                (folder / entry.name).symlink_to(entry)
        if data:
            (folder / "data").symlink_to(data)
        self._errors = self._closing.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115  it is closed below
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("BAKONG_SANDBOX_")},
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NO_PROXY": "127.0.0.1,localhost",
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "BAKONG_SANDBOX_PORT": str(self._ports[SIMULATOR]),
            "BAKONG_SANDBOX_SERVICE_PORT": str(self._ports[SERVICE]),
            "BAKONG_SANDBOX_PROXY_PORT": str(self._ports[8610]),
        }
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._number = 0

    def run(self, block):
        for command in block.commands:
            text = self._with_ports(command.text)
            printed = self._serve(command, text) if SERVES.match(text) else self._type(command, text)
            if problem := matches(map(self._with_ports, command.printed), printed):
                raise BrokenBlockError(f"{self.page}:{command.line}: {command.text}\n{problem}")

    def port(self, of):
        """The port that stands for one of the pages'."""
        return self._ports[of]

    def close(self):
        if self._shell.returncode is not None:
            return
        os.killpg(self._shell.pid, signal.SIGTERM)
        self._shell.wait()
        self._shell.stdin.close()
        self._shell.stdout.close()
        self._closing.close()

    def _with_ports(self, text):
        return re.sub(r"\b(8600|3002|8643|8610)\b", lambda port: str(self._ports[int(port[0])]), text)

    def _type(self, command, text):
        """The lines that a command prints. Raises BrokenBlockError where it fails."""
        self._number += 1
        mark = _END.format(self._number)
        self._shell.stdin.write(f"{text}\nprintf '\\n%s %s\\n' '{mark}' $?\n")
        self._shell.stdin.flush()
        lines = []
        while not (line := self._line(command, lines)).startswith(mark):
            lines.append(line)
        if (code := int(line.rpartition(" ")[2])) != 0:
            raise BrokenBlockError(f"{self.page}:{command.line}: {command.text}\nends with {code}\n{self._said(lines)}")
        return lines

    def _line(self, command, lines):
        line = self._shell.stdout.readline()
        if not line:
            raise BrokenBlockError(f"{self.page}:{command.line}: {command.text}\nends the shell\n{self._said(lines)}")
        return line.removesuffix("\n")

    def _said(self, lines):
        self._errors.seek(0)
        return "\n".join([*lines[-20:], *self._errors.read().splitlines()[-20:]])

    def _serve(self, command, text):
        """The first line of a command that serves, which goes on until the page ends."""
        if " up" in text:
            if (self.folder / "data").is_symlink():
                (self.folder / "data").unlink()  # it has a folder of its own
            self._ports[SIMULATOR], self._ports[SERVICE] = free_port(), free_port()
            for port, name in ((SIMULATOR, "PORT"), (SERVICE, "SERVICE_PORT")):
                self._type(command, f"export BAKONG_SANDBOX_{name}={self._ports[port]}")
            text = re.sub(r"(--port|--service-port) 0\b", "", text)
        self._number += 1
        out = self.folder / f"out-{self._number}"
        os.mkfifo(out)
        self._type(command, f"{text.removesuffix('&').split('  #')[0].rstrip()} > {out.name} &")
        reading = self._closing.enter_context(out.open())  # while it runs: who writes to a closed pipe ends
        first = [reading.readline().rstrip("\n")]
        if not first[0]:
            raise BrokenBlockError(f"{self.page}:{command.line}: {command.text}\ndoes not start\n{self._said([])}")
        return first
