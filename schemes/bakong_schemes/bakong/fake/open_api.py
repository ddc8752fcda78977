"""The Open API of a world: bytes in, a reply out. Synchronous, so that polls race freely with one consistent answer.

The hot path: no models, no awaits, answers ready as bytes where they never change.
"""

from codecs import BOM_UTF8
from typing import Any

import orjson

from bakong_scenarios import Scenario, ScenarioError
from bakong_schemes.bakong.fake import relay
from bakong_schemes.bakong.fake.call_targets import call_target
from bakong_schemes.bakong.fake.faults import FAULTS
from bakong_schemes.bakong.fake.handlers import HANDLERS, check_md5
from bakong_schemes.bakong.fake.limits import OFF
from bakong_schemes.bakong.fake.replies import refusal, scenario_error
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.fake.tokens import RELAY
from bakong_schemes.bakong.wire import ENDPOINTS, HOSTS, MAX_ITEMS, PROFILES, Endpoint, Profile
from bakong_schemes.bakong.wire import codes as code
from bakong_schemes.bakong.wire.endpoints import Field
from bakong_simulator.kernel.calls import NOTHING, about_none, faults, record
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.scheme import MAX_BODY, Call
from bakong_simulator.kernel.world import World
from bakong_simulator.wire.connection_faults import play
from bakong_simulator.wire.reply import Reply, cloudfront_page, nginx_page

MAX_NAME = 200
_MISSING = refusal(code.MISSING_FIELDS)
_UNAUTHORIZED = refusal(code.UNAUTHORIZED)
_TOKEN_INVALID = refusal(code.TOKEN_INVALID)
_QUOTA = refusal(code.DAILY_QUOTA)
_TOO_LARGE = _MISSING._replace(status=413)
_NO_PATH = _MISSING._replace(status=404)
_NO_METHOD = _MISSING._replace(status=405)
_ABROAD = cloudfront_page(403)
_TOO_MANY = nginx_page(429)
_FORBIDDEN = nginx_page(403)


def serve(world: World, state: BakongState, call: Call) -> Reply:
    """The reply to one call of /v1/<path>, with the scenario's faults; the call is in the journal.

    A scenario that is wrong, or in which nothing fits, is answered loudly.
    """
    of_host = _BY_HOST.get(call.headers) if call.headers and state.by_host else None
    if of_host is None:
        return _serve_as(world, state, call)
    kept, state.profile = state.profile, of_host
    try:
        return _serve_as(world, state, call)
    finally:
        state.profile = kept


def _serve_as(world: World, state: BakongState, call: Call) -> Reply:
    """The same, by the profile that the state has now."""
    endpoint = _NAMES[state.profile.name].get(call.path) or _despite_slashes(state, call.path)
    name = call.path[:MAX_NAME] if endpoint is None else endpoint.name
    now_ms = world.clock.now_ms()
    try:
        if world.journal.begun is None:
            world.journal.begin()
        if endpoint is None:
            return record(world, state.scheme, call, now_ms, name, NOTHING, _NO_PATH, None)
        named = state.world.library.find(call.scenario, state.name) if call.scenario else None
        return _serve(state, call, now_ms, endpoint, named)
    except ScenarioError as error:
        return record(world, state.scheme, call, now_ms, name, NOTHING, scenario_error(str(error)), "scenario")


def _despite_slashes(state: BakongState, path: str) -> Endpoint | None:
    """The endpoint of a path that has slashes too many, where the profile merges them: each of them ends in one."""
    return _NAMES[state.profile.name].get(path.rstrip("/")) if state.profile.slashes == "merged" else None


def _serve(state: BakongState, call: Call, now_ms: int, endpoint: Endpoint, named: Scenario | None) -> Reply:
    world, scheme, name, body = state.world, state.scheme, endpoint.name, _body(call.body)
    has_form = fits(endpoint, body)
    about = call_target(state, name, body, named) if has_form else about_none(world, scheme, name, named)
    rules = faults(world, scheme, name, about)
    reply = _refused_at_the_edge(state, call, now_ms) if state.limits is not OFF else None
    if reply is not None:
        return record(world, scheme, call, now_ms, name, about, reply, None)
    if call.method != "POST":
        reply = _NO_METHOD
    elif not rules or all(FAULTS[rule.fault].reaches_api for rule in rules):
        reply = _answer(state, endpoint, call, now_ms, body if has_form else None, about.payment)
    else:
        reply = _MISSING
    for rule in rules:
        reply = play(FAULTS, rule, reply, world.player.luck(rule.fault))
    return record(world, scheme, call, now_ms, name, about, reply, rules[0].fault if rules else None)


def _refused_at_the_edge(state: BakongState, call: Call, now_ms: int) -> Reply | None:
    """The page that stands before the API: for clients from abroad, and for too many calls in a minute."""
    limits = state.limits
    if limits.is_abroad(call.client):
        return _ABROAD
    most = limits.calls_per_minute
    if most is not None and not state.meter.admits(call.token, now_ms, most):
        return _TOO_MANY
    return None


def _answer(
    state: BakongState, endpoint: Endpoint, call: Call, now_ms: int, body: Any, payment: Payment | None
) -> Reply:
    """What the API says; body is None where it has not the endpoint's form. payment: the one that the call is about."""
    profile, quota = state.profile, state.limits.quota
    if endpoint is _MD5_LIST and profile.md5_list == "forbidden":
        return _FORBIDDEN
    token, registrations = call.token, state.registrations
    number = 0 if quota is None or token not in registrations.tokens else state.meter.count_day(token, now_ms)
    if endpoint.auth == "bearer" or (endpoint is _ACCOUNT and profile.account_auth == "bearer"):
        if not registrations.admits(token, now_ms, profile.issues_for):
            return _UNAUTHORIZED if profile.token_code == 6 else _TOKEN_INVALID
        if quota is not None and number > quota:
            return _QUOTA
    if body is None:
        return _TOO_LARGE if len(call.body) > MAX_BODY else _MISSING
    if endpoint is _MD5 and payment is not None:
        reply = check_md5(state, payment)
        return reply if profile.issues_for != RELAY else relay.with_status(payment, reply, now_ms)
    return HANDLERS[endpoint.name](state, body)


def _body(raw: bytes) -> Any:
    """The body as JSON values; None for what is none. A byte order mark before it is nothing, as most parsers hold."""
    if len(raw) > MAX_BODY:
        return None
    try:
        return orjson.loads(raw.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return None


def wrapped_list(endpoint: str, body: bytes) -> str | None:
    """In words, for a list endpoint whose body is an object around the list, or one text."""
    wanted = next((one for one in ENDPOINTS if one.name == endpoint and one.body == "array"), None)
    given = None if wanted is None else _body(body)
    if wanted is None or not isinstance(given, dict | str):
        return None
    item = wanted.fields[0].name
    read = f"an object with {', '.join(map(repr, given)) or 'nothing'}" if isinstance(given, dict) else "one text"
    return f'the body of {endpoint} is a bare array, ["<{item}>", ...]; this is {read}'


def fits(endpoint: Endpoint, body: Any) -> bool:
    """Whether a body has the endpoint's form: an object with its fields, or an array of 1 to 50 texts."""
    if (one := _ONE_TEXT.get(endpoint.name)) is not None:
        value = body.get(one[0]) if isinstance(body, dict) else None
        return isinstance(value, str) and one[1] <= len(value) <= one[2]
    if endpoint.body == "array":
        item = endpoint.fields[0]
        return isinstance(body, list) and 1 <= len(body) <= MAX_ITEMS and all(_fits(value, item) for value in body)
    return isinstance(body, dict) and all(_fits(body.get(field.name), field) for field in endpoint.fields)


def _fits(value: Any, field: Field) -> bool:
    if field.kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str) or not field.min_length <= len(value) <= field.max_length:
        return False
    return not field.choices or value in field.choices


# The hot path's form, ready: an endpoint of one text field, by its name, with the field's bounds.
_ONE_TEXT = {
    endpoint.name: (field.name, field.min_length, field.max_length)
    for endpoint in ENDPOINTS
    for field in endpoint.fields
    if endpoint.body == "object" and len(endpoint.fields) == 1 and not field.choices
}


_REGISTRATION = ("request_token", "verify")


def _names(profile: Profile) -> dict[str, Endpoint]:
    gone = _REGISTRATION if profile.registration == "gone" else ()
    names = {endpoint.name: endpoint for endpoint in ENDPOINTS if endpoint.name not in gone}
    if profile.aliases:
        names |= {alias: endpoint for endpoint in ENDPOINTS for alias in endpoint.aliases}
    return names | ({relay.GENERATE_QR.name: relay.GENERATE_QR} if profile.issues_for == RELAY else {})


_BY_HOST: dict[tuple[tuple[bytes, bytes], ...], Profile] = {
    ((b"host", host.encode()),): profile for host, profile in HOSTS.items()
}
_NAMES = {profile.name: _names(profile) for profile in PROFILES.values()}
_MD5, _MD5_LIST, _ACCOUNT = (
    next(endpoint for endpoint in ENDPOINTS if endpoint.name == name)
    for name in ("check_transaction_by_md5", "check_transaction_by_md5_list", "check_bakong_account")
)
