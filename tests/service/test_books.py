"""Backup, restore, `check-books`, and the audit log's hash chain: on SQLite and PostgreSQL."""

import asyncio
import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import text

from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import books
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rows import NoSeal
from bakong_service.adapters.sql.tables import metadata
from bakong_service.domain.audit import AuditFilter, ChainCheck, digest
from bakong_service.usecases import seal_audit
from bakong_service.usecases.seal_audit import AuditSealer, reseal
from tests.service.house import SETTINGS, open_house
from tests.service.processes import command, environment

ORDER = {"planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
DAY_MS = 86_400_000


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        yield opened


@pytest.fixture
def env(tmp_path, storage):
    url = storage.get("database_url") or f"sqlite:///{tmp_path}/house.db"
    key = SETTINGS["encryption_key"].get_secret_value()
    return environment(tmp_path, SERVICE_MODE="sandbox", DATA_DIR=str(tmp_path), DATABASE_URL=url, ENCRYPTION_KEY=key)


async def sell(house, *users):
    for user in users:
        made = await house.client.post("/api/payments/create", json={"userId": user, **ORDER})
        assert made.status_code == 200, made.text


async def sealed(house):
    """Time for the worker to seal all there is; in production it looks every second, here when it is woken."""
    house.worker.wake()
    await house.clock.advance(60_000)


def entries(house):
    return house.core.store.read(lambda records: records.chain_page(0, 1000))


async def problems(house):
    return list(ChainCheck().read(await entries(house)))


async def change(house, statement):
    await house.core.store.migrate(lambda connection: connection.execute(text(statement)))


async def test_every_audit_row_joins_the_chain_seconds_later_and_the_last_has_a_seal(house):
    heads = []
    house.core.on_audit_sealed = lambda number, entry: heads.append((number, entry))
    await sell(house, "a", "b", "c")
    await sealed(house)
    rows, _ = await house.core.store.read(lambda records: records.audit_after(AuditFilter(), 0, 100))
    assert len(rows) >= 3
    assert sorted(row.link.number for row in rows) == list(range(1, len(rows) + 1))
    end = await house.core.store.read(lambda records: records.chain_end())
    assert (end.head.number, end.seal is not None, await problems(house)) == (len(rows), True, [])
    assert heads[-1] == (end.head.number, end.head.hash)


TAMPERED = {
    "a changed row": (
        "UPDATE audit_logs SET actor = 'nobody' WHERE id = {id}",
        "entry 2: its audit row {id} was chang",
    ),
    "a dropped row": ("DELETE FROM audit_logs WHERE id = {id}", "entry 2: its audit row {id} is gone"),
    "a dropped entry": ("DELETE FROM audit_chain WHERE number = 2", "after entry 1 comes 3"),
    "another hash": ("UPDATE audit_chain SET hash = 'aa' WHERE number = 2", "entry 3 does not follow"),
}


async def test_what_was_changed_or_dropped_is_named(house):
    await sell(house, "a", "b", "c", "d")
    await sealed(house)
    assert await problems(house) == []
    row_id = (await entries(house))[1].row_id

    def tampered(connection):
        for name, (statement, said) in TAMPERED.items():
            with connection.begin_nested() as part:
                connection.execute(text(statement.format(id=row_id)))
                found = list(ChainCheck().read(SqlRecords(connection, NoSeal()).chain_page(0, 1000)))
                part.rollback()
            assert any(line.startswith(said.format(id=row_id)) for line in found), (name, found)

    await house.core.store.migrate(tampered)


async def test_a_chain_that_was_made_anew_has_no_seal_of_the_key(house):
    await sell(house, "a", "b")
    await sealed(house)
    end = await house.core.store.read(lambda records: records.chain_end())
    right, other = house.core.audit_seal, lambda said: "f" * 64
    assert books.seal_problems(end, [right]) == []
    assert books.seal_problems(end, [other, right]) == []
    assert "is not of an ENCRYPTION_KEY" in books.seal_problems(end, [other])[0]
    await house.core.store.write(lambda records: reseal(records, [other]))  # what it does not open, it leaves
    again = await house.core.store.read(lambda records: records.chain_end())
    assert again == end
    await house.core.store.write(lambda records: reseal(records, [other, right]))
    assert books.seal_problems(await house.core.store.read(lambda records: records.chain_end()), [other]) == []


async def test_what_commits_late_gets_a_later_entry_and_no_row_waits(house, monkeypatch):
    """Ids are drawn before the commit: a row may turn up below those that are sealed."""
    monkeypatch.setattr(seal_audit, "BATCH", 2)
    await sell(house, *"abcde")
    rows, _ = await house.core.store.read(lambda records: records.audit_after(AuditFilter(), 0, 100))
    late, logs = rows[1], metadata.tables["audit_logs"]
    await house.core.store.migrate(lambda connection: connection.execute(metadata.tables["audit_chain"].delete()))
    await house.core.store.migrate(lambda connection: connection.execute(logs.delete().where(logs.c.id == late.id)))
    sealer = AuditSealer(house.core)
    await run_all(sealer)
    row = {"id": late.id, "at_ms": late.at_ms, "actor": "late", "action": "x", "resource": "y"}
    row |= {"address": "", "user_agent": "", "request_id": ""}
    await house.core.store.migrate(lambda connection: connection.execute(logs.insert(), row))
    await run_all(sealer)
    chain = await entries(house)
    assert chain[-1].row_id == late.id
    assert (await problems(house), len({entry.row_id for entry in chain})) == ([], len(rows))


async def run_all(sealer):
    for _ in range(10):
        sealer._from_ms = 0
        await sealer.run()


async def test_two_workers_that_seal_at_once_make_one_chain(house):
    await sell(house, *"abcdef")
    sealers = [AuditSealer(house.core) for _ in range(4)]
    for _ in range(3):
        for sealer in sealers:
            sealer._from_ms = 0
        await asyncio.gather(*(sealer.run() for sealer in sealers))
    chain = await entries(house)
    assert (len({entry.row_id for entry in chain}), await problems(house)) == (len(chain), [])


async def test_archived_rows_leave_a_chain_that_holds_and_files_that_hold(house, tmp_path):
    house.core.retention = replace(house.core.retention, audit=DAY_MS)
    await sell(house, "a", "b")
    await sealed(house)
    await house.clock.advance(DAY_MS + 7_200_000)
    await sell(house, "c")
    await sealed(house)
    files, lines = archived(tmp_path)
    assert lines[0]["chain"]["number"] == 1
    kept = await entries(house)
    assert kept[0].link.number > 1
    assert (await problems(house), kept[-1].digest is not None) == ([], True)
    assert kept[0].digest is None  # the last of the beginning that is archived
    code, out, err = await command("audit", "verify", *map(str, files), env=environment(tmp_path))
    assert (code, err) == (0, ""), out
    assert out.startswith(f"{len(lines)} entries, 0 broken")


def archived(folder):
    files = sorted(folder.glob("logs/audit/*.jsonl"))
    return files, [json.loads(line) for path in files for line in path.read_text().splitlines()]


async def test_the_log_is_exported_by_time_and_subject_and_a_file_is_proven(house, env, tmp_path):
    await sell(house, "a")
    await house.clock.advance(3_600_000)
    await sell(house, "b", "c")
    await sealed(house)
    code, out, err = await command("audit", "export", env=env)
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert sum(line["action"] == "payment.create" for line in lines) == 3
    file = tmp_path / "audit.jsonl"
    file.write_text(out)
    assert (await command("audit", "verify", str(file), env=env))[0] == 0
    file.write_text(out.replace('"payment.create"', '"payment.made"', 1))
    code, out, _ = await command("audit", "verify", str(file), env=env)
    assert code == 1
    assert "was changed" in out

    (subject,) = {line["resource"] for line in lines[:1]}
    one = await command("audit", "export", "--subject", subject, "--csv", env=env)
    read = list(csv.DictReader(io.StringIO(one[1])))
    assert {row["resource"] for row in read} == {subject}
    later = await command("audit", "export", "--from", "2026-02-11T00:30:00", "--action", "payment.create", env=env)
    assert len(later[1].splitlines()) == 2
    assert (await command("audit", "export", "--from", "soon", env=env))[0] == 2

    end = await house.core.store.read(lambda records: records.chain_end())
    ok = await command("audit", "verify", "--head", f"{end.head.number}:{end.head.hash}", env=env)
    assert ok[0] == 0, ok
    wrong = await command("audit", "verify", "--head", f"{end.head.number}:{'0' * 64}", env=env)
    assert (wrong[0], "is not there" in wrong[1]) == (1, True)


def test_a_digest_is_of_what_is_shown():
    facts = {"id": 1, "after": {"b": 1, "a": "ខ្មែរ"}}
    assert digest(facts) == digest(json.loads(json.dumps(facts)) | {"chain": {}})


async def test_a_backup_comes_back_with_what_was_stored_and_sealed(house, env, tmp_path):
    await sell(house, "a", "b")
    await sealed(house)
    target = tmp_path / "backups" / "one"
    code, out, err = await command("backup", str(target), env=env)
    assert (code, err) == (0, ""), err
    assert target.stat().st_mode & 0o777 == 0o600
    assert (await command("backup", str(target), env=env))[0] == 2  # overwrites nothing
    await sell(house, "c")
    code, out, err = await command("restore", str(target), env=env)
    assert (code, "--replace" in err) == (2, True)
    await change(house, "DELETE FROM payment_status_history")
    code, out, err = await command("restore", str(target), "--replace", env=env)
    assert (code, err) == (0, ""), out
    assert re.search(r"ok  every sealed column opens \([1-9]\d*\)", out)
    assert out.endswith("rules, 0 broken\n")
    history = [
        (await house.client.get(f"/api/payments/history?userId={user}")).json()["data"]["total"] for user in "abc"
    ]
    assert history == [1, 1, 0]
    other = tmp_path / "not-one"
    other.write_bytes(b"something else")
    assert "is no backup" in (await command("restore", str(other), "--replace", env=env))[2]


async def test_a_damaged_backup_is_refused(tmp_path):
    env = environment(tmp_path)
    with closing(sqlite3.connect(tmp_path / "b.db")) as made:
        made.execute("CREATE TABLE t (x)")
        made.executemany("INSERT INTO t VALUES (?)", [("y" * 1000,)] * 200)
        made.commit()
    raw = bytearray((tmp_path / "b.db").read_bytes())
    raw[8192:40960] = b"\xff" * 32768
    (tmp_path / "b.db").write_bytes(raw)
    code, _, err = await command("restore", str(tmp_path / "b.db"), env=env)
    assert (code, "b.db" in err) == (2, True)
    assert not (tmp_path / "service.db").exists()


BROKEN = {
    "UPDATE payment_transactions SET status = 'PAID'": "a payment has a time when it was paid if it was",
    "UPDATE payment_status_history SET to_status = 'FAILED'": "a payment's state is the last of its history",
    "UPDATE payment_transactions SET hash = 'h'": "the transaction that paid a payment is among its receipts",
    "UPDATE payment_transactions SET qr = 'v1.0123456789ab.AAAAAAAA'": "every sealed column opens",
    "UPDATE audit_logs SET action = 'nothing'": "the audit log says what it said",
    (
        "INSERT INTO escrow_lines (payment_id, number, line, account, method, party, amount) "
        "VALUES ('e', 1, 1, 'gateway_clearing', 'BKASH', '', 5)"
    ): "each ledger entry's lines sum to zero",
    (
        "INSERT INTO webhook_notifications (id, event, body, created_ms, attempts, next_try_ms, delivered_ms) "
        "VALUES ('w', 'e', '', 1, 0, 1, 1)"
    ): "a webhook is delivered, or waits, or was given up",
    (
        "INSERT INTO settlements (id, merchant_id, method_id, currency, day, number, status, gross_minor, fee_minor, "
        "vat_minor, refunds_minor, debt_minor, created_ms, updated_ms) "
        "VALUES ('s', 'm', 'x', 'THB', 1, 1, 'OPEN', 100, 0, 0, 0, 0, 1, 1)"
    ): "a settlement is the sum of its entries",
}


async def test_each_rule_of_the_books_names_what_breaks_it(house, env):
    await sell(house, "a")
    await sealed(house)
    seal = Sealer([SETTINGS["encryption_key"].get_secret_value()])

    def breaking(connection):
        for statement, rule in BROKEN.items():
            with connection.begin_nested() as part:
                connection.execute(text(statement))
                found = [one.rule for one in books.check(connection, seal, [house.core.audit_seal]) if one.broken_by]
                part.rollback()
            assert any(one.startswith(rule) for one in found), (statement, found)

    await house.core.store.migrate(breaking)
    assert (await command("check-books", env=env))[0] == 0
    await change(house, "UPDATE payment_transactions SET status = 'PAID'")
    code, out, _ = await command("check-books", env=env)
    assert (code, "no  a payment has a time" in out) == (1, True)
