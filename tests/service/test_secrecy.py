"""The look for secrets after every test of the service finds what is planted, wherever it is planted."""

import sqlite3

import asyncpg
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.providers import KINDS
from bakong_sandbox.stack.sandbox import run
from bakong_service.settings import load_all
from tests import secrecy
from tests.service.processes import API_KEY, TOKEN, command, environment
from tests.service.test_events import client_of
from tests.service.test_faults import ORDER


@pytest.mark.parametrize("word", [API_KEY, TOKEN, "noodle_shop@devb", "noodle_shop%40devb"])
async def test_a_planted_word_is_found_in_a_database_file_a_log_and_what_a_process_prints(tmp_path, word):
    database, log = tmp_path / "service.db", tmp_path / "logs" / "error.log"
    log.parent.mkdir()
    for path in (database, log):
        if path is database:
            with sqlite3.connect(path) as connection:
                connection.execute("CREATE TABLE t AS SELECT ? AS told", (word,))
            connection.close()
        else:
            path.write_text(f'{{"told": "{word}"}}\n')
        assert secrecy.leaks(tmp_path) == [f"{path.name}: {word}"]
        path.unlink()
    code, _, err = await command("webhooks", "replay", word, env=environment(tmp_path))
    assert (code, word in err) == (2, True)
    assert [leak.partition(": ")[2] for leak in secrecy.leaks(tmp_path)] == [word]


async def test_a_planted_word_is_found_in_any_table_of_postgresql(postgres_databases):
    async with postgres_databases.lent() as url:
        connection = await asyncpg.connect(url)
        planted = (
            "INSERT INTO webhook_notifications (id, event, body, created_ms, attempts) VALUES ('m', 'e', $1, 0, 0)"
        )
        await connection.execute(planted, b'{"account": "noodle_shop@devb"}')
        await connection.close()
    assert [leak.partition(": ")[2] for leak in secrecy.leaks()] == ["noodle_shop@devb"]


async def test_what_a_sandbox_draws_and_what_keys_make_prints_is_known_from_then_on(tmp_path):
    async with run(Options(data_dir=tmp_path, port=0, service_port=0)) as stack, client_of(stack) as client:
        await client.post("/api/payments/create", json=ORDER)
    key = (await command("keys", "make", env=environment(tmp_path)))[1].strip()
    assert secrecy.leaks(tmp_path) == []
    for word in (stack.api_key, stack.webhook_secret, stack.token, key):
        secrecy.seen("somewhere", f"so: {word}\n".encode())
        assert secrecy.leaks(tmp_path) == [f"somewhere: {word}"]


def test_settings_show_no_secret_in_their_text(tmp_path, monkeypatch):
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    secrecy.seen("repr", repr(load_all(KINDS)).replace("noodle_shop@devb", "").encode())
    assert secrecy.leaks() == []
