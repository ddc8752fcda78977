"""Charges of the fake Omise: what is refused, what becomes of them, what goes back."""

import pytest

from bakong_schemes.omise import wire
from bakong_simulator.console.payments import payer_page

DAY = 86_400
ASKS, VALIDATION_FAILS, ENROLMENT_FAILS = "4111111111111111", "4111111111140003", "4111111111150002"
BACK = "https://shop.test/back"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": 1999, "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 15_000_001, "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 10_000_001, "source": {"type": "truemoney", "phone_number": "1"}}, "bad_request"),
        ({"amount": "many", "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 5000.5, "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": True, "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 5000, "currency": "USD", "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "cowries"}}, "bad_request"),
        ({"amount": 5000, "source": {}}, "bad_request"),
        ({"amount": 5000, "source": {"type": "truemoney"}, "return_uri": BACK}, "bad_request"),
        ({"amount": 5000, "source": {"type": "internet_banking_bay"}}, "invalid_charge"),
        ({"amount": 5000, "source": 7}, "invalid_charge"),
        ({"amount": 5000, "card": {"number": "4242424242424242"}}, "invalid_card_token"),
        ({"amount": 5000}, "missing_card"),
        ({"amount": 5000, "card": "tokn_test_x", "source": {"type": "promptpay"}}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "metadata": "x"}, "bad_request"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "capture": "perhaps"}, "bad_request"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "expires_at": "soon"}, "bad_request"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "expires_at": "2026-02-10T00:00:00Z"}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "return_uri": "x\r\ny: z"}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "webhook_endpoints": ["ftp://x"]}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "webhook_endpoints": [1, 2, 3]}, "invalid_charge"),
        ({"amount": 5000, "source": {"type": "promptpay"}, "authorization_type": "x"}, "invalid_charge"),
    ],
)
async def test_what_no_charge_can_be_made_of_is_refused_and_leaves_no_trace(shop, body, code):
    assert await shop.refused("POST", "/charges", {"currency": "thb"} | body) == (400, code)
    assert (await shop.ok("GET", "/charges"))["total"] == 0
    assert not shop.world.payments


async def test_a_source_made_before_is_used_once_for_its_own_amount(shop):
    asked = {"type": "promptpay", "amount": 5000, "currency": "THB"}
    source = await shop.ok("POST", "/sources", asked, key="pkey_test_sandbox")
    assert (source["charge_status"], source["flow"], source["scannable_code"]) == ("unknown", "offline", None)
    charge = {"amount": 5000, "currency": "thb", "source": source["id"]}
    assert await shop.refused("POST", "/charges", charge | {"amount": 6000}) == (400, "invalid_charge")
    assert (await shop.ok("POST", "/charges", charge))["source"]["id"] == source["id"]
    assert await shop.refused("POST", "/charges", charge) == (400, "invalid_charge")
    assert (await shop.ok("GET", f"/sources/{source['id']}"))["charge_status"] == "pending"
    assert await shop.refused("POST", "/sources", asked | {"amount": 1}) == (400, "bad_request")


@pytest.mark.parametrize(("number", "card"), wire.CARDS.items())
async def test_every_test_card_ends_as_the_list_says(shop, number, card):
    charge = await shop.charge("card", number=number)
    assert (charge["status"], charge["failure_code"]) == (
        ("failed", card.failure) if card.failure else ("successful", None)
    )
    assert (charge["card"]["brand"], charge["card"]["last_digits"]) == (card.brand, number[-4:])
    assert number not in str((await shop.control("GET", "/snapshot")).json()["schemes"]["omise"])


@pytest.mark.parametrize(
    ("setting", "number", "asks", "ends"),
    [
        ("card", ASKS, True, "successful"),
        ("card", "4242424242424242", False, "successful"),
        ("card", VALIDATION_FAILS, True, "failed"),
        ("card", ENROLMENT_FAILS, False, "failed"),
        ("off", ASKS, False, "successful"),
        ("off", ENROLMENT_FAILS, False, "successful"),
        ("all", "4242424242424242", True, "successful"),
        ("all", "4111111111140011", True, "failed"),
    ],
)
async def test_three_d_secure_asks_as_the_account_is_set_up(shop, setting, number, asks, ends):
    await shop.set(three_d_secure=setting)
    charge = await shop.charge("card", number=number, return_uri=BACK)
    assert ((charge["authorize_uri"] is not None), charge["status"]) == (asks, "pending" if asks else ends)
    if asks:
        payment = shop.world.payments["omise", charge["id"]]
        assert charge["authorize_uri"].endswith(payer_page(shop.world, payment))
        back = await shop.client.post(charge["authorize_uri"], data={"outcome": "success"})
        assert (back.status_code, back.headers["location"]) == (302, BACK)
    assert (await shop.now(charge))["status"] == ends


async def test_a_redirect_source_is_paid_or_refused_on_its_page(shop):
    charge = await shop.charge("truemoney")
    assert (charge["source"]["flow"], charge["source"]["scannable_code"]) == ("redirect", None)
    assert "outcome" in (await shop.client.get(charge["authorize_uri"])).text
    assert (await shop.client.post(charge["authorize_uri"], data={"outcome": "maybe"})).status_code == 400
    assert (await shop.client.post(charge["authorize_uri"], data={"outcome": "fail"})).status_code == 302
    failed = await shop.now(charge)
    assert (failed["status"], failed["failure_code"]) == ("failed", "payment_cancelled")
    other = await shop.charge("mobile_banking_kbank")
    assert (await shop.control("POST", f"/omise/charges/{other['id']}/authorize")).json()["status"] == "successful"


async def test_mark_as_paid_and_as_failed_are_those_of_the_test_mode(shop):
    paid, failed = await shop.charge(), await shop.charge()
    assert (await shop.ok("POST", f"/charges/{paid['id']}/mark_as_paid"))["status"] == "successful"
    assert (await shop.ok("POST", f"/charges/{failed['id']}/mark_as_failed"))["failure_code"] == "failed_processing"
    for path in ("mark_as_paid", "mark_as_failed"):
        assert await shop.refused("POST", f"/charges/{paid['id']}/{path}") == (400, "invalid_charge")


async def test_a_payer_with_too_little_fails_for_that_unless_marked_as_paid(shop):
    shop.world.ledger.post("omise_payer", "omise_issuer", "THB", shop.world.ledger.balance("omise_payer", "THB"))
    charge = await shop.charge("card")
    assert charge["failure_code"] == "insufficient_fund"
    other = await shop.charge()
    assert (await shop.ok("POST", f"/charges/{other['id']}/mark_as_paid"))["paid"] is True
    assert shop.world.ledger.balance("omise_merchant", "THB") == 100_000


async def test_a_code_is_paid_once_and_dead_after_its_time(shop):
    charge = await shop.charge()
    assert (await shop.pay(charge)).status_code == 200
    assert (await shop.pay(charge)).status_code == 409
    dead = await shop.charge(expires_at="2026-02-11T00:00:10Z")
    assert (await shop.ok("POST", f"/charges/{dead['id']}/expire"))["expired"] is True
    assert (await shop.pay(dead)).status_code == 409
    assert await shop.refused("POST", f"/charges/{dead['id']}/expire") == (400, "failed_expire")
    assert await shop.refused("POST", f"/charges/{charge['id']}/expire") == (400, "failed_expire")
    silent = await shop.charge()
    await shop.advance(DAY - 1)
    assert (await shop.now(silent))["status"] == "pending"
    await shop.advance(1)
    gone = await shop.now(silent)
    assert (gone["status"], gone["expired_at"]) == ("expired", silent["expires_at"])
    assert (await shop.pay(silent)).status_code == 409
    assert await shop.refused("POST", f"/charges/{silent['id']}/mark_as_paid") == (400, "invalid_charge")


async def test_what_is_held_reverses_by_itself_after_a_week(shop):
    held = await shop.charge("card", capture=False)
    assert await shop.refused("POST", f"/charges/{held['id']}/expire") == (400, "failed_expire")
    await shop.advance(7 * DAY - 1)
    assert (await shop.now(held))["capturable"] is True
    await shop.advance(1)
    gone = await shop.now(held)
    assert (gone["status"], gone["reversed_at"], gone["reversible"]) == ("reversed", "2026-02-18T00:00:00Z", False)
    for verb, code in (("capture", "failed_capture"), ("reverse", "failed_reverse")):
        assert await shop.refused("POST", f"/charges/{held['id']}/{verb}") == (400, code)


async def test_only_a_pre_authorised_card_is_captured_in_part(shop):
    final = await shop.charge("card", capture=False)
    for body in ({"capture_amount": 1}, {"capture_amount": 100_001}, {"capture_amount": 0}, {"capture_amount": "x"}):
        assert await shop.refused("POST", f"/charges/{final['id']}/capture", body) == (400, "failed_capture")
    assert (await shop.ok("POST", f"/charges/{final['id']}/capture"))["captured_amount"] == 100_000
    held = await shop.charge("card", capture=False, authorization_type="pre_auth")
    captured = await shop.ok("POST", f"/charges/{held['id']}/capture", {"capture_amount": 60_000})
    assert (captured["amount"], captured["captured_amount"], captured["net"]) == (100_000, 60_000, 57_657)
    assert await shop.refused("POST", f"/charges/{held['id']}/refunds", {"amount": 60_001}) == (400, "failed_refund")
    assert (await shop.ok("POST", f"/charges/{held['id']}/refunds", {"amount": 60_000}))["voided"] is True
    assert shop.world.ledger.balance("omise_merchant", "THB") == 100_000


async def test_what_is_sent_back_follows_the_method(shop):
    qr, wallet = await shop.charge(), await shop.charge("truemoney")
    for charge in (qr, wallet):
        await shop.pay(charge)
    assert (await shop.now(qr))["refundable"] is False
    assert await shop.refused("POST", f"/charges/{qr['id']}/refunds", {"amount": 1}) == (400, "failed_refund")
    await shop.set(promptpay_refunds=True)
    assert (await shop.ok("POST", f"/charges/{qr['id']}/refunds", {"amount": 40_000}))["amount"] == 40_000
    assert (await shop.now(wallet))["partially_refundable"] is False
    assert await shop.refused("POST", f"/charges/{wallet['id']}/refunds", {"amount": 1}) == (400, "failed_refund")
    await shop.advance(31 * DAY)
    assert await shop.refused("POST", f"/charges/{wallet['id']}/refunds", {"amount": 100_000}) == (400, "failed_refund")
    assert (await shop.ok("POST", f"/charges/{qr['id']}/refunds", {"amount": 60_000}))["voided"] is False
    assert shop.world.ledger.balance("omise_merchant", "THB") == 100_000
    assert [row.returned for row in shop.world.payments["omise", qr["id"]].settlements] == [True]
    assert (await shop.ok("GET", "/refunds"))["total"] == 2


async def test_a_whole_refund_is_a_void_until_midnight_in_bangkok(shop):
    early, late = await shop.charge("card"), await shop.charge("card")
    assert early["can_perform_void"] is True
    await shop.advance(17 * 3600 - 1)  # 06:59:59 in Bangkok is 23:59:59 UTC; NOW is 07:00 there
    voided = await shop.ok("POST", f"/charges/{early['id']}/refunds", {"amount": 100_000, "void": True})
    assert (voided["voided"], (await shop.now(early))["voided"]) == (True, True)
    await shop.advance(1)
    assert await shop.refused("POST", f"/charges/{late['id']}/refunds", {"amount": 100_000, "void": True}) == (
        *(400, "failed_void"),
    )
    assert (await shop.ok("POST", f"/charges/{late['id']}/refunds", {"amount": 100_000}))["voided"] is False


async def test_fewer_than_fifteen_parts_go_back_and_none_after_a_year(shop):
    charge, old = await shop.charge("card"), await shop.charge("card")
    for _ in range(14):
        await shop.ok("POST", f"/charges/{charge['id']}/refunds", {"amount": 100})
    assert await shop.refused("POST", f"/charges/{charge['id']}/refunds", {"amount": 100}) == (400, "failed_refund")
    await shop.advance(365 * DAY + 1)
    assert await shop.refused("POST", f"/charges/{old['id']}/refunds", {"amount": 100_000}) == (400, "failed_refund")


async def test_unpaid_charges_and_odd_amounts_are_not_refunded(shop):
    pending, paid = await shop.charge(), await shop.charge("card")
    assert await shop.refused("POST", f"/charges/{pending['id']}/refunds", {"amount": 1}) == (400, "failed_refund")
    for amount in (0, -5, None, "x", 1.5):
        body = {"amount": amount}
        assert await shop.refused("POST", f"/charges/{paid['id']}/refunds", body) == (400, "failed_refund")
    assert await shop.refused("GET", f"/charges/{paid['id']}/refunds/rfnd_test_x") == (404, "not_found")


async def test_a_script_that_sends_money_back_shows_a_refund(shop):
    charge = await shop.charge(description="SBX-REFUNDED")
    await shop.advance(DAY)
    shown = await shop.now(charge)
    assert (shown["refunded_amount"], shown["refunds"]["data"][0]["amount"]) == (100_000, 100_000)


@pytest.mark.parametrize("amount", [2_000, 5_000, 123_456, 500_000, 15_000_000])
async def test_fees_are_those_of_the_rate_and_sum_to_the_amount(shop, amount):
    charge = await shop.charge(amount=amount)
    assert charge["fee"] + charge["fee_vat"] + charge["net"] == amount
    await shop.set(promptpay_rate="0.8")
    assert (await shop.charge(amount=amount))["transaction_fees"]["fee_rate"] == "0.8"
    assert (await shop.now(charge))["fee"] == charge["fee"]


async def test_a_charge_is_changed_and_tells_of_it(shop):
    await shop.listen()
    charge = await shop.charge(metadata={"a": "1"})
    changed = await shop.ok("PATCH", f"/charges/{charge['id']}", {"description": "New", "metadata": {"b": {"c": 2}}})
    assert (changed["description"], changed["metadata"]) == ("New", {"b": {"c": 2}})
    await shop.advance(0)
    assert shop.event_keys() == ["charge.create", "charge.update"]
