"""One call of the API: its operation and its script are looked up, faults strike, and the journal hears of it."""

from collections.abc import Sequence

import orjson

from bakong_scenarios import FaultRule, Scenario, ScenarioError
from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake import pages
from bakong_schemes.nagad.fake.callback import callback
from bakong_schemes.nagad.fake.errors import JSON, ApiError, refusal, request_rejected
from bakong_schemes.nagad.fake.faults import FAULTS
from bakong_schemes.nagad.fake.operations import OPERATIONS, Ask, cancelled_purchase
from bakong_schemes.nagad.fake.records import NagadState, Purchase
from bakong_schemes.nagad.fake.requests import Routed, header, route
from bakong_schemes.nagad.words import WORDS
from bakong_simulator.kernel.calls import CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.wire.connection_faults import play
from bakong_simulator.wire.reply import Reply


def serve(world: World, state: NagadState, call: Call) -> Reply:
    world.journal.begin()
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    routed = route(call)
    name, about = routed.operation, None
    try:
        named = world.library.find(call.scenario, wire.NAME) if call.scenario else None
        about = _about(world, state, routed, named)
        rules = faults(world, scheme, name, about)
        reply = refusal("ServerError")
        if all(FAULTS[rule.fault].reaches_api for rule in rules):
            reply = _answer(world, state, call, routed, rules, named)
    except ScenarioError as error:
        about = about or about_none(world, scheme, name, None)
        reply = refusal("InvalidApiRequest", f"bakong-sandbox: {error}")
        return record(world, scheme, call, now_ms, name, about, reply, None)
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, name, about, reply, rules[0].fault if rules else None)


def _about(world: World, state: NagadState, routed: Routed, named: Scenario | None) -> CallTarget:
    """What a call is about: the payment that its path or its query names; verify alone is counted there."""
    purchase = purchase_of(state, routed)
    payment = None if purchase is None else world.payments.get((wire.NAME, purchase.reference))
    if payment is None:
        return about_none(world, world.scheme(wire.NAME), routed.operation, named)
    if routed.operation in WORDS.checks:
        world.player.switch(payment, named)
        return about_one(payment, named)
    number = world.count(wire.NAME, routed.operation)
    return CallTarget(number, payment, ((named or payment.scenario, number),))


def purchase_of(state: NagadState, routed: Routed) -> Purchase | None:
    """The payment that a path or a query names."""
    match routed:
        case Routed("cancel", names):
            return cancelled_purchase(state, names)
        case Routed("complete" | "verify" | "page", (reference,)):
            return state.purchases.get(reference)
    return None


def _answer(
    world: World,
    state: NagadState,
    call: Call,
    routed: Routed,
    rules: Sequence[FaultRule],
    named: Scenario | None,
) -> Reply:
    if routed.operation == "page":
        return _paged(world, state, call, routed.names[0], rules)
    try:
        operation = OPERATIONS.get(routed.operation)
        if operation is None:
            raise ApiError("InvalidApiRequest", f"{call.method} of this path is no call of the API")  # noqa: TRY301
        if call.method == "POST" and not _is_let_in(state, call):
            return request_rejected(world.rng.digits("nagad/support", 19))
        answer = operation(Ask(world, state, call, routed.names, named))
    except ApiError as error:
        settings = state.settings
        return refusal(
            error.reason, error.message, status=settings.error_status, is_opaque=settings.reasons == "opaque"
        )
    return Reply(200, orjson.dumps(answer), JSON, delay_ms=_hang_ms(state, routed))


def _is_let_in(state: NagadState, call: Call) -> bool:
    return state.whitelist is None or header(call, wire.HEADER_IP) in state.whitelist


def _hang_ms(state: NagadState, routed: Routed) -> int:
    """How long the first refund's answer takes, of a customer whose refunds hang: the money has moved by then."""
    purchase = purchase_of(state, routed) if routed.operation == "cancel" else None
    if purchase is None or not purchase.hangs:
        return 0
    purchase.hangs = False
    return wire.CANCEL_HANG_MS


def _paged(world: World, state: NagadState, call: Call, reference: str, rules: Sequence[FaultRule]) -> Reply:
    """The pay page; a script may let the browser say Success whatever has happened."""
    reply = pages.page(world, state, call, reference)
    purchase = state.purchases.get(reference)
    if purchase is None or reply.status != 302 or not lies(rules):
        return reply
    url = callback(world, state, purchase, as_success=True) or ""
    return reply._replace(headers=((b"location", url.encode()),))


def lies(rules: Sequence[FaultRule]) -> bool:
    """Whether the browser is to say Success."""
    return any(rule.fault == "callback" and rule.parameters["as"] == "success" for rule in rules)
