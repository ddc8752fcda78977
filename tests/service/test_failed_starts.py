"""Failures to start that a user can mend: one line that says what, and exit code 2, from every command that starts."""

import sqlite3

import pytest

from tests.service.processes import command, environment, sandbox

GARBAGE = bytes(range(256)) * 40


def garbage(path):
    path.write_bytes(GARBAGE)


def broken_head(path):
    path.write_bytes(b"SQLite format 3\0" + GARBAGE)


def folder(path):
    path.mkdir()


def of_version(revision):
    def make(path):
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE alembic_version (version_num TEXT)")
            database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))

    return make


def of_another_program(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE payment_transactions (id INTEGER)")


DATABASES = {
    "garbage": (garbage, "not a database"),
    "a broken head": (broken_head, "not a database"),
    "a folder in its place": (folder, "unable to open"),
    "a newer schema": (of_version("9999"), "9999"),
    "a schema of no version": (of_version("0000x"), "0000x"),
    "another program's": (of_another_program, "'payment_transactions'"),
}
STARTS = {
    "up": ("up", "--port", "0", "--service-port", "0", "--data-dir"),
    "service run": ("service", "run", "--port", "0"),
    "service worker": ("service", "worker"),
    "service keys list": ("service", "keys", "list"),
    "service migrate": ("service", "migrate"),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("database", DATABASES)
async def test_a_database_that_cannot_be_used_is_one_line_and_code_2(tmp_path, start, database):
    make, why = DATABASES[database]
    make(tmp_path / "service.db")
    env = environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/service.db")
    arguments = (*STARTS[start], str(tmp_path)) if start == "up" else STARTS[start]
    code, out, err = await sandbox(*arguments, env=env)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert why in err
    if make is folder:
        (tmp_path / "service.db").rmdir()


SETTINGS = {
    "a log folder that is a file": ({"LOG_DIR": "{file}"}, "logs"),
    "a database under a file": ({"DATABASE_URL": "sqlite:///{file}/service.db"}, "folder"),
    "a database that refuses": ({"DATABASE_URL": "postgresql://u:pw@127.0.0.1:1/x"}, "onnect"),
    "prices in the wrong order": ({"PREMIUM_PRICE": "2", "FAMILY_PREMIUM_PRICE": "1"}, "PREMIUM_PRICE"),
    "the same price twice": ({"PREMIUM_PRICE": "1"}, "PREMIUM_PRICE"),
    "a price of nothing": ({"PREMIUM_PRICE": "0"}, "PREMIUM_PRICE"),
    "a price beyond all codes": ({"FAMILY_PREMIUM_PRICE": "1e30"}, "FAMILY_PREMIUM_PRICE"),
    "a rate beyond all codes": ({"KHR_PER_USD": "99999999999999999999"}, "KHR_PER_USD"),
    "a port of Redis that is a word": ({"REDIS_URL": "redis://h:port"}, "REDIS_URL"),
    "a port of Redis beyond all": ({"REDIS_URL": "redis://h:99999"}, "REDIS_URL"),
    "an authority that is empty": (
        {"BAKONG_BASE_URL": "https://127.0.0.1:1", "BAKONG_CA_FILE": "{file}"},
        "no certificate in PEM form",
    ),
    "an option of SQLite": ({"DATABASE_URL": "sqlite:///x.db?mode=ro"}, "DATABASE_URL"),
}


@pytest.mark.parametrize("case", SETTINGS)
async def test_a_setting_that_cannot_be_used_is_named_and_code_2(tmp_path, case):
    (tmp_path / "file").touch()
    given, why = SETTINGS[case]
    changes = {name: value.format(file=tmp_path / "file") for name, value in given.items()}
    code, out, err = await command("run", "--port", "0", env=environment(tmp_path, **changes))
    (said,) = [line for line in err.splitlines() if not line.endswith("invalid configuration:")]
    assert (code, out, why in said) == (2, "", True), err
    assert "pw" not in err


@pytest.mark.parametrize("prices", ["0,0", "0,1", "2,1", "1,1", "1", "a,b", "1,2,3", "-1,1"])
async def test_prices_that_cannot_be_are_one_line_and_code_2(tmp_path, prices):
    code, out, err = await sandbox("up", "--port", "0", "--data-dir", str(tmp_path), f"--prices={prices}", env={})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert repr(prices) in err
