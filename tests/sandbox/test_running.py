"""One sandbox a data folder: a second one is refused, and commands find the one that runs there."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.running import USUAL_URL, usual_url
from bakong_sandbox.stack.sandbox import run


async def test_a_second_sandbox_on_a_folder_is_refused_and_told_where_the_first_one_is(tmp_path):
    options = Options(data_dir=tmp_path, port=0, service_port=None)
    async with run(options) as first:
        with pytest.raises(SetupError, match=f"{tmp_path.name}.*runs at {first.bakong_url}.*--data-dir"):
            async with run(options):
                pass
    async with run(options) as again:
        assert again.bakong_url


async def test_a_command_finds_the_sandbox_of_the_folder_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert usual_url() == USUAL_URL
    async with run(Options(data_dir=Path("data"), port=0, service_port=None)) as stack:
        assert usual_url() == stack.bakong_url
    assert usual_url() == USUAL_URL


def test_where_nothing_says_otherwise_a_command_asks_port_8600(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sandbox-running.json").write_text(json.dumps({"bakong_url": "http://127.0.0.1:9"}))
    ended = CliRunner().invoke(app, ["clock", "show"])
    assert (ended.exit_code, "http://127.0.0.1:9 " in ended.stderr) == (2, True)
    (tmp_path / "data" / "sandbox-running.json").write_text("[")
    assert usual_url() == USUAL_URL
