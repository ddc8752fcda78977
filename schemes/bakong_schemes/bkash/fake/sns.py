"""The IPN as Amazon SNS posts it: envelopes, their signature, the certificate, and the confirmation of a topic."""

import hashlib
from typing import Any

import orjson

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import keys, shapes
from bakong_schemes.bkash.fake.records import BkashState, PaymentRow, Webhook
from bakong_schemes.bkash.fake.requests import form_of
from bakong_schemes.bkash.fake.standing import Standing
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.webhooks import Draw, Endpoint, Message, Sign, Signed, Unsigned, Webhooks
from bakong_simulator.kernel.world import World
from bakong_simulator.wire.reply import Reply

ENDPOINT = "bkash-topic"
RETRIES_S = (20, 20, 20)
TIMEOUT_S = 15.0
REGION = wire.SNS_HOST.split(".")[1]
PEM, XML = b"application/x-pem-file", b"text/xml"
_CERTIFICATE = "SimpleNotificationService-"


def new_secret(draw: Draw) -> str:
    """What a topic's key is made of."""
    return f"sandbox-sns-{draw('bkash/sns').hex()[:24]}"


def webhooks() -> Webhooks:
    return Webhooks(
        wire.NAME,
        sign,
        RETRIES_S,
        timeout_s=TIMEOUT_S,
        new_secret=new_secret,
        wrong_signature=_signature_of_another,
        test_event=_test_event,
    )


def topic_arn(world_name: str) -> str:
    return f"arn:aws:sns:{REGION}:000000000000:bkash-{world_name}"


def certificate_url(secret: str) -> str:
    return f"https://{wire.SNS_HOST}/{_CERTIFICATE}{keys.name_of(secret)}.pem"


def signed_text(envelope: dict[str, Any]) -> bytes:
    """What is signed of an envelope: the fields that it has, each with its name."""
    return "".join(f"{name}\n{envelope[name]}\n" for name in wire.SIGNED_FIELDS if name in envelope).encode()


def sign(unsigned: Unsigned) -> Signed:
    """The envelope, signed by the newest secret's key. A topic has one key: an old one signs no more."""
    envelope: dict[str, Any] = orjson.loads(unsigned.body)
    secret = unsigned.secrets[0]
    signature = keys.sha1_signature(secret, signed_text(envelope))
    whole = envelope | {"SignatureVersion": "1", "Signature": signature, "SigningCertURL": certificate_url(secret)}
    if envelope["Type"] == wire.NOTIFICATION:
        whole["UnsubscribeURL"] = f"https://{wire.SNS_HOST}/?Action=Unsubscribe&SubscriptionArn={envelope['TopicArn']}"
    headers = {
        "content-type": "text/plain; charset=UTF-8",
        wire.SNS_TYPE_HEADER: envelope["Type"],
        "x-amz-sns-message-id": envelope["MessageId"],
        "x-amz-sns-topic-arn": envelope["TopicArn"],
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    return Signed(headers, orjson.dumps(whole))


def _signature_of_another(sign: Sign, unsigned: Unsigned) -> Signed:
    """The right fields under the signature of others: it stands in the body, and covers no byte beside them."""
    other = orjson.loads(unsigned.body) | {"Message": "another"}
    made = sign(unsigned._replace(message=unsigned.message._replace(body=orjson.dumps(other))))
    return Signed(made.headers, orjson.dumps(orjson.loads(made.body or b"{}") | orjson.loads(unsigned.body)))


def _test_event(kind: str | None) -> Message:
    name = kind or wire.NOTIFICATION
    inner = {"trxID": "TEST000000", "transactionStatus": wire.COMPLETED, "amount": "1.00", "currency": wire.CURRENCY}
    return _message("00000000-0000-4000-8000-000000000000", topic_arn("test"), orjson.dumps(inner).decode(), 0, name)


def notify(world: World, row: PaymentRow, now: Standing) -> None:
    """Money has come: the topic's subscribers are told. Of failures and refunds nobody is."""
    inner = {
        "dateTime": wire.ipn_time(row.executed_ms),
        "debitMSISDN": f"88{row.wallet}",
        "creditOrganizationName": shapes.ORGANIZATION,
        "creditShortCode": shapes.SHORT_CODE,
        "trxID": row.trx,
        "transactionStatus": now.status,
        "transactionType": wire.API_TRANSACTION,
        "amount": shapes.amount_of(row, now),
        "currency": wire.CURRENCY,
        "transactionReference": row.payer_reference,
        "merchantInvoiceNumber": row.invoice,
    }
    text = orjson.dumps(inner).decode()
    message = _message(_message_id(world), topic_arn(world.name), text, world.clock.now_ms(), wire.NOTIFICATION)
    payment = world.payments.get((wire.NAME, row.id))
    world.outbox.publish(wire.NAME, message, payment=row.id, script=payment.scenario if payment else None)


def subscribe(world: World, state: BkashState, url: str | None, *, confirmed: bool) -> None:
    """Let the topic post to a URL, after it was confirmed, or nowhere. Raises OutboxError, before anything changed."""
    endpoints = world.outbox.endpoints
    known = endpoints.by_id.get(ENDPOINT)
    if url is None:
        if known is not None:
            world.outbox.drop_endpoint(ENDPOINT)
        state.webhook = None
        return
    webhook = Webhook(url, _token(world), confirmed)
    if known is None:
        world.outbox.add_endpoint(_endpoint(state, webhook))
    else:
        endpoints.change(_endpoint(state, webhook))
    state.webhook = webhook
    if not confirmed:
        world.outbox.publish(wire.NAME, _confirmation(world, state, webhook))


def ask_to_confirm(world: World, state: BkashState) -> str:
    """Post the confirmation of the topic once more, also where it goes to a listener alone; its token."""
    if state.webhook is None:
        state.webhook = Webhook("", _token(world))
    world.outbox.publish(wire.NAME, _confirmation(world, state, state.webhook))
    return state.webhook.token


def _token(world: World) -> str:
    return hashlib.blake2b(world.rng.draw("bkash/subscribe"), digest_size=64).hexdigest()


def _endpoint(state: BkashState, webhook: Webhook) -> Endpoint:
    events = ("*",) if webhook.confirmed else (wire.CONFIRMATION,)
    return Endpoint(wire.NAME, webhook.url, state.sns_secret, ENDPOINT, events=events)


def _confirmation(world: World, state: BkashState, webhook: Webhook) -> Message:
    arn = topic_arn(world.name)
    base = state.settings.sns_base.rstrip("/")
    more = {
        "Token": webhook.token,
        "SubscribeURL": f"{base}/?Action=ConfirmSubscription&TopicArn={arn}&Token={webhook.token}",
    }
    text = f"You have chosen to subscribe to the topic {arn}."
    return _message(_message_id(world), arn, text, world.clock.now_ms(), wire.CONFIRMATION, more)


def _message(id_: str, arn: str, text: str, at_ms: int, kind: str, more: dict[str, str] | None = None) -> Message:
    timestamp = f"{wire.bare_time(at_ms, 0)[:-4]}.{at_ms % 1000:03d}Z"
    head = {"Type": kind, "MessageId": id_, "TopicArn": arn, "Message": text, "Timestamp": timestamp}
    return Message(id_, kind, orjson.dumps(head | (more or {})))


def _message_id(world: World) -> str:
    drawn = world.rng.hex("bkash/message", 32)
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:32]}"


# What the service itself is asked


def secret_of(world: World, state: BkashState, call: Call) -> str | None:
    """The secret whose certificate a path names; None where it is none of this world's."""
    name = call.path.rpartition("/")[2].removeprefix(_CERTIFICATE).removesuffix(".pem")
    kept = [endpoint.secret for endpoint in world.outbox.endpoints if endpoint.scheme == wire.NAME]
    return next((secret for secret in (state.sns_secret, *kept) if keys.name_of(secret) == name), None)


def is_confirmation_of(state: BkashState, call: Call) -> bool:
    """Whether a call confirms the subscription of this state."""
    asked = form_of(call.query)
    return state.webhook is not None and asked.get("Token") == [state.webhook.token]


def serve(world: World, state: BkashState, call: Call) -> Reply:
    """A certificate, or the answer to a confirmation."""
    if b"Action=ConfirmSubscription" in call.query:
        if not is_confirmation_of(state, call) or state.webhook is None:
            return Reply(400, b"<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>\n", XML)
        state.webhook.confirmed = True
        if state.webhook.url:
            world.outbox.endpoints.change(_endpoint(state, state.webhook))
        return Reply(200, b"<ConfirmSubscriptionResponse></ConfirmSubscriptionResponse>\n", XML)
    secret = secret_of(world, state, call) if call.path.endswith(".pem") else None
    if secret is None:
        return Reply(404, b"<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>\n", XML)
    return Reply(200, keys.certificate_of(secret), PEM)
