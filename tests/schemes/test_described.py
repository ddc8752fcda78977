"""A description: what is wrong with one is said all at once, and what is right is played as it says."""

import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_described import codes, forms
from bakong_described.adapter.provider import provider as described
from bakong_described.description import Code
from bakong_described.fake.scheme import DescribedScheme
from bakong_described.reading import DescriptionError, parse, read
from bakong_described.templates import Hole, MismatchError, fill, match
from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_schemes.generic.fake import GENERIC
from bakong_schemes.generic.wire import BANK_OF_EXAMPLE
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, NotFound, Refunded
from bakong_service.ports import Checkout, Created
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.stories import begin_generic, signed_for_generic

FILE = Path(__file__).parents[2] / "schemes/bakong_schemes/generic/bank-of-example.yaml"
TEXT = FILE.read_text(encoding="utf-8")
WORLD = "/sandbox/worlds/default"


def mistakes(*changes):
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    with pytest.raises(DescriptionError) as caught:
        parse(text, "bank.yaml")
    return list(caught.value.mistakes)


def line_of(text, of=TEXT):
    """Line and column of a text in the example, counted from 1."""
    before = of[: of.index(text)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


# Reading


def test_all_mistakes_are_said_at_once_with_their_line_and_column():
    said = mistakes(
        ("life: 15m", "life: soon"),
        ("does: query", "does: quary"),
        ("written: hex", "writtn: hex"),
        ("status: 201", "status: twice"),
        ("  failed: DECLINED\n", ""),
    )
    assert len(said) == 5 - 1 + 1, said  # `failed` is missed only where the shapes are right; `written` is missed too
    assert said[0] == f"bank.yaml:{line_of('15m')}: life: expected one like '15m', read 'soon'"
    assert "auth.signed.signature.writtn: unknown key; did you mean 'written'?" in said[2]
    assert "auth.signed.signature.written: missing" in said[1]
    assert [row.startswith("bank.yaml:") for row in said] == [True] * len(said)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  failed: DECLINED\n", "", "states.failed: missing"),
        ("    not-found: {status: 404, code: E404, message: No such payment}\n", "", "errors.table.not-found: missing"),
        ("code: <error.code>", "code: E1", "no <error.code> in it"),
        ("auth: [client]", "auth: [clients]", "auth.0: read 'clients', expected one of client, token, signed"),
        ("<credential.signing_key>", "<credential.sign_key>", "<credential.sign_key> means nothing here"),
        ("<amount:decimal>", "<amount:decimals>", "<amount:decimals>: unknown form"),
        ("<shop_reference>", "<shop_referense>", "<shop_referense> means nothing here"),
        ('made: "BOE<hex:16>"', "made: BOE", "the same for every payment"),
        ("does: create", "does: refund", "operations: none that does 'create'"),
        ("GET /payments/<reference>", "GET /payments/one", "no field or part of the path is the reference"),
        ("POST /payments/<reference>/cancel", "POST /payments", "call: the same as that of create_payment"),
        ("      amount: {is: amount, written: decimal}\n", "", "no field or part of the path is the amount"),
        ("    sends: form\n", "", "sends: 'nothing', but there are fields"),
        ('matches: "[A-Za-z0-9-]{1,25}"', 'matches: "[A-Z"', "matches: not a regular expression"),
        ("x-boe-signature: <signature>", "x-boe-signature: none", "expected both a signature and a header"),
        ("failed: DECLINED", "failed: PAID", "two states have the same word"),
        ("failed: DECLINED", "hidden: GONE\n  failed: DECLINED", "states.hidden: a payment that is hidden"),
        ("failed: payment.declined", "disputed: x", "callback.events.disputed: not among the states"),
        ('currencies: {THB: "100.00"', 'currencies: {ZZZ: "100.00"', "currencies.ZZZ: expected one of"),
        ("prefix: /generic", "prefix: /sandbox-bank", "which is the control API's"),
        ("<reference>&amount=<amount>", "<reference>", "expected <reference> and <amount> in it"),
        ("is: description,", "is: credential, equals: secret,", "equals: read 'secret', expected client_id"),
        ("is: description,", "is: credential, equals: client_id,", "a credential in a body that is signed"),
        ("name: generic", "name: generic\nname: other", "name: duplicate key"),
        ("life: 15m", "life: &a 15m\ntoken_life: *a", "an alias: write out what it stands for"),
        ("life: 15m", "life: 15m\nsealing: 7", "sealing: expected keys and values, read '7'"),
        ("status: 201", "status: 2026-01-01", "expected a whole number, read '2026-01-01'"),
        ("expires_in: <token_life>", "expires_in: 2026-01-01", "expected JSON"),
        ("prefix: /generic", "prefix: {a: b}", "prefix: expected a text, read keys and values"),
    ],
)
def test_each_mistake_is_said_where_it_is(old, new, says):
    said = mistakes((old, new))
    assert any(says in row for row in said), said
    assert all(row.startswith("bank.yaml:") and not row.startswith("bank.yaml:0") for row in said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "7",
        "name: [",
        "\t",
        pytest.param("a: " + "[" * 5000, id="deep"),
        pytest.param("x" * 70_000, id="long"),
        "!!python/object:os.x {}",
    ],
)
def test_what_is_no_description_is_refused_and_nothing_else_happens(text):
    with pytest.raises(DescriptionError, match=r"bank\.yaml:\d+:\d+: "):
        parse(text, "bank.yaml")


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "bytes.yaml", tmp_path / "none.yaml", tmp_path):
        with pytest.raises(DescriptionError, match=r".*: "):
            read(path)


# Templates, forms and codes


@given(st.integers(1, 10**12), st.sampled_from(["THB", "JPY", "USD"]), st.sampled_from(sorted(forms.AMOUNTS)))
def test_each_form_of_an_amount_reads_what_it_writes(minor, currency, form):
    written = forms.AMOUNTS[form].write(forms.Money(minor, currency))
    assert forms.AMOUNTS[form].read(json.loads(json.dumps(written)), currency) == minor


@pytest.mark.parametrize("form", sorted(forms.AMOUNTS))
@pytest.mark.parametrize(
    "value", [None, True, [], {}, "", "1,000", "-1", "0", 0, -1, "1e3", "٣", "NaN", float("inf"), "1.001", " 1", 10**20]
)
def test_what_is_no_amount_is_refused(form, value):
    with pytest.raises(ValueError, match="read"):
        forms.AMOUNTS[form].read(value, "THB")


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=5)))
def test_a_template_finds_what_it_has_written(values):
    template = {"list": ["<a>", {"b": "x-<b>-y"}], "c": "<c>", "fixed": 7}
    whole = {name: values.get(name, "") for name in "abc"}
    assert match(template, fill(template, whole)) == {Hole(name): whole[name] for name in "abc"}


@pytest.mark.parametrize("read_", [None, [], {}, {"a": 1}, {"a": [1]}, {"a": {"b": 8}}, {"a": {"b": True}}])
def test_what_does_not_fit_a_template_is_said(read_):
    with pytest.raises(MismatchError):
        match({"a": {"b": 1, "c": "<c>"}}, read_)


@given(st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True), st.integers(1, 10**12))
def test_an_emv_code_is_read_back(reference, minor):
    code = Code(emv={"00": "01", "30": {"00": "A000000677010112", "02": "<reference>"}, "54": "<amount>", "58": "TH"})
    values = {"reference": reference, "amount": forms.Money(minor, "THB")}
    read_ = {hole.name: value for hole, value in codes.read(code, codes.write(code, values)).items()}
    assert (read_["reference"], forms.minor_of(read_["amount"], "THB")) == (reference, minor)


# The invented bank


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, (GENERIC,))
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(worlds):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=10) as client:
        yield client


def bank(client, world, **options):
    options = {"prefix": "/generic"} | options
    return described(client, BANK_OF_EXAMPLE, world.state(GENERIC).credentials, world.clock.now_ms, **options)


def checkout(number=1):
    ends_ms = NOW_MS + 900_000
    return Checkout(
        payment_id=f"p-{number}", bill_number="DT", money=Money(500, "THB"), created_ms=NOW_MS, expires_ms=ends_ms
    )


async def post(client, world, path, body):
    raw = json.dumps(body).encode()
    return await client.post(f"/generic{path}", content=raw, headers=signed_for_generic(world, "POST", path, raw))


async def test_a_payment_is_made_shown_paid_by_its_code_and_given_back(client, worlds):
    world = worlds.default
    body = {"order_no": "A-1", "amount": "12.50", "currency": "THB", "note": "tea"}
    made = (await post(client, world, "/payments", body)).json()
    assert (made["status"], made["amount"], made["order_no"]) == ("PENDING", "12.50", "A-1")
    assert made["qr_text"] == f"boe:pay?id={made['payment_id']}&amount=12.50&currency=THB"
    assert (await client.post(f"{WORLD}/payments", json={"qr": made["qr_text"]})).status_code == 200
    answer = await post(client, world, f"/payments/{made['payment_id']}/refunds", {})
    again = await post(client, world, f"/payments/{made['payment_id']}/refunds", {})
    assert (answer.json()["status"], again.status_code, again.json()["error"]["code"]) == ("REFUNDED", 409, "E410")
    assert world.ledger.balance("example_merchant", "THB") == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": 12.5}, 422, "E422"),
        ({"amount": "0"}, 422, "E422"),
        ({"amount": "12.505"}, 422, "E422"),
        ({"amount": None}, 400, "E400"),
        ({"currency": "JPY"}, 400, "E400"),
        ({"order_no": "with a space"}, 400, "E400"),
        ({"order_no": ["A-1"]}, 400, "E400"),
        ({"order_no": "ORDER-1"}, 409, "E409"),
        ({"note": "x" * 101}, 400, "E400"),
    ],
)
async def test_a_wrong_request_is_refused_by_the_banks_own_code(client, worlds, change, status, code):
    await begin_generic(client, worlds.default, 1)
    body = {"order_no": "A-1", "amount": "12.50", "currency": "THB"} | change
    answer = await post(client, worlds.default, "/payments", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert len(worlds.default.payments) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"\xff", pytest.param(b"x" * 70_000, id="long"), b'{"amount": NaN}']
)
async def test_a_body_that_cannot_be_read_is_a_bad_request(client, worlds, body):
    headers = signed_for_generic(worlds.default, "POST", "/payments")
    over = f"POST\n/payments\n{headers['x-boe-timestamp']}\n".encode() + body[: 64 * 1024 + 1]
    key = worlds.default.state(GENERIC).credentials["signing_key"].encode()
    headers["x-boe-signature"] = hmac.new(key, over, hashlib.sha256).hexdigest()
    answer = await client.post("/generic/payments", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "E400")


@pytest.mark.parametrize("header", ["authorization", "x-boe-client", "x-boe-timestamp", "x-boe-signature"])
@pytest.mark.parametrize("value", [None, "", "Bearer x", "1", "\xff"])
async def test_a_call_without_its_credentials_is_refused(client, worlds, header, value):
    reference = await begin_generic(client, worlds.default, 1)
    headers = signed_for_generic(worlds.default, "GET", f"/payments/{reference}")
    headers.pop(header)
    if value is not None:
        headers[header] = value
    headers = {name: text.encode("latin-1") for name, text in headers.items()}
    answer = await client.get(f"/generic/payments/{reference}", headers=headers)
    assert answer.status_code == 401, answer.text


async def test_a_token_lives_as_long_as_the_description_says_on_the_worlds_clock(client, worlds):
    world = worlds.default
    provider = bank(client, world)
    made = await provider.create(checkout())
    (first,) = world.state(GENERIC).tokens
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 1_799})
    headers = signed_for_generic(world, "GET", f"/payments/{made.reference}")
    path = f"/generic/payments/{made.reference}"
    headers["authorization"] = f"Bearer {first}"
    assert (await client.get(path, headers=headers)).status_code == 200
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 1})
    headers = signed_for_generic(world, "GET", f"/payments/{made.reference}") | {"authorization": f"Bearer {first}"}
    assert (await client.get(path, headers=headers)).json()["error"]["code"] == "E402"
    assert await provider.polling.check(made.reference) == NotFound()


async def test_a_token_that_the_bank_forgot_is_renewed_once(client, worlds):
    provider = bank(client, worlds.default)
    made = await provider.create(checkout())
    worlds.default.state(GENERIC).tokens.clear()
    assert await provider.polling.check(made.reference) == NotFound()
    assert len([entry for entry in worlds.default.journal.entries if entry.endpoint == "get_token"]) == 2


async def test_a_payment_in_another_world_is_found_by_its_credentials(client, worlds):
    other = worlds.make("other")
    provider = bank(client, other)
    made = await provider.create(checkout())
    assert isinstance(made, Created)
    assert (len(other.payments), len(worlds.default.payments)) == (1, 0)
    await client.post("/sandbox/worlds/other/payments", json={"reference": made.reference})
    report = await provider.polling.check(made.reference)
    assert (report.money, report.to_account) == (Money(500, "THB"), made.account_id)


async def test_a_refund_by_the_service_goes_its_way(client, worlds):
    provider = bank(client, worlds.default)
    made = await provider.create(checkout())
    early = await provider.refund(made.reference, Money(500, "THB"), "k")
    await client.post(f"{WORLD}/payments", json={"reference": made.reference})
    wrong = await provider.refund(made.reference, Money(400, "THB"), "k")
    assert (early, wrong) == (NoAnswer("refused", "HTTP 409, state"), NoAnswer("refused", "HTTP 422, amount"))
    assert await provider.refund(made.reference, Money(500, "THB"), "k") == Refunded(made.reference, Money(500, "THB"))
    assert await provider.polling.check(made.reference) == Refunded(made.reference, Money(500, "THB"))


@pytest.mark.parametrize(("decision", "status"), [("pay", "PAID"), ("refuse", "DECLINED")])
async def test_the_payer_decides_on_the_page_which_leads_back_to_the_shop(client, worlds, decision, status):
    world = worlds.default
    body = {"order_no": "A-1", "amount": "12.50", "currency": "THB", "return_url": "http://shop.test/back"}
    reference = (await post(client, world, "/payments", body)).json()["payment_id"]
    page = await client.get(f"/generic/pay/{reference}")
    assert ("12.50 THB" in page.text, page.headers["content-type"]) == (True, "text/html")
    back = await client.post(f"/generic/pay/{reference}", data={"decision": decision})
    assert (back.status_code, back.headers["location"]) == (303, "http://shop.test/back")
    headers = signed_for_generic(world, "GET", f"/payments/{reference}")
    assert (await client.get(f"/generic/payments/{reference}", headers=headers)).json()["status"] == status


async def test_a_payer_without_money_is_told_so_on_the_page(client, worlds):
    body = {"order_no": "A-1", "amount": "999999999.00", "currency": "THB"}
    reference = (await post(client, worlds.default, "/payments", body)).json()["payment_id"]
    answer = await client.post(f"/generic/pay/{reference}", data={"decision": "pay"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "E410")


async def test_a_payments_own_address_gets_its_callback_signed_by_the_descriptions_key(client, worlds):
    sent = []

    async def send(attempt, done):
        sent.append(attempt)
        done(Outcome(200, answer=b'{"result": "OK"}'))

    worlds.send = send
    provider = bank(client, worlds.default, callback_url="http://shop.test/hooks")
    made = await provider.create(checkout())
    await client.post(f"{WORLD}/payments", json={"reference": made.reference})
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 86_400})
    (attempt,) = sent
    assert (await provider.read_event(attempt.headers, attempt.body)).reference == made.reference
    stale = {**attempt.headers, "x-boe-timestamp": "1"}
    for headers, body in ((stale, attempt.body), (attempt.headers, attempt.body + b" "), ({}, b"")):
        with pytest.raises(ForgedEventError):
            await provider.read_event(headers, body)


def shown(**changes):
    payment = {"payment_id": "r", "order_no": "o", "status": "PAID", "amount": "5.00", "currency": "THB"}
    return json.dumps(payment | {"paid_at": None, "payee": "x"} | changes).encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"<html>", b'{"payment_id": 7}', b'{"error": "E404"}', b'{"error": {"code": ["E404"]}}']
    + [shown(payment_id="other")]
    + [shown(status=word) for word in ("paid", None, ["PAID"], 7)]
    + [shown(amount=amount) for amount in (5, None, "5,00", "-5.00")],
)
async def test_an_odd_answer_is_no_answer(body):
    def answer(request):
        if request.url.path.endswith("/oauth/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 60})
        return httpx.Response(200, content=body)

    async with httpx.AsyncClient(base_url="http://bank.test", transport=httpx.MockTransport(answer)) as client:
        credentials = dict.fromkeys(BANK_OF_EXAMPLE.credentials, "sandbox")
        provider = described(client, BANK_OF_EXAMPLE, credentials, lambda: NOW_MS)
        assert isinstance(await provider.polling.check("r"), NoAnswer)
        assert isinstance(await provider.create(checkout()), NoAnswer)


def kept(**changes):
    credentials = dict.fromkeys(BANK_OF_EXAMPLE.credentials, "x")
    return {"credentials": credentials, "tokens": {}, "records": {}, "slips": {}, "events": 0} | changes


@pytest.mark.parametrize(
    "data",
    [None, [], {}, kept(credentials={}), kept(tokens={"a": "b"}), kept(events="1")]
    + [kept(records={"a": row}) for row in (None, {}, [1])]
    + [kept(slips={"a": row}) for row in (None, [1, 2])],
)
async def test_a_state_that_is_none_is_refused(data):
    from bakong_simulator.kernel.errors import BodyError

    with pytest.raises(BodyError, match="generic"):
        GENERIC.load(data, ())


# The smallest description: one key in a header, form fields, an amount in the smallest unit.
TINY = """
name: tiny
about: Tiny
prefix: /tiny
base_url: https://tiny.test
merchant: tiny_shop
life: 1h
currencies: {JPY: "100"}
credentials: [key]
auth: {key: {headers: {x-api-key: <credential.key>}}}
reference: {name: id, made: "<digits:10>"}
page_url: <base>/p/<reference>
states: {unpaid: open, paid: done, failed: bad}
errors:
  answer: {code: <error.code>}
  table:
    unauthorized: {status: 403, code: 1, message: no}
    not-found: {status: 404, code: 2, message: no}
    invalid: {status: 400, code: 3, message: no}
operations:
  make:
    does: create
    call: POST /make
    auth: key
    sends: form
    fields: {yen: {is: amount, written: minor}}
    answers: [{json: {id: <reference>, url: <page>}}]
  show:
    does: query
    call: GET /show
    auth: key
    sends: query
    fields: {id: {is: reference}}
    answers: [{json: {id: <reference>, state: <status>, yen: <amount:minor>}}]
"""


async def test_an_api_of_another_shape_is_played_and_spoken_to():
    tiny = DescribedScheme(parse(TINY, "tiny.yaml"))
    worlds = Worlds(lambda: NOW_MS, (tiny,))
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds)) as client:
        keys = worlds.default.state(tiny).credentials
        provider = described(client, tiny.description, keys, worlds.default.clock.now_ms, prefix="/tiny")
        order = Checkout(
            payment_id="p", bill_number="b", money=Money(700, "JPY"), created_ms=NOW_MS, expires_ms=NOW_MS + 1
        )
        made = await provider.create(order)
        assert made.handoff.url == f"https://tiny.test/p/{made.reference}"
        await client.post(f"{WORLD}/payments", json={"reference": made.reference})
        assert (await provider.polling.check(made.reference)).money == Money(700, "JPY")
        assert await provider.polling.check("0000000000") == NotFound()


@pytest.mark.parametrize(("word", "dispute"), [("done", ""), ("fought", "open")])
async def test_what_the_api_calls_disputed_is_told(word, dispute):
    """It is paid, and the service has to have somebody look."""
    tiny = parse(TINY.replace("failed: bad}", "failed: bad, disputed: fought}"), "tiny.yaml")

    def answer(_request):
        return httpx.Response(200, json={"id": "0000000001", "state": word, "yen": 700})

    async with httpx.AsyncClient(base_url="http://tiny.test", transport=httpx.MockTransport(answer)) as client:
        provider = described(client, tiny, {"key": "sandbox"}, lambda: NOW_MS)
        report = await provider.polling.check("0000000001")
    assert (report.money, report.dispute) == (Money(700, "JPY"), dispute)
