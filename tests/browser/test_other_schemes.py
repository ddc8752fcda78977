"""Payments of other schemes in a real browser: from the page where a payer pays to the page of the service."""

from urllib.parse import quote

import httpx
import pytest

from bakong_sandbox.stack.care_tokens import care_token
from bakong_schemes.nagad import wire as nagad
from bakong_schemes.paystack import wire as paystack
from tests.conftest import NOW_MS, PLAIN

ONE_JOB = {
    "packageName": "Night care",
    "guardian": {"id": "guardian-1", "fullName": "Ayesha Rahman"},
    "caregiver": {"id": "caregiver-1", "fullName": "Rina Das"},
    "agency": {"id": "agency-1", "companyName": "Shurjo Care"},
}


def confirm_bkash(page):
    page.get_by_role("heading", name="15000.00 BDT").wait_for()
    page.get_by_role("button", name="Confirm").click()


def confirm_nagad(page):
    page.get_by_text("15000.00 BDT").wait_for()
    page.get_by_label("PIN").fill(nagad.PIN)
    page.get_by_role("button", name="Confirm").click()


@pytest.mark.parametrize(
    ("method", "confirm", "last"), [("BKASH", confirm_bkash, "execute"), ("NAGAD", confirm_nagad, "verify")]
)
def test_an_escrow_payment_is_followed_from_its_pay_page(sandbox, tab, method, confirm, last):
    job = f"job-{method.lower()}"
    sandbox.service("PUT", f"/api/jobs/{job}", json=ONE_JOB)
    token = care_token(sandbox.stack.jwt_secret, "guardian-1", "GUARDIAN", NOW_MS)
    order = {"jobId": job, "amount": 15000.00, "method": method, "currency": "BDT"}
    made = httpx.post(
        f"{sandbox.stack.service_url}/api/payments", json=order, headers={"authorization": f"Bearer {token}"}, **PLAIN
    ).json()["data"]
    page = tab(errors=False).elsewhere(made["paymentUrl"], sandbox.stack.service_url)
    board = tab().open("/console/default/payments")
    board.locator(".pay", has_text=method.lower()).get_by_role("link", name="15,000.00 BDT").click()
    assert board.locator("#reference").inner_text() in page.url
    leads = board.get_by_role("link", name="Open its pay page").get_attribute("href")
    assert f"{sandbox.url}{leads}" == page.url
    board.get_by_role("heading", name="Script: manual").wait_for()
    confirm(page)
    page.wait_for_url(f"{sandbox.stack.service_url}/**")
    board.locator(".amount .state.paid").wait_for()
    board.locator(".line").get_by_text(last).first.wait_for()
    board.locator(".line a").last.click()
    board.locator("#call .why").get_by_text("Script manual").wait_for()
    board.goto(f"{sandbox.url}/console/default/service?show=payments")
    board.locator("#rows tr", has_text=method.lower()).get_by_role("link", name="Escrow").click()
    board.locator("#seen .state.HELD").wait_for()
    board.goto(f"{sandbox.url}/console/default/service?show=escrow")
    row = board.locator("#rows tr", has_text=job)
    row.locator(".state.HELD").wait_for()
    row.get_by_role("link").click()
    board.locator("#seen").get_by_text("Double entry").wait_for()
    board.locator("#seen").get_by_text("15,000.00 BDT").wait_for()


def ordered(sandbox, provider, amount, currency, **more):
    """An order of the service, and its checkout at a provider."""
    order = sandbox.service("POST", "/api/v1/orders", json={"amount": amount, "currency": currency})
    asked = {"currency": currency, "provider": provider} | more
    return order, sandbox.service("POST", f"/api/v1/orders/{order['id']}/checkout", json=asked)


def followed_to_the_service(sandbox, page, order, provider):
    """The order is paid; its payment leads to the order, and to itself at its scheme."""
    sandbox.control("POST", "/clock/advance", json={"seconds": 30})
    page.goto(f"{sandbox.url}/console/default/service?show=orders")
    page.locator("#rows tr", has_text=order["reference"]).get_by_role("link").click()
    page.locator("#seen .state").get_by_text("paid").first.wait_for()
    page.goto(f"{sandbox.url}/console/default/service?show=payments")
    row = page.locator("#rows tr", has_text=provider).first
    row.locator(".state.PAID").wait_for()
    row.get_by_role("link", name="Order").click()
    page.locator("#seen .mono").get_by_text(order["id"]).wait_for()
    page.go_back()
    page.locator("#rows tr", has_text=provider).first.get_by_role("link").first.click()
    page.get_by_role("link", name="The same payment at its scheme").click()
    page.locator(".amount .state.paid").wait_for()


def test_an_order_paid_by_promptpay_is_followed_from_the_wallet(sandbox, tab):
    """Nobody knows of a PromptPay code before a wallet has read it: there it begins."""
    order, checkout = ordered(sandbox, "promptpay", "500.00", "THB")
    page = tab().open(f"/console/default/wallet?qr={quote(checkout['handoff']['text'])}")
    page.locator("#code .amount").get_by_text("500.00 THB").wait_for()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator("#code .state.paid").wait_for()
    page.get_by_role("link", name="See this payment").click()
    page.locator(".amount .state.paid").wait_for()
    followed_to_the_service(sandbox, page, order, "promptpay")


def test_an_order_paid_at_omise_is_followed_from_the_board(sandbox, tab):
    order, _ = ordered(sandbox, "omise", "500.00", "THB")
    page = tab().open("/console/default/payments")
    page.locator(".pay", has_text="omise").get_by_role("link", name="500.00 THB").click()
    assert page.locator("img.qr").evaluate("one => one.decode().then(() => one.naturalWidth > 0)")
    page.get_by_role("link", name="Pay it in the wallet").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.locator("#code .state.paid").wait_for()
    page.get_by_role("link", name="See this payment").click()
    page.locator(".line .hook").get_by_text("charge.complete").first.wait_for()
    followed_to_the_service(sandbox, page, order, "omise")


def test_an_order_paid_at_paystack_is_followed_from_its_pay_page(sandbox, tab):
    order, checkout = ordered(sandbox, "paystack", "500.00", "NGN", customerEmail="payer@shop.test")
    payer = tab(errors=False).elsewhere(checkout["checkoutUrl"], sandbox.stack.service_url)
    page = tab().open("/console/default/payments")
    page.locator(".pay", has_text="paystack").get_by_role("link", name="500.00 NGN").click()
    payer.get_by_label("Card number").fill(paystack.GOOD_CARD)
    payer.get_by_label("Expiry").fill("12/30")
    payer.get_by_label("CVV").fill("408")
    payer.get_by_role("button", name="Pay").click()
    page.locator(".amount .state.paid").wait_for()
    page.locator(".line .hook").get_by_text("charge.success").first.wait_for()
    followed_to_the_service(sandbox, page, order, "paystack")


def test_an_order_paid_with_stripe_is_followed_from_its_pay_page(sandbox, tab):
    order, checkout = ordered(sandbox, "stripe", "20.00", "USD", customerEmail="payer@shop.test")
    payer = tab(errors=False).elsewhere(checkout["checkoutUrl"], sandbox.stack.service_url)
    payer.get_by_label("A test card").select_option("pm_card_visa")
    with payer.expect_response(lambda answer: answer.request.method == "POST"):  # before time goes on
        payer.get_by_role("button", name="Pay $20.00").click()
    sandbox.control("POST", "/clock/advance", json={"seconds": 30})
    page = tab().open("/console/default/payments")
    page.locator(".pay", has_text="stripe").get_by_role("link", name="20.00 USD").click()
    page.locator(".amount .state.paid").wait_for()
    page.locator(".line .hook").first.wait_for()
    page.goto(f"{sandbox.url}/console/default/webhooks")
    page.locator("#events .state.delivered").first.wait_for()
    page.locator("#events").get_by_role("link", name="checkout.session.completed").first.click()
    page.locator("#seen").get_by_text("Attempts").wait_for()
    page.goto(f"{sandbox.url}/console/default/journal?scheme=stripe")
    page.locator("#rows a").first.click()
    page.locator("#call .why").get_by_text("Script").wait_for()
    page.goto(f"{sandbox.url}/console/default/service?show=orders")
    page.locator("#rows tr", has_text=order["reference"]).get_by_role("link").click()
    page.locator("#seen .state").get_by_text("paid").first.wait_for()
