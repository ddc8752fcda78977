"""`make scheme` lays down a folder that works as it is."""

import subprocess
import sys

import pytest

from scripts.new_scheme import SCHEMES, lay_down

USES = """
import asyncio, sys
from bakong_schemes.acme.fake import ACME
from bakong_simulator.kernel.worlds import Worlds

async def run():
    world = Worlds(lambda: 1_770_768_000_000, (ACME,)).default
    print(ACME.name, ACME.prefix, world.state(ACME).key, "acme-busy" in world.library.names())

asyncio.run(run())
"""


def test_a_new_scheme_bears_its_name_everywhere_and_runs(tmp_path):
    package = tmp_path / "bakong_schemes"
    package.mkdir()
    (package / "__init__.py").touch()
    folder = lay_down("acme", package)
    texts = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert [
        str(path) for path, text in texts.items() if "template" in f"{path.relative_to(tmp_path)} {text}".lower()
    ] == []
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    done = subprocess.run([sys.executable, "-c", path + USES], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["acme", "/acme", "acme_sandbox_default", "True"], done.stderr


@pytest.mark.parametrize("name", ["", "Acme", "../x", "a", "acme-pay", "bakong"])
def test_a_name_that_cannot_be_is_refused(name):
    before = sorted(path.name for path in SCHEMES.iterdir())
    with pytest.raises(ValueError, match="NAME: "):
        lay_down(name)
    assert sorted(path.name for path in SCHEMES.iterdir()) == before
