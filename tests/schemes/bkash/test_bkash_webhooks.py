"""The IPN: SNS envelopes, checked by a verifier that is not ours, their certificate, the confirmation of a topic."""

import json
from contextlib import contextmanager

import httpx
import pytest
from bkash_pgw_tokenized import ipn, sns_verify

from tests.schemes.bkash.conftest import HOOK

OK = "01300000001"


@pytest.fixture
def verified(shop, monkeypatch):
    """verified(envelope): by bkash-pgw-tokenized's verifier, which fetches the certificate at SNS's own host name."""

    async def verified(envelope):
        certificate = await shop.client.get(envelope["SigningCertURL"])

        class Client:
            def __init__(self, **_options):
                pass

            def get(self, url):
                assert url == envelope["SigningCertURL"]
                return httpx.Response(
                    certificate.status_code, content=certificate.content, request=httpx.Request("GET", url)
                )

        @contextmanager
        def opened(**_options):
            yield Client()

        monkeypatch.setattr(sns_verify.httpx, "Client", opened)
        try:
            sns_verify.verify_sns_signature(envelope)
        except sns_verify.SnsVerificationError:
            return False
        return True

    return verified


async def test_a_payment_is_told_of_by_a_signed_notification(shop, verified):
    told = await shop.listen()
    paid = await shop.paid("12.50", merchantInvoiceNumber="I-9")
    await shop.advance(1)
    (post,) = shop.posts
    envelope = json.loads(post.body)
    assert post.headers["x-amz-sns-message-type"] == "Notification"
    assert post.headers["content-type"].startswith("text/plain")
    assert set(envelope) == {
        *("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"),
        "UnsubscribeURL",
    }
    assert (envelope["SignatureVersion"], envelope["Timestamp"]) == ("1", "2026-02-11T00:00:00.000Z")
    assert (envelope["TopicArn"], envelope["SigningCertURL"]) == (told["topicArn"], told["signingCertURL"])
    assert await verified(envelope)
    assert not await verified(envelope | {"Message": envelope["Message"].replace("12.50", "1.50")})
    inner = ipn.extract_inner_from_sns_envelope(envelope)
    assert ipn.ipn_inner_is_success(inner) == (True, None)
    assert inner == {
        "dateTime": "20260211060000",
        "debitMSISDN": "8801300000001",
        "creditOrganizationName": "Sandbox Shop",
        "creditShortCode": "50001",
        "trxID": paid["trxID"],
        "transactionStatus": "Completed",
        "transactionType": "10002294",
        "amount": "12.50",
        "currency": "BDT",
        "transactionReference": "01700000000",
        "merchantInvoiceNumber": "I-9",
    }


async def test_nothing_is_told_of_failures_cancels_and_refunds(shop):
    await shop.listen()
    made = await shop.create()
    await shop.decide(made, "cancel")
    poor = await shop.create()
    await shop.decide(poor, wallet="01300000011")
    await shop.refused("execute", {"paymentID": poor["paymentID"]})
    paid = await shop.paid(merchantInvoiceNumber="R-1")
    await shop.refund(paid, "1")
    held = await shop.paid(intent="authorization", merchantInvoiceNumber="H-1")
    await shop.advance(1)
    assert [note["merchantInvoiceNumber"] for note in shop.notes()] == ["R-1"]
    await shop.ok("payment/confirm/capture", {"paymentID": held["paymentID"]})
    await shop.advance(1)
    assert [note["trxID"] for note in shop.notes()] == [paid["trxID"], held["trxID"]]


async def test_a_topic_has_to_be_confirmed_before_it_posts(shop, verified):
    await shop.control("PUT", "/bkash/webhook", {"url": HOOK})
    await shop.paid()
    await shop.advance(1)
    (post,) = shop.posts
    envelope = json.loads(post.body)
    assert (post.headers["x-amz-sns-message-type"], envelope["Type"]) == ("SubscriptionConfirmation",) * 2
    assert await verified(envelope)
    wrong = await shop.client.get(envelope["SubscribeURL"] + "0")
    assert (wrong.status_code, (await shop.control("GET", "/bkash")).json()["webhook"]["confirmed"]) == (400, False)
    assert (await shop.client.get(envelope["SubscribeURL"])).status_code == 200
    await shop.paid(merchantInvoiceNumber="AFTER")
    await shop.advance(1)
    assert [note["merchantInvoiceNumber"] for note in shop.notes()] == ["AFTER"]
    await shop.control("PUT", "/bkash/webhook", {"url": None})
    await shop.paid(merchantInvoiceNumber="SILENT")
    await shop.advance(1)
    assert len(shop.posts) == 2


async def test_a_shop_without_the_real_host_confirms_below_the_prefix(shop):
    await shop.set(sns_base="http://sandbox.test/bkash/sns")
    await shop.control("PUT", "/bkash/webhook", {"url": HOOK})
    await shop.advance(1)
    url = json.loads(shop.posts[0].body)["SubscribeURL"]
    assert url.startswith("http://sandbox.test/bkash/sns/?Action=ConfirmSubscription")
    assert (await shop.client.get(url)).status_code == 200
    name = (await shop.control("GET", "/bkash")).json()["webhook"]["signingCertURL"].rpartition("/")[2]
    assert (await shop.client.get(f"/bkash/sns/{name}")).text.startswith("-----BEGIN CERTIFICATE-----")
    assert (await shop.client.get("/bkash/sns/SimpleNotificationService-0.pem")).status_code == 404


@pytest.mark.parametrize("fault", ["wrong_signature", "wrong_key"])
async def test_a_spoiled_signature_is_refused_by_the_verifier(shop, verified, fault):
    await shop.listen()
    await shop.play(f"name: x\nscheme: bkash\nwebhooks: [{{fault: {fault}}}]")
    await shop.paid()
    await shop.advance(1)
    envelope = json.loads(shop.posts[0].body)
    # Of a key that is not the topic's, SNS serves no certificate.
    if fault == "wrong_key":
        assert (await shop.client.get(envelope["SigningCertURL"])).status_code == 404
    else:
        assert not await verified(envelope)


@pytest.mark.parametrize(("rule", "count"), [("lost", 0), ("twice", 2)])
async def test_a_notification_is_lost_or_comes_twice_with_its_id(shop, rule, count):
    await shop.listen()
    await shop.play(f"name: x\nscheme: bkash\nwebhooks: [{{fault: {rule}}}]")
    await shop.paid()
    await shop.advance(60)
    assert len(shop.posts) == count
    assert len({json.loads(post.body)["MessageId"] for post in shop.posts}) == min(count, 1)
