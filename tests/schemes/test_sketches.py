"""Each sketch: paid, expired, duplicate, late callback, wrong signature or amount; and that it says what it is."""

import base64
import json
from types import SimpleNamespace

import httpx
import pytest

from bakong_described.adapter.provider import provider as described
from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.chosen_schemes import EXPERIMENTAL, chosen
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.kbank.fake import KBANK
from bakong_schemes.linepay.fake import LINEPAY
from bakong_schemes.scb.fake import SCB
from bakong_schemes.twoctwop.fake import TWOCTWOP
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout, Created
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Endpoint, Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes import sketched
from tests.schemes.sketched import SKETCHES, read_callback

ALL = chosen(experimental=True)
WORLD = "/sandbox/worlds/default"
DAY_S = 86_400
every_sketch = pytest.mark.parametrize("sketch", SKETCHES, ids=lambda sketch: sketch.scheme.name)
those_that_call_back = pytest.mark.parametrize(
    "sketch", [one for one in SKETCHES if one.amount_of], ids=lambda sketch: sketch.scheme.name
)


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, ALL)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(worlds):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=10) as client:
        yield client


@pytest.fixture
def sent(worlds):
    """What was posted to the shop, which answers as `answers` says, or well."""

    async def send(attempt, done):
        made.append(attempt)
        done(made.answers.pop(0) if made.answers else Outcome(200, answer=made.good))

    class Sent(list):
        def __init__(self):
            super().__init__()
            self.answers, self.good = [], b""

    made = Sent()
    worlds.send = send
    return made


async def begun(sketch, client, world):
    """A token, where it has one, and the reference of a new payment."""
    token = await sketch.token(client, world) if sketch.token else None
    return token, sketch.reference(await sketch.create(client, world, token))


async def pay(client, sketch, reference, **more):
    body = {"scheme": sketch.scheme.name, "reference": reference, **more}
    answer = await client.post(f"{WORLD}/payments", json=body)
    assert answer.status_code == 200, answer.text
    await advance(client, 0)


async def advance(client, seconds):
    await client.post(f"{WORLD}/clock/advance", json={"seconds": seconds})


def test_sketches_are_only_where_they_are_asked_for():
    assert {scheme.name for scheme in SCHEMES}.isdisjoint(EXPERIMENTAL)
    assert [sketch.scheme for sketch in SKETCHES] == list(ALL[len(SCHEMES) :])
    assert all(sketch.scheme.description.experimental for sketch in SKETCHES)


@every_sketch
async def test_paid(sketch, client, worlds):
    token, reference = await begun(sketch, client, worlds.default)
    before = await sketch.query(client, worlds.default, token, reference)
    assert sketch.word(before) == sketch.words["unpaid"]
    await pay(client, sketch, reference)
    after = await sketch.query(client, worlds.default, token, reference)
    assert sketch.word(after) == sketch.words["paid"]
    assert {answer.headers["x-sandbox-experimental"] for answer in (before, after)} == {"1"}


@every_sketch
async def test_expired(sketch, client, worlds):
    token, reference = await begun(sketch, client, worlds.default)
    await advance(client, 2 * DAY_S)
    token = await sketch.token(client, worlds.default) if sketch.token else None
    answer = await sketch.query(client, worlds.default, token, reference)
    assert sketch.word(answer) == sketch.words["expired"]


@every_sketch
async def test_duplicate(sketch, client, worlds):
    token, _ = await begun(sketch, client, worlds.default)
    assert sketch.duplicate(await sketch.create(client, worlds.default, token))
    assert len(worlds.default.payments_of(sketch.scheme.name)) == 1


@every_sketch
async def test_a_wrong_amount_makes_no_payment(sketch, client, worlds):
    token = await sketch.token(client, worlds.default) if sketch.token else None
    name, value = sketch.wrong_amount
    answer = await sketch.create(client, worlds.default, token, **{name: value})
    assert not worlds.default.payments, answer.text
    assert answer.headers["x-sandbox-experimental"] == "1"


@every_sketch
async def test_wrong_credentials_make_no_payment(sketch, client, worlds):
    world = worlds.default
    shown = {**world.state(sketch.scheme).credentials, sketch.forge: "the-secret-of-somebody-else"}
    stranger = SimpleNamespace(state=lambda _scheme: SimpleNamespace(credentials=shown))
    if sketch.token:
        with pytest.raises(KeyError):
            await sketch.token(client, stranger)
    answer = await sketch.create(client, stranger, "a-token-that-nobody-gave")
    assert not world.payments, answer.text


@those_that_call_back
async def test_a_callback_says_what_was_paid_and_is_sent_again_until_it_is_answered(sketch, client, worlds, sent):
    world = worlds.default
    sent.good = sketch.accepted
    sent.answers = [Outcome(500)]
    world.outbox.add_endpoint(Endpoint(sketch.scheme.name, "http://shop.test/hooks", key_of(sketch, world)))
    _, reference = await begun(sketch, client, world)
    await pay(client, sketch, reference)
    assert len(sent) == 1
    first = sketch.scheme.description.callback.retries[0]
    await advance(client, int(first[:-1]) * {"s": 1, "m": 60}[first[-1]] - 1)
    assert len(sent) == 1
    await advance(client, 1)
    assert len(sent) == 2
    await advance(client, DAY_S)
    assert len(sent) == 2
    body = read_callback(sketch, world, sent[1])
    assert float(sketch.amount_of(body)) == 100.0
    assert reference in json.dumps(body)


def key_of(sketch, world):
    return world.state(sketch.scheme).credentials.get("secret_key", "whsec_sandbox1")


@those_that_call_back
async def test_a_late_callback_finds_the_payment_paid_already(sketch, client, worlds, sent):
    sent.good = sketch.accepted
    world = worlds.default
    world.outbox.add_endpoint(Endpoint(sketch.scheme.name, "http://shop.test/hooks", key_of(sketch, world)))
    await client.post(f"{WORLD}/webhooks/faults", json={"fault": "late", "by_s": 600, "scheme": sketch.scheme.name})
    token, reference = await begun(sketch, client, world)
    await pay(client, sketch, reference)
    assert (len(sent), sketch.word(await sketch.query(client, world, token, reference))) == (0, sketch.words["paid"])
    await advance(client, 600)
    assert len(sent) == 1


@pytest.mark.parametrize("sketch", [one for one in SKETCHES if one.accepted], ids=lambda one: one.scheme.name)
@pytest.mark.parametrize("answer", [b"", b"OK", b"[]", b'{"resCode":"99","statusCode":"10"}'])
async def test_a_bank_that_wants_an_answer_sends_until_it_has_it(sketch, answer, client, worlds, sent):
    sent.good = answer
    worlds.default.outbox.add_endpoint(Endpoint(sketch.scheme.name, "http://shop.test/hooks", "whsec_sandbox1"))
    _, reference = await begun(sketch, client, worlds.default)
    await pay(client, sketch, reference)
    await advance(client, DAY_S)
    assert len(sent) == 3
    (row,) = (await client.get(f"{WORLD}/webhooks")).json()
    assert row["state"] == "given_up"


@every_sketch
async def test_a_snapshot_comes_back_whole_and_a_journal_replays_to_the_same_bytes(sketch, client, worlds):
    world = worlds.default
    token, reference = await begun(sketch, client, world)
    await pay(client, sketch, reference)
    await sketch.query(client, world, token, reference)
    kept = (await client.get(f"{WORLD}/snapshot")).json()
    document = (await client.get(f"{WORLD}/journal", params={"format": "replay"})).json()
    replayed, _ = await replay(document, build, ALL)
    assert (replayed.calls > 0, replayed.different) == (True, [])
    await client.post(f"{WORLD}/reset")
    assert (await client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    assert (await client.get(f"{WORLD}/snapshot")).json() == kept
    assert sketch.word(await sketch.query(client, world, token, reference)) == sketch.words["paid"]


@every_sketch
async def test_no_secret_that_a_body_carries_is_in_the_journal(sketch, client, worlds):
    world = worlds.default
    token, reference = await begun(sketch, client, world)
    await sketch.query(client, world, token, reference)
    wrong = "partner-secret-of-somebody"
    if sketch.scheme is KBANK:
        await sketch.create(client, world, token, number=2, partnerSecret=wrong)
    bodies = b"".join(entry.request for entry in world.journal.entries)
    secrets = [value for name, value in world.state(sketch.scheme).credentials.items() if "secret" in name]
    assert [secret for secret in (*secrets, wrong) if secret.encode() in bodies] == []


# Against our own adapter, made of the same description


def provider_of(sketch, client, world):
    scheme = sketch.scheme
    credentials = world.state(scheme).credentials
    return described(client, scheme.description, credentials, world.clock.now_ms, prefix=scheme.prefix)


def checkout():
    ends_ms = NOW_MS + 600_000
    payment_id = "018f3c2e-7b1a-7c3d-9e4f-0a1b2c3d4e5f"
    return Checkout(
        payment_id=payment_id, bill_number="DT-1", money=Money(100_00, "THB"), created_ms=NOW_MS, expires_ms=ends_ms
    )


@pytest.mark.parametrize(
    "sketch", [one for one in SKETCHES if one.scheme is not LINEPAY], ids=lambda one: one.scheme.name
)
async def test_the_adapter_of_the_description_brings_a_payment_to_its_end(sketch, client, worlds):
    provider = provider_of(sketch, client, worlds.default)
    made = await provider.create(checkout())
    assert isinstance(made, Created), made
    assert await provider.polling.check(made.reference) == NotFound()
    await pay(client, sketch, made.reference)
    report = await provider.polling.check(made.reference)
    assert isinstance(report, Paid), report
    assert (report.money, report.to_account) == (Money(100_00, "THB"), made.account_id)
    if provider.refund:
        assert await provider.refund(made.reference, Money(100_00, "THB"), "k1") == Refunded(
            made.reference, Money(100_00, "THB")
        )


async def test_an_api_that_wants_the_amount_again_has_no_provider(client, worlds):
    with pytest.raises(ValueError, match="linepay: its confirmation wants the amount"):
        provider_of(SKETCHES[3], client, worlds.default)


async def test_the_adapter_takes_no_token_that_is_sealed_by_another_key_or_by_none(client, worlds, sent):
    world = worlds.default
    sketch = next(one for one in SKETCHES if one.scheme is TWOCTWOP)
    provider = provider_of(sketch, client, world)
    world.outbox.add_endpoint(Endpoint(TWOCTWOP.name, "http://shop.test/hooks", key_of(sketch, world)))
    _, reference = await begun(sketch, client, world)
    await pay(client, sketch, reference)
    (attempt,) = sent
    assert (await provider.read_event(attempt.headers, attempt.body)).reference == reference
    claims = {"invoiceNo": reference, "respCode": "0000"}
    head, middle = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
    unsigned = f"{head.decode()}.{middle.decode()}."
    for body in (json.dumps({"payload": unsigned}).encode(), b"{}", b"[]", b'{"payload": 7}'):
        with pytest.raises(ForgedEventError):
            await provider.read_event({}, body)


# What is its own


async def test_scb_finds_a_payment_only_under_the_day_in_bangkok_on_which_it_was_paid(client, worlds):
    sketch, world = SKETCHES[0], worlds.default
    world.clock.set_mode(Mode.FROZEN, at_ms=1_770_828_900_000)  # 23:55 in Bangkok on 2026-02-11
    token, reference = await begun(sketch, client, world)
    await advance(client, 600)
    await pay(client, sketch, reference)
    words = [
        sketch.word(await sketched.scb_query(client, world, token, reference, day))
        for day in ("2026-02-11", "2026-02-12", "nonsense")
    ]
    assert words == ["none", "record", "none"]
    provider = provider_of(sketch, client, world)
    await advance(client, DAY_S)
    assert isinstance(await provider.polling.check(reference), Paid)


async def test_a_slip_is_shown_for_a_transfer_and_for_nothing_else(client, worlds):
    sketch, world = SKETCHES[0], worlds.default
    token, reference = await begun(sketch, client, world)
    await pay(client, sketch, reference)
    (slip,) = world.state(SCB).slips
    path = "/scb/v1/payment/billpayment/transactions/"
    headers = sketched.scb_headers(world, token)
    shown = await client.get(f"{path}{slip}", params={"sendingBank": "014"}, headers=headers)
    assert (shown.json()["data"]["amount"], shown.json()["data"]["ref1"]) == ("100.00", reference)
    unknown = await client.get(f"{path}unknown", params={"sendingBank": "014"}, headers=headers)
    assert (unknown.status_code, unknown.json()["status"]["code"]) == (404, 1104)


async def test_the_code_of_a_bank_is_scanned_and_paid_by_its_text(client, worlds):
    for sketch in (SKETCHES[0], SKETCHES[1], SKETCHES[4]):
        token, reference = await begun(sketch, client, worlds.default)
        code = worlds.default.payments[sketch.scheme.name, reference].code
        answer = await client.post(f"{WORLD}/payments", json={"scheme": sketch.scheme.name, "qr": code})
        assert answer.status_code == 200, answer.text
        shown = await sketch.query(client, worlds.default, token, reference)
        assert sketch.word(shown) == sketch.words["paid"]
        broken = code[:-1] + ("0" if code[-1] != "0" else "1")
        refused = await client.post(f"{WORLD}/payments", json={"scheme": sketch.scheme.name, "qr": broken})
        assert refused.status_code == 422


async def test_kbank_voids_a_paid_code_and_cancels_an_open_one(client, worlds):
    sketch, world = SKETCHES[1], worlds.default
    token, reference = await begun(sketch, client, world)
    assert (await sketched.kbank_void(client, world, token, reference)).json()["statusCode"] == "10"
    await pay(client, sketch, reference)
    assert (await sketched.kbank_void(client, world, token, reference)).json()["statusCode"] == "00"
    assert sketch.word(await sketch.query(client, world, token, reference)) == "VOIDED"
    again = (await sketched.kbank_void(client, world, token, reference)).json()
    assert (again["statusCode"], again["errorCode"]) == ("10", "qr_void")


async def test_line_pay_moves_money_when_it_is_confirmed_and_not_before(client, worlds):
    sketch, world = SKETCHES[3], worlds.default
    _, reference = await begun(sketch, client, world)
    confirm = f"/v3/payments/{reference}/confirm"
    early = await sketched.linepay_post(client, world, confirm, {"amount": 100, "currency": "THB"})
    page = await client.post(f"/linepay/page/{reference}", data={"decision": "pay"})
    assert page.headers["location"] == f"http://shop.test/confirm?transactionId={reference}&orderId=ORDER1"
    agreed = sketch.word(await sketch.query(client, world, None, reference))
    wrong = await sketched.linepay_post(client, world, confirm, {"amount": 1, "currency": "THB"})
    held = world.payments[LINEPAY.name, reference].settlements
    right = await sketched.linepay_post(client, world, confirm, {"amount": 100, "currency": "THB"})
    codes = [answer.json()["returnCode"] for answer in (early, wrong, right)]
    assert (codes, agreed, len(held)) == (["1169", "1153", "0000"], "0110", 1)
    assert f'"transactionId":{reference}' in right.text


async def test_the_adapter_says_why_there_is_no_answer(client, worlds):
    sketch, world = SKETCHES[1], worlds.default
    scheme = sketch.scheme
    wrong = dict(world.state(scheme).credentials) | {"partner_secret": "another"}
    provider = described(client, scheme.description, wrong, world.clock.now_ms, prefix=scheme.prefix)
    made = await provider.create(checkout())
    assert made == NoAnswer("refused", "HTTP 200, credentials")
