"""Events: kept for GET /events, and posted to the account's webhook and to those of the charge, signed."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

import orjson

from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import shapes
from bakong_schemes.omise.fake.ids import new_id
from bakong_schemes.omise.fake.records import Charge, Event, Json, OmiseState, Refund
from bakong_schemes.omise.fake.shapes import View
from bakong_simulator.kernel.webhooks import Endpoint, Message, Signed, Unsigned, Webhooks
from bakong_simulator.kernel.world import World

ACCOUNT_ENDPOINT = "omise-account"
Draw = Callable[[str], bytes]


def webhooks(*, redeliver: bool) -> Webhooks:
    """How the account posts: once, unless redelivery is switched on."""
    retries_s = wire.RETRIES_S if redeliver else ()
    return Webhooks(wire.NAME, sign, retries_s, new_secret=new_secret, test_event=_test_event)


def new_secret(draw: Draw) -> str:
    return base64.b64encode(draw("omise/webhook-secret")).decode()


def sign(unsigned: Unsigned) -> Signed:
    """By every secret that is good, comma-separated, over the time and the raw body. Raises ValueError."""
    timestamp = str(unsigned.wall_ms // 1000)
    signed = f"{timestamp}.".encode() + unsigned.body
    keys = [base64.b64decode(secret, validate=True) for secret in unsigned.secrets]
    macs = [hmac.new(key, signed, hashlib.sha256).hexdigest() for key in keys]
    return Signed(
        {
            "content-type": "application/json",
            wire.SIGNATURE: ",".join(macs),
            wire.SIGNATURE_TIME: timestamp,
        }
    )


def _test_event(kind: str | None) -> Message:
    key = kind or "charge.complete"
    body = {"object": "event", "id": "evnt_test_0000000000000000000", "livemode": False, "data": {}, "key": key}
    return Message("evnt_test_0000000000000000000", key, orjson.dumps(body))


def of_charge(world: World, state: OmiseState, key: str, charge: Charge) -> None:
    """Something has happened to a charge."""
    view = View(world, state, charge.place)
    _publish(view, key, shapes.charge(view, charge), charge)


def of_refund(world: World, state: OmiseState, charge: Charge, refund: Refund) -> None:
    view = View(world, state, charge.place)
    _publish(view, "refund.create", shapes.refund(view, refund), charge)


def of_other(view: View, key: str, data: Json) -> None:
    """Something has happened to what is no charge's."""
    _publish(view, key, data, None)


def _publish(view: View, key: str, data: Json, charge: Charge | None) -> None:
    world, state, _ = view
    id_ = new_id(world, "evnt")
    event = Event(id_, state.next_number(), key, world.clock.now_ms(), data, charge.id if charge else None)
    state.events[id_] = event
    if len(state.events) > wire.MAX_EVENTS:
        del state.events[next(iter(state.events))]
    message = Message(id_, key, orjson.dumps(shapes.event(view, event)))
    payment = None if charge is None else world.payments.get((wire.NAME, charge.id))
    script = None if payment is None else payment.scenario
    reference = None if charge is None else charge.id
    world.outbox.publish(wire.NAME, message, payment=reference, script=script)
    for url in charge.webhook_endpoints if charge else ():
        target = Endpoint(wire.NAME, url, state.secret, old_secret=state.old_secret, old_until_ms=state.old_until_ms)
        world.outbox.post(message, target, reference, script)


def set_webhook(world: World, state: OmiseState, url: str | None) -> None:
    """Let the account's webhook go to a URL, or nowhere. Raises OutboxError, before anything has changed."""
    endpoints = world.outbox.endpoints
    known = endpoints.by_id.get(ACCOUNT_ENDPOINT)
    if url is None:
        if known is not None:
            world.outbox.drop_endpoint(ACCOUNT_ENDPOINT)
        return
    endpoint = _endpoint(state, url)
    if known is None:
        world.outbox.add_endpoint(endpoint)
    else:
        endpoints.change(endpoint)


def webhook_url(world: World) -> str | None:
    endpoint = world.outbox.endpoints.by_id.get(ACCOUNT_ENDPOINT)
    return None if endpoint is None else endpoint.url


def roll_secret(world: World, state: OmiseState) -> None:
    """A new secret; for a day of the world's time the old one signs beside it."""
    state.old_secret, state.secret = state.secret, new_secret(world.rng.draw)
    state.old_until_ms = world.clock.now_ms() + 1000 * wire.KEEP_OLD_SECRET_S
    for endpoint in [row for row in world.outbox.endpoints if row.scheme == wire.NAME]:
        if endpoint.secret == state.old_secret:  # the account's, and the listeners'
            signed = replace(endpoint, secret=state.secret, old_secret=state.old_secret)
            world.outbox.endpoints.change(replace(signed, old_until_ms=state.old_until_ms))


def _endpoint(state: OmiseState, url: str) -> Endpoint:
    return Endpoint(
        *(wire.NAME, url, state.secret, ACCOUNT_ENDPOINT),
        old_secret=state.old_secret,
        old_until_ms=state.old_until_ms,
    )
