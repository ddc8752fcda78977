"""`up --lan`: what it prints for a phone, and that a code lets one browser in, once, from whatever address."""

import httpx
import pytest
from rich.console import Console

from bakong_sandbox.cli.up import _doors
from bakong_sandbox.stack import sandbox
from bakong_sandbox.stack.options import Options
from bakong_simulator.control.door import PATH
from tests.conftest import PLAIN


@pytest.fixture
async def wide(tmp_path, monkeypatch):
    """A sandbox that listens at every address; the one that a phone would use is a name for this test."""
    monkeypatch.setattr(sandbox, "lan_address", lambda: "127.0.0.1")
    async with sandbox.run(Options(data_dir=tmp_path, port=0, service_port=None, lan=True)) as stack:
        yield stack


async def test_a_phone_enters_by_its_code_and_nobody_else_does(wide):
    ready = wide.ready()
    assert ready["codes"] == list(wide.codes)
    assert len({*wide.codes}) == 2
    async with httpx.AsyncClient(base_url=wide.lan_url, **PLAIN) as phone, httpx.AsyncClient(**PLAIN) as other:
        assert (await phone.get("/sandbox/worlds")).status_code == 401
        entered = await phone.post(PATH, data={"code": wide.codes[1], "next": "/console/default/wallet"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/default/wallet")
        assert (await phone.get("/console/default/wallet")).status_code == 200
        assert (await other.get(f"{wide.lan_url}/console/default/wallet")).status_code == 303
        assert (await other.post(f"{wide.lan_url}{PATH}", data={"code": wide.codes[1]})).status_code == 403
        assert (await other.get(f"{wide.lan_url}/v1/check")).status_code == 404  # the API itself wants no code


async def test_a_page_of_another_machine_that_brings_the_cookie_changes_nothing(wide):
    async with httpx.AsyncClient(base_url=wide.lan_url, **PLAIN) as phone:
        await phone.post(PATH, data={"code": wide.codes[0]})
        refused = await phone.post("/sandbox/worlds/default/reset", headers={"origin": "http://evil.example"})
        assert refused.status_code == 403


async def test_it_prints_the_wallets_address_as_a_picture(wide, capsys):
    _doors(wide, Console(soft_wrap=True))
    printed = capsys.readouterr().out
    assert f"{wide.lan_url}{PATH}?code={wide.codes[1]}&next=/console/default/wallet" in printed
    assert f"{PATH}?code={wide.codes[0]}" in printed
    assert "█" in printed or "▀" in printed
