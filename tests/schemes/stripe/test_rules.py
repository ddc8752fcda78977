"""What holds for every call: keys, errors, forms, lists, expansion, metadata, idempotency, limits, money, switches."""

import contextlib
import itertools

import httpx
import pytest
import stripe
import stripe.params
from hypothesis import given
from hypothesis import strategies as st

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import lists
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.money import amount_of, units
from bakong_schemes.stripe.fake.operations import OPERATIONS, route
from bakong_schemes.stripe.fake.parameters import PARAMETERS
from bakong_schemes.stripe.fake.requests import form
from bakong_schemes.stripe.words import CURRENCIES, WORDS
from bakong_schemes.stripe.words import OPERATIONS as NAMES

DAY_S = 86_400
CREATE = {"amount": "2000", "currency": "usd"}

# Keys


async def test_a_key_finds_its_account_by_bearer_or_basic(shop):
    assert (await shop.http.get("/stripe/v1/balance", auth=("sk_test_sandbox", ""))).status_code == 200
    assert (await shop.raw("GET", "/balance", key="rk_test_sandbox")).status_code == 200
    none = await shop.http.get("/stripe/v1/balance")
    assert (none.status_code, none.json()["error"]["message"][:33]) == (401, "You did not provide an API key. Y")


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        ("sk_test_wrong1234", 401, "Invalid API Key provided: sk_test_*****1234"),
        ("sk_live_secret9999", 401, "Never send one"),
        ("pk_test_sandbox", 403, "cannot be made with a publishable API key"),
        ("nonsense", 401, "Invalid API Key provided: non*ense"),
    ],
)
async def test_a_wrong_key_is_refused(shop, key, status, said):
    answer = await shop.refused("GET", "/balance", key=key)
    assert (answer[0], answer[1], said in answer[4]) == (status, "invalid_request_error", True), answer


async def test_errors_are_the_clients_exceptions(shop):
    with pytest.raises(stripe.AuthenticationError):
        await shop.client("sk_test_wrong").balance.retrieve_async()
    with pytest.raises(stripe.PermissionError):
        await shop.client("pk_test_sandbox").balance.retrieve_async()
    for status, kind in (
        (429, stripe.RateLimitError),
        (500, stripe.APIError),
        (424, stripe.APIError),
        (409, stripe.APIError),
    ):
        await shop.control("POST", "/stripe/next", {"status": status})
        with pytest.raises(kind) as raised:
            await shop.sdk.balance.retrieve_async()
        assert raised.value.http_status == status
    assert (await shop.sdk.balance.retrieve_async()).object == "balance"


async def test_the_publishable_key_confirms_with_the_clients_secret(shop):
    intent = await shop.intent(card=None, confirm=False)
    page = shop.client("pk_test_sandbox").payment_intents
    with pytest.raises(stripe.InvalidRequestError, match="client_secret"):
        await page.retrieve_async(intent.id)
    shown = await page.retrieve_async(intent.id, {"client_secret": intent.client_secret})
    assert shown.id == intent.id


# Errors, literally

MADE, CARDS = "/payment_intents", "/payment_methods"
NUMBER = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "1", "card[exp_year]": "2030"}
TABLE = [
    ("GET", "/payment_intents/pi_x", {}, (404, "resource_missing", "intent", "No such payment_intent: 'pi_x'")),
    ("GET", "/charges/ch_x", {}, (404, "resource_missing", "id", "No such charge: 'ch_x'")),
    ("GET", "/customers/cus_x", {}, (404, "resource_missing", "id", "No such customer: 'cus_x'")),
    ("GET", "/refunds/re_x", {}, (404, "resource_missing", "id", "No such refund: 're_x'")),
    ("GET", "/events/evt_x", {}, (404, "resource_missing", "id", "No such event: 'evt_x'")),
    ("GET", "/payment_methods/pm_x", {}, (404, "resource_missing", "id", "No such PaymentMethod: 'pm_x'")),
    ("GET", "/checkout/sessions/cs_x", {}, (404, "resource_missing", "id", "No such checkout.session: 'cs_x'")),
    ("GET", "/x", {}, (404, None, None, "Unrecognized request URL (GET: /v1/x).")),
    ("PUT", "/refunds", {}, (404, None, None, "Unrecognized request URL (PUT: /v1/refunds).")),
    ("POST", MADE, {"currency": "usd"}, (400, "parameter_missing", "amount", "Missing required param: amount.")),
    ("POST", MADE, {"amount": "5"}, (400, "parameter_missing", "currency", "Missing required param: currency.")),
    ("POST", MADE, {**CREATE, "x": "1"}, (400, "parameter_unknown", "x", "Received unknown parameter: x")),
    (
        *("POST", MADE, {**CREATE, "automatic_payment_methods[x]": "1"}),
        (
            400,
            "parameter_unknown",
            "automatic_payment_methods[x]",
            "Received unknown parameter: automatic_payment_methods[x]",
        ),
    ),
    ("POST", MADE, {**CREATE, "amount": "abc"}, (400, "parameter_invalid_integer", "amount", "Invalid integer: abc")),
    (
        "POST",
        MADE,
        {**CREATE, "amount": "49"},
        (400, "amount_too_small", "amount", "Amount must be at least $0.50 usd"),
    ),
    (
        "POST",
        MADE,
        {**CREATE, "amount": "100000000"},
        (400, "amount_too_large", "amount", "Amount must be no more than"),
    ),
    ("POST", MADE, {**CREATE, "amount": "-1"}, (400, "parameter_invalid_integer", "amount", "This value must be")),
    (
        "POST",
        MADE,
        {**CREATE, "currency": "xxz"},
        (400, None, "currency", "Invalid currency: xxz. Stripe currently supports"),
    ),
    ("POST", MADE, {**CREATE, "customer": "cus_x"}, (400, "resource_missing", "customer", "No such customer: 'cus_x'")),
    ("POST", MADE, {**CREATE, "confirm": "maybe"}, (400, None, "confirm", "Invalid boolean: maybe")),
    (
        "POST",
        MADE,
        {**CREATE, "capture_method": "x"},
        (400, None, "capture_method", "Invalid capture_method: must be one of"),
    ),
    ("POST", MADE, {**CREATE, "metadata[a][b]": "1"}, (400, None, "metadata[a]", "Metadata values must be strings.")),
    ("POST", MADE, {**CREATE, "expand[]": "frob"}, (400, None, None, "This property cannot be expanded (frob).")),
    ("POST", MADE, {"amount": "1", "amount[x]": "2"}, (400, None, "amount", "Invalid object: amount[x]")),
    ("GET", "/customers?expand[]=address", {}, (400, None, None, "This property cannot be expanded (address).")),
    (
        "GET",
        "/charges?expand[]=customer",
        {},
        (400, None, None, "You may want to try expanding 'data.customer' instead."),
    ),
    ("GET", "/charges?limit=101", {}, (400, "parameter_invalid_integer", "limit", "less than or equal to 100")),
    ("GET", "/charges?limit=0", {}, (400, "parameter_invalid_integer", "limit", "greater than or equal to 1")),
    ("GET", "/charges?starting_after=ch_x", {}, (400, "resource_missing", "starting_after", "No such charge: 'ch_x'")),
    ("GET", "/charges?created[gt]=x", {}, (400, "parameter_invalid_integer", "created[gt]", "Invalid integer: x")),
    ("POST", "/refunds", {}, (400, "parameter_missing", "charge", "Missing required param: charge.")),
    (
        "POST",
        CARDS,
        {**NUMBER, "card[number]": "4242424242424241"},
        (402, "incorrect_number", "number", "Your card number is incorrect."),
    ),
    (
        "POST",
        CARDS,
        {**NUMBER, "card[exp_month]": "13"},
        (402, "invalid_expiry_month", "exp_month", "Your card's expiration month is invalid."),
    ),
    (
        "POST",
        CARDS,
        {**NUMBER, "card[exp_year]": "95"},
        (402, "invalid_expiry_year", "exp_year", "Your card's expiration year is invalid."),
    ),
    (
        "POST",
        CARDS,
        {**NUMBER, "card[cvc]": "99"},
        (402, "invalid_cvc", "cvc", "Your card's security code is invalid."),
    ),
]


@pytest.mark.parametrize(("method", "path", "data", "expected"), TABLE)
async def test_what_is_wrong_is_said_in_stripes_words(shop, method, path, data, expected):
    status, _, code, param, message = await shop.refused(method, path, data or None)
    assert (status, code, param) == expected[:3]
    assert expected[3] in message


async def test_every_answer_has_its_headers_and_an_error_its_log(shop):
    made = await shop.raw("POST", "/payment_intents", CREATE, idempotency_key="k1", stripe_version="2024-06-20")
    headers = made.headers
    assert (headers["stripe-version"], headers["idempotency-key"]) == ("2024-06-20", "k1")
    assert headers["request-id"].startswith("req_")
    assert headers["original-request"] == headers["request-id"]
    wrong = await shop.raw("GET", "/charges/ch_x")
    error = wrong.json()["error"]
    assert error["request_log_url"].endswith(wrong.headers["request-id"])
    log = await shop.http.get(httpx.URL(error["request_log_url"]).path)
    assert (log.status_code, log.headers["location"]) == (303, "http://sandbox.test/sandbox/worlds/default/journal")
    odd = await shop.refused("GET", "/balance", stripe_version="nonsense")
    assert (odd[0], "Invalid Stripe API version" in odd[4]) == (400, True)


# Forms


@given(
    st.dictionaries(
        st.text("abc_", min_size=1, max_size=4),
        st.one_of(
            st.text(max_size=8),
            st.dictionaries(st.text("xyz", min_size=1, max_size=3), st.text(max_size=8), min_size=1, max_size=3),
            st.lists(st.text(max_size=8), min_size=1, max_size=3),
        ),
        max_size=4,
    )
)
def test_what_stripes_client_writes_is_read_back(fields):
    from urllib.parse import urlencode

    from stripe._api_requestor import _api_encode

    raw = urlencode(list(_api_encode(fields))).encode()
    rows = {
        key: {str(at): row for at, row in enumerate(value)} for key, value in fields.items() if isinstance(value, list)
    }
    assert form(raw) == {**fields, **rows}


@given(st.binary(max_size=60))
def test_no_bytes_make_a_form_raise_anything_but_its_error(raw):
    with contextlib.suppress(ApiError):
        form(raw)


@pytest.mark.parametrize("raw", [b"a[" * 5, b"a[b", b"[a]=1", b"&".join([b"a=1"] * 1001), b"a" + b"[b]" * 9 + b"=1"])
def test_a_malformed_form_is_refused(raw):
    with pytest.raises(ApiError):
        form(raw)


# Lists and expansion


async def test_pages_both_ways_give_every_object_once_newest_first(shop):
    made = [(await shop.sdk.customers.create_async({"email": f"{at % 2}@shop.test"})).id for at in range(25)]
    listed = [row.id async for row in (await shop.sdk.customers.list_async({"limit": 7})).auto_paging_iter()]
    assert listed == made[::-1]
    page = await shop.sdk.customers.list_async({"limit": 3, "ending_before": made[10]})
    assert ([row.id for row in page.data], page.has_more) == ([made[13], made[12], made[11]], True)
    page = await shop.sdk.customers.list_async({"limit": 3, "starting_after": made[1]})
    assert ([row.id for row in page.data], page.has_more, page.url) == ([made[0]], False, "/v1/customers")
    odd = await shop.sdk.customers.list_async({"email": "1@shop.test", "limit": 100})
    assert [row.id for row in odd.data] == made[1::2][::-1]
    both = await shop.refused("GET", f"/customers?starting_after={made[0]}&ending_before={made[1]}")
    assert both[0] == 400


async def test_what_was_created_when(shop):
    at_s = shop.world.clock.now_ms() // 1000
    made = []
    for _ in range(4):
        made.append((await shop.intent(card=None, confirm=False)).id)
        await shop.advance(10)
    for bounds, expected in (
        ({"gt": at_s}, made[1:]),
        ({"gte": at_s, "lt": at_s + 20}, made[:2]),
        ({"lte": at_s + 20}, made[:3]),
        (at_s + 10, made[1:2]),
    ):
        page = await shop.sdk.payment_intents.list_async({"created": bounds})
        assert [row.id for row in page.data] == expected[::-1]


async def test_what_is_expanded_is_whole_however_deep(shop):
    customer = await shop.sdk.customers.create_async({"email": "a@shop.test"})
    intent = await shop.intent(
        customer=customer.id, capture_method="automatic", expand=["customer", "latest_charge.payment_intent.customer"]
    )
    assert intent.customer.email == intent.latest_charge.payment_intent.customer.email == "a@shop.test"
    page = await shop.sdk.charges.list_async({"expand": ["data.balance_transaction", "data.refunds.data.charge"]})
    assert page.data[0].balance_transaction.net == 1912
    plain = await shop.sdk.charges.retrieve_async(intent.latest_charge.id)
    assert "refunds" not in plain
    deep = await shop.refused(
        "GET", f"/charges/{plain.id}?expand[]=" + ".".join(["payment_intent", "latest_charge"] * 3)
    )
    assert "more than 4 levels" in deep[4]


def test_every_expansion_leads_to_a_kind_that_is_there():
    for kind, fields in lists.EXPANDABLE.items():
        assert set(fields.values()) <= lists.EXPANDABLE.keys() | {"balance_transaction"}, kind


# Metadata


async def test_metadata_are_merged_and_unset(shop):
    intent = await shop.intent(card=None, confirm=False, metadata={"a": "1", "b": "2"})
    for change, expected in (
        ({"c": "3"}, {"a": "1", "b": "2", "c": "3"}),
        ({"a": ""}, {"b": "2", "c": "3"}),
        ("", {}),
    ):
        intent = await shop.sdk.payment_intents.update_async(intent.id, {"metadata": change})
        assert intent.metadata.to_dict() == expected


@pytest.mark.parametrize(
    "metadata", [{"k" * 41: "1"}, {"k": "v" * 501}, {f"k{at}": "1" for at in range(51)}], ids=["key", "value", "many"]
)
async def test_metadata_beyond_their_limits_are_refused(shop, metadata):
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.intent(metadata=metadata)
    assert raised.value.param.startswith("metadata")


# Idempotency


async def test_a_key_replays_its_answer_and_moves_money_once(shop):
    paid = {**CREATE, "payment_method": "pm_card_visa", "confirm": "true", "payment_method_types[]": "card"}
    first = await shop.raw("POST", "/payment_intents", paid, idempotency_key="order-7")
    again = await shop.raw("POST", "/payment_intents", dict(reversed(paid.items())), idempotency_key="order-7")
    assert again.content == first.content
    assert (again.headers["idempotent-replayed"], "idempotent-replayed" in first.headers) == ("true", False)
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    assert len(shop.world.payments) == 1
    await shop.advance(DAY_S)
    new = await shop.raw("POST", "/payment_intents", paid, idempotency_key="order-7")
    assert new.json()["id"] != first.json()["id"]


async def test_a_key_is_for_one_request(shop):
    options = {"idempotency_key": "order-8"}
    await shop.sdk.payment_intents.create_async({"amount": 2000, "currency": "usd"}, options)
    with pytest.raises(stripe.IdempotencyError, match="with the same parameters they were first used with"):
        await shop.sdk.payment_intents.create_async({"amount": 3000, "currency": "usd"}, options)
    answer = await shop.refused("POST", "/customers", idempotency_key="order-8")
    assert answer[:2] == (400, "idempotency_error")
    assert "('/v1/customers' vs '/v1/payment_intents')" in answer[4]
    long = await shop.refused("POST", "/customers", idempotency_key="k" * 256)
    assert long[0] == 400
    listed = await shop.raw("GET", "/customers", idempotency_key="order-8")
    assert listed.status_code == 200


async def test_a_decline_is_kept_and_a_mistake_is_not(shop):
    declined = {
        **CREATE,
        "payment_method": "pm_card_visa_chargeDeclined",
        "confirm": "true",
        "payment_method_types[]": "card",
    }
    answers = [await shop.raw("POST", "/payment_intents", declined, idempotency_key="d") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [402, 402]
    assert answers[0].content == answers[1].content
    assert len(shop.world.payments) == 1
    wrong = await shop.raw("POST", "/payment_intents", {"amount": "1", "currency": "usd"}, idempotency_key="m")
    right = await shop.raw("POST", "/payment_intents", CREATE, idempotency_key="m")
    assert (wrong.status_code, right.status_code) == (400, 200)
    await shop.set(keep_validation_errors=True)
    await shop.raw("POST", "/payment_intents", {"amount": "1", "currency": "usd"}, idempotency_key="n")
    assert (await shop.refused("POST", "/payment_intents", CREATE, idempotency_key="n"))[1] == "idempotency_error"


async def test_a_key_is_in_use_while_its_first_request_is_under_way(shop):
    await shop.play("stripe-key-in-use")
    paid = {**CREATE, "payment_method": "pm_card_visa", "confirm": "true", "payment_method_types[]": "card"}
    with pytest.raises(httpx.ReadTimeout):
        await shop.http.post(
            "/stripe/v1/payment_intents",
            data=paid,
            auth=("sk_test_sandbox", ""),
            headers={"idempotency-key": "u"},
            timeout=1,
        )
    busy = await shop.refused("POST", "/payment_intents", paid, idempotency_key="u")
    assert busy[:3] == (409, "idempotency_error", "idempotency_key_in_use")
    await shop.set(conflict_type="invalid_request_error")
    assert (await shop.refused("POST", "/payment_intents", paid, idempotency_key="u"))[1] == "invalid_request_error"
    await shop.advance(40)
    done = await shop.raw("POST", "/payment_intents", paid, idempotency_key="u")
    assert (done.json()["status"], done.headers["idempotent-replayed"]) == ("succeeded", "true")


async def test_an_answer_that_hung_after_the_money_moved_is_told_by_a_retry(shop):
    await shop.play("stripe-hang-after-paid")
    sdk = shop.client("sk_test_sandbox", timeout=1, max_network_retries=1)
    intent = await shop.intent(sdk=sdk)
    assert intent.status == "succeeded"
    assert len(shop.world.payments) == 1


async def test_a_500_that_may_be_retried_is_retried_by_the_client_and_a_429_not(shop):
    await shop.play("stripe-500-retry")
    assert (await shop.intent(sdk=shop.client("sk_test_sandbox", max_network_retries=1))).status == "succeeded"
    await shop.play("stripe-rate-limited")
    with pytest.raises(stripe.RateLimitError) as raised:
        await shop.intent(sdk=shop.client("sk_test_sandbox", max_network_retries=2))
    assert (raised.value.error.code, raised.value.headers["stripe-rate-limited-reason"]) == (
        "rate_limit",
        "global-rate",
    )


# Limits and the next answers


async def test_no_limits_unless_a_setting_turns_them_on(shop):
    for _ in range(30):
        assert (await shop.raw("GET", "/balance")).status_code == 200
    await shop.set(limits=True)
    answers = [await shop.raw("GET", "/balance") for _ in range(26)]
    assert [answer.status_code for answer in answers] == [200] * 25 + [429]
    assert answers[-1].headers["stripe-rate-limited-reason"] == "global-rate"
    await shop.advance(1)
    assert (await shop.raw("GET", "/balance")).status_code == 200


async def test_the_next_calls_of_an_operation_are_answered_as_asked(shop):
    asked = {"status": 503, "times": 2, "operation": "stripe.balance.retrieve"}
    assert (await shop.control("POST", "/stripe/next", asked)).json() == [asked]
    assert (await shop.raw("GET", "/customers")).status_code == 200
    assert [(await shop.raw("GET", "/balance")).status_code for _ in range(3)] == [503, 503, 200]
    for wrong in (
        {"status": 200},
        {"status": 500, "operation": "stripe.nothing.do"},
        {"status": 500, "operation": "stripe.webhook.deliver"},
    ):
        assert (await shop.control("POST", "/stripe/next", wrong)).status_code in (400, 422)


# Money


def test_riel_have_two_decimals_here_and_none_in_the_ledger():
    assert (wire.decimals("khr"), units(400_000, "khr"), amount_of(4000, "khr")) == (2, 4000, 400_000)
    for currency in map(str.lower, CURRENCIES):
        assert units(amount_of(1234, currency), currency) == 1234


async def test_riel_are_paid_and_given_back_in_parts(shop):
    intent = await shop.intent(400_050, "khr")
    assert intent.amount_received == 400_050
    payment = shop.world.payments["stripe", intent.id]
    assert (payment.order.minor, payment.settlements[0].minor, payment.order.currency) == (4000, 4000, "KHR")
    for amount in (100_075, 199_925, 100_050):
        await shop.sdk.refunds.create_async({"payment_intent": intent.id, "amount": amount})
    assert shop.world.payments["stripe", intent.id].settlements[0].returned
    await shop.advance(3 * DAY_S)
    with pytest.raises(stripe.InvalidRequestError, match=r"at least 2000\.00 khr"):
        await shop.intent(199_999, "khr")


async def test_a_currency_without_decimals(shop):
    intent = await shop.intent(500, "jpy")
    with pytest.raises(
        stripe.InvalidRequestError, match=r"\(501 JPY\) is greater than unrefunded amount on charge \(500 JPY\)"
    ):
        await shop.sdk.refunds.create_async({"payment_intent": intent.id, "amount": 501})


@pytest.mark.parametrize("currency", [name.lower() for name in CURRENCIES])
async def test_each_currency_has_its_minimum(shop, currency):
    least = wire.MINIMUM[currency]
    assert (await shop.intent(least, currency, card=None, confirm=False)).amount == least
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.intent(least - 1, currency)
    assert raised.value.code == "amount_too_small"


# Customers and methods


async def test_a_customer_lives_and_is_deleted(shop):
    made = await shop.sdk.customers.create_async(
        {"name": "Sokha", "address": {"city": "Phnom Penh"}, "payment_method": "pm_card_visa"}
    )
    assert (made.name, made.address.city, made.address.line1, made.livemode) == ("Sokha", "Phnom Penh", None, False)
    methods = await shop.sdk.customers.payment_methods.list_async(made.id, {"type": "card"})
    method = methods.data[0]
    assert method.customer == made.id
    for _ in range(2):
        assert (await shop.intent(card=method.id, customer=made.id)).status == "succeeded"
    assert (await shop.sdk.payment_methods.detach_async(method.id)).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        await shop.intent(card=method.id)
    gone = await shop.sdk.customers.delete_async(made.id)
    assert gone.to_dict() == {"id": made.id, "object": "customer", "deleted": True}
    assert (await shop.sdk.customers.retrieve_async(made.id)).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        await shop.intent(customer=made.id)


async def test_who_declines_is_not_attached_unless_it_is_the_card_for_that(shop):
    customer = await shop.sdk.customers.create_async({})
    with pytest.raises(stripe.CardError):
        await shop.sdk.payment_methods.attach_async("pm_card_visa_chargeDeclined", {"customer": customer.id})
    card = await shop.sdk.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        await shop.intent(card=card.id, customer=customer.id)
    other = await shop.sdk.customers.create_async({})
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer"):
        await shop.intent(card=card.id, customer=other.id)


async def test_a_token_is_a_card_once(shop):
    token = await shop.sdk.tokens.create_async(
        {"card": {"number": "4242424242424242", "exp_month": "8", "exp_year": "2031", "cvc": "314"}}
    )
    assert (token.card.last4, token.used) == ("4242", False)
    asked = {"type": "card", "card": {"token": token.id}}
    assert (await shop.sdk.payment_methods.create_async(asked)).card.last4 == "4242"
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.payment_methods.create_async(asked)
    assert raised.value.code == "token_already_used"
    assert (
        await shop.sdk.payment_methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    ).card.brand == "visa"


@pytest.mark.parametrize(("setting", "works"), [("paid", True), ("declined", False)])
async def test_a_valid_number_that_is_no_test_card(shop, setting, works):
    await shop.set(unknown_card=setting)
    card = {"number": "4012888888881881", "exp_month": 1, "exp_year": 2031, "cvc": "123"}
    method = await shop.sdk.payment_methods.create_async({"type": "card", "card": card})
    assert method.card.last4 == "1881"
    if works:
        assert (await shop.intent(card=method.id)).status == "succeeded"
        warned = (await shop.control("GET", "/stripe")).json()["warnings"]
        assert any("1881" in warning for warning in warned)
        assert "4012888888881881" not in str((await shop.control("GET", "/snapshot")).json()["schemes"]["stripe"])
    else:
        with pytest.raises(stripe.CardError):
            await shop.intent(card=method.id)


# Switches


async def test_each_disputed_point_is_a_switch(shop):
    await shop.set(over_refund_code=True, intent_param="id", expired_card_decline_code=False, dispute_prefix="dp")
    await shop.set(hold_expires_as="requires_payment_method", released_hold_event="charge.expired")
    assert (await shop.refused("GET", "/payment_intents/pi_x"))[3] == "id"
    intent = await shop.intent()
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.sdk.refunds.create_async({"payment_intent": intent.id, "amount": 2001})
    assert raised.value.code == "amount_too_large"
    with pytest.raises(stripe.CardError) as raised:
        await shop.intent(card="pm_card_chargeDeclinedExpiredCard")
    assert "decline_code" not in raised.value.json_body["error"]
    held = await shop.intent(capture_method="manual")
    await shop.intent(card="pm_card_createDispute")
    await shop.advance(7 * DAY_S)
    assert (await shop.now(held)).status == "requires_payment_method"
    assert "charge.expired" in await shop.events()
    assert (await shop.sdk.disputes.list_async()).data[0].id.startswith("dp_")


async def test_a_new_world_takes_the_settings(shop):
    made = await shop.http.post("/sandbox/worlds", json={"name": "c", "stripe": {"settings": {"limits": True}}})
    assert made.is_success, made.text
    facts = (await shop.http.get("/sandbox/worlds/c/stripe")).json()
    assert (facts["secretKey"], facts["baseUrl"], facts["settings"]["limits"]) == (
        *("sk_test_c", "http://sandbox.test/w/c/stripe", True),
    )


# Routes and parameters


@pytest.mark.parametrize(
    "base", ["http://sandbox.test", "http://sandbox.test/stripe", "http://sandbox.test/w/default/stripe"]
)
async def test_the_api_answers_at_the_root_too(shop, base):
    sdk = shop.client("sk_test_sandbox", base=base)
    assert (await shop.intent(sdk=sdk)).status == "succeeded"
    assert (await sdk.checkout.sessions.list_async()).data == []


@pytest.mark.parametrize("path", ["setup_intents", "prices", "subscriptions/sub_x", "account"])
async def test_what_stripe_has_beyond_the_slice_is_stripes_own_404_at_the_root(shop, path):
    answer = await shop.http.get(f"/v1/{path}", headers={"authorization": "Bearer sk_test_sandbox"})
    message = answer.json()["error"]["message"]
    assert (answer.status_code, f"Unrecognized request URL (GET: /v1/{path})." in message) == (404, True)


async def test_bakongs_v1_is_still_bakongs_and_by_the_real_name_all_is_stripes(shop):
    ours = await shop.http.post("/v1/check_transaction_by_md5", json={"md5": "0" * 32})
    assert "responseCode" in ours.json()
    assert "responseCode" in (await shop.http.get("/v1/nothing")).json()
    for path in ("/v1/nothing", "/v1/balance", "/v1/payment_intents/pi_x"):
        theirs = await shop.http.get(path, headers={"host": "api.stripe.com"})
        assert "error" in theirs.json(), path


def test_every_operation_has_a_route_a_name_and_parameters():
    routed = {operation.name for operation in OPERATIONS.values()}
    assert routed == set(PARAMETERS) == set(NAMES) - {"page", "other"}
    for (method, path), operation in OPERATIONS.items():
        segments = [segment if segment != "*" else "x" for segment in path.split("/")]
        assert route(method, segments).operation is operation
    assert set(WORDS.checks) <= routed


# What Stripe's client for Python sends of its own with a call, and no parameter of the API.
OPTIONS = {
    *("api_key", "content_type", "headers", "idempotency_key", "max_network_retries"),
    *("stripe_account", "stripe_context", "stripe_version"),
}
CLASSES = {
    "payment_intents": "PaymentIntent",
    "payment_methods": "PaymentMethod",
    "charges": "Charge",
    "refunds": "Refund",
    "customers": "Customer",
    "webhook_endpoints": "WebhookEndpoint",
    "disputes": "Dispute",
    "events": "Event",
    "balance_transactions": "BalanceTransaction",
    "tokens": "Token",
}


def _known_to_stripe():
    for name in PARAMETERS:
        thing, _, verb = name.rpartition(".")
        module, kind = (
            (stripe.params.checkout, "Session") if "checkout" in thing else (stripe.params, CLASSES.get(thing))
        )
        found = getattr(module, f"{kind}{verb.title()}Params", None)
        if found is not None:
            yield pytest.param(name, set(found.__annotations__) - OPTIONS, id=name)


@pytest.mark.parametrize(("name", "theirs"), list(_known_to_stripe()))
def test_every_parameter_that_stripes_client_knows_is_taken(name, theirs):
    ours = PARAMETERS[name].acted | PARAMETERS[name].taken
    assert theirs - ours == set()
    assert not PARAMETERS[name].acted & PARAMETERS[name].taken


async def test_what_has_no_effect_is_taken_and_warned_of(shop):
    await shop.intent(transfer_group="g7", radar_options={"session": "rse_1"})
    warned = (await shop.control("GET", "/stripe")).json()["warnings"]
    assert any("radar_options" in warning for warning in warned)
    assert (await shop.sdk.payment_intents.list_async()).data[0].transfer_group == "g7"


# Snapshots


async def test_a_world_goes_on_from_a_snapshot_as_it_would_have(shop):
    await shop.listen()
    held = await shop.intent(capture_method="manual")
    asked = await shop.intent(card="pm_card_authenticationRequired", return_url="https://shop.test/x")
    paid = await shop.intent(card="pm_card_refundFail")
    await shop.sdk.refunds.create_async({"payment_intent": paid.id, "amount": 100})
    session = await shop.session()
    snapshot = (await shop.control("GET", "/snapshot")).json()

    async def future():
        await shop.control("POST", f"/stripe/payment_intents/{asked.id}/authenticate")
        await shop.control("POST", f"/stripe/checkout/{session.id}/pay")
        await shop.advance(8 * DAY_S)
        rows = (await shop.sdk.payment_intents.list_async({"expand": ["data.latest_charge.refunds"]})).data
        return [row.to_dict() for row in rows], await shop.events(), len(shop.posts)

    first = await future()
    assert (first[0][-1]["id"], first[0][-1]["status"]) == (held.id, "canceled")
    shop.posts.clear()
    assert (await shop.control("PUT", "/snapshot", snapshot)).status_code == 200
    second = await future()
    assert second[:2] == first[:2]
    shop.check_ledger()


@pytest.mark.parametrize("number", range(8))
async def test_a_spoiled_snapshot_is_refused_before_anything_has_changed(shop, number):
    await shop.intent()
    await shop.session()
    snapshot = (await shop.control("GET", "/snapshot")).json()
    kept = snapshot["schemes"]["stripe"]
    intent = next(iter(kept["objects"]["payment_intent"].values()))
    spoilers = [
        lambda: kept.pop("objects"),
        lambda: intent.pop("status"),
        lambda: intent.update(amount="many"),
        lambda: intent.update(latest_charge="ch_none"),
        kept["intents"].clear,
        lambda: kept["due"].append([1, 1, "nonsense", "x"]),
        kept["objects"]["charge"].clear,
        lambda: kept.update(settings={"limits": "maybe"}),
    ]
    spoilers[number]()
    answer = await shop.control("PUT", "/snapshot", snapshot)
    assert answer.status_code in (400, 422), answer.text
    assert "stripe" in answer.text
    assert len((await shop.sdk.payment_intents.list_async()).data) == 1


def test_ids_differ_and_have_their_form():
    from bakong_schemes.stripe.fake.ids import text_of

    drawn = [text_of(bytes([at]) * 32, 24) for at in range(200)]
    assert len(set(drawn)) == 200
    assert all(len(text) == 24 and text.isalnum() for text in drawn)
    assert list(itertools.islice(map(len, drawn), 1)) == [24]
