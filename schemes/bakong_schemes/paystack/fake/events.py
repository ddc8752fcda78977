"""Events: posted to the URL of the dashboard, signed with the secret key over the body as it is sent."""

import orjson

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import shapes
from bakong_schemes.paystack.fake.records import Json, PaystackState, Refund, Transaction
from bakong_schemes.paystack.fake.status import payment_of
from bakong_simulator.kernel.webhooks import Endpoint, Message, Signed, Unsigned, Webhooks
from bakong_simulator.kernel.world import World

ACCOUNT_ENDPOINT = "paystack-dashboard"
OK = 200


def webhooks(state: PaystackState) -> Webhooks:
    """How the account posts; 200 alone is an acknowledgement."""
    return Webhooks(
        wire.NAME,
        sign,
        wire.LADDERS[state.settings.retries],
        timeout_s=wire.WEBHOOK_TIMEOUT_S,
        accepts=lambda status: status == OK,
        new_secret=lambda _draw: state.secret_key,
        test_event=_test_event,
    )


def sign(unsigned: Unsigned) -> Signed:
    """By the newest secret; there is neither a time nor an id, so that each attempt is the same."""
    made = wire.signature(unsigned.secrets[0], unsigned.body)
    return Signed({"content-type": "application/json", wire.SIGNATURE: made})


def _test_event(kind: str | None) -> Message:
    name = kind or "charge.success"
    return _message(name, "0", {"id": 0, "reference": "sandbox-test"})


def _message(kind: str, id_: str, data: Json) -> Message:
    """Compact, with / and other letters as they are: what JSON.stringify makes of it again is the same bytes."""
    return Message(f"{kind}:{id_}", kind, orjson.dumps({"event": kind, "data": data}))


def of_charge(world: World, state: PaystackState, row: Transaction) -> None:
    """A transaction was paid. A decline tells nobody: there is no charge.failed."""
    _publish(world, row, _message("charge.success", str(row.id), shapes.transaction(world, state, row)))


def of_refund(world: World, state: PaystackState, row: Refund) -> None:
    """A refund has come to the status that it is in."""
    data = shapes.refund_event(world, state, row)
    message = _message(f"refund.{row.status}", f"{row.id}:{row.updated_ms}", data)
    _publish(world, state.transactions[row.reference], message)


def _publish(world: World, row: Transaction, message: Message) -> None:
    payment = payment_of(world, row)
    world.outbox.publish(wire.NAME, message, payment=row.reference, script=payment.scenario)


def set_webhook(world: World, state: PaystackState, url: str | None) -> None:
    """Let the dashboard's webhook go to a URL, or nowhere. Raises OutboxError, before anything has changed."""
    endpoints = world.outbox.endpoints
    known = endpoints.by_id.get(ACCOUNT_ENDPOINT)
    if url is None:
        if known is not None:
            world.outbox.drop_endpoint(ACCOUNT_ENDPOINT)
        return
    endpoint = Endpoint(wire.NAME, url, state.secret_key, ACCOUNT_ENDPOINT)
    if known is None:
        world.outbox.add_endpoint(endpoint)
    else:
        endpoints.change(endpoint)


def webhook_url(world: World) -> str | None:
    endpoint = world.outbox.endpoints.by_id.get(ACCOUNT_ENDPOINT)
    return None if endpoint is None else endpoint.url
