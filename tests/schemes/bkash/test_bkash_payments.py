"""Payments of the fake bKash: created, approved, executed, asked for, searched; refusals by their codes."""

import re

import httpx
import jwt
import pytest

from bakong_schemes.bkash.fake import keys
from tests.conftest import NOW_MS
from tests.schemes.bkash.conftest import BACK, CHECKOUT, TOKENIZED, V2

OK, POOR = "01300000001", "01300000011"


def wallet(name):
    from bakong_schemes.bkash.fake.wallets import NAMED

    return NAMED[name][0]


# Literal fields


async def test_a_grant_is_a_cognito_token_of_an_hour(shop):
    answer = (await shop.grant()).json()
    assert list(answer) == ["statusCode", "statusMessage", "id_token", "token_type", "expires_in", "refresh_token"]
    assert (answer["statusCode"], answer["statusMessage"], answer["token_type"]) == ("0000", "Successful", "Bearer")
    assert answer["expires_in"] == 3600
    key = keys.key_of("1/token").public_key()
    claims = jwt.decode(
        answer["id_token"],
        key,
        algorithms=["RS256"],
        audience=shop.known.app_key,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert set(jwt.get_unverified_header(answer["id_token"])) == {"kid", "alg"}
    assert (claims["exp"] - claims["iat"], claims["iat"]) == (3600, NOW_MS // 1000)
    assert (claims["token_use"], claims["cognito:username"]) == ("id", "sandbox-default")
    assert set(claims) == {
        *("sub", "aud", "event_id", "token_use", "auth_time", "iss", "cognito:username", "exp", "iat"),
    }
    assert answer["refresh_token"].count(".") == 4
    assert len(answer["id_token"]) < 1000  # what of a header the app keeps


async def test_create_execute_and_query_have_bkashs_fields_in_their_order(shop):
    made = await shop.create("10", merchantInvoiceNumber="A-1")
    assert list(made) == [
        *("paymentID", "bkashURL", "callbackURL", "successCallbackURL", "failureCallbackURL", "cancelledCallbackURL"),
        *("amount", "intent", "currency", "paymentCreateTime", "transactionStatus", "merchantInvoiceNumber"),
        *("payerReference", "statusCode", "statusMessage"),
    ]
    id_ = made["paymentID"]
    assert re.fullmatch(rf"TR0011[A-Za-z0-9]{{7}}{NOW_MS}", id_)
    assert (made["amount"], made["paymentCreateTime"]) == ("10", "2026-02-11T06:00:00:000 GMT+0600")
    urls = [made[name] for name in ("successCallbackURL", "failureCallbackURL", "cancelledCallbackURL")]
    signature = re.search(r"signature=([A-Za-z0-9]{10})$", urls[0])[1]
    assert urls == [
        f"{BACK}?paymentID={id_}&status={status}&signature={signature}" for status in ("success", "failure", "cancel")
    ]
    before = await shop.query(made)
    assert (before["transactionStatus"], before["verificationStatus"]) == ("Initiated", "Incomplete")
    assert not {"trxID", "paymentExecuteTime"} & set(before)
    await shop.decide(made)
    assert (await shop.query(made))["verificationStatus"] == "Complete"
    done = await shop.execute(made)
    assert list(done) == [
        *("paymentID", "trxID", "transactionStatus", "amount", "currency", "intent", "paymentExecuteTime"),
        *("merchantInvoiceNumber", "payerType", "payerReference", "customerMsisdn", "payerAccount"),
        *("maxRefundableAmount", "statusCode", "statusMessage"),
    ]
    assert re.fullmatch(r"DBB[0-9A-Z]{7}", done["trxID"])
    assert (done["transactionStatus"], done["amount"], done["maxRefundableAmount"]) == ("Completed", "10", "10")
    after = await shop.query(made)
    assert list(after)[:14] == [
        *("paymentID", "mode", "paymentCreateTime", "paymentExecuteTime", "amount", "currency", "intent"),
        *("merchantInvoice", "trxID", "transactionStatus", "verificationStatus", "statusCode", "statusMessage"),
        "payerReference",
    ]
    assert (after["merchantInvoice"], after["trxID"]) == ("A-1", done["trxID"])


async def test_search_shows_the_payment_and_its_refund(shop):
    paid = await shop.paid("599.00")
    shown = await shop.ok("general/searchTransaction", {"trxID": paid["trxID"]})
    assert list(shown)[:10] == [
        *("trxID", "initiationTime", "completedTime", "transactionType", "customerMsisdn", "transactionStatus"),
        *("amount", "currency", "organizationShortCode", "statusCode"),
    ]
    assert shown["transactionType"] == "bKash Tokenized Checkout via API"
    back = await shop.refund(paid, "99")
    refund = await shop.ok("general/searchTransaction", {"trxID": back["refundTrxID"]})
    assert (refund["amount"], refund["originalTrxAmount"]) == ("99.00", "599.00")
    assert "maxRefundableAmount" not in refund
    assert await shop.refused("general/searchTransaction", {"trxID": "DBB0000000"}) == "2033"


async def test_money_moves_at_execute_and_not_before(shop):
    made = await shop.create("250.50")
    assert await shop.decide(made) == {
        "paymentID": made["paymentID"],
        "status": "success",
        "redirect": made["successCallbackURL"],
    }
    assert await shop.wallet(OK) == "100000.00"
    await shop.execute(made)
    assert await shop.wallet(OK) == "99749.50"


@pytest.mark.parametrize("setting", ["2117", "2062"])
async def test_a_second_execute_moves_nothing(shop, setting):
    await shop.set(execute_twice=setting)
    paid = await shop.paid()
    assert await shop.refused("execute", {"paymentID": paid["paymentID"]}) == setting
    assert await shop.wallet(OK) == "99900.00"


@pytest.mark.parametrize("setting", ["2056", "2060"])
@pytest.mark.parametrize("action", [None, "cancel", "fail"])
async def test_what_was_not_approved_is_not_executed(shop, action, setting):
    await shop.set(execute_early=setting)
    made = await shop.create()
    if action:
        assert (await shop.decide(made, action))["status"] == {"cancel": "cancel", "fail": "failure"}[action]
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == setting
    shown = await shop.query(made)
    assert (shown["transactionStatus"], shown["verificationStatus"]) == ("Initiated", "Incomplete")


async def test_a_cancelled_payment_may_be_queried_as_such(shop):
    await shop.set(cancelled_query="Cancelled")
    made = await shop.create()
    await shop.decide(made, "cancel")
    assert (await shop.query(made))["transactionStatus"] == "Cancelled"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(({"mode": ""}, "2065"), ({"mode": "0012"}, "2063"), ({"amount": None}, "2065"), ({"amount": "0"}, "2006")),
        *(({"amount": "-1"}, "2006"), ({"amount": "1.005"}, "2006"), ({"amount": "ten"}, "2006")),
        *(({"amount": True}, "2025"), ({"currency": "USD"}, "2007"), ({"intent": "gift"}, "2008")),
        *(({"callbackURL": "shop"}, "2049"), ({"callbackURL": "ftp://shop.test"}, "2049")),
        *(({"payerReference": "<b>"}, "2048"), ({"payerReference": "x" * 256}, "2048")),
        *(({"merchantInvoiceNumber": "a&b"}, "2031"), ({"merchantInvoiceNumber": ""}, "2065")),
        *(({"mode": "0001"}, "2065"), ({"mode": "0001", "agreementID": "none"}, "2051"), ({"amount": [1]}, "2025")),
    ],
)
async def test_a_wrong_field_has_its_code(shop, change, code):
    assert await shop.refused("create", shop.body(**change)) == code


async def test_a_number_and_extra_fields_are_taken(shop):
    made = await shop.create(10.5, agreementID="", merchantAssociationInfo="")
    assert made["amount"] == "10.5"


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff"])
async def test_a_body_that_is_no_object_is_2025(shop, content):
    answer = await shop.client.post(f"{TOKENIZED}/create", content=content, headers=await shop.headers())
    assert (answer.status_code, answer.json()["statusCode"]) == (200, "2025")


async def test_a_payment_is_dead_after_a_day_unless_it_was_executed(shop):
    late, paid = await shop.create(), await shop.paid(merchantInvoiceNumber="P-1")
    await shop.decide(late)
    await shop.advance(86_400 - 1)
    shop.token = None
    assert (await shop.query(late))["verificationStatus"] == "Complete"
    await shop.advance(1)
    assert await shop.refused("payment/status", {"paymentID": late["paymentID"]}) == "2002"
    assert await shop.refused("execute", {"paymentID": late["paymentID"]}) == "2002"
    assert (await shop.query(paid))["transactionStatus"] == "Completed"


async def test_an_invoice_that_was_paid_is_refused_at_create(shop):
    open_one = await shop.create(merchantInvoiceNumber="I-1")
    await shop.create(merchantInvoiceNumber="I-1")
    await shop.decide(open_one)
    await shop.execute(open_one)
    assert await shop.refused("create", shop.body(merchantInvoiceNumber="I-1")) == "2029"
    await shop.set(invoice_rule=False)
    await shop.create(merchantInvoiceNumber="I-1")
    await shop.paid(merchantInvoiceNumber="0000")
    await shop.create(merchantInvoiceNumber="0000")


async def test_the_two_minute_rule_is_a_switch(shop):
    await shop.paid("77.00", merchantInvoiceNumber="D-1")
    await shop.paid("77.00", merchantInvoiceNumber="D-2")
    await shop.set(duplicate_rule=True)
    third = await shop.create("77.00", merchantInvoiceNumber="D-3")
    await shop.decide(third)
    assert await shop.refused("execute", {"paymentID": third["paymentID"]}) == "2029"
    await shop.advance(120)
    await shop.paid("77.00", merchantInvoiceNumber="D-4")


# Wallets


@pytest.mark.parametrize(("name", "code"), [("poor", "2023"), ("blocked", "2037"), ("duplicate", "2029")])
async def test_a_wallet_that_cannot_pay_is_refused_at_execute_and_the_payment_is_used_up(shop, name, code):
    made = await shop.create()
    assert (await shop.decide(made, wallet=wallet(name)))["status"] == "success"
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == code
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2056"
    assert (await shop.query(made))["transactionStatus"] == "Initiated"


async def test_a_refused_payment_may_be_executed_again_where_the_switch_says_so(shop):
    await shop.set(refused_uses_up=False)
    made = await shop.create("10")
    await shop.decide(made, wallet=POOR)
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2023"
    await shop.control("POST", "/bkash/wallets", {"msisdn": POOR, "balance": "10.00"})
    assert (await shop.execute(made))["transactionStatus"] == "Completed"


@pytest.mark.parametrize("name", ["wrongpin", "wrongotp", "nowallet"])
async def test_a_wallet_that_the_page_refuses_ends_in_failure(shop, name):
    made = await shop.create()
    told = await shop.decide(made, wallet=wallet(name))
    assert (told["status"], told["redirect"]) == ("failure", made["failureCallbackURL"])


@pytest.mark.parametrize("typed", [{"otp": "000000"}, {"pin": "00000"}, {"wallet": "01999999999"}])
async def test_what_is_typed_wrong_ends_in_failure(shop, typed):
    assert (await shop.decide(await shop.create(), **typed))["status"] == "failure"


async def test_an_execute_that_hangs_has_moved_the_money_or_has_not(shop):
    for name, status in (("hangpaid", "Completed"), ("hangunpaid", "Initiated")):
        made = await shop.create("5", merchantInvoiceNumber=name)
        await shop.decide(made, wallet=wallet(name))
        with pytest.raises(httpx.ReadTimeout):
            await shop.ask("execute", {"paymentID": made["paymentID"]})
        shown = await shop.query(made)
        assert (shown["transactionStatus"], shown["verificationStatus"]) == (status, "Complete")
        if status == "Initiated":
            assert (await shop.execute(made))["transactionStatus"] == "Completed"
        assert await shop.wallet(wallet(name)) == "99995.00"


async def test_maintenance_answers_503_once(shop):
    made = await shop.create()
    await shop.decide(made, wallet=wallet("maintenance"))
    answer = await shop.ask("execute", {"paymentID": made["paymentID"]})
    assert (answer.status_code, answer.json()["statusCode"]) == (200, "503")
    assert (await shop.execute(made))["transactionStatus"] == "Completed"


async def test_a_new_wallet_pays(shop):
    await shop.control("POST", "/bkash/wallets", {"msisdn": "01911111111", "balance": "20"})
    assert (await shop.paid("20", "01911111111"))["customerMsisdn"] == "01911111111"
    assert await shop.wallet("01911111111") == "0.00"
    answer = await shop.control("POST", "/bkash/wallets", {"msisdn": "12", "balance": "20"})
    assert answer.status_code == 422


# Tokens


async def test_nobody_is_let_in_without_token_and_app_key(shop):
    made = await shop.create()
    body = {"paymentID": made["paymentID"]}
    assert await shop.refused("execute", body, headers={"authorization": ""}) == (401, "Unauthorized")
    assert await shop.refused("execute", body, headers={"authorization": "eyJ.x.y"}) == (401, "Unauthorized")
    assert await shop.refused("execute", body, headers={"x-app-key": ""}) == (403, "Forbidden")
    assert await shop.refused("execute", body, headers={"x-app-key": "other"}) == "2001"
    bearer = {"authorization": f"Bearer {shop.token}"}
    assert (await shop.ok("payment/status", body, headers=bearer))["transactionStatus"] == "Initiated"
    await shop.set(accept_bearer=False)
    assert await shop.refused("execute", body, headers=bearer) == (401, "Unauthorized")


async def test_a_token_ends_after_an_hour_and_a_refresh_token_makes_a_new_one(shop):
    first = (await shop.grant()).json()
    await shop.headers()
    await shop.advance(3600)
    made = shop.body()
    assert await shop.refused("create", made) == (401, "The incoming token has expired")
    again = (await shop.grant(path="token/refresh", refresh_token=first["refresh_token"])).json()
    shop.token = again["id_token"]
    await shop.create()
    wrong = (await shop.grant(path="token/refresh", refresh_token="x")).json()
    assert wrong["statusCode"] == "9999"


@pytest.mark.parametrize("ends", [False, True])
async def test_whether_a_refresh_ends_the_old_token_is_a_switch(shop, ends):
    await shop.set(refresh_ends_token=ends)
    first = (await shop.grant()).json()
    shop.token = first["id_token"]
    await shop.grant(path="token/refresh", refresh_token=first["refresh_token"])
    assert (await shop.ask("create", shop.body())).status_code == (401 if ends else 200)


async def test_wrong_credentials_are_9999_raw_where_asked_for_and_in_the_checkouts_own_words(shop):
    answer = await shop.grant(app_secret="x")
    assert (answer.status_code, answer.json()["statusMessage"]) == (200, "Invalid credentials.\n")
    await shop.set(raw_credentials_error=True)
    raw = await shop.grant(app_secret="x")
    assert raw.content.endswith(b'Invalid credentials.\n"}')
    with pytest.raises(ValueError, match="control character"):
        raw.json()
    assert (await shop.grant(CHECKOUT, app_secret="x")).json()["status"] == "fail"


async def test_the_rule_of_two_blocks_for_an_hour_where_it_is_on(shop):
    for _ in range(3):
        assert (await shop.grant()).status_code == 200
    await shop.set(token_rule=True)
    assert [(await shop.grant()).status_code for _ in range(3)] == [200, 200, 429]
    await shop.advance(3599)
    assert (await shop.grant()).json() == {"message": "Too Many Requests"}
    await shop.advance(1)
    assert (await shop.grant()).status_code == 200


# Other families


async def test_checkout_has_its_own_shapes_times_and_no_page_address(shop):
    made = await shop.checkout("12.5")
    assert list(made) == [
        *("paymentID", "createTime", "orgLogo", "orgName", "transactionStatus", "amount", "currency", "intent"),
        "merchantInvoiceNumber",
    ]
    assert re.fullmatch(rf"[0-9A-Z]{{7}}{NOW_MS}", made["paymentID"])
    assert made["createTime"] == "2026-02-11T00:00:00:000 GMT+0000"
    id_ = made["paymentID"]
    page = await shop.client.post(f"/bkash/pay?paymentId={id_}", data={"action": "confirm"})
    assert (page.status_code, page.json()) == (200, {"paymentID": id_, "status": "success"})
    done = await shop.ok(f"payment/execute/{id_}", root=CHECKOUT)
    assert list(done) == [
        *("paymentID", "createTime", "updateTime", "trxID", "transactionStatus", "amount", "currency", "intent"),
        "merchantInvoiceNumber",
    ]
    shown = await shop.ok(f"payment/query/{id_}", root=CHECKOUT, method="GET")
    assert (shown["amount"], shown["refundAmount"], shown["trxID"]) == ("12.50", "0", done["trxID"])
    found = await shop.ok(f"payment/search/{done['trxID']}", root=CHECKOUT, method="GET")
    assert (found["amount"], "statusCode" in found) == ("12.5", False)
    assert await shop.refused("payment/query/none", root=CHECKOUT, method="GET") == "2002"
    await shop.ok("payment/refund", shop.refund_body(done, "2.5"), root=CHECKOUT)
    shown = await shop.ok(f"payment/query/{id_}", root=CHECKOUT, method="GET")
    assert shown["refundAmount"] == "2.50"


async def test_checkout_executes_with_a_body_too(shop):
    made = await shop.checkout()
    await shop.decide(made)
    done = await shop.ok("payment/execute", {"paymentID": made["paymentID"]}, root=CHECKOUT)
    assert done["transactionStatus"] == "Completed"


async def test_v2_pays_too_and_its_errors_have_http_400(shop):
    assert "statusCode" not in (await shop.grant(V2, "auth/grant-token")).json()
    body = shop.body()
    made = await shop.ok("payment/create", {name: body[name] for name in body if name != "mode"}, root=V2)
    assert made["signature"] in made["bkashURL"] or made["successCallbackURL"].endswith(made["signature"])
    made["paymentID"] = made["paymentId"]
    await shop.decide(made)
    done = await shop.ok("payment/execute", {"paymentId": made["paymentId"]}, root=V2)
    assert (done["transactionStatus"], done["payerAccount"]) == ("Completed", OK)
    answer = await shop.ask("query/payment", {"paymentId": "none"}, root=V2)
    assert answer.status_code == 400
    assert answer.json() == {
        "internalCode": "invalid_payment_id",
        "externalCode": "2002",
        "errorMessageEn": "Unknown or expired payment ID",
        "errorMessageBn": None,
    }


@pytest.mark.parametrize(
    ("path", "says"),
    [("checkout/payment/organizationBalance", "not played here"), ("tokenized/nowhere", "no operation")],
)
async def test_what_is_not_played_says_so(shop, path, says):
    answer = await shop.ask(path, {}, root="/bkash/v1.2.0-beta")
    assert (answer.status_code, says in answer.json()["message"]) == (404, True)


# Agreements, authorize and capture


async def agreement(shop, name="ok"):
    body = {"mode": "0000", "callbackURL": BACK, "payerReference": "customer-1"}
    made = await shop.ok("create", body)
    assert list(made)[-5:] == [
        *("payerReference", "agreementStatus", "agreementCreateTime", "statusCode", "statusMessage"),
    ]
    assert made["paymentID"].startswith("TR0000")
    await shop.decide(made, wallet=wallet(name))
    return made, await shop.execute(made)


async def test_an_agreement_is_made_paid_with_and_cancelled(shop):
    made, done = await agreement(shop, "ok2")
    assert re.fullmatch(rf"TokenizedMerchant01[0-9A-Z]{{7}}{NOW_MS}", done["agreementID"])
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2116"
    named = {"agreementID": done["agreementID"]}
    shown = await shop.query(made)
    needed = ("agreementID", "payerAccount", "payerType", "agreementStatus", "agreementExecuteTime", "mode")
    assert [name for name in needed if name not in shown] == []
    paid = await shop.create(mode="0001", **named)
    assert (paid["agreementID"], "bkashURL" in paid) == (done["agreementID"], True)
    await shop.decide(paid)
    executed = await shop.execute(paid)
    assert (executed["customerMsisdn"], executed["agreementID"]) == (wallet("ok2"), done["agreementID"])
    assert (await shop.ok("agreement/status", named))["agreementStatus"] == "Completed"
    cancelled = await shop.ok("agreement/cancel", named)
    assert (cancelled["agreementStatus"], cancelled["agreementVoidTime"][:4]) == ("Cancelled", "2026")
    assert await shop.refused("agreement/cancel", named) == "2053"
    assert await shop.refused("create", shop.body(mode="0001", **named)) == "2053"
    assert (await shop.ok("agreement/status", named))["agreementStatus"] == "Cancelled"


async def test_an_agreement_before_approval_is_2054_and_moves_no_money(shop):
    made = await shop.ok("create", {"mode": "0000", "callbackURL": BACK, "payerReference": "c"})
    assert await shop.refused("execute", {"paymentID": made["paymentID"]}) == "2054"
    await shop.set(agreement_url=False)
    _, done = await agreement(shop)
    assert "bkashURL" not in await shop.create(mode="0001", agreementID=done["agreementID"])
    assert [row for row in shop.world.ledger.postings if row.credit == "bkash_merchant"] == []


@pytest.mark.parametrize(
    ("path", "status"), [("payment/confirm/capture", "Completed"), ("payment/confirm/void", "Cancelled")]
)
async def test_what_is_held_is_captured_or_voided_once(shop, path, status):
    held = await shop.paid("80", intent="authorization")
    assert (held["transactionStatus"], bool(held["trxID"])) == ("Authorized", True)
    assert shop.world.ledger.balance("bkash_held", "BDT") == 8000
    assert await shop.refused("payment/refund", shop.refund_body(held, "1")) == "2056"
    named = {"paymentID": held["paymentID"]}
    done = await shop.ok(path, named)
    assert (done["transactionStatus"], done["paymentId"], done["trxID"]) == (status, held["paymentID"], held["trxID"])
    assert await shop.refused("payment/confirm/capture", named) == "2119"
    assert await shop.refused("payment/confirm/capture/void", named) == "2119"
    captured = status == "Completed"
    assert shop.world.ledger.balance("bkash_held", "BDT") == 0
    assert shop.world.ledger.balance("bkash_merchant", "BDT") == (8000 if captured else 0)
    assert (await shop.query(held))["transactionStatus"] == status
    if captured:
        await shop.refund(held, "80")
    assert await shop.wallet(OK) == "100000.00"


async def test_a_sale_is_neither_captured_nor_voided(shop):
    paid = await shop.paid()
    assert await shop.refused("payment/confirm/capture", {"paymentID": paid["paymentID"]}) == "2056"


# The page


async def test_a_person_can_use_the_page_and_it_shows_no_markup_of_the_shops(shop):
    made = await shop.create(
        payerReference="x'\"", merchantInvoiceNumber='"><script>'.replace("<", "").replace(">", "")
    )
    page = await shop.client.get(made["bkashURL"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for field in ('name="wallet"', 'name="otp"', 'name="pin"', 'value="confirm"', 'value="cancel"'):
        assert field in page.text
    assert '"script' not in page.text
    back = await shop.client.post(
        made["bkashURL"], data={"action": "confirm", "wallet": OK, "otp": "135790", "pin": "24680"}
    )
    assert (back.status_code, back.headers["location"]) == (302, made["successCallbackURL"])
    again = await shop.client.post(made["bkashURL"], data={"action": "cancel"})
    assert (again.status_code, "location" in again.headers) == (409, False)
    assert (await shop.client.get(made["bkashURL"].replace("hash=", "hash=x"))).status_code == 404
    assert (await shop.client.get("/bkash/pay?paymentId=none")).status_code == 404


async def test_a_callback_with_a_query_keeps_it(shop):
    made = await shop.create(callbackURL="https://shop.test/back?order=1")
    told = await shop.decide(made, "cancel")
    assert told["redirect"].startswith("https://shop.test/back?order=1&paymentID=")


async def test_by_the_real_hosts_names_everything_leads_to_bkash(shop):
    headers = await shop.headers() | {"host": "tokenized.sandbox.bka.sh"}
    answer = await shop.client.post("/v1.2.0-beta/tokenized/checkout/create", json=shop.body(), headers=headers)
    url = answer.json()["bkashURL"]
    assert url.startswith(f"https://sandbox.payment.bkash.com/?paymentId={answer.json()['paymentID']}&hash=")
    assert url.endswith("&mode=0011&apiVersion=v1.2.0-beta/")
    path = url.removeprefix("https://sandbox.payment.bkash.com")
    page = await shop.client.get(path, headers={"host": "sandbox.payment.bkash.com"})
    assert (page.status_code, "<form" in page.text) == (200, True)


async def test_another_world_has_its_own_credentials_and_is_found_by_its_token(shop):
    made = (await shop.client.post("/sandbox/worlds", json={"name": "b"})).json()
    facts = (await shop.client.get("/sandbox/worlds/b/bkash")).json()
    assert facts["baseUrl"] == "http://sandbox.test/w/b/bkash/v1.2.0-beta"
    assert facts["appKey"] != shop.known.app_key
    body = {"app_key": facts["appKey"], "app_secret": facts["appSecret"]}
    sent = {"username": facts["username"], "password": facts["password"]}
    token = (await shop.client.post(f"{TOKENIZED}/token/grant", json=body, headers=sent)).json()["id_token"]
    headers = {"authorization": token, "x-app-key": facts["appKey"]}
    payment = (await shop.client.post(f"{TOKENIZED}/create", json=shop.body(), headers=headers)).json()
    assert payment["bkashURL"].startswith("http://sandbox.test/w/b/bkash/pay?")
    assert list(shop.worlds.get("b").state_of("bkash").payments) == [payment["paymentID"]]
    assert (await shop.client.get(payment["bkashURL"])).status_code == 200
    assert made["world"] == "b"


async def test_the_control_api_lists_payments_and_refuses_unknown_ones(shop):
    paid = await shop.paid()
    rows = (await shop.control("GET", "/bkash/payments")).json()
    assert [(row["paymentID"], row["transactionStatus"], row["trxID"]) for row in rows] == [
        (paid["paymentID"], "Completed", paid["trxID"])
    ]
    assert (await shop.control("POST", "/bkash/payments/none/approve")).status_code == 404
    again = await shop.control("POST", f"/bkash/payments/{paid['paymentID']}/approve")
    assert again.status_code == 409
    facts = (await shop.control("GET", "/bkash")).json()
    assert facts["wallets"]["poor"] == POOR
    assert facts["baseUrl"] == "http://sandbox.test/bkash/v1.2.0-beta"
    assert (facts["otp"], facts["pin"]) == ("135790", "24680")
