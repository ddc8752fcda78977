"""The Open API over HTTP, row by row of what is known of the real one."""

import httpx
import pytest

from bakong_schemes.bakong.wire import ENDPOINTS, TRANSACTION_KEYS

NOT_FOUND = {
    "responseCode": 1,
    "responseMessage": "Transaction could not be found. Please check and try again.",
    "errorCode": 1,
    "data": None,
}
UNAUTHORIZED = {
    "responseCode": 1,
    "responseMessage": "Unauthorized, not yet requested for token or code invalid",
    "errorCode": 6,
    "data": None,
}
CHECK = "/v1/check_transaction_by_md5"


async def test_an_unpaid_code_is_not_found_with_status_200(bakong, code):
    answer = await bakong.post(CHECK, json={"md5": code.md5})
    assert (answer.status_code, answer.json()) == (200, NOT_FOUND)
    assert list(answer.json()) == ["responseCode", "responseMessage", "errorCode", "data"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_paid_code_answers_with_the_13_keys_in_their_order(bakong, control, code):
    await control.post("/payments", json={"qr": code.qr})
    answer = (await bakong.post(CHECK, json={"md5": code.md5.upper()})).json()
    data = answer.pop("data")
    assert answer == {"responseCode": 0, "responseMessage": "Success", "errorCode": None}
    assert tuple(data) == TRANSACTION_KEYS
    assert (data["amount"], data["currency"], data["toAccountId"]) == (1.5, "USD", "sokha@devb")
    assert len(data["hash"]) == 64
    assert data["createdDateMs"] % 1000 == 0


async def test_a_failed_payment_is_code_3_without_data(bakong, control, code):
    await control.post("/payments", json={"qr": code.qr, "outcome": "failed"})
    answer = await bakong.post(CHECK, json={"md5": code.md5})
    assert answer.json() == {
        "responseCode": 1,
        "responseMessage": "Transaction failed.",
        "errorCode": 3,
        "data": None,
    }


async def test_a_code_paid_twice_shows_one_transaction_and_moves_the_money_twice(bakong, control, code):
    first = (await control.post("/payments", json={"qr": code.qr})).json()
    await control.post("/payments", json={"md5": code.md5})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json()["data"]["hash"] == first["hash"]
    accounts = {row["account_id"]: row["balances_minor"] for row in (await control.get("/accounts")).json()}
    assert accounts["sokha@devb"] == {"KHR": 0, "USD": 300}
    assert sum(balances.get("USD", 0) for balances in accounts.values()) == 0


@pytest.mark.parametrize("token", ["x", "nonsense", "Ünicode"])
async def test_a_wrong_token_is_401_with_code_6(stack, token, code):
    headers = {"authorization": f"Bearer {token}".encode()}
    async with httpx.AsyncClient(base_url=stack.bakong_url, trust_env=False) as client:
        answer = await client.post(CHECK, json={"md5": code.md5}, headers=headers)
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
        answer = await client.post(CHECK, json={"md5": code.md5}, params={"token": stack.token})
        assert answer.status_code == 401


async def test_a_token_expires_after_90_days_and_can_be_renewed(stack, bakong, control, code):
    token = (await control.post("/tokens", json={})).json()["token"]
    bakong.headers["authorization"] = f"Bearer {token}"
    await control.post("/clock/advance", json={"seconds": 90 * 86_400 - 1})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).status_code == 200
    await control.post("/clock/advance", json={"seconds": 1})
    assert (await bakong.post(CHECK, json={"md5": code.md5})).status_code == 401
    renewed = (await bakong.post("/v1/renew_token", json={"email": "developer@sandbox.test"})).json()
    assert (renewed["responseMessage"], len(renewed["data"]["token"])) == ("Token has been issued", 172)
    bakong.headers["authorization"] = f"Bearer {renewed['data']['token']}"
    assert (await bakong.post(CHECK, json={"md5": code.md5})).json() == NOT_FOUND


async def test_an_unknown_email_is_not_registered_yet(bakong):
    answer = await bakong.post("/v1/renew_token", json={"email": "nobody@example.com"})
    assert (answer.status_code, answer.json()["errorCode"], answer.json()["responseMessage"]) == (
        200,
        10,
        "Not registered yet",
    )


async def test_deep_links_differ_each_time_and_need_no_token(bakong, code):
    del bakong.headers["authorization"]
    links = [
        (await bakong.post("/v1/generate_deeplink_by_qr", json={"qr": code.qr})).json()["data"]["shortLink"]
        for _ in range(2)
    ]
    assert links[0] != links[1]
    assert all(link.startswith("https://bakong.page.link/") and len(link) == 25 + 17 for link in links)


@pytest.mark.parametrize(
    "source", [{}, {"appName": "a"}, "text", {"appIconUrl": "", "appName": "a", "appDeepLinkCallback": "b"}]
)
async def test_an_incomplete_source_info_is_code_5_with_status_200(bakong, code, source):
    answer = await bakong.post("/v1/generate_deeplink_by_qr", json={"qr": code.qr, "sourceInfo": source})
    assert (answer.status_code, answer.json()["errorCode"]) == (200, 5)


async def test_a_code_that_no_wallet_reads_gives_no_deep_link(bakong):
    answer = await bakong.post("/v1/generate_deeplink_by_qr", json={"qr": "no code"})
    assert (answer.status_code, answer.json()["errorCode"]) == (200, 4)


@pytest.mark.parametrize(
    ("account", "code", "message"),
    [
        ("sandbox_merchant@sand", None, "Account ID exists"),
        ("nobody@devb", 11, "Account ID not found"),
        ("nobody", 12, "Account ID is invalid"),
        ("a@b@c", 12, "Account ID is invalid"),
    ],
)
async def test_an_account_exists_or_not(bakong, account, code, message):
    answer = (await bakong.post("/v1/check_bakong_account", json={"accountId": account})).json()
    assert (answer["errorCode"], answer["responseMessage"], answer["data"]) == (code, message, None)


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"md5": 5}',
    b'{"md5": ""}',
    b'{"md5": null}',
    b'{"md5": ["a"]}',
    b"\xff\xfe",
    b'{"md5": "' + b"a" * 256 + b'"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_a_wrong_body_is_answered_in_nbcs_own_form(bakong, endpoint, body):
    answer = await bakong.post(endpoint.path, content=body)
    assert answer.status_code in (400, 413)
    assert answer.json()["errorCode"] == 5


async def test_a_body_of_a_megabyte_is_refused_in_nbcs_own_form(bakong):
    answer = await bakong.post(CHECK, content=b'{"md5": "' + b"a" * 1_000_000 + b'"}')
    assert (answer.status_code, answer.json()["errorCode"]) == (413, 5)


async def test_unknown_fields_are_ignored(bakong, code):
    assert (await bakong.post(CHECK, json={"md5": code.md5, "more": 1})).json() == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", CHECK, 405), ("PUT", CHECK, 405), ("POST", "/v1/nothing", 404), ("POST", "/w/nowhere" + CHECK, 404)],
)
async def test_a_wrong_path_or_method_is_answered_in_nbcs_own_form(bakong, method, path, status):
    answer = await bakong.request(method, path)
    assert answer.status_code == status
    assert list(answer.json()) == ["responseCode", "responseMessage", "errorCode", "data"]
