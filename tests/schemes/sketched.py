"""How a shop speaks to each sketch, in plain HTTP: written from the reference pages, without the engine's own code."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jws
from joserfc.jwk import OctKey

from bakong_schemes.gbprimepay.fake import GBPRIMEPAY
from bakong_schemes.kbank.fake import KBANK
from bakong_schemes.linepay.fake import LINEPAY
from bakong_schemes.scb.fake import SCB
from bakong_schemes.twoctwop.fake import TWOCTWOP

BILLER = "099999999999999"


@dataclass(frozen=True)
class Sketch:
    """create(number, **changes), query(reference) and (where there is one) refund(reference): requests, as keywords.

    reference(answer), word(answer): what they say. words: paid, unpaid and expired in the API's words. duplicate,
    wrong_amount: what refuses them, and what makes the amount wrong. forge: what spoils the credentials.
    """

    scheme: Any
    create: Any
    query: Any
    reference: Any
    word: Any
    words: dict
    duplicate: Any
    wrong_amount: tuple
    forge: Any
    token: Any = None
    refund: Any = None
    accepted: Any = b""
    amount_of: Any = None


def _bank(token, **headers):
    return {"authorization": f"Bearer {token}", **headers}


# SCB


def scb_headers(world, token=None):
    headers = {"resourceOwnerId": world.state(SCB).credentials["api_key"], "requestUId": str(uuid.UUID(int=7))}
    return headers | ({"authorization": f"Bearer {token}"} if token else {})


async def scb_token(client, world):
    keys = world.state(SCB).credentials
    body = {"applicationKey": keys["api_key"], "applicationSecret": keys["api_secret"]}
    answer = await client.post("/scb/v1/oauth/token", json=body, headers=scb_headers(world))
    return answer.json()["data"]["accessToken"]


async def scb_create(client, world, token, number=1, **changes):
    body = {"qrType": "PP", "ppType": "BILLERID", "ppId": BILLER, "amount": "100.00"}
    body |= {"ref1": f"REF{number}", "ref3": "SANDBOX"} | changes
    return await client.post("/scb/v1/payment/qrcode/create", json=body, headers=scb_headers(world, token))


async def scb_query(client, world, token, reference, day="2026-02-11"):
    query = {"eventCode": "00300100", "transactionDate": day, "billerId": BILLER, "reference1": reference}
    path = "/scb/v1/payment/billpayment/inquiry"
    return await client.get(path, params=query, headers=scb_headers(world, token))


def scb_word(answer):
    rows = answer.json()["data"]
    return "none" if not rows else f"record{rows[0]['reverseFlag']}"


# KBank


def kbank_body(world, uid, **fields):
    keys = world.state(KBANK).credentials
    return {
        "partnerTxnUid": uid,
        "partnerId": keys["partner_id"],
        "partnerSecret": keys["partner_secret"],
        "requestDt": "2026-02-11T07:00:00+07:00",
        "merchantId": keys["merchant_id"],
        **fields,
    }


async def kbank_token(client, world):
    keys = world.state(KBANK).credentials
    answer = await client.post(
        "/kbank/v2/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(keys["consumer_id"], keys["consumer_secret"]),
        headers={"x-test-mode": "true", "env-id": "OAUTH2"},
    )
    return answer.json()["access_token"]


async def kbank_create(client, world, token, number=1, **changes):
    body = kbank_body(world, f"TXN{number}", qrType=3, txnAmount=100.00, txnCurrencyCode="THB", reference1="A")
    return await client.post("/kbank/v1/qrpayment/request", json=body | changes, headers=_bank(token))


async def kbank_query(client, world, token, reference):
    body = kbank_body(world, "ASK1", origPartnerTxnUid=reference)
    return await client.post("/kbank/v1/qrpayment/inquiry", json=body, headers=_bank(token))


async def kbank_void(client, world, token, reference):
    body = kbank_body(world, "VOID1", origPartnerTxnUid=reference)
    return await client.post("/kbank/v1/qrpayment/void", json=body, headers=_bank(token))


# 2C2P


def twoctwop_key(world):
    return OctKey.import_key(world.state(TWOCTWOP).credentials["secret_key"])


def twoctwop_seal(key, claims):
    return {"payload": jws.serialize_compact({"alg": "HS256"}, json.dumps(claims).encode(), key)}


def twoctwop_open(key, body):
    payload = json.loads(body)["payload"]
    return json.loads(jws.deserialize_compact(payload, key, algorithms=["HS256"]).payload)


async def twoctwop_post(client, world, path, claims):
    claims = {"merchantID": world.state(TWOCTWOP).credentials["merchant_id"], **claims}
    sealed = twoctwop_seal(twoctwop_key(world), claims)
    answer = await client.post(f"/twoctwop/payment/4.3/{path}", json=sealed)
    if "payload" in answer.json():
        answer._content = json.dumps(twoctwop_open(twoctwop_key(world), answer.content)).encode()
        if hasattr(answer, "_text"):
            del answer._text
    return answer


async def twoctwop_create(client, world, _token, number=1, **changes):
    claims = {"invoiceNo": f"INV{number}", "description": "Tea", "amount": 100.0, "currencyCode": "THB"}
    return await twoctwop_post(client, world, "paymentToken", claims | {"paymentChannel": ["CC", "QR"]} | changes)


async def twoctwop_query(client, world, _token, reference):
    return await twoctwop_post(client, world, "paymentInquiry", {"invoiceNo": reference})


# LINE Pay


def linepay_headers(world, path, text, nonce="n-1"):
    keys = world.state(LINEPAY).credentials
    over = f"{keys['channel_secret']}{path}{text}{nonce}".encode()
    mac = hmac.new(keys["channel_secret"].encode(), over, hashlib.sha256).digest()
    return {
        "X-LINE-ChannelId": keys["channel_id"],
        "X-LINE-Authorization-Nonce": nonce,
        "X-LINE-Authorization": base64.b64encode(mac).decode(),
    }


async def linepay_post(client, world, path, body):
    text = json.dumps(body)
    return await client.post(f"/linepay{path}", content=text, headers=linepay_headers(world, path, text))


async def linepay_create(client, world, _token, number=1, **changes):
    body = {
        "amount": 100,
        "currency": "THB",
        "orderId": f"ORDER{number}",
        "packages": [{"id": "1", "amount": 100, "products": [{"name": "Tea", "quantity": 1, "price": 100}]}],
        "redirectUrls": {"confirmUrl": "http://shop.test/confirm", "cancelUrl": "http://shop.test/cancel"},
    }
    return await linepay_post(client, world, "/v3/payments/request", body | changes)


async def linepay_query(client, world, _token, reference):
    path = f"/v3/payments/requests/{reference}/check"
    return await client.get(f"/linepay{path}", headers=linepay_headers(world, path, ""))


async def linepay_refund(client, world, _token, reference):
    return await linepay_post(client, world, f"/v3/payments/{reference}/refund", {})


# GBPrimePay


async def gbprimepay_create(client, world, _token, number=1, **changes):
    keys = world.state(GBPRIMEPAY).credentials
    form = {"token": keys["token"], "amount": "100.00", "referenceNo": f"REF{number}", "detail": "Tea"}
    return await client.post("/gbprimepay/v3/qrcode/text", data=form | changes)


async def gbprimepay_query(client, world, _token, reference):
    keys = world.state(GBPRIMEPAY).credentials
    return await client.post(
        "/gbprimepay/v1/check_status_txn", json={"referenceNo": reference}, auth=(keys["secret_key"], "")
    )


SKETCHES = (
    Sketch(
        SCB,
        scb_create,
        scb_query,
        lambda _answer: "REF1",
        scb_word,
        {"unpaid": "none", "paid": "record", "expired": "none"},
        lambda answer: (answer.status_code, answer.json()["status"]["code"]) == (400, 1111),
        ("amount", "0.00"),
        "api_secret",
        scb_token,
        accepted=b'{"resCode":"00","resDesc":"success","transactionId":"1"}',
        amount_of=lambda body: body["amount"],
    ),
    Sketch(
        KBANK,
        kbank_create,
        kbank_query,
        lambda answer: answer.json()["partnerTxnUid"],
        lambda answer: answer.json()["txnStatus"],
        {"unpaid": "REQUESTED", "paid": "PAID", "expired": "EXPIRED"},
        lambda answer: answer.json()["errorCode"] == "duplicate_request",
        ("txnAmount", 0),
        "consumer_secret",
        kbank_token,
        refund=kbank_void,
        accepted=b'{"statusCode":"00","errorCode":null,"errorDesc":null}',
        amount_of=lambda body: body["txnAmount"],
    ),
    Sketch(
        TWOCTWOP,
        twoctwop_create,
        twoctwop_query,
        lambda _answer: "INV1",
        lambda answer: answer.json()["respCode"],
        {"unpaid": "0001", "paid": "0000", "expired": "0001"},
        lambda answer: answer.json()["respCode"] == "9003",
        ("amount", "-1.00"),
        "secret_key",
        amount_of=lambda body: body["amount"],
    ),
    Sketch(
        LINEPAY,
        linepay_create,
        linepay_query,
        lambda answer: str(answer.json()["info"]["transactionId"]),
        lambda answer: answer.json()["returnCode"],
        {"unpaid": "0000", "paid": "0123", "expired": "0000"},
        lambda answer: answer.json()["returnCode"] == "1172",
        ("amount", "100"),
        "channel_secret",
        refund=linepay_refund,
    ),
    Sketch(
        GBPRIMEPAY,
        gbprimepay_create,
        gbprimepay_query,
        lambda answer: answer.json()["referenceNo"],
        lambda answer: answer.json()["txn"]["status"],
        {"unpaid": "G", "paid": "S", "expired": "G"},
        lambda answer: answer.json()["resultCode"] == "03",
        ("amount", "ten"),
        "token",
        amount_of=lambda body: body["amount"],
    ),
)


def read_callback(sketch, world, attempt):
    """The body of a callback as a shop reads it."""
    if sketch.scheme is TWOCTWOP:
        return twoctwop_open(twoctwop_key(world), attempt.body)
    if attempt.headers["content-type"] == "application/x-www-form-urlencoded":
        return dict(parse_qsl(attempt.body.decode()))
    return json.loads(attempt.body)
