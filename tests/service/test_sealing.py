"""Sealed columns: what is flipped does not open, what is rotated still does, and the file holds nothing in clear."""

import base64
import contextlib
from dataclasses import replace

import pytest

from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_contracts.webhooks import EventType
from bakong_service.adapters.sealing import Sealer, SealError
from bakong_service.adapters.sql import migrate, rotation
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import Attempt, Notification
from bakong_service.domain.handoff import Code
from bakong_service.domain.idempotency import Answer
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Payment, Receipt

OLD, NEW = "old-encryption-key-0123456789abcdef", "new-encryption-key-0123456789abcdef"
ROW = ("payment_transactions", "qr", "row-1")
ACCOUNT = "noodle_shop@devb"
PAYMENT = Payment(
    id="p-1",
    user_id="u",
    plan=Plan.PREMIUM,
    money=Money(50, "USD"),
    account_id=ACCOUNT,
    bill_number="DT-1",
    provider="bakong",
    reference="0" * 32,
    handoff=Code("00020101" + ACCOUNT, "bakong://qr?qr=" + ACCOUNT),
    status=PaymentStatus.PENDING,
    created_ms=0,
    expires_ms=900_000,
    updated_ms=0,
)
RECEIPT = Receipt(
    payment_id="p-1", hash="h", verdict="paid", money=None, to_account=ACCOUNT, raw=ACCOUNT.encode() + b"\xff", at_ms=0
)
ANSWER = Answer(scope="s", fingerprint="f", status=200, body=ACCOUNT.encode(), created_ms=0, expires_ms=10)


def test_what_was_sealed_opens_for_its_row_alone():
    sealer = Sealer([NEW])
    sealed = sealer.seal("sokha@devb ភ", *ROW)
    assert sealer.open(sealed, *ROW) == "sokha@devb ភ"
    assert sealed != sealer.seal("sokha@devb ភ", *ROW)
    for other in (
        ("x", "qr", "row-1"),
        ("payment_transactions", "x", "row-1"),
        ("payment_transactions", "qr", "row-2"),
    ):
        with pytest.raises(SealError, match="changed, or belongs to another row"):
            sealer.open(sealed, *other)


def test_no_flipped_bit_of_nonce_ciphertext_or_tag_opens():
    sealer = Sealer([NEW])
    version, key_id, body = sealer.seal("sokha@devb", *ROW).split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(SealError):
            sealer.open(f"{version}.{key_id}.{base64.urlsafe_b64encode(flipped).decode()}", *ROW)


@pytest.mark.parametrize("text", ["", "v1", "v1.x", "v2.a.b", "plain", "v1.000000000000.AAAA", "v1..", "v1.\u1780.x"])
def test_what_is_no_sealed_text_is_refused_and_not_shown(text):
    with pytest.raises(SealError):
        Sealer([NEW]).open(text, *ROW)


def test_every_cut_and_padded_text_is_refused():
    sealer = Sealer([NEW])
    sealed = sealer.seal("sokha@devb", *ROW)
    for text in [sealed[:length] for length in range(len(sealed))] + [sealed + "=", sealed + "A", " " + sealed]:
        with pytest.raises(SealError):
            sealer.open(text, *ROW)


def test_an_old_key_opens_what_it_sealed_and_a_missing_one_is_named_by_its_id():
    sealed = Sealer([OLD]).seal("x", *ROW)
    assert Sealer([NEW, OLD]).open(sealed, *ROW) == "x"
    with pytest.raises(SealError, match=Sealer([OLD]).key_id):
        Sealer([NEW]).open(sealed, *ROW)


@pytest.fixture(params=["sqlite", "postgresql"])
async def make_store(request, tmp_path):
    """Stores on one database, each with its keys."""
    async with contextlib.AsyncExitStack() as until_the_end:
        url = None
        if request.param == "postgresql":
            databases = request.getfixturevalue("postgres_databases")
            url = await until_the_end.enter_async_context(databases.bare())

        def opened(*keys):
            store = PostgresStore(url, Sealer(keys)) if url else SqliteStore(tmp_path / "s.db", Sealer(keys))
            until_the_end.push_async_callback(store.close)
            return store

        yield opened


HOOK = Notification(id="w-1", event=EventType.PAYMENT_PAID, url="http://hook", body=b"{}", created_ms=0)
TRIED = Attempt(notification_id="w-1", number=1, at_ms=0, status=500, answer="no such table")


def read(records):
    return records.payment_by_id("p-1"), records.answer_to("s", 0), records.attempts("w-1")


async def test_after_a_rotation_the_old_key_is_needed_no_more(make_store):
    old = make_store(OLD)
    await old.migrate(migrate.upgrade)
    for number in range(450):
        payment = replace(PAYMENT, id=f"p-{number}", bill_number=f"DT-{number}", reference=f"{number:032}")
        await old.write(lambda records, payment=payment: records.add_payment(payment, 0))
    await old.write(lambda records: (records.add_receipt(RECEIPT), records.add_answer(ANSWER)))
    await old.write(lambda records: (records.add_notification(HOOK), records.save_attempt(HOOK, TRIED)))
    both = make_store(NEW, OLD)
    before = await both.read(read)
    assert (before[0].account_id, before[0].handoff, before[1].body) == (ACCOUNT, PAYMENT.handoff, ANSWER.body)
    done = [await both.migrate(batch) for batch in rotation.batches(Sealer([NEW, OLD]))]
    assert sum(done) == 450 + 4
    new = make_store(NEW)
    assert await new.read(read) == before
    with pytest.raises(UnavailableError, match="OLD_ENCRYPTION_KEYS"):
        await old.read(read)


async def test_the_files_hold_no_account_in_clear(tmp_path):
    store = SqliteStore(tmp_path / "s.db", Sealer([NEW]))
    await store.migrate(migrate.upgrade)
    await store.write(
        lambda records: (records.add_payment(PAYMENT, 0), records.add_receipt(RECEIPT), records.add_answer(ANSWER))
    )
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    await store.close()
    assert b"DT-1" in written
    assert ACCOUNT.encode() not in written
    assert b"noodle_shop" not in written
