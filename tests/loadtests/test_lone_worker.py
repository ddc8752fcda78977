"""A load worker that finds no master ends by itself: no container of the load check stays for ever."""

import os
import subprocess
import sys

from bakong_sandbox.stack.serving import free_port

HURRIED = """
import sys
import locust.runners as runners
assert runners.CONNECT_RETRY_COUNT * runners.CONNECT_TIMEOUT == 300, "docker-compose.yml says: five minutes"
runners.CONNECT_RETRY_COUNT, runners.CONNECT_TIMEOUT = 1, 0.1
from bakong_loadtests.runner import worker
worker("127.0.0.1", int(sys.argv[1]), None)
"""


def test_a_worker_that_finds_no_master_ends_with_an_error():
    words = [sys.executable, "-c", HURRIED, str(free_port())]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100, env=os.environ)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, "ConnectionError")
