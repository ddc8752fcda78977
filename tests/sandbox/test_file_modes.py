"""What is kept is its owner's alone: 0600 in 0700, whatever the umask, also what an older version left open."""

import os
import stat

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
SHOWN = {"sandbox-ca.pem"}  # a certificate, which others are to trust


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


async def use(folder):
    """Start, sell something, and look at each file while it is open."""
    async with run(Options(data_dir=folder, port=0, service_port=0, tls_port=0)) as stack:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        async with httpx.AsyncClient(headers=headers) as client:
            answer = await client.post(f"{stack.service_url}/api/payments/create", json=ORDER)
        assert answer.status_code == 200
        return {path.relative_to(folder): (path.is_dir(), mode(path)) for path in (folder, *folder.rglob("*"))}


async def test_every_file_is_0600_in_folders_of_0700(tmp_path):
    modes = await use(tmp_path / "data")
    assert {"service.db", "service.db-wal", "combined.log", "error.log"} <= {path.name for path in modes}
    expected = {
        path: (is_folder, 0o700 if is_folder else 0o600)
        for path, (is_folder, _) in modes.items()
        if path.name not in SHOWN
    }
    assert {path: shown for path, shown in modes.items() if path.name not in SHOWN} == expected
    assert {shown for path, (_, shown) in modes.items() if path.name in SHOWN} == {0o644}


async def test_what_an_older_version_left_open_to_everybody_is_closed_and_what_a_group_may_read_stays(tmp_path):
    folder = tmp_path / "data"
    await use(folder)
    (folder / "service.db").chmod(0o644)
    (folder / "logs" / "combined.log").chmod(0o666)
    (folder / "logs" / "error.log").chmod(0o640)
    await use(folder)
    assert mode(folder / "service.db") == mode(folder / "logs" / "combined.log") == 0o600
    assert mode(folder / "logs" / "error.log") == 0o640
