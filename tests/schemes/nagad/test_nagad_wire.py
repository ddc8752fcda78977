"""The fake Nagad as a merchant calls it: errors, headers, hosts, worlds, the whitelist, and every switch."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_simulator.kernel.scheme import Call
from tests.schemes.nagad.conftest import BASE, HEADERS, WORLD, Merchant, reason


async def test_a_payment_is_begun_completed_paid_and_verified(merchant):
    begun = await merchant.begun()
    assert list(begun) == ["paymentReferenceId", "acceptDateTime", "challenge"]
    parts = base64.b64decode(begun["paymentReferenceId"]).decode().split(".")
    assert parts[:3] == ["0211060000000", merchant.id, "ORD1"]
    assert (len(parts[3]), int(parts[3], 16) >= 0) == (20, True)
    reference = begun["paymentReferenceId"]
    first = await merchant.verify(reference)
    assert (first["status"], first["amount"], first["statusCode"]) == ("OrderInitiated", None, "001")
    answer = (await merchant.complete(begun, info={"a": 1})).json()
    assert answer == {"callBackUrl": f"http://sandbox.test/nagad/check-out/{reference}", "status": "Success"}
    assert await merchant.status(reference) == "Ready"
    decided = await merchant.decide(reference)
    assert (decided["paymentRefId"], decided["status"]) == (reference, "Success")
    paid = await merchant.verify(reference)
    assert (paid["status"], paid["statusCode"], paid["amount"], paid["clientMobileNo"]) == (
        *("Success", "000", "100.00", "014****0001"),
    )
    assert (paid["issuerPaymentDateTime"], paid["additionalMerchantInfo"]) == ("2026-02-11 06:00:00.0", '{"a": 1}')
    assert merchant.balance() == 100_00


@pytest.mark.parametrize("amount", ["16", "16.5", "16.50", 16, 16.5])
async def test_an_amount_comes_back_as_it_was_written(merchant, amount):
    reference = await merchant.ready(amount=amount)
    assert (await merchant.verify(reference))["amount"] == str(amount)


REFUSED = {
    "no version": ("InvalidApiRequest", {"X-KM-Api-Version": ""}, {}),
    "no address": ("InvalidApiRequest", {"X-KM-IP-V4": ""}, {}),
    "no client type": ("InvalidApiRequest", {"X-KM-Client-Type": ""}, {}),
    "another client type": ("InvalidApiRequest", {"X-KM-Client-Type": "FAX"}, {}),
    "datetime in ms": ("InvalidApiRequest", {}, {"datetime": "1770768000000"}),
    "a month off": ("InvalidApiRequest", {}, {"datetime": "20261311060000"}),
    "no datetime": ("InvalidApiRequest", {}, {"datetime": None}),
    "no challenge": ("InvalidApiRequest", {}, {"challenge": None}),
    "another merchant": ("InvalidMerchant", {}, {"merchantId": "683000000000000"}),
    "another order": ("InvalidOrderId", {}, {"orderId": "ORD2"}),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_initialize_refuses(merchant, what):
    kind, headers, changes = REFUSED[what]
    body = merchant.seal(merchant.start("ORD1", **changes))
    answer = await merchant.post(f"/check-out/initialize/{merchant.id}/ORD1", body, **headers)
    assert reason(answer) == (400, kind)
    assert answer.json()["devMessage"]
    assert merchant.world.state(NAGAD).purchases == {}


@pytest.mark.parametrize(
    ("order", "kind"), [("ORD-1", "InvalidOrderId"), ("X" * 41, "InvalidOrderId"), ("é", "InvalidOrderId")]
)
async def test_an_order_is_letters_and_digits(merchant, order, kind):
    assert reason(await merchant.initialize(order)) == (400, kind)
    assert (await merchant.initialize("X" * 40)).status_code == 200


async def test_bodies_that_are_none_are_refused_and_not_stumbled_over(merchant):
    path = f"{BASE}/check-out/initialize/{merchant.id}/ORD1"
    for body in (
        b"",
        b"[]",
        b"{",
        b"null",
        b"\xff",
        b"{" * 70_000,
        b'{"sensitiveData":1,"signature":2}',
        b"x" * 70_000,
    ):
        assert reason(await merchant.client.post(path, content=body, headers=HEADERS)) == (400, "InvalidApiRequest")
    unknown = await merchant.post("/check-out/initialize/683000000000000/ORD1", {})
    assert reason(unknown) == (400, "InvalidMerchant")
    for plain in (b"hello", b"[]", b'{"amount": NaN}', b"[" * 240):
        answer = await merchant.post(f"/check-out/initialize/{merchant.id}/ORD1", merchant.seal(plain))
        assert reason(answer) == (400, "InvalidApiRequest")


async def test_an_order_that_was_initialized_alone_is_replaced_and_a_completed_one_is_a_duplicate(merchant):
    first, second = await merchant.begun(), await merchant.begun()
    assert reason(await merchant.complete(first)) == (400, "InvalidReferenceId")
    assert (await merchant.complete(second)).status_code == 200
    assert reason(await merchant.initialize()) == (400, "DuplicateOrderId")
    assert reason(await merchant.complete(second)) == (400, "DuplicateOrderId")
    assert len(merchant.world.state(NAGAD).purchases) == 1


WRONG = {
    "challenge": ("InvalidPurchaseInformation", {"challenge": "x"}),
    "order": ("InvalidPurchaseInformation", {"order": "ORD2"}),
    "no amount": ("InvalidPurchaseInformation", {"amount": "0"}),
    "three decimals": ("InvalidPurchaseInformation", {"amount": "1.005"}),
    "an exponent": ("InvalidPurchaseInformation", {"amount": "1e3"}),
    "a sign": ("InvalidPurchaseInformation", {"amount": "-5"}),
    "a flag": ("InvalidPurchaseInformation", {"amount": True}),
    "currency": ("InvalidCurrency", {"currencyCode": "840"}),
    "merchant": ("InvalidMerchant", {"merchantId": "683000000000000"}),
    "no URL": ("InvalidApiRequest", {"callback": "javascript:alert(1)"}),
    "a header in the URL": ("InvalidApiRequest", {"callback": "https://a.test/\r\nset-cookie: a=b"}),
    "info is a list": ("InvalidApiRequest", {"info": [1]}),
    "info is deep": ("InvalidApiRequest", {"info": json.loads('{"a":' * 30 + "1" + "}" * 30)}),
}


@pytest.mark.parametrize("what", WRONG)
async def test_complete_refuses_and_changes_nothing(merchant, what):
    kind, changes = WRONG[what]
    begun = await merchant.begun()
    assert reason(await merchant.complete(begun, **changes)) == (400, kind)
    assert await merchant.status(begun["paymentReferenceId"]) == "OrderInitiated"
    assert (await merchant.complete(begun)).status_code == 200


async def test_an_unknown_reference_is_refused_by_every_call(merchant):
    unknown = {"paymentReferenceId": "bm9uZQ==", "challenge": "x"}
    assert reason(await merchant.complete(unknown)) == (400, "InvalidReferenceId")
    assert reason(await merchant.client.get(f"{BASE}/verify/payment/bm9uZQ==")) == (400, "InvalidReferenceId")
    assert reason(await merchant.cancel("bm9uZQ==", "1.00")) == (400, "InvalidReferenceId")
    assert reason(await merchant.cancel("", "1.00", query="a=b")) == (400, "InvalidReferenceId")
    assert (await merchant.client.get("/nagad/check-out/bm9uZQ==")).status_code == 404
    assert reason(await merchant.client.get(f"{BASE}/nothing")) == (400, "InvalidApiRequest")


@pytest.mark.parametrize("base", [BASE, "/nagad/api/dfs", f"{BASE}/", "/w/default/nagad/api/dfs"])
async def test_the_live_path_a_doubled_slash_and_a_named_world_lead_to_the_same(merchant, base):
    merchant.base = base
    reference = await merchant.paid()
    assert await merchant.status(reference) == "Success"


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("sandbox.mynagad.com:10080", "/remote-payment-gateway-1.0/api/dfs"),
        ("sandbox-ssl.mynagad.com:10061", "/remote-payment-gateway-1.0/api/dfs"),
        ("api.mynagad.com", "/api/dfs"),
    ],
)
async def test_by_the_real_names_there_is_no_prefix(merchant, host, root):
    merchant.base, merchant.headers = root, HEADERS | {"host": host, "x-forwarded-proto": "https"}
    begun = await merchant.begun()
    url = (await merchant.complete(begun)).json()["callBackUrl"]
    assert url == f"https://{host}/check-out/{begun['paymentReferenceId']}"
    page = await merchant.client.get(url.removeprefix(f"https://{host}"), headers={"host": host})
    assert (page.status_code, "<form" in page.text) == (200, True)


async def test_worlds_have_merchants_of_their_own_and_are_found_by_them(merchant):
    for name in ("one", "two"):
        await merchant.client.post("/sandbox/worlds", json={"name": name})
    ones, twos = await Merchant(merchant.client, merchant.worlds).learn("one"), merchant.worlds.get("two")
    assert ones.id != merchant.id
    begun = await ones.begun()
    url = (await ones.complete(begun)).json()["callBackUrl"]
    assert url == f"http://sandbox.test/w/one/nagad/check-out/{begun['paymentReferenceId']}"
    form = {"wallet": "01400000001", "otp": "123456", "pin": "1357", "action": "confirm"}
    assert (await merchant.client.post(url, data=form)).status_code == 302
    reference = begun["paymentReferenceId"]
    assert await ones.status(reference) == "Success"  # at the address that names no world
    assert (await ones.cancel(reference, "1.00", query="orderId=ORD1")).status_code == 200
    assert [len(world.state(NAGAD).purchases) for world in (merchant.world, twos)] == [0, 0]
    assert reason(await merchant.client.get("/w/none/nagad/api/dfs/verify/payment/x")) == (400, "InvalidMerchant")


async def test_an_address_that_is_not_registered_meets_a_page_with_a_support_id(merchant):
    reference = await merchant.ready()
    assert (await merchant.control("PUT", "/whitelist", {"ips": ["103.100.200.7"]})).json() == {
        "ips": ["103.100.200.7"]
    }
    answer = await merchant.initialize("ORD2")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html")
    assert "support ID is: " in answer.text
    assert await merchant.status(reference) == "Ready"  # verify asks no address
    merchant.headers["X-KM-IP-V4"] = "103.100.200.7"
    assert (await merchant.initialize("ORD2")).status_code == 200
    await merchant.control("PUT", "/whitelist", {"ips": None})
    merchant.headers["X-KM-IP-V4"] = "127.0.0.1"
    assert (await merchant.initialize("ORD3")).status_code == 200


# Switches: what nobody knows, read in every way


async def test_the_shape_of_errors_may_be_read_otherwise(merchant):
    await merchant.set(error_status=200, reasons="opaque")
    assert reason(await merchant.initialize("-")) == (200, "Error")
    await merchant.set(reasons="kinds", merchant="inactive")
    assert reason(await merchant.initialize()) == (200, "InactiveMerchant")


@pytest.mark.parametrize("word", ["OrderInitiated", "Initiated", "Ready"])
async def test_the_word_before_anybody_pays_may_be_another(merchant, word):
    await merchant.set(unpaid_status=word)
    reference = await merchant.ready()
    assert await merchant.status(reference) == word
    assert (await merchant.decide(reference))["status"] == "Success"


async def test_a_customer_who_gives_up_may_be_called_cancelled(merchant):
    await merchant.set(abort_status="Cancelled", aborted_code="00_0009_009")
    reference = await merchant.ready()
    url = (await merchant.decide(reference, "cancel"))["redirect"]
    assert "&status=Cancelled&status_code=00_0009_009&" in url
    now = await merchant.verify(reference)
    assert (now["status"], now["cancelIssuerRefNo"], now["issuerPaymentRefNo"]) == ("Cancelled", None, None)


async def test_complete_may_be_sealed_and_may_be_asked_again(merchant):
    await merchant.set(complete_answer="sealed", complete_again="same")
    begun = await merchant.begun()
    first, again = (await merchant.complete(begun)).json(), (await merchant.complete(begun)).json()
    assert merchant.open(first) == merchant.open(again)
    assert merchant.open(first)["status"] == "Success"
    assert reason(await merchant.complete(begun, amount="99.00")) == (400, "InvalidPurchaseInformation")


async def test_a_sealed_answer_that_does_not_fit_is_a_server_error(merchant):
    await merchant.set(complete_answer="sealed")
    merchant.headers["host"] = "x" * 200 + ".test"
    assert reason(await merchant.complete(await merchant.begun()))[1] == "ServerError"


async def test_a_clock_may_have_to_be_near(merchant):
    await merchant.set(clock_difference_s=600)
    assert (await merchant.initialize(datetime="20260211061000")).status_code == 200
    assert reason(await merchant.initialize(datetime="20260211061001")) == (400, "InvalidApiRequest")
    await merchant.set(clock_difference_s=None)
    assert (await merchant.initialize(datetime="20250211061001")).status_code == 200


async def test_a_reference_may_come_to_an_end(merchant):
    await merchant.set(reference_life_s=60)
    reference, begun = await merchant.ready(), await merchant.begun("ORD2")
    await merchant.advance(60)
    assert reason(await merchant.complete(begun, "ORD2")) == (400, "InvalidReferenceId")
    assert (await merchant.control("POST", f"/payments/{reference}/approve")).status_code == 409


async def test_an_order_may_be_longer(merchant):
    await merchant.set(max_order_id=45)
    assert (await merchant.initialize("X" * 45)).status_code == 200


async def test_a_new_world_takes_settings_and_a_reset_keeps_them(merchant):
    made = await merchant.client.post("/sandbox/worlds", json={"name": "s", "nagad": {"settings": {"max_refunds": 2}}})
    assert made.status_code in (200, 201), made.text
    await merchant.client.post("/sandbox/worlds/s/reset")
    shown = (await merchant.client.get("/sandbox/worlds/s/nagad")).json()
    assert (shown["settings"]["max_refunds"], shown["settings"]["refund_days"]) == (2, None)
    assert (await merchant.control("PUT", "/settings", {"error_status": 99})).status_code == 422


# Keys


async def test_keys_are_of_the_seed_and_may_be_set(merchant):
    facts = merchant.facts
    assert facts["pin"] == "1357"
    assert [wallet["number"] for wallet in facts["wallets"]] == list(wire.WALLETS)
    for seed in (7, 7, 8):
        await merchant.client.post("/sandbox/worlds", json={"name": f"w{seed}", "seed": seed})
    shown = [(await merchant.client.get(f"/sandbox/worlds/w{seed}/nagad")).json() for seed in (7, 8)]
    assert len({row["privateKey"] for row in shown} | {row["publicKey"] for row in shown}) >= 3
    theirs = shown[0]["privateKey"]
    refused = await merchant.control("PUT", "/keys", {"privateKey": theirs[:300]})
    assert refused.status_code == 422
    assert "a part of it is missing" in refused.text
    assert theirs[50:90] not in refused.text
    assert (await merchant.control("PUT", "/keys", {"privateKey": theirs, "merchantPublicKey": "x"})).status_code == 422
    assert (await merchant.control("PUT", "/keys", {"privateKey": theirs})).status_code == 200
    assert reason(await merchant.initialize())[1] == "SignatureVerificationFailed"
    await merchant.learn()
    assert (await merchant.initialize()).status_code == 200
    kept = (await merchant.client.get(f"{WORLD}/snapshot")).json()
    await merchant.control("DELETE", "/keys")
    assert reason(await merchant.initialize("ORD2"))[1] == "SignatureVerificationFailed"
    assert (await merchant.client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    assert (await merchant.initialize("ORD2")).status_code == 200


async def test_a_merchant_may_keep_its_private_key(merchant):
    public = merchant.facts["merchantPublicKey"]
    shown = (await merchant.control("PUT", "/keys", {"merchantPublicKey": public})).json()
    assert (shown["privateKey"], shown["merchantPublicKey"]) == (None, public)
    assert (await merchant.initialize()).status_code == 200


async def test_two_answers_have_other_padding_and_one_seed_the_same(merchant):
    new = (await merchant.client.get(f"{WORLD}/snapshot")).json()
    first, second = await merchant.initialize(), await merchant.initialize()
    await merchant.client.put(f"{WORLD}/snapshot", json=new)
    again = await merchant.initialize()
    assert first.content == again.content != second.content


@pytest.mark.parametrize("part", ["purchases", "orders", "keys"])
async def test_a_snapshot_that_contradicts_itself_is_refused(merchant, part):
    await merchant.paid()
    kept = (await merchant.client.get(f"{WORLD}/snapshot")).json()
    broken = {"purchases": {}, "orders": {"ORD1": "x"}, "keys": {"nagad_private": "x", "merchant_public": "x"}}
    kept["schemes"]["nagad"][part] = broken[part]
    assert (await merchant.client.put(f"{WORLD}/snapshot", json=kept)).status_code == 422
    assert len(merchant.world.state(NAGAD).purchases) == 1


PIECES = st.sampled_from(
    "|/|//|check-out|initialize|complete|verify|payment|purchase|cancel|nagad|api|dfs|remote-payment-gateway-1.0"
    "|683099000000001|ORD1|bm9uZQ==|=|%|é|\x00".split("|")
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(PIECES, max_size=8).map("/".join),
    st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    st.binary(max_size=60),
    st.binary(max_size=60),
)
async def test_nothing_makes_it_stumble(worlds, path, method, body, query):
    world = worlds.default
    call = Call(
        path, method, "", body, headers=tuple((k.lower().encode(), v.encode()) for k, v in HEADERS.items()), query=query
    )
    assert NAGAD.world_of(worlds, call) is not None
    assert NAGAD.serve(world, world.state(NAGAD), call).status in (200, 400, 404)
