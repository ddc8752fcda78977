"""A script that is chosen for one payment or one call holds in every call that is about it."""

import pytest

from bakong_schemes.bakong.fake.scheme import BAKONG
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

HEADER = "x-sandbox-scenario"


def code_of(bill_number, amount="1.50"):
    individual = Individual(
        bakong_account_id="sokha@devb",
        merchant_name="Sokha",
        currency=Currency.USD,
        amount=amount,
        bill_number=bill_number,
        expiration_timestamp=NOW_MS + 900_000,
    )
    return encode(individual, now=NOW_MS)


async def statuses(api, codes, **options):
    answer = await api.post("check_transaction_by_md5_list", json=[code.md5 for code in codes], **options)
    return [row["status"] for row in answer.json()["data"]]


@pytest.fixture
async def shown(hand):
    async def show(*codes):
        for code in codes:
            assert (await hand.post("/qr", json={"qr": code.qr})).status_code == 200
        return codes

    return show


async def test_in_a_list_each_md5_follows_its_own_script(api, shown):
    codes = await shown(code_of("SBX-PAID-AT-ONCE"), code_of("SBX-PAID"), code_of("B-3"), code_of("B-4", "7007.10"))
    assert [await statuses(api, codes) for _ in range(3)] == [
        ["SUCCESS", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"],
        ["SUCCESS", "SUCCESS", "NOT_FOUND", "NOT_FOUND"],
        ["SUCCESS", "SUCCESS", "NOT_FOUND", "NOT_FOUND"],
    ]


async def test_a_header_lets_every_md5_of_a_list_follow_its_script(api, shown):
    codes = await shown(code_of("B-1"), code_of("B-2"))
    asked = [await statuses(api, codes, headers={HEADER: "paid"}), await statuses(api, codes)]
    assert asked == [["NOT_FOUND"] * 2, ["SUCCESS"] * 2]


async def test_a_fault_of_one_payments_script_strikes_the_list_that_it_stands_in(api, shown):
    codes = await shown(code_of("B-1"), code_of("SBX-MD5-LIST-403"))
    answers = [await api.post("check_transaction_by_md5_list", json=[code.md5 for code in codes[:n]]) for n in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 403]


async def test_a_list_counts_as_a_check_of_each_payment_and_once_for_a_script(api, hand, shown):
    codes = await shown(code_of("SBX-EMPTY-BODY"), code_of("SBX-EMPTY-BODY", "2.00"))
    await api.post("check_transaction_by_md5_list", json=[code.md5 for code in codes])
    bodies = [(await api.post("check_transaction_by_md5", json={"md5": codes[0].md5})).content for _ in range(2)]
    assert [body == b"" for body in bodies] == [True, False]
    (entry, *_) = (await hand.get("/journal")).json()["entries"]
    assert (entry["md5"], entry["poll"]) == (None, 1)


def by_hash_of(paid):
    return {
        "check_transaction_by_hash": {"hash": paid["hash"]},
        "check_transaction_by_short_hash": {"hash": paid["hash"][:8], "amount": 1.5, "currency": "USD"},
        "check_transaction_by_instruction_ref": {"instructionRef": paid["instructionRef"]},
        "check_transaction_by_external_ref": {"externalRef": paid["externalRef"]},
    }


@pytest.mark.parametrize("endpoint", by_hash_of({"hash": "", "instructionRef": "", "externalRef": ""}))
async def test_a_check_by_hash_or_reference_is_a_check_of_its_payment(api, hand, endpoint):
    paid = (await hand.post("/payments", json={"qr": code_of("SBX-FLAPPING").qr})).json()
    answers = [(await api.post(endpoint, json=by_hash_of(paid)[endpoint])).json() for _ in range(4)]
    assert [answer["errorCode"] for answer in answers] == [None, 1, 1, None]
    last = (await hand.get("/journal")).json()["entries"][-1]
    assert (last["md5"], last["poll"], last["scenario"]) == (paid["md5"], 4, "flapping")


async def test_a_list_of_hashes_shows_no_hidden_payment(api, hand):
    paid = [(await hand.post("/payments", json={"qr": code_of(bill).qr})).json() for bill in ("B-1", "SBX-FLAPPING")]
    asked = [await api.post("check_transaction_by_hash_list", json=[row["hash"] for row in paid]) for _ in range(2)]
    told = [[row["status"] for row in answer.json()["data"]] for answer in asked]
    assert told == [["SUCCESS", "SUCCESS"], ["SUCCESS", "NOT_FOUND"]]


async def test_a_header_lets_its_faults_strike_a_call_about_a_payment_that_goes_its_own_way(api, hand):
    paid = (await hand.post("/payments", json={"qr": code_of("B-1").qr})).json()
    for endpoint, body in by_hash_of(paid).items():
        answer = await api.post(endpoint, json=body, headers={HEADER: "geo-blocked"})
        assert (answer.status_code, (await api.post(endpoint, json=body)).status_code) == (403, 200)


@pytest.mark.parametrize("choice", ["header", "bill number"])
async def test_a_deep_link_falls_under_the_script_of_its_code(api, hand, choice):
    code = code_of("SBX-DEEPLINK-DOWN" if choice == "bill number" else "B-1")
    headers = {HEADER: "deeplink-down"} if choice == "header" else {}
    answer = await api.post("generate_deeplink_by_qr", json={"qr": code.qr}, headers=headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (200, 4)


async def test_the_look_up_of_a_magic_account_falls_under_its_script(outside):
    asked = {"accountId": "sbx_account_lookup_down@sand"}
    assert (await outside.post("/v1/check_bakong_account", json=asked)).status_code == 504
    wrong = await outside.post("/v1/check_bakong_account", json={"accountId": "sbx_account_lookup_dow@sand"})
    assert "did you mean 'account-lookup-down'" in wrong.json()["responseMessage"]


async def test_a_change_of_tracking_is_one_transaction_under_its_short_hash(api, hand, world):
    paid = (await hand.post("/payments", json={"qr": code_of("B-1").qr})).json()
    await hand.delete(f"/payments/{paid['md5']}")
    await hand.post("/payments", json={"qr": code_of("B-1").qr})
    found = world.state(BAKONG).transactions.by_short_hash(paid["hash"][:8], 1.5, "USD")
    assert (found.receipt.hash, found.receipt.tracking_status) == (paid["hash"], "REFUNDED_BY_RECEIVER")
