"""Standard Webhooks: our signer against the reference library, both ways, and what must be refused."""

import json
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bakong_contracts.webhooks import WebhookError, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
NOW = 1_770_768_000


@given(body=st.binary(max_size=200), message_id=st.from_regex(r"msg_[A-Za-z0-9]{1,40}", fullmatch=True))
def test_the_reference_library_signs_alike(body, message_id):
    text = body.decode("latin-1")
    theirs = Webhook(SECRET).sign(message_id, datetime.fromtimestamp(NOW, UTC), text)
    assert sign([SECRET], message_id, NOW, text.encode())["webhook-signature"] == theirs


def test_the_reference_library_believes_us():
    body = json.dumps({"type": "payment.paid"}).encode()
    with time_machine.travel(NOW, tick=False):
        assert Webhook(SECRET).verify(body, sign([SECRET], "msg_1", NOW, body)) == {"type": "payment.paid"}


def test_during_a_rotation_either_secret_will_do():
    headers = sign([OTHER, SECRET], "msg_1", NOW, b"{}")
    assert verify([SECRET], headers, b"{}", now_s=NOW) == "msg_1"
    assert verify([OTHER], headers, b"{}", now_s=NOW) == "msg_1"


@pytest.mark.parametrize(
    ("change", "now", "body"),
    [
        ({}, NOW + 301, b"{}"),
        ({}, NOW - 301, b"{}"),
        ({}, NOW, b"{} "),
        ({"webhook-id": "msg_2"}, NOW, b"{}"),
        ({"webhook-timestamp": f"{NOW}.0"}, NOW, b"{}"),
        ({"webhook-timestamp": "1_770_768_000"}, NOW, b"{}"),
        ({"webhook-signature": "v1"}, NOW, b"{}"),
        ({"webhook-signature": "v1,AAAA  v1,é"}, NOW, b"{}"),
    ],
    ids=["too-late", "too-early", "other-body", "other-id", "fraction", "underscores", "no-comma", "garbage"],
)
def test_what_must_not_be_believed_is_refused(change, now, body):
    headers = sign([SECRET], "msg_1", NOW, b"{}") | change
    with pytest.raises(WebhookError):
        verify([SECRET], headers, body, now_s=now)


def test_a_missing_header_is_named():
    with pytest.raises(WebhookError, match="webhook-id"):
        verify([SECRET], {}, b"", now_s=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_QUJD", "whsec_ü", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_weak_secret_signs_nothing_and_is_not_shown(secret):
    with pytest.raises(WebhookError) as caught:
        sign([secret], "msg_1", NOW, b"")
    assert len(secret) < 8 or secret not in str(caught.value)
