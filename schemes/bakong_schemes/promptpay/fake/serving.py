"""The API of a world for shops that ask: bytes in, a reply out. It is ours, see wire."""

from typing import Any

import orjson

from bakong_scenarios import ScenarioError
from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.codec import DecodeError, Slip, TrueMoneySlip, decode
from bakong_schemes.promptpay.fake.slips import Issued, Key
from bakong_schemes.promptpay.fake.state import PromptPayState, key_of
from bakong_simulator.kernel.calls import NOTHING, CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, play
from bakong_simulator.wire.reply import Reply

MAX_REFERENCE = 255


def refusal(name: str, **more: str) -> Reply:
    """An error of the API."""
    status, code = wire.REFUSALS[name]
    return Reply(status, orjson.dumps({"error": code, **more}), error_code=code)


FAULTS: dict[str, Fault] = {
    **connection_faults.FAULTS,
    **body_faults.FAULTS,
    "refuse": Fault(lambda _reply, _luck, *, as_: refusal(as_), reaches_api=False),
}
Asked = tuple[str, Any]  # an endpoint's name, and what it is asked about; "" is none of the API's


def serve(scheme: AnyScheme, world: World, state: PromptPayState, call: Call) -> Reply:
    """The reply to one call of /promptpay/<path>, with the script's faults; the call is in the journal."""
    now_ms = world.clock.now_ms()
    world.journal.begin()
    endpoint, asked = _asked(call)
    try:
        named = world.library.find(call.scenario, scheme.name) if call.scenario else None
        payment = _payment(world, state, endpoint, asked)
        if endpoint == wire.LIST_TRANSFERS and payment is None and wire.read_reference(asked):
            payment = world.find(scheme.name, asked, named)
        about = about_one(payment, named) if payment else about_none(world, scheme, endpoint or "unknown", named)
        return _played(scheme, world, state, call, now_ms, (endpoint, asked), about)
    except ScenarioError as error:
        reply = refusal("invalid", detail=f"bakong-sandbox: {error}")
        return record(world, scheme, call, now_ms, endpoint or "unknown", NOTHING, reply, "scenario")


def _played(
    scheme: AnyScheme, world: World, state: PromptPayState, call: Call, now_ms: int, asked: Asked, about: CallTarget
) -> Reply:
    endpoint = asked[0] or "unknown"
    rules = faults(world, scheme, endpoint, about)
    reply = refusal("busy")
    if all(FAULTS[rule.fault].reaches_api for rule in rules):
        reply = _answer(world, state, call, asked, about.payment)
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, endpoint, about, reply, rules[0].fault if rules else None)


def _asked(call: Call) -> Asked:
    what, _, below = call.path.partition("/")
    if what == "transfers" and call.method == "GET" and 0 < len(below) <= MAX_REFERENCE:
        return wire.LIST_TRANSFERS, below
    if what == "slips" and call.method == "GET" and below.count("/") == 1:
        bank, _, ref = below.partition("/")
        return wire.GET_SLIP, (bank, ref)
    if what == "slips" and call.method == "POST" and not below:
        return wire.CHECK_SLIP, _claim(call.body)
    return "", None


def _claim(body: bytes) -> tuple[Key, str | None] | None:
    """The slip that a body holds, and the order that it is to be used for; None for what has not that form."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    match given:
        case {"slip": str(text), **rest} if rest.keys() <= {"use_for"}:
            key, order = slip_key(text), rest.get("use_for")
            if key and (order is None or (isinstance(order, str) and 0 < len(order) <= MAX_REFERENCE)):
                return key, order
    return None


def slip_key(text: str) -> Key | None:
    """The bank and the reference that a mini QR names; None for what is none."""
    try:
        code = decode(text, lenient=True).code
    except DecodeError:
        return None
    if isinstance(code, Slip):
        return code.bank, code.ref
    return (wire.TRUEMONEY, code.ref) if isinstance(code, TrueMoneySlip) else None


def _slip(state: PromptPayState, endpoint: str, asked: Any) -> Issued | None:
    key = asked[0] if endpoint == wire.CHECK_SLIP and asked else asked
    return state.slips.rows.get(key) if isinstance(key, tuple) else None


def _payment(world: World, state: PromptPayState, endpoint: str, asked: Any) -> Payment | None:
    if endpoint == wire.LIST_TRANSFERS:
        return world.payments.get((wire.NAME, asked))
    slip = _slip(state, endpoint, asked)
    return None if slip is None else slip.payment


def _answer(world: World, state: PromptPayState, call: Call, asked: Asked, payment: Payment | None) -> Reply:
    endpoint, about = asked
    if call.token not in (state.key, key_of(world.name)):
        return refusal("unauthorized")
    if not endpoint:
        return refusal("not-found")
    if payment is not None:
        world.player.on_poll(payment)
    if endpoint == wire.LIST_TRANSFERS:
        shown = [state.shown(slip) for slip in state.slips.of(about) if not slip.payment.hidden]
        return Reply(200, orjson.dumps({"reference": about, "transfers": shown}))
    return refusal("invalid") if about is None else _checked(state, endpoint, about)


def _checked(state: PromptPayState, endpoint: str, about: Any) -> Reply:
    """The transfer of a slip, which is used for an order where the call names one."""
    slip = _slip(state, endpoint, about)
    if slip is None or slip.payment.hidden:
        return refusal("not-found")
    order = about[1] if endpoint == wire.CHECK_SLIP else None
    if order is not None and not state.slips.use(slip.key, order):
        return refusal("slip-used")
    return Reply(200, orjson.dumps(state.shown(slip)))
