"""No request to the simulator, at no moment of a world, is answered with 500 or meets a fault that nobody foresaw.

NEVER_500=5000 pytest -m campaign: so many requests instead of a few.
"""

import json
import logging
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import ENDPOINTS
from bakong_simulator import app as simulator_app
from bakong_simulator import control
from bakong_simulator.control import problems
from bakong_simulator.kernel.clock import MAX_MS, MIN_MS, Mode, WorldClock
from bakong_simulator.kernel.worlds import Worlds
from tests.attacks.raw_requests import (
    HEADERS,
    METHODS,
    ODD_BODIES,
    QUERIES,
    VALUES,
    RawRequest,
    ask,
    path_of,
    problem_with,
)
from tests.conftest import NOW_MS

FEW, MANY = 150, int(os.environ.get("NEVER_500", "5000"))
PER_WORLD = 5
JSON = ((b"content-type", b"application/json"),)
BELOW = (
    "",
    "/clock",
    "/clock/advance",
    "/payments",
    "/qr",
    "/accounts",
    "/scenario",
    "/snapshot",
    "/journal",
    "/tokens",
)
BELOW += (
    "/journal/verify",
    "/webhooks",
    "/webhooks/endpoints",
    "/webhooks/faults",
    "/webhooks/test",
    "/webhooks/events",
    "/webhooks/trigger",
    "/webhooks/listeners",
    "/webhooks/listeners/cli",
    "/reset",
    "/limits",
)
PIECES = ("sandbox", "worlds", "default", "payments", "webhooks", "journal", "v1", "w", "scenarios", "health", "clock")
PATHS = st.sampled_from(
    [f"/sandbox/worlds/default{below}" for below in BELOW] + ["/sandbox/worlds", "/sandbox/scenarios"]
)
PATHS |= st.sampled_from([f"/v1/{endpoint.name}" for endpoint in ENDPOINTS]) | path_of(PIECES)
FIELDS = (
    "name",
    "mode",
    "at",
    "seconds",
    "rate",
    "md5",
    "qr",
    "amount",
    "currency",
    "account_id",
    "url",
    "scheme",
    "event",
)
FIELDS += (
    "overrides",
    "schemes",
    "base_url",
    "fault",
    "seed",
    "clock",
    "journal_bytes",
    "token",
    "email",
    "times",
    "by_s",
    "limits",
    "balances",
    "reference",
)
KNOWN = ("frozen", "scaled", "default", "bakong", "USD", "late", "2026-02-11T00:00:00Z", "9999-12-31T23:59:59Z", "*")
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(KNOWN) | VALUES, max_size=5)
BODIES = st.sampled_from(ODD_BODIES) | st.binary(max_size=30) | OBJECTS.map(lambda value: json.dumps(value).encode())
REQUESTS = st.builds(RawRequest, METHODS, PATHS, QUERIES, HEADERS | st.just(JSON), BODIES)
MOMENTS = st.sampled_from([MIN_MS, NOW_MS, 2**31 * 1000, MAX_MS]) | st.integers(MIN_MS, MAX_MS)


class Unforeseen(logging.Handler):
    """What reached the last resort of the control API, or the log of the event loop."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def simulator(at_ms=NOW_MS):
    worlds = Worlds(lambda: NOW_MS, SCHEMES)
    worlds.default.clock.set_mode(Mode.FROZEN, at_ms=at_ms)
    return worlds, simulator_app.build(worlds)


async def check(at_ms, requests):
    """Each request is answered, and foreseen; afterwards the simulator is well."""
    worlds, app = simulator(at_ms)
    token = worlds.default.state(BAKONG).registrations.issue()
    seen, log = Unforeseen(), logging.getLogger("bakong_simulator.control")
    log.addHandler(seen)
    try:
        for request in requests:
            bearer = ((b"authorization", f"Bearer {token}".encode()),) if request.path.startswith("/v1") else ()
            answer = await ask(app, request, headers=bearer)
            problem = problem_with(answer)
            assert problem is None, f"{request} {problem}"
            assert not seen.lines, f"{request} met what nobody foresaw: {seen.lines}"
        answer = await ask(app, RawRequest("GET", "/sandbox/worlds"))
        assert answer.status == 200
    finally:
        log.removeHandler(seen)
        for world in worlds.by_name.values():
            world.clock.close()


@given(at_ms=MOMENTS, requests=st.lists(REQUESTS, max_size=PER_WORLD))
@settings(max_examples=FEW, suppress_health_check=list(HealthCheck))
async def test_no_request_at_any_moment_is_a_500_or_unforeseen(at_ms, requests):
    await check(at_ms, requests)


@pytest.mark.campaign
@pytest.mark.timeout(36_000)
@given(at_ms=MOMENTS, requests=st.lists(REQUESTS, max_size=PER_WORLD))
@settings(max_examples=MANY, derandomize=False, print_blob=True, suppress_health_check=list(HealthCheck))
async def test_of_many_requests_none_is_a_500_or_unforeseen(at_ms, requests):
    await check(at_ms, requests)


def put(path, value, method="PUT"):
    return [RawRequest(method, f"/sandbox/worlds/default{path}", headers=JSON, body=json.dumps(value).encode())]


END = "2285-12-31T23:59:59Z"
BROKEN = {  # a handler of failures that is taken away, and the request that shows it
    "UnknownWorldError": [RawRequest("GET", "/sandbox/worlds/nobody")],
    "UnknownPaymentError": [RawRequest("GET", "/sandbox/worlds/default/payments/" + "0" * 32)],
    "TimeRangeError": [*put("/clock", {"mode": "frozen", "at": END}), *put("/clock/advance", {"seconds": 60}, "POST")],
    "ScenarioError": put("/scenario", {"name": "nothing of the kind"}),
    "UnknownWebhookError": [RawRequest("GET", "/sandbox/worlds/default/webhooks/9")],
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_handler_of_failures_that_is_taken_away_is_noticed(monkeypatch, name):
    await check(NOW_MS, BROKEN[name])
    kept = {kind: problem for kind, problem in problems.FAULTS.items() if kind.__name__ != name}
    assert len(kept) == len(problems.FAULTS) - 1
    monkeypatch.setattr(problems, "FAULTS", kept)
    monkeypatch.setattr(control, "routes_of", control.routes_of.__wrapped__)  # made anew, without it
    with pytest.raises(AssertionError, match="nobody foresaw"):
        await check(NOW_MS, BROKEN[name])


async def test_without_the_last_resort_what_nobody_foresaw_is_noticed_too(monkeypatch):
    async def passed_on(self, scope, receive, send):
        await self._app(scope, receive, send)

    monkeypatch.setattr(problems, "FAULTS", {})
    monkeypatch.setattr(control, "routes_of", control.routes_of.__wrapped__)
    monkeypatch.setattr(problems.LastResort, "__call__", passed_on)
    with pytest.raises(AssertionError, match="raised"):
        await check(NOW_MS, BROKEN["UnknownWorldError"])


async def test_without_the_clocks_own_handler_a_timer_that_fails_ends_the_advance(monkeypatch):
    clock, failures = WorldClock(lambda: NOW_MS), []
    clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    clock.on_failure = failures.append
    clock.call_at(NOW_MS + 1, lambda: 1 / 0)
    assert await clock.advance(1) == NOW_MS + 1
    assert len(failures) == 1

    def failed(_clock, _timer, error):
        raise error

    monkeypatch.setattr(WorldClock, "_failed", failed)
    clock.call_at(NOW_MS + 2, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await clock.advance(1)
