"""A data folder of any name: the database is in it and in no other, and the start says where."""

import os
import shutil

import httpx
import pytest
from sqlalchemy import create_engine

from bakong_sandbox.cli.up import _banner
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.sql import migrate
from bakong_service.database_url import sqlite_path, sqlite_url

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
NAMES = ["feature%2Fpay", "what?", "a#b", "a b", "100%", "%00", "[bold]x", "é;&=+@:\\'\"", "ខ្មែរ", "line\nbreak"]
NAMES += [os.fsdecode(b"latin-\xe9"), ":memory:", "file:x", "?mode=memory"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_data_folder_of_any_name_has_its_own_database(tmp_path, name):
    folder = tmp_path / name
    async with run(Options(data_dir=folder, port=0, service_port=0)) as stack, httpx.AsyncClient() as client:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        answer = await client.post(f"{stack.service_url}/api/payments/create", json=ORDER, headers=headers)
        assert answer.status_code == 200
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (folder / "service.db").stat().st_size > 0


async def test_folders_whose_names_mean_the_same_in_a_url_have_a_database_each(tmp_path):
    totals = []
    (tmp_path / "feature").mkdir()
    for name in ("feature%2Fpay", "feature/pay", "feature%252Fpay"):
        options = Options(data_dir=tmp_path / name, port=0, service_port=0)
        async with run(options) as stack, httpx.AsyncClient() as client:
            headers = {"authorization": f"Bearer {stack.api_key}"}
            await client.post(f"{stack.service_url}/api/payments/create", json=ORDER, headers=headers)
            url = f"{stack.service_url}/api/payments/history?userId=sokha"
            totals.append((await client.get(url, headers=headers)).json()["data"]["total"])
    assert totals == [1, 1, 1]


@pytest.mark.parametrize("name", ["[bold]x", "[/]", "a[red]b[/red]"])
async def test_the_start_says_the_folders_name_letter_by_letter(tmp_path, capsys, name):
    async with run(Options(data_dir=tmp_path / name, port=0, service_port=None)) as stack:
        _banner(stack)
    assert f"Data      {tmp_path / name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_url_of_a_file_is_read_back_as_that_file(tmp_path, name):
    path = tmp_path / name / "service.db"
    assert sqlite_path(sqlite_url(path)) == path


def test_a_program_that_is_installed_under_any_name_can_migrate(tmp_path, monkeypatch):
    home = tmp_path / "100%(here)s"
    shutil.copytree(migrate.__file__.removesuffix("migrate.py") + "migrations", home / "migrations")
    monkeypatch.setattr(migrate, "__file__", str(home / "migrate.py"))
    with create_engine("sqlite://").begin() as connection:
        migrate.upgrade(connection)
        assert migrate.revision(connection) == migrate.HEAD
