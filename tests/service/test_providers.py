"""Two providers in one core: neither meets, delays or decides for the other; and a webhook only has its own asked."""

import asyncio
from dataclasses import replace

import pytest

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import InvalidError, UnavailableError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Authorized, NoAnswer, NotFound, Refunded
from bakong_service.usecases.core import ProviderError
from bakong_service.usecases.poll_payments import poll_due
from tests import secrecy
from tests.conftest import NOW_MS
from tests.service.house import open_house, put, put_bakong
from tests.service.passing import Passing, open_shop
from tests.service.riverpay import NAME, SECRET, River, order, received, tell
from tests.service.test_faults import Script, create, paid, rows, stored

HOUR_S = 3_600
secrecy.issue(SECRET.decode())


@pytest.fixture
def river():
    return River()


@pytest.fixture
async def house(tmp_path, storage, river):
    """Bakong and riverpay in one core, on a frozen clock."""
    url = storage.get("database_url", "")
    async with open_house(tmp_path, database_url=url, providers=[river.factory()]) as opened:
        opened.bakong, opened.river = Script(), river
        put_bakong(opened.core, opened.bakong)
        yield opened


async def status_of(house, payment):
    return (await stored(house, payment.id)).status


async def test_the_same_reference_at_two_providers_is_two_payments(house):
    bakongs = await create(house)
    house.river.references = iter([bakongs.reference])
    rivers = await order(house.core, "chan")
    assert rivers.reference == bakongs.reference
    house.river.reports[rivers.reference] = received(rivers.reference)
    await house.clock.advance(2_000)
    assert await status_of(house, rivers) is PaymentStatus.PAID
    assert await status_of(house, bakongs) is PaymentStatus.PENDING
    seen = (await house.client.get(f"/api/payments/status/{bakongs.md5}")).json()["data"]
    assert (seen["transactionId"], seen["status"]) == (bakongs.id, "PENDING")
    house.bakong.default = paid()
    await house.clock.advance(60_000)
    assert await status_of(house, bakongs) is PaymentStatus.PAID


async def test_a_payment_of_any_provider_is_seen_by_its_id_with_what_the_payer_pays_by(house):
    theirs, ours = await order(house.core, "chan"), await create(house)
    seen = (await house.client.get(f"/api/payments/{theirs.id}")).json()["data"]
    assert seen == {
        "id": theirs.id,
        "provider": "riverpay",
        "reference": "riv_1",
        "status": "PENDING",
        "amount": 0.5,
        "currency": "USD",
        "handoff": {"kind": "redirect", "url": "https://pay.river.test/riv_1"},
        "late": False,
        "flag": None,
        "createdAt": "2026-02-11T00:00:00.000Z",
        "expiresAt": "2026-02-11T00:30:00.000Z",
        "updatedAt": "2026-02-11T00:00:00.000Z",
        "paidAt": None,
    }
    seen = (await house.client.get(f"/api/payments/{ours.id}")).json()["data"]
    assert (seen["provider"], seen["reference"]) == ("bakong", ours.md5)
    assert seen["handoff"] == {"kind": "code", "text": ours.code.text, "deepLink": ours.code.deep_link}
    house.river.default = received("riv_1")
    assert (await house.client.get(f"/api/payments/{theirs.id}")).json()["data"]["status"] == "PAID"
    missing = await house.client.get("/api/payments/019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


async def test_paths_of_the_default_provider_know_no_payment_of_another(house):
    theirs = await order(house.core)
    for name in (theirs.id.replace("-", ""), theirs.reference.ljust(32, "0")[:32].replace("riv_", "0000")):
        assert (await house.client.get(f"/api/payments/status/{name}")).status_code == 404
    (item,) = (await house.client.get("/api/payments/history", params={"userId": "sokha"})).json()["data"]["items"]
    assert (item["transactionId"], item["md5Hash"]) == (theirs.id, None)
    assert (await house.client.get("/api/payments/create")).status_code == 405


async def asked_of_bakong(folder, river_is_down):
    """When Bakong was asked within an hour in which three of its payments are open, beside a riverpay that may hang."""
    clock, river = Passing(), River()

    async def hang(reference):
        river.asked.append(reference)
        await clock.pause(15_000)
        return NoAnswer("timeout")

    async with open_shop(folder, clock, providers=[river.factory()]) as shop:
        for number in range(20 if river_is_down else 0):
            await order(shop.core, f"r{number}")
        put(shop.core, NAME, check=hang)
        for number in range(3):
            await create(shop, userId=f"b{number}")
        await clock.seconds(HOUR_S)
        assert bool(river.asked) is river_is_down
        ended = await rows(shop, "SELECT count(*) FROM payment_transactions WHERE status = 'EXPIRED'")
        assert ended == [(3,)]
        return [at_ms for at_ms, _ in shop.bakong.asked_ms]


async def test_a_provider_that_hangs_for_an_hour_does_not_delay_the_questions_to_another(tmp_path):
    alone = await asked_of_bakong(tmp_path / "alone", river_is_down=False)
    assert await asked_of_bakong(tmp_path / "beside", river_is_down=True) == alone
    assert len(alone) > 30


async def test_an_event_has_the_provider_asked_at_once_and_decides_nothing_itself(house):
    theirs = await order(house.core)
    answer = await tell(house.client, theirs.reference)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "data": {"received": True}})
    await house.clock.advance(1)
    assert (house.river.asked, await status_of(house, theirs)) == ([theirs.reference], PaymentStatus.PENDING)
    house.river.default = received(theirs.reference)
    await tell(house.client, theirs.reference)
    await house.clock.advance(1)
    assert await status_of(house, theirs) is PaymentStatus.PAID
    assert house.bakong.asked == []


async def test_an_event_that_comes_many_times_is_one_question(house):
    theirs = await order(house.core)
    answers = [await tell(house.client, theirs.reference) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    await house.clock.advance(1_000)
    assert len(house.river.asked) == 1


async def test_an_event_that_comes_while_its_payment_is_asked_about_has_it_asked_once_more(house):
    theirs = await order(house.core)
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def check(reference):
        house.river.asked.append(reference)
        if len(house.river.asked) == 1:
            asked.set()
            await may_answer.wait()
            return NotFound()  # as it was when the question came
        return received(reference)

    put(house.core, NAME, check=check)
    moving = asyncio.ensure_future(house.clock.advance(2_500))
    await asked.wait()
    await tell(house.client, theirs.reference)
    may_answer.set()
    await moving
    assert len(house.river.asked) == 2
    assert await status_of(house, theirs) is PaymentStatus.PAID


async def test_an_event_that_was_answered_is_not_lost_with_its_process(tmp_path, storage, river):
    url = storage.get("database_url", "") or f"sqlite:///{tmp_path / 'shop.db'}"
    async with open_house(tmp_path / "first", database_url=url, providers=[river.factory()]) as house:
        theirs = await order(house.core)
        house.core.wake_polling = str  # nobody polls in this process
        await house.clock.advance(1_999)
        await tell(house.client, theirs.reference)
    river.default = received(theirs.reference)
    later = {"database_url": url, "at_ms": NOW_MS + 1_999, "providers": [river.factory()]}
    async with open_house(tmp_path / "second", **later) as house:
        await poll_due(house.core, NAME)
        assert await status_of(house, theirs) is PaymentStatus.PAID


@pytest.mark.parametrize("headers", [{"signed": False}, {"signed": False, "river-signature": "0" * 64}], ids=str)
async def test_a_forged_event_is_401_and_asks_nothing_and_changes_nothing(house, headers):
    theirs = await order(house.core)
    house.river.default = received(theirs.reference)
    before = await rows(house, "SELECT * FROM payment_transactions")
    answer = await tell(house.client, theirs.reference, **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["content-type"] == "application/problem+json"
    await house.clock.advance(1_000)
    assert house.river.asked == []
    assert await rows(house, "SELECT * FROM payment_transactions") == before


@pytest.mark.parametrize("name", ["bakong", "nobody", "a" * 64, "%2e%2e"])
async def test_a_provider_that_sends_no_events_is_404(house, name):
    answer = await tell(house.client, "x", name=name)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_event_larger_than_64_kilobytes_is_413(house):
    answer = await tell(house.client, "x" * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_event_about_no_payment_of_ours_is_200_and_logged(tmp_path, storage, river):
    url = storage.get("database_url", "")
    async with open_house(tmp_path, database_url=url, providers=[river.factory()]) as house:
        bakongs = await create(house)
        for reference in ("riv_elsewhere", bakongs.reference, None):
            assert (await tell(house.client, reference)).status_code == 200
        await house.clock.advance(1_000)
        assert river.asked == []
    lines = (tmp_path / "logs" / "combined.log").read_text()
    assert lines.count("unknown_event") == 2
    assert "riv_elsewhere" in lines


async def test_events_count_against_their_address_as_other_open_paths_do(tmp_path, river):
    async with open_house(tmp_path, rate_limit_per_minute=2, providers=[river.factory()]) as house:
        answers = [await tell(house.client, "riv_1") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        for path in ("/api/providers/riverpay/events/x", "/api/providers/events", "/api/providers/a/b/events"):
            assert (await house.client.post(path, headers={"authorization": ""}, json={})).status_code in (401, 429)


async def test_a_refund_that_an_event_tells_of_is_recorded_once_and_flagged_and_the_payment_stays_paid(house):
    theirs = await order(house.core)
    house.river.default = received(theirs.reference)
    await tell(house.client, theirs.reference)
    await house.clock.advance(1_000)
    house.river.default = Refunded("re_1", Money(20, "USD"), b"{}")
    for _ in range(2):
        await tell(house.client, theirs.reference)
        await house.clock.advance(1_000)
    after = await stored(house, theirs.id)
    assert (after.status, after.flag) == (PaymentStatus.PAID, "refunded")
    verdicts = await rows(house, "SELECT verdict, amount_minor FROM payment_receipts ORDER BY verdict")
    assert verdicts == [("accepted", 50), ("refunded", 20)]
    asked = len(house.river.asked)
    await house.clock.advance(HOUR_S * 1000)
    assert len(house.river.asked) == asked


async def test_an_event_about_a_paid_payment_is_kept_until_its_provider_answers(house):
    theirs = await order(house.core)
    house.river.default = received(theirs.reference)
    await house.clock.advance(2_000)
    house.river.default = NoAnswer("timeout")
    await tell(house.client, theirs.reference)
    await house.clock.advance(60_000)
    house.river.default = Refunded("re_1", None)
    await house.clock.advance(600_000)
    assert (await stored(house, theirs.id)).flag == "refunded"


async def test_an_approved_payment_is_pending_until_it_is_finalised(house):
    theirs = await order(house.core)
    house.river.default = Authorized()
    await house.clock.advance(60_000)
    assert await status_of(house, theirs) is PaymentStatus.PENDING
    provider = house.core.providers[NAME]
    house.core.providers = {**house.core.providers, NAME: replace(provider, finalise=house.river.finalise)}
    await tell(house.client, theirs.reference)
    await house.clock.advance(1_000)
    assert (house.river.finalised, await status_of(house, theirs)) == ([theirs.reference], PaymentStatus.PAID)


async def test_no_money_is_moved_after_the_payments_time_has_passed(tmp_path, river):
    async with open_house(tmp_path, providers=[river.factory(finalise=river.finalise)]) as house:
        theirs = await order(house.core)
        await house.clock.advance(1_799_999)
        river.default = Authorized()
        await house.clock.advance(HOUR_S * 1000)
        assert (river.finalised, await status_of(house, theirs)) == ([], PaymentStatus.EXPIRED)


async def test_a_provider_that_makes_nothing_stores_nothing(house):
    house.river.made = NoAnswer("timeout")
    with pytest.raises(UnavailableError, match="riverpay made no payment: timeout"):
        await order(house.core)
    with pytest.raises(InvalidError, match="riverpay takes USD"):
        await order(house.core, currency="KHR")
    with pytest.raises(InvalidError, match="expected one of bakong, riverpay, read 'lakepay'"):
        await order(house.core, provider="lakepay")
    assert await rows(house, "SELECT count(*) FROM payment_transactions") == [(0,)]


async def test_health_and_metrics_show_each_provider(house):
    house.river.on_call("check", "answered")
    services = (await house.client.get("/api/health")).json()["services"]
    assert list(services) == ["database", "redis", "bakong", "riverpay"]
    known = {"status": "healthy", "message": "is asked"}
    assert services["riverpay"] == known | {"breaker": "closed", "lastSuccessAt": None}
    metrics = (await house.client.get("/metrics")).text
    assert 'riverpay_calls_total{endpoint="check",outcome="answered"} 1.0' in metrics
    assert "riverpay_calls_remaining" not in metrics
    await order(house.core)
    house.river.default = NoAnswer("timeout")
    await house.clock.advance(300_000)
    services = (await house.client.get("/api/health")).json()["services"]
    assert (services["riverpay"]["status"], services["bakong"]["status"]) == ("unhealthy", "healthy")
    assert services["riverpay"]["breaker"] in ("open", "half_open")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"polling": None}, "has no polling"),
        ({"capture": str}, "brings capture, which the core does not do yet"),
        ({"name": "lakepay"}, "'riverpay' calls itself 'lakepay'"),
    ],
    ids=["no polling", "capture", "another name"],
)
async def test_what_the_core_does_not_do_is_refused_at_the_start(tmp_path, river, changes, why):
    with pytest.raises(ProviderError, match=why):
        async with open_house(tmp_path, providers=[river.factory(**changes)]):
            pass
