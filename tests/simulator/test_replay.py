"""One seed replays a run: the same answers and journals, byte for byte; and a world can be kept and put back."""

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import httpx
import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScriptFile
from bakong_simulator import app as simulator_app
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.worlds import Worlds
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

CHECK = "/v1/check_transaction_by_md5"
WORLD = "/sandbox/worlds/run"
MIXES = 100
# The first quarter of the mixes is enough for every day.
BLOCKS = [0, *(pytest.param(block, marks=pytest.mark.campaign) for block in range(1, 4))]
PROJECT = {"organization": "Shop", "project": "Tests"}


def codes():
    made = []
    for number in range(4):
        currency = Currency.USD if number % 2 else Currency.KHR
        bill = f"INV-{number}"
        made.append(
            encode(
                Individual(
                    bakong_account_id="sokha@devb",
                    merchant_name="Sokha",
                    currency=currency,
                    amount=str(number + 1),
                    bill_number=bill,
                    expiration_timestamp=NOW_MS + 900_000,
                ),
                now=NOW_MS,
            )
        )
    return made


CODES = codes()


def requests_of(seed):
    """A list of requests, from the seed alone: (method, path, body)."""
    draw = Random(seed)
    for _ in range(draw.randint(10, 25)):
        code = draw.choice(CODES)
        yield draw.choice(
            [
                ("POST", CHECK, {"md5": code.md5}),
                ("POST", CHECK, {"md5": code.md5}),
                ("POST", "/v1/check_transaction_by_md5_list", [found.md5 for found in CODES]),
                ("POST", "/v1/generate_deeplink_by_qr", {"qr": code.qr}),
                ("POST", "/v1/renew_token", {"email": "developer@sandbox.test"}),
                (
                    "POST",
                    "/v1/request_token",
                    {"email": f"{draw.randint(0, 3)}@x.test", "organization": "o", "project": "p"},
                ),
                ("POST", "/v1/check_bakong_account", {"accountId": "sokha@devb"}),
                ("POST", f"{WORLD}/payments", {"qr": code.qr}),
                ("POST", f"{WORLD}/payments", {"qr": code.qr, "outcome": draw.choice(["paid", "failed"])}),
                ("POST", f"{WORLD}/qr", {"qr": code.qr}),
                ("POST", f"{WORLD}/clock/advance", {"seconds": draw.choice([1, 7, 60, 3600])}),
                ("PUT", f"{WORLD}/scenario", {"name": draw.choice(LIBRARY.names())}),
                ("PATCH", WORLD, {"limits": {"quota": draw.choice([None, 5])}}),
            ]
        )


class Run:
    """One run of a list of requests over a fresh simulator: its answers, and then its journal."""

    def __init__(self, seed):
        self.seed = seed
        self.worlds = Worlds(lambda: NOW_MS, SCHEMES)
        transport = httpx.ASGITransport(simulator_app.build(self.worlds), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(base_url="http://run.test", transport=transport)
        self.answers = []

    async def make(self):
        clock = {"mode": "frozen", "at": "2026-02-11T00:00:00Z"}
        scenario = LIBRARY.names()[self.seed % len(LIBRARY.names())]
        body = {"name": "run", "seed": self.seed, "scenario": scenario, "clock": clock}
        made = (await self.client.post("/sandbox/worlds", json=body)).json()
        self.client.headers["authorization"] = f"Bearer {made['token']}"
        return self

    async def ask(self, method, path, body):
        scope_state = {"patience_s": 0}
        transport = self.client._transport
        app = transport.app

        async def impatient(scope, receive, send):
            await app({**scope, "state": scope_state}, receive, send)

        transport.app = impatient
        try:
            answer = await self.client.request(method, path, json=body)
            self.answers.append((answer.status_code, answer.content))
        except (OSError, httpx.HTTPError, TimeoutError, AssertionError) as error:
            self.answers.append((type(error).__name__, b""))
        finally:
            transport.app = app

    async def journal(self, form="json"):
        return (await self.client.get(f"{WORLD}/journal", params={"format": form})).content


async def played(seed):
    run = await Run(seed).make()
    for request in requests_of(seed):
        await run.ask(*request)
    return run


def ledgers_sum_to_zero(worlds):
    return all(world.ledger.sum(currency) == 0 for world in worlds.by_name.values() for currency in ("USD", "KHR"))


@pytest.mark.parametrize("block", BLOCKS)
async def test_two_runs_with_one_seed_are_the_same_bytes_and_the_ledger_sums_to_zero(block):
    for seed in range(block * MIXES // 4, (block + 1) * MIXES // 4):
        one, two = await played(seed), await played(seed)
        assert one.answers == two.answers, f"seed={seed}"
        journal = await one.journal()
        assert journal == await two.journal(), f"seed={seed}"
        assert ledgers_sum_to_zero(one.worlds)


@pytest.mark.parametrize("block", BLOCKS)
async def test_an_exported_journal_is_replayed_to_the_same_bytes(block):
    for seed in range(block * MIXES // 4, (block + 1) * MIXES // 4):
        run = await played(seed)
        replayed, world = await replay(json.loads(await run.journal("replay")), build, SCHEMES)
        assert replayed.different == [], f"seed={seed}"
        original = run.worlds.get("run").journal
        assert list(world.journal.entries) == list(original.entries), f"seed={seed}"


async def test_the_journal_of_a_second_life_is_replayed_with_the_ids_that_follow_those_of_the_first():
    run = await Run(1).make()
    for _ in range(2):
        await run.client.post(f"{WORLD}/reset")
        await run.ask("PUT", f"{WORLD}/scenario", {"name": "manual"})
        await run.ask("POST", f"{WORLD}/payments", {"qr": CODES[0].qr})
        await run.ask("POST", CHECK, {"md5": CODES[0].md5})
    (_, first), (_, second) = run.answers[2::3]
    assert json.loads(first)["data"]["hash"] != json.loads(second)["data"]["hash"]
    replayed, world = await replay(json.loads(await run.journal("replay")), build, SCHEMES)
    assert replayed.different == []
    assert list(world.journal.entries) == list(run.worlds.get("run").journal.entries)


async def test_a_replay_tells_which_answers_differ():
    run = await Run(1).make()
    await run.ask("POST", CHECK, {"md5": "1"})
    document = json.loads(await run.journal("replay"))
    document["calls"][0]["answer"] = ""
    assert (await replay(document, build, SCHEMES))[0].different == [1]


async def test_a_world_put_back_goes_on_as_the_one_that_was_kept(api, hand, outside, code, world):
    await hand.put("/scenario", content="name: slow\npayment:\n  - unpaid\n  - paid: {after: 10s}")
    await hand.post("/payments", json={"qr": code.qr})
    kept = (await hand.get("/snapshot")).json()
    await hand.post("/clock/advance", json={"seconds": 10})
    first = (await api.post("check_transaction_by_md5", json={"md5": code.md5})).json()
    assert first["errorCode"] is None
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    assert (await api.post("check_transaction_by_md5", json={"md5": code.md5})).json()["errorCode"] == 1
    await hand.post("/clock/advance", json={"seconds": 10})
    assert (await api.post("check_transaction_by_md5", json={"md5": code.md5})).json() == first
    assert ledgers_sum_to_zero(Worlds(lambda: NOW_MS, SCHEMES))
    assert world.ledger.sum("USD") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"accounts": [{"account_id": "a@b", "name": "", "balances": {"KHR": 1}}]},
        {"scenario": {"name": "nowhere", "text": None}},
        {"scenario": {"name": "paid", "text": 0}},
        {"texts": ["name: broken\nno: key"]},
        {"version": 3},
        {"player": {}},
        {"more": 1},
        {"schemes": {}, "payments": [{"scheme": "nobody"}]},
        {"schemes": {"nobody": {}}},
        {"schemes": {"bakong": {}}},
    ],
    ids=str,
)
async def test_a_snapshot_that_cannot_be_is_refused_and_nothing_changes(api, hand, code, change):
    await hand.post("/payments", json={"qr": code.qr})
    kept = (await hand.get("/snapshot")).json()
    assert (await hand.put("/snapshot", json=kept | change)).status_code == 422
    assert (await hand.get("/snapshot")).json() == kept


def without(kept, account):
    return {"accounts": [row for row in kept["accounts"] if row["account_id"] != account]}


def changed(kept, **fields):
    """The snapshot's one payment with other fields."""
    return {"payments": [kept["payments"][0] | fields]}


def of_order(kept, **fields):
    return changed(kept, order=kept["payments"][0]["order"] | fields)


def of_pending(kept, **fields):
    return changed(kept, pending=kept["payments"][0]["pending"] | fields)


PAID = {
    **dict.fromkeys(("hash", "external_ref", "instruction_ref", "receiver_bank", "receiver_bank_account"), "x"),
    "acknowledged_ms": 0,
    "tracking_status": "",
}


def bakong(kept, **fields):
    return {"schemes": {"bakong": kept["schemes"]["bakong"] | fields}}


CONTRADICTIONS = {
    "'issuer@nbc' is missing": lambda kept: without(kept, "issuer@nbc"),
    "'sandkhppxxx@sand' is missing": lambda kept: without(kept, "sandkhppxxx@sand"),
    "occurs twice": lambda kept: {"accounts": kept["accounts"] * 2},
    "holds -5 KHR": lambda kept: {
        "accounts": [
            *kept["accounts"],
            {"account_id": "a@b", "name": "", "balances": {"KHR": -5}},
            {"account_id": "c@d", "name": "", "balances": {"KHR": 5}},
        ]
    },
    "tokens: 'developer@sandbox.test' has one": lambda kept: bakong(kept, registrations={}),
    "bakong's reference": lambda kept: {"payments": kept["payments"] * 2},
    "is one of payments": lambda kept: {"unclaimed": kept["payments"], "payments": []},
    "order.reference": lambda kept: of_order(kept, reference="0" * 32),
    "order.currency": lambda kept: of_order(kept, currency="XXX"),
    "no scheme is called 'nobody'": lambda kept: changed(kept, scheme="nobody"),
    "has 1, and its payment 0 settlements": lambda kept: bakong(
        kept, receipts={kept["payments"][0]["reference"]: [PAID]}
    ),
    "order.minor": lambda kept: of_order(kept, minor=0),
    "step is 7": lambda kept: changed(kept, step=7),
    "pending.from_account": lambda kept: of_pending(kept, from_account="nobody@devb"),
    "pending.step": lambda kept: of_pending(kept, step=0),
    "no timer 0": lambda kept: changed(kept, timers={}),
    "timer 3": lambda kept: changed(kept, timers={"0": 0, "3": 0}),
    "limits.quota": lambda kept: bakong(kept, limits=kept["schemes"]["bakong"]["limits"] | {"quota": 2**70}),
    "no snapshot of version 1": lambda _: {"version": 1},
}


@pytest.mark.parametrize("complaint", CONTRADICTIONS)
async def test_a_snapshot_that_lacks_or_contradicts_something_is_refused_with_what_and_nothing_changes(
    api, hand, code, complaint
):
    await hand.put("/scenario", content="name: slow\npayment:\n  - unpaid\n  - paid: {after: 10s}")
    await hand.post("/payments", json={"qr": code.qr})
    kept = (await hand.get("/snapshot")).json()
    refused = await hand.put("/snapshot", json=kept | CONTRADICTIONS[complaint](kept))
    assert (refused.status_code, complaint in refused.json()["detail"]) == (422, True), refused.text
    assert (await hand.get("/snapshot")).json() == kept


def of_version_1(name):
    """What the sandbox wrote when Bakong was its only scheme; see data/README.md."""
    return json.loads((Path(__file__).parent / "data" / f"{name}-1.json").read_text())


async def test_a_snapshot_of_version_1_is_put_back_with_all_that_it_held(hand, outside, worlds):
    old = of_version_1("snapshot")
    assert (await hand.put("/snapshot", json=old)).status_code == 200
    shown = (await hand.get("")).json()
    assert (shown["profile"], shown["limits"], shown["outbox"]) == ("sit", old["limits"], old["outbox"])
    shown_accounts, known = (await hand.get("/accounts")).json(), {row["account_id"] for row in old["accounts"]}
    assert [row for row in shown_accounts if row["account_id"] in known] == [
        {
            "account_id": row["account_id"],
            "name": row["name"],
            "balances": {"KHR": str(row["KHR"]), "USD": f"{Decimal(row['USD']) / 100:.2f}"},
            "balances_minor": {"KHR": row["KHR"], "USD": row["USD"]},
        }
        for row in old["accounts"]
    ]
    paid = [(await hand.get(f"/payments/{row['md5']}")).json() for row in old["payments"]]
    assert [row["hashes"] for row in paid] == [[one["hash"] for one in row["receipts"]] for row in old["payments"]]
    assert (paid[2]["trackingStatus"], paid[2]["createdDateMs"]) == ("REFUNDED_BY_RECEIVER", NOW_MS)
    assert (await hand.delete(f"/payments/{paid[2]['md5']}")).status_code == 409
    headers = {"authorization": f"Bearer {old['tokens'][0]['token']}", "x-forwarded-for": "36.37.1.1"}
    await hand.post("/clock/advance", json={"seconds": 10})
    answers = [
        (await outside.post(CHECK, json={"md5": row["md5"]}, headers=headers)).json()["errorCode"]
        for row in [*old["payments"][:2], old["payments"][3], *old["strangers"]]
    ]
    assert answers == [None, 3, None, 1]
    assert ledgers_sum_to_zero(worlds)


async def test_a_recording_of_version_1_is_replayed_to_the_same_bytes():
    replayed, world = await replay(of_version_1("recording"), build, SCHEMES)
    assert (replayed.calls, replayed.different, world.name) == (12, [], "old")


async def test_a_world_put_back_goes_on_with_the_tracking_statuses_of_a_payment(api, hand, code):
    script = "name: t\npayment:\n  - paid: {tracking: [RECEIVE_AT_ACH: {after: 1h}]}\n  - hidden: {for: 1m}"
    await hand.put("/scenario", content=script)
    paid = (await hand.post("/qr", json={"qr": code.qr})).json()
    kept = (await hand.get("/snapshot")).json()
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    await hand.post("/clock/advance", json={"seconds": 3600})
    answer = (await api.post("check_transaction_by_hash", json={"hash": paid["hashes"][0]})).json()
    assert answer["data"]["trackingStatus"] == "RECEIVE_AT_ACH"


async def test_a_world_whose_scripts_came_from_files_and_texts_is_put_back_with_all_of_them(
    api, hand, world, code, tmp_path
):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nrules:\n  - {match: {account: '*@devb'}, payment: [unpaid, paid: {after: 5s}]}")
    world.watch_file(ScriptFile(path, LIBRARY))
    await hand.post("/payments", json={"qr": code.qr})
    await api.post("check_transaction_by_md5", json={"md5": "0" * 32})
    path.write_text("name: mine\nabout: edited, no rule for what is on its way\nstrangers: follow\npayment: [failed]")
    kept = (await hand.get("/snapshot")).json()
    path.unlink()
    world.set_scenario(LIBRARY.find("manual"))
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    await hand.post("/clock/advance", json={"seconds": 5})
    answers = [await api.post("check_transaction_by_md5", json={"md5": md5}) for md5 in (code.md5, "0" * 32, "1" * 32)]
    assert [answer.json()["errorCode"] for answer in answers] == [None, 1, 3]


async def test_a_file_that_breaks_before_the_first_call_is_told_loudly(api, world, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine")
    world.watch_file(ScriptFile(path, LIBRARY))
    path.write_text("name: mine\nbroken")
    answer = await api.post("check_transaction_by_md5", json={"md5": "0" * 32})
    assert (answer.status_code, "not valid YAML" in answer.json()["responseMessage"]) == (400, True)
