"""How each scheme's API is spoken to in tests: a payment is begun, and its state asked for, as a client does it."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from bakong_schemes._template import adapter as template_adapter
from bakong_schemes._template import wire as template
from bakong_schemes._template.fake import TEMPLATE
from bakong_schemes.bakong.adapter import provider as bakong_adapter
from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bkash.adapter import client as bkash_client
from bakong_schemes.bkash.adapter import provider as bkash_adapter
from bakong_schemes.bkash.adapter.notifications import Certificates
from bakong_schemes.bkash.fake import keys as bkash_keys
from bakong_schemes.bkash.fake import sns as bkash_sns
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.generic import adapter as generic_adapter
from bakong_schemes.generic.fake import GENERIC
from bakong_schemes.nagad import times as nagad_times
from bakong_schemes.nagad.adapter import client as nagad_client
from bakong_schemes.nagad.adapter import provider as nagad_adapter
from bakong_schemes.nagad.fake import keys as nagad_keys
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_schemes.nagad.sealing import public_half
from bakong_schemes.omise.adapter import client as omise_client
from bakong_schemes.omise.adapter import provider as omise_adapter
from bakong_schemes.omise.fake.scheme import OMISE
from bakong_schemes.paystack.adapter import client as paystack_client
from bakong_schemes.paystack.adapter import provider as paystack_adapter
from bakong_schemes.paystack.fake.scheme import PAYSTACK
from bakong_schemes.promptpay.adapter.client import HttpBank
from bakong_schemes.promptpay.adapter.provider import Payee
from bakong_schemes.promptpay.adapter.provider import provider as make_promptpay
from bakong_schemes.promptpay.codec import BillPayment
from bakong_schemes.promptpay.codec import encode as encode_promptpay
from bakong_schemes.promptpay.fake.scheme import PROMPTPAY
from bakong_schemes.stripe.adapter import client as stripe_client
from bakong_schemes.stripe.adapter import provider as stripe_adapter
from bakong_schemes.stripe.fake.scheme import STRIPE
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

LIFE_MS = 900_000


async def pay_at_the_control_api(client, scheme, reference):
    await client.post("/sandbox/worlds/default/payments", json={"scheme": scheme.name, "reference": reference})


def follow(world, scheme, reference, script):
    world.payments[scheme.name, reference].scenario = script


@dataclass(frozen=True)
class Story:
    """One scheme's API, through an httpx client of the simulator.

    begin(client, world, number) -> reference: a new payment. ask(client, world, reference) -> state: "unpaid", "paid",
    "failed" or "refunded" as the client sees it; anything else raises or is returned as it came.
    verify(secret, headers, body): whether a webhook's signature is good; None where the scheme pushes none.
    secret: one of the form that the scheme's webhooks are signed with.
    provider(client, world) -> Provider: its adapter, asked through the client.
    pay(client, scheme, reference): a payer pays what the adapter has made. scripted(world, scheme, reference, script):
    the payment follows a script from now on.
    clients: the tests with somebody else's unmodified client; none for the template alone.
    named(world, reference): what a webhook calls a payment by; its reference where that is left out.
    tampered(body): a webhook's body after somebody has changed what it says.
    """

    scheme: Any
    begin: Any
    ask: Any
    provider: Any
    verify: Any = None
    secret: str = "whsec_sandbox1"
    clients: tuple[str, ...] = ()
    named: Any = lambda _world, reference: reference
    tampered: Any = lambda body: body + b" "
    pay: Any = pay_at_the_control_api
    scripted: Any = follow


async def begin_bakong(client, world, number):
    code = encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount="1.5",
            bill_number=f"INV-{number}",
            expiration_timestamp=NOW_MS + LIFE_MS,
        ),
        now=NOW_MS,
    )
    await client.post("/sandbox/worlds/default/qr", json={"qr": code.qr})
    return hashlib.md5(code.qr.encode(), usedforsecurity=False).hexdigest()


async def ask_bakong(client, world, reference):
    registrations = world.state(BAKONG).registrations
    if not registrations.tokens:
        await client.post("/sandbox/worlds/default/tokens", json={})
    headers = {"authorization": f"Bearer {next(iter(registrations.tokens))}"}
    answer = await client.post("/v1/check_transaction_by_md5", json={"md5": reference}, headers=headers)
    return {None: "paid", 1: "unpaid", 3: "failed"}.get(answer.json()["errorCode"], answer.text)


def bakong_provider(client, world):
    registrations = world.state(BAKONG).registrations
    bakong = HttpBakong(client, registrations.issue(), None, now_ms=world.clock.now_ms)
    return bakong_adapter.provider(
        bakong, bakong_adapter.Merchant(account_id="sokha@devb", name="Sokha", city="Siem Reap")
    )


BILLER = "123456789012300"


async def begin_promptpay(client, world, number):
    code = encode_promptpay(BillPayment(biller_id=BILLER, ref1=f"INV{number}", amount="49.50"))
    return (await client.post("/sandbox/worlds/default/qr", json={"qr": code.text})).json()["reference"]


async def ask_promptpay(client, world, reference):
    headers = {"authorization": f"Bearer {world.state(PROMPTPAY).key}"}
    transfers = (await client.get(f"/promptpay/transfers/{reference}", headers=headers)).json()["transfers"]
    return "unpaid" if not transfers else "refunded" if all(row["returned"] for row in transfers) else "paid"


def promptpay_provider(client, world):
    return make_promptpay(HttpBank(client, world.state(PROMPTPAY).key), Payee(biller_id=BILLER))


def template_provider(client, world):
    return template_adapter.provider(client, world.state(TEMPLATE).key, "whsec_sandbox1")


async def begin_template(client, world, number):
    answer = await client.post(
        f"{template.PREFIX}/charges", json={"amount": 100 + number, "currency": "THB"}, headers=_key(world)
    )
    return answer.json()["id"]


async def ask_template(client, world, reference):
    answer = await client.get(f"{template.PREFIX}/charges/{reference}", headers=_key(world))
    return {status: step for step, status in template.STATUSES.items()}.get(answer.json()["status"], answer.text)


def _key(world):
    return {"authorization": f"Bearer {world.state(TEMPLATE).key}"}


def verify_template(secret, headers, body):
    return headers[template.SIGNATURE] == template.signature(secret, body)


OMISE_SECRET = base64.b64encode(b"sandbox-omise-webhooks").decode()


def omise_provider(client, world):
    asked = omise_client.HttpOmise(client, world.state(OMISE).secret_key, root=OMISE.prefix)
    return omise_adapter.provider(asked, (OMISE_SECRET,), now_ms=world.clock.now_ms)


async def begin_omise(client, world, number):
    asked = {"amount": 5000 + number, "currency": "thb", "source": {"type": "promptpay"}}
    answer = await client.post("/omise/charges", json=asked, auth=(world.state(OMISE).secret_key, ""))
    return answer.json()["id"]


async def ask_omise(client, world, reference):
    answer = await client.get(f"/omise/charges/{reference}", auth=(world.state(OMISE).secret_key, ""))
    charge = answer.json()
    if charge["refunded_amount"] == charge["amount"]:
        return "refunded"
    return {"pending": "unpaid", "successful": "paid", "failed": "failed"}.get(charge["status"], answer.text)


def verify_omise(secret, headers, body):
    key, signed = base64.b64decode(secret), f"{headers['Omise-Signature-Timestamp']}.".encode() + body
    return hmac.new(key, signed, hashlib.sha256).hexdigest() in headers["Omise-Signature"].split(",")


PAYSTACK_KEY = "sk_test_sandbox"


def paystack_provider(client, world):
    asked = paystack_client.HttpPaystack(client, PAYSTACK_KEY, root=PAYSTACK.prefix)
    return paystack_adapter.provider(asked, (PAYSTACK_KEY,), now_ms=world.clock.now_ms)


async def begin_paystack(client, world, number):
    asked = {"email": "payer@shop.test", "amount": 5000 + number, "reference": f"order-{number}"}
    headers = {"authorization": f"Bearer {PAYSTACK_KEY}"}
    answer = await client.post("/paystack/transaction/initialize", json=asked, headers=headers)
    return answer.json()["data"]["reference"]


async def ask_paystack(client, world, reference):
    headers = {"authorization": f"Bearer {PAYSTACK_KEY}"}
    answer = await client.get(f"/paystack/transaction/verify/{reference}", headers=headers)
    words = {"abandoned": "unpaid", "pending": "unpaid", "success": "paid", "failed": "failed", "reversed": "refunded"}
    return words.get(answer.json()["data"]["status"], answer.text)


def verify_paystack(secret, headers, body):
    return headers["x-paystack-signature"] == hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


BKASH_SECRET = "sandbox-sns-story"


def bkash_provider(client, world):
    known = world.state(BKASH).credentials
    credentials = bkash_client.Credentials(known.username, known.password, known.app_key, known.app_secret)
    asked = bkash_client.HttpBkash(client, credentials, now_ms=world.clock.now_ms, root=BKASH.prefix)
    return bkash_adapter.provider(
        asked,
        now_ms=world.clock.now_ms,
        checkouts=bkash_adapter.Checkouts(return_url="https://shop.test/back"),
        topic=bkash_adapter.Topic(
            arn=bkash_sns.topic_arn(world.name), certificates=Certificates(client, root=f"{BKASH.prefix}/sns")
        ),
    )


async def _bkash(client, world, method, path, body=None):
    """With a token that is good for a long time: scripts take days."""
    state = world.state(BKASH)
    state.tokens.setdefault("story", 2**53)
    headers = {"authorization": "story", "x-app-key": state.credentials.app_key}
    return await client.request(method, f"/bkash/v1.2.0-beta/tokenized/checkout/{path}", json=body, headers=headers)


async def begin_bkash(client, world, number):
    body = {
        "mode": "0011",
        "payerReference": "customer-1",
        "callbackURL": "https://shop.test/back",
        "amount": f"{100 + number}.00",
        "currency": "BDT",
        "intent": "sale",
        "merchantInvoiceNumber": f"INV-{number}",
    }
    return (await _bkash(client, world, "POST", "create", body)).json()["paymentID"]


async def ask_bkash(client, world, reference):
    answer = await _bkash(client, world, "POST", "payment/status", {"paymentID": reference})
    shown = answer.json()
    if shown["transactionStatus"] == "Completed":
        return "refunded" if shown["maxRefundableAmount"] == "0.00" else "paid"
    return "unpaid" if shown["transactionStatus"] == "Initiated" else answer.text


def verify_bkash(secret, _headers, body):
    """As SNS's documentation has it, by the certificate of the topic."""
    envelope = json.loads(body)
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    key = x509.load_pem_x509_certificate(bkash_keys.certificate_of(secret)).public_key()
    try:
        key.verify(base64.b64decode(envelope["Signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  SNS's own
    except InvalidSignature:
        return False
    return True


def signed_for_generic(world, method, path, body=b""):
    """The headers of a call to the bank, made by the page's own words and not by the description's engine."""
    state = world.state(GENERIC)
    state.tokens.setdefault("story", 2**53)
    at_s = str(world.clock.now_ms() // 1000)
    over = f"{method}\n{path}\n{at_s}\n{body.decode()}"
    mac = hmac.new(state.credentials["signing_key"].encode(), over.encode(), hashlib.sha256).hexdigest()
    return {
        "authorization": "Bearer story",
        "x-boe-client": state.credentials["client_id"],
        "x-boe-timestamp": at_s,
        "x-boe-signature": mac,
    }


async def begin_generic(client, world, number):
    body = json.dumps({"order_no": f"ORDER-{number}", "amount": "100.00", "currency": "THB"}).encode()
    headers = signed_for_generic(world, "POST", "/payments", body)
    answer = await client.post("/generic/payments", content=body, headers=headers)
    return answer.json()["payment_id"]


async def ask_generic(client, world, reference):
    headers = signed_for_generic(world, "GET", f"/payments/{reference}")
    answer = await client.get(f"/generic/payments/{reference}", headers=headers)
    words = {"PENDING": "unpaid", "PAID": "paid", "DECLINED": "failed", "REFUNDED": "refunded"}
    return words.get(answer.json()["status"], answer.text)


def generic_provider(client, world):
    return generic_adapter.provider(
        client,
        world.state(GENERIC).credentials,
        world.clock.now_ms,
        webhook_secret="whsec_sandbox1",
        prefix=GENERIC.prefix,
    )


def verify_generic(secret, headers, body):
    over = headers["x-boe-timestamp"].encode() + b"." + body
    mac = hmac.new(secret.encode(), over, hashlib.sha256).digest()
    return headers["x-boe-signature"] == base64.b64encode(mac).decode()


NAGAD_API = "/nagad/remote-payment-gateway-1.0/api/dfs"


async def nagad_merchant(client):
    """What the control API says a merchant is configured with."""
    return (await client.get("/sandbox/worlds/default/nagad")).json()


async def nagad_client_of(client):
    facts = await nagad_merchant(client)
    merchant = nagad_client.Merchant(
        merchant_id=facts["merchantId"], private_key=facts["privateKey"], public_key=facts["publicKey"]
    )
    return nagad_client.HttpNagad(client, merchant, root=NAGAD_API)


async def begin_nagad(client, world, number):
    api, order = await nagad_client_of(client), f"INV{number}"
    begun = await api.initialize(order, nagad_times.compact(world.clock.now_ms()), "challenge")
    fields = {"orderId": order, "currencyCode": "050", "amount": "100.00", "challenge": begun["challenge"]}
    callback = {"merchantCallbackURL": "https://shop.test/back"}
    assert (await api.complete(begun["paymentReferenceId"], fields, callback))["status"] == "Success"
    return begun["paymentReferenceId"]


async def ask_nagad(client, world, reference):
    status = (await client.get(f"{NAGAD_API}/verify/payment/{reference}")).json()["status"]
    words = {"Ready": "unpaid", "Success": "paid", "Failed": "failed", "Cancelled": "refunded"}
    return words.get(status, status)


def nagad_provider(client, world):
    keys = nagad_keys.keys_of(world, world.state(NAGAD))
    merchant = nagad_client.Merchant(
        merchant_id=world.state(NAGAD).merchant_id,
        private_key=keys.merchant_private,
        public_key=public_half(keys.nagad_private),
    )
    asked = nagad_client.HttpNagad(client, merchant, root=NAGAD_API)
    checkouts = nagad_adapter.Checkouts(return_url="https://shop.test/back")
    return nagad_adapter.provider(asked, now_ms=world.clock.now_ms, checkouts=checkouts)


STRIPE_SECRET = "whsec_sandbox_stripe_story"


async def begin_stripe(client, world, number):
    asked = {"amount": str(5000 + number), "currency": "usd"}
    answer = await client.post("/stripe/v1/payment_intents", data=asked, auth=(world.state(STRIPE).secret_key, ""))
    return answer.json()["id"]


async def ask_stripe(client, world, reference):
    answer = await client.get(
        f"/stripe/v1/payment_intents/{reference}",
        params={"expand[]": "latest_charge"},
        auth=(world.state(STRIPE).secret_key, ""),
    )
    intent = answer.json()
    charge = intent["latest_charge"]
    if charge and charge["refunded"]:
        return "refunded"
    if intent["status"] == "requires_payment_method" and intent["last_payment_error"]:
        return "failed"
    return {"requires_payment_method": "unpaid", "succeeded": "paid"}.get(intent["status"], answer.text)


def stripe_provider(client, world):
    asked = stripe_client.HttpStripe(client, world.state(STRIPE).secret_key, root=STRIPE.prefix)
    pages = stripe_adapter.Pages(return_url="https://shop.test/back")
    return stripe_adapter.provider(asked, (STRIPE_SECRET,), now_ms=world.clock.now_ms, pages=pages)


async def pay_stripe(client, _scheme, session):
    """On the session's page; one that is paid stays so."""
    await client.post(f"/sandbox/worlds/default/stripe/checkout/{session}/pay", json={})


def follow_stripe(world, scheme, session, script):
    """A session has no payment before its page was submitted: until then it falls under the world's script."""
    world.set_scenario(script)
    intent = world.state(scheme).objects["checkout.session"][session]["payment_intent"]
    if intent is not None:
        world.payments[scheme.name, intent].scenario = script


def verify_stripe(secret, headers, body):
    """As the page of Stripe says it, and not with its client."""
    parts = [part.split("=", 1) for part in headers["Stripe-Signature"].split(",")]
    at_s = next(value for name, value in parts if name == "t")
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return mac in [value for name, value in parts if name == "v1"]


def by_name(value):
    return value if isinstance(value, str) else value.scheme.name


STORIES = (
    Story(
        BAKONG,
        begin_bakong,
        ask_bakong,
        bakong_provider,
        clients=("tests/clients/test_pypi_bakong_khqr.py", "tests/clients/test_npm_bakong_khqr.py"),
    ),
    Story(
        PROMPTPAY,
        begin_promptpay,
        ask_promptpay,
        promptpay_provider,
        clients=("tests/clients/test_thai_codes.py",),
    ),
    Story(
        OMISE,
        begin_omise,
        ask_omise,
        omise_provider,
        verify_omise,
        OMISE_SECRET,
        clients=("tests/clients/test_pypi_omise.py", "tests/clients/test_npm_omise.py"),
    ),
    Story(
        BKASH,
        begin_bkash,
        ask_bkash,
        bkash_provider,
        verify_bkash,
        BKASH_SECRET,
        clients=("tests/clients/test_pypi_bkash.py", "tests/clients/test_npm_bkash.py"),
        named=lambda world, reference: world.state(BKASH).payments[reference].invoice,
        tampered=lambda body: body.replace(b"Completed", b"Cancelled"),
    ),
    Story(
        NAGAD,
        begin_nagad,
        ask_nagad,
        nagad_provider,
        clients=("tests/clients/test_pypi_nagadpy.py", "tests/clients/test_npm_nagad.py"),
    ),
    Story(
        STRIPE,
        begin_stripe,
        ask_stripe,
        stripe_provider,
        verify_stripe,
        STRIPE_SECRET,
        clients=("tests/clients/test_pypi_stripe.py", "tests/clients/test_npm_stripe.py"),
        pay=pay_stripe,
        scripted=follow_stripe,
    ),
    Story(
        PAYSTACK,
        begin_paystack,
        ask_paystack,
        paystack_provider,
        verify_paystack,
        PAYSTACK_KEY,
        clients=("tests/clients/test_pypi_paystack.py", "tests/clients/test_npm_paystack.py"),
    ),
    Story(
        GENERIC,
        begin_generic,
        ask_generic,
        generic_provider,
        verify_generic,
        clients=("tests/clients/test_pypi_authlib.py",),
    ),
    Story(TEMPLATE, begin_template, ask_template, template_provider, verify_template),
)
