"""Faults that are about rules: what comes twice, late, at once, in another order, or breaks off in the middle."""

import asyncio
import itertools

import pytest
from sqlalchemy import text

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid
from bakong_service.usecases.ask_provider import ask
from bakong_service.usecases.poll_payments import expire_due
from tests.conftest import NOW_MS
from tests.service.house import open_house, put_bakong

ORDER = {"userId": "sokha", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
MERCHANT = "sandbox_merchant@sand"


class Script:
    """A Bakong that answers what a test puts into it."""

    def __init__(self):
        self.reports = {}
        self.asked = []
        self.default = NotFound()

    async def check(self, md5):
        self.asked.append(md5)
        report = self.reports.get(md5, self.default)
        return report.pop(0) if isinstance(report, list) else report

    async def check_many(self, md5s):
        return {md5: await self.check(md5) for md5 in md5s}


def paid(digit="a", *, minor=50, currency="USD", account=MERCHANT, done_ms=None):
    return Paid(digit * 64, Money(minor, currency), account, done_ms=done_ms)


@pytest.fixture
async def house(tmp_path, storage):
    async with open_house(tmp_path, database_url=storage.get("database_url", "")) as opened:
        opened.bakong = Script()
        put_bakong(opened.core, opened.bakong)
        yield opened


async def create(house, **changes):
    answer = await house.client.post("/api/payments/create", json=ORDER | changes)
    return await stored(house, answer.json()["data"]["transactionId"])


async def stored(house, payment_id):
    return await house.core.store.read(lambda records: records.payment_by_id(payment_id))


async def rows(house, query):
    return await house.core.store.read(lambda records: [tuple(row) for row in records._run(text(query))])


STEPS = "SELECT from_status, to_status FROM payment_status_history ORDER BY id"
EVENTS = "SELECT event FROM webhook_notifications ORDER BY created_ms, id"


async def test_100_answers_at_once_are_one_transition_one_period_and_one_event(house):
    payment = await create(house)
    house.bakong.default = paid()
    await asyncio.gather(*(ask(house.core, [payment]) for _ in range(100)))
    assert await rows(house, STEPS) == [(None, "PENDING"), ("PENDING", "PAID")]
    assert sorted(await rows(house, EVENTS)) == [("payment.paid",), ("subscription.activated",)]
    assert await rows(house, "SELECT count(*) FROM subscription_status_history") == [(1,)]


async def test_answers_in_another_order_never_lead_out_of_paid(house):
    answers = [paid(), NotFound(), Failed(), NoAnswer("timeout"), paid()]
    for order in list(itertools.permutations(answers))[::10]:
        payment = await create(house)
        for report in order:
            house.bakong.default = report
            await ask(house.core, [await stored(house, payment.id)])
        after = await stored(house, payment.id)
        assert after.status is PaymentStatus.PAID


@pytest.mark.parametrize(
    ("done_ms", "steps", "late"),
    [
        (NOW_MS + 899_999, [("PENDING", "PAID")], False),
        (NOW_MS + 900_000, [("PENDING", "EXPIRED"), ("EXPIRED", "PAID")], True),
    ],
    ids=["14:59.999", "15:00.000"],
)
async def test_the_end_of_a_code_divides_paid_from_late(house, done_ms, steps, late):
    payment = await create(house)
    await house.clock.advance(899_999)
    house.bakong.default = paid(done_ms=done_ms)
    await house.clock.advance(1)
    after = await stored(house, payment.id)
    assert (after.status, after.late, after.paid_ms) == (PaymentStatus.PAID, late, done_ms)
    assert (await rows(house, STEPS))[1:] == steps


async def test_bakong_is_asked_once_more_before_a_payment_expires(house):
    payment = await create(house)
    await house.clock.advance(899_999)
    house.bakong.default = paid(done_ms=NOW_MS + 899_000)
    await house.clock.advance(1)
    after = await stored(house, payment.id)
    assert (after.status, after.late) == (PaymentStatus.PAID, False)


async def test_money_that_comes_after_the_end_is_granted_late_and_was_expired_first(house):
    payment = await create(house)
    house.bakong.default = NoAnswer("timeout")
    await house.clock.advance(900_000)
    await expire_due(house.core, "bakong")
    assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
    house.bakong.default = paid(done_ms=NOW_MS + 960_000)
    await house.clock.advance(3_600_000)
    after = await stored(house, payment.id)
    assert (after.status, after.late) == (PaymentStatus.PAID, True)
    assert (await rows(house, STEPS))[1:] == [("PENDING", "EXPIRED"), ("EXPIRED", "PAID")]


async def test_a_second_transaction_for_a_paid_code_is_kept_for_a_refund(house):
    payment = await create(house)
    for digit in "abb":
        house.bakong.default = paid(digit)
        await ask(house.core, [await stored(house, payment.id)])
    after = await stored(house, payment.id)
    assert (after.status, after.flag, after.hash[0]) == (PaymentStatus.PAID, "overpaid", "a")
    receipts = await rows(house, "SELECT substr(hash, 1, 1), verdict FROM payment_receipts ORDER BY hash")
    assert receipts == [("a", "accepted"), ("b", "overpaid")]
    assert await rows(house, "SELECT count(*) FROM subscription_status_history") == [(1,)]


@pytest.mark.parametrize(
    ("report", "flag"),
    [
        (paid(minor=49), "wrong_amount"),
        (paid(minor=51), "wrong_amount"),
        (paid(minor=2000, currency="KHR"), "wrong_currency"),
        (paid(account="other@bank"), "wrong_account"),
        (Paid("a" * 64, None, MERCHANT), "wrong_currency"),
    ],
    ids=["less", "more", "riel", "another account", "no amount"],
)
async def test_what_does_not_match_is_kept_and_flagged_and_the_right_payment_still_counts(house, report, flag):
    payment = await create(house)
    house.bakong.default = report
    await ask(house.core, [payment])
    after = await stored(house, payment.id)
    assert (after.status, after.flag) == (PaymentStatus.PENDING, flag)
    assert await rows(house, "SELECT verdict FROM payment_receipts") == [(flag,)]
    house.bakong.default = paid("c")
    await ask(house.core, [after])
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
async def test_a_clock_that_jumps_an_hour_expires_by_stored_instants_and_changes_no_amount(house, hours):
    payment = await create(house)
    from bakong_simulator.kernel.clock import Mode

    house.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS + hours * 3_600_000)
    await house.worker.run_due()
    after = await stored(house, payment.id)
    assert after.status is (PaymentStatus.EXPIRED if hours > 0 else PaymentStatus.PENDING)
    assert (after.expires_ms, after.money) == (payment.expires_ms, payment.money)
    house.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS + 60_000)
    house.bakong.default = paid(done_ms=NOW_MS + 30_000)
    await ask(house.core, [after])
    assert (await stored(house, payment.id)).status is PaymentStatus.PAID


class CrashError(BaseException):
    """The process ends here."""


class Crashing:
    """Records that end the process before the n-th write of a transaction."""

    def __init__(self, records, left):
        self._records = records
        self._left = left

    def __getattr__(self, name):
        method = getattr(self._records, name)
        if not name.startswith(("add_", "change_", "save_", "plan_", "flag_")):
            return method

        def counted(*args, **kwargs):
            if self._left[0] == 0:
                raise CrashError
            self._left[0] -= 1
            return method(*args, **kwargs)

        return counted


async def survives(house, step, act):
    """Act with a crash before each write in turn, until one act goes through; how many crashes there were."""
    write = house.core.store.write
    for crashes in itertools.count():
        left = [crashes]

        async def crashing(work, left=left):
            return await write(lambda records: work(Crashing(records, left)))

        house.core.store.write = crashing
        try:
            result = await act()
        except CrashError:
            house.core.in_flight.clear()  # a new process knows of none
            await step()
        else:
            return crashes, result
        finally:
            house.core.store.write = write
    raise AssertionError("the loop ends by returning")


async def test_a_crash_before_any_write_of_a_payment_leaves_nothing_and_the_key_makes_one(house):
    async def nothing():
        for table in ("payment_transactions", "payment_status_history", "idempotency_keys", "audit_logs"):
            assert await rows(house, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608

    async def act():
        return await house.client.post("/api/payments/create", json=ORDER, headers={"idempotency-key": "k"})

    crashes, answer = await survives(house, nothing, act)
    assert (crashes >= 3, answer.status_code) == (True, 200)
    assert await rows(house, "SELECT count(*) FROM payment_transactions") == [(1,)]


async def test_a_crash_before_any_write_of_a_grant_leaves_nothing_and_the_next_try_grants_once(house):
    payment = await create(house)
    house.bakong.default = paid()

    async def nothing():
        assert (await stored(house, payment.id)).status is PaymentStatus.PENDING
        for table in ("webhook_notifications", "subscriptions", "payment_receipts"):
            assert await rows(house, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608

    crashes, _ = await survives(house, nothing, lambda: ask(house.core, [payment]))
    assert crashes >= 7
    assert await rows(house, STEPS) == [(None, "PENDING"), ("PENDING", "PAID")]
    assert sorted(await rows(house, EVENTS)) == [("payment.paid",), ("subscription.activated",)]


async def test_what_a_key_paid_for_is_in_the_audit_log_with_who_asked(house):
    await create(house)
    house.bakong.default = paid()
    await house.clock.advance(5_000)
    acts = await rows(house, "SELECT actor, action FROM audit_logs ORDER BY id")
    assert [action for _, action in acts] == ["payment.create", "payment.status", "subscription.start"]
    assert [actor for actor, _ in acts][1:] == ["system", "system"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://10.0.0.1/x",
        "http://192.168.1.1:8080/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]/",
        "http://localhost/",
        "http://db/",
        "http://api.internal/",
        "http://user:word@example.com/",
        "http://example.com:99999/",
        "http:///x",
    ],
)
async def test_a_callback_into_a_private_network_is_422_where_the_setting_does_not_allow_it(tmp_path, url):
    async with open_house(tmp_path) as house:
        house.core.private_callbacks = False
        answer = await house.client.post("/api/payments/create", json=ORDER | {"callback": url})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["field"] == "callback"
        good = await house.client.post("/api/payments/create", json=ORDER | {"callback": "https://example.com/hook"})
        assert good.status_code == 200


async def test_a_payment_ends_at_its_moment_also_if_bakong_failed_within_the_second_before(house):
    """A failing call in that second had put its end off to a second after the call."""
    payment = await create(house)
    await house.clock.advance(899_500)
    house.bakong.default = NoAnswer("unreachable")
    await ask(house.core, [payment])
    house.bakong.default = NotFound()
    await house.clock.advance(500)
    assert (await stored(house, payment.id)).status is PaymentStatus.EXPIRED
