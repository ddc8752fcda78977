"""No request, clock, path, stored row or upstream answer yields 500 or stops the worker: a stateful property.

NEVER_500=500 pytest -m campaign: so many stories instead of a few.
"""

import asyncio
import itertools
import json
import os
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bakong_schemes.bakong.adapter import client
from bakong_service.adapters.redis_admission import RedisAdmission
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.tables import metadata
from bakong_service.api import problems, strict_json
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.money import Money
from bakong_service.usecases.worker import Routine
from bakong_simulator.kernel.clock import MAX_MS, MIN_MS
from tests.attacks.raw_requests import HEADERS, METHODS, ODD_BODIES, QUERIES, VALUES, RawRequest, path_of
from tests.conftest import NOW_MS
from tests.service.hostile import JSON, ORDER, open_hostile
from tests.service.test_odd_answers import NAMES, TRANSACTION


def as_json(value):
    return json.dumps(value).encode()


STORIES, FEW, STEPS = int(os.environ.get("NEVER_500", "300")), 3, 8
PIECES = (
    "api",
    "payments",
    "subscriptions",
    "status",
    "history",
    "create",
    "qr-codes",
    "providers",
    "events",
    "health",
)
PATHS = st.sampled_from(
    [
        "/api/payments/create",
        "/api/payments/monitor",
        "/api/payments/bulk-check",
        "/api/payments/history",
        "/api/payments/status/{md5}",
        "/api/payments/{id}",
        "/qr-codes/{md5}.png",
        "/api/subscriptions/status/{user}",
        "/api/subscriptions/upgrade",
        "/api/subscriptions/downgrade",
        "/api/subscriptions/cancel",
        "/api/subscriptions/renew",
        "/api/providers/bakong/events",
        "/api/health",
        "/api/health/ready",
        "/metrics",
        "/docs",
        "/openapi.json",
    ]
) | path_of([*PIECES, "{md5}", "{id}", "{user}"])
FIELDS = ("userId", "planType", "amount", "currency", "callback", "transactionId", "md5Hashes", "options", "reason")
GOOD = (*ORDER.values(), "user-0", "http://127.0.0.1:1/x", {"timeout": 1000, "interval": 1000}, ["0" * 32])
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(GOOD) | VALUES, max_size=5)
MUTATED = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=1).map(lambda change: ORDER | change)
BODIES = st.sampled_from(ODD_BODIES) | st.binary(max_size=30)
BODIES |= (OBJECTS | MUTATED).map(as_json)
REQUESTS = st.builds(
    RawRequest, method=METHODS, path=PATHS, query=QUERIES, headers=HEADERS | st.just(JSON), body=BODIES
)

ENVELOPES = st.dictionaries(
    st.sampled_from(["responseCode", "errorCode", "data"]),
    VALUES | st.sampled_from([0, 1, 3, 6, 17]) | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    max_size=3,
)
ROWS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([*TRANSACTION.values(), "SUCCESS"]) | VALUES)
ANSWERS = ENVELOPES | ROWS.map(lambda row: {"responseCode": 0, "data": row}) | VALUES
CONTENTS = st.binary(max_size=40) | ANSWERS.map(as_json)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503, 599])
ODD_HEADERS = st.sampled_from([{}, {"content-encoding": "gzip"}, {"content-encoding": "br"}, {"retry-after": "x"}])
ERRORS = st.sampled_from(
    [
        httpx.ReadTimeout("x"),
        httpx.ConnectError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.InvalidURL("x"),
        httpx.TooManyRedirects("x"),
        ssl.SSLError("x"),
        ConnectionResetError(),
    ]
)

# Of these tables a row may be anything; the others are append-only, and read by nobody but the retention.
ALTERED = ("payment_transactions", "subscriptions", "webhook_notifications", "idempotency_keys", "provider_calls")
KEPT = {"id"}  # a row without its name is no row of ours
COLUMNS = [
    (table, column.name) for table in ALTERED for column in metadata.tables[table].columns if column.name not in KEPT
]
ODD_VALUES = st.sampled_from(
    [
        None,
        0,
        -1,
        2**31,
        2**62,
        "",
        "GOLD",
        "v1.000000000000.AAAA",
        "v9.x.y",
        "{",
        "[]",
        '["a"]',
        "x" * 400,
        b"\xff\0",
        1.5,
    ]
)
MOMENTS = st.sampled_from([MIN_MS, MIN_MS + 1, NOW_MS, NOW_MS + 86_400_000, 2**31 * 1000, MAX_MS - 1, MAX_MS])
MOMENTS |= st.integers(MIN_MS, MAX_MS)


def says(status, headers, content):
    return lambda _request: httpx.Response(status, headers=headers, content=content)


def fails(error):
    def raised(_request):
        raise error

    return raised


class Story(RuleBasedStateMachine):
    """What happens to a service; after each step it grants a good payment. opening: how to open one."""

    opening = None

    @initialize()
    def begin(self):
        self.runner = asyncio.Runner()
        self.context = self.opening()
        self.service = self.runner.run(self.context.__aenter__())
        self.ended = False

    def do(self, work):
        self.runner.run(asyncio.wait_for(work, 120))

    @rule(request=REQUESTS)
    def somebody_asks(self, request):
        self.do(self.service.ask(request))

    @rule(request=REQUESTS)
    def somebody_without_a_key_asks(self, request):
        self.do(self.service.ask(request, headers=()))

    @rule(at_ms=MOMENTS)
    def the_clock_jumps(self, at_ms):
        self.do(self.service.jump(at_ms))

    @rule(ms=st.integers(0, 7_200_000))
    def time_passes(self, ms):
        self.do(self.service.advance(ms))

    @rule(says=st.builds(says, STATUSES, ODD_HEADERS, CONTENTS) | ERRORS.map(fails), ms=st.integers(1, 1_000_000))
    def bakong_says_anything(self, says, ms):
        self.service.upstream.says = says
        self.do(self.service.order())
        self.do(self.service.advance(ms))

    @rule(
        answer=st.sampled_from([204, 410, 500, (429, 10**9), "timeout", "ConnectError"]), ms=st.integers(0, 7_200_000)
    )
    def the_main_backend_answers_anything(self, answer, ms):
        self.service.post_answers = answer
        self.do(self.service.order(callback="http://127.0.0.1:1/hook"))
        self.do(self.service.advance(ms))

    @rule(where=st.sampled_from(COLUMNS), value=ODD_VALUES, ms=st.sampled_from([0, 3_000, 1_000_000]))
    def a_row_changes(self, where, value, ms):
        self.do(self.service.order(callback="http://127.0.0.1:1/hook"))
        self.do(self.service.alter(*where, value))
        self.do(self.service.advance(ms))
        for path in ("/api/payments/status/{md5}", "/api/payments/{id}", "/api/subscriptions/status/{user}"):
            self.do(self.service.ask(RawRequest("GET", path)))
        self.do(self.service.ask(RawRequest("GET", "/api/payments/history", query=b"limit=50")))

    @rule(away=st.booleans())
    def redis_goes_or_comes(self, away):
        self.service.redis.connected = not away

    @invariant()
    def a_good_payment_is_granted(self):
        if getattr(self, "service", None) is not None:
            self.do(self.service.grants())
            self.do(self.service.ask(RawRequest("GET", "/api/health/live")))

    def teardown(self):
        if getattr(self, "service", None) is not None:
            self.runner.run(self.context.__aexit__(None, None, None))
            self.runner.close()


@asynccontextmanager
async def opened(folder, databases):
    """A service of its own for each story; databases: where it is on PostgreSQL."""
    async with AsyncExitStack() as stack:
        url = "" if databases is None else await stack.enter_async_context(databases.lent())
        yield await stack.enter_async_context(open_hostile(folder, database_url=url))


def tell(folder, databases, stories, **profile):
    numbers = itertools.count()

    def opening():
        own = folder / str(next(numbers))
        own.mkdir()
        return opened(own, databases)

    machine = type("Story", (Story,), {"opening": staticmethod(opening)})
    bounds = {"max_examples": stories, "stateful_step_count": STEPS, "suppress_health_check": list(HealthCheck)}
    run_state_machine_as_test(machine, settings=settings(**bounds | profile))


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request):
    return request.getfixturevalue("postgres_databases") if request.param == "postgresql" else None


@pytest.mark.timeout(600)
def test_whatever_happens_nobody_gets_a_500_and_a_good_payment_is_granted(tmp_path, databases):
    tell(tmp_path, databases, FEW)


@pytest.mark.campaign
@pytest.mark.timeout(36_000)
def test_in_many_stories_nobody_gets_a_500_and_a_good_payment_is_granted(tmp_path, databases):
    tell(tmp_path, databases, STORIES, derandomize=False, print_blob=True)


# Each handler of failures, taken away, and what then shows that it is gone: the property is no blind one.


def raises(_request, error):
    raise error


async def asks(service, method, path, body=b"", headers=JSON):
    await service.ask(RawRequest(method, path, headers=headers, body=body))


async def garbage(service, **answer):
    service.upstream.says = lambda _request: httpx.Response(200, **answer)
    await service.order()
    await service.advance(3_000)


async def unreachable(service):
    service.upstream.says = fails(httpx.ConnectError("x"))
    await service.order()
    await service.advance(3_000)


async def sealed_row(service):
    await service.order()
    await service.alter("payment_transactions", "qr", "v1.000000000000.AAAA")


async def ask_about_sealed_row(service):
    await sealed_row(service)
    await asks(service, "GET", "/api/payments/status/{md5}")


async def unreadable_row(service):
    await service.order()
    await service.alter("payment_transactions", "plan", "GOLD")
    await asks(service, "GET", "/api/payments/status/{md5}")


async def database_away_once(service):
    read, left = service.core.store.read, [1]

    async def away(work):
        if left:
            left.pop()
            raise UnavailableError("away")
        return await read(work)

    service.core.store.read = away
    await service.advance(60_000)
    service.worker.wake()
    await service.advance(60_000)


async def downgrade_of_the_lower_plan(service):
    await service.grants()
    await asks(service, "POST", "/api/subscriptions/downgrade", as_json({"userId": service.users[-1]}))


async def redis_away(service):
    service.redis.connected = False
    await asks(service, "GET", "/api/health")
    await asks(service, "GET", "/api/payments/history")


async def unhandled_run(self):
    """Routine._run without its handler."""
    if (next_ms := await self._worked()) is not None:
        self._call_at(max(next_ms, self._core.timers.now_ms() + 1))


ENVELOPE = {"json": {"responseCode": 0, "data": TRANSACTION | {"amount": "x"}}}
BROKEN = {  # what is broken, in which module or class, by what; and what happens then
    "an unavailable store is a 503": (problems, "_BY_ERROR", {}, ask_about_sealed_row),
    "what is not known is a 404": (
        problems,
        "_BY_ERROR",
        {},
        lambda one: asks(one, "GET", f"/api/payments/status/{'0' * 32}"),
    ),
    "a conflict is a 409": (problems, "_BY_ERROR", {}, downgrade_of_the_lower_plan),
    "a broken rule is a 422": (
        problems,
        "_broken_rule",
        raises,
        lambda one: asks(one, "POST", "/api/payments/create", as_json(ORDER | {"amount": 7})),
    ),
    "a body is strict JSON": (
        strict_json,
        "read",
        json.loads,
        lambda one: asks(one, "POST", "/api/payments/create", b"{"),
    ),
    "an answer may be no JSON": (
        client,
        "_envelope",
        lambda _, body: json.loads(body),
        lambda one: garbage(one, content=b"{"),
    ),
    "an amount may be none": (
        client,
        "_money",
        lambda number, currency: Money.of(Decimal(str(number)), currency),
        lambda one: garbage(one, **ENVELOPE),
    ),
    "a provider may not be reached": (httpx, "HTTPError", ZeroDivisionError, unreachable),
    "a row that cannot be read is left out": (
        Rows,
        "_readable",
        lambda _self, _kind, rows, read, _key="id": [read(row) for row in rows],
        sealed_row,
    ),
    "a row that cannot be read is a 503": (
        Rows,
        "_value",
        lambda _self, _kind, row, read, _key: read(row),
        unreadable_row,
    ),
    "a routine comes back": (Routine, "_run", unhandled_run, database_away_once),
    "limits do without Redis": (RedisAdmission, "_ask", lambda _self, call, **_: call(0), redis_away),
}


async def happens_to_one(folder, *happenings):
    async with open_hostile(folder) as service:
        for happens in happenings:
            await happens(service)
            await service.grants()


@pytest.mark.parametrize("name", BROKEN)
async def test_a_handler_of_failures_that_is_taken_away_is_noticed(tmp_path, monkeypatch, name):
    where, attribute, instead, happens = BROKEN[name]
    monkeypatch.setattr(where, attribute, instead)
    with pytest.raises(AssertionError, match=r"raised|answered 5|not granted|the worker failed"):
        await happens_to_one(tmp_path, happens)


async def test_with_their_handlers_none_of_these_is_noticed(tmp_path):
    await happens_to_one(tmp_path, *(row[3] for row in BROKEN.values()))
