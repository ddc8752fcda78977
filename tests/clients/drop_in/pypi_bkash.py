"""PyPI bkash-pgw-tokenized and pybkash as their users write them, and a customer at bKash's page. Prints JSON.

Argument: the base URL; without one, the clients' own, by the real hosts' names over TLS. Time is real.
"""

import asyncio
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import httpx
import pybkash
from bkash_pgw_tokenized import Bkash, ipn, sns_verify
from bkash_pgw_tokenized.exceptions import BkashHttpError
from bkash_pgw_tokenized.token import MemoryTokenStore, ensure_id_token
from pybkash.exceptions import APIError

BASE = sys.argv[1] if len(sys.argv) > 1 else None
WORLD = os.environ["BAKONG_SANDBOX_URL"] + "/sandbox/worlds/default"
CONTROL = httpx.Client(base_url=WORLD, trust_env=False, timeout=60)
BACK = "https://shop.test/back"
facts = CONTROL.get("/bkash").json()
WALLETS = facts["wallets"]


def customer(url, **typed):
    """What the page sends the browser back with: the status in the callback's query."""
    back = httpx.post(url, data={"action": "confirm", **typed}, timeout=60)
    return (
        dict(httpx.URL(back.headers["location"]).params)["status"] if back.has_redirect_location else back.status_code
    )


class Tokenized:
    """bkash-pgw-tokenized, with its token kept by itself."""

    def __init__(self):
        config = {"app_key": facts["appKey"], "app_secret": facts["appSecret"], "base_url": BASE}
        self.client = Bkash({**config, "username": facts["username"], "password": facts["password"]}, timeout=60)
        self.store = MemoryTokenStore()

    async def token(self):
        return await ensure_id_token(self.store, self.client)

    async def create(self, invoice, amount="100.00"):
        return await self.client.create_payment(
            await self.token(),
            mode="0011",
            payer_reference="customer-1",
            callback_url=BACK,
            amount=amount,
            currency="BDT",
            intent="sale",
            merchant_invoice_number=invoice,
        )

    async def execute(self, payment):
        return await self.client.execute_payment(await self.token(), payment["paymentID"])

    async def query(self, payment):
        return await self.client.payment_status(await self.token(), payment["paymentID"])

    async def refund(self, paid, amount):
        named = {"payment_id": paid["paymentID"], "trx_id": paid["trxID"]}
        return await self.client.refund(await self.token(), amount=amount, sku="S-1", reason="returned", **named)


async def tokenized():
    shop, shown = Tokenized(), {}
    payment = await shop.create("T-1")
    early = await shop.execute(payment)
    shown["early"] = early["statusCode"]
    shown["approved"] = customer(payment["bkashURL"], wallet=WALLETS["ok"], otp=facts["otp"], pin=facts["pin"])
    before = await shop.query(payment)
    paid = await shop.execute(payment)
    again = await shop.execute(payment)
    after = await shop.query(payment)
    found = await shop.client.search_transaction(await shop.token(), paid["trxID"])
    shown["paid"] = [
        before["transactionStatus"],
        paid["transactionStatus"],
        after["transactionStatus"],
        again["statusCode"],
    ]
    shown["same"] = {paid["trxID"], after["trxID"], found["trxID"]} == {paid["trxID"]}
    refunds = [await shop.refund(paid, amount) for amount in ("30", "70.01", "70", "1")]
    shown["refunds"] = [row["statusCode"] for row in refunds]
    shown["duplicate"] = (await shop.create("T-1"))["statusCode"]
    cancelled = await shop.create("T-2")
    shown["cancelled"] = [
        customer(cancelled["bkashURL"], action="cancel"),
        (await shop.execute(cancelled))["statusCode"],
    ]
    for name in ("poor", "blocked", "wrongpin", "nowallet", "maintenance"):
        payment = await shop.create(f"T-{name}")
        shown[name] = [customer(payment["bkashURL"], wallet=WALLETS[name]), (await shop.execute(payment))["statusCode"]]
    first = shop.store._state
    renewed = await shop.client.refresh_token(first.refresh_token)
    shown["refreshed"] = renewed["statusCode"]
    try:
        await shop.client.payment_status("not.a.token", payment["paymentID"])
    except BkashHttpError as error:
        shown["stranger"] = [error.status_code, error.response_body]
    return shown


def strict():
    """pybkash, which reads every field that it knows."""
    names = ("username", "password", "appKey", "appSecret")
    token = pybkash.Token(*(facts[name] for name in names), sandbox=True)
    if BASE:
        token.base_url = BASE
    client, shown = pybkash.Client(token, timeout=60), {}
    made = client.create_payment(callback_url=BACK, payer_reference="customer-2", amount=10.5)
    shown["page"] = customer(made.bkash_url)
    paid = client.execute_payment(made.payment_id)
    shown["paid"] = [paid.is_complete(), paid.amount, client.query_payment(made.payment_id).status]
    shown["found"] = client.search_trx(paid.trx_id).is_complete()
    back = client.execute_refund(made.payment_id, paid.trx_id, 4)
    refund = client.search_trx(back.trx_id)
    shown["refund"] = [back.is_complete(), back.amount, refund.original_trx_amount]
    agreed = client.create_agreement(callback_url=BACK, payer_reference="customer-2")
    customer(agreed.bkash_url, wallet=WALLETS["ok2"])
    agreement = client.execute_agreement(agreed.payment_id)
    kept = client.query_agreement(agreed.payment_id)
    with_it = client.create_payment(
        callback_url=BACK, payer_reference="customer-2", amount=5, agreement_id=agreement.agreement_id
    )
    customer(with_it.bkash_url)
    by_agreement = client.execute_payment(with_it.payment_id)
    shown["agreement"] = [kept.is_complete(), by_agreement.customer_msisdn == WALLETS["ok2"]]
    shown["cancelled"] = client.cancel_agreement(agreement.agreement_id).is_complete()
    try:
        client.execute_payment(made.payment_id)
    except APIError as error:
        shown["twice"] = str(error.args[0] if error.args else error)[:60]
    client.close()
    return shown


class Hooks(BaseHTTPRequestHandler):
    """A shop that keeps what is posted to it."""

    posts: ClassVar = []
    came: ClassVar = threading.Event()

    def do_POST(self):
        Hooks.posts.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
        Hooks.came.set()

    def log_message(self, *_):
        pass


def told():
    """The IPN, verified by the client's own unmodified verifier, which fetches SNS's certificate by its host's name."""
    server = HTTPServer(("127.0.0.1", 0), Hooks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    CONTROL.put("/bkash/webhook", json={"url": f"http://127.0.0.1:{server.server_port}/", "confirmed": True})
    shop = Tokenized()
    payment = asyncio.run(shop.create("H-1"))
    customer(payment["bkashURL"])
    asyncio.run(shop.execute(payment))
    assert Hooks.came.wait(60)
    (envelope,) = Hooks.posts
    sns_verify.verify_sns_signature(envelope)
    try:
        sns_verify.verify_sns_signature(envelope | {"Message": "{}"})
    except sns_verify.SnsVerificationError:
        return ipn.extract_inner_from_sns_envelope(envelope)["merchantInvoiceNumber"]
    return "a forged one was believed"


shown = {"tokenized": asyncio.run(tokenized()), "pybkash": strict()}
if BASE is None:
    shown["ipn"] = told()
print(json.dumps(shown))
