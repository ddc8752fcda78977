"""One call of the API: its operation and its script are looked up, faults strike, and the journal hears of it."""

import orjson

from bakong_scenarios import Scenario, ScenarioError
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import charging, pages
from bakong_schemes.paystack.fake.errors import ApiError, refusal
from bakong_schemes.paystack.fake.lists import transaction_of
from bakong_schemes.paystack.fake.operations import UNKNOWN, Ask, Routed, route
from bakong_schemes.paystack.fake.records import PaystackState, Transaction
from bakong_schemes.paystack.fake.requests import request_of, segments_of
from bakong_schemes.paystack.words import WORDS
from bakong_simulator.kernel.calls import CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck, play
from bakong_simulator.wire.reply import Reply

LIVE = "the sandbox takes no live key: never send one here. It is sk_test_sandbox, or sk_test_<world>"
WARNING = b"x-sandbox-warning"


def _refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    return refusal(wire.REFUSALS[as_])._replace(delay_ms=reply.delay_ms)


def _error_page(status: int) -> Reply:
    return refusal("internal_error", status=status)


FAULTS: dict[str, Fault] = (
    connection_faults.FAULTS
    | body_faults.FAULTS
    | {
        "http": body_faults.http({**body_faults.PAGES, "error": _error_page}),
        "refuse": Fault(_refuse, reaches_api=False),
    }
)


def serve(world: World, state: PaystackState, call: Call) -> Reply:
    world.journal.begin()
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    segments = segments_of(call.path)
    page = page_of(state, call, segments)
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
        reply = refusal("invalid_params", f"bakong-sandbox: {error}")
        return record(world, scheme, call, now_ms, name, about, reply, None)
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, name, about, reply, rules[0].fault if rules else None)


def page_of(state: PaystackState, call: Call, segments: tuple[str, ...]) -> Transaction | None:
    """The transaction whose hosted page a path leads to: pay/<access code>, or at the real host's name the code."""
    if call.method not in ("GET", "HEAD", "POST"):
        return None
    if len(segments) == 2 and segments[0] == "pay":
        return state.by_page(segments[1])
    return state.by_page(segments[0]) if len(segments) == 1 and call.path.startswith("/") else None


def _about(
    world: World,
    state: PaystackState,
    call: Call,
    routed: Routed,
    name: str,
    page: Transaction | None,
    named: Scenario | None,
) -> CallTarget:
    """What a call is about: the transaction in its path; checks alone are counted there. Raises ScenarioError."""
    scheme = world.scheme(wire.NAME)
    row = page
    if row is None and routed.ids and name.startswith("transaction."):
        row = transaction_of(state, routed.ids[0])
    payment = None if row is None else world.payments.get((wire.NAME, row.reference))
    if payment is not None and name in WORDS.checks:
        world.player.switch(payment, named)
        return about_one(payment, named)
    if payment is not None:
        number = world.count(wire.NAME, name)
        return CallTarget(number, payment, ((named or payment.scenario, number),))
    script = named
    if script is None and name in ("transaction.initialize", "transaction.charge_authorization"):
        try:
            script = charging.script_of(world, request_of(call, world.name))
        except ApiError:
            script = None
    return about_none(world, scheme, name, script)


def _answer(
    world: World,
    state: PaystackState,
    call: Call,
    routed: Routed,
    page: Transaction | None,
    named: Scenario | None,
) -> Reply:
    try:
        if page is not None:
            return pages.serve(world, state, page, request_of(call, world.name))
        if call.token != state.secret_key:
            raise ApiError("invalid_Key", LIVE if call.token.startswith("sk_live_") else None)  # noqa: TRY301
        request = request_of(call, world.name)
        answer = routed.operation.answer(Ask(world, state, request, routed.ids, named))
    except ApiError as error:
        return error.reply
    body = {"status": True, "message": answer.message}
    body |= {"data": answer.data} if answer.data is not None or routed.operation.name.endswith("timeline") else {}
    body |= {} if answer.meta is None else {"meta": answer.meta}
    warned = ((WARNING, answer.warning.encode()),) if answer.warning else ()
    return Reply(200, orjson.dumps(body), headers=warned)
