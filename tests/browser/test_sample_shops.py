"""The sample shops of the documentation, each bought at with a real browser; webhooks come from the sandbox."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.stack.serving import free_port
from tests.conftest import PLAIN

ROOT = Path(__file__).parents[2]
SHOPS = ROOT / "docs" / "examples" / "shops"
MODULES = ROOT / "tests" / "clients" / "node" / "node_modules"


@contextmanager
def running(*command, **env):
    """A shop that has said where it is."""
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    try:
        said = process.stdout.readline()
        assert said.startswith("The shop is at "), said + process.stderr.read()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Payer:
    """A browser's page at a shop."""

    def __init__(self, page, shop):
        self.page, self.shop = page, shop

    def buy(self):
        self.page.goto(self.shop)
        self.page.get_by_role("button", name="Buy tea").click()
        self.page.get_by_role("button", name="Cancel").wait_for()

    def sees_order(self, status):
        self.page.get_by_text(f"It is {status}.").wait_for()
        assert self.page.url.startswith(f"{self.shop}/orders/")

    @property
    def order(self):
        return self.page.url.rpartition("/")[2].partition("?")[0]


@pytest.fixture
def payer(browser):
    """payer(shop): a new page at a shop."""
    contexts = []

    def open_(shop):
        contexts.append(browser.new_context())
        contexts[-1].set_default_timeout(30_000)
        return Payer(contexts[-1].new_page(), shop)

    yield open_
    for context in contexts:
        context.close()


@contextmanager
def endpoint(sandbox, scheme, shop):
    """The secret of the shop's webhooks, which come while the context lasts."""
    new = {"scheme": scheme, "url": f"{shop}/webhooks"}
    made = sandbox.control("POST", "/webhooks/endpoints", json=new)
    yield made["secret"]
    sandbox.control("DELETE", f"/webhooks/endpoints/{made['id']}")


# Stripe


@pytest.fixture
def stripe_shop(sandbox, payer):
    port = free_port()
    shop = f"http://127.0.0.1:{port}"
    env = {"SHOP_PORT": str(port), "STRIPE_SECRET_KEY": "sk_test_sandbox", "STRIPE_API_BASE": f"{sandbox.url}/stripe"}
    with (
        endpoint(sandbox, "stripe", shop) as secret,
        running(sys.executable, SHOPS / "stripe_shop.py", **env, STRIPE_WEBHOOK_SECRET=secret),
    ):
        yield payer(shop)


def stripe_api(sandbox, method, path, **more):
    answer = httpx.request(method, f"{sandbox.url}/stripe/v1/{path}", auth=("sk_test_sandbox", ""), **PLAIN, **more)
    assert answer.is_success, answer.text
    return answer.json()


def pay(page, card):
    page.get_by_label("A test card").select_option(f"pm_card_{card}")
    page.get_by_role("button", name="Pay $20.00").click()


def test_tea_by_stripe_is_declined_then_paid_then_given_back(sandbox, stripe_shop):
    page = stripe_shop.page
    stripe_shop.buy()
    pay(page, "visa_chargeDeclinedInsufficientFunds")
    assert page.get_by_role("alert").inner_text() == "Your card has insufficient funds."
    pay(page, "visa")
    stripe_shop.sees_order("paid")
    [session] = stripe_api(sandbox, "GET", "checkout/sessions")["data"]
    assert session["client_reference_id"] == stripe_shop.order
    stripe_api(sandbox, "POST", "refunds", data={"payment_intent": session["payment_intent"]})
    sandbox.control("POST", "/clock/advance", json={"seconds": 1})  # answers when the webhooks have come
    page.reload()
    stripe_shop.sees_order("refunded")
    webhooks = sandbox.control("GET", "/webhooks")
    assert {row["state"] for row in webhooks if row["url"].startswith(stripe_shop.shop)} == {"delivered"}


def test_tea_by_stripe_with_3d_secure_and_a_webhook_that_is_late(sandbox, stripe_shop):
    """The payer is back before the shop knows of the money: the page waits, and then says so by itself."""
    page = stripe_shop.page
    stripe_shop.buy()
    late = {"fault": "late", "by_s": 30, "event": "checkout.session.completed"}
    sandbox.control("POST", "/webhooks/faults", json=late)
    pay(page, "authenticationRequired")
    page.get_by_role("button", name="Complete authentication").click()
    stripe_shop.sees_order("waiting")
    sandbox.control("POST", "/clock/advance", json={"seconds": 31})
    stripe_shop.sees_order("paid")


def test_tea_by_stripe_that_nobody_pays(sandbox, stripe_shop):
    page = stripe_shop.page
    stripe_shop.buy()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("You have not paid.").wait_for()
    sandbox.control("POST", "/clock/advance", json={"seconds": 86_400})
    page.goto(f"{stripe_shop.shop}/orders/order-1")
    stripe_shop.sees_order("expired")


def test_a_forged_webhook_of_stripe_pays_nothing(sandbox, stripe_shop):
    stripe_shop.buy()
    [session] = stripe_api(sandbox, "GET", "checkout/sessions")["data"]
    body = json.dumps(
        {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "data": {"object": session}}
    )
    headers = {"stripe-signature": f"t=1,v1={'0' * 64}"}
    answer = httpx.post(f"{stripe_shop.shop}/webhooks", content=body, headers=headers, **PLAIN)
    stripe_shop.page.goto(f"{stripe_shop.shop}/orders/order-1")
    stripe_shop.sees_order("waiting")
    assert answer.status_code == 400


# Paystack


@pytest.fixture
def paystack_shop(sandbox, payer, require):
    node = require("node", also=MODULES / "paystack-sdk")
    port = free_port()
    shop = f"http://127.0.0.1:{port}"
    env = {"SHOP_PORT": str(port), "PAYSTACK_API_BASE": f"{sandbox.url}/paystack", "NODE_PATH": str(MODULES)}
    with (
        endpoint(sandbox, "paystack", shop) as key,  # the account's own: it signs the webhooks
        running(node, "--no-deprecation", SHOPS / "paystack_shop.js", **env, PAYSTACK_SECRET_KEY=key),
    ):
        yield payer(shop)


def paystack_api(sandbox, path, body):
    headers = {"authorization": "Bearer sk_test_sandbox"}
    answer = httpx.post(f"{sandbox.url}/paystack/{path}", json=body, headers=headers, **PLAIN)
    assert answer.is_success, answer.text
    return answer.json()["data"]


def fill(page, card, cvv):
    page.get_by_label("Card number").fill(card)
    page.get_by_label("CVV").fill(cvv)
    page.get_by_role("button", name="Pay").click()


def test_tea_by_paystack_is_declined_then_paid_with_a_pin_then_given_back(sandbox, paystack_shop):
    page = paystack_shop.page
    paystack_shop.buy()
    fill(page, "4084080000005408", "001")
    assert "You may try again" in page.get_by_role("alert").inner_text()
    fill(page, "5060666666666666666", "123")
    for answer in ("1234", "123456"):
        page.get_by_role("textbox").fill(answer)
        page.get_by_role("button", name="Pay").click()
    paystack_shop.sees_order("paid")
    paystack_api(sandbox, "refund", {"transaction": paystack_shop.order})
    page.reload()
    paystack_shop.sees_order("paid")
    sandbox.control("POST", "/clock/advance", json={"seconds": 180})
    page.goto(f"{paystack_shop.shop}/orders/{paystack_shop.order}")
    paystack_shop.sees_order("refunded")
    assert all(row["state"] == "delivered" for row in sandbox.control("GET", "/webhooks"))


def test_tea_by_paystack_whose_payer_never_comes_back(sandbox, paystack_shop):
    """The webhook alone tells the shop."""
    page = paystack_shop.page
    paystack_shop.buy()
    [row] = sandbox.control("GET", "/payments", params={"scheme": "paystack"})
    sandbox.control("POST", f"/paystack/transactions/{row['reference']}/pay", json={})
    page.goto(f"{paystack_shop.shop}/orders/{row['reference']}")
    paystack_shop.sees_order("paid")


def test_tea_by_paystack_that_is_cancelled_and_a_forged_webhook(sandbox, paystack_shop):
    page = paystack_shop.page
    paystack_shop.buy()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("You have not paid.").wait_for()
    [row] = sandbox.control("GET", "/payments", params={"scheme": "paystack"})
    body = json.dumps(
        {"event": "charge.success", "data": {"reference": row["reference"], "status": "success"}}
    ).encode()
    for signed, status in ((body, 200), (body + b" ", 400)):
        mac = hmac.new(b"sk_test_sandbox", signed, hashlib.sha512).hexdigest()
        headers = {"x-paystack-signature": mac}
        assert (
            httpx.post(f"{paystack_shop.shop}/webhooks", content=body, headers=headers, **PLAIN).status_code == status
        )
    page.goto(f"{paystack_shop.shop}/orders/{row['reference']}")
    paystack_shop.sees_order("waiting")
