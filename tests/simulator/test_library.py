"""Every script of the library, as a client meets it over a real connection."""

import re
from email.utils import parsedate_to_datetime

import httpx
import orjson
import pytest

from bakong_sandbox.stack.scripts import LIBRARY

CHECK = "/v1/check_transaction_by_md5"

# What a client sees, check by check; "+12s" lets so much of the world's time pass, "pay" is a wallet that pays,
# "renew" and "account", "deeplink" and "list" are calls of those endpoints.
STORIES = {
    "manual": "unpaid +1h unpaid pay paid",
    "paid": "unpaid paid paid",
    "timeout": "time-out time-out unpaid",
    "error": "500-json 503-page unpaid pay failed",
    "paid-at-once": "paid",
    "paid-after-polls": "unpaid unpaid unpaid paid",
    "paid-after-time": "unpaid +11s unpaid +1s paid",
    "never-paid": "unpaid +1d unpaid",
    "paid-in-last-second": "unpaid +898s unpaid +1s paid",
    "paid-after-expiry": "+900s unpaid +29s unpaid +1s paid",
    "failed": "unpaid failed failed",
    "failed-then-paid": "failed +10s paid",
    "paid-twice": "paid +3s paid",
    "underpaid": "paid",
    "overpaid": "paid",
    "wrong-currency": "paid",
    "wrong-account": "paid",
    "settled-late": "paid +3h paid",
    "refunded": "paid +2d paid",
    "flapping": "paid unpaid unpaid paid paid",
    "paid-then-lost": "paid unpaid unpaid",
    "token-expired": "401-json 401-json renew paid",
    "token-expired-200": "code-6 renew paid",
    "token-revoked": "401-json renew:10 401-json",
    "quota-exhausted": "code-17 +16h code-17 +1h paid",  # the world begins at 07:00 in Phnom Penh
    "geo-blocked": "403-page account:403-page",
    "md5-list-403": "unpaid list:403-page account:11",
    "list-service-failed": "unpaid list unpaid",
    "storm-503": "503-page 503-page 503-page 503-page 503-page paid paid paid 503-page",
    "storm-503-each": "503-page 503-page 503-page 503-page 503-page paid paid paid 503-page",
    "storm-504": "504-page 504-page 504-page 504-page 504-page paid paid paid 504-page",
    "too-many-requests": "429-page 429-page 429-page paid",
    **dict.fromkeys(("hang-8s", "hang-12s", "hang-15s", "hang-30s", "hang-45s", "hang-60s"), "time-out paid"),
    "reset-before-head": "broken broken paid",
    "reset-after-head": "broken broken paid",
    "truncated-json": "no-json no-json paid",
    "truncated-connection": "broken broken paid",
    "wrong-content-type": "paid:text/html paid:text/html paid",
    "html-instead-of-json": "no-json:text/html no-json:text/html paid",
    "empty-body": "no-json no-json paid",
    "empty-connection": "broken broken paid",
    "garbage": "no-json broken paid",
    "duplicate-keys": "unpaid unpaid paid",  # Python's JSON believes the last of two
    "unknown-fields": "paid",
    "wrong-schema": "paid",
    "maintenance": "paid +1m 503-page +9m 503-page +1m paid",
    "nightly-outage": "broken +5m paid +55m broken",
    "clock-skew": "paid",
    "deeplink-down": "unpaid deeplink:4",
    "account-lookup-down": "unpaid account:504-page",
    "static-qr-refused": "code-2",
    "degrading": "paid +10m 503-page 503-page",
    "first-calls-fail": "500-json 500-json 500-json paid",
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
OTHER_CALLS = {
    "renew": ("renew_token", {"email": "developer@sandbox.test"}),
    "account": ("check_bakong_account", {"accountId": "nobody@devb"}),
    "list": ("check_transaction_by_md5_list", ["0" * 32]),
}


def word_of(answer: httpx.Response) -> str:
    """What a client makes of an answer, in one word."""
    if answer.status_code != 200:
        return f"{answer.status_code}-{'json' if 'json' in answer.headers['content-type'] else 'page'}"
    kind = answer.headers["content-type"].partition(";")[0]
    try:
        code = answer.json()["errorCode"]
    except ValueError:
        return "no-json" if kind == "application/json" else f"no-json:{kind}"
    word = {None: "paid", 1: "unpaid", 3: "failed"}.get(code, f"code-{code}")
    found = isinstance(answer.json()["data"], dict)
    assert found == (word == "paid") or code == 1
    return word if kind == "application/json" else f"{word}:{kind}"


async def look(bakong, md5, patience_s=0.5):
    try:
        return word_of(await bakong.post(CHECK, json={"md5": md5}, timeout=patience_s))
    except httpx.ReadTimeout:
        return "time-out"
    except (httpx.ReadError, httpx.RemoteProtocolError):
        return "broken"


async def call(bakong, code, name):
    endpoint, body = OTHER_CALLS.get(name, ("generate_deeplink_by_qr", {"qr": code.qr}))
    answer = await bakong.post(f"/v1/{endpoint}", json=body)
    if answer.status_code != 200:
        return word_of(answer)
    return str(answer.json()["errorCode"] or "")


def test_every_script_has_its_story_and_there_are_enough_of_them():
    assert STORIES.keys() | {"dribble", "flaky", "slow-p99"} == set(LIBRARY.names("bakong"))
    assert len(LIBRARY.names()) >= 25


@pytest.mark.parametrize(
    ("name", "story"),
    STORIES.items(),
    ids=STORIES,
)
async def test_a_client_sees_what_the_script_tells(bakong, control, code, name, story):
    assert (await control.put("/scenario", json={"name": name})).status_code == 200
    await control.post("/qr", json={"qr": code.qr})
    seen = []
    for word in story.split():
        if time := re.fullmatch(r"\+([0-9]+)([smhd])", word):
            await control.post("/clock/advance", json={"seconds": int(time[1]) * SECONDS[time[2]]})
            seen.append(word)
        elif word == "pay":
            await control.post("/payments", json={"qr": code.qr})
            seen.append(word)
        elif word.partition(":")[0] in (*OTHER_CALLS, "deeplink"):
            answer = await call(bakong, code, word.partition(":")[0])
            seen.append(f"{word.partition(':')[0]}:{answer}".rstrip(":"))
        else:
            seen.append(await look(bakong, code.md5))
    assert " ".join(seen) == story


async def found(bakong, control, code, name):
    """The transaction that the first check under a script finds."""
    await control.put("/scenario", json={"name": name})
    await control.post("/qr", json={"qr": code.qr})
    return (await bakong.post(CHECK, json={"md5": code.md5})).json()["data"]


@pytest.mark.parametrize(
    ("name", "amount", "currency", "account"),
    [
        ("paid-at-once", 1.5, "USD", "sokha@devb"),
        ("underpaid", 1.35, "USD", "sokha@devb"),
        ("overpaid", 1.65, "USD", "sokha@devb"),
        ("wrong-currency", 4000, "KHR", "sokha@devb"),
        ("wrong-account", 1.5, "USD", "other_merchant@sand"),
        ("wrong-schema", "1.5", "USD", "sokha@devb"),
    ],
)
async def test_what_was_paid_is_what_the_script_says(bakong, control, code, name, amount, currency, account):
    data = await found(bakong, control, code, name)
    assert (data["amount"], data["currency"], data["toAccountId"]) == (amount, currency, account)


async def test_a_wallets_payment_is_the_scripts_too(bakong, control, code):
    await control.put("/scenario", content="name: u\npayment:\n  - unpaid\n  - paid: {amount: -0.50}")
    await control.post("/payments", json={"qr": code.qr})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["data"]["amount"] == 1


async def test_a_code_paid_twice_moves_the_money_twice(bakong, control, code):
    await found(bakong, control, code, "paid-twice")
    await control.post("/clock/advance", json={"seconds": 3})
    accounts = (await control.get("/accounts")).json()
    assert [row["balances_minor"]["USD"] for row in accounts if row["account_id"] == "sokha@devb"] == [300]
    assert (await control.get(f"/payments/{code.md5}")).json()["times_paid"] == 2


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        (
            "settled-late",
            [
                (0, "RECEIVE_AT_ACH"),
                (1800, "RECEIVE_AT_RECEIVER_BANK"),
                (5400, "ACKNOWLEDGED_BY_FI"),
            ],
        ),
        ("refunded", [(0, "ACKNOWLEDGED_BY_FI"), (86_400, "REFUNDED_BY_RECEIVER")]),
    ],
)
async def test_the_check_by_hash_tells_where_the_money_is(bakong, control, code, name, moves):
    data = await found(bakong, control, code, name)
    for seconds, status in moves:
        await control.post("/clock/advance", json={"seconds": seconds})
        answer = await bakong.post("/v1/check_transaction_by_hash", json={"hash": data["hash"]})
        assert answer.json()["data"]["trackingStatus"] == status


async def test_a_skewed_clock_makes_payments_of_the_future(bakong, control, code):
    data = await found(bakong, control, code, "clock-skew")
    now_ms = (await control.get("/clock")).json()["now_ms"]
    assert data["createdDateMs"] == now_ms + 300_000
    answer = await bakong.post(CHECK, json={"md5": code.md5})
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000 == now_ms + 300_000


@pytest.mark.parametrize("seconds", [8, 12, 15, 30, 45, 60])
def test_each_hang_is_longer_than_the_time_out_that_it_is_for(seconds):
    (rule,) = LIBRARY.find(f"hang-{seconds}s").faults
    assert seconds * 1000 < rule.parameters["for"] <= (seconds + 2) * 1000


# The scripts that are told by how long they take, in a world whose time runs a hundred times as fast.


@pytest.fixture
async def hurried(control):
    async def use(name):
        assert (await control.put("/clock", json={"mode": "scaled", "rate": 100})).status_code == 200
        assert (await control.put("/scenario", json={"name": name})).status_code == 200

    return use


async def test_the_answers_of_dribble_come_in_pieces_twice_and_then_at_once(bakong, hurried, code):
    await hurried("dribble")
    await call(bakong, code, "deeplink")
    pieces = []
    for _ in range(3):
        async with bakong.stream("POST", CHECK, json={"md5": code.md5}) as answer:
            read = [piece async for piece in answer.aiter_raw()]
        assert orjson.loads(b"".join(read))["errorCode"] is None
        pieces.append(len(read))
    assert (pieces[0] > 2, pieces[1] > 2, pieces[2]) == (True, True, 1)


async def test_flaky_fails_one_call_of_five_and_the_same_ones_for_the_same_seed(bakong, hurried, control):
    async def run():
        await control.post("/reset")
        await hurried("flaky")
        seen = [await look(bakong, f"{number:032x}") for number in range(200)]
        journal = (await control.get("/journal")).json()["entries"]
        return seen, [entry["delay_ms"] for entry in journal]

    seen, delays = await run()
    assert (seen, delays) == await run()
    assert set(seen) == {"503-page", "broken", "unpaid"}
    assert set(delays) == {0, 2000}
    failing = sum(word != "unpaid" or delay > 0 for word, delay in zip(seen, delays, strict=True))
    assert 20 <= failing <= 60


async def test_of_slow_p99_half_of_the_answers_take_over_200_ms_and_few_take_seconds(bakong, hurried, control):
    await hurried("slow-p99")
    assert {await look(bakong, f"{number:032x}", 5) for number in range(150)} == {"unpaid"}
    delays = sorted(entry["delay_ms"] for entry in (await control.get("/journal")).json()["entries"])
    assert 150 < delays[75] < 270
    assert 3000 < delays[-1] < 60_000


async def test_a_call_may_ask_for_a_script_itself(bakong, code):
    headers = {"x-sandbox-scenario": "paid-at-once"}
    assert word_of(await bakong.post(CHECK, json={"md5": code.md5}, headers=headers)) == "paid"
    wrong = await bakong.post(CHECK, json={"md5": code.md5}, headers={"x-sandbox-scenario": "paid-at-onec"})
    assert wrong.status_code == 400
    assert "did you mean 'paid-at-once'" in wrong.json()["responseMessage"]


async def test_a_code_may_be_registered_with_its_script(bakong, control, code):
    await control.post("/qr", json={"qr": code.qr, "scenario": "flapping"})
    assert [await look(bakong, code.md5) for _ in range(4)] == ["paid", "unpaid", "unpaid", "paid"]
