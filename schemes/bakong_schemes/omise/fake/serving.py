"""One call of the API: its operation and its script are looked up, faults strike, and the journal hears of it."""

from collections.abc import Callable

import orjson

from bakong_scenarios import Scenario, ScenarioError
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import charging, pages
from bakong_schemes.omise.fake.errors import ApiError, refusal
from bakong_schemes.omise.fake.operations import UNKNOWN, Ask, Operation, Routed, route, unknown_path
from bakong_schemes.omise.fake.records import Charge, OmiseState
from bakong_schemes.omise.fake.requests import Request, key_of, place_of, request_of, segments_of
from bakong_schemes.omise.fake.shapes import View
from bakong_schemes.omise.words import WORDS
from bakong_simulator.kernel.calls import CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck, play
from bakong_simulator.wire.reply import Reply

Answer = Callable[[], Reply]


def _refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    return refusal(wire.REFUSALS[as_])._replace(delay_ms=reply.delay_ms)


def _error_page(status: int) -> Reply:
    return refusal("backend_error")._replace(status=status)


FAULTS: dict[str, Fault] = (
    connection_faults.FAULTS
    | body_faults.FAULTS
    | {
        "http": body_faults.http({**body_faults.PAGES, "error": _error_page}),
        "refuse": Fault(_refuse, reaches_api=False),
    }
)


def serve(world: World, state: OmiseState, call: Call) -> Reply:
    world.journal.begin()
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    segments = segments_of(call.path)
    page = _page_of(state, call.method, segments)
    routed = Routed(UNKNOWN, ()) if page is not None else route(call.method, segments)
    name = "page" if page is not None else routed.operation.name
    about: CallTarget | None = None
    try:
        named = world.library.find(call.scenario, wire.NAME) if call.scenario else None
        about = _about(world, state, call, routed, name, page, named)
        rules = faults(world, scheme, name, about)
        reply = refusal("service_unavailable")
        if all(FAULTS[rule.fault].reaches_api for rule in rules):
            reply = _answer(world, state, call, routed, page, named)
    except ScenarioError as error:
        about = about or about_none(world, scheme, name, None)
        reply = refusal("bad_request", f"bakong-sandbox: {error}")
        return record(world, scheme, call, now_ms, name, about, reply, None)
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, name, about, reply, rules[0].fault if rules else None)


def _page_of(state: OmiseState, method: str, segments: tuple[str, ...]) -> Charge | None:
    """The charge whose page or picture a path without a key leads to."""
    if len(segments) == 3 and segments[::2] == ("payments", "authorize") and method in ("GET", "HEAD", "POST"):
        return pages.charge_of_page(state, segments[1])
    return pages.charge_of_document(state, segments) if method in ("GET", "HEAD") else None


def _about(
    world: World,
    state: OmiseState,
    call: Call,
    routed: Routed,
    name: str,
    page: Charge | None,
    named: Scenario | None,
) -> CallTarget:
    """What a call is about: the charge in its path; checks alone are counted there. Raises ScenarioError."""
    scheme = world.scheme(wire.NAME)
    charge = page or (state.charges.get(routed.ids[0]) if routed.ids else None)
    payment = None if charge is None else world.payments.get((wire.NAME, charge.id))
    if payment is not None and name in WORDS.checks:
        world.player.switch(payment, named)
        return about_one(payment, named)
    if payment is not None:
        number = world.count(wire.NAME, name)
        return CallTarget(number, payment, ((named or payment.scenario, number),))
    script = named
    if script is None and name == "charges.create":
        try:
            script = charging.script_of(world, request_of(call, world.name))
        except ApiError:
            script = None
    return about_none(world, scheme, name, script)


def _answer(
    world: World, state: OmiseState, call: Call, routed: Routed, page: Charge | None, named: Scenario | None
) -> Reply:
    try:
        if page is not None:
            return _public(world, state, call, page)
        operation = routed.operation
        _check_key(state, call, operation)
        request = request_of(call, world.name)
        if operation is UNKNOWN:
            raise unknown_path(request)
        ask = Ask(View(world, state, request.place), request, routed.ids, named)
        return Reply(200, orjson.dumps(operation.answer(ask)))
    except ApiError as error:
        return error.reply


def _public(world: World, state: OmiseState, call: Call, charge: Charge) -> Reply:
    segments = segments_of(call.path)
    if segments[0] == "charges":
        return pages.picture(charge)
    request = request_of(call, world.name) if call.method == "POST" else _bare(call, world, segments)
    return pages.authorize(world, state, charge, request)


def _bare(call: Call, world: World, segments: tuple[str, ...]) -> Request:
    return Request(call.method, segments, "", place_of(call, world.name), {})


def _check_key(state: OmiseState, call: Call, operation: Operation) -> None:
    key = key_of(call)
    if key != state.secret_key and not (operation.is_public and key == state.public_key):
        raise ApiError("authentication_failure")
