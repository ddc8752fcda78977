"""bKash's adapter: executed once whatever is lost, judged by a query, refunded once, one token, one topic believed."""

import asyncio
import json

import httpx
import pytest

from bakong_schemes.bkash.adapter.client import Credentials, HttpBkash
from bakong_schemes.bkash.adapter.notifications import Certificates, ReadNotification
from bakong_schemes.bkash.adapter.provider import Checkouts, provider
from bakong_schemes.bkash.adapter.settings import BkashSettings
from bakong_schemes.bkash.adapter.tokens import Tokens
from bakong_schemes.bkash.fake.wallets import NAMED
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import ClientSecret, Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout, Created, Event
from bakong_service.provider_factory import Surroundings
from bakong_service.settings import SettingsError, load_all
from tests.conftest import NOW_MS
from tests.schemes.bkash.conftest import BACK, HOOK
from tests.schemes.stories import bkash_provider
from tests.schemes.test_adapters import variants

SERVICE = {"SERVICE_MODE": "sandbox", "MAIN_BACKEND_API_KEY": "x", "WEBHOOK_SECRET": "x", "ENCRYPTION_KEY": "x"}


def checkout(minor=5_000, bill="DT-1", **more):
    return Checkout(
        payment_id=f"p-{bill}",
        bill_number=bill,
        money=Money(minor, "BDT"),
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 900_000,
        **more,
    )


@pytest.fixture
def bkash(shop):
    return bkash_provider(shop.client, shop.world)


def client_of(shop, client=None, **more):
    known = shop.known
    credentials = Credentials(known.username, known.password, known.app_key, known.app_secret)
    return HttpBkash(client or shop.client, credentials, now_ms=shop.world.clock.now_ms, root="/bkash", **more)


async def approved(shop, bkash, wallet="ok", bill="DT-1", minor=5_000):
    made = await bkash.create(checkout(minor, bill))
    assert isinstance(made, Created), made
    await shop.decide({"paymentID": made.reference}, wallet=NAMED[wallet][0])
    return made


async def paid(shop, bkash, wallet="ok", minor=5_000):
    made = await approved(shop, bkash, wallet, minor=minor)
    assert isinstance(await bkash.finalise(made.reference), Paid)
    return made.reference


def calls(shop, operation):
    return sum(entry.endpoint == operation for entry in shop.world.journal.entries)


def altered(shop, change):
    """A client of the same sandbox whose answers go through change(path, document)."""

    async def answer(request):
        response = await shop.client.request(
            request.method, request.url.raw_path.decode(), content=request.content, headers=request.headers
        )
        return httpx.Response(response.status_code, json=change(request.url.path, response.json()))

    return httpx.AsyncClient(base_url="http://sandbox.test", transport=httpx.MockTransport(answer))


# Created


async def test_a_payment_bears_our_invoice_and_sends_the_customer_back_to_us(shop, bkash):
    made = await bkash.create(checkout(return_url="https://shop.test/orders/7"))
    row = shop.world.state_of("bkash").payments[made.reference]
    assert (row.invoice, row.amount, row.mode, row.intent) == ("DT-1", "50.00", "0011", "sale")
    assert row.callback == "https://shop.test/orders/7"
    assert isinstance(made.handoff, Redirect)
    assert f"paymentId={made.reference}" in made.handoff.url
    other = await bkash.create(checkout(bill="DT-2"))
    assert shop.world.state_of("bkash").payments[other.reference].callback == BACK


async def test_without_a_return_url_nothing_is_asked(shop):
    bare = provider(client_of(shop), now_ms=shop.world.clock.now_ms)
    assert (await bare.create(checkout())).why == "refused"
    assert (await bare.create(checkout(0))).why == "refused"
    assert shop.world.journal.total == 0


@pytest.mark.parametrize(
    ("name", "value"), [("amount", "5.00"), ("currency", "USD"), ("merchantInvoiceNumber", "X"), ("paymentID", "../x")]
)
async def test_a_payment_of_something_else_than_was_asked_is_no_payment(shop, name, value):
    async with altered(shop, lambda path, made: made | {name: value} if path.endswith("/create") else made) as client:
        odd = provider(client_of(shop, client), now_ms=lambda: NOW_MS, checkouts=Checkouts(return_url=BACK))
        assert (await odd.create(checkout())).why == "garbage"


async def test_an_invoice_that_was_paid_is_refused_and_maintenance_is_not_final(shop, bkash):
    await paid(shop, bkash)
    assert (await bkash.create(checkout())).why == "refused"
    await shop.play("name: m\nscheme: bkash\nfaults: [{on: create, fault: refuse, as: maintenance}]")
    assert (await bkash.create(checkout(bill="DT-9"))).why == "unreachable"


# Executed


async def test_an_approved_payment_is_executed_once_however_many_ask(shop, bkash):
    made = await approved(shop, bkash)
    assert await bkash.polling.check(made.reference) == Authorized()
    reports = await asyncio.gather(*(bkash.finalise(made.reference) for _ in range(5)))
    assert {report.hash for report in reports} == {shop.world.state_of("bkash").payments[made.reference].trx}
    assert calls(shop, "execute") == 1
    assert (reports[0].money, reports[0].to_account, reports[0].done_ms) == (
        Money(5_000, "BDT"),
        made.account_id,
        NOW_MS,
    )


@pytest.mark.parametrize("action", [None, "cancel", "fail"])
async def test_what_nobody_approved_is_not_paid_and_not_failed(shop, bkash, action):
    made = await bkash.create(checkout())
    if action:
        await shop.decide({"paymentID": made.reference}, action)
    assert await bkash.polling.check(made.reference) == NotFound()
    assert await bkash.finalise(made.reference) == NotFound()


@pytest.mark.parametrize("name", ["poor", "blocked"])
async def test_a_wallet_that_cannot_pay_fails_the_payment(shop, bkash, name):
    made = await approved(shop, bkash, name)
    assert await bkash.finalise(made.reference) == Failed()
    assert await bkash.finalise(made.reference) == Failed()


async def test_where_execute_hangs_the_query_tells(shop, bkash):
    made = await approved(shop, bkash, "hangpaid")
    assert isinstance(await bkash.finalise(made.reference), Paid)
    made = await approved(shop, bkash, "hangunpaid", "DT-2")
    assert (await bkash.finalise(made.reference)).why == "timeout"
    assert await bkash.polling.check(made.reference) == Authorized()
    assert isinstance(await bkash.finalise(made.reference), Paid)
    assert calls(shop, "execute") == 3


async def test_maintenance_is_tried_again(shop, bkash):
    made = await approved(shop, bkash, "maintenance")
    assert (await bkash.finalise(made.reference)).why == "unreachable"
    assert isinstance(await bkash.finalise(made.reference), Paid)


@pytest.mark.parametrize("setting", ["2117", "2062"])
async def test_what_was_executed_already_is_paid(shop, bkash, setting):
    """Another worker has executed it."""
    await shop.set(execute_twice=setting)
    made = await approved(shop, bkash)
    await shop.execute({"paymentID": made.reference})
    assert isinstance(await bkash.finalise(made.reference), Paid)


async def test_executed_already_is_not_believed_against_a_query(shop, bkash):
    made = await approved(shop, bkash)
    payment = shop.world.payments["bkash", made.reference]
    payment.scenario = shop.world.library.read(
        "name: x\nscheme: bkash\nfaults: [{on: execute, fault: refuse, as: executed-already}]"
    )
    assert (await bkash.finalise(made.reference)).why == "garbage"


async def test_success_that_a_query_does_not_show_is_paid_once(shop, bkash):
    await shop.play(shop.world.library.source("bkash-query-disagrees", "bkash"))
    made = await approved(shop, bkash)
    assert isinstance(await bkash.finalise(made.reference), Paid)
    again = await bkash.finalise(made.reference)
    assert isinstance(again, NoAnswer), again
    await shop.advance(3600)
    assert isinstance(await bkash.polling.check(made.reference), Paid)


async def test_nobody_executes_more_than_three_times_without_an_answer(shop, bkash):
    made = await approved(shop, bkash)
    payment = shop.world.payments["bkash", made.reference]
    payment.scenario = shop.world.library.read("name: h\nscheme: bkash\nfaults: [{on: execute, fault: hang, for: 60s}]")
    for _ in range(5):
        assert (await bkash.finalise(made.reference)).why == "timeout"
    assert calls(shop, "execute") == 3


async def test_another_amount_currency_or_invoice_surfaces(shop, bkash):
    await shop.play("name: u\nscheme: bkash\npayment: [unpaid, {paid: {amount: 50%}}]")
    made = await approved(shop, bkash)
    assert (await bkash.finalise(made.reference)).money == Money(2_500, "BDT")
    for change in ({"currency": "USD"}, {"merchantInvoice": "OTHER"}):
        async with altered(shop, lambda _path, shown, change=change: shown | change) as client:
            odd = provider(client_of(shop, client), now_ms=lambda: NOW_MS)
            report = await odd.polling.check(made.reference)
        assert (report.money, report.to_account) == (
            (None, made.account_id) if "currency" in change else (Money(2_500, "BDT"), "bkash:OTHER")
        )


@pytest.mark.parametrize("reference", ["../../x", "", "a b", "é"])
async def test_what_can_be_no_payment_is_not_asked(shop, bkash, reference):
    assert await bkash.polling.check(reference) == NotFound()
    assert await bkash.finalise(reference) == NotFound()
    assert (await bkash.refund(reference, Money(1, "BDT"), "k")).why == "refused"
    assert shop.world.journal.total == 0


async def test_the_checkout_family_hands_its_payment_to_the_shops_page(shop):
    asked = client_of(shop, product="checkout")
    iframe = provider(asked, now_ms=shop.world.clock.now_ms, checkouts=Checkouts(product="checkout"))
    made = await iframe.create(checkout())
    assert made.handoff == ClientSecret(made.reference)
    assert await iframe.finalise(made.reference) == NotFound()
    await shop.decide({"paymentID": made.reference})
    report = await iframe.finalise(made.reference)
    assert (report.money, report.to_account) == (Money(5_000, "BDT"), made.account_id)
    assert (await iframe.polling.check(made.reference)).hash == report.hash
    assert iframe.refund is None


# Every fault on every call


def fault_cases():
    from bakong_schemes.bkash.words import WORDS

    return [
        pytest.param(operation, rule, id=f"{operation}-{rule}")
        for operation in ("grant", "execute", "query", "refund", "refund_status")
        for _, _, rule in variants(WORDS)
    ]


@pytest.mark.parametrize(("operation", "rule"), fault_cases())
async def test_no_fault_moves_money_twice_or_tells_what_is_not_so(shop, bkash, operation, rule):
    """A fault strikes the first call of an operation; the core then asks until it knows, as often as it likes."""
    made = await bkash.create(checkout(bill="DT-1")) if operation != "grant" else None
    text = f"name: f\nscheme: bkash\nfaults: [{{on: {operation}, {rule}, first: 1}}]"
    await shop.play(text)
    for _ in range(4):
        made = made if isinstance(made, Created) else await bkash.create(checkout(bill="DT-1"))
        if isinstance(made, Created):
            break
        await shop.advance(3600)
    assert isinstance(made, Created), made
    await shop.decide({"paymentID": made.reference})
    shop.world.payments["bkash", made.reference].scenario = shop.world.scenario
    reports = []
    for _ in range(6):
        report = await bkash.polling.check(made.reference)
        if report == Authorized():
            report = await bkash.finalise(made.reference)
        assert not isinstance(report, Refunded), report
        reports.append(report)
        if report == Failed():  # the provider's word, and the core asks no more: no money has moved
            assert (operation, "refuse" in rule) == ("execute", True)
            assert shop.world.ledger.balance("bkash_merchant", "BDT") == 0
            return
        await shop.advance(60)
    assert isinstance(reports[-1], Paid), reports
    assert {row.hash for row in reports if isinstance(row, Paid)} == {reports[-1].hash}
    backs = []
    for _ in range(6):
        backs.append(await bkash.refund(made.reference, Money(2_000, "BDT"), "key-1"))
        if isinstance(backs[-1], NoAnswer) and backs[-1].why == "refused":  # the provider's word that it will never be
            break
        await shop.advance(60)
    done = [row for row in backs if isinstance(row, Refunded)]
    row = shop.world.state_of("bkash").payments[made.reference]
    if isinstance(backs[-1], NoAnswer):
        assert ("refuse" in rule, row.refunds) == (True, [])
    else:
        assert len(row.refunds) == 1
        assert {one.hash for one in done} == {row.refunds[0].trx}
    assert shop.world.ledger.sum("BDT") == 0
    assert shop.world.ledger.balance("bkash_merchant", "BDT") == 5_000 - row.refunded


# Refunds


async def test_refunds_in_parts_each_with_its_key(shop, bkash):
    reference = await paid(shop, bkash)
    first = await bkash.refund(reference, Money(2_000, "BDT"), "a")
    assert first == await bkash.refund(reference, Money(2_000, "BDT"), "a")
    second = await bkash.refund(reference, Money(2_000, "BDT"), "b")
    assert (first.hash != second.hash, first.money) == (True, Money(2_000, "BDT"))
    over = await bkash.refund(reference, Money(1_001, "BDT"), "c")
    assert (over.why, "2072" in over.detail) == ("refused", True)
    assert isinstance(await bkash.refund(reference, Money(1_000, "BDT"), "d"), Refunded)
    assert (await bkash.refund(reference, Money(1, "USD"), "e")).why == "refused"


async def test_a_refund_whose_answer_is_lost_is_recognised_by_amount_and_count(shop, bkash):
    reference = await paid(shop, bkash, "refundhang")
    first = await bkash.refund(reference, Money(2_000, "BDT"), "a")
    assert isinstance(first, Refunded)
    assert isinstance(await bkash.refund(reference, Money(2_000, "BDT"), "b"), Refunded)
    assert len(shop.world.state_of("bkash").payments[reference].refunds) == 2


async def test_a_refund_that_got_no_answer_is_not_sent_again_within_a_minute(shop, bkash):
    reference = await paid(shop, bkash)
    shop.world.payments["bkash", reference].scenario = shop.world.library.read(
        "name: h\nscheme: bkash\nfaults: [{on: refund, fault: hang, for: 60s, first: 1}]"
    )
    for seconds in (0, 30, 29):
        await shop.advance(seconds)
        assert (await bkash.refund(reference, Money(2_000, "BDT"), "a")).why == "timeout"
    assert calls(shop, "refund") == 1
    await shop.advance(1)
    assert isinstance(await bkash.refund(reference, Money(2_000, "BDT"), "a"), Refunded)


async def test_a_process_that_does_not_know_whether_it_refunded_asks_a_person(shop, bkash):
    reference = await paid(shop, bkash)
    await bkash.refund(reference, Money(2_000, "BDT"), "a")
    after_a_crash = bkash_provider(shop.client, shop.world)
    doubt = await after_a_crash.refund(reference, Money(2_000, "BDT"), "a")
    assert (doubt.why, "somebody" in doubt.detail) == ("garbage", True)
    assert isinstance(await after_a_crash.refund(reference, Money(1_500, "BDT"), "b"), Refunded)
    await shop.advance(86_400)
    assert isinstance(await after_a_crash.refund(reference, Money(1_500, "BDT"), "c"), Refunded)
    assert len(shop.world.state_of("bkash").payments[reference].refunds) == 3


async def test_a_wallets_refused_refund_is_refused_and_an_unpaid_payment_is_not_refunded(shop, bkash):
    reference = await paid(shop, bkash, "refundrefused")
    assert (await bkash.refund(reference, Money(2_000, "BDT"), "a")).why == "refused"
    made = await bkash.create(checkout(bill="DT-2"))
    assert isinstance(await bkash.refund(made.reference, Money(2_000, "BDT"), "b"), NoAnswer)


# Tokens


async def test_one_grant_serves_all_and_one_refresh_renews_for_all(shop, bkash):
    await shop.set(token_rule=True)
    made = await bkash.create(checkout())
    await asyncio.gather(*(bkash.polling.check(made.reference) for _ in range(10)))
    assert (calls(shop, "grant"), calls(shop, "refresh")) == (1, 0)
    await shop.advance(3600)
    reports = await asyncio.gather(*(bkash.polling.check(made.reference) for _ in range(10)))
    assert reports == [NotFound()] * 10
    assert (calls(shop, "grant"), calls(shop, "refresh")) == (1, 1)


async def test_a_token_that_is_refused_is_renewed_once_for_all_who_met_it(shop, bkash):
    made = await bkash.create(checkout())
    shop.world.state_of("bkash").tokens.clear()
    reports = await asyncio.gather(*(bkash.polling.check(made.reference) for _ in range(10)))
    assert reports == [NotFound()] * 10
    assert calls(shop, "grant") + calls(shop, "refresh") == 2


async def test_the_rule_of_two_is_kept_whatever_bkash_says(shop, bkash):
    """Every call is refused for its token, for five hours: never more than two token calls in an hour."""
    made = await bkash.create(checkout())
    await shop.play("name: t\nscheme: bkash\nfaults: [{on: query, fault: refuse, as: token-expired}]")
    shop.world.payments["bkash", made.reference].scenario = shop.world.scenario
    for _ in range(60):
        report = await bkash.polling.check(made.reference)
        assert report.why in ("unauthorized", "blocked")
        await shop.advance(300)
    entries = shop.world.journal.entries
    times = [entry.at_ms for entry in entries if entry.endpoint in ("grant", "refresh")]
    assert len(times) > 5
    assert all(later - first >= 3_600_000 for first, later in zip(times, times[2:], strict=False))


async def test_when_it_is_blocked_it_says_until_when():
    now, asked = [0], []

    async def renew(refresh):
        asked.append(refresh)
        return {"id_token": f"t{len(asked)}", "expires_in": 3600, "refresh_token": "r"}

    tokens = Tokens(renew, lambda: now[0])
    assert await tokens.get() == "t1"
    assert await tokens.get(refused="t1") == "t2"
    now[0] = 1_000
    assert await tokens.get(refused="t2") == NoAnswer("blocked", "two token calls within an hour", until_ms=3_600_000)
    now[0] = 3_600_000
    assert (await tokens.get(refused="t2"), asked) == ("t3", ["", "r", "r"])


async def test_token_calls_without_an_answer_are_followed_by_pauses_and_not_by_an_hour():
    now, asked = [0], []
    answers = [NoAnswer("timeout"), NoAnswer("unreachable"), {"id_token": "t", "expires_in": 3600}]

    async def renew(_refresh):
        asked.append(now[0])
        return answers[len(asked) - 1]

    tokens = Tokens(renew, lambda: now[0])
    said = []
    for now[0] in (0, 1_000, 2_000, 3_000, 6_999, 7_000):
        said.append(await tokens.get())
    assert asked == [0, 2_000, 7_000]
    assert said[1] == NoAnswer("unreachable", "a token call had no answer a moment ago", until_ms=2_000)
    assert said[-1] == "t"


async def test_what_the_list_of_refunds_has_shown_holds_up_no_other_one(shop, bkash):
    reference = await paid(shop, bkash)
    assert await bkash.list_refunds(reference) == []
    first = await bkash.refund(reference, Money(1_000, "BDT"), "k1")
    after_restart = bkash_provider(shop.client, shop.world)
    doubtful = await after_restart.refund(reference, Money(1_000, "BDT"), "k2")
    assert (doubtful.why, "somebody has to look" in doubtful.detail) == ("garbage", True)
    (listed,) = await after_restart.list_refunds(reference)
    assert (listed.hash, listed.money) == (first.hash, Money(1_000, "BDT"))
    second = await after_restart.refund(reference, Money(1_000, "BDT"), "k2")
    assert isinstance(second, Refunded)
    assert [one.hash for one in await after_restart.list_refunds(reference)] == [first.hash, second.hash]
    assert (await after_restart.list_refunds("../x")).why == "refused"


async def test_what_bkash_charges_is_told_with_the_refund(shop, bkash):
    await shop.set(refund_charge="5.50")
    reference = await paid(shop, bkash)
    made = await bkash.refund(reference, Money(1_000, "BDT"), "k1")
    (listed,) = await bkash.list_refunds(reference)
    assert (made.charge_minor, listed.charge_minor) == (550, 550)
    assert shop.world.ledger.balance("bkash_merchant", "BDT") == 5_000 - 1_550


@pytest.mark.parametrize("answer", [{}, {"id_token": "", "expires_in": 3600}, {"id_token": "x", "expires_in": "3600"}])
async def test_a_grant_that_is_none_is_garbage(answer):
    async def renew(_refresh):
        return answer

    assert (await Tokens(renew, lambda: 0).get()).why == "garbage"


async def test_wrong_credentials_are_unauthorized(shop):
    shop.known.app_secret = "rolled"
    wrong = Credentials(shop.known.username, shop.known.password, shop.known.app_key, "old")
    client = HttpBkash(shop.client, wrong, now_ms=lambda: NOW_MS, root="/bkash")
    assert (await client.call("query", {"paymentID": "x"})).why == "unauthorized"


# The IPN


@pytest.fixture
async def told(shop, bkash):
    """The IPN of a payment that the adapter has made: its headers and its envelope."""
    await shop.listen()
    made = await approved(shop, bkash)
    await bkash.finalise(made.reference)
    await shop.advance(1)
    (post,) = shop.posts
    return made.reference, dict(post.headers), json.loads(post.body)


async def test_a_notification_has_its_payment_asked_about(bkash, told):
    reference, headers, envelope = told
    for _ in range(2):
        assert await bkash.read_event(headers, json.dumps(envelope).encode()) == Event(reference)


@pytest.mark.parametrize(
    "change",
    [
        *({"Message": "{}"}, {"MessageId": "x"}, {"Timestamp": "2026-02-11T00:00:01.000Z"}, {"Subject": "x"}),
        *({"Signature": "AAAA"}, {"Signature": "é"}, {"SignatureVersion": "2"}, {"SignatureVersion": "3"}),
        *({"TopicArn": "arn:aws:sns:ap-southeast-1:000000000000:mine"}, {"Type": "UnsubscribeConfirmation"}),
        *({"SigningCertURL": "https://sns.evil.test/SimpleNotificationService-1.pem"}, {"Message": 5}),
        {"SigningCertURL": "https://sns.ap-southeast-1.amazonaws.com@evil.test/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "http://sns.ap-southeast-1.amazonaws.com/SimpleNotificationService-1.pem"},
        {"SigningCertURL": "https://sns.ap-southeast-1.amazonaws.com/../x.pem"},
        {"SigningCertURL": "https://sns.ap-southeast-1.amazonaws.com/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://["},
    ],
)
async def test_a_forged_notification_is_refused(bkash, told, change):
    _, headers, envelope = told
    with pytest.raises(ForgedEventError):
        await bkash.read_event(headers, json.dumps(envelope | change).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Type": "Notification"}', b"\xff"])
async def test_what_is_no_notification_is_refused(bkash, body):
    with pytest.raises(ForgedEventError):
        await bkash.read_event({"x-amz-sns-message-type": "Notification"}, body)


async def test_another_topic_is_as_well_signed_and_not_believed(shop, told):
    _, headers, envelope = told
    other = "arn:aws:sns:ap-southeast-1:000000000000:bkash-other"
    read = ReadNotification(other, Certificates(shop.client, root="/bkash/sns"), {}, lambda: NOW_MS)
    with pytest.raises(ForgedEventError, match="another topic"):
        await read(headers, json.dumps(envelope).encode())


async def test_a_payment_of_another_process_is_told_by_polling_alone(shop, told):
    _, headers, envelope = told
    elsewhere = bkash_provider(shop.client, shop.world)
    assert await elsewhere.read_event(headers, json.dumps(envelope).encode()) == Event(None)


async def test_a_subscription_is_confirmed(shop, bkash):
    await shop.control("PUT", "/bkash/webhook", {"url": HOOK})
    await shop.advance(1)
    (post,) = shop.posts
    assert await bkash.read_event(post.headers, post.body) == Event(None)
    assert (await shop.control("GET", "/bkash")).json()["webhook"]["confirmed"] is True


# Settings


GIVEN = {
    "BKASH_USERNAME": "u",
    "BKASH_PASSWORD": "sandbox-password",
    "BKASH_APP_KEY": "sandbox-key",
    "BKASH_APP_SECRET": "sandbox-secret",
}


def settings_of(monkeypatch, **given):
    with monkeypatch.context() as environment:
        for name, value in (SERVICE | given).items():
            environment.setenv(name, value)
        return load_all([BkashSettings])[1][0]


def test_without_credentials_the_service_has_no_such_provider(monkeypatch):
    assert settings_of(monkeypatch).is_configured is False
    ours = settings_of(monkeypatch, **GIVEN)
    assert (ours.is_configured, ours.factory().name) == (True, "bkash")
    assert ours.factory().secrets == ("sandbox-password", "sandbox-key", "sandbox-secret")
    assert not any(secret in repr(ours) for secret in ours.factory().secrets)


def test_settings_that_cannot_work_are_named(monkeypatch):
    for name, value in (("BKASH_TOPIC_ARN", "topic"), ("BKASH_PRODUCT", "app"), ("BKASH_RETURN_URL", "shop")):
        with pytest.raises(SettingsError, match=name):
            settings_of(monkeypatch, **GIVEN, **{name: value})
    weak = settings_of(
        monkeypatch, **GIVEN | {"BKASH_BASE_URL": "http://127.0.0.1:8600/bkash", "BKASH_SNS_BASE_URL": "http://x"}
    )
    assert [line.partition(" ")[0].rstrip(":") for line in weak.production_errors()] == [
        *("BKASH_BASE_URL", "BKASH_SNS_BASE_URL", "BKASH_BASE_URL", "BKASH_RETURN_URL"),
    ]
    live = settings_of(
        monkeypatch,
        **GIVEN,
        BKASH_BASE_URL="https://tokenized.pay.bka.sh/v1.2.0-beta",
        BKASH_RETURN_URL="https://shop.test/back",
    )
    assert live.production_errors() == []


@pytest.mark.parametrize("root", ["/bkash", "/bkash/v1.2.0-beta", "/bkash/v1.2.0-beta/"])
async def test_the_provider_that_settings_make_pays_and_reads_the_ipn(monkeypatch, shop, root):
    known = shop.known
    ours = settings_of(
        monkeypatch,
        BKASH_USERNAME=known.username,
        BKASH_PASSWORD=known.password,
        BKASH_APP_KEY=known.app_key,
        BKASH_APP_SECRET=known.app_secret,
        BKASH_BASE_URL=f"http://sandbox.test{root}",
        BKASH_RETURN_URL=BACK,
        BKASH_TOPIC_ARN="arn:aws:sns:ap-southeast-1:000000000000:bkash-default",
        BKASH_SNS_BASE_URL="http://sandbox.test/bkash/sns",
    )
    given = Surroundings(
        now_ms=shop.world.clock.now_ms,
        open_client=lambda *_, **__: shop.client,
        spend_call=None,
        on_call=lambda *_: None,
    )
    bkash = ours.factory().make(given)
    await shop.listen()
    made = await approved(shop, bkash)
    assert isinstance(await bkash.finalise(made.reference), Paid)
    await shop.advance(1)
    (post,) = shop.posts
    assert await bkash.read_event(post.headers, post.body) == Event(made.reference)
