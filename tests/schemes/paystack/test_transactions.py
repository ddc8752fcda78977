"""Transactions: what is asked, refused, verified, listed and charged again, in Paystack's own words."""

import pytest

from bakong_schemes.paystack import wire

# The keys of a verification and of what is in it, in the order of Paystack's documentation.
VERIFIED = (
    "id domain status reference receipt_number amount message gateway_response paid_at created_at channel currency "
    "ip_address metadata log fees fees_split authorization customer plan split order_id paidAt createdAt "
    "requested_amount pos_transaction_data source fees_breakdown connect transaction_date plan_object subaccount"
).split()
AUTHORIZED = (
    "authorization_code bin last4 exp_month exp_year channel card_type bank country_code brand reusable signature "
    "account_name"
).split()
CUSTOMER = ("id first_name last_name email customer_code phone metadata risk_action international_format_phone").split()
GOOD = {"email": "payer@shop.test", "amount": 50_000}
INITIALIZE = "/transaction/initialize"


async def test_an_initialised_transaction_is_abandoned_until_somebody_pays(shop):
    whole = await shop.whole("POST", INITIALIZE, GOOD | {"reference": "order-1"})
    assert whole["message"] == "Authorization URL created"
    assert list(whole["data"]) == ["authorization_url", "access_code", "reference"]
    code = whole["data"]["access_code"]
    assert whole["data"]["authorization_url"] == f"http://sandbox.test/paystack/pay/{code}"
    before = await shop.verify("order-1")
    assert (list(before), before["status"], before["authorization"]) == (VERIFIED, "abandoned", {})
    assert (before["paid_at"], before["fees"], before["log"], before["metadata"]) == (None, None, None, "")
    assert before["gateway_response"] == "The transaction was not completed"


async def test_what_was_paid_is_verified_as_the_documentation_shows_it(shop):
    await shop.begin()
    await shop.advance(38)
    await shop.pay("order-1")
    answer = await shop.whole("GET", "/transaction/verify/order-1")
    paid = answer["data"]
    assert answer["message"] == "Verification successful"
    assert (list(paid), list(paid["authorization"]), list(paid["customer"])) == (VERIFIED, AUTHORIZED, CUSTOMER)
    assert (paid["status"], paid["gateway_response"], paid["amount"], paid["requested_amount"]) == (
        *("success", "Successful", 50_000, 50_000),
    )
    assert (paid["created_at"], paid["paid_at"]) == ("2026-02-11T00:00:00.000Z", "2026-02-11T00:00:38.000Z")
    assert (paid["createdAt"], paid["paidAt"], paid["fees"]) == (paid["created_at"], paid["paid_at"], 750)
    assert (paid["authorization"]["card_type"], paid["authorization"]["last4"]) == ("visa ", "4081")
    assert paid["log"]["history"] == [
        {"type": "action", "message": "Attempted to pay with card", "time": 0},
        {"type": "success", "message": "Successfully paid with card", "time": 0},
    ]
    assert await shop.ok("GET", f"/transaction/{paid['id']}") == paid
    assert await shop.ok("GET", f"/transaction/timeline/{paid['id']}") == paid["log"]
    assert await shop.ok("GET", "/transaction/timeline/order-1") == paid["log"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"email": None}, "invalid_email_address", "Invalid Email Address Passed"),
        ({"email": "nobody"}, "invalid_email_address", "Invalid Email Address Passed"),
        ({"amount": None}, "invalid_amount", "Invalid Amount Sent"),
        ({"amount": 0}, "invalid_amount", "Invalid Amount Sent"),
        ({"amount": -5000}, "invalid_amount", "Invalid Amount Sent"),
        ({"amount": 4999}, "invalid_amount", "Invalid Amount Sent"),
        ({"amount": 10**14}, "invalid_amount", "Invalid Amount Sent"),
        ({"amount": 5000.5}, "invalid_params", '"amount" must be an integer'),
        ({"amount": "5000.50"}, "invalid_params", '"amount" must be an integer'),
        ({"amount": [1]}, "invalid_params", '"amount" must be an integer'),
        ({"currency": "KHR"}, "unsupported_currency", "Currency not supported by merchant"),
        ({"reference": "a b"}, "invalid_params", None),
        ({"channels": ["cash"]}, "invalid_params", None),
        ({"metadata": 5}, "invalid_params", None),
        ({"callback_url": "javascript:alert(1)"}, "invalid_params", None),
    ],
)
async def test_what_cannot_be_initialised_is_refused_in_paystacks_words(shop, change, code, message):
    status, refused, said = await shop.refused("POST", INITIALIZE, GOOD | {"reference": "r"} | change)
    assert (status, refused) == (400, code)
    assert message in (None, said)
    assert (await shop.whole("GET", "/transaction"))["meta"]["total"] == 0


@pytest.mark.parametrize("amount", [5000, 5000.0, "5000", "5000.00"])
async def test_a_whole_amount_is_taken_as_a_number_or_as_text(shop, amount):
    await shop.begin(amount)
    assert (await shop.verify("order-1"))["amount"] == 5000


async def test_a_reference_is_good_once_whatever_became_of_it(shop):
    await shop.begin()
    again = GOOD | {"reference": "order-1"}
    answer = await shop.ask("POST", INITIALIZE, again)
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "status": False,
            "message": "Duplicate Transaction Reference",
            "meta": {"nextStep": "Try and create the Transaction or Charge with a new reference"},
            "type": "validation_error",
            "code": "duplicate_reference",
        },
    )
    await shop.pay("order-1")
    assert (await shop.refused("POST", INITIALIZE, again))[1] == "duplicate_reference"


async def test_without_a_reference_one_is_made_and_an_underscore_is_warned_of(shop):
    made = [(await shop.ok("POST", INITIALIZE, GOOD))["reference"] for _ in range(3)]
    assert len(set(made)) == 3
    assert all(len(one) == 10 and one.islower() for one in made)
    odd = await shop.ask("POST", INITIALIZE, GOOD | {"reference": "order_1"})
    assert (odd.status_code, "alphanumeric" in odd.headers["x-sandbox-warning"]) == (200, True)


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ({"cart": 42, "deep": [{"n": 1.5, "yes": True}]}, {"cart": "42", "deep": [{"n": "1.5", "yes": True}]}),
        ('{"cart": 42, "n": 1.0}', {"cart": 42, "n": 1}),
        ("no json", "no json"),
        ({}, {}),
        (None, ""),
    ],
)
async def test_numbers_of_a_metadata_object_come_back_as_text_and_those_of_a_json_text_do_not(shop, sent, back):
    await shop.begin(metadata=sent)
    assert (await shop.verify("order-1"))["metadata"] == back


async def test_a_form_is_taken_as_json_is(shop):
    answer = await shop.ask("POST", INITIALIZE, data=GOOD | {"reference": "form", "metadata": '{"n": 1}'})
    assert answer.json()["data"]["reference"] == "form"
    assert (await shop.verify("form"))["metadata"] == {"n": 1}


@pytest.mark.parametrize("key", ["", "sk_test_wrong", "sk_live_something", "pk_test_sandbox"])
async def test_a_wrong_key_is_refused_and_a_live_one_warned_of(shop, key):
    answer = await shop.ask("POST", INITIALIZE, GOOD, key=key)
    error = answer.json()
    assert (answer.status_code, error["code"], error["type"]) == (401, "invalid_Key", "validation_error")
    assert error["meta"]["nextStep"] == "Ensure that you provide the correct authorization key for the request"
    assert error["message"] == "Invalid key" or ("never send one" in error["message"] and "live" in key)


async def test_keys_and_paths_choose_a_world(shop):
    assert (await shop.client.post("/sandbox/worlds", json={"name": "b"})).is_success
    made = await shop.ok("POST", INITIALIZE, GOOD | {"reference": "in-b"}, key="sk_test_b")
    assert "/w/b/paystack/pay/" in made["authorization_url"]
    assert (await shop.refused("GET", "/transaction/verify/in-b"))[1] == "transaction_not_found"
    headers = {"authorization": "Bearer sk_test_b"}
    below = await shop.client.get("/w/b/paystack/transaction/verify/in-b", headers=headers)
    assert below.json()["data"]["reference"] == "in-b"
    page = await shop.client.get(f"/paystack/pay/{made['access_code']}")
    assert "in-b" in page.text
    facts = (await shop.client.get("/sandbox/worlds/b/paystack")).json()
    assert (facts["secretKey"], facts["publicKey"]) == ("sk_test_b", "pk_test_b")
    assert facts["baseUrl"] == "http://sandbox.test/w/b/paystack"


async def test_at_the_real_hosts_names_everything_is_exactly_paystacks(shop):
    headers = {"authorization": "Bearer sk_test_sandbox", "host": "api.paystack.co"}
    made = await shop.client.post("/transaction/initialize", json=GOOD | {"reference": "h"}, headers=headers)
    url = made.json()["data"]["authorization_url"]
    assert url == f"https://checkout.paystack.com/{made.json()['data']['access_code']}"
    page = await shop.client.get(url.removeprefix("https://checkout.paystack.com"), headers={"host": wire.PAY_HOST})
    assert (page.status_code, "payer@shop.test" in page.text) == (200, True)


@pytest.mark.parametrize("status", [400, 404])
async def test_an_unknown_reference_is_refused_with_the_status_that_the_switch_has(shop, status):
    await shop.set(unknown_reference_status=status)
    expected = (status, "transaction_not_found", "Transaction reference not found.")
    assert await shop.refused("GET", "/transaction/verify/nobody") == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/transaction/99", (404, "transaction_not_found")),
        ("GET", "/transaction/timeline/99", (404, "transaction_not_found")),
        ("GET", "/refund/99", (404, "not_found")),
        ("GET", "/refund/x", (404, "not_found")),
        ("POST", "/transfer", (404, "not_found")),
        ("GET", "/nonsense", (404, "not_found")),
        ("DELETE", "/transaction", (404, "not_found")),
        ("GET", "/transaction?page=0", (400, "invalid_params")),
        ("GET", "/transaction?perPage=x", (400, "invalid_params")),
        ("GET", "/transaction?from=yesterday", (400, "invalid_params")),
    ],
)
async def test_what_is_not_there_is_refused(shop, method, path, expected):
    assert (await shop.refused(method, path))[:2] == expected


async def test_bodies_that_cannot_be_read_are_refused(shop):
    for body in (b"{", b"[1]", b'{"a":' * 30 + b"1" + b"}" * 30, b" " * 70_000 + b"{}"):
        answer = await shop.ask("POST", INITIALIZE, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_params")


async def test_lists_are_the_newest_first_in_pages_filtered_or_by_cursor(shop):
    for amount in (10_000, 20_000, 30_000, 40_000, 50_000):
        await shop.begin(amount)
        await shop.advance(60)
    await shop.pay("order-2")
    whole = await shop.whole("GET", "/transaction?perPage=2&page=2")
    assert [row["reference"] for row in whole["data"]] == ["order-3", "order-2"]
    counted = {"total": 5, "total_volume": 150_000, "skipped": 2}
    assert whole["meta"] == counted | {"perPage": 2, "page": 2, "pageCount": 3}

    async def names(query):
        return [row["reference"] for row in await shop.ok("GET", f"/transaction?{query}")]

    assert await names("per_page=1") == ["order-5"]
    assert await names("status=success") == ["order-2"]
    assert await names("amount=30000") == ["order-3"]
    assert await names("reference=order-4") == ["order-4"]
    assert await names("channel=bank") == []
    assert await names("from=2026-02-11T00:01:00.000Z&to=2026-02-11T00:02:00.000Z") == ["order-3", "order-2"]
    customer = (await shop.verify("order-1"))["customer"]
    assert (
        len(await names(f"customer={customer['id']}")) == len(await names(f"customer={customer['customer_code']}")) == 5
    )
    assert await names("customer=1") == []
    first = await shop.whole("GET", "/transaction?use_cursor=true&perPage=3")
    rest = await shop.whole("GET", f"/transaction?use_cursor=true&perPage=3&next={first['meta']['next']}")
    assert [row["reference"] for row in rest["data"]] == ["order-2", "order-1"]
    assert (rest["meta"]["next"], first["meta"]["previous"]) == (None, None)
    back = await shop.whole("GET", f"/transaction?use_cursor=true&perPage=3&previous={rest['meta']['previous']}")
    assert back["data"] == first["data"]
    await shop.set(per_page="text")
    assert (await shop.whole("GET", "/transaction"))["meta"]["perPage"] == "50"


async def test_totals_are_of_what_was_paid(shop):
    await shop.begin(7_000)
    await shop.paid(10_000)
    await shop.paid(20_000)
    await shop.paid(300, currency="KES")
    totals = await shop.ok("GET", "/transaction/totals")
    assert (totals["total_transactions"], totals["total_volume"]) == (3, 30_300)
    assert totals["total_volume_by_currency"] == [
        {"currency": "NGN", "amount": 30_000},
        {"currency": "KES", "amount": 300},
    ]
    balances = {row["currency"]: row["balance"] for row in await shop.ok("GET", "/balance")}
    assert balances["NGN"] == shop.balance()


# Cards that are charged again


CHARGE = "/transaction/charge_authorization"


async def code_of(shop, reference):
    return (await shop.verify(reference))["authorization"]["authorization_code"]


async def test_a_card_is_charged_again_under_the_same_email_alone(shop):
    code = await code_of(shop, await shop.paid())
    body = {"email": "PAYER@shop.test", "amount": 70_000, "authorization_code": code, "reference": "again-1"}
    whole = await shop.whole("POST", CHARGE, body)
    assert whole["message"] == "Charge attempted"
    assert (whole["data"]["status"], whole["data"]["gateway_response"]) == ("success", "Approved")
    assert whole["data"]["authorization"]["authorization_code"] == code
    for change, message in (
        ({"email": "other@shop.test"}, wire.OTHER_AUTHORIZATION),
        ({"authorization_code": "AUTH_nothing"}, "Authorization code is invalid"),
    ):
        refused = await shop.refused("POST", CHARGE, body | {"reference": "again-2"} | change)
        assert refused == (400, "invalid_params", message)
    await shop.ok("POST", CHARGE, body | {"reference": "again-2"})  # no refusal has used it up
    assert (await shop.refused("POST", CHARGE, body))[1] == "duplicate_reference"


async def test_a_deactivated_card_is_refused_though_verify_still_calls_it_reusable(shop):
    reference = await shop.paid()
    code = await code_of(shop, reference)
    await shop.whole("POST", "/customer/deactivate_authorization", {"authorization_code": code})
    body = {"email": "payer@shop.test", "amount": 70_000, "authorization_code": code}
    assert (await shop.refused("POST", CHARGE, body))[2] == wire.OTHER_AUTHORIZATION
    assert (await shop.verify(reference))["authorization"]["reusable"] is True


async def test_a_declined_charge_is_a_call_that_went_well(shop):
    code = await code_of(shop, await shop.paid())
    body = {"email": "payer@shop.test", "amount": 70_091, "authorization_code": code, "reference": "no"}
    answer = await shop.ask("POST", CHARGE, body)
    assert (answer.status_code, answer.json()["status"], answer.json()["data"]["status"]) == (200, True, "failed")
    assert (await shop.verify("no"))["gateway_response"] == "Declined"


async def test_a_card_has_one_signature_for_all_and_a_code_for_each_customer(shop):
    first = await shop.paid()
    other = await shop.paid(email="other@shop.test")
    again = await shop.paid()
    cards = [(await shop.verify(reference))["authorization"] for reference in (first, other, again)]
    assert len({card["signature"] for card in cards}) == 1
    assert cards[0]["authorization_code"] == cards[2]["authorization_code"] != cards[1]["authorization_code"]
    await shop.set(new_authorization=True)
    assert await code_of(shop, await shop.paid()) != cards[0]["authorization_code"]


async def test_mobile_money_is_not_charged_again(shop):
    reference = await shop.paid(currency="GHS", card="055 123 4987")
    shown = await shop.verify(reference)
    card = shown["authorization"]
    assert (shown["channel"], card["reusable"], card["signature"]) == ("mobile_money", False, None)
    body = {"email": "payer@shop.test", "amount": 100, "currency": "GHS"}
    refused = await shop.refused("POST", CHARGE, body | {"authorization_code": card["authorization_code"]})
    assert refused[2] == wire.OTHER_AUTHORIZATION
