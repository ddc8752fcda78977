"""One call of the API: its operation and its script are looked up, faults strike, and the journal hears of it."""

from collections.abc import Sequence

import orjson

from bakong_scenarios import FaultRule, Scenario, ScenarioError
from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import idempotency, limits, lists, pages
from bakong_schemes.stripe.fake.errors import INVALID, ApiError, refusal, reply_of
from bakong_schemes.stripe.fake.money import units
from bakong_schemes.stripe.fake.operations import Ask, Operation, Routed, check_parameters, route
from bakong_schemes.stripe.fake.records import StripeState
from bakong_schemes.stripe.fake.requests import (
    Params,
    Request,
    check_size,
    check_version,
    form,
    origin_of,
    request_of,
)
from bakong_schemes.stripe.fake.view import View
from bakong_schemes.stripe.words import MARKS, WORDS
from bakong_simulator.kernel.calls import CallTarget, about_none, about_one, faults, record
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck, play
from bakong_simulator.wire.reply import JSON, Reply

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we "
    "can help at https://support.stripe.com/."
)
LIVE_KEY = (
    "A live key was sent to the sandbox, which plays the test mode alone. Never send one: roll it now, in your "
    "Dashboard."
)
PUBLISHABLE = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your "
    "API keys at https://dashboard.stripe.com/account/apikeys."
)
_CHECK_SESSION = "checkout.sessions.retrieve"
STATUSES = {500: "api-error", 503: "service-unavailable", 424: "dependency-failed", 429: "rate-limited"}


def _refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    return refusal(as_)._replace(delay_ms=reply.delay_ms)


def _error_page(status: int) -> Reply:
    return refusal(STATUSES.get(status, "api-error"))._replace(status=status)


FAULTS: dict[str, Fault] = (
    connection_faults.FAULTS
    | body_faults.FAULTS
    | {
        "hang": Fault(connection_faults.hang),  # the work is done, and its answer is lost
        "http": body_faults.http({**body_faults.PAGES, "error": _error_page}),
        "refuse": Fault(_refuse, reaches_api=False),
        **{mark: Fault(lambda reply, _luck: reply) for mark in MARKS},
    }
)


def serve(world: World, state: StripeState, call: Call) -> Reply:
    world.journal.begin()
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    segments = [part for part in call.path.split("/") if part]
    if segments and segments[0] in pages.PLACES:
        return _serve_page(world, state, call, segments)
    is_api = segments[:1] == ["v1"]
    routed = route(call.method, segments[1:]) if is_api else Routed(None, "")
    name = routed.operation.name if routed.operation else "other"
    request = request_of(call, world.name, DEFAULT, segments[1:] if is_api else segments)
    problem = _read(call, request)
    about: CallTarget | None = None
    try:
        named = world.library.find(call.scenario, wire.NAME) if call.scenario else None
        about = _about(world, routed, name, request, named)
        rules = faults(world, scheme, name, about)
        request.marks = frozenset(rule.fault for rule in rules)
        if (ahead := _next_fault(state, name)) is not None:
            reply, rules = ahead, []
        elif not all(FAULTS[rule.fault].reaches_api for rule in rules):
            reply = refusal("api-error")
        else:
            reply = _answer(View(world, state, request), routed, problem, named)
    except ScenarioError as error:
        about = about or about_none(world, scheme, name, None)
        reply = ApiError(f"bakong-sandbox: {error}").reply()
        return record(world, scheme, call, now_ms, name, about, _headed(reply, request), None)
    for rule in rules:
        reply = _kept_headers(reply, play(FAULTS, rule, reply, world.player.luck(rule.fault)))
    if rules:
        _under_way(View(world, state, request), rules, reply)
    return record(world, scheme, call, now_ms, name, about, _headed(reply, request), rules[0].fault if rules else None)


def _read(call: Call, request: Request) -> ApiError | None:
    """Read the form, and draw the request's id later; what is wrong with it is answered in its turn."""
    try:
        check_size(call)
        fields = form(request.raw)
        if call.method == "POST" and call.query:
            fields = form(call.query) | fields
        request.params = Params(fields, version=request.version)
        check_version(request.version)
    except ApiError as error:
        return error
    return None


def _about(world: World, routed: Routed, name: str, request: Request, named: Scenario | None) -> CallTarget:
    """What a call is about: the PaymentIntent in its path, or its session's. Raises ScenarioError.

    Checks are counted at the payment. Until the payer has submitted a session's page, the session's script holds.
    """
    scheme = world.scheme(wire.NAME)
    id_ = routed.id or (_refunded(world, request.params) if name == "refunds.create" else "")
    script = named
    if name == _CHECK_SESSION:
        id_, of_session = _of_session(world, id_)
        script = script or of_session
    payment = world.payments.get((wire.NAME, id_)) if id_ else None
    if payment is not None and name in WORDS.checks:
        world.player.switch(payment, named)
        return about_one(payment, named)
    if payment is not None:
        number = world.count(wire.NAME, name)
        return CallTarget(number, payment, ((named or payment.scenario, number),))
    if script is None and name == "payment_intents.create":
        script = _magic(world, request.params)
    return about_none(world, scheme, name, script)


def _of_session(world: World, id_: str) -> tuple[str, Scenario | None]:
    """The PaymentIntent of a session, "" where it has none yet; and the script that the session was made with."""
    state: StripeState = world.state_of(wire.NAME)
    session, kept = state.objects["checkout.session"].get(id_), state.checkouts.get(id_)
    script = None if kept is None else kept.intent.get("script")
    intent = "" if session is None else session["payment_intent"] or ""
    return intent, None if script is None else world.library.find(script, wire.NAME)


def _refunded(world: World, params: Params) -> str:
    """The PaymentIntent that a refund is asked of, or ""."""
    intent, charge = params.fields.get("payment_intent"), params.fields.get("charge")
    state: StripeState = world.state_of(wire.NAME)
    known = state.objects["charge"].get(charge) if isinstance(charge, str) else None
    return intent if isinstance(intent, str) else known["payment_intent"] if known else ""


def _magic(world: World, params: Params) -> Scenario | None:
    """The script that a new intent's description or amount names. Raises ScenarioError."""
    description, amount, currency = (params.fields.get(name) for name in ("description", "amount", "currency"))
    bill = description[:99] if isinstance(description, str) else None
    minor = None
    if isinstance(amount, str) and amount.isascii() and amount.isdecimal() and len(amount) < 12:
        known = isinstance(currency, str) and currency.lower() in wire.MINIMUM
        minor = units(int(amount), currency.lower()) if known and isinstance(currency, str) else None
    return world.library.by_magic(bill, "", minor, wire.NAME)


def _next_fault(state: StripeState, name: str) -> Reply | None:
    """The answer that somebody has set for the next calls of an operation."""
    for at, (status, operation, times) in enumerate(state.next_faults):
        if operation in ("", name):
            left = [(status, operation, times - 1)] if times > 1 else []
            state.next_faults = [*state.next_faults[:at], *left, *state.next_faults[at + 1 :]]
            return refused_with(status)
    return None


def refused_with(status: int) -> Reply:
    """The API's answer under a status, as it usually is."""
    by_status = {row.status: name for name, row in reversed(wire.REFUSALS.items())} | STATUSES
    if status in by_status:
        return refusal(by_status[status])
    type_ = INVALID if status < 500 else "api_error"
    return reply_of(status, {"type": type_, "message": f"The sandbox was asked to answer {status}."})


# The answer


def _answer(view: View, routed: Routed, problem: ApiError | None, named: Scenario | None) -> Reply:
    request = view.request
    if request is None:
        return refusal("api-error")
    try:
        is_public = _check_key(view, request, routed.operation)
        _check(problem)
        operation = _operation(request, routed)
        if view.settings.limits and (reason := limits.exceeded(view, operation.name)):
            return _limited(reason)
        is_keyed = request.method == "POST" and bool(request.idempotency_key)
        kept = idempotency.kept_answer(view, request) if is_keyed else None
        if kept is not None:
            headers = ((b"idempotent-replayed", b"true"), (b"original-request", kept.request.encode()))
            return Reply(kept.status, kept.body, JSON, None if kept.status < 400 else "replayed", headers=headers)
    except ApiError as error:
        return error.reply(_log_url(request))
    return _perform(view, request, operation, Ask(view, routed.id, request.params, named, is_public), is_keyed)


def _operation(request: Request, routed: Routed) -> Operation:
    if routed.operation is None:
        raise ApiError(
            f"Unrecognized request URL ({request.method}: {request.path[:200]}). Please see https://stripe.com/docs or "
            "we can help at https://support.stripe.com/.",
            status=404,
        )
    return routed.operation


def _check(problem: ApiError | None) -> None:
    if problem is not None:
        raise problem


def _limited(reason: str) -> Reply:
    return refusal("rate-limited")._replace(headers=((b"stripe-rate-limited-reason", reason.encode()),))


def _perform(view: View, request: Request, operation: Operation, ask: Ask, is_keyed: bool) -> Reply:  # noqa: FBT001
    """Do what is asked; a key keeps the answer, but not that of a request which was wrong in itself."""
    try:
        reply = Reply(200, orjson.dumps(_object(view, operation, ask)), JSON)
        keeps = True
    except ApiError as error:
        reply = error.reply(_log_url(request))
        keeps = error.kept or view.settings.keep_validation_errors
    if is_keyed and keeps:
        idempotency.keep(view, request, reply.status, reply.body)
        return reply._replace(headers=((b"original-request", request.id.encode()),))
    return reply


def _object(view: View, operation: Operation, ask: Ask) -> object:
    check_parameters(view, operation, ask.params)
    if "expand" not in ask.params:
        return operation.answer(ask)
    paths = ask.params.texts("expand") or []
    lists.check_expand(paths, operation.kind, is_list=operation.is_list)
    return lists.expand(view, operation.answer(ask), paths)


def _log_url(request: Request) -> str:
    return f"{request.origin}/logs/{request.id}"


def _check_key(view: View, request: Request, operation: Operation | None) -> bool:
    """Whether the key is the publishable one. Raises ApiError."""
    key, state = request.key, view.state
    request.id = view.id("req_", 14)
    if key in (state.secret_key, state.secret_key.replace("sk_", "rk_", 1)):
        return False
    if not key:
        raise ApiError(NO_KEY, status=401)
    if key == state.publishable_key:
        if operation is not None and not operation.is_public:
            raise ApiError(PUBLISHABLE, "secret_key_required", status=403)
        return True
    if key.startswith(("sk_live_", "rk_live_")):
        raise ApiError(LIVE_KEY, status=401)
    raise ApiError(f"Invalid API Key provided: {_masked(key)}", status=401)


def _masked(key: str) -> str:
    """A key with its middle hidden.

    >>> _masked("sk_test_abcdefgh1234")
    'sk_test_********1234'
    """
    start = key[:8] if key[:8] in ("sk_test_", "rk_test_", "pk_test_") else key[:3]
    hidden = max(0, min(len(key), 60) - len(start) - 4)
    return f"{start}{'*' * hidden}{key[-4:] if len(key) > len(start) + 4 else ''}"


def _headed(reply: Reply, request: Request) -> Reply:
    """The reply with the headers that every answer of Stripe's has."""
    if reply.silent or (reply.raw is not None):
        return reply
    headers: list[tuple[bytes, bytes]] = [*reply.headers, (b"stripe-version", request.version[:40].encode("latin-1"))]
    if request.id:
        headers.append((b"request-id", request.id.encode()))
    if request.idempotency_key:
        headers.append((b"idempotency-key", request.idempotency_key[: wire.MAX_KEY].encode("latin-1")))
    return reply._replace(headers=tuple(headers))


def _kept_headers(before: Reply, after: Reply) -> Reply:
    """A fault that is no answer of its own leaves the headers."""
    return after if after.headers or after.body != before.body else after._replace(headers=before.headers)


def _under_way(view: View, rules: Sequence[FaultRule], reply: Reply) -> None:
    """While a scripted delay lasts, the request is still under way, and its key in use."""
    request = view.request
    kept = view.state.answered.get(request.idempotency_key) if request else None
    is_own = kept is not None and request is not None and kept.request == request.id
    if kept is not None and is_own and any(rule.fault == "delay" for rule in rules):
        kept.until_ms = view.now_ms + reply.delay_ms


# Pages


def _serve_page(world: World, state: StripeState, call: Call, segments: list[str]) -> Reply:
    """A page of the payer's: a call without a key."""
    now_ms, scheme = world.clock.now_ms(), world.scheme(wire.NAME)
    view = View(world, state)
    about: CallTarget | None = None
    try:
        intent = segments[2] if len(segments) == 3 and segments[1] == "3ds" else ""
        payment = world.payments.get((wire.NAME, intent)) if intent else None
        number = world.count(wire.NAME, "page")
        about = CallTarget(number, payment, ((payment.scenario if payment else None, number),))
        rules = faults(world, scheme, "page", about)
        if all(FAULTS[rule.fault].reaches_api for rule in rules):
            fields = form(call.body) if call.method == "POST" else {}
            reply = pages.answer(view, call.method, segments, fields, origin_of(call, world.name, DEFAULT))
        else:
            reply = refusal("api-error")
    except (ScenarioError, ApiError) as error:
        about = about or about_none(world, scheme, "page", None)
        return record(world, scheme, call, now_ms, "page", about, pages.problem(str(error), 400), None)
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, "page", about, reply, rules[0].fault if rules else None)
