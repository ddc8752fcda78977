"""Events: kept for GET /v1/events, and posted to the endpoints that take their type, signed."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import orjson

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.ids import text_of
from bakong_schemes.stripe.fake.records import Event, Json, StripeState
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.outbox import Outbox
from bakong_simulator.kernel.webhooks import Message, Signed, State, Unsigned, Webhooks

Draw = Callable[[str], bytes]
TEST_ID = "evt_00000000000000"


def webhooks(state: StripeState) -> Webhooks:
    """How the account posts, by its schedule of retries."""
    retries_s = wire.RETRIES_LIVE_S if state.settings.retries == "live" else wire.RETRIES_TEST_S
    return Webhooks(wire.NAME, sign, retries_s, new_secret=new_secret, test_event=_test_event)


def new_secret(draw: Draw) -> str:
    return "whsec_" + text_of(draw("stripe/webhook-secret") + draw("stripe/webhook-secret"), 32)


def sign(unsigned: Unsigned) -> Signed:
    """By every secret that is good, at the machine's real time: verifiers hold it against their own clock."""
    at_s = unsigned.wall_ms // 1000
    signed = b"%d." % at_s + unsigned.body
    macs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in unsigned.secrets]
    fake = hmac.new(b"v0", signed, hashlib.sha256).hexdigest()
    parts = [f"t={at_s}", *(f"v1={mac}" for mac in macs), f"v0={fake}"]
    return Signed(
        {
            "content-type": "application/json; charset=utf-8",
            "user-agent": wire.USER_AGENT,
            wire.SIGNATURE: ",".join(parts),
        }
    )


def _test_event(kind: str | None) -> Message:
    type_ = kind or "payment_intent.succeeded"
    body = {"id": TEST_ID, "object": "event", "api_version": wire.VERSION, "created": 0, "data": {"object": {}}}
    body |= {"livemode": False, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": type_}
    return Message(TEST_ID, type_, orjson.dumps(body))


def publish(view: View, type_: str, about: Json, previous: Json | None = None) -> None:
    """Something has happened to an object, which is kept as it is now. previous: what an update has changed."""
    publish_raw(view, type_, about["id"], orjson.dumps(about), _payment_of(about), previous)


def publish_raw(
    view: View, type_: str, about: str, raw: bytes, payment: str | None, previous: Json | None = None
) -> None:
    """The same of an object as it was, as JSON text. payment: the PaymentIntent whose script may strike the webhook."""
    world, state, request = view
    key = None if request is None else request.idempotency_key or None
    event = Event(view.id("evt_"), type_, view.now_s, about, request.id if request else None, key, raw, previous)
    state.events[event.id] = event
    if len(state.events) > wire.MAX_EVENTS:
        del state.events[next(iter(state.events))]
    targets = world.outbox.endpoints.taking(wire.NAME, type_)
    if not targets:
        return
    known = None if payment is None else world.payments.get((wire.NAME, payment))
    script = None if known is None else known.scenario
    document = _document(event, len(targets), orjson.Fragment(raw))
    for target in targets:
        endpoint = state.objects["webhook_endpoint"].get(target.id)
        version = (endpoint["api_version"] if endpoint else None) or wire.VERSION
        body = orjson.dumps({**document, "api_version": version})
        posted = world.outbox.post(Message(event.id, type_, body), target, payment, script)
        event.deliveries.extend(row.number for row in posted)


def _payment_of(about: Json) -> str | None:
    """The PaymentIntent that an object is of."""
    named = about["id"] if about["object"] == "payment_intent" else about.get("payment_intent")
    return named if isinstance(named, str) else None


def shown(event: Event, outbox: Outbox) -> Json:
    """The event as GET /v1/events/<id> has it."""
    waiting = (outbox.events.get(number) for number in event.deliveries)
    pending = sum(1 for row in waiting if row is not None and row.state is State.PENDING)
    return _document(event, pending, orjson.loads(event.object))


def _document(event: Event, pending: int, about: Any) -> Json:
    data: Json = {"object": about}
    if event.previous is not None:
        data["previous_attributes"] = event.previous
    return {
        "id": event.id,
        "object": "event",
        "api_version": wire.VERSION,
        "created": event.created,
        "data": data,
        "livemode": False,
        "pending_webhooks": pending,
        "request": {"id": event.request, "idempotency_key": event.key},
        "type": event.type,
    }
