"""Every promised row of the Open API: each endpoint's success, and each of its refusals, word for word."""

import pytest

from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import ENDPOINTS, TRANSACTION_KEYS
from bakong_schemes.bakong.wire.endpoints import CHECK_ACCOUNT
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS
from tests.simulator.covering import holds

BEARER = [endpoint for endpoint in ENDPOINTS if endpoint.auth == "bearer"]
KEYS = ["responseCode", "responseMessage", "errorCode", "data"]


def envelope(number, message):
    return {"responseCode": 1, "responseMessage": message, "errorCode": number, "data": None}


async def refused(answer, status, number, message):
    assert (answer.status_code, answer.json()) == (status, envelope(number, message))
    assert list(answer.json()) == KEYS


async def found(answer):
    shown = answer.json()
    assert (answer.status_code, list(shown)) == (200, KEYS)
    assert (shown["responseCode"], shown["responseMessage"], shown["errorCode"]) == (0, "Success", None)
    assert tuple(shown["data"]) == TRANSACTION_KEYS
    return shown["data"]


@pytest.fixture
async def paid(hand, code):
    """The transaction of a code that was paid, as the control API shows it."""
    return (await hand.post("/payments", json={"qr": code.qr})).json()


@pytest.fixture
async def failed(hand, code):
    return (await hand.post("/payments", json={"qr": code.qr, "outcome": "failed"})).json()


@pytest.fixture
def static():
    return encode(Individual(bakong_account_id="sokha@devb", merchant_name="Sokha", currency=Currency.USD), now=NOW_MS)


def asked(endpoint, transaction):
    """A right body for a check of this transaction."""
    return {
        "check_transaction_by_md5": {"md5": transaction["md5"]},
        "check_transaction_by_hash": {"hash": transaction["hash"]},
        "check_transaction_by_short_hash": {
            "hash": transaction["hash"][:8],
            "amount": transaction["amount"],
            "currency": transaction["currency"],
        },
        "check_transaction_by_instruction_ref": {"instructionRef": transaction["instructionRef"]},
        "check_transaction_by_external_ref": {"externalRef": transaction["externalRef"]},
        "check_transaction_by_md5_list": [transaction["md5"]],
        "check_transaction_by_hash_list": [transaction["hash"]],
    }[endpoint]


# Transactions

CHECKS = [endpoint.name for endpoint in BEARER if endpoint.body == "object"]
NOBODYS = {
    "md5": "0" * 32,
    "hash": "0" * 64,
    "amount": 1.5,
    "currency": "USD",
    "instructionRef": "SB00000000000000",
    "externalRef": "100FT00000000000",
}


@holds(*(f"{name} success" for name in CHECKS))
@pytest.mark.parametrize("name", CHECKS)
async def test_a_paid_transaction_is_found_in_every_way(api, paid, name):
    data = await found(await api.post(name, json=asked(name, paid)))
    assert data["hash"] == paid["hash"]
    tracked = name not in ("check_transaction_by_md5", "check_transaction_by_short_hash")
    assert (data["trackingStatus"], data["receiverBank"] is not None) == (
        ("ACKNOWLEDGED_BY_FI", True) if tracked else (None, False)
    )
    assert data["externalRef"].startswith("100FT")
    assert 1000 <= data["acknowledgedDateMs"] - data["createdDateMs"] <= 3000


@holds(*(f"{name} not found" for name in CHECKS))
@pytest.mark.parametrize("name", CHECKS)
async def test_what_nobody_paid_is_code_1(api, name):
    body = asked(name, NOBODYS)
    message = "Transaction could not be found. Please check and try again."
    await refused(await api.post(name, json=body), 200, 1, message)


@holds(*(f"{name} failed" for name in CHECKS))
@pytest.mark.parametrize("name", CHECKS)
async def test_a_failed_transaction_is_code_3(api, failed, name):
    await refused(await api.post(name, json=asked(name, failed)), 200, 3, "Transaction failed.")


@holds(*(f"{endpoint.name} unauthorized" for endpoint in BEARER))
@pytest.mark.parametrize("endpoint", BEARER, ids=lambda endpoint: endpoint.name)
@pytest.mark.parametrize("token", ["", "Bearer", "bearer {}", "Basic {}", "Bearer {}x"])
async def test_without_a_good_token_a_check_is_401_with_code_6(outside, world, paid, endpoint, token):
    headers = {"authorization": token.format(world.state(BAKONG).registrations.issue())}
    answer = await outside.post(endpoint.path, json=asked(endpoint.name, paid), headers=headers)
    await refused(answer, 401, 6, "Unauthorized, not yet requested for token or code invalid")


@holds(*(f"{endpoint.name} daily quota" for endpoint in BEARER))
@pytest.mark.parametrize("endpoint", BEARER, ids=lambda endpoint: endpoint.name)
async def test_past_the_days_quota_a_check_is_code_17_with_status_200(api, hand, paid, endpoint):
    await hand.patch("", json={"limits": {"quota": 2}})
    body = asked(endpoint.name, paid)
    answers = [await api.post(endpoint.name, json=body) for _ in range(3)]
    assert [answer.json()["errorCode"] for answer in answers] == [None, None, 17]
    await refused(answers[2], 200, 17, "Daily request limit of 100 exceeded. Please try again tomorrow.")


WRONG_BODIES = [
    ("check_transaction_by_md5", '"{md5}"'),
    ("check_transaction_by_md5", '{"short_hash": "12345678"}'),
    ("check_transaction_by_hash", '"{hash}"'),
    ("check_transaction_by_hash", '{"hash": 5}'),
    ("check_transaction_by_short_hash", '{"short_hash": "12345678", "amount": 1.5, "currency": "USD"}'),
    ("check_transaction_by_short_hash", '{"hash": "1234567", "amount": 1.5, "currency": "USD"}'),
    ("check_transaction_by_short_hash", '{"hash": "12345678", "amount": "1.5", "currency": "USD"}'),
    ("check_transaction_by_short_hash", '{"hash": "12345678", "amount": true, "currency": "USD"}'),
    ("check_transaction_by_short_hash", '{"hash": "12345678", "amount": 1.5, "currency": "EUR"}'),
    ("check_transaction_by_instruction_ref", '{"instruction_ref": "x"}'),
    ("check_transaction_by_external_ref", '{"externalRef": ""}'),
    ("check_transaction_by_md5_list", '{"md5List": ["a"]}'),
    ("check_transaction_by_md5_list", "[]"),
    ("check_transaction_by_md5_list", "[5]"),
    ("check_transaction_by_md5_list", "[" + ",".join(['"a"'] * 51) + "]"),
    ("check_transaction_by_hash_list", '{"hashes": ["a"]}'),
    ("check_transaction_by_hash_list", '"a"'),
    ("request_token", '{"email": "a@b.test"}'),
    ("request_token", '{"email": "' + "a" * 31 + '", "organization": "o", "project": "p"}'),
    ("request_token", '{"email": "a@b.test", "organization": "' + "o" * 101 + '", "project": "p"}'),
    ("verify", '{"code": "too short"}'),
    ("renew_token", '{"mail": "a@b.test"}'),
    ("generate_deeplink_by_qr", '{"qrCode": "x"}'),
    ("check_bakong_account", '{"account": "a@b"}'),
]


@holds(*(f"{endpoint.name} missing fields" for endpoint in ENDPOINTS))
@pytest.mark.parametrize(("name", "body"), WRONG_BODIES, ids=range(len(WRONG_BODIES)))
async def test_a_body_of_a_wrong_shape_is_code_5_with_status_400(api, name, body):
    await refused(await api.post(name, content=body), 400, 5, "Missing required fields.")


def test_every_endpoint_has_a_wrong_body():
    assert {name for name, _ in WRONG_BODIES} == {endpoint.name for endpoint in ENDPOINTS}


# Lists


@holds("check_transaction_by_md5_list success")
async def test_a_list_of_md5_answers_in_the_order_asked_with_a_status_for_each(api, hand, code, paid, static):
    other = encode(
        Individual(
            bakong_account_id="b@devb",
            merchant_name="B",
            currency=Currency.KHR,
            amount="5000",
            expiration_timestamp=NOW_MS + 1,
        ),
        now=NOW_MS,
    )
    await hand.post("/payments", json={"qr": other.qr, "outcome": "failed"})
    await hand.post("/payments", json={"qr": static.qr, "amount": "2"})
    shown = (await api.post("check_transaction_by_md5_list", json=[static.md5, "0", code.md5, other.md5])).json()
    assert (list(shown), shown["responseMessage"]) == (KEYS, "Getting transaction data successfully.")
    assert [(row["md5"], row["status"]) for row in shown["data"]] == [
        (static.md5, "STATIC_QR"),
        ("0", "NOT_FOUND"),
        (code.md5, "SUCCESS"),
        (other.md5, "FAILED"),
    ]
    assert [row["data"] and row["data"]["hash"] for row in shown["data"]] == [None, None, paid["hash"], None]
    assert list(shown["data"][0]) == ["md5", "status", "message", "data"]


@holds("check_transaction_by_hash_list success")
async def test_a_list_of_hashes_answers_alike(api, paid):
    body = ["0" * 64, paid["hash"], paid["hash"].upper()]
    shown = (await api.post("check_transaction_by_hash_list", json=body)).json()
    assert [(row["hash"], row["status"]) for row in shown["data"]] == [
        (body[0], "NOT_FOUND"),
        (body[1], "SUCCESS"),
        (body[2], "SUCCESS"),
    ]
    assert tuple(shown["data"][1]["data"]) == TRANSACTION_KEYS


async def test_fifty_are_a_list_and_answer_at_once(api):
    shown = (await api.post("check_transaction_by_md5_list", json=[str(number) for number in range(50)])).json()
    assert len(shown["data"]) == 50


@pytest.mark.parametrize("change", [{"amount": 1.51}, {"currency": "KHR"}, {"hash": "00000000"}])
async def test_a_short_hash_must_match_with_amount_and_currency(api, paid, change):
    body = asked("check_transaction_by_short_hash", paid) | change
    assert (await api.post("check_transaction_by_short_hash", json=body)).json()["errorCode"] == 1


@holds("check_transaction_by_md5 static QR")
@pytest.mark.parametrize(("profile", "number"), [("current", 1), ("sit", 1), ("prod", 1), ("doc-1.0.2", 2)])
async def test_a_static_code_is_not_for_the_md5_check(api, hand, static, profile, number):
    await hand.patch("", json={"profile": profile})
    transaction = (await hand.post("/payments", json={"qr": static.qr, "amount": "2.50"})).json()
    answer = await api.post("check_transaction_by_md5", json={"md5": static.md5})
    assert (answer.status_code, answer.json()["errorCode"]) == (200, number)
    assert (await api.post("check_transaction_by_hash", json={"hash": transaction["hash"]})).json()["errorCode"] is None


# Registration


@holds("request_token success", "verify success", "renew_token success", "request_token email registered")
async def test_a_registration_is_mailed_verified_and_renewed(outside, hand, world):
    body = {"email": "new@shop.test", "organization": "Shop", "project": "Tests"}
    answer = (await outside.post("/v1/request_token", json=body)).json()
    assert (answer["responseCode"], answer["responseMessage"], answer["data"]) == (0, "Email has been sent", None)
    mail = (await hand.get("")).json()["outbox"][-1]
    assert (mail["to"], len(mail["code"])) == ("new@shop.test", 20)
    answer = (await outside.post("/v1/verify", json={"code": mail["code"]})).json()
    assert (answer["responseMessage"], len(answer["data"]["token"])) == ("Token has been issued", 172)
    assert world.state(BAKONG).registrations.admits(answer["data"]["token"])
    assert (await hand.get("")).json()["outbox"][-1]["token"] == answer["data"]["token"]
    await refused(await outside.post("/v1/request_token", json=body), 200, 8, "Email has been registered already.")
    renewed = (await outside.post("/v1/renew_token", json={"email": "new@shop.test"})).json()
    assert world.state(BAKONG).registrations.admits(renewed["data"]["token"])
    assert world.state(BAKONG).registrations.admits(answer["data"]["token"])


@holds("verify unauthorized")
async def test_a_code_is_good_once(outside, world):
    code = world.state(BAKONG).registrations.request("new@shop.test")
    assert (await outside.post("/v1/verify", json={"code": code})).status_code == 200
    answer = await outside.post("/v1/verify", json={"code": code})
    await refused(answer, 401, 6, "Unauthorized, not yet requested for token or code invalid")


@holds("request_token email server down")
async def test_no_mail_leaves_while_the_mail_server_is_down(outside, hand):
    await hand.patch("", json={"limits": {"mail_down": True}})
    body = {"email": "new@shop.test", "organization": "Shop", "project": "Tests"}
    await refused(await outside.post("/v1/request_token", json=body), 200, 7, "Email server has been down.")


@holds("renew_token not registered")
async def test_nobody_unknown_renews_a_token(outside):
    answer = await outside.post("/v1/renew_token", json={"email": "nobody@shop.test"})
    await refused(answer, 200, 10, "Not registered yet")


# Deep links and accounts


@holds("generate_deeplink_by_qr success")
@pytest.mark.parametrize(("profile", "host"), [("current", "bakong.page.link"), ("sit", "bakongsit.page.link")])
async def test_a_deep_link_leads_to_the_profiles_host(outside, hand, code, profile, host):
    await hand.patch("", json={"profile": profile})
    shown = (await outside.post("/v1/generate_deeplink_by_qr", json={"qr": code.qr})).json()
    assert shown["responseMessage"] == "Getting deep link successfully"
    assert shown["data"]["shortLink"].rpartition("/")[0] == f"https://{host}"


@holds("generate_deeplink_by_qr incomplete sourceInfo")
async def test_half_a_source_info_is_code_5_with_status_200(outside, code):
    body = {"qr": code.qr, "sourceInfo": {"appName": "a"}}
    await refused(await outside.post("/v1/generate_deeplink_by_qr", json=body), 200, 5, "Missing required fields.")


@holds("generate_deeplink_by_qr provider down")
async def test_what_no_wallet_reads_gives_no_link(outside):
    answer = await outside.post("/v1/generate_deeplink_by_qr", json={"qr": "no code"})
    await refused(answer, 200, 4, "Error occurred on requesting deeplink from provider.")


@holds("check_bakong_account success")
@pytest.mark.parametrize("name", [CHECK_ACCOUNT.name, *CHECK_ACCOUNT.aliases])
async def test_an_account_exists_by_each_of_the_checks_names(outside, name):
    answer = await outside.post(f"/v1/{name}", json={"accountId": "sandbox_merchant@sand"})
    assert answer.json() == {
        "responseCode": 0,
        "responseMessage": "Account ID exists",
        "errorCode": None,
        "data": None,
    }


@holds("check_bakong_account account not found")
async def test_an_account_that_nobody_opened_is_code_11(outside):
    answer = await outside.post("/v1/check_bakong_account", json={"accountId": "nobody@devb"})
    await refused(answer, 200, 11, "Account ID not found")


@holds("check_bakong_account account invalid")
async def test_an_account_without_a_bank_is_code_12(outside):
    answer = await outside.post("/v1/check_bakong_account", json={"accountId": "nobody"})
    await refused(answer, 200, 12, "Account ID is invalid")


# Profiles


@pytest.mark.parametrize(
    ("profile", "message"),
    [("current", "Success"), ("sit", "Success"), ("doc-1.0.2", "Getting transaction successfully.")],
)
async def test_the_document_of_2021_says_more_words_on_success(api, hand, paid, profile, message):
    await hand.patch("", json={"profile": profile})
    shown = (await api.post("check_transaction_by_md5", json={"md5": paid["md5"]})).json()
    assert shown["responseMessage"] == message


async def test_the_document_of_2021_wants_a_token_for_the_account_check(outside, api, hand):
    await hand.patch("", json={"profile": "doc-1.0.2"})
    body = {"accountId": "sandbox_merchant@sand"}
    assert (await outside.post("/v1/check_bakong_account", json=body)).status_code == 401
    assert (await api.post("check_bakong_account", json=body)).status_code == 200


# Before any endpoint


@holds("edge md5 list on production")
async def test_on_production_the_md5_list_is_nginxs_page_for_anybody(api, hand, paid):
    await hand.patch("", json={"profile": "prod"})
    answer = await api.post("check_transaction_by_md5_list", json=[paid["md5"]])
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html")
    assert b"<center>nginx</center>" in answer.content
    assert (await api.post("check_transaction_by_hash_list", json=[paid["hash"]])).status_code == 200


@holds("edge unknown path", "edge wrong method")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "nothing", 404), ("GET", "check_transaction_by_md5", 405), ("POST", "check_transaction_by_md5/x", 404)],
)
async def test_a_wrong_path_or_method_has_nbcs_envelope(api, method, path, status):
    await refused(await api.request(method, path), status, 5, "Missing required fields.")


@holds("edge body too large")
async def test_a_body_past_64_kb_has_nbcs_envelope(api):
    answer = await api.post("check_transaction_by_md5", content=b'{"md5": "' + b"a" * 70_000 + b'"}')
    await refused(answer, 413, 5, "Missing required fields.")


@holds("edge from abroad")
@pytest.mark.parametrize(
    ("limits", "blocked"),
    [
        ({"geo_block": True}, True),
        ({"cambodia": ["36.37.0.0/16"]}, True),
        ({"cambodia": ["127.0.0.0/8"]}, False),
        ({"cambodia": []}, False),
    ],
)
async def test_from_abroad_everything_is_cloudfronts_page(api, hand, paid, limits, blocked):
    await hand.patch("", json={"limits": limits})
    answer = await api.post("check_transaction_by_md5", json={"md5": paid["md5"]})
    assert (answer.status_code, answer.content.startswith(b"<!DOCTYPE HTML")) == (
        (403, True) if blocked else (200, False)
    )


async def test_a_client_may_say_from_where_it_asks(api, hand, paid):
    await hand.patch("", json={"limits": {"cambodia": ["36.37.0.0/16"]}})
    body = {"md5": paid["md5"]}
    for address, status in [("36.37.1.2", 200), ("8.8.8.8", 403), ("nonsense", 403), ("36.37.1.2, 8.8.8.8", 200)]:
        answer = await api.post("check_transaction_by_md5", json=body, headers={"x-forwarded-for": address})
        assert answer.status_code == status


@holds("edge too many requests")
async def test_too_many_calls_in_a_minute_are_429_until_the_first_is_a_minute_old(api, hand):
    await hand.patch("", json={"limits": {"calls_per_minute": 2}})

    async def status():
        return (await api.post("check_transaction_by_md5", json={"md5": "0"})).status_code

    assert [await status() for _ in range(3)] == [200, 200, 429]
    await hand.post("/clock/advance", json={"seconds": 59.999})
    assert await status() == 429
    await hand.post("/clock/advance", json={"seconds": 0.001})
    assert [await status() for _ in range(3)] == [200, 200, 429]


@holds("edge cannot connect")
async def test_bakong_may_say_that_it_cannot_connect(api, hand):
    await hand.put("/scenario", json={"name": "error"})
    answer = await api.post("check_transaction_by_md5", json={"md5": "0"})
    await refused(answer, 500, 9, "Cannot connect to server. Please try again later.")
