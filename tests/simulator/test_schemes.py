"""The seam: what a second scheme, defined here, shares with Bakong in a world, and what it does not."""

import json
import re
from types import MappingProxyType

import httpx
import pytest

from bakong_scenarios import SchemeWords, State
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app as simulator_app
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.calls import about_none, about_one, faults, record
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.errors import BodyError, ScanError
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.scheme import FakeScheme, OpeningAccount
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import play
from bakong_simulator.wire.reply import Reply
from tests.conftest import NOW_MS

FAULTS = connection_faults.FAULTS | body_faults.FAULTS
MD5 = "0" * 32
SLOW = "name: slow\npayment:\n  - unpaid\n  - paid: {after: 10s}"


class Till(FakeScheme[dict]):
    """A scheme of charges: POST /till/charges makes one, GET /till/charges/<reference> says how it stands."""

    name = "till"
    words = SchemeWords(
        "till",
        steps=(State.UNPAID, State.PAID, State.FAILED, State.HIDDEN),
        endpoints=("make_charge", "get_charge"),
        checks=("get_charge",),
        currencies=("THB", "JPY"),
    )
    prefix = "/till"
    base_url = "https://api.till.test/v2"
    hosts = ("api.till.test",)
    headers = frozenset({b"x-key"})
    currencies = ("THB", "JPY")
    issuer = "bank"
    payer = "buyer"
    accounts = (OpeningAccount("buyer", "Buyer", {"THB": 500_00}), OpeningAccount("shop", "Shop"))
    default_amounts = MappingProxyType({"THB": 20_00, "JPY": 100})

    def new(self, world, before):
        return {"key": world.name, "moves": [], "charges": 0} if before is None else before | {"moves": []}

    def world_of(self, worlds, call):
        return worlds.by_name.get(dict(call.headers).get(b"x-key", b"default").decode())

    def serve(self, world, state, call):
        world.journal.begin()
        now_ms, made = world.clock.now_ms(), call.method == "POST"
        reference = json.loads(call.body)["reference"] if made else call.path.partition("/")[2]
        payment = world.payments.get((self.name, reference))
        if made:
            payment = world.register(self, Order(reference, "shop", "THB", 1250, None, None))
            state["charges"] += 1
        endpoint = "make_charge" if made else "get_charge"
        about = about_none(world, self, endpoint, None) if payment is None else about_one(payment, None)
        rules = faults(world, self, endpoint, about)
        if payment is None:
            reply = Reply(404, b"", error_code="unknown_charge")
        else:
            reply = Reply(200, json.dumps({"state": payment.state.value, "key": state["key"]}).encode())
        for rule in rules:
            reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
        return record(world, self, call, now_ms, endpoint, about, reply, rules[0].fault if rules else None)

    def scan(self, text):
        if not text.startswith("till:"):
            raise ScanError(f"read {text!r}, expected till:<reference>")
        return Order(text.removeprefix("till:"), "shop", "THB", 1250, None, None)

    def moved(self, world, state, payment, at):
        settlement = payment.settlements[at]
        state["moves"].append([payment.reference, settlement.failed, settlement.returned])

    def dump(self, state):
        return state

    def load(self, data, payments):
        if not isinstance(data.get("moves"), list):
            raise BodyError(f"moves: read {data.get('moves')!r}, expected a list")
        return lambda _world: data


TILL = Till()
SCHEMES = (BAKONG, TILL)


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


async def charge(outside, path="/till/charges", reference="c1"):
    return (await outside.post(path, json={"reference": reference})).json()


async def test_payments_of_one_reference_in_two_schemes_do_not_meet(world):
    of_bakong = Order(MD5, "sokha@devb", "USD", 150, None, None)
    of_till = Order(MD5, "shop", "THB", 1250, None, None)
    world.register(BAKONG, of_bakong)
    world.pay(TILL, of_till)
    states = [world.payments[scheme.name, MD5].state.value for scheme in SCHEMES]
    assert (states, world.state(BAKONG).receipts, world.state(TILL)["moves"]) == (
        ["unpaid", "paid"],
        {},
        [[MD5, False, False]],
    )
    world.pay(BAKONG, of_bakong)
    assert len(world.state(BAKONG).receipts[MD5].rows) == len(world.state(TILL)["moves"]) == 1


async def test_the_timers_of_one_reference_in_two_schemes_do_not_meet(hand, world):
    await hand.put("/scenario", content=SLOW)
    world.pay(BAKONG, Order(MD5, "sokha@devb", "USD", 150, None, None))
    await hand.post("/clock/advance", json={"seconds": 5})
    world.pay(TILL, Order(MD5, "shop", "THB", 1250, None, None))
    await hand.post("/clock/advance", json={"seconds": 5})
    assert [world.payments[scheme.name, MD5].state.value for scheme in SCHEMES] == ["paid", "unpaid"]
    await hand.post("/clock/advance", json={"seconds": 5})
    assert [world.payments[scheme.name, MD5].state.value for scheme in SCHEMES] == ["paid", "paid"]


async def test_the_first_segment_of_a_path_names_the_scheme_also_below_a_world(outside, worlds):
    other = worlds.make("other")
    assert await charge(outside) == {"state": "unpaid", "key": "default"}
    assert await charge(outside, "/w/other/till/charges") == {"state": "unpaid", "key": "other"}
    assert (await outside.get("/w/nowhere/till/charges/c1")).status_code == 404
    assert (await outside.post("/v1/check_transaction_by_md5", json={"md5": MD5})).json()["errorCode"] == 6
    for unknown in ("/tilll/charges", "/till", "/charges", "/"):
        refused = await outside.post(unknown, json={})
        assert (refused.status_code, refused.json()["responseCode"]) == (404, 1), unknown
    assert [worlds.default.state(TILL)["charges"], other.state(TILL)["charges"]] == [1, 1]


async def test_a_scheme_finds_the_world_of_a_call_its_own_way(outside, worlds):
    worlds.make("other")
    for key, expected in (("other", "other"), ("default", "default")):
        answer = await outside.post("/till/charges", json={"reference": "c1"}, headers={"x-key": key})
        assert answer.json()["key"] == expected
    assert (await outside.get("/till/charges/c1", headers={"x-key": "nobody"})).status_code == 404


async def test_money_is_kept_in_any_currency(hand, outside, world):
    await charge(outside)
    paid = (await hand.post("/payments", json={"scheme": "till", "reference": "c1"})).json()
    assert (paid["status"], paid["amount"], paid["currency"]) == ("paid", 12.5, "THB")
    assert [world.ledger.balance(name, "THB") for name in ("buyer", "shop", "bank")] == [487_50, 12_50, -500_00]
    opened = await hand.post("/accounts", json={"scheme": "till", "account_id": "j", "balances": {"JPY": "100"}})
    assert opened.json()["balances"]["JPY"] == "100"
    assert [world.ledger.sum(currency) for currency in ("THB", "JPY", "USD", "KHR")] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/payments", {"scheme": "tiil", "qr": "till:c1"}, "no scheme of this world is called 'tiil'"),
        ("/payments", {"scheme": "till", "qr": "000201"}, "expected till:<reference>"),
        ("/payments", {"scheme": "till", "qr": "till:c1", "currency": "USD"}, "expected one of THB, JPY"),
        ("/payments", {"qr": "till:c1"}, "no KHQR"),
        ("/accounts", {"scheme": "till", "account_id": "j", "balances": {"JPY": "1.50"}}, "amount in JPY such as 2000"),
        ("/accounts", {"account_id": "a@b", "balances": {"KWD": "1"}}, "expected one of KHR, USD"),
        ("/accounts", {"account_id": "j"}, "expected an account of bakong"),
    ],
)
async def test_what_does_not_fit_a_scheme_is_refused_with_what_does(hand, path, body, words):
    refused = await hand.post(path, json=body)
    assert (refused.status_code, words in refused.json()["detail"]) == (422, True), refused.text


async def test_the_control_api_shows_payments_of_every_scheme(hand, outside, code):
    await charge(outside)
    await hand.post("/qr", json={"qr": code.qr})
    mine, theirs = (await hand.get("/payments")).json()
    assert mine == {
        "scheme": "till",
        "reference": "c1",
        "status": "unpaid",
        "scenario": "manual",
        "qr": None,
        "currency": None,
        "amount": None,
        "times_paid": 0,
    }
    assert (theirs["scheme"], theirs["reference"], theirs["md5"]) == ("bakong", code.md5, code.md5)
    assert (await hand.get("/payments/c1", params={"scheme": "till"})).json() == mine
    assert (await hand.get("/payments/c1")).status_code == 422


async def test_a_settlement_that_comes_back_does_so_once_and_the_scheme_is_told(world):
    payment = world.pay(TILL, Order("c1", "shop", "THB", 1250, None, None))
    world.send_back(payment, 0)
    assert world.state(TILL)["moves"] == [["c1", False, False], ["c1", False, True]]
    assert world.ledger.balance("buyer", "THB") == 500_00
    with pytest.raises(ValueError, match="has no money that could go back"):
        world.send_back(payment, 0)


async def test_a_settlement_comes_back_in_parts_and_never_more_than_it_was(world):
    payment = world.pay(TILL, Order("c1", "shop", "THB", 1250, None, None))
    world.send_back(payment, 0, 250)
    assert (payment.settlements[0].returned, payment.settlements[0].rest) == (False, 1000)
    for amount in (1001, 0, -1):
        with pytest.raises(ValueError, match="has no money that could go back"):
            world.send_back(payment, 0, amount)
    world.send_back(payment, 0)
    assert (payment.settlements[0].returned, payment.settlements[0].rest) == (True, 0)
    assert world.ledger.balance("buyer", "THB") == 500_00


async def test_a_journal_names_scheme_and_reference_and_a_har_the_real_address(hand, api, outside):
    await charge(outside)
    await outside.get("/till/charges/c2?expand=1", headers={"x-key": "default", "x-other": "unread"})
    await api.post("check_transaction_by_md5", json={"md5": MD5})
    entries = (await hand.get("/journal")).json()["entries"]
    shown = [[entry[name] for name in ("scheme", "endpoint", "path", "reference", "md5")] for entry in entries]
    assert shown == [
        ["till", "make_charge", "charges", "c1", None],
        ["till", "get_charge", "charges/c2", None, None],
        ["bakong", *["check_transaction_by_md5"] * 2, MD5, MD5],
    ]
    assert [entry["error_code"] for entry in entries] == [None, "unknown_charge", 1]
    assert (entries[1]["query"], entries[1]["headers"]) == ("expand=1", [["x-key", "default"]])
    har = (await hand.get("/journal", params={"format": "har"})).json()
    assert [entry["request"]["url"] for entry in har["log"]["entries"]] == [
        "http://bakong.test/till/charges",
        "http://bakong.test/till/charges/c2?expand=1",
        "http://bakong.test/v1/check_transaction_by_md5",
    ]
    assert [entry["_api"] for entry in har["log"]["entries"]] == [
        "https://api.till.test/v2/charges",
        "https://api.till.test/v2/charges/c2?expand=1",
        "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5",
    ]
    match = {"scheme": "till", "reference": "c1", "endpoint": "make_charge"}
    assert (await hand.post("/journal/verify", json={"match": match, "count": 1})).json()["ok"]


async def test_faults_strike_the_calls_of_every_scheme(hand, outside):
    await hand.put("/scenario", content="name: f\nfaults:\n  - {fault: truncate, at: 0.5}")
    await outside.post("/till/charges", json={"reference": "c1"})
    (entry,) = (await hand.get("/journal")).json()["entries"]
    assert (entry["fault"], re.match("{", entry["answer"]) is not None, entry["answer"].endswith("}")) == (
        *("truncate", True),
        False,
    )


async def test_a_journal_of_two_schemes_is_replayed_to_the_same_bytes(hand, api, outside, code):
    await hand.put("/scenario", content=SLOW)
    await charge(outside)
    await hand.post("/payments", json={"qr": code.qr})
    await hand.post("/payments", json={"scheme": "till", "reference": "c1"})
    await hand.post("/clock/advance", json={"seconds": 10})
    await api.post("check_transaction_by_md5", json={"md5": code.md5})
    await outside.get("/till/charges/c1?expand=1", headers={"x-key": "default"})
    document = (await hand.get("/journal", params={"format": "replay"})).json()
    assert (await replay(document, build, SCHEMES))[0]._asdict() == {"calls": 3, "different": []}


async def test_a_snapshot_holds_each_schemes_state_and_is_put_back_whole(hand, outside, world, code):
    await hand.put("/scenario", content=SLOW)
    await charge(outside)
    await hand.post("/payments", json={"scheme": "till", "reference": "c1"})
    await hand.post("/payments", json={"qr": code.qr})
    kept = (await hand.get("/snapshot")).json()
    assert kept["schemes"]["till"] == {"key": "default", "moves": [], "charges": 1}
    await hand.post("/clock/advance", json={"seconds": 10})
    assert world.state(TILL)["moves"] == [["c1", False, False]]
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    await hand.post("/clock/advance", json={"seconds": 10})
    assert world.state(TILL)["moves"] == [["c1", False, False]]
    assert len(world.state(BAKONG).receipts[code.md5].rows) == 1


async def test_a_snapshot_that_one_scheme_refuses_changes_nothing_of_another(hand, outside, code):
    await charge(outside)
    await hand.post("/qr", json={"qr": code.qr})
    kept = (await hand.get("/snapshot")).json()
    wrong = kept | {"schemes": kept["schemes"] | {"till": {}}, "payments": []}
    refused = await hand.put("/snapshot", json=wrong)
    assert (refused.status_code, "moves: read None" in refused.json()["detail"]) == (422, True)
    assert (await hand.get("/snapshot")).json() == kept


async def test_a_snapshot_from_before_a_scheme_leaves_it_as_new(hand, outside, world):
    await charge(outside)
    kept = (await hand.get("/snapshot")).json()
    before = kept | {
        "payments": [],
        "calls": [],
        "schemes": {"bakong": kept["schemes"]["bakong"]},
        "accounts": [row for row in kept["accounts"] if row["account_id"] not in ("bank", "buyer", "shop")],
    }
    assert (await hand.put("/snapshot", json=before)).status_code == 200
    world.pay(TILL, Order("c1", "shop", "THB", 1250, None, None))
    assert (world.ledger.balance("shop", "THB"), world.ledger.sum("THB")) == (12_50, 0)


async def test_a_reset_lets_each_scheme_keep_what_outlives_it(api, hand, outside, world):
    await charge(outside)
    await hand.patch("", json={"limits": {"quota": 7}})
    token = api.headers["authorization"].removeprefix("Bearer ")
    shown = (await hand.post("/reset")).json()
    assert (shown["limits"]["quota"], shown["payments"], shown["schemes"]) == (7, 0, ["bakong", "till"])
    assert (world.state(BAKONG).registrations.admits(token), world.state(TILL)["charges"]) == (True, 1)


async def test_hosts_of_the_control_api_are_no_schemes_and_documents_are_the_same_in_all_worlds(worlds):
    transport = httpx.ASGITransport(simulator_app.build(worlds))
    async with httpx.AsyncClient(base_url="http://bakong.test", transport=transport) as client:
        assert (await client.get("/v1/openapi.json")).json()["openapi"].startswith("3.1")
        refused = await client.post("/v1/openapi.json")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert (await client.get("/till/openapi.json")).status_code == 404
        assert worlds.default.journal.total == 1
