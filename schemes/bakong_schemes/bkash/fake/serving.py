"""One call of the API: its operation and its script are looked up, faults strike, and the journal hears of it."""

from collections.abc import Callable
from functools import lru_cache
from html import escape

import orjson

from bakong_scenarios import Scenario, ScenarioError
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import agreements, pages, payments, refunds, shapes, sns, tokens
from bakong_schemes.bkash.fake.errors import ApiError, refusal
from bakong_schemes.bkash.fake.records import BkashState, Json, PaymentRow, Settings
from bakong_schemes.bkash.fake.requests import Answer, Ask, Routed, fields_of, route
from bakong_schemes.bkash.fake.standing import standing
from bakong_schemes.bkash.words import WORDS
from bakong_simulator.kernel.calls import CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import AnyScheme, World
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck, play
from bakong_simulator.wire.reply import Reply

OPERATIONS: dict[str, Callable[[Ask], Answer]] = {
    "grant": tokens.grant,
    "refresh": tokens.refresh,
    "create": payments.create,
    "execute": payments.execute,
    "query": payments.query,
    "search": payments.search,
    "capture": payments.capture,
    "void": payments.void,
    "refund": refunds.refund,
    "refund_status": refunds.status,
    "agreement_status": agreements.status,
    "agreement_cancel": agreements.cancel,
}
WITHOUT_TOKEN = ("grant", "refresh")
QUERY_PATH = f"{wire.VERSION}/tokenized/checkout/payment/status"
_UNKNOWN = refusal("2002", wire.TOKENIZED)
OF_AGREEMENTS = {"create": "agreement_create", "execute": "agreement_execute", "query": "agreement_query"}
PUBLIC = ("page", "approve", "sns")


def _callback(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    """What befalls the browser on its way to the callback; a reply that sends it nowhere stays as it is."""
    location = next((value for name, value in reply.headers if name == b"location"), None)
    if location is None:
        return reply
    if as_ == "lost":
        return Reply(200, b"<!doctype html><title>Done</title>\n", pages.PAGE_HTML)
    if as_ == "twice":
        url = escape(location.decode())
        again = f'<meta http-equiv="refresh" content="0;url={url}">'
        html = f'<!doctype html><title>Done</title><img src="{url}" alt="">{again}\n'
        return Reply(200, html.encode(), pages.PAGE_HTML)
    forged = location.replace(b"status=cancel", b"status=success").replace(b"status=failure", b"status=success")
    return reply._replace(headers=((b"location", forged),))


@lru_cache(maxsize=256)
def _faults_of(family: str, settings: Settings) -> dict[str, Fault]:
    """The faults, whose errors come in the family's envelope."""

    def refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
        return refusal(wire.REFUSALS[as_], family, settings)._replace(delay_ms=reply.delay_ms)

    own = {"refuse": Fault(refuse, reaches_api=False), "callback": Fault(_callback)}
    return connection_faults.FAULTS | body_faults.FAULTS | own


def serve(world: World, state: BkashState, call: Call) -> Reply:
    world.journal.begin()
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    if call.path == QUERY_PATH and not call.scenario and call.method == "POST":
        polled = _polled(world, scheme, state, call, now_ms)
        if polled is not None:
            return polled
    routed = route(call)
    ask, problem = _read(world, state, call, routed)
    row = _row_of(ask, routed)
    name = _name_of(ask, routed, row)
    about: CallTarget | None = None
    try:
        if call.scenario:
            ask = ask._replace(named=world.library.find(call.scenario, wire.NAME))
        about = _about(ask, name, row)
        rules = faults(world, scheme, name, about)
        played = _faults_of(routed.family, state.settings) if rules else {}
        if all(played[rule.fault].reaches_api for rule in rules):
            reply = _answer(ask, routed, name, problem, row)
        else:
            reply = refusal("503", routed.family)
    except ScenarioError as error:
        about = about or about_none(world, scheme, name, None)
        reply = refusal("2025", routed.family, message=f"bakong-sandbox: {error}")
        return record(world, scheme, call, now_ms, name, about, reply, None)
    for rule in rules:
        reply = play(played, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, name, about, reply, rules[0].fault if rules else None)


def _polled(world: World, scheme: AnyScheme, state: BkashState, call: Call, now_ms: int) -> Reply | None:
    """The usual query of a payment, which shops poll with, without detours; None for any other, before it is counted.

    What it answers is what the usual way answers, as a test compares.
    """
    try:
        fields = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return None
    id_ = fields.get("paymentID") if isinstance(fields, dict) else None
    if not isinstance(id_, str) or not id_ or not tokens.is_usual(state, call, now_ms):
        return None
    row = state.payments.get(id_)
    payment = None if row is None else world.payments.get((wire.NAME, id_))
    if payment is None and row is not None:
        return None
    script = world.player.scenario if payment is None else payment.scenario
    if script is not None and (script.faults or script.rules or script.webhooks):
        return None
    about = about_none(world, scheme, "query", None) if payment is None else about_one(payment, None)
    reply = _UNKNOWN
    if row is not None and payment is not None:
        world.player.on_poll(payment)
        now = standing(world, state, row)
        reply = _UNKNOWN if now.dead else Reply(200, shapes.queried_body(row, now))
    return record(world, scheme, call, now_ms, "query", about, reply, None)


def _read(world: World, state: BkashState, call: Call, routed: Routed) -> tuple[Ask, ApiError | None]:
    """The call with its fields, or what is wrong with its body."""
    fields: Json = {}
    problem = None
    if routed.family:
        try:
            fields = fields_of(call)
        except ApiError as error:
            problem = error
    return Ask(world, state, call, routed.family, fields, routed.id), problem


def _row_of(ask: Ask, routed: Routed) -> PaymentRow | None:
    """The payment that a call is about, as far as it is one."""
    if routed.name in ("page", "approve"):
        return pages.row_of(ask.state, ask.call)
    if routed.name == "search":
        trx = ask.id or ask.fields.get("trxID")
        id_ = ask.state.transactions.get(trx) if isinstance(trx, str) else None
    else:
        id_ = ask.id or ask.fields.get("paymentId" if ask.family == wire.V2 else "paymentID")
    return ask.state.payments.get(id_) if isinstance(id_, str) else None


def _name_of(ask: Ask, routed: Routed, row: PaymentRow | None) -> str:
    """The operation as scripts and the journal name it."""
    name = routed.name
    if name == "refund" and refunds.is_status(ask):
        return "refund_status"
    is_request = name == "create" and ask.family == wire.TOKENIZED and ask.fields.get("mode") == wire.MODES["agreement"]
    if is_request or (row is not None and row.is_agreement):
        return OF_AGREEMENTS.get(name, name)
    return name


def _about(ask: Ask, name: str, row: PaymentRow | None) -> CallTarget:
    """What a call is about; checks alone are counted at their payment. Raises ScenarioError."""
    world, scheme = ask.world, ask.world.scheme(wire.NAME)
    payment = None if row is None or row.is_agreement else world.payments.get((wire.NAME, row.id))
    if payment is not None and name in WORDS.checks:
        world.player.switch(payment, ask.named)
        return about_one(payment, ask.named)
    if payment is not None:
        number = world.count(wire.NAME, name)
        return CallTarget(number, payment, ((ask.named or payment.scenario, number),))
    return about_none(world, scheme, name, ask.named or _script_of(ask, name))


def _script_of(ask: Ask, name: str) -> Scenario | None:
    """The script that a new payment's invoice or amount names, whose faults strike the creation itself."""
    if name != "create":
        return None
    invoice, amount = ask.fields.get("merchantInvoiceNumber"), ask.fields.get("amount")
    minor = wire.minor_of(amount if isinstance(amount, str) else repr(amount))
    return ask.world.library.by_magic(invoice if isinstance(invoice, str) else None, "", minor, wire.NAME)


def _answer(ask: Ask, routed: Routed, name: str, problem: ApiError | None, row: PaymentRow | None) -> Reply:
    world, state = ask.world, ask.state
    if name in PUBLIC:
        return _public(ask, name, row)
    if routed.name == "other":
        return refusal("gateway 404", ask.family, message=_sentence(ask.call))
    try:
        if name not in WITHOUT_TOKEN:
            tokens.check(ask)
        if problem is not None:
            raise problem
        if name in WORDS.checks and row is not None:
            world.player.on_poll(world.payments[wire.NAME, row.id])
        answer = OPERATIONS[routed.name](ask)
    except ApiError as error:
        return refusal(error.code, ask.family, state.settings, error.message)
    return answer if isinstance(answer, Reply) else Reply(200, orjson.dumps(answer))


def _public(ask: Ask, name: str, row: PaymentRow | None) -> Reply:
    if name == "sns":
        return sns.serve(ask.world, ask.state, ask.call)
    if name == "approve":
        return pages.post(ask.world, ask.state, row, ask.call)
    return pages.show(ask.world, ask.state, row)


def _sentence(call: Call) -> str:
    path = call.path.strip("/")
    if path.rpartition("/")[2] in wire.OUT_OF_SLICE:
        return f"bakong-sandbox: {path} is bKash's, and is not played here"
    return f"bakong-sandbox: no operation {call.method} {path[:200]}"
