"""DATABASE_URL as libpq's users write it: options are understood, or named in one line; poolers; IPv6."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bakong_sandbox.stack.serving import free_port
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.settings import SettingsError, load
from tests.conftest import lacking
from tests.servers import program
from tests.service.house import SETTINGS, open_house

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
UNDERSTOOD = [
    "sslmode=disable",
    "sslmode=allow",
    "sslmode=prefer&connect_timeout=5&application_name=bakong",
    "channel_binding=prefer&gssencmode=prefer&client_encoding=utf8",
    "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=1000",
    "options=-c%20statement_timeout%3D5000&target_session_attrs=read-write",
    "pgbouncer=true",
    "pgbouncer=false&fallback_application_name=x",
]
REFUSED = {
    "sslmode=yes": "sslmode",
    "sslmode=verify-full": "sslrootcert",
    "sslmode=require&sslrootcert=/nowhere/ca.pem": "/nowhere/ca.pem",
    "sslmode=require&channel_binding=require": "channel_binding",
    "gssencmode=require": "gssencmode",
    "connect_timeout=soon": "connect_timeout",
    "client_encoding=latin1": "client_encoding",
    "ssl=true": "'ssl'",
    "schema=public": "'schema'",
}


@pytest.mark.parametrize("options", UNDERSTOOD)
async def test_the_usual_options_of_a_url_are_understood(postgres_url, options):
    store = PostgresStore(f"{postgres_url}?{options}")
    try:
        await store.ping()
        assert await store.read(lambda records: records.count_user_payments("nobody")) == 0
    finally:
        await store.close()


async def test_an_application_is_called_at_the_server_as_the_url_says(postgres_url):
    store = PostgresStore(f"{postgres_url}?application_name=till%207")
    try:
        name = await store.migrate(lambda connection: connection.exec_driver_sql("SHOW application_name").scalar())
    finally:
        await store.close()
    assert name == "till 7"


async def test_a_server_without_tls_is_unavailable_to_who_requires_it(tmp_path, postgres_url):
    async def main():
        async with open_house(tmp_path, database_url=f"{postgres_url}?sslmode=require"):
            raise AssertionError("it started")

    with pytest.raises(Exception, match="database"):
        await main()


@pytest.mark.parametrize("options", REFUSED)
def test_an_option_that_is_not_understood_is_named_in_one_line(options):
    url = f"postgresql://user:s3cret@db.example:5432/bakong?{options}"
    with pytest.raises(SettingsError) as caught:
        load({**SETTINGS, "database_url": url})
    (line,) = caught.value.lines
    assert line.startswith("DATABASE_URL: ")
    assert REFUSED[options] in line
    assert "s3cret" not in line


@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1", "127.0.0.1,127.0.0.2"])
async def test_a_host_may_be_an_ipv6_address_or_several(postgres_url, host):
    parts = urlsplit(postgres_url)
    addresses = ",".join(f"{one}:{parts.port}" for one in host.split(","))
    store = PostgresStore(f"postgresql://{parts.username}@{addresses}{parts.path}")
    try:
        dsn = store._url.dsn
        assert urlsplit(dsn).netloc.endswith(addresses)
        if host != "[::1]":  # where the server listens is not ours to say
            await store.ping()
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def pgbouncer(url):
    """A pooler before the database, with two servers for all; its own URL."""
    path, parts, port = program("pgbouncer") or shutil.which("/usr/sbin/pgbouncer"), urlsplit(url), free_port()
    if path is None:
        lacking("pgbouncer is not installed")
    name = parts.path.removeprefix("/")
    folder = Path(tempfile.mkdtemp(prefix="pooler-", dir="/tmp"))  # one that the user postgres may enter
    (folder / "users").write_text(f'"{parts.username}" ""\n')
    (folder / "ini").write_text(
        f"[databases]\n{name} = host={parts.hostname} port={parts.port} user={parts.username} dbname={name}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nauth_file = {folder}/users\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\nmax_client_conn = 200\n"
    )
    as_root = os.geteuid() == 0
    if as_root:
        for each in (folder, folder / "users", folder / "ini"):
            shutil.chown(each, "postgres")
    command = [*(("runuser", "-u", "postgres", "--") if as_root else ()), path, str(folder / "ini")]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    try:
        async with asyncio.timeout(20):
            while b"process up" not in (line := await process.stderr.readline()):
                assert line, "pgbouncer did not start"
        yield f"postgresql://{parts.username}@127.0.0.1:{port}/{name}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        shutil.rmtree(folder)


@pytest.mark.parametrize("says", ["setting", "url"])
async def test_through_a_pooler_by_transaction_nothing_that_was_prepared_is_missed(tmp_path, postgres_url, says):
    async with pgbouncer(postgres_url) as url:
        given = {"database_pooler": True, "database_url": url}
        if says == "url":
            given = {"database_url": f"{url}?pgbouncer=true"}
        async with open_house(tmp_path, **given) as house:
            users = [f"user-{number}" for number in range(60)]

            async def buy(user):
                made = await house.client.post("/api/payments/create", json=ORDER | {"userId": user})
                shown = await house.client.get(f"/api/subscriptions/status/{user}")
                return made.status_code, shown.status_code, len(shown.json()["data"]["recentPayments"])

            assert await asyncio.gather(*map(buy, users)) == [(200, 200, 1)] * len(users)
