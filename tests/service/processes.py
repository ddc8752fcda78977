"""The service as its operators start it: a process with settings in its environment."""

import asyncio
import base64
import json
import multiprocessing
import os
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from tests import secrecy

PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
API_KEY = "test-key-" + "0123456789abcdefghijklmnopqrstuv"
ENCRYPTION_KEY = "test-encryption-" + "0123456789abcdefghijklmnop"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
TOKEN = "test-token-" + "0123456789abcdefghijklmnopqrstuv"
secrecy.issue(API_KEY, ENCRYPTION_KEY, WEBHOOK_SECRET, TOKEN)


def environment(folder, **changes):
    """Good settings of production, but for Bakong, which is nowhere."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    return inherited | {
        "DATABASE_URL": f"sqlite:///{folder}/service.db",
        "BAKONG_BASE_URL": "https://127.0.0.1:1",
        "BAKONG_MERCHANT_ID": "noodle_shop@devb",
        "BAKONG_MERCHANT_NAME": "Noodle Shop",
        "BAKONG_DEVELOPER_TOKEN": TOKEN,
        "MAIN_BACKEND_API_KEY": API_KEY,
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "LOG_DIR": f"{folder}/logs",
        **changes,
    }


async def command(*options, env, given=""):
    """A `service` command run to its end: exit code, stdout, stderr. given: its standard input."""
    return await sandbox("service", *options, env=env, given=given)


async def sandbox(*options, env, given=""):
    """A command run to its end: exit code, stdout, stderr."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in").write_text(given)
        process = _FORKS.Process(target=_be_the_program_with_files, args=(list(options), env, folder))
        process.start()
        await asyncio.to_thread(process.join)
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
    if options[1:3] in (("keys", "make"), ("clients", "add")):
        secrecy.issue(*out.split()[-1:])
    else:
        secrecy.seen(f"what {options} printed", (out + err).encode())
    return process.exitcode, out, err


# A process for each command, forked from one that has loaded the program: loading takes longer than most commands.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "bakong_sandbox.cli",
        "bakong_sandbox.cli.service",
        "bakong_sandbox.stack.service",
        "tests.warmed",
        "uvicorn",
        "uvloop",
    ]
)


def _be_the_program_with_files(options, env, folder):
    for number, name in ((1, "out"), (2, "err")):
        with (Path(folder) / name).open("w") as file:
            os.dup2(file.fileno(), number)
    with (Path(folder) / "in").open() as file:
        os.dup2(file.fileno(), 0)
    sys.stdin = os.fdopen(0)
    _be_the_program(options, env)


def _be_the_program(options, env):
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [str(PROGRAM), *options]

    from bakong_sandbox.cli import main

    main()


class Forked:
    """The program in a process that forked from one that has loaded it; used like one of asyncio's."""

    @classmethod
    async def start(cls, options, env):
        self = cls()
        (out, its_out), (err, its_err) = (_FORKS.Pipe(duplex=False) for _ in range(2))
        self._process = _FORKS.Process(target=_be_the_program_at, args=(options, env, its_out, its_err))
        self._process.start()
        its_out.close()
        its_err.close()
        self.stdout, self.stderr = [await _reader(end) for end in (out, err)]
        return self

    @property
    def pid(self):
        return self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    async def wait(self):
        await asyncio.to_thread(self._process.join)
        return self.returncode

    async def communicate(self):
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err


async def _reader(end):
    reader = asyncio.StreamReader()
    file = os.fdopen(os.dup(end.fileno()), "rb", buffering=0)
    end.close()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    return reader


def _be_the_program_at(options, env, out, err):
    for number, end in ((1, out), (2, err)):
        os.dup2(end.fileno(), number)
        end.close()
    _be_the_program(options, env)


@asynccontextmanager
async def serving(env, *options):
    """A running service: the process, and its URL."""
    process = await Forked.start(["service", "run", "--json", "--port", "0", *options], env)
    try:
        ready = {}
        while "service_url" not in ready:  # its log may come first
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            ready = json.loads(line)
        yield process, ready["service_url"]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        secrecy.seen("what the service printed", out + err)
