"""Limiters on loopback, right and wrong ones, each in processes of its own."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVER = Path(__file__).parent / "limiters" / "server.py"


@contextmanager
def serving(name, processes, limit, window_ms, redis_url=""):
    """The URLs of a running limiter, one for each of its processes."""
    sizes = ["--limit", str(limit), "--window-ms", str(window_ms), "--processes", str(processes)]
    command = [sys.executable, SERVER, "--limiter", name, *sizes, "--redis", redis_url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield tuple(json.loads(process.stdout.readline())["urls"])
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def limiter():
    return serving
