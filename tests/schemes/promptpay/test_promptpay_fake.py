"""PromptPay in the simulator: a wallet that pays its codes, what a bank refuses, slips, and the API for shops."""

import copy

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.promptpay.codec import (
    Barcode,
    BillPayment,
    CreditTransfer,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    decode,
    encode,
)
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.emvqr.vectors import rows
from tests.simulator.test_schemes import Till

WORLD = "/sandbox/worlds/default"
MOBILE = CreditTransfer(proxy="mobile", id="0800000475")
BILL = BillPayment(biller_id="123456789012300", ref1="REF1", ref2="A2", amount="49.50")
# Each kind of code, the reference that it is known by, and whom it pays.
CODES = [
    (MOBILE, "0800000475@mobile", "0800000475@mobile"),
    (CreditTransfer(proxy="mobile", id="0800000475", amount="100.5"), "0800000475@mobile=100.50", "0800000475@mobile"),
    (CreditTransfer(proxy="tax_id", id="0105500000000"), "0105500000000@id", "0105500000000@id"),
    (CreditTransfer(proxy="ewallet", id="999000035952202"), "999000035952202@ewallet", "999000035952202@ewallet"),
    (CreditTransfer(proxy="bank_account", bank="004", id="1234567890"), "004.1234567890@account", None),
    (TrueMoney(mobile="0800000123", amount="10"), "0800000123@truemoney=10.00", "0800000123@truemoney"),
    (BILL, "123456789012300@biller:REF1:A2=49.50", "123456789012300@biller"),
    (BillPayment(biller_id="123456789012300", ref1="REF1", cross_border=True), "123456789012300@biller:REF1", None),
    (Barcode(biller_id="123456789012300", ref1="REF1", amount="0.01"), "123456789012300@biller:REF1=0.01", None),
]


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(worlds):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=5) as client:
        yield client


@pytest.fixture
def key(worlds):
    return {"authorization": "Bearer promptpay_sandbox_default"}


async def pay(client, code, **fields):
    text = code if isinstance(code, str) else encode(code).text
    return await client.post(f"{WORLD}/payments", json={"qr": text, **fields})


async def balance(client, account):
    accounts = (await client.get(f"{WORLD}/accounts")).json()
    return next((row["balances"]["THB"] for row in accounts if row["account_id"] == account), None)


@pytest.mark.parametrize(("code", "reference", "payee"), CODES, ids=[reference for _, reference, _ in CODES])
async def test_every_kind_of_code_is_paid_though_the_request_names_no_scheme(client, code, reference, payee):
    amount = None if code.amount else "25.00"
    answer = await pay(client, code, **({"amount": amount} if amount else {}))
    assert answer.status_code == 200, answer.text
    paid = answer.json()
    assert (paid["scheme"], paid["reference"], paid["status"]) == ("promptpay", reference, "paid")
    payee = payee or reference.partition(":")[0].partition("=")[0]
    assert paid["slip"]["payee"] == payee
    assert float(await balance(client, payee)) == float(code.amount or 25)


RECORDED = [row["text"] for row in rows("promptpay.jsonl") if "text" in row and row.get("valid", row["op"] == "encode")]


async def test_every_recorded_code_is_paid_unless_it_is_a_slip_or_its_amount_is_no_money(client):
    assert len(RECORDED) > 100
    for text in RECORDED:
        code = decode(text, lenient=True).code
        asked = getattr(code, "amount", None)
        answer = await pay(client, text, **({"amount": "1.00"} if asked is None else {}))
        can_be_paid = not isinstance(code, Slip | TrueMoneySlip) and (asked is None or round(asked, 2) == asked)
        assert answer.status_code == (200 if can_be_paid else 422), (text, answer.text)


async def test_a_static_code_is_paid_any_number_of_times_with_any_amount(client, key):
    for amount in ("1.00", "2.50", "1.00"):
        assert (await pay(client, MOBILE, amount=amount)).status_code == 200
    paid = (await client.get("/promptpay/transfers/0800000475@mobile", headers=key)).json()["transfers"]
    assert [row["amount"] for row in paid] == ["1.00", "2.50", "1.00"]
    assert len({row["ref"] for row in paid}) == 3
    assert await balance(client, "0800000475@mobile") == "4.50"
    assert "names no amount" in (await pay(client, MOBILE)).json()["detail"]


NOT_PAID = {
    "a slip": (encode(Slip(bank="014", ref="000961938270628225RPASP9")).text, "slip"),
    "TrueMoney's slip": (encode(TrueMoneySlip(event="P2P", ref="39692423419567", date="20112026")).text, "slip"),
    "a character lost": (encode(BILL).text.replace("49.50", "48.50"), "crc_mismatch"),
    "no proxy": ("00020101021129200016A00000067701011153037645802TH6304", "overrun"),
}


@pytest.mark.parametrize(("text", "why"), NOT_PAID.values(), ids=NOT_PAID)
async def test_what_no_wallet_pays_is_refused_with_its_reason(client, text, why):
    answer = await pay(client, text)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]


async def test_a_khqr_is_still_bakongs(client):
    answer = await pay(client, "no code at all")
    assert "KHQR" in answer.json()["detail"]


async def test_a_code_that_a_gateway_has_made_is_paid_there(worlds):
    """Which cannot read it itself: it has made it for a charge of its own."""
    gateway, text = Till(), encode(BILL).text
    worlds = Worlds(lambda: NOW_MS, (*SCHEMES, gateway))
    worlds.default.register(gateway, Order("chrg_1", "shop", "THB", 49_50, None, None), text)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds)) as client:
        paid = (await pay(client, text)).json()
        assert (paid["scheme"], paid["reference"], paid["status"]) == ("till", "chrg_1", "paid")
        paid = (await pay(client, text, scheme="promptpay")).json()
        assert (paid["scheme"], paid["slip"]["amount"]) == ("promptpay", "49.50")


# What a payer's bank refuses, by registration


async def refusal_of(client, code, **fields):
    answer = await pay(client, code, **fields)
    assert answer.status_code in (200, 409), answer.text
    return None if answer.status_code == 200 else answer.json()["detail"].partition(":")[0]


async def test_unknown_payees_are_refused_by_name_where_the_world_is_strict(client):
    assert await refusal_of(client, MOBILE, amount="1") is None
    changed = await client.patch(f"{WORLD}", json={"promptpay": {"unknown_payees": "refuse"}})
    assert changed.json()["promptpay"]["unknown_payees"] == "refuse"
    assert await refusal_of(client, MOBILE, amount="1") == "proxy_unknown"
    assert await refusal_of(client, BILL) == "biller_unknown"
    await client.post(f"{WORLD}/promptpay/proxies", json={"payee": "0800000475@mobile", "owner": "Malee"})
    paid = (await pay(client, MOBILE, amount="1")).json()
    assert paid["slip"]["payee_name"] == "Malee"
    assert "To Malee (0800000475@mobile)" in paid["slip"]["text"]
    await client.post(
        f"{WORLD}/promptpay/proxies", json={"payee": "0800000475@mobile", "owner": "Malee", "is_closed": True}
    )
    assert await refusal_of(client, MOBILE, amount="1") == "proxy_closed"
    assert (await client.delete(f"{WORLD}/promptpay/payees/0800000475@mobile")).status_code == 204
    assert await refusal_of(client, MOBILE, amount="1") == "proxy_unknown"
    await client.post(f"{WORLD}/reset")
    assert await refusal_of(client, BILL) == "biller_unknown"  # a setting outlives a reset, payees do not


async def test_a_biller_is_known_to_some_banks_and_demands_what_it_demands(client):
    biller = {"biller_id": "123456789012300", "owner": "Water", "bank": "004", "known_by": ["004"]}
    await client.post(f"{WORLD}/promptpay/billers", json=biller | {"needs_reference2": True, "pays_once": True})
    bare = BillPayment(biller_id="123456789012300", ref1="REF1", amount="49.50")
    assert await refusal_of(client, BILL) == "biller_unknown"  # the default payer's bank is 014
    assert await refusal_of(client, bare, from_account="payer@004") == "reference2_missing"
    assert await refusal_of(client, BILL, from_account="payer@004", outcome="failed") is None
    assert await refusal_of(client, BILL, from_account="payer@004") is None
    assert await refusal_of(client, BILL, from_account="payer@004") == "bill_paid"
    shown = (await client.get(f"{WORLD}/promptpay/payees")).json()
    assert [(row["owner"], row["known_by"]) for row in shown] == [("Water", ["004"])]


@pytest.mark.parametrize(
    "payee", ["0800000475", "0800000475@moon", "123@mobile", "0800000475@mobile=1.00", "", "a b@id"]
)
async def test_a_proxy_of_no_such_form_is_refused(client, payee):
    answer = await client.post(f"{WORLD}/promptpay/proxies", json={"payee": payee, "owner": "Malee"})
    assert answer.status_code == 422


# Slips


async def test_a_slip_names_the_transfer_and_is_drawn(client):
    paid = (await pay(client, BILL)).json()["slip"]
    assert decode(paid["slip"]).code == Slip(bank="014", ref=paid["ref"])
    assert (paid["bank"], len(paid["ref"]), paid["at"]) == ("014", 18, "2026-02-11T07:00:00+07:00")
    assert "Amount 49.50 THB" in paid["text"]
    seen = await client.get(f"{WORLD}/promptpay/slips/014/{paid['ref']}")
    assert seen.json() == paid
    assert (await client.get(f"{WORLD}/promptpay/slips", params={"qr": paid["slip"]})).json() == [paid]
    picture = await client.get(f"{WORLD}/promptpay/slips/014/{paid['ref']}/picture")
    assert (picture.headers["content-type"], picture.text[:4]) == ("image/svg+xml", "<svg")
    for path in (f"014/{paid['ref']}1", f"004/{paid['ref']}"):
        assert (await client.get(f"{WORLD}/promptpay/slips/{path}")).status_code == 404


async def test_a_transfer_from_truemoney_has_its_own_slip(client, key):
    paid = (await pay(client, MOBILE, amount="1", from_account="payer@truemoney")).json()["slip"]
    assert decode(paid["slip"]).code == TrueMoneySlip(event="P2P", ref=paid["ref"], date="11022026")
    checked = await client.post("/promptpay/slips", json={"slip": paid["slip"]}, headers=key)
    assert (checked.json()["bank"], checked.json()["amount"]) == ("truemoney", "1.00")


async def test_a_payment_that_failed_has_no_slip(client, key):
    assert (await pay(client, BILL, outcome="failed")).json()["slip"] is None
    reference = "123456789012300@biller:REF1:A2=49.50"
    assert (await client.get(f"/promptpay/transfers/{reference}", headers=key)).json()["transfers"] == []
    assert (await client.get(f"{WORLD}/promptpay/slips")).json() == []


async def test_a_slip_is_used_for_one_order_alone(client, key):
    slip = (await pay(client, BILL)).json()["slip"]["slip"]

    async def use(order):
        answer = await client.post("/promptpay/slips", json={"slip": slip, "use_for": order}, headers=key)
        return answer.status_code, answer.json().get("error") or answer.json()["used_for"]

    looked = await client.post("/promptpay/slips", json={"slip": slip}, headers=key)
    assert looked.json()["used_for"] is None
    assert [await use(order) for order in ("A", "B", "A")] == [(200, "A"), (409, "slip_used"), (200, "A")]
    named = (await client.get("/promptpay/transfers/A", headers=key)).json()["transfers"]
    assert [row["used_for"] for row in named] == ["A"]
    own = await client.get("/promptpay/transfers/123456789012300@biller:REF1:A2=49.50", headers=key)
    assert own.json()["transfers"] == []  # it pays order A, and no longer the one of its code


CALLS = [
    ("GET", "/promptpay/transfers/x", None, {"authorization": "Bearer wrong"}, 401),
    ("GET", "/promptpay/transfers/x", None, {}, 401),
    ("GET", "/promptpay/transfers/", None, None, 404),
    ("GET", "/promptpay/transfers/" + "x" * 300, None, None, 404),
    ("GET", "/promptpay/moon", None, None, 404),
    ("DELETE", "/promptpay/slips/014/1", None, None, 404),
    ("GET", "/promptpay/slips/014/1", None, None, 404),
    ("POST", "/promptpay/slips", b"{", None, 422),
    ("POST", "/promptpay/slips", b"[]", None, 422),
    ("POST", "/promptpay/slips", b'{"slip": 1}', None, 422),
    ("POST", "/promptpay/slips", b'{"slip": "x"}', None, 422),
    ("POST", "/promptpay/slips", b'{"slip": "x", "more": 1}', None, 422),
    ("POST", "/promptpay/slips", b"[" * 60_000, None, 422),
    ("POST", "/promptpay/slips", b'{"slip": "' + b"0" * 70_000 + b'"}', None, 422),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), CALLS)
async def test_what_the_api_refuses(client, key, method, path, body, headers, status):
    headers = key if headers is None else headers
    answer = await client.request(method, path, content=body, headers=headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


async def test_a_key_leads_to_its_world(client, worlds):
    await client.post("/sandbox/worlds", json={"name": "thai"})
    await client.post("/sandbox/worlds/thai/payments", json={"qr": encode(BILL).text})
    reference = "123456789012300@biller:REF1:A2=49.50"
    for world, count in (("thai", 1), ("default", 0)):
        headers = {"authorization": f"Bearer promptpay_sandbox_{world}"}
        paid = (await client.get(f"/promptpay/transfers/{reference}", headers=headers)).json()["transfers"]
        assert len(paid) == count


# Snapshots


async def filled(client, key):
    await client.post(f"{WORLD}/promptpay/proxies", json={"payee": "0800000475@mobile", "owner": "Malee"})
    await client.post(
        f"{WORLD}/promptpay/billers", json={"biller_id": BILL.biller_id, "owner": "W", "known_by": ["014"]}
    )
    for code, fields in ((MOBILE, {"amount": "1"}), (BILL, {}), (BILL, {"outcome": "failed"}), (BILL, {})):
        slip = (await pay(client, code, **fields)).json()["slip"]
    await client.post("/promptpay/slips", json={"slip": slip["slip"], "use_for": "A"}, headers=key)
    return slip


async def test_payees_slips_and_their_use_are_in_a_snapshot(client, key):
    slip = await filled(client, key)
    before = [(await client.get(f"{WORLD}/promptpay/{what}")).json() for what in ("payees", "slips")]
    kept = (await client.get(f"{WORLD}/snapshot")).json()
    await client.post(f"{WORLD}/reset")
    assert (await client.get(f"{WORLD}/promptpay/slips")).json() == []
    assert (await client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    assert [(await client.get(f"{WORLD}/promptpay/{what}")).json() for what in ("payees", "slips")] == before
    used = await client.post("/promptpay/slips", json={"slip": slip["slip"], "use_for": "B"}, headers=key)
    assert used.status_code == 409


WRONG = {
    "a slip of no payment": lambda own: own["slips"][0].update(reference="0899999999@mobile"),
    "a slip of no settlement": lambda own: own["slips"][0].update(at=9),
    "a slip of one that failed": lambda own: own["slips"][1].update(at=1),
    "a settlement without slip": lambda own: own["slips"].pop(),
    "two slips under one name": lambda own: own["slips"][0].update(ref=own["slips"][1]["ref"]),
    "a payee of no form": lambda own: own["proxies"][0].update(payee="Malee"),
    "a biller that is a proxy": lambda own: own["billers"][0].update(payee="0800000475@mobile"),
    "a payee twice": lambda own: own["proxies"].append(own["proxies"][0]),
    "an unknown field": lambda own: own.update(more=1),
    "a number for a text": lambda own: own["slips"][0].update(ref=5),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
async def test_a_snapshot_that_contradicts_itself_is_refused_and_changes_nothing(client, key, spoil):
    await filled(client, key)
    kept = (await client.get(f"{WORLD}/snapshot")).json()
    spoilt = copy.deepcopy(kept)
    spoil(spoilt["schemes"]["promptpay"])
    assert (await client.put(f"{WORLD}/snapshot", json=spoilt)).status_code == 422
    assert (await client.get(f"{WORLD}/snapshot")).json() == kept


async def test_slip_later_finds_the_slip_at_the_third_check(client, key):
    await client.put(f"{WORLD}/scenario", json={"name": "slip-later"})
    slip = (await pay(client, BILL)).json()["slip"]["slip"]
    seen = [(await client.post("/promptpay/slips", json={"slip": slip}, headers=key)).status_code for _ in range(3)]
    assert seen == [404, 404, 200]


async def test_a_transfer_that_its_script_hides_is_found_neither_by_reference_nor_by_slip(client, worlds, key):
    await client.put(f"{WORLD}/scenario", json={"name": "paid-then-lost"})
    reference = "123456789012300@biller:REF1:A2=49.50"
    await client.post(f"{WORLD}/qr", json={"qr": encode(BILL).text})

    async def listed():
        return (await client.get(f"/promptpay/transfers/{reference}", headers=key)).json()["transfers"]

    (transfer,) = await listed()
    assert await listed() == []
    hidden = await client.post("/promptpay/slips", json={"slip": transfer["slip"]}, headers=key)
    assert hidden.status_code == 404
