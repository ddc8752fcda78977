"""A shop that sells one thing by Stripe Checkout, with Stripe's own client (PyPI stripe) and nothing else.

The page that the payer comes back to says nothing of money: an order is paid when Stripe has posted so, signed, and
says so again when asked. STRIPE_API_BASE leads the client to the sandbox; without it this is a shop at Stripe.
"""

import os
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import stripe

PORT = int(os.environ.get("SHOP_PORT", "4242"))
SHOP = f"http://127.0.0.1:{PORT}"
SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]
BASE = os.environ.get("STRIPE_API_BASE")
CLIENT = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], base_addresses={"api": BASE} if BASE else {}).v1
PRICE = {"currency": "usd", "unit_amount": 2000, "product_data": {"name": "Green tea, 1 kg"}}

orders: dict[str, str] = {}  # its status by the order's number: a real shop has a table, and keeps its event ids there
intents: dict[str, str] = {}  # the order of each PaymentIntent
seen: set[str] = set()
numbers, lock = count(1), threading.Lock()


def buy() -> str:
    """A new order; where the payer goes to pay it."""
    with lock:
        number = f"order-{next(numbers)}"
        orders[number] = "waiting"
    session = CLIENT.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price_data": PRICE, "quantity": 1}],
            "client_reference_id": number,
            "success_url": f"{SHOP}/orders/{number}",
            "cancel_url": f"{SHOP}/?cancelled={number}",
        },
        {"idempotency_key": f"{os.getpid()}:{number}"},  # a repeat of this call makes no second session
    )
    return str(session.url)


def take(event: stripe.Event) -> None:
    """What Stripe tells: each event once, in whatever order they come; money is asked for again."""
    with lock:
        if event.id in seen:
            return
        about = event.data.object
        if event.type in ("checkout.session.completed", "checkout.session.async_payment_succeeded"):
            session = CLIENT.checkout.sessions.retrieve(about.id)
            if session.payment_status == "paid" and session.amount_total == PRICE["unit_amount"]:
                orders[session.client_reference_id] = "paid"
                intents[session.payment_intent] = session.client_reference_id
        elif event.type == "checkout.session.expired" and orders.get(about.client_reference_id) == "waiting":
            orders[about.client_reference_id] = "expired"
        elif event.type == "charge.refunded" and about.refunded and about.payment_intent in intents:
            orders[intents[about.payment_intent]] = "refunded"
        seen.add(event.id)


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        number = path.removeprefix("/orders/")
        if path == "/":
            told = "<p>You have not paid.</p>" if query.startswith("cancelled=") else ""
            self.page("Tea", f"{told}<form method='post' action='/buy'><button>Buy tea for $20.00</button></form>")
        elif number in orders:
            waits = "<meta http-equiv='refresh' content='1'>" if orders[number] == "waiting" else ""
            self.page(f"Order {number}", f"{waits}<p>It is <strong>{orders[number]}</strong>.</p><a href='/'>Back</a>")
        else:
            self.page("Not found", "", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/buy":
            try:
                self.answer(303, location=buy())
            except stripe.StripeError as error:
                self.page("Sorry", f"<p>{escape(error.user_message or 'Please try again.')}</p>", 502)
        elif self.path == "/webhooks":
            try:
                event = stripe.Webhook.construct_event(body, self.headers.get("Stripe-Signature", ""), SECRET)
            except (ValueError, stripe.SignatureVerificationError):
                self.answer(400)
                return
            try:
                take(event)
            except stripe.StripeError:
                self.answer(503)  # Stripe posts it again
                return
            self.answer(200)
        else:
            self.answer(404)

    def page(self, title: str, inside: str, status: int = 200) -> None:
        html = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><h1>{title}</h1>{inside}"
        self.answer(status, html.encode(), "text/html; charset=utf-8")

    def answer(self, status: int, body: bytes = b"", kind: str = "text/plain", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Shop)
    print(f"The shop is at {SHOP}, its webhooks at {SHOP}/webhooks", flush=True)
    server.serve_forever()
