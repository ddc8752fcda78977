"""A `bakong-sandbox` that is loaded already, for everything here that types commands."""

import subprocess
import sys

import pytest

from tests.docs import preloaded
from tests.docs.pages import ROOT


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A folder with a bakong-sandbox that is loaded already."""
    folder = tmp_path_factory.mktemp("programs")
    where = folder / "socket"
    program = folder / "bakong-sandbox"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {preloaded.__file__} {where} run "$@"\n')
    program.chmod(0o755)
    loaded = subprocess.Popen([sys.executable, preloaded.__file__, where], stdout=subprocess.PIPE, cwd=ROOT)
    assert loaded.stdout.readline() == b"ready\n"
    yield folder
    loaded.kill()
    loaded.wait()
    loaded.stdout.close()
