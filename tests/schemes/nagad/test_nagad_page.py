"""The pay page and the callback: where money moves, and what a browser carries back."""

import html
import re

import pytest

from bakong_schemes.nagad import wire
from tests.schemes.nagad.conftest import BACK, WORLD

FORM = {"wallet": "01400000001", "otp": "123456", "pin": "1357", "action": "confirm"}
NUMBERS = {wallet.name: number for number, wallet in wire.WALLETS.items()}


def page_of(reference):
    return f"/nagad/check-out/{reference}"


async def test_a_person_pays_on_the_page_and_money_moves_there(merchant):
    reference = await merchant.ready(amount="250.00")
    page = await merchant.client.get(page_of(reference))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    names = re.findall(r'name="(\w+)"', page.text)
    assert {"wallet", "otp", "pin", "action"} <= set(names)
    assert "250.00 BDT" in page.text
    before = merchant.balance(NUMBERS["ok"])
    back = await merchant.client.post(page_of(reference), data=FORM)
    assert back.status_code == 302
    paid = await merchant.verify(reference)
    assert back.headers["location"] == (
        f"{BACK}?merchant={merchant.id}&order_id=ORD1&payment_ref_id={reference}&status=Success"
        "&status_code=00_0000_000&message=Successful%20Transaction&payment_dt=20260211060000"
        f"&issuer_payment_ref={paid['issuerPaymentRefNo']}"
    )
    assert re.fullmatch(r"[0-9A-Z]{8}", paid["issuerPaymentRefNo"])
    assert (merchant.balance(), merchant.balance(NUMBERS["ok"])) == (250_00, before - 250_00)
    again = await merchant.client.post(page_of(reference), data=FORM)
    assert (again.status_code, merchant.balance()) == (409, 250_00)
    page = await merchant.client.get(page_of(reference))
    assert ("<form" in page.text, html.escape(back.headers["location"]) in page.text) == (False, True)


async def test_a_customer_who_closes_the_page_comes_back_with_aborted(merchant):
    reference = await merchant.ready(callback=f"{BACK}?shop=1#top")
    back = await merchant.client.post(page_of(reference), data={"action": "cancel"})
    assert back.headers["location"] == (
        f"{BACK}?shop=1&merchant={merchant.id}&order_id=ORD1&payment_ref_id={reference}&status=Aborted"
        "&status_code=00_0001_001&message=Transaction%20Aborted#top"
    )
    assert (await merchant.status(reference), merchant.balance()) == ("Aborted", 0)
    assert (await merchant.client.post(page_of(reference), data=FORM)).status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [("wallet", "01700000000"), ("wallet", ""), ("otp", "12"), ("otp", "abcdef"), ("pin", "0000"), ("action", "steal")],
)
async def test_a_form_that_is_wrong_is_shown_again_and_nothing_is_decided(merchant, field, value):
    reference = await merchant.ready()
    page = await merchant.client.post(page_of(reference), data=FORM | {field: value})
    assert (page.status_code, "<form" in page.text, f"{field}:" in page.text) == (400, True, True)
    assert await merchant.status(reference) == "Ready"
    assert (await merchant.client.post(page_of(reference), data=FORM)).status_code == 302


async def test_what_is_typed_is_escaped(merchant):
    reference = await merchant.ready(callback="https://a.test/?a=%22<script>'")
    page = await merchant.client.post(page_of(reference), data=FORM | {"wallet": '"><script>alert(1)</script>'})
    assert "<script>" not in page.text
    await merchant.decide(reference)
    assert "<script>" not in (await merchant.client.get(page_of(reference))).text


async def test_a_page_before_complete_is_none(merchant):
    reference = (await merchant.begun())["paymentReferenceId"]
    assert (await merchant.client.get(page_of(reference))).status_code == 404
    assert (await merchant.control("POST", f"/payments/{reference}/approve")).status_code == 409


@pytest.mark.parametrize("name", ["poor", "wrongpin"])
async def test_a_wallet_that_cannot_pay_ends_the_payment(merchant, name):
    reference = await merchant.ready()
    back = await merchant.client.post(
        page_of(reference),
        data=FORM | {"wallet": NUMBERS[name], "pin": "9999"} | ({"pin": "1357"} if name == "poor" else {}),
    )
    assert "&status=Failed&status_code=00_0002_001&message=Transaction%20Failed" in back.headers["location"]
    assert "payment_dt" not in back.headers["location"]
    assert (await merchant.status(reference), merchant.balance()) == ("Failed", 0)


async def test_a_customer_may_pay_and_never_come_back(merchant):
    reference = await merchant.ready()
    page = await merchant.client.post(page_of(reference), data=FORM | {"wallet": NUMBERS["lost"]})
    assert (page.status_code, "location" in page.headers) == (200, False)
    assert (await merchant.status(reference), merchant.balance()) == ("Success", 100_00)
    other = await merchant.ready("ORD2")
    assert (await merchant.decide(other, wallet=NUMBERS["lost"]))["redirect"] is None


async def test_a_slow_payment_is_in_progress_for_five_minutes(merchant):
    reference = await merchant.ready()
    page = await merchant.client.post(page_of(reference), data=FORM | {"wallet": NUMBERS["slow"]})
    assert (page.status_code, "InProgress" in page.text, "<form" in page.text) == (200, True, False)
    await merchant.advance(299)
    assert (await merchant.status(reference), merchant.balance()) == ("InProgress", 0)
    assert (await merchant.client.post(page_of(reference), data=FORM)).status_code == 409
    await merchant.advance(1)
    assert (await merchant.status(reference), merchant.balance()) == ("Success", 100_00)


async def test_a_late_customer_pays_twenty_minutes_after_complete(merchant):
    reference = await merchant.ready()
    await merchant.advance(600)
    decided = await merchant.decide(reference, wallet=NUMBERS["late"])
    assert (decided["status"], decided["redirect"]) == ("Ready", None)
    await merchant.advance(599)
    assert await merchant.status(reference) == "Ready"
    kept = (await merchant.client.get(f"{WORLD}/snapshot")).json()
    await merchant.client.post(f"{WORLD}/reset")
    assert (await merchant.client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    await merchant.advance(1)
    paid = await merchant.verify(reference)
    assert (paid["status"], paid["issuerPaymentDateTime"]) == ("Success", "2026-02-11 06:20:00.0")
    assert merchant.balance() == 100_00


async def test_a_wallet_that_a_test_does_not_know_is_refused(merchant):
    reference = await merchant.ready()
    answer = await merchant.control("POST", f"/payments/{reference}/approve", {"wallet": "01700000000"})
    assert (answer.status_code, "expected one of 01400000001" in answer.text) == (422, True)
    assert (await merchant.control("POST", "/payments/none/approve")).status_code == 404


# Scripts


async def test_a_callback_is_lost_by_script(merchant):
    await merchant.play("nagad-callback-lost")
    reference = await merchant.ready()
    page = await merchant.client.post(page_of(reference), data=FORM)
    assert (page.status_code, await merchant.status(reference)) == (200, "Success")
    assert (await merchant.decide(await merchant.ready("ORD2")))["redirect"] is None


async def test_a_callback_comes_twice_by_script(merchant):
    await merchant.play("nagad-callback-twice")
    reference = await merchant.ready()
    page = await merchant.client.post(page_of(reference), data=FORM)
    called = re.findall(r'(?:<img src="|;url=)([^"]+)"', page.text)
    assert len(called) == 2
    assert set(map(html.unescape, called)) == {html.unescape(called[0])}
    assert f"payment_ref_id={reference}&status=Success" in html.unescape(called[0])


async def test_a_callback_says_success_and_verify_says_otherwise(merchant):
    await merchant.play("nagad-callback-lies")
    reference = await merchant.ready()
    back = await merchant.client.post(page_of(reference), data=FORM)
    assert "&status=Success&status_code=00_0000_000&" in back.headers["location"]
    assert (await merchant.status(reference), merchant.balance()) == ("Failed", 0)
    decided = await merchant.decide(await merchant.ready("ORD2"))
    assert (decided["status"], "&status=Success&" in decided["redirect"]) == ("Failed", True)


@pytest.mark.parametrize(
    ("script", "before", "seconds"), [("nagad-slow", "InProgress", 300), ("nagad-late", "InProgress", 1200)]
)
async def test_a_payment_takes_its_time_by_script(merchant, script, before, seconds):
    await merchant.play(script)
    reference = await merchant.ready()
    assert await merchant.status(reference) == "Ready"
    await merchant.client.post(page_of(reference), data=FORM)
    await merchant.advance(seconds - 1)
    assert (await merchant.status(reference), merchant.balance()) == ("InProgress", 0)
    await merchant.advance(1)
    assert (await merchant.status(reference), merchant.balance()) == ("Success", 100_00)


async def test_an_amount_names_a_script_and_so_does_a_header(merchant):
    reference = await merchant.ready(amount="7007.82")
    assert (await merchant.decide(reference))["status"] == "Failed"
    merchant.headers["X-Sandbox-Scenario"] = "nagad-slow"
    slow = await merchant.ready("ORD2")
    assert (await merchant.decide(slow))["status"] == "InProgress"
    merchant.headers["X-Sandbox-Scenario"] = "no-such"
    assert "bakong-sandbox" in (await merchant.initialize("ORD3")).json()["devMessage"]
