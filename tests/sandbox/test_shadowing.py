"""The wheel in an environment of its own, used from folders whose modules have names that anybody's may have."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMON_NAMES = ("contracts", "simulator", "scenarios", "sandbox", "service", "loadtests", "schemes")
SHOP_TEST = """
import httpx
import contracts, simulator, scenarios, sandbox, service, loadtests, schemes
from tests.helpers import OF_THE_SHOP


def test_the_shop(bakong):
    modules = (contracts, simulator, scenarios, sandbox, service, loadtests, schemes)
    assert {module.OWNER for module in modules} == {"shop"}
    headers = {"authorization": "Bearer " + bakong.token}
    answer = httpx.post(bakong.base_url + "/v1/check_transaction_by_md5", json={"md5": OF_THE_SHOP}, headers=headers,
                        trust_env=False)
    assert answer.json()["errorCode"] == 1


async def test_the_shop_without_a_port(bakong_in_process):
    async with bakong_in_process.client() as client:
        answer = await client.post("/v1/check_transaction_by_md5", json={"md5": OF_THE_SHOP})
    assert answer.json()["errorCode"] == 1


def test_the_shop_at_nbcs_address(bakong_redirect):
    headers = {"authorization": "Bearer " + bakong_redirect.token}
    url = "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5"
    assert httpx.post(url, json={"md5": OF_THE_SHOP}, headers=headers).json()["errorCode"] == 1
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python whose only copy of the project is its wheel; what that depends on is shared with this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=170)
    venv.create(folder / "venv", with_pip=False)
    site = next((folder / "venv").glob("lib*/python*/site-packages"))
    with zipfile.ZipFile(*folder.glob("*.whl")) as wheel:
        wheel.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder / "venv" / "bin" / "python"


@pytest.fixture
def shop(tmp_path, python):
    """A shop's folder with modules of everybody's names; returns a function that runs its tests by pytest."""
    for name in COMMON_NAMES:
        (tmp_path / f"{name}.py").write_text('OWNER = "shop"\n')
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "helpers.py").write_text(f"OF_THE_SHOP = {'a' * 32!r}\n")
    (tmp_path / "tests" / "test_shop.py").write_text(SHOP_TEST)

    def run(*options):
        env = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "COV"))}
        command = [python, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", *options]
        ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    return run


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_a_shop_with_modules_of_our_folders_names_uses_the_fixtures(shop, mode):
    code, output = shop("--import-mode", mode)
    assert (code, "3 passed" in output) == (0, True), output


def test_the_project_is_read_from_the_wheel_alone(python):
    show = "import khqr, bakong_sandbox, bakong_conformance; print(khqr.__file__, bakong_sandbox.__file__)"
    files = subprocess.run(
        [python, "-P", "-c", show], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.split()
    assert all(Path(file).is_relative_to(python.parents[1]) for file in files), files


def test_a_khqr_module_of_the_shops_own_is_named_in_one_line(shop, tmp_path):
    (tmp_path / "khqr.py").write_text("def encode(): ...\n")
    code, output = shop()
    assert code == 1
    lines = [line for line in output.splitlines() if "shadows the package 'khqr' of bakong-sandbox" in line]
    assert lines, output
    assert str(tmp_path / "khqr.py") in lines[0]
    assert "Traceback" not in output
    assert "ImportError" not in output
