"""A stored row that cannot be read is set aside: all others go on, it is seen, and it comes back by itself."""

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bakong_contracts.webhooks import EventType
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import rotation
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import Notification
from tests import secrecy
from tests.conftest import NOW_MS
from tests.service.house import KEY, SETTINGS, keep, limit_calls, open_house, put_bakong, subscription
from tests.service.processes import command, environment, serving
from tests.service.test_commands import create as create_over_http
from tests.service.test_faults import ORDER, Script, paid, rows

OTHER = "sandbox_other_encryption_key_0123456789abcdef"
THIRD = "sandbox_third_encryption_key_0123456789abcdef"
secrecy.issue(OTHER, THIRD)
PRESENT = SETTINGS["encryption_key"].get_secret_value()
AGAIN_MS = 600_000
DAY_MS = 86_400_000
BROKEN_TEXT = "CAST(x'ff41fe' AS TEXT)"


def sealed_by(key, row_id="another row"):
    return Sealer([key]).seal('["shop@bank","code","link"]', "payment_transactions", "qr", row_id)


# What stands in one column of one open payment. SQLite alone takes the second table's.
DAMAGES = {
    "sealed by another key": ("qr", f"'{sealed_by(OTHER)}'"),
    "another row's": ("qr", f"'{sealed_by(PRESENT)}'"),
    "a key's id that is none": ("qr", "'v1.000000000000.AAAA'"),
    "cut off": ("qr", "substr(qr, 1, 60)"),
    "a letter changed": (
        "qr",
        "substr(qr, 1, 30) || CASE substr(qr, 31, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(qr, 32)",
    ),
    "no sealed text": ("qr", "'garbage'"),
    "nothing": ("qr", "''"),
    "a link beside the seal": ("deep_link", "'x'"),
    "a plan of tomorrow": ("plan", "'GOLD'"),
    "a currency that is none": ("currency", "'???'"),
    "a priority that is none": ("priority", "'urgent'"),
    "a purpose that is none": ("purpose", "'?'"),
    "less than no money": ("amount_minor", "-50"),
    "a time after all times": ("created_ms", "1152921504606846976"),
    "a time before all": ("updated_ms", "-1"),
    "no URL": ("callback", "'http://['"),
}
OF_SQLITE = {
    "no number": ("amount_minor", "'much'"),
    "no time": ("created_ms", "'yesterday'"),
    "no end": ("expires_ms", "'never'"),
    "no yes or no": ("late", "'perhaps'"),
    "no UTF-8": ("user_id", BROKEN_TEXT),
    "no UTF-8 in a word": ("plan", BROKEN_TEXT),
    "bytes for a seal": ("qr", "x'00ff'"),
}


@asynccontextmanager
async def opened(folder, storage, **changes):
    """A house with a Bakong of its own; house.logged are the error log's lines about rows."""
    async with open_house(folder, database_url=storage.get("database_url", ""), **changes) as house:
        house.bakong = Script()
        put_bakong(house.core, house.bakong)
        house.logged = lambda: logged(folder)
        yield house


def logged(folder):
    lines = [json.loads(line) for path in (folder / "logs").glob("error*") for line in path.read_text().splitlines()]
    return [(line["kind"], line["id"]) for line in lines if line["event"] == "row_failed"]


@pytest.fixture
async def house(tmp_path, storage):
    async with opened(tmp_path, storage) as house:
        yield house


async def change(house, statement, **values):
    await house.core.store.write(lambda records: records._run(text(statement), values))


async def made(house, **changes):
    answer = await house.client.post("/api/payments/create", json=ORDER | changes)
    assert answer.status_code == 200, answer.text
    return SimpleNamespace(**answer.json()["data"])


async def damage(house, column, value, table="payment_transactions", key="id", row_id=""):
    """Put the value there; what undoes it."""
    before = (await rows(house, f"SELECT {column} FROM {table} WHERE {key} = '{row_id}'"))[0][0]  # noqa: S608  our own names
    await change(house, f"UPDATE {table} SET {column} = {value} WHERE {key} = '{row_id}'")  # noqa: S608

    async def repair():
        mended = f"UPDATE {table} SET {column} = :before WHERE {key} = '{row_id}'"  # noqa: S608
        await change(house, mended, before=before)

    return repair


async def five(house, **changes):
    payments = [await made(house, userId=f"user-{number}", **changes) for number in range(5)]
    for number, payment in enumerate(payments):
        house.bakong.reports[payment.md5Hash] = paid("abcde"[number])
    return payments[0], payments[1:]


async def status_of(house, payment):
    query = f"SELECT status FROM payment_transactions WHERE id = '{payment.transactionId}'"  # noqa: S608
    return (await rows(house, query))[0][0]


def of_storage(house, damages, of_sqlite):
    return damages | of_sqlite if house.core.store.engine.dialect.name == "sqlite" else damages


async def damaged(house, damages):
    """A payment for each damage, by what was done to it; and what undoes it all."""
    bad, repairs = {}, []
    for what, (column, value) in damages.items():
        bad[what] = await made(house, userId=f"of {what}")
        repairs.append(await damage(house, column, value, row_id=bad[what].transactionId))

    async def repair():
        for undo in repairs:
            await undo()

    return bad, repair


async def statuses(house, payments):
    return {what: await status_of(house, one) for what, one in payments.items()}


@pytest.mark.parametrize("daily", [None, 100], ids=["plenty", "scarce"])
async def test_open_payments_that_cannot_be_read_stop_nobody_and_are_granted_once_they_can_be(house, daily):
    limit_calls(house.core, daily)
    first = await made(house, userId="first")
    bad, repair = await damaged(house, of_storage(house, DAMAGES, OF_SQLITE))
    others = {"first": first, "last": await made(house, userId="last")}
    hashes = iter("abcdefghijklmnopqrstuvwxyz")
    house.bakong.reports = {one.md5Hash: paid(next(hashes)) for one in (*bad.values(), *others.values())}
    await house.clock.advance(30_000 if daily is None else AGAIN_MS // 2)
    assert set((await statuses(house, others)).values()) == {"PAID"}
    await house.clock.advance(AGAIN_MS)
    assert await statuses(house, bad) == dict.fromkeys(bad, "PENDING")
    ids = sorted(("payment", one.transactionId) for one in bad.values())
    assert sorted(await rows(house, "SELECT kind, row_id FROM set_aside_rows")) == ids
    assert sorted(house.logged()) == ids
    assert not {one.md5Hash for one in bad.values()} & set(house.bakong.asked)
    await repair()
    await house.clock.advance(2 * AGAIN_MS)
    assert await statuses(house, bad) == dict.fromkeys(bad, "PAID")
    assert await rows(house, "SELECT kind FROM set_aside_rows") == []
    granted = await rows(house, "SELECT count(*) FROM subscriptions WHERE status = 'ACTIVE'")
    assert granted == [(len(bad) + 2,)]


async def test_the_routes_of_a_payment_that_cannot_be_read_say_so(house):
    bad, _ = await damaged(house, of_storage(house, DAMAGES, OF_SQLITE))
    for what, one in bad.items():
        monitored = {"transactionId": one.transactionId, "options": {"maxAttempts": 1}}
        for answer in (
            await house.client.get(f"/api/payments/status/{one.md5Hash}"),
            await house.client.get(f"/api/payments/{one.transactionId}"),
            await house.client.get(f"/qr-codes/{one.md5Hash}.png"),
            await house.client.post("/api/payments/monitor", json=monitored),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "unreadable_row"), (what, answer.text)
            assert answer.headers["retry-after"] == "60"
    assert sorted(house.logged()) == sorted(("payment", one.transactionId) for one in bad.values())


async def test_lists_answer_for_those_that_can_be_read(house):
    bad, _ = await damaged(house, of_storage(house, DAMAGES, OF_SQLITE))
    await change(house, "UPDATE payment_transactions SET user_id = 'sokha' WHERE user_id LIKE 'of %'")
    good = await made(house)
    md5s = [*(one.md5Hash for one in bad.values()), good.md5Hash, "0" * 32]
    bulk = (await house.client.post("/api/payments/bulk-check", json={"md5Hashes": md5s})).json()["data"]
    in_bulk = [row["status"] for row in bulk]
    total = (await rows(house, "SELECT count(*) FROM payment_transactions WHERE user_id = 'sokha'"))[0][0]
    history = (await house.client.get("/api/payments/history?userId=sokha&limit=100")).json()["data"]
    recent = (await house.client.get("/api/subscriptions/status/sokha")).json()["data"]["recentPayments"]
    assert in_bulk == [*["unreadable"] * len(bad), "PENDING", "not_found"]
    for shown in (history["items"], recent):
        assert good.transactionId in [row["transactionId"] for row in shown]
    assert (history["total"], history["unreadable"]) == (total, total - len(history["items"]))


async def test_it_is_seen_in_health_readiness_and_metrics_and_no_more_when_it_is_back(house):
    bad = await made(house)
    repair = await damage(house, "qr", f"'{sealed_by(OTHER)}'", row_id=bad.transactionId)
    await house.clock.advance(2_000)
    health, ready = await house.client.get("/api/health"), await house.client.get("/api/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["services"]["database"]["unreadableRows"] == {"payment": 1}
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "cannot be read" in ready.json()["warning"]
    assert 'rows_set_aside{kind="payment"} 1.0' in (await house.client.get("/metrics")).text
    await repair()
    await house.clock.advance(AGAIN_MS)
    assert (await house.client.get("/api/health")).json()["status"] == "healthy"
    assert (await house.client.get("/api/health/ready")).json() == {"status": "ready"}
    assert "rows_set_aside{" not in (await house.client.get("/metrics")).text


async def test_what_is_set_aside_is_not_read_again_before_its_time(house):
    bad = await made(house)
    await damage(house, "qr", "'garbage'", row_id=bad.transactionId)
    await house.clock.advance(2_000)
    opened, seal = [], house.core.store._seal
    house.core.store._seal = SimpleNamespace(seal=seal.seal, open=lambda *row: opened.append(row) or seal.open(*row))
    for _ in range(50):
        await house.worker.run_due()
        await house.clock.advance(2_000)
    assert opened == []


@pytest.mark.parametrize("damaged", ["one", "all"])
async def test_no_create_fails_for_the_rows_of_another_key(tmp_path, storage, damaged):
    """Beside a worker that meets them: 40 creates, each with a key of its own, and one in two repeated."""
    async with opened(tmp_path, storage) as house:
        old = [await made(house, userId=f"old-{number}") for number in range(40)]
        for payment in old if damaged == "all" else old[:1]:
            value = f"'{sealed_by(OTHER)}'"
            await damage(house, "qr", value, row_id=payment.transactionId)

        async def create(number):
            body = ORDER | {"userId": f"new-{number}"}
            answer = await house.client.post(
                "/api/payments/create",
                json=body,
                headers={"idempotency-key": str(number // 2 * 2)} if number % 2 else {},
            )
            return answer.status_code

        for first in range(0, 40, 10):
            results = await asyncio.gather(*map(create, range(first, first + 10)), house.clock.advance(2_000))
            assert results[:-1] == [200] * 10
        house.bakong.default = paid()
        await house.clock.advance(30_000)
        expected = 40 if damaged == "all" else 79
        assert await rows(house, "SELECT count(*) FROM payment_transactions WHERE status = 'PAID'") == [(expected,)]


async def test_a_forgotten_key_stops_the_start_and_comes_back_without_a_loss(tmp_path, storage):
    async with opened(tmp_path, storage) as house:
        for number in range(3):
            await made(house, userId=f"old-{number}")
    with pytest.raises(UnavailableError) as refused:
        async with opened(tmp_path, storage, encryption_key=SecretStr(OTHER)):
            raise AssertionError("it starts")
    assert f"payment_transactions by the key {Sealer([PRESENT]).key_id}" in str(refused.value)
    assert "OLD_ENCRYPTION_KEYS" in str(refused.value)
    both = {"encryption_key": SecretStr(OTHER), "old_encryption_keys": (SecretStr(PRESENT),)}
    async with opened(tmp_path, storage, **both) as house:
        house.bakong.default = paid()
        await house.clock.advance(30_000)
        assert await rows(house, "SELECT count(*) FROM subscriptions") == [(3,)]


async def test_payments_made_while_a_process_lacked_their_key_are_granted_when_it_has_it(tmp_path, storage):
    """One process has rotated, the other is the old one: it meets rows of a key that it does not know."""
    async with opened(tmp_path, storage) as house:
        async with opened(tmp_path, storage, encryption_key=SecretStr(OTHER)) as ahead:
            new = [await made(ahead, userId=f"new-{number}") for number in range(3)]
        await house.clock.advance(2_000)
        assert len(set(house.logged())) == 3
        assert (await house.client.get(f"/api/payments/{new[0].transactionId}")).status_code == 503
    both = {"encryption_key": SecretStr(OTHER), "old_encryption_keys": (SecretStr(PRESENT),)}
    async with opened(tmp_path, storage, at_ms=NOW_MS + 5_000, **both) as house:
        house.bakong.default = paid()
        house.worker.wake()
        await house.clock.advance(10_000)
        assert {await status_of(house, one) for one in new} == {"PAID"}
        assert await rows(house, "SELECT kind FROM set_aside_rows") == []


async def test_one_row_of_an_unknown_key_among_others_stops_no_start(tmp_path, storage):
    async with opened(tmp_path, storage) as house:
        bad, others = await five(house)
        await damage(house, "qr", f"'{sealed_by(OTHER)}'", row_id=bad.transactionId)
    async with opened(tmp_path, storage) as house:
        house.bakong.default = paid()
        await house.clock.advance(30_000)
        assert {await status_of(house, one) for one in others} == {"PAID"}


async def send(house, count):
    """So many webhooks that are due in a second; the ids of those that arrive."""
    sent = []

    async def post(_url, _body, headers):
        sent.append(headers["webhook-id"])
        return 200

    house.core.post = post
    for one in range(count):
        notification = Notification(
            id=f"msg_{one:02}",
            event=EventType.PAYMENT_PAID,
            url="http://127.0.0.1:1/",
            host="127.0.0.1:1",
            body=b'{"data":{}}',
            created_ms=NOW_MS,
            next_try_ms=NOW_MS + 1_000,
        )
        await house.core.store.write(lambda records, added=notification: records.add_notification(added))
    return sent


WEBHOOKS = {
    "an event of tomorrow": ("event", "'of.tomorrow'"),
    "half a body": ("body", "substr(body, 1, 5)"),
    "a list": ("body", "CAST('[1]' AS {bytes})"),
    "data that is a list": ("body", "CAST('{{\"data\": [1]}}' AS {bytes})"),
    "no URL": ("url", "'http://['"),
    "a time after all times": ("created_ms", "1152921504606846976"),
    "fewer tries than none": ("attempts", "-1"),
}
WEBHOOKS_OF_SQLITE = {
    "a text for a body": ("body", "'garbage'"),
    "no UTF-8": ("url", BROKEN_TEXT),
    "no number": ("attempts", "'some'"),
}


async def test_webhooks_that_cannot_be_read_hold_up_no_other_and_are_sent_once_they_can_be(house):
    damages = of_storage(house, WEBHOOKS, WEBHOOKS_OF_SQLITE)
    sent = await send(house, len(damages) + 2)
    binary = "BLOB" if house.core.store.engine.dialect.name == "sqlite" else "BYTEA"
    repairs = []
    for number, (column, value) in enumerate(damages.values()):
        put = value.format(bytes=binary)
        repairs.append(await damage(house, column, put, "webhook_notifications", row_id=f"msg_{number:02}"))
    bad = [f"msg_{number:02}" for number in range(len(damages))]
    house.worker.wake()
    await house.clock.advance(90_000)
    assert sorted(sent) == [f"msg_{len(bad):02}", f"msg_{len(bad) + 1:02}"]
    await house.clock.advance(AGAIN_MS)
    assert sorted(house.logged()) == [("webhook", one) for one in bad]
    for repair in repairs:
        await repair()
    await house.clock.advance(2 * AGAIN_MS)
    assert sorted(sent) == [*bad, f"msg_{len(bad):02}", f"msg_{len(bad) + 1:02}"]


SUBSCRIPTIONS = {
    "a plan of tomorrow": ("plan", "'GOLD'"),
    "a currency that is none": ("currency", "'???'"),
    "a time after all times": ("next_billing_ms", "1152921504606846976"),
    "less than nothing paid": ("paid_minor", "-1"),
}
SUBSCRIPTIONS_OF_SQLITE = {
    "no time": ("next_billing_ms", "'one day'"),
    "no UTF-8": ("plan", BROKEN_TEXT),
}


async def test_subscriptions_that_cannot_be_read_stop_no_other_and_go_on_once_they_can_be(house):
    damages = of_storage(house, SUBSCRIPTIONS, SUBSCRIPTIONS_OF_SQLITE)
    await keep(house.core, subscription("dara", end_ms=NOW_MS + DAY_MS))
    payments, repairs = {}, []
    users = {what: f"user-{number}" for number, what in enumerate(damages)}
    for what, (column, value) in damages.items():
        user = users[what]
        await keep(house.core, subscription(user, end_ms=NOW_MS + DAY_MS))
        repairs.append(await damage(house, column, value, "subscriptions", row_id=f"subscription-of-{user}"))
        payments[what] = await made(house, userId=user)
        house.bakong.reports[payments[what].md5Hash] = paid("abcdefghij"[len(payments)])
    await house.clock.advance(30_000)
    assert await statuses(house, payments) == dict.fromkeys(payments, "PENDING")  # what they buy cannot be told
    for what, user in users.items():
        answers = [await house.client.get(f"/api/subscriptions/status/{user}")]
        verbs = ("upgrade", "downgrade", "cancel", "renew")
        answers += [await house.client.post(f"/api/subscriptions/{verb}", json={"userId": user}) for verb in verbs]
        assert {(one.status_code, one.json()["code"]) for one in answers} == {(503, "unreadable_row")}, what
    await house.clock.advance(DAY_MS)
    assert await rows(house, "SELECT user_id FROM subscriptions WHERE status = 'PAST_DUE'") == [("dara",)]
    for repair in repairs:
        await repair()
    await house.clock.advance(3 * AGAIN_MS)
    assert await statuses(house, payments) == dict.fromkeys(payments, "PAID")
    assert await rows(house, "SELECT count(*) FROM subscriptions WHERE status = 'ACTIVE'") == [(len(payments),)]
    assert await rows(house, "SELECT kind FROM set_aside_rows") == []


async def test_what_has_lost_its_turn_is_given_it_again(house):
    """SQLite takes a word for a time, which then never comes; the other database, a time that is none."""
    never = "'soon'" if house.core.store.engine.dialect.name == "sqlite" else "1152921504606846976"
    sent = await send(house, 1)
    await keep(house.core, subscription("dara", end_ms=NOW_MS + 1_000))
    payment = await made(house)
    house.bakong.default = paid()
    await damage(house, "next_poll_ms", never, row_id=payment.transactionId)
    await damage(house, "next_try_ms", never, "webhook_notifications", row_id="msg_00")
    await damage(house, "due_ms", never, "subscriptions", row_id="subscription-of-dara")
    await house.clock.advance(AGAIN_MS)
    for _ in range(2):
        house.worker.wake()
        await house.clock.advance(AGAIN_MS)
    assert await status_of(house, payment) == "PAID"
    assert "msg_00" in sent
    assert await rows(house, "SELECT status FROM subscriptions WHERE user_id = 'dara'") == [("PAST_DUE",)]


ANSWERS = {
    "another key": ("body", f"CAST('{sealed_by(OTHER)}' AS {{bytes}})"),
    "half": ("body", "substr(body, 1, 40)"),
    "no UTF-8": ("body", "{raw}"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_an_answer_that_does_not_open_is_not_done_again(house, what):
    is_sqlite = house.core.store.engine.dialect.name == "sqlite"
    words = {"bytes": "BLOB" if is_sqlite else "BYTEA", "raw": "x'ff00'" if is_sqlite else "'\\xff00'::bytea"}
    column, value = ANSWERS[what]
    keyed = {"headers": {"idempotency-key": "k"}, "json": ORDER}
    first = await house.client.post("/api/payments/create", **keyed)
    scope = (await rows(house, "SELECT scope FROM idempotency_keys"))[0][0]
    value = value.format(**words).replace("::", "\\:\\:")
    repair = await damage(house, column, value, "idempotency_keys", "scope", scope)
    for _ in range(3):
        again = await house.client.post("/api/payments/create", **keyed)
        assert (again.status_code, again.json()["code"]) == (503, "unreadable_row")
    assert await rows(house, "SELECT count(*) FROM payment_transactions") == [(1,)]
    assert house.logged() == [("answer", scope)]
    await repair()
    again = await house.client.post("/api/payments/create", **keyed)
    assert (again.status_code, again.content) == (200, first.content)


async def test_damaged_audit_rows_are_exported_as_they_are_and_hold_up_none(house):
    exported = []

    async def archive(batch):
        exported.extend(batch)

    house.core.archive = archive
    for number in range(3):
        await made(house, userId=f"user-{number}")
    await change(house, "UPDATE audit_logs SET after = 'half a {' WHERE id = (SELECT min(id) FROM audit_logs)")
    await house.clock.advance(366 * DAY_MS)
    await house.clock.advance(3_600_000)
    assert exported[0].after == {"unreadable": "half a {"}
    assert len(exported) > 3


async def test_counters_that_are_damaged_stop_nobody(house):
    limit_calls(house.core, 100)
    if house.core.store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL does not take it")
    payment = await made(house)
    house.bakong.default = paid()
    await change(
        house,
        "INSERT INTO provider_calls (provider, day, calls, stopped) VALUES ('bakong', :day, 'x', 0)",
        day=(NOW_MS + 7 * 3_600_000) // DAY_MS,
    )
    await house.clock.advance(2_000)
    assert (await house.client.get("/api/health")).status_code == 200
    await house.clock.advance(DAY_MS)
    assert await status_of(house, payment) == "PAID"


async def test_a_rotation_seals_all_that_opens_and_names_what_does_not(tmp_path, storage):
    async with opened(tmp_path, storage) as house:
        bad, others = await five(house)
        await damage(house, "qr", f"'{sealed_by(THIRD)}'", row_id=bad.transactionId)
        named = []
        batches = rotation.batches(Sealer([OTHER, PRESENT]), lambda *row: named.append(row[:2]))
        assert sum([await house.core.store.migrate(batch) for batch in batches]) == len(others)
        assert named == [("payment_transactions.qr", bad.transactionId)]


async def test_an_api_key_that_is_damaged_is_good_for_nothing_and_the_others_are(house):
    await house.core.store.write(lambda records: records.add_api_key("d" * 64, "a", NOW_MS))
    await house.core.store.write(lambda records: records.add_api_key("e" * 64, "b", NOW_MS))
    await change(house, "UPDATE api_keys SET created_ms = -5 WHERE label = 'a'")
    keys = await house.core.store.read(lambda records: records.api_keys())
    assert [key.label for key in keys] == ["b"]
    assert (await house.client.get("/metrics", headers={"authorization": f"Bearer {KEY}"})).status_code == 200


async def test_a_forgotten_key_is_named_at_check_config_and_start_in_one_line_with_code_2(tmp_path, storage):
    env = environment(tmp_path, **{name.upper(): value for name, value in storage.items()})
    async with serving(env, "--no-worker") as (_, url):
        for _ in range(2):
            assert await create_over_http(url, env["MAIN_BACKEND_API_KEY"]) == 200
    forgotten = env | {"ENCRYPTION_KEY": "another-key-" + "0123456789abcdefghijklmnop"}
    lost = Sealer([env["ENCRYPTION_KEY"]]).key_id
    for options in (("check-config", "--no-token-check"), ("run", "--port", "0"), ("worker",)):
        code, _, err = await command(*options, env=forgotten)
        assert (code, err.count("\n")) == (2, 1), err
        assert lost in err
        assert "OLD_ENCRYPTION_KEYS" in err
    code, out, err = await command("review", "--give-up-key", lost, env=forgotten)
    assert (code, out, err) == (0, "[]\n", "")
    assert (await command("check-config", "--no-token-check", env=forgotten))[0] == 1  # Bakong is nowhere
    old = forgotten | {"OLD_ENCRYPTION_KEYS": env["ENCRYPTION_KEY"]}
    assert (await command("check-config", "--no-token-check", env=old))[0] == 1


async def test_the_review_list_shows_each_row_and_takes_it_back(tmp_path, storage):
    stored = {name.upper(): value for name, value in storage.items()}
    async with opened(tmp_path, storage) as house:
        bad = await made(house)
        repair = await damage(house, "qr", "'garbage'", row_id=bad.transactionId)
        await house.clock.advance(2_000)
        url = str(storage.get("database_url") or f"sqlite:///{tmp_path / 'house.db'}")
        env = environment(
            tmp_path,
            **stored
            | {"DATABASE_URL": url, "ENCRYPTION_KEY": PRESENT, "SERVICE_MODE": "sandbox", "DATA_DIR": str(tmp_path)},
        )
        code, out, err = await command("review", env=env)
        assert (code, err) == (0, "")
        (row,) = json.loads(out)
        assert (row["kind"], row["id"], row["since"]) == ("payment", bad.transactionId, "2026-02-11T00:00:02.000Z")
        assert "garbage" not in out
        await repair()
        assert "taken back" in (await command("review", "--retry", env=env))[1]
        assert (await command("review", env=env))[1] == "[]\n"
